# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Groups of cameras: with which cameras a person has to do (AC-02). One may be all cameras, also those to come."""

import secrets
from collections.abc import Set as AbstractSet
from typing import NamedTuple

import sqlalchemy as sa

from torrazzo.access.accounts import Accounts
from torrazzo.access.staff import By, Denial, Done, Staff
from torrazzo.access.tables import CAMERA_GROUP, GROUP_MEMBER, PERSON_GROUP
from torrazzo.base.errors import Invalid, Refused
from torrazzo.town.registry import CAMERA


class CameraGroup(NamedTuple):
    """As it is now."""

    id: str
    name: str
    is_all: bool
    cameras: frozenset[str]  # by id; empty where it is all

    def plain(self) -> dict[str, object]:
        """What its changes are told by."""
        return {**self._asdict(), "cameras": sorted(self.cameras)}


class CameraGroups:
    """Of one town."""

    def __init__(self, staff: Staff, accounts: Accounts) -> None:
        self._staff, self._accounts = staff, accounts

    def all(self) -> list[CameraGroup]:
        """By name."""
        with self._staff.look() as connection:
            return _groups(connection)

    def save(self, group: CameraGroup, by: By) -> Done[CameraGroup]:
        """A new one, if its id is empty; else as it is from now on, for everybody who has it."""
        if not 0 < len(group.name.strip()) <= 64 or not group.name.isprintable():
            raise Invalid("name: give the group a name of at most 64 characters")
        if group.is_all and group.cameras:
            raise Invalid("a group of all cameras lists none")
        new = group._replace(id=group.id or secrets.token_hex(8), name=group.name.strip())
        with self._staff.change() as change:
            connection = change.connection
            there = {each.id: each for each in _groups(connection)}
            if group.id and group.id not in there:
                raise Invalid(f"there is no group of cameras {group.id[:40]!r}")
            if any(each.name == new.name and each.id != new.id for each in there.values()):
                raise Refused(f"there is a group named {new.name} already")
            _check_cameras(connection, new.cameras)
            row = {"id": new.id, "name": new.name, "is_all": new.is_all}
            query = sa.update(CAMERA_GROUP).where(CAMERA_GROUP.c.id == new.id) if group.id else sa.insert(CAMERA_GROUP)
            connection.execute(query.values(**row))
            connection.execute(sa.delete(GROUP_MEMBER).where(GROUP_MEMBER.c.camera_group == new.id))
            for camera in sorted(new.cameras):
                connection.execute(sa.insert(GROUP_MEMBER).values(camera_group=new.id, camera=camera))
            before = there[new.id].plain() if group.id else None
            self._accounts.tell_change(change, "camera-group", before, new.plain(), by)
            return change.done(new)

    def remove(self, id_: str, by: By) -> Done[None]:
        """One that nobody has."""
        with self._staff.change() as change:
            found = next((each for each in _groups(change.connection) if each.id == id_), None)
            if found is None:
                raise Invalid(f"there is no group of cameras {id_[:40]!r}")
            used = sa.select(PERSON_GROUP.c.person).where(PERSON_GROUP.c.camera_group == id_)
            if change.connection.execute(used).first() is not None:
                raise Denial("GROUP_USED", "AC-02", f"somebody has the group {found.name}; take it away first")
            change.connection.execute(sa.delete(GROUP_MEMBER).where(GROUP_MEMBER.c.camera_group == id_))
            change.connection.execute(sa.delete(CAMERA_GROUP).where(CAMERA_GROUP.c.id == id_))
            self._accounts.tell_change(change, "camera-group", found.plain(), {}, by)
            return change.done(None)


def _check_cameras(connection: sa.Connection, cameras: AbstractSet[str]) -> None:
    known = set(connection.execute(sa.select(CAMERA.c.id)).scalars())
    if unknown := sorted(cameras - known):
        raise Invalid(f"there is no camera {unknown[0][:40]!r}")


def _groups(connection: sa.Connection) -> list[CameraGroup]:
    members: dict[str, set[str]] = {}
    for group, camera in connection.execute(sa.select(GROUP_MEMBER.c.camera_group, GROUP_MEMBER.c.camera)):
        members.setdefault(group, set()).add(camera)
    rows = connection.execute(sa.select(CAMERA_GROUP).order_by(CAMERA_GROUP.c.name))
    return [CameraGroup(row.id, row.name, row.is_all, frozenset(members.get(row.id, ()))) for row in rows]
