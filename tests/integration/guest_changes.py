#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Changes real QEMU guests in every way, and measures how soon VM-MIB shows it.

vmmibd refreshes so seldom that only events can be the reason, but in the last of the tests.
"""

import contextlib
import os
import signal

import changes
import expected
import guest
import guestxml
import namespaces
import tap
import vmmib
from daemon import Daemon
from guest import LIVE, Guest
from hypervisor import Hypervisor
from snmp import Snmpd

if os.environ.get("VMMIBD_QUICK"):
    tap.skip_all("VMMIBD_QUICK is set, and these are real guests")

MIB = 1 << 20


class Fixture:
    def __init__(self, run, hv, snmpd, daemon, made):
        self.run, self.hv, self.snmpd, self.daemon = run, hv, snmpd, daemon
        self.changes, self.make, self.get = made, made.make, made.get
        self.nic = "user" if guest.have_tap() else "bridge"
        self.vm1 = self.vm2 = None

    def guest(self, name, **options):
        return Guest(self.hv, name, nic=self.nic, **options)

    def wait_connected(self):
        # until then it says that there are no VMs
        self.run.wait_until(lambda: self.get("vmHvUpTime") is not None, 30, "vmHvUpTime")


def config(hv, interval):
    return f"connection - {hv.uri()}\nrefreshInterval {interval}\n"


@contextlib.contextmanager
def fixture():
    guest.build()
    with namespaces.enter_namespaces() as run, Snmpd(run) as snmpd:
        made = changes.Changes(run, snmpd)
        with Hypervisor(run) as hv:
            made.events.subscribe(hv.connect())
            with Daemon(run, snmpd, config=config(hv, 60)) as daemon:
                fix = Fixture(run, hv, snmpd, daemon, made)
                fix.wait_connected()
                yield fix


def test_define(fix):
    "definitions are shown"
    fix.vm1 = fix.guest("vm1", max_memory_mib=192)
    fix.vm2 = fix.guest("vm2")
    for number, one in enumerate((fix.vm1, fix.vm2), 1):
        with fix.changes.vms_change(1):
            fix.make(f"define {one.name}", one.define,
                     lambda n=number, name=one.name: fix.get("vmName", n) == name.encode())
        tap.equal((fix.get("vmOperState", number), fix.get("vmAdminState", number)), (11, 4))


def test_start(fix):
    "a start is shown"
    fix.changes.make_state("start", 1, fix.vm1.start, "running", via=["preparing"])
    fix.vm1.wait_booted()


def test_suspend(fix):
    "suspend and resume are shown"
    fix.changes.make_state("suspend", 1, fix.vm1.domain.suspend, "paused")
    fix.changes.make_state("resume", 1, fix.vm1.domain.resume, "running")


def devices(fix, column):
    """{number: value} of a column of one of the tables of vm1's devices."""
    return {row[1]: value for row, value in fix.snmpd.column(vmmib.prefix(column)).items()
            if row[0] == 1}


def plug(fix, what, column, value, call):
    """Returns the number of the row that the call made; the others stay as they are."""
    before = devices(fix, column)
    with fix.changes.same_vms():
        fix.make(what, call, lambda: value in devices(fix, column).values())
    after = devices(fix, column)
    new = set(after) - set(before)
    tap.equal([after[number] for number in new], [value], f"{what}: new rows")
    tap.equal({**before, **{number: value for number in new}}, after, f"{what}: rows")
    return new.pop()


def unplug(fix, what, column, number, call):
    before = devices(fix, column)
    with fix.changes.same_vms():
        fix.make(what, call, lambda: number not in devices(fix, column), ("vm1", "removed"))
    del before[number]
    tap.equal(devices(fix, column), before, f"{what}: rows that stay")


def wait_in_guest(fix, words, what):
    fix.run.wait_until(lambda: what in fix.vm1.command(words), 60, f"{what} to appear")


