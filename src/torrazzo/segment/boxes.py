# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Boxes of ISO/IEC 14496-12 (clause 4.2), written and walked through."""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from torrazzo.base.errors import Damaged

Bytes = bytes | bytearray | memoryview

_HEADER = struct.Struct(">I4s")
_LONG = struct.Struct(">Q")


class Box(NamedTuple):
    """Where one box lies: its payload is [start, end)."""

    kind: bytes
    start: int
    end: int


def box(kind: bytes, *parts: bytes) -> bytes:
    """A box around its parts."""
    payload = b"".join(parts)
    return _HEADER.pack(8 + len(payload), kind) + payload


def full_box(kind: bytes, version: int, flags: int, *parts: bytes) -> bytes:
    """A box with version and flags."""
    return box(kind, struct.pack(">I", version << 24 | flags), *parts)


def walk(data: Bytes, start: int, end: int) -> Iterator[Box]:
    """The boxes that fill [start, end) exactly; raises `Damaged` where they don't."""
    while start < end:
        if end - start < 8:
            raise Damaged(f"box header expected at byte {start}, found {end - start} bytes")
        size, kind = _HEADER.unpack_from(data, start)
        payload = start + 8
        if size == 1:
            if end - start < 16:
                raise Damaged(f"long box size expected at byte {payload}, found {end - payload} bytes")
            (size,) = _LONG.unpack_from(data, payload)
            payload += 8
        if start + size > end or size < payload - start:
            raise Damaged(f"box {kind!r} at byte {start}: at most {end - start} bytes expected, its size says {size}")
        start += size
        yield Box(kind, payload, start)


def children(data: Bytes, parent: Box, *, skip: int = 0) -> dict[bytes, Box]:
    """The boxes inside one, by kind; raises `Damaged` if one kind comes twice."""
    found: dict[bytes, Box] = {}
    for inner in walk(data, parent.start + skip, parent.end):
        if inner.kind in found:
            raise Damaged(f"box {parent.kind!r}: one {inner.kind!r} expected, found another at byte {inner.start}")
        found[inner.kind] = inner
    return found


def need(boxes: dict[bytes, Box], kind: bytes, parent: bytes) -> Box:
    """One that has to be there; raises `Damaged`."""
    found = boxes.get(kind)
    if found is None:
        raise Damaged(f"box {parent!r}: {kind!r} expected, found {b' '.join(boxes)!r}")
    return found
