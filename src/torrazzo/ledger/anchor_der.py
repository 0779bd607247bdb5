# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The little of DER (ITU-T X.690) that time stamps need: cutting into elements, and putting together."""

import re

from torrazzo.base.errors import Invalid

BOOLEAN, INTEGER, OCTETS, NULL, OID, SEQUENCE = 0x01, 0x02, 0x04, 0x05, 0x06, 0x30
CONTEXT_0 = 0xA0  # [0], constructed

OID_TEXT = re.compile(r"[0-2](?:\.(?:0|[1-9][0-9]{0,18})){1,30}", re.ASCII)


def element(tag: int, *parts: bytes) -> bytes:
    """Tag, shortest length, and the parts one after another."""
    length = sum(map(len, parts))
    if length < 0x80:
        return b"".join((bytes((tag, length)), *parts))
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return b"".join((bytes((tag, 0x80 | len(size))), size, *parts))


def elements(data: bytes) -> list[bytes]:
    """The elements that stand one after another, each with its tag and length; raises `Invalid`."""
    found: list[bytes] = []
    at = 0
    while at < len(data):
        start, end = _body(data, at)
        found.append(data[at:end])
        if found[-1] != element(data[at], data[start:end]):
            raise Invalid(f"DER: byte {at}: the length is not in its shortest form")
        at = end
    return found


def body(data: bytes, tag: int) -> bytes:
    """What is in the one element that `data` is; raises `Invalid` for another tag or anything behind it."""
    if len(elements(data)) != 1 or data[0] != tag:
        raise Invalid(f"DER: expected one element {tag:#04x}, found {data[:4].hex()}…")
    return data[_body(data, 0)[0] :]


def integer(value: int) -> bytes:
    """INTEGER, not negative."""
    return element(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def oid(text: str) -> bytes:
    """OBJECT IDENTIFIER of the dotted form."""
    if OID_TEXT.fullmatch(text) is None:
        raise Invalid(f"not an object identifier: {text!r}; expected such as 1.3.6.1.4.1.57264.2")
    first, second, *rest = map(int, text.split("."))
    if first < 2 and second > 39:
        raise Invalid(f"not an object identifier: {text!r}: after {first} comes a number up to 39")
    return element(OID, *map(_base_128, (first * 40 + second, *rest)))


def _base_128(value: int) -> bytes:
    digits = [value & 0x7F]
    while value := value >> 7:
        digits.append(0x80 | value & 0x7F)
    return bytes(reversed(digits))


def _body(data: bytes, at: int) -> tuple[int, int]:
    """Where the body of the element at `at` begins and ends."""
    if len(data) < at + 2 or data[at] & 0x1F == 0x1F:
        raise Invalid(f"DER: byte {at}: cut off, or a tag that time stamps do not use")
    start, length = at + 2, data[at + 1]
    if length > 0x80:
        start += length & 0x7F
        length = int.from_bytes(data[at + 2 : start], "big")
    elif length == 0x80:
        raise Invalid(f"DER: byte {at}: indefinite length")
    if start + length > len(data):
        raise Invalid(f"DER: byte {at}: {start + length - len(data)} bytes are missing")
    return start, start + length
