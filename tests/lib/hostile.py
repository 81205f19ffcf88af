# SPDX-License-Identifier: BSD-2-Clause
"""Requests that no manager should make: broken ones, and sound ones that ask for absurd things.

All of them are chosen by the random number generator that is handed over.
"""

import socket

import ber
import virtmib
import vmmib
from asker import Asker
from tap import equal

ROOTS = (vmmib.OBJECTS, virtmib.OBJECTS)
PREFIXES = [found.prefix for found in vmmib.ALL + virtmib.ALL]
BIG = (0, 1, 127, 128, 2**31 - 1, 2**31, 2**32 - 1)
SHARE = 0.4  # of requests that are sound as such
EVERY = 100  # of them, and a sound request


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


def datagram(rng):
    """What to send to an SNMP agent."""
    data = some_message(rng)
    return data if rng.random() < SHARE else mutated(rng, data)


def pester(snmpd, rng, number):
    """Sends so many; sound requests in between are answered as ever."""
    to = ("127.0.0.1", int(snmpd.address.rpartition(":")[2]))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out, Asker(snmpd) as asker:
        before = asker.get([vmmib.VM_NUMBER])
        for sent in range(number):
            out.sendto(datagram(rng), to)
            if sent % EVERY == 0:
                # also has snmpd catch up, so that none is lost
                equal(asker.get([vmmib.VM_NUMBER]), before, "vmNumber")
