# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""How findings become alarms; pure: the queue before, what is judged now, the queue after.

1. What comes back soon is the same alarm again, counted. 2. What is new, and still there after a moment, is an alarm.
3. Several places that fail together are one alarm. 4. What is not found any more is over.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Self

from torrazzo.base.times import HOUR, SECOND, UtcTicks
from torrazzo.health.finding import AT_ONCE, Finding, Judged, Key, Value

MINUTE = 60 * SECOND

WAITS: Mapping[str, int] = {  # how long something has to be wrong; what starts again by itself gets its time
    "recorder-down": 15 * SECOND, "ledger-down": 15 * SECOND, "keyring-down": 15 * SECOND, "clock": MINUTE,
    "clock-off": MINUTE, "clock-silent": MINUTE, "keyring": 10 * SECOND,
}  # fmt: skip
WAIT = 3 * SECOND
QUIET = 5 * SECOND  # not found for so long: over
AGAIN = 15 * MINUTE  # within so long after its end it is the same alarm
OFTEN = 4  # what came so often is the same for longer
AGAIN_OFTEN = 4 * HOUR
RING_AGAIN = 10 * MINUTE  # one that comes and goes, and of which nobody takes notice, sounds no more often
STORM = 5  # places
STORM_WITHIN = 30 * SECOND
UNTAKEN = 12 * HOUR  # one that is over stays in the queue for so long until somebody takes notice

GROUPS: Mapping[str, str] = {"camera-lost": "cameras-lost", "gap": "gaps"}


class Member(NamedTuple):
    """One place of an alarm that has many."""

    name: str
    is_over: bool = False
    why: str = ""  # when it came in
    seconds: float = 0.0

    @classmethod
    def of(cls, name: str, values: Mapping[str, Value]) -> Self:
        """With what its finding, or the alarm that it was, says of it."""
        why, seconds = values.get("why"), values.get("seconds")
        number = seconds if isinstance(seconds, int | float) else 0.0
        return cls(name, False, why if isinstance(why, str) else "", number)


class Alarm(NamedTuple):
    """One thing that is, or was, wrong."""

    number: int  # 0: not kept yet
    code: str
    place: str
    name: str
    priority: int
    kind: str
    values: Mapping[str, Value]
    text: str
    began: UtcTicks
    seen: UtcTicks  # last
    rung: UtcTicks  # when it last was news
    grown: UtcTicks  # when a place was last added
    over: UtcTicks | None = None
    came: int = 1  # how often
    taker: str | None = None  # account of who took notice
    taken: UtcTicks | None = None
    kinds: tuple[str, ...] = ()  # of which notice was taken, with the priority that they had
    members: Mapping[str, Member] = {}  # by place; none: it has one

    @property
    def key(self) -> Key:
        """What it is about."""
        return self.code, self.place

    @property
    def state(self) -> str:
        """`new`, `acknowledged`, `over`."""
        return "over" if self.over is not None else "new" if self.taken is None else "acknowledged"

    def is_queued(self, now: UtcTicks) -> bool:
        """Whether people have to do with it."""
        return self.over is None or (self.taken is None and now < self.over + UNTAKEN)

    def may_return(self, now: UtcTicks) -> bool:
        """Whether it would be the same one if it came now."""
        return self.over is None or now < self.over + (AGAIN if self.came < OFTEN else AGAIN_OFTEN)

    @property
    def said(self) -> str:
        """Kind and priority, as they stand in `kinds`."""
        return f"{self.kind} {self.priority}"


class Queue(NamedTuple):
    """Alarms by number and place, and what is wrong for too short a time to be one."""

    alarms: tuple[Alarm, ...] = ()
    pending: Mapping[Key, UtcTicks] = {}  # since when
    dropped: tuple[int, ...] = ()  # numbers that became part of another one, in the last step


def step(before: Queue, judged: Judged, now: UtcTicks) -> Queue:
    """The queue after this."""
    kept = {alarm.key: alarm for alarm in before.alarms if alarm.is_queued(now) or alarm.may_return(now)}
    groups = {alarm.key: alarm for alarm in kept.values() if alarm.members}
    findings = {finding.key: finding for finding in judged.findings}
    at_group: dict[Key, set[str]] = {key: set() for key in groups}
    fresh: list[Finding] = []
    pending: dict[Key, UtcTicks] = {}
    for key, finding in findings.items():
        single, group = kept.get(key), _open_group_of(groups.values(), finding)
        if group is not None and (single is None or single.over is not None):
            at_group[group.key].add(finding.place)
        elif single is not None and single.may_return(now):
            kept[key] = _met(single, finding, now)
        else:
            since = before.pending.get(key, now)
            if now - since >= WAITS.get(finding.code, WAIT):
                fresh.append(finding)
            else:
                pending[key] = since
    dropped = _place(fresh, kept, at_group, now)
    for key, alarm in list(kept.items()):
        if alarm.members:
            kept[key] = _members_met(alarm, at_group.get(key, set()), judged, now)
        elif key not in findings and not judged.is_unknown(*key):
            kept[key] = _missed(alarm, now)
    return Queue(tuple(kept.values()), pending, dropped)


def news(before: Queue, after: Queue) -> list[Alarm]:
    """Those that rang in the step between."""
    rung = {alarm.key: alarm.rung for alarm in before.alarms}
    return [alarm for alarm in after.alarms if alarm.rung != rung.get(alarm.key)]


def acknowledge(alarm: Alarm, taker: str, now: UtcTicks) -> Alarm:
    """Somebody has taken notice."""
    kinds = tuple(dict.fromkeys((*alarm.kinds, alarm.said)))
    return alarm._replace(taker=taker, taken=now, kinds=kinds)


