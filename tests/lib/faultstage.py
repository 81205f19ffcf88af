# SPDX-License-Identifier: BSD-2-Clause
"""What tests of faults have in common: names of the objects that tell of them, and waiting for a
moment while a poller asks."""

import time

import virtmib
from rundir import TIMEOUT_SCALE
from snmp import SnmpTimeout
from tap import check, diag

# refreshInterval, staleAfter, callTimeout: short, so that a fault need not be long
INTERVAL, STALE, CALL = 4, 12, 2
TOKENS = f"refreshInterval {INTERVAL}\nstaleAfter {STALE}\ncallTimeout {CALL}\n"
UNKNOWN, RUNNING = 1, 4   # vmOperState
UP, DOWN, HUNG = 1, 3, 4  # virtConnState

SCALARS = ("virtConnState", "virtRefreshAge", "virtStaleDomains")
OF_VM = ("vmOperState", "vmCpuTime", "virtDomainSampleAge", "virtDomainStale",
         "virtDomainStaleReason")


def instances(names, *index):
    return [virtmib.instance(name, *index) for name in names]


class Watch:
    """The values that a poller saw of one instance or another since a moment."""

    def __init__(self, poller, since, until=float("inf")):
        self.poller, self.since, self.until = poller, since, until

    def values(self, name, *index):
        return self.poller.values(virtmib.instance(name, *index), self.since, self.until)

    def first(self, name, value, *index):
        """Seconds until this value was seen first; an error when it was not."""
        for when, seen in self.values(name, *index):
            if seen == value:
                return when - self.since
        raise AssertionError(f"{name} was not {value}: {sorted(self.different(name, *index))}")

    def different(self, name, *index):
        """Each of the values once, as text."""
        return {str(value) for _when, value in self.values(name, *index)}

    def always(self, name, value, *index):
        others = self.different(name, *index) - {str(value)}
        check(not others, f"{name}{index} was {sorted(others)} in {self.poller.name}, not {value}")

    def never(self, name, value, *index):
        check(str(value) not in self.different(name, *index),
              f"{name}{index} was {value} in {self.poller.name}")

    def most(self, name, *index):
        """The greatest one; absent ones count as an error."""
        seen = [value for _when, value in self.values(name, *index)]
        check(seen and None not in seen, f"{name}{index} was absent")
        return max(seen)


def until(moment):
    """Waits until then, by time.monotonic()."""
    time.sleep(max(0, moment - time.monotonic()))


def timed_wait(run, predicate, limit, what, **how):
    """Waits for it and says how long it took; returns that."""
    start = time.monotonic()
    run.wait_until(predicate, limit, what, ignore=SnmpTimeout, **how)
    took = time.monotonic() - start
    diag(f"{what}: {took:.1f} s")
    return took


def within(took, low, high, what):
    """The upper bound is for an idle machine."""
    check(low <= took <= high * TIMEOUT_SCALE, f"{what} after {took:.1f} s, not {low} to {high}")
