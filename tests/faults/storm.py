#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Defines, starts, destroys and undefines 500 VMs in a random order during walk after walk."""

import contextlib
import random
import threading
import time
import uuid

import faultstage
import guestxml
import namespaces
import process
import tap
import virtmib
import vmmib
from asker import Asker
from daemon import Daemon
from hypervisor import Hypervisor
from poller import Poller
from snmp import Snmpd
from told import in_background

BASE = "test+unix:///default"
SEED = 7666
LASTING, LIVES, NAMES = 20, 500, 150  # VMs that exist throughout; lives, and of how many VMs
FOREIGN = 1     # vmIndex of the test driver's own domain
AT_ONCE = 12    # VMs that exist besides
PAUSE = 0.012   # seconds between two steps, at most
PEACE = 5
GROWTH = 8192   # KiB: each of the VMs leaves a reserved number behind

DEVICE = {"vmStorageResourceID": (1,), "vmNetworkPhysAddress": (1,)}  # rest of the index

DOMAIN = """\
<domain type='test'><name>{name}</name><uuid>{uuid}</uuid><title>title of {name}</title>
<memory>1048576</memory><vcpu>2</vcpu><os><type>hvm</type></os><devices>
<disk type='file' device='disk'><source file='/i/{name}.raw'/><target dev='vda' bus='virtio'/></disk>
<interface type='bridge'><mac address='{mac}'/><source bridge='br0'/></interface>
</devices></domain>
"""


def marks(name):
    """{object: value} by which the VM's rows can be told from those of any other."""
    return {
        "vmName": name.encode(), "vmUUID": uuid.uuid5(uuid.NAMESPACE_URL, name).bytes,
        "virtDomainTitle": f"title of {name}".encode(),
        "vmStorageResourceID": f"/i/{name}.raw".encode(),
        "vmNetworkPhysAddress": bytes.fromhex(guestxml.mac_of(name).replace(":", ""))}


def define(connection, name):
    return connection.defineXML(DOMAIN.format(
        name=name, uuid=uuid.uuid5(uuid.NAMESPACE_URL, name), mac=guestxml.mac_of(name)))


class Fixture:
    def __init__(self, run, hv, snmpd):
        self.run, self.hv, self.snmpd = run, hv, snmpd
        self.client = hv.connect(BASE)
        self.lasting = [f"lasting{n}" for n in range(LASTING)]
        self.passing = [f"passing{n}" for n in range(NAMES)]
        config = f"connection - {hv.uri(BASE)}\n" + faultstage.TOKENS
        self.daemon = Daemon(run, snmpd, config=config)
        # {object: {value: name}}
        self.owners = {}
        for name in self.lasting + self.passing:
            for what, value in marks(name).items():
                self.owners.setdefault(what, {})[value] = name


@contextlib.contextmanager
def fixture():
    with namespaces.enter_namespaces() as run, Snmpd(run) as snmpd, \
            Hypervisor(run, qemu=False) as hv:
        fix = Fixture(run, hv, snmpd)
        with fix.daemon:
            fix.daemon.wait_number(1)
            tap.equal(snmpd.value(virtmib.instance("vmName", FOREIGN)), b"test", "vmName")
            for name in fix.lasting:
                define(fix.client, name).create()
            fix.daemon.wait_number(LASTING + 1)
            yield fix


def live(fix, rng):
    """The storm: some VMs at a time, each a step further when it is chosen."""
    steps = ("define", "create", "destroy", "undefine")
    under_way, begun = {}, 0
    while begun < LIVES or under_way:
        if begun < LIVES and len(under_way) < AT_ONCE:
            free = [name for name in fix.passing if name not in under_way]
            name = rng.choice(free)
            under_way[name] = [None, 0]
            begun += 1
        name = rng.choice(sorted(under_way))
        life = under_way[name]
        if life[1] == 0:
            life[0] = define(fix.client, name)
        else:
            getattr(life[0], steps[life[1]])()
        life[1] += 1
        if life[1] == len(steps):
            del under_way[name]
        time.sleep(rng.random() * PAUSE)


class Walker:
    """Walks again and again until told to stop; `bulk` as of Asker.walk()."""

    def __init__(self, fix, bulk):
        self.fix, self.bulk = fix, bulk
        self.walks = self.cells = self.partial = 0
        self.over = threading.Event()
        self.of_index = {}  # {vmIndex: name}
        self.seen = set()

    def run(self):
        with Asker(self.fix.snmpd) as asker:
            while not self.over.is_set():
                self.check(dict(asker.walk(vmmib.OBJECTS, self.bulk) +
                                asker.walk(virtmib.OBJECTS, self.bulk)))
                self.walks += 1
                self.together(asker)

    def check(self, found):
        """Each row is of the VM to which its index belongs, and no lasting VM is missing."""
        self.cells += len(found)
        for what, owners in self.fix.owners.items():
            prefix = virtmib.prefix(what)
            there = {name[len(prefix)]: owners.get(value, value) for name, value in found.items()
                     if name[:len(prefix)] == prefix and name[len(prefix)] != FOREIGN}
            missing = set(self.fix.lasting) - set(there.values())
            tap.check(not missing, f"{what}: walk {self.walks} misses {sorted(missing)[:5]}")
            for index, name in there.items():
                self.seen.add(name)
                tap.equal(name, self.of_index.setdefault(index, name), f"whose {what}.{index} is")

    def together(self, asker):
        """What one request asks of one VM is of that VM.  Of one that is about to go there may be
        less than all."""
        for index, name in list(self.of_index.items()):
            wanted = marks(name)
            got = [value for _name, value in asker.get([
                virtmib.instance(what, index, *DEVICE.get(what, ())) for what in wanted])]
            none = [None] * len(got) if name in self.fix.passing else list(wanted.values())
            tap.check(all(value in both for value, *both in zip(got, none, wanted.values())),
                      f"{name} is served as {got}")
            self.partial += got not in (none, list(wanted.values()))


def walked(fix, walkers, change):
    """Has them walk while the change is made, and a walk afterwards."""
    with contextlib.ExitStack() as stack:
        for walker in walkers:
            stack.enter_context(in_background(walker.run))
        try:
            change()
        finally:
            for walker in walkers:
                walker.over.set()


def test_storm(fix):
    "500 lives of VMs: no walk misses a VM, goes back, or shows a VM with another's values"
    tap.diag(f"seed {SEED}")
    before = process.size(fix.daemon.child.pid)
    walkers = [Walker(fix, None), Walker(fix, 40)]
    with Poller(fix.run, fix.snmpd, [faultstage.instances(faultstage.SCALARS)]) as asker:
        with asker.phase("peace") as peace:
            walked(fix, [Walker(fix, None), Walker(fix, 40)],
                   lambda: faultstage.until(peace.start + PEACE))
        with asker.phase("storm") as storm:
            walked(fix, walkers, lambda: live(fix, random.Random(SEED)))
        asker.check_unharmed(peace, storm)
    for walker in walkers:
        tap.diag(f"{'GETBULK' if walker.bulk else 'GETNEXT'}: {walker.walks} walks, "
                 f"{walker.cells} cells, {len(walker.seen)} VMs seen, {walker.partial} in part")
        tap.check(walker.walks >= 5 and len(walker.seen) > LASTING, "too few walks")
    fix.daemon.wait_number(LASTING + 1)
    after = process.size(fix.daemon.child.pid)
    tap.diag(f"vmmibd before: {before}; after: {after}")
    process.check_flat(before, after, GROWTH)


if __name__ == "__main__":
    tap.main([test_storm], fixture)
