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


def slope(points):
    """Of the straight line that fits [(x, y)] best."""
    n = len(points)
    x, y = (sum(one[i] for one in points) / n for i in (0, 1))
    return (sum((a - x) * (b - y) for a, b in points) /
            (sum((a - x) ** 2 for a, _b in points) or 1))
