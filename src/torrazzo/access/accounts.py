# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Accounts: made without any right, never deleted, suspended when nobody stands behind them any more (AC-01, AC-09)."""

import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

import sqlalchemy as sa

from torrazzo.access.account import Account, Agreement, Designation, NewAccount, checked_agreement
from torrazzo.access.person_changes import note_change
from torrazzo.access.staff import PROGRAM, By, Change, Denial, Done, Staff, demand
from torrazzo.access.tables import (
    AGREEMENT,
    CAMERA_GROUP,
    GROUP_MEMBER,
    LINK,
    PERSON,
    PERSON_GROUP,
    PERSON_ROLE,
    SESSION,
)
from torrazzo.base.errors import Invalid, Refused
from torrazzo.base.times import UtcTicks
from torrazzo.law import Operation, Role, conflict
from torrazzo.ledger.text import to_base64

_LABEL = b"torrazzo.account.v1\0"
_NEEDS = {Role.POLICE: ("protocol", "AC-06"), Role.TECHNICIAN: ("contract", "AC-07")}


class UnknownAccount(Invalid):
    """Nobody of that name or id."""


class UnknownAgreement(Invalid):
    """There is none of that id."""


class Scope(NamedTuple):
    """Cameras that somebody has to do with."""

    is_all: bool
    cameras: frozenset[str]

    def has(self, cameras: Iterable[str]) -> bool:
        """Whether each of these is of them."""
        return self.is_all or self.cameras.issuperset(cameras)


