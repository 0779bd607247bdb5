# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Walls that people keep: which cameras stand where. No picture comes by these; that is a look (live.py)."""

from torrazzo.access.staff import Denial
from torrazzo.base.times import iso_from_ticks
from torrazzo.control_room.api import shapes
from torrazzo.control_room.api import walls_shapes as ours
from torrazzo.control_room.api.declared import Door, Logged, Routes
from torrazzo.control_room.api.gate import Asked, Asking
from torrazzo.control_room.api.problem import No
from torrazzo.control_room.api.wall_book import KeptWall
from torrazzo.law import Operation, Role

routes = Routes()

SHARERS = frozenset({Role.DESIGNATO})  # what all have on their screens is for who commands


@routes.add("GET", "/station", Logged.CONSULT, "station", Door.LOCKED, ours.Station)
def station(asked: Asking) -> ours.Station:
    """Where this is, and the server's time: by it a page tells how old its pictures are."""
    clock = asked.room.staffing.staff.clock
    return ours.Station(name=asked.where.station, now=iso_from_ticks(clock.utc()))


@routes.add("GET", "/walls", Logged.CONSULT, "walls", Operation.CAMERAS_SEE, ours.Walls)
def walls(asked: Asking) -> ours.Walls:
    """One's own and shared ones, and what one's monitors showed last; a technician has no shared ones (AC-07)."""
    book, account = asked.room.walls, asked.account.id
    found = [each for each in book.of(account) if each.owner == account or Role.TECHNICIAN not in asked.account.roles]
    names = {each.id: each.full_name for each in asked.room.staffing.accounts.all()}
    return ours.Walls(
        items=[_wall(asked, each, names.get(each.owner, "")) for each in found],
        now={number: ours.Arrangement.model_validate(shown) for number, shown in book.now(account).items()},
        may_share=_may_share(asked),
    )


@routes.add("PUT", "/walls/now/{monitor}", Logged.ALTER, "walls", Operation.CAMERAS_SEE, None, is_told=False)
def show(monitor: ours.Monitor, body: ours.Arrangement, asked: Asking) -> None:
    """What a monitor shows from now on, so that it comes back by itself."""
    asked.room.walls.show(asked.account.id, monitor, body.model_dump())


@routes.add("POST", "/walls", Logged.ALTER, "walls", Operation.CAMERAS_SEE, ours.Wall, is_told=False)
def keep(body: ours.NewWall, asked: Asking) -> ours.Wall:
    """Under a name."""
    _expect_sharer(asked, is_shared=body.shared)
    wall = asked.room.walls.add(asked.account.id, body.name, body.arrangement.model_dump(), is_shared=body.shared)
    return _wall(asked, wall, asked.account.full_name)


@routes.add("PUT", "/walls/{id}", Logged.ALTER, "walls", Operation.CAMERAS_SEE, ours.Wall, is_told=False)
def change(id: shapes.Line, body: ours.NewWall, asked: Asking) -> ours.Wall:  # noqa: A002 - the path's word
    """One's own; a shared one if one may share."""
    wall = _changeable(asked, id)
    _expect_sharer(asked, is_shared=body.shared)
    changed = wall._replace(name=body.name, is_shared=body.shared, arrangement=body.arrangement.model_dump())
    asked.room.walls.change(changed)
    return _wall(asked, changed, asked.account.full_name if wall.owner == asked.account.id else "")


@routes.add("DELETE", "/walls/{id}", Logged.ALTER, "walls", Operation.CAMERAS_SEE, None, is_told=False)
def remove(id: shapes.Line, asked: Asking) -> None:  # noqa: A002 - the path's word
    """One's own; a shared one if one may share."""
    asked.room.walls.remove(_changeable(asked, id).id)


def _changeable(asked: Asked, id_: str) -> KeptWall:
    wall = asked.room.walls.get(asked.account.id, id_)
    if wall is None:
        raise No("NOT_FOUND")
    if wall.owner != asked.account.id:
        _expect_sharer(asked, is_shared=True)
    return wall


def _may_share(asked: Asked) -> bool:
    return bool(asked.account.roles & SHARERS)


def _expect_sharer(asked: Asked, *, is_shared: bool) -> None:
    if is_shared and not _may_share(asked):
        raise Denial("FORBIDDEN", "AC-02", "walls for all are made by who commands")


def _wall(asked: Asked, wall: KeptWall, owner: str) -> ours.Wall:
    return ours.Wall(
        id=wall.id,
        name=wall.name,
        shared=wall.is_shared,
        owner=shapes.Person(id=wall.owner, name=owner),
        own=wall.owner == asked.account.id,
        arrangement=ours.Arrangement.model_validate(wall.arrangement),
    )
