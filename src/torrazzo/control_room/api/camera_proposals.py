# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Proposals about one camera, of one kind: found, shown, ended, and only for whom that camera is."""

from collections.abc import Callable, Mapping

from torrazzo.access.four_eyes import Proposal
from torrazzo.base.times import iso_from_ticks
from torrazzo.control_room.api.gate import Asked, expect_scope, names_of, sees_all
from torrazzo.control_room.api.problem import No
from torrazzo.control_room.api.room import Room
from torrazzo.control_room.api.shapes import Person
from torrazzo.law import Operation
from torrazzo.town.camera import Camera


def open_of(room: Room, kind: str) -> list[Proposal]:
    """Those that wait."""
    return [each for each in room.staffing.four_eyes.all("open") if each.kind == kind]


def open_about(room: Room, kind: str, camera: str) -> Proposal | None:
    """The one that waits about this camera."""
    return next((each for each in open_of(room, kind) if each.what["camera"] == camera), None)


def proposal(room: Room, number: int, *kinds: str) -> Proposal:
    """In whatever state, of one of these kinds; raises `No`."""
    found = next((each for each in room.staffing.four_eyes.all() if each.number == number), None)
    if found is None or found.kind not in kinds:
        raise No("NOT_FOUND")
    return found


def expect_none_open(room: Room, kind: str, camera: str) -> None:
    """One at a time; raises `No`."""
    if open_about(room, kind, camera) is not None:
        raise No("NOT_NOW", "there is a proposal for this camera already: decide about it first")


def camera_for(asked: Asked, operation: Operation, id_: str) -> Camera:
    """One of this person's cameras; who never sees a picture has to do with all."""
    camera = asked.room.cameras_of_town.one(id_)
    if not sees_all(asked):
        expect_scope(asked, operation, [camera.id])
    return camera


def propose(asked: Asked, kind: str, camera: Camera, what: Mapping[str, object], reason: str) -> None:
    """One at a time of a kind; raises `No`."""
    expect_none_open(asked.room, kind, camera.id)
    asked.room.told(asked.room.staffing.four_eyes.propose(kind, {"camera": camera.id, **what}, asked.by(reason)))


def approve(asked: Asked, found: Proposal, reason: str, edit: Callable[[Camera], Camera]) -> Camera:
    """By another person: what `edit` makes of the camera holds on return; it is tried before anything is said."""
    room, four_eyes, number = asked.room, asked.room.staffing.four_eyes, found.number
    camera = camera_for(asked, Operation.POLICY_CONFIRM, str(found.what["camera"]))
    edit(camera)
    room.told(four_eyes.approve(number, asked.by(reason)))
    by = asked.by(f"as decided in proposal {number}")
    camera = room.told(room.cameras_of_town.decided(camera.id, edit, by))
    room.told(four_eyes.done(number, asked.by(f"proposal {number} is done")))
    return camera


def refuse(asked: Asked, number: int, reason: str, *kinds: str) -> Camera:
    """By another person than who proposed it: everything stays. The camera that it was about."""
    found = proposal(asked.room, number, *kinds)
    camera = camera_for(asked, Operation.POLICY_CONFIRM, str(found.what["camera"]))
    asked.room.told(asked.room.staffing.four_eyes.refuse(number, asked.by(reason)))
    return camera


def withdraw(asked: Asked, number: int, *kinds: str) -> Camera:
    """By who proposed it. The camera that it was about."""
    found = proposal(asked.room, number, *kinds)
    asked.room.told(asked.room.staffing.four_eyes.withdraw(number, asked.by("withdraws it")))
    return asked.room.cameras_of_town.one(str(found.what["camera"]))


def said_of(room: Room, found: Proposal) -> dict[str, object]:
    """What every such proposal tells of itself."""
    return {
        "number": found.number,
        "proposer": Person(id=found.proposer, name=names_of(room).get(found.proposer, "")),
        "reason": found.reason,
        "proposed": iso_from_ticks(found.proposed),
        "until": iso_from_ticks(found.until),
    }
