#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Gives vmmibd command lines, files, requests and domain names that it must refuse or tame."""

import contextlib
import os
import re
import stat
import subprocess

import tap
import testdriver
import vmmib
from daemon import Daemon, program
from rundir import TIMEOUT_SCALE, RunDir
from snmp import Snmpd, SnmpError

DEFAULT = "test:///default"
NOBODY = 65534
WRITABLE = ("vmPerVMNotificationsEnabled", "vmBulkNotificationsEnabled")


class Fixture:
    def __init__(self, run):
        self.run = run
        self.home = run.mkdir("home")
        self.env = {**os.environ, "SNMPCONFPATH": self.home, "SNMP_PERSISTENT_DIR": self.home,
                    "HOME": self.home}

    def vmmibd(self, *words, env=None, **how):
        """Runs it to its end: CompletedProcess."""
        return subprocess.run([program(), *words], env={**self.env, **(env or {})},
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              errors="replace", timeout=20 * TIMEOUT_SCALE, check=False, **how)

    def check_config(self, text):
        path = self.run.write("check.conf", text)
        return self.vmmibd("--check-config", "-c", path), path


@contextlib.contextmanager
def fixture():
    with RunDir() as run:
        yield Fixture(run)


# Command line

def test_usage(fix):
    "a bad command line is refused with status 1, a reason, and nothing on standard output"
    for words, reason in (
            (["-Z"], "invalid option -- 'Z'"), (["--bogus"], "unrecognized option '--bogus'"),
            (["stray"], "unexpected argument 'stray'"), (["-u"], "requires an argument -- 'u'"),
            (["-c"], "requires an argument -- 'c'"), (["-L", "q"], "bad -L option"),
            (["-u", DEFAULT, "-u", DEFAULT], "-u is given twice"),
            (["-S", "relative"], "'relative' is not an absolute path"),
            (["--once=3"], "doesn't allow an argument")):
        done = fix.vmmibd(*words)
        tap.equal((done.returncode, done.stdout), (1, ""), f"status and output of {words}")
        tap.check(reason in done.stderr, f"{words}: {done.stderr}")
        tap.check("Try 'vmmibd --help'" in done.stderr, f"{words}: no hint in {done.stderr}")


def test_help(fix):
    "-V and -h answer on standard output and exit 0, and -h has every option and token"
    for word in ("-V", "--version"):
        done = fix.vmmibd(word)
        tap.equal((done.returncode, done.stderr), (0, ""), word)
        tap.check(re.fullmatch(r"vmmibd \d+\.\d+\S*\n", done.stdout), f"{word}: {done.stdout}")
    for word in ("-h", "--help"):
        done = fix.vmmibd(word)
        tap.equal((done.returncode, done.stderr), (0, ""), word)
        for piece in ("-f", "-c", "-u", "-x", "-S", "-D", "-L", "--once", "--check-config",
                      "connection", "access", "refreshInterval", "staleAfter", "domains"):
            tap.check(piece in done.stdout, f"{word}: no {piece}")


# Configuration

BAD_LINES = (  # text, line, words of the message
    ("\n# a comment\nbogus 3\n", 3, "bogus"),
    ("connection - test:///default\nrefreshInterval ten\n", 2, "'ten' is not a number of seconds"),
    ("refreshInterval 0\n", 1, "'0' is not a number of seconds from 1"),
    ("refreshInterval -5\n", 1, "'-5' is not a number"),
    ("refreshInterval 5s\n", 1, "'5s' is not a number"),
    ("\n\nrefreshInterval 5 6\n", 3, "refreshInterval takes SECONDS"),
    ("refreshInterval\n", 1, "refreshInterval"),
    ("staleAfter 99999999999999999999\n", 1, "is not a number of seconds"),
    ("access maybe\n", 1, "'maybe' is neither read-only nor read-write"),
    ("connection -\n", 1, "connection takes NAME URI"),
    ('connection - ""\n', 1, "connection '-' has an empty URI"),
    ("connection a/b test:///default\n", 1, "connection name 'a/b'"),
    ("connection .. test:///default\n", 1, "connection name '..'"),
    (f"connection {'n' * 33} test:///default\n", 1, "connection name 'nnn"),
    ("connection - test:///default\nconnection - test:///default\n", 2, "given twice"),
    ("domains maybe x\n", 1, "'maybe' is neither include nor exclude"),
    ("notifications some\n", 1, "'some' is none of per-vm, bulk, both and off"),
    ("notificationBurst 10\n", 1, "'10' is not N/SECONDS"),
    ("notificationBurst 10/0\n", 1, "'10/0' is not N/SECONDS"),
    ("notificationBurst -1/10\n", 1, "'-1/10' is not N/SECONDS"),
    ("notificationBurst 10/10s\n", 1, "'10/10s' is not N/SECONDS"),
    ("notificationBurst /10\n", 1, "'/10' is not N/SECONDS"),
    ("notificationBurst 99999999999999999999/1\n", 1, "is not N/SECONDS"),
    ("stateDirectory here\n", 1, "'here' is not an absolute path"),
)


