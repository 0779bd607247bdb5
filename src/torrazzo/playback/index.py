# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What playback has to know of a segment, and of whom it asks it."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from torrazzo.base import SegmentId, Span, StreamId
from torrazzo.base.times import hour_of


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

    def steps_between(self, before: SegmentId, after: SegmentId) -> int:
        """Ticks by which clocks were set forward between two neighbours."""
        ...
