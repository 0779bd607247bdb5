# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The demo's people, for visitors: closed everywhere but in a demo that runs (control_room/demo_door.py)."""

from starlette.responses import Response

from torrazzo.access.staff import Denial
from torrazzo.control_room.api import shapes
from torrazzo.control_room.api.declared import Door, Logged, Routes
from torrazzo.control_room.api.demo_shapes import DemoPerson, DemoWho, DemoWord
from torrazzo.control_room.api.doors import step_of
from torrazzo.control_room.api.gate import Asked, Asking
from torrazzo.control_room.api.shapes import Items
from torrazzo.control_room.demo_door import DemoDoor

routes = Routes()


@routes.add("POST", "/demo", Logged.AUTH, "demo", Door.ANYONE, Items[DemoPerson])
def demo_people(body: DemoWord, asked: Asking) -> Items[DemoPerson]:
    """Who can be chosen."""
    found = _door(asked).people(body.token, asked.where)
    return Items(items=[DemoPerson(id=each.id, name=each.full_name, roles=sorted(each.roles)) for each in found])


@routes.add("POST", "/demo/sign-in", Logged.AUTH, "session", Door.ANYONE, shapes.SignInStep)
def demo_sign_in(body: DemoWho, asked: Asking, response: Response) -> shapes.SignInStep:
    """As one of them; an operator with an open shift."""
    door, room = _door(asked), asked.room
    opened, is_told = room.told_or_owed(door.enter(body.token, body.person, asked.where))
    shift = door.shift(opened)
    if shift is not None:
        is_told = room.told_or_owed(shift)[1] and is_told
    return step_of(asked, response, opened, is_told=is_told)


def _door(asked: Asked) -> DemoDoor:
    room = asked.room
    if room.demo_door is None or room.is_secure or room.is_behind_proxy:
        raise Denial("LINK_GONE", "AC-01", "this is no demo")
    return room.demo_door