class Accounts:
    """Of one town."""

    def __init__(self, staff: Staff) -> None:
        self._staff = staff

    # -- reading

    def all(self) -> list[Account]:
        """By name; also those that are suspended."""
        with self._staff.look() as connection:
            return read_accounts(connection)

    def account(self, id_: str) -> Account:
        """By id; raises `UnknownAccount`."""
        with self._staff.look() as connection:
            return read_account(connection, id_)

    def named(self, name: str) -> Account:
        """By name; raises `UnknownAccount`."""
        with self._staff.look() as connection:
            found = read_accounts(connection, PERSON.c.name == name)
        if not found:
            raise UnknownAccount(f"there is no account {name[:40]!r}; `torrazzo account list` tells them")
        return found[0]

    def scope(self, account: Account) -> Scope:
        """Nothing, unless a group was given; of a protocol that names its cameras, those alone (AC-06)."""
        named = frozenset[str]() if account.agreement is None else account.agreement.cameras
        with self._staff.look() as connection:
            groups = connection.execute(sa.select(CAMERA_GROUP).where(CAMERA_GROUP.c.id.in_(account.groups))).all()
            members = connection.execute(
                sa.select(GROUP_MEMBER.c.camera).where(GROUP_MEMBER.c.camera_group.in_(account.groups))
            ).scalars()
            found = Scope(any(group.is_all for group in groups), frozenset(members))
            return found if not named else Scope(False, named if found.is_all else named & found.cameras)

    def agreements(self) -> list[Agreement]:
        """By organisation; also those that are over."""
        with self._staff.look() as connection:
            rows = connection.execute(sa.select(AGREEMENT).order_by(AGREEMENT.c.organisation)).mappings()
            return [_agreement(row) for row in rows]

    # -- changing

    def create(self, new: NewAccount, by: By) -> Done[Account]:
        """Of one person, with a designation; it may nothing. Raises `Invalid`; `Refused` for a name that is taken."""
        with self._staff.change() as change:
            account = create_account(change, new)
            return self._told(change, None, account, by)

    def give(self, id_: str, roles: AbstractSet[Role], groups: AbstractSet[str], by: By) -> Done[Account]:
        """Roles and groups of cameras, in place of those before; raises `Denial` for roles that conflict."""
        with self._staff.change() as change:
            before = read_account(change.connection, id_)
            give_roles(change, before, roles)
            connection = change.connection
            connection.execute(sa.delete(PERSON_GROUP).where(PERSON_GROUP.c.person == id_))
            known = set(connection.execute(sa.select(CAMERA_GROUP.c.id)).scalars())
            if unknown := sorted(groups - known):
                raise Invalid(f"there is no group of cameras {unknown[0][:40]!r}")
            for group in sorted(groups):
                connection.execute(sa.insert(PERSON_GROUP).values(person=id_, camera_group=group))
            return self._told(change, before, read_account(connection, id_), by)

    def designate(self, id_: str, designation: Designation, by: By) -> Done[Account]:
        """By a new act, with its end."""
        with self._staff.change() as change:
            before = read_account(change.connection, id_)
            _set(change, id_, _designation(designation.checked(change.now)))
            return self._told(change, before, read_account(change.connection, id_), by)

    def certify(self, id_: str, by: By) -> Done[Account]:
        """Somebody else confirms that this person still needs what was given: good for 90 days."""
        with self._staff.change() as change:
            before = read_account(change.connection, id_)
            _check_other(before, by)
            _set(change, id_, {"certified": change.now})
            return self._told(change, before, read_account(change.connection, id_), by)

    def suspend(self, id_: str, by: By, why: str = "order") -> Done[Account]:
        """It may not sign in any more, and is signed out; it stays, and what it did with it."""
        with self._staff.change() as change:
            before = read_account(change.connection, id_)
            if before.suspended is None:
                _suspend(change, before, why)
            return self._told(change, before, read_account(change.connection, id_), by)

    def end(self, id_: str, by: By) -> Done[Account]:
        """The designation is over now; nothing comes back without a new act."""
        with self._staff.change() as change:
            before = read_account(change.connection, id_)
            if change.now < before.designation.ends:
                _set(change, id_, {"ends": change.now})
            if before.suspended is None or before.why != "ended":
                _suspend(change, before, "ended")
            return self._told(change, before, read_account(change.connection, id_), by)

    def reinstate(self, id_: str, by: By) -> Done[Account]:
        """By somebody else; a designation that has ended needs a new one before."""
        with self._staff.change() as change:
            before = read_account(change.connection, id_)
            _check_other(before, by)
            reinstate_account(change, before)
            return self._told(change, before, read_account(change.connection, id_), by)

    def tend(self) -> Done[Sequence[Account]]:
        """Suspend whoever's designation has ended, whom nobody confirmed for 90 days, who did not sign in for 60."""
        with self._staff.change() as change:
            lapsed = []
            for before in read_accounts(change.connection, PERSON.c.suspended.is_(None)):
                why = before.lapses(change.now)
                if why is not None:
                    _suspend(change, before, why)
                    after = read_account(change.connection, before.id)
                    self.tell(change, before, after, By(PROGRAM, f"AC-09: {why}"))
                    lapsed.append(after)
            return change.done(lapsed)

    def add_agreement(self, agreement: Agreement, by: By) -> Done[Agreement]:
        """A protocol or a contract, new or as it is from now on; an id that is empty is drawn."""
        checked_agreement(agreement, self._staff.clock.utc())
        found = agreement._replace(id=agreement.id or secrets.token_hex(8))
        lists = {name: " ".join(sorted(getattr(found, name))) for name in ("operations", "cameras", "stations")}
        row = {**found._asdict(), **lists}
        with self._staff.change() as change:
            was = change.connection.execute(sa.select(AGREEMENT).where(AGREEMENT.c.id == found.id)).first()
            query = sa.insert(AGREEMENT) if was is None else sa.update(AGREEMENT).where(AGREEMENT.c.id == found.id)
            change.connection.execute(query.values(**row))
            before = None if was is None else dict(was._mapping)  # noqa: SLF001 - SQLAlchemy's public way to a dict
            self.tell_change(change, "agreement", before, row, by)
            return change.done(found)

    def end_agreement(self, id_: str, by: By) -> Done[Agreement]:
        """It is over now, and with it what hangs on it; it goes on by a new act."""
        with self._staff.change() as change:
            row = change.connection.execute(sa.select(AGREEMENT).where(AGREEMENT.c.id == id_)).mappings().first()
            if row is None:
                raise UnknownAgreement(f"there is no agreement {id_[:40]!r}")
            if row["ends"] <= change.now:
                raise Denial("NOT_NOW", "AC-06", "it has ended already")
            change.connection.execute(sa.update(AGREEMENT).where(AGREEMENT.c.id == id_).values(ends=change.now))
            after = {**row, "ends": change.now}
            self.tell_change(
                change, "agreement", dict(row), after, by._replace(reason=f"{row['organisation']}: {by.reason}")
            )
            return change.done(_agreement(row)._replace(ends=change.now))

    def _told(self, change: Change, before: Account | None, after: Account, by: By) -> Done[Account]:
        self.tell(change, before, after, by)
        return change.done(after)

    def tell(self, change: Change, before: Account | None, after: Account, by: By) -> None:
        """The fact of an account that was made or changed within a change, and the note of it."""
        note_change(change, before, after, by)
        about = by._replace(reason=f"{after.name}: {by.reason}")
        self.tell_change(change, "person", None if before is None else _plain(before), _plain(after), about)

    def tell_change(
        self, change: Change, what: str, before: Mapping[str, object] | None, after: Mapping[str, object], by: By
    ) -> None:
        """A `cfg` fact. Its hashes are keyed: what they are of could be guessed."""
        was = None if before is None else self._digest(before)
        change.tell("cfg", {"what": what, "was": was, "d": self._digest(after)}, by)

    def _digest(self, values: Mapping[str, object]) -> str:
        text = json.dumps(values, sort_keys=True, separators=(",", ":")).encode()
        return to_base64(hmac.digest(self._staff.box.key, _LABEL + hashlib.sha256(text).digest(), "sha256"))


