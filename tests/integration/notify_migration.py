#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Has a real guest migrate between two libvirtds, of which vmmibd watches one: away and back, with
and without success."""

import contextlib
import os
import signal
import threading

import chains
import gueststage
import tap
from guest import Guest
from hypervisor import libvirt
from neighbour import Neighbour

if os.environ.get("VMMIBD_QUICK"):
    tap.skip_all("VMMIBD_QUICK is set, and these are real guests")

LIVE = libvirt.VIR_MIGRATE_LIVE | libvirt.VIR_MIGRATE_UNSAFE
MOVE = libvirt.VIR_MIGRATE_PERSIST_DEST | libvirt.VIR_MIGRATE_UNDEFINE_SOURCE
SLOW = {libvirt.VIR_MIGRATE_PARAM_BANDWIDTH: 1}  # MiB/s


class Fixture:
    """The stage, with a second libvirtd beside it."""

    def __init__(self, on, other):
        self.run, self.hv, self.other, self.scene = on.run, on.hv, other, on.scene
        self.vm, self.step, self.boot = on.vm, on.step, on.boot
        self.here, self.there = on.hv.connect(), other.connect()

    def away(self, flags=0, **parameters):
        self.vm.domain.migrate3(self.there, self.other.parameters(**parameters), LIVE | flags)

    def back(self, flags=0, **parameters):
        domain = self.there.lookupByName("vm")
        domain.migrate3(self.here, self.other.parameters(**parameters), LIVE | flags)

    @contextlib.contextmanager
    def slowly(self, migrate):
        """While a migration goes on; that it fails is what is wanted."""
        errors = []

        def act():
            try:
                migrate(**SLOW)
            except libvirt.libvirtError as error:
                errors.append(error)
        thread = threading.Thread(target=act)
        thread.start()
        try:
            yield
        finally:
            thread.join()
        tap.check(errors, "it did not fail")

    def wait_named(self, start, name):
        """The notifications of the VM, the last one being this."""
        def came():
            found = [one.notification for one in self.scene.since(start)]
            return found if found and found[-1].name == name else None
        return self.run.wait_until(came, 30, name)


@contextlib.contextmanager
def fixture():
    # a migration that fails sends no event
    with gueststage.enter("refreshInterval 1\n") as on, Neighbour(on.run, on.hv) as other:
        yield Fixture(on, other)


def details(found):
    return [one.values["virtNotifyDetail"] for one in found if "virtNotifyDetail" in one.values]


def test_away(fix):
    "a guest that migrates away: vmMigrating, virtMigrationFinished, vmShutdown"
    fix.boot()
    found = fix.step("away", fix.away, "vmMigrating virtMigrationFinished vmShutdown", vm="vm",
                     until="STOPPED")
    tap.equal(details(found), ["outgoing"], "virtNotifyDetail")
    tap.equal(found[1].values["virtDomainReason"], "shutoffMigrated", "reason")


def test_back(fix):
    "one that migrates to here, where it is defined: vmMigrating, virtMigrationFinished, vmRunning"
    found = fix.step("back", fix.back, "vmMigrating virtMigrationFinished vmRunning", vm="vm",
                     until="RESUMED")
    tap.equal(details(found), ["incoming"], "virtNotifyDetail")
    tap.equal(found[1].values["virtDomainReason"], "runningMigrated", "reason")


def test_move(fix):
    "one that is moved with its definition is deleted here, and new when it comes back"
    found = fix.step("away", lambda: fix.away(MOVE),
                     "vmMigrating virtMigrationFinished vmShutdown vmDeleted", vm="vm",
                     until="STOPPED")
    tap.diag(f"vmPersistent {found[-1].values['vmPersistent']}")
    fix.step("back", lambda: fix.back(MOVE),
             "virtDomainCreated vmMigrating virtMigrationFinished vmRunning", vm="vm",
             until="RESUMED")
    fix.vm.again()


def test_cancelled(fix):
    "a migration that is cancelled: vmMigrating, virtMigrationFailed, vmRunning"
    start = fix.scene.listener.mark()
    with fix.slowly(fix.away):
        fix.wait_named(start, "vmMigrating")
        fix.vm.domain.abortJob()
    found = fix.wait_named(start, "vmRunning")
    tap.equal([one.name for one in found], ["vmMigrating", "virtMigrationFailed", "vmRunning"],
              "told")
    tap.equal(details(found), ["outgoing"], "virtNotifyDetail")
    chains.check_chain(fix.scene.since(start), fix.scene.told)
    fix.step("nothing more", lambda: None, "")


def test_killed(fix):
    "QEMU dies during a migration: virtMigrationFailed, vmCrashed"
    start = fix.scene.listener.mark()
    with fix.slowly(fix.away):
        fix.wait_named(start, "vmMigrating")
        os.kill(fix.vm.qemu_pid, signal.SIGKILL)
    found = fix.wait_named(start, "vmCrashed")
    tap.equal([one.name for one in found], ["vmMigrating", "virtMigrationFailed", "vmCrashed"],
              "told")
    chains.check_chain(fix.scene.since(start), fix.scene.told)


def test_failed_here(fix):
    "one that comes and fails: it was here and is deleted"
    other = Guest(fix.hv, "comes", nic="user", disks=False)
    domain = fix.there.createXML(other.xml)
    start = fix.scene.listener.mark()

    def come(**parameters):
        domain.migrate3(fix.here, fix.other.parameters(**parameters), LIVE)
    with fix.slowly(come):
        fix.wait_named(start, "vmMigrating")
        domain.abortJob()
    found = [one.name for one in fix.wait_named(start, "vmDeleted")]
    tap.check(found in (["virtDomainCreated", "vmMigrating", "virtMigrationFailed", state,
                         "vmDeleted"] for state in ("vmShutdown", "vmCrashed")), f"told: {found}")
    chains.check_chain(fix.scene.since(start), fix.scene.told)
    domain.destroy()


if __name__ == "__main__":
    tap.main([test_away, test_back, test_move, test_cancelled, test_killed, test_failed_here],
             fixture)
