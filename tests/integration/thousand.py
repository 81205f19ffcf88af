#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Compares every cell that is served of a thousand made-up domains with libvirt's own answers.

The expected mapping is written here once more, from RFC 7666.  What the test driver makes from the
clock must lie between two readings, one before vmmibd starts and one after the walk.
"""

import contextlib
import random
import xml.etree.ElementTree as ET
from typing import NamedTuple

import tap
import testdriver
import vmmib
from daemon import Daemon
from hypervisor import libvirt
from rundir import RunDir
from snmp import Snmpd

N, N_REMOVED, N_ADDED = 1000, 100, 50
SEED = 7666
HR_PROCESSOR = 196608  # Net-SNMP's hrDeviceIndex of the first processor

STATES = {  # libvirt's -> vmAdminState, vmOperState
    libvirt.VIR_DOMAIN_NOSTATE: (1, 2),
    libvirt.VIR_DOMAIN_RUNNING: (1, 4),
    libvirt.VIR_DOMAIN_BLOCKED: (1, 4),
    libvirt.VIR_DOMAIN_PAUSED: (3, 8),
    libvirt.VIR_DOMAIN_SHUTDOWN: (4, 10),
    libvirt.VIR_DOMAIN_SHUTOFF: (4, 11),
    libvirt.VIR_DOMAIN_CRASHED: (3, 12),
    libvirt.VIR_DOMAIN_PMSUSPENDED: (3, 8),
}

# What RFC 7666 makes of it

class Between(NamedTuple):
    """A value that the test driver takes from the clock."""

    low: int
    high: int


def agrees(value, wanted):
    if isinstance(wanted, Between):
        return wanted.low <= value <= wanted.high
    return value == wanted


def unit_for(*sizes):
    unit = 1024
    while max(sizes) // unit > 2**31 - 1:
        unit *= 1024
    return unit


def expected_memory(dom, xml):
    _, most, now, _, _ = dom.info()
    least = xml.findtext("memtune/min_guarantee")
    least = int(least) * 1024 if least is not None else None
    unit = unit_for(most * 1024, now * 1024, least or 0)
    # a guarantee is not rounded down to none
    return {"vmMemUnit": unit, "vmCurMem": now * 1024 // unit, "vmMaxMem": most * 1024 // unit,
            "vmMinMem": -1 if least is None else max(least // unit, least > 0)}


def expected_vm(dom, xml, readings):
    state, _ = dom.state()
    admin, oper = (2, 6) if dom.hasManagedSaveImage() else STATES[state]
    cells = {"vmName": dom.name().encode(), "vmUUID": dom.UUID(), "vmOSType": b"hvm",
             "vmAdminState": admin, "vmOperState": oper,
             "vmAutoStart": 2 if dom.autostart() else 3,
             "vmPersistent": 2 if dom.isPersistent() else 3,
             "vmCurCpuNumber": dom.vcpusFlags(0), "vmMinCpuNumber": -1,
             "vmMaxCpuNumber": dom.vcpusFlags(libvirt.VIR_DOMAIN_VCPU_MAXIMUM),
             **expected_memory(dom, xml)}
    if dom.isActive():
        cells["vmCpuTime"] = readings["cpu"]
    return {(name, ()): value for name, value in cells.items()}


def expected_cpus(dom, readings):
    cells = {}
    for vcpu, pins in enumerate(dom.vcpuPinInfo()):
        if dom.isActive():
            cells["vmCpuCoreTime", (vcpu + 1,)] = readings["vcpu", vcpu]
        for cpu, pinned in enumerate(pins):
            cells["vmCpuAffinity", (vcpu + 1, HR_PROCESSOR + cpu)] = 1 if pinned else 2
    return cells


def disk_kind(disk):
    """vmStorageSourceType, its string and vmStorageResourceID"""
    source, driver = disk.find("source"), disk.find("driver")
    if source is None:
        return 2, None, None
    form = driver.get("type", "raw") if driver is not None else "raw"
    if disk.get("type") == "file":
        return 4 if form == "raw" else 5, form, source.get("file")
    if disk.get("type") == "block":
        return 3, "block", source.get("dev")
    return 6, source.get("protocol"), f"{source.get('protocol')}:///{source.get('name')}"


def expected_disk(dom, disk, readings):
    target = disk.find("target")
    kind, text, resource = disk_kind(disk)
    cells = {"vmStorageParent": 0, "vmStorageSourceType": kind,
             "vmStorageAccess": 2 if disk.find("readonly") is None else 3,
             "vmStorageMediaType": {"disk": 3, "cdrom": 4}[disk.get("device")],
             "vmStorageMediaTypeString": target.get("bus").encode(),
             "vmStorageSizeUnit": 1024, "vmStorageDefinedSize": -1, "vmStorageAllocatedSize": -1}
    if resource is not None:
        cells["vmStorageSourceTypeString"] = text.encode()
        cells["vmStorageResourceID"] = resource.encode()
        capacity, _, physical = dom.blockInfo(target.get("dev"))
        held = capacity if kind in (3, 4) else physical
        unit = unit_for(capacity, held)
        cells["vmStorageSizeUnit"] = unit
        cells["vmStorageDefinedSize"] = -(-capacity // unit)
        cells["vmStorageAllocatedSize"] = -(-held // unit)
        if dom.isActive():
            for name in ("ReadIOs", "ReadOctets", "WriteIOs", "WriteOctets"):
                cells[f"vmStorage{name}"] = readings[target.get("dev"), name]
    return cells


def expected_nic(nic):
    model, mac = nic.find("model"), nic.find("mac").get("address")
    cells = {"vmNetworkIfIndex": 0, "vmNetworkParent": 0,
             "vmNetworkPhysAddress": bytes.fromhex(mac.replace(":", ""))}
    if model is not None:
        cells["vmNetworkModel"] = model.get("type").encode()
    return cells


def expected_domain(dom, before, after):
    """{(object's name, index without the vmIndex): value}"""
    readings = {what: Between(before[what], after[what]) for what in before}
    xml = ET.fromstring(dom.XMLDesc())
    cells = {**expected_vm(dom, xml, readings), **expected_cpus(dom, readings)}
    for number, disk in enumerate(xml.iterfind("devices/disk"), 1):
        cells.update({(name, (number,)): value
                      for name, value in expected_disk(dom, disk, readings).items()})
    for number, nic in enumerate(xml.iterfind("devices/interface"), 1):
        cells.update({(name, (number,)): value for name, value in expected_nic(nic).items()})
    return cells


def read_clocks(dom):
    """What the test driver makes from the clock, in RFC 7666's units."""
    found = {"cpu": dom.info()[4] // 1000}
    if dom.isActive():
        found.update({("vcpu", vcpu[0]): vcpu[2] // 1000 for vcpu in dom.vcpus()[0]})
        for disk in ET.fromstring(dom.XMLDesc()).iterfind("devices/disk"):
            if disk.find("source") is not None:
                target = disk.find("target").get("dev")
                names = ("ReadIOs", "ReadOctets", "WriteIOs", "WriteOctets")
                found.update(zip(((target, name) for name in names), dom.blockStats(target)))
    return found


def read_all_clocks(connection):
    return {dom.UUIDString(): read_clocks(dom) for dom in connection.listAllDomains()}


class Fixture:
    """The tests follow each other: each leaves to the next the indices that it saw."""

    def __init__(self, run, snmpd):
        self.run, self.snmpd = run, snmpd
        rng = random.Random(SEED)
        self.domains = [testdriver.domain(rng, number) for number in range(N + N_ADDED)]
        self.file = self.write(self.domains[:N])
        self.connection = libvirt.open(testdriver.uri(self.file))
        self.before = read_all_clocks(self.connection)
        self.daemon = Daemon(run, snmpd, uri=testdriver.uri(self.file))
        self.cells = None

    def write(self, domains):
        return self.run.write("thousand.xml", testdriver.node(domains))

    def restart(self, domains):
        self.daemon.stop()
        self.write(domains)
        self.daemon.start()
        with tap.timed(f"{len(domains)} domains served after a restart"):
            self.daemon.wait_number(len(domains))

    def indices(self):
        return vmmib.indices_by_uuid(self.snmpd)


@contextlib.contextmanager
def fixture():
    with RunDir() as run, Snmpd(run) as snmpd:
        fix = Fixture(run, snmpd)
        with fix.daemon:
            yield fix


def steady(cells):
    return {key: vb.value for key, vb in cells.items() if vb.type not in vmmib.VARYING}


def test_every_cell(fix):
    "all cells of 1,000 domains are what libvirt says, and there are no others"
    fix.daemon.wait_number(N)
    with tap.timed("walk"):
        fix.cells = vmmib.cells(fix.snmpd)
    tap.diag(f"{len(fix.cells)} cells")
    after = read_all_clocks(fix.connection)
    indices = fix.indices()
    tap.equal(sorted(indices.values()), list(range(1, N + 1)), "vmIndexes")
    served = {key: vb.value for key, vb in fix.cells.items() if vmmib.BY_NAME[key[0]].table}
    wanted = {}
    for dom in fix.connection.listAllDomains():
        one = dom.UUIDString()
        cells = expected_domain(dom, fix.before[one], after[one])
        wanted.update({(name, (indices[one], *rest)): value
                       for (name, rest), value in cells.items()})
    extra, missing = served.keys() - wanted.keys(), wanted.keys() - served.keys()
    tap.check(not extra, f"{len(extra)} cells too many, such as {sorted(extra)[:5]}")
    tap.check(not missing, f"{len(missing)} cells missing, such as {sorted(missing)[:5]}")
    wrong = [f"{key}: {served[key]!r}, not {wanted[key]!r}" for key in wanted
             if not agrees(served[key], wanted[key])]
    tap.check(not wrong, f"{len(wrong)} of {len(wanted)} cells are wrong\n" +
              "\n".join(wrong[:20]))


def test_restart(fix):
    "a restart keeps every index of VMs, disks and interfaces"
    fix.restart(fix.domains[:N])
    tap.check(steady(vmmib.cells(fix.snmpd)) == steady(fix.cells), "cells differ after a restart")


def test_other_domains(fix):
    "VMs that come while vmmibd is down get new indices, not those of VMs that went"
    before = fix.indices()
    rng = random.Random(SEED)
    gone = set(rng.sample(range(N), N_REMOVED))
    left = [xml for number, xml in enumerate(fix.domains) if number not in gone]
    rng.shuffle(left)
    fix.restart(left)
    now = fix.indices()
    tap.equal(len(before.keys() - now.keys()), N_REMOVED, "VMs gone")
    tap.equal({one: now[one] for one in before if one in now},
              {one: before[one] for one in before if one in now}, "indices of those that stayed")
    tap.equal(sorted(now[one] for one in now.keys() - before.keys()),
              list(range(N + 1, N + N_ADDED + 1)), "indices of the new ones")


def test_return(fix):
    "VMs that return get their old indices back, with all their disks and interfaces"
    old = {key: value for key, value in steady(fix.cells).items() if vmmib.BY_NAME[key[0]].table}
    numbers = {value: index[0] for (name, index), value in old.items() if name == "vmName"}
    gone = sorted(numbers[name] for name in numbers.keys() -
                  set(fix.snmpd.column(vmmib.prefix("vmName")).values()))
    # those with the higher indices first: the lower ones are free as well
    late = set(gone[:N_REMOVED // 2])
    names = {name.decode() for name, number in numbers.items() if number in late}
    fix.restart([xml for xml in fix.domains
                 if not any(f"<name>{name}</name>" in xml for name in names)])
    now = steady(vmmib.cells(fix.snmpd))
    wrong = [key for key, value in old.items() if key[1][0] not in late and now.get(key) != value]
    tap.check(not wrong, f"{len(wrong)} cells differ, such as {wrong[:5]}")
    fix.restart(fix.domains)
    now = steady(vmmib.cells(fix.snmpd))
    wrong = [key for key, value in old.items() if now.get(key) != value]
    tap.check(not wrong, f"{len(wrong)} cells differ, such as {wrong[:5]}")


if __name__ == "__main__":
    tap.main([test_every_cell, test_restart, test_other_domains, test_return], fixture)
