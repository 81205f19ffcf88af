#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Has another client change the domains of a libvirtd, and compares the notifications that arrive
with libvirt's events: every transition that the test driver has, in every version of SNMP."""

import stage
import tap
import testdriver
from hypervisor import libvirt
from scene import PATIENCE
from sinks import Sinks
from snmp import SYS_UPTIME

SNAPSHOT = "<domainsnapshot><name>{}</name></domainsnapshot>"


def fixture():
    return stage.enter(sinks=Sinks)


def test_first_start(on):
    "a first start reports nothing of the VMs that are there"
    on.scene.mark_end()
    tap.equal(list(map(str, on.since(0))), [], "notifications")


def test_life(on):
    "each transition of a persistent VM is told once, in order, with its prior state"
    with on.domain("life") as domain:
        snapshot = on.run.join("saved")
        for what, call, wanted in (
                ("start", domain.create, "vmRunning"), ("suspend", domain.suspend, "vmPaused"),
                ("resume", domain.resume, "vmRunning"),
                ("shutdown", domain.shutdown, "vmShutdown"),
                ("second start", domain.create, "vmRunning"),
                ("destroy", domain.destroy, "vmShutdown"),
                ("third start", domain.create, "vmRunning"),
                ("suspend", domain.suspend, "vmPaused"),
                ("destroy while paused", domain.destroy, "vmShutdown"),
                ("fourth start", domain.create, "vmRunning"),
                ("save", lambda: domain.save(snapshot), "vmSuspended"),
                ("restore", lambda: on.client.restore(snapshot), "vmResuming? vmRunning"),
                ("managed save", domain.managedSave, "vmSuspended"),
                ("start from managed save", domain.create, "vmResuming? vmRunning"),
                ("crash", lambda: domain.coreDump(on.run.join("core"),
                                                  libvirt.VIR_DUMP_CRASH), "vmCrashed"),
                ("start after the crash", domain.create, "vmRunning"),
                ("dump", lambda: domain.coreDump(on.run.join("core")), ""),
                ("redefine", lambda: on.client.defineXML(testdriver.plain("life")), ""),
                ("destroy", domain.destroy, "vmShutdown")):
            on.scene.step(what, call, wanted, vm="life")


def test_snapshots(on):
    "a VM that goes back to a snapshot"
    with on.domain("snapped") as domain:
        on.scene.step("start", domain.create, "vmRunning")
        on.scene.step("snapshot",
                       lambda: domain.snapshotCreateXML(SNAPSHOT.format("first")), "")
        revert = domain.revertToSnapshot
        snapshot = domain.snapshotLookupByName("first")
        on.scene.step("suspend", domain.suspend, "vmPaused")
        on.scene.step("back from a pause", lambda: revert(snapshot), "vmShutdown? vmRunning")
        on.scene.step("back into a pause",
                       lambda: revert(snapshot, libvirt.VIR_DOMAIN_SNAPSHOT_REVERT_PAUSED),
                       "vmShutdown? vmRunning? vmPaused")
        on.scene.step("resume", domain.resume, "vmRunning")
        on.scene.step("destroy", domain.destroy, "vmShutdown")
        on.scene.step("back from being off", lambda: revert(snapshot), "vmRunning")
        on.scene.step("destroy", domain.destroy, "vmShutdown")


def test_created(on):
    "definitions and transient VMs are told by virtDomainCreated, their ends by vmDeleted"
    made, = on.scene.step("define", lambda: on.client.defineXML(testdriver.plain("kept")),
                           "virtDomainCreated", vm="kept")
    tap.equal((made.values["vmPersistent"], made.values["virtDomainReason"]),
              ("persistent", "shutoffUnknown"), "of the definition")
    gone, = on.scene.step("undefine", on.client.lookupByName("kept").undefine, "vmDeleted",
                           vm="kept")
    tap.equal((gone.values["vmPersistent"], gone.values["vmOperState"]), ("persistent", "shutdown"),
              "of the deletion")
    made = on.scene.step("transient", lambda: on.client.createXML(testdriver.plain("brief")),
                          "virtDomainCreated vmRunning", vm="brief")
    tap.equal((made[0].values["vmPersistent"], made[0].values["virtDomainReason"]),
              ("transient", "runningBooted"), "of the transient VM")
    gone = on.scene.step("its end", on.client.lookupByName("brief").destroy,
                          "vmShutdown vmDeleted", vm="brief")
    tap.equal(gone[1].values["vmPersistent"], "transient", "vmPersistent")


