#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Compares every cell that VM-MIB has for real QEMU guests with what libvirt and the host say.

A value that moves has to lie between two readings of libvirt, one before and one after the walk.
"""

import contextlib
import os
import subprocess
import time
import xml.etree.ElementTree as ElementTree

import expected
import guest
import namespaces
import tap
import vmmib
from daemon import Daemon
from guest import Guest
from hypervisor import SBIN, Hypervisor
from snmp import Snmpd

if os.environ.get("VMMIBD_QUICK"):
    tap.skip_all("VMMIBD_QUICK is set, and these are real guests")

MIB = 1 << 20
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class Fixture:
    def __init__(self, run, hv, snmpd, guests):
        self.run, self.hv, self.snmpd = run, hv, snmpd
        self.guests = guests
        self.full, self.small, self.off = guests
        self.running = guests[:2]

    def index(self, one):
        return vmmib.indices_by_uuid(self.snmpd)[one.domain.UUIDString()]

    def wait_refreshed(self):
        """Until all that is served of the guests that run was measured after this was called."""
        cells = [vmmib.instance("vmCpuTime", self.index(one)) for one in self.running]
        # the first change may have been measured before: two of them, as QEMU is never idle long
        for _ in range(2):
            before = [vb.value for vb in self.snmpd.get(*cells)]
            self.run.wait_until(
                lambda old=before: all(vb.value != value for vb, value in
                                       zip(self.snmpd.get(*cells), old)),
                30, "vmCpuTime of all guests to move")


def full_guest(hv, images, cpu):
    """A CD in the drive, and its first virtual CPU pinned to one of the host's."""
    one = Guest(hv, "full", images=images, vcpus=2, max_vcpus=4, max_memory_mib=192,
                nic="user" if guest.have_tap() else "bridge")
    one.make_disk("cd.raw", 2 * MIB)
    one.xml = one.xml.replace(
        "<os>", f"<cputune><vcpupin vcpu='0' cpuset='{cpu}'/></cputune><os>").replace(
        "<target dev='hda'", f"<source file='{one.directory}/cd.raw'/><target dev='hda'")
    return one


@contextlib.contextmanager
def fixture():
    images = guest.build()
    with namespaces.enter_namespaces() as run, Snmpd(run) as snmpd, Hypervisor(run) as hv:
        cpu = max(os.sched_getaffinity(0))
        guests = [full_guest(hv, images, cpu), Guest(hv, "small", images=images, nic="user"),
                  Guest(hv, "off", images=images, memory_mib=96, max_memory_mib=128, vcpus=3)]
        for one in guests:
            one.define()
        guests[1].domain.setAutostart(1)
        with tap.timed("boot of two guests"):
            for one in guests[:2]:
                one.start()
            for one in guests[:2]:
                one.wait_booted()
        config = f"connection - {hv.uri()}\nrefreshInterval 1\n"
        with Daemon(run, snmpd, config=config) as daemon:
            daemon.wait_number(len(guests))
            yield Fixture(run, hv, snmpd, guests)


def compare(fix, guests):
    """All cells of all their rows, neither more nor less; returns the walk."""
    first = {one.name: one.stats() for one in guests}
    fix.wait_refreshed()
    served = vmmib.cells(fix.snmpd)
    second = {one.name: one.stats() for one in guests}
    wanted = expected.cells(guests, first, second, served)
    vms = {index[0] for name, index in wanted if name == "vmName"}
    found = {(name, index): vb.value for (name, index), vb in served.items()
             if vmmib.BY_NAME[name].table and index[0] in vms}
    wrong = [f"{key}: {found.get(key)!r}, libvirt: {wanted.get(key)!r}"
             for key in sorted(set(found) | set(wanted))
             if not expected.matches(found.get(key), wanted.get(key))]
    tap.check(not wrong, f"{len(wrong)} of {len(wanted)} cells differ\n" + "\n".join(wrong))
    tap.diag(f"{len(wanted)} cells")
    return served


def test_cells(fix):
    "every cell of guests that run is what libvirt says"
    served = compare(fix, fix.running)
    tap.equal(served["vmNumber", (0,)].value, 3, "vmNumber")
    vms = {index[0] for name, index in served if vmmib.BY_NAME[name].table}
    tap.equal(vms, {fix.index(one) for one in fix.guests}, "vmIndexes of all rows")


def test_off(fix):
    "every cell of a guest that is off is what libvirt says, and it has no counters"
    compare(fix, [fix.off])


def test_hypervisor(fix):
    "the hypervisor's name, version and up time are those of the host"
    version = fix.full.connection.getVersion()
    served = {name: vb.value for (name, index), vb in vmmib.cells(fix.snmpd).items()
              if index == (0,)}
    tap.equal(served["vmHvSoftware"], b"QEMU", "vmHvSoftware")
    tap.equal(served["vmHvVersion"].decode(),
              f"{version // 1000000}.{version // 1000 % 1000}.{version % 1000}", "vmHvVersion")
    first = host_uptime()
    ticks = fix.snmpd.value(vmmib.instance("vmHvUpTime"))
    # TimeTicks begin again after 497 days
    past = (ticks - int(first * 100)) % (1 << 32)
    tap.check(past <= (host_uptime() - first) * 100 + 1,
              f"vmHvUpTime is {ticks}, up time {first} s")


def host_uptime():
    with open("/proc/uptime", encoding="ascii") as text:
        return float(text.read().split()[0])


