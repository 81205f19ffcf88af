#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Tests the harness itself: everything that integration tests rely on, except vmmibd."""

import contextlib
import os
import signal
import sys
import time

import guest
import guestxml
import namespaces
import tap
from daemon import VM_NUMBER, Daemon
from hypervisor import Hypervisor, libvirt
from rundir import TimedOut
from snmp import Snmpd, SnmpError, Traps
from varbinds import oid, parse

RUNNING, PAUSED = libvirt.VIR_DOMAIN_RUNNING, libvirt.VIR_DOMAIN_PAUSED
SYSTEM = "1.3.6.1.2.1.1"
MIB = 1 << 20


class Fixture:
    """What the tests share; the guest is booted by the first of them."""

    def __init__(self, run, hv, snmpd, traps, images):
        self.run, self.hv, self.snmpd, self.traps = run, hv, snmpd, traps
        self.images = images
        self.guest = None


@contextlib.contextmanager
def fixture():
    with tap.timed("guest images"):
        images = guest.build()
    user = os.geteuid()
    with namespaces.enter_namespaces() as run:
        tap.diag(f"user {user} outside, {os.geteuid()} inside")
        with contextlib.ExitStack() as stack:
            traps = stack.enter_context(Traps(run))
            with tap.timed("snmpd up"):
                snmpd = stack.enter_context(Snmpd(run, traps=traps))
            with tap.timed("libvirtd up"):
                hv = stack.enter_context(Hypervisor(run))
            yield Fixture(run, hv, snmpd, traps, images)


def test_parser(_fix):
    "values of every kind are read from the tools' output"
    found = parse('.1.3.1.0 = Hex-STRING: 41 0A \n42 \n.1.3.2.0 = ""\n.1.3.3.0 = 77\n'
                  ".1.3.4.0 = Counter64: 18446744073709551615\n.1.3.5.0 = OID: .0.0\n"
                  ".1.3.6.0 = INTEGER: -5\n.1.3.7.0 = No Such Instance currently exists at this "
                  "OID\n.1.3.8.0 = IpAddress: 10.0.0.1\n.1.3.9.0 = No more variables left in this "
                  "MIB View (It is past the end of the MIB tree)\n")
    tap.equal([(vb.type, vb.value) for vb in found],
              [("STRING", b"A\nB"), ("STRING", b""), ("Timeticks", 77), ("Counter64", 2**64 - 1),
               ("OID", (0, 0)), ("INTEGER", -5), ("NoSuchInstance", None),
               ("IpAddress", "10.0.0.1"), ("EndOfMib", None)])


def test_snmpd(fix):
    "snmpd answers walks by GETNEXT and GETBULK alike, and says why it refuses a SET"
    walked = fix.snmpd.walk(f"{SYSTEM}.9")
    tap.check(len(walked) > 10, f"short walk: {walked}")
    tap.equal(fix.snmpd.bulkwalk(f"{SYSTEM}.9"), walked, "bulk walk")
    tap.check((1,) in fix.snmpd.table(f"{SYSTEM}.9.1"), "no row 1 in sysORTable")
    tap.equal(fix.snmpd.walk("1.3.6.1.2.1.236"), [], "walk of nothing")
    tap.equal(fix.snmpd.get("1.3.6.1.2.1.236.1.2.0")[0].type, "NoSuchObject")
    try:
        fix.snmpd.set(f"{SYSTEM}.3.0", "t", 5)
    except SnmpError as error:
        tap.equal(error.reason, "notWritable")
    else:
        raise AssertionError("sysUpTime could be set")


def test_context(fix):
    "SNMPv3 requests without a context are answered"
    tap.check(fix.snmpd.value(f"{SYSTEM}.1.0", context=""), "no sysDescr")


def test_traps(fix):
    "a notification of snmpd's arrives with its varbinds"
    trap = fix.traps.wait_for("1.3.6.1.6.3.1.1.5.1")[0]
    tap.equal(trap[1].value, oid("1.3.6.1.6.3.1.1.5.1"), "coldStart")


def test_shared_test_driver(fix):
    "libvirt's test hypervisor is shared by two connections"
    one, two = (fix.hv.connect("test+unix:///default") for _ in range(2))
    tap.equal(one.lookupByName("test").UUIDString(), two.lookupByName("test").UUIDString())
    one.lookupByName("test").suspend()
    tap.equal(two.lookupByName("test").state()[0], PAUSED)
    tap.check("test" in fix.hv.virsh("list", base="test+unix:///default"), "not in virsh's list")


