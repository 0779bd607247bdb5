# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Passkeys (WebAuthn level 2): made and used on this site only, by their own person, who is verified each time.

A passkey is two factors by itself, and finds its account: the page asks for no name. A challenge is signed by this
process and not kept, so that nobody fills a store with questions; one that was answered is remembered until it is old.
"""

import hmac
import secrets
import threading
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import sqlalchemy as sa
import webauthn
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from webauthn.helpers import (
    bytes_to_base64url,
    options_to_json,
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from torrazzo.access.accounts import read_account
from torrazzo.access.factors import has_device, new_recovery, recovery_left
from torrazzo.access.failures import Keys, count_failure, is_locked
from torrazzo.access.sessions import FRESH, FRESH_TO_END, Opened, Sessions, Where
from torrazzo.access.sign_in import LOCKED, NOBODY, WRONG, entered, shown_again
from torrazzo.access.staff import By, Change, Denial, Done, Staff
from torrazzo.access.tables import PASSKEY
from torrazzo.base.clock import Clock
from torrazzo.base.errors import Invalid
from torrazzo.base.times import SECOND, UtcTicks
from torrazzo.law import Decision
from torrazzo.law.decision import no

TOWN = "Torrazzo"
GOOD_FOR = 5 * 60 * SECOND
MOST = 10  # of one person

_DRAWN, _UNTIL, _MAC = 16, 8, 32
_WRONG = (WebAuthnException, InvalidSignature, UnsupportedAlgorithm, ValueError, LookupError, TypeError, AttributeError)

Response = Mapping[str, object]  # what the browser's credential is as JSON


class Site(NamedTuple):
    """Where the page is: passkeys belong to a host's name, never to an address in digits."""

    rp_id: str
    origins: tuple[str, ...]  # such as http://localhost:8470


class Passkey(NamedTuple):
    """As its owner sees it."""

    id: str  # base64url
    name: str
    created: UtcTicks


