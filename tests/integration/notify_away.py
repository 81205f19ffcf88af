#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What changed while vmmibd was stopped is told when it is back, once and in order."""

import os
import random
import shutil

import stage
import tap
import testdriver
from told import CREATE, DESTROY, NO_BURST, Told, all_off, every

N = 100
SEED = 7666


def fixture():
    return stage.enter(NO_BURST, domains=N)


class Away:
    """Stops vmmibd; `ended` starts it again and returns what it tells.

    What it finds changed is told in the order of vmIndex: the VM with the highest one is started,
    and marks the end.
    """

    def __init__(self, on, end):
        self.on, self.last = on, on.domains[-1]
        told = Told(on)
        told.wait("before the stop")
        end()
        self.start = on.mark()
        self.last.create()

    def ended(self):
        on = self.on
        on.daemon.start()
        index = on.indices
        on.wait(self.start, lambda found: found[-1:] and
                found[-1].values["vmUUID"] == self.last.UUIDString(), "the last of the VMs")
        on.scene.mark_end()
        found = on.since(self.start)
        tap.equal([one.index for one in found], sorted(one.index for one in found), "order")
        tap.equal((found[-1].name, found[-1].values["vmOperState"]), ("vmRunning", "shutdown"))
        tap.equal(index()[self.last.UUIDString()], max(index().values()), "the last one's index")
        return found[:-1]


def test_stopped(on):
    "what changed while vmmibd was stopped is told once, in the order of vmIndex"
    all_off(on, NO_BURST)
    chosen = random.Random(SEED).sample(on.domains[:-1], 60)
    every(chosen[:30], CREATE)
    away = Away(on, on.daemon.stop)
    indices = on.scene.indices
    wanted = {}
    on.domains = [domain for domain in on.domains if domain not in chosen[40:50]]
    for number, domain in enumerate(chosen):
        index = indices[domain.UUIDString()]
        if number < 10:
            domain.destroy()
            wanted[index] = "vmShutdown", "running"
        elif number < 20:
            domain.suspend()
            wanted[index] = "vmPaused", "running"
        elif number < 30:  # nothing to tell
            domain.destroy()
            domain.create()
        elif number < 40:
            domain.create()
            wanted[index] = "vmRunning", "shutdown"
        elif number < 50:
            domain.undefine()
            wanted[index] = "vmDeleted", "shutdown"
        else:  # nothing, either
            domain.create()
            domain.destroy()
    found = away.ended()
    tap.equal({one.index: (one.name, one.values["vmOperState"]) for one in found}, wanted, "told")
    gone = [one for one in found if one.state == "deleted"]
    tap.equal({one.values["vmPersistent"] for one in gone}, {"persistent"}, "vmPersistent")


def test_new(on):
    "VMs that came back during a stop are told by virtDomainCreated, and by vmRunning if they run"
    all_off(on, NO_BURST)
    for domain in on.domains[:2]:
        domain.undefine()
    one, two = (domain.name() for domain in on.domains[:2])
    on.domains = on.domains[2:]
    away = Away(on, on.daemon.stop)
    on.client.defineXML(testdriver.plain(one))
    on.client.createXML(testdriver.plain(two))
    found = [(told.values["vmName"], told.name) for told in away.ended()]
    tap.equal(found, [(one, "virtDomainCreated"), (two, "virtDomainCreated"), (two, "vmRunning")],
              "told")
    start = on.mark()
    on.client.lookupByName(two).destroy()
    on.client.lookupByName(one).undefine()
    on.wait(start, lambda found: sum(told.state == "deleted" for told in found) == 2, "two ends")


def test_ended(on):
    "a transient VM that ended during a stop is told by vmDeleted"
    all_off(on, NO_BURST)
    on.domains[0].undefine()
    name = on.domains.pop(0).name()
    domain = on.client.createXML(testdriver.plain(name))
    away = Away(on, on.daemon.stop)
    domain.destroy()
    found = away.ended()
    tap.equal([(one.values["vmName"], one.name, one.values["vmOperState"]) for one in found],
              [(name, "vmDeleted", "running")], "told")
    tap.equal(found[0].values["vmPersistent"], "transient", "vmPersistent")


def test_nothing(on):
    "a restart when nothing changed tells nothing, whether vmmibd was stopped or killed"
    for end in on.daemon.stop, on.daemon.kill:
        all_off(on, NO_BURST)
        tap.equal(list(map(str, Away(on, end).ended())), [], "told")


def test_forgotten(on):
    "with an empty state directory vmmibd tells nothing of what it finds"
    all_off(on, NO_BURST)
    on.daemon.stop()
    start = on.mark()
    every(on.domains[:20], CREATE)
    for name in os.listdir(on.daemon.state_directory):
        shutil.rmtree(os.path.join(on.daemon.state_directory, name))
    on.daemon.start()
    on.wait_listed()
    every(on.domains[:20], DESTROY)
    on.wait(start, lambda found: len(found) >= 20, "20 ends")
    tap.equal([(one.name, one.values["vmOperState"]) for one in on.since(start)],
              [("vmShutdown", "running")] * 20, "told")


if __name__ == "__main__":
    tap.main([test_stopped, test_new, test_ended, test_nothing, test_forgotten], fixture)
