# SPDX-License-Identifier: BSD-2-Clause
"""Compares all that a poller was answered with what is known to be true of each guest.

What is served of a VM is its own; its counters do not go back within a run, nor beyond the
kernel's; those of a QEMU that hangs stand still.  No more calls hang than may.
"""

import bisect
import threading
import time

import virtmib
from poller import figures
from tap import check, diag

MARKS = {"vmName": (), "vmUUID": (), "virtDomainTitle": (), "vmNetworkPhysAddress": (1,)}
COUNTERS = {"vmCpuTime": (), "virtIfRxOctets": (1,), "virtIfRxPackets": (1,),
            "vmStorageReadOctets": (1,)}
STATES = {"vmOperState": (), "virtDomainSampleAge": (), "virtDomainStale": ()}
TRUTH = ("RxOctets", "RxPackets")  # that /proc/net/dev has
CALLS_HUNG = virtmib.instance("virtCallsHung")
LATE = 1.5    # seconds that an answer may take
EVERY = 0.5   # seconds between two readings of the truth


class Window:
    """A time; open until `end` is set."""

    def __init__(self, start=None, end=float("inf")):
        self.start, self.end = time.monotonic() if start is None else start, end

    def __contains__(self, moment):
        return self.start <= moment <= self.end

    def close(self):
        self.end = time.monotonic()


class Ledger:
    """`marks` is {vmIndex: {object: value}}, `names` {vmIndex: name of a guest of the fleet},
    `limit` how many calls may hang."""

    def __init__(self, fleet, names, marks, limit):
        self.fleet, self.names, self.limit, self.most_hung = fleet, names, limit, 0
        self.known = {virtmib.instance(what, index, *MARKS[what]): value
                      for index, values in marks.items() for what, value in values.items()}
        self.counters = {virtmib.instance(what, index, *rest): (index, what)
                         for index in names for what, rest in COUNTERS.items()}
        self.last, self.frozen = {}, {}
        self.silent, self.runs, self.hangs = [], {}, {}  # Windows; the latter two by vmIndex
        self.wrong, self.values, self.requests = [], 0, []
        self.truth = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()

    def lists(self):
        """What the poller is to ask for."""
        return [[CALLS_HUNG]] + [
            [virtmib.instance(what, index, *rest) for what, rest in some.items()]
            for index in self.names for some in (MARKS, {**COUNTERS, **STATES})]

    def _look(self):
        while not self._over.wait(EVERY):
            self.truth.append((time.monotonic(), self.fleet.counters()))

    # what is going on

    def window(self, kind, *indices):
        """Of "silent": snmpd is away; "runs": these guests start anew; "hangs": these hang."""
        window = Window()
        if kind == "silent":
            self.silent.append(window)
        for index in indices:
            getattr(self, kind).setdefault(index, []).append(window)
        return window

    def silence(self, moment):
        return any(moment in window or moment + LATE in window for window in self.silent)

    # looking at answers

    def check(self, records):
        """Of a time in which all windows have been closed."""
        for one in records:
            quiet = self.silence(one.time)
            if one.latency is None or one.status:
                if not quiet:
                    self.wrong.append(f"no good answer: {one}")
                continue
            if not quiet:
                self.requests.append(one._replace(pairs=[]))
            for name, value in one.pairs:
                self._value(one.time + one.latency, name, value, quiet)
        self.truth = [(when, seen) for when, seen in self.truth
                      if not records or when > records[-1].time - 10]
        return self

    def _value(self, moment, name, value, quiet):
        if value is None and quiet:
            return
        self.values += 1
        if name in self.known and value != self.known[name]:
            self.wrong.append(f"{name} is {value!r}, not {self.known[name]!r}")
        elif name == CALLS_HUNG:
            self.most_hung = max(self.most_hung, value)
        elif name in self.counters:
            self._counter(moment, name, value, *self.counters[name])

    def _counter(self, moment, name, value, index, what):
        if any(moment in window for window in self.runs.get(index, ())):
            # absent in between, which is seen even if what follows comes after the window
            self.last.pop(name, None)
            return
        if value is None:
            return
        if value < self.last.get(name, 0):
            self.wrong.append(f"{what} of {self.names[index]} goes back from {self.last[name]} "
                              f"to {value}")
        self.last[name] = value
        for window in self.hangs.get(index, ()):
            # what was measured before it began may still be on its way at first
            if what == "vmCpuTime" and window.start + 2 * LATE < moment < window.end:
                first = self.frozen.setdefault((name, window), value)
                if value != first:
                    self.wrong.append(f"{what} of {self.names[index]}, which hangs, grows")
        self._truth(moment, value, index, what)

    def _truth(self, moment, value, index, what):
        """No counter is above what the kernel has at the next look."""
        field = what.removeprefix("virtIf")
        place = bisect.bisect(self.truth, moment, key=lambda seen: seen[0])
        if field not in TRUTH or place == len(self.truth):
            return
        most = self.truth[place][1].get(self.names[index], {}).get(field)
        if most is not None and value > most:
            self.wrong.append(f"{what} of {self.names[index]} is {value}, the kernel has {most}")

    def report(self):
        diag(f"{self.values} values were compared; at most {self.most_hung} calls hung; "
             f"{figures(self.requests)}")
        check(self.most_hung <= self.limit, f"{self.most_hung} calls hung")
        check(not self.wrong, f"{len(self.wrong)} are wrong\n" + "\n".join(self.wrong[:20]))
