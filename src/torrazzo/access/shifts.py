# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Shifts: the standing reason for live pictures (LG-02), opened by a person, handed over with a note."""

from typing import NamedTuple

import sqlalchemy as sa

from torrazzo.access.accounts import read_account
from torrazzo.access.staff import PROGRAM, By, Change, Denial, Done, Staff, demand
from torrazzo.access.tables import SHIFT
from torrazzo.base.errors import Invalid
from torrazzo.base.times import HOUR, UtcTicks
from torrazzo.law.reason import check_reason

LONGEST = 12 * HOUR  # then it is forgotten, and stands for nothing any more
LONGEST_NOTE = 4_000


class Shift(NamedTuple):
    """One, over or not."""

    number: int
    person: str  # account
    reason: str
    opened: UtcTicks
    ended: UtcTicks | None
    why: str | None  # ended: hand-over, close, forgotten
    note: str | None
    takes: int | None  # the one that was handed over to it

    def stands(self, now: UtcTicks) -> bool:
        """Whether its reason is one, now."""
        return self.ended is None and now < self.opened + LONGEST


class Shifts:
    """Of one town."""

    def __init__(self, staff: Staff) -> None:
        self._staff = staff

    def of(self, person: str) -> Shift | None:
        """The one that this account has open."""
        with self._staff.look() as connection:
            found = _open_one(connection, person)
        return found if found is not None and found.stands(self._staff.clock.utc()) else None

    def all(self, since: int = 0) -> list[Shift]:
        """Those that were open then (UTC ticks) or later, oldest first."""
        is_late = sa.or_(SHIFT.c.ended.is_(None), SHIFT.c.ended > since)
        with self._staff.look() as connection:
            return _shifts(connection, is_late)

    def waiting(self) -> list[Shift]:
        """Handed over, and taken by nobody yet, oldest first."""
        taken = sa.select(SHIFT.c.takes).where(SHIFT.c.takes.is_not(None))
        with self._staff.look() as connection:
            return _shifts(connection, sa.and_(SHIFT.c.why == "hand-over", SHIFT.c.number.not_in(taken)))

    def open(self, by: By, takes: int | None = None) -> Done[Shift]:
        """With `by.reason` as standing reason; `takes`: the number of one that was handed over, whose note was read."""
        demand(check_reason(by.reason), "say in a few words for which service this shift is")
        assert by.id is not None
        with self._staff.change() as change:
            connection = change.connection
            there = _open_one(connection, by.id)
            if there is not None and there.stands(change.now):
                raise Denial("SHIFT_THERE", "LG-02", f"shift {there.number} of yours is open; close it first")
            if there is not None:
                _forget(change, there)
            if takes is not None:
                _check_waits(connection, takes)
            values = {"person": by.id, "reason": by.reason, "opened": change.now, "takes": takes}
            row = connection.execute(sa.insert(SHIFT).values(**values))
            assert row.inserted_primary_key is not None
            shift = _shift(connection, row.inserted_primary_key[0])
            change.tell("shift", {"what": "open", "number": shift.number}, by)
            return change.done(shift)

    def hand_over(self, by: By, note: str) -> Done[Shift]:
        """It ends; the note waits for whoever opens the next one."""
        if not note.strip() or len(note) > LONGEST_NOTE:
            raise Invalid(f"note: tell the next shift what it has to know, in at most {LONGEST_NOTE} characters")
        return self._end(by._replace(reason=note), "hand-over", note)

    def close(self, by: By) -> Done[Shift]:
        """It ends, and nobody has to know anything."""
        return self._end(by, "close", None)

    def tend(self) -> Done[None]:
        """Close those that were forgotten."""
        with self._staff.change() as change:
            for shift in _shifts(change.connection, SHIFT.c.ended.is_(None)):
                if not shift.stands(change.now):
                    _forget(change, shift)
            return change.done(None)

    def _end(self, by: By, why: str, note: str | None) -> Done[Shift]:
        assert by.id is not None
        with self._staff.change() as change:
            shift = _open_one(change.connection, by.id)
            if shift is None or not shift.stands(change.now):
                raise Denial("SHIFT_REQUIRED", "LG-02", "no shift of yours is open")
            _set_end(change, shift, why, note)
            change.tell("shift", {"what": why, "number": shift.number}, by)
            return change.done(_shift(change.connection, shift.number))


def _forget(change: Change, shift: Shift) -> None:
    _set_end(change, shift, "forgotten", None)
    name = read_account(change.connection, shift.person).name
    by = By(PROGRAM, f"{name} left it open for {LONGEST // HOUR} hours")
    change.tell("shift", {"what": "forgotten", "number": shift.number}, by)


def _set_end(change: Change, shift: Shift, why: str, note: str | None) -> None:
    query = sa.update(SHIFT).where(SHIFT.c.number == shift.number)
    change.connection.execute(query.values(ended=change.now, why=why, note=note))


def _check_waits(connection: sa.Connection, number: int) -> None:
    found = _shifts(connection, SHIFT.c.number == number)
    if not found or found[0].why != "hand-over":
        raise Invalid(f"shift {number} was not handed over")
    if _shifts(connection, SHIFT.c.takes == number):
        raise Denial("SHIFT_TAKEN", "LG-02", f"shift {number} was taken over already")


def _open_one(connection: sa.Connection, person: str) -> Shift | None:
    return next(iter(_shifts(connection, sa.and_(SHIFT.c.person == person, SHIFT.c.ended.is_(None)))), None)


def _shift(connection: sa.Connection, number: int) -> Shift:
    (found,) = _shifts(connection, SHIFT.c.number == number)
    return found


def _shifts(connection: sa.Connection, where: sa.ColumnElement[bool]) -> list[Shift]:
    rows = connection.execute(sa.select(SHIFT).where(where).order_by(SHIFT.c.number)).mappings()
    return [Shift(**row) for row in rows]
