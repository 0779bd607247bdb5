# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The plan of one playable MP4: its first bytes, and which recorded piece lies where in it.

`ftyp moov mdat{ init fragment fragment … init fragment … }`: inside the mdat each segment's pieces follow each other as
they were recorded, byte for byte, so that each is a range whose hash stands in the archive. The moov alone makes the
file play: its tables point into the fragments. It is served (virtual.py) and packed (evidence) from this plan.
"""

import hashlib
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from torrazzo.base import Span, StreamId
from torrazzo.base.errors import Invalid, KeyGone
from torrazzo.base.times import SECOND, UtcTicks, iso_from_ticks
from torrazzo.playback.boxes import box_head
from torrazzo.playback.footage import DAMAGED, Footage, Loss, PieceSamples, Samples, Unreadable
from torrazzo.playback.index import LOOK_BACK, Recorded
from torrazzo.playback.moov import Edit, SampleTable, ftyp, moov, sample_entry_kind
from torrazzo.playback.timeline import NoPicture, PieceAt, Timeline

Progress = Callable[[int, int], None]  # bytes done, bytes in all; what it raises ends the work


class Extent(NamedTuple):
    """A piece in the file."""

    at: int  # first byte in the file
    length: int
    segment: int  # which of the clip's segments
    piece: int  # which of its pieces; 0 is the init


class Clip(NamedTuple):
    """One stream, one span, as a file of known size."""

    stream: StreamId
    span: Span
    duration: int  # ticks shown: the span's, unless a clock was set within it
    codec: str  # avc1 or hvc1
    head: bytes
    segments: tuple[Recorded, ...]
    extents: tuple[Extent, ...]
    losses: tuple[Loss, ...]  # what could not be read, and is a gap in the file
    size: int

    @property
    def etag(self) -> str:
        """Equal for equal bytes: the tables differ when any frame does."""
        return hashlib.sha256(self.head).hexdigest()[:32]

    def extents_between(self, start: int, end: int) -> Iterator[Extent]:
        """The pieces that lie, wholly or in part, in a range of the file."""
        at = max(0, bisect_right(self.extents, start, key=lambda extent: extent.at) - 1)
        for extent in self.extents[at:]:
            if extent.at >= end:
                return
            if extent.at + extent.length > start:
                yield extent


class _Placed(NamedTuple):
    """A fragment that was put on the time line."""

    segment: int
    piece: int
    length: int


def plan_clip(footage: Footage, stream: StreamId, span: Span, progress: Progress | None = None) -> Clip:
    """Read the fragments' tables and lay out the file; holds one segment's pieces at a time.

    Raises `Invalid` if nothing was recorded in the span, or if it can't be one file; `Unreadable` or `KeyGone` if
    nothing of it can be read.
    """
    if span.end <= span.start:
        raise Invalid(f"the span {span} is empty: its end must come after its start")
    plan = _Plan(footage, span)
    rows = footage.segments(stream, Span(span.start, span.end))
    lead = _lead(footage, stream, span, rows, plan)
    total = sum(row.length for row in rows) or 1
    done = 0
    for samples in lead:
        plan.add(samples)
    for row in rows:
        plan.add(footage.samples(row))
        done += row.length
        if progress is not None:
            progress(done, total)
    return plan.finish(stream)


def _lead(footage: Footage, stream: StreamId, span: Span, rows: Sequence[Recorded], plan: "_Plan") -> list[Samples]:
    """The segments before the span that are needed to decode its first picture, oldest first.

    The second before the start is searched too: a picture may be shown after those decoded later.
    """
    if not rows or rows[0].t0 > span.start:
        return []
    first = footage.samples(rows[0])
    lead: list[Samples] = []
    limit = span.start - SECOND
    earlier = footage.segments(stream, Span(UtcTicks(max(0, span.start - LOOK_BACK)), UtcTicks(rows[0].t0)))
    found = _has_sync(first, limit)
    following = rows[0].t0
    while not found and earlier and earlier[-1].t1 == following:
        row = earlier.pop()
        following = row.t0
        samples = footage.samples(row)
        if samples.init != first.init:  # a new format begins with a key frame of its own
            break
        lead.insert(0, samples)
        found = _has_sync(samples, limit)
    plan.timeline.any_key = not found and not _has_sync(first, span.start)
    return lead


def _has_sync(samples: Samples, before: int) -> bool:
    return any(piece.t0 <= before and any(frame.is_sync for frame in piece.frames) for piece in samples.pieces)


class _Plan:
    """What grows while segments are read."""

    def __init__(self, footage: Footage, span: Span) -> None:
        self._footage = footage
        self._span = span
        self.timeline = Timeline(span)
        self._segments: list[Recorded] = []
        self._inits: list[int] = []  # length of each segment's init
        self._placed: list[_Placed] = []
        self._losses: list[Loss] = []
        self._init = b""  # of the segment before
        self._first_init = b""

    def add(self, samples: Samples) -> None:
        """The next segment."""
        self._losses += samples.losses
        if not samples.pieces:
            return
        row = samples.row
        if self._segments:
            self.timeline.step(self._footage.steps_between(self._segments[-1], row))
            self._check_codec(samples)
        else:
            self._first_init = samples.init
        pieces = []
        for piece in _decodable(samples):
            pieces.append(PieceAt(len(self._placed), piece.t0, piece.t1, piece.joined, piece.end_dts, piece.frames))
            self._placed.append(_Placed(len(self._segments), piece.piece, piece.length))
        self.timeline.add(pieces, same_format=samples.init == self._init)
        self._segments.append(row)
        self._inits.append(len(samples.init))
        self._init = samples.init

    def _check_codec(self, samples: Samples) -> None:
        before, now = sample_entry_kind(self._init), sample_entry_kind(samples.init)
        if before != now:
            raise Invalid(
                f"the camera changed from {before.decode()} to {now.decode()} at {iso_from_ticks(samples.row.t0)}:"
                " one file can't hold both; export what lies before and after it"
            )

    def finish(self, stream: StreamId) -> Clip:
        """All segments are in."""
        try:
            cut = self.timeline.cut()
        except NoPicture as error:
            if self._losses and all(loss.why != DAMAGED for loss in self._losses):
                raise KeyGone(self._losses[0].what, self._losses[0].why) from error
            if self._losses:
                raise Unreadable(self._span, self._losses[0].what) from error
            raise
        kind = sample_entry_kind(self._first_init)
        extents: list[Extent] = []
        at: dict[int, int] = {}  # placed fragment → its offset in the payload
        offset = 0
        kept = range(min(cut.chunk_pieces), max(cut.chunk_pieces) + 1)  # also what can't be shown after a loss
        for segment, group in groupby(kept, key=lambda number: self._placed[number].segment):
            extents.append(Extent(offset, self._inits[segment], segment, 0))
            offset += self._inits[segment]
            for number in group:
                at[number] = offset
                extents.append(Extent(offset, self._placed[number].length, segment, self._placed[number].piece))
                offset += self._placed[number].length
        table = cut.table
        for chunk, number in enumerate(cut.chunk_pieces):
            table.chunk_offsets[chunk] += at[number]
        head = _head(kind, self._first_init, table, cut.edits, self._span.start, offset)
        shifted = tuple(extent._replace(at=extent.at + len(head)) for extent in extents)
        duration = sum(edit.duration for edit in cut.edits)
        losses = tuple(self._losses)
        segments = tuple(self._segments)
        return Clip(stream, self._span, duration, kind.decode(), head, segments, shifted, losses, len(head) + offset)


def _decodable(samples: Samples) -> Iterator[PieceSamples]:
    """After a piece that is missing, nothing until the next key frame: what refers to lost pictures shows rubbish."""
    is_broken = False
    for piece in samples.pieces:
        frames = piece.frames
        if not piece.joined and piece.piece > 1:
            is_broken = True
        if is_broken:
            start = next((i for i, frame in enumerate(frames) if frame.is_key), len(frames))
            frames = frames[start:]
            is_broken = not frames
        yield piece._replace(frames=frames)


def _head(kind: bytes, init: bytes, table: SampleTable, edits: Sequence[Edit], created: int, payload: int) -> bytes:
    """`ftyp moov` and the header of the mdat."""
    first, last = ftyp(kind), box_head(b"mdat", payload)
    length = len(first) + len(moov(init, table, edits, created, 0)) + len(last)
    return first + moov(init, table, edits, created, length) + last