def most_urgent(alarms: Iterable[Alarm], now: UtcTicks) -> list[Alarm]:
    """What people have to do with: new ones first, then by priority, the newest before."""
    order = {"new": 0, "acknowledged": 1, "over": 2}
    queued = [alarm for alarm in alarms if alarm.is_queued(now)]
    return sorted(queued, key=lambda alarm: (order[alarm.state], alarm.priority, -alarm.rung, alarm.number))


def places_text(members: Mapping[str, Member]) -> str:
    """How many are still so, and of which."""
    left = sum(not member.is_over for member in members.values())
    return f"{left} of {len(members)} places: {', '.join(sorted(member.name for member in members.values()))[:500]}"


# -- one alarm


def _new(finding: Finding, now: UtcTicks) -> Alarm:
    code, place, name, priority, kind, values, text = finding
    return Alarm(0, code, place, name, priority, kind, values, text, now, now, now, now)


def _met(alarm: Alarm, finding: Finding, now: UtcTicks) -> Alarm:
    """It is found (again)."""
    _, _, name, priority, kind, values, text = finding
    found = alarm._replace(name=name, priority=priority, kind=kind, values=values, text=text, seen=now)
    if alarm.over is not None:
        found = found._replace(over=None, came=alarm.came + 1)
        if alarm.taken is None and now - alarm.rung >= RING_AGAIN:
            found = found._replace(rung=now)
    if _is_news(alarm, found):
        found = found._replace(taker=None, taken=None, rung=now)
    return found


def _is_news(before: Alarm, after: Alarm) -> bool:
    """It became another thing: one that is new to whoever took notice, or that is more urgent."""
    if before.said == after.said:
        return False
    if before.taken is None:
        return after.priority < before.priority
    return after.said not in before.kinds


def _missed(alarm: Alarm, now: UtcTicks) -> Alarm:
    """It is not found."""
    return alarm._replace(over=now) if alarm.over is None and now - alarm.seen >= QUIET else alarm


# -- many at a time


def _open_group_of(groups: Iterable[Alarm], finding: Finding) -> Alarm | None:
    code = GROUPS.get(finding.code)
    return next((g for g in groups if g.code == code and g.over is None and finding.place in g.members), None)


def _place(
    fresh: Sequence[Finding], kept: dict[Key, Alarm], at_group: dict[Key, set[str]], now: UtcTicks
) -> tuple[int, ...]:
    """Put what is new into the queue: by itself, or in a group; numbers of those that the group takes in."""
    dropped: list[int] = []
    for code in dict.fromkeys(finding.code for finding in fresh):
        news_of = [finding for finding in fresh if finding.code == code]
        if code not in GROUPS:
            kept.update({finding.key: _new(finding, now) for finding in news_of})
            continue
        young = [
            alarm
            for alarm in kept.values()
            if alarm.code == code and alarm.state == "new" and alarm.came == 1 and now - alarm.began < STORM_WITHIN
        ]
        group = _growing(kept.values(), GROUPS[code], now)
        if group is None and len(news_of) + len(young) < STORM:
            kept.update({finding.key: _new(finding, now) for finding in news_of})
            continue
        for alarm in young:
            del kept[alarm.key]
            dropped += [alarm.number] if alarm.number else []
        places = {finding.place: Member.of(finding.name, finding.values) for finding in news_of}
        places |= {alarm.place: Member.of(alarm.name, alarm.values) for alarm in young}
        group = group or _returning(kept.values(), GROUPS[code], places, now) or _group(code, news_of[0], now)
        grown = group._replace(members={**group.members, **places}, grown=now, seen=now)
        kept[grown.key] = grown
        at_group.setdefault(grown.key, set()).update(places)
    return tuple(dropped)


def _growing(alarms: Iterable[Alarm], code: str, now: UtcTicks) -> Alarm | None:
    """A group that others still may belong to."""
    return next((a for a in alarms if a.code == code and a.state == "new" and now - a.grown < STORM_WITHIN), None)


def _returning(alarms: Iterable[Alarm], code: str, places: Mapping[str, Member], now: UtcTicks) -> Alarm | None:
    """A group that was over, and of which at least half of these are."""
    for alarm in alarms:
        shared = len(alarm.members.keys() & places.keys())
        if alarm.code == code and alarm.over is not None and alarm.may_return(now) and 2 * shared >= len(places):
            rung = now if alarm.taken is None and now - alarm.rung >= RING_AGAIN else alarm.rung
            return alarm._replace(over=None, came=alarm.came + 1, rung=rung)
    return None


def _group(code: str, like: Finding, now: UtcTicks) -> Alarm:
    alarm = _new(Finding(GROUPS[code], f"{now}", "", like.priority, "", {}, ""), now)
    return alarm._replace(priority=AT_ONCE if code == "camera-lost" else like.priority)


def _members_met(alarm: Alarm, present: set[str], judged: Judged, now: UtcTicks) -> Alarm:
    """Who of a group is there; it is over when nobody is."""
    if alarm.over is not None:
        return alarm
    code = next(single for single, group in GROUPS.items() if group == alarm.code)
    members = {
        place: member._replace(is_over=place not in present and (member.is_over or not judged.is_unknown(code, place)))
        for place, member in alarm.members.items()
    }
    left = sum(not member.is_over for member in members.values())
    values: Mapping[str, Value] = {"count": left, "all": len(members)}
    if members == alarm.members and values == alarm.values:
        return alarm._replace(seen=now) if left else _missed(alarm, now)
    found = alarm._replace(members=members, values=values, text=places_text(members))
    return found._replace(seen=now) if left else _missed(found, now)
