# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What time it is, for a keyring that does not believe one clock.

Three clocks: the machine's wall clock, which people and programs set; progress, which is the last agreed time carried
on by the clock that only runs; and sources that the town trusts: a witness's time on a head, chrony when it is
synchronised. Footage is read by the latest of all; it is shredded only when all three agree.
"""

import statistics
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import NamedTuple, Self

from torrazzo.base.clock import Clock
from torrazzo.base.errors import Invalid
from torrazzo.base.times import HOUR, SECOND, BootNs, UtcTicks, ticks_from_ns
from torrazzo.keyring.document import (
    Object,
    compact,
    expect_names,
    expect_object,
    expect_text,
    parse_object,
)
from torrazzo.ledger.text import MAX_NUMBER

LEGAL_HOURS = 168
LEAD = 2 * 60 * SECOND  # an hour's shred begins so long before its life ends

_FILE_LIMIT = 64 << 10


class Tolerances(NamedTuple):
    """Which sources are trusted, and how far clocks may lie apart; ticks."""

    sources: tuple[str, ...]
    apart: int = 30 * SECOND  # a source and the wall clock
    fresh: int = 15 * 60 * SECOND  # since a source last spoke
    drift_ppm: int = 500  # of the clock that only runs
    settle: int = 60 * SECOND  # of progress in this boot, before anything is shredded

    def drift(self, elapsed: int) -> int:
        """By how much the clock that only runs may be wrong after so many ticks; rounded up."""
        return -(-elapsed * self.drift_ppm // 1_000_000)


class Reading(NamedTuple):
    """The machine's two clocks at one moment."""

    utc: UtcTicks
    boot: str  # which boot of which machine: without it `boot_ns` says nothing
    boot_ns: BootNs

    @classmethod
    def now(cls, clock: Clock, boot: str) -> Self:
        """Of this clock."""
        return cls(clock.utc(), boot, clock.boot_ns())


class Mark(NamedTuple):
    """The last moment at which all clocks agreed, and the first one in this boot."""

    at: Reading
    first: Reading


class Heard(NamedTuple):
    """What a source said last."""

    at: Reading  # `utc` is the source's time, the rest is when it was heard
    floor: int = -1  # the latest time it had stated in earlier boots: what is not after that is a replay


class Times(NamedTuple):
    """The small value to keep, on disk whenever it changes."""

    mark: Mark | None = None
    heard: Mapping[str, Heard] = MappingProxyType({})

    def hear(self, source: str, utc: UtcTicks, reading: Reading) -> Self:
        """A source states this time now. One that it may have stated before this boot says nothing."""
        last = self.heard.get(source)
        floor = -1
        if last is not None:
            floor = last.floor if last.at.boot == reading.boot else max(last.floor, last.at.utc)
        if utc <= floor:
            return self
        return self._replace(heard={**self.heard, source: Heard(reading._replace(utc=utc), floor)})

    def set_anew(self, reading: Reading) -> Self:
        """The wall clock is right because people say so: at set-up, or to end an alarm.

        A deed to be booked; all windows are closed by it (`State.start` in gate.py), since closed ones are forgotten by
        the clock.
        """
        return self._replace(mark=Mark(reading, reading), heard={})

    def pack(self) -> bytes:
        """One line of JSON."""
        mark = None
        if self.mark is not None:
            first = self.mark.first
            mark = {**_packed(self.mark.at), "first_utc": first.utc, "first_ns": first.boot_ns}
        heard = {name: {**_packed(said.at), "floor": said.floor} for name, said in sorted(self.heard.items())}
        return compact({"v": 1, "mark": mark, "heard": heard})

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """The inverse of `pack`; strict."""
        found = parse_object(data, "times", _FILE_LIMIT)
        expect_names(found, {"v", "mark", "heard"}, "times")
        mark = None
        if found["mark"] is not None:
            at, (utc, boot_ns) = _parsed(expect_object(found["mark"], "mark"), "first_utc", "first_ns")
            mark = Mark(at, Reading(UtcTicks(utc), at.boot, BootNs(boot_ns)))
        heard = {}
        for name, said in expect_object(found["heard"], "heard").items():
            at, (floor,) = _parsed(expect_object(said, name), "floor")
            heard[name] = Heard(at, floor)
        times = cls(mark, heard)
        if times.pack() != data:
            raise Invalid("times: not written as this program writes version 1")
        return times


class Alarm(NamedTuple):
    """Which clock is wrong, and by how much."""

    clock: str  # wall, progress, or the name of a source
    off: int | None  # ticks it is ahead of the others; None: it is silent


class Judgement(NamedTuple):
    """What may be done at one moment."""

    earliest: UtcTicks  # of all clocks that speak
    latest: UtcTicks | None  # of all clocks there are; None: none is believed in this boot yet, read nothing
    agreed: UtcTicks | None  # the earliest of those that agree; None: shred nothing
    alarms: tuple[Alarm, ...]

    def may_shred(self, hour: int, life_hours: int = LEGAL_HOURS) -> bool:
        """Whether an hour's shred may begin: so late that nothing dies early, so early that it ends in time."""
        return self.agreed is not None and self.agreed >= end_of_life(hour, life_hours) - LEAD

    def may_read(self, hour: int, life_hours: int = LEGAL_HOURS) -> bool:
        """Whether no clock says that an hour's life is over."""
        return self.latest is not None and self.latest < end_of_life(hour, life_hours)


