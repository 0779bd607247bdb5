# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The register of the control room (AC-08): the curtain of a station, visitors, technicians, who was there when.

The curtain waits for nothing: it is drawn while the ledger is away, too, which hears of it later. Nothing here is
sorted or counted by person (WK-03).
"""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Path, Query

from torrazzo.access.curtains import Curtain
from torrazzo.access.shifts import Shift
from torrazzo.access.supervisions import Supervision
from torrazzo.access.visitors import Visit, Visitor
from torrazzo.base.times import DAY, UtcTicks, iso_from_ticks
from torrazzo.control_room.api import register_shapes as shapes
from torrazzo.control_room.api.declared import Logged, Routes
from torrazzo.control_room.api.gate import Asked, Asking, names_of
from torrazzo.control_room.api.shapes import Person
from torrazzo.law import Operation, Role

routes = Routes()

OPERATORS_LOOK_BACK = 7  # days: for the hand-over; who commands sees all that is kept
UNSAID = "draws the privacy curtain"  # in the fact, where nobody said why: the key is pressed, not a form filled

Names = dict[str, str]
Number = Annotated[int, Path(ge=1, le=2**53)]


@routes.add("GET", "/room", Logged.CONSULT, "room", Operation.ROOM, shapes.RoomState)
def room(asked: Asking) -> shapes.RoomState:
    """This station's curtain, and who visits."""
    return _state(asked)


@routes.add("POST", "/room/curtain", Logged.ALTER, "curtain", Operation.ROOM, shapes.RoomState, is_told=False)
def curtain(body: shapes.DrawCurtain, asked: Asking) -> shapes.RoomState:
    """Pictures of this station stop before anything is told; recording goes on."""
    curtains, station = asked.room.staffing.curtains, asked.where.station
    if body.drawn:
        done = curtains.draw(asked.by(body.reason.strip() or UNSAID), station)
        asked.room.on_curtain(station, True)
        asked.room.told_or_owed(done)
    else:
        opened = curtains.open(asked.by(body.reason.strip() or "opens the privacy curtain"), station)
        asked.room.on_curtain(station, False)
        asked.room.told_or_owed(opened)
    return _state(asked)


@routes.add("POST", "/room/visitors", Logged.ALTER, "visitors", Operation.ROOM, shapes.Visitor)
def enter(body: shapes.NewVisitor, asked: Asking) -> shapes.Visitor:
    """Somebody comes in."""
    visit = Visit(**{name: value.strip() for name, value in dict(body).items()})
    found = asked.room.told(asked.room.staffing.visitors.enter(asked.by("writes a visitor down"), visit))
    return _visitor(found, names_of(asked.room))


@routes.add("POST", "/room/visitors/{number}/out", Logged.ALTER, "visitors", Operation.ROOM, shapes.Visitor)
def leave(number: Number, asked: Asking) -> shapes.Visitor:
    """They have left."""
    found = asked.room.told(asked.room.staffing.visitors.leave(asked.by("writes down that a visitor left"), number))
    return _visitor(found, names_of(asked.room))


@routes.add("GET", "/room/register", Logged.CONSULT, "register", Operation.ROOM, shapes.Register)
def register(asked: Asking, days: Annotated[int, Query(ge=1, le=366)] = 7) -> shapes.Register:
    """Newest first."""
    if Role.DESIGNATO not in asked.account.roles:
        days = min(days, OPERATORS_LOOK_BACK)
    staffing, names = asked.room.staffing, names_of(asked.room)
    since = staffing.staff.clock.utc() - days * DAY
    found = [
        *(_of_shift(each, names) for each in staffing.shifts.all(since)),
        *(_of_visitor(each, names) for each in staffing.visitors.all(since)),
        *(_of_curtain(each, names) for each in staffing.curtains.all(since)),
        *(_of_supervision(each, names) for each in staffing.supervisions.all(since)),
    ]
    return shapes.Register(items=sorted(found, key=lambda each: each.start, reverse=True), days=days)


def _state(asked: Asked) -> shapes.RoomState:
    staffing, station, names = asked.room.staffing, asked.where.station, names_of(asked.room)
    there = staffing.curtains.of(station)
    drawn = (
        None
        if there is None
        else shapes.Curtain(drawn=iso_from_ticks(there.drawn), person=_person(there.person, names), reason=there.reason)
    )
    visitors = [_visitor(each, names) for each in staffing.visitors.inside()]
    return shapes.RoomState(station=station, curtain=drawn, visitors=visitors)


def _person(id_: str, names: Names) -> Person:
    return Person(id=id_, name=names.get(id_, ""))


def _visitor(found: Visitor, names: Names) -> shapes.Visitor:
    return shapes.Visitor(
        id=str(found.number),
        name=found.name,
        office=found.office,
        reason=found.reason,
        authorised=found.authorised,
        company=found.company,
        person=_person(found.person, names),
        came=iso_from_ticks(found.came),
        left=_maybe(found.left),
    )


def _of_shift(found: Shift, names: Names) -> shapes.Entry:
    takes = None if found.takes is None else str(found.takes)
    more = {"text": found.reason, "why": found.why, "note": found.note, "takes": takes}
    return _entry("shift", found, found.opened, found.ended, names, more)


def _of_visitor(found: Visitor, names: Names) -> shapes.Entry:
    more = {"text": found.name, "visitor": _visitor(found, names)}
    return _entry("visitor", found, found.came, found.left, names, more)


def _of_curtain(found: Curtain, names: Names) -> shapes.Entry:
    more = {"text": "" if found.reason == UNSAID else found.reason, "station": found.station}
    return _entry("curtain", found, found.drawn, found.opened, names, more)


def _of_supervision(found: Supervision, names: Names) -> shapes.Entry:
    more = {"text": f"{names.get(found.technician, '')}: {found.reason}", "why": found.why, "note": found.outcome}
    return _entry("supervision", found, found.opened, found.ended, names, more)


def _entry(
    kind: shapes.Kind,
    found: Shift | Visitor | Curtain | Supervision,
    start: UtcTicks,
    end: UtcTicks | None,
    names: Names,
    more: Mapping[str, Any],
) -> shapes.Entry:
    """What all have, and of the rest what its kind has."""
    rest: dict[str, Any] = dict.fromkeys(("why", "note", "takes", "station", "visitor"))
    return shapes.Entry(
        kind=kind,
        id=str(found.number),
        start=iso_from_ticks(start),
        end=_maybe(end),
        person=_person(found.operator if isinstance(found, Supervision) else found.person, names),
        **(rest | dict(more)),
    )


def _maybe(ticks: UtcTicks | None) -> str | None:
    return None if ticks is None else iso_from_ticks(ticks)
