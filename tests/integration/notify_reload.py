#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The configuration is read again while VMs change: nothing is told twice, nothing is lost."""

import time

import stage
import tap
import vmmib
from told import NO_BURST, Told, all_off, in_background

READ = "configuration read again"


def fixture():
    return stage.enter(NO_BURST, domains=20)


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
            time.sleep(0.1)
            domain.suspend()
            time.sleep(0.1)
            domain.resume()
    with in_background(changes):
        for number in range(6):
            reload(on, NO_BURST + f"refreshInterval {5 + number}\n")
            tap.equal(on.snmpd.value(vmmib.VM_NUMBER), rows, "rows")
            time.sleep(0.5)
    on.run.wait_until(lambda: on.counters()["Waiting"] == 0, 20, "all to be told")
    told.wait("after the reloads")


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
