# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A camera as JSON: for people (`camera list --json`), and, with its secrets, for the control room's socket."""

from collections.abc import Mapping
from typing import TypeVar

from torrazzo.base.errors import Invalid
from torrazzo.base.ids import CameraId, StreamId
from torrazzo.base.secret import Secret
from torrazzo.base.times import UtcTicks, iso_from_ticks
from torrazzo.town.bounds import Bounds
from torrazzo.town.camera import Camera, StreamConfig
from torrazzo.town.masks import Masks
from torrazzo.town.position import Position
from torrazzo.town.purpose import PurposeFile

T = TypeVar("T")


def camera_for_people(camera: Camera) -> dict[str, object]:
    """What may be shown: no password, no secrets in addresses; times in ISO 8601 UTC."""
    return {
        "id": camera.id,
        "name": camera.name,
        "place": camera.place,
        "synthetic": camera.synthetic,
        "enabled": camera.enabled,
        "permit_until": _iso(camera.permit_until),
        "added": _iso(camera.added),
        "removed": _iso(camera.removed),
        "retention_hours": camera.retention_hours,
        "position": None if camera.position is None else camera.position._asdict(),
        "device": camera.device,
        "sensor": camera.sensor,
        "bounds": None if camera.bounds is None else camera.bounds.plain(),
        "streams": [
            {
                "name": stream.id.name,
                "url": stream.shown_url,
                "user": stream.username,
                "has_password": stream.password is not None,
                "transport": stream.transport,
                "has_ca": stream.ca_pem is not None,
                "pin_sha256": stream.pin_sha256,
            }
            for stream in camera.streams
        ],
    }


def camera_to_wire(camera: Camera) -> dict[str, object]:
    """Everything, passwords too: only for a socket that nobody else can open."""
    return {
        "id": camera.id,
        "name": camera.name,
        "place": camera.place,
        "synthetic": camera.synthetic,
        "permit_until": camera.permit_until,
        "enabled": camera.enabled,
        "added": camera.added,
        "removed": camera.removed,
        "retention_hours": camera.retention_hours,
        "position": None if camera.position is None else list(camera.position),
        "device": camera.device,
        "sensor": camera.sensor,
        "bounds": None if camera.bounds is None else camera.bounds.to_text(),
        "masks": None if camera.masks is None else camera.masks.to_text(),
        "file": None if camera.file is None else camera.file.to_text(),
        "streams": [
            {
                "name": stream.id.name,
                "url": stream.url,
                "username": stream.username,
                "password": None if stream.password is None else stream.password.reveal(),
                "transport": stream.transport,
                "ca_pem": stream.ca_pem,
                "pin_sha256": stream.pin_sha256,
            }
            for stream in camera.streams
        ],
    }


def camera_from_wire(found: object) -> Camera:
    """The inverse of `camera_to_wire`; raises `Invalid` for anything else."""
    body = _object(found, "camera")
    id_ = CameraId(StreamId.parse(f"{_need(body, 'id', str)}/main").camera)
    streams = body.get("streams")
    if not isinstance(streams, list):
        raise Invalid("camera: streams is not a list")
    permit, removed = _maybe(body, "permit_until", int), _maybe(body, "removed", int)
    bounds, masks = _maybe(body, "bounds", str), _maybe(body, "masks", str)
    file = _maybe(body, "file", str)
    return Camera(
        id=id_,
        name=_need(body, "name", str),
        place=_need(body, "place", str),
        synthetic=_need(body, "synthetic", bool),
        permit_until=None if permit is None else UtcTicks(permit),
        enabled=_need(body, "enabled", bool),
        streams=tuple(_stream(id_, entry) for entry in streams),
        added=UtcTicks(_need(body, "added", int)),
        removed=None if removed is None else UtcTicks(removed),
        retention_hours=_need(body, "retention_hours", int),
        position=_position(body.get("position")),
        device=_maybe(body, "device", str),
        sensor=_need(body, "sensor", int),
        bounds=None if bounds is None else Bounds.from_text(bounds),
        masks=None if masks is None else Masks.from_text(masks),
        file=None if file is None else PurposeFile.from_text(file),
    )


def _position(found: object) -> Position | None:
    if found is None:
        return None
    if not isinstance(found, list) or len(found) != len(Position._fields):
        raise Invalid("camera: position is not a list of its five parts")
    if None in found[:2] or not all(
        part is None or (isinstance(part, int | float) and type(part) is not bool) for part in found
    ):
        raise Invalid("camera: position has parts that are no numbers")
    return Position(*found)


def _stream(camera: CameraId, found: object) -> StreamConfig:
    body = _object(found, "stream")
    password = _maybe(body, "password", str)
    return StreamConfig(
        id=StreamId.parse(f"{camera}/{_need(body, 'name', str)}"),
        url=_need(body, "url", str),
        username=_maybe(body, "username", str),
        password=None if password is None else Secret(password),
        transport=_need(body, "transport", str),
        ca_pem=_maybe(body, "ca_pem", str),
        pin_sha256=_maybe(body, "pin_sha256", str),
    )


def _iso(ticks: UtcTicks | None) -> str | None:
    return None if ticks is None else iso_from_ticks(ticks)


def _object(found: object, what: str) -> Mapping[str, object]:
    if not isinstance(found, dict):
        raise Invalid(f"{what}: not an object")
    return found


def _need(body: Mapping[str, object], key: str, kind: type[T]) -> T:
    found = body.get(key)
    if type(found) is not kind:  # bool is an int, and must not pass for one
        raise Invalid(f"{key} is missing or not of type {kind.__name__}")
    return found


def _maybe(body: Mapping[str, object], key: str, kind: type[T]) -> T | None:
    return None if body.get(key) is None else _need(body, key, kind)
