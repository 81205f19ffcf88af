#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Walks both modules over libvirt's test driver with every version of SNMP, and compares each
object of VM-LIBVIRT-MIB with what libvirt's API says of the same hypervisor."""

import contextlib
import os
import subprocess
import time
import xml.etree.ElementTree as ElementTree

import namespaces
import tap
import testdriver
import virtmib
import virtxml
import vmmib
from daemon import Daemon, check_config, program
from hypervisor import Hypervisor, libvirt
from rundir import TIMEOUT_SCALE
from snmp import Snmpd
from varbinds import oid

DEFAULT = "test:///default"
SHARED = "test+unix:///default"
SYS_OR_ID = oid("1.3.6.1.2.1.1.9.1.2")
FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data",
                    "test-hypervisor.xml")
N_DOMAINS = 25
KIB = 1024

SELDOM = "connection - {uri}\nrefreshInterval 600\nstaleAfter 600\n"
OFTEN = "connection - {uri}\nrefreshInterval 1\n"

TEAM = "urn:example:team"
METADATA = (f"<metadata><t:team xmlns:t='{TEAM}'><t:owner>anna</t:owner><t:owner>ben</t:owner>"
            "<t:site rack='7'/></t:team></metadata>")
RULES = ("m:team/m:owner", "m:team/m:site/@rack", "m:team/m:nothing", "count(m:team/m:owner)")


class Fixture:
    def __init__(self, run, snmpd):
        self.run, self.snmpd = run, snmpd
        self.daemons = 0

    @contextlib.contextmanager
    def daemon(self, config, number=1):
        """A vmmibd of its own that knows so many domains."""
        self.daemons += 1
        with Daemon(self.run, self.snmpd, config=config, name=f"vmmibd{self.daemons}") as daemon:
            daemon.wait_number(number)
            yield daemon

    def cell(self, name, *index):
        return self.snmpd.value(virtmib.instance(name, *index))

    def wait_refreshes(self, more):
        before = self.cell("virtRefreshes")
        self.run.wait_until(lambda: self.cell("virtRefreshes") >= before + more, 30,
                            f"{more} refreshes")


@contextlib.contextmanager
def fixture():
    with namespaces.enter_namespaces() as run, Snmpd(run) as snmpd:
        yield Fixture(run, snmpd)


# Walks

# what is measured when it is asked for
CLOCKS = {"virtConnStateTime", "virtRefreshAge", "virtDomainSampleAge", "virtMemUpdateAge"}


def same(one, other):
    """Whether two answers agree, but for what time changes."""
    return (one.oid, one.type) == (other.oid, other.type) and (
        one.type in vmmib.VARYING or name_of(one) in CLOCKS or one.value == other.value)


def name_of(vb):
    if vb.oid[:len(virtmib.ROOT)] == virtmib.ROOT:
        return virtmib.split(vb.oid)[0].name
    return vmmib.split(vb.oid)[0].name


def compare_walks(what, found, wanted):
    tap.equal([vb.oid for vb in found], [vb.oid for vb in wanted], f"{what}: OIDs")
    different = [(one, other) for one, other in zip(found, wanted) if not same(one, other)]
    tap.equal(different[:5], [], f"{what}: different answers")


def check_walks(fix, uri, number):
    with fix.daemon(SELDOM.format(uri=uri), number):
        for root in vmmib.ROOT, virtmib.ROOT:
            first = fix.snmpd.walk(root)
            tap.diag(f"{len(first)} instances below {root[-1]}")
            tap.check(len(first) > 30 * number, "a walk that is short")
            oids = [vb.oid for vb in first]
            tap.equal(oids, sorted(set(oids)), "order of the walk")
            tap.check({vb.type for vb in first} >= {"Counter64", "INTEGER", "STRING"}, "types")
            compare_walks("v2c by GETBULK", fix.snmpd.bulkwalk(root, repetitions=17), first)
            compare_walks("v3", fix.snmpd.walk(root, context=""), first)
            compare_walks("v3 by GETBULK", fix.snmpd.bulkwalk(root, context=""), first)
            compare_walks("v1", fix.snmpd.walk(root, version="1"),
                          [vb for vb in first if vb.type != "Counter64"])


