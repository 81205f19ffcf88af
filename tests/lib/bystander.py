# SPDX-License-Identifier: BSD-2-Clause
"""Another client of libvirtd, who should not notice what vmmibd waits for; and how many of
libvirtd's workers are busy, seen from outside.

    with Bystander(hv, "vm20") as other: ...
    other.slowest, other.busy
"""

import re
import subprocess
import threading
import time

from hypervisor import find_program
from tap import diag

PATIENCE = 30  # seconds after which a command counts as hanging
PAUSE = 0.3


class Bystander:
    """Its commands come one at a time, so that none of the busy workers works for it.

    `slowest` is {command: seconds}, `busy` a list of numbers of workers, `failures` what went
    wrong.
    """

    def __init__(self, hv, healthy=None):
        admin = find_program("virt-admin", "libvirt-clients (Debian), libvirt-client (Fedora)")
        virsh = ["virsh", "-c", hv.uri()]
        self.commands = {"virsh list": [*virsh, "list", "--all"]}
        if healthy:
            self.commands["virsh domstats"] = [*virsh, "domstats", healthy]
        self.pool = [admin, "srv-threadpool-info", "libvirtd"]
        self.slowest, self.busy, self.failures = dict.fromkeys(self.commands, 0.0), [], []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join(2 * PATIENCE)
        diag("bystander: " + ", ".join(f"{name} at most {1000 * took:.0f} ms"
                                       for name, took in self.slowest.items()) +
             f"; busy workers at most {max(self.busy, default=0)}, in the mean "
             f"{sum(self.busy) / max(1, len(self.busy)):.1f}")

    def _command(self, argv):
        try:
            done = subprocess.run(argv, capture_output=True, text=True, timeout=PATIENCE,
                                  check=False)
        except subprocess.TimeoutExpired:
            self.failures.append(f"{argv[-2:]}: no answer in {PATIENCE} s")
            return ""
        if done.returncode:
            self.failures.append(f"{argv[-2:]}: {done.stderr}")
        return done.stdout

    def _run(self):
        while not self._over.wait(PAUSE):
            for name, argv in self.commands.items():
                start = time.monotonic()
                self._command(argv)
                self.slowest[name] = max(self.slowest[name], time.monotonic() - start)
            fields = dict(re.findall(r"^(\w+)\s*: (\d+)", self._command(self.pool), re.MULTILINE))
            if fields:
                self.busy.append(int(fields["nWorkers"]) - int(fields["freeWorkers"]))
