# SPDX-License-Identifier: BSD-2-Clause
"""Reads the notifications of VM-MIB and VM-LIBVIRT-MIB strictly: what the text of the modules does
not say is an error.

    read([VarBind, ...]) -> Notification, or None for one of another module
"""

import os
import re
from typing import NamedTuple

import virtmib
import vmmib
from snmp import SYS_UPTIME, TRAP_OID
from varbinds import oid

HERE = os.path.dirname(os.path.abspath(__file__))
MODULES = [os.path.join(HERE, "..", "..", "mibs", name + ".txt")
           for name in ("VM-MIB", "VM-LIBVIRT-MIB")]

ROOTS = {"vmMIB": vmmib.ROOT, "virtMIB": virtmib.ROOT}

# what the Net-SNMP tools call the types; those with labels are integers
TYPES = {"SnmpAdminString": "STRING", "UUIDorZero": "STRING", "VirtualMachineList": "STRING",
         "OBJECT IDENTIFIER": "OID", "INTEGER": "INTEGER", "TruthValue": "INTEGER"}

PERSISTENT, TRANSIENT = 2, 3

# the state that a notification of VM-MIB tells
STATES = {"Running": "running", "Shuttingdown": "shuttingdown", "Shutdown": "shutdown",
          "Paused": "paused", "Suspending": "suspending", "Suspended": "suspended",
          "Resuming": "resuming", "Migrating": "migrating", "Crashed": "crashed",
          "Deleted": "deleted"}


class Object(NamedTuple):
    prefix: tuple
    type: str
    labels: dict   # {number: label}
    indices: int   # how many numbers follow; 0: a scalar


class Kind(NamedTuple):
    """A notification as the module defines it."""

    name: str
    objects: tuple

    @property
    def state(self):
        """The vmOperState that it tells, or "deleted"; None where it is about something else."""
        if not self.name.startswith("vm"):
            return None
        return STATES[self.name.removeprefix("vm").removeprefix("Bulk")]


class Notification(NamedTuple):
    """`values` is {name of the object: value}; enumerations are labels, texts are str."""

    name: str
    uptime: int      # sysUpTime.0
    index: int       # vmIndex; None where it is of no VM, or of many
    disk: int        # vmStorageIndex; None where it is about no disk
    values: dict
    vms: frozenset   # the vmIndexes of a bulk one; otherwise `index`
    kind: Kind

    @property
    def state(self):
        return self.kind.state

    @property
    def bulk(self):
        return "vmAffectedVMs" in self.values

    def __str__(self):
        who = self.values.get("vmName", sorted(self.vms) if len(self.vms) < 9 else
                              f"{len(self.vms)} VMs" if self.vms else "")
        rest = {name: value for name, value in self.values.items()
                if name not in ("vmName", "vmUUID", "vmAffectedVMs")}
        return f"{self.name} {who} {rest}"


class Malformed(AssertionError):
    """A notification is not as its module says."""


def _places(text, places):
    for name, parent, number in re.findall(
            r"^(\w+)\s+(?:OBJECT IDENTIFIER|(?:OBJECT|NOTIFICATION)-TYPE\b.*?)\s+::=\s+"
            r"\{ (\w+) (\d+) \}", text, re.MULTILINE | re.DOTALL):
        if parent in places:
            places[name] = places[parent] + (int(number),)


def _labels(syntax):
    return {int(number): label for label, number in re.findall(r"(\w+)\((\d+)\)", syntax)}


def _objects(text, places, conventions, rows):
    found = {}
    for name, syntax, rest, parent in re.findall(
            r"^(\w+) OBJECT-TYPE\s+SYNTAX\s+((?:OBJECT )?\w+)(.*?)::= \{ (\w+) \d+ \}", text,
            re.MULTILINE | re.DOTALL):
        labels = conventions.get(syntax) or _labels(rest.partition("MAX-ACCESS")[0])
        kind = "INTEGER" if labels else TYPES.get(syntax)
        if kind:
            found[name] = Object(places[name], kind, labels, rows.get(parent, 0))
    return found


def _rows(text, rows):
    """{entry: number of indices}"""
    for name, rest in re.findall(r"^(\w+Entry) OBJECT-TYPE(.*?)::=", text,
                                 re.MULTILINE | re.DOTALL):
        index = re.search(r"INDEX\s+\{(.*?)\}", rest, re.DOTALL)
        if index:
            rows[name] = len(index.group(1).split(","))
        else:
            rows[name] = rows[re.search(r"AUGMENTS\s+\{ (\w+) \}", rest).group(1)]


