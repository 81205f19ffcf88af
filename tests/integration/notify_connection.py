#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""libvirtd is killed, stopped, hung and comes back: the connection's notifications, and those of
what happened to VMs meanwhile."""

import signal
import time

import chains
import stage
import tap
import testdriver
from rundir import TIMEOUT_SCALE
from told import NO_BURST

OFTEN = NO_BURST + "refreshInterval 1\nstaleAfter 3\n"
HANG_SEEN = 20  # seconds until a hang is told
BACK = 60       # seconds until a connection is made again, at most
SHORT = 1       # seconds of a hang that is none


def fixture():
    return stage.enter(OFTEN, domains=6)


def connection_names(found):
    return [one.name for one in found if one.name.startswith("virtConnection")]


def wait_connection(on, start, name, limit):
    """Until this is the last one of the connection; prints how long it took."""
    begin = time.monotonic()
    on.wait(start, lambda found: connection_names(found)[-1:] == [name], name, limit)
    tap.diag(f"{name} after {time.monotonic() - begin:.1f} s")
    return next(one for one in reversed(on.since(start)) if one.name == name)


def check_lost(told, name, state):
    tap.equal((told.name, told.values["virtNotifyConnection"], told.values["virtConnState"]),
              (name, "-", state), "what was told")
    tap.diag(f"{name}: {told.values['virtConnLastError']!r}")


def come_back(on, start):
    on.hv.start()
    on.reconnect()
    told = wait_connection(on, start, "virtConnectionRestored", BACK)
    tap.equal((told.values["virtNotifyConnection"], told.values["virtConnState"]), ("-", "up"))


def be_lost(on, end):
    """Ends libvirtd; returns the mark from before."""
    start = on.mark()
    begin = time.monotonic()
    end()
    told = wait_connection(on, start, "virtConnectionLost", 10)
    tap.check(time.monotonic() - begin < 2 * TIMEOUT_SCALE, "virtConnectionLost came late")
    check_lost(told, "virtConnectionLost", "down")
    tap.check(told.values["virtConnLastError"], "no virtConnLastError")
    return start


def test_killed(on):
    "a libvirtd that is killed: virtConnectionLost at once, with the error, and once only"
    states = ["running", "paused", "shutdown"]
    for number, domain in enumerate(on.domains):
        if states[number % 3] != "shutdown":
            domain.create()
        if states[number % 3] == "paused":
            domain.suspend()
    on.settle()
    on.indices_before = on.indices()
    on.lost_at = be_lost(on, on.hv.kill)
    # until it says of the VMs that it knows nothing, which is no transition
    on.run.wait_until(lambda: on.cell("virtStaleDomains") == 7, 30, "VMs to be stale")
    tap.equal([one.name for one in on.since(on.lost_at)], ["virtConnectionLost"], "told")


def test_back(on):
    "libvirtd is back: virtConnectionRestored, then once what is different, by vmIndex"
    names = {domain.UUIDString(): number for number, domain in enumerate(on.domains)}
    # the test driver has forgotten its domains
    come_back(on, on.lost_at)
    on.wait(on.lost_at, lambda found: sum(one.state == "deleted" for one in found) == 6,
            "six deletions")
    on.scene.mark_end()
    found = on.since(on.lost_at)
    tap.equal([one.name for one in found],
              ["virtConnectionLost", "virtConnectionRestored"] + ["vmDeleted"] * 6, "told")
    indices = [one.index for one in found[2:]]
    tap.equal(indices, sorted(indices), "order")
    states = ["running", "paused", "shutdown"]
    tap.equal([one.values["vmOperState"] for one in found[2:]],
              [states[names[one.values["vmUUID"]] % 3] for one in found[2:]], "prior states")
    tap.equal([one.index for one in found[2:]],
              [on.indices_before[one.values["vmUUID"]] for one in found[2:]], "vmIndexes")


def test_ended(on):
    "the same with a libvirtd that is stopped; VMs that come back at once are not told"
    on.define(3)
    on.settle()
    start = be_lost(on, lambda: on.hv.child.stop())
    on.daemon.child.signal(signal.SIGSTOP)
    try:
        on.hv.start()
        on.reconnect()
        on.define(3)
        on.domains[1].create()
        on.client.defineXML(testdriver.plain("new meanwhile"))
    finally:
        on.daemon.child.signal(signal.SIGCONT)
    wait_connection(on, start, "virtConnectionRestored", BACK)
    on.wait(start, lambda found: found[-1].name == "virtDomainCreated", "the new VM")
    on.scene.mark_end()
    found = on.since(start)
    tap.equal([(one.name, one.values.get("vmName")) for one in found],
              [("virtConnectionLost", None), ("virtConnectionRestored", None),
               ("vmRunning", "vm0002"), ("virtDomainCreated", "new meanwhile")], "told")
    tap.equal(found[2].values["vmOperState"], "shutdown", "prior state")


def test_hung(on):
    "a libvirtd that hangs: virtConnectionHung, and virtConnectionRestored when it goes on"
    on.settle()
    start = on.mark()
    on.hv.pause()
    try:
        told = wait_connection(on, start, "virtConnectionHung", HANG_SEEN)
        check_lost(told, "virtConnectionHung", told.values["virtConnState"])
        on.run.wait_until(lambda: on.cell("virtStaleDomains") > 0, 30, "VMs to be stale")
    finally:
        on.hv.resume()
    wait_connection(on, start, "virtConnectionRestored", BACK)
    on.scene.mark_end()
    found = [one.name for one in on.since(start)]
    # what hangs long enough is given up
    tap.check(found in (["virtConnectionHung", "virtConnectionRestored"],
                        ["virtConnectionHung", "virtConnectionLost", "virtConnectionRestored"]),
              f"told: {found}")


def test_moment(on):
    "a hang of a moment is none"
    on.settle()
    start, begin = on.mark(), time.monotonic()
    on.hv.pause()
    try:
        on.run.wait_until(lambda: time.monotonic() > begin + SHORT, SHORT + 1, "a moment")
    finally:
        on.hv.resume()
    on.scene.mark_end()
    tap.equal(list(map(str, on.since(start))), [], "told")


def test_vmmibd_hung(on):
    "events that come while vmmibd hangs are told when it goes on, each"
    with on.domain("patient") as domain:
        start = on.mark()
        on.daemon.child.signal(signal.SIGSTOP)
        try:
            for _ in range(5):
                domain.create()
                domain.suspend()
                domain.resume()
                domain.destroy()
        finally:
            on.daemon.child.signal(signal.SIGCONT)
        four = ["vmRunning", "vmPaused", "vmRunning", "vmShutdown"]
        on.wait(start, lambda found: [one.name for one in found] == four * 5, "20 changes")
        chains.check_chain(on.scene.since(start), on.scene.told)


def test_switched(on):
    "with bulk notifications they are the same, with none they are not there"
    for config, wanted in (("notifications bulk\n", ["virtConnectionLost",
                                                     "virtConnectionRestored"]),
                           ("notifications off\n", [])):
        on.restart(OFTEN + config)
        start = on.mark()
        on.hv.kill()
        on.run.wait_until(lambda: on.cell("virtConnState") != 1, 30, "the loss")
        on.hv.start()
        on.reconnect()
        on.run.wait_until(lambda: on.cell("virtConnState") == 1, BACK, "the return")
        if wanted:
            wait_connection(on, start, wanted[-1], 5)
        tap.equal(connection_names(on.since(start)), wanted, f"with {config}")


def test_never_folded(on):
    "they are not folded, whatever notificationBurst says"
    on.restart(OFTEN + "notificationBurst 0/3600\n")
    start = on.mark()
    for _ in range(2):
        lost = be_lost(on, on.hv.kill)
        come_back(on, lost)
    tap.equal(connection_names(on.since(start)),
              ["virtConnectionLost", "virtConnectionRestored"] * 2, "told")


def test_contexts(on):
    "each connection is named"
    on.restart(OFTEN + f"connection other {on.hv.uri('test:///default')}\n"
               f"connection third {on.hv.uri(stage.BASE)}\n")
    start = on.mark()
    on.hv.kill()
    on.wait(start, lambda found: len(connection_names(found)) >= 2, "two losses")
    on.hv.start()
    on.reconnect()
    on.wait(start, lambda found: len(connection_names(found)) >= 4, "two returns", BACK)
    found = [one for one in on.since(start) if one.name in connection_names(on.since(start))]
    tap.equal(sorted((one.name, one.values["virtNotifyConnection"]) for one in found),
              [("virtConnectionLost", "-"), ("virtConnectionLost", "third"),
               ("virtConnectionRestored", "-"), ("virtConnectionRestored", "third")], "told")


if __name__ == "__main__":
    tap.main([test_killed, test_back, test_ended, test_hung, test_moment, test_vmmibd_hung,
              test_switched, test_never_folded, test_contexts], fixture)
