#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Hangs libvirtd for a minute, and kills it ten times in a row, under a steady poller."""

import contextlib
import time

import faultstage
import namespaces
import process
import tap
from daemon import Daemon
from faultstage import HUNG, INTERVAL, RUNNING, STALE, UNKNOWN, UP, Watch
from hypervisor import Hypervisor
from poller import Poller
from snmp import Snmpd
from virtmib import FALSE, TRUE, instance

BASE = "test+unix:///default"
PEACE, HANG = 10, 60
FRESH = 5       # seconds after SIGCONT: one refreshInterval, and what a busy machine takes
SEEN_HUNG = 12  # seconds until virtConnState is hung: a call of 5 s that began an interval later
BACK = 15       # seconds after libvirtd has returned
ROUNDS, SETTLED = 10, 3
GROWTH = 2048   # KiB that may come between the third round and the last
HYPERVISOR = 5  # virtDomainStaleReason
VM = 1          # vmIndex of the test driver's own domain


class Fixture:
    def __init__(self, run, hv, snmpd, daemon):
        self.run, self.hv, self.snmpd, self.daemon = run, hv, snmpd, daemon

    def cell(self, name, *index):
        return self.snmpd.value(instance(name, *index))

    def fresh(self):
        """Whether the VM's values are of now."""
        return (self.cell("virtConnState") == UP and self.cell("vmOperState", VM) == RUNNING and
                self.cell("virtDomainStale", VM) == FALSE and
                self.cell("virtDomainSampleAge", VM) <= INTERVAL)


@contextlib.contextmanager
def fixture():
    with namespaces.enter_namespaces() as run, Snmpd(run) as snmpd, \
            Hypervisor(run, qemu=False) as hv:
        config = f"connection - {hv.uri(BASE)}\n" + faultstage.TOKENS
        with Daemon(run, snmpd, config=config) as daemon:
            daemon.wait_number(1)
            yield Fixture(run, hv, snmpd, daemon)


def poller(fix):
    return Poller(fix.run, fix.snmpd, [faultstage.instances(faultstage.SCALARS),
                                       faultstage.instances(faultstage.OF_VM, VM)])


def hang(fix, asker):
    """The phase in which libvirtd hung."""
    try:
        fix.hv.pause()
        with asker.phase("libvirtd hangs") as phase:
            faultstage.until(phase.start + HANG)
    finally:
        fix.hv.resume()
    return phase


def check_flags(asker, fault):
    """What is said of the VM, and when."""
    seen = Watch(asker, fault.start, fault.end)
    for name, value, index in (("virtDomainStale", TRUE, VM), ("vmOperState", UNKNOWN, VM),
                               ("vmCpuTime", None, VM), ("virtStaleDomains", 1, 0)):
        took = seen.first(name, value, index)
        tap.diag(f"{name} is {value} after {took:.1f} s")
        faultstage.within(took, STALE - INTERVAL - 1, STALE + 4, name)
        Watch(asker, fault.start + took, fault.end).always(name, value, index)
    took = seen.first("virtDomainStaleReason", HYPERVISOR, VM)
    tap.diag(f"virtDomainStaleReason is hypervisor after {took:.1f} s")
    Watch(asker, fault.start + took, fault.end).always("virtDomainStaleReason", HYPERVISOR, VM)
    took = seen.first("virtConnState", HUNG)
    tap.diag(f"virtConnState is hung after {took:.1f} s")
    faultstage.within(took, 0, SEEN_HUNG, "virtConnState")
    # what hangs for long is given up, and tried again
    Watch(asker, fault.start + took, fault.end).never("virtConnState", UP)



def test_hung(fix):
    "a libvirtd that hangs for a minute: all requests are answered, flags come on time and go again"
    fix.run.wait_until(fix.fresh, 30, "fresh values")
    with poller(fix) as asker:
        with asker.phase("peace") as peace:
            faultstage.until(peace.start + PEACE)
        fault = hang(fix, asker)
        faultstage.timed_wait(fix.run, fix.fresh, FRESH, "fresh values after SIGCONT")
        asker.check_unharmed(peace, fault)
        check_flags(asker, fault)


def kill_and_return(fix):
    """Seconds from libvirtd's return until values are of now."""
    fix.hv.kill()
    fix.run.wait_until(lambda: fix.cell("virtConnState") != UP, 30, "the loss to be seen")
    fix.hv.start()
    start = time.monotonic()
    fix.run.wait_until(fix.fresh, BACK, "fresh values", alive=fix.daemon.child)
    return time.monotonic() - start


def test_killed(fix):
    "a libvirtd that is killed and started ten times: fresh within 15 s each time, nothing leaks"
    sizes = []
    with poller(fix) as asker:
        with asker.phase("libvirtd is killed") as phase:
            for number in range(ROUNDS):
                took = kill_and_return(fix)
                sizes.append(process.size(fix.daemon.child.pid))
                tap.diag(f"round {number + 1}: fresh after {took:.1f} s; {sizes[-1]}")
        asker.check_answered(phase)
    process.check_flat(sizes[SETTLED - 1], sizes[-1], GROWTH)


if __name__ == "__main__":
    tap.main([test_hung, test_killed], fixture)
