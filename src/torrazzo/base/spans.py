# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Stretches of UTC time, half-open."""

from typing import NamedTuple

from torrazzo.base.times import UtcTicks, iso_from_ticks


class Span(NamedTuple):
    """[start, end) in UTC ticks."""

    start: UtcTicks
    end: UtcTicks

    def __str__(self) -> str:
        return f"{iso_from_ticks(self.start)}/{iso_from_ticks(self.end)}"
