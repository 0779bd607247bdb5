# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What two decide about a camera that records: how long its footage lives (RT-01), and where else it may look (MN-04).

Who commands proposes hours, who administers proposes sectors, as those are the device's numbers; a second official
confirms either. Shorter hours need two as well: what they erase is somebody's evidence.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from torrazzo.access.four_eyes import Proposal
from torrazzo.control_room.api import policy_shapes as shapes
from torrazzo.control_room.api.camera_proposals import (
    camera_for,
    expect_none_open,
    open_about,
    proposal,
    refuse,
    said_of,
    withdraw,
)
from torrazzo.control_room.api.declared import Door, Logged, Routes
from torrazzo.control_room.api.gate import Asked, Asking
from torrazzo.control_room.api.problem import No
from torrazzo.control_room.api.room import Room
from torrazzo.control_room.api.sectors import bounds_for, kept
from torrazzo.control_room.api.shapes import Id, Number
from torrazzo.law import Operation
from torrazzo.law.alone import waits
from torrazzo.town.bounds import Bounds
from torrazzo.town.camera import Camera

routes = Routes()

RETENTION, SECTORS = KINDS = ("camera.retention", "camera.sectors")
SEE, PROPOSE, CONFIRM = Operation.CAMERAS_SEE, Operation.POLICY_PROPOSE, Operation.POLICY_CONFIRM


@routes.add("GET", "/cameras/{id}/policy", Logged.CONSULT, "policy", SEE, shapes.CameraPolicy)
def see_policy(id: Id, asked: Asking) -> shapes.CameraPolicy:  # noqa: A002 - the path's word
    """As it is, and what waits for a second person."""
    return _shown(asked.room, camera_for(asked, SEE, id))


@routes.add("POST", "/cameras/{id}/retention", Logged.CONFIG, "policy", PROPOSE, shapes.CameraPolicy)
def propose_retention(id: Id, body: shapes.RetentionWanted, asked: Asking) -> shapes.CameraPolicy:  # noqa: A002
    """Of what is recorded once another person has confirmed it; what was recorded before keeps its term."""
    camera = camera_for(asked, PROPOSE, id)
    if camera.retention_hours == body.hours:
        raise No("NOT_NOW", f"it keeps {body.hours} hours already")
    what = {"camera": camera.id, "hours": body.hours, "was": camera.retention_hours}
    return _propose(asked, camera, RETENTION, what, body.reason)


@routes.add(
    "POST", "/cameras/{id}/sectors/proposal", Logged.CONFIG, "policy", Operation.CAMERAS_APPLY, shapes.CameraPolicy
)
def propose_sectors(id: Id, body: shapes.SectorsWanted, asked: Asking) -> shapes.CameraPolicy:  # noqa: A002
    """All of them, from the moment at which an official confirms them."""
    camera = asked.room.cameras_of_town.one(id)
    bounds = bounds_for(asked, camera, body.bounds)
    what = {"camera": camera.id, "bounds": bounds.to_text(), "was": (camera.bounds or Bounds()).to_text()}
    return _propose(asked, camera, SECTORS, what, body.reason)


@routes.add("POST", "/policy-proposals/{number}/approve", Logged.CONFIG, "policy", CONFIRM, shapes.CameraPolicy)
def approve_policy(number: Number, body: shapes.PolicyAnswer, asked: Asking) -> shapes.CameraPolicy:
    """By another person: it holds on return, unless it has become something else since."""
    room, four_eyes = asked.room, asked.room.staffing.four_eyes
    found = proposal(room, number, *KINDS)
    camera = camera_for(asked, CONFIRM, str(found.what["camera"]))
    edit = _edit(found)
    edit(camera)
    room.told(four_eyes.approve(number, asked.by(body.reason)))
    by = asked.by(f"as decided in proposal {number}")
    camera = room.told(room.cameras_of_town.decided(camera.id, edit, by))
    room.told(four_eyes.done(number, asked.by(f"proposal {number} is done")))
    return _shown(room, camera)


@routes.add("POST", "/policy-proposals/{number}/refuse", Logged.CONFIG, "policy", CONFIRM, shapes.CameraPolicy)
def refuse_policy(number: Number, body: shapes.PolicyAnswer, asked: Asking) -> shapes.CameraPolicy:
    """By another person: everything stays."""
    return _shown(asked.room, refuse(asked, number, body.reason, *KINDS))


@routes.add("POST", "/policy-proposals/{number}/withdraw", Logged.CONFIG, "policy", Door.SELF, shapes.CameraPolicy)
def withdraw_policy(number: Number, asked: Asking) -> shapes.CameraPolicy:
    """One's own."""
    return _shown(asked.room, withdraw(asked, number, *KINDS))


# -- parts


def _propose(asked: Asked, camera: Camera, kind: str, what: Mapping[str, object], reason: str) -> shapes.CameraPolicy:
    expect_none_open(asked.room, kind, camera.id)
    asked.room.told(asked.room.staffing.four_eyes.propose(kind, what, asked.by(reason)))
    return _shown(asked.room, camera)


def _edit(found: Proposal) -> Callable[[Camera], Camera]:
    """What was proposed, of the camera as it was when it was proposed."""

    def edit(before: Camera) -> Camera:
        is_hours = found.kind == RETENTION
        if found.what["was"] != (before.retention_hours if is_hours else (before.bounds or Bounds()).to_text()):
            raise No("NOT_WHAT_WAS_APPROVED", "it has changed since: refuse this, and have it proposed anew")
        if is_hours:
            return replace(before, retention_hours=_hours(found))
        return replace(before, bounds=_bounds(found))

    return edit


def _hours(found: Proposal) -> int:
    hours = found.what["hours"]
    assert isinstance(hours, int)
    return hours


def _bounds(found: Proposal) -> Bounds:
    return Bounds.from_text(str(found.what["bounds"]))


def _shown(room: Room, camera: Camera) -> shapes.CameraPolicy:
    hours, bounds = (open_about(room, kind, camera.id) for kind in KINDS)
    return shapes.CameraPolicy.model_validate(
        {
            "camera": camera.id,
            "waits": waits(camera),
            "hours": camera.retention_hours,
            "hours_proposal": None if hours is None else {**said_of(room, hours), "hours": _hours(hours)},
            "bounds": kept(camera.bounds),
            "bounds_proposal": None if bounds is None else {**said_of(room, bounds), "bounds": kept(_bounds(bounds))},
        }
    )
