# SPDX-License-Identifier: BSD-2-Clause
"""Whether what was told of all VMs in all is right: every VM's chain of states without a gap or a
repetition, and the truth at its end."""

import contextlib
import threading
import time

import chains
import tap
from hypervisor import libvirt

PATIENCE = 60
BURST = "notificationBurst 30/10\n"
NO_BURST = "notificationBurst 1000000/1\n"
CREATE, DESTROY = (getattr(libvirt.virDomain, verb) for verb in ("create", "destroy"))


def every(domains, verb):
    for domain in domains:
        verb(domain)


@contextlib.contextmanager
def in_background(call):
    """Ends with the call's end; its error is raised."""
    errors = []

    def act():
        try:
            call()
        except Exception as error:
            errors.append(error)

    thread = threading.Thread(target=act)
    thread.start()
    try:
        yield
    finally:
        thread.join()
    if errors:
        raise errors[0]


def all_off(on, config):
    """vmmibd with that configuration, and no VM running."""
    for domain in on.domains:
        if domain.isActive():
            domain.destroy()
    if not on.snmpd.child.running():
        on.snmpd.start()
    if not on.daemon.child:
        on.daemon.start()
    on.wait_listed()
    on.scene.mark_end(PATIENCE)
    on.restart(config)


class Told:
    """Follows what is told from its making on."""

    def __init__(self, on):
        self.on = on
        on.settle()
        self.place = self.start = on.mark()
        self.events = on.log.mark()
        self.states = {vm: set(states) for vm, states in on.scene.told.items()}
        self.kills, self.begun = [], time.monotonic()

    def follow(self):
        """Checks what came; {vmIndex: the states that may have been told last}."""
        arrived = self.on.scene.listener.arrived[self.place:]
        # not before all that was gathered together is here
        if arrived and time.monotonic() - arrived[-1].time > 2 * chains.FLUSH:
            self.place += len(arrived)
            try:
                chains.check_chain(arrived, self.states)
            except chains.Broken as error:
                self.explain(error.vm)
                raise
        return self.states

    def truth(self):
        """What they should have told in the end, by vmIndex."""
        indices = self.on.indices()
        states = {libvirt.VIR_DOMAIN_RUNNING: "running", libvirt.VIR_DOMAIN_PAUSED: "paused",
                  libvirt.VIR_DOMAIN_SHUTOFF: "shutdown"}
        return {indices.get(domain.UUIDString()): states[domain.state()[0]]
                for domain in self.on.client.listAllDomains()}

    def right(self):
        """Whether all was followed, and tells the truth."""
        truth, states = self.truth(), self.follow()
        return self.place == self.on.mark() and \
            all(state in states.get(index, {"shutdown"}) for index, state in truth.items())

    def wait(self, what, timeout=PATIENCE):
        """Until the truth is told, and nothing else after that."""
        self.on.run.wait_until(self.right, timeout, f"the truth to be told {what}")
        self.on.scene.mark_end(timeout)
        self.on.run.wait_until(self.right, 5, f"the truth still to be told {what}")
        arrivals = self.on.scene.since(self.start)
        try:
            chains.check_causes(arrivals, self.on.log.since(self.events), self.on.indices())
        except chains.Broken as error:
            self.explain(error.vm)
            raise
        return self.on.since(self.start)

    def kill(self):
        """Kills vmmibd, and starts it again."""
        self.kills.append(time.monotonic())
        self.on.daemon.kill()
        self.on.daemon.start()

    def changes(self):
        """How many changes of state were told, the marker's left out."""
        return sum(len(one.vms - {self.on.scene.marker}) for one in self.on.since(self.start)
                   if one.state)

    def wait_some(self, number):
        self.on.run.wait_until(lambda: self.changes() >= number, PATIENCE,
                               f"{number} changes to be told")

    def explain(self, vm):
        """Prints all that happened to a VM, with its time."""
        on = self.on
        one = next((uuid for uuid, index in on.indices().items() if index == vm), None)
        lines = [(event.time, f"libvirt: {event.kind} {event.detail}")
                 for event in on.log.since(0, one)]
        lines += [(came.time, f"told: {came.notification.name} of {len(came.notification.vms)}")
                  for came in list(on.scene.listener.arrived) if vm in came.notification.vms]
        lines += [(when, "killed") for when in self.kills]
        for when, text in sorted(lines, key=lambda line: line[0]):
            if when > self.begun - 1:
                tap.diag(f"{when - self.begun:.3f} {text}")
