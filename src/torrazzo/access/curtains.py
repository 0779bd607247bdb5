# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The privacy curtain (AC-08): while it is drawn, a station shows no picture; who drew it, and why, is told."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import sqlalchemy as sa

from torrazzo.access.staff import By, Change, Done, Staff
from torrazzo.access.tables import CURTAIN
from torrazzo.base.times import DAY, UtcTicks

KEPT = 365 * DAY  # of the register; what is older stays as a fact alone


class Curtain(NamedTuple):
    """One drawing of it, over or not."""

    number: int
    station: str
    person: str  # account
    reason: str
    drawn: UtcTicks
    opened: UtcTicks | None
    opener: str | None


class Curtains:
    """Of one town: each station has its own. `is_drawn` asks no database."""

    def __init__(self, staff: Staff) -> None:
        self._staff = staff
        self._drawn: dict[str, Curtain] | None = None
        self._reading = threading.Lock()  # what one read before a curtain was drawn is not put behind it by another

    def is_drawn(self, station: str) -> bool:
        """Whether that station shows nothing now."""
        return self.of(station) is not None

    def of(self, station: str) -> Curtain | None:
        """The one that is drawn there."""
        return self._known().get(station)

    def all(self, since: int = 0) -> list[Curtain]:
        """Those that were drawn then (UTC ticks) or later, or still are, oldest first."""
        with self._staff.look() as connection:
            return _read(connection, sa.or_(CURTAIN.c.opened.is_(None), CURTAIN.c.opened > since))

    def draw(self, by: By, station: str) -> Done[Curtain]:
        """`by.reason` says why. One that is drawn already stays as it was, and nothing is told."""
        with self._changing() as (change, known):
            there = known.get(station)
            if there is not None:
                return change.done(there)
            values = {"station": station, "person": by.id, "reason": by.reason, "drawn": change.now}
            row = change.connection.execute(sa.insert(CURTAIN).values(**values))
            assert row.inserted_primary_key is not None
            (found,) = _read(change.connection, CURTAIN.c.number == row.inserted_primary_key[0])
            change.tell("room", {"what": "curtain-drawn", "number": found.number}, by)
            known[station] = found
            return change.done(found)

    def open(self, by: By, station: str) -> Done[Curtain | None]:
        """Pictures may be shown there again; None: it was not drawn."""
        with self._changing() as (change, known):
            there = known.pop(station, None)
            if there is None:
                return change.done(None)
            query = sa.update(CURTAIN).where(CURTAIN.c.number == there.number)
            change.connection.execute(query.values(opened=change.now, opener=by.id))
            change.tell("room", {"what": "curtain-opened", "number": there.number}, by)
            return change.done(there._replace(opened=change.now, opener=by.id))

    def tend(self) -> None:
        """Forget what the register need not keep any longer."""
        with self._staff.change() as change:
            change.connection.execute(sa.delete(CURTAIN).where(CURTAIN.c.opened < change.now - KEPT))

    @contextmanager
    def _changing(self) -> Iterator[tuple[Change, dict[str, Curtain]]]:
        """What is known is read anew if the change fails."""
        try:
            with self._staff.change() as change:
                yield change, self._known()
        except BaseException:
            self._drawn = None
            raise

    def _known(self) -> dict[str, Curtain]:
        found = self._drawn
        if found is not None:
            return found
        with self._reading:
            if self._drawn is None:
                with self._staff.look() as connection:
                    self._drawn = {each.station: each for each in _read(connection, CURTAIN.c.opened.is_(None))}
            return self._drawn


def _read(connection: sa.Connection, where: sa.ColumnElement[bool]) -> list[Curtain]:
    rows = connection.execute(sa.select(CURTAIN).where(where).order_by(CURTAIN.c.number)).mappings()
    return [Curtain(**row) for row in rows]