def _load(files):
    """{name: Object}, {OID: Kind}, {name: OID of a notification}"""
    places, rows, conventions = dict(ROOTS), {}, {}
    objects, kinds = {}, {}
    for file in files:
        with open(file, encoding="ascii") as module:
            text = re.sub(r"--.*", "", module.read())
        text = re.sub(r'"[^"]*"', '""', text)
        for name, syntax in re.findall(
                r"^(\w+) ::= TEXTUAL-CONVENTION.*?SYNTAX\s+(INTEGER\s+\{.*?\})", text,
                re.MULTILINE | re.DOTALL):
            conventions[name] = _labels(syntax)
        conventions["TruthValue"] = {1: "true", 2: "false"}
        _places(text, places)
        _rows(text, rows)
        objects.update(_objects(text, places, conventions, rows))
        for name, words in re.findall(
                r"^(\w+) NOTIFICATION-TYPE\s+OBJECTS\s+\{(.*?)\}", text,
                re.MULTILINE | re.DOTALL):
            kinds[places[name]] = Kind(name, tuple(word.strip() for word in words.split(",")))
    return objects, kinds, {kind.name: number for number, kind in kinds.items()}


OBJECTS, KINDS, OIDS = _load(MODULES)


def indices_of(bitmap):
    """The vmIndexes of a vmAffectedVMs; 1 is the most significant bit of the first octet."""
    return frozenset(8 * place + bit + 1 for place, octet in enumerate(bitmap)
                     for bit in range(8) if octet & 0x80 >> bit)


def _require(condition, text, varbinds):
    if not condition:
        raise Malformed(f"{text}\n" + "\n".join(map(str, varbinds)))


def _value(name, what, vb):
    if what.labels:
        if vb.value not in what.labels:
            raise Malformed(f"{name} is {vb.value}")
        return what.labels[vb.value]
    if name == "vmUUID":
        if len(vb.value) != 16:
            raise Malformed(f"vmUUID {vb.value!r}")
        return vmmib.uuid_text(vb.value)
    if name == "vmAffectedVMs":
        if not vb.value or not vb.value[-1]:
            raise Malformed(f"{name} is {vb.value!r}")
        return vb.value
    if what.type == "STRING":
        return vb.value.decode()
    return vb.value


def read(varbinds):
    """The Notification of what snmptrapd received as SNMPv2."""
    _require(len(varbinds) >= 2 and varbinds[0].oid == SYS_UPTIME and
             varbinds[0].type == "Timeticks", "does not begin with sysUpTime.0", varbinds)
    _require(varbinds[1].oid == TRAP_OID and varbinds[1].type == "OID",
             "no snmpTrapOID.0 in second place", varbinds)
    trap = varbinds[1].value
    if not any(trap[:len(root)] == root for root in ROOTS.values()):
        return None
    _require(trap in KINDS, "no such notification", varbinds)
    return read_objects(KINDS[trap], varbinds[0].value, varbinds[2:])


def read_objects(kind, uptime, varbinds):
    """The same for varbinds without the first two, as SNMPv1 has them."""
    _require(len(varbinds) == len(kind.objects),
             f"{kind.name} has {len(varbinds)} objects, not {kind.objects}", varbinds)
    index = disk = None
    values = {}
    for name, vb in zip(kind.objects, varbinds):
        what = OBJECTS[name]
        _require(vb.oid[:len(what.prefix)] == what.prefix and vb.type == what.type,
                 f"{kind.name}: this is no {name}: {vb}", varbinds)
        instance = vb.oid[len(what.prefix):]
        _require(len(instance) == (what.indices or 1) and (what.indices or instance == (0,)),
                 f"{kind.name}: instance of {name}", varbinds)
        if what.indices:
            _require(index in (None, instance[0]) and instance[0] > 0,
                     f"{kind.name}: another vmIndex", varbinds)
            index = instance[0]
        if what.indices == 2:
            disk = instance[1]
        values[name] = _value(name, what, vb)
    vms = frozenset([index] if index else [])
    if "vmAffectedVMs" in values:
        vms = indices_of(values["vmAffectedVMs"])
    if "virtNotifyFolded" in values:
        folded = KINDS.get(oid(values["virtNotifyFolded"]))
        _require(folded and "vmUUID" in folded.objects and not folded.state,
                 "virtNotifyFolded is no notification about a VM", varbinds)
        values["virtNotifyFolded"] = folded.name
    return Notification(kind.name, uptime, index, disk, values, vms, kind)
