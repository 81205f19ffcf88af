# SPDX-License-Identifier: BSD-2-Clause
"""Which notifications are to follow from libvirt's events, by rules of its own.

    wanted = expect(events of one VM, Vm())
    pairs = match(notifications of that VM, wanted, told)

Where libvirt's events leave open what is to be told, as two of them come so close together that
the state between them may or may not be seen, an element is optional.
"""

import itertools
from typing import NamedTuple

AT_ONCE = 0.1  # seconds; what comes that soon may hide what was before it
SOON = 2
FLUSH = 0.2  # between bulk notifications that were gathered together
# one that comes back begins anew
AFTER = {"deleted": "shutdown"}


class Vm:
    """How a VM is, as far as events told; `resumes`: its driver tells of a start by RESUMED (or, of
    one into a pause, by SUSPENDED), too, as QEMU's does."""

    def __init__(self, exists=False, active=False, persistent=False, resumes=False):
        # None: it may have moved away with its definition, or not
        self.exists, self.active, self.persistent = exists, active, persistent
        self.resumes, self.incoming = resumes, False
        # a snapshot into its image is being taken, for which libvirt says paused (saving)
        self.snapshot = False


class Element(NamedTuple):
    """A notification by its name, or the one that tells a state (nothing if that was told)."""

    name: str
    state: str
    optional: bool
    event: object


class Group(list):
    """Elements that one event causes, in any order."""

    def state(self, event, *states, optional=False):
        self.append(Element(None, states, optional, event))

    def name(self, event, name, optional=False):
        self.append(Element(name, None, optional, event))


def _then(event, state, optional=False):
    """For what comes in order, as a group has none."""
    return Group([Element(None, (state,), optional, event)])


def _exists(vm, group, event, persistent):
    if not vm.exists:
        group.name(event, "virtDomainCreated", optional=vm.exists is None)
        vm.exists, vm.persistent = True, persistent


def _defined(vm, group, event, _later):
    _exists(vm, group, event, True)
    vm.persistent = True


def _undefined(vm, group, event, _later):
    if event.detail == "RENAMED":
        return
    vm.persistent = False
    if not vm.active and vm.exists:
        vm.exists = False
        group.state(event, "deleted")


def _next(event, later, kinds, within):
    """The next of those events, None if it comes too late."""
    return next((other for other in later if other.kind in kinds and
                 other.time - event.time <= within), None)


def _started(vm, group, event, later):
    _exists(vm, group, event, False)
    vm.active = True
    if event.detail == "MIGRATED":
        vm.incoming = True
        return [_then(event, "migrating")]
    groups = []
    if event.detail == "RESTORED":
        # the test driver does not say when it is done, nor that it takes time
        groups.append(_then(event, "resuming", optional=not vm.resumes))
    if not vm.resumes:
        follows = _next(event, later, ("SUSPENDED",), AT_ONCE)
        groups.append(_then(event, "running", optional=bool(
            follows and follows.detail == event.detail)))
    return groups


def _suspended(vm, group, event, later):
    stopped = _next(event, later, ("STOPPED",), 60)
    resumed = _next(event, later, ("RESUMED",), 60)
    ends = stopped if stopped and not (resumed and resumed.time < stopped.time) else None
    if event.detail in ("MIGRATED", "POSTCOPY", "POSTCOPY_FAILED"):
        group.state(event, "migrating")
    elif event.detail == "PAUSED" and ends and ends.detail == "SAVED":
        group.state(event, "suspending")
    elif event.detail == "PAUSED" and ends and ends.detail == "FROM_SNAPSHOT":
        # an internal snapshot of a VM that ends with it: nobody can ask meanwhile
        group.state(event, "suspending", "paused", optional=True)
    elif event.detail == "PAUSED" and vm.snapshot:
        group.state(event, "suspending", "paused")
    else:
        group.state(event, "paused",
                    optional=bool(_next(event, later, ("CRASHED",), AT_ONCE)))


def _resumed(vm, group, event, later):
    _exists(vm, group, event, False)  # comes before STARTED
    vm.active = True
    if event.detail == "MIGRATED" and vm.incoming:
        group.name(event, "virtMigrationFinished")
        vm.incoming = False
    elif event.detail == "MIGRATED":
        group.name(event, "virtMigrationFailed")
    again = _next(event, later, ("SUSPENDED",), AT_ONCE)
    group.state(event, "running", optional=bool(again and again.detail == "IOERROR"))


def _shutdown(_vm, group, event, later):
    group.state(event, "shuttingdown",
                optional=bool(_next(event, later, ("STOPPED",), AT_ONCE)))


def _stopped(vm, group, event, later):
    vm.active = False
    states = {"CRASHED": "crashed", "FAILED": "crashed", "SAVED": "suspended"}
    again = event.detail == "FROM_SNAPSHOT" and _next(event, later, ("STARTED",), SOON)
    group.state(event, states.get(event.detail, "shutdown"), optional=bool(again))
    vm.incoming = False
    if event.detail == "MIGRATED":
        group.name(event, "virtMigrationFinished")
    if not vm.persistent and not again:
        vm.exists = False
        return [_then(event, "deleted")]
    if event.detail == "MIGRATED":
        vm.exists = None
        return [_then(event, "deleted", optional=True)]
    return []


def _crashed(_vm, group, event, _later):
    group.state(event, "crashed")
    group.name(event, "virtGuestPanicked")


def _pm_suspended(_vm, group, event, _later):
    group.state(event, "suspended" if event.detail == "DISK" else "paused")


def _block_job(_vm, group, event, _later):
    group.name(event, "virtBlockJobFailed" if event.detail[2] == 1 else "virtBlockJobFinished")