def test_bad_lines(fix):
    "each kind of bad line is refused with status 1 and FILE:LINE: message"
    for text, line, words in BAD_LINES:
        done, path = fix.check_config(text)
        tap.equal(done.returncode, 1, f"status for {text!r}")
        complaints = [said for said in done.stderr.splitlines()
                      if said.startswith(f"{path}:{line}: ") and words in said]
        tap.check(complaints, f"{text!r}: no {path}:{line}: ...{words} in\n{done.stderr}")
        if "stateDirectory" in text:
            continue
        # the same when it is to serve: it does not begin
        done = fix.vmmibd("-f", "-Le", "-c", path, "-S", fix.run.join("unused"))
        tap.equal(done.returncode, 1, f"status of serving with {text!r}")
    tap.check(not os.path.exists(fix.run.join("unused")), "a state directory was made")


def test_all_lines(fix):
    "all bad lines of a file are reported, each once"
    done, path = fix.check_config("access maybe\nrefreshInterval x\n\nbogus 1\nrefreshInterval 5\n")
    found = re.findall(rf"^{re.escape(path)}:(\d+): ", done.stderr, re.MULTILINE)
    tap.equal((done.returncode, found), (1, ["1", "2", "4"]), done.stderr)


def test_contradiction(fix):
    "values that contradict each other are refused, naming the file"
    done, path = fix.check_config("refreshInterval 100\nstaleAfter 10\n")
    tap.equal(done.returncode, 1, "status")
    tap.check(re.search(rf"^{re.escape(path)}:\d+: staleAfter", done.stderr, re.M), done.stderr)


def test_good(fix):
    "a good file passes --check-config with status 0 and without a word"
    done, _ = fix.check_config("connection - test:///default\nconnection b.c test:///default\n"
                               "access read-only\nrefreshInterval 7\nstaleAfter 70\n"
                               f"domains exclude x*\nstateDirectory {fix.run.join('unused')}\n")
    tap.equal((done.returncode, done.stdout), (0, ""), done.stderr)
    tap.check(not os.path.exists(fix.run.join("unused")), "a state directory was made")
    tap.equal(done.stderr, "", "standard error")


def test_missing_file(fix):
    "a configuration file that is not there, or is a directory, is refused with its name"
    for path, words in ((fix.run.join("missing.conf"), "No such file"),
                        (fix.home, "directory")):
        done = fix.vmmibd("--check-config", "-c", path)
        tap.equal(done.returncode, 1, f"status for {path}: {done.stderr}")
        tap.check(re.search(rf"^{re.escape(path)}:\d+: .*{words}", done.stderr, re.M), done.stderr)


def test_search_path(fix):
    "a file that is found in Net-SNMP's search path counts like one given by -c"
    path = fix.run.write("found/vmmibd.conf", "access read-only\nbogus 1\n")
    done = fix.vmmibd("--check-config", env={"SNMPCONFPATH": os.path.dirname(path)})
    tap.equal(done.returncode, 1, f"status: {done.stderr}")
    tap.check(f"{path}:2: " in done.stderr, done.stderr)


