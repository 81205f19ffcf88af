# SPDX-License-Identifier: BSD-2-Clause
"""Makes changes to VMs, and measures how soon VM-MIB shows them.

A latency counts from the return of the libvirt call, or from libvirt's event where that says when
it happened, to the answer of snmpd that shows it.
"""

import contextlib
import threading
import time

import rundir
import tap
import vmmib
from hypervisor import libvirt

LIMIT = 5 * rundir.TIMEOUT_SCALE  # seconds; what users may expect is one
POLL = 0.02

STATES = ("- unknown other preparing running suspending suspended resuming paused migrating "
          "shuttingdown shutdown crashed").split()
# the vmAdminState that goes with it
ADMIN = {"preparing": 1, "running": 1, "resuming": 1, "suspending": 2, "suspended": 2,
         "paused": 3, "shuttingdown": 4, "shutdown": 4, "crashed": 4}
STOPPED = "lifecycle", libvirt.VIR_DOMAIN_EVENT_STOPPED


class Events:
    """When libvirt's events arrived here."""

    def __init__(self):
        libvirt.virEventRegisterDefaultImpl()
        threading.Thread(target=self._loop, daemon=True).start()
        self.arrived = []

    @staticmethod
    def _loop():
        while True:
            libvirt.virEventRunDefaultImpl()

    def subscribe(self, connection):
        for number, kind in ((libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, "lifecycle"),
                             (libvirt.VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED, "removed"),
                             (libvirt.VIR_DOMAIN_EVENT_ID_BALLOON_CHANGE, "balloon")):
            connection.domainEventRegisterAny(None, number, self._arrive, kind)

    def _arrive(self, _connection, domain, what, *rest):
        self.arrived.append((time.monotonic(), (domain.name(), rest[-1], what)))

    def since(self, start, wanted):
        return next((when for when, event in self.arrived
                     if when >= start and event[:len(wanted)] == wanted), None)


class Changes:
    """Make one before the first connection to libvirt, and subscribe its `events` then."""

    def __init__(self, run, snmpd):
        self.run, self.snmpd = run, snmpd
        self.events = Events()
        self.latencies = {}

    def get(self, name, *index):
        return self.snmpd.value(vmmib.instance(name, *index))

    def make(self, what, call, shown, event=None):
        """Makes the call in a thread, and polls until shown() is true.

        The latency counts from the `event` (domain's name, kind, value), if there is one.
        """
        tap.check(not shown(), f"{what}: shown before")
        start, ended, error = time.monotonic(), [], []

        def act():
            try:
                call()
            except Exception as problem:
                error.append(problem)
            ended.append(time.monotonic())

        thread = threading.Thread(target=act)
        thread.start()
        origin = shown_at = None
        limit = start + 60 * rundir.TIMEOUT_SCALE
        while not error and (origin is None or shown_at is None) and time.monotonic() < limit:
            time.sleep(POLL)
            if shown_at is None and shown():
                shown_at = time.monotonic()
            if origin is None and ended:
                origin = self.events.since(start, event) if event else ended[0]
                limit = origin + LIMIT if origin else limit
        thread.join(1)
        if error:
            raise error[0]
        tap.check(origin, f"{what}: did not happen\n{self.run.logs()}")
        tap.check(shown_at, f"{what}: not shown\n{self.run.logs()}")
        # it may be shown while the call is still under way
        self.latencies[what] = max(0, shown_at - origin)
        tap.diag(f"{what}: {self.latencies[what] * 1000:.0f} ms")

    def make_state(self, what, vm, call, to, via=(), event=None):
        """Has the vmOperState of a vmIndex change; `via` are those that may be seen in between."""
        seen = []

        def shown():
            oper, admin = (vb.value for vb in self.snmpd.get(
                vmmib.instance("vmOperState", vm), vmmib.instance("vmAdminState", vm)))
            state = STATES[oper or 0]
            tap.equal(admin, ADMIN.get(state), f"vmAdminState while {state}")
            if seen[-1:] != [state]:
                seen.append(state)
            return state == to

        with self.same_vms():
            self.make(what, call, shown, event)
        tap.diag(f"  {' -> '.join(seen)}")
        tap.check(set(seen[1:-1]) <= set(via), f"{what}: states {seen}")

    @contextlib.contextmanager
    def same_vms(self):
        """vmTableLastChange moves only when VMs come or go."""
        before = self.get("vmTableLastChange"), self.get("vmNumber")
        yield
        tap.equal((self.get("vmTableLastChange"), self.get("vmNumber")), before,
                  "vmTableLastChange, vmNumber")

    @contextlib.contextmanager
    def vms_change(self, by):
        number, start = self.get("vmNumber"), self.get("vmHvUpTime")
        yield
        tap.equal(self.get("vmNumber"), number + by, "vmNumber")
        changed, end = self.get("vmTableLastChange"), self.get("vmHvUpTime")
        tap.check(start <= changed <= end,
                  f"vmTableLastChange {changed} is not between vmHvUpTime {start} and {end}")
