# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where a camera may turn (MN-04) is declared: by numbers, or by where it looks now. Never a picture of it."""

from dataclasses import replace
from typing import TypeVar

from torrazzo.base.errors import Invalid, Refused
from torrazzo.camera.errors import CameraError
from torrazzo.camera.onvif import Turning
from torrazzo.camera.onvif.ptz import Preset
from torrazzo.camera.onvif.sectors import Pose, check_absolute
from torrazzo.control_room.api import sectors_shapes as shapes
from torrazzo.control_room.api.declared import Logged, Routes
from torrazzo.control_room.api.gate import Asked, Asking
from torrazzo.control_room.api.problem import No
from torrazzo.control_room.api.shapes import Id
from torrazzo.control_room.turning_desk import NoBounds, Work
from torrazzo.law import Operation
from torrazzo.town.bounds import Bounds, Sector
from torrazzo.town.camera import Camera

routes = Routes()

APPLY = Operation.CAMERAS_APPLY
HOME_NAME = "Torrazzo"  # of the preset that is kept in the camera

T = TypeVar("T")


@routes.add("GET", "/cameras/{id}/sectors", Logged.CONSULT, "sectors", APPLY, shapes.BoundsKept)
def see_sectors(id: Id, asked: Asking) -> shapes.BoundsKept:  # noqa: A002 - the path's word
    """As they are declared; the camera is not asked."""
    return kept(asked.room.cameras_of_town.one(id).bounds)


@routes.add("PUT", "/cameras/{id}/sectors", Logged.CONFIG, "sectors", APPLY, shapes.BoundsKept)
def set_sectors(id: Id, body: shapes.BoundsSaid, asked: Asking) -> shapes.BoundsKept:  # noqa: A002
    """All of them, from the next move on; where that is wider than before and shows a real place, two decide it."""
    bounds = bounds_for(asked, asked.room.cameras_of_town.one(id), body)
    return kept(_save(asked, id, bounds, "says where the camera may look").bounds)


def bounds_for(asked: Asked, before: Camera, body: shapes.BoundsSaid) -> Bounds:
    """As they are said, home within them; raises `No`."""
    sectors = tuple(Sector(**each.model_dump()) for each in body.sectors)
    bounds = _checked(Bounds(sectors, body.is_endless, body.full_speed, body.home))
    if bounds.home is not None and bounds != before.bounds:
        _, presets = _ask(asked, before, _see)
        found = next((preset for preset in presets if preset.token == bounds.home), None)
        _expect_inside(bounds, None if found is None else found.pose)
    return bounds


@routes.add("GET", "/cameras/{id}/pose", Logged.CONSULT, "sectors", APPLY, shapes.Pointing)
def see_pose(id: Id, asked: Asking) -> shapes.Pointing:  # noqa: A002 - the path's word
    """Where it looks now, and its presets, as numbers."""
    pose, presets = _ask(asked, asked.room.cameras_of_town.one(id), _see)
    return shapes.Pointing(
        **_numbers(pose),
        presets=[shapes.PresetThere(token=each.token, name=each.name, **_numbers(each.pose)) for each in presets],
    )


@routes.add("POST", "/cameras/{id}/home", Logged.CONFIG, "sectors", APPLY, shapes.BoundsKept)
def keep_home(id: Id, asked: Asking) -> shapes.BoundsKept:  # noqa: A002 - the path's word
    """Where it looks now is where it goes back to: a preset in the camera."""
    camera = asked.room.cameras_of_town.one(id)
    bounds = camera.bounds or Bounds()
    if not bounds.sectors:
        raise No("TURNING_UNDECLARED", "say first where the camera may look", clause="MN-04")
    _expect_inside(bounds, _ask(asked, camera, _see)[0])
    token = _ask(asked, camera, _keep)
    return kept(_save(asked, id, bounds._replace(home=token), "says where the camera goes back to").bounds)


async def _see(turning: Turning) -> tuple[Pose | None, list[Preset]]:
    return await turning.pose(), await turning.presets()


async def _keep(turning: Turning) -> str:
    return await turning.keep(HOME_NAME)


def _ask(asked: Asked, camera: Camera, work: Work[T]) -> T:
    try:
        return asked.room.turning.ask(camera, asked.by("asks where the camera looks"), work)
    except NoBounds as error:
        raise No("TURNING_NONE", str(error)) from error
    except CameraError as error:
        raise No("CAMERA_AWAY", str(error)) from error


def _expect_inside(bounds: Bounds, pose: Pose | None) -> None:
    """Home is a place to which it may turn back from anywhere near; raises `No`."""
    try:
        check_absolute(bounds, pose, Pose(0, 0, 0) if pose is None else pose)
    except Refused as error:
        raise No("HOME_OUTSIDE", "home lies in none of the sectors, or the camera does not say where it is") from error


def _checked(bounds: Bounds) -> Bounds:
    try:
        return bounds.checked()
    except Invalid as error:
        field, _, text = str(error).partition(": ")
        raise No("NOT_VALID", text, fields={field: text}) from error


def _save(asked: Asked, id_: str, bounds: Bounds, why: str) -> Camera:
    def edit(before: Camera) -> Camera:
        return replace(before, bounds=bounds)

    return asked.room.told(asked.room.cameras_of_town.change(id_, edit, asked.by(why)))


def kept(found: Bounds | None) -> shapes.BoundsKept:
    """As a page has them."""
    bounds = found or Bounds()
    return shapes.BoundsKept(
        sectors=[shapes.SectorSaid(**sector._asdict()) for sector in bounds.sectors],
        is_endless=bounds.is_endless,
        full_speed=bounds.full_speed,
        home=bounds.home,
    )


def _numbers(pose: Pose | None) -> dict[str, float | None]:
    return {"pan": None, "tilt": None, "zoom": None} if pose is None else pose._asdict()
