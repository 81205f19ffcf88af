#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Three connections, one of them to a socket that accepts and never answers."""

import contextlib
import socket
import threading

import faultstage
import namespaces
import tap
import vmmib
from daemon import Daemon
from faultstage import DOWN, HUNG, INTERVAL, RUNNING, UP, Watch
from hypervisor import Hypervisor
from poller import Poller
from snmp import Snmpd
from virtmib import FALSE, instance

PEACE, SILENCE = 8, 16
VM = 1
COMMUNITIES = "".join(f"rocommunity {name} 127.0.0.1 -V everything {name}\n"
                      for name in ("second", "silent"))
CONFIG = "connection - {}\nconnection second test:///default\n" + faultstage.TOKENS


class Silent:
    """A socket that accepts and never answers."""

    def __init__(self, run):
        self.path = run.join("silent")
        self.socket, self.accepted = socket.socket(socket.AF_UNIX), []

    def __enter__(self):
        self.socket.bind(self.path)
        self.socket.listen()
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                self.accepted.append(self.socket.accept()[0])

    def __exit__(self, *_):
        self.socket.shutdown(socket.SHUT_RDWR)
        for one in [self.socket, *self.accepted]:
            one.close()


class Fixture:
    def __init__(self, run, hv, snmpd, silent):
        self.run, self.hv, self.snmpd, self.silent = run, hv, snmpd, silent
        self.config = CONFIG.format(hv.uri("test+unix:///default"))
        self.daemon = Daemon(run, snmpd, config=self.config)


@contextlib.contextmanager
def fixture():
    with namespaces.enter_namespaces() as run, Snmpd(run, extra=COMMUNITIES) as snmpd, \
            Hypervisor(run, qemu=False) as hv, Silent(run) as silent:
        fix = Fixture(run, hv, snmpd, silent)
        with fix.daemon:
            yield fix


@contextlib.contextmanager
def pollers(fix):
    """One for each connection that answers."""
    lists = [faultstage.instances(faultstage.SCALARS), faultstage.instances(faultstage.OF_VM, VM)]
    age = instance("virtDomainSampleAge", VM)
    fix.run.wait_until(lambda: all(fix.snmpd.value(age, context=name) is not None
                                   for name in ("", "second")), 30, "values of both VMs")
    with Poller(fix.run, fix.snmpd, lists, name="default", community="public") as first, \
            Poller(fix.run, fix.snmpd, lists, name="second", community="second") as second:
        yield first, second


def observe(fix, name, seconds):
    """A phase of each of the pollers, with them."""
    with pollers(fix) as both, contextlib.ExitStack() as stack:
        phases = [stack.enter_context(one.phase(name)) for one in both]
        faultstage.until(phases[0].start + seconds)
    return list(zip(both, phases))


def check_fresh(asker, phase):
    seen = Watch(asker, phase.start, phase.end)
    seen.always("virtConnState", UP)
    seen.always("virtDomainStale", FALSE, VM)
    seen.always("vmOperState", RUNNING, VM)
    oldest = seen.most("virtDomainSampleAge", VM)
    tap.diag(f"{asker.name}: values at most {oldest} s old")
    tap.check(oldest <= 2 * INTERVAL, f"values {oldest} s old in context {asker.name}")


def check_silent(fix):
    """What is said of the connection that never answers: that it is not there, and no VMs."""
    tap.check(fix.silent.accepted, "nobody connected to the silent socket")
    tap.equal(fix.snmpd.value(vmmib.VM_NUMBER, context="silent"), 0, "vmNumber of silent")
    state = fix.snmpd.value(instance("virtConnState"), context="silent")
    tap.check(state in (HUNG, DOWN), f"virtConnState of silent is {state}")


def test_silent(fix):
    "a connection to a socket that never answers: the other two are served as without it"
    peace = observe(fix, "two connections", PEACE)
    fix.daemon.stop()
    fix.daemon.configure(fix.config +
                         f"connection silent test+unix:///default?socket={fix.silent.path}\n")
    fix.daemon.start()
    fault = observe(fix, "with a silent one", SILENCE)
    check_silent(fix)
    for (_, before), (asker, now) in zip(peace, fault):
        check_fresh(asker, now)
        asker.check_unharmed(before, now)


if __name__ == "__main__":
    tap.main([test_silent], fixture)
