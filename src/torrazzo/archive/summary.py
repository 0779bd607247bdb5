# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a volume knows of each stream, in one small record (docs/3-formats/volume.md, kind 6)."""

import struct
from collections.abc import Mapping
from typing import NamedTuple

from torrazzo.archive.record import Kind, RecordHeader
from torrazzo.base import StreamId, TermId
from torrazzo.base.errors import Invalid

_ENTRY = struct.Struct(">12s16sQQQQ")


class Held(NamedTuple):
    """One (stream, term) in one volume."""

    n: int  # of its last fact here; meaningless if offset is 0
    offset: int  # of that fact's record; 0: no fact of it is here
    t0: int  # earliest start among its pieces and facts
    t1: int  # latest end


class Summary:
    """Grows with each record placed; 100 streams make 6 kB."""

    __slots__ = ("_entries",)

    def __init__(self) -> None:
        self._entries: dict[tuple[StreamId, TermId], list[int]] = {}

    def add(self, kind: int, stream: StreamId, term: TermId, n: int, t0: int, t1: int, offset: int) -> None:
        """Take notice of a record; of several facts the one with the highest n counts."""
        entry = self._entries.get((stream, term))
        if entry is None:
            if kind not in {Kind.PIECE, Kind.FACT}:
                return
            entry = self._entries[stream, term] = [0, 0, t0, t1]
        if kind == Kind.FACT and (not entry[1] or n >= entry[0]):
            entry[0], entry[1] = n, offset
        if kind in {Kind.PIECE, Kind.FACT}:
            entry[2] = min(entry[2], t0)
            entry[3] = max(entry[3], t1)

    def add_header(self, header: RecordHeader) -> None:
        """The same, of a record that was read."""
        if header.stream is not None and header.term is not None:
            self.add(header.kind, header.stream, header.term, header.n, header.t0, header.t1, header.offset)

    def pack(self) -> bytes:
        """Entries of 60 bytes, sorted."""
        return b"".join(
            sorted(_ENTRY.pack(stream.pack(), term.pack(), *entry) for (stream, term), entry in self._entries.items())
        )

    def held(self) -> Mapping[tuple[StreamId, TermId], Held]:
        """What is known of each."""
        return {who: Held(*entry) for who, entry in self._entries.items()}


def parse_summary(payload: bytes) -> dict[tuple[StreamId, TermId], Held]:
    """The inverse of `Summary.pack`; streams of later versions are left out; raises `Invalid` for a bad length."""
    if len(payload) % _ENTRY.size:
        raise Invalid(f"summary of {len(payload)} bytes, expected a multiple of {_ENTRY.size}")
    held = {}
    for stream, term, n, offset, t0, t1 in _ENTRY.iter_unpack(payload):
        try:
            held[StreamId.unpack(stream), TermId.unpack(term)] = Held(n, offset, t0, t1)
        except Invalid:  # a stream number of a later version
            continue
    return held
