#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The configuration is read again while VMs change: nothing is told twice, nothing is lost."""

import time

import stage
import tap
import vmmib
from told import NO_BURST, Told, all_off, in_background

READ = "configuration read again"
RELOADS = 30
FOUR = ["running", "paused", "running", "shutdown"]


def fixture():
    return stage.enter(NO_BURST, domains=40)


def reload(on, more):
    before = on.daemon.log().count(READ)
    on.daemon.configure(on.config(more))
    on.daemon.reload()
    on.run.wait_until(lambda: on.daemon.log().count(READ) > before, 20, READ,
                      alive=on.daemon.child)


def test_notifications(on):
    "nothing is told twice or lost by reloads that change what the connection is to do"
    all_off(on, NO_BURST)
    told = Told(on)
    rows = on.daemon.wait_serving()

    def changes():
        for domain in on.domains:
            domain.create()
            domain.suspend()
            domain.resume()
            domain.destroy()
            time.sleep(0.05)
    with in_background(changes):
        for number in range(RELOADS):
            reload(on, NO_BURST + f"refreshInterval {5 + number % 5}\n")
            tap.equal(on.snmpd.value(vmmib.VM_NUMBER), rows, "rows")
    told.wait("after the reloads")
    indices = on.indices()
    for domain in on.domains:
        index = indices[domain.UUIDString()]
        tap.equal([one.state for one in on.since(told.start) if index in one.vms], FOUR,
                  f"told of {domain.name()}")


def test_switches(on):
    "what was SET stays until the file says other words than before"
    on.restart(NO_BURST)
    on.snmpd.set(stage.BULK, "i", 1)
    reload(on, NO_BURST + "refreshInterval 7\n")
    tap.equal(on.switches(), (1, 1), "switches")
    reload(on, NO_BURST + "notifications off\n")
    tap.equal(on.switches(), (2, 2), "switches")


if __name__ == "__main__":
    tap.main([test_notifications, test_switches], fixture)
