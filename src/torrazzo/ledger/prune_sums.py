# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What entries of `rec` told, hour by hour: what is left of them when they go; pure."""

import json
from dataclasses import dataclass, field
from typing import Any

from torrazzo.base.errors import Damaged
from torrazzo.base.times import HOUR, SECOND, hour_of, hour_text

_LAST = 253_402_200_000 * SECOND  # a day before the year 10000: what is beyond has no calendar
_LONGEST = 100_000 * HOUR  # eleven years, hour by hour


@dataclass(slots=True)
class _Hour:
    streams: set[str] = field(default_factory=set)
    facts: int = 0
    recorded: int = 0  # ticks, as the next two
    gaps: int = 0
    steps: int = 0
    length: int = 0  # bytes


class PruneSums:
    """Takes entries, gives the values of `prune` facts (docs/3-formats/act.md).

    A gap's time counts in each hour that it touches, an open one for nothing: the fact that closes it has all of it.
    `late` and `silent` have no number and count for nothing.
    """

    def __init__(self) -> None:
        self._hours: dict[int, _Hour] = {}

    def add(self, line: bytes) -> None:
        """One entry."""
        try:
            found: dict[str, Any] = json.loads(line)
            if "n" not in found or "t0" not in found:
                return
            kind, t0, t1 = found["kind"], int(found["t0"]), found["t1"]
            if not (0 <= t0 < _LAST and (t1 is None or t1 - t0 < _LONGEST)):
                raise ValueError("a time that no calendar has, or a span that nobody waited for")
            hour = self._hours.setdefault(hour_of(t0), _Hour())
            hour.streams.add(found["stream"])
            hour.facts += 1
            if kind == "seg":
                hour.recorded += t1 - t0
                hour.length += found["len"]
            elif kind == "step":
                hour.steps += t1 - t0
            elif kind == "gap" and t1 is not None:
                self._add_gap(found["stream"], t0, t1)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise Damaged(f"entry of rec {line[:160]!r}: not a fact: {error!r}") from error

    def values(self, minimum: int) -> list[dict[str, object]]:
        """Of a fact for each hour, in order; `minimum` is the index that `rec` will begin at."""
        return [
            {
                "log": "rec",
                "min": minimum,
                "hour": hour_text(number),
                "streams": len(hour.streams),
                "facts": hour.facts,
                "recorded": hour.recorded,
                "gaps": hour.gaps,
                "steps": hour.steps,
                "len": hour.length,
            }
            for number, hour in sorted(self._hours.items())
        ]

    def _add_gap(self, stream: str, t0: int, t1: int) -> None:
        while t0 < t1:
            end = min(t1, (hour_of(t0) + 1) * HOUR)
            hour = self._hours.setdefault(hour_of(t0), _Hour())
            hour.streams.add(stream)
            hour.gaps += end - t0
            t0 = end
