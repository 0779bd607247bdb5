# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""How much of a span may be shown now: the ledger, the law's 168 hours, holds and their cases."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.tools.recording import STREAM
from torrazzo.base import SegmentId, Span, TermId
from torrazzo.base.ids import NodeId
from torrazzo.base.times import HOUR, SECOND, UtcTicks
from torrazzo.control_room.reach import EXPIRED, HELD_ONLY, LIFE, NOT_YET, NOTHING, Reach, find_reach
from torrazzo.playback.index import Recorded
from torrazzo.testing import FakeClock

NOW = UtcTicks(494_500 * HOUR)
TERM = TermId(NodeId(7), 1, 0)
OURS, THEIRS = "2026/118", "2026/7"


def row(at: int, n: int = 1) -> Recorded:
    """Ten seconds."""
    return Recorded(SegmentId(STREAM, TERM, n), at, at + 10 * SECOND, "v", (0,), 1, "standard")


@dataclass
class Town:
    """What the catalogue has, what only holds have and for which case, and what the ledger does not have yet."""

    rows: Sequence[Recorded] = ()
    held: Sequence[tuple[Recorded, str]] = ()
    absent: frozenset[SegmentId] = frozenset()
    following: frozenset[SegmentId] = frozenset()  # that continue another's group of pictures
    asked: list[SegmentId] = field(default_factory=list)

    def segments(self, _: object, span: Span) -> list[Recorded]:
        both = [*self.rows, *(each for each, _ in self.held)]
        return [each for each in both if each.t0 < span.end and each.t1 > span.start]

    def continues(self, id_: SegmentId) -> bool:
        return id_ in self.following

    def spans(self, _: object, span: Span) -> list[Span]:
        cut = [Span(UtcTicks(max(a.t0, span.start)), UtcTicks(min(a.t1, span.end))) for a in self.rows]
        return [each for each in cut if each.start < each.end]

    def held_rows(self, _: object, span: Span) -> list[tuple[Recorded, list[Any]]]:
        return [(each, [_Hold(case)]) for each, case in self.held if each.t0 < span.end and each.t1 > span.start]

    def erased(self, _: object, span: Span) -> list[Span]:
        assert span.start < span.end
        return []

    @property
    def gate(self) -> "Town":
        return self

    def entered(self, segments: Iterable[SegmentId]) -> set[SegmentId]:
        self.asked += segments
        return set(self.asked) - self.absent

    @staticmethod
    def is_case(case: str | None, hold: str) -> bool:
        return case == hold

    def reach(self, start: int, end: int, case: str | None = None) -> Reach:
        span = Span(UtcTicks(start), UtcTicks(end))
        return find_reach(self, lambda: self, FakeClock(NOW), STREAM, span, case)  # type: ignore[arg-type, return-value]


@dataclass
class _Hold:
    act: str


def test_old_footage_is_shown_without_asking_the_ledger() -> None:
    """The span is as wide as its segments; what was recorded an hour ago is in the ledger."""
    town = Town([row(NOW - HOUR), row(NOW - HOUR + 10 * SECOND, 2)])
    found = town.reach(NOW - HOUR + 3 * SECOND, NOW - HOUR + 12 * SECOND)
    assert (found.span, found.why) == (Span(UtcTicks(NOW - HOUR), UtcTicks(NOW - HOUR + 20 * SECOND)), "")
    assert town.asked == []


def test_what_the_first_picture_refers_to_is_reached() -> None:
    """The segment of the second before, and those before it as long as each goes on with another's pictures."""
    rows = [row(NOW - HOUR + at * 10 * SECOND, at) for at in range(5)]
    town = Town(rows, following=frozenset({rows[2].id, rows[3].id}))
    found = town.reach(rows[3].t0 + 5 * SECOND, rows[4].t0 + SECOND)
    assert found.span == Span(UtcTicks(rows[1].t0), UtcTicks(rows[4].t1))


def test_the_newest_waits_for_the_ledger() -> None:
    """What the ledger does not have is left out; where that is all, it is not yet."""
    old, new = row(NOW - 20 * SECOND), row(NOW - 10 * SECOND, 2)
    town = Town([old, new], absent=frozenset({new.id}))
    assert town.reach(NOW - 30 * SECOND, NOW).span == Span(UtcTicks(old.t0), UtcTicks(old.t1))
    assert town.reach(NOW - 9 * SECOND, NOW).why == NOT_YET


def test_nothing_is_said_as_such() -> None:
    """A gap, and what is to come."""
    assert Town().reach(NOW - HOUR, NOW - HOUR + 1).why == NOTHING
    assert Town().reach(NOW, NOW + HOUR).why == NOTHING


def test_what_the_law_lets_live_no_longer_is_not_reached() -> None:
    """RT-01: what is 168 h old is refused whole, and cut off where only the beginning is; an open window shows none."""
    town = Town([row(NOW - LIFE - 20 * SECOND), row(NOW - LIFE + 10 * SECOND, 2)])
    assert town.reach(NOW - LIFE - 20 * SECOND, NOW - LIFE - SECOND).why == EXPIRED
    found = town.reach(NOW - LIFE - 20 * SECOND, NOW - LIFE + 15 * SECOND)
    assert found.span == Span(UtcTicks(NOW - LIFE + 10 * SECOND), UtcTicks(NOW - LIFE + 20 * SECOND))
    assert found.covers(found.span, NOW)
    assert not found.covers(found.span, UtcTicks(NOW + 10 * SECOND))


@pytest.mark.parametrize("case", [None, THEIRS])
def test_what_only_a_hold_keeps_is_for_its_case(case: str | None) -> None:
    """Without its case, or with another one, it is hidden, whatever else is shown beside it."""
    held = row(NOW - LIFE - HOUR)
    assert Town(held=[(held, OURS)]).reach(held.t0, held.t1, case).why == HELD_ONLY
    beside = row(NOW - HOUR, 2)
    erased = row(NOW - HOUR - 10 * SECOND, 3)  # by an order, before its time
    found = Town([beside], [(erased, OURS)]).reach(erased.t0, beside.t1, case)
    assert found.span is not None
    assert found.covers(Span(UtcTicks(beside.t0), UtcTicks(beside.t1)), NOW)
    assert not found.covers(Span(UtcTicks(erased.t0), UtcTicks(erased.t1)), NOW)


def test_with_its_case_it_is_shown_beyond_its_life() -> None:
    """A hold's footage is older than 168 h, and shown to who names the case."""
    held = row(NOW - LIFE - HOUR)
    found = Town(held=[(held, OURS)]).reach(held.t0, held.t1, OURS)
    assert found.span == Span(UtcTicks(held.t0), UtcTicks(held.t1))
    assert found.covers(found.span, NOW)
