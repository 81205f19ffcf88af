# SPDX-License-Identifier: BSD-2-Clause
"""A stage for tests of notifications over the test driver of a libvirtd: everything that is needed,
and the switches, counters and domains at hand.

    with stage.enter() as on: ...       # vmmibd runs, `on` is a Stage
"""

import contextlib
import functools

import namespaces
import testdriver
import virtmib
import vmmib
from daemon import Daemon
from eventlog import EventLog
from hypervisor import Hypervisor, libvirt
from scene import CONFIG, PATIENCE, Scene
from sinks import Sinks
from snmp import SYS_UPTIME, Snmpd, Traps

BASE = "test+unix:///default"
HEAD_START = 2  # seconds that snmpd is older than vmmibd
PER_VM, BULK = (vmmib.instance(name) for name in
                ("vmPerVMNotificationsEnabled", "vmBulkNotificationsEnabled"))
COUNTERS = ("Sent", "Suppressed", "Bulk", "Folded", "Dropped", "Waiting")


class Stage:
    def __init__(self, run, hv, snmpd, sinks, log, config=""):
        self.run, self.hv, self.snmpd, self.sinks, self.log = run, hv, snmpd, sinks, log
        self.client = hv.connect(BASE)
        log.subscribe(hv.connect(BASE))
        self.daemon = Daemon(run, snmpd, config=self.config(config))
        self.scene, self.domains = None, []

    def config(self, more=""):
        return CONFIG.format(uri=self.hv.uri(BASE)) + more

    def define(self, number):
        """So many domains, named vm0001 and so on."""
        self.domains = [self.client.defineXML(testdriver.plain(f"vm{n + 1:04}"))
                        for n in range(number)]

    def begin(self):
        self.daemon.start()
        self.wait_listed()
        traps = self.sinks.traps if isinstance(self.sinks, Sinks) else self.sinks
        self.scene = Scene(self.run, self.snmpd, traps, self.log, self.client, testdriver.plain)

    def restart(self, more=""):
        """With that added to the configuration."""
        self.daemon.stop()
        self.daemon.configure(self.config(more))
        self.daemon.start()
        self.wait_listed()

    def wait_listed(self):
        """Until vmmibd has seen what VMs there are."""
        self.daemon.wait_number(len(self.client.listAllDomains()))

    def reconnect(self):
        """After libvirtd was started anew."""
        self.client = self.scene.client = self.hv.connect(BASE)
        self.log.subscribe(self.hv.connect(BASE))

    # what is served

    def counters(self):
        """{"Sent": ..., ...} of virtNotificationsSent and so on"""
        return {name: self.snmpd.value(virtmib.instance(f"virtNotifications{name}"))
                for name in COUNTERS}

    def switches(self):
        return self.snmpd.value(PER_VM), self.snmpd.value(BULK)

    def cell(self, name, *index):
        return self.snmpd.value(virtmib.instance(name, *index))

    def indices(self):
        return vmmib.indices_by_uuid(self.snmpd)

    # changes

    @contextlib.contextmanager
    def domain(self, name):
        """A defined domain, known to the scene; undefined in the end."""
        self.scene.step("define", lambda: self.client.defineXML(testdriver.plain(name)),
                        "virtDomainCreated", vm=name)
        domain = self.client.lookupByName(name)
        yield domain
        if domain.isActive():
            domain.destroy()
        domain.undefineFlags(libvirt.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE |
                             libvirt.VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA)
        self.settle()

    def settle(self):
        """Takes all that came for known."""
        self.scene.mark_end()
        self.scene.told.clear()
        self.scene.look()

    # what arrives

    def mark(self):
        return self.scene.listener.mark()

    def since(self, mark):
        """What came of VMs other than the marker."""
        return [one.notification for one in self.scene.since(mark)]

    def names_since(self, mark):
        return [one.name for one in self.since(mark)]

    def wait(self, mark, predicate, what, timeout=PATIENCE):
        """Until the predicate of what came since then is true; returns that list."""
        def came():
            found = self.since(mark)
            return predicate(found) and (found or True)
        return self.run.wait_until(came, timeout, what)


@contextlib.contextmanager
def enter(config="", sinks=None, domains=0):
    """`config` are further lines for vmmibd; `sinks` makes the receivers, one that loses nothing
    if not told otherwise; so many `domains` are there before vmmibd starts."""
    sinks = sinks or functools.partial(Traps, transport="tcp")
    with namespaces.enter_namespaces() as run, sinks(run) as traps:
        conf = getattr(traps, "conf", "") if sinks is Sinks else ""
        with Snmpd(run, traps=getattr(traps, "traps", traps), extra=conf) as snmpd:
            log = EventLog()
            with Hypervisor(run, qemu=False) as hv:
                # its sysUpTime is not to be taken for vmmibd's
                run.wait_until(lambda: snmpd.value(SYS_UPTIME) > HEAD_START * 100, 30,
                               "snmpd to be older")
                stage = Stage(run, hv, snmpd, traps, log, config)
                stage.define(domains)
                with stage_daemon(stage):
                    yield stage


@contextlib.contextmanager
def stage_daemon(stage):
    """Started at first, whatever the tests did to it in between ended at last."""
    try:
        stage.begin()
        yield
    except BaseException:
        if stage.daemon.child:
            stage.daemon.child.kill()
        raise
    if stage.daemon.child:
        stage.daemon.stop()
