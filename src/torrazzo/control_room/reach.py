# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""How much of a span may be shown now, to somebody who names this case or none."""

from collections.abc import Callable
from typing import NamedTuple

from torrazzo.access import Windows
from torrazzo.base.clock import Clock
from torrazzo.base.ids import StreamId
from torrazzo.base.spans import Span
from torrazzo.base.times import HOUR, SECOND, UtcTicks
from torrazzo.control_room.index import Index
from torrazzo.playback.index import whole_span
from torrazzo.town.lives import LEGAL_HOURS

LIFE = LEGAL_HOURS * HOUR
FRESH = 60 * SECOND  # what is newer may not be in the ledger yet
NEWEST = 8  # segments that are asked for there

NOTHING, EXPIRED, HELD_ONLY, NOT_YET = "NOTHING_RECORDED", "FOOTAGE_EXPIRED", "HELD_ONLY", "NOT_YET"
ERASED = "FOOTAGE_ERASED"


class Reach(NamedTuple):
    """A span of one stream as wide as the segments that are read to show it, or why there is none."""

    span: Span | None
    why: str  # empty where there is a span
    held: tuple[Span, ...] = ()  # of it what only a hold keeps, for the case that was named
    hidden: tuple[Span, ...] = ()  # and for another one
    gone: tuple[Span, ...] = ()  # what was erased early

    def covers(self, span: Span, now: UtcTicks) -> bool:
        """Whether a segment of that span may be shown now, inside a window that has it."""
        if any(span.start < each.end and each.start < span.end for each in (*self.hidden, *self.gone)):
            return False
        is_held = any(each.start <= span.start and span.end <= each.end for each in self.held)
        return is_held or span.start > now - LIFE


def find_reach(
    index: Index, windows: Callable[[], Windows], clock: Clock, stream: StreamId, span: Span, case: str | None
) -> Reach:
    """Raises `Unavailable` where the ledger has to be asked and is away."""
    now = clock.utc()
    held, hidden = _held(index, windows, stream, span, case)
    start = UtcTicks(span.start if held else max(span.start, now - LIFE + 1))
    if span.end <= start:
        return Reach(None, HELD_ONLY if hidden else EXPIRED)
    if span.start >= now:
        return Reach(None, NOTHING)
    end = _entered(index, windows, stream, Span(start, span.end), now)
    if end <= start:
        return Reach(None, NOT_YET)
    whole = _whole(index, stream, Span(start, end), has_held=bool(held or hidden))
    if whole is None:
        none = NOT_YET if span.end > now - FRESH else NOTHING  # what is being written now is known a moment later
        return Reach(None, HELD_ONLY if hidden else none)
    gone = tuple(index.erased(stream, whole))
    if gone == (whole,):
        return Reach(None, ERASED)
    return Reach(whole, "", held, hidden, gone)


def _held(
    index: Index, windows: Callable[[], Windows], stream: StreamId, span: Span, case: str | None
) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """What only holds keep: for this case, and for others."""
    ours, others = list[Span](), list[Span]()
    for row, holds in index.held_rows(stream, span):
        is_ours = case is not None and any(windows().is_case(case, hold.act) for hold in holds)
        (ours if is_ours else others).append(Span(row.t0, row.t1))
    return tuple(ours), tuple(others)


def _whole(index: Index, stream: StreamId, span: Span, *, has_held: bool) -> Span | None:
    """As `whole_span`, which reads every row; here the ends are enough, as nothing but the catalogue has any."""
    if has_held:
        return whole_span(index, stream, span)
    recorded = index.spans(stream, span)
    if not recorded:
        return None
    first, last = recorded[0], recorded[-1]
    head = whole_span(index, stream, Span(first.start, UtcTicks(min(first.end, first.start + SECOND))))
    tail = whole_span(index, stream, Span(UtcTicks(max(last.start, last.end - SECOND)), last.end))
    return None if head is None or tail is None else Span(head.start, max(head.end, tail.end))


def _entered(index: Index, windows: Callable[[], Windows], stream: StreamId, span: Span, now: UtcTicks) -> UtcTicks:
    """The end of it, without the newest segments where the ledger does not have them yet."""
    if span.end <= now - FRESH:
        return span.end
    newest = index.segments(stream, Span(UtcTicks(max(span.start, now - 2 * FRESH)), span.end))
    rows = sorted(newest, key=lambda row: row.t0)[-NEWEST:]
    if not rows:
        return span.end
    have = windows().gate.entered([row.id for row in rows])
    return UtcTicks(min([span.end, *(row.t0 for row in rows if row.id not in have)]))
