# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Groups of cameras: with which cameras a person has to do (AC-02). One may be all cameras, also those to come."""

import secrets
from collections.abc import Set as AbstractSet
from typing import NamedTuple

import sqlalchemy as sa

from torrazzo.access.accounts import Accounts
from torrazzo.access.staff import By, Change, Denial, Done, Staff
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

    def check(self, group: CameraGroup) -> None:
        """Raises what saving it would raise."""
        with self._staff.look() as connection:
            _checked(connection, group)

    def save(self, group: CameraGroup, by: By) -> Done[CameraGroup]:
        """A new one, if its id is empty; else as it is from now on, for everybody who has it."""
        with self._staff.change() as change:
            before, new = _checked(change.connection, group)
            return self._saved(change, before, new, by)

    def narrow(self, id_: str, cameras: AbstractSet[str], by: By) -> Done[CameraGroup]:
        """By one person: fewer cameras for everybody who has it; raises `Denial` where one comes in."""
        with self._staff.change() as change:
            before = _group(change.connection, id_)
            if not before.is_all and cameras - before.cameras:
                raise Denial("GROUP_BY_TWO", "AC-02", f"more cameras for who has {before.name}: that takes two")
            _, new = _checked(change.connection, before._replace(is_all=False, cameras=frozenset(cameras)))
            return self._saved(change, before, new, by)

    def _saved(self, change: Change, before: CameraGroup | None, new: CameraGroup, by: By) -> Done[CameraGroup]:
        connection, row = change.connection, {"id": new.id, "name": new.name, "is_all": new.is_all}
        there = sa.update(CAMERA_GROUP).where(CAMERA_GROUP.c.id == new.id)
        connection.execute((sa.insert(CAMERA_GROUP) if before is None else there).values(**row))
        connection.execute(sa.delete(GROUP_MEMBER).where(GROUP_MEMBER.c.camera_group == new.id))
        for camera in sorted(new.cameras):
            connection.execute(sa.insert(GROUP_MEMBER).values(camera_group=new.id, camera=camera))
        was = None if before is None else before.plain()
        self._accounts.tell_change(
            change, "camera-group", was, new.plain(), by._replace(reason=f"{new.name}: {by.reason}")
        )
        return change.done(new)

    def remove(self, id_: str, by: By) -> Done[None]:
        """One that nobody has."""
        with self._staff.change() as change:
            found = _group(change.connection, id_)
            used = sa.select(PERSON_GROUP.c.person).where(PERSON_GROUP.c.camera_group == id_)
            if change.connection.execute(used).first() is not None:
                raise Denial("GROUP_USED", "AC-02", f"somebody has the group {found.name}; take it away first")
            change.connection.execute(sa.delete(GROUP_MEMBER).where(GROUP_MEMBER.c.camera_group == id_))
            change.connection.execute(sa.delete(CAMERA_GROUP).where(CAMERA_GROUP.c.id == id_))
            about = by._replace(reason=f"{found.name}: {by.reason}")
            self._accounts.tell_change(change, "camera-group", found.plain(), {}, about)
            return change.done(None)


class UnknownGroup(Invalid):
    """There is none of that id (any more)."""


def _group(connection: sa.Connection, id_: str) -> CameraGroup:
    found = next((each for each in _groups(connection) if each.id == id_), None)
    if found is None:
        raise UnknownGroup(f"there is no group of cameras {id_[:40]!r}")
    return found


def _checked(connection: sa.Connection, group: CameraGroup) -> tuple[CameraGroup | None, CameraGroup]:
    """As it was, and as it is to be; raises `Invalid`, `Refused`."""
    if not 0 < len(group.name.strip()) <= 64 or not group.name.isprintable():
        raise Invalid("name: give the group a name of at most 64 characters")
    if group.is_all and group.cameras:
        raise Invalid("a group of all cameras lists none")
    before = _group(connection, group.id) if group.id else None
    new = group._replace(id=group.id or secrets.token_hex(8), name=group.name.strip())
    if any(each.name == new.name and each.id != new.id for each in _groups(connection)):
        raise Refused(f"there is a group named {new.name} already")
    _check_cameras(connection, new.cameras if before is None else new.cameras - before.cameras)
    return before, new


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