# Another snmpd as AgentX subagent serves vmNumber = 3 and understands vmmibd's -x.
FAKE = """\
#!/bin/sh
while [ "$1" != -x ]; do shift; done
echo {say} >&2
exec snmpd -X -f -Le -C -c {conf} -x "$2"
"""


def test_daemon(fix):
    "a daemon is started and stopped, and a sanitizer's complaint is noticed"
    conf = fix.run.write("fake.conf", f"override {VM_NUMBER} integer 3\n")
    saved = os.environ.get("VMMIBD")
    os.environ["VMMIBD"] = fix.run.write("fake", FAKE.format(conf=conf, say="fine"))
    os.chmod(fix.run.join("fake"), 0o755)
    try:
        with Daemon(fix.run, fix.snmpd, uri="test:///default", name="fake1") as daemon:
            tap.equal(daemon.wait_serving(), 3)
            daemon.restart()
            tap.equal(fix.snmpd.value(VM_NUMBER), 3)
        fix.run.write("fake", FAKE.format(conf=conf, say="runtime error:"))
        complaining = Daemon(fix.run, fix.snmpd, config="refreshInterval 5", name="fake2")
        complaining.start()
        try:
            complaining.stop()
        except AssertionError as error:
            tap.check("runtime error" in str(error), f"another complaint: {error}")
        else:
            raise AssertionError("the complaint went unnoticed")
    finally:
        os.environ.pop("VMMIBD")
        if saved:
            os.environ["VMMIBD"] = saved


def test_boot(fix):
    "a guest boots and obeys"
    fix.guest = guest.Guest(fix.hv, "vm1", images=fix.images, vcpus=2).define()
    start = time.monotonic()
    fix.guest.start()
    tap.diag(f"start: {time.monotonic() - start:.2f} s")
    fix.guest.wait_booted()
    tap.diag(f"boot: {time.monotonic() - start:.2f} s")
    tap.equal(fix.guest.command("disks").split()[-2:], ["vda", "vdb"])
    fix.run.wait_until(lambda: "sr0" in fix.guest.command("disks"), 30, "the CD drive to appear")


def moved(fix, key, words, least=1):
    """The guest's statistic `key` grows after it was told `words`."""
    before = fix.guest.stats().get(key, 0)
    fix.guest.command(words)
    fix.run.wait_until(lambda: fix.guest.stats().get(key, 0) >= before + least, 60,
                       f"{key} to grow from {before} by {least}")


def test_disk_counters(fix):
    "writing, reading and flushing move the disks' counters"
    moved(fix, "block.0.wr.bytes", f"write vda {MIB}", MIB)
    moved(fix, "block.1.wr.bytes", f"write vdb {MIB}", MIB)
    moved(fix, "block.0.rd.reqs", f"read vda {MIB}", 10)
    moved(fix, "block.0.fl.reqs", "write vda 4096")


def test_cpu_counters(fix):
    "a busy guest uses processor time"
    moved(fix, "vcpu.0.time", "burn 5 2", 10**8)
    moved(fix, "cpu.time", "burn 1", 10**8)
    fix.guest.command("stop")


def test_balloon(fix):
    "the balloon driver tells what memory is used, and gives memory back"
    moved(fix, "balloon.last-update", "hello")
    unused = fix.guest.stats()["balloon.unused"]
    fix.guest.command("use 16")
    fix.run.wait_until(lambda: fix.guest.stats()["balloon.unused"] < unused - (8 << 10), 60,
                       "unused memory to shrink")
    fix.guest.domain.setMemoryFlags(120 << 10, guest.LIVE)
    fix.run.wait_until(lambda: fix.guest.stats()["balloon.current"] == 120 << 10, 60,
                       "the balloon to grow")


def need_tap():
    reason = guest.have_tap()
    if reason:
        raise tap.Skip(f"no tap devices: {reason}")


def test_net_counters(fix):
    "pings move the counters of the tap device in both directions"
    need_tap()
    moved(fix, "net.0.tx.pkts", "send 20", 20)
    moved(fix, "net.0.rx.bytes", "send 20 1000", 20000)


