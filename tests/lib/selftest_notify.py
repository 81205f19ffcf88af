#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Tests what tests of notifications rely on: the reader, the receivers, and the rules by which
notifications follow from libvirt's events."""

import contextlib
import os
import subprocess

import chains
import notifications
import tap
from eventlog import Event
from listener import Arrival
from notifications import Malformed, indices_of, read
from rundir import RunDir
from scene import fits
from sinks import Sinks
from snmp import SYS_UPTIME, TRAP_OID, Snmpd, environment
from varbinds import VarBind, dotted

UUID = bytes(range(16))
INDEX = 5


@contextlib.contextmanager
def fixture():
    with RunDir() as run:
        yield run


def prefix(name):
    return notifications.OBJECTS[name].prefix


def varbinds(name, *objects):
    """A notification as snmptrapd gives it, of (OID, type, value)s."""
    return [VarBind(SYS_UPTIME, "Timeticks", 7),
            VarBind(TRAP_OID, "OID", notifications.OIDS[name])] + [VarBind(*one) for one in objects]


VM = ((prefix("vmName") + (INDEX,), "STRING", b"vm"),
      (prefix("vmUUID") + (INDEX,), "STRING", UUID))
STATE = (prefix("vmOperState") + (INDEX,), "INTEGER", 11)
REASON = (prefix("virtDomainReason") + (INDEX,), "INTEGER", 305)
TARGET = (prefix("virtDiskTarget") + (INDEX, 2), "STRING", b"vda")
ACTION = (prefix("virtNotifyIoAction") + (0,), "INTEGER", 2)
DETAIL = (prefix("virtNotifyDetail") + (0,), "STRING", b"enospc")
VMS = (prefix("vmAffectedVMs") + (0,), "STRING", bytes([0x90, 0x01]))


def test_read(_run):
    "notifications of both modules are read"
    one = read(varbinds("vmRunning", *VM, STATE))
    tap.equal((one.name, one.uptime, one.index, one.disk, one.state, one.vms),
              ("vmRunning", 7, INDEX, None, "running", {INDEX}))
    tap.equal(one.values, {"vmName": "vm", "vmUUID": "00010203-0405-0607-0809-0a0b0c0d0e0f",
                           "vmOperState": "shutdown"})
    one = read(varbinds("virtDiskIoError", *VM, REASON, TARGET, ACTION, DETAIL))
    tap.equal((one.index, one.disk, one.state, one.bulk), (INDEX, 2, None, False))
    tap.equal((one.values["virtDomainReason"], one.values["virtNotifyIoAction"]),
              ("pausedIoError", "paused"))
    one = read(varbinds("vmBulkShutdown", VMS))
    tap.equal((one.vms, one.state, one.bulk), ({1, 4, 16}, "shutdown", True))
    folded = prefix("virtNotifyFolded") + (0,), "OID", notifications.OIDS["virtDiskIoError"]
    one = read(varbinds("virtBulk", folded, VMS))
    tap.equal((one.values["virtNotifyFolded"], one.vms), ("virtDiskIoError", {1, 4, 16}))
    tap.equal(indices_of(bytes([0x80])), {1}, "first bit")


def test_others(_run):
    "those of other modules are left out"
    tap.equal(read([VarBind(SYS_UPTIME, "Timeticks", 7),
                    VarBind(TRAP_OID, "OID", (1, 3, 6, 1, 6, 3, 1, 1, 5, 1))]), None)


def changed(one, **how):
    return VarBind(*one)._replace(**how)


def test_strict(_run):
    "what is not as the module says is refused"
    good = varbinds("vmRunning", *VM, STATE)
    bulk = varbinds("vmBulkShutdown", VMS)
    folded = prefix("virtNotifyFolded") + (0,), "OID", notifications.OIDS["vmRunning"]
    wrong = {
        "no sysUpTime": good[1:], "no snmpTrapOID": good[:1] + good[2:],
        "wrong order at the start": [good[1], good[0]] + good[2:],
        "one is missing": good[:-1], "one too many": good + [VarBind(*DETAIL)],
        "order": good[:2] + [good[3], good[2], good[4]],
        "type": good[:4] + [changed(good[4], type="Gauge32")],
        "value": good[:4] + [changed(good[4], value=13)],
        "another vmIndex": good[:4] + [changed(good[4], oid=prefix("vmOperState") + (6,))],
        "vmIndex 0": good[:2] + [changed(vb, oid=vb.oid[:-1] + (0,)) for vb in good[2:]],
        "no index": good[:4] + [changed(good[4], oid=prefix("vmOperState"))],
        "index too long": good[:4] + [changed(good[4], oid=prefix("vmOperState") + (5, 1))],
        "short UUID": good[:3] + [changed(good[3], value=UUID[:15])] + good[4:],
        "no such notification": [good[0], changed(good[1], value=good[1].value + (1,))],
        "a scalar's instance": bulk[:2] + [changed(bulk[2], oid=prefix("vmAffectedVMs") + (1,))],
        "an empty set": bulk[:2] + [changed(bulk[2], value=b"")],
        "zeros at the end": bulk[:2] + [changed(bulk[2], value=b"\x90\x00")],
        "what cannot be folded": varbinds("virtBulk", folded, VMS),
        "of another disk's VM": varbinds("virtDiskIoError", *VM, REASON, changed(
            TARGET, oid=prefix("virtDiskTarget") + (6, 2)), ACTION, DETAIL)}
    for what, given in wrong.items():
        try:
            read(given)
        except Malformed:
            continue
        raise AssertionError(f"{what} was accepted")


