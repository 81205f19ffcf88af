#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Restarts vmmibd, snmpd and libvirtd, politely and by kill -9, while a real guest goes on.

The guest and its devices have numbers that are not the first free ones: nobody who merely counts
can come to the same.
"""

import contextlib
import os
import time

import guest
import guestxml
import namespaces
import tap
import vmmib
from daemon import Daemon
from guest import Guest
from hypervisor import Hypervisor
from snmp import Snmpd, SnmpTimeout

if os.environ.get("VMMIBD_QUICK"):
    tap.skip_all("VMMIBD_QUICK is set, and this needs a real guest")

MIB = 1 << 20
RUNNING, PAUSED = 4, 8
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
PATIENCE = 60


class Fixture:
    def __init__(self, run, hv, snmpd, daemon):
        self.run, self.hv, self.snmpd, self.daemon = run, hv, snmpd, daemon
        self.nic = "user" if guest.have_tap() else "bridge"
        self.guest = self.pid = self.identity = self.restarted = None

    def get(self, name, *index):
        return self.snmpd.value(vmmib.instance(name, *index))

    def wait(self, predicate, what):
        self.run.wait_until(predicate, PATIENCE, what, alive=self.daemon.child, ignore=SnmpTimeout)

    def read_identity(self):
        """What numbers everything has."""
        return {name: {value: index for index, value in
                       self.snmpd.column(vmmib.prefix(name)).items()}
                for name in ("vmUUID", "vmStorageResourceID", "vmNetworkPhysAddress")}

    def now(self):
        self.restarted = time.monotonic()

    def path(self, target):
        return os.path.join(self.guest.directory, f"{target}.raw").encode()

    def plug_disk(self, target):
        self.guest.attach_disk(target, size=8 * MIB)
        self.wait(lambda: self.path(target) in self.read_identity()["vmStorageResourceID"], target)

    def plug_nic(self, number):
        mac = guestxml.mac_of("goes-on", number)
        self.guest.attach_nic(mac, kind=self.nic)
        octets = bytes.fromhex(mac.replace(":", ""))
        self.wait(lambda: octets in self.read_identity()["vmNetworkPhysAddress"], mac)


def arrange(fix):
    """A guest whose vmIndex is 2, with a disk 5 and a NIC 3 after holes."""
    gone = Guest(fix.hv, "gone", nic=fix.nic).define()
    fix.daemon.wait_number(1)
    fix.guest = Guest(fix.hv, "goes-on", nic=fix.nic).define()
    fix.daemon.wait_number(2)
    gone.undefine()
    fix.daemon.wait_number(1)
    fix.guest.start().wait_booted()
    fix.pid = fix.guest.qemu_pid
    for target in "vdc", "vdd":
        fix.plug_disk(target)
    for number in 1, 2:
        fix.plug_nic(number)
    fix.run.wait_until(lambda: "vdd" in fix.guest.command("disks") and
                       "eth2" in fix.guest.command("nics"), 60, "the guest to see its devices")
    fix.guest.detach_disk("vdc")
    fix.guest.detach_nic(guestxml.mac_of("goes-on", 1), kind=fix.nic)
    fix.wait(lambda: len(fix.read_identity()["vmNetworkPhysAddress"]) == 2 and
             fix.path("vdc") not in fix.read_identity()["vmStorageResourceID"], "the holes")
    fix.identity = fix.read_identity()


@contextlib.contextmanager
def fixture():
    guest.build()
    with namespaces.enter_namespaces() as run, Snmpd(run) as snmpd, Hypervisor(run) as hv:
        config = f"connection - {hv.uri()}\nrefreshInterval 1\n"
        with Daemon(run, snmpd, config=config) as daemon:
            fix = Fixture(run, hv, snmpd, daemon)
            arrange(fix)
            yield fix


def host_uptime():
    with open("/proc/uptime", encoding="ascii") as text:
        return float(text.read().split()[0])


def check_all(fix):
    """The numbers are the old ones, and the values are of now."""
    fix.wait(lambda: fix.read_identity()["vmUUID"], "any VM")
    tap.diag(f"served after {time.monotonic() - fix.restarted:.2f} s")
    tap.equal(fix.read_identity(), fix.identity, "numbers")
    tap.equal(fix.get("vmNumber"), 1, "vmNumber")
    fix.guest = fix.guest.again()
    fix.guest.command("burn 1")
    used = fix.guest.stats()["cpu.time"] // 1000
    fix.wait(lambda: (fix.get("vmCpuTime", 2) or 0) >= used, "a vmCpuTime of now")
    tap.diag(f"values of now after {time.monotonic() - fix.restarted:.2f} s")
    later = fix.guest.stats()["cpu.time"] // 1000
    tap.check(fix.get("vmCpuTime", 2) <= later + 5000000, "vmCpuTime is too great")
    tap.equal(fix.guest.qemu_pid, fix.pid, "process of the guest")
    tap.equal((fix.get("vmOperState", 2), fix.get("vmAdminState", 2)), (RUNNING, 1), "states")
    with open(f"/proc/{fix.pid}/stat", encoding="ascii") as text:
        started = int(text.read().rpartition(")")[2].split()[19]) / TICKS_PER_SECOND
    for name, index, since in ("vmUpTime", (2,), started), ("vmHvUpTime", (), 0):
        ticks, wanted = fix.get(name, *index), (host_uptime() - since) * 100 % (1 << 32)
        tap.check(abs(ticks - wanted) < 200, f"{name} is {ticks}, not {wanted}")


def test_arrangement(fix):
    "the guest and its devices have numbers after holes"
    fix.now()
    check_all(fix)
    tap.equal(list(fix.identity["vmUUID"].values()), [(2,)], "vmIndexes")
    tap.equal(fix.identity["vmStorageResourceID"][fix.path("vdd")], (2, 5), "index of vdd")
    tap.equal(sorted(fix.identity["vmNetworkPhysAddress"].values()), [(2, 1), (2, 3)], "NICs")


def test_vmmibd(fix):
    "vmmibd is restarted, and knows what happened meanwhile"
    fix.daemon.stop()
    fix.guest.domain.suspend()
    fix.now()
    fix.daemon.start()
    fix.wait(lambda: fix.get("vmOperState", 2) is not None, "the VM")
    tap.equal(fix.get("vmOperState", 2), PAUSED, "vmOperState")
    fix.guest.domain.resume()
    fix.wait(lambda: fix.get("vmOperState", 2) == RUNNING, "the guest to be resumed")
    check_all(fix)


def test_vmmibd_killed(fix):
    "vmmibd is killed and started again"
    fix.daemon.kill()
    fix.now()
    fix.daemon.start()
    check_all(fix)


def restart_others(fix, stop, start):
    """None of it creates or deletes a VM in the eyes of vmmibd, which goes on."""
    changed, child = fix.get("vmTableLastChange"), fix.daemon.child
    stop()
    fix.now()
    start()
    check_all(fix)
    tap.equal(fix.get("vmTableLastChange"), changed, "vmTableLastChange")
    tap.check(fix.daemon.child is child and child.running(), "vmmibd did not go on")


def test_snmpd(fix):
    "snmpd is restarted"
    restart_others(fix, fix.snmpd.stop, fix.snmpd.start)


def test_snmpd_killed(fix):
    "snmpd is killed and started again"
    restart_others(fix, fix.snmpd.kill, fix.snmpd.start)


def start_libvirtd(fix):
    """While it is away, what was known stays."""
    until = time.monotonic() + 1.5
    while time.monotonic() < until:
        tap.equal((fix.get("vmNumber"), fix.get("vmOperState", 2)), (1, RUNNING),
                  "vmNumber and vmOperState without libvirtd")
        tap.equal(fix.read_identity(), fix.identity, "numbers without libvirtd")
    fix.now()
    fix.hv.start()


def test_libvirtd_killed(fix):
    "libvirtd is killed and started again"
    restart_others(fix, fix.hv.kill, lambda: start_libvirtd(fix))


def test_libvirtd(fix):
    "libvirtd is restarted"
    restart_others(fix, fix.hv.stop, lambda: start_libvirtd(fix))


def test_all_killed(fix):
    "all three are killed, and started in the wrong order"
    for one in fix.snmpd, fix.hv, fix.daemon:
        one.kill()
    fix.daemon.start(wait=False)
    time.sleep(1)
    fix.snmpd.start()
    fix.now()
    fix.hv.start()
    check_all(fix)


def test_reserved(fix):
    "what was deleted before all of this gets its number back"
    fix.plug_disk("vdc")
    fix.plug_nic(1)
    Guest(fix.hv, "gone", nic=fix.nic).define()
    fix.daemon.wait_number(2)
    found = fix.read_identity()
    tap.equal(found["vmStorageResourceID"][fix.path("vdc")], (2, 4), "index of vdc")
    mac = bytes.fromhex(guestxml.mac_of("goes-on", 1).replace(":", ""))
    tap.equal(found["vmNetworkPhysAddress"][mac], (2, 2), "index of the NIC")
    tap.equal(sorted(found["vmUUID"].values()), [(1,), (2,)], "vmIndexes")


if __name__ == "__main__":
    tap.main([test_arrangement, test_vmmibd, test_vmmibd_killed, test_snmpd, test_snmpd_killed,
              test_libvirtd_killed, test_libvirtd, test_all_killed, test_reserved], fixture)
