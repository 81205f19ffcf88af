# SPDX-License-Identifier: BSD-2-Clause
"""A master agent that speaks just enough AgentX (RFC 2741) to have a subagent answer it, and sends
what no real one would.

    with Master(run) as master:         # master.agentx is for `vmmibd -x`
        master.wait_registered()
        master.send(master.pdu(GET, payload))
"""

import contextlib
import os
import socket
import struct
import threading

from rundir import TimedOut

OPEN, CLOSE, REGISTER, UNREGISTER, GET, GETNEXT, GETBULK, TESTSET, COMMITSET, UNDOSET, \
    CLEANUPSET, NOTIFY, PING, INDEX_ALLOCATE, INDEX_DEALLOCATE, ADD_CAPS, REMOVE_CAPS, \
    RESPONSE = range(1, 19)
ANSWERED = (OPEN, REGISTER, UNREGISTER, NOTIFY, PING, ADD_CAPS, REMOVE_CAPS)
NETWORK_ORDER = 0x10
HEADER = ">BBBBIIII"
HEADER_SIZE = struct.calcsize(HEADER)
SESSION = 7


def oid(numbers, include=0):
    return struct.pack(f">BBBB{len(numbers)}I", len(numbers), 0, include, 0, *numbers)


def search_range(start, end=(), include=0):
    return oid(start, include) + oid(end)


def octets(text):
    return struct.pack(">I", len(text)) + text + bytes(-len(text) % 4)


def varbind(kind, numbers, value=b""):
    return struct.pack(">HH", kind, 0) + oid(numbers) + value


class Master:
    """`sessions` counts how often the subagent came, `responses` what it answered to our PDUs."""

    def __init__(self, run):
        self.run, self.path = run, run.join("master")
        self.agentx = f"unix:{self.path}"
        self.listener = socket.socket(socket.AF_UNIX)
        self.peer, self.registered = None, 0
        self.sessions = self.responses = self.packet = 0
        self.answers = {}  # {packet: payload}
        self._lock = threading.Lock()

    def __enter__(self):
        self.listener.bind(self.path)
        self.listener.listen()
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.hang_up()
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        os.unlink(self.path)

    # towards the subagent

    def pdu(self, kind, payload=b"", session=SESSION, flags=NETWORK_ORDER, version=1):
        self.packet += 1
        return struct.pack(HEADER, version, kind, flags, 0, session, self.packet, self.packet,
                           len(payload)) + payload

    def send(self, data):
        """False if nobody is there to take it."""
        peer = self.peer
        if peer is None:
            return False
        try:
            peer.sendall(data)
        except OSError:
            return False
        return True

    def ask(self, kind, payload, timeout=10):
        """Payload of the response to a sound request."""
        data = self.pdu(kind, payload)
        number = self.packet
        self.send(data)
        return self.run.wait_until(lambda: self.answers.get(number), timeout,
                                   f"the response to PDU {kind}")

    def hang_up(self):
        """Ends the session from this side; the subagent will come again."""
        with self._lock:
            peer, self.peer, self.registered = self.peer, None, 0
        if peer:
            with contextlib.suppress(OSError):
                peer.shutdown(socket.SHUT_RDWR)

    def wait_registered(self, number, timeout=30):
        """Until it has registered so many regions."""
        self.run.wait_until(lambda: self.registered >= number, timeout, "registrations")

    # what it says

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                peer = self.listener.accept()[0]
                peer.settimeout(None)
                self.sessions += 1
                self.answers.clear()
                self.registered, self.peer = 0, peer
                with contextlib.suppress(OSError, EOFError):
                    while True:
                        self._receive(peer)
                self.hang_up()
                peer.close()

    @staticmethod
    def _read(peer, size):
        data = b""
        while len(data) < size:
            more = peer.recv(size - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    def _receive(self, peer):
        header = self._read(peer, HEADER_SIZE)
        order = ">" if header[2] & NETWORK_ORDER else "<"
        kind = header[1]
        session, transaction, packet, size = struct.unpack(f"{order}4I", header[4:])
        payload = self._read(peer, size)
        if kind == RESPONSE:
            self.responses += 1
            self.answers[packet] = payload
        elif kind in ANSWERED:
            self.registered += kind == REGISTER
            answer = struct.pack(HEADER, 1, RESPONSE, NETWORK_ORDER, 0,
                                 SESSION if kind == OPEN else session, transaction, packet, 8)
            peer.sendall(answer + struct.pack(">IHH", 0, 0, 0))
        elif kind != CLOSE:
            raise TimedOut(f"the subagent sends PDU {kind}")
