# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A camera is turned: by who may, within its sectors; each move is a fact before it is sent, each refusal one, too."""

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, TypeVar

from torrazzo.base.errors import Refused
from torrazzo.camera.errors import CameraError
from torrazzo.camera.onvif import Turning
from torrazzo.camera.onvif.ptz import Preset
from torrazzo.camera.onvif.sectors import Pose
from torrazzo.control_room.api import turning_shapes as shapes
from torrazzo.control_room.api.declared import Logged, Routes
from torrazzo.control_room.api.gate import Asked, Asking
from torrazzo.control_room.api.problem import No
from torrazzo.control_room.api.shapes import Id
from torrazzo.control_room.turning_desk import NoBounds
from torrazzo.law import Decision, Operation
from torrazzo.town.camera import Camera

routes = Routes()

PTZ = Operation.PTZ

T = TypeVar("T")


@routes.add("GET", "/cameras/{id}/turning", Logged.CONSULT, "turning", PTZ, shapes.TurningState)
def see_turning(id: Id, asked: Asking) -> shapes.TurningState:  # noqa: A002 - the path's word
    """Where it looks, and may look."""
    camera = _camera(asked, id)
    pose, presets = _try(asked, camera, lambda: asked.room.turning.do(camera, asked.by("looks where it looks"), _see))
    bounds = camera.bounds
    assert bounds is not None
    return shapes.TurningState(
        pan=None if pose is None else pose.pan,
        tilt=None if pose is None else pose.tilt,
        zoom=None if pose is None else pose.zoom,
        sectors=[shapes.Sector(**sector._asdict()) for sector in bounds.sectors],
        presets=[shapes.Preset(token=preset.token, name=preset.name) for preset in presets],
        home=bounds.home,
    )


@routes.add("POST", "/cameras/{id}/turning", Logged.CONFIG, "turning", PTZ, None)
def turn(id: Id, body: shapes.Turn, asked: Asking) -> None:  # noqa: A002 - the path's word
    """A move, a stop, a preset."""
    camera, wanted = _camera(asked, id), body.wanted
    work: Callable[[Turning], Coroutine[Any, Any, None]] = _stop
    text = "stop"
    match wanted:
        case shapes.Move():
            velocity = Pose(wanted.pan, wanted.tilt, wanted.zoom)
            work = partial(_move, velocity=velocity, seconds=wanted.seconds)
            text = f"pan {wanted.pan:g}, tilt {wanted.tilt:g}, zoom {wanted.zoom:g} for {wanted.seconds:g} s"
        case shapes.ToPreset():
            work = partial(_to_preset, preset=wanted.preset)
            text = f"preset {wanted.preset[:80]}"
    is_move = not isinstance(wanted, shapes.Stop)
    _try(asked, camera, lambda: asked.room.turning.do(camera, asked.by(text), work, is_move=is_move))


async def _see(turning: Turning) -> tuple[Pose | None, list[Preset]]:
    return await turning.pose(), await turning.presets()


async def _move(turning: Turning, velocity: Pose, seconds: float) -> None:
    await turning.turn(velocity, seconds)


async def _to_preset(turning: Turning, preset: str) -> None:
    await turning.to_preset(preset)


async def _stop(turning: Turning) -> None:
    await turning.stop()


def _camera(asked: Asked, id_: str) -> Camera:
    """One of this person's cameras; a refusal is a fact."""
    staffing = asked.room.staffing
    decision = staffing.decide(asked.account, PTZ, [id_])
    if not decision:
        asked.room.told_or_owed(staffing.deny(asked.by("turns a camera"), PTZ, decision))
        raise No(decision.code, clause=decision.clause)
    return asked.room.cameras_of_town.one(id_)


def _try(asked: Asked, camera: Camera, work: Callable[[], T]) -> T:
    try:
        return work()
    except NoBounds as error:
        raise No("TURNING_UNDECLARED", str(error), clause="MN-04") from error
    except Refused as error:
        decision = Decision(allowed=False, code="OUT_OF_SECTOR", clause="MN-04")
        asked.room.told_or_owed(asked.room.staffing.deny(asked.by(f"{camera.name}: {error}"), PTZ, decision))
        raise No("OUT_OF_SECTOR", str(error), clause="MN-04") from error
    except CameraError as error:
        raise No("CAMERA_AWAY", str(error)) from error
