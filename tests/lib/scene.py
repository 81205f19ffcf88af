# SPDX-License-Identifier: BSD-2-Clause
"""Makes changes to VMs and compares the notifications that arrive with libvirt's events.

To see that nothing more comes, a VM named "marker" is defined and undefined, and its vmDeleted
waited for (or the bulk form, where there is much to be told): it comes after whatever was under
way.
"""

import contextlib
import time
import uuid

import chains
import notifications
import tap
import vmmib
from hypervisor import libvirt
from listener import Listener
from rundir import TIMEOUT_SCALE, TimedOut

LIMIT = 1 * TIMEOUT_SCALE  # seconds from libvirt's event to the arrival
PATIENCE = 20
AGAIN = 10
MARKER = "marker"
QEMU_MARKER = """<domain type='qemu'><name>{}</name>
<uuid>6d61726b-6572-4000-8000-6d61726b6572</uuid><memory>65536</memory>
<os><type arch='x86_64' machine='pc'>hvm</type></os></domain>"""

CONFIG = "connection - {uri}\nrefreshInterval 600\nstaleAfter 600\nnotificationBurst 1000/1\n"


def qemu_marker(name):
    """For Scene; the test driver's is testdriver.plain."""
    return QEMU_MARKER.format(name)


def _names(found):
    return [one.name for one in found]


def fits(found, wanted):
    """Whether these are the notifications that `wanted` names: words, "x?" may be there or not."""
    def rest(names, words):
        if not words:
            return not names
        name, optional = words[0].rstrip("?"), words[0].endswith("?")
        return bool(names) and names[0] == name and rest(names[1:], words[1:]) or \
            optional and rest(names, words[1:])

    return rest(_names(found), wanted.split())