def test_walks_default(fix):
    "walks by SNMPv1, v2c and v3 agree over test:///default, but v1 has no 64-bit values"
    check_walks(fix, DEFAULT, 1)


def test_walks_file(fix):
    "they agree over a hypervisor with every kind of domain"
    check_walks(fix, testdriver.uri(FILE), N_DOMAINS)


def test_walks_shared(fix):
    "they agree over a libvirtd that is shared"
    with Hypervisor(fix.run, qemu=False) as hv:
        client = hv.connect(SHARED)
        client.defineXML(testdriver.plain("off"))
        client.createXML(testdriver.plain("brief"))
        check_walks(fix, hv.uri(SHARED), 3)


def test_types(fix):
    "every object that is served has its type, and a label if the module has labels for it"
    with fix.daemon(SELDOM.format(uri=testdriver.uri(FILE)), N_DOMAINS):
        served = virtmib.cells(fix.snmpd)
        bad = [key for key, vb in served.items() if virtmib.BY_NAME[key[0]].labels and
               virtmib.label(key[0], vb.value) is None]
        tap.equal(bad, [], "values without a label")
        bad = [key for key, vb in served.items()
               if virtmib.BY_NAME[key[0]].syntax == "TruthValue" and vb.value not in (1, 2)]
        tap.equal(bad, [], "no TruthValue")
        empty = [key for key, vb in served.items() if vb.value == b""]
        tap.equal(empty, [], "empty texts")


def test_modules(fix):
    "sysORTable has each of the two modules once, and none after vmmibd has ended"
    def listed():
        modules = list(fix.snmpd.column(SYS_OR_ID).values())
        return [modules.count(root) for root in (vmmib.ROOT, virtmib.ROOT)]

    with fix.daemon(SELDOM.format(uri=DEFAULT)):
        tap.equal(listed(), [1, 1], "times that the modules are listed")
    fix.run.wait_until(lambda: listed() == [0, 0], 10, "the modules to leave sysORTable")


# Values

def version_text(number):
    return f"{number // 1000000}.{number // 1000 % 1000}.{number % 1000}".encode()


def agent_cells():
    # those of test_agent
    return {name: ANY for name in virtmib.BY_NAME
            if name.startswith(("virtAgent", "virtConn", "virtRefresh", "virtCalls"))
            and name != "virtConnLastError"} | {
                "virtStaleDomains": 0, "virtNotificationsSent": 0,
                "virtNotificationsSuppressed": 0, "virtNotificationsBulk": 0,
                "virtNotificationsFolded": 0, "virtNotificationsDropped": 0,
                "virtNotificationsWaiting": 0, "virtCallsHung": 0,
                "virtCallsHungLimit": 4}


def percent(part, whole):
    return int(part / whole * 100 + 0.5)


