#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""packaging/vmmibd.service: that systemd takes it, and that vmmibd can work under it."""

import contextlib
import os
import re
import shlex
import shutil
import subprocess

import tap
import vmmib
from daemon import Daemon, program
from rundir import RunDir
from snmp import Snmpd

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.environ.get("srcdir_top", os.path.join(HERE, "..", ".."))
BUILD = os.environ.get("builddir_top", TOP)
OTHER = 65533  # neither root nor anybody


def read(path):
    with open(path, encoding="utf-8") as unit:
        return unit.read()


def value(unit, name):
    return re.search(rf"^{name}=(.*)$", unit, re.MULTILINE).group(1)


@contextlib.contextmanager
def fixture():
    with RunDir() as run:
        built = os.path.join(BUILD, "packaging/vmmibd.service")
        tap.check(os.path.exists(built), f"{built} has not been made")
        yield run, read(built)


def test_command(fix):
    "the unit starts an absolute path in the foreground, and no word is left to be replaced"
    _, unit = fix
    words = shlex.split(value(unit, "ExecStart"))
    tap.check(words[0].startswith("/") and words[0].endswith("/vmmibd"), words[0])
    tap.check("-f" in words, "not in the foreground")
    tap.equal(re.findall(r"@\w+@", unit), [], "placeholders")


def test_verify(fix):
    "systemd-analyze verify has nothing to say of it"
    run, unit = fix
    if not shutil.which("systemd-analyze"):
        raise tap.Skip("no systemd-analyze: install systemd")
    path = run.write("vmmibd.service", re.sub(r"(?<=^ExecStart=)\S+", program(), unit,
                                              flags=re.MULTILINE))
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", path], text=True, check=False,
                          capture_output=True, env={**os.environ, "SYSTEMD_LOG_TARGET": "console"})
    # what other units of this machine are like is not ours
    said = [line for line in (done.stdout + done.stderr).splitlines() if "vmmibd" in line]
    if done.returncode and not said:
        raise tap.Skip(f"systemd-analyze cannot work here: {(done.stderr or '-').splitlines()[-1]}")
    tap.equal((done.returncode, said), (0, []), "what it says")


def test_capabilities(fix):
    "root with the capabilities that the unit leaves opens an AgentX socket of another user"
    run, unit = fix
    if os.geteuid() != 0:
        raise tap.Skip("only root has capabilities to give up")
    kept = [name.partition("_")[2].lower() for name in value(unit, "CapabilityBoundingSet").split()]
    bound = ",".join(["-all"] + [f"+{name}" for name in kept])
    with Snmpd(run) as snmpd:
        socket = snmpd.agentx.partition(":")[2]
        os.chown(socket, OTHER, OTHER)
        os.chmod(socket, 0o600)
        before = os.environ.get("VMMIBD_WRAPPER", "")
        os.environ["VMMIBD_WRAPPER"] = f"setpriv --no-new-privs --bounding-set={bound} {before}"
        try:
            with Daemon(run, snmpd, uri="test:///default"):
                tap.equal(snmpd.column(vmmib.prefix("vmName")), {(1,): b"test"}, "vmName")
        finally:
            os.environ["VMMIBD_WRAPPER"] = before


def allowed_calls():
    """{name of a group or of a call: calls}, as systemd-analyze tells them."""
    done = subprocess.run(["systemd-analyze", "syscall-filter"], capture_output=True, text=True,
                          check=False)
    groups, name = {}, None
    for line in re.sub(r"\x1b\[[0-9;]*m", "", done.stdout).splitlines():
        if line.startswith("@"):
            name = line.strip()
            groups[name] = []
        elif name and re.match(r"    [@\w]", line):
            groups[name].append(line.strip())

    def members(one):
        return {call for part in groups[one] for call in members(part)} if one in groups else {one}
    return {name: members(name) for name in groups}


def test_system_calls(fix):
    "the system calls and address families that vmmibd uses are those that the unit allows"
    run, unit = fix
    for name in "strace", "systemd-analyze":
        if not shutil.which(name):
            raise tap.Skip(f"no {name}")
    groups = allowed_calls()
    wanted = value(unit, "SystemCallFilter").split()
    if not all(one in groups for one in wanted):
        raise tap.Skip("systemd-analyze tells no system calls")
    allowed = {call for one in wanted for call in groups[one]}
    trace = run.join("trace")
    before = os.environ.get("VMMIBD_WRAPPER", "")
    # -D: signals reach vmmibd itself
    os.environ["VMMIBD_WRAPPER"] = f"strace -D -f -q -o {trace} {before}"
    try:
        with Snmpd(run) as snmpd, \
                Daemon(run, snmpd, uri="test:///default", name="traced") as daemon:
            pid = daemon.child.pid
            daemon.reload()
            run.wait_until(lambda: "read again" in daemon.log(), 20, "the reload")
        run.wait_until(lambda: re.search(rf"^{pid} +\+\+\+ exited", read(trace), re.MULTILINE), 20,
                       "the end of the trace")
    except AssertionError as error:
        if "ptrace" in str(error):
            raise tap.Skip("strace may not trace here") from error
        raise
    finally:
        os.environ["VMMIBD_WRAPPER"] = before
    text = read(trace)
    used = set(re.findall(r"^\d+ +(\w+)\(", text, re.MULTILINE))
    tap.check(len(used) > 30, f"{len(used)} system calls")
    tap.equal(sorted(used - allowed), [], "calls that are not allowed")
    families = set(re.findall(r"^\d+ +socket\((\w+)", text, re.MULTILINE))
    tap.check(families <= set(value(unit, "RestrictAddressFamilies").split()), f"{families}")


if __name__ == "__main__":
    tap.main([test_command, test_verify, test_capabilities, test_system_calls], fixture)
