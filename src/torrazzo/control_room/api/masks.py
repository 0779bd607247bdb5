# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Areas that a camera hides (MN-02): proposed by who commands, confirmed by another, set in the camera, then checked.

What was decided stands in the registry whether or not the camera can do it. Recorded pictures are never changed.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import cast

from torrazzo.access.four_eyes import Proposal
from torrazzo.base.errors import Invalid
from torrazzo.base.times import iso_from_ticks
from torrazzo.camera import limits
from torrazzo.camera.errors import CameraError
from torrazzo.camera.onvif import Client
from torrazzo.camera.onvif.http import Trust
from torrazzo.camera.onvif.masking import put_masks
from torrazzo.control_room.api import masks_shapes as shapes
from torrazzo.control_room.api.camera_proposals import (
    camera_for,
    expect_none_open,
    open_about,
    open_of,
    proposal,
    refuse,
    said_of,
    withdraw,
)
from torrazzo.control_room.api.declared import Logged, Routes
from torrazzo.control_room.api.gate import Asked, Asking, sees_all
from torrazzo.control_room.api.problem import No
from torrazzo.control_room.api.room import Room
from torrazzo.control_room.api.shapes import Id, Items, Number
from torrazzo.law import Operation
from torrazzo.town.camera import Camera
from torrazzo.town.masks import Mask, Masks

routes = Routes()

KIND = "camera.masks"
SEE, PROPOSE, CONFIRM = Operation.CAMERAS_SEE, Operation.POLICY_PROPOSE, Operation.POLICY_CONFIRM
APPLY = Operation.POLICY_APPLY
NOBODY = Masks(0)  # has decided


@routes.add("GET", "/masks", Logged.CONSULT, "masks", SEE, Items[shapes.ListedMasks])
def all_masks(asked: Asking) -> Items[shapes.ListedMasks]:
    """Of all cameras, those without a decision too: for whoever supervises."""
    room, proposed = asked.room, {each.what["camera"] for each in open_of(asked.room, KIND)}
    scope = None if sees_all(asked) else room.staffing.scope(asked.account)
    found = [camera for camera in room.cameras_of_town.all() if scope is None or scope.has([camera.id])]
    return Items(items=[shapes.ListedMasks.model_validate(_listed(each, each.id in proposed)) for each in found])


@routes.add("GET", "/cameras/{id}/masks", Logged.CONSULT, "masks", SEE, shapes.CameraMasks)
def masks_of(id: Id, asked: Asking) -> shapes.CameraMasks:  # noqa: A002 - the path's word
    """Where they are, without a picture."""
    return _shown(asked.room, camera_for(asked, SEE, id))


@routes.add("POST", "/cameras/{id}/masks", Logged.ALTER, "masks", PROPOSE, shapes.CameraMasks)
def propose_masks(id: Id, body: shapes.MasksWanted, asked: Asking) -> shapes.CameraMasks:  # noqa: A002
    """All areas of one camera; nothing changes before another person confirms it."""
    room, camera = asked.room, camera_for(asked, PROPOSE, id)
    what = {"camera": camera.id, "areas": [[area.corners, area.kind] for area in body.areas]}
    _masks_of(what, 1)
    expect_none_open(room, KIND, camera.id)
    room.told(room.staffing.four_eyes.propose(KIND, what, asked.by(body.reason)))
    return _shown(room, camera)


@routes.add("POST", "/mask-proposals/{number}/approve", Logged.ALTER, "masks", CONFIRM, shapes.CameraMasks)
def approve_masks(number: Number, body: shapes.MaskAnswer, asked: Asking) -> shapes.CameraMasks:
    """By another person: decided from now on, and set in the camera at once, if that can."""
    room, four_eyes = asked.room, asked.room.staffing.four_eyes
    found = proposal(room, number, KIND)
    camera = camera_for(asked, CONFIRM, str(found.what["camera"]))
    room.told(four_eyes.approve(number, asked.by(body.reason)))
    now = room.staffing.staff.clock.utc()
    _save(
        asked,
        camera.id,
        f"masks as decided in proposal {number}",
        lambda before: _masks_of(found.what, before.version + 1)._replace(tokens=before.tokens, decided=now),
    )
    room.told(four_eyes.done(number, asked.by(f"proposal {number} is done")))
    return _shown(room, _set(asked, camera.id))


@routes.add("POST", "/mask-proposals/{number}/refuse", Logged.ALTER, "masks", CONFIRM, shapes.CameraMasks)
def refuse_masks(number: Number, body: shapes.MaskAnswer, asked: Asking) -> shapes.CameraMasks:
    """By another person: everything stays."""
    return _shown(asked.room, refuse(asked, number, body.reason, KIND))


@routes.add("POST", "/mask-proposals/{number}/withdraw", Logged.ALTER, "masks", PROPOSE, shapes.CameraMasks)
def withdraw_masks(number: Number, asked: Asking) -> shapes.CameraMasks:
    """By who proposed it."""
    return _shown(asked.room, withdraw(asked, number, KIND))