def host_cells(connection, reading):
    info, cpu = connection.getInfo(), reading["node"]
    model = ElementTree.fromstring(connection.getCapabilities()).findtext("host/cpu/model")
    return {
        "virtHostUri": DEFAULT.encode(), "virtHostName": connection.getHostname().encode(),
        "virtHostLibvirtVersion": version_text(connection.getLibVersion()),
        "virtHostHypervisorVersion": version_text(connection.getVersion()),
        "virtHostCpuModel": (model or info[0]).encode(),
        "virtHostCpus": info[2], "virtHostCpuMhz": info[3],
        "virtHostNumaNodes": info[4], "virtHostSockets": info[5], "virtHostCores": info[6],
        "virtHostThreads": info[7],
        # in Python in MiB, in C in KiB
        "virtHostMemoryTotal": info[1] << 20, "virtHostMemoryFree": connection.getFreeMemory(),
        "virtHostCpuUser": cpu["user"] // 1000, "virtHostCpuSystem": cpu["kernel"] // 1000,
        "virtHostCpuIdle": cpu["idle"] // 1000, "virtHostCpuIowait": cpu["iowait"] // 1000,
        # its processor times stand still
        "virtHostCpuUtilization": None,
        "virtHostDomainsRunning": 1, "virtHostDomainsPaused": 0, "virtHostDomainsShuttingDown": 0,
        "virtHostDomainsShutOff": 0, "virtHostDomainsCrashed": 0,
        "virtHostDomainsPmSuspended": 0, "virtHostDomainsOther": 0, "virtHostVcpusCommitted": 2,
        "virtHostMemoryCommitted": 8 << 30, "virtHostVcpuOvercommit": percent(2, info[2]),
        "virtHostMemoryOvercommit": percent(8 << 30, info[1] << 20)}


def domain_cells(reading):
    memory, cpu = reading["memory"], reading["cpu"]
    state, reason = reading["state"]
    used = share(memory["available"] - memory["unused"], memory["available"])
    return {
        "virtDomainState": state, "virtDomainReason": 100 * state + reason,
        "virtDomainReasonText": b"running", "virtDomainId": reading["id"],
        "virtDomainActive": virtmib.TRUE, "virtDomainManagedSave": virtmib.FALSE,
        "virtDomainCpuUser": cpu["user_time"] // 1000,
        "virtDomainCpuSystem": cpu["system_time"] // 1000,
        "virtDomainVcpusOnline": reading["info"][3], "virtDomainVcpusMaximum": 2,
        "virtDomainLastEvent": 1, "virtDomainSampleAge": ANY, "virtDomainStale": virtmib.FALSE,
        "virtDomainStaleReason": 1,
        "virtMemActual": memory["actual"] * KIB, "virtMemMaximum": reading["info"][1] * KIB,
        "virtMemUnused": memory["unused"] * KIB, "virtMemAvailable": memory["available"] * KIB,
        "virtMemUsable": memory["usable"] * KIB, "virtMemRss": memory["rss"] * KIB,
        "virtMemDiskCaches": memory["disk_caches"] * KIB,
        "virtMemSwapIn": memory["swap_in"] * KIB, "virtMemSwapOut": memory["swap_out"] * KIB,
        "virtMemMajorFaults": memory["major_fault"], "virtMemMinorFaults": memory["minor_fault"],
        "virtMemHugetlbAllocations": memory["hugetlb_pgalloc"],
        "virtMemHugetlbFailures": memory["hugetlb_pgfail"],
        "virtMemLastUpdate": date(memory["last_update"]), "virtMemUpdateAge": ANY,
        "virtMemUtilization": used, "virtMemUtilizationUsable": used,
        "virtDomainCpuUtilization": ANY, "virtDomainCpuUtilizationAll": ANY}


def share(part, whole):
    return int(part / whole * 10000 + 0.5)


def date(epoch):
    """A DateAndTime in UTC."""
    year, *rest = time.gmtime(epoch)[:6]
    return bytes([year >> 8, year & 255, *rest, 0, ord("+"), 0, 0])


def vcpu_cells(reading, number):
    _, state, _, cpu = reading["vcpus"][number]
    return {"virtVcpuState": state, "virtVcpuHostCpu": cpu, "virtVcpuUtilization": ANY}


def disk_cells(reading):
    # the test driver counts errors as if they were requests
    capacity, allocation, physical = reading["block"]
    return {"virtDiskCapacity": capacity, "virtDiskAllocation": allocation,
            "virtDiskPhysical": physical, "virtDiskUtilization": share(allocation, capacity),
            "virtDiskErrors": reading["blockStats"][4],
            "virtDiskErrorState": reading["errors"].get("vda", 0) + 1,
            "virtDiskReadIORate": ANY, "virtDiskWriteIORate": ANY, "virtDiskReadOctetRate": ANY,
            "virtDiskWriteOctetRate": ANY}


