# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is known of recorded time, drawn together to a step; pure.

No gap is ever left out: those that are nearer to each other than a step are told as one, with all their causes.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from torrazzo.base.spans import Span
from torrazzo.base.times import SECOND
from torrazzo.catalogue.reader import Times

LATE = 60 * SECOND  # what nothing is known of for so long is told as such
NOTHING = "none"  # the cause of what is neither recorded nor a gap


class JoinedGap(NamedTuple):
    """One gap, or several that are nearer than a step."""

    start: int  # UTC ticks
    end: int
    why: tuple[str, ...]  # what most of the time is missing for first
    many: int


class Told(NamedTuple):
    """Of one stream."""

    known: int  # UTC ticks up to which it is known what was
    recorded: list[tuple[int, int]]
    gaps: list[JoinedGap]


def told_time(times: Times, span: Span, now: int, step: int) -> Told:
    """Within the span; `step` in ticks, 0 joins nothing but what touches or overlaps with the same cause."""
    known = _known(times, span, now)
    recorded = _cut(((start, end) for start, end, _ in times.recorded), span.start, known)
    gaps = [
        (max(start, span.start), known if end is None else min(end, known), why)
        for start, end, why in (*times.gaps, *times.steps)
        if start < known and (end is None or end > span.start)
    ]
    gaps += ((start, end, NOTHING) for start, end in _holes([*recorded, *(gap[:2] for gap in gaps)], span.start, known))
    return Told(known, _joined(recorded, step), _joined_gaps(sorted(gaps), step))


def _known(times: Times, span: Span, now: int) -> int:
    """Up to where something is told, or up to now where nothing was for long."""
    is_open = any(end is None for _, end, _ in times.gaps)
    last = max((end for _, end, _ in (*times.recorded, *times.gaps, *times.steps) if end is not None), default=0)
    known = now if is_open or now - last > LATE else last
    return max(span.start, min(span.end, known))


def _cut(spans: Iterable[tuple[int, int]], start: int, end: int) -> list[tuple[int, int]]:
    return [(max(a, start), min(b, end)) for a, b in spans if a < end and b > start]


def _holes(spans: Iterable[tuple[int, int]], start: int, end: int) -> list[tuple[int, int]]:
    """What is in none of them."""
    found, at = [], start
    for a, b in sorted(spans):
        if a > at:
            found.append((at, a))
        at = max(at, b)
    if at < end:
        found.append((at, end))
    return found


def _joined(spans: Sequence[tuple[int, int]], step: int) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for start, end in spans:
        if found and start - found[-1][1] < max(step, 1):
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def _joined_gaps(gaps: Sequence[tuple[int, int, str]], step: int) -> list[JoinedGap]:
    found: list[JoinedGap] = []
    group: list[tuple[int, int, str]] = []
    end = 0
    for gap in gaps:
        if group and not (gap[0] - end < step):
            found.append(_as_one(group, end))
            group = []
        end = max(end, gap[1]) if group else gap[1]
        group.append(gap)
    if group:
        found.append(_as_one(group, end))
    return found


def _as_one(group: Sequence[tuple[int, int, str]], end: int) -> JoinedGap:
    if len(group) == 1:
        return JoinedGap(group[0][0], end, (group[0][2],), 1)
    times: dict[str, int] = {}
    for start, last, why in group:
        times[why] = times.get(why, 0) + last - start
    return JoinedGap(group[0][0], end, tuple(sorted(times, key=lambda why: (-times[why], why))), len(group))
