#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Compares the notifications that arrive with what happens to the disks of a real QEMU guest: full
file systems, thresholds, block jobs."""

import contextlib
import os

import gueststage
import namespaces
import tap
import virtmib
from guest import LIVE
from hypervisor import libvirt

if os.environ.get("VMMIBD_QUICK"):
    tap.skip_all("VMMIBD_QUICK is set, and this is a real guest")

MIB = 1 << 20
DISK = """<disk type='file' device='disk'><driver name='qemu' type='raw' error_policy='{policy}'/>
<source file='{path}'/><target dev='{target}' bus='virtio'/></disk>"""
SNAPSHOT = """<domainsnapshot><name>{name}</name><disks><disk name='vda' snapshot='no'/>
<disk name='vdb' snapshot='external'><source file='{path}'/></disk></disks></domainsnapshot>"""
COPY = "<disk type='file'><source file='{path}'/><driver type='qcow2'/></disk>"


@contextlib.contextmanager
def fixture():
    with gueststage.enter() as on:
        on.boot()
        yield on


def disk_number(on, target):
    """vmStorageIndex of the guest's disk."""
    index = on.scene.indices[on.vm.domain.UUIDString()]
    return next((row[1] for row, value in
                 on.snmpd.column(virtmib.prefix("virtDiskTarget")).items()
                 if row[0] == index and value == target.encode()), None)


@contextlib.contextmanager
def full_disk(on, policy, target="vdc"):
    """A disk of the guest whose file system has no room; what is yielded with its path makes some.

    The guest names a disk by the first free letter, whatever libvirt calls it.
    """
    directory = on.run.mkdir(f"small.{policy}")
    namespaces.mount_tmpfs(directory, "4m")
    path = os.path.join(directory, "image")
    with open(path, "ab") as image:
        image.truncate(64 * MIB)
    xml = DISK.format(policy=policy, path=path, target=target)
    on.vm.domain.attachDeviceFlags(xml, LIVE)
    on.run.wait_until(lambda: target in on.vm.command("disks"), 60, f"{target} to appear")
    on.run.wait_until(lambda: disk_number(on, target), 20, f"{target} in virtDiskTable")
    on.settle()
    yield path, lambda: namespaces.mount_tmpfs(directory, "128m", again=True)
    on.vm.domain.detachDeviceFlags(xml, LIVE)
    on.vm.wait_gone(path)


def check_io_error(on, told, target, path, action, reason):
    tap.equal((told.values["virtDiskTarget"], told.disk, told.values["virtNotifyIoAction"]),
              (target, disk_number(on, target), action), "disk and action")
    detail = told.values["virtNotifyDetail"]
    tap.check(reason in detail and path in detail, f"virtNotifyDetail is {detail!r}")


def test_io_error_pause(on):
    "a full disk pauses the guest: which one, why; each vain resume is told again"
    with full_disk(on, "stop") as (path, room):
        found = on.step("write", lambda: on.vm.command("pour vdc 65536"),
                         "virtDiskIoError vmPaused", vm="vm", until="SUSPENDED")
        check_io_error(on, found[0], "vdc", path, "paused", "enospc")
        tap.equal(found[0].values["virtDomainReason"], "pausedIoError", "reason")
        found = on.step("resume in vain", on.vm.domain.resume,
                         "vmRunning? virtDiskIoError vmPaused?", vm="vm", until="SUSPENDED")
        room()
        on.step("resume", on.vm.domain.resume, "vmRunning", vm="vm")
        on.vm.command("stop", timeout=120)


def test_io_error_report(on):
    "one that is reported to the guest does not pause it"
    with full_disk(on, "report") as (path, _):
        found = on.step("write", lambda: on.vm.command("pour vdc 65536"), "virtDiskIoError",
                         vm="vm", until="IO_ERROR_REASON")
        check_io_error(on, found[0], "vdc", path, "reported", "")
        on.vm.command("stop")


