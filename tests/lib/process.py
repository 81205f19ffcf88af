# SPDX-License-Identifier: BSD-2-Clause
"""What a process takes, as the kernel counts it."""

import os
from typing import NamedTuple

from tap import check


class Size(NamedTuple):
    """`rss` is in KiB."""

    threads: int
    descriptors: int
    rss: int

    def __str__(self):
        return f"{self.threads} threads, {self.descriptors} descriptors, {self.rss} KiB"


def size(pid):
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as status:
        fields = dict(line.split(":", 1) for line in status)
    return Size(int(fields["Threads"]), len(os.listdir(f"/proc/{pid}/fd")),
                int(fields["VmRSS"].split()[0]))


def check_flat(before, after, growth):
    """No more threads and descriptors, and at most `growth` KiB more."""
    check(after.threads <= before.threads, f"threads grow: {before}, then {after}")
    check(after.descriptors <= before.descriptors, f"descriptors grow: {before}, then {after}")
    check(after.rss - before.rss < growth, f"memory grows: {before}, then {after}")
