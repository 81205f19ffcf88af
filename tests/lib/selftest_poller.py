#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Tests what the tests of faults rely on: the SNMP codec, the poller, and sizes of processes."""

import contextlib
import os
import signal
import subprocess
import time

import ber
import process
import tap
from asker import Asker
from poller import Poller, Record, figures
from rundir import RunDir
from snmp import SYS_UPTIME, Snmpd
from varbinds import oid

SYSTEM = oid("1.3.6.1.2.1.1")
HANG = 2


@contextlib.contextmanager
def fixture():
    with RunDir() as run, Snmpd(run) as snmpd:
        yield run, snmpd


def test_codec(_fix):
    "OIDs, numbers and lengths of every size are as X.690 has them"
    tap.equal(ber.oid((1, 3, 6, 1, 2**32 - 1)).hex(), "06082b06018fffffff7f", "OID")
    tap.equal([ber.integer(value).hex() for value in (0, 127, 128, -1, -129)],
              ["020100", "02017f", "02020080", "0201ff", "0202ff7f"], "numbers")
    tap.equal(ber.tlv(4, b"x" * 300)[:4].hex(), "0482012c", "length")


def test_walk(fix):
    "walks by GETNEXT and GETBULK bring what the Net-SNMP tools bring"
    _run, snmpd = fix
    wanted = [(vb.oid, vb.value) for vb in snmpd.walk(SYSTEM) if vb.type != "Timeticks"]
    with Asker(snmpd) as asker:
        for bulk in (None, 7):
            found = [pair for pair in asker.walk(SYSTEM, bulk) if pair[0] != SYS_UPTIME]
            known = {name for name, _value in wanted}
            tap.equal([pair for pair in found if pair[0] in known], wanted, f"walk by {bulk}")


def test_figures(fix):
    "a pause of snmpd is seen: requests without an answer, and their number"
    run, snmpd = fix
    with Poller(run, snmpd, [[SYS_UPTIME]]) as poller:
        with poller.phase("peace") as peace:
            time.sleep(1)
        snmpd.child.signal(signal.SIGSTOP)
        try:
            with poller.phase("hang") as hang:
                time.sleep(HANG)
        finally:
            snmpd.child.signal(signal.SIGCONT)
    poller.check_answered(peace)
    tap.check(hang.figures.timeouts > 20, f"{hang.figures}")
    for broken in (poller.check_answered, lambda phase: poller.check_unharmed(peace, phase)):
        try:
            broken(hang)
        except AssertionError:
            continue
        raise AssertionError("a hang passes")
    ups = [value for _when, value in poller.values(SYS_UPTIME, peace.start, peace.end)]
    tap.check(len(ups) > 20 and ups == sorted(ups), f"sysUpTime {ups[:3]} ... {ups[-3:]}")


def test_percentiles(_fix):
    "percentiles and gaps are of the answers, timeouts of the rest"
    records = [Record(n, 0.001 * n, "get", 0, []) for n in range(1, 101)]
    found = figures(records + [Record(200, None, "get", 0, [])])
    tap.equal((found.number, found.timeouts), (101, 1), "numbers")
    tap.equal([round(1000 * value) for value in (found.p50, found.p99, found.max, found.gap)],
              [51, 100, 100, 1001], "milliseconds")


def test_size(_fix):
    "threads, descriptors and memory of a process"
    child = subprocess.Popen(["sleep", "60"], stdin=subprocess.DEVNULL)
    try:
        before = process.size(child.pid)
    finally:
        child.kill()
        child.wait()
    tap.equal(before.threads, 1, "threads")
    mine = process.size(os.getpid())
    tap.check(mine.rss > 1000, f"{mine}")
    with open("/dev/null", encoding="ascii"):
        tap.equal(process.size(os.getpid()).descriptors, mine.descriptors + 1, "descriptors")


if __name__ == "__main__":
    tap.main([test_codec, test_walk, test_figures, test_percentiles, test_size], fixture)
