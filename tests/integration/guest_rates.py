#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Has a real guest compute, write and send at a known pace, and compares rates and utilizations
with that pace and with libvirt's counters.

What counts is a window of several refreshes: the mean of the rates that each of them brought.
"""

import contextlib
import os
import signal
import time

import guest
import namespaces
import tap
import virtmib
import vmmib
from daemon import Daemon
from guest import Guest
from hypervisor import Hypervisor, libvirt
from snmp import Snmpd

if os.environ.get("VMMIBD_QUICK"):
    tap.skip_all("VMMIBD_QUICK is set, and these are real guests")

INTERVAL, WINDOW = 5, 4  # seconds, refreshes
MIB = 1 << 20
LIMIT, BLOCK = 2 * MIB, 16384  # octets per second, octets per write
PACE, SIZE = 10, 1000  # packets per second, octets of payload
FRAME = SIZE + 8 + 20 + 14  # with the headers of ICMP, IP and Ethernet
SECOND = 10**9  # in libvirt's units

RATES = {  # column of a rate: its counter, what a unit of the counter is in units of the rate
    "virtDomainCpuUtilization": ("vmCpuTime", 0.01),
    "virtVcpuUtilization": ("vmCpuCoreTime", 0.01),
    "virtDiskReadIORate": ("vmStorageReadIOs", 1), "virtDiskWriteIORate": ("vmStorageWriteIOs", 1),
    "virtDiskReadOctetRate": ("vmStorageReadOctets", 1),
    "virtDiskWriteOctetRate": ("vmStorageWriteOctets", 1),
    "virtIfRxBitRate": ("virtIfRxOctets", 8), "virtIfTxBitRate": ("virtIfTxOctets", 8),
    "virtIfRxPacketRate": ("virtIfRxPackets", 1), "virtIfTxPacketRate": ("virtIfTxPackets", 1)}
LATENCIES = {"virtDiskReadLatency": ("vmStorageReadLatency", "vmStorageReadIOs"),
             "virtDiskWriteLatency": ("vmStorageWriteLatency", "vmStorageWriteIOs")}


class Fixture:
    def __init__(self, run, hv, snmpd, daemon, one):
        self.run, self.hv, self.snmpd, self.daemon, self.one = run, hv, snmpd, daemon, one
        self.vm = vmmib.indices_by_uuid(snmpd)[one.domain.UUIDString()]

    def refreshes(self):
        return self.snmpd.value(virtmib.instance("virtRefreshes"))

    def wait_refresh(self):
        """Until the next refresh has just ended; returns when, by the monotonic clock."""
        before = self.refreshes()
        self.run.wait_until(lambda: self.refreshes() > before, 60, "a refresh",
                            alive=self.daemon.child)
        return time.monotonic()

    def served(self):
        return {key: value for key, value in virtmib.values(self.snmpd).items()
                if key[1][0] == self.vm}

    def rates(self):
        """{(column, index): value} of all rates and latencies of the guest."""
        return {key: value for key, value in self.served().items()
                if key[0] in RATES or key[0] in LATENCIES or
                key[0] == "virtDomainCpuUtilizationAll"}

    def row(self, column, text):
        """The row in which a column has that text."""
        return next(index for (name, index), value in self.served().items()
                    if name == column and value.decode() == text)


class Reading:
    """What is served just after a refresh, and what libvirt says then."""

    def __init__(self, fix):
        self.time = fix.wait_refresh()
        self.stats = fix.one.stats()
        self.libvirt_time = time.monotonic()
        self.served = fix.served()


class Window:
    """Readings after several refreshes on end."""

    def __init__(self, fix):
        # the first interval has begun before what is measured did
        fix.wait_refresh()
        self.readings = [Reading(fix) for _ in range(WINDOW + 1)]
        self.first, self.last = self.readings[0], self.readings[-1]
        self.seconds = self.last.time - self.first.time

    def mean(self, name, index):
        values = [reading.served.get((name, index)) for reading in self.readings[1:]]
        tap.check(None not in values, f"{name}.{index}: {values}")
        return sum(values) / len(values)

    def counted(self, name, index):
        """By how much a served counter grew per second."""
        return (self.last.served[name, index] - self.first.served[name, index]) / self.seconds

    def libvirt(self, key):
        """By how much libvirt's own counter grew per second."""
        return (self.last.stats[key] - self.first.stats[key]) / (
            self.last.libvirt_time - self.first.libvirt_time)

    def check_all(self):
        """Each rate is what its counter moved by; returns how many moved."""
        moved = 0
        for name, index in sorted(self.last.served):
            if name not in RATES:
                continue
            counter, factor = RATES[name]
            wanted = self.counted(counter, index) * factor
            # a Gauge32 of a slow counter is rounded
            close(self.mean(name, index), wanted, f"{name}.{index} by {counter}", slack=0.6)
            moved += wanted > 1
        return moved


