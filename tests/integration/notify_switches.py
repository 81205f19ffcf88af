#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The switches of notifications, by configuration and by SET, the bulk forms, and the limit on
bursts."""

import time

import chains
import stage
import tap
import testdriver
from daemon import check_config
from rundir import TIMEOUT_SCALE
from scene import PATIENCE
from snmp import SnmpError
from stage import BULK, PER_VM
from varbinds import dotted

TRUE, FALSE = 1, 2
GATHERED = 0.5  # seconds for which changes are gathered


def fixture():
    return stage.enter()


FIVE = ["vmRunning", "vmPaused", "vmRunning", "vmPaused", "vmShutdown"]


def five_changes(domain):
    for call in (domain.create, domain.suspend, domain.resume, domain.suspend, domain.destroy):
        call()


def names(found):
    return [one.name for one in found]


def make(on, *all_names):
    """Defines domains and waits until that was told."""
    start = on.mark()
    domains = [on.client.defineXML(testdriver.plain(name)) for name in all_names]
    on.wait(start, lambda found: names(found) == ["virtDomainCreated"] * len(domains),
            f"{len(domains)} virtDomainCreated")
    return domains


def remove(on, domains):
    """Undefines them and waits until that was told."""
    start = on.mark()
    for domain in domains:
        domain.undefine()

    def gone(found):
        return sum(len(one.vms) for one in found if one.state == "deleted") >= len(domains)
    on.wait(start, gone, f"{len(domains)} deletions")


def bulk_vms(found, name):
    """The VMs of all bulk notifications of that name."""
    return frozenset().union(*(one.vms for one in found if one.name == name))


def test_set(on):
    "SET changes the switches, until vmmibd restarts"
    with on.domain("switched") as domain:
        on.snmpd.set(PER_VM, "i", FALSE)
        tap.equal(on.switches(), (FALSE, FALSE), "both off")
        before = on.counters()
        start = on.mark()
        five_changes(domain)
        on.run.wait_until(
            lambda: on.counters()["Suppressed"] == before["Suppressed"] + 5, PATIENCE,
            "virtNotificationsSuppressed")
        on.snmpd.set(PER_VM, "i", TRUE)
        tap.equal(on.switches(), (TRUE, FALSE), "one on")
        on.settle()
        tap.equal(on.names_since(start), [], "told while off")
        tap.equal({**on.counters(), "Sent": 0, "Suppressed": 0},
                  {**before, "Sent": 0, "Suppressed": 0}, "the other counters")
        on.scene.step("start", domain.create, "vmRunning")
        on.snmpd.set(PER_VM, "i", FALSE)
        on.restart()
        tap.equal(on.switches(), (TRUE, FALSE), "after a restart")
        on.scene.step("destroy", domain.destroy, "vmShutdown")


def test_set_refused(on):
    "SET refuses wrong values, types and objects, and changes nothing"
    before = on.switches()
    for name in PER_VM, BULK:
        for kind, value, reason in (("i", 0, "wrongValue"), ("i", 3, "wrongValue"),
                                    ("i", -1, "wrongValue"), ("s", "true", "wrongType"),
                                    ("u", 1, "wrongType"), ("t", 1, "wrongType")):
            try:
                on.snmpd.set(name, kind, value)
                raise AssertionError(f"{kind} {value} was accepted for {name}")
            except SnmpError as error:
                tap.equal(error.reason, reason, f"{kind} {value} for {name}")
        try:
            on.snmpd.set(name[:-1] + (1,), "i", 1)
            raise AssertionError(f"an instance .1 of {name} was set")
        except SnmpError as error:
            tap.check(error.reason in ("noCreation", "notWritable"), error.reason)
    try:
        on.snmpd.set(PER_VM, "i", FALSE, community="readonly")
        raise AssertionError("a reader may SET")
    except SnmpError as error:
        tap.check(error.reason in ("noAccess", "authorizationError"), error.reason)
    tap.equal(on.switches(), before, "afterwards")


def set_both(on, per_vm, bulk):
    on.snmpd.tool("snmpset", dotted(PER_VM), "i", str(per_vm), dotted(BULK), "i", str(bulk))


def test_set_together(on):
    "of a SET of both switches that is half wrong nothing counts"
    before = on.switches()
    try:
        set_both(on, FALSE, 7)
        raise AssertionError("it was accepted")
    except SnmpError as error:
        tap.equal(error.reason, "wrongValue", "reason")
    tap.equal(on.switches(), before, "afterwards")
    for per_vm, bulk in ((FALSE, TRUE), (TRUE, FALSE)):
        set_both(on, per_vm, bulk)
        tap.equal(on.switches(), (per_vm, bulk), "both set")


def test_bulk(on):
    "notifications bulk: the changes of half a second, one notification per state"
    on.restart("notifications bulk\n")
    tap.equal(on.switches(), (FALSE, TRUE), "switches")
    domains = make(on, *(f"bulk{number}" for number in range(12)))
    indices = on.indices()
    vms = frozenset(indices[domain.UUIDString()] for domain in domains)
    for what, call, name in (("starts", lambda domain: domain.create(), "vmBulkRunning"),
                             ("pauses", lambda domain: domain.suspend(), "vmBulkPaused"),
                             ("ends", lambda domain: domain.destroy(), "vmBulkShutdown"),
                             ("deletions", lambda domain: domain.undefine(), "vmBulkDeleted")):
        start, begin = on.mark(), time.monotonic()
        for domain in domains:
            call(domain)
        done = time.monotonic()
        on.wait(start, lambda found, n=name: bulk_vms(found, n) == vms, f"{name} of all")
        found = on.since(start)
        tap.equal({one.name for one in found}, {name}, f"told of 12 {what}")
        most = 2 + int((done - begin) / GATHERED * TIMEOUT_SCALE)
        tap.check(len(found) <= most, f"{len(found)} notifications of 12 {what}")
        tap.equal(sum(len(one.vms) for one in found), 12, "bits")
        late = on.scene.listener.arrived[-1].time - done
        tap.check(late <= GATHERED + 1 * TIMEOUT_SCALE, f"the last came {late:.2f} s later")


def test_bulk_there_and_back(on):
    "a VM that goes through several states at once is in the bulk notification of each"
    domain, = make(on, "through")
    start = on.mark()
    five_changes(domain)
    on.wait(start, lambda found: "vmBulkShutdown" in names(found), "vmBulkShutdown")
    index = on.indices()[domain.UUIDString()]
    found = [one for one in on.since(start) if one.bulk]
    tap.equal({one.name for one in found}, {"vmBulkRunning", "vmBulkPaused", "vmBulkShutdown"})
    tap.equal({one.vms for one in found}, {frozenset([index])}, "VMs")
    remove(on, [domain])


def test_both(on):
    "notifications both: each change alone, and in bulk"
    on.restart("notifications both\n")
    tap.equal(on.switches(), (TRUE, TRUE), "switches")
    domain, = make(on, "twice")
    start = on.mark()
    five_changes(domain)
    on.wait(start, lambda found: "vmBulkShutdown" in names(found), "vmBulkShutdown")
    index = on.indices()[domain.UUIDString()]
    found = on.since(start)
    singles = [one for one in found if not one.bulk]
    tap.equal([one.name for one in singles], FIVE, "single ones")
    chains.check_chain([(0, one) for one in singles], {index: {"shutdown"}})
    tap.equal({(one.name, one.vms) for one in found if one.bulk},
              {(name, frozenset([index])) for name in
               ("vmBulkRunning", "vmBulkPaused", "vmBulkShutdown")}, "bulk ones")
    remove(on, [domain])


def test_off(on):
    "notifications off: none at all, and each is counted as suppressed"
    on.restart("notifications off\n")
    tap.equal(on.switches(), (FALSE, FALSE), "switches")
    before, start = on.counters(), on.mark()
    domain = on.client.defineXML(testdriver.plain("silent"))
    five_changes(domain)
    domain.undefine()
    # the definition, five changes and the end
    on.run.wait_until(lambda: on.counters()["Suppressed"] == before["Suppressed"] + 7,
                       PATIENCE, "virtNotificationsSuppressed")
    tap.equal({**on.counters(), "Suppressed": 0}, {**before, "Suppressed": 0}, "others")
    on.snmpd.set(PER_VM, "i", TRUE)
    on.settle()
    tap.equal(on.names_since(start), [], "told")


def test_burst(on):
    "more single ones than notificationBurst allows are folded, until its time has passed"
    on.restart("notificationBurst 5/4\n")
    before, start = on.counters(), on.mark()
    domain = on.client.defineXML(testdriver.plain("bursts"))
    five_changes(domain)
    on.wait(start, lambda found: "vmBulkShutdown" in names(found), "vmBulkShutdown")
    found = on.since(start)
    tap.equal([one.name for one in found if not one.bulk], ["virtDomainCreated"] + FIVE[:4],
              "single ones")
    tap.equal([one.name for one in found if one.bulk], ["vmBulkShutdown"], "folded ones")
    after = on.counters()
    tap.equal({name: after[name] - before[name] for name in after},
              {"Sent": 6, "Bulk": 1, "Suppressed": 1, "Folded": 1, "Dropped": 0, "Waiting": 0},
              "counters")
    begin = time.monotonic()
    on.run.wait_until(lambda: time.monotonic() > begin + 5, 10 / TIMEOUT_SCALE + 5,
                       "the burst to be over")
    start = on.mark()
    domain.create()
    on.wait(start, names, "a notification")
    tap.equal(on.names_since(start), ["vmRunning"], "after the burst")
    tap.equal(on.since(start)[0].values["vmOperState"], "shutdown",
              "the prior state is the one that was told in bulk form")
    domain.destroy()
    remove(on, [domain])


def test_burst_folds(on):
    "notifications of VM-LIBVIRT-MIB are folded into virtBulk"
    on.restart("notificationBurst 3/60\n")
    start = on.mark()
    domains = [on.client.defineXML(testdriver.plain(f"folded{number}")) for number in range(8)]
    on.wait(start, lambda found: sum(len(one.vms) for one in found) == 8, "8 VMs")
    found = on.since(start)
    tap.equal([one.name for one in found if not one.bulk], ["virtDomainCreated"] * 3)
    tap.equal({(one.name, one.values["virtNotifyFolded"]) for one in found if one.bulk},
              {("virtBulk", "virtDomainCreated")}, "folded ones")
    remove(on, domains)


def test_bad_config(on):
    "a bad line is refused with FILE:LINE"
    for text in ("notifications never\n", "notifications\n", "notifications per-vm bulk\n",
                 "notificationBurst 5\n", "notificationBurst 5/0\n", "notificationBurst -1/5\n",
                 "notificationBurst 5/x\n", "notificationBurst 5/10s\n", "notificationBurst /5\n",
                 "notificationBurst 99999999999999999999/1\n"):
        path, done = check_config(on.run, text)
        tap.check(done.returncode == 1 and f"{path}:1: " in done.stderr,
                  f"{text!r}: status {done.returncode}, {done.stderr}")
    for text in ("notifications per-vm\n", "notifications bulk\n", "notifications both\n",
                 "notifications off\n", "notificationBurst 0/1\n", "notificationBurst 500/60\n"):
        _, done = check_config(on.run, text)
        tap.equal((done.returncode, done.stderr), (0, ""), f"for {text!r}")


if __name__ == "__main__":
    tap.main([test_set, test_set_refused, test_set_together, test_bulk, test_bulk_there_and_back,
              test_both, test_off, test_burst, test_burst_folds, test_bad_config], fixture)
