#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Twenty real guests under a steady poller: one QEMU hangs, then twelve at once, then all."""

import contextlib
import os
import time

import faultstage
import guest
import namespaces
import tap
import virtmib
import vmmib
from bystander import Bystander
from daemon import Daemon
from faultstage import INTERVAL, RUNNING, STALE, UP, Watch
from fleet import FIELDS, Fleet
from hypervisor import Hypervisor
from poller import Poller
from rundir import TIMEOUT_SCALE
from snmp import Snmpd
from virtmib import FALSE, TRUE, instance

if os.environ.get("VMMIBD_QUICK"):
    tap.skip_all("VMMIBD_QUICK is set, and this needs real guests")

GUESTS, MANY = 20, 12
PEACE, ONE_HANGS, MANY_HANG, ALL_HANG = 10, 60, 35, 25
LIMIT = 4               # maxHungCalls
AGE = 2 * INTERVAL      # what values of a healthy guest may have
DOUBT = 12              # seconds until a healthy guest has proven to be so
BYSTANDER = 3           # seconds for others' commands; they should take less than one
PAUSED = 8
NONE, HUNG = 1, 2       # virtDomainStaleReason
COUNTERS = [f"virtIf{field}" for field in FIELDS]
OF_GUEST = ("vmOperState", "virtDomainSampleAge", "virtDomainStale", "virtDomainStaleReason")
OF_AGENT = ("virtConnState", "virtRefreshAge", "virtCallsHung", "virtCallsHungLimit")


class Fixture:
    def __init__(self, run, hv, snmpd, fleet, daemon):
        self.run, self.hv, self.snmpd, self.fleet, self.daemon = run, hv, snmpd, fleet, daemon
        names = snmpd.column(vmmib.prefix("vmName"))
        self.index = {name.decode(): index[0] for index, name in names.items()}
        self.asker = self.peace = None

    def lists(self):
        """What the poller asks for: per guest, and of vmmibd."""
        return [faultstage.instances(OF_AGENT)] + [
            faultstage.instances(OF_GUEST, index) + faultstage.instances(COUNTERS, index, 1)
            for index in self.index.values()]

    def cells(self, names):
        """The objects and indices that are served of these guests."""
        indices = {self.index[name] for name in names}
        return {key for key in virtmib.values(self.snmpd) if key[1][0] in indices}

    def fresh(self, names):
        """Whether all their values are of now."""
        ages = self.snmpd.column(virtmib.prefix("virtDomainSampleAge"))
        stale = self.snmpd.column(virtmib.prefix("virtDomainStale"))
        indices = [(self.index[name],) for name in names]
        return all(ages[index] <= INTERVAL and stale[index] == FALSE for index in indices)

    def wait_fresh(self):
        names = self.fleet.names
        return faultstage.timed_wait(self.run, lambda: self.fresh(names), AGE + 2, "all fresh",
                                     alive=self.daemon.child)


@contextlib.contextmanager
def fixture():
    guest.build()
    with namespaces.enter_namespaces() as run, Snmpd(run) as snmpd, Hypervisor(run) as hv, \
            Fleet(hv, GUESTS) as fleet:
        config = f"connection - {hv.uri()}\n{faultstage.TOKENS}maxHungCalls {LIMIT}\n"
        with Daemon(run, snmpd, config=config) as daemon:
            daemon.wait_number(GUESTS)
            fix = Fixture(run, hv, snmpd, fleet, daemon)
            run.wait_until(lambda: fix.fresh(fleet.names), 60, "fresh values")
            with Poller(run, snmpd, fix.lists()) as fix.asker:
                yield fix


def test_peace(fix):
    "twenty guests in peace: values of at most two intervals, counters as virsh domifstat has them"
    with fix.asker.phase("peace") as fix.peace:
        faultstage.until(fix.peace.start + PEACE)
    fix.asker.check_answered(fix.peace)
    check_fresh(fix, fix.peace, fix.fleet.names)
    check_states(fix, fix.peace)
    name = fix.fleet.names[0]
    before = fix.fleet.counters()[name]
    words = fix.hv.virsh("domifstat", name, fix.fleet.taps[name]).split()
    after = fix.fleet.counters()[name]
    said = int(words[words.index("rx_bytes") + 1])
    tap.check(before["RxOctets"] <= said <= after["RxOctets"], f"{before}, {said}, {after}")


def check_fresh(fix, phase, names):
    """The values of these guests are of at most two intervals, and none is taken for hung."""
    seen = Watch(fix.asker, phase.start, phase.end)
    later = Watch(fix.asker, phase.start + DOUBT, phase.end)
    oldest = max(seen.most("virtDomainSampleAge", fix.index[name]) for name in names)
    tap.diag(f"{phase.name}: values of {len(names)} healthy guests at most {oldest} s old")
    tap.check(oldest <= AGE, f"values are {oldest} s old, {phase.name}")
    for name in names:
        seen.always("virtDomainStale", FALSE, fix.index[name])
        seen.never("virtDomainStaleReason", HUNG, fix.index[name])
        later.always("virtDomainStaleReason", NONE, fix.index[name])


def check_states(fix, phase):
    """The states of all guests are known, and of at most two intervals ago."""
    seen = Watch(fix.asker, phase.start, phase.end)
    seen.always("virtConnState", UP)
    for index in fix.index.values():
        seen.always("vmOperState", RUNNING, index)
    oldest = seen.most("virtRefreshAge")
    tap.diag(f"{phase.name}: states at most {oldest} s old")
    tap.check(oldest <= AGE, f"states are {oldest} s old, {phase.name}")