def test_sinks(run):
    "the same arrives by each version of SNMP, with the same sysUpTime"
    with Sinks(run) as sinks, Snmpd(run, traps=sinks.traps, extra=sinks.conf) as snmpd:
        listeners = sinks.listeners()
        words = []
        for number, kind, value in (*VM, STATE):
            word = value.hex() if kind == "STRING" else str(value)
            words += [dotted(number), "x" if kind == "STRING" else "i", word]
        with contextlib.suppress(subprocess.TimeoutExpired):
            try:
                subprocess.run(["agentxtrap", "-x", snmpd.agentx,
                                dotted(notifications.OIDS["vmRunning"]), *words], check=True,
                               env={**os.environ, **environment(run)}, timeout=20)
            except FileNotFoundError as error:
                raise tap.Skip("no agentxtrap") from error
        first, = sinks.traps.wait_for(notifications.OIDS["vmRunning"])
        for name, listener in listeners.items():
            run.wait_until(listener.since, 20, f"the notification by {name}")
            tap.equal(listener.since()[0], read(first), f"by {name}")


# How notifications follow from events

START = ("RESUMED", "UNPAUSED"), ("STARTED", "BOOTED")
LONG = ("", "")  # seconds pass


def events(*kinds):
    found, now = [], 0
    for kind, detail in kinds:
        if (kind, detail) == LONG:
            now += 5
        else:
            now += 0.001
            found.append(Event(now, "uuid", "vm", kind, detail))
    return found


def told(names):
    """Notifications with these names."""
    return [notifications.Notification(name, 0, INDEX, None, {}, frozenset([INDEX]),
                                       notifications.KINDS[notifications.OIDS[name]])
            for name in names.split()]


DEFINED = ("DEFINED", "ADDED")
DESTROYED = ("SHUTDOWN", "HOST"), ("STOPPED", "DESTROYED")
CASES = (  # events, what may follow, what may not
    ((DEFINED, *START), ["virtDomainCreated vmRunning"],
     ["vmRunning", "virtDomainCreated", "virtDomainCreated vmRunning vmRunning",
      "vmRunning virtDomainCreated"]),
    ((*START, LONG, *DESTROYED),
     ["virtDomainCreated vmRunning vmShutdown vmDeleted",
      "virtDomainCreated vmRunning vmShuttingdown vmShutdown vmDeleted"],
     ["virtDomainCreated vmRunning vmShutdown", "virtDomainCreated vmRunning vmDeleted",
      "virtDomainCreated vmRunning vmDeleted vmShutdown"]),
    ((DEFINED, ("STARTED", "BOOTED"), ("SUSPENDED", "PAUSED"), LONG, ("RESUMED", "UNPAUSED")),
     ["virtDomainCreated vmPaused vmRunning"], ["virtDomainCreated vmRunning vmPaused vmRunning"]),
    ((DEFINED, *START, LONG, ("SUSPENDED", "PAUSED"), LONG, ("STOPPED", "SAVED"), LONG,
      ("STARTED", "RESTORED"), ("RESUMED", "FROM_SNAPSHOT")),
     ["virtDomainCreated vmRunning vmSuspending vmSuspended vmResuming vmRunning"],
     ["virtDomainCreated vmRunning vmPaused vmSuspended vmResuming vmRunning",
      "virtDomainCreated vmRunning vmSuspending vmSuspended vmRunning"]),
    ((DEFINED, *START, LONG, ("STOPPED", "FAILED")), ["virtDomainCreated vmRunning vmCrashed"],
     ["virtDomainCreated vmRunning vmShutdown"]),
    ((DEFINED, ("UNDEFINED", "RENAMED"), ("DEFINED", "RENAMED"), ("UNDEFINED", "REMOVED")),
     ["virtDomainCreated vmDeleted"], ["virtDomainCreated vmDeleted virtDomainCreated vmDeleted"]),
    ((DEFINED, ("UNDEFINED", "REMOVED"), DEFINED, ("UNDEFINED", "REMOVED")),
     ["virtDomainCreated vmDeleted virtDomainCreated vmDeleted"], ["virtDomainCreated vmDeleted"]),
    ((DEFINED, *START, LONG, ("REBOOT", ()), ("REBOOT", ())),
     ["virtDomainCreated vmRunning virtGuestRebooted"],
     ["virtDomainCreated vmRunning virtGuestRebooted virtGuestRebooted"]),
    ((DEFINED, *START, LONG, ("CRASHED", "PANICKED"), LONG, ("STOPPED", "CRASHED")),
     ["virtDomainCreated vmRunning virtGuestPanicked vmCrashed",
      "virtDomainCreated vmRunning vmCrashed virtGuestPanicked"],
     ["virtDomainCreated vmRunning vmCrashed",
      "virtDomainCreated vmRunning vmCrashed virtGuestPanicked vmShutdown"]),
    ((DEFINED, *START, LONG, ("WATCHDOG", (1,)), ("SUSPENDED", "WATCHDOG")),
     ["virtDomainCreated vmRunning virtWatchdogFired vmPaused"],
     ["virtDomainCreated vmRunning vmPaused virtWatchdogFired"]))


