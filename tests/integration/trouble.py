#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Takes away from vmmibd what it works with, and counts what it says about that."""

import contextlib
import os
import signal
import socket
import subprocess
import time

import tap
import testdriver
import vmmib
from daemon import Daemon
from rundir import TIMEOUT_SCALE, RunDir
from snmp import Snmpd, SnmpTimeout

DEFAULT = "test:///default"
BACK_OFF_ROUNDS = 3


@contextlib.contextmanager
def fixture():
    with RunDir() as run, Snmpd(run) as snmpd:
        yield run, snmpd


def said(daemon, words):
    """Lines of its log with these words."""
    return [line for line in daemon.log().splitlines() if words in line]


def says_once(daemon, words):
    found = said(daemon, words)
    tap.equal(len(found), 1, f"number of lines with '{words}' in\n{daemon.log()}")
    return found[0]


def attempts(trace):
    """How often libvirt was asked for a connection, by libvirt's own log."""
    with open(trace, encoding="utf-8", errors="replace") as log:
        return log.read().count("virConnectOpenAuth:")


def hopeless(fix, uri, name, words):
    run, snmpd = fix
    trace = run.join(f"{name}.trace")
    env = {"LIBVIRT_LOG_FILTERS": "1:libvirt", "LIBVIRT_LOG_OUTPUTS": f"1:file:{trace}"}
    with Daemon(run, snmpd, uri=uri, name=name, env=env) as daemon:
        run.wait_until(lambda: attempts(trace) > BACK_OFF_ROUNDS, 60, "attempts to connect",
                       alive=daemon.child, ignore=FileNotFoundError)
        tap.equal(snmpd.value(vmmib.VM_NUMBER), 0, "vmNumber")
        tap.equal(list(snmpd.column(vmmib.prefix("vmName"))), [], "rows")
        line = says_once(daemon, "cannot connect")
        tap.check(words in line and uri.partition("?")[0] in line, line)


def test_unknown_driver(fix):
    "with a URI of an unknown driver vmNumber is 0, and the reason is logged once, not per attempt"
    # whether libvirt asks a libvirtd about it depends on the machine
    hopeless(fix, "nosuchdriver:///x", "unknown", "connect")


def test_no_libvirtd(fix):
    "without a libvirtd vmNumber is 0, and the reason is logged once, not per attempt"
    path = fix[0].join("no-socket")
    hopeless(fix, f"test+unix:///default?socket={path}", "absent", "No such file")


def test_bad_file(fix):
    "with a hypervisor that cannot be read vmNumber is 0; it is served once it can be read"
    run, snmpd = fix
    path = run.write("broken.xml", "<node><domain></node>")
    with Daemon(run, snmpd, uri=testdriver.uri(path), name="broken") as daemon:
        run.wait_until(lambda: said(daemon, "cannot connect"), 30, "the complaint")
        tap.equal(snmpd.value(vmmib.VM_NUMBER), 0, "vmNumber")
        run.write("broken.xml", testdriver.node([testdriver.plain("mended")]))
        daemon.wait_number(1)
        says_once(daemon, ": connected")


def test_silent_libvirtd(fix):
    "a libvirtd that never answers keeps nobody waiting: vmNumber is 0, and SIGTERM ends vmmibd"
    run, snmpd = fix
    path = run.join("silent")
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(path)
        silent.listen()
        silent.settimeout(20 * TIMEOUT_SCALE)
        uri = f"test+unix:///default?socket={path}"
        daemon = Daemon(run, snmpd, uri=uri, name="silent")
        daemon.start()
        held, _ = silent.accept()
        tap.equal(snmpd.value(vmmib.VM_NUMBER), 0, "vmNumber")
        ends(daemon, signal.SIGTERM)
        held.close()


