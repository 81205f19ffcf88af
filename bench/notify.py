#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""From libvirt's event to the trap: latency one by one, and what becomes of a storm.

Domains are those of libvirtd's shared test hypervisor.  The latency is the time from another
libvirt client's getting the event to the trap's arriving at a socket, all on one machine.
"""

import contextlib
import select
import socket
import threading
import time

import figures
import namespaces
from daemon import Daemon
from hypervisor import Hypervisor, libvirt
from snmp import Snmpd

ONE_BY_ONE = 200
STORM = 1000
QUIET = 3  # seconds without a trap after which none is to come any more
BASE = "test+unix:///default"

VM_NUMBER = "1.3.6.1.2.1.236.1.2.0"
SENT, SUPPRESSED, BULK, FOLDED = (f"1.3.6.1.4.1.8072.9999.9999.7666.1.1.{n}.0"
                                  for n in (15, 16, 17, 18))


class Sink:
    """Receives traps and does not look into them, to be faster than snmptrapd."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.socket.bind(("127.0.0.1", 0))
        self.address = "udp:127.0.0.1:%d" % self.socket.getsockname()[1]

    def drain(self, quiet):
        """Times at which traps came, until none has come for so long."""
        times = []
        while select.select([self.socket], [], [], quiet)[0]:
            self.socket.recv(65536)
            times.append(time.monotonic())
        return times


class Events:
    """Times at which life cycle events came to a client of its own."""

    def __init__(self, hv):
        self.times = []
        libvirt.virEventRegisterDefaultImpl()
        self.connection = hv.connect(BASE)
        self.connection.domainEventRegisterAny(
            None, libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE,
            lambda *_: self.times.append(time.monotonic()), None)
        threading.Thread(target=self.run, daemon=True).start()

    @staticmethod
    def run():
        while True:
            libvirt.virEventRunDefaultImpl()


def resident_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))


def one_by_one(sink, events, domain):
    """Suspends and resumes, each when the last was told; no burst is exceeded."""
    found = []
    for n in range(ONE_BY_ONE):
        events.times.clear()
        (domain.resume if n % 2 else domain.suspend)()
        sink.socket.settimeout(10)
        sink.socket.recv(65536)
        arrived = time.monotonic()
        found.append((arrived - events.times[0]) * 1000)
    print(f"  {ONE_BY_ONE} changes one by one, event to trap in ms: {figures.spread(found)}")


def storm(sink, snmpd, daemon, domains, what):
    counters = [snmpd.value(name) for name in (SENT, BULK, SUPPRESSED, FOLDED)]
    before = resident_kib(daemon.child.pid)
    begin = time.monotonic()
    for domain in domains:
        getattr(domain, what)()
    done = time.monotonic()
    times = sink.drain(QUIET)
    sent, bulk, suppressed, folded = (
        snmpd.value(name) - value for name, value in
        zip((SENT, BULK, SUPPRESSED, FOLDED), counters))
    print(f"  {what} of {len(domains)} domains in {done - begin:.2f} s: {len(times)} traps, the last "
          f"{times[-1] - done:.2f} s after it; {sent - bulk} single ones, {bulk} bulk ones for "
          f"{folded} changes; {sent - bulk + suppressed} changes in all; resident {before:,} KiB "
          f"before, {resident_kib(daemon.child.pid):,} after")


def main():
    with contextlib.ExitStack() as stack:
        run = stack.enter_context(namespaces.enter_namespaces())
        sink = Sink()
        snmpd = stack.enter_context(Snmpd(run, traps=sink))
        hv = stack.enter_context(Hypervisor(run, qemu=False))
        connection = hv.connect(BASE)
        for n in range(1, STORM):  # it begins with a domain of its own
            connection.defineXML(figures.domain_xml(n))
        domains = [d for d in connection.listAllDomains() if not d.isActive()]
        events = Events(hv)
        config = f"connection - {hv.uri(BASE)}\nnotificationBurst {ONE_BY_ONE}/3600\n"
        print("notifications")
        with Daemon(run, snmpd, config=config) as daemon:
            daemon.wait_number(STORM)
            sink.drain(QUIET)
            one_by_one(sink, events, connection.lookupByName("test"))
            for what in "create", "destroy":
                storm(sink, snmpd, daemon, domains, what)


main()