LIFECYCLE = {"DEFINED": _defined, "UNDEFINED": _undefined, "STARTED": _started,
             "SUSPENDED": _suspended, "RESUMED": _resumed, "SHUTDOWN": _shutdown,
             "STOPPED": _stopped, "CRASHED": _crashed, "PMSUSPENDED": _pm_suspended,
             "BLOCK_JOB_2": _block_job}
PLAIN = {"REBOOT": "virtGuestRebooted", "WATCHDOG": "virtWatchdogFired",
         "IO_ERROR_REASON": "virtDiskIoError", "BLOCK_THRESHOLD": "virtDiskThresholdPassed",
         "DEVICE_REMOVAL_FAILED": "virtDeviceRemovalFailed",
         "MEMORY_FAILURE": "virtMemoryFailure"}
# libvirt tells these more than once
REPEATED = ("REBOOT", "BLOCK_THRESHOLD")


def expect(events, vm):
    """[Group] for the events of one VM in their order; changes `vm`, which is how it was before."""
    groups = []
    last = {}
    for place, event in enumerate(events):
        group = Group()
        groups.append(group)
        if event.kind in PLAIN:
            again = event.kind in REPEATED and event.time - last.get(event.kind, -SOON) < SOON
            if not again:
                group.name(event, PLAIN[event.kind])
            last[event.kind] = event.time
        else:
            groups += LIFECYCLE[event.kind](vm, group, event, events[place + 1:]) or []
    return [group for group in groups if group]


def _match(found, elements, told):
    """[(notification, event)], None if they do not fit; elements are of groups in some order."""
    if not elements:
        return [] if not found else None
    group, rest = elements[0], elements[1:]
    for order in itertools.permutations(group):
        pairs = _match_group(found, list(order), rest, told)
        if pairs is not None:
            return pairs
    return None


def _match_group(found, group, rest, told):
    if not group:
        return _match(found, rest, told)
    first, others = group[0], group[1:]
    state = found[0].state if found else None
    fits = found and (found[0].name == first.name if first.name else state in first.state)
    if fits and not (state and state == told):
        pairs = _match_group(found[1:], others, rest, AFTER.get(state, state) or told)
        if pairs is not None:
            return [(found[0], first.event)] + pairs
    if first.optional or first.state and told in first.state:
        return _match_group(found, others, rest, told)
    return None


def match(notifications, groups, told="shutdown"):
    """Pairs each notification of a VM with the event that it is of; what does not fit is an
    error.  `told` is the state that was told before."""
    pairs = _match(list(notifications), list(groups), told)
    if pairs is None:
        wanted = "\n".join(" | ".join(
            f"{one.name or '/'.join(one.state)}{'?' if one.optional else ''} ({one.event})"
            for one in group) for group in groups)
        raise AssertionError(
            "notifications do not follow from the events: " +
            (" ".join(one.name for one in notifications) or "none") +
            f"\nthe state told before was {told}, then should come\n{wanted}\nbut came\n" +
            "\n".join(map(str, notifications)))
    return pairs


class Broken(AssertionError):
    """A chain of states has a gap or a repetition, that of the VM with this vmIndex."""

    def __init__(self, text, vm):
        super().__init__(text)
        self.vm = vm


def flushes(arrivals):
    """[[Notification]]: bulk notifications that were gathered together, single ones each alone."""
    groups, last = [], None
    for when, one in arrivals:
        same = one.bulk and last is not None and when - last < FLUSH and \
            one.name not in [other.name for other in groups[-1]]
        if same:
            groups[-1].append(one)
        elif one.state:
            groups.append([one])
        last = when if one.bulk and one.state else None
    return groups


def check_chain(arrivals, told):
    """Follows notifications of VM-MIB: each prior state is what was told before, and a single one
    does not tell what was told.

    `told` is {vmIndex: states} and is changed; VMs that are not in it begin as shutdown.  States
    are a set, as of several that were gathered together nobody can tell which was the last one.
    """
    for group in flushes(arrivals):
        states = {}
        for one in group:
            for vm in one.vms:
                states.setdefault(vm, []).append(AFTER.get(one.state, one.state))
        for vm, now in states.items():
            before = told.get(vm, {"shutdown"})
            prior = {group[0].values.get("vmOperState")} if not group[0].bulk else before
            if not prior <= before:
                raise Broken(f"{prior} as the prior state, but {before} was told: {group[0]}", vm)
            if not group[0].bulk and set(now) == prior and group[0].state != "deleted":
                raise Broken(f"{now} was told already of {vm}: {group[0]}", vm)
            told[vm] = set(now)


# of libvirt's test driver
CAUSES = {"running": ("STARTED", "RESUMED"), "paused": ("SUSPENDED",), "shutdown": ("STOPPED",),
          "deleted": ("UNDEFINED", "STOPPED")}


def check_causes(arrivals, events, indices):
    """Each change that was told of a VM is a change of its own that libvirt told before.

    `indices` is {UUID: vmIndex}.
    """
    places = {}
    by_vm = {}
    for event in events:
        by_vm.setdefault(indices.get(event.uuid), []).append(event)
    whens = {id(arrival.notification): arrival.time for arrival in arrivals}
    for group in flushes(arrivals):
        for vm in frozenset().union(*(one.vms for one in group)):
            found = [_cause(by_vm.get(vm, []), places.get(vm, 0), one, whens[id(one)])
                     for one in group if vm in one.vms]
            if None in found:
                raise Broken(f"nothing new happened to {vm} of which this tells: {group[0]}", vm)
            places[vm] = max(found) + 1


def _cause(events, place, one, when):
    """Place of the first event from that place on that this may tell of."""
    return next((number for number, event in enumerate(events[place:], place)
                 if event.kind in CAUSES[one.state] and event.time < when + AT_ONCE), None)
