#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Compares what `vmmibd --once` prints with what a daemon serves, cell by cell."""

import contextlib
import os
import re
import struct
import subprocess

import tap
import testdriver
import virtmib
import vmmib
from daemon import Daemon, program
from rundir import TIMEOUT_SCALE, RunDir
from snmp import Snmpd
from varbinds import dotted

DEFAULT = "test:///default"
FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data",
                    "test-hypervisor.xml")
N_DOMAINS = 25

LABELS = {  # of RFC 7666
    "vmAdminState": " running suspended paused shutdown",
    "vmOperState": " unknown other preparing running suspending suspended resuming paused "
                   "migrating shuttingdown shutdown crashed",
    "vmAutoStart": " unknown enabled disabled",
    "vmPersistent": " unknown persistent transient",
    "vmCpuAffinity": "unknown enable disable",
    "vmStorageSourceType": " unknown other block raw sparse network",
    "vmStorageAccess": " unknown readwrite readonly",
    "vmStorageMediaType": " other unknown hardDisk opticalDisk floppyDisk",
    "vmPerVMNotificationsEnabled": " true false",
    "vmBulkNotificationsEnabled": " true false",
}

# --once takes one sample, so it has no rates, and its own numbers are others than the daemon's
NOT_ALIKE = re.compile(r"virt(\w+(Rate|Latency)|\w+CpuUtilization(All)?|VcpuUtilization|VcpuHostCpu|"
                       r"Refresh\w+|Calls\w+|ConnStateTime|\w+Age)")
GAUGES = ("Gauge32", "Counter32")


@contextlib.contextmanager
def fixture():
    with RunDir() as run, Snmpd(run) as snmpd:
        yield run, snmpd


def once(run, *words):
    home = run.mkdir("home")
    env = {**os.environ, "SNMPCONFPATH": home, "SNMP_PERSISTENT_DIR": home, "HOME": home}
    return subprocess.run([program(), "--once", *words], env=env, stdin=subprocess.DEVNULL,
                          capture_output=True, encoding="utf-8", timeout=60 * TIMEOUT_SCALE,
                          check=False)


# What is printed: scalars and wide tables as "name.index  text"; other tables as name, heading, rows.

def parse_table(block):
    heading, *rows = block.splitlines()[1:]
    starts = [match.start() for match in re.finditer(r"\S+", heading)]
    spans = list(zip(starts, starts[1:] + [None]))
    names = [heading[start:end].strip() for start, end in spans]
    tap.equal(names[0], "index", "first column")
    cells = {}
    for row in rows:
        # two columns must not run into each other
        tap.check(all(row[start - 2:start] == "  " for start in starts[1:]), f"askew: {row!r}")
        index, *texts = (row[start:end].strip() for start, end in spans)
        cells.update({(name, tuple(map(int, index.split(".")))): text
                      for name, text in zip(names[1:], texts)})
    return cells


def parse(text):
    """{(object's name, index): text}"""
    cells = {}
    for block in filter(None, text.split("\n\n")):
        if re.fullmatch(r"\w+", block.splitlines()[0]):
            cells.update(parse_table(block))
        else:
            for line in block.splitlines():
                instance, _, shown = line.partition("  ")
                name, _, index = instance.partition(".")
                cells[name, tuple(map(int, index.split(".")))] = shown
    return cells


def libvirt_label(name, value):
    if name not in virtmib.BY_NAME:
        return None
    if virtmib.BY_NAME[name].syntax == "TruthValue":
        return {1: "true", 2: "false"}[value]
    return virtmib.label(name, value)


def served(snmpd):
    both = {**vmmib.cells(snmpd), **virtmib.cells(snmpd)}
    return {key: vb for key, vb in both.items() if not NOT_ALIKE.fullmatch(key[0])}


def shown(name, vb):
    """What a served value looks like when it is printed."""
    if vb.type == vmmib.OID:
        return dotted(vb.value)[1:]
    if vb.type == vmmib.INTEGER:
        if name in LABELS:
            return f"{LABELS[name].split(' ')[vb.value]}({vb.value})"
        label = libvirt_label(name, vb.value)
        return f"{label}({vb.value})" if label else str(vb.value)
    if vb.type in GAUGES:
        return str(vb.value)
    if name in virtmib.BY_NAME and virtmib.BY_NAME[name].syntax == "DateAndTime":
        year, *rest = struct.unpack(">H5B", vb.value[:7])
        return "{:04}-{:02}-{:02} {:02}:{:02}:{:02} UTC".format(year, *rest)
    if name == "vmUUID":
        return vmmib.uuid_text(vb.value)
    if name == "vmNetworkPhysAddress":
        return vb.value.hex(":")
    return vb.value.decode("utf-8")


