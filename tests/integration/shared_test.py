#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Has another client change the domains of a libvirtd, and sees each change over SNMP.

The first daemon refreshes so seldom that only libvirt's events can tell it of a change in time.
"""

import contextlib
import time

import namespaces
import tap
import testdriver
import vmmib
from daemon import Daemon
from hypervisor import Hypervisor
from rundir import TIMEOUT_SCALE
from snmp import Snmpd

BASE = "test+unix:///default"
LIMIT = 10  # seconds; events take milliseconds, but on a busy machine who knows
RUNNING, SUSPENDED, PAUSED, SHUTDOWN = (1, 4), (2, 6), (3, 8), (4, 11)  # vmAdmin-, vmOperState
UNKNOWN = 1

SELDOM = "connection - {uri}\nrefreshInterval 600\nstaleAfter 600\n"
OFTEN = "connection - {uri}\nrefreshInterval 1\nstaleAfter 3\n"


class Fixture:
    def __init__(self, run, hv, snmpd):
        self.run, self.hv, self.snmpd = run, hv, snmpd
        self.daemon = Daemon(run, snmpd, config=SELDOM.format(uri=hv.uri(BASE)))
        self.client = hv.connect(BASE)

    def cell(self, name, *index):
        return self.snmpd.value(vmmib.instance(name, *index))

    def index_of(self, name):
        """vmIndex of the domain, None where there is none."""
        names = self.snmpd.column(vmmib.prefix("vmName"))
        return {value.decode(): index[0] for index, value in names.items()}.get(name)

    def sees(self, what, predicate, change, limit=LIMIT):
        """Makes the change and prints how long it took to be seen; returns what was seen."""
        start = time.monotonic()
        result = change()
        done = time.monotonic()
        self.run.wait_until(predicate, limit, f"{what} to be seen", alive=self.daemon.child)
        tap.diag(f"  {what}: {(time.monotonic() - done) * 1000:.0f} ms after it was done "
                 f"({(done - start) * 1000:.0f} ms)")
        return result

    def states(self, index):
        return self.cell("vmAdminState", index), self.cell("vmOperState", index)

    def sees_states(self, what, index, states, change):
        return self.sees(what, lambda: self.states(index) == states, change)

    def define(self, name):
        domain = self.sees(f"definition of {name}", lambda: self.index_of(name),
                           lambda: self.client.defineXML(testdriver.plain(name)))
        return domain, self.index_of(name)

    def undefine(self, domain):
        name = domain.name()
        self.sees(f"undefinition of {name}", lambda: not self.index_of(name), domain.undefine)

    def reconnect(self):
        self.client = self.hv.connect(BASE)


@contextlib.contextmanager
def fixture():
    with namespaces.enter_namespaces() as run:
        with Snmpd(run) as snmpd, Hypervisor(run, qemu=False) as hv:
            fix = Fixture(run, hv, snmpd)
            with fix.daemon:
                fix.daemon.wait_number(1)
                yield fix


def table_changes(fix):
    return (fix.cell("vmNumber"), fix.cell("vmTableLastChange"))


def test_life(fix):
    "defined, started, suspended, resumed, shut down, destroyed: each state is seen at once"
    domain, index = fix.define("life")
    tap.equal(fix.states(index), SHUTDOWN, "states once defined")
    for what, states, change in (
            ("start", RUNNING, domain.create), ("suspend", PAUSED, domain.suspend),
            ("resume", RUNNING, domain.resume), ("shutdown", SHUTDOWN, domain.shutdown),
            ("second start", RUNNING, domain.create), ("destroy", SHUTDOWN, domain.destroy),
            ("third start", RUNNING, domain.create),
            ("managed save", SUSPENDED, domain.managedSave),
            ("restore", RUNNING, domain.create)):
        fix.sees_states(what, index, states, change)
    tap.equal(fix.cell("vmPersistent", index), 2, "vmPersistent")
    domain.destroy()
    fix.undefine(domain)


def test_table_changes(fix):
    "vmNumber and vmTableLastChange follow definitions and deletions, and nothing else"
    number, changed = table_changes(fix)
    domain, index = fix.define("counted")
    tap.equal(fix.cell("vmNumber"), number + 1, "vmNumber after a definition")
    up, later = fix.cell("vmHvUpTime"), fix.cell("vmTableLastChange")
    tap.check(changed < later <= up, f"vmTableLastChange {changed}, then {later} at {up}")
    tap.check(up - later < LIMIT * 100, f"vmTableLastChange is {later}, long before {up}")
    fix.sees_states("start", index, RUNNING, domain.create)
    fix.sees_states("destroy", index, SHUTDOWN, domain.destroy)
    tap.equal(table_changes(fix), (number + 1, later), "after a start and an end")
    fix.undefine(domain)
    tap.equal(fix.cell("vmNumber"), number, "vmNumber after a deletion")
    tap.check(fix.cell("vmTableLastChange") > later, "vmTableLastChange after a deletion")


def test_transient(fix):
    "a transient domain comes and goes with its run"
    domain = fix.sees("creation", lambda: fix.index_of("brief"),
                      lambda: fix.client.createXML(testdriver.plain("brief")))
    index = fix.index_of("brief")
    tap.equal((fix.states(index), fix.cell("vmPersistent", index)), (RUNNING, 3))
    fix.sees("end", lambda: not fix.index_of("brief"), domain.destroy)


def test_index(fix):
    "a deleted VM's index is nobody else's, and its own when it returns"
    domain, index = fix.define("returns")
    xml = domain.XMLDesc()
    fix.undefine(domain)
    other, other_index = fix.define("other")
    tap.check(other_index != index, f"index {index} was given away")
    fix.sees("return", lambda: fix.index_of("returns") == index,
             lambda: fix.client.defineXML(xml))
    tap.equal(fix.index_of("other"), other_index, "index of the other")
    fix.undefine(other)
    fix.undefine(fix.client.lookupByName("returns"))


def test_rename(fix):
    "a renamed VM keeps its row"
    domain, index = fix.define("old name")
    fix.sees("new name", lambda: fix.cell("vmName", index) == b"new name",
             lambda: domain.rename("new name"))
    tap.equal(fix.index_of("old name"), None, "row of the old name")
    fix.undefine(domain)


def test_up_time(fix):
    "vmUpTime counts from the start, through a pause, and is absent while off or not known"
    known = fix.index_of("test")
    tap.equal(fix.cell("vmUpTime", known), None, "vmUpTime of what ran before vmmibd")
    domain, index = fix.define("timed")
    tap.equal(fix.cell("vmUpTime", index), None, "vmUpTime while off")
    start = time.monotonic()
    fix.sees_states("start", index, RUNNING, domain.create)

    def check(what):
        up = fix.cell("vmUpTime", index)
        passed = (time.monotonic() - start) * 100
        tap.check(up is not None and passed - 100 * TIMEOUT_SCALE <= up <= passed + 1,
                  f"vmUpTime is {up} {what}, {passed:.0f} after the start")

    check("after the start")
    fix.sees_states("suspend", index, PAUSED, domain.suspend)
    check("while paused")
    fix.sees_states("resume", index, RUNNING, domain.resume)
    time.sleep(1.5)
    check("after a pause")
    fix.sees_states("destroy", index, SHUTDOWN, domain.destroy)
    tap.equal(fix.cell("vmUpTime", index), None, "vmUpTime after the end")
    start = time.monotonic()
    fix.sees_states("second start", index, RUNNING, domain.create)
    check("after the second start")
    domain.destroy()
    fix.undefine(domain)


def test_many(fix):
    "a hundred definitions and deletions in a row leave neither a row too many nor one too few"
    number = fix.cell("vmNumber")
    domains = []

    def define():
        domains.extend(fix.client.defineXML(testdriver.plain(f"many{n}")) for n in range(100))
        for domain in domains:
            domain.create()

    running = vmmib.prefix("vmOperState")
    fix.sees("100 starts",
             lambda: list(fix.snmpd.column(running).values()).count(4) == number + 100, define)
    fix.sees("100 deletions", lambda: fix.cell("vmNumber") == number,
             lambda: [(domain.destroy(), domain.undefine()) for domain in domains])


def test_refresh(fix):
    "what sends no event is seen after refreshInterval: autostart"
    fix.daemon.stop()
    fix.daemon.configure(OFTEN.format(uri=fix.hv.uri(BASE)))
    fix.daemon.start()
    fix.daemon.wait_number(1)
    domain, index = fix.define("auto")
    tap.equal(fix.cell("vmAutoStart", index), 3, "vmAutoStart at first")
    for value, flag in ((2, 1), (3, 0)):
        fix.sees(f"autostart {flag}", lambda v=value: fix.cell("vmAutoStart", index) == v,
                 lambda f=flag: domain.setAutostart(f))
    fix.undefine(domain)


def counters(fix, index):
    """The cells below one VM that must not be shown when they are old."""
    return [key for key, vb in vmmib.cells(fix.snmpd).items()
            if key[1][0] == index and vb.type in vmmib.VARYING]


def test_stale(fix):
    "while libvirtd is away rows stay; after staleAfter states are unknown and counters absent"
    index = fix.index_of("test")
    tap.check(len(counters(fix, index)) >= 5, "no counters at first")
    fix.hv.kill()
    time.sleep(0.3)
    tap.equal((fix.cell("vmNumber"), fix.states(index)), (1, RUNNING), "just after the loss")
    fix.sees("staleness", lambda: fix.cell("vmOperState", index) == UNKNOWN, lambda: None)
    tap.equal((fix.cell("vmNumber"), fix.cell("vmAdminState", index)), (1, 1), "stale row")
    tap.equal(counters(fix, index), [], "counters of a stale row")
    tap.equal(fix.cell("vmName", index), b"test", "stale vmName")


def test_libvirtd_returns(fix):
    "vmmibd comes back by itself to a libvirtd that returns"
    index = fix.index_of("test")
    fix.sees("libvirtd", lambda: fix.states(index) == RUNNING, fix.hv.start, limit=60)
    tap.check(len(counters(fix, index)) >= 5, "no counters")
    fix.reconnect()


def test_hung(fix):
    "a libvirtd that hangs makes rows stale like one that is gone, until it goes on"
    index = fix.index_of("test")
    fix.hv.pause()
    try:
        fix.sees("staleness", lambda: fix.cell("vmOperState", index) == UNKNOWN, lambda: None)
        tap.equal(counters(fix, index), [], "counters of a stale row")
    finally:
        fix.hv.resume()
        fix.sees("recovery", lambda: fix.states(index) == RUNNING, lambda: None, limit=60)


def test_events_return(fix):
    "events work again after libvirtd was restarted"
    fix.daemon.stop()
    fix.daemon.configure(SELDOM.format(uri=fix.hv.uri(BASE)))
    fix.daemon.start()
    fix.daemon.wait_number(1)
    before = fix.daemon.log().count(": connected")
    fix.hv.kill()
    fix.hv.start()
    fix.reconnect()
    fix.run.wait_until(lambda: fix.daemon.log().count(": connected") > before, 60,
                       "the connection", alive=fix.daemon.child)
    domain, index = fix.define("after")
    fix.sees_states("start", index, RUNNING, domain.create)
    domain.destroy()
    fix.undefine(domain)


if __name__ == "__main__":
    tap.main([test_life, test_table_changes, test_transient, test_index, test_rename,
              test_up_time, test_many, test_refresh, test_stale, test_libvirtd_returns,
              test_hung, test_events_return], fixture)