def close(got, wanted, what, slack=0):
    tap.diag(f"{what}: {got:.1f}, wanted {wanted:.1f}")
    tap.check(abs(got - wanted) <= wanted / 10 + slack, f"{what} is {got}, not {wanted}")


@contextlib.contextmanager
def fixture():
    images = guest.build()
    with namespaces.enter_namespaces() as run, Snmpd(run) as snmpd, Hypervisor(run) as hv:
        one = Guest(hv, "busy", images=images, vcpus=2, max_vcpus=2,
                    nic="user" if guest.have_tap() else "bridge")
        one.make_disk("disk.raw", 512 * MIB)
        one.xml = one.xml.replace(
            "<target dev='vda' bus='virtio'/>",
            f"<target dev='vda' bus='virtio'/><iotune><write_bytes_sec>{LIMIT}</write_bytes_sec>"
            "</iotune>")
        one.define()
        with tap.timed("boot"):
            one.start().wait_booted()
        with Daemon(run, snmpd, config=(f"connection - {hv.uri()}\n"
                                        f"refreshInterval {INTERVAL}\n")) as daemon:
            daemon.wait_number(1)
            yield Fixture(run, hv, snmpd, daemon, one)


def test_first(fix):
    "there are no rates before the second sample, and then all but latencies"
    tap.equal((fix.refreshes(), fix.rates()), (1, {}), "refreshes and rates at first")
    fix.wait_refresh()
    found = {name for name, _ in fix.rates()}
    wanted = {name for name in RATES if not (guest.have_tap() and name.startswith("virtIf"))}
    tap.equal(found - set(LATENCIES), wanted | {"virtDomainCpuUtilizationAll"}, "rates")


def test_cpu(fix):
    "a guest with one of two virtual CPUs busy: utilizations are libvirt's processor times"
    fix.one.command("burn forever 1")
    window = Window(fix)
    fix.one.command("stop")
    domain = window.mean("virtDomainCpuUtilization", (fix.vm,))
    close(domain, window.libvirt("cpu.time") / SECOND * 10000, "virtDomainCpuUtilization")
    tap.check(domain > 2000, f"the guest got only {domain / 100} percent of a CPU")
    close(window.mean("virtDomainCpuUtilizationAll", (fix.vm,)), domain / 2,
          "virtDomainCpuUtilizationAll", slack=1)
    vcpus = []
    for n in range(2):
        vcpus.append(window.mean("virtVcpuUtilization", (fix.vm, n + 1)))
        close(vcpus[n], window.libvirt(f"vcpu.{n}.time") / SECOND * 10000,
              f"virtVcpuUtilization of {n}", slack=20)
    tap.check(2000 < sum(vcpus) <= domain * 1.02 + 20, f"vCPUs {vcpus}, domain {domain}")
    # the guest may move its task from one to the other
    tap.check(sum(vcpus) < 10500, f"one busy CPU is {vcpus}")
    window.check_all()


def test_disk_and_net(fix):
    "a guest that writes and sends at a known pace: its rates are that pace, and its counters'"
    row = fix.row("virtDiskTarget", "vda")
    tap.equal(fix.served()["virtDiskLimitWriteOctets", row], LIMIT, "virtDiskLimitWriteOctets")
    fix.one.command(f"pour vda {BLOCK}")
    if not guest.have_tap():
        fix.one.command(f"drip {1 / PACE} {SIZE}")
    window = Window(fix)
    check_latency(window, row)
    fix.one.command("stop")
    close(window.mean("virtDiskWriteOctetRate", row), LIMIT, "virtDiskWriteOctetRate")
    close(window.mean("virtDiskWriteIORate", row), LIMIT / BLOCK, "virtDiskWriteIORate")
    tap.equal(window.mean("virtDiskReadOctetRate", row), 0, "virtDiskReadOctetRate")
    if not guest.have_tap():
        nic = (fix.vm, 1)
        for way in "Rx", "Tx":
            close(window.mean(f"virtIf{way}PacketRate", nic), PACE, f"virtIf{way}PacketRate")
            close(window.mean(f"virtIf{way}BitRate", nic), PACE * FRAME * 8, f"virtIf{way}BitRate")
    tap.check(window.check_all() >= (4 if guest.have_tap() else 8), "few of the rates moved")


