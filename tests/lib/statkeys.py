# SPDX-License-Identifier: BSD-2-Clause
"""The keys of libvirt's bulk statistics (virsh domstats) and the objects that have their values.

`served` is what virtmib.values() returned, `vm` a vmIndex.
"""

import calendar
import re
import struct

import tap
import virtmib

KIB = 1 << 10

# libvirt's key: the object, and what makes its value out of libvirt's
SAME, US, BYTES = (lambda n: n), (lambda n: n // 1000), (lambda n: n * KIB)
TRUTH = (lambda yes: virtmib.TRUE if yes else virtmib.FALSE)
KEYS = {
    "state.state": ("virtDomainState", SAME),
    "cpu.time": ("vmCpuTime", US), "cpu.user": ("virtDomainCpuUser", US),
    "cpu.system": ("virtDomainCpuSystem", US),
    "cpu.haltpoll.success.time": ("virtDomainHaltPollSuccess", US),
    "cpu.haltpoll.fail.time": ("virtDomainHaltPollFail", US),
    "balloon.current": ("virtMemActual", BYTES), "balloon.maximum": ("virtMemMaximum", BYTES),
    "balloon.unused": ("virtMemUnused", BYTES), "balloon.available": ("virtMemAvailable", BYTES),
    "balloon.usable": ("virtMemUsable", BYTES), "balloon.rss": ("virtMemRss", BYTES),
    "balloon.disk_caches": ("virtMemDiskCaches", BYTES),
    "balloon.swap_in": ("virtMemSwapIn", BYTES), "balloon.swap_out": ("virtMemSwapOut", BYTES),
    "balloon.major_fault": ("virtMemMajorFaults", SAME),
    "balloon.minor_fault": ("virtMemMinorFaults", SAME),
    "balloon.hugetlb_pgalloc": ("virtMemHugetlbAllocations", SAME),
    "balloon.hugetlb_pgfail": ("virtMemHugetlbFailures", SAME),
    "balloon.last-update": ("virtMemLastUpdate", SAME),
    "vcpu.current": ("virtDomainVcpusOnline", SAME),
    "vcpu.maximum": ("virtDomainVcpusMaximum", SAME),
    "vcpu.N.state": ("virtVcpuState", SAME), "vcpu.N.time": ("vmCpuCoreTime", US),
    "vcpu.N.wait": ("virtVcpuWait", US), "vcpu.N.delay": ("virtVcpuDelay", US),
    "vcpu.N.halted": ("virtVcpuHalted", TRUTH),
    "block.N.name": ("virtDiskTarget", str.encode),
    "block.N.path": ("vmStorageResourceID", str.encode),
    "block.N.rd.reqs": ("vmStorageReadIOs", SAME),
    "block.N.rd.bytes": ("vmStorageReadOctets", SAME),
    "block.N.rd.times": ("vmStorageReadLatency", US),
    "block.N.wr.reqs": ("vmStorageWriteIOs", SAME),
    "block.N.wr.bytes": ("vmStorageWriteOctets", SAME),
    "block.N.wr.times": ("vmStorageWriteLatency", US),
    "block.N.fl.reqs": ("virtDiskFlushIOs", SAME),
    "block.N.fl.times": ("virtDiskFlushTime", US),
    "block.N.errors": ("virtDiskErrors", SAME),
    "block.N.capacity": ("virtDiskCapacity", SAME),
    "block.N.allocation": ("virtDiskAllocation", SAME),
    "block.N.physical": ("virtDiskPhysical", SAME),
    "block.N.threshold": ("virtDiskThreshold", SAME),
    "net.N.name": ("virtIfHostDevice", str.encode),
}
KEYS.update({f"net.N.{way.lower()}.{key}": (f"virtIf{way}{name}", SAME)
             for way in ("Rx", "Tx") for key, name in (
                 ("bytes", "Octets"), ("pkts", "Packets"), ("errs", "Errors"), ("drop", "Drops"))})

# on purpose without an object of their own
LEFT_OUT = {
    "state.reason": "part of virtDomainReason, which test_states compares",
    "block.count": "the number of rows with values, which test_keys compares",
    "net.count": "the number of rows, which test_keys compares",
    "cpu.cache.monitor.count": "the cache monitors of resctrl are not served",
    "block.N.backingIndex": "names an image, not a device",
}


def general(key):
    """vcpu.N.time of vcpu.3.time, and the number."""
    match = re.match(r"(vcpu|block|net)\.(\d+)\.", key)
    if not match:
        return key, None
    return key.replace(match.group(0), f"{match.group(1)}.N.", 1), int(match.group(2))


def index_of(key, stats, served, vm):
    """The index of the row that has a key's value."""
    kind, number = general(key)
    if number is None:
        return (vm,)
    if kind.startswith("vcpu."):
        return (vm, number + 1)
    group = kind.partition(".")[0]
    column = {"block": "virtDiskTarget", "net": "virtIfHostDevice"}[group]
    name = stats[f"{group}.{number}.name"].encode()
    rows = [index for (what, index), value in served.items()
            if what == column and index[0] == vm and value == name]
    tap.equal(len(rows), 1, f"rows of {name}")
    return rows[0]


def difference(key, first, second, served, vm):
    """What is wrong with a key; None if nothing is."""
    kind, _ = general(key)
    if kind in LEFT_OUT:
        return None
    if kind not in KEYS:
        return "no object is known for it"
    name, make = KEYS[kind]
    value = served.get((name, index_of(key, first, served, vm)))
    if name == "virtMemLastUpdate" and value is not None:
        value = epoch(value)
    if key not in second:
        return "gone in the second reading"
    ends = make(first[key]), make(second[key])
    if value is None or not min(ends) <= value <= max(ends):
        return f"{name} is {value!r}, libvirt: {ends[0]!r} to {ends[1]!r}"
    return None


def epoch(date):
    """Seconds of a DateAndTime."""
    tap.equal(len(date), 11, f"length of {date!r}")
    *clock, _, sign, hours, minutes = struct.unpack(">H6BcBB", date)
    east = (hours * 60 + minutes) * (60 if sign == b"+" else -60)
    return calendar.timegm(tuple(clock)) - east