def check_hung(fix, phase, name):
    """The guest is flagged, and its values grow older."""
    index = fix.index[name]
    seen = Watch(fix.asker, phase.start, phase.end)
    took = seen.first("virtDomainStale", TRUE, index)
    faultstage.within(took, STALE - INTERVAL - 1, STALE + INTERVAL + 3, f"{name} stale")
    Watch(fix.asker, phase.start + took, phase.end).always("virtDomainStale", TRUE, index)
    ages = [age for _when, age in seen.values("virtDomainSampleAge", index)]
    tap.equal(ages[5:], sorted(ages[5:]), f"ages of {name}")
    length = phase.end - phase.start
    tap.check(length - 3 <= ages[-1] <= length + AGE, f"{name} is {ages[-1]} s old after {length}")
    return took


class Truth:
    """The interface counters of all guests every half second."""

    def __init__(self, fix):
        self.fix, self.seen = fix, []

    def watch(self, until):
        while time.monotonic() < until:
            self.seen.append((time.monotonic(), self.fix.fleet.counters()))
            time.sleep(0.5)

    def at(self, moment, name, field):
        """The counter's last value before that moment."""
        return next((counters[name][field] for when, counters in reversed(self.seen)
                     if when <= moment), 0)

    def check(self, phase):
        """What was served was true at most two intervals before, for each guest and counter."""
        last = self.seen[-1][1]
        for name, index in self.fix.index.items():
            for field in FIELDS:
                served = Watch(self.fix.asker, phase.start, self.seen[-1][0]).values(
                    f"virtIf{field}", index, 1)
                late = [(when, value) for when, value in served
                        if value is None or value < self.at(when - AGE - 1, name, field)]
                tap.check(not late, f"{len(late)} of {len(served)} values of {field} of {name} "
                                    f"are old, such as {late[:3]}")
                tap.check(served[-1][1] <= last[name][field], f"{field} of {name} is too great")


def check_moving(truth, hung, healthy):
    """Whether there was anything to be fresh of."""
    first, last = truth.seen[0][1], truth.seen[-1][1]
    for names, field in ((hung, "RxDrops"), (healthy, "RxOctets")):
        for name in names:
            tap.check(last[name][field] > first[name][field], f"{field} of {name} stands still")


def observe(fix, name, seconds):
    """A phase, with the truth about interfaces in it."""
    truth = Truth(fix)
    with fix.asker.phase(name) as phase:
        truth.watch(phase.start + seconds)
    return phase, truth


def check_calls(fix, phase):
    seen = Watch(fix.asker, phase.start, phase.end)
    seen.always("virtCallsHungLimit", LIMIT)
    most = seen.most("virtCallsHung")
    tap.diag(f"{phase.name}: at most {most} calls hung")
    tap.check(1 <= most <= LIMIT, f"{most} calls hung, {phase.name}")


def test_one(fix):
    "one QEMU hangs for a minute: it is flagged, with the reason, and the other 19 stay fresh"
    name, *others = fix.fleet.names
    with fix.fleet.hung([name]):
        phase, truth = observe(fix, "one hangs", ONE_HANGS)
    fix.wait_fresh()
    fix.asker.check_unharmed(fix.peace, phase)
    check_fresh(fix, phase, others)
    check_states(fix, phase)
    took = check_hung(fix, phase, name)
    tap.diag(f"{name} stale after {took:.1f} s")
    Watch(fix.asker, phase.start + took, phase.end).always(
        "virtDomainStaleReason", HUNG, fix.index[name])
    truth.check(phase)
    check_moving(truth, [name], others)
    check_calls(fix, phase)


def sees_pause(fix, name):
    """A change of a healthy guest's state is seen meanwhile."""
    domain, index = fix.fleet.guests[name].domain, fix.index[name]
    for change, state in ((domain.suspend, PAUSED), (domain.resume, RUNNING)):
        change()
        faultstage.timed_wait(
            fix.run, lambda s=state: fix.snmpd.value(instance("vmOperState", index)) == s,
            AGE, f"vmOperState {state}", alive=fix.daemon.child)


def check_bystander(other):
    tap.equal(other.failures, [], "failures of others' commands")
    for command, took in other.slowest.items():
        tap.check(took < BYSTANDER * TIMEOUT_SCALE, f"{command} took {took:.1f} s")
    # one more for what is under way and not hanging
    tap.check(max(other.busy) <= LIMIT + 1, f"{max(other.busy)} workers of libvirtd are busy")


def test_many(fix):
    "twelve QEMUs hang at once: the other 8 are served in full, others' commands are not held up"
    hung, healthy = fix.fleet.names[:MANY], fix.fleet.names[MANY:]
    full = fix.cells(healthy)
    with fix.fleet.hung(hung):
        with Bystander(fix.hv, healthy[-1]) as other:
            phase, truth = observe(fix, "twelve hang", MANY_HANG)
        lacking = full - fix.cells(healthy)
        sees_pause(fix, healthy[0])
        with Bystander(fix.hv) as no_one, fix.fleet.hung(healthy):
            all_phase, all_truth = observe(fix, "all hang", ALL_HANG)
    fix.wait_fresh()
    tap.check(not lacking, f"{len(lacking)} cells missing, such as {sorted(lacking)[:5]}")
    for one, records in ((phase, truth), (all_phase, all_truth)):
        fix.asker.check_unharmed(fix.peace, one)
        check_states(fix, one)
        check_calls(fix, one)
        records.check(one)
    check_fresh(fix, phase, healthy)
    for name in hung:
        check_hung(fix, phase, name)
    check_moving(truth, hung, healthy)
    check_moving(all_truth, fix.fleet.names, [])
    check_bystander(other)
    check_bystander(no_one)


if __name__ == "__main__":
    tap.main([test_peace, test_one, test_many], fixture)