def ends(daemon, number, within=2):
    start = time.monotonic()
    daemon.child.signal(number)
    try:
        status = daemon.child.process.wait(10 * TIMEOUT_SCALE)
    except subprocess.TimeoutExpired:
        raise AssertionError(f"still there after {signal.Signals(number).name}") from None
    took = time.monotonic() - start
    tap.diag(f"  ended by {signal.Signals(number).name} in {took:.2f} s")
    tap.equal(status, 0, f"exit status\n{daemon.log()}")
    tap.check(took < within * TIMEOUT_SCALE, f"it took {took:.1f} s")


def test_signals(fix):
    "SIGTERM and SIGINT end it within 2 s with status 0, with snmpd and without"
    run, snmpd = fix
    for number in (signal.SIGTERM, signal.SIGINT):
        daemon = Daemon(run, snmpd, uri=DEFAULT, name=f"signal{number}")
        daemon.start()
        ends(daemon, number)
        tap.equal(said(daemon, "rror"), [], "complaints")
        lonely = Daemon(run, Nobody(run), uri=DEFAULT, name=f"lonely{number}")
        lonely.start(wait=False)
        run.wait_until(lambda d=lonely: said(d, ": connected"), 30, "libvirt", alive=lonely.child)
        ends(lonely, number)


class Nobody:
    """An snmpd that does not run."""

    def __init__(self, run):
        self.agentx = f"unix:{run.join('nobody')}"


def test_snmpd_later(_fix):
    "started before snmpd it waits for it, and waits again when it goes; each is logged once"
    with RunDir() as run:
        snmpd = Snmpd(run)
        daemon = Daemon(run, snmpd, uri=DEFAULT)
        daemon.start(wait=False)
        run.wait_until(lambda: said(daemon, ": connected"), 30, "libvirt", alive=daemon.child)
        # the library tries again every 5 s
        time.sleep(6)
        says_once(daemon, "no snmpd at")
        tap.equal(said(daemon, "connected to snmpd"), [], "connected to nobody")
        with snmpd:
            daemon.wait_number(1)
            says_once(daemon, "connected to snmpd")
            snmpd.kill()
            run.wait_until(lambda: said(daemon, "lost snmpd"), 30, "the loss", alive=daemon.child)
            time.sleep(6)
            says_once(daemon, "lost snmpd")
            snmpd.start()
            daemon.wait_number(1)
            tap.equal(len(said(daemon, "connected to snmpd")), 2, "connections")
            tap.equal(len(daemon.log().splitlines()) < 15, True, f"a short log\n{daemon.log()}")
        daemon.stop()


OR_ID = "1.3.6.1.2.1.1.9.1.2"
HUNG = 25        # seconds
BLOCKED_MAX = 2  # seconds that vmmibd itself may hang in the meantime
BACK_WITHIN = 15


def slowest_reload(daemon, seconds):
    """How long SIGHUP had to wait at most, of as many as that time has room for."""
    end, slowest = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        before, start = len(said(daemon, "configuration read")), time.monotonic()
        daemon.reload()
        daemon.run.wait_until(lambda n=before: len(said(daemon, "configuration read")) > n, 20,
                              "SIGHUP to be heeded", alive=daemon.child)
        slowest = max(slowest, time.monotonic() - start)
        time.sleep(0.1)
    return slowest