class Scene:
    """`log` is an EventLog, `marker_xml` makes the definition of a VM from its name; `resumes` as
    in chains.Vm."""

    def __init__(self, run, snmpd, traps, log, client, marker_xml, resumes=False):
        self.run, self.snmpd, self.log, self.client = run, snmpd, log, client
        self.listener = Listener(traps)
        self.marker_xml, self.resumes = marker_xml, resumes
        self.told = {}       # {vmIndex: {state}}
        self.vms = {}        # {UUID: chains.Vm}
        self.indices = {}    # {UUID: vmIndex}
        self.latencies = []
        self.marker = self._learn_marker()
        self.look()

    def _learn_marker(self):
        """Its vmIndex, which it keeps."""
        domain = self.client.defineXML(self.marker_xml(MARKER))
        one = domain.UUIDString()
        try:
            return self.run.wait_until(lambda: vmmib.indices_by_uuid(self.snmpd).get(one),
                                       PATIENCE, "the marker's row")
        finally:
            domain.undefine()
            self.run.wait_until(lambda: one not in vmmib.indices_by_uuid(self.snmpd), PATIENCE,
                                "the marker's row to go")

    def look(self):
        """Takes the VMs that there are for known."""
        for domain in self.client.listAllDomains():
            self.vms[domain.UUIDString()] = chains.Vm(
                True, bool(domain.isActive()), bool(domain.isPersistent()), self.resumes)
        self.indices.update(vmmib.indices_by_uuid(self.snmpd))
        states = notifications.OBJECTS["vmOperState"].labels
        self.told.update({index[0]: {states[value]} for index, value in
                          self.snmpd.column(vmmib.prefix("vmOperState")).items()})

    # one change

    def mark_end(self, limit=PATIENCE):
        """Waits until all before now has arrived."""
        start = self.listener.mark()
        domain = self.client.defineXML(self.marker_xml(MARKER))
        domain.undefine()
        self.run.wait_until(
            lambda: any(one.state == "deleted" and self.marker in one.vms
                        for one in self.listener.since(start)), limit, "the marker's end")

    def since(self, mark):
        """Arrivals since then that are not of the marker alone."""
        return [one for one in self.listener.arrived[mark:]
                if one.notification.vms != {self.marker}]

    def _wait_event(self, events, what, kind, again):
        """`again` is called now and then: a guest that has just booted may miss a button."""
        repeat = time.monotonic() + AGAIN

        def came():
            nonlocal repeat
            if again and time.monotonic() > repeat:
                repeat += AGAIN
                with contextlib.suppress(libvirt.libvirtError):
                    again()
            return [event for event in self.log.since(events) if event.kind == kind]
        self.run.wait_until(came, 60, f"{what}: libvirt to say {kind}")

    def step(self, what, call, wanted, vm=None, until=None, told=None, snapshot=False,
             again=None):
        """Makes the change; `wanted` names the notifications that are to arrive of the VM named
        `vm`, and none of any other.  `until` is the kind of libvirt's event that ends it, before
        which `again` is called a few times, `told`
        the state that was told before where it is not known, `snapshot` that one is taken.
        Returns them."""
        events, start = self.log.mark(), self.listener.mark()
        call()
        if until:
            self._wait_event(events, what, until, again)

        def came():
            return [one.notification for one in self.since(start)]
        try:
            self.run.wait_until(lambda: fits(came(), wanted), 2,
                                f"{what}: {wanted}")
        except TimedOut:
            pass  # what follows says what is wrong
        self.mark_end()
        found = came()
        tap.check(fits(found, wanted), f"{what}: got {' '.join(_names(found)) or 'nothing'}, "
                  f"want {wanted or 'nothing'}\n" + "\n".join(map(str, found)) + "\nevents\n" +
                  "\n".join(map(str, self.log.since(events))))
        self.check(what, events, start, vm, told, snapshot)
        return found

    def check(self, what, events, start, vm=None, told=None, snapshot=False):
        """Compares what came with the events since these marks, VM by VM."""
        arrived = self.since(start)
        seen = [event for event in self.log.since(events) if event.name != MARKER]
        when = {id(one.notification): one.time for one in arrived}
        found = [one.notification for one in arrived]
        uuids = dict.fromkeys([event.uuid for event in seen] +
                              [one.values["vmUUID"] for one in found if one.index])
        for one in uuids:
            mine = [found_one for found_one in found if found_one.values.get("vmUUID") == one]
            for notification in mine:
                self.check_identity(notification, vm)
            index = self.indices.get(one)
            known = self.vms.setdefault(one, chains.Vm(resumes=self.resumes))
            known.snapshot = snapshot
            groups = chains.expect([event for event in seen if event.uuid == one], known)
            before, = {told} if told else self.told.get(index, {"shutdown"})
            for notification, event in chains.match(mine, groups, before):
                self.latencies.append((when[id(notification)] - event.time, what,
                                       notification.name))
        if told and found and found[0].index:
            self.told[found[0].index] = {told}
        chains.check_chain(arrived, self.told)
        worst = max(self.latencies, default=(0, "", ""))
        tap.check(worst[0] < LIMIT, f"{worst[2]} of {worst[1]} came {worst[0]:.2f} s after the "
                  "event")

    def check_identity(self, one, vm=None):
        """Name, UUID and index belong together."""
        unique = one.values["vmUUID"]
        tap.equal(self.indices.setdefault(unique, one.index), one.index, f"vmIndex in {one}")
        if vm:
            tap.equal(one.values["vmName"], vm, f"vmName in {one}")
        if one.name == "vmDeleted":
            return
        served = self.snmpd.value(vmmib.instance("vmUUID", one.index))
        tap.check(served in (None, uuid.UUID(unique).bytes), f"vmUUID.{one.index} is not {unique}")

    def report(self):
        """Prints the slowest ones."""
        for seconds, what, name in sorted(self.latencies, reverse=True)[:3]:
            tap.diag(f"{seconds * 1000:.0f} ms from the event to {name} of {what}")
        tap.diag(f"{len(self.latencies)} notifications")
