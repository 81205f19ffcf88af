#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Memory of vmmibd per domain: resident size with 10, 1,000 and 3,000 running domains.

The domains live in libvirtd's shared test hypervisor: the test driver inside the process would keep
them in the memory that is measured.
"""

import contextlib

import figures
import namespaces
from daemon import Daemon
from hypervisor import Hypervisor
from snmp import Snmpd

BASE = "test+unix:///default"


def resident_kib(pid):
    with open(f"/proc/{pid}/status") as status:
        for line in status:
            if line.startswith("VmRSS"):
                return int(line.split()[1])
    raise RuntimeError("no VmRSS")


def measure(run, snmpd, hv, n):
    config = f"connection - {hv.uri(BASE)}\nrefreshInterval 2\n"
    with Daemon(run, snmpd, config=config, name=f"vmmibd{n}") as daemon:
        daemon.wait_number(n, timeout=120)
        varbinds = len(snmpd.bulkwalk("1.3.6.1.2.1.236"))  # some refreshes go by
        return resident_kib(daemon.child.pid), varbinds


def main():
    with contextlib.ExitStack() as stack:
        run = stack.enter_context(namespaces.enter_namespaces())
        snmpd = stack.enter_context(Snmpd(run))
        hv = stack.enter_context(Hypervisor(run))
        connection = hv.connect(BASE)
        have, base = 1, None  # it begins with a domain of its own
        for n in 10, 1000, 3000:
            for i in range(have, n):
                connection.defineXML(figures.domain_xml(i)).create()
            have = n
            total, varbinds = measure(run, snmpd, hv, n)
            base = base or total
            print(f"memory with {n:5,} domains: {total:,} KiB resident, {varbinds:,} varbinds served"
                  + (f", {(total - base) / (n - 10):.1f} KiB a domain" if n > 10 else ""))


main()