class Passkeys:
    """Of one town. May be used by several threads."""

    def __init__(self, staff: Staff, sessions: Sessions) -> None:
        self._staff, self._sessions = staff, sessions
        self._challenges = Challenges(staff.clock)

    def all(self, id_: str) -> list[Passkey]:
        """Of this account, oldest first."""
        with self._staff.look() as connection:
            rows = connection.execute(sa.select(PASSKEY).where(PASSKEY.c.person == id_).order_by(PASSKEY.c.created))
            return [Passkey(bytes_to_base64url(row.id), row.name, row.created) for row in rows]

    # -- making one

    def begin(self, token: str, site: Site) -> str:
        """Options for `navigator.credentials.create`, as JSON."""
        account = self._sessions.signed_in(token, FRESH).account
        there = [PublicKeyCredentialDescriptor(id=webauthn.base64url_to_bytes(key.id)) for key in self.all(account.id)]
        if len(there) >= MOST:
            raise Denial("PASSKEYS_MANY", "AC-01", f"{MOST} passkeys are enough; remove one first")
        options = webauthn.generate_registration_options(
            rp_id=site.rp_id,
            rp_name=TOWN,
            user_id=account.id.encode(),
            user_name=account.name,
            user_display_name=account.full_name,
            challenge=self._challenges.draw(account.id),
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=there,
        )
        return options_to_json(options)

    def add(self, token: str, response: Response, name: str, site: Site) -> Done[Sequence[str]]:
        """The new one counts; gives ten recovery codes where there are none. Raises `Denial` for what is none."""
        session = self._sessions.signed_in(token, FRESH_TO_END)
        if not 0 < len(name.strip()) <= 64 or not name.isprintable():
            raise Invalid("name: call the passkey something, in at most 64 characters")
        try:
            said = parse_registration_credential_json(dict(response))
            challenge = parse_client_data_json(said.response.client_data_json).challenge
            self._challenges.answer(challenge, session.account.id)
            found = webauthn.verify_registration_response(
                credential=said,
                expected_challenge=challenge,
                expected_rp_id=site.rp_id,
                expected_origin=list(site.origins),
                require_user_verification=True,
            )
        except _WRONG as error:
            raise Denial("PASSKEY_WRONG", "AC-01", f"this passkey was not made as asked: {error}") from error
        with self._staff.change() as change:
            known = change.connection.execute(sa.select(PASSKEY.c.id).where(PASSKEY.c.id == found.credential_id))
            if known.first() is not None:
                raise Denial("PASSKEY_WRONG", "AC-01", "this passkey is known already")
            values = {"id": found.credential_id, "person": session.account.id, "name": name.strip()}
            key = {"public_key": found.credential_public_key, "sign_count": found.sign_count, "created": change.now}
            change.connection.execute(sa.insert(PASSKEY).values(**values, **key))
            change.tell("auth", {"what": "passkey"}, session.by(f"has a passkey: {name.strip()}"))
            if recovery_left(change.connection, session.account.id):
                return change.done(())
            return change.done(new_recovery(change, session.account.id))

    def remove(self, token: str, id_: str) -> Done[None]:
        """Not the last second factor: nobody locks themselves out by a click."""
        session = self._sessions.signed_in(token, FRESH)
        person = session.account.id
        with self._staff.change() as change:
            keys = change.connection.execute(sa.select(PASSKEY).where(PASSKEY.c.person == person)).all()
            found = next((key for key in keys if bytes_to_base64url(key.id) == id_), None)
            if found is None:
                raise Invalid("there is no such passkey of yours")
            if len(keys) == 1 and not has_device(change.connection, person):
                raise Denial("LAST_FACTOR", "AC-01", "this is your only second factor; get another one first")
            change.connection.execute(sa.delete(PASSKEY).where(PASSKEY.c.id == found.id))
            change.tell("auth", {"what": "passkey"}, session.by(f"removes a passkey: {found.name}"))
            return change.done(None)

    # -- using one

    def ask(self, site: Site) -> str:
        """Options for `navigator.credentials.get`, as JSON, for whoever comes; also to unlock."""
        options = webauthn.generate_authentication_options(
            rp_id=site.rp_id,
            challenge=self._challenges.draw(""),
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        return options_to_json(options)

    def sign_in(self, response: Response, where: Where, site: Site) -> Done[Opened | Decision]:
        """Signs in whoever's passkey it is, also while wrong passwords have locked the account."""
        where = where.cleaned()
        with self._staff.change() as change:
            refused, person = self._checked(change, response, where, site)
            if refused is not None or person is None:
                return change.done(WRONG if refused is None else refused)
            account = read_account(change.connection, person)
            if not account.is_active(change.now):
                by = By(account.name, "the account is suspended", where.text(), account.id)
                change.tell("auth", {"what": "refused"}, by)
                return change.done(no("ACCOUNT_SUSPENDED", "AC-09"))
            return change.done(entered(change, account, "passkey", where))

    def again(self, token: str, response: Response, site: Site) -> Done[Opened | Decision]:
        """As `SignIn.again`, by a passkey of the session's own person."""
        session = self._sessions.session(token, is_active=False)
        with self._staff.change() as change:
            refused, person = self._checked(change, response, session.where, site)
            if refused is not None or person != session.account.id:
                return change.done(WRONG if refused is None else refused)
            return change.done(shown_again(change, token, session))

    def _checked(
        self, change: Change, response: Response, where: Where, site: Site
    ) -> tuple[Decision | None, str | None]:
        keys = Keys.of("", where.address)
        if is_locked(change, Keys("", keys.address)):
            return LOCKED, None
        try:
            said = parse_authentication_credential_json(dict(response))
            challenge = parse_client_data_json(said.response.client_data_json).challenge
            row = change.connection.execute(sa.select(PASSKEY).where(PASSKEY.c.id == said.raw_id)).one_or_none()
            if row is None:
                raise ValueError("not known here")
            self._challenges.answer(challenge, "")
            found = webauthn.verify_authentication_response(
                credential=said,
                expected_challenge=challenge,
                expected_rp_id=site.rp_id,
                expected_origin=list(site.origins),
                credential_public_key=row.public_key,
                credential_current_sign_count=row.sign_count,
                require_user_verification=True,
            )
        except _WRONG as error:
            count_failure(change, keys._replace(account="passkey"))
            change.tell("auth", {"what": "refused"}, By(NOBODY, f"passkey: {error}"[:200], where.text()))
            return WRONG, None
        count = {"sign_count": found.new_sign_count}
        change.connection.execute(sa.update(PASSKEY).where(PASSKEY.c.id == row.id).values(**count))
        return None, str(row.person)


class Challenges:
    """Drawn ‖ end ‖ HMAC of both and of whom it is for, by a key that lives as long as this process."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self._key = clock, secrets.token_bytes(32)
        self._answered: dict[bytes, int] = {}
        self._lock = threading.Lock()

    def draw(self, for_: str) -> bytes:
        """For this person; for whoever it is, if empty."""
        head = secrets.token_bytes(_DRAWN) + (self._clock.utc() + GOOD_FOR).to_bytes(_UNTIL, "big")
        return head + self._mac(head, for_)

    def begun(self, challenge: bytes) -> UtcTicks:
        """When it was drawn."""
        return UtcTicks(int.from_bytes(challenge[_DRAWN : _DRAWN + _UNTIL], "big") - GOOD_FOR)

    def derived(self, challenge: bytes, what: str) -> bytes:
        """A secret that belongs to it, of which nothing is kept."""
        return hmac.digest(self._key, what.encode() + b"\0" + challenge, "sha256")

    def answer(self, challenge: bytes, for_: str) -> None:
        """It is answered, once: raises `ValueError` for one that is not ours, too old, or was answered before."""
        head, mac = challenge[: _DRAWN + _UNTIL], challenge[_DRAWN + _UNTIL :]
        if len(challenge) != _DRAWN + _UNTIL + _MAC or not hmac.compare_digest(mac, self._mac(head, for_)):
            raise ValueError("not what was asked")
        now, until = self._clock.utc(), int.from_bytes(head[_DRAWN:], "big")
        with self._lock:
            self._answered = {each: end for each, end in self._answered.items() if end > now}
            if now >= until or challenge in self._answered:
                raise ValueError("asked too long ago, or answered already")
            self._answered[challenge] = until

    def _mac(self, head: bytes, for_: str) -> bytes:
        return hmac.digest(self._key, head + for_.encode(), "sha256")
