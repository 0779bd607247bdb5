# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where each recorded frame stands on the time line of one clip; pure.

Position 0 is the clip's start, one tick is one tick of UTC: a gap keeps its place and its length. Where a clock was set
and no time passed, a step, position and UTC part: the pictures go on without a hole. Between gaps, frames keep the
distances that their camera gave them, as long as that leaves them within a tenth of a second of their UTC time, which
is about as well as that time is known; beyond it, what the slew adds to a segment falls on its last frame.

Frames are decoded in one order and shown in another. A segment's t0 is the time of its first decoded frame, and every
stream shows its frames a fixed *delay* after that order, so: shown = decoded + shift - delay, where shift is what
the fragment says. The delay is the first segment's: its earliest shown time minus its first decoding time.
"""

from array import array
from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from torrazzo.base.errors import Invalid
from torrazzo.base.spans import Span
from torrazzo.base.times import HOUR, SECOND, iso_from_ticks
from torrazzo.playback.moov import Edit, SampleTable

DRIFT = SECOND // 10  # how far position and UTC may part


class NoPicture(Invalid):
    """Nothing to show in a span."""


class FrameAt(NamedTuple):
    """One frame of a fragment: times on the segment's media clock, place in the fragment's bytes."""

    dts: int
    pts: int
    offset: int
    size: int
    is_key: bool  # decoding may begin here
    is_sync: bool  # and every player knows how: IDR of H.264, any random access picture of H.265


class PieceAt(NamedTuple):
    """A fragment that is to be placed."""

    number: int  # the caller's own; grows
    t0: int  # UTC ticks
    t1: int
    joined: bool  # the fragment before it, in the same segment, is there too
    end_dts: int  # when the frame after its last one is decoded
    frames: Sequence[FrameAt]

    @property
    def is_timeless(self) -> bool:
        """Its pictures came when the time line was further already: they stand in one moment."""
        return self.t0 == self.t1


class Cut(NamedTuple):
    """What of the placed fragments a clip needs, and how it shows them."""

    table: SampleTable  # chunk offsets count from the start of the chunk's own fragment
    chunk_pieces: list[int]  # number of the fragment in which each chunk lies
    edits: list[Edit]


class Timeline:
    """Takes segments in order of recording; then `cut` says what to show."""

    def __init__(self, span: Span) -> None:
        self._span = span
        self._bias = -span.start  # position - UTC
        self._end: int | None = None  # UTC end of the last fragment
        self._media_end = 0  # position of the same by the camera's clock
        self._drift = 0  # position - (UTC + bias)
        self.any_key = False  # players are told of all key frames, not only of those that each of them can start at
        self._delay = 0  # of the current format
        self._first_delay = 0
        self._positions = array("q")
        self._shifts = array("i")
        self._sizes = array("I")
        self._offsets = array("I")
        self._keys = array("I")
        self._piece_numbers: list[int] = []
        self._piece_starts = array("I")

    def step(self, ticks: int) -> None:
        """The clock was set forward by so much before the next segment: nothing is missing there."""
        self._bias -= ticks
        if self._end is not None:
            self._end += ticks

    def add(self, pieces: Sequence[PieceAt], *, same_format: bool) -> None:
        """Place the fragments of one segment; `same_format`: its init is that of the segment before."""
        frames = [frame for piece in pieces for frame in piece.frames]
        if not frames:
            return
        if not (same_format and self._end == pieces[0].t0):
            self._delay = min(frame.pts for frame in frames) - frames[0].dts
        if not self._positions:
            self._first_delay = self._delay
        anchor = base = 0
        was_timeless = False
        for number, piece in enumerate(pieces):
            if not piece.frames:
                continue
            if number == 0 or not piece.joined or piece.is_timeless or was_timeless:
                anchor, base = self._start_of(piece), piece.frames[0].dts
            self._place(piece, anchor - base)
            self._end, was_timeless = piece.t1, piece.is_timeless
            self._media_end = anchor if piece.is_timeless else anchor - base + piece.end_dts

    def _start_of(self, piece: PieceAt) -> int:
        """The position of its first frame."""
        if self._end is None:
            return piece.t0 + self._bias
        missing = piece.t0 - self._end
        if missing < 0:  # the clock was set back: go on where we are
            self._bias -= missing
        position = piece.t0 + self._bias
        if missing >= SECOND:
            self._drift = 0
        elif missing <= 0 and abs(self._media_end - position) <= DRIFT:
            self._drift = self._media_end - position
        return position + self._drift

    def _place(self, piece: PieceAt, offset: int) -> None:
        self._piece_numbers.append(piece.number)
        self._piece_starts.append(len(self._positions))
        correction = self._first_delay - self._delay
        floor = self._positions[-1] + 1 if self._positions else None
        for frame in piece.frames:
            position = (piece.frames[0] if piece.is_timeless else frame).dts + offset
            if floor is not None and position < floor:
                position = floor
            if frame.is_sync or (frame.is_key and self.any_key):
                self._keys.append(len(self._positions))
            self._positions.append(position)
            self._shifts.append(frame.pts - frame.dts + correction)
            self._sizes.append(frame.size)
            self._offsets.append(frame.offset)
            floor = position + 1

    def cut(self) -> Cut:
        """Keep the frames from the last key frame shown at or before the start, to the last one shown before the end.

        Raises `NoPicture` if there is none, `Invalid` if a gap is too long for the form.
        """
        total = self._span.end + self._bias
        shown = array("q", (p + s - self._first_delay for p, s in zip(self._positions, self._shifts, strict=True)))
        last = max((i for i, when in enumerate(shown) if when < total), default=-1)
        first = self._first(shown, last)
        if first > last:
            raise NoPicture(
                f"no picture was recorded in {self._span}; `footage list` and `footage gaps` tell what there is"
            )
        start = min(shown[first : first + 64])  # the earliest shown is never far from the first decoded
        empty = max(0, start)
        origin = self._positions[first]
        edits = [Edit(empty, -1)] if empty else []
        edits.append(Edit(total - empty, max(0, start, 0) + self._first_delay - origin))
        return Cut(self._table(first, last, total + self._first_delay + empty), self._chunk_pieces, edits)

    def _first(self, shown: "array[int]", last: int) -> int:
        fitting = [key for key in self._keys if shown[key] <= 0]
        if fitting:
            return fitting[-1]
        inside = [key for key in self._keys if key <= last]
        before = [i for i in range(last + 1) if shown[i] <= 0]
        return inside[0] if inside and not before else 0

    def _table(self, first: int, last: int, end: int) -> SampleTable:
        table = SampleTable.empty()
        positions = self._positions[first : last + 1]
        positions.append(max(end, positions[-1] + 1))
        for now, following in pairwise(positions):
            if following - now >= 1 << 32:
                raise Invalid(
                    f"a gap of {(following - now) // HOUR} hours after {iso_from_ticks(now - self._bias)} is too long"
                    " for one file: export what lies before and after it"
                )
            table.durations.append(following - now)
        table.shifts.extend(self._shifts[first : last + 1])
        table.sizes.extend(self._sizes[first : last + 1])
        table.keys.extend(key - first for key in self._keys if first <= key <= last)
        if not table.keys or table.keys[0]:
            table.keys.insert(0, 0)  # players start at a key frame; where there is none, at the first frame
        self._fill_chunks(table, first, last)
        return table

    def _fill_chunks(self, table: SampleTable, first: int, last: int) -> None:
        self._chunk_pieces: list[int] = []
        at = bisect_right(self._piece_starts, first) - 1
        while at < len(self._piece_starts) and self._piece_starts[at] <= last:
            begin = max(first, self._piece_starts[at])
            end = self._piece_starts[at + 1] if at + 1 < len(self._piece_starts) else last + 1
            end = min(end, last + 1)
            chunk = begin
            for index in range(begin + 1, end + 1):
                if index == end or self._offsets[index] != self._offsets[index - 1] + self._sizes[index - 1]:
                    self._chunk_pieces.append(self._piece_numbers[at])
                    table.chunk_offsets.append(self._offsets[chunk])
                    table.chunk_samples.append(index - chunk)
                    chunk = index
            at += 1
