# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The one queue of alarms: seen, taken notice of, noted upon.

Nothing of it waits for the ledger, which may be what is wrong: it hears of each notice later then.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Annotated

from fastapi import Path, Query

from torrazzo.access.accounts import Scope
from torrazzo.base.times import DAY, iso_from_ticks
from torrazzo.control_room.api import shapes
from torrazzo.control_room.api.alarms_shapes import AlarmQueue, SomeNote
from torrazzo.control_room.api.declared import Logged, Routes
from torrazzo.control_room.api.gate import Asked, Asking, names_of, sees_all
from torrazzo.control_room.api.problem import No
from torrazzo.health import Alarm, Member
from torrazzo.health.alarms import Note
from torrazzo.health.finding import Value
from torrazzo.health.queue import places_text
from torrazzo.law import Operation, decide
from torrazzo.law.roles import TABLE

routes = Routes()

OF_CAMERA_PAPERS = frozenset({"camera-file", "camera-masks"})
# their place is a camera
OF_CAMERAS = frozenset({"camera-lost", "camera-permit", "gap", "fact-conflict"}) | OF_CAMERA_PAPERS
OF_OFFICE = frozenset({"agreement-ends", "agreement-over", "pact-ends", "pact-over", "log-review"}) | OF_CAMERA_PAPERS
OFFICE = TABLE[Operation.PEOPLE_SEE].keys()  # who has to do with papers
LEDGER_FILE = "ledger-file"  # its text names cameras

Number = Annotated[int, Path(ge=1, le=2**53)]


@routes.add("GET", "/alarms", Logged.CONSULT, "alarms", Operation.ALARMS_SEE, AlarmQueue)
def alarms(asked: Asking) -> AlarmQueue:
    """What people have to do with now, the most urgent first."""
    now = asked.room.staffing.staff.clock.utc()
    return AlarmQueue(now=iso_from_ticks(now), items=queue_of(asked, has_notes=True))


@routes.add("GET", "/alarms/past", Logged.CONSULT, "alarms", Operation.ALARMS_SEE, shapes.Items[shapes.Alarm])
def past(asked: Asking, days: Annotated[int, Query(ge=1, le=180)] = 7) -> shapes.Items[shapes.Alarm]:
    """What is over, newest first; 200 at most."""
    now = asked.room.staffing.staff.clock.utc()
    return shapes.Items(items=_shown(asked, asked.room.alarms.past(now - days * DAY), has_notes=True))


@routes.add(
    "POST", "/alarms/{number}/acknowledge", Logged.ALTER, "alarms", Operation.ALARMS_TAKE, shapes.Alarm, is_told=False
)
def acknowledge(number: Number, body: SomeNote, asked: Asking) -> shapes.Alarm:
    """It is silent from then on, until it becomes something else."""
    _expect_theirs(asked, number)
    by = asked.by("takes notice of an alarm")
    found, _ = asked.room.told_or_owed(asked.room.alarms.acknowledge(by, number, body.note.strip()))
    return _one(asked, found)


@routes.add("POST", "/alarms/{number}/note", Logged.ALTER, "alarms", Operation.ALARMS_TAKE, shapes.Alarm, is_told=False)
def note(number: Number, body: SomeNote, asked: Asking) -> shapes.Alarm:
    """For whoever comes next."""
    _expect_theirs(asked, number)
    found, _ = asked.room.told_or_owed(asked.room.alarms.note(asked.by("notes"), number, body.note.strip()))
    return _one(asked, found)


def queue_of(asked: Asked, *, has_notes: bool) -> list[shapes.Alarm]:
    """Those of this person, in order; none for a role that sees no alarms."""
    if not decide(asked.account.roles, Operation.ALARMS_SEE):
        return []
    return _shown(asked, asked.room.alarms.queued(), has_notes=has_notes)


def expect_seen(asked: Asked, numbers: Collection[int]) -> None:
    """Raises `No` where there is an alarm in the queue that is not among these."""
    if not {alarm.number for alarm in _theirs(asked, asked.room.alarms.queued())} <= {0, *numbers}:
        raise No("ALARMS_CHANGED", "there is an alarm that was not shown: look at the list, then close")


