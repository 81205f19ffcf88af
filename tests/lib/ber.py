# SPDX-License-Identifier: BSD-2-Clause
"""As much BER as SNMPv2c takes: requests are made, responses are read.

Values are as in varbinds.py: an int, bytes, a tuple (OID), or None for an exception.
"""

from typing import NamedTuple

INTEGER, STRING, NULL, OID, SEQUENCE = 0x02, 0x04, 0x05, 0x06, 0x30
GET, GETNEXT, RESPONSE, SET, GETBULK = 0xa0, 0xa1, 0xa2, 0xa3, 0xa5
IP_ADDRESS, COUNTER32, GAUGE32, TICKS, OPAQUE, COUNTER64 = 0x40, 0x41, 0x42, 0x43, 0x44, 0x46
UNSIGNED = (COUNTER32, GAUGE32, TICKS, COUNTER64)
EXCEPTIONS = (NULL, 0x80, 0x81, 0x82)
VERSION_2C = 1


class Response(NamedTuple):
    """`pairs` is [(OID, value)]."""

    request: int
    status: int
    pairs: list


def tlv(tag, content):
    size = len(content)
    if size < 128:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content


NOTHING = tlv(NULL, b"")


def integer(value, tag=INTEGER):
    return tlv(tag, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def _arc(number):
    octets = [number & 0x7f]
    while number := number >> 7:
        octets.append(0x80 | number & 0x7f)
    return bytes(reversed(octets))


def oid(numbers):
    return tlv(OID, _arc(numbers[0] * 40 + numbers[1]) + b"".join(map(_arc, numbers[2:])))


def message(kind, request, pairs, community=b"public", first=0, second=0):
    """A request; `pairs` is [(OID, encoded value)], `first` and `second` are what GETBULK has
    where others have an error."""
    varbinds = tlv(SEQUENCE, b"".join(tlv(SEQUENCE, oid(one) + value) for one, value in pairs))
    pdu = tlv(kind, integer(request) + integer(first) + integer(second) + varbinds)
    return tlv(SEQUENCE, integer(VERSION_2C) + tlv(STRING, community) + pdu)


def question(kind, request, oids, community=b"public"):
    """GET or GETNEXT of these."""
    return message(kind, request, [(one, NOTHING) for one in oids], community)


def _split(data, start=0):
    """Tag, content and end of what begins there."""
    tag, size, start = data[start], data[start + 1], start + 2
    if size & 0x80:
        start, count = start + (size & 0x7f), size & 0x7f
        size = int.from_bytes(data[start - count:start], "big")
    if start + size > len(data):
        raise ValueError("cut off")
    return tag, data[start:start + size], start + size


def _parts(data):
    end, found = 0, []
    while end < len(data):
        tag, content, end = _split(data, end)
        found.append((tag, content))
    return found


def _numbers(content):
    arcs, number = [], 0
    for octet in content:
        number = number << 7 | octet & 0x7f
        if not octet & 0x80:
            arcs.append(number)
            number = 0
    first = min(arcs[0] // 40, 2)
    return (first, arcs[0] - first * 40, *arcs[1:])


def _value(tag, content):
    if tag == INTEGER:
        return int.from_bytes(content, "big", signed=True)
    if tag in UNSIGNED:
        return int.from_bytes(content, "big")
    if tag == OID:
        return _numbers(content)
    if tag in EXCEPTIONS:
        return None
    return bytes(content)


def response(data):
    """Response; ValueError or IndexError if it is none."""
    _version, _community, (kind, pdu) = _parts(_split(data)[1])
    if kind != RESPONSE:
        raise ValueError(f"PDU {kind:#x}")
    request, status, _index, varbinds = _parts(pdu)
    pairs = []
    for _tag, varbind in _parts(varbinds[1]):
        name, value = _parts(varbind)
        pairs.append((_numbers(name[1]), _value(*value)))
    return Response(_value(*request), _value(*status), pairs)