def nic_cells(reading):
    names = [f"virtIf{way}{what}" for way in ("Rx", "Tx")
             for what in ("Octets", "Packets", "Errors", "Drops")]
    address = reading["addresses"]["testnet0"]["addrs"][0]
    return {**dict(zip(names, reading["nic"])),
            "virtIfAddresses": f"{address['addr']}/{address['prefix']}".encode(),
            "virtIfAddressSource": 1, "virtIfRxBitRate": ANY, "virtIfTxBitRate": ANY,
            "virtIfRxPacketRate": ANY, "virtIfTxPacketRate": ANY}


ANY = "any"  # of what other tests look at


def read(connection):
    """What libvirt's API says now of its only domain and of the host."""
    domain = connection.lookupByName("test")
    return {
        "node": connection.getCPUStats(libvirt.VIR_NODE_CPU_STATS_ALL_CPUS),
        "state": domain.state(), "id": domain.ID(), "info": domain.info(),
        "memory": domain.memoryStats(), "cpu": domain.getCPUStats(True)[0],
        "vcpus": domain.vcpus()[0], "block": domain.blockInfo("vda"),
        "blockStats": domain.blockStats("vda"), "errors": domain.diskErrors(),
        "nic": domain.interfaceStats("testnet0"),
        "addresses": domain.interfaceAddresses(
            libvirt.VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_LEASE)}


def expected(connection, reading):
    """{(object's name, index): value}"""
    scalars = {**agent_cells(), **host_cells(connection, reading)}
    found = {(name, (0,)): value for name, value in scalars.items() if value is not None}
    found.update({(name, (1,)): value for name, value in domain_cells(reading).items()})
    for vcpu in 0, 1:
        found.update({(name, (1, vcpu + 1)): value
                      for name, value in vcpu_cells(reading, vcpu).items()})
    for rows in disk_cells(reading), nic_cells(reading):
        found.update({(name, (1, 1)): value for name, value in rows.items()})
    found.update(virtxml.cells(connection.lookupByName("test").XMLDesc(), 1))
    return found


def matches(value, first, second):
    if value is None or first is None:
        return value is first
    if first == ANY:
        return True
    if isinstance(first, int):
        return min(first, second) <= value <= max(first, second)
    return value == first


def test_values(fix):
    "all that is served of test:///default is what libvirt's API says, and it is all served"
    with fix.daemon(OFTEN.format(uri=DEFAULT)):
        with contextlib.closing(libvirt.open(DEFAULT)) as connection:
            first = expected(connection, read(connection))
            # the second began after the first reading, the third has rates in any case
            fix.wait_refreshes(3)
            served = {key: vb.value for key, vb in virtmib.cells(fix.snmpd).items()}
            second = expected(connection, read(connection))
    wrong = [f"{key}: {served.get(key)!r}, libvirt: {first.get(key)!r} to {second.get(key)!r}"
             for key in sorted(set(served) | set(first))
             if not matches(served.get(key), first.get(key), second.get(key))]
    tap.check(not wrong, f"{len(wrong)} of {len(first)} cells differ\n" + "\n".join(wrong))
    tap.diag(f"{len(first)} cells")


