# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The alarms of one town: kept in `office.db`, judged anew every few seconds, acknowledged by people, with facts."""

import json
import threading
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

import sqlalchemy as sa
import structlog

from torrazzo.access.staff import By, Change, Denial, Done, Staff
from torrazzo.base.errors import Invalid
from torrazzo.base.times import DAY, UtcTicks
from torrazzo.health.finding import Judged
from torrazzo.health.queue import Alarm, Member, Queue, acknowledge, most_urgent, news, step
from torrazzo.health.tables import ALARM, ALARM_NOTE

log = structlog.get_logger(__name__)

KEPT = 180 * DAY  # after their end: as long as logs of administrators at least (Garante 2008)
MOST_KEPT = 5_000  # that are over
MOST_LISTED = 200
LONGEST_NOTE = 1_000
MOST_NOTES = 100  # of one alarm

_KEPT_FIELDS = tuple(column.name for column in ALARM.columns if column.name not in {"number", "details"})


class Note(NamedTuple):
    """What somebody did with an alarm, or said of it."""

    what: str  # acknowledged, note, left, took
    person: str  # account
    at: UtcTicks
    text: str
    shift: int | None


class Alarms:
    """May be used by several threads of the one process that writes."""

    def __init__(self, staff: Staff) -> None:
        self._staff = staff
        self._lock = threading.RLock()
        self._queue: Queue | None = None
        self._on_disk: dict[int, Alarm] = {}  # as they were last written
        self._unwanted: tuple[int, ...] = ()  # rows of alarms that became part of another one

    # -- what is wrong

    def judge(self, judged: Judged) -> list[Alarm]:
        """A step of the queue; those that are news. Nothing is written where nothing changed.

        Raises `Unavailable` where nothing can be written: people see the alarms all the same, and it is tried again.
        """
        with self._lock:
            before, now = self._known(), self._staff.clock.utc()
            after = step(before, judged, now)
            self._queue = after
            rings = news(before, after)
            for alarm in rings:
                place = alarm.name or alarm.place
                log.warning("alarm", code=alarm.code, place=place, text=alarm.text, came=alarm.came)
            self._queue = self._saved(after)
        return rings

    def _saved(self, after: Queue) -> Queue:
        changed = [alarm for alarm in after.alarms if _differs(self._on_disk.get(alarm.number), alarm)]
        dropped = [*after.dropped, *(number for number in self._unwanted if number not in after.dropped)]
        if not changed and not dropped:
            return after
        self._unwanted = tuple(dropped)
        with self._staff.change() as change:
            if dropped:
                change.connection.execute(sa.delete(ALARM_NOTE).where(ALARM_NOTE.c.alarm.in_(dropped)))
                change.connection.execute(sa.delete(ALARM).where(ALARM.c.number.in_(dropped)))
            numbers = {alarm.key: _save(change, alarm) for alarm in changed}
        self._unwanted = ()
        alarms = [alarm._replace(number=numbers.get(alarm.key, alarm.number)) for alarm in after.alarms]
        self._on_disk = {alarm.number: alarm for alarm in alarms}
        return after._replace(alarms=tuple(alarms), dropped=())

    # -- what people see

    def queued(self) -> list[Alarm]:
        """What people have to do with, the most urgent first. From memory."""
        return most_urgent(self._known().alarms, self._staff.clock.utc())

    def find(self, number: int) -> Alarm:
        """Of that number, be it over long ago; raises `Denial`."""
        found = next((alarm for alarm in self._known().alarms if alarm.number == number), None)
        if found is None:
            with self._staff.look() as connection:
                found = next(iter(_read(connection, ALARM.c.number == number)), None)
        if found is None:
            raise Denial("NOT_FOUND", "AC-08", f"there is no alarm {number}")
        return found

    def past(self, since: int, most: int = MOST_LISTED) -> list[Alarm]:
        """Those that were over then (UTC ticks) or later, newest first."""
        with self._staff.look() as connection:
            return _read(connection, ALARM.c.over > since, most)

    def notes(self, numbers: Collection[int]) -> Mapping[int, list[Note]]:
        """What was said of these, oldest first."""
        query = sa.select(ALARM_NOTE).where(ALARM_NOTE.c.alarm.in_(list(numbers))).order_by(ALARM_NOTE.c.id)
        found: dict[int, list[Note]] = {number: [] for number in numbers}
        with self._staff.look() as connection:
            for row in connection.execute(query):
                found[row.alarm].append(Note(row.what, row.person, UtcTicks(row.at), row.text, row.shift))
        return found

    # -- what people do

    def acknowledge(self, by: By, number: int, note: str = "") -> Done[Alarm]:
        """Somebody takes notice; raises `Denial` if somebody else has."""
        _check_note(note)
        assert by.id is not None
        with self._lock, self._staff.change() as change:
            alarm = self.find(number)
            if alarm.taken is not None:
                raise Denial("ALARM_TAKEN", "AC-08", f"somebody has taken notice of alarm {number} already")
            found = acknowledge(alarm, by.id, change.now)
            _save(change, found)
            _write(change, number, Note("acknowledged", by.id, change.now, note, None))
            change.tell("alarm", {"what": "acknowledged", "number": number}, by._replace(reason=note or by.reason))
            done = change.done(found)
            self._replace(found)
        return done

    def note(self, by: By, number: int, text: str) -> Done[Alarm]:
        """Something to be known of it."""
        if not text.strip():
            raise Invalid("note: write what others have to know of it")
        _check_note(text)
        assert by.id is not None
        with self._lock, self._staff.change() as change:
            alarm = self.find(number)
            _write(change, number, Note("note", by.id, change.now, text, None))
            change.tell("alarm", {"what": "note", "number": number}, by._replace(reason=text))
            return change.done(alarm)

    def hand_over(self, by: By, shift: int, numbers: Iterable[int], what: str) -> None:
        """Written beside each: `left` by a shift that ends, `took` by one that begins. The shift's fact tells it."""
        assert by.id is not None
        with self._lock, self._staff.change() as change:
            for number in sorted(set(numbers)):
                if any(alarm.number == number for alarm in self._known().alarms):
                    _write(change, number, Note(what, by.id, change.now, "", shift))

    def tend(self) -> None:
        """Forget what was over long ago, and what is too much."""
        with self._lock, self._staff.change() as change:
            numbers = sa.select(ALARM.c.number).where(ALARM.c.over.is_not(None)).order_by(ALARM.c.over.desc())
            old = sa.select(ALARM.c.number).where(ALARM.c.over < change.now - KEPT)
            gone = [row.number for row in change.connection.execute(old)]
            gone += [row.number for row in change.connection.execute(numbers.offset(MOST_KEPT))]
            for at in range(0, len(gone), 500):
                some = gone[at : at + 500]
                change.connection.execute(sa.delete(ALARM_NOTE).where(ALARM_NOTE.c.alarm.in_(some)))
                change.connection.execute(sa.delete(ALARM).where(ALARM.c.number.in_(some)))
            if gone:
                kept = tuple(alarm for alarm in self._known().alarms if alarm.number not in set(gone))
                self._queue = self._known()._replace(alarms=kept)

    # -- in memory

    def _known(self) -> Queue:
        with self._lock:
            if self._queue is None:
                now = self._staff.clock.utc()
                with self._staff.look() as connection:
                    rows = _read(connection, sa.or_(ALARM.c.over.is_(None), ALARM.c.over > now - DAY))
                self._queue = Queue(tuple(rows))
                self._on_disk = {alarm.number: alarm for alarm in rows}
            return self._queue

    def _replace(self, alarm: Alarm) -> None:
        queue = self._known()
        self._on_disk[alarm.number] = alarm
        alarms = tuple(alarm if each.number == alarm.number else each for each in queue.alarms)
        self._queue = queue._replace(alarms=alarms)


