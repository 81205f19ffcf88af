#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Thousands of requests that no manager and no master agent should make: broken ones, and sound
ones that ask for absurd things."""

import contextlib
import os
import random
import struct
import time

import agentxmaster
import ber
import hostile
import process
import tap
import virtmib
import vmmib
from agentxmaster import Master
from asker import Asker
from daemon import Daemon
from hostile import BIG, mutated, some_oid, some_value
from rundir import RunDir
from snmp import Snmpd

SEED = int(os.environ.get("FAULT_SEED", "7666"))
NUMBER = 5000     # of requests to each of the two
EVERY = 100       # of them, and a sound request
GROWTH = 2048     # KiB that may come after the first fifth
URI = "test:///default"
REGIONS = 2


@contextlib.contextmanager
def fixture():
    tap.diag(f"FAULT_SEED={SEED}")
    with RunDir() as run:
        yield run


# SNMP

def test_snmp(run):
    "5,000 malformed or absurd SNMP requests: vmmibd goes on, does not grow, and nothing is changed"
    rng = random.Random(SEED)
    with Snmpd(run) as snmpd, Daemon(run, snmpd, uri=URI, name="snmp") as daemon:
        daemon.wait_number(1)
        before = steady(snmpd)
        hostile.pester(snmpd, rng, NUMBER // 5)
        settled = process.size(daemon.child.pid)
        hostile.pester(snmpd, rng, NUMBER - NUMBER // 5)
        after = process.size(daemon.child.pid)
        tap.diag(f"vmmibd after {NUMBER // 5}: {settled}; after {NUMBER}: {after}")
        process.check_flat(settled, after, GROWTH)
        tap.equal(steady(snmpd), before, "what is served")


def steady(snmpd):
    """{(name, index): value} of VM-MIB without what varies, and without the two switches, which
    may be set."""
    return {key: vb.value for key, vb in vmmib.cells(snmpd).items()
            if vb.type not in vmmib.VARYING and not key[0].endswith("Enabled")}


def test_set(run):
    "SETs of every type to every object are refused, or accepted by the two switches"
    rng = random.Random(SEED)
    with Snmpd(run) as snmpd, Daemon(run, snmpd, uri=URI, name="set") as daemon, \
            Asker(snmpd) as asker:
        daemon.wait_number(1)
        before = steady(snmpd)
        accepted = set()
        for found in vmmib.ALL + virtmib.ALL:
            for _ in range(10):
                name = found.prefix + rng.choice(((0,), (1,), (1, 1), ()))
                if asker.request(ber.SET, [(name, some_value(rng))]).status == 0:
                    accepted.add(name)
        switches = {vmmib.instance("vmPerVMNotificationsEnabled"),
                    vmmib.instance("vmBulkNotificationsEnabled")}
        tap.diag(f"SETs were accepted of {sorted(accepted)}")
        tap.check(accepted <= switches, f"could be set: {accepted - switches}")
        tap.equal(steady(snmpd), before, "what is served")


# AgentX

def some_payload(rng, kind):
    if kind in (agentxmaster.GET, agentxmaster.GETNEXT, agentxmaster.GETBULK):
        head = struct.pack(">HH", rng.choice((0, 1, 65535)), rng.choice((0, 1, 20, 65535)))
        ranges = b"".join(agentxmaster.search_range(some_oid(rng), rng.choice(((), some_oid(rng))),
                                                    rng.randrange(2))
                          for _ in range(rng.choice((0, 1, 1, 2, 20))))
        return (head if kind == agentxmaster.GETBULK else b"") + ranges
    if kind == agentxmaster.TESTSET:
        return b"".join(agentxmaster.varbind(*some_varbind(rng)) for _ in range(rng.randrange(4)))
    return rng.choice((b"", rng.randbytes(4 * rng.randrange(20))))


def some_varbind(rng):
    kind, value = rng.choice((
        (2, struct.pack(">I", rng.choice(BIG))), (4, agentxmaster.octets(rng.randbytes(9))),
        (6, agentxmaster.oid(some_oid(rng))), (65, struct.pack(">I", rng.choice(BIG))),
        (70, rng.randbytes(8)), (5, b""), (130, b""), (99, b"")))
    return kind, some_oid(rng), value


KINDS = (agentxmaster.GET, agentxmaster.GETNEXT, agentxmaster.GETBULK, agentxmaster.TESTSET,
         agentxmaster.COMMITSET, agentxmaster.UNDOSET, agentxmaster.CLEANUPSET,
         agentxmaster.NOTIFY, agentxmaster.PING, agentxmaster.INDEX_ALLOCATE,
         agentxmaster.RESPONSE)


def some_pdu(rng, master):
    """One whose length is right, so that what follows it can be read."""
    kind = rng.choice(KINDS if rng.random() < 0.95 else range(256))
    if kind == agentxmaster.CLOSE:
        kind = agentxmaster.GET
    payload = some_payload(rng, kind)
    if payload and rng.random() < 0.6:
        payload = mutated(rng, payload)
    session = agentxmaster.SESSION if rng.random() < 0.9 else rng.getrandbits(32)
    flags = agentxmaster.NETWORK_ORDER if rng.random() < 0.9 else rng.randrange(256)
    if not flags & agentxmaster.NETWORK_ORDER:
        # its length is in the other order then, which makes it a wrong one
        flags |= agentxmaster.NETWORK_ORDER
    return master.pdu(kind, payload, session, flags)


def number(master):
    """vmNumber, by a sound Get; the subagent may have to come again first."""
    master.wait_registered(REGIONS)
    payload = master.ask(agentxmaster.GET, agentxmaster.search_range(vmmib.VM_NUMBER))
    return int.from_bytes(payload[-4:], "big")


@contextlib.contextmanager
def subagent(run, name):
    """A master with vmmibd as its subagent, which serves a VM."""
    config = f"connection - {URI}\nagentXPingInterval 1\n"  # also how soon it comes again
    with Master(run) as master:
        daemon = Daemon(run, master, config=config, name=name)
        daemon.start(wait=False)
        run.wait_until(lambda: number(master) == 1, 30, "a VM", alive=daemon.child)
        yield master, daemon
        tap.equal(number(master), 1, "vmNumber")
        daemon.stop()


def agentx_storm(daemon, master, rng, count):
    for sent in range(count):
        master.send(some_pdu(rng, master))
        if sent % EVERY == 0:
            tap.check(daemon.child.running(), "vmmibd has ended")
            tap.equal(number(master), 1, "vmNumber")


def test_agentx(run):
    "5,000 malformed or absurd AgentX PDUs of a master: vmmibd goes on and does not grow"
    rng = random.Random(SEED)
    with subagent(run, "agentx") as (master, daemon):
        agentx_storm(daemon, master, rng, NUMBER // 5)
        settled = process.size(daemon.child.pid)
        agentx_storm(daemon, master, rng, NUMBER - NUMBER // 5)
        after = process.size(daemon.child.pid)
        tap.diag(f"vmmibd after {NUMBER // 5}: {settled}; after {NUMBER}: {after}; "
                 f"{master.responses} responses, {master.sessions} sessions")
        process.check_flat(settled, after, GROWTH)


def test_framing(run):
    "AgentX PDUs of a wrong length: vmmibd goes on, and comes again when the master hangs up"
    rng = random.Random(SEED)
    with subagent(run, "framing") as (master, daemon):
        for size in (1, 19, 2**16, 2**31, 2**32 - 1):
            tap.equal(number(master), 1, "vmNumber")
            data = bytearray(some_pdu(rng, master))
            data[16:20] = struct.pack(">I", size)
            master.send(bytes(data) + rng.randbytes(2000))
            time.sleep(0.1)
            tap.check(daemon.child.running(), f"vmmibd has ended by length {size}")
            master.hang_up()


if __name__ == "__main__":
    tap.main([test_snmp, test_set, test_agentx, test_framing], fixture)