# -- within a change


def create_account(change: Change, new: NewAccount) -> Account:
    """Without a right, and without a fact."""
    new.checked(change.now)
    taken = change.connection.execute(sa.select(PERSON.c.id).where(PERSON.c.name == new.name)).first()
    if taken is not None:
        raise Refused(f"there is, or was, an account {new.name}; names are never given anew: choose another one")
    id_ = secrets.token_hex(8)
    times = {"created": change.now, "certified": change.now, "used": change.now}
    row = {"id": id_, "name": new.name, "full_name": new.full_name, "agreement": new.agreement, **times}
    change.connection.execute(sa.insert(PERSON).values(**row, **_designation(new.designation)))
    return read_account(change.connection, id_)


def give_roles(change: Change, account: Account, roles: AbstractSet[Role]) -> None:
    """In place of those before."""
    names = ", ".join(sorted(roles))
    demand(conflict(roles), f"one person never has these roles together: {names}")
    expect_agreement(roles, account.agreement)
    change.connection.execute(sa.delete(PERSON_ROLE).where(PERSON_ROLE.c.person == account.id))
    for role in sorted(roles):
        change.connection.execute(sa.insert(PERSON_ROLE).values(person=account.id, role=str(role)))


def expect_agreement(roles: AbstractSet[Role], agreement: Agreement | None) -> None:
    """Raises `Denial` for roles of people who are not the town's own, without what they come by."""
    for role, (kind, clause) in _NEEDS.items():
        if role in roles and (agreement is None or agreement.kind != kind):
            raise Denial("AGREEMENT_REQUIRED", clause, f"role {role} hangs on a {kind}: enter that first")


def expect_designation(account: Account, now: UtcTicks) -> None:
    """Raises `Denial` where a new act is needed first."""
    if now >= account.designation.ends:
        raise Denial("DESIGNATION_ENDED", "AC-09", f"the designation of {account.name} has ended: enter a new act")


def reinstate_account(change: Change, account: Account) -> None:
    """As if it had been confirmed and used now."""
    expect_designation(account, change.now)
    _set(change, account.id, {"suspended": None, "why": None, "certified": change.now, "used": change.now})


