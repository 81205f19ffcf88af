# SPDX-License-Identifier: BSD-2-Clause
"""What a snmptrapd receives of the two modules, each with the time at which it came."""

import threading
import time
from typing import NamedTuple

import notifications
from varbinds import parse

POLL = 0.005
BEGIN, END = b"BEGIN\n", b"\nEND\n"


class Arrival(NamedTuple):
    time: float
    notification: object


class Listener:
    """Reads along with what `traps` (see snmp.py) prints; `read` makes a Notification of a list
    of VarBind, or None where it is to be left out."""

    def __init__(self, traps, read=notifications.read, parser=parse):
        self.traps, self._read, self._parse = traps, read, parser
        self._arrived, self._error = [], None
        threading.Thread(target=self._loop, daemon=True).start()

    def _loop(self):
        with open(self.traps.child.log, "rb") as log:
            text = b""
            while True:
                more = log.read()
                if not more:
                    time.sleep(POLL)
                    continue
                now = time.monotonic()
                *whole, text = (text + more).split(END)
                for part in whole:
                    self._take(part.partition(BEGIN)[2].decode(), now)

    def _take(self, text, now):
        try:
            found = self._read(self._parse(text))
        except Exception as error:
            self._error = self._error or error
            return
        if found:
            self._arrived.append(Arrival(now, found))

    @property
    def arrived(self):
        if self._error:
            raise self._error
        return self._arrived

    def mark(self):
        return len(self.arrived)

    def since(self, mark=0):
        return [one.notification for one in self.arrived[mark:]]
