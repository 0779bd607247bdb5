# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The state of the system, and the cameras: names, places, states; never a picture."""

import os
from collections.abc import Callable, Mapping
from typing import Any

from torrazzo.base.ids import CameraId
from torrazzo.base.times import iso_from_ticks
from torrazzo.control_room.api import shapes
from torrazzo.control_room.api.alarms import queue_of
from torrazzo.control_room.api.cameras import listed
from torrazzo.control_room.api.cameras_shapes import ListedCamera
from torrazzo.control_room.api.declared import Logged, Routes
from torrazzo.control_room.api.gate import Asked, Asking, sees_all
from torrazzo.control_room.state import CameraState, GapState, StreamState
from torrazzo.law import Operation

routes = Routes()

_MS = 90  # ticks


@routes.add("GET", "/system", Logged.CONSULT, "system", Operation.STATE_SEE, shapes.SystemState)
def system(asked: Asking) -> shapes.SystemState:
    """Now; what does not answer is told as such. Of cameras those that this person has to do with."""
    room = asked.room
    state, is_mine = room.state(), _mine(asked)
    away = room.ledger_away() if state.ledger == "down" else None
    return shapes.SystemState(
        now=iso_from_ticks(state.now),
        recorder=shapes.RecorderState(
            state=state.recorder, keys_hours_left=state.keys_hours_left, queue_s=state.queue_s
        ),
        cameras=[_camera(camera) for camera in state.cameras if is_mine(camera)],
        disks=[_disk(root, is_known=state.recorder != "down") for root in state.roots],
        clock=_clock(state.said.keyring),
        ledger=shapes.LedgerState(
            state=state.ledger,
            why=state.ledger_why,
            since=None if away is None else iso_from_ticks(away),
            waiting=state.ledger_waiting,
            witnesses=_witnesses(state.said.ledger),
        ),
        retention=_retention(state.said.retention),
        keyring=shapes.KeyringState(
            state="running" if state.keyring == "running" else "down", level=state.keyring_level
        ),
        alarms=queue_of(asked, has_notes=False),
    )


@routes.add("GET", "/cameras", Logged.CONSULT, "cameras", Operation.CAMERAS_SEE, shapes.Items[ListedCamera])
def cameras(asked: Asking) -> shapes.Items[ListedCamera]:
    """Those that this person has to do with."""
    is_mine = _mine(asked)
    declared = {camera.id: camera for camera in asked.room.cameras()}
    found = [
        ListedCamera(**dict(_camera(camera)), **listed(declared.get(CameraId(camera.id))))
        for camera in asked.room.state().cameras
        if is_mine(camera)
    ]
    return shapes.Items(items=found)


def _mine(asked: Asked) -> Callable[[CameraState], bool]:
    """Whether this person has to do with a camera."""
    scope, sees = asked.room.staffing.scope(asked.account), sees_all(asked)
    return lambda camera: sees or scope.has([str(camera.id)])


def _camera(camera: CameraState) -> shapes.CameraState:
    return shapes.CameraState(
        id=str(camera.id),
        name=camera.name,
        place=camera.place,
        synthetic=camera.synthetic,
        enabled=camera.enabled,
        streams=[_stream(stream) for stream in camera.streams],
    )


def _stream(stream: StreamState) -> shapes.StreamState:
    return shapes.StreamState(
        name=stream.name,
        state=stream.state,
        why=stream.why,
        since=None if stream.since is None else iso_from_ticks(stream.since),
        age_s=stream.age_s,
        gaps=[shapes.Gap.model_validate(_gap(gap)) for gap in stream.gaps],
    )


def _gap(gap: GapState) -> dict[str, object]:
    return {
        "from": iso_from_ticks(gap.start),
        "to": None if gap.end is None else iso_from_ticks(gap.end),
        "why": gap.why,
    }


def _disk(root: Mapping[str, object], *, is_known: bool) -> shapes.DiskState:
    path, free, days = str(root.get("path")), root.get("free"), root.get("days_left")
    state = root.get("state", "away" if is_known else "unknown")
    return shapes.DiskState(
        path=path,
        state="away" if free is None and is_known else str(state),
        free=free if isinstance(free, int) else None,
        size=_size(path),
        days_left=float(days) if isinstance(days, int | float) else None,
    )


def _size(path: str) -> int | None:
    try:
        found = os.statvfs(path)
        return found.f_frsize * found.f_blocks
    except OSError:
        return None


def _clock(keyring: Mapping[str, Any] | None) -> shapes.ClockState:
    said = None if keyring is None else keyring.get("clock")
    if not isinstance(said, dict):
        return shapes.ClockState(state="unknown", source=None, offset_ms=None)
    offs = [each.get("off") for each in said.get("alarms", ()) if isinstance(each, dict)]
    off = max((each for each in offs if isinstance(each, int)), key=abs, default=None)
    sources = said.get("trusted") or [None]
    return shapes.ClockState(
        state="untrusted" if said.get("agreed") is None else "trusted",
        source=None if sources[0] is None else str(sources[0]),
        offset_ms=None if off is None else off / _MS,
    )


def _witnesses(ledger: Mapping[str, Any] | None) -> list[shapes.WitnessState]:
    """One that is not away is away for no time; which has never been heard of is what null means on the page."""
    found = None if ledger is None else ledger.get("witnesses")
    return [
        shapes.WitnessState(name=str(each.get("name")), away_s=each.get("away_s") or 0.0, own=each.get("own") is True)
        for each in (found if isinstance(found, list) else [])
        if isinstance(each, dict)
    ]


def _retention(status: Mapping[str, Any] | None) -> shapes.RetentionState:
    if status is None:
        return shapes.RetentionState(state="unknown", hours=0, oldest=None, last_erased=None)
    classes = [each for each in status.get("classes", ()) if isinstance(each, dict)]
    return shapes.RetentionState(
        state="late" if status.get("due") else "on-time",
        hours=max((int(each["hours"]) for each in classes), default=0),
        oldest=min((str(each["oldest_key"]) for each in classes), default=None),
        last_erased=max((str(each["gone_before"]) for each in classes if each.get("gone_before")), default=None),
    )