def test_disk_hotplug(fix):
    "a disk comes and goes while the guest runs"
    fix.guest.attach_disk("vdc", size=8 * MIB)
    fix.run.wait_until(lambda: "vdc" in fix.guest.command("disks"), 60, "vdc to appear")
    tap.equal(fix.guest.command("sectors vdc"), str(8 * MIB // 512))
    fix.guest.detach_disk("vdc")
    fix.guest.wait_gone("'vdc'")


def test_nic_hotplug(fix):
    "a NIC comes and goes while the guest runs"
    need_tap()
    mac = guestxml.mac_of("vm1", 1)
    fix.guest.attach_nic(mac, target="extra0")
    tap.check(os.path.exists("/sys/class/net/extra0/master"), "extra0 is not in the bridge")
    fix.run.wait_until(lambda: "eth1" in fix.guest.command("nics"), 60, "eth1 to appear")
    fix.guest.detach_nic(mac)
    fix.guest.wait_gone(mac)
    fix.run.wait_until(lambda: not os.path.exists("/sys/class/net/extra0"), 20, "extra0 to go")


def test_suspend(fix):
    "suspend and resume"
    fix.guest.domain.suspend()
    fix.guest.wait_state(PAUSED)
    fix.guest.domain.resume()
    fix.guest.wait_state(RUNNING)


def test_save(fix):
    "save and restore; the guest goes on where it was"
    before = float(fix.guest.command("hello"))
    with tap.timed("save"):
        fix.guest.save()
    fix.guest.wait_state(libvirt.VIR_DOMAIN_SHUTOFF)
    with tap.timed("restore"):
        fix.guest.restore()
    fix.guest.wait_state(RUNNING)
    tap.check(float(fix.guest.command("hello")) >= before, "the guest was booted anew")


def test_reboot(fix):
    "a guest reboots by itself"
    with tap.timed("reboot"):
        fix.guest.reboot().wait_booted()


def test_libvirtd_dies(fix):
    "a libvirtd that was killed comes back to its guests"
    pid = fix.guest.qemu_pid
    fix.hv.kill()
    with tap.timed("libvirtd up again"):
        fix.hv.start()
    fix.guest = fix.guest.again()
    tap.equal((fix.guest.qemu_pid, fix.guest.state()[0]), (pid, RUNNING))


def test_qemu_hangs(fix):
    "a QEMU that is stopped hangs, and goes on"
    os.kill(fix.guest.qemu_pid, signal.SIGSTOP)
    try:
        fix.guest.command("hello", timeout=1)
    except TimedOut:
        pass
    else:
        raise AssertionError("a stopped guest answered")
    finally:
        os.kill(fix.guest.qemu_pid, signal.SIGCONT)
    fix.guest.command("hello")


def test_shutdown(fix):
    "the power button shuts a guest down"
    with tap.timed("shutdown"):
        fix.guest.shutdown()
    fix.guest.undefine()
    tap.equal(fix.hv.connect().listAllDomains(), [])


def test_crash(fix):
    "a panic and a watchdog are reported"
    end = guest.Guest(fix.hv, "vm2", images=fix.images, on_crash="preserve", watchdog="pause")
    end.define().start().wait_booted()
    end.command("watchdog")
    end.wait_state(PAUSED)
    tap.equal(end.state()[1], libvirt.VIR_DOMAIN_PAUSED_WATCHDOG, "reason")
    end.domain.resume()
    end.command("panic")
    end.wait_state(libvirt.VIR_DOMAIN_CRASHED)
    end.destroy()
    end.undefine()


def test_q35(fix):
    "the q35 machine boots and takes a disk as well"
    other = guest.Guest(fix.hv, "vm3", images=fix.images, machine="q35").define()
    other.start().wait_booted()
    other.attach_disk("vdc")
    fix.run.wait_until(lambda: "vdc" in other.command("disks"), 60, "vdc to appear")
    other.destroy()
    other.undefine()


def test_many(fix):
    "twenty guests are defined and undefined"
    many = [guest.Guest(fix.hv, f"many{n:02}", images=fix.images) for n in range(20)]
    with tap.timed("define 20"):
        for one in many:
            one.define()
    names = [one.name() for one in fix.hv.connect().listAllDomains()]
    tap.equal(sum(name.startswith("many") for name in names), 20)
    for one in many:
        one.undefine()


def test_left_running(fix):
    "a guest left running ends with the run (seen from outside)"
    guest.Guest(fix.hv, "left", images=fix.images, disks=False).define().start()


TESTS = [value for name, value in list(globals().items()) if name.startswith("test_")]

if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)
    tap.main(TESTS, fixture)