def test_chains(_run):
    "what may follow from events is accepted, what may not is refused"
    for kinds, right, wrong in CASES:
        for names in right + wrong:
            groups = chains.expect(events(*kinds), chains.Vm(resumes=True))
            try:
                pairs = chains.match(told(names), groups)
            except AssertionError as error:
                tap.check(names in wrong, f"{names} was refused\n{error}")
            else:
                tap.check(names in right, f"{names} was accepted for {kinds}")
                tap.equal([one.name for one, _ in pairs], names.split(), "pairs")


def single(name, before):
    return told(name)[0]._replace(values={"vmOperState": before})


def bulk_of(name, *vms):
    return told(name)[0]._replace(values={"vmAffectedVMs": b"\x80"}, vms=frozenset(vms))


def test_chain(_run):
    "a prior state that was not told, and a repetition, are seen; bulk ones count"
    def check(*found):
        states = {}
        chains.check_chain([Arrival(time, one) for time, one in found], states)
        return states
    check((0, single("vmRunning", "shutdown")), (1, single("vmPaused", "running")))
    states = check((0, bulk_of("vmBulkRunning", INDEX, 6)), (1, single("vmPaused", "running")))
    tap.equal(states, {INDEX: {"paused"}, 6: {"running"}})
    # gathered together: either may be the last
    both = (0, bulk_of("vmBulkRunning", INDEX)), (0.01, bulk_of("vmBulkShutdown", INDEX))
    check(*both, (1, single("vmPaused", "running")))
    for found in ([(0, single("vmPaused", "running"))],
                  [(0, single("vmRunning", "shutdown")), (1, single("vmRunning", "running"))],
                  [(0, bulk_of("vmBulkRunning", INDEX)), (1, single("vmRunning", "shutdown"))],
                  [*both, (1, single("vmRunning", "paused"))]):
        try:
            check(*found)
        except chains.Broken:
            continue
        raise AssertionError(f"accepted: {found}")


def test_causes(_run):
    "what is told twice of one event is seen"
    def check(*found):
        chains.check_causes([Arrival(time, one) for time, one in found],
                            events(("STARTED", "BOOTED"), LONG, ("STOPPED", "DESTROYED")),
                            {"uuid": INDEX})
    running, shutdown = bulk_of("vmBulkRunning", INDEX), bulk_of("vmBulkShutdown", INDEX)
    check((9, running), (10, shutdown))
    check((9, shutdown), (9.01, running))
    for found in ([(9, running), (10, running)], [(9, running), (10, shutdown), (11, shutdown)],
                  [(0, running), (1, shutdown)], [(9, shutdown), (10, running)]):
        try:
            check(*found)
        except chains.Broken:
            continue
        raise AssertionError(f"accepted: {found}")


def test_words(_run):
    "words with a question mark may be there"
    one = "vmShuttingdown? vmShutdown"
    tap.check(fits(told("vmShutdown"), one) and fits(told("vmShuttingdown vmShutdown"), one),
              "refused")
    for names in "", "vmShuttingdown", "vmShutdown vmShutdown", "vmShutdown vmShuttingdown":
        tap.check(not fits(told(names), one), f"{names} was accepted")
    tap.check(fits([], ""), "nothing was refused")


if __name__ == "__main__":
    tap.main([test_read, test_others, test_strict, test_sinks, test_chains, test_chain,
              test_causes, test_words], fixture)
