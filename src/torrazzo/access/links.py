# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""One-time links: for the first two people of a town, for somebody new, for somebody who forgot or lost something.

There is no password that anybody else gives. A link is a token of 32 bytes, kept as its hash, good for a day.
"""

import base64
import hashlib
import secrets

import sqlalchemy as sa

from torrazzo.access.account import Account, NewAccount
from torrazzo.access.accounts import (
    Accounts,
    create_account,
    end_sessions,
    give_roles,
    read_account,
    reinstate_account,
)
from torrazzo.access.factors import forget_all, needs, set_password
from torrazzo.access.failures import Keys, forget_failures
from torrazzo.access.passwords import Hasher, check_password
from torrazzo.access.person_changes import note
from torrazzo.access.sessions import HALF, Opened, Where, begin
from torrazzo.access.sign_in import entered
from torrazzo.access.staff import By, Change, Denial, Done, Staff
from torrazzo.access.tables import CAMERA_GROUP, LINK, PERSON, PERSON_GROUP, PERSON_ROLE
from torrazzo.base.times import DAY
from torrazzo.law import Role

GOOD_FOR = DAY
FIRST = (Role.ADMIN, Role.DESIGNATO)  # one of each, by the first link
ALL_CAMERAS = "Tutte le telecamere"

_GONE = "this link is used, too old, or none of this town's: ask for a new one"


class Links:
    """Of one town."""

    def __init__(self, staff: Staff, accounts: Accounts, hasher: Hasher) -> None:
        self._staff, self._accounts, self._hasher = staff, accounts, hasher

    # -- the first two people

    def first(self) -> Done[str | None]:
        """A new token for the first two people, in place of those before; None once there are two."""
        with self._staff.change() as change:
            change.connection.execute(sa.delete(LINK).where(LINK.c.person.is_(None)))
            if not _first_left(change.connection):
                return change.done(None)
            return change.done(_make(change, None, is_all=True))

    def first_left(self, token: str) -> tuple[Role, ...]:
        """Whom it still makes; raises `Denial` if it is not good."""
        with self._staff.change() as change:
            _find(change, token, is_first=True)
            return _first_left(change.connection)

    def use_first(self, token: str, role: Role, new: NewAccount, password: str, where: Where) -> Done[Opened]:
        """Makes one of the two, and signs in; the link is spent with the second one."""
        check_password(password, new.name, new.full_name, self._staff.town)
        where = where.cleaned()
        hash_ = self._hasher.hash(password)
        with self._staff.change() as change:
            row = _find(change, token, is_first=True)
            if role not in _first_left(change.connection):
                raise Denial("LINK_SPENT", "AC-01", f"the first {role} is there already")
            account = create_account(change, new)
            give_roles(change, account, {role})
            if role is Role.DESIGNATO:
                _give_all(change, account.id)
            set_password(change, account.id, hash_, must_change=False)
            if not _first_left(change.connection):
                change.connection.execute(sa.delete(LINK).where(LINK.c.hash == row["hash"]))
            account = read_account(change.connection, account.id)
            by = By(account.name, "first people of the town", where.text(), account.id)
            self._accounts.tell(change, None, account, by)
            return change.done(entered(change, account, "link", where))

    # -- everybody else

    def make(self, id_: str, by: By, *, is_all: bool = False) -> Done[str]:
        """For an account: to choose a password, in place of any link before. `is_all`: codes and passkeys go, too.

        Whoever hands it out could use it: two people should stand behind it, and `is_all` is for the lost alone.
        """
        with self._staff.change() as change:
            account = read_account(change.connection, id_)
            change.connection.execute(sa.delete(LINK).where(LINK.c.person == id_))
            note(change, id_, ("link",), by)
            what = "a new beginning" if is_all else "a password"
            change.tell("auth", {"what": "link"}, by._replace(reason=f"{account.name}: link for {what}: {by.reason}"))
            return change.done(_make(change, id_, is_all=is_all))

    def account(self, token: str) -> Account:
        """Whose it is; raises `Denial` if it is not good."""
        with self._staff.change() as change:
            return read_account(change.connection, _find(change, token, is_first=False)["person"])

    def use(self, token: str, password: str, where: Where) -> Done[Opened]:
        """Sets the password and signs in, as far as a second factor is not owed. It is good once."""
        account, where = self.account(token), where.cleaned()
        check_password(password, account.name, account.full_name, self._staff.town)
        hash_ = self._hasher.hash(password)
        with self._staff.change() as change:
            row = _find(change, token, is_first=False)
            change.connection.execute(sa.delete(LINK).where(LINK.c.hash == row["hash"]))
            account = read_account(change.connection, row["person"])
            by = By(account.name, "uses a link", where.text(), account.id)
            if row["is_all"]:
                forget_all(change, account.id)
                if not account.is_active(change.now):
                    reinstate_account(change, account)
                    self._accounts.tell(change, account, read_account(change.connection, account.id), by)
            elif not account.is_active(change.now):
                raise Denial("ACCOUNT_SUSPENDED", "AC-09", "this account is suspended: somebody has to reinstate it")
            end_sessions(change, account.id, "changed")
            set_password(change, account.id, hash_, must_change=False)
            change.tell("auth", {"what": "password"}, by)
            account = read_account(change.connection, account.id)
            if "second" in needs(change.connection, account.id):
                return change.done(entered(change, account, "link", where))
            forget_failures(change, Keys.of(account.name, where.address))
            return change.done(begin(change, account, HALF, "link", where))

    def tend(self) -> None:
        """Forget those that are too old."""
        with self._staff.change() as change:
            change.connection.execute(sa.delete(LINK).where(LINK.c.until <= change.now))


def _make(change: Change, person: str | None, *, is_all: bool) -> str:
    token = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")
    values = {"hash": _hash(token), "person": person, "is_all": is_all, "until": change.now + GOOD_FOR}
    change.connection.execute(sa.insert(LINK).values(**values))
    return token


def _find(change: Change, token: str, *, is_first: bool) -> sa.RowMapping:
    query = sa.select(LINK).where(LINK.c.hash == _hash(token), LINK.c.until > change.now)
    row = change.connection.execute(query).mappings().first()
    if row is None or (row["person"] is None) is not is_first:
        raise Denial("LINK_GONE", "AC-01", _GONE)
    return row


def _first_left(connection: sa.Connection) -> tuple[Role, ...]:
    """The first two people are made by the first link and nothing else; after them it makes nobody."""
    people = connection.execute(sa.select(PERSON.c.id)).all()
    roles = set(connection.execute(sa.select(PERSON_ROLE.c.role)).scalars())
    return tuple(role for role in FIRST if role not in roles) if len(people) < len(FIRST) else ()


def _give_all(change: Change, person: str) -> None:
    group = secrets.token_hex(8)
    change.connection.execute(sa.insert(CAMERA_GROUP).values(id=group, name=ALL_CAMERAS, is_all=True))
    change.connection.execute(sa.insert(PERSON_GROUP).values(person=person, camera_group=group))


def _hash(token: str) -> bytes:
    return hashlib.sha256(b"torrazzo.link.v1\0" + token.encode()).digest()
