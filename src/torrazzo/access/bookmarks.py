# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Bookmarks: times of cameras with a note, for all who play back that camera. They go with the footage."""

import secrets
from collections.abc import Callable, Iterable
from typing import NamedTuple

import sqlalchemy as sa

from torrazzo.access.accounts import Accounts
from torrazzo.access.staff import By, Denial, Done, Staff
from torrazzo.access.tables import BOOKMARK
from torrazzo.base.errors import Invalid, Refused
from torrazzo.base.spans import Span
from torrazzo.base.times import HOUR, SECOND, UtcTicks
from torrazzo.town.lives import LEGAL_HOURS

LONGEST_NOTE = 500  # characters
MOST = 200  # of one camera and day

LIFE = LEGAL_HOURS * HOUR
AHEAD = 60 * SECOND


class UnknownBookmark(Invalid):
    """There is none of that id."""


class Bookmark(NamedTuple):
    """As it was made."""

    id: str
    camera: str
    at: UtcTicks
    note: str
    person: str  # account
    made: UtcTicks

    def plain(self) -> dict[str, object]:
        """What its making and removal are told by."""
        return self._asdict()


class Bookmarks:
    """Of one town."""

    def __init__(self, staff: Staff, accounts: Accounts) -> None:
        self._staff, self._accounts = staff, accounts

    def within(self, cameras: Iterable[str], span: Span) -> list[Bookmark]:
        """By time."""
        among = BOOKMARK.c.camera.in_(sorted(set(cameras)))
        where = sa.and_(among, BOOKMARK.c.at >= span.start, BOOKMARK.c.at < span.end)
        with self._staff.look() as connection:
            return _bookmarks(connection, where)

    def one(self, id_: str) -> Bookmark:
        """By id; raises `UnknownBookmark`."""
        with self._staff.look() as connection:
            return _one(connection, id_)

    def add(self, camera: str, at: UtcTicks, note: str, by: By) -> Done[Bookmark]:
        """A new one, of a time whose footage can still be there."""
        text = " ".join(note.split())
        if not 0 < len(text) <= LONGEST_NOTE or not text.isprintable():
            raise Invalid(f"note: write what is to be seen there, in at most {LONGEST_NOTE} characters")
        assert by.id is not None
        with self._staff.change() as change:
            if not change.now - LIFE < at <= change.now + AHEAD:
                raise Denial("FOOTAGE_EXPIRED", "RT-01", "of that time there is no footage")
            near = sa.and_(BOOKMARK.c.camera == camera, sa.func.abs(BOOKMARK.c.at - at) < 12 * HOUR)
            count = change.connection.execute(sa.select(sa.func.count()).select_from(BOOKMARK).where(near)).scalar_one()
            if count >= MOST:
                raise Refused(f"there are {count} bookmarks of that day already; remove some")
            made = Bookmark(secrets.token_hex(8), camera, at, text, by.id, change.now)
            change.connection.execute(sa.insert(BOOKMARK).values(**made._asdict()))
            self._accounts.tell_change(change, "bookmark", None, made.plain(), by)
            return change.done(made)

    def remove(self, id_: str, by: By) -> Done[None]:
        """It is gone."""
        with self._staff.change() as change:
            found = _one(change.connection, id_)
            change.connection.execute(sa.delete(BOOKMARK).where(BOOKMARK.c.id == id_))
            self._accounts.tell_change(change, "bookmark", found.plain(), {}, by)
            return change.done(None)

    def forget(self, is_held: Callable[[Bookmark], bool]) -> int:
        """Forget those whose footage is gone: older than the law lets it live, and in no hold. How many they were."""
        old = BOOKMARK.c.at <= self._staff.clock.utc() - LIFE
        with self._staff.look() as connection:
            over = [each.id for each in _bookmarks(connection, old) if not is_held(each)]
        if over:
            with self._staff.change() as change:
                change.connection.execute(sa.delete(BOOKMARK).where(BOOKMARK.c.id.in_(over)))
        return len(over)


def _one(connection: sa.Connection, id_: str) -> Bookmark:
    found = _bookmarks(connection, BOOKMARK.c.id == id_)
    if not found:
        raise UnknownBookmark(f"there is no bookmark {id_[:40]!r}")
    return found[0]


def _bookmarks(connection: sa.Connection, where: sa.ColumnElement[bool]) -> list[Bookmark]:
    rows = connection.execute(sa.select(BOOKMARK).where(where).order_by(BOOKMARK.c.at, BOOKMARK.c.id)).mappings()
    return [Bookmark(**row) for row in rows]