def test_snmpd_hangs(_fix):
    "a snmpd that hangs does not make vmmibd hang; it is served again when it goes on, or another"
    with RunDir() as run, Snmpd(run) as snmpd:
        config = f"connection - {DEFAULT}\nconnection second {DEFAULT}\n"
        with Daemon(run, snmpd, config=config, name="hangs") as daemon:
            daemon.wait_number(1)
            modules = sorted(snmpd.column(OR_ID).values())
            for back in (lambda: snmpd.child.signal(signal.SIGCONT),
                         lambda: (snmpd.kill(), snmpd.start())):
                losses = len(said(daemon, "lost snmpd"))
                snmpd.child.signal(signal.SIGSTOP)
                slowest = slowest_reload(daemon, HUNG * TIMEOUT_SCALE)
                tap.diag(f"  blocked for {slowest:.2f} s at most")
                tap.check(slowest < BLOCKED_MAX * TIMEOUT_SCALE, f"it hung for {slowest:.1f} s")
                tap.equal(len(said(daemon, "lost snmpd")), losses + 1, "losses")
                back()
                start = time.monotonic()
                daemon.wait_number(1)
                run.wait_until(lambda: snmpd.value(vmmib.VM_NUMBER, context="second") == 1, 30,
                               "the second context", ignore=SnmpTimeout)
                took = time.monotonic() - start
                tap.check(took < BACK_WITHIN * TIMEOUT_SCALE, f"it took {took:.1f} s")
                tap.equal(sorted(snmpd.column(OR_ID).values()), modules, "sysORTable")
                tap.equal(said(daemon, "refuses"), [], "refusals")
            tap.equal(len(said(daemon, "does not answer")), 2, "words about it")


def test_signals_hung(_fix):
    "SIGTERM ends it within 2 s with status 0 while snmpd hangs: just now, and for long"
    for seconds in (0, 4, 10):
        with RunDir() as run, Snmpd(run) as snmpd:
            daemon = Daemon(run, snmpd, uri=DEFAULT, name=f"hung{seconds}")
            daemon.start()
            snmpd.child.signal(signal.SIGSTOP)
            time.sleep(seconds)
            daemon.reload()
            ends(daemon, signal.SIGTERM)


def test_signals_all_hung(_fix):
    "so it does while both snmpd and libvirtd hang"
    for seconds in (0, 8, 8.5, 9):
        with RunDir() as run, Snmpd(run) as snmpd, socket.socket(socket.AF_UNIX) as silent:
            silent.bind(run.join("silent"))
            silent.listen()
            silent.settimeout(20 * TIMEOUT_SCALE)
            uri = f"test+unix:///default?socket={run.join('silent')}"
            daemon = Daemon(run, snmpd, uri=uri, name="both")
            daemon.start()
            held, _ = silent.accept()
            snmpd.child.signal(signal.SIGSTOP)
            time.sleep(seconds)
            ends(daemon, signal.SIGTERM)
            held.close()


def test_tcp(fix):
    "-x with a TCP address"
    with Snmpd(fix[0], agentx="tcp") as snmpd:
        with Daemon(fix[0], snmpd, uri=DEFAULT, name="tcp") as daemon:
            daemon.wait_number(1)


def test_second(fix):
    "a second vmmibd on the same state directory ends with status 2 and says why"
    run, snmpd = fix
    with Daemon(run, snmpd, uri=DEFAULT, name="first") as daemon:
        daemon.wait_number(1)
        before = snmpd.column(vmmib.prefix("vmUUID"))
        second = Daemon(run, snmpd, uri=DEFAULT, name="second")
        second.state_directory = daemon.state_directory
        second.start(wait=False)
        tap.equal(second.child.process.wait(20 * TIMEOUT_SCALE), 2, "exit status")
        line = says_once(second, "another vmmibd uses this state directory")
        tap.check(daemon.state_directory in line, line)
        tap.equal(snmpd.column(vmmib.prefix("vmUUID")), before, "what the first serves")


def saved_index(daemon):
    return os.path.join(daemon.state_directory, "_default", "indices")


def test_corrupt_index(fix):
    "an index file that is rubbish is set aside and logged, and VMs are served all the same"
    run, snmpd = fix
    for number, rubbish in enumerate((b"\0" * 4096, b"", b"vmmibd vm-index 1\nvm x\n" * 1000)):
        daemon = Daemon(run, snmpd, uri=DEFAULT, name=f"corrupt{number}")
        path = saved_index(daemon)
        os.makedirs(os.path.dirname(path))
        with open(path, "wb") as out:
            out.write(rubbish)
        with daemon:
            daemon.wait_number(1)
            says_once(daemon, "corrupt-1")
            with open(path + ".corrupt-1", "rb") as aside:
                tap.equal(aside.read(), rubbish, "what was set aside")
            daemon.restart()
            daemon.wait_number(1)
            says_once(daemon, "corrupt-1")


