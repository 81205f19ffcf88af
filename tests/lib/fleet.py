# SPDX-License-Identifier: BSD-2-Clause
"""Twenty real guests or so, each with a tap device, some of which hang when a test says so.

    with Fleet(hv, 20) as fleet:
        with fleet.hung(fleet.names[:12]): ...
"""

import contextlib
import os
import re
import signal
import socket
import subprocess
import threading

from guest import Guest, have_tap
from hypervisor import find_program
from namespaces import BRIDGE, BRIDGE_ADDRESS
from tap import Skip, timed

AT_ONCE = 4     # guests that boot side by side
MEMORY = 96     # MiB
PACKETS = 20    # broadcasts in a second
QUEUE = 10      # packets that wait for a guest that does not take them
BROADCAST = "10.77.255.255"
PORT = 9
FIELDS = ("RxOctets", "RxPackets", "RxErrors", "RxDrops")


class Fleet:
    """Guests vm01 and so on, with traffic to each of them."""

    def __init__(self, hv, number):
        reason = have_tap()
        if reason:
            raise Skip(f"no interface counters: {reason}")
        self.hv, self.run = hv, hv.run
        self.names = [f"vm{n + 1:02}" for n in range(number)]
        self.guests = {name: Guest(hv, name, nic="bridge", memory_mib=MEMORY)
                       for name in self.names}
        self.taps, self._over = {}, threading.Event()

    def __enter__(self):
        with timed(f"{len(self.names)} guests booted"):
            for first in range(0, len(self.names), AT_ONCE):
                some = [self.guests[name] for name in self.names[first:first + AT_ONCE]]
                for guest in some:
                    guest.define().start()
                for guest in some:
                    guest.wait_booted()
        for name in self.names:
            self.find_tap(name, self.guests[name].domain)
        threading.Thread(target=self._talk, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self.resume(self.names)

    def find_tap(self, name, domain):
        """To be called when it was started anew."""
        tap = re.search(r"<target dev='(vnet\d+)'/>", domain.XMLDesc()).group(1)
        subprocess.run([find_program("ip", "iproute2"), "link", "set", tap, "txqueuelen",
                        str(QUEUE)], check=True)
        self.taps[name] = tap

    def _talk(self):
        """Each guest hears it; what one that hangs does not take is dropped, and counted."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as talker:
            talker.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            talker.bind((BRIDGE_ADDRESS, 0))
            while not self._over.wait(1 / PACKETS):
                talker.sendto(b"hear, hear", (BROADCAST, PORT))

    # hanging

    def pause(self, names):
        """Hangs QEMUs (SIGSTOP)."""
        for name in names:
            os.kill(self.hv.qemu_pid(name), signal.SIGSTOP)

    def resume(self, names):
        for name in names:
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                os.kill(self.hv.qemu_pid(name), signal.SIGCONT)

    @contextlib.contextmanager
    def hung(self, names):
        try:
            self.pause(names)
            yield
        finally:
            self.resume(names)

    # what is true

    def counters(self):
        """{name: {"RxOctets": ..., "RxDrops": ...}}, as the kernel has them."""
        with open("/proc/net/dev", encoding="ascii") as text:
            lines = dict(line.split(":", 1) for line in text if ":" in line)
        found = {device.strip(): rest.split() for device, rest in lines.items()}
        # what the host sends is what the guest receives
        return {name: dict(zip(FIELDS, map(int, found[device][8:12])))
                for name, device in list(self.taps.items()) if device in found}
