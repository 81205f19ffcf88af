#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Compares what VM-LIBVIRT-MIB has for a real QEMU guest with libvirt's bulk statistics and XML,
and lets the guest get into trouble."""

import contextlib
import os
import socket
import subprocess
import time
import xml.etree.ElementTree as ElementTree

import guest
import namespaces
import statkeys
import tap
import virtmib
import virtxml
import vmmib
from daemon import Daemon
from guest import Guest
from hypervisor import Hypervisor, libvirt
from rundir import TIMEOUT_SCALE
from snmp import Snmpd
from statkeys import epoch

if os.environ.get("VMMIBD_QUICK"):
    tap.skip_all("VMMIBD_QUICK is set, and these are real guests")

KIB, MIB = 1 << 10, 1 << 20
GROUPS = (libvirt.VIR_DOMAIN_STATS_STATE | libvirt.VIR_DOMAIN_STATS_CPU_TOTAL |
          libvirt.VIR_DOMAIN_STATS_BALLOON | libvirt.VIR_DOMAIN_STATS_VCPU |
          libvirt.VIR_DOMAIN_STATS_INTERFACE | libvirt.VIR_DOMAIN_STATS_BLOCK)
FULL = 4 * MIB  # room in a file system for a disk that may become four times as large

NOVA = "http://openstack.org/xmlns/libvirt/nova/1.1"
TEAM = "urn:example:team"
METADATA = f"""<metadata>
<n:instance xmlns:n='{NOVA}'><n:name>web-1</n:name><n:flavor name='m1.tiny'/>
<n:owner><n:user uuid='u'>jo</n:user><n:project uuid='p'>shop</n:project></n:owner></n:instance>
<t:team xmlns:t='{TEAM}'><t:owner>anna</t:owner></t:team></metadata>"""

CONFIG = "connection - {uri}\nrefreshInterval 1\n" + f'metadata {TEAM} "m:team/m:owner"\n'


class Fixture:
    def __init__(self, run, hv, snmpd, daemon, one):
        self.run, self.hv, self.snmpd, self.daemon, self.one = run, hv, snmpd, daemon, one
        self.vm = vmmib.indices_by_uuid(snmpd)[one.domain.UUIDString()]

    def cell(self, name, *index):
        """Of the guest; of a scalar the index is 0."""
        return self.snmpd.value(virtmib.instance(name, *(index or (self.vm,))))

    def scalar(self, name):
        return self.snmpd.value(virtmib.instance(name, 0))

    def label(self, name, *index):
        return virtmib.label(name, self.cell(name, *index))

    def disk(self, target):
        """(vmIndex, vmStorageIndex)"""
        column = self.snmpd.column(virtmib.prefix("virtDiskTarget"))
        return next(index for index, value in column.items()
                    if index[0] == self.vm and value.decode() == target)

    def wait(self, what, predicate, timeout=20):
        return self.run.wait_until(predicate, timeout, what, alive=self.daemon.child)

    def wait_label(self, name, label, *index, timeout=20):
        self.wait(f"{name} to become {label}", lambda: self.label(name, *index) == label, timeout)

    def wait_refreshed(self, more=2):
        """Until refreshes have begun and ended that all is served of."""
        before = self.scalar("virtRefreshes")
        self.wait(f"{more} refreshes", lambda: self.scalar("virtRefreshes") >= before + more)

    def stats(self):
        return self.one.stats(GROUPS)


def make_guest(hv, images):
    """A guest with something in all columns that there is a way for."""
    one = Guest(hv, "rich", images=images, vcpus=2, max_vcpus=3, memory_mib=144,
                max_memory_mib=160, stats_period=1, watchdog="pause",
                nic="user" if guest.have_tap() else "bridge")
    base = one.make_disk("base.qcow2", 32 * MIB, "qcow2")
    with open(one.make_disk("noise.raw", 16 * MIB), "r+b") as noise:
        noise.write(os.urandom(16 * MIB))
    for argv in (["convert", "-f", "raw", "-O", "qcow2", f"{one.directory}/noise.raw", base],
                 ["create", "-q", "-f", "qcow2", "-b", base, "-F", "qcow2",
                  f"{one.directory}/top.qcow2"]):
        subprocess.run(["qemu-img", *argv], check=True)
    one.make_disk("tight.raw", 16 * MIB)
    small = mount_small(one)
    one.xml = one.xml.replace(
        "<memory unit", f"<description>all that there is</description>{METADATA}<memory unit"
    ).replace(f"{one.directory}/disk.qcow2", f"{one.directory}/top.qcow2").replace(
        "<driver name='qemu' type='raw'/>", "<driver name='qemu' type='raw' cache='writeback'/>", 1
    ).replace(
        "<target dev='vda' bus='virtio'/>",
        "<target dev='vda' bus='virtio'/><serial>SN-77</serial>"
        "<iotune><total_bytes_sec>50000000</total_bytes_sec>"
        "<read_iops_sec>4000</read_iops_sec><write_iops_sec>3000</write_iops_sec></iotune>"
    ).replace("<rom enabled='no'/>", "<mtu size='1400'/><link state='up'/><rom enabled='no'/>"
              if not guest.have_tap() else "<link state='up'/><rom enabled='no'/>")
    shared = (f"<disk type='file' device='disk'><driver name='qemu' type='raw' cache='none'/>"
              f"<source file='{one.directory}/tight.raw'/><target dev='vdc' bus='virtio'/>"
              "<iotune><total_iops_sec>5000</total_iops_sec><read_bytes_sec>30000000"
              "</read_bytes_sec><write_bytes_sec>20000000</write_bytes_sec></iotune>"
              "<shareable/></disk>")
    one.xml = one.xml.replace("<controller type='usb'", shared + "<controller type='usb'")
    if small:
        disk = (f"<disk type='file' device='disk'><driver name='qemu' type='raw' "
                f"error_policy='enospace'/><source file='{small}/disk.raw'/>"
                "<target dev='vdd' bus='virtio'/></disk>")
        one.xml = one.xml.replace("<controller type='usb'", disk + "<controller type='usb'")
    one.small = small
    return one


def mount_small(one):
    """A file system with less room than the disk in it will want; None where that cannot be."""
    small = one.run.mkdir("guests", "small")
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={5 * FULL}", "none", small],
                          capture_output=True, text=True, check=False)
    if done.returncode:
        tap.diag(f"no small file system: {done.stderr.strip()}")
        return None
    with open(f"{small}/disk.raw", "wb") as image:
        image.truncate(4 * FULL)
    with open(f"{small}/filler", "wb") as filler:
        filler.write(bytes(4 * FULL))
    return small


OFF = """<interface type='network'><mac address='52:54:00:77:00:01'/>
<source network='none' portgroup='lab'/><vlan trunk='yes'><tag id='7'/><tag id='42'/></vlan>
<bandwidth><inbound average='100' peak='200' burst='64'/><outbound average='50' peak='70'/>
</bandwidth><link state='down'/><model type='virtio'/></interface>
<disk type='file' device='disk'><driver name='qemu' type='raw' cache='none'/>
<source file='/nowhere/disk'/><target dev='vdx' bus='virtio'/><readonly/></disk>"""


@contextlib.contextmanager
def fixture():
    images = guest.build()
    with namespaces.enter_namespaces() as run, Snmpd(run) as snmpd, Hypervisor(run) as hv:
        one, off = make_guest(hv, images), Guest(hv, "off", images=images, extra=OFF)
        for each in one, off:
            each.define()
        with tap.timed("boot"):
            one.start().wait_booted()
        with Daemon(run, snmpd, config=CONFIG.format(uri=hv.uri())) as daemon:
            daemon.wait_number(2)
            yield Fixture(run, hv, snmpd, daemon, one)


# Bulk statistics

def address_of(one):
    nic = ElementTree.fromstring(one.domain.XMLDesc()).find("devices/interface")
    high, low = nic.find("mac").get("address").split(":")[-2:]
    return f"10.77.{int(high, 16)}.{int(low, 16)}"


def drop_packets(one):
    """Sends a guest that is suspended more than its queue holds."""
    one.domain.suspend()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.connect((address_of(one), 9))
        for _ in range(5000):
            with contextlib.suppress(OSError):  # the guest says that nobody listens
                sender.send(b"x")
    one.domain.resume()


def test_keys(fix):
    "each key of libvirt's bulk statistics is an object whose value lies between two readings"
    fix.one.command(f"write vda {64 * KIB}")
    fix.one.command("flush")
    fix.one.domain.setBlockThreshold("vda", 40 * MIB)
    if not guest.have_tap():
        fix.one.command("send 20")
        drop_packets(fix.one)
    wrong = {}
    # what goes up and down may lie outside for once; everything together must fit
    for attempt in range(8):
        first = fix.stats()
        fix.wait_refreshed()
        served = virtmib.values(fix.snmpd)
        second = fix.stats()
        wrong = {key: statkeys.difference(key, first, second, served, fix.vm) for key in first}
        wrong = {key: text for key, text in wrong.items() if text}
        if not wrong:
            break
        tap.diag(f"attempt {attempt + 1}: {wrong}")
    tap.check(not wrong, f"{len(wrong)} of {len(first)} keys\n" +
              "\n".join(f"{key}: {text}" for key, text in wrong.items()))
    tap.diag(f"{len(first)} keys: {' '.join(sorted({statkeys.general(key)[0] for key in first}))}")
    for group, probe, column in (("block", "rd.reqs", "vmStorageReadIOs"),
                                 ("net", "rx.bytes", "virtIfRxOctets")):
        rows = [index for name, index in served if name == column and index[0] == fix.vm]
        # a drive without a medium has no statistics, nor has a NIC without a tap device
        known = [n for n in range(first[f"{group}.count"]) if f"{group}.{n}.{probe}" in first]
        tap.equal(len(rows), len(known), f"rows with a {column}")
    for key in ("cpu.user", "balloon.unused", "vcpu.0.time", "block.0.fl.reqs",
                "block.0.threshold"):
        tap.check(first.get(key), f"{key} is {first.get(key)}, so little was compared")
    if not guest.have_tap():
        for key in "net.0.tx.pkts", "net.0.rx.drop":
            tap.check(first.get(key), f"{key} is {first.get(key)}")


def test_threshold(fix):
    "virtDiskThreshold is there as long as the threshold is"
    row = fix.disk("vda")
    fix.one.domain.setBlockThreshold("vda", 41 * MIB)
    fix.wait("virtDiskThreshold", lambda: fix.cell("virtDiskThreshold", *row) == 41 * MIB)
    fix.one.domain.setBlockThreshold("vda", 0)
    tap.check("block.0.threshold" not in fix.stats(), "libvirt still has it")
    fix.wait_refreshed(3)
    tap.equal(fix.cell("virtDiskThreshold", *row), None, "virtDiskThreshold without a threshold")


def test_memory(fix):
    "memory shares, age and period follow from the other columns"
    fix.wait_refreshed()
    served = {name: vb.value for (name, index), vb in virtmib.cells(fix.snmpd).items()
              if index == (fix.vm,)}
    available = served["virtMemAvailable"]
    for share, rest in (("virtMemUtilization", "virtMemUnused"),
                        ("virtMemUtilizationUsable", "virtMemUsable")):
        wanted = (available - served[rest]) / available * 10000
        tap.check(abs(served[share] - wanted) <= 1, f"{share} is {served[share]}, not {wanted}")
        tap.check(0 < served[share] < 10000, f"{share} is {served[share]}")
    now = int(time.time())
    age = now - epoch(served["virtMemLastUpdate"])
    tap.check(abs(served["virtMemUpdateAge"] - age) <= 1 and 0 <= age <= 10 * TIMEOUT_SCALE,
              f"virtMemUpdateAge is {served['virtMemUpdateAge']}, the update {age} s ago")
    tap.equal(served["virtMemStatsPeriod"], 1, "virtMemStatsPeriod")


def test_xml(fix):
    "what the definitions say is served, of the guest that runs and of the one that is off"
    served = {key: value for key, value in virtmib.values(fix.snmpd).items()
              if key[0] in virtxml.COLUMNS}
    wanted, vms = {}, vmmib.indices_by_uuid(fix.snmpd)
    for domain in fix.one.connection.listAllDomains():
        wanted.update(virtxml.cells(domain.XMLDesc(), vms[domain.UUIDString()]))
    wrong = [f"{key}: {served.get(key)!r}, XML: {wanted.get(key)!r}"
             for key in sorted(set(served) | set(wanted)) if served.get(key) != wanted.get(key)]
    tap.check(not wrong, f"{len(wrong)} of {len(wanted)} cells differ\n" + "\n".join(wrong))
    missing = virtxml.COLUMNS - {name for name, _ in wanted} - {"virtDomainFirmware"}
    # without tap devices there is no such NIC
    missing -= {"virtIfHostDevice", "virtIfMtu", "virtIfBridge"} if guest.have_tap() else set()
    tap.equal(missing, set(), "columns that were not compared")
    tap.equal([fix.cell("virtDiskBackingDepth", *fix.disk(target)) for target in ("vda", "vdb")],
              [0, 1], "virtDiskBackingDepth")
    tap.equal((fix.cell("virtMetadataName", fix.vm, 1), fix.cell("virtMetadataValue", fix.vm, 1)),
              (b"m:team/m:owner", b"anna"), "metadata")


def test_disks(fix):
    "utilization is allocation per capacity, and a disk without trouble has no error and no job"
    fix.wait_refreshed()
    served = virtmib.values(fix.snmpd)
    rows = [index for name, index in served if name == "virtDiskCapacity" and index[0] == fix.vm]
    tap.check(len(rows) >= 3, f"{len(rows)} rows")
    for row in rows:
        share = served["virtDiskAllocation", row] / served["virtDiskCapacity", row] * 10000
        tap.check(abs(served["virtDiskUtilization", row] - share) <= 1,
                  f"{row}: virtDiskUtilization {served['virtDiskUtilization', row]}, not {share}")
        tap.equal((served.get(("virtDiskErrorState", row)), served.get(("virtDiskJob", row)),
                   served.get(("virtDiskJobProgress", row))), (1, 1, None), f"state of {row}")
    tap.check(served["virtDiskUtilization", fix.disk("vda")] > 0, "vda is empty")


def test_vcpus(fix):
    "each virtual CPU has been seen on a CPU of the host"
    cpus = fix.snmpd.column(virtmib.prefix("virtVcpuHostCpu"))
    tap.equal(sorted(cpus), [(fix.vm, 1), (fix.vm, 2)], "rows")
    may = os.sched_getaffinity(0)
    tap.check(set(cpus.values()) <= may, f"{cpus} are not all of {may}")


def test_host(fix):
    "of the host there are its counters and the sums of its guests"
    node = fix.one.connection.getCPUStats(libvirt.VIR_NODE_CPU_STATS_ALL_CPUS)
    fix.wait_refreshed()
    served = {name: vb.value for (name, _), vb in virtmib.cells(fix.snmpd).items()
              if name.startswith("virtHost")}
    after = fix.one.connection.getCPUStats(libvirt.VIR_NODE_CPU_STATS_ALL_CPUS)
    for name, key in (("User", "user"), ("System", "kernel"), ("Idle", "idle"),
                      ("Iowait", "iowait")):
        value = served.get("virtHostCpu" + name)
        tap.check(value is not None and node[key] // 1000 <= value <= after[key] // 1000,
                  f"virtHostCpu{name} {value}, libvirt: {node[key]} to {after[key]}")
    tap.check(0 < served["virtHostCpuUtilization"] <= 10000, "virtHostCpuUtilization is " +
              str(served["virtHostCpuUtilization"]))
    info = fix.one.connection.getInfo()
    memory = fix.one.connection.getMemoryStats(libvirt.VIR_NODE_MEMORY_STATS_ALL_CELLS)
    # in Python in MiB
    total, free = served["virtHostMemoryTotal"], served["virtHostMemoryFree"]
    tap.equal((total // MIB, served["virtHostCpus"]), (info[1], info[2]), "memory and CPUs")
    tap.check(abs(free - memory["free"] * KIB) < memory["total"] * KIB / 10,
              f"virtHostMemoryFree is {free}, libvirt: {memory}")
    wanted = {"DomainsRunning": 1, "DomainsPaused": 0, "DomainsShutOff": 1, "VcpusCommitted": 2,
              "MemoryCommitted": 160 * MIB, "VcpuOvercommit": int(200 / info[2] + 0.5),
              "MemoryOvercommit": int(160 * MIB / total * 100 + 0.5)}
    tap.equal({name: served["virtHost" + name] for name in wanted}, wanted, "sums")


# States, jobs and trouble

def check_state(fix, what):
    """virtDomainReason against libvirt, once they have had time."""
    state, reason = fix.one.state()
    fix.wait(f"virtDomainReason to show {what} ({state}, {reason})", lambda: (
        fix.cell("virtDomainState"), fix.cell("virtDomainReason")) == (state, 100 * state + reason))
    text = fix.cell("virtDomainReasonText").decode()
    tap.diag(f"{what}: {fix.label('virtDomainReason')}, '{text}'")
    tap.check(text.startswith(fix.label("virtDomainState")[:4]), f"{what}: '{text}'")
    active = state != libvirt.VIR_DOMAIN_SHUTOFF
    tap.equal((fix.cell("virtDomainId"), fix.cell("virtDomainActive")),
              (fix.one.domain.ID(), 1) if active else (None, 2), f"{what}: ID and active")
    return fix.label("virtDomainReason")


def test_states(fix):
    "virtDomainState, -Reason and -Id follow suspend, resume, save and restore"
    one = fix.one
    tap.check(check_state(fix, "at first").startswith("running"), "it does not run")
    one.domain.suspend()
    tap.equal(check_state(fix, "suspend"), "pausedUser")
    one.domain.resume()
    tap.equal(check_state(fix, "resume"), "runningUnpaused")
    number = fix.cell("virtDomainId")
    one.domain.managedSave()
    tap.equal(check_state(fix, "save"), "shutoffSaved")
    fix.wait("virtDomainManagedSave", lambda: fix.cell("virtDomainManagedSave") == virtmib.TRUE)
    one.domain.create()
    tap.equal(check_state(fix, "restore"), "runningRestored")
    tap.check(fix.cell("virtDomainId") > number, "the number of the run did not grow")
    fix.wait("no virtDomainManagedSave",
             lambda: fix.cell("virtDomainManagedSave") == virtmib.FALSE)
    one.command("hello")


def test_addresses(fix):
    "the guest's address is found in the host's table of neighbors"
    if guest.have_tap():
        raise tap.Skip("no tap devices")
    address = address_of(fix.one)
    fix.one.command("send 3")
    try:
        said = fix.one.domain.interfaceAddresses(libvirt.VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_ARP)
    except libvirt.libvirtError as error:
        # some versions do not get on with newer kernels
        tap.equal(fix.cell("virtIfAddresses", fix.vm, 1), None, "what libvirt does not know")
        raise tap.Skip(f"libvirt cannot read the table: {error}") from error
    fix.wait("virtIfAddresses", lambda: fix.cell("virtIfAddresses", fix.vm, 1), 30)
    tap.diag(f"{fix.cell('virtIfAddresses', fix.vm, 1)}, libvirt: {said}")
    # the table knows nothing of prefixes, and libvirt says 0
    tap.equal(fix.cell("virtIfAddresses", fix.vm, 1).decode(), address, "virtIfAddresses")
    tap.equal(fix.label("virtIfAddressSource", fix.vm, 1), "arp")


def test_block_job(fix):
    "a block job and its progress are seen while it lasts, and the chain of images is shorter then"
    row = fix.disk("vdb")
    tap.equal(fix.label("virtDiskJob", *row), "none", "before")
    fix.one.domain.blockPull("vdb", MIB, libvirt.VIR_DOMAIN_BLOCK_PULL_BANDWIDTH_BYTES)
    fix.wait_label("virtDiskJob", "pull", *row)
    first = fix.wait("progress", lambda: fix.cell("virtDiskJobProgress", *row))
    info = fix.one.domain.blockJobInfo("vdb")
    tap.check(0 < first <= info["cur"] / info["end"] * 10000 + 1,
              f"virtDiskJobProgress is {first} before {info}")
    fix.wait("more progress", lambda: fix.cell("virtDiskJobProgress", *row) > first)
    tap.equal(fix.label("virtDiskJob", *fix.disk("vda")), "none", "of another disk")
    fix.one.domain.blockJobSetSpeed("vdb", 0)
    fix.wait_label("virtDiskJob", "none", *row)
    fix.wait("virtDiskBackingDepth", lambda: fix.cell("virtDiskBackingDepth", *row) == 0)
    tap.equal(fix.cell("virtDiskJobProgress", *row), None, "progress without a job")


def test_full(fix):
    "a full file system: pausedIoError, the event ioError with disk and time, noSpace of that disk"
    if not fix.one.small:
        raise tap.Skip("no file system can be mounted")
    row, start = fix.disk("vdd"), int(time.time())
    tap.equal(fix.label("virtDomainLastEvent"), "none", "before")
    tap.equal((fix.cell("virtDomainLastEventTime"), fix.cell("virtDomainLastEventDetail")),
              (None, None), "before")
    fix.one.command("pour vdd 65536")
    fix.one.wait_state(libvirt.VIR_DOMAIN_PAUSED)
    tap.equal(check_state(fix, "a full disk"), "pausedIoError")
    check_event(fix, "ioError", start)
    detail = fix.cell("virtDomainLastEventDetail").decode()
    alias = next(disk.find("alias").get("name") for disk in ElementTree.fromstring(
        fix.one.domain.XMLDesc()).findall("devices/disk")
        if disk.find("target").get("dev") == "vdd")
    tap.diag(detail)
    tap.check(alias in detail and "disk.raw" in detail and "enospc" in detail, detail)
    fix.wait_label("virtDiskErrorState", "noSpace", *row)
    tap.equal(fix.label("virtDiskErrorState", *fix.disk("vda")), "none", "error of another disk")
    tap.equal(fix.scalar("virtHostDomainsPaused"), 1, "virtHostDomainsPaused")
    os.unlink(f"{fix.one.small}/filler")
    fix.one.domain.resume()
    tap.equal(check_state(fix, "more room"), "runningUnpaused")
    # QEMU itself may remember the error
    left = fix.one.domain.diskErrors().get("vdd", 0)
    fix.wait("virtDiskErrorState", lambda: fix.cell("virtDiskErrorState", *row) == left + 1)
    fix.one.command("stop")
    tap.equal(fix.label("virtDomainLastEvent"), "ioError", "event of the past")


def check_event(fix, kind, start):
    fix.wait_label("virtDomainLastEvent", kind)
    when = epoch(fix.cell("virtDomainLastEventTime"))
    tap.check(start <= when <= time.time(), f"{kind} at {when}, begun at {start}")


def test_watchdog(fix):
    "a watchdog that fires is the last event, and pauses the guest as it was told"
    start = int(time.time())
    fix.one.command("watchdog")
    fix.one.wait_state(libvirt.VIR_DOMAIN_PAUSED)
    check_event(fix, "watchdog", start)
    tap.equal(fix.cell("virtDomainLastEventDetail"), b"paused", "detail")
    tap.equal(check_state(fix, "watchdog"), "pausedWatchdog")
    fix.one.domain.resume()
    check_state(fix, "after the watchdog")


# The connection

def test_libvirtd_gone(fix):
    "without libvirtd the connection is down and says why, and comes back as a reconnect"
    before = [fix.scalar(name) for name in ("virtRefreshes", "virtCallsMade")]
    fix.wait_refreshed()
    after = [fix.scalar(name) for name in ("virtRefreshes", "virtCallsMade")]
    tap.check(after[0] > before[0] and after[1] > before[1], f"{before}, then {after}")
    tap.equal((virtmib.label("virtConnState", fix.scalar("virtConnState")),
               fix.scalar("virtConnReconnects")), ("up", 0), "before")
    fix.hv.kill()
    fix.wait("virtConnState to be down", lambda: virtmib.label(
        "virtConnState", fix.scalar("virtConnState")) == "down")
    tap.check(b"conn" in fix.scalar("virtConnLastError"), str(fix.scalar("virtConnLastError")))
    tap.check(fix.scalar("virtConnStateTime") < 2000 * TIMEOUT_SCALE, "virtConnStateTime is old")
    tap.equal(fix.cell("virtDomainTitle"), b"test guest rich", "what is known stays")
    stopped = fix.scalar("virtRefreshes")
    fix.hv.start()
    fix.one.again()
    fix.wait("virtConnState to be up", lambda: virtmib.label(
        "virtConnState", fix.scalar("virtConnState")) == "up", 60)
    tap.equal(fix.scalar("virtConnReconnects"), 1, "virtConnReconnects")
    fix.wait_refreshed()
    tap.check(fix.scalar("virtRefreshes") >= stopped + 2, "virtRefreshes began again")
    tap.check(fix.scalar("virtConnLastError"), "the error has been forgotten")
    tap.equal(fix.label("virtDomainLastEvent"), "watchdog", "event from before")


def test_period(fix):
    "with access read-write the guest is asked for statistics if nobody does, and only then"
    one, config = fix.one, CONFIG.format(uri=fix.hv.uri())

    def period():
        stats = ElementTree.fromstring(one.domain.XMLDesc()).find("devices/memballoon/stats")
        return 0 if stats is None else int(stats.get("period"))

    for set_by_hand, wanted in (0, 2), (3, 3):
        fix.daemon.stop()
        one.domain.setMemoryStatsPeriod(set_by_hand, guest.LIVE)
        tap.equal(period(), set_by_hand, "the period that was set")
        # what may not write leaves it alone
        fix.daemon.configure(config)
        fix.daemon.start()
        fix.wait("virtMemStatsPeriod", lambda n=set_by_hand: fix.cell("virtMemStatsPeriod") == n)
        fix.wait_refreshed()
        tap.equal(period(), set_by_hand, "the period after reading")
        fix.daemon.stop()
        fix.daemon.configure(config + "access read-write\nmemoryStatsPeriod 2\n")
        fix.daemon.start()
        fix.wait("virtMemStatsPeriod", lambda n=wanted: fix.cell("virtMemStatsPeriod") == n)
        fix.wait_refreshed()
        tap.equal((period(), fix.cell("virtMemStatsPeriod")), (wanted, wanted), "period")


def test_panic(fix):
    "a guest that panics leaves that as its last event, though it has ended"
    start = int(time.time())
    fix.one.command("panic")
    fix.one.wait_state(libvirt.VIR_DOMAIN_SHUTOFF)
    check_event(fix, "panic", start)
    tap.check(b"panic" in fix.cell("virtDomainLastEventDetail"), "detail")
    tap.equal(check_state(fix, "panic"), "shutoffCrashed")


def test_destroy(fix):
    "a guest that is destroyed says so, and has nothing that was measured left"
    fix.one.start()
    tap.equal(check_state(fix, "start"), "runningBooted")
    fix.one.destroy()
    tap.equal(check_state(fix, "destroy"), "shutoffDestroyed")
    served = virtmib.values(fix.snmpd)
    gone = [name for name, index in served if index[0] == fix.vm and name in (
        "virtMemUnused", "virtMemRss", "virtVcpuState", "virtIfRxOctets", "virtIfAddresses",
        "virtDomainCpuUser", "virtDiskErrorState", "virtVcpuHostCpu", "virtDiskReadIORate",
        "virtDomainCpuUtilization", "vmCpuTime")]
    tap.equal(gone, [], "measured of a guest that is off")


if __name__ == "__main__":
    tap.main([test_keys, test_threshold, test_memory, test_xml, test_disks, test_vcpus, test_host,
              test_states, test_addresses, test_block_job, test_full, test_watchdog,
              test_libvirtd_gone, test_period, test_panic, test_destroy], fixture)