# what no domain of the test driver can have, with the reason
LACKS = {
    "virtDomainHaltPollSuccess": "KVM alone has it", "virtDomainHaltPollFail": "KVM alone has it",
    "virtVcpuWait": "only bulk statistics tell", "virtVcpuDelay": "only bulk statistics tell",
    "virtVcpuHalted": "only bulk statistics tell", "virtDiskThreshold": "nobody set one",
    "virtDiskFlushIOs": "only bulk statistics tell",
    "virtDiskFlushTime": "only bulk statistics tell",
    "virtDiskReadLatency": "only bulk statistics tell",
    "virtDiskWriteLatency": "only bulk statistics tell",
    "virtDomainJob": "the driver has no jobs", "virtDomainJobProgress": "the driver has no jobs",
    "virtDomainJobRemaining": "the driver has no jobs",
    "virtDomainJobElapsed": "the driver has no jobs",
    "virtDiskJob": "the driver has no block jobs",
    "virtDiskJobProgress": "the driver has no block jobs",
    "virtDomainLastEventTime": "there was no event",
    "virtDomainLastEventDetail": "there was no event"}


def test_lacks(fix):
    "what the test driver does not have is noSuchInstance, asked for one by one and in all versions"
    with fix.daemon(OFTEN.format(uri=testdriver.uri(FILE)), N_DOMAINS):
        fix.wait_refreshes(2)
        served = virtmib.cells(fix.snmpd)
        there = {name for name, _ in served} & set(LACKS)
        tap.equal(there, set(), "objects with instances")
        vms = sorted({index[0] for name, index in served if name == "virtDomainState"})
        tap.equal(len(vms), N_DOMAINS, "VMs")
        for name in LACKS:
            index = (vms[0],) if virtmib.BY_NAME[name].table == "virtDomainTable" else (vms[0], 1)
            for how in {}, {"context": ""}:
                vb = fix.snmpd.get(virtmib.instance(name, *index), **how)[0]
                tap.equal(vb.type, "NoSuchInstance", f"{name} {how}")
        # a VM that is off has neither a number nor anything that was measured
        off = {index[0] for (name, index), vb in served.items()
               if name == "virtDomainActive" and vb.value == virtmib.FALSE}
        tap.check(off, "no VM is off")
        measured = {"virtDomainId", "virtDomainCpuUser", "virtDomainCpuUtilization",
                    "virtMemUnused", "virtMemRss", "virtIfRxOctets", "virtIfRxBitRate",
                    "virtDiskReadIORate", "virtVcpuUtilization", "virtVcpuState"}
        tap.equal([key for key in served if key[1][0] in off and key[0] in measured], [],
                  "measured of a VM that is off")


def test_xml(fix):
    "what definitions say is served for every kind of domain"
    with fix.daemon(SELDOM.format(uri=testdriver.uri(FILE)), N_DOMAINS):
        vms = vmmib.indices_by_uuid(fix.snmpd)
        served = {key: vb.value for key, vb in virtmib.cells(fix.snmpd).items()
                  if key[0] in virtxml.COLUMNS}
        wanted = {}
        with contextlib.closing(libvirt.open(testdriver.uri(FILE))) as connection:
            for domain in connection.listAllDomains():
                wanted.update(virtxml.cells(domain.XMLDesc(), vms[domain.UUIDString()]))
    wrong = [f"{key}: {served.get(key)!r}, XML: {wanted.get(key)!r}"
             for key in sorted(set(served) | set(wanted)) if served.get(key) != wanted.get(key)]
    tap.check(not wrong, f"{len(wrong)} of {len(wanted)} cells differ\n" + "\n".join(wrong[:60]))
    tap.diag(f"{len(wanted)} cells")


