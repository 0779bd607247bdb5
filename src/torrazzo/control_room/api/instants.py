# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Moments and spans as requests say them: RFC 3339 with an offset, or UTC ticks."""

import re
from zoneinfo import ZoneInfo

from torrazzo.base.errors import Invalid
from torrazzo.base.spans import Span
from torrazzo.base.times import SECOND, UtcTicks, ticks_from_text

LAST = UtcTicks(1 << 54)  # beyond it no calendar of ours goes

_TICKS = re.compile(r"[0-9]{1,20}")
_UTC = ZoneInfo("UTC")  # nothing is read by it: offsets are demanded


def instant(text: str) -> UtcTicks:
    """Raises `Invalid`."""
    found = UtcTicks(int(text)) if _TICKS.fullmatch(text) else ticks_from_text(text, _UTC)
    if not 0 <= found < LAST:
        raise Invalid(f"{text[:40]} is no time that anything was recorded at")
    return found


def stretch(start: str, end: str, longest: int) -> Span:
    """Raises `Invalid`."""
    span = Span(instant(start), instant(end))
    if not 0 < span.end - span.start <= longest:
        raise Invalid(f"from {start} to {end} is no span of at most {longest // SECOND} s")
    return span
