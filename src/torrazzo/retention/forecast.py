# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""For how long a disk has room, at the rate of the last day; pure."""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from torrazzo.keyring.public import KeyName
from torrazzo.keyring.trusted_time import LEGAL_HOURS
from torrazzo.retention.plan import Volume, life

DAY_HOURS = 24
FAR = 2 * LEGAL_HOURS  # hours beyond which nothing is foretold: by then as much goes as comes
ALARM_HOURS = 72  # so long before it is full people are told
LEAST_RESERVE = 256 << 20  # bytes


class Outlook(NamedTuple):
    """One disk."""

    free: int  # bytes
    reserve: int  # with less it is nearly full: two hours, or 256 MiB
    held: int  # bytes in volumes
    per_hour: int  # bytes written, in the mean of the last day
    hours_left: int | None  # until it is nearly full; None: it will not be, as far as can be foretold
    is_known: bool = True  # a whole hour was written, so that there is a rate

    @property
    def is_tight(self) -> bool:
        """Nearly full."""
        return self.free < self.reserve


def outlook(volumes: Iterable[Volume], free: int, hour: int) -> Outlook:
    """Of one disk in this hour, if it goes on as in the last day; `volumes` are all that are on it.

    What is older than its class lives counts as gone: it is about to be unlinked.
    """
    held: Counter[KeyName] = Counter()
    for volume in volumes:
        held[volume.key] += volume.size
    rates = _rates(held, hour)
    per_hour = sum(rates.values())
    reserve = max(LEAST_RESERVE, 2 * per_hour)
    hours_left = _hours_left(held, rates, free - reserve, hour)
    return Outlook(free, reserve, held.total(), per_hour, hours_left, _has_rate(held, hour))


def minutes_left(outlooks: Iterable[Outlook]) -> int | None:
    """Until nothing fits on any of these disks, if nothing goes; None where there is no rate."""
    outlooks = tuple(outlooks)
    per_hour = sum(each.per_hour for each in outlooks)
    return sum(each.free for each in outlooks) * 60 // per_hour if per_hour else None


def _rates(held: Counter[KeyName], hour: int) -> dict[str, int]:
    """Bytes an hour by class, over those whole hours of the last day since there was anything."""
    first = max(hour - DAY_HOURS, min((name.hour for name in held), default=hour))
    rates: Counter[str] = Counter()
    for name, size in held.items():
        if first <= name.hour < hour:
            rates[name.class_] += size
    return {class_: size // (hour - first) for class_, size in rates.items()}


def _has_rate(held: Counter[KeyName], hour: int) -> bool:
    """The first hour may have begun in its middle, this one is not over."""
    return any(name.hour < hour - 1 for name in held)


def _hours_left(held: Counter[KeyName], rates: dict[str, int], room: int, hour: int) -> int | None:
    """Hour by hour: what is written comes, what is over goes."""
    lives = {class_: life(KeyName(0, class_)) for class_ in rates}
    ends: Counter[int] = Counter()  # bytes that go at the beginning of an hour
    for name, size in held.items():
        ends[max(name.hour + life(name), hour + 1)] += size
    for now in range(hour, hour + FAR):
        if room < 0:
            return now - hour
        for class_, rate in rates.items():
            ends[now + lives[class_]] += rate
            room -= rate
        room += ends[now + 1]
    return None
