#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Compares answers of the short cut (subagent/mib_direct.c) with those of Net-SNMP's own handler.

Two vmmibd over the same hypervisor, each behind a snmpd of its own, are asked the same: every OID of
the walk and its neighbours, alone and several in one PDU, in the default context and in another.
What depends on the clock must agree in type.
"""

import contextlib
import os
import random

import tap
import testdriver
import virtmib
import vmmib
from daemon import Daemon
from rundir import RunDir
from snmp import Snmpd, SnmpError
from varbinds import dotted

FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data",
                    "test-hypervisor.xml")
N_DOMAINS = 25
SEED = 7666
SAMPLE = 400  # OIDs beside those of the walk; each costs four runs of a tool
HIGHEST = 2**32 - 1
# an object of snmpd's own amid ours, so that ranges end before the region does
OVERRIDDEN = vmmib.OBJECTS + (4, 1, 6, 7)
OVERRIDE = f"\noverride {dotted(OVERRIDDEN)} integer 99\n"
INTERNET = (1, 3, 6, 1)
ROOTS = vmmib.ROOT, virtmib.ROOT
# of the moment or of the process, so that two of them differ
VARYING = {virtmib.prefix(name) for name in (
    "virtRefreshAge", "virtRefreshDuration", "virtRefreshDurationMax", "virtRefreshes",
    "virtCallsMade", "virtDomainSampleAge", "virtMemUpdateAge", "virtVcpuHostCpu")}


@contextlib.contextmanager
def fixture():
    uri = testdriver.uri(FILE)
    with contextlib.ExitStack() as stack:
        both = []
        for token in "yes", "no":
            run = stack.enter_context(RunDir())
            snmpd = stack.enter_context(Snmpd(run, extra=OVERRIDE))
            daemon = stack.enter_context(Daemon(run, snmpd, config=(
                f"connection - {uri}\nconnection other test:///default\n"
                f"refreshInterval 3600\nstaleAfter 3600\ndirectAnswers {token}\n")))
            daemon.wait_number(N_DOMAINS)
            both.append(snmpd)
        run.wait_until(lambda: all(snmpd.value(vmmib.OBJECTS + (2, 0), context="other") == 1
                                   for snmpd in both), 30, "the other context")
        yield both


def within(oid, prefixes):
    return any(oid[:len(prefix)] == prefix for prefix in prefixes)


def varies(vb):
    """What follows our regions is snmpd's own."""
    return vb.type in vmmib.VARYING or within(vb.oid, VARYING) or not within(vb.oid, ROOTS)


def shown(varbinds):
    """What must be the same."""
    return [(vb.oid, vb.type, None if varies(vb) else vb.value) for vb in varbinds]


def all_oids(both):
    return [vb.oid for root in ROOTS for vb in both[0].walk(root)]


def ask(snmpd, how, *what, **kind):
    try:
        return shown(getattr(snmpd, how)(*what, **kind))
    except SnmpError as error:
        return error.reason


def compare(both, how, *what, **kind):
    direct, library = (ask(snmpd, how, *what, **kind) for snmpd in both)
    tap.equal(direct, library, f"{how} {what} {kind}")
    return direct


def neighbours(oid):
    """OIDs next to an existing one: shorter, longer, before, after."""
    yield oid[:-1]
    yield oid + (0,)
    yield oid[:-1] + (HIGHEST,)
    yield oid[:-1] + (oid[-1] + 1,)
    yield oid[:-1] + (max(oid[-1] - 1, 0),)
    yield oid[:len(vmmib.OBJECTS) + 2] + (99,) + oid[len(vmmib.OBJECTS) + 3:]
    for length in range(len(INTERNET), len(oid)):
        yield oid[:length]


def test_walks(both):
    "the whole walk is the same"
    for root in ROOTS:
        steps = compare(both, "walk", root)
        tap.check(len(steps) > 500, f"only {len(steps)} varbinds")
        tap.equal((OVERRIDDEN, "INTEGER", 99) in steps, root == vmmib.ROOT, "snmpd's own object")
        for repetitions in 1, 7, 50:
            compare(both, "bulkwalk", root, repetitions=repetitions)
        tap.diag(f"{len(steps)} varbinds, by GETNEXT and three kinds of GETBULK")


def test_every_oid(both):
    "every instance is the same by GET and GETNEXT, twenty in a PDU"
    oids = all_oids(both)
    for start in range(0, len(oids), 20):
        compare(both, "get", *oids[start:start + 20])
        compare(both, "getnext", *oids[start:start + 20])


def test_neighbours(both):
    "OIDs beside, before, after and above instances are answered alike"
    oids = all_oids(both)
    rng = random.Random(SEED)
    found = sorted({near for oid in rng.sample(oids, 60) for near in neighbours(oid)})
    chosen = rng.sample(found, min(SAMPLE, len(found)))
    for oid in chosen:
        compare(both, "get", oid)
        compare(both, "getnext", oid)
    tap.diag(f"{len(chosen)} OIDs, seed {SEED}")


def test_mixed_pdu(both):
    "a PDU that is not for vmmibd alone is answered alike"
    """With OIDs of snmpd's own and from outside in the same PDU."""
    name, system = vmmib.OBJECTS + (4, 1, 2, 1), (1, 3, 6, 1, 2, 1, 1, 4, 0)
    for how in "get", "getnext":
        compare(both, how, name, system, vmmib.OBJECTS + (99, 0), vmmib.OBJECTS + (2, 0))
        compare(both, how, vmmib.ROOT, vmmib.ROOT + (2,), (1, 3, 6, 1, 2, 1, 235))


def test_context(both):
    "another context is answered alike"
    for how in "walk", "bulkwalk":
        for root in ROOTS:
            compare(both, how, root, context="other")
    names = [snmpd.column(vmmib.OBJECTS + (4, 1, 2), context="other") for snmpd in both]
    tap.equal(names, [{(1,): b"test"}] * 2, "vmName in the other context")


def test_set(both):
    "SET is refused alike"
    for oid in vmmib.OBJECTS + (2, 0), vmmib.OBJECTS + (4, 1, 2, 1), vmmib.OBJECTS + (9, 0), \
            virtmib.instance("virtDomainState", 1):
        for kind, value in ("i", "1"), ("s", "x"):
            compare(both, "set", oid, kind, value)


if __name__ == "__main__":
    tap.main([test_walks, test_every_oid, test_neighbours, test_mixed_pdu, test_context, test_set],
             fixture)
