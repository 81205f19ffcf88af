# SPDX-License-Identifier: BSD-2-Clause
"""The objects of VM-LIBVIRT-MIB by name: the text of the module says what there is."""

import os
import re
from typing import NamedTuple

import vmmib
from mibmodule import Module
from varbinds import oid

HERE = os.path.dirname(os.path.abspath(__file__))
TEXT = os.path.join(HERE, "..", "..", "mibs", "VM-LIBVIRT-MIB.txt")

# a build may have another number
ROOT = oid(os.environ.get("VIRT_OID", "1.3.6.1.4.1.8072.9999.9999.7666"))
OBJECTS = ROOT + (1,)

# the module's types, and what the Net-SNMP tools call them
TYPES = {"SnmpAdminString": "STRING", "DateAndTime": "STRING", "TimeTicks": "Timeticks",
         "INTEGER": "INTEGER", "Integer32": "INTEGER", "TruthValue": "INTEGER",
         "Gauge32": "Gauge32", "Counter32": "Counter32", "Counter64": "Counter64",
         "CounterBasedGauge64": "Counter64"}

TRUE, FALSE = 1, 2


class Object(NamedTuple):
    """`prefix` is the OID without the index, `table` is None for a scalar, `labels` of an INTEGER
    is {label: number}."""

    name: str
    prefix: tuple
    type: str
    table: str
    syntax: str
    units: str
    labels: dict


def _read():
    with open(TEXT, encoding="ascii") as module:
        text = re.sub(r"--.*", "", module.read())
    places = {"virtObjects": OBJECTS}
    for name, parent, number in re.findall(
            r"^(\w+)\s+(?:OBJECT IDENTIFIER|OBJECT-TYPE.*?)\s+::= \{ (\w+) (\d+) \}", text,
            re.MULTILINE | re.DOTALL):
        if parent in places:
            places[name] = places[parent] + (int(number),)
    found = []
    for name, syntax, rest, parent in re.findall(
            r"^(\w+) OBJECT-TYPE\s+SYNTAX\s+(\w+)(.*?)::= \{ (\w+) \d+ \}", text,
            re.MULTILINE | re.DOTALL):
        if syntax not in TYPES or re.search(r"not-accessible|accessible-for-notify", rest):
            continue
        units = re.search(r'UNITS\s+"(.*?)"', rest)
        labels = re.findall(r"(\w+)\((\d+)\)", rest.partition("MAX-ACCESS")[0])
        found.append(Object(
            name, places[name], TYPES[syntax],
            parent.replace("Entry", "Table") if parent.endswith("Entry") else None, syntax,
            units.group(1) if units else "", {label: int(number) for label, number in labels}))
    return found


ALL = _read()
BY_NAME = {found.name: found for found in ALL}
_MODULE = Module("VM-LIBVIRT-MIB", ROOT, ALL)
split, cells = _MODULE.split, _MODULE.cells


def prefix(name):
    """Of an object of this module or of VM-MIB."""
    return (BY_NAME.get(name) or vmmib.BY_NAME[name]).prefix


def instance(name, *index):
    return prefix(name) + (index or (0,))


def label(name, value):
    """The label of a value of an enumeration."""
    return next((text for text, number in BY_NAME[name].labels.items() if number == value), None)


def values(client, **how):
    """{(object's name, index): value} of both modules."""
    both = {**vmmib.cells(client, **how), **cells(client, **how)}
    return {key: vb.value for key, vb in both.items()}