def check_latency(window, row):
    """In each interval the mean latency is the time of its requests per request."""
    for before, after in zip(window.readings, window.readings[1:]):
        spent, requests = (after.served[name, row] - before.served[name, row]
                           for name in LATENCIES["virtDiskWriteLatency"])
        tap.check(requests > 0, "no requests in an interval")
        close(after.served["virtDiskWriteLatency", row], spent / requests, "virtDiskWriteLatency",
              slack=1)
        tap.equal(after.served.get(("virtDiskReadLatency", row)), None, "virtDiskReadLatency")
    # while it is throttled each request takes its share of a second
    close(window.last.served["virtDiskWriteLatency", row], BLOCK / LIMIT * 10**6,
          "virtDiskWriteLatency by the limit", slack=BLOCK / LIMIT * 10**6 / 4)


def test_idle(fix):
    "a guest that does nothing has rates of 0, no latency, and hardly any utilization"
    fix.wait_refresh()
    fix.wait_refresh()
    rates = fix.rates()
    tap.equal({name for name, _ in rates} & set(LATENCIES), set(), "latencies")
    moving = {key: value for key, value in rates.items() if value and "Disk" in key[0]}
    tap.equal(moving, {}, "disks")
    loud = {key: value for key, value in rates.items() if "Packet" in key[0] and value > 1}
    tap.equal(loud, {}, "packets")
    quiet = {key: value for key, value in rates.items() if "Utilization" in key[0]}
    tap.check(quiet and max(quiet.values()) < 2000, f"{quiet}")


def test_new_run(fix):
    "a new run has no rates at first, and none that reach back into the run before"
    number = fix.served()["virtDomainId", (fix.vm,)]
    fix.wait_refresh()
    tap.check(fix.rates(), "no rates before")
    fix.one.destroy()
    fix.run.wait_until(lambda: ("virtDomainId", (fix.vm,)) not in fix.served(), 10, "the end")
    tap.equal(fix.rates(), {}, "rates of a guest that is off")
    fix.one.start()
    started = time.monotonic()
    fix.run.wait_until(lambda: fix.served().get(("virtDomainId", (fix.vm,)), 0) > number, 10,
                       "the new run")
    tap.check(time.monotonic() - started < INTERVAL / 2, "the machine is too slow for this test")
    tap.equal(fix.rates(), {}, "rates just after a start")
    fix.run.wait_until(fix.rates, 3 * INTERVAL, "rates of the new run")
    tap.check(time.monotonic() - started >= INTERVAL / 2, "rates of less than half an interval")
    rates = fix.rates()
    cpus = libvirt.open(fix.hv.uri()).getInfo()[2]
    tap.check(0 < rates["virtDomainCpuUtilization", (fix.vm,)] <= 10000 * cpus, f"{rates}")


def test_neighbour_hangs(fix):
    "a neighbour that hangs holds up the statistics of all, and makes nobody's rates too high"
    # libvirt asks guests in an order of its own: what counts is one that comes before a hanging one
    others = [Guest(fix.hv, f"other{n}", disks=False).define().start() for n in range(2)]
    for other in others:
        other.wait_booted()
    fix.one.command("burn forever")
    fix.daemon.stop()
    with Daemon(fix.run, fix.snmpd, name="hangs",
                config=f"connection - {fix.hv.uri()}\nrefreshInterval 1\n") as daemon:
        daemon.wait_number(3)
        busy = virtmib.instance("virtVcpuUtilization", fix.vm, 1)
        fix.run.wait_until(lambda: fix.snmpd.value(busy), 30, "a rate")
        highest = 0
        for other in others:
            os.kill(other.qemu_pid, signal.SIGSTOP)
            time.sleep(6)  # as long as the call is to hang
            os.kill(other.qemu_pid, signal.SIGCONT)
            until = time.monotonic() + 4
            while time.monotonic() < until:
                found = [fix.snmpd.value(virtmib.instance("virtVcpuUtilization", fix.vm, number))
                         for number in (1, 2)]
                highest = max([highest, *filter(None, found)])
                time.sleep(0.1)
    tap.diag(f"highest utilization of a vCPU: {highest / 100} percent")
    tap.check(0 < highest < 11000, f"a vCPU used {highest / 100} percent of a CPU")


if __name__ == "__main__":
    tap.main([test_first, test_cpu, test_disk_and_net, test_idle, test_new_run,
              test_neighbour_hangs], fixture)
