# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Holds: what a case needs for longer. Placed by one, lasting once another confirmed it, released."""

from collections.abc import Mapping
from typing import Any

from torrazzo.base.errors import Invalid
from torrazzo.base.ids import StreamId
from torrazzo.control_room.api import exports_shapes as shapes
from torrazzo.control_room.api.declared import Logged, Routes
from torrazzo.control_room.api.exports import names_of, plainly, wanted_of, who_of
from torrazzo.control_room.api.gate import Asked, Asking, expect_law
from torrazzo.control_room.api.problem import No
from torrazzo.control_room.api.room import Room
from torrazzo.control_room.api.shapes import Items
from torrazzo.control_room.holds_app import HoldDesk
from torrazzo.keyring.vault_file import Hold
from torrazzo.law import Circumstances, Operation

routes = Routes()

PLACE, CONFIRM = Operation.HOLD_PLACE, Operation.HOLD_CONFIRM


@routes.add("GET", "/holds", Logged.CONSULT, "holds", PLACE, Items[shapes.Hold], asks_law=True)
def holds(asked: Asking) -> Items[shapes.Hold]:
    """Those of one's cameras that are not over."""
    scope = asked.room.staffing.accounts.scope(asked.account)
    found = desk_of(asked.room).placed_now()
    return Items(items=[_told(asked, each) for each in found if scope.has(_cameras(each))])


@routes.add("POST", "/holds", Logged.HOLD, "holds", PLACE, shapes.HoldPlaced, asks_law=True)
def place_hold(body: shapes.HoldAsked, asked: Asking) -> shapes.HoldPlaced:
    """Answered when its keys are safe. It is over in 72 hours unless another person confirms it."""
    case = " ".join(body.case.split())
    if not case:
        raise No("NOT_VALID", "a hold is for a case: name it", fields={"case": "missing"})
    expect_law(asked, PLACE, body.cameras, Circumstances(reason=body.reason, case=case, request=body.request or None))
    streams, span = wanted_of(asked.room, body)
    who = who_of(asked, body.reason, case)
    placed = plainly(lambda: desk_of(asked.room).placed(who, streams, span, body.cause))
    return shapes.HoldPlaced.model_validate({key: placed[key] for key in shapes.HoldPlaced.model_fields})


@routes.add("POST", "/holds/{name}/confirm", Logged.HOLD, "holds", CONFIRM, None, asks_law=True)
def confirm_hold(name: str, body: shapes.Said, asked: Asking) -> None:
    """By another person; then it lasts as long as its cause lets it."""
    hold = _one(asked, name)
    expect_law(asked, CONFIRM, _streams(hold), Circumstances(reason=body.reason, by_self=_is_own(asked, name)))
    if hold.confirmed is not None:
        raise No("NOT_NOW", "this hold is confirmed already")
    desk_of(asked.room).confirmed(who_of(asked, body.reason), hold)


@routes.add("POST", "/holds/{name}/release", Logged.HOLD, "holds", CONFIRM, None, asks_law=True)
def release_hold(name: str, body: shapes.Said, asked: Asking) -> None:
    """What it alone kept can be read by nobody any more."""
    hold = _one(asked, name)
    expect_law(asked, CONFIRM, _streams(hold), Circumstances(reason=body.reason))
    desk_of(asked.room).released(who_of(asked, body.reason), hold)


def desk_of(room: Room) -> HoldDesk:
    """Raises where this process has none."""
    if room.holds is None:
        raise No("AWAY", "nothing is held here")
    return room.holds


def _one(asked: Asked, name: str) -> Hold:
    try:
        return desk_of(asked.room).hold(name)
    except Invalid as error:
        raise No("NOT_FOUND", str(error)) from error


def _streams(hold: Hold) -> list[str]:
    return [str(StreamId.parse(stream).camera) for stream in hold.act.values["streams"]]


def _is_own(asked: Asked, name: str) -> bool:
    return any(each["hold"] == name and each["by"] == asked.account.name for each in desk_of(asked.room).placed_now())


def _cameras(told: Mapping[str, Any]) -> list[str]:
    return [str(StreamId.parse(stream).camera) for stream in told["streams"]]


def _told(asked: Asked, told: Mapping[str, Any]) -> shapes.Hold:
    people = {account.name: account.full_name for account in asked.room.staffing.accounts.all()}
    by = told["by"]
    found = {key: told[key] for key in told if key not in {"cameras", "streams", "by"}}
    return shapes.Hold.model_validate({
        **found,
        "cameras": names_of(asked.room, [StreamId.parse(stream) for stream in told["streams"]]),
        "by": people.get(by, by),
        "is_own": by == asked.account.name,
    })  # fmt: skip
