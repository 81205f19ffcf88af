#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Walks both modules through snmpd and compares all of it with files that people have checked.

A golden file has a line per object: name, index, type, value.  Of a Timeticks or Counter64 only the
type counts, as libvirt's test driver makes these from the clock: its value is a star, as that of
what differs from machine to machine or from moment to moment.  vmIndexes
are replaced by the order of the UUIDs, as libvirt lists domains in no particular order.

UPDATE_GOLDEN=1 in the environment writes the files anew (in the source tree); read the difference
before you keep it.
"""

import contextlib
import difflib
import os

import tap
import testdriver
import virtmib
import vmmib
from daemon import Daemon
from rundir import RunDir
from snmp import Snmpd

HERE = os.path.dirname(os.path.abspath(__file__))
DATA = os.path.join(HERE, "..", "data")
FILE = os.path.join(DATA, "test-hypervisor.xml")
N_DOMAINS = 25
# these depend on the machine, or on when they are asked
VARYING = {"virtAgentVersion", "virtRefreshAge", "virtRefreshDuration", "virtRefreshDurationMax",
           "virtRefreshes", "virtCallsMade", "virtHostName", "virtHostLibvirtVersion",
           "virtDomainSampleAge", "virtMemUpdateAge", "virtVcpuHostCpu", "virtHostUri",
           "virtDiskUtilization"}
HEADER = "# SPDX-License-Identifier: BSD-2-Clause\n"


@contextlib.contextmanager
def fixture():
    with RunDir() as run, Snmpd(run) as snmpd:
        yield run, snmpd


def shown(name, vb):
    """A value as text, one line whatever is in it."""
    if vb.type in vmmib.VARYING or name in VARYING:
        return "*"
    if vb.type == vmmib.OID:
        return ".".join(map(str, vb.value))
    if vb.type != vmmib.STRING:
        return str(vb.value)
    try:
        text = vb.value.decode("utf-8")
    except UnicodeDecodeError:
        return vb.value.hex(" ")
    return f'"{text}"' if text.isprintable() else vb.value.hex(" ")


def in_order_of_uuid(cells):
    """{vmIndex: the number of the VM when VMs are sorted by UUID}"""
    uuids = {vb.value: index[0] for (name, index), vb in cells.items() if name == "vmUUID"}
    return {uuids[uuid]: number for number, uuid in enumerate(sorted(uuids), 1)}


def golden_text(module, cells, numbers):
    lines = []
    for (name, index), vb in cells.items():
        what = module.BY_NAME[name]
        if what.table:
            index = (numbers[index[0]], *index[1:])
        key = (what.prefix, index)
        lines.append((key, f"{name}.{'.'.join(map(str, index))} {vb.type} {shown(name, vb)}\n"))
    return HEADER + "".join(line for _, line in sorted(lines))


def compare(name, text):
    path = os.path.join(DATA, "golden", f"{name}.walk")
    if os.environ.get("UPDATE_GOLDEN") == "1":
        with open(path, "w", encoding="utf-8") as golden:
            golden.write(text)
        tap.diag(f"wrote {path}")
    with open(path, encoding="utf-8") as golden:
        wanted = golden.read()
    diff = list(difflib.unified_diff(wanted.splitlines(), text.splitlines(), f"{name}.walk",
                                     "served", lineterm="", n=0))
    tap.check(not diff, f"{len(diff)} lines differ\n" + "\n".join(diff[:60]))


def walk_and_compare(fix, uri, name, n_domains):
    run, snmpd = fix
    with Daemon(run, snmpd, uri=uri, name=name) as daemon:
        daemon.wait_number(n_domains)
        cells = vmmib.cells(snmpd)
        indices = sorted(index[0] for what, index in cells if what == "vmUUID")
        tap.equal(indices, list(range(1, n_domains + 1)), "vmIndexes")
        numbers = in_order_of_uuid(cells)
        compare(name, golden_text(vmmib, cells, numbers))
        check_order(snmpd, vmmib, cells)
        cells = virtmib.cells(snmpd)
        compare(f"{name}-libvirt", golden_text(virtmib, cells, numbers))
        check_order(snmpd, virtmib, cells)


def check_order(snmpd, module, cells):
    # the order of a walk is that of the OIDs, whatever the tool asks with
    walked = [vb.oid for vb in snmpd.walk(module.ROOT)]
    tap.equal(walked, sorted(walked), "order of the walk")
    tap.equal(walked, [vb.oid for vb in cells.values()], "walk by GETNEXT")


def test_default(fix):
    "test:///default is served as its golden file says"
    walk_and_compare(fix, "test:///default", "test-default", 1)


def test_file(fix):
    "a hypervisor with every kind of domain, disk and interface is served as its golden file says"
    walk_and_compare(fix, testdriver.uri(FILE), "test-hypervisor", N_DOMAINS)


def test_types(fix):
    "a golden file has every object of the module, with the type of RFC 7666"
    del fix
    # what the test driver never gives a value
    absent = {"vmUpTime", "vmStorageReadLatency", "vmStorageWriteLatency"}
    with open(os.path.join(DATA, "golden", "test-hypervisor.walk"), encoding="utf-8") as golden:
        lines = [line for line in golden if not line.startswith("#")]
    types = {line.partition(".")[0]: line.split(" ", 2)[1] for line in lines}
    tap.equal(types, {one.name: one.type for one in vmmib.ALL if one.name not in absent})


if __name__ == "__main__":
    tap.main([test_default, test_file, test_types], fixture)