def test_no_state_directory(fix):
    "where no state can be kept VMs are served all the same, and each complaint comes once"
    run, snmpd = fix
    # below a file there is no room, not even for root
    file = run.write("in-the-way", "")
    config = f"connection - {DEFAULT}\nrefreshInterval 1\nstateDirectory {file}/state\n"
    daemon = Daemon(run, snmpd, config=config, name="nowhere")
    daemon.state_directory = f"{file}/state"
    with daemon:
        daemon.wait_number(1)
        first = snmpd.value(vmmib.instance("vmCpuTime", 1))
        run.wait_until(lambda: snmpd.value(vmmib.instance("vmCpuTime", 1)) > first + 3 * 10**6, 30,
                       "four refreshes")
        complaints = said(daemon, file)
        tap.check(complaints, f"no complaint in\n{daemon.log()}")
        tap.equal(len(complaints), len(set(complaints)), f"different complaints of\n{complaints}")
        says_once(daemon, "cannot save indices")


def names(snmpd, **how):
    return sorted(name.decode() for name in snmpd.column(vmmib.prefix("vmName"), **how).values())


def test_contexts(fix):
    "two connections are two SNMP contexts, each with its own indices"
    run, snmpd = fix
    path = run.write("two.xml", testdriver.node(map(testdriver.plain, ("one", "two"))))
    config = f"connection - {DEFAULT}\nconnection second {testdriver.uri(path)}\n"
    with Daemon(run, snmpd, config=config, name="contexts") as daemon:
        daemon.wait_number(1)
        run.wait_until(lambda: snmpd.value(vmmib.VM_NUMBER, context="second") == 2, 30,
                       "the second connection", ignore=SnmpTimeout)
        tap.equal(names(snmpd), ["test"], "default context")
        tap.equal(names(snmpd, context=""), ["test"], "default context by SNMPv3")
        tap.equal(names(snmpd, context="second"), ["one", "two"], "second context")
        cells = vmmib.cells(snmpd, context="second")
        tap.equal(sorted(index for name, index in cells if name == "vmUUID"), [(1,), (2,)])
        tap.equal(said(daemon, "refuses"), [], "refused by snmpd")


def test_filters(fix):
    "domains include and exclude decide which VMs are served, the last that matches wins"
    run, snmpd = fix
    all_names = ["db1", "db2", "test-db", "web1", "web[1]"]
    path = run.write("filters.xml", testdriver.node(map(testdriver.plain, all_names)))
    start = f"connection - {testdriver.uri(path)}\n"
    for number, (lines, wanted) in enumerate((
            ("domains exclude web*\n", ["db1", "db2", "test-db"]),
            ("domains include db?\n", ["db1", "db2"]),
            ("domains include *db*\ndomains exclude *2\n", ["db1", "test-db"]),
            ("domains exclude *\ndomains include web\\[*\n", ["web[1]"]),
            ("domains exclude *\n", []))):
        with Daemon(run, snmpd, config=start + lines, name=f"filters{number}") as daemon:
            run.wait_until(lambda: snmpd.value(vmmib.instance("vmHvSoftware")), 30, "libvirt")
            daemon.wait_number(len(wanted))
            tap.equal(names(snmpd), wanted, f"names with {lines!r}")


if __name__ == "__main__":
    tap.main([test_unknown_driver, test_no_libvirtd, test_bad_file, test_silent_libvirtd,
              test_signals, test_snmpd_later, test_snmpd_hangs, test_signals_hung,
              test_signals_all_hung, test_tcp, test_second, test_corrupt_index,
              test_no_state_directory, test_contexts, test_filters], fixture)