def end_of_life(hour: int, life_hours: int) -> int:
    """When nothing of an hour may be left: so long after its first frame."""
    assert 0 < life_hours <= LEGAL_HOURS, "checked where classes are declared"
    return (hour + life_hours) * HOUR


def judge(times: Times, reading: Reading, rules: Tolerances) -> tuple[Times, Judgement]:
    """All clocks held against each other; the times to go on with.

    1. A source agrees that spoke not long ago and is close to the wall clock. 2. The wall clock has gone as far as the
    clock that only runs since the last agreement; after a boot, which nobody knows the length of, not back at least.
    3. If both hold, this is the moment to measure from next. 4. Shredding waits until that has held for a while.
    """
    said = {name: times.heard[name].at for name in rules.sources if name in times.heard}
    speaking = {name: carried(at, reading) for name, at in said.items() if _is_fresh(at, reading, rules)}
    agreeing = [utc for utc in speaking.values() if abs(utc - reading.utc) <= rules.apart]  # 1
    mark = times.mark if times.mark is not None and times.mark.at.boot == reading.boot else None
    progress = {} if mark is None else {"progress": carried(mark.at, reading)}
    clocks = {"wall": reading.utc, **progress, **speaking}
    after, agreed = times.mark, None
    if agreeing and not _strayed(times.mark, reading, rules):  # 2
        after = Mark(reading, reading if mark is None else mark.first)  # 3
        if _elapsed(after.first, reading) >= rules.settle:  # 4
            agreed = min(reading.utc, *progress.values(), *agreeing)
    alarms = _alarms(clocks, times.mark, reading, rules)
    latest = _latest(times.mark, said.values(), reading, rules)
    return times._replace(mark=after), Judgement(min(clocks.values()), latest, agreed, alarms)


def carried(at: Reading, reading: Reading) -> UtcTicks:
    """A time stated at one moment, at this one: later by what the clock that only runs has gone.

    Of another boot only what has gone since this one began is known, so that it is certainly not too late.
    """
    return UtcTicks(at.utc + _elapsed(at, reading))


def _elapsed(at: Reading, reading: Reading) -> int:
    since = at.boot_ns if at.boot == reading.boot else 0
    return ticks_from_ns(max(0, reading.boot_ns - since))


def _is_fresh(at: Reading, reading: Reading, rules: Tolerances) -> bool:
    return at.boot == reading.boot and _elapsed(at, reading) <= rules.fresh


def _strayed(mark: Mark | None, reading: Reading, rules: Tolerances) -> int:
    """Ticks that the wall clock is ahead of where it may have come since a moment of agreement; 0 if it may be there.

    Each agreement may be `apart` off, either way.
    """
    for at in () if mark is None else (mark.at, mark.first):
        ahead = reading.utc - carried(at, reading)
        allowed = 2 * rules.apart + rules.drift(_elapsed(at, reading))
        if ahead < -allowed or (ahead > allowed and at.boot == reading.boot):
            return ahead
    return 0


def _latest(mark: Mark | None, said: Collection[Reading], reading: Reading, rules: Tolerances) -> UtcTicks | None:
    """The latest that any clock may mean. A wall clock alone is none: after a boot it says what anybody set it to."""
    known = [*said] if mark is None else [mark.at, *said]
    if all(at.boot != reading.boot for at in known):
        return None
    return UtcTicks(max(reading.utc, *(carried(at, reading) + rules.drift(_elapsed(at, reading)) for at in known)))


def _alarms(
    clocks: Mapping[str, UtcTicks], mark: Mark | None, reading: Reading, rules: Tolerances
) -> tuple[Alarm, ...]:
    """Of three clocks or more, those are wrong that are far from the middle one; of two, the wall clock."""
    silent = [Alarm(name, None) for name in rules.sources or ("source",) if name not in clocks]
    middle = statistics.median_low(clocks.values()) if len(clocks) > 2 else [*clocks.values()][-1]
    apart = rules.apart + (rules.drift(_elapsed(mark.at, reading)) if mark is not None and "progress" in clocks else 0)
    off = [Alarm(name, utc - middle) for name, utc in clocks.items() if abs(utc - middle) > apart]
    if not off and (ahead := _strayed(mark, reading, rules)):
        off = [Alarm("wall", ahead)]
    if not off:
        off = [
            Alarm(name, clocks[name] - reading.utc)
            for name in rules.sources
            if name in clocks and abs(clocks[name] - reading.utc) > rules.apart
        ]
    return (*silent, *off)


def _packed(at: Reading) -> dict[str, object]:
    return {"utc": at.utc, "boot": at.boot, "boot_ns": at.boot_ns}


def _parsed(found: Object, *more: str) -> tuple[Reading, list[int]]:
    """A reading, and the numbers beside it."""
    expect_names(found, {"utc", "boot", "boot_ns", *more}, "time")
    utc, boot_ns, *numbers = (_number(found[name]) for name in ("utc", "boot_ns", *more))
    return Reading(UtcTicks(utc), expect_text(found["boot"], "boot"), BootNs(boot_ns)), numbers


def _number(value: object) -> int:
    if type(value) is not int or not -1 <= value <= MAX_NUMBER:
        raise Invalid(f"time: {value!r:.80} is not a number of 63 bits")
    return value
