# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Identities as they stand in records and facts (docs/3-formats/fact.md, section Identity)."""

import re
import struct
from typing import NamedTuple, NewType, Self

from torrazzo.base.errors import Invalid

NodeId = NewType("NodeId", int)  # 32 bits, drawn once per machine
RootId = NewType("RootId", int)  # 32 bits, drawn once per disk root
CameraId = NewType("CameraId", str)  # 16 lower-case hex digits, drawn once per camera

STREAM_NAMES = ("main", "sub")
_STREAM = re.compile(r"([0-9a-f]{16})/(main|sub)", re.ASCII)
_TERM = re.compile(r"([0-9a-f]{8})-(0|[1-9][0-9]{0,9})-(0|[1-9][0-9]{0,19})", re.ASCII)


class StreamId(NamedTuple):
    """One encoding of one camera; text form `3f9a1c0e5b7d2264/main`."""

    camera: CameraId
    name: str

    def __str__(self) -> str:
        return f"{self.camera}/{self.name}"

    def pack(self) -> bytes:
        """12 bytes: camera (8), stream number (1), three zero bytes."""
        return bytes.fromhex(self.camera) + bytes((STREAM_NAMES.index(self.name), 0, 0, 0))

    @classmethod
    def unpack(cls, data: bytes) -> Self:
        """The inverse of `pack`; raises `Invalid` for an unknown stream number."""
        if len(data) != 12 or data[8] >= len(STREAM_NAMES):
            raise Invalid(f"not a stream id: {data.hex()}")
        return cls(CameraId(data[:8].hex()), STREAM_NAMES[data[8]])

    @classmethod
    def parse(cls, text: str) -> Self:
        """The inverse of `str`; strict."""
        found = _STREAM.fullmatch(text)
        if found is None:
            raise Invalid(f"not a stream id: {text!r}")
        return cls(CameraId(found[1]), found[2])


class TermId(NamedTuple):
    """One recorder's uninterrupted tenure of a stream; text form `7f3a91c2-17-160938…`."""

    node: NodeId
    fence: int  # grows by one at each start of the node's recorder
    start: int  # UtcTicks when the tenure began

    def __str__(self) -> str:
        return f"{self.node:08x}-{self.fence}-{self.start}"

    def pack(self) -> bytes:
        """16 bytes: node (4), fence (4), start (8), big-endian."""
        return struct.pack(">IIQ", self.node, self.fence, self.start)

    @classmethod
    def unpack(cls, data: bytes) -> Self:
        """The inverse of `pack`."""
        node, fence, start = struct.unpack(">IIQ", data)
        return cls(NodeId(node), fence, start)

    @classmethod
    def parse(cls, text: str) -> Self:
        """The inverse of `str`; strict."""
        found = _TERM.fullmatch(text)
        if found is None or int(found[2]) >> 32 or int(found[3]) >> 64:
            raise Invalid(f"not a term: {text!r}")
        return cls(NodeId(int(found[1], 16)), int(found[2]), int(found[3]))


class SegmentId(NamedTuple):
    """(stream, term, n): the identity of a fact and of the segment it describes."""

    stream: StreamId
    term: TermId
    n: int
