# SPDX-License-Identifier: BSD-2-Clause
"""Parses what the Net-SNMP tools print with `-On -Oe -Ot -Ox`, without any MIB loaded."""

import re
from typing import NamedTuple

OUTPUT = "-Onetx"

_LINE = re.compile(r"^(\.[0-9.]+) = ?", re.MULTILINE)
_NUMBERS = ("INTEGER", "Counter32", "Counter64", "Gauge32", "UInteger32", "Timeticks")

# The exceptions of SNMPv2, as types of varbinds whose value is None
EXCEPTIONS = {
    "No Such Instance": "NoSuchInstance",
    "No Such Object": "NoSuchObject",
    "No more variables": "EndOfMib",
}


class VarBind(NamedTuple):
    """Value is an int, bytes (STRING), a tuple (OID), a str (IpAddress) or None."""

    oid: tuple
    type: str
    value: object


def oid(text):
    """(1, 3, 6) of "1.3.6", ".1.3.6" or the tuple itself."""
    if isinstance(text, tuple):
        return text
    return tuple(int(part) for part in text.strip(".").split(".") if part)


def dotted(numbers):
    return "." + ".".join(str(number) for number in oid(numbers))


def _value(text):
    for start, name in EXCEPTIONS.items():
        if text.startswith(start):
            return name, None
    # -Ot leaves the type of Timeticks out, an empty string is printed as such
    if re.fullmatch(r"\d+", text):
        return "Timeticks", int(text)
    if text == '""':
        return "STRING", b""
    kind, colon, rest = text.partition(": ")
    kind, rest = kind.rstrip(":"), rest.strip()
    if kind == "Hex-STRING":
        return "STRING", bytes.fromhex(rest)
    if kind == "OID":
        return kind, oid(rest)
    if kind in _NUMBERS:
        return kind, int(rest)
    if kind in ("IpAddress", "Network Address"):
        return "IpAddress", rest
    if colon or text == "NULL":
        return kind, rest
    raise ValueError(f"cannot read this value: {text!r}")


def parse(text):
    """[VarBind]; a value may go over several lines, which belong to it up to the next OID."""
    starts = list(_LINE.finditer(text))
    ends = [match.start() for match in starts[1:]] + [len(text)]
    return [VarBind(oid(match.group(1)), *_value(text[match.end():end].strip()))
            for match, end in zip(starts, ends)]
