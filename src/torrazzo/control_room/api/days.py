# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Days of the town as times, and back."""

import datetime as dt
from zoneinfo import ZoneInfo

from torrazzo.base.errors import Invalid
from torrazzo.base.spans import Span
from torrazzo.base.times import SECOND, UtcTicks


def end_of_day(text: str, zone: ZoneInfo) -> UtcTicks:
    """The moment at which that day is over there."""
    try:
        day = dt.date.fromisoformat(text) + dt.timedelta(days=1)
        midnight = dt.datetime.combine(day, dt.time(), zone)
        return UtcTicks(int(midnight.timestamp()) * SECOND)
    except (ValueError, OverflowError) as error:
        raise Invalid(f"ends: {text} is no day; write one such as 2027-12-31") from error


def last_day(ends: UtcTicks, zone: ZoneInfo) -> str:
    """The day that is over then."""
    return (dt.datetime.fromtimestamp((ends - 1) // SECOND, zone)).date().isoformat()


def are_whole_days(span: Span, least: int, zone: ZoneInfo) -> bool:
    """Whether it begins and ends with a day of the town, and so many lie between."""
    first, last = (dt.datetime.fromtimestamp(at / SECOND, zone) for at in (span.start, span.end))
    return first.time() == last.time() == dt.time() and (last.date() - first.date()).days >= least
