# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The 176 bytes in front of everything a volume holds (docs/3-formats/volume.md, section Record)."""

import functools
import hashlib
import struct
from collections.abc import Iterator
from enum import IntEnum
from typing import NamedTuple, Self

import google_crc32c

from torrazzo.base import SegmentId, StreamId, TermId
from torrazzo.base.errors import Invalid
from torrazzo.base.times import iso_from_ticks

MAGIC = b"TZR1"
HEADER_SIZE = 176
MAX_HEADER_SIZE = 4_096
NO_HASH = bytes(32)
NOBODY = bytes(28)  # stream and term of a record that belongs to none

KEY_FRAME = 1
INIT = 2
CONTINUES = 4

# magic, kind, flags, header length, payload length, offset, stream ‖ term, n, index, frames,
# t0, t1, m0, m1, media, lost, h, c, plain length
BODY = struct.Struct(">4sBBHIQ28sQIIQQQQII32s32sI")
CRC = struct.Struct(">I")


class Kind(IntEnum):
    """What a record's payload is; readers skip numbers that are not here."""

    KEY = 1
    PIECE = 2
    FACT = 3
    CLOCK = 4
    INDEX = 5
    SUMMARY = 6


class RecordHeader(NamedTuple):
    """One record's header; times and sizes as in volume.md."""

    kind: int
    flags: int
    payload_length: int
    offset: int
    stream: StreamId | None
    term: TermId | None
    n: int
    piece: int  # its index within the segment
    frames: int
    t0: int
    t1: int
    m0: int
    m1: int
    media: int
    lost: int
    h: bytes
    c: bytes
    plain_length: int
    header_length: int = HEADER_SIZE

    @property
    def payload_offset(self) -> int:
        """Where the payload begins in the volume."""
        return self.offset + self.header_length

    @property
    def end(self) -> int:
        """Where the next record begins."""
        return self.offset + self.header_length + self.payload_length

    @property
    def segment(self) -> SegmentId | None:
        """Whose piece or fact it is."""
        if self.stream is None or self.term is None:
            return None
        return SegmentId(self.stream, self.term, self.n)

    def __str__(self) -> str:
        who = f"{self.stream} n={self.n} piece {self.piece}" if self.stream else f"kind {self.kind}"
        return f"{who} at {iso_from_ticks(self.t0)}, offset {self.offset}"

    @classmethod
    def of_payload(cls, kind: int, offset: int, payload: bytes) -> Self:
        """That of a record which belongs to no stream."""
        c = hashlib.sha256(payload).digest()
        return cls(kind, 0, len(payload), offset, None, None, 0, 0, 0, 0, 0, 0, 0, 0, 0, NO_HASH, c, 0)

    def pack(self, volume_id: bytes) -> bytes:
        """176 bytes; a longer header that was read is not packed again."""
        who = NOBODY if self.stream is None or self.term is None else self.stream.pack() + self.term.pack()
        body = BODY.pack(
            MAGIC,
            self.kind,
            self.flags,
            HEADER_SIZE,
            self.payload_length,
            self.offset,
            who,
            *self[6:18],
        )
        return body + CRC.pack(google_crc32c.value(volume_id + body))


def crc_of(volume_id: bytes, data: bytes) -> int:
    """CRC-32C of volume id ‖ data."""
    return int(google_crc32c.value(volume_id + data))


def is_intact(data: bytes, volume_id: bytes) -> bool:
    """Whether `data` (≥ 176 bytes) begins with a header of this volume; says nothing about its place or payload."""
    if len(data) < HEADER_SIZE or not data.startswith(MAGIC):
        return False
    return bool(CRC.unpack_from(data, BODY.size)[0] == crc_of(volume_id, data[: BODY.size]))


def parse_header(data: bytes, volume_id: bytes) -> RecordHeader:
    """The header at the start of `data`; raises `Invalid` unless its magic, CRC and length hold."""
    if not is_intact(data, volume_id):
        raise Invalid("not a record header of this volume: magic or CRC differ")
    fields = BODY.unpack_from(data)
    header_length = fields[3]
    if not HEADER_SIZE <= header_length <= MAX_HEADER_SIZE:
        raise Invalid(f"record header length {header_length}, expected {HEADER_SIZE} to {MAX_HEADER_SIZE}")
    return RecordHeader._make((*fields[1:3], *fields[4:6], *_unpack_who(fields[6]), *fields[7:], header_length))


@functools.lru_cache(maxsize=4_096)
def _unpack_who(who: bytes) -> tuple[StreamId | None, TermId | None]:
    if who == NOBODY:
        return None, None
    try:
        return StreamId.unpack(who[:12]), TermId.unpack(who[12:])
    except Invalid:  # a stream number of a later version: its records are skipped like unknown kinds
        return None, None


def split_headers(headers: bytes | bytearray | memoryview) -> Iterator[bytes]:
    """Single headers out of many laid end to end (the payload of an index); raises `Invalid` if they don't fit."""
    view = memoryview(headers)
    at = 0
    while at < len(view):
        if len(view) - at < HEADER_SIZE:
            raise Invalid(f"index ends within a header, at {at}")
        length = int.from_bytes(view[at + 6 : at + 8])
        if not HEADER_SIZE <= length <= min(MAX_HEADER_SIZE, len(view) - at):
            raise Invalid(f"index holds a header of impossible length {length}, at {at}")
        yield bytes(view[at : at + length])
        at += length
