# SPDX-License-Identifier: BSD-2-Clause
"""A manager that asks steadily, and keeps what it was answered and when.

    with Poller(run, snmpd, [[oid, ...], ...]) as poller:
        with poller.phase("peace") as peace: ...
        with poller.phase("fault") as fault: ...
        poller.check_unharmed(peace, fault)

It is a process of its own, so that no test holds it up.  50 times a second it sends a GET of one
of the lists of instances after the other, and a GETNEXT that goes on with a walk of both modules.
It sends them whether or not earlier ones were answered, once each.
"""

import contextlib
import json
import os
import select
import signal
import socket
import sys
import tempfile
import time
from typing import NamedTuple

import ber
from rundir import TIMEOUT_SCALE
from tap import check, diag, equal
from varbinds import dotted, oid
import virtmib
import vmmib

RATE = 50        # of each of GET and GETNEXT in a second
TIMEOUT = 1      # seconds after which nobody waits for an answer any longer
ROOTS = (vmmib.OBJECTS, virtmib.OBJECTS)
TIMES, MORE = 2, 0.020  # what p99 may be in a fault: that many times that of peace, or so much more


class Record(NamedTuple):
    """A request that was sent at `time`; `latency` is None when no answer came."""

    time: float
    latency: float
    kind: str
    status: int
    pairs: list


class _Asker:
    """The process: writes a line of JSON per request, when that is over."""

    def __init__(self, port, community, lists, out):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect(("127.0.0.1", port))
        self.socket.setblocking(False)
        self.community, self.lists, self.out = community.encode(), lists, out
        self.pending = {}  # request: (time, kind, OIDs)
        self.number = 0
        self.root, self.cursor = 0, ROOTS[0]
        self.walking = None

    def send(self, kind, oids):
        self.number += 1
        self.pending[self.number] = (time.monotonic(), kind, oids)
        code = ber.GET if kind == "get" else ber.GETNEXT
        with contextlib.suppress(OSError):  # such as nobody listening: no answer will come
            self.socket.send(ber.question(code, self.number, oids, self.community))
        return self.number

    def tick(self, round_number):
        if self.lists:
            self.send("get", self.lists[round_number % len(self.lists)])
        if self.walking not in self.pending:
            self.walking = self.send("next", [self.cursor])

    def next_root(self):
        self.root = (self.root + 1) % len(ROOTS)
        self.cursor = ROOTS[self.root]

    def go_on(self, asked, answer):
        """With the walk; true if the answer goes on from what was asked."""
        name, value = answer.pairs[0]
        root = ROOTS[self.root]
        if value is None or answer.status or name[:len(root)] != root:
            self.next_root()
        elif name <= asked:
            self.next_root()
            return False
        else:
            self.cursor = name
        return True

    def receive(self):
        with contextlib.suppress(OSError):
            while True:
                data = self.socket.recv(65535)
                now = time.monotonic()
                answer = ber.response(data)
                sent, kind, oids = self.pending.pop(answer.request, (None, None, None))
                if sent is None:
                    continue  # too late
                status = answer.status
                if kind == "next" and not self.go_on(oids[0], answer):
                    status = -1
                self.record(sent, now - sent, kind, status, answer.pairs)

    def give_up(self, now):
        for number, (sent, kind, oids) in list(self.pending.items()):
            if now - sent > TIMEOUT * TIMEOUT_SCALE:
                del self.pending[number]
                self.record(sent, None, kind, 0, [(one, None) for one in oids])

    def record(self, sent, latency, kind, status, pairs):
        shown = [[dotted(name), value.decode("latin-1") if isinstance(value, bytes) else value]
                 for name, value in pairs]
        print(json.dumps([sent, latency, kind, status, shown]), file=self.out, flush=True)

    def run(self):
        start, done = time.monotonic(), 0
        while True:
            now = time.monotonic()
            while start + done / RATE <= now:
                self.tick(done)
                done += 1
            self.give_up(now)
            pause = max(0, start + done / RATE - time.monotonic())
            if select.select([self.socket], [], [], pause)[0]:
                self.receive()


def _read(line):
    sent, latency, kind, status, pairs = json.loads(line)
    return Record(sent, latency, kind, status, [
        (oid(name), value.encode("latin-1") if isinstance(value, str) else value)
        for name, value in pairs])


class Figures(NamedTuple):
    """Times in seconds; `gap` is the longest one without any answer."""

    number: int
    p50: float
    p99: float
    max: float
    timeouts: int
    gap: float

    def __str__(self):
        p50, p99, most = (f"{1000 * value:.1f}" for value in (self.p50, self.p99, self.max))
        return (f"{self.number} requests, p50 {p50} ms, p99 {p99} ms, max {most} ms, "
                f"{self.timeouts} timeouts, longest gap {1000 * self.gap:.0f} ms")


