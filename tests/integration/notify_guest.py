#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Compares the notifications that arrive with libvirt's events while real QEMU guests go through
every state and a few mishaps."""

import os
import signal
import subprocess

import gueststage
import guestxml
import tap
from guest import Guest
from gueststage import DESTROY, SHUTDOWN
from hypervisor import libvirt

if os.environ.get("VMMIBD_QUICK"):
    tap.skip_all("VMMIBD_QUICK is set, and these are real guests")

MIB = 1 << 20
PAUSED = libvirt.VIR_DOMAIN_START_PAUSED


def fixture():
    return gueststage.enter()


# States

def test_define(on):
    "definition, start, suspend, resume"
    on.boot()
    on.step("suspend", on.vm.domain.suspend, "vmPaused", vm="vm")
    on.step("resume", on.vm.domain.resume, "vmRunning", vm="vm")


def test_shutdown(on):
    "shutdown by the power button, poweroff by the guest"
    button = libvirt.VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN
    def press():
        on.vm.domain.shutdownFlags(button)
    on.step("power button", press, SHUTDOWN, vm="vm", until="STOPPED", again=press)
    on.again()
    on.step("poweroff", lambda: on.vm.command("poweroff"), SHUTDOWN, vm="vm", until="STOPPED")
    on.again()


def test_destroy(on):
    "destroy, running and paused; a start into a pause is vmPaused alone"
    on.step("destroy", on.vm.domain.destroy, DESTROY, vm="vm")
    on.step("start paused", lambda: on.vm.start(PAUSED), "vmPaused", vm="vm")
    on.step("destroy while paused", on.vm.domain.destroy, DESTROY, vm="vm")
    on.step("start paused", lambda: on.vm.start(PAUSED), "vmPaused", vm="vm")
    on.step("resume", on.vm.domain.resume, "vmRunning", vm="vm")
    on.vm.wait_booted()


def test_save(on):
    "saved to a file and restored, running and paused"
    on.step("save", on.vm.save, "vmSuspending vmSuspended", vm="vm")
    on.step("restore", on.vm.restore, "vmResuming vmRunning", vm="vm")
    on.step("suspend", on.vm.domain.suspend, "vmPaused", vm="vm")
    on.step("save while paused", on.vm.save, "vmSuspending? vmSuspended", vm="vm")
    on.step("restore into a pause", on.vm.restore, "vmResuming vmPaused", vm="vm")
    on.step("resume", on.vm.domain.resume, "vmRunning", vm="vm")
    on.vm.command("hello")


def test_managed_save(on):
    "managed save and the start from it"
    on.step("managed save", on.vm.domain.managedSave, "vmSuspending vmSuspended", vm="vm")
    on.step("start from it", on.vm.start, "vmResuming vmRunning", vm="vm")
    on.vm.command("hello")


def test_dump(on):
    "a dump pauses, one that crashes the guest is a crash"
    memory = libvirt.VIR_DUMP_MEMORY_ONLY
    path = on.run.join("core")
    on.step("dump", lambda: on.vm.domain.coreDump(path, memory), "vmPaused vmRunning", vm="vm")
    on.step("dump and crash",
             lambda: on.vm.domain.coreDump(path, memory | libvirt.VIR_DUMP_CRASH),
             "vmPaused vmCrashed", vm="vm")
    on.again()


def test_killed(on):
    "kill -9 of QEMU is a crash, SIGTERM is none"
    on.step("kill -9", lambda: os.kill(on.vm.qemu_pid, signal.SIGKILL), "vmCrashed", vm="vm",
             until="STOPPED")
    on.step("start after the crash", on.vm.start, "vmRunning", vm="vm")
    on.step("SIGTERM", lambda: os.kill(on.vm.qemu_pid, signal.SIGTERM), SHUTDOWN, vm="vm",
             until="STOPPED")
    on.again()


def test_transient(on):
    "a transient guest ends by vmShutdown or vmCrashed, and vmDeleted"
    one = Guest(on.hv, "brief", nic="user", disks=False)
    for what, end, wanted in (
            ("destroy", lambda domain: domain.destroy(), DESTROY + " vmDeleted"),
            ("kill -9", lambda _: os.kill(one.qemu_pid, signal.SIGKILL), "vmCrashed vmDeleted"),
            ("save", lambda domain: domain.save(on.run.join("brief.saved")),
             "vmSuspending vmSuspended vmDeleted")):
        made = on.step("transient", lambda: on.client.createXML(one.xml),
                        "virtDomainCreated vmRunning", vm="brief")
        tap.equal(made[0].values["vmPersistent"], "transient", "vmPersistent")
        domain = on.client.lookupByName("brief")
        on.step(what, lambda d=domain, e=end: e(d), wanted, vm="brief", until="STOPPED")


def test_no_change(on):
    "redefinition, autostart, hotplug, undefinition while running are no transitions"
    domain = on.vm.domain
    for what, call in (
            ("redefine", lambda: on.client.defineXML(on.vm.xml)),
            ("autostart", lambda: domain.setAutostart(1)),
            ("plug a disk", lambda: on.vm.attach_disk("vdc", size=8 * MIB)),
            ("undefine", domain.undefine), ("define", lambda: on.client.defineXML(on.vm.xml))):
        on.step(what, call, "", vm="vm")
    on.run.wait_until(lambda: "vdc" in on.vm.command("disks"), 60, "vdc to appear")
    on.step("unplug the disk", lambda: on.vm.detach_disk("vdc"), "", vm="vm")


def test_start_fails(on):
    "a start that fails tells nothing"
    one = Guest(on.hv, "fails", nic="user")
    one.xml = one.xml.replace("/kernel</kernel>", "/nothing</kernel>")
    on.step("define", one.define, "virtDomainCreated", vm="fails")

    def fail():
        try:
            one.start()
        except libvirt.libvirtError:
            return
        raise AssertionError("it starts")
    on.step("start", fail, "", vm="fails")
    on.step("undefine", one.domain.undefine, "vmDeleted", vm="fails")


def test_snapshot(on):
    "an internal snapshot, and the way back to it"
    path = on.run.join("snapped.qcow2")
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", path, "64M"], check=True)
    with on.guest("snapped", disks=False, extra=guestxml.disk(path, "vda", "qcow2")) as one:
        on.step("snapshot", lambda: one.domain.snapshotCreateXML(
            "<domainsnapshot><name>one</name></domainsnapshot>"),
                "vmSuspending? vmPaused? vmRunning", vm="snapped", snapshot=True)
        snapshot = one.domain.snapshotLookupByName("one")
        on.step("revert", lambda: one.domain.revertToSnapshot(snapshot),
                 "vmShutdown? vmRunning?", vm="snapped")
        on.step("destroy", one.domain.destroy, DESTROY, vm="snapped")
        on.step("revert when off", lambda: one.domain.revertToSnapshot(snapshot), "vmRunning",
                 vm="snapped")


# Reboots, panic, watchdog

def test_reboot(on):
    "a reboot by the guest, by libvirt, and a reset are told once each"
    acpi = libvirt.VIR_DOMAIN_REBOOT_ACPI_POWER_BTN
    for what, call in (("reboot by the guest", on.vm.reboot),
                       ("reboot by libvirt", lambda: on.vm.domain.reboot(acpi)),
                       ("reset", on.vm.domain.reset)):
        on.vm.mark = os.path.getsize(on.vm.log)
        told, = on.step(what, call, "virtGuestRebooted", vm="vm", until="REBOOT",
                        again=call if what == "reboot by libvirt" else None)
        tap.check(told.values["virtDomainReason"].startswith("running"),
                  told.values["virtDomainReason"])
        on.vm.wait_booted()


def panic(on, action, wanted, until):
    with on.guest(f"panic-{action}", on_crash=action) as one:
        return on.step(f"panic, {action}", lambda: one.command("panic"), wanted, vm=one.name,
                        until=until)


def test_panic_destroy(on):
    "a panic with on_crash destroy: virtGuestPanicked, vmCrashed"
    found = panic(on, "destroy", "virtGuestPanicked? vmCrashed virtGuestPanicked?", "STOPPED")
    tap.equal(sorted(one.name for one in found), ["virtGuestPanicked", "vmCrashed"], "told")


def test_panic_preserve(on):
    "with on_crash preserve, the same"
    found = panic(on, "preserve", "virtGuestPanicked? vmCrashed virtGuestPanicked?", "CRASHED")
    tap.equal(sorted(one.name for one in found), ["virtGuestPanicked", "vmCrashed"], "told")
    tap.equal({one.values.get("virtDomainReason") for one in found}, {None, "crashedPanicked"})


def test_panic_restart(on):
    "with on_crash restart it runs again"
    found = panic(on, "restart", "virtGuestPanicked? vmCrashed virtGuestPanicked? "
                  "virtGuestRebooted? vmRunning virtGuestRebooted?", "RESUMED")
    tap.equal(sorted(one.name for one in found),
              ["virtGuestPanicked", "virtGuestRebooted", "vmCrashed", "vmRunning"], "told")


def watchdog(on, action, wanted, told_action, until="WATCHDOG"):
    with on.guest(f"dog-{action}", watchdog=action) as one:
        found = on.step(f"watchdog, {action}", lambda: one.command("watchdog"), wanted,
                         vm=one.name, until=until)
        tap.equal(found[0].values["virtNotifyWatchdogAction"], told_action, "action")
        return found


def test_watchdog_none(on):
    "a watchdog that does nothing"
    watchdog(on, "none", "virtWatchdogFired", "none")


def test_watchdog_reset(on):
    "a watchdog that resets"
    watchdog(on, "reset", "virtWatchdogFired virtGuestRebooted", "reset", "REBOOT")


def test_watchdog_pause(on):
    "a watchdog that pauses"
    found = watchdog(on, "pause", "virtWatchdogFired vmPaused", "paused", "SUSPENDED")
    tap.equal(found[0].values["virtDomainReason"], "pausedWatchdog", "reason")


def test_watchdog_poweroff(on):
    "a watchdog that ends QEMU: libvirt takes that for a crash"
    watchdog(on, "poweroff", "virtWatchdogFired vmCrashed", "poweredOff", "STOPPED")


def test_watchdog_shutdown(on):
    "a watchdog that shuts the guest down"
    watchdog(on, "shutdown", "virtWatchdogFired " + SHUTDOWN, "shutDown", "STOPPED")


# libvirtd

def test_libvirtd_killed(on):
    "what happened to guests while libvirtd was away is told after virtConnectionRestored"
    with on.guest("left") as one:
        start = on.scene.listener.mark()
        pid = one.qemu_pid
        on.hv.kill()
        os.kill(pid, signal.SIGKILL)
        on.hv.start()
        on.client = on.scene.client = on.hv.connect()
        on.log.subscribe(on.hv.connect())
        on.vm.again()
        one.again()

        def names():
            return [(told.notification.name, told.notification.values.get("vmName"))
                    for told in on.scene.since(start)]
        wanted = [("virtConnectionLost", None), ("virtConnectionRestored", None),
                  ("vmCrashed", "left")]
        on.run.wait_until(lambda: len(names()) >= 3, 60, "three notifications")
        on.scene.mark_end()
        tap.equal(names(), wanted, "told")
        on.settle()


def test_end(on):
    "the end, and undefinition"
    on.step("destroy", on.vm.domain.destroy, DESTROY, vm="vm")
    on.step("undefine", on.vm.undefine, "vmDeleted", vm="vm")


if __name__ == "__main__":
    tap.main([value for name, value in list(globals().items()) if name.startswith("test_")],
             fixture)
