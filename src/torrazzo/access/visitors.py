# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Visitors of the control room (AC-08): written down by who works there, with reason and company, in and out."""

from typing import NamedTuple

import sqlalchemy as sa

from torrazzo.access.staff import By, Denial, Done, Staff
from torrazzo.access.tables import VISITOR
from torrazzo.base.errors import Invalid
from torrazzo.base.times import DAY, UtcTicks

KEPT = 365 * DAY
MOST_INSIDE = 100
LONGEST = 200  # characters of each that is said


class Visit(NamedTuple):
    """What is said of somebody who comes in."""

    name: str
    office: str  # or firm
    reason: str
    authorised: str  # by whom
    company: str  # who goes with them


class Visitor(NamedTuple):
    """Somebody who came, and who may have gone."""

    number: int
    name: str
    office: str
    reason: str
    authorised: str
    company: str
    person: str  # account of who wrote it down
    came: UtcTicks
    left: UtcTicks | None
    closer: str | None  # account of who wrote down that they left


class Visitors:
    """Of one control room."""

    def __init__(self, staff: Staff) -> None:
        self._staff = staff

    def inside(self) -> list[Visitor]:
        """Who is there now."""
        with self._staff.look() as connection:
            return _read(connection, VISITOR.c.left.is_(None))

    def all(self, since: int = 0) -> list[Visitor]:
        """Who was there then (UTC ticks) or later, oldest first."""
        with self._staff.look() as connection:
            return _read(connection, sa.or_(VISITOR.c.left.is_(None), VISITOR.c.left > since))

    def enter(self, by: By, visit: Visit) -> Done[Visitor]:
        """Somebody comes in; what is said goes into the private part of the fact."""
        for field, value in visit._asdict().items():
            if not value.strip() or len(value) > LONGEST:
                raise Invalid(f"{field}: write it, in at most {LONGEST} characters")
        said = "; ".join(visit)
        with self._staff.change() as change:
            if len(_read(change.connection, VISITOR.c.left.is_(None))) >= MOST_INSIDE:
                raise Denial("VISITORS_MANY", "AC-08", f"{MOST_INSIDE} visitors are inside: write down who has left")
            values = {**visit._asdict(), "person": by.id, "came": change.now}
            row = change.connection.execute(sa.insert(VISITOR).values(**values))
            assert row.inserted_primary_key is not None
            (found,) = _read(change.connection, VISITOR.c.number == row.inserted_primary_key[0])
            change.tell("room", {"what": "visitor-in", "number": found.number}, by._replace(reason=said))
            return change.done(found)

    def leave(self, by: By, number: int) -> Done[Visitor]:
        """They are out; raises `Denial` if nobody of that number is inside."""
        with self._staff.change() as change:
            there = _read(change.connection, sa.and_(VISITOR.c.number == number, VISITOR.c.left.is_(None)))
            if not there:
                raise Denial("NOT_INSIDE", "AC-08", f"no visitor {number} is inside")
            query = sa.update(VISITOR).where(VISITOR.c.number == number)
            change.connection.execute(query.values(left=change.now, closer=by.id))
            change.tell("room", {"what": "visitor-out", "number": number}, by)
            return change.done(there[0]._replace(left=change.now, closer=by.id))

    def tend(self) -> None:
        """Forget what the register need not keep any longer."""
        with self._staff.change() as change:
            change.connection.execute(sa.delete(VISITOR).where(VISITOR.c.left < change.now - KEPT))


def _read(connection: sa.Connection, where: sa.ColumnElement[bool]) -> list[Visitor]:
    rows = connection.execute(sa.select(VISITOR).where(where).order_by(VISITOR.c.number)).mappings()
    return [Visitor(**row) for row in rows]