def test_disks(fix):
    "disks come and go, and one with the same target gets its number back"
    column = "vmStorageResourceID"
    tap.equal(sorted(devices(fix, "vmStorageMediaType")), [1, 2, 3], "vmStorageIndexes")

    def plug_disk(target):
        path = os.path.join(fix.vm1.directory, f"{target}.raw").encode()
        return plug(fix, f"plug disk {target}", column, path,
                    lambda: fix.vm1.attach_disk(target, size=8 * MIB))

    tap.equal([plug_disk("vdc"), plug_disk("vdd")], [4, 5])
    # libvirt announces a device before the command that adds it gives its statistics free
    fix.run.wait_until(lambda: [fix.get("vmStorageDefinedSize", 1, n) * 1024 for n in (4, 5)] ==
                       [8 * MIB] * 2, 10, "the new disks' sizes")
    wait_in_guest(fix, "disks", "vdd")
    unplug(fix, "unplug disk vdc", column, 4, lambda: fix.vm1.detach_disk("vdc"))
    tap.equal(plug_disk("vde"), 6, "number of another disk")
    tap.equal(plug_disk("vdc"), 4, "number of the disk that came back")


def test_nics(fix):
    "network interfaces come and go, and one with the same address gets its number back"
    column = "vmNetworkPhysAddress"

    def plug_nic(number):
        mac = guestxml.mac_of("vm1", number)
        return plug(fix, f"plug NIC {number}", column, bytes.fromhex(mac.replace(":", "")),
                    lambda: fix.vm1.attach_nic(mac, kind=fix.nic))

    tap.equal(list(devices(fix, column)), [1], "vmNetworkIndexes")
    tap.equal([plug_nic(1), plug_nic(2)], [2, 3])
    wait_in_guest(fix, "nics", "eth2")
    unplug(fix, "unplug NIC 1", column, 2,
           lambda: fix.vm1.detach_nic(guestxml.mac_of("vm1", 1), kind=fix.nic))
    tap.equal(plug_nic(3), 4, "number of another NIC")
    tap.equal(plug_nic(1), 2, "number of the NIC that came back")


def test_medium(fix):
    "a CD that is changed is shown"
    first, second = (fix.vm1.make_disk(f"cd{n}", n * MIB) for n in (1, 2))
    number, = (n for n, kind in devices(fix, "vmStorageMediaType").items() if kind == 4)

    def insert(path):
        source = f"<source file='{path}'/>" if path else ""
        fix.vm1.domain.updateDeviceFlags(
            f"<disk type='file' device='cdrom'><driver name='qemu' type='raw'/>{source}"
            "<target dev='hda' bus='ide'/><readonly/></disk>", LIVE)

    for what, path, kind, size in (("insert a CD", first, 4, 1024),
                                   ("change the CD", second, 4, 2048),
                                   ("eject the CD", None, 2, -1)):
        with fix.changes.same_vms():
            fix.make(what, lambda new=path: insert(new),
                     lambda new=path: fix.get("vmStorageResourceID", 1, number) ==
                     (new.encode() if new else None))
        fix.run.wait_until(lambda want=[kind, size]: want == [
            fix.get(name, 1, number) for name in ("vmStorageSourceType", "vmStorageDefinedSize")],
            10, f"{what}: vmStorageSourceType, vmStorageDefinedSize to be {[kind, size]}")


def test_balloon(fix):
    "a balloon that grows or shrinks is shown"
    for mib in 112, 128:
        with fix.changes.same_vms():
            fix.make(f"balloon to {mib} MiB",
                     lambda size=mib: fix.vm1.domain.setMemoryFlags(size << 10, LIVE),
                     lambda size=mib: fix.get("vmCurMem", 1) == size << 10,
                     ("vm1", "balloon", mib << 10))


def test_pin(fix):
    "a virtual CPU that is pinned is shown"
    n_cpus = fix.vm1.connection.getCPUMap()[0]
    cpu = max(os.sched_getaffinity(0))
    if n_cpus == 1:
        raise tap.Skip("this host has one CPU only")
    fix.make("pin a virtual CPU",
             lambda: fix.vm1.domain.pinVcpu(0, tuple(n == cpu for n in range(n_cpus))),
             lambda: [n for n in range(n_cpus) if
                      fix.get("vmCpuAffinity", 1, 1, expected.CPU_0 + n) == 1] == [cpu])


def test_managed_save(fix):
    "managed save and the start from it are shown"
    fix.changes.make_state("managed save", 1, fix.vm1.domain.managedSave, "suspended",
                           via=["suspending"])
    # libvirt says paused for a moment before it goes on, and at times not which job that is of
    fix.changes.make_state("start from managed save", 1, fix.vm1.start, "running",
                           via=["resuming", "paused"])
    fix.vm1.command("hello")