def read_account(connection: sa.Connection, id_: str) -> Account:
    """By id; raises `UnknownAccount`."""
    found = read_accounts(connection, PERSON.c.id == id_)
    if not found:
        raise UnknownAccount(f"there is no account {id_[:40]!r}")
    return found[0]


def read_accounts(connection: sa.Connection, *where: sa.ColumnElement[bool]) -> list[Account]:
    """By name."""
    roles = _many(connection, PERSON_ROLE.c.person, PERSON_ROLE.c.role)
    groups = _many(connection, PERSON_GROUP.c.person, PERSON_GROUP.c.camera_group)
    agreements = {row["id"]: _agreement(row) for row in connection.execute(sa.select(AGREEMENT)).mappings()}
    rows = connection.execute(sa.select(PERSON).where(*where).order_by(PERSON.c.name)).mappings()
    return [
        Account(
            row["id"],
            row["name"],
            row["full_name"],
            Designation(row["act_number"], row["act_date"], row["tasks"], row["ends"]),
            frozenset(map(Role, roles.get(row["id"], ()))),
            frozenset(groups.get(row["id"], ())),
            agreements.get(row["agreement"]),
            row["created"],
            row["certified"],
            row["used"],
            row["suspended"],
            row["why"],
        )
        for row in rows
    ]


def used_now(change: Change, id_: str) -> None:
    """It signed in."""
    _set(change, id_, {"used": change.now})


def end_sessions(change: Change, id_: str, why: str, but: bytes | None = None, begun_by: str = "") -> int:
    """Sign the person out everywhere, but for one session, or of those that began in that way; how many."""
    query = sa.update(SESSION).where(SESSION.c.person == id_, SESSION.c.ended.is_(None))
    if but is not None:
        query = query.where(SESSION.c.hash != but)
    if begun_by:
        query = query.where(SESSION.c.method.startswith(begun_by))
    return change.connection.execute(query.values(ended=change.now, why=why)).rowcount


def _suspend(change: Change, account: Account, why: str) -> None:
    """With the sessions go the links: one for a new beginning would reinstate the account by its own person's hand."""
    _set(change, account.id, {"suspended": change.now, "why": why})
    end_sessions(change, account.id, "suspended")
    change.connection.execute(sa.delete(LINK).where(LINK.c.person == account.id))


def _check_other(account: Account, by: By) -> None:
    if by.id == account.id:
        raise Denial("SAME_PERSON", "AC-09", "nobody confirms or reinstates their own account; another person does")


def _set(change: Change, id_: str, values: Mapping[str, object]) -> None:
    change.connection.execute(sa.update(PERSON).where(PERSON.c.id == id_).values(**values))


def _designation(act: Designation) -> dict[str, object]:
    return {"act_number": act.number, "act_date": act.date, "tasks": act.tasks, "ends": act.ends}


def _agreement(row: sa.RowMapping) -> Agreement:
    operations = frozenset(map(Operation, row["operations"].split()))
    cameras, stations = frozenset(row["cameras"].split()), frozenset(row["stations"].split())
    what = (row["id"], row["kind"], row["organisation"], row["number"], UtcTicks(row["ends"]))
    return Agreement(*what, operations, cameras, stations)


def _many(connection: sa.Connection, key: sa.Column[object], value: sa.Column[object]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for owner, item in connection.execute(sa.select(key, value)):
        found.setdefault(str(owner), []).append(str(item))
    return found


def _plain(account: Account) -> dict[str, object]:
    """What its changes are told by; when it was last used is none."""
    agreement = None if account.agreement is None else account.agreement.id
    return {
        "id": account.id,
        "name": account.name,
        "full_name": account.full_name,
        "designation": list(account.designation),
        "roles": sorted(account.roles),
        "groups": sorted(account.groups),
        "agreement": agreement,
        "certified": account.certified,
        "suspended": account.suspended,
        "why": account.why,
    }