def test_agent(fix):
    "vmmibd tells of itself: version, interval, refreshes, calls"
    with fix.daemon(OFTEN.format(uri=DEFAULT)):
        fix.wait_refreshes(1)
        first = {name: vb.value for (name, _), vb in virtmib.cells(fix.snmpd).items()}
        fix.wait_refreshes(2)
        second = {name: vb.value for (name, _), vb in virtmib.cells(fix.snmpd).items()}
    said = subprocess.run([program(), "-V"], capture_output=True, text=True, check=True).stdout
    tap.equal(f"vmmibd {first['virtAgentVersion'].decode()}", said.strip(), "version")
    tap.equal((first["virtConnState"], first["virtRefreshInterval"], first["virtConnReconnects"],
               first["virtRefreshFailures"], first["virtCallsTimedOut"]), (1, 1, 0, 0, 0))
    tap.check("virtConnLastError" not in first, "there is an error text")
    # they come from one snapshot each
    refreshes = second["virtRefreshes"] - first["virtRefreshes"]
    tap.check(refreshes >= 2, f"{refreshes} refreshes")
    calls = (second["virtCallsMade"] - first["virtCallsMade"]) / refreshes
    tap.check(5 <= calls <= 60, f"{calls:.1f} calls per refresh of one domain")
    passed = second["virtConnStateTime"] - first["virtConnStateTime"]
    tap.check(100 <= passed <= 100 * (refreshes + 1) * TIMEOUT_SCALE,
              f"virtConnStateTime moved by {passed} in {refreshes} refreshes")
    tap.check(second["virtRefreshAge"] <= 2 * TIMEOUT_SCALE, f"{second['virtRefreshAge']} s old")
    tap.check(second["virtRefreshDuration"] <= second["virtRefreshDurationMax"] < 5000,
              f"{second['virtRefreshDuration']} of {second['virtRefreshDurationMax']} ms")


def test_never_reached(fix):
    "of a hypervisor that was never reached nothing is told but that, and the error"
    config = f"connection - qemu+unix:///system?socket={fix.run.join('nobody')}\n"
    with Daemon(fix.run, fix.snmpd, config=config, name="lonely"):
        fix.run.wait_until(lambda: fix.cell("virtConnState") == 3, 30, "virtConnState down")
        served = {name: vb.value for (name, _), vb in virtmib.cells(fix.snmpd).items()}
    tap.check(b"cannot connect" in served["virtConnLastError"], str(served["virtConnLastError"]))
    tap.equal({name for name in served if name.startswith("virtHost")}, set(), "of the host")
    for name in "virtRefreshAge", "virtRefreshDuration", "virtRefreshDurationMax":
        tap.check(name not in served, f"{name} is {served.get(name)} without a refresh")
    tap.equal((served["virtRefreshes"], served["virtConnReconnects"]), (0, 0), "successes")


# what is told of VMs that cannot be asked, besides their definitions
STAYS = ("virtAgent", "virtConn", "virtRefresh", "virtCalls", "virtStale", "virtNotifications",
         "virtDomainLastEvent", "virtDomainSampleAge", "virtDomainStale")


def host_facts():
    """The objects that tell what the host is like, not what it does."""
    return {found.name for found in virtmib.ALL
            if found.prefix[:-1] == virtmib.OBJECTS + (2,) and found.prefix[-1] <= 12}


def test_hung(fix):
    "while libvirtd hangs the connection is hung and VMs go stale, with nothing but definitions"
    with Hypervisor(fix.run, qemu=False) as hv, \
            fix.daemon(OFTEN.format(uri=hv.uri(SHARED)) + "staleAfter 3\n"):
        fix.wait_refreshes(3)
        before = virtmib.cells(fix.snmpd)
        tap.equal((fix.cell("virtConnState"), fix.cell("virtStaleDomains"),
                   fix.cell("virtDomainStale", 1)), (1, 0, virtmib.FALSE), "before")
        hv.pause()
        try:
            fix.run.wait_until(lambda: fix.cell("virtDomainStale", 1) == virtmib.TRUE, 20,
                               "virtDomainStale")
            tap.equal(fix.cell("virtStaleDomains"), 1, "virtStaleDomains")
            tap.check(fix.cell("virtDomainSampleAge", 1) >= 3, "virtDomainSampleAge")
            tap.equal(fix.cell("virtConnState"), 1, "virtConnState as long as it may be late")
            fix.run.wait_until(lambda: fix.cell("virtConnState") == 4, 20, "virtConnState hung")
            during = virtmib.cells(fix.snmpd)
        finally:
            hv.resume()
        stays = {key: vb for key, vb in before.items() if key[0].startswith(STAYS) or
                 key[0] in virtxml.COLUMNS or key[0] in host_facts()}
        tap.equal(sorted(during.keys() ^ stays.keys()), [], "cells too many or too few")
        tap.equal([key for key in during if key[0] in virtxml.COLUMNS and
                   during[key].value != before[key].value], [], "other definitions")
        tap.check(during["virtRefreshAge", (0,)].value >= 5, "virtRefreshAge")
        fix.run.wait_until(lambda: fix.cell("virtDomainStale", 1) == virtmib.FALSE, 30,
                           "the VM to be fresh again")
        tap.equal([fix.cell(name) for name in ("virtConnState", "virtStaleDomains",
                                               "virtConnReconnects")], [1, 0, 0], "afterwards")


