# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""How people come in: a password and a code, a recovery code, or a passkey by itself (it asks who holds it).

A refusal is a `Decision` and not raised: it is counted, and has a fact, as every way in has.
"""

from typing import NamedTuple

from torrazzo.access.account import Account
from torrazzo.access.accounts import read_accounts, used_now
from torrazzo.access.factors import check_code, needs, password_hash, renew_hash, use_recovery
from torrazzo.access.failures import Keys, count_failure, forget_failures, is_locked, locked_until
from torrazzo.access.passwords import Hasher
from torrazzo.access.sessions import BY_PROVIDER, FULL, HALF, Opened, Session, Sessions, Where, begin, renew
from torrazzo.access.staff import By, Change, Done, Staff, clean
from torrazzo.access.tables import PERSON, SESSION
from torrazzo.base.times import UtcTicks
from torrazzo.law import Decision
from torrazzo.law.decision import no

NOBODY = "?"  # whoever gave a name that is no account's: it may be a password, in the wrong field

WRONG = no("SIGN_IN_REFUSED", "AC-01")  # whatever it was
LOCKED = no("SIGN_IN_LOCKED", "AC-01")


class Tried(NamedTuple):
    """Who says to be whom."""

    account: Account | None
    keys: Keys
    where: Where

    @property
    def by(self) -> By:
        """Whose hand, as far as it is known."""
        name = NOBODY if self.account is None else self.account.name
        return By(name, "sign-in", self.where.text(), None if self.account is None else self.account.id)


class SignIn:
    """Of one town. Its answers take about as long whether there is such an account or not."""

    def __init__(self, staff: Staff, sessions: Sessions, hasher: Hasher) -> None:
        self._staff, self._sessions, self._hasher = staff, sessions, hasher

    def by_password(self, name: str, password: str, where: Where) -> Done[Opened | Decision]:
        """First step; the session is `half` then, or `full` where its person has no second factor yet."""
        name, where = clean(name[:64]), where.cleaned()
        keys = Keys.of(name, where.address)
        with self._staff.change() as change:
            if is_locked(change, keys):
                return change.done(LOCKED)
        with self._staff.look() as connection:
            found = next(iter(read_accounts(connection, PERSON.c.name == name)), None)
            known = password_hash(connection, None if found is None else found.id)
        is_right = self._hasher.is_it(known, password)  # outside the change: it takes a while
        with self._staff.change() as change:
            tried = Tried(found, keys, where)
            refused = self._refused(change, tried, is_right=is_right)
            if refused is not None:
                return change.done(refused)
            assert found is not None
            renew_hash(change, found.id, password, self._hasher)
            if "second" in needs(change.connection, found.id):
                return change.done(entered(change, found, "password", where))
            return change.done(begin(change, found, HALF, "password", where))

    def locked_until(self, name: str, address: str) -> UtcTicks | None:
        """When `SIGN_IN_LOCKED` is over for this name and address; None where it is not locked."""
        with self._staff.change() as change:
            until = locked_until(change, Keys.of(clean(name), clean(address)))
            return until if until > change.now else None

    def second(self, token: str, code: str) -> Done[Opened | Decision]:
        """Second step: a code of the device, or a recovery code. Raises `Denial` where nothing is half."""
        half = self._sessions.session(token)
        with self._staff.change() as change:
            if half.stage != HALF:
                return change.done(WRONG)
            tried = Tried(half.account, Keys.of(half.account.name, half.where.address), half.where)
            if is_locked(change, tried.keys):
                return change.done(LOCKED)
            method = self._method(change, half.account.id, code)
            refused = self._refused(change, tried, is_right=method is not None)
            if refused is not None:
                return change.done(refused)
            assert method is not None
            way = f"{BY_PROVIDER}-{method}" if half.method == BY_PROVIDER else method
            return change.done(entered(change, half.account, way, half.where))

    def again(self, token: str, password: str) -> Done[Opened | Decision]:
        """Its own person shows by the password who it is; a locked session is open then. It has another token."""
        found = self._sessions.session(token, is_active=False)
        keys = Keys.of(found.account.name, found.where.address)
        with self._staff.look() as connection:
            known = password_hash(connection, found.account.id)
        with self._staff.change() as change:
            if is_locked(change, keys):
                return change.done(LOCKED)
        is_right = self._hasher.is_it(known, password)
        with self._staff.change() as change:
            refused = self._refused(change, Tried(found.account, keys, found.where), is_right=is_right)
            if refused is not None:
                return change.done(refused)
            return change.done(shown_again(change, token, found))

    def _method(self, change: Change, person: str, code: str) -> str | None:
        if check_code(change, person, self._staff.box, code):
            return "code"
        return "recovery" if use_recovery(change, person, code) else None

    def _refused(self, change: Change, tried: Tried, *, is_right: bool) -> Decision | None:
        """Why not, with the fact that tells it; what is wrong is counted, and what is right clears the account."""
        if is_locked(change, tried.keys):
            return LOCKED  # by others, meanwhile
        if is_right and tried.account is not None:
            if not tried.account.is_active(change.now):
                change.tell("auth", {"what": "refused"}, tried.by._replace(reason="the account is suspended"))
                return no("ACCOUNT_SUSPENDED", "AC-09")
            return None
        now_locked = count_failure(change, tried.keys)
        change.tell("auth", {"what": "refused"}, tried.by)
        if now_locked:
            change.tell("auth", {"what": "locked"}, tried.by)
            if tried.account is not None:
                is_half = (SESSION.c.person == tried.account.id) & (SESSION.c.stage == HALF)
                change.connection.execute(SESSION.delete().where(is_half))
        return WRONG


def entered(change: Change, account: Account, method: str, where: Where) -> Opened:
    """All was right."""
    forget_failures(change, Keys.of(account.name, where.address))
    used_now(change, account.id)
    opened = begin(change, account, FULL, method, where)
    change.tell("auth", {"what": "sign-in"}, opened.session.by(f"by {method}"))
    return opened


def shown_again(change: Change, token: str, found: Session) -> Opened:
    """Its person has shown again who it is."""
    forget_failures(change, Keys.of(found.account.name, found.where.address))
    what, how = ("unlock", "unlocks") if found.is_locked else ("again", "shows again who it is")
    change.tell("auth", {"what": what}, found.by(how))
    return renew(change, token, found)