def test_unreadable_file(fix):
    "a configuration file that may not be read is refused, given by -c or found on the way"
    path = fix.run.write("closed/vmmibd.conf", "refreshInterval 5\n")
    how = {}
    if os.geteuid() == 0:
        # nothing is closed to root
        os.chmod(fix.run.path, 0o711)
        how = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        if not all(os.stat(parent).st_mode & stat.S_IXOTH for parent in parents(program())):
            raise tap.Skip(f"an ordinary user cannot reach {program()}")
    os.chmod(path, 0)
    env = {"SNMPCONFPATH": os.path.dirname(path)}
    for words in (["--check-config", "-c", path], ["--check-config"]):
        done = fix.vmmibd(*words, env=env, **how)
        tap.equal(done.returncode, 1, f"status of {words}: {done.stderr}")
        tap.check(re.search(rf"^{re.escape(path)}:\d+: .*Permission denied", done.stderr, re.M),
                  f"{words}: {done.stderr}")


def parents(path):
    while path != "/":
        path = os.path.dirname(path)
        yield path


# Requests

LETTERS = {vmmib.INTEGER: ("i", 1), vmmib.STRING: ("s", "other"), vmmib.OID: ("o", "1.3.6"),
           vmmib.TICKS: ("t", 5), vmmib.COUNTER64: ("x", "00")}


def test_set(fix):
    "SET is refused with notWritable by every read-only object, there or not, and changes nothing"
    with Snmpd(fix.run) as snmpd, Daemon(fix.run, snmpd, uri=DEFAULT) as daemon:
        daemon.wait_number(1)
        before = vmmib.cells(snmpd)
        first = {}
        for name, index in before:
            first.setdefault(name, index)
        for what in vmmib.ALL:
            if what.name in WRITABLE:
                continue
            for index in (first.get(what.name, (1,)), (99,)):
                try:
                    snmpd.set(what.prefix + index, *LETTERS[what.type])
                except SnmpError as error:
                    tap.equal(error.reason, "notWritable", f"SET of {what.name}.{index}")
                else:
                    raise AssertionError(f"{what.name}.{index} could be set")
        after = vmmib.cells(snmpd)
        tap.equal({key: vb for key, vb in after.items() if vb.type not in vmmib.VARYING},
                  {key: vb for key, vb in before.items() if vb.type not in vmmib.VARYING})


# Names

HOSTILE = (  # as XML; what is to be served
    ("n" * 4096, b"n" * 255),
    ("\u00e9" * 2048, "\u00e9".encode() * 127),
    ("a" + "\u20ac" * 85, b"a" + "\u20ac".encode() * 84),
    ("b" * 252 + "\U0001f427", b"b" * 252),
    ("c" * 251 + "\U0001f427d", b"c" * 251 + "\U0001f427".encode()),
    ("tab&#9;end", b"tab end"),
    ("return&#13;end", b"return end"),
    ("delete\x7fend", b"delete end"),
    ("next\u0085line", b"next line"),
    ("csi\u009b31mred", b"csi 31mred"),
    ("%n%s%1000000d", b"%n%s%1000000d"),
    ("\u202ertl \ufeff\ufffd", "\u202ertl \ufeff\ufffd".encode()),
)


def test_names(fix):
    "long names are cut between characters at 255 octets, control characters become spaces"
    domains = [testdriver.plain(xml) for xml, _ in HOSTILE]
    path = fix.run.write("names.xml", testdriver.node(domains))
    uri = testdriver.uri(path)
    with Snmpd(fix.run) as snmpd, Daemon(fix.run, snmpd, uri=uri, name="names") as daemon:
        daemon.wait_number(len(HOSTILE))
        served = snmpd.column(vmmib.prefix("vmName"))
        tap.equal(sorted(served.values()), sorted(wanted for _, wanted in HOSTILE))


if __name__ == "__main__":
    tap.main([test_usage, test_help, test_bad_lines, test_all_lines, test_contradiction, test_good,
              test_missing_file, test_search_path, test_unreadable_file, test_set, test_names],
             fixture)
