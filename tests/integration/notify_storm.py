#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""A thousand VMs change at once, vmmibd being killed in the middle of it: few notifications tell of
each change once."""

import contextlib
import random
import threading

import stage
import tap
from told import BURST, CREATE, DESTROY, PATIENCE, Told, all_off, every, in_background

N = 1000
FEW = 100       # notifications that may tell of N changes
GROWTH = 16384  # KiB that vmmibd may grow by in a storm
SEED = 7666


def fixture():
    return stage.enter(BURST, domains=N)


def rss(on):
    """Resident memory of vmmibd in KiB."""
    with open(f"/proc/{on.daemon.child.pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def test_storm(on):
    "a thousand starts, then ends, are told by few notifications, each change exactly once"
    sizes = [rss(on)]
    for what, verb in (("starts", CREATE), ("ends", DESTROY)):
        told, before = Told(on), on.counters()
        with tap.timed(f"{N} {what}"):
            every(on.domains, verb)
        with tap.timed(f"until {N} {what} are told"):
            on.run.wait_until(told.right, PATIENCE, what)
        on.run.wait_until(lambda: on.counters()["Waiting"] == 0, PATIENCE, "none to wait")
        after = on.counters()
        delta = {name: after[name] - before[name] for name in after}
        found = on.since(told.start)
        bulk = [one for one in found if one.bulk]
        tap.diag(f"{len(found)} notifications, {len(bulk)} of them in bulk form; {delta}")
        tap.check(len(found) < FEW, f"{len(found)} notifications")
        tap.equal(told.changes(), N, "changes told")
        tap.equal(delta["Sent"], len(found), "virtNotificationsSent")
        tap.equal(delta["Bulk"], len(bulk), "virtNotificationsBulk")
        tap.equal(delta["Folded"], sum(len(one.vms) for one in bulk), "virtNotificationsFolded")
        tap.equal(delta["Suppressed"], delta["Folded"], "virtNotificationsSuppressed")
        tap.equal(delta["Sent"] - delta["Bulk"] + delta["Suppressed"], N, "sum")
        tap.equal((delta["Dropped"], after["Waiting"]), (0, 0), "dropped, waiting")
        sizes.append(rss(on))
    tap.diag(f"vmmibd before, after {N} starts, after {N} ends: {sizes} KiB")
    tap.check(max(sizes) - sizes[0] < GROWTH, f"vmmibd grew: {sizes} KiB")


def test_memory(on):
    "storm after storm does not let vmmibd grow"
    all_off(on, BURST)
    sizes = []
    for number in range(5):
        told = Told(on)
        every(on.domains, CREATE)
        every(on.domains, DESTROY)
        told.wait(f"after storm {number}")
        sizes.append(rss(on))
    tap.diag(f"vmmibd after each storm: {sizes} KiB")
    tap.check(sizes[-1] - sizes[1] < GROWTH / 4, f"vmmibd grows: {sizes} KiB")


@contextlib.contextmanager
def storm(on, rng):
    """Starts and ends of all VMs in random order, until the block ends."""
    calm = threading.Event()

    def blow():
        while not calm.is_set():
            order = list(on.domains)
            rng.shuffle(order)
            for domain in order:
                (DESTROY if domain.isActive() else CREATE)(domain)
    with in_background(blow):
        try:
            yield
        finally:
            calm.set()


def killed(on, config, moments):
    """kill -9 of vmmibd in the middle of a storm, once so many changes were told."""
    all_off(on, config)
    rng = random.Random(SEED)
    for moment in moments:
        told = Told(on)
        with storm(on, rng):
            told.wait_some(moment)
            told.kill()
        found = told.wait(f"after a kill at {moment}")
        tap.diag(f"killed after {moment}: {told.changes()} changes in {len(found)} notifications")


def test_killed(on):
    "vmmibd killed in a storm: each VM's chain goes on where it was, and ends with the truth"
    killed(on, BURST, (1, 29, 300, 1500))


def test_killed_often(on):
    "vmmibd killed again and again while VMs change"
    all_off(on, BURST)
    rng = random.Random(SEED + 1)
    told = Told(on)
    with storm(on, rng):
        for _ in range(10):
            told.kill()
            told.wait_some(told.changes() + rng.choice((1, 10, 100)))
    told.wait("in the end")
    tap.diag(f"{len(told.kills)} kills, {told.changes()} changes told")


if __name__ == "__main__":
    tap.main([test_storm, test_memory, test_killed, test_killed_often],
             fixture)
