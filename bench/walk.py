#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Walks 1,000 domains by GETBULK, beside a subagent that does no work on the same snmpd.

Walks alternate, so that all see the same machine; the ratios are those of neighbours in time.
"""

import contextlib
import os
import subprocess
import time

import figures
from daemon import Daemon
from rundir import RunDir
from snmp import Snmpd

ROUNDS = 7
VM_MIB = "1.3.6.1.2.1.236"
VIRT_MIB = "1.3.6.1.4.1.8072.9999.9999.7666"
IDLE = "1.3.6.1.4.1.8072.9999.9999.1"


def walk(snmpd, oid):
    """Varbinds, and varbinds per second."""
    begin = time.monotonic()
    out = subprocess.run(["snmpbulkwalk", "-v2c", "-cpublic", "-On", "-Cr50", "-m", "", "-t10",
                          snmpd.address, oid], capture_output=True, check=True).stdout
    n = out.count(b"\n")
    return n, n / (time.monotonic() - begin)


def subagents(stack):
    """Two snmpds, each with vmmibd and an idle subagent; one vmmibd takes no short cut."""
    found = {}
    for label, token in ("vmmibd", "yes"), ("vmmibd, directAnswers no", "no"):
        run = stack.enter_context(RunDir())
        snmpd = stack.enter_context(Snmpd(run))
        uri = figures.hypervisor(run)
        daemon = stack.enter_context(Daemon(run, snmpd, config=(
            f"connection - {uri}\nrefreshInterval 600\nstaleAfter 3600\ndirectAnswers {token}\n")))
        daemon.wait_number(figures.N_DOMAINS)
        found[label] = snmpd, VM_MIB
    found["vmmibd, VM-LIBVIRT-MIB"] = found["vmmibd"][0], VIRT_MIB
    n, _ = walk(snmpd, VM_MIB)
    run.start("idle", [os.environ["IDLE_SUBAGENT"], snmpd.agentx, str(n)])
    run.wait_until(lambda: walk(snmpd, IDLE)[0] == n, 10, "the idle subagent")
    found["a subagent that does no work"] = snmpd, IDLE
    return found


def main():
    with contextlib.ExitStack() as stack:
        found = subagents(stack)
        rates = {label: [] for label in found}
        sizes = {}
        for _ in range(ROUNDS):
            for label, (snmpd, oid) in found.items():
                sizes[label], rate = walk(snmpd, oid)
                rates[label].append(rate)
    print(f"walk of {figures.N_DOMAINS:,} domains, {ROUNDS} rounds (min / median / max)")
    idle = rates["a subagent that does no work"]
    for label, values in rates.items():
        ratios = [v / i for v, i in zip(values, idle)]
        seconds = [sizes[label] / v for v in values]
        print(f"  {label:30} {sizes[label]:,} varbinds, {figures.spread(values)} varbinds/s, "
              f"{figures.spread(seconds, '{:.2f}')} s, "
              f"{figures.spread(ratios, '{:.2f}')} times the idle one")


main()
