# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Footage of which a stranger can check every piece."""

import copy
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from typing import NamedTuple, Self

from torrazzo.base import SegmentId, Span, StreamId
from torrazzo.base.errors import Damaged, KeyGone
from torrazzo.base.times import UtcTicks
from torrazzo.evidence.clip import PieceHash
from torrazzo.playback import Footage
from torrazzo.playback.clip import Clip
from torrazzo.playback.footage import Loss, Samples
from torrazzo.playback.index import Recorded
from torrazzo.playback.moov import sample_entry_kind
from torrazzo.seal import piece_salt


class Run(NamedTuple):
    """A stretch of a span that one file can hold: the camera kept to one codec."""

    span: Span
    others: AbstractSet[SegmentId]  # segments of the other runs


class ProvableFootage(Footage):
    """As `Footage`; a segment of which not every piece's h can be told is lost as a whole: its fact proves nothing."""

    hidden: AbstractSet[SegmentId] = frozenset()  # segments that are as if they were not recorded

    def without(self, segments: AbstractSet[SegmentId]) -> Self:
        """The same, in which these segments were never recorded."""
        view = copy.copy(self)
        view.hidden = segments
        return view

    def segments(self, stream: StreamId, span: Span) -> list[Recorded]:
        """As `Footage` has it."""
        return [row for row in super().segments(stream, span) if row.id not in self.hidden]

    def runs_of(self, stream: StreamId, span: Span) -> list[Run]:
        """One behind the other, without a hole: each ends where the next begins.

        What is lost belongs to the run before. Where a clock was set back in between, two claim the same time.
        """
        runs: list[list[Recorded]] = [[]]
        codec = b""
        for row in self.segments(stream, span):
            now = self._codec(row)
            if now and codec and now != codec:
                runs.append([])
            runs[-1].append(row)
            codec = now or codec
        starts = [span.start, *(UtcTicks(max(span.start, run[0].t0)) for run in runs[1:])]
        ends = [max(start, *(row.t1 for row in run)) for run, start in zip(runs, starts[1:], strict=False)]
        spans = [
            Span(start, UtcTicks(min(end, span.end))) for start, end in zip(starts, [*ends, span.end], strict=True)
        ]
        ids = [{row.id for row in run} for run in runs]
        return [Run(each, frozenset().union(*ids) - own) for each, own in zip(spans, ids, strict=True)]

    def _codec(self, row: Recorded) -> bytes:
        try:
            return sample_entry_kind(self.open_piece(row, 0))
        except (Damaged, KeyGone):
            return b""

    def samples(self, row: Recorded) -> Samples:
        """Its tables; without pieces where a record's header is unreadable."""
        found = super().samples(row)
        if found.pieces:
            try:
                self.hashes(row)
            except Damaged as error:
                return Samples(row, b"", (), (Loss(row.id, 0, row.t0, row.t1, str(error)),))
        return found

    def shown_of(self, stream: StreamId, span: Span) -> Span:
        """What of the span may be shown: without the parts of segments at its ends that reach beyond the window."""
        start, end = int(span.start), int(span.end)
        for row in self._index.segments(stream, span):
            if not self._may_show(row):
                start = max(start, row.t1) if row.t0 < span.start else start
                end = min(end, row.t0) if row.t1 > span.end else end
        return Span(UtcTicks(start), UtcTicks(end)) if start < end else span

    def hashes(self, row: Recorded) -> list[PieceHash]:
        """Of each piece, as its record's header has it, with the salt; raises `Damaged`."""
        if row.volume is None:
            raise Damaged(f"segment {row.id.n} of {row.id.stream}: its volume is not known")
        key = self._keys.key(row)
        with self._shelf.volume(row.volume) as reader:
            return [
                PieceHash(self._header(reader, row, piece).h, piece_salt(key, piece))
                for piece in range(len(row.places))
            ]

    def hashes_of(self, clip: Clip) -> dict[SegmentId, list[PieceHash]]:
        """Of the segments that have a piece in the clip."""
        rows: Iterable[Recorded] = {clip.segments[extent.segment]: None for extent in clip.extents}
        return {row.id: self.hashes(row) for row in rows}
