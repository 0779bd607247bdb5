# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Recorded time against a reference that asks each moment by itself."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from torrazzo.base import Span
from torrazzo.base.times import SECOND, UtcTicks
from torrazzo.catalogue.reader import Times
from torrazzo.control_room.recorded_time import LATE, NOTHING, Told, told_time

LONG = 60  # moments
NOW = LONG * 10 + LATE + SECOND  # all of it is so old that what is not known never will be
WHYS = ("net", "disk", "permit")

moments = st.integers(0, LONG)
pieces = st.tuples(moments, moments).map(sorted).map(tuple)


@st.composite
def recorded_spans(draw: st.DrawFn) -> list[tuple[int, int, str]]:
    """As the catalogue has them: merged, in order, none empty, none touching the next."""
    edges = sorted(draw(st.sets(moments, max_size=20)))
    return [(a, b, "") for a, b in zip(edges[::2], edges[1::2], strict=False)]


@st.composite
def gap_list(draw: st.DrawFn) -> list[tuple[int, int | None, str]]:
    found = [(a, b, draw(st.sampled_from(WHYS))) for a, b in draw(st.lists(pieces, max_size=6)) if a < b]
    return sorted(found)


def _told(recorded: list[tuple[int, int, str]], gaps: list[tuple[int, int | None, str]], span: Span, step: int) -> Told:
    inside = [each for each in recorded if each[0] < span.end and each[1] > span.start]
    near = [each for each in gaps if each[0] < span.end and (each[1] is None or each[1] > span.start)]
    return told_time(Times(inside, near, []), span, NOW, step)


def _span(ends: tuple[int, int]) -> Span:
    return Span(UtcTicks(ends[0]), UtcTicks(ends[1] + 1))


@given(recorded_spans(), gap_list(), pieces)
def test_exact_time_is_that_of_every_moment(
    recorded: list[tuple[int, int, str]], gaps: list[tuple[int, int | None, str]], ends: tuple[int, int]
) -> None:
    """Without a step each moment is recorded, in a gap with its cause, or `none`, exactly as the catalogue has it."""
    span = _span(ends)
    told = _told(recorded, gaps, span, 0)
    assert told.known == span.end
    for moment in range(span.start, span.end):
        is_recorded = any(a <= moment < b for a, b, _ in recorded)
        causes = {why for a, b, why in gaps if a <= moment and (b is None or moment < b)}
        assert any(a <= moment < b for a, b in told.recorded) == is_recorded
        found = {why for gap in told.gaps if gap.start <= moment < gap.end for why in gap.why}
        assert causes <= found
        assert (NOTHING in found) == (not is_recorded and not causes) or len(causes) > 1


@given(recorded_spans(), gap_list(), pieces, st.integers(1, 30))
def test_no_step_hides_a_gap(
    recorded: list[tuple[int, int, str]],
    gaps: list[tuple[int, int | None, str]],
    ends: tuple[int, int],
    step: int,
) -> None:
    """Whatever the step, each moment without a picture is in a gap that tells its cause; counts and ends are exact."""
    span = _span(ends)
    exact, told = _told(recorded, gaps, span, 0), _told(recorded, gaps, span, step)
    for gap in exact.gaps:
        (around,) = [each for each in told.gaps if each.start <= gap.start and gap.end <= each.end]
        assert set(gap.why) <= set(around.why)
    assert sum(each.many for each in told.gaps) == sum(each.many for each in exact.gaps)
    assert {each.start for each in told.gaps} <= {each.start for each in exact.gaps}
    assert {each.end for each in told.gaps} <= {each.end for each in exact.gaps}
    for spans in (told.recorded, [(each.start, each.end) for each in told.gaps]):
        assert all(b[0] - a[1] >= step for a, b in pairwise(spans))
    moments_before = {moment for a, b in exact.recorded for moment in range(a, b)}
    assert moments_before <= {moment for a, b in told.recorded for moment in range(a, b)}


def test_what_is_not_told_yet_is_neither() -> None:
    """Behind the newest fact nothing is said for a minute; after that it is told that nothing is known."""
    end = UtcTicks(200 * SECOND)
    times, span = Times([(0, 100 * SECOND, "")], [], []), Span(UtcTicks(0), end)
    soon = told_time(times, span, 115 * SECOND, 0)
    assert (soon.known, soon.recorded, soon.gaps) == (100 * SECOND, [(0, 100 * SECOND)], [])
    late = told_time(times, span, 190 * SECOND, 0)
    assert late.known == 190 * SECOND
    assert [(gap.start, gap.end, gap.why) for gap in late.gaps] == [(100 * SECOND, 190 * SECOND, (NOTHING,))]


def test_an_open_gap_lasts_until_now() -> None:
    """One that has no end yet ends at this moment, and what a clock left out is a step."""
    span = Span(UtcTicks(0), UtcTicks(200 * SECOND))
    times = Times([(0, 50 * SECOND, "")], [(60 * SECOND, None, "net")], [(50 * SECOND, 60 * SECOND, "step")])
    told = told_time(times, span, 90 * SECOND, 0)
    assert [(gap.start, gap.end, gap.why) for gap in told.gaps] == [
        (50 * SECOND, 60 * SECOND, ("step",)),
        (60 * SECOND, 90 * SECOND, ("net",)),
    ]
