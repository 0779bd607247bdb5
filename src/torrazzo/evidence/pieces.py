# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Footage of which a stranger can check every piece."""

from collections.abc import Iterable

from torrazzo.base import SegmentId, Span, StreamId
from torrazzo.base.errors import Damaged
from torrazzo.base.times import UtcTicks
from torrazzo.evidence.clip import PieceHash
from torrazzo.playback import Footage
from torrazzo.playback.clip import Clip
from torrazzo.playback.footage import Loss, Samples
from torrazzo.playback.index import Recorded
from torrazzo.seal import piece_salt


class ProvableFootage(Footage):
    """As `Footage`; a segment of which not every piece's h can be told is lost as a whole: its fact proves nothing."""

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
