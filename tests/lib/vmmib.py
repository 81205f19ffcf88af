# SPDX-License-Identifier: BSD-2-Clause
"""The objects of VM-MIB (RFC 7666) by name, as tests want to see them."""

from typing import NamedTuple

from mibmodule import Module
from varbinds import oid

ROOT = oid("1.3.6.1.2.1.236")
OBJECTS = ROOT + (1,)

# What the Net-SNMP tools call the SMI types
INTEGER, STRING, OID = "INTEGER", "STRING", "OID"
TICKS, COUNTER64 = "Timeticks", "Counter64"

# What depends on when it is asked
VARYING = (TICKS, COUNTER64)


class Object(NamedTuple):
    """`prefix` is the OID without the index, `table` is None for a scalar."""

    name: str
    prefix: tuple
    type: str
    table: str


def _scalars(*named):
    return [Object(name, OBJECTS + arc, kind, None) for name, arc, kind in named]


def _table(table, arc, *named):
    return [Object(name, OBJECTS + (arc, 1, number), kind, table) for name, number, kind in named]


ALL = (
    _scalars(
        ("vmHvSoftware", (1, 1), STRING), ("vmHvVersion", (1, 2), STRING),
        ("vmHvObjectID", (1, 3), OID), ("vmHvUpTime", (1, 4), TICKS),
        ("vmNumber", (2,), INTEGER), ("vmTableLastChange", (3,), TICKS)) +
    _table(
        "vmTable", 4,
        ("vmName", 2, STRING), ("vmUUID", 3, STRING), ("vmOSType", 4, STRING),
        ("vmAdminState", 5, INTEGER), ("vmOperState", 6, INTEGER), ("vmAutoStart", 7, INTEGER),
        ("vmPersistent", 8, INTEGER), ("vmCurCpuNumber", 9, INTEGER),
        ("vmMinCpuNumber", 10, INTEGER), ("vmMaxCpuNumber", 11, INTEGER),
        ("vmMemUnit", 12, INTEGER), ("vmCurMem", 13, INTEGER), ("vmMinMem", 14, INTEGER),
        ("vmMaxMem", 15, INTEGER), ("vmUpTime", 16, TICKS), ("vmCpuTime", 17, COUNTER64)) +
    _table("vmCpuTable", 5, ("vmCpuCoreTime", 2, COUNTER64)) +
    _table("vmCpuAffinityTable", 6, ("vmCpuAffinity", 3, INTEGER)) +
    _table(
        "vmStorageTable", 7,
        ("vmStorageParent", 3, INTEGER), ("vmStorageSourceType", 4, INTEGER),
        ("vmStorageSourceTypeString", 5, STRING), ("vmStorageResourceID", 6, STRING),
        ("vmStorageAccess", 7, INTEGER), ("vmStorageMediaType", 8, INTEGER),
        ("vmStorageMediaTypeString", 9, STRING), ("vmStorageSizeUnit", 10, INTEGER),
        ("vmStorageDefinedSize", 11, INTEGER), ("vmStorageAllocatedSize", 12, INTEGER),
        ("vmStorageReadIOs", 13, COUNTER64), ("vmStorageWriteIOs", 14, COUNTER64),
        ("vmStorageReadOctets", 15, COUNTER64), ("vmStorageWriteOctets", 16, COUNTER64),
        ("vmStorageReadLatency", 17, COUNTER64), ("vmStorageWriteLatency", 18, COUNTER64)) +
    _table(
        "vmNetworkTable", 8,
        ("vmNetworkIfIndex", 2, INTEGER), ("vmNetworkParent", 3, INTEGER),
        ("vmNetworkModel", 4, STRING), ("vmNetworkPhysAddress", 5, STRING)) +
    _scalars(
        ("vmPerVMNotificationsEnabled", (9,), INTEGER),
        ("vmBulkNotificationsEnabled", (10,), INTEGER)))

BY_NAME = {found.name: found for found in ALL}
_MODULE = Module("VM-MIB", ROOT, ALL)
split, cells = _MODULE.split, _MODULE.cells

# vmNumber, and the columns, as Client.get() and Client.column() want them
VM_NUMBER, VM_TABLE_LAST_CHANGE = (BY_NAME[name].prefix + (0,)
                                   for name in ("vmNumber", "vmTableLastChange"))


def prefix(name):
    return BY_NAME[name].prefix


def instance(name, *index):
    return prefix(name) + (index or (0,))


def indices_by_uuid(client, **how):
    """{UUID as text: vmIndex}"""
    return {uuid_text(value): index[0]
            for index, value in client.column(prefix("vmUUID"), **how).items()}


def uuid_text(octets):
    digits = octets.hex()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
