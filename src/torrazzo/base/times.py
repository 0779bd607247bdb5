# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The three times, never mixed, and how they are written.

UtcTicks    1/90000 s since 1970-01-01T00:00:00Z, leap seconds not counted: what facts carry.
MediaTicks  1/90000 s on a camera's own time line: RTP time stamps, unwrapped (RFC 3550 section 5.1).
BootNs      ns since this machine booted (CLOCK_BOOTTIME): orders events, survives clock steps.
"""

import datetime as dt
import re
from typing import NewType
from zoneinfo import ZoneInfo

from torrazzo.base.errors import TimeTextError

UtcTicks = NewType("UtcTicks", int)
MediaTicks = NewType("MediaTicks", int)
BootNs = NewType("BootNs", int)

SECOND = 90_000
HOUR = 3_600 * SECOND
DAY = 24 * HOUR

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_HOUR = re.compile(r"\d{10}", re.ASCII)
_ISO = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII)
_TEXT = re.compile(r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:\d\d)?", re.ASCII)


def ticks_from_ns(utc_ns: int) -> UtcTicks:
    """UTC nanoseconds to ticks, rounded down once."""
    return UtcTicks(utc_ns * 9 // 100_000)


def ns_from_ticks(ticks: int) -> int:
    """Ticks to nanoseconds, rounded down once."""
    return ticks * 100_000 // 9


def hour_of(ticks: int) -> int:
    """The UTC hour (hours since 1970) that a tick falls in: the epoch of its keys."""
    return ticks // HOUR


def hour_text(hour: int) -> str:
    """`YYYYMMDDHH` of a UTC hour, as in volume names and key identifiers."""
    return (_EPOCH + dt.timedelta(hours=hour)).strftime("%Y%m%d%H")


def hour_from_text(text: str) -> int:
    """The inverse of `hour_text`; strict, raises `TimeTextError`."""
    try:
        if _HOUR.fullmatch(text) is None:
            raise ValueError("not ten digits")
        moment = dt.datetime.strptime(text, "%Y%m%d%H").replace(tzinfo=dt.UTC)
    except ValueError as error:
        raise TimeTextError(f"not an hour: {text[:40]!r}, expected YYYYMMDDHH: {error}") from error
    return (moment - _EPOCH) // dt.timedelta(hours=1)


def iso_from_ticks(ticks: int) -> str:
    """RFC 3339 UTC with milliseconds, rounded down: `2026-11-24T22:04:41.250Z`."""
    whole, rest = divmod(ticks, SECOND)
    return (_EPOCH + dt.timedelta(seconds=whole)).strftime("%Y-%m-%dT%H:%M:%S") + f".{rest // 90:03d}Z"


def local_from_ticks(ticks: int, zone: ZoneInfo) -> str:
    """A time as people of that zone say it, with its offset: `2026-11-24 23:04:41+01:00`."""
    return (_EPOCH + dt.timedelta(seconds=ticks // SECOND)).astimezone(zone).isoformat(" ")


def with_local_times(text: str, zone: ZoneInfo) -> str:
    """A text for people: the times in it that `iso_from_ticks` wrote, as people of that zone say them."""

    def local(found: re.Match[str]) -> str:
        try:
            return local_from_ticks(ticks_from_text(found[0], zone), zone)
        except (TimeTextError, OverflowError):
            return found[0]

    return _ISO.sub(local, text)


def ticks_from_text(text: str, zone: ZoneInfo) -> UtcTicks:
    """Read an ISO 8601 time; one without offset is a local time of `zone`.

    Raises `TimeTextError` for other text, and, naming both readings with their offsets, for a local time that the
    clock change makes ambiguous or leaves out.
    """
    found = _TEXT.fullmatch(text.strip())
    if found is None:
        raise TimeTextError(f"not a time: {text!r}; write 2026-11-24T22:04:41, with Z or +01:00 if not local")
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    fraction = int((found[7] or "").ljust(9, "0"))
    try:
        naive = dt.datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - its zone is decided below
        said = None if found[8] is None else dt.datetime.fromisoformat(naive.isoformat() + found[8])
    except ValueError as error:
        raise TimeTextError(f"not a time: {text!r}: {error}") from error
    aware = _place(naive, zone) if said is None else said
    seconds = (aware - _EPOCH) // dt.timedelta(seconds=1)
    return UtcTicks(seconds * SECOND + fraction * 9 // 100_000)


def _place(naive: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    earlier, later = (naive.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if earlier.utcoffset() == later.utcoffset():
        return earlier
    exists = earlier.astimezone(dt.UTC).astimezone(zone).replace(tzinfo=None) == naive
    both = " or ".join(sorted(part.isoformat() for part in (earlier, later)))
    what = "happens twice" if exists else "does not exist"
    raise TimeTextError(f"{naive.isoformat()} {what} in {zone.key} (clock change): write {both}")