def test_io_error_flood(on):
    "one that is ignored comes a thousand times a second, and is told by a few notifications"
    with on.burst("10/60"), full_disk(on, "ignore") as (_, _room):
        events, start = on.log.mark(), on.scene.listener.mark()
        on.vm.command("pour vdc 65536")
        on.run.wait_until(lambda: len(on.log.since(events)) > 100, 60, "a flood")
        on.vm.command("stop")
        on.scene.mark_end()
        found = [one.notification for one in on.scene.since(start)]
        told = [one for one in found if one.name == "virtDiskIoError"]
        bulk = [one for one in found if one.values.get("virtNotifyFolded") == "virtDiskIoError"]
        tap.diag(f"{len(on.log.since(events))} errors: {len(told)} virtDiskIoError, "
                 f"{len(bulk)} virtBulk")
        tap.check(1 <= len(told) <= 10 and len(bulk) < 20, f"{len(told)}, {len(bulk)} in bulk")


def test_threshold(on):
    "a disk that grows beyond its threshold is told once"
    on.vm.domain.setBlockThreshold("vdb", MIB)
    told, = on.step("write", lambda: on.vm.command(f"write vdb {4 * MIB}"),
                     "virtDiskThresholdPassed", vm="vm", until="BLOCK_THRESHOLD")
    tap.equal((told.values["virtDiskTarget"], told.disk), ("vdb", disk_number(on, "vdb")))
    tap.check(str(MIB) in told.values["virtNotifyDetail"], told.values["virtNotifyDetail"])
    on.step("write more", lambda: on.vm.command(f"write vdb {8 * MIB}"), "", vm="vm")


def test_block_jobs(on):
    "block jobs that end, are ready, cancelled or fail"
    domain, number = on.vm.domain, disk_number(on, "vdb")
    pivot = libvirt.VIR_DOMAIN_BLOCK_JOB_ABORT_PIVOT
    full = on.run.mkdir("full")
    namespaces.mount_tmpfs(full, "1m")

    def copy(path):
        domain.blockCopy("vdb", COPY.format(path=path), {},
                         libvirt.VIR_DOMAIN_BLOCK_COPY_TRANSIENT_JOB)

    def snapshot():
        domain.snapshotCreateXML(
            SNAPSHOT.format(name="over", path=on.run.join("over.qcow2")),
            libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_DISK_ONLY |
            libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_NO_METADATA)

    finished = "virtBlockJobFinished"
    for what, call, name, job, status in (
            ("copy", lambda: copy(on.run.join("copy1")), finished, "copy", "ready"),
            ("pivot", lambda: domain.blockJobAbort("vdb", pivot), finished, "copy", "completed"),
            ("copy", lambda: copy(on.run.join("copy2")), finished, "copy", "ready"),
            ("cancel", lambda: domain.blockJobAbort("vdb"), finished, "copy", "canceled"),
            ("copy to a full file system", lambda: copy(full + "/copy"), "virtBlockJobFailed",
             "copy", None),
            ("snapshot", snapshot, "", None, None),
            ("commit", lambda: domain.blockCommit(
                "vdb", None, None, 0, libvirt.VIR_DOMAIN_BLOCK_COMMIT_ACTIVE), finished,
             "activeCommit", "ready"),
            ("pivot", lambda: domain.blockJobAbort("vdb", pivot), finished, "activeCommit",
             "completed"),
            ("pull", lambda: domain.blockPull("vdb"), finished, "pull", "completed")):
        found = on.step(what, call, name, vm="vm", until="BLOCK_JOB_2" if name else None)
        for one in found:
            tap.equal((one.values["virtDiskTarget"], one.disk, one.values["virtNotifyBlockJob"],
                       one.values.get("virtNotifyBlockJobStatus")), ("vdb", number, job, status),
                      what)


if __name__ == "__main__":
    tap.main([value for name, value in list(globals().items()) if name.startswith("test_")],
             fixture)
