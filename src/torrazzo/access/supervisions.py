# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Sessions of technicians (AC-07): an operator opens one for some cameras and some hours, is there, and closes it.

What a technician may do hangs on it: it ends with its time, and rests while the operator who supervises has no shift.
One whose time is over stays there until somebody writes down how things were left: nobody is forgotten in the room.
"""

import json
from collections.abc import Iterable
from typing import NamedTuple

import sqlalchemy as sa

from torrazzo.access.accounts import read_account
from torrazzo.access.shifts import Shifts
from torrazzo.access.staff import By, Change, Denial, Done, Staff, demand
from torrazzo.access.tables import SUPERVISION
from torrazzo.base.errors import Invalid
from torrazzo.base.times import DAY, HOUR, UtcTicks
from torrazzo.law import Role
from torrazzo.law.reason import check_reason

MOST_HOURS = 4
MOST_CAMERAS = 64
LONGEST_OUTCOME = 1_000
KEPT = 365 * DAY  # of the register; what is older stays as a fact alone


class Supervision(NamedTuple):
    """One, over or not."""

    number: int
    technician: str  # account
    operator: str  # account of who supervises now
    cameras: frozenset[str]  # by id
    reason: str
    opened: UtcTicks
    until: UtcTicks
    ended: UtcTicks | None
    why: str | None  # done: by who supervised; left: by the technician
    closer: str | None  # account
    outcome: str | None

    def is_late(self, now: UtcTicks) -> bool:
        """Its time is over, and nobody has closed it."""
        return self.ended is None and now >= self.until


class Wanted(NamedTuple):
    """What an operator opens."""

    technician: str  # account
    cameras: frozenset[str]
    hours: int


class Supervisions:
    """Of one town."""

    def __init__(self, staff: Staff, shifts: Shifts) -> None:
        self._staff, self._shifts = staff, shifts

    def of(self, technician: str) -> Supervision | None:
        """The one that this account has and nobody has closed, be it late."""
        with self._staff.look() as connection:
            return _open_one(connection, technician)

    def has(self, technician: str, cameras: Iterable[str]) -> bool:
        """Whether that account is supervised now, with each of these cameras."""
        found = self.of(technician)
        if found is None or found.is_late(self._staff.clock.utc()):
            return False
        return not self.is_alone(found) and found.cameras.issuperset(cameras)

    def is_alone(self, found: Supervision) -> bool:
        """Whether the shift of who supervises is over, so that nobody is there."""
        return self._shifts.of(found.operator) is None

    def open_ones(self) -> list[Supervision]:
        """That nobody has closed, oldest first."""
        with self._staff.look() as connection:
            return _read(connection, SUPERVISION.c.ended.is_(None))

    def all(self, since: int = 0) -> list[Supervision]:
        """Those that were open then (UTC ticks) or later, oldest first."""
        with self._staff.look() as connection:
            return _read(connection, sa.or_(SUPERVISION.c.ended.is_(None), SUPERVISION.c.ended > since))

    def open(self, by: By, wanted: Wanted) -> Done[Supervision]:
        """By an operator; `by.reason` says what is to be done. Raises `Denial`, `Invalid`."""
        demand(check_reason(by.reason), "say in a few words what is to be done")
        if not 1 <= wanted.hours <= MOST_HOURS:
            raise Invalid(f"hours: 1 to {MOST_HOURS}")
        if not 1 <= len(wanted.cameras) <= MOST_CAMERAS:
            raise Invalid(f"cameras: 1 to {MOST_CAMERAS}")
        with self._staff.change() as change:
            account = read_account(change.connection, wanted.technician)
            if Role.TECHNICIAN not in account.roles or not account.is_active(change.now):
                raise Denial("NO_TECHNICIAN", "AC-07", f"{account.name} is no technician, or their contract is over")
            _expect_other(by, account.id)
            if _open_one(change.connection, account.id) is not None:
                raise Denial("SUPERVISION_THERE", "AC-07", f"{account.name} has a session that nobody has closed")
            values = {
                "technician": account.id,
                "operator": by.id,
                "cameras": json.dumps(sorted(wanted.cameras)),
                "reason": by.reason,
                "opened": change.now,
                "until": change.now + wanted.hours * HOUR,
            }
            row = change.connection.execute(sa.insert(SUPERVISION).values(**values))
            assert row.inserted_primary_key is not None
            found = _one(change.connection, row.inserted_primary_key[0])
            _tell(change, found, "supervision-opened", by._replace(reason=f"{account.name}: {by.reason}"))
            return change.done(found)

    def take(self, by: By, number: int) -> Done[Supervision]:
        """By another operator, who is there from now on."""
        with self._staff.change() as change:
            found = self._expect_open(change, number)
            _expect_other(by, found.technician)
            if found.is_late(change.now):
                raise Denial("NOT_NOW", "AC-07", "its time is over: close it")
            _set(change, number, operator=by.id)
            _tell(change, found, "supervision-taken", by)
            return change.done(_one(change.connection, number))

    def close(self, by: By, number: int, outcome: str) -> Done[Supervision]:
        """By an operator, who has seen how things were left."""
        demand(check_reason(outcome), "say in a few words what was done, and how things were left")
        if len(outcome) > LONGEST_OUTCOME:
            raise Invalid(f"outcome: at most {LONGEST_OUTCOME} characters")
        return self._end(by._replace(reason=outcome), number, "done", outcome)

    def leave(self, by: By) -> Done[Supervision]:
        """By the technician whose it is."""
        assert by.id is not None
        found = self.of(by.id)
        if found is None:
            raise Denial("SUPERVISION_REQUIRED", "AC-07", "no session of yours is open")
        return self._end(by, found.number, "left", None)

    def tend(self) -> None:
        """Forget what the register need not keep any longer."""
        with self._staff.change() as change:
            change.connection.execute(sa.delete(SUPERVISION).where(SUPERVISION.c.ended < change.now - KEPT))

    def _end(self, by: By, number: int, why: str, outcome: str | None) -> Done[Supervision]:
        with self._staff.change() as change:
            found = self._expect_open(change, number)
            _set(change, number, ended=change.now, why=why, closer=by.id, outcome=outcome)
            _tell(change, found, "supervision-closed", by)
            return change.done(_one(change.connection, number))

    def _expect_open(self, change: Change, number: int) -> Supervision:
        found = _read(change.connection, SUPERVISION.c.number == number)
        if not found or found[0].ended is not None:
            raise Denial("NOT_NOW", "AC-07", f"no session {number} of a technician is open")
        return found[0]


def _expect_other(by: By, technician: str) -> None:
    """Whoever has both roles has nobody beside them."""
    if by.id == technician:
        raise Denial("SAME_PERSON", "AC-07", "nobody supervises themselves")


def _tell(change: Change, found: Supervision, what: str, by: By) -> None:
    change.tell("room", {"what": what, "number": found.number}, by)


def _set(change: Change, number: int, **values: object) -> None:
    change.connection.execute(sa.update(SUPERVISION).where(SUPERVISION.c.number == number).values(**values))


def _open_one(connection: sa.Connection, technician: str) -> Supervision | None:
    mine = sa.and_(SUPERVISION.c.technician == technician, SUPERVISION.c.ended.is_(None))
    return next(iter(_read(connection, mine)), None)


def _one(connection: sa.Connection, number: int) -> Supervision:
    (found,) = _read(connection, SUPERVISION.c.number == number)
    return found


def _read(connection: sa.Connection, where: sa.ColumnElement[bool]) -> list[Supervision]:
    rows = connection.execute(sa.select(SUPERVISION).where(where).order_by(SUPERVISION.c.number)).mappings()
    return [Supervision(**{**row, "cameras": frozenset(json.loads(row["cameras"]))}) for row in rows]
