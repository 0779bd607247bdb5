# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Shifts: opened with a standing reason, handed over with a note."""

from torrazzo.access.account import Account
from torrazzo.access.shifts import Shift
from torrazzo.base.times import DAY, iso_from_ticks
from torrazzo.control_room.api import shapes
from torrazzo.control_room.api.alarms import expect_seen
from torrazzo.control_room.api.declared import Logged, Routes
from torrazzo.control_room.api.gate import Asked, Asking, names_of
from torrazzo.control_room.api.room import Room
from torrazzo.law import Operation

routes = Routes()

LOOKED_BACK = 31 * DAY


@routes.add("GET", "/shift", Logged.CONSULT, "shift", Operation.SHIFT, shapes.ShiftState)
def shift(asked: Asking) -> shapes.ShiftState:
    """One's own, and what the one before has to say."""
    return _state(asked)


@routes.add("POST", "/shift", Logged.AUTH, "shift", Operation.SHIFT, shapes.ShiftState)
def open_shift(body: shapes.OpenShift, asked: Asking) -> shapes.ShiftState:
    """Takes over what was handed over last, if nothing else is said."""
    waiting = asked.room.staffing.shifts.waiting()
    takes = body.takes or (waiting[-1].number if waiting else None)
    opened = asked.room.told(asked.room.staffing.shifts.open(asked.by(body.reason), takes))
    asked.room.alarms.hand_over(asked.by("opens the shift"), opened.number, body.alarms or (), "took")
    return _state(asked)


@routes.add("POST", "/shift/close", Logged.AUTH, "shift", Operation.SHIFT, shapes.ShiftState)
def close_shift(body: shapes.CloseShift, asked: Asking) -> shapes.ShiftState:
    """With a note it is handed over; without one it just ends. Who leaves has seen the alarms that are left."""
    shifts, by = asked.room.staffing.shifts, asked.by("closes the shift")
    if body.alarms is not None:
        expect_seen(asked, body.alarms)
    closed = asked.room.told(shifts.hand_over(by, body.note) if body.note.strip() else shifts.close(by))
    asked.room.alarms.hand_over(by, closed.number, body.alarms or (), "left")
    return _state(asked)


@routes.add("GET", "/shifts", Logged.CONSULT, "shifts", Operation.SHIFTS_SEE, shapes.Items[shapes.OneShift])
def shifts(asked: Asking) -> shapes.Items[shapes.OneShift]:
    """Of the last month, newest first."""
    room = asked.room
    found = room.staffing.shifts.all(since=room.staffing.staff.clock.utc() - LOOKED_BACK)
    names = names_of(room)
    return shapes.Items(items=[_one(each, names) for each in reversed(found)])


def own_shift(room: Room, account: Account) -> shapes.Shift | None:
    """The one that this account has open."""
    found = room.staffing.shifts.of(account.id)
    return None if found is None else _open(found, {account.id: account.full_name})


def _state(asked: Asked) -> shapes.ShiftState:
    room = asked.room
    since = room.staffing.staff.clock.utc() - LOOKED_BACK
    ended = [each for each in room.staffing.shifts.all(since=since) if each.ended is not None]
    last = max(ended, key=lambda each: each.ended or 0, default=None)
    return shapes.ShiftState(
        current=own_shift(room, asked.account), previous=None if last is None else _last(last, names_of(room))
    )


def _last(found: Shift, names: dict[str, str]) -> shapes.LastShift:
    assert found.ended is not None
    person = shapes.Person(id=found.person, name=names.get(found.person, ""))
    return shapes.LastShift(person=person, closed=iso_from_ticks(found.ended), note=found.note or "")


def _one(found: Shift, names: dict[str, str]) -> shapes.OneShift:
    return shapes.OneShift(
        **dict(_open(found, names)),
        closed=None if found.ended is None else iso_from_ticks(found.ended),
        why=found.why,
        note=found.note,
        takes=None if found.takes is None else str(found.takes),
    )


def _open(found: Shift, names: dict[str, str]) -> shapes.Shift:
    return shapes.Shift(
        id=str(found.number),
        person=shapes.Person(id=found.person, name=names.get(found.person, "")),
        opened=iso_from_ticks(found.opened),
        reason=found.reason,
    )
