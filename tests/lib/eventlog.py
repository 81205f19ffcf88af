# SPDX-License-Identifier: BSD-2-Clause
"""Records what libvirt tells of its domains, with the time of arrival.

    log = EventLog()                # before the first connection to libvirt
    log.subscribe(hv.connect())
"""

import threading
import time
from typing import NamedTuple

from hypervisor import libvirt

TYPES = {"DEFINED": "ADDED UPDATED RENAMED FROM_SNAPSHOT",
         "UNDEFINED": "REMOVED RENAMED",
         "STARTED": "BOOTED MIGRATED RESTORED FROM_SNAPSHOT WAKEUP RECOVERED",
         "SUSPENDED": "PAUSED MIGRATED IOERROR WATCHDOG RESTORED FROM_SNAPSHOT API_ERROR POSTCOPY "
                      "POSTCOPY_FAILED",
         "RESUMED": "UNPAUSED MIGRATED FROM_SNAPSHOT POSTCOPY POSTCOPY_FAILED",
         "STOPPED": "SHUTDOWN DESTROYED CRASHED MIGRATED SAVED FAILED FROM_SNAPSHOT",
         "SHUTDOWN": "FINISHED GUEST HOST",
         "PMSUSPENDED": "MEMORY DISK",
         "CRASHED": "PANICKED CRASHLOADED"}
NAMES = {getattr(libvirt, f"VIR_DOMAIN_EVENT_{kind}"):
         (kind, {getattr(libvirt, f"VIR_DOMAIN_EVENT_{kind}_{detail}"): detail
                 for detail in details.split()
                 if hasattr(libvirt, f"VIR_DOMAIN_EVENT_{kind}_{detail}")})
         for kind, details in TYPES.items()}

OTHERS = ("REBOOT", "WATCHDOG", "IO_ERROR_REASON", "BLOCK_JOB_2", "BLOCK_THRESHOLD",
          "DEVICE_REMOVAL_FAILED", "MEMORY_FAILURE")


class Event(NamedTuple):
    """`kind` is one of a lifecycle event's types or of OTHERS; `detail` is a lifecycle event's
    detail, a tuple otherwise."""

    time: float
    uuid: str
    name: str
    kind: str
    detail: object

    def __str__(self):
        return f"{self.time:.3f} {self.name}: {self.kind} {self.detail}"


class EventLog:
    def __init__(self):
        libvirt.virEventRegisterDefaultImpl()
        threading.Thread(target=self._loop, daemon=True).start()
        self.events = []

    @staticmethod
    def _loop():
        while True:
            libvirt.virEventRunDefaultImpl()

    def subscribe(self, connection):
        connection.domainEventRegisterAny(None, libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE,
                                          self._lifecycle, None)
        for kind in OTHERS:
            try:
                connection.domainEventRegisterAny(
                    None, getattr(libvirt, f"VIR_DOMAIN_EVENT_ID_{kind}"), self._other, kind)
            except libvirt.libvirtError:
                pass  # a driver that never sends it

    def _append(self, domain, kind, detail):
        self.events.append(Event(time.monotonic(), domain.UUIDString(), domain.name(), kind,
                                 detail))

    def _lifecycle(self, _connection, domain, kind, detail, _opaque):
        name, details = NAMES[kind]
        self._append(domain, name, details.get(detail, str(detail)))

    def _other(self, _connection, domain, *rest):
        self._append(domain, rest[-1], rest[:-1])

    def mark(self):
        return len(self.events)

    def since(self, mark, uuid=None):
        return [event for event in self.events[mark:] if uuid in (None, event.uuid)]
