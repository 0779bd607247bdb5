# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Technicians of a firm work under an operator's eyes (AC-07): sessions are opened, taken over, closed.

A technician never sees live pictures: one test picture at a time, so coarse that nobody on it is known. The real one is
on the screen of the operator who is there.
"""

from collections.abc import Mapping
from typing import NamedTuple

from torrazzo.access.account import Account
from torrazzo.access.accounts import Scope
from torrazzo.access.supervisions import Supervision, Wanted
from torrazzo.base.times import iso_from_ticks
from torrazzo.control_room.api import supervisions_shapes as shapes
from torrazzo.control_room.api.declared import Door, Logged, Routes
from torrazzo.control_room.api.gate import Asking, expect_law
from torrazzo.control_room.api.problem import No
from torrazzo.control_room.api.room import Room
from torrazzo.control_room.api.shapes import Number, Person
from torrazzo.law import Circumstances, Operation, Role

routes = Routes()

SUPERVISE = Operation.SUPERVISE


@routes.add("GET", "/supervisions", Logged.CONSULT, "supervision", Operation.ROOM, shapes.Supervisions)
def see_all(asked: Asking) -> shapes.Supervisions:
    """Those that nobody has closed, with the cameras that are this person's too, and for whom one may be opened."""
    room, scope = asked.room, asked.room.staffing.accounts.scope(asked.account)
    now, known = room.staffing.staff.clock.utc(), _known(room)
    technicians = [each for each in known.accounts.values() if Role.TECHNICIAN in each.roles and each.is_active(now)]
    return shapes.Supervisions(
        items=[_shown(room, _within(scope, each), known) for each in room.staffing.supervisions.open_ones()],
        technicians=[_technician(room, each) for each in technicians],
    )


@routes.add("POST", "/supervisions", Logged.CONFIG, "supervision", SUPERVISE, shapes.Supervision)
def open_one(body: shapes.SupervisionWanted, asked: Asking) -> shapes.Supervision:
    """Of cameras that are both the operator's and the technician's."""
    room, cameras = asked.room, frozenset(body.cameras)
    for id_ in cameras:
        room.cameras_of_town.one(id_)
    expect_law(asked, SUPERVISE, cameras, Circumstances())
    if not room.staffing.accounts.scope(room.staffing.accounts.account(body.technician)).has(cameras):
        raise No("OUT_OF_SCOPE", "the technician has not to do with all of these cameras", clause="AC-07")
    wanted = Wanted(body.technician, cameras, body.hours)
    return _shown(room, room.told(room.staffing.supervisions.open(asked.by(body.reason), wanted)))


@routes.add("POST", "/supervisions/{number}/take", Logged.CONFIG, "supervision", SUPERVISE, shapes.Supervision)
def take(number: Number, asked: Asking) -> shapes.Supervision:
    """By who is there from now on."""
    room, found = asked.room, _open_one(asked.room, number)
    expect_law(asked, SUPERVISE, found.cameras, Circumstances())
    return _shown(room, room.told(room.staffing.supervisions.take(asked.by("takes the supervision over"), number)))


@routes.add("POST", "/supervisions/{number}/close", Logged.CONFIG, "supervision", SUPERVISE, shapes.Supervisions)
def close(number: Number, body: shapes.SupervisionDone, asked: Asking) -> shapes.Supervisions:
    """By any operator: better by another one than by nobody."""
    room = asked.room
    room.told(room.staffing.supervisions.close(asked.by("closes it"), number, body.outcome))
    return see_all(asked)


@routes.add("GET", "/me/supervision", Logged.CONSULT, "supervision", Door.SELF, shapes.OwnSupervision)
def own(asked: Asking) -> shapes.OwnSupervision:
    """For a technician: of which cameras, until when, and who is there."""
    found = asked.room.staffing.supervisions.of(asked.account.id)
    return shapes.OwnSupervision(supervision=None if found is None else _shown(asked.room, found))


@routes.add("POST", "/me/supervision/end", Logged.CONFIG, "supervision", Door.SELF, shapes.OwnSupervision)
def leave(asked: Asking) -> shapes.OwnSupervision:
    """Done before its time."""
    asked.room.told(asked.room.staffing.supervisions.leave(asked.by("has finished")))
    return shapes.OwnSupervision(supervision=None)


# -- parts


def _open_one(room: Room, number: int) -> Supervision:
    found = next((each for each in room.staffing.supervisions.open_ones() if each.number == number), None)
    if found is None:
        raise No("NOT_FOUND")
    return found


def _within(scope: Scope, found: Supervision) -> Supervision:
    return found._replace(cameras=frozenset(id_ for id_ in found.cameras if scope.has([id_])))


class _Known(NamedTuple):
    """Whom and what sessions name: read once, however many there are."""

    accounts: Mapping[str, Account]
    cameras: Mapping[str, str]  # names, of removed ones too


def _known(room: Room) -> _Known:
    accounts = {account.id: account for account in room.staffing.accounts.all()}
    return _Known(accounts, {str(camera.id): camera.name for camera in (*room.all_cameras(), *room.cameras())})


def _shown(room: Room, found: Supervision, known: _Known | None = None) -> shapes.Supervision:
    known = known or _known(room)
    is_late = found.is_late(room.staffing.staff.clock.utc())
    cameras = [shapes.SupervisedCamera(id=id_, name=known.cameras.get(id_, id_)) for id_ in found.cameras]
    return shapes.Supervision(
        id=str(found.number),
        technician=_person(known, found.technician),
        firm=_firm(known.accounts[found.technician]),
        operator=_person(known, found.operator),
        cameras=sorted(cameras, key=lambda each: each.name),
        reason=found.reason,
        opened=iso_from_ticks(found.opened),
        until=iso_from_ticks(found.until),
        state="late" if is_late else "alone" if room.staffing.supervisions.is_alone(found) else "open",
    )


def _person(known: _Known, id_: str) -> Person:
    account = known.accounts.get(id_)
    return Person(id=id_, name="" if account is None else account.full_name)


def _firm(account: Account) -> str:
    return "" if account.agreement is None else account.agreement.organisation


def _technician(room: Room, account: Account) -> shapes.Technician:
    scope, agreement = room.staffing.accounts.scope(account), account.agreement
    ends = account.designation.ends if agreement is None else min(agreement.ends, account.designation.ends)
    return shapes.Technician(
        id=account.id,
        name=account.full_name,
        firm=_firm(account),
        contract="" if agreement is None else agreement.number,
        until=iso_from_ticks(ends),
        cameras=[camera.id for camera in room.cameras() if camera.removed is None and scope.has([camera.id])],
    )
