# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the pieces of a segment say together: all that its fact says, without keys (docs/3-formats/fact.md, `seg`)."""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

from torrazzo.archive.fact import Fact
from torrazzo.archive.header import VolumeHeader
from torrazzo.archive.record import CONTINUES, RecordHeader
from torrazzo.base import SegmentId
from torrazzo.base.times import hour_text


class Pieces(NamedTuple):
    """Pieces 0 … j of one segment, added up."""

    volume: str  # file name
    offsets: tuple[int, ...]
    t0: int
    t1: int
    m0: int
    m1: int
    media: int
    frames: int
    lost: int
    length: int
    h: bytes
    c: bytes
    key: str
    continues: bool


def add_up(headers: Sequence[RecordHeader], volume: VolumeHeader) -> Pieces:
    """Sum over pieces 0 … j in order; at least the init."""
    init, last = headers[0], headers[-1]
    first = headers[1] if len(headers) > 1 else init
    return Pieces(
        volume.name,
        tuple(header.offset for header in headers),
        init.t0,
        last.t1,
        first.m0,
        last.m1,
        sum(header.media for header in headers),
        sum(header.frames for header in headers),
        sum(header.lost for header in headers),
        sum(header.plain_length for header in headers),
        hashlib.sha256(b"".join(header.h for header in headers)).digest(),
        hashlib.sha256(b"".join(header.c for header in headers)).digest(),
        f"{hour_text(volume.hour)}/{volume.retention_class}",
        bool(init.flags & CONTINUES),
    )


def first_pieces(headers: Sequence[RecordHeader], fact: Fact, volume: VolumeHeader) -> Pieces | None:
    """As many as the fact tells of, or None if there are fewer."""
    if fact.pieces is None or not 0 < fact.pieces <= len(headers):
        return None
    return add_up(headers[: fact.pieces], volume)


class Gatherer:
    """Collects the pieces of the segments of one volume until their facts come."""

    __slots__ = ("_broken", "_open", "volume")

    def __init__(self, volume: VolumeHeader) -> None:
        self.volume = volume
        self._open: dict[SegmentId, list[RecordHeader]] = {}
        self._broken: set[SegmentId] = set()

    def add(self, header: RecordHeader) -> None:
        """Take a piece; what follows a missing one is no part of the segment."""
        segment = header.segment
        if segment is None or segment in self._broken:
            return
        headers = self._open.setdefault(segment, [])
        if header.piece == len(headers):
            headers.append(header)
        else:
            self._broken.add(segment)

    def take(self, fact: Fact) -> Pieces | None:
        """The pieces that this fact speaks of, if they are all here: nothing is kept of the segment."""
        self._broken.discard(fact.id)
        headers = self._open.pop(fact.id, [])
        return first_pieces(headers, fact, self.volume)

    def fits(self, fact: Fact) -> bool:
        """Whether the segment's pieces give the fact's c."""
        pieces = first_pieces(self._open.get(fact.id, []), fact, self.volume)
        return pieces is not None and pieces.c == fact.c

    def take_fitting(self, fact: Fact) -> bool:
        """Forget the segment if its pieces give the fact's c; else keep it."""
        if not self.fits(fact):
            return False
        self._open.pop(fact.id)
        self._broken.discard(fact.id)
        return True

    def rest(self) -> dict[SegmentId, list[RecordHeader]]:
        """Segments whose fact did not come, each with its pieces 0 … j."""
        return {segment: headers for segment, headers in self._open.items() if headers}


def first_difference(pieces: Pieces, fact: Fact) -> str | None:
    """Where the pieces contradict the fact, or None."""
    pairs = {
        "c": (pieces.c, fact.c),
        "h": (pieces.h, fact.h),
        "t0": (pieces.t0, fact.t0),
        "t1": (pieces.t1, fact.t1),
        "media": (pieces.media, fact.media),
        "frames": (pieces.frames, fact.frames),
        "lost": (pieces.lost, fact.lost),
        "len": (pieces.length, fact.length),
        "key": (pieces.key, fact.key),
    }
    for name, (found, said) in pairs.items():
        if found != said:
            return f"{name} of the pieces is {_show(found)}, of the fact {_show(said)}"
    return None


def _show(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)
