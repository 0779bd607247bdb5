# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What two decide about a camera that records: how long its footage lives (RT-01), and where else it may look (MN-04).

Who commands proposes hours, who administers proposes sectors, as those are the device's numbers; a second official
confirms either. Shorter hours need two as well: what they erase is somebody's evidence.
"""

from collections.abc import Callable
from dataclasses import replace

from torrazzo.access.four_eyes import Proposal
from torrazzo.control_room.api import policy_shapes as shapes
from torrazzo.control_room.api.camera_proposals import (
    approve,
    camera_for,
    open_about,
    proposal,
    propose,
    refuse,
    said_of,
    withdraw,
)
from torrazzo.control_room.api.declared import Door, Logged, Routes
from torrazzo.control_room.api.gate import Asking
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
    propose(asked, RETENTION, camera, {"hours": body.hours, "was": camera.retention_hours}, body.reason)
    return _shown(asked.room, camera)


@routes.add(
    "POST", "/cameras/{id}/sectors/proposal", Logged.CONFIG, "policy", Operation.CAMERAS_APPLY, shapes.CameraPolicy
)
def propose_sectors(id: Id, body: shapes.SectorsWanted, asked: Asking) -> shapes.CameraPolicy:  # noqa: A002
    """All of them, from the moment at which an official confirms them."""
    camera = asked.room.cameras_of_town.one(id)
    bounds = bounds_for(asked, camera, body.bounds)
    what = {"bounds": bounds.to_text(), "was": (camera.bounds or Bounds()).to_text()}
    propose(asked, SECTORS, camera, what, body.reason)
    return _shown(asked.room, camera)


@routes.add("POST", "/policy-proposals/{number}/approve", Logged.CONFIG, "policy", CONFIRM, shapes.CameraPolicy)
def approve_policy(number: Number, body: shapes.PolicyAnswer, asked: Asking) -> shapes.CameraPolicy:
    """By another person: it holds on return, unless it has become something else since."""
    found = proposal(asked.room, number, *KINDS)
    return _shown(asked.room, approve(asked, found, body.reason, _edit(found)))


@routes.add("POST", "/policy-proposals/{number}/refuse", Logged.CONFIG, "policy", CONFIRM, shapes.CameraPolicy)
def refuse_policy(number: Number, body: shapes.PolicyAnswer, asked: Asking) -> shapes.CameraPolicy:
    """By another person: everything stays."""
    return _shown(asked.room, refuse(asked, number, body.reason, *KINDS))


@routes.add("POST", "/policy-proposals/{number}/withdraw", Logged.CONFIG, "policy", Door.SELF, shapes.CameraPolicy)
def withdraw_policy(number: Number, asked: Asking) -> shapes.CameraPolicy:
    """One's own."""
    return _shown(asked.room, withdraw(asked, number, *KINDS))


# -- parts


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