# Configuration

def rule(xpath):
    return f'metadata "{TEAM}" "{xpath}"\n'


def test_metadata(fix):
    "metadata lines select items of the metadata, each by its place in the configuration"
    domains = [testdriver.plain("without"),
               testdriver.plain("with").replace("<memory>", METADATA + "<memory>")]
    uri = testdriver.uri(fix.run.write("metadata.xml", testdriver.node(domains)))
    config = SELDOM.format(uri=uri) + "".join(map(rule, RULES))
    with fix.daemon(config, 2):
        names = fix.snmpd.column(vmmib.prefix("vmName"))
        vm = next(index[0] for index, name in names.items() if name == b"with")
        served = {key: vb.value for key, vb in virtmib.cells(fix.snmpd).items()
                  if virtmib.BY_NAME[key[0]].table == "virtMetadataTable"}
    values = {1: b"anna, ben", 2: b"7", 4: b"2"}
    wanted = {("virtMetadataName", (vm, n)): RULES[n - 1].encode() for n in values}
    wanted.update({("virtMetadataValue", (vm, n)): value for n, value in values.items()})
    tap.equal(served, wanted, "rows")


BAD = (  # text, line, words of the message
    (rule("m:team["), 1, "XPath"), ("\n" + rule("m:team)"), 2, "XPath"),
    (rule("x:team"), 1, "no prefix 'x'"), (rule("nothing(m:team)"), 1, "no function 'nothing'"),
    (rule("$team"), 1, "no variables"), ('metadata "" m:team\n', 1, "namespace is empty"),
    (f"metadata {TEAM}\n", 1, "metadata takes NAMESPACE-URI XPATH"),
    ("memoryStatsPeriod 0\n", 1, "'0' is not a number of seconds"),
    ("memoryStatsPeriod often\n", 1, "'often' is not a number of seconds"),
    ("memoryStatsPeriod 5\n", 0, "memoryStatsPeriod needs access read-write"),
    ("access read-only\nmemoryStatsPeriod 5\n", 0, "memoryStatsPeriod needs access read-write"))

GOOD = ("access read-write\nmemoryStatsPeriod 5\n", "memoryStatsPeriod 5\naccess read-write\n",
        "".join(map(rule, RULES)))


def test_refused(fix):
    "a bad XPath and a memoryStatsPeriod without access read-write are refused with FILE:LINE"
    for text, line, words in BAD:
        path, done = check_config(fix.run, text)
        said = [one for one in done.stderr.splitlines()
                if one.startswith(f"{path}:{line}: ") and words in one]
        tap.check(done.returncode == 1 and said,
                  f"{text!r}: status {done.returncode}, {done.stderr}")
    for text in GOOD:
        _, done = check_config(fix.run, text)
        tap.equal((done.returncode, done.stderr), (0, ""), f"for {text!r}")


if __name__ == "__main__":
    tap.main([test_walks_default, test_walks_file, test_walks_shared, test_types, test_modules,
              test_values, test_lacks, test_xml, test_agent, test_never_reached, test_hung,
              test_metadata, test_refused], fixture)