def process_age(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as text:
        started = int(text.read().rpartition(")")[2].split()[19]) / TICKS_PER_SECOND
    return host_uptime() - started


def test_uptime(fix):
    "vmUpTime is the age of the QEMU process"
    ages = fix.snmpd.column(vmmib.prefix("vmUpTime"))
    tap.equal(len(ages), 2, "VMs that have a vmUpTime")
    for one in fix.running:
        up, age = ages[fix.index(one),] / 100, process_age(one.qemu_pid)
        tap.diag(f"{one.name}: vmUpTime {up:.2f} s, process {age:.2f} s")
        tap.check(abs(up - age) < 2, f"{one.name}: vmUpTime {up} s, process {age} s")


def test_pinning(fix):
    "the pinned virtual CPU may run on one of the host's only, the other on all of them"
    column = fix.snmpd.column(vmmib.prefix("vmCpuAffinity"))
    mine = [{index[2] - expected.CPU_0: value for index, value in column.items()
             if index[:2] == (fix.index(fix.full), vcpu)} for vcpu in (1, 2)]
    tap.equal([cpu for cpu, value in mine[0].items() if value == 1],
              [max(os.sched_getaffinity(0))], "CPUs of the first")
    n_cpus = fix.full.connection.getCPUMap()[0]
    tap.equal(sorted(mine[1]), list(range(n_cpus)), "CPUs of the host")


def test_tap(fix):
    "a tap device is found in the host's list of interfaces, and whatever bridge it is in"
    reason = guest.have_tap()
    if reason:
        raise tap.Skip(f"no tap devices: {reason}")
    row = fix.index(fix.full), 1
    device, = os.listdir(f"/sys/class/net/{namespaces.BRIDGE}/brif")

    def served():
        return [fix.snmpd.value(vmmib.instance(name, *row))
                for name in ("vmNetworkIfIndex", "vmNetworkParent")]

    before = [expected.interface_index(name) for name in (device, namespaces.BRIDGE)]
    tap.check(0 not in before, f"ifIndexes {before}")
    tap.equal(served(), before, "ifIndexes")
    ip("link", "add", "vbr1", "type", "bridge")
    # nobody sends an event of this
    for bridge in "vbr1", namespaces.BRIDGE:
        ip("link", "set", device, "master", bridge)
        now = [before[0], expected.interface_index(bridge)]
        fix.run.wait_until(lambda want=now: served() == want, 30, f"ifIndexes to become {now}")


def ip(*words):
    subprocess.run(["ip", *words], check=True, env={**os.environ, "PATH": SBIN})


def disk_numbers(fix, one):
    """{target: vmStorageIndex}, by the path of the image."""
    paths = {index[1]: value.decode()
             for index, value in fix.snmpd.column(vmmib.prefix("vmStorageResourceID")).items()
             if index[0] == fix.index(one)}
    disks = ElementTree.fromstring(one.domain.XMLDesc()).findall("devices/disk")
    return {disk.find("target").get("dev"): number for disk in disks for number in paths
            if disk.find("source") is not None and disk.find("source").get("file") == paths[number]}


def test_work(fix):
    "a guest that computes, writes and reads moves its counters, and they remain right"
    fix.run.wait_until(lambda: "sr0" in fix.full.command("disks"), 60, "the CD drive to appear")
    vm, disks = fix.index(fix.full), disk_numbers(fix, fix.full)
    before = compare(fix, fix.running)
    start = time.monotonic()
    fix.full.command("burn 2 2")
    for words in (f"write vda {MIB}", f"write vdb {2 * MIB}", f"read vda {MIB}",
                  f"read vdb {MIB}", f"read sr0 {MIB}"):
        fix.full.command(words)
    time.sleep(max(0, start + 2 - time.monotonic()))
    after = compare(fix, fix.running)

    def moved(name, *index):
        old, new = before[name, (vm, *index)].value, after[name, (vm, *index)].value
        tap.diag(f"{name}.{'.'.join(map(str, index))}: {old} + {new - old}")
        return new - old

    # microseconds; emulation on a busy host may get little of a processor
    tap.check(moved("vmCpuTime") >= 400000, "vmCpuTime moved too little")
    for vcpu in 1, 2:
        tap.check(moved("vmCpuCoreTime", vcpu) >= 100000, f"vmCpuCoreTime.{vcpu} hardly moved")
    for target, way, least in (("vda", "Write", MIB), ("vdb", "Write", 2 * MIB),
                               ("vda", "Read", MIB), ("vdb", "Read", MIB), ("hda", "Read", MIB)):
        number = disks[target]
        octets = moved(f"vmStorage{way}Octets", number)
        tap.check(least <= octets < least + MIB, f"{target}: {way} of {octets} octets")
        for cell in "IOs", "Latency":
            tap.check(moved(f"vmStorage{way}{cell}", number) > 0, f"{target}: {way}{cell} stood")
    grown = [walk["vmStorageAllocatedSize", (vm, disks["vdb"])].value for walk in (before, after)]
    tap.check(grown[1] > grown[0], f"the qcow2 image did not grow: {grown}")


def test_balloon(fix):
    "vmCurMem follows the balloon"
    vm = fix.index(fix.full)
    for mib in 120, 144:
        fix.full.domain.setMemoryFlags(mib << 10, guest.LIVE)
        fix.run.wait_until(lambda want=mib: fix.full.stats()["balloon.current"] == want << 10, 60,
                           "the balloon to change")
        unit = fix.snmpd.value(vmmib.instance("vmMemUnit", vm))
        fix.run.wait_until(
            lambda size=mib * MIB // unit: fix.snmpd.value(
                vmmib.instance("vmCurMem", vm)) == size, 10, f"vmCurMem to become {mib} MiB")
    compare(fix, fix.running)


if __name__ == "__main__":
    tap.main([test_cells, test_off, test_hypervisor, test_uptime, test_pinning, test_tap,
              test_work, test_balloon], fixture)
