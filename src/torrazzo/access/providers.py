# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A provider that says who somebody is (OpenID Connect): one a town, and which account its subjects are.

It makes nobody: accounts, roles, acts and their ends are the town's. A person is bound to a subject by themselves,
signed in, or by the owner of the home; never by an administrator of the page, who could become somebody else by it.
"""

import json
from collections.abc import Collection, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from torrazzo.access.accounts import Accounts, end_sessions, read_account
from torrazzo.access.factors import needs
from torrazzo.access.failures import Keys, count_failure, is_locked
from torrazzo.access.sessions import BY_PROVIDER, FRESH, FRESH_TO_END, HALF, Opened, Sessions, Where, begin
from torrazzo.access.sign_in import LOCKED, NOBODY, entered
from torrazzo.access.staff import By, Denial, Done, Staff
from torrazzo.access.tables import PROVIDER, SUBJECT
from torrazzo.base.errors import Invalid
from torrazzo.base.secret import Secret
from torrazzo.law import Decision
from torrazzo.law.decision import no

UNKNOWN = no("PROVIDER_UNKNOWN", "AC-01")
LONGEST_SUBJECT = 255

_PLACE = "secret at the provider"
_KNOWN = frozenset({"pwd", "pin", "kba"})  # RFC 8176: what one knows, has, is; a text message is none of it
_HAS = frozenset({"otp", "hwk", "swk", "sc", "pop"})
_IS = frozenset({"fpt", "face", "iris", "retina", "vbm"})


class Provider(NamedTuple):
    """As it is set up."""

    issuer: str
    name: str
    client: str
    secret: Secret | None
    hosts: tuple[str, ...] = ()  # of its endpoints, beside its own
    acr: tuple[str, ...] = ()  # that mean a second factor
    ca: str | None = None


class Identity(NamedTuple):
    """Whom the provider says that it has before it, now."""

    issuer: str
    subject: str
    has_second: bool  # it says that two factors were shown

    def text(self) -> str:
        """As a private part tells it."""
        return f"{self.subject} of {self.issuer}"[:300]


def has_second(amr: Collection[str], acr: str | None, accepted: Collection[str]) -> bool:
    """Whether the provider says of itself that two factors were shown: by its methods, or by an agreed class."""
    kinds = sum(bool(kind & set(amr)) for kind in (_KNOWN, _HAS, _IS))
    return "mfa" in amr or kinds > 1 or (acr is not None and acr in accepted)


class Providers:
    """Of one town."""

    def __init__(self, staff: Staff, sessions: Sessions, accounts: Accounts) -> None:
        self._staff, self._sessions, self._accounts = staff, sessions, accounts

    # -- which one

    def one(self) -> Provider | None:
        """As it is set up; None: people sign in here alone."""
        with self._staff.look() as connection:
            row = connection.execute(sa.select(PROVIDER)).mappings().first()
        if row is None:
            return None
        secret = None if row["sealed"] is None else Secret(self._staff.box.open(row["sealed"], _PLACE))
        hosts, acr = json.loads(row["hosts"]), json.loads(row["acr"])
        return Provider(row["issuer"], row["name"], row["client"], secret, tuple(hosts), tuple(acr), row["ca"])

    def set_up(self, provider: Provider, by: By) -> Done[None]:
        """In place of any before. Who was bound to another issuer comes in by it no more."""
        before = self.one()
        sealed = None if provider.secret is None else self._staff.box.seal(provider.secret.reveal(), _PLACE)
        row = {
            "issuer": provider.issuer,
            "name": provider.name,
            "client": provider.client,
            "sealed": sealed,
            "hosts": json.dumps(provider.hosts),
            "acr": json.dumps(provider.acr),
            "ca": provider.ca,
        }
        with self._staff.change() as change:
            change.connection.execute(sa.delete(PROVIDER))
            change.connection.execute(sa.insert(PROVIDER).values(**row))
            self._accounts.tell_change(change, "provider", _told(before), _told(provider) or {}, by)
            return change.done(None)

    def remove(self, by: By) -> Done[None]:
        """People sign in here alone; to whom they were bound is forgotten."""
        before = self.one()
        if before is None:
            raise Invalid("there is no provider; `torrazzo access oidc set` sets one up")
        with self._staff.change() as change:
            change.connection.execute(sa.delete(PROVIDER))
            change.connection.execute(sa.delete(SUBJECT))
            self._accounts.tell_change(change, "provider", _told(before), {}, by)
            return change.done(None)

    # -- who is who

    def subject(self, person: str) -> str | None:
        """By which this account comes in, at the provider that is set up."""
        here = sa.select(PROVIDER.c.issuer).scalar_subquery()
        query = sa.select(SUBJECT.c.subject).where(SUBJECT.c.person == person, SUBJECT.c.issuer == here)
        with self._staff.look() as connection:
            return connection.execute(query).scalar()

    def bound(self) -> Sequence[tuple[str, str, str]]:
        """Account, issuer and subject of all."""
        with self._staff.look() as connection:
            rows = connection.execute(sa.select(SUBJECT).order_by(SUBJECT.c.person)).all()
        return [(row.person, row.issuer, row.subject) for row in rows]

    def expect_fresh(self, token: str) -> None:
        """Who binds themselves has shown lately who they are; raises `Denial`."""
        self._sessions.signed_in(token, FRESH)

    def bind_self(self, token: str, identity: Identity) -> Done[None]:
        """The signed-in person comes in by this subject from now on; raises `Denial` where it is another one's."""
        session = self._sessions.signed_in(token, FRESH_TO_END)
        return self._bind(session.account.id, identity, session.by(f"is bound to {identity.text()}"))

    def bind(self, person: str, identity: Identity, by: By) -> Done[None]:
        """By the owner of the home; their sessions end, for another one could come in now."""
        account = self._accounts.account(person)
        about = by._replace(reason=f"{account.name} is bound to {identity.text()}: {by.reason}")
        return self._bind(person, identity, about, ends=True)

    def _bind(self, person: str, identity: Identity, by: By, *, ends: bool = False) -> Done[None]:
        if not 0 < len(identity.subject) <= LONGEST_SUBJECT or not identity.subject.isprintable():
            raise Invalid(f"subject: write the 1 to {LONGEST_SUBJECT} characters by which the provider names a person")
        with self._staff.change() as change:
            same = (SUBJECT.c.issuer == identity.issuer) & (SUBJECT.c.subject == identity.subject)
            holder = change.connection.execute(sa.select(SUBJECT.c.person).where(same)).scalar()
            if holder not in {None, person}:
                raise Denial("SUBJECT_TAKEN", "AC-01", "this identity is another person's here")
            change.connection.execute(sa.delete(SUBJECT).where(SUBJECT.c.person == person))
            values = {"issuer": identity.issuer, "subject": identity.subject, "person": person, "bound": change.now}
            change.connection.execute(sa.insert(SUBJECT).values(**values))
            if ends:
                end_sessions(change, person, "changed")
            change.tell("auth", {"what": "provider"}, by)
            return change.done(None)

    def unbind_self(self, token: str) -> Done[None]:
        """The signed-in person comes in here alone; raises `Denial` where that would leave no way in."""
        session = self._sessions.signed_in(token, FRESH)
        person = session.account.id
        with self._staff.change() as change:
            if "second" in needs(change.connection, person):
                raise Denial("LAST_FACTOR", "AC-01", "this is your only second factor; get another one first")
        return self.unbind(person, session.by("comes in by the provider no more"))

    def unbind(self, person: str, by: By) -> Done[None]:
        """They come in here alone."""
        with self._staff.change() as change:
            if change.connection.execute(sa.delete(SUBJECT).where(SUBJECT.c.person == person)).rowcount:
                change.tell("auth", {"what": "provider"}, by)
            return change.done(None)

    # -- coming in

    def is_locked(self, where: Where) -> bool:
        """Whether nothing from there is looked at for a while."""
        with self._staff.change() as change:
            return is_locked(change, Keys("", Keys.of("", where.cleaned().address).address))

    def refused(self, where: Where, why: str) -> Done[None]:
        """Somebody came with what the provider did not say, or with nothing: counted for the address, and told."""
        where = where.cleaned()
        with self._staff.change() as change:
            count_failure(change, Keys.of("", where.address)._replace(account="provider"))
            change.tell("auth", {"what": "refused"}, By(NOBODY, f"provider: {why}"[:300], where.text()))
            return change.done(None)

    def logged_out(self, identity: Identity) -> Done[None]:
        """The provider says that they have left it: what began by it ends here. Nobody's subject is nobody's."""
        same = (SUBJECT.c.issuer == identity.issuer) & (SUBJECT.c.subject == identity.subject)
        with self._staff.change() as change:
            person = change.connection.execute(sa.select(SUBJECT.c.person).where(same)).scalar()
            if person is not None and end_sessions(change, person, "out", begun_by=BY_PROVIDER):
                account = read_account(change.connection, person)
                by = By(account.name, f"the provider says that {identity.text()} has left it", None, account.id)
                change.tell("auth", {"what": "sign-out"}, by)
            return change.done(None)

    def enter(self, identity: Identity, where: Where) -> Done[Opened | Decision]:
        """Whoever's subject it is; without a second factor there, one of ours is asked for."""
        where = where.cleaned()
        if self.is_locked(where):
            return Done(LOCKED, ())
        same = (SUBJECT.c.issuer == identity.issuer) & (SUBJECT.c.subject == identity.subject)
        with self._staff.change() as change:
            person = change.connection.execute(sa.select(SUBJECT.c.person).where(same)).scalar()
            if person is None:
                by = By(NOBODY, f"provider: nobody here is {identity.text()}", where.text())
                change.tell("auth", {"what": "refused"}, by)
                return change.done(UNKNOWN)
            account = read_account(change.connection, person)
            if not account.is_active(change.now):
                by = By(account.name, "the account is suspended", where.text(), account.id)
                change.tell("auth", {"what": "refused"}, by)
                return change.done(no("ACCOUNT_SUSPENDED", "AC-09"))
            if identity.has_second:
                return change.done(entered(change, account, BY_PROVIDER, where))
            if "second" in needs(change.connection, account.id):
                return change.done(entered(change, account, f"{BY_PROVIDER}-first", where))
            return change.done(begin(change, account, HALF, BY_PROVIDER, where))


def _told(provider: Provider | None) -> dict[str, object] | None:
    """What a fact's hash is of: the secret only as whether there is one."""
    return None if provider is None else {**provider._asdict(), "secret": provider.secret is not None}