def test_save(fix):
    "saving to a file and restoring are shown"
    fix.changes.make_state("save", 1, fix.vm1.save, "suspended", via=["suspending"])
    fix.changes.make_state("restore", 1, fix.vm1.restore, "running", via=["resuming", "paused"])
    fix.vm1.command("hello")


def test_shutdown(fix):
    "a guest that shuts down is shown"
    fix.changes.make_state("shutdown by the power button", 1, fix.vm1.shutdown, "shutdown",
                           via=["shuttingdown"], event=("vm1", *changes.STOPPED))
    tap.equal(set(devices(fix, "vmNetworkIfIndex").values()), {0}, "ifIndexes when off")


def test_kill(fix):
    "a QEMU that dies is a crash, one that is destroyed is not"
    fix.changes.make_state("start again", 1, fix.vm1.start, "running", via=["preparing"])
    if fix.nic == "bridge":
        taps = os.listdir(f"/sys/class/net/{namespaces.BRIDGE}/brif")
        tap.equal(sorted(devices(fix, "vmNetworkIfIndex").values()),
                  sorted(map(expected.interface_index, taps)), "ifIndexes")
    fix.changes.make_state("kill -9 of QEMU", 1,
                           lambda: os.kill(fix.vm1.qemu_pid, signal.SIGKILL), "crashed",
                           event=("vm1", *changes.STOPPED))
    fix.changes.make_state("start after the crash", 1, fix.vm1.start, "running",
                           via=["preparing"])
    fix.changes.make_state("destroy", 1, fix.vm1.destroy, "shutdown")


def test_transient(fix):
    "a transient VM is shown until it ends"
    other = fix.guest("passing", disks=False)
    with fix.changes.vms_change(1):
        fix.make("create a transient VM", lambda: other.connection.createXML(other.xml, 0),
                 lambda: fix.get("vmOperState", 3) == 4)
    tap.equal((fix.get("vmName", 3), fix.get("vmPersistent", 3)), (b"passing", 3))
    with fix.changes.vms_change(-1):
        fix.make("destroy a transient VM",
                 lambda: other.connection.lookupByName("passing").destroy(),
                 lambda: fix.get("vmName", 3) is None)


def test_redefine(fix):
    "a VM that is undefined goes, and one with its UUID gets its vmIndex back"
    before = vmmib.indices_by_uuid(fix.snmpd)
    with fix.changes.vms_change(-1):
        fix.make("undefine", fix.vm1.undefine, lambda: fix.get("vmName", 1) is None)
    other = fix.guest("vm3")
    with fix.changes.vms_change(1):
        fix.make("define vm3", other.define, lambda: fix.get("vmNumber") == 2)
    with fix.changes.vms_change(1):
        fix.make("define vm1 again", fix.vm1.define, lambda: fix.get("vmNumber") == 3)
    # 3 was the transient one's
    tap.equal(vmmib.indices_by_uuid(fix.snmpd), {**before, other.domain.UUIDString(): 4},
              "vmIndexes")


def test_latencies(fix):
    "nothing took long to be shown"
    found = fix.changes.latencies
    tap.check(found, "nothing was measured")
    worst = max(found, key=found.get)
    tap.diag(f"WORST of {len(found)} latencies: {found[worst] * 1000:.0f} ms, {worst}")
    tap.check(found[worst] < changes.LIMIT, worst)


def test_vcpus(fix):
    "virtual CPUs that are plugged in, of which libvirt sends no event, come with a refresh"
    fix.daemon.configure(config(fix.hv, 1))
    fix.daemon.restart()
    fix.wait_connected()
    fix.changes.make_state("start vm2", 2, fix.vm2.start, "running", via=["preparing"])
    with fix.changes.same_vms():
        fix.make("plug two virtual CPUs", lambda: fix.vm2.domain.setVcpusFlags(3, LIVE),
                 lambda: fix.get("vmCurCpuNumber", 2) == 3)
    for column in "vmCpuCoreTime", "vmCpuAffinity":
        found = {row[1] for row in fix.snmpd.column(vmmib.prefix(column)) if row[0] == 2}
        tap.equal(found, {1, 2, 3}, column)


if __name__ == "__main__":
    tap.main([value for name, value in list(globals().items()) if name.startswith("test_")],
             fixture)
