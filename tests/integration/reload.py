#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""SIGHUP: the configuration is read again, and what it says of one connection changes that one
only."""

import contextlib
import os
import signal
import time

import namespaces
import tap
import testdriver
import virtmib
import vmmib
from daemon import Daemon
from hypervisor import Hypervisor
from rundir import TIMEOUT_SCALE
from snmp import Snmpd, SnmpTimeout
from told import in_background

DEFAULT = "connection - test:///default\n"
READ = "configuration read again"
OR_ID = "1.3.6.1.2.1.1.9.1.2"
QUICK = 0.5  # seconds that a request may take while vmmibd has other things to do


@contextlib.contextmanager
def fixture():
    with namespaces.enter_namespaces() as run, Snmpd(run) as snmpd, \
            Hypervisor(run, qemu=False) as hv:
        yield run, snmpd, hv


def said(daemon, words):
    return [line for line in daemon.log().splitlines() if words in line]


def reload(daemon, config, words=READ):
    """Has it read that, until it says the words; returns that line."""
    before = len(said(daemon, words))
    daemon.configure(config)
    daemon.reload()
    return daemon.run.wait_until(lambda: said(daemon, words)[before:], 20, words,
                                 alive=daemon.child)[-1]


def connection(run, name, *vms):
    path = run.write(f"{name}.xml", testdriver.node(map(testdriver.plain, vms)))
    return f"connection {name} {testdriver.uri(path)}\n"


def names(snmpd, context):
    found = snmpd.column(vmmib.prefix("vmName"), context=context)
    return sorted(name.decode() for name in found.values())


def wait_names(fix, context, *wanted):
    fix[0].wait_until(lambda: names(fix[1], context) == sorted(wanted), 20,
                      f"{wanted} in context {context}", ignore=SnmpTimeout)


def agent(snmpd, name, context=""):
    return snmpd.value(virtmib.instance(name), context=context)


def modules(snmpd):
    return sorted(snmpd.column(OR_ID).values())


def test_add_and_remove(fix):
    "a connection that is added is served in its context, one that is removed no longer"
    run, snmpd, _ = fix
    with Daemon(run, snmpd, config=DEFAULT, name="add") as daemon:
        daemon.wait_number(1)
        listed = modules(snmpd)
        tap.equal(len(listed), len(set(listed)), "entries of sysORTable")
        one, two = connection(run, "one", "a", "b"), connection(run, "two", "c")
        for _ in range(3):
            line = reload(daemon, DEFAULT + one)
            tap.check("1 connections added, 0 changed, 0 removed" in line, line)
            wait_names(fix, "one", "a", "b")
            reload(daemon, DEFAULT + one + two)
            wait_names(fix, "two", "c")
            tap.equal(names(snmpd, "one"), ["a", "b"], "context one")
            line = reload(daemon, DEFAULT + two)
            tap.check("0 connections added, 0 changed, 1 removed" in line, line)
            wait_names(fix, "one")
            tap.equal(snmpd.walk(vmmib.OBJECTS, context="one"), [], "what context one has")
            tap.equal(names(snmpd, "two"), ["c"], "context two")
            reload(daemon, DEFAULT)
            wait_names(fix, "two")
        tap.equal(names(snmpd, ""), ["test"], "default context")
        tap.equal(modules(snmpd), listed, "sysORTable")
        tap.equal(len(said(daemon, "connected to snmpd")), 1, "sessions")
        tap.equal(said(daemon, "refuse"), [], "refusals")
        # what was registered while the session lasted is so with the next one, too
        reload(daemon, DEFAULT + one)
        snmpd.kill()
        snmpd.start()
        wait_names(fix, "one", "a", "b")
        tap.equal(modules(snmpd), listed, "sysORTable of the next snmpd")


def test_all_replaced(fix):
    "all connections can be replaced, the default one, too"
    run, snmpd, _ = fix
    with Daemon(run, snmpd, config=DEFAULT, name="replaced") as daemon:
        daemon.wait_number(1)
        reload(daemon, connection(run, "other", "x"))
        wait_names(fix, "other", "x")
        wait_names(fix, "")
        reload(daemon, DEFAULT)
        wait_names(fix, "", "test")
        wait_names(fix, "other")


def state_of(daemon, name):
    with open(os.path.join(daemon.state_directory, name, "indices"), "rb") as saved:
        return saved.read()


def test_change(fix):
    "another URI changes that connection only: indices last, and the others go on undisturbed"
    run, snmpd, _ = fix
    rest = DEFAULT + connection(run, "still", "s")
    with Daemon(run, snmpd, config=rest + connection(run, "one", "a", "b", "c"),
                name="change") as daemon:
        wait_names(fix, "one", "a", "b", "c")
        wait_names(fix, "still", "s")
        index = vmmib.indices_by_uuid(snmpd, context="one")
        before = {name: (agent(snmpd, "virtConnReconnects", name),
                         agent(snmpd, "virtRefreshes", name)) for name in ("", "still")}
        saved = state_of(daemon, "still")
        os.rename(run.join("one.xml"), run.join("old.xml"))
        text = testdriver.node(map(testdriver.plain, ("d", "c", "a")))
        path = run.write("moved.xml", text)
        line = reload(daemon, rest + f"connection one {testdriver.uri(path)}\n")
        tap.check("0 connections added, 1 changed, 0 removed" in line, line)
        wait_names(fix, "one", "a", "c", "d")
        after = vmmib.indices_by_uuid(snmpd, context="one")
        for uuid in set(index) & set(after):
            tap.equal(after[uuid], index[uuid], f"index of {uuid}")
        tap.equal(len(set(index) & set(after)), 2, "VMs that stayed")
        tap.check(not set(index.values()) & {after[uuid] for uuid in set(after) - set(index)},
                  "the new VM has an index of its own")
        for name, (reconnects, refreshes) in before.items():
            tap.equal(agent(snmpd, "virtConnReconnects", name), reconnects, f"of '{name}'")
            tap.check(agent(snmpd, "virtRefreshes", name) - refreshes in (0, 1),
                      f"refreshes of '{name}'")
        tap.equal(len(said(daemon, "still.xml: connected")), 1, "connections")
        tap.equal(state_of(daemon, "still"), saved, "indices of the other")


def test_settings(fix):
    "settings of all connections change them; what is the same changes none"
    run, snmpd, _ = fix
    config = DEFAULT + connection(run, "one", "web1", "web2", "db")
    with Daemon(run, snmpd, config=config, name="settings") as daemon:
        wait_names(fix, "one", "web1", "web2", "db")
        line = reload(daemon, "# the same\n" + config)
        tap.check("0 connections added, 0 changed, 0 removed" in line, line)
        line = reload(daemon, config + "domains exclude web*\nrefreshInterval 3\n")
        tap.check("0 connections added, 2 changed, 0 removed" in line, line)
        wait_names(fix, "one", "db")
        tap.equal(agent(snmpd, "virtRefreshInterval", "one"), 3, "virtRefreshInterval")
        line = reload(daemon, config)
        wait_names(fix, "one", "web1", "web2", "db")
        tap.equal(agent(snmpd, "virtRefreshInterval"), 10, "virtRefreshInterval")
        reload(daemon, config + "directAnswers no\n")
        tap.equal(names(snmpd, "one"), ["db", "web1", "web2"], "names")


def test_bad_file(fix):
    "a file with mistakes is refused with file:line, and nothing changes"
    run, snmpd, _ = fix
    with Daemon(run, snmpd, config=DEFAULT, name="bad") as daemon:
        daemon.wait_number(1)
        for text, line, words in (
                ("connection new test:///default\nrefreshInterval never\n", 2, "not a number"),
                ("noSuchToken 1\n", 1, "noSuchToken"),
                ("agentXSocket unix:/nowhere\nrefreshInterval 0\n", 2, "not a number"),
                ("refreshInterval 10\nstaleAfter 5\n", 0, "stale")):
            reload(daemon, text, "the configuration stays as it was")
            found = said(daemon, f"{daemon.config}:{line}: ")
            tap.check(found and words in found[-1], f"no {words} in\n{daemon.log()}")
        os.remove(daemon.config)
        daemon.reload()
        run.wait_until(lambda: said(daemon, f"{daemon.config}:0: No such file"), 20, "complaint")
        tap.equal(names(snmpd, ""), ["test"], "default context")
        tap.equal(agent(snmpd, "virtRefreshInterval"), 10, "virtRefreshInterval")
        # the address did not change, either
        snmpd.kill()
        snmpd.start()
        daemon.wait_serving()
        reload(daemon, DEFAULT + connection(run, "new", "n"))
        wait_names(fix, "new", "n")


class FromFile(Daemon):
    """Without -x and -S, which the file could not change."""

    def command(self):
        words = super().command()
        for option in "-x", "-S":
            at = words.index(option)
            del words[at:at + 2]
        return words


def test_fixed(fix):
    "what cannot change while it runs is said so, and stays"
    run, snmpd, _ = fix
    config = DEFAULT + f"agentXSocket {snmpd.agentx}\nstateDirectory {run.join('here')}\n"
    with FromFile(run, snmpd, config=config, name="fixed") as daemon:
        daemon.wait_number(1)
        other = config.replace("here", "there").replace(snmpd.agentx, "unix:/nowhere")
        reload(daemon, other + connection(run, "more", "m") + "agentXPingInterval 77\n")
        wait_names(fix, "more", "m")
        for words in ("stateDirectory", "agentXSocket", "agentXPingInterval"):
            tap.equal(len(said(daemon, words)), 1, f"lines with {words}")
        tap.check(os.path.exists(run.join("here", "more", "indices")), "indices of the new one")
        tap.check(not os.path.exists(run.join("there")), "the other directory")
        snmpd.kill()
        snmpd.start()
        daemon.wait_number(1)


def test_log_reopened(fix):
    "log files are reopened"
    run, snmpd, _ = fix
    path = run.join("reopened.txt")
    with Daemon(run, snmpd, config=DEFAULT, name="logs", options=["-Lf", path]) as daemon:
        daemon.wait_number(1)
        os.rename(path, path + ".1")
        daemon.reload()
        run.wait_until(lambda: os.path.exists(path), 20, "a new log file", alive=daemon.child)


SHARED = "test+unix:///default"
OFTEN = "refreshInterval 1\n"


@contextlib.contextmanager
def hanging(fix, daemon):
    """The collector of the context "one" hangs in its libvirtd meanwhile."""
    _, snmpd, hv = fix
    wait_names(fix, "one", "test")
    hv.pause()
    try:
        before = agent(snmpd, "virtRefreshes", "one")
        daemon.run.wait_until(lambda: agent(snmpd, "virtRefreshAge", "one") >= 2, 20,
                              "context one to hang", alive=daemon.child)
        tap.check(agent(snmpd, "virtRefreshes", "one") <= before + 1, "refreshes")
        yield
    finally:
        hv.resume()


def quick(snmpd):
    start = time.monotonic()
    snmpd.value(vmmib.VM_NUMBER)
    took = time.monotonic() - start
    tap.check(took < QUICK * TIMEOUT_SCALE, f"a request took {took:.2f} s")


def test_hanging(fix):
    "a collector that hangs is left to itself: its name can be used anew, at once and for good"
    run, snmpd, hv = fix
    shared = f"connection one {hv.uri(SHARED)}\n"
    other = connection(run, "one", "a", "b")
    with Daemon(run, snmpd, config=OFTEN + DEFAULT + shared, name="hanging") as daemon:
        daemon.wait_number(1)
        with hanging(fix, daemon):
            # changed: another takes its place
            reload(daemon, OFTEN + DEFAULT + other)
            quick(snmpd)
            wait_names(fix, "one", "a", "b")
            tap.equal(len(said(daemon, "left to itself")), 1, "lines")
            saved = state_of(daemon, "one")
        # its call has returned: nobody notices
        time.sleep(1)
        tap.equal(names(snmpd, "one"), ["a", "b"], "context one")
        tap.equal(state_of(daemon, "one"), saved, "indices")
        reload(daemon, OFTEN + DEFAULT + shared)
        # removed, and added again before it was given up
        with hanging(fix, daemon):
            reload(daemon, OFTEN + DEFAULT)
            quick(snmpd)
            reload(daemon, OFTEN + DEFAULT + other)
            wait_names(fix, "one", "a", "b")
            quick(snmpd)
        reload(daemon, DEFAULT)
        wait_names(fix, "one")


def pause_and_resume(hv, times):
    domain = hv.connect(SHARED).lookupByName("test")
    for _ in range(times):
        domain.suspend()
        domain.resume()


def test_hanging_kept(fix):
    "so is one that was to keep its connection: events of that do no harm when its call returns"
    run, snmpd, hv = fix
    shared = f"connection one {hv.uri(SHARED)}\n"
    with Daemon(run, snmpd, config=OFTEN + DEFAULT + shared, name="kept") as daemon:
        daemon.wait_number(1)
        with hanging(fix, daemon):
            reload(daemon, "refreshInterval 2\n" + DEFAULT + shared)
            run.wait_until(lambda: said(daemon, "left to itself"), 20, "giving up")
            tap.equal(names(snmpd, "one"), ["test"], "rows meanwhile")
        for _ in range(10):
            pause_and_resume(hv, 2)
            quick(snmpd)
            time.sleep(0.1)
        wait_names(fix, "one", "test")


def test_changed_twice(fix):
    "changed twice in a row, first what keeps the connection, then what does not, amid events"
    run, snmpd, hv = fix
    shared = f"connection one {hv.uri(SHARED)}\n"
    other = connection(run, "one", "a", "b")
    with Daemon(run, snmpd, config=OFTEN + DEFAULT + shared, name="twice") as daemon:
        daemon.wait_number(1)
        for _ in range(4):
            with hanging(fix, daemon):
                reload(daemon, "refreshInterval 2\n" + DEFAULT + shared)
                reload(daemon, "refreshInterval 2\n" + DEFAULT + other)
            pause_and_resume(hv, 20)
            wait_names(fix, "one", "a", "b")
            reload(daemon, OFTEN + DEFAULT + shared)


def test_stop_while_hanging(fix):
    "SIGTERM ends it within 2 s while collectors hang, left to themselves or not yet"
    run, snmpd, hv = fix
    for number, given_up in enumerate((False, True)):
        config = OFTEN + DEFAULT + f"connection one {hv.uri(SHARED)}\n"
        daemon = Daemon(run, snmpd, config=config, name=f"stop{number}")
        daemon.start()
        with hanging(fix, daemon):
            reload(daemon, OFTEN + DEFAULT)
            if given_up:
                run.wait_until(lambda d=daemon: said(d, "left to itself"), 20, "giving up")
            start = time.monotonic()
            daemon.child.signal(signal.SIGTERM)
            daemon.child.process.wait(10 * TIMEOUT_SCALE)
            took = time.monotonic() - start
        tap.check(took < 2 * TIMEOUT_SCALE, f"it took {took:.1f} s")
        tap.equal(daemon.child.process.returncode, 0, "status")


def test_many(fix):
    "a hundred reloads in a row while it is asked"
    run, snmpd, _ = fix
    more = [connection(run, f"c{number}", f"v{number}") for number in range(4)]
    with Daemon(run, snmpd, config=DEFAULT, name="many") as daemon:
        daemon.wait_number(1)

        def reloads():
            for number in range(100):
                chosen = [line for bit, line in enumerate(more) if number * 7 >> bit & 1]
                reload(daemon, DEFAULT + "".join(chosen) + f"refreshInterval {1 + number % 3}\n")
        with in_background(reloads):
            for _ in range(50):
                quick(snmpd)
                tap.equal(names(snmpd, ""), ["test"], "default context")
        reload(daemon, DEFAULT + "".join(more))
        for number in range(4):
            wait_names(fix, f"c{number}", f"v{number}")
        tap.equal(said(daemon, "refuse"), [], "refusals")


if __name__ == "__main__":
    tap.main([test_add_and_remove, test_all_replaced, test_change, test_settings, test_bad_file,
              test_fixed, test_log_reopened, test_hanging, test_hanging_kept, test_changed_twice,
              test_stop_while_hanging, test_many], fixture)
