#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""How vmmibd finds a hypervisor, and what it does with one that does not answer."""

import contextlib
import os
import socket
import time

import namespaces
import tap
import virtmib
import vmmib
from daemon import Daemon
from hypervisor import Hypervisor
from snmp import Snmpd

LIMIT = 3
IMPATIENT = f"callTimeout 1\nmaxHungCalls {LIMIT}\nrefreshInterval 1\n"
DOMAIN = """<domain type='qemu'><name>found</name><memory>65536</memory><vcpu>1</vcpu>
<os><type arch='x86_64'>hvm</type></os></domain>"""


class Fix:
    def __init__(self, run, snmpd, hv):
        self.run, self.snmpd, self.hv = run, snmpd, hv
        self.daemons = 0

    def daemon(self, config, **env):
        self.daemons += 1
        return Daemon(self.run, self.snmpd, config=config, env=env, name=f"vmmibd{self.daemons}")


@contextlib.contextmanager
def fixture():
    with namespaces.enter_namespaces() as run, Snmpd(run) as snmpd, Hypervisor(run) as hv:
        hv.connect().defineXML(DOMAIN)
        yield Fix(run, snmpd, hv)


def threads(daemon):
    return len(os.listdir(f"/proc/{daemon.child.pid}/task"))


def said(daemon, words):
    return [line for line in daemon.log().splitlines() if words in line]


def test_usual(fix):
    "without connection and -u, where libvirt's default fails, a usual system URI is found"
    with fix.daemon("", LIBVIRT_DEFAULT_URI="test:///no/such/file.xml") as daemon:
        daemon.wait_number(1)
        tap.equal(fix.snmpd.value(vmmib.instance("vmName", 1)), b"found", "vmName")
        uri = fix.snmpd.value(virtmib.instance("virtHostUri"))
        tap.equal(uri, b"qemu:///system", "virtHostUri")


def test_default(fix):
    "where libvirt has a default, that one is served"
    with fix.daemon("", LIBVIRT_DEFAULT_URI="test:///default") as daemon:
        daemon.wait_number(1)
        tap.equal(fix.snmpd.value(vmmib.instance("vmName", 1)), b"test", "vmName")


def test_none(fix):
    "where none answers, that is said of the default"
    fix.hv.pause()
    try:
        with fix.daemon(IMPATIENT, LIBVIRT_DEFAULT_URI="test:///no/such/file.xml") as daemon:
            fix.run.wait_until(lambda: said(daemon, "cannot connect"), 20, "the complaint")
            tap.check("libvirt's default" in said(daemon, "cannot connect")[0], daemon.log())
    finally:
        fix.hv.resume()


def test_hung(fix):
    "a libvirtd that hangs while vmmibd connects is served at once when it goes on"
    fix.hv.pause()
    try:
        with fix.daemon(f"connection - {fix.hv.uri()}\n" + IMPATIENT) as daemon:
            fix.run.wait_until(lambda: said(daemon, "no answer for 1 s"), 20, "the complaint")
            tap.equal(fix.snmpd.value(virtmib.instance("virtConnState")), 3, "down")
            fix.hv.resume()
            daemon.wait_number(1, timeout=10)
    finally:
        fix.hv.resume()


def test_silent(fix):
    "a socket that never answers: attempts stay bounded, and one that ends makes room for another"
    path = fix.run.join("silent")
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(path)
        silent.listen(32)
        silent.settimeout(30)
        config = f"connection - qemu+unix:///system?socket={path}\n" + IMPATIENT
        with fix.daemon(config) as daemon:
            taken = [silent.accept()[0] for _ in range(LIMIT)]
            first = threads(daemon)
            silent.settimeout(6)
            with contextlib.suppress(TimeoutError):
                taken.append(silent.accept()[0])
            tap.equal(len(taken), LIMIT, "attempts that hang")
            tap.check(threads(daemon) <= first, f"{threads(daemon)} threads, {first} before")
            tap.equal(fix.snmpd.value(virtmib.instance("virtCallsHung")), LIMIT,
                      "virtCallsHung")
            taken.pop().close()
            silent.settimeout(30)
            taken.append(silent.accept()[0])
            tap.check(len(said(daemon, "cannot connect")) <= 3, daemon.log())
            start = time.monotonic()
            daemon.stop()
            tap.check(time.monotonic() - start < 10, "SIGTERM")
            for one in taken:
                one.close()


if __name__ == "__main__":
    tap.main([test_usual, test_default, test_none, test_hung, test_silent], fixture)
