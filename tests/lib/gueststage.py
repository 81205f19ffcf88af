# SPDX-License-Identifier: BSD-2-Clause
"""A stage for tests of notifications over real QEMU guests.

    with gueststage.enter() as on: ...       # vmmibd runs, `on` is a GuestStage
"""

import contextlib

import guest
import namespaces
from daemon import Daemon
from eventlog import EventLog
from guest import Guest
from hypervisor import Hypervisor
from scene import CONFIG, Scene, qemu_marker
from snmp import Snmpd, Traps

# what came of destroy(): libvirt says shuttingdown and shutdown within a millisecond
SHUTDOWN = "vmShuttingdown vmShutdown"
DESTROY = "vmShuttingdown? vmShutdown"


class GuestStage:
    """`vm` is the guest of most tests: each leaves it running, booted and known to the scene."""

    def __init__(self, run, hv, snmpd, daemon, log, traps):
        self.run, self.hv, self.snmpd, self.daemon, self.log = run, hv, snmpd, daemon, log
        self.client = hv.connect()
        self.scene = Scene(run, snmpd, traps, log, self.client, qemu_marker, resumes=True)
        self.step = self.scene.step
        self.vm = Guest(hv, "vm", nic="user")

    @contextlib.contextmanager
    def guest(self, name, **options):
        """Another one, started and booted; it is gone afterwards."""
        one = Guest(self.hv, name, nic="user", **options)
        self.step(f"define {name}", one.define, "virtDomainCreated", vm=name)
        self.step(f"start {name}", one.start, "vmRunning", vm=name)
        one.wait_booted()
        try:
            yield one
        finally:
            # whatever it came to
            one.destroy()
            one.undefine()
            self.settle()

    def settle(self):
        self.scene.mark_end()
        self.scene.told.clear()
        self.scene.vms.clear()
        self.scene.look()

    @contextlib.contextmanager
    def burst(self, limit):
        """With another notificationBurst."""
        try:
            self.restart(limit)
            yield
        finally:
            self.restart("1000/1")

    def restart(self, limit):
        self.daemon.configure(CONFIG.format(uri=self.hv.uri()).replace("1000/1", limit))
        self.daemon.restart()
        self.daemon.wait_number(len(self.client.listAllDomains()))
        self.settle()

    def again(self):
        """The guest runs again after it ended."""
        self.step("start again", self.vm.start, "vmRunning", vm="vm")
        self.vm.wait_booted()

    def boot(self):
        """The guest for the first time."""
        self.step("define", self.vm.define, "virtDomainCreated", vm="vm")
        self.step("start", self.vm.start, "vmRunning", vm="vm")
        self.vm.wait_booted()


@contextlib.contextmanager
def enter(config=""):
    """`config` are further lines for vmmibd."""
    guest.build()
    with namespaces.enter_namespaces() as run, Traps(run) as traps, \
            Snmpd(run, traps=traps) as snmpd:
        log = EventLog()
        with Hypervisor(run) as hv:
            log.subscribe(hv.connect())
            with Daemon(run, snmpd, config=CONFIG.format(uri=hv.uri()) + config) as daemon:
                run.wait_until(lambda: "connected" in daemon.log().split("started")[-1], 30,
                               "vmmibd to be connected to libvirt", alive=daemon.child)
                on = GuestStage(run, hv, snmpd, daemon, log, traps)
                yield on
                on.scene.report()