def compare(printed, before, after):
    printed = {key: text for key, text in printed.items() if not NOT_ALIKE.fullmatch(key[0])}
    empty = sorted(key for key, text in printed.items() if text == "-" and key in before)
    tap.equal(empty, [], "cells without a value that are served")
    texts = {key: text for key, text in printed.items() if text != "-"}
    tap.equal(sorted(texts.keys() ^ before.keys())[:9], [], "cells that only one of them has")
    wrong = []
    for key, vb in before.items():
        if vb.type == vmmib.COUNTER64:
            good = vb.value <= int(texts[key]) <= after[key].value
        elif vb.type == vmmib.TICKS:
            good = re.fullmatch(r"\d+\.\d\ds", texts[key])
        else:
            good = texts[key] == shown(key[0], vb)
        if not good:
            wrong.append(f"{key}: printed {texts[key]!r}, served {vb.value!r}")
    tap.check(not wrong, f"{len(wrong)} cells differ\n" + "\n".join(wrong[:20]))


def state_of(directory):
    """Everything that a program could change about the files in there."""
    found = {}
    for parent, _, files in os.walk(directory):
        for path in [parent] + [os.path.join(parent, file) for file in files]:
            about = os.stat(path)
            text = None
            if os.path.isfile(path):
                with open(path, "rb") as file:
                    text = file.read()
            found[path] = (about.st_ino, about.st_mtime_ns, about.st_mode, text)
    return found


def compare_with_walk(fix, uri, name, n_domains):
    run, snmpd = fix
    config = f"connection - {uri}\nrefreshInterval 1\n"
    with Daemon(run, snmpd, config=config, name=name) as daemon:
        daemon.wait_number(n_domains)
        before = served(snmpd)
        state = state_of(daemon.state_directory)
        tap.check(any("indices" in path for path in state), f"no indices in {state.keys()}")
        done = once(run, "-u", uri, "-S", daemon.state_directory)
        tap.equal(done.returncode, 0, f"status: {done.stderr}")
        tap.equal(state_of(daemon.state_directory), state, "state directory")
        printed = parse(done.stdout)
        latest = max(int(text) for (what, _), text in printed.items()
                     if what == "vmCpuTime" and text != "-")
        timed = [instance for instance in before if instance[0] == "vmCpuTime"]
        run.wait_until(lambda: snmpd.value(vmmib.instance(timed[0][0], *timed[0][1])) > latest,
                       30, "the next refresh")
        compare(printed, before, served(snmpd))


def test_default(fix):
    "--once prints what is served of test:///default, with the same indices"
    compare_with_walk(fix, DEFAULT, "default", 1)


def test_file(fix):
    "--once prints what is served of every kind of domain, with the same indices"
    compare_with_walk(fix, testdriver.uri(FILE), "file", N_DOMAINS)


def test_alone(fix):
    "--once needs neither snmpd nor a state directory, and makes none"
    run, _ = fix
    nowhere = run.join("nowhere")
    done = once(run, "-u", DEFAULT, "-S", nowhere, "-x", f"unix:{run.join('nobody')}")
    tap.equal(done.returncode, 0, f"status: {done.stderr}")
    tap.check(not os.path.exists(nowhere), "it made the state directory")
    tap.equal(parse(done.stdout)["vmName", (1,)], "test", "vmName.1")


def test_quiet(fix):
    "--once that succeeds leaves standard error alone"
    run, _ = fix
    tap.equal(once(run, "-u", DEFAULT, "-S", run.join("nowhere")).stderr, "", "standard error")


def test_cannot_connect(fix):
    "--once of a URI that cannot be opened ends with status 2 and says which and why"
    run, _ = fix
    socket = run.join("no-socket")
    for uri, words in ((f"test+unix:///default?socket={socket}", "No such file"),
                       (f"test://{run.join('missing.xml')}", "missing.xml")):
        done = once(run, "-u", uri, "-S", run.join("nowhere"))
        tap.equal((done.returncode, done.stdout), (2, ""), f"status and output for {uri}")
        tap.check(uri in done.stderr and words in done.stderr, done.stderr)


def test_some_connect(fix):
    "--once prints the connections that work, each under its context, and ends with status 2"
    run, _ = fix
    path = run.write("one.xml", testdriver.node([testdriver.plain("works")]))
    conf = run.write("some.conf", f"connection - {DEFAULT}\nconnection gone nosuchdriver:///x\n"
                                  f"connection other {testdriver.uri(path)}\n")
    done = once(run, "-c", conf, "-S", run.join("nowhere"))
    tap.equal(done.returncode, 2, f"status: {done.stderr}")
    contexts = re.split(r"^context (\S+)\n\n", done.stdout, flags=re.MULTILINE)[1:]
    tap.equal(contexts[::2], ["-", "other"], "contexts")
    tap.equal([parse(text)["vmName", (1,)] for text in contexts[1::2]], ["test", "works"])
    tap.check("nosuchdriver:///x" in done.stderr, done.stderr)


if __name__ == "__main__":
    tap.main([test_default, test_file, test_alone, test_quiet, test_cannot_connect,
              test_some_connect], fixture)
