#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Fault after fault in random order, while a poller asks and every answer is compared with the
truth: a minute or so, or as many SOAK_SECONDS as the environment says."""

import contextlib
import os
import random
import time

import faultstage
import guest
import guestxml
import hostile
import namespaces
import process
import tap
import virtmib
import vmmib
from daemon import Daemon
from faultstage import INTERVAL, RUNNING, UP
from fleet import Fleet
from hypervisor import Hypervisor, libvirt
from ledger import Ledger
from poller import Poller
from rundir import TIMEOUT_SCALE
from snmp import Snmpd, SnmpTimeout
from virtmib import FALSE, instance

if os.environ.get("VMMIBD_QUICK"):
    tap.skip_all("VMMIBD_QUICK is set, and this needs real guests")

SECONDS = float(os.environ.get("SOAK_SECONDS", "60"))
SEED = int(os.environ.get("SOAK_SEED", "0")) or random.SystemRandom().randrange(1, 10**9)
GUESTS = int(os.environ.get("SOAK_GUESTS", "6"))
LONGEST = 10        # seconds of a fault
SHOWN = 2 * INTERVAL  # seconds until what a guest does in a hang would show
RECOVERY = 20       # seconds after a fault until everything is of now
SOON = 2            # seconds after which a state must be seen
LIMIT = 4           # maxHungCalls
GROWTH = 3072       # KiB that vmmibd may grow by, by linear regression
VISITORS = 20       # VMs that are defined and undefined
STATES = {libvirt.VIR_DOMAIN_RUNNING: RUNNING, libvirt.VIR_DOMAIN_PAUSED: 8,
          libvirt.VIR_DOMAIN_SHUTOFF: 11}


class Soak:
    """Faults are the methods whose names begin with "fault_"."""

    def __init__(self, run, hv, snmpd, daemon, fleet):
        self.run, self.hv, self.snmpd, self.daemon, self.fleet = run, hv, snmpd, daemon, fleet
        self.rng = random.Random(SEED)
        self.index = {name.decode(): index[0] for index, name in
                      snmpd.column(vmmib.prefix("vmName")).items()}
        self.client = hv.connect()
        self.ledger = Ledger(fleet, {self.index[name]: name for name in fleet.names},
                             {self.index[name]: self.marks(name) for name in fleet.names}, LIMIT)
        self.sizes, self.recoveries = [], {}

    def marks(self, name):
        return {"vmName": name.encode(), "vmUUID": self.domain(name).UUID(),
                "virtDomainTitle": f"test guest {name}".encode(),
                "vmNetworkPhysAddress": bytes.fromhex(guestxml.mac_of(name).replace(":", ""))}

    def domain(self, name):
        return self.client.lookupByName(name)

    def some(self):
        return self.rng.sample(self.fleet.names, self.rng.randint(1, len(self.fleet.names)))

    def rest(self, least=1):
        time.sleep(self.rng.uniform(least, LONGEST))

    # faults

    def fault_libvirtd_hangs(self):
        try:
            self.hv.pause()
            self.rest()
        finally:
            self.hv.resume()

    def fault_guests_hang(self):
        names = self.some()
        window = self.ledger.window("hangs", *(self.index[name] for name in names))
        with self.fleet.hung(names):
            self.rest(SHOWN)
            window.close()

    def fault_libvirtd_dies(self):
        self.hv.kill()
        time.sleep(self.rng.uniform(0, 2))
        self.hv.start()
        self.client = self.hv.connect()

    def fault_libvirtd_dies_while_guests_hang(self):
        names = self.some()
        window = self.ledger.window("hangs", *(self.index[name] for name in names))
        with self.fleet.hung(names):
            time.sleep(2)
            self.hv.kill()
            window.close()
        self.hv.start()
        self.client = self.hv.connect()

    def fault_snmpd_dies(self):
        window = self.ledger.window("silent")
        self.snmpd.kill()
        self.snmpd.start()
        self.daemon.wait_serving()
        window.close()

    def fault_guest_ends(self):
        name = self.rng.choice(self.fleet.names)
        window = self.ledger.window("runs", self.index[name])
        self.domain(name).destroy()
        self.wait_state(name, 11)
        del self.fleet.taps[name]
        self.domain(name).create()
        self.fleet.find_tap(name, self.domain(name))
        self.wait_state(name, RUNNING)
        self.wait_fresh()
        time.sleep(0.5)  # for the poller to come by
        window.close()

    def fault_guest_pauses(self):
        name = self.rng.choice(self.fleet.names)
        self.domain(name).suspend()
        self.wait_state(name, 8)
        self.domain(name).resume()

    def fault_visitors(self):
        for number in range(VISITORS):
            self.client.defineXML(guestxml.domain(
                f"visitor{number}", self.run.path, f"{self.run.path}/v", f"{self.run.path}/v.log",
                guest.cache_directory(), nic=None))
        self.daemon.wait_number(len(self.fleet.names) + VISITORS)
        for number in range(VISITORS):
            self.domain(f"visitor{number}").undefine()
        self.daemon.wait_number(len(self.fleet.names))

    def fault_malformed(self):
        hostile.pester(self.snmpd, self.rng, 500)

    # between them

    def wait_state(self, name, state):
        cell = instance("vmOperState", self.index[name])
        self.run.wait_until(lambda: self.snmpd.value(cell) == state, RECOVERY,
                            f"vmOperState {state} of {name}", alive=self.daemon.child)

    def fresh(self):
        """Whether all values are of now."""
        ages, stale = (self.snmpd.column(virtmib.prefix(name))
                       for name in ("virtDomainSampleAge", "virtDomainStale"))
        indices = [(index,) for index in self.index.values()]
        return (self.snmpd.value(instance("virtConnState")) == UP and
                all(ages.get(index, RECOVERY) <= INTERVAL and stale[index] == FALSE
                    for index in indices))

    def wait_fresh(self):
        self.run.wait_until(self.fresh, RECOVERY, "fresh values", alive=self.daemon.child,
                            ignore=SnmpTimeout)

    def differences(self):
        """{name: (what is served, what libvirt says)} of states."""
        served = self.snmpd.column(vmmib.prefix("vmOperState"))
        both = {name: (served.get((index,)), STATES[self.domain(name).state()[0]])
                for name, index in self.index.items()}
        return {name: states for name, states in both.items() if states[0] != states[1]}

    def check_states(self):
        """At a quiet moment the states are those that libvirt has, if need be after its event."""
        deadline = time.monotonic() + SOON * TIMEOUT_SCALE
        while different := self.differences():
            tap.check(time.monotonic() < deadline, f"states: {different}")

    def go(self, asker):
        """Each of the faults in random order, again and again."""
        faults = sorted(name for name in dir(self) if name.startswith("fault_"))
        end, deck = time.monotonic() + SECONDS, []
        while time.monotonic() < end:
            if not deck:
                deck = self.rng.sample(faults, len(faults))
            self.one(deck.pop(), asker)

    def one(self, fault, asker):
        getattr(self, fault)()
        start = time.monotonic()
        self.wait_fresh()
        self.recoveries.setdefault(fault.removeprefix("fault_"), []).append(
            time.monotonic() - start)
        self.check_states()
        self.sizes.append((time.monotonic(), process.size(self.daemon.child.pid)))
        asker.wait_over(time.monotonic())
        self.ledger.check(asker.take())

    # in the end

    def report(self):
        for fault, took in sorted(self.recoveries.items()):
            tap.diag(f"{fault}: {len(took)} times, fresh after {max(took):.1f} s at most")
        slope = process.slope([(when, size.rss) for when, size in self.sizes])
        length = self.sizes[-1][0] - self.sizes[0][0]
        tap.diag(f"vmmibd at first: {self.sizes[0][1]}; at last: {self.sizes[-1][1]}; memory grows "
                 f"by {slope * 3600:.0f} KiB/hour over {length:.0f} s")
        tap.check(slope * length < GROWTH, f"memory grows by {slope * length:.0f} KiB")
        half = len(self.sizes) // 2
        for field, more in (("threads", LIMIT), ("descriptors", LIMIT)):
            early, late = (max(getattr(size, field) for _when, size in some)
                           for some in (self.sizes[:half], self.sizes[half:]))
            # a pool fills up; after all faults have been there twice it does not any more
            more *= len(self.sizes) < 4 * len(self.recoveries)
            tap.check(late <= early + more, f"{field} grow from {early} to {late}")


@contextlib.contextmanager
def fixture():
    tap.diag(f"SOAK_SECONDS={SECONDS:g} SOAK_SEED={SEED}")
    guest.build()
    with namespaces.enter_namespaces() as run, Snmpd(run) as snmpd, Hypervisor(run) as hv, \
            Fleet(hv, GUESTS) as fleet:
        config = f"connection - {hv.uri()}\n{faultstage.TOKENS}maxHungCalls {LIMIT}\n"
        with Daemon(run, snmpd, config=config) as daemon:
            daemon.wait_number(GUESTS)
            yield Soak(run, hv, snmpd, daemon, fleet)


def test_soak(soak):
    "faults in random order: no value is wrong, all is fresh after each, nothing grows"
    soak.wait_fresh()
    with Poller(soak.run, soak.snmpd, soak.ledger.lists()) as asker, soak.ledger:
        soak.go(asker)
    soak.report()
    soak.ledger.report()


if __name__ == "__main__":
    tap.main([test_soak], fixture)
