# SPDX-License-Identifier: BSD-2-Clause
"""A quick SNMPv2c client, one request at a time: for walk after walk, without a process for each."""

import select
import socket
import time

import ber
from rundir import TIMEOUT_SCALE
from snmp import SnmpTimeout

TIMEOUT = 5


class Asker:
    """with Asker(snmpd) as asker: pairs of (OID, value) come back."""

    def __init__(self, snmpd, community="public"):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect(("127.0.0.1", int(snmpd.address.rpartition(":")[2])))
        self.community, self.number = community.encode(), 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def request(self, kind, pairs, first=0, second=0):
        """The Response; `pairs` are (OID, encoded value)."""
        self.number += 1
        self.socket.send(ber.message(kind, self.number, pairs, self.community, first, second))
        limit = time.monotonic() + TIMEOUT * TIMEOUT_SCALE
        while select.select([self.socket], [], [], max(0, limit - time.monotonic()))[0]:
            answer = ber.response(self.socket.recv(65535))
            if answer.request == self.number:
                return answer
        raise SnmpTimeout(f"no answer to {kind:#x} of {pairs[:3]}")

    def get(self, oids):
        return self.request(ber.GET, [(one, ber.NOTHING) for one in oids]).pairs

    def walk(self, root, repetitions=None):
        """All below the root, by GETNEXT, or by GETBULK of so many; an error if it goes back."""
        found, last = [], root
        while True:
            if repetitions:
                some = self.request(ber.GETBULK, [(last, ber.NOTHING)], 0, repetitions).pairs
            else:
                some = self.request(ber.GETNEXT, [(last, ber.NOTHING)]).pairs
            for name, value in some:
                if value is None or name[:len(root)] != root:
                    return found
                if name <= last:
                    raise AssertionError(f"{name} comes after {last}")
                found.append((name, value))
                last = name