def _expect_theirs(asked: Asked, number: int) -> None:
    if not _theirs(asked, [asked.room.alarms.find(number)]):
        raise No("NOT_FOUND")


def _theirs(asked: Asked, found: Iterable[Alarm]) -> list[Alarm]:
    """Of cameras with which this person has to do, and of what is no camera's; of papers, for whom they are."""
    if not asked.account.roles & OFFICE:
        found = [alarm for alarm in found if alarm.code not in OF_OFFICE]
    if sees_all(asked):
        return list(found)
    scope = asked.room.staffing.accounts.scope(asked.account)
    return [mine for alarm in found if (mine := _in(scope, alarm)) is not None]


def _in(scope: Scope, alarm: Alarm) -> Alarm | None:
    if alarm.members:
        members = {place: member for place, member in alarm.members.items() if scope.has([place])}
        return alarm._replace(members=members, text=places_text(members)) if members else None
    if alarm.code == LEDGER_FILE:
        return alarm if scope.has(str(alarm.values.get("cameras") or "?").split(",")) else _without_names(alarm)
    return alarm if alarm.code not in OF_CAMERAS or scope.has([alarm.place]) else None


def _without_names(alarm: Alarm) -> Alarm:
    text = str(alarm.values.get("plain") or f"{alarm.place} is not as it was written")
    return alarm._replace(values={**alarm.values, "named": ""}, text=text)


def _one(asked: Asked, found: Alarm) -> shapes.Alarm:
    return _shown(asked, [found], has_notes=True)[0]


def _shown(asked: Asked, found: Iterable[Alarm], *, has_notes: bool) -> list[shapes.Alarm]:
    mine, names = _theirs(asked, found), names_of(asked.room)
    notes = asked.room.alarms.notes([alarm.number for alarm in mine]) if has_notes and mine else {}
    return [_alarm(alarm, names, notes.get(alarm.number, ())) for alarm in mine]


def _alarm(found: Alarm, names: Mapping[str, str], notes: Iterable[Note]) -> shapes.Alarm:
    values: dict[str, Value] = _of_many(found.members) if found.members else dict(found.values)
    if found.code == LEDGER_FILE:
        about = [str(values[each]) for each in ("named", "at") if values.get(each)]
        values = {"entries": values.get("entries"), "about": "; ".join(about) or None}
    return shapes.Alarm(
        id=str(found.number),
        code=found.code,
        place=found.place,
        name=found.name,
        priority=found.priority,
        values=values,
        text=found.text,
        state=found.state,
        began=iso_from_ticks(found.began),
        rung=iso_from_ticks(found.rung),
        over=None if found.over is None else iso_from_ticks(found.over),
        came=found.came,
        taker=None if found.taker is None else _person(found.taker, names),
        taken=None if found.taken is None else iso_from_ticks(found.taken),
        members=[
            shapes.AlarmMember(id=place, name=member.name, over=member.is_over, why=member.why, seconds=member.seconds)
            for place, member in sorted(found.members.items(), key=lambda each: each[1].name)
        ],
        notes=[_note(each, names) for each in notes],
    )


def _of_many(members: Mapping[str, Member]) -> dict[str, Value]:
    """How many are left, and, of those or all, the causes and the longest time."""
    left = [member for member in members.values() if not member.is_over]
    whys = Counter(member.why for member in left or members.values() if member.why)
    seconds = max((member.seconds for member in left or members.values()), default=0.0)
    causes = ",".join(why for why, _ in whys.most_common())
    return {"count": len(left), "all": len(members), "whys": causes or None, "seconds": seconds or None}


def _note(found: Note, names: Mapping[str, str]) -> shapes.AlarmNote:
    shift = None if found.shift is None else str(found.shift)
    person = _person(found.person, names)
    return shapes.AlarmNote(what=found.what, person=person, at=iso_from_ticks(found.at), text=found.text, shift=shift)


def _person(id_: str, names: Mapping[str, str]) -> shapes.Person:
    return shapes.Person(id=id_, name=names.get(id_, ""))
