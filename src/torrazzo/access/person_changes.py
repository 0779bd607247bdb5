# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What became of each account, by whose hand and why: for those who see people, who need not read the ledger for it."""

from typing import NamedTuple

import sqlalchemy as sa

from torrazzo.access.account import Account
from torrazzo.access.staff import By, Change, Staff, clean
from torrazzo.access.tables import PERSON_CHANGE
from torrazzo.base.times import DAY, UtcTicks

KEPT = 5 * 365 * DAY  # as the facts of it (LG-04)
MOST = 200  # of one person, the newest


class PersonChange(NamedTuple):
    """One of them."""

    at: UtcTicks
    what: tuple[str, ...]  # created, roles, groups, designation, certified, suspended, reinstated, link
    by: str | None  # account; None: the program, or the owner of the home
    why: str


class PersonChanges:
    """Of one town."""

    def __init__(self, staff: Staff) -> None:
        self._staff = staff

    def of(self, id_: str) -> list[PersonChange]:
        """Of this account, newest first."""
        query = sa.select(PERSON_CHANGE).where(PERSON_CHANGE.c.person == id_).order_by(PERSON_CHANGE.c.number.desc())
        with self._staff.look() as connection:
            rows = connection.execute(query.limit(MOST)).all()
        return [PersonChange(row.at, tuple(row.what.split()), row.by, row.why) for row in rows]

    def tend(self) -> None:
        """Forget what is too old to be kept."""
        with self._staff.change() as change:
            change.connection.execute(sa.delete(PERSON_CHANGE).where(PERSON_CHANGE.c.at < change.now - KEPT))


def note_change(change: Change, before: Account | None, after: Account, by: By) -> None:
    """Within the change itself, so that it is never without its note."""
    note(change, after.id, what_changed(before, after), by)


def note(change: Change, person: str, what: tuple[str, ...], by: By) -> None:
    """Of what is no part of the account itself, too: a link."""
    values = {"person": person, "at": change.now, "what": " ".join(what), "by": by.id, "why": clean(by.reason)[:1_000]}
    if what:
        change.connection.execute(sa.insert(PERSON_CHANGE).values(**values))


def what_changed(before: Account | None, after: Account) -> tuple[str, ...]:
    """In words of the table."""
    if before is None:
        return ("created",)
    found = {
        "roles": before.roles != after.roles,
        "groups": before.groups != after.groups,
        "designation": before.designation != after.designation,
        "suspended": after.suspended is not None and before.suspended is None,
        "reinstated": after.suspended is None and before.suspended is not None,
    }
    words = tuple(word for word, is_so in found.items() if is_so)
    return words or (("certified",) if before.certified != after.certified else ())