def _differs(before: Alarm | None, after: Alarm) -> bool:
    """In what is worth writing: that it is still so is not."""
    return before is None or before._replace(seen=after.seen) != after


def _check_note(note: str) -> None:
    if len(note) > LONGEST_NOTE:
        raise Invalid(f"note: at most {LONGEST_NOTE} characters")


def _write(change: Change, alarm: int, note: Note) -> None:
    count = sa.select(sa.func.count()).select_from(ALARM_NOTE).where(ALARM_NOTE.c.alarm == alarm)
    if change.connection.execute(count).scalar_one() >= MOST_NOTES:
        if note.what == "note":
            raise Denial("NOTES_MANY", "AC-08", f"alarm {alarm} has {MOST_NOTES} notes already")
        return
    change.connection.execute(sa.insert(ALARM_NOTE).values(alarm=alarm, **note._asdict()))


def _save(change: Change, alarm: Alarm) -> int:
    """The number under which it is kept."""
    values: dict[str, Any] = {name: getattr(alarm, name) for name in _KEPT_FIELDS}
    members = {place: list(member) for place, member in alarm.members.items()}
    values["details"] = json.dumps([dict(alarm.values), list(alarm.kinds), members])
    if alarm.number:
        change.connection.execute(sa.update(ALARM).where(ALARM.c.number == alarm.number).values(**values))
        return alarm.number
    row = change.connection.execute(sa.insert(ALARM).values(**values))
    assert row.inserted_primary_key is not None
    return int(row.inserted_primary_key[0])


def _read(connection: sa.Connection, where: sa.ColumnElement[bool], most: int | None = None) -> list[Alarm]:
    query = sa.select(ALARM).where(where).order_by(ALARM.c.over.desc(), ALARM.c.number).limit(most)
    return [_alarm(row) for row in connection.execute(query).mappings()]


def _alarm(row: sa.RowMapping) -> Alarm:
    values, kinds, members = json.loads(row["details"])
    kept = {name: row[name] for name in _KEPT_FIELDS}
    places = {place: Member(*member) for place, member in members.items()}
    return Alarm(number=row["number"], values=values, kinds=tuple(kinds), members=places, **kept)
