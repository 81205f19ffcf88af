#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Calls to libvirtd per refresh, with few and with many domains.

Counted by libvirt's own log: each line with RPC_CLIENT_MSG_TX_QUEUE is one call.  The test driver
inside libvirtd has no bulk statistics, so it shows the calls of drivers without them; QEMU's, over
domains that are defined and not running, shows those of drivers with them.
"""

import contextlib
import time

import figures
import namespaces
from daemon import Daemon
from hypervisor import Hypervisor
from snmp import Snmpd

INTERVALS = 10


def count(path):
    with open(path, errors="replace") as log:
        return sum("RPC_CLIENT_MSG_TX_QUEUE" in line for line in log)


def measure(run, snmpd, hv, base, n, name):
    log = run.join(f"rpc-{name}.log")
    env = {"LIBVIRT_LOG_FILTERS": "1:rpc.netclient", "LIBVIRT_LOG_OUTPUTS": f"1:file:{log}"}
    config = f"connection - {hv.uri(base)}\nrefreshInterval 1\n"
    with Daemon(run, snmpd, config=config, env=env, name=name) as daemon:
        daemon.wait_number(n)
        before, begin = count(log), time.monotonic()
        time.sleep(INTERVALS)
        calls, seconds = count(log) - before, time.monotonic() - begin
    print(f"  {base.split('+')[0]:5} {n:5,} domains: {calls / seconds:8.1f} calls per refresh")


def define(hv, base, kind, first, last):
    connection = hv.connect(base)
    for n in range(first, last):
        xml = figures.domain_xml(n).replace("type='test'", f"type='{kind}'")
        connection.defineXML(xml.replace("<type>hvm", "<type arch='x86_64'>hvm"))
    return connection


def main():
    with contextlib.ExitStack() as stack:
        run = stack.enter_context(namespaces.enter_namespaces())
        snmpd = stack.enter_context(Snmpd(run))
        hv = stack.enter_context(Hypervisor(run))
        print("libvirt calls, keepalives and connecting not counted")
        for n, before in (10, 0), (200, 10):
            define(hv, "qemu+unix:///system", "qemu", before, n)
            measure(run, snmpd, hv, "qemu+unix:///system", n, f"qemu{n}")
        for n, before in (10, 1), (200, 10):  # it begins with a domain of its own
            connection = define(hv, "test+unix:///default", "test", before, n)
            measure(run, snmpd, hv, "test+unix:///default", n, f"test{n}")
            connection.close()


main()
