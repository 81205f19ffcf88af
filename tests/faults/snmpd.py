#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Kills snmpd ten times in a row by kill -9 and starts it again."""

import contextlib
import time

import process
import tap
import virtmib
import vmmib
from daemon import Daemon
from rundir import RunDir
from snmp import Snmpd, SnmpTimeout

ROUNDS, SETTLED = 10, 3
BACK = 15      # seconds until vmmibd's objects are answered again
GROWTH = 2048  # KiB that may come between the third round and the last
AGAIN = 2      # seconds after which it tries again; 5 s if not told otherwise
SYS_OR_ID = "1.3.6.1.2.1.1.9.1.2"
MODULES = (vmmib.ROOT, virtmib.ROOT)


@contextlib.contextmanager
def fixture():
    with RunDir() as run, Snmpd(run) as snmpd:
        config = ("connection - test:///default\nconnection second test:///default\n"
                  f"agentXPingInterval {AGAIN}\n")
        with Daemon(run, snmpd, config=config) as daemon:
            daemon.wait_number(1)
            yield run, snmpd, daemon


def served(snmpd):
    """Whether both modules are, in both contexts."""
    return all(snmpd.value(name, context=context) is not None
               for name in (vmmib.VM_NUMBER, virtmib.instance("virtConnState"))
               for context in ("", "second"))


def check_modules(snmpd):
    """Each is listed once in sysORTable, and nothing is listed twice."""
    listed = list(snmpd.column(SYS_OR_ID).values())
    twice = {one for one in listed if listed.count(one) > 1}
    tap.check(not twice, f"more than once in sysORTable: {twice}")
    tap.equal([listed.count(module) for module in MODULES], [1, 1], f"of the modules in {listed}")


def rounds(fix, end):
    """Ends and starts snmpd ten times; sizes of vmmibd after each."""
    run, snmpd, daemon = fix
    sizes = []
    for number in range(ROUNDS):
        end(snmpd)
        snmpd.start()
        start = time.monotonic()
        run.wait_until(lambda: served(snmpd), BACK, "answers", alive=daemon.child,
                       ignore=SnmpTimeout)
        took = time.monotonic() - start
        # the library registers modules after the objects
        run.wait_until(lambda: MODULES[1] in snmpd.column(SYS_OR_ID).values(), 10, "sysORTable",
                       alive=daemon.child)
        check_modules(snmpd)
        sizes.append(process.size(daemon.child.pid))
        tap.diag(f"round {number + 1}: answers after {took:.1f} s; {sizes[-1]}")
    process.check_flat(sizes[SETTLED - 1], sizes[-1], GROWTH)


def test_killed(fix):
    "snmpd is killed ten times: answers within 15 s, each module listed once, nothing leaks"
    served(fix[1])
    check_modules(fix[1])
    rounds(fix, Snmpd.kill)


if __name__ == "__main__":
    tap.main([test_killed], fixture)