def test_persistence(on):
    "a running VM that is undefined is deleted when it ends; one that is defined is no new one"
    with on.domain("both") as domain:
        on.scene.step("start", domain.create, "vmRunning")
        on.scene.step("undefine", domain.undefine, "")
        on.scene.step("define", lambda: on.client.defineXML(testdriver.plain("both")), "")
        on.scene.step("undefine again", domain.undefine, "")
        gone = on.scene.step("end", domain.destroy, "vmShutdown vmDeleted")
        tap.equal(gone[1].values["vmPersistent"], "transient", "vmPersistent")
        on.scene.step("define anew", lambda: on.client.defineXML(testdriver.plain("both")),
                       "virtDomainCreated")


def test_transient_ends(on):
    "a transient VM that crashes or is saved is deleted after that"
    for name, end, wanted in (
            ("crashes", lambda domain: domain.coreDump(on.run.join("core"),
                                                       libvirt.VIR_DUMP_CRASH),
             "vmCrashed vmDeleted"),
            ("saved", lambda domain: domain.save(on.run.join("brief")),
             "vmSuspended vmDeleted")):
        on.scene.step("begin", lambda n=name: on.client.createXML(testdriver.plain(n)),
                       "virtDomainCreated vmRunning", vm=name)
        domain = on.client.lookupByName(name)
        on.scene.step(f"the end of what {name}", lambda d=domain, e=end: e(d), wanted, vm=name)


def test_rename(on):
    "a new name is no event, and is told from then on"
    with on.domain("first") as domain:
        on.scene.step("rename", lambda: domain.rename("second"), "")
        renamed = on.client.lookupByName("second")
        on.scene.step("start", renamed.create, "vmRunning", vm="second")
        on.scene.step("rename while it runs is refused", lambda: None, "")
        on.scene.step("destroy", renamed.destroy, "vmShutdown", vm="second")


def test_fast(on):
    "of changes that come one upon the other each is told"
    with on.domain("fast") as domain:
        def change():
            for _ in range(10):
                domain.create()
                domain.suspend()
                domain.resume()
                domain.destroy()
        on.scene.step("forty changes", change,
                       "vmRunning vmPaused vmRunning vmShutdown " * 10, vm="fast")


def test_up_time(on):
    "sysUpTime.0 is snmpd's"
    with on.domain("timed") as domain:
        before = on.snmpd.value(SYS_UPTIME)
        told, = on.scene.step("start", domain.create, "vmRunning")
        after = on.snmpd.value(SYS_UPTIME)
        tap.diag(f"{before} <= {told.uptime} <= {after}")
        tap.check(before <= told.uptime <= after, f"{told.uptime} is not in {before}..{after}")


def test_versions(on):
    "SNMPv1 and SNMPv3, traps and informs, bring the same"
    listeners = on.sinks.listeners()
    wanted = on.scene.listener.since()
    tap.check(len(wanted) > 50, f"{len(wanted)} so far")

    def same(one, other):
        return one.name == other.name and one.values == other.values and \
            (one.index, one.disk) == (other.index, other.disk) and \
            abs(one.uptime - other.uptime) <= 100

    for name, listener in listeners.items():
        on.run.wait_until(lambda l=listener: len(l.since()) >= len(wanted), PATIENCE,
                           f"{len(wanted)} notifications by {name}")
        found = listener.since()
        tap.equal(len(found), len(wanted), f"notifications by {name}")
        wrong = [(str(one), str(other)) for one, other in zip(found, wanted)
                 if not same(one, other)]
        tap.equal(wrong, [], f"that differ by {name}")


def test_latencies(on):
    "each was there within a second of libvirt's event"
    on.scene.report()
    tap.check(on.scene.latencies, "nothing was measured")


if __name__ == "__main__":
    tap.main([test_first_start, test_life, test_snapshots, test_created, test_persistence,
              test_transient_ends, test_rename, test_fast, test_up_time, test_versions,
              test_latencies], fixture)
