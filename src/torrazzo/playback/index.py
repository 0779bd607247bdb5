# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What playback has to know of a segment, and of whom it asks it."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from torrazzo.base import SegmentId, Span, StreamId
from torrazzo.base.times import SECOND, UtcTicks, hour_of

LOOK_BACK = 60 * SECOND  # how far before a span's first picture the pictures are searched for that it refers to


class Recorded(NamedTuple):
    """A segment, as the catalogue tells it."""

    id: SegmentId
    t0: int  # UTC ticks
    t1: int
    volume: str | None  # file name; None: the catalogue does not know where its pieces are
    places: tuple[int, ...]  # offsets of the records of its pieces; the first is the init
    length: int  # plaintext bytes
    class_: str  # retention class

    @property
    def hour(self) -> int:
        """The UTC hour whose key opens it."""
        return hour_of(self.t0)


class Index(Protocol):
    """What the catalogue knows."""

    def segments(self, stream: StreamId, span: Span) -> Sequence[Recorded]:
        """Segments that overlap the span, in order of recording."""
        ...

    def segment(self, id_: SegmentId) -> Recorded | None:
        """One of them."""
        ...

    def continues(self, id_: SegmentId) -> bool:
        """Whether it begins in the middle of a group of pictures."""
        ...

    def steps_between(self, before: SegmentId, after: SegmentId) -> int:
        """Ticks by which clocks were set forward between two neighbours."""
        ...


def whole_span(index: Index, stream: StreamId, span: Span, lead: int = SECOND) -> Span | None:
    """As wide as the segments that are read to show this span; None if nothing was recorded in it.

    To it belongs what the first picture refers to: the segment of the second before the span (`lead`; a copy, which
    begins where its first segment does, needs none), and those before that one as long as each continues another.
    """
    rows = list(index.segments(stream, Span(UtcTicks(max(0, span.start - LOOK_BACK)), span.end)))
    shown = [row for row in rows if row.t1 > span.start]
    if not shown:
        return None
    first, end = min(shown, key=lambda row: row.t0), max(row.t1 for row in shown)
    if first.t0 == end:
        return None  # what takes no time stands alone there
    while first.t0 > span.start - lead or index.continues(first.id):
        before = [row for row in rows[: rows.index(first)] if row.t1 == first.t0]  # not itself: it may take no time
        if not before:
            break
        first = before[-1]
    return Span(UtcTicks(first.t0), UtcTicks(end))
