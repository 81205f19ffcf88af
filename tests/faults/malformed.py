#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Thousands of requests that no manager and no master agent should make: broken ones, and sound
ones that ask for absurd things."""

import contextlib
import os
import random
import socket
import struct
import time

import agentxmaster
import ber
import process
import tap
import virtmib
import vmmib
from agentxmaster import Master
from asker import Asker
from daemon import Daemon
from rundir import RunDir
from snmp import Snmpd

SEED = int(os.environ.get("FAULT_SEED", "7666"))
NUMBER = 5000     # of requests to each of the two
EVERY = 100       # of them, and a sound request
GROWTH = 2048     # KiB that may come after the first fifth
URI = "test:///default"
REGIONS = 2
ROOTS = (vmmib.OBJECTS, virtmib.OBJECTS)
PREFIXES = [found.prefix for found in vmmib.ALL + virtmib.ALL]
BIG = (0, 1, 127, 128, 2**31 - 1, 2**31, 2**32 - 1)


@contextlib.contextmanager
def fixture():
    tap.diag(f"FAULT_SEED={SEED}")
    with RunDir() as run:
        yield run


def some_oid(rng):
    """One of ours, or near it, or absurd."""
    choice = rng.randrange(6)
    if choice == 0:
        return rng.choice(ROOTS)
    if choice == 1:
        return (1, 3) + tuple(rng.choice(BIG) for _ in range(rng.randrange(126)))
    start = rng.choice(PREFIXES)
    if choice == 2:
        return start[:rng.randrange(2, len(start) + 1)]
    if choice == 3:
        return start + (1,)
    return start + tuple(rng.choice(BIG) for _ in range(rng.randrange(1, 128 - len(start))))


def mutated(rng, data):
    """With some octets changed, gone or added."""
    data = bytearray(data)
    for _ in range(rng.randrange(1, 4)):
        place, choice = rng.randrange(len(data) + 1), rng.randrange(5)
        if choice == 0:
            del data[place:place + rng.randrange(1, 9)]
        elif choice == 1:
            data[place:place] = rng.randbytes(rng.randrange(1, 9))
        elif choice == 2:
            del data[place:]
        elif place < len(data):
            data[place] = rng.choice((0, 1, 0x7f, 0x80, 0x84, 0xff, rng.randrange(256)))
        if not data:
            return rng.randbytes(3)
    return bytes(data)


# SNMP

def some_value(rng):
    """Encoded, of any type."""
    return rng.choice((
        lambda: ber.integer(rng.choice((0, 1, 2, -1, 2**31 - 1, -2**31))),
        lambda: ber.integer(rng.choice(BIG), ber.GAUGE32),
        lambda: ber.integer(rng.choice(BIG), ber.COUNTER32),
        lambda: ber.integer(rng.choice(BIG), ber.TICKS),
        lambda: ber.integer(rng.getrandbits(64), ber.COUNTER64),
        lambda: ber.tlv(ber.STRING, rng.randbytes(rng.choice((0, 1, 255, 1000)))),
        lambda: ber.tlv(ber.OPAQUE, rng.randbytes(8)),
        lambda: ber.tlv(ber.IP_ADDRESS, rng.randbytes(4)),
        lambda: ber.oid(some_oid(rng)), lambda: ber.NOTHING))()


def some_message(rng):
    kind = rng.choice((ber.GET, ber.GETNEXT, ber.GETBULK, ber.SET))
    pairs = [(some_oid(rng), some_value(rng) if kind == ber.SET else ber.NOTHING)
             for _ in range(rng.choice((0, 1, 1, 2, 20)))]
    counts = (rng.choice((-1, 0, 1, 20)), rng.choice((-1, 0, 1, 50, 2**31 - 1)))
    return ber.message(kind, rng.getrandbits(31), pairs, b"public",
                       *(counts if kind == ber.GETBULK else ()))


def snmp_storm(daemon, snmpd, rng, number):
    """Sends them; sound requests in between are answered."""
    to = ("127.0.0.1", int(snmpd.address.rpartition(":")[2]))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out, Asker(snmpd) as asker:
        for sent in range(number):
            data = some_message(rng)
            out.sendto(data if rng.random() < 0.4 else mutated(rng, data), to)
            if sent % EVERY == 0:
                # also has snmpd catch up, so that none is lost
                tap.equal(asker.get([vmmib.VM_NUMBER]), [(vmmib.VM_NUMBER, 1)], "vmNumber")
                tap.check(daemon.child.running(), "vmmibd has ended")


def test_snmp(run):
    "5,000 malformed or absurd SNMP requests: vmmibd goes on, does not grow, and nothing is changed"
    rng = random.Random(SEED)
    with Snmpd(run) as snmpd, Daemon(run, snmpd, uri=URI, name="snmp") as daemon:
        daemon.wait_number(1)
        before = steady(snmpd)
        snmp_storm(daemon, snmpd, rng, NUMBER // 5)
        settled = process.size(daemon.child.pid)
        snmp_storm(daemon, snmpd, rng, NUMBER - NUMBER // 5)
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


def ask_number(master):
    """vmNumber, by a sound Get; the subagent may have to come again first."""
    master.wait_registered(REGIONS)
    payload = master.ask(agentxmaster.GET, agentxmaster.search_range(vmmib.VM_NUMBER))
    tap.equal(payload[-4:], struct.pack(">I", 1), "vmNumber")


def agentx_storm(daemon, master, rng, number):
    for sent in range(number):
        master.send(some_pdu(rng, master))
        if sent % EVERY == 0:
            tap.check(daemon.child.running(), "vmmibd has ended")
            ask_number(master)


def test_agentx(run):
    "5,000 malformed or absurd AgentX PDUs of a master: vmmibd goes on and does not grow"
    rng = random.Random(SEED)
    with Master(run) as master:
        daemon = Daemon(run, master, uri=URI, name="agentx")
        daemon.start(wait=False)
        ask_number(master)
        agentx_storm(daemon, master, rng, NUMBER // 5)
        settled = process.size(daemon.child.pid)
        agentx_storm(daemon, master, rng, NUMBER - NUMBER // 5)
        after = process.size(daemon.child.pid)
        tap.diag(f"vmmibd after {NUMBER // 5}: {settled}; after {NUMBER}: {after}; "
                 f"{master.responses} responses, {master.sessions} sessions")
        process.check_flat(settled, after, GROWTH)
        daemon.stop()


def test_framing(run):
    "AgentX PDUs of a wrong length: vmmibd goes on, and comes again when the master hangs up"
    rng = random.Random(SEED)
    with Master(run) as master:
        config = f"connection - {URI}\nagentXPingInterval 1\n"  # also how soon it comes again
        daemon = Daemon(run, master, config=config, name="framing")
        daemon.start(wait=False)
        for size in (1, 19, 2**16, 2**31, 2**32 - 1):
            ask_number(master)
            data = bytearray(some_pdu(rng, master))
            data[16:20] = struct.pack(">I", size)
            master.send(bytes(data) + rng.randbytes(2000))
            time.sleep(0.1)
            tap.check(daemon.child.running(), f"vmmibd has ended by length {size}")
            master.hang_up()
        ask_number(master)
        daemon.stop()


if __name__ == "__main__":
    tap.main([test_snmp, test_set, test_agentx, test_framing], fixture)
