#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The state directory is full, cannot be written, or is removed while vmmibd runs: it goes on, says
so once, and has all of it on disk as soon as that works again."""

import contextlib
import os
import shutil

import namespaces
import stage
import tap
import testdriver
from told import NO_BURST, Told, all_off

N = 20
PATIENCE = 30
CONFIG = NO_BURST + "refreshInterval 1\n"


def fixture():
    return stage.enter(CONFIG, domains=N)


def files(on):
    return [os.path.join(on.daemon.state_directory, "_default", name)
            for name in ("indices", "told")]


def trouble(on, begin, end, words, told_fails):
    """Has VMs come and go while there is trouble, and sees what is left after a restart."""
    all_off(on, CONFIG)
    told = Told(on)
    for domain in on.domains[:3]:
        domain.create()
    told.wait("before the trouble")
    before = len(on.daemon.log())
    begin()
    new = [on.client.defineXML(testdriver.plain(f"{words}{number}")) for number in range(30)]
    for domain in new + on.domains[3:6]:
        domain.create()
    on.daemon.wait_number(len(on.client.listAllDomains()))
    told.wait("during the trouble")
    indices = on.indices()

    def count(words):
        return on.daemon.log()[before:].count(words)
    on.run.wait_until(lambda: count("cannot save indices"), PATIENCE, "the complaint")
    tap.equal(count("cannot save indices"), 1, "complaints of indices")
    complaints = count("cannot be written")
    tap.equal(complaints, told_fails, "complaints of what was told")
    end()
    on.run.wait_until(lambda: count("indices are saved again") == 1 and
                      count("is written again") == complaints, PATIENCE, "the files")
    for domain in new:
        domain.destroy()
    told.wait("after the trouble")
    restart_silently(on, indices)
    for domain in new:
        domain.undefine()


def restart_silently(on, indices):
    """Killed and started again it has the same indices and tells nothing."""
    on.settle()
    start = on.mark()
    on.daemon.kill()
    on.daemon.start()
    on.wait_listed()
    tap.equal(on.indices(), indices, "indices after a restart")
    on.settle()
    tap.equal(list(map(str, on.since(start))), [], "told after a restart")


def fill(path):
    """Leaves no room in a file system, of which each processor may have set some aside."""
    processors = os.sched_getaffinity(0)
    with open(os.path.join(path, "filler"), "ab", buffering=0) as filler:
        for processor in processors:
            os.sched_setaffinity(0, {processor})
            with contextlib.suppress(OSError):
                while True:
                    filler.write(b"x" * 4096)
    os.sched_setaffinity(0, processors)


def small(on, size):
    """The state directory is a file system of its own from now on."""
    on.daemon.stop()
    namespaces.mount_tmpfs(on.daemon.state_directory, size)
    on.daemon.start()
    on.wait_listed()


def test_full(on):
    "a full disk"
    small(on, "2m")
    path = on.daemon.state_directory
    trouble(on, lambda: fill(path), lambda: os.remove(path + "/filler"), "full", 1)


def test_read_only(on):
    "a file system that can only be read"
    path = os.path.join(on.daemon.state_directory, "_default")

    def cover():
        namespaces.mount_tmpfs(path, "2m")
        namespaces.set_read_only(path)
    trouble(on, cover, lambda: namespaces.unmount(path), "readonly", 1)


def removed(on, what, gone, words):
    """The files are there again, with all that is in them, and it is said once."""
    all_off(on, CONFIG)
    on.settle()
    start = on.mark()
    on.scene.step("start", on.domains[0].create, "vmRunning")
    length = len(on.daemon.log())
    gone()
    on.run.wait_until(lambda: all(map(os.path.exists, files(on))), PATIENCE, f"{what} again")
    log = on.daemon.log()[length:]
    tap.equal(log.count("was removed"), words, f"words about it in\n{log}")
    tap.equal(log.count("cannot"), 0, f"complaints in\n{log}")
    # the lock counts, too
    second = stage.Daemon(on.run, on.snmpd, uri=on.hv.uri(stage.BASE), name="second")
    second.state_directory = on.daemon.state_directory
    second.start(wait=False)
    on.run.wait_until(lambda: not second.child.running(), PATIENCE, "the second to end")
    tap.check("another vmmibd" in second.log(), second.log())
    on.scene.step("stop", on.domains[0].destroy, "vmShutdown")
    tap.check(on.mark() > start, "notifications")
    restart_silently(on, on.indices())


def test_removed(on):
    "the directory is removed, or moved away: it is made again, with all that was in it"
    own = os.path.join(on.daemon.state_directory, "_default")
    removed(on, "what was removed", lambda: shutil.rmtree(own), 1)
    removed(on, "what was moved", lambda: os.rename(own, on.daemon.state_directory + "/x"), 1)


def test_parent_removed(on):
    "so is the state directory itself"
    on.daemon.stop()
    on.daemon.state_directory = on.run.mkdir("another.state")
    on.daemon.start()
    on.wait_listed()
    removed(on, "the whole", lambda: shutil.rmtree(on.daemon.state_directory), 1)


def test_files_removed(on):
    "so are the files alone"
    def gone():
        for path in files(on):
            os.remove(path)
    removed(on, "the files", gone, 0)


if __name__ == "__main__":
    tap.main([test_removed, test_parent_removed, test_files_removed, test_full, test_read_only],
             fixture)
