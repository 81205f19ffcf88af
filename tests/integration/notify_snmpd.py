#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""snmpd is killed, started again, hung for moments or longer while VMs change: nothing of it is
lost, nothing told twice, and all is in order."""

import signal
import time

import stage
import tap
from rundir import TIMEOUT_SCALE
from told import CREATE, DESTROY, NO_BURST, PATIENCE, Told, all_off, every, in_background

N = 1000
RESTING = 0.5       # seconds
WAITING_MAX = 1024  # notifications that wait for snmpd


def fixture():
    return stage.enter(NO_BURST, domains=N)


def make_changes(on, number):
    for domain in on.domains[:number]:
        domain.create()
        domain.suspend()
        domain.resume()
        domain.destroy()


FOUR = ["running", "paused", "running", "shutdown"]


def check_all(on, told, number, rounds=1):
    """Each of the first VMs went through all four changes, told one by one."""
    indices = on.indices()
    for domain in on.domains[:number]:
        index = indices[domain.UUIDString()]
        mine = [one.state for one in on.since(told.start) if index in one.vms]
        tap.equal(mine, FOUR * rounds, f"told of {domain.name()}")


def test_snmpd_killed(on):
    "what happens while snmpd is away arrives in order when it is back"
    all_off(on, NO_BURST)
    told = Told(on)
    on.snmpd.kill()
    make_changes(on, 50)
    on.snmpd.start()
    with in_background(lambda: make_changes(on, 50)):
        on.daemon.wait_serving(PATIENCE)
    with tap.timed("until all was told"):
        told.wait("after snmpd's return")
    check_all(on, told, 50, 2)
    chains_in_order(on, told)


def chains_in_order(on, told):
    """Notifications of different VMs are in the order of the changes, too."""
    found = on.indices()
    indices = {found[domain.UUIDString()]: place for place, domain in enumerate(on.domains)}
    first = {}
    for one in on.since(told.start):
        if one.state and one.index in indices:
            first.setdefault(one.index, len(first))
    tap.equal(sorted(first, key=first.get), sorted(first, key=indices.get), "order of VMs")


def wait_resting(on):
    """Until vmmibd has used no processor time for a while."""
    with open(f"/proc/{on.daemon.child.pid}/stat", encoding="ascii") as stat:
        last = []

        def rests():
            stat.seek(0)
            used, now = stat.read().rpartition(")")[2].split()[11:13], time.monotonic()
            if not last or last[0] != used:
                last[:] = used, now
            return now - last[1] > RESTING
        on.run.wait_until(rests, PATIENCE, "vmmibd to rest")


def test_snmpd_dies_hung(on):
    "what a snmpd that hung had not yet read when it was killed is told to the next one, in order"
    all_off(on, NO_BURST)
    told = Told(on)
    on.snmpd.child.signal(signal.SIGSTOP)
    make_changes(on, 50)
    # vmmibd has sent as many as it sends without an answer
    wait_resting(on)
    on.snmpd.kill()
    on.snmpd.start()
    on.daemon.wait_serving(PATIENCE)
    told.wait("after snmpd's return")
    check_all(on, told, 50)
    chains_in_order(on, told)


def test_snmpd_away_long(on):
    "of more changes than can wait the last ones are told in bulk form"
    all_off(on, NO_BURST)
    told = Told(on)
    on.snmpd.kill()
    every(on.domains, CREATE)
    every(on.domains, DESTROY)
    on.snmpd.start()
    on.daemon.wait_serving(PATIENCE)
    found = told.wait("after snmpd's return")
    single = sum(not one.bulk for one in found)
    tap.diag(f"{single} single ones, {len(found) - single} in bulk form, "
             f"{told.changes()} changes; {on.counters()}")
    tap.check(abs(single - WAITING_MAX) < 100, f"{len(found)}, {single} of them single")
    tap.equal(told.changes(), 2 * N, "changes told")
    tap.equal(on.counters()["Dropped"], 0, "virtNotificationsDropped")


def hung_snmpd(on, seconds):
    all_off(on, NO_BURST)
    told = Told(on)
    on.snmpd.child.signal(signal.SIGSTOP)
    begin = time.monotonic()
    try:
        make_changes(on, 30)
        on.run.wait_until(lambda: time.monotonic() > begin + seconds, seconds + 1, "a while")
    finally:
        on.snmpd.child.signal(signal.SIGCONT)
    with in_background(lambda: make_changes(on, 30)):
        on.daemon.wait_serving(PATIENCE)
    told.wait(f"after snmpd hung for {seconds} s")
    check_all(on, told, 30, 2)


def test_snmpd_hung(on):
    "a snmpd that hangs for moments loses nothing and repeats nothing"
    hung_snmpd(on, 3)


def test_snmpd_hung_long(on):
    "nor does one that hangs so long that it is given up"
    hung_snmpd(on, 25 * TIMEOUT_SCALE)


if __name__ == "__main__":
    tap.main([test_snmpd_killed, test_snmpd_dies_hung, test_snmpd_away_long, test_snmpd_hung,
              test_snmpd_hung_long], fixture)