@routes.add("POST", "/cameras/{id}/masks/set", Logged.ALTER, "masks", APPLY, shapes.CameraMasks)
def set_masks(id: Id, asked: Asking) -> shapes.CameraMasks:  # noqa: A002 - the path's word
    """What was decided, in the camera once more: it was away, or is another device now."""
    camera = asked.room.cameras_of_town.one(id)
    if camera.masks is None:
        raise No("NOT_NOW", "nobody has decided about this camera's masks")
    return _shown(asked.room, _set(asked, camera.id))


@routes.add("POST", "/cameras/{id}/masks/check", Logged.ALTER, "masks", PROPOSE, shapes.CameraMasks)
def check_masks(id: Id, body: shapes.MaskCheck, asked: Asking) -> shapes.CameraMasks:  # noqa: A002
    """Whoever sees the picture says whether everything is hidden on it that should be."""
    camera = camera_for(asked, PROPOSE, id)
    if camera.masks is None:
        raise No("NOT_NOW", "nobody has decided about this camera's masks")
    now = asked.room.staffing.staff.clock.utc() if body.is_right else None
    text = "on the picture all is hidden that should be" if body.is_right else "on the picture not all is hidden"
    return _shown(asked.room, _save(asked, camera.id, text, lambda before: before._replace(checked=now)))


# -- parts


def _set(asked: Asked, id_: str) -> Camera:
    """Tell the camera; what comes of it is kept, and is a fact."""
    camera = asked.room.cameras_of_town.one(id_)
    wanted = camera.masks or NOBODY
    tokens, why = wanted.tokens, ""
    try:
        tokens = asyncio.run(_put(asked.room, camera, wanted))
    except CameraError as error:
        why = camera.without_secrets(str(error))[:300]
    text = "the camera has its masks" if not why else f"the camera has its masks not: {why}"

    def kept(before: Masks) -> Masks:
        is_same = before.version == wanted.version
        return before._replace(tokens=tokens, is_set=not why, why=why) if is_same else before._replace(tokens=tokens)

    return _save(asked, id_, text, kept)


async def _put(room: Room, camera: Camera, wanted: Masks) -> tuple[str, ...]:
    if camera.device is None or not camera.streams:
        raise CameraError("the camera has no address over ONVIF", "nosignal")
    main = camera.streams[0]
    trust = Trust(main.ca_pem, main.pin_sha256)
    client = Client(camera.device, main.username, main.password, room.clock, trust)
    try:
        async with asyncio.timeout(limits.ONVIF_SLOW_SECONDS):
            await client.open()
            return await put_masks(client, camera.sensor, wanted.areas, wanted.tokens)
    except TimeoutError as error:
        raise CameraError("the camera did not answer in time", "net") from error


def _save(asked: Asked, id_: str, why: str, edit: Callable[[Masks], Masks]) -> Camera:
    def change(before: Camera) -> Camera:
        return replace(before, masks=edit(before.masks or NOBODY))

    return asked.room.told(asked.room.cameras_of_town.change(id_, change, asked.by(why)))


def _masks_of(what: object, version: int) -> Masks:
    """As it was proposed; raises `No`."""
    areas = cast("dict[str, list[tuple[list[tuple[float, float]], str]]]", what)["areas"]
    found = tuple(Mask(tuple((x, y) for x, y in corners), kind) for corners, kind in areas)
    try:
        return Masks(version, found).valid()
    except Invalid as error:
        raise No("NOT_VALID", str(error), fields={"areas": str(error)}) from error


def _areas(masks: Masks) -> list[shapes.MaskArea]:
    kinds = cast("list[shapes.Kind]", [area.kind for area in masks.areas])
    return [
        shapes.MaskArea(corners=[list(corner) for corner in area.corners], kind=kind)
        for area, kind in zip(masks.areas, kinds, strict=True)
    ]


def _listed(camera: Camera, is_proposed: bool) -> dict[str, object]:
    masks = camera.masks or NOBODY
    return {
        "camera": camera.id,
        "name": camera.name,
        "version": masks.version,
        "count": len(masks.areas),
        "decided": None if masks.decided is None else iso_from_ticks(masks.decided),
        "is_set": masks.is_set,
        "why": masks.why,
        "checked": None if masks.checked is None else iso_from_ticks(masks.checked),
        "is_proposed": is_proposed,
    }


def _shown(room: Room, camera: Camera) -> shapes.CameraMasks:
    found = open_about(room, KIND, camera.id)
    return shapes.CameraMasks.model_validate(
        {
            **_listed(camera, found is not None),
            "areas": _areas(camera.masks or NOBODY),
            "proposal": None if found is None else _proposed(room, found),
        }
    )


def _proposed(room: Room, found: Proposal) -> shapes.MaskProposal:
    return shapes.MaskProposal.model_validate({**said_of(room, found), "areas": _areas(_masks_of(found.what, 1))})