def figures(records):
    taken = sorted(one.latency for one in records if one.latency is not None) or [float("nan")]
    answers = sorted(one.time + one.latency for one in records if one.latency is not None)
    return Figures(len(records), taken[len(taken) // 2], taken[len(taken) * 99 // 100], taken[-1],
                   sum(one.latency is None for one in records),
                   max((b - a for a, b in zip(answers, answers[1:])), default=float("nan")))


class Phase:
    """A time in which records were made; `figures` once it is over."""

    def __init__(self, name):
        self.name, self.start, self.end, self.figures = name, time.monotonic(), None, None


class Poller:
    """`lists` are instances that are asked for together, by GET."""

    def __init__(self, run, snmpd, lists=(), community="public", name="poller"):
        self.run, self.name = run, name
        self.port = snmpd.address.rpartition(":")[2]
        self.lists = run.write(f"{name}.lists", json.dumps([list(map(dotted, one))
                                                            for one in lists]))
        # its own, as its records may be read when there is another of this name
        descriptor, self.answers = tempfile.mkstemp(suffix=".answers", dir=run.path)
        os.close(descriptor)
        self.community = community
        self.child, self._offset = None, 0
        self._records, self._values = [], {}  # values: {instance: [(time, value)]}

    def __enter__(self):
        self.child = self.run.start(self.name, [
            sys.executable, os.path.abspath(__file__), self.port, self.community, self.lists,
            self.answers])
        self.run.wait_until(lambda: any(one.latency is not None for one in self.records()), 30,
                            f"{self.name} to be answered", alive=self.child)
        return self

    def __exit__(self, *_):
        self.child.stop()

    def records(self, since=0, until=float("inf")):
        """What was sent in that time, as far as it is over."""
        with open(self.answers, "rb") as answers:
            answers.seek(self._offset)
            new = answers.read()
        new = new[:new.rfind(b"\n") + 1]
        self._offset += len(new)
        for one in map(_read, new.splitlines()):
            self._records.append(one)
            if one.kind == "get" and one.latency is not None:
                for instance, value in one.pairs:
                    self._values.setdefault(instance, []).append((one.time + one.latency, value))
        return [one for one in self._records if since <= one.time <= until]

    def take(self):
        """What came since the last time, which is forgotten then: for those who run for long."""
        taken, self._records, self._values = self.records(), [], {}
        return taken

    def values(self, name, since=0, until=float("inf")):
        """[(time of the answer, value)] of one instance, by GET."""
        self.records()
        return [pair for pair in self._values.get(name, ()) if since <= pair[0] <= until]

    def wait_over(self, moment):
        """Until all that was sent before then has been answered or given up."""
        limit = moment + (TIMEOUT + 0.2) * TIMEOUT_SCALE
        self.run.wait_until(lambda: time.monotonic() > limit, TIMEOUT + 10, "late answers",
                            alive=self.child)

    @contextlib.contextmanager
    def phase(self, name):
        """Yields a Phase; prints its figures at the end."""
        phase = Phase(name)
        yield phase
        self.finish(phase)

    def finish(self, phase):
        phase.end = time.monotonic()
        self.wait_over(phase.end)
        phase.figures = figures(self.records(phase.start, phase.end))
        diag(f"{self.name}, {name_and_length(phase)}: {phase.figures}")

    def check_answered(self, phase):
        """No request without an answer, and no answer that is an error or goes back."""
        equal(phase.figures.timeouts, 0, f"requests without an answer, {phase.name}")
        wrong = [one for one in self.records(phase.start, phase.end) if one.status]
        check(not wrong, f"{len(wrong)} bad answers, {phase.name}, such as {wrong[:3]}")

    def check_unharmed(self, peace, fault):
        """Requests in the fault are answered like those in peace."""
        self.check_answered(peace)
        self.check_answered(fault)
        before, now = peace.figures.p99, fault.figures.p99
        check(now <= max(TIMES * before, before + MORE),
              f"p99 {1000 * now:.1f} ms, {fault.name}; {1000 * before:.1f} ms, {peace.name}")


def name_and_length(phase):
    return f"{phase.name} ({phase.end - phase.start:.0f} s)"


def main():
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    port, community, path, answers = sys.argv[1:]
    with open(path, encoding="ascii") as text, open(answers, "w", encoding="ascii") as out:
        lists = [list(map(oid, one)) for one in json.load(text)]
        _Asker(int(port), community, lists, out).run()


if __name__ == "__main__":
    main()
