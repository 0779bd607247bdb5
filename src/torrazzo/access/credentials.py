# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What people do with their own ways in: the password, the device, recovery codes. Nobody does it for somebody else.

Each change wants its person to have shown lately who it is, by the password in the same request or before (`FRESH`).
"""

from collections.abc import Sequence
from typing import NamedTuple

import pyotp

from torrazzo.access.account import Account
from torrazzo.access.accounts import end_sessions
from torrazzo.access.factors import (
    STEP,
    check_code,
    has_device,
    has_passkey,
    new_device,
    new_recovery,
    password_hash,
    recovery_left,
    remove_device,
    set_password,
)
from torrazzo.access.failures import Keys, count_failure, is_locked
from torrazzo.access.passwords import Hasher, check_password
from torrazzo.access.sessions import FRESH, FRESH_TO_END, Sessions, token_hash
from torrazzo.access.sign_in import LOCKED, WRONG
from torrazzo.access.staff import By, Denial, Done, Staff
from torrazzo.law import Decision
from torrazzo.law.decision import no, yes

ISSUER = "Torrazzo"


class Device(NamedTuple):
    """To be shown to its owner once, as a picture of `address` or as the secret in letters."""

    secret: str
    address: str  # otpauth:


class Ways(NamedTuple):
    """That somebody has."""

    password: bool
    device: bool
    passkey: bool
    recovery_codes: int


class Credentials:
    """Of one town. `token` is that of a session that is signed in, be it that things are still owed."""

    def __init__(self, staff: Staff, sessions: Sessions, hasher: Hasher) -> None:
        self._staff, self._sessions, self._hasher = staff, sessions, hasher

    def ways(self, id_: str) -> Ways:
        """Of this account."""
        with self._staff.look() as connection:
            return Ways(
                password_hash(connection, id_) is not None,
                has_device(connection, id_),
                has_passkey(connection, id_),
                recovery_left(connection, id_),
            )

    def change_password(self, token: str, old: str, new: str) -> Done[Decision]:
        """Raises `Invalid` for one that is no password; where the person is signed in elsewhere, that ends."""
        session = self._sessions.signed_in(token)
        check_password(new, session.account.name, session.account.full_name, self._staff.town)
        keys = Keys.of(session.account.name, session.where.address)
        with self._staff.change() as change:
            if is_locked(change, keys):
                return change.done(LOCKED)
            known = password_hash(change.connection, session.account.id)
        if known is None:
            self._sessions.signed_in(token, FRESH)  # there is no old one that would show who it is
        if known is not None and not self._hasher.is_it(known, old):
            with self._staff.change() as change:
                count_failure(change, keys)
                change.tell("auth", {"what": "refused"}, session.by("changes the password"))
                return change.done(WRONG)
        if known is not None and self._hasher.is_it(known, new):
            return Done(no("PASSWORD_OLD", "AC-01"), ())
        hash_ = self._hasher.hash(new)
        with self._staff.change() as change:
            set_password(change, session.account.id, hash_, must_change=False)
            end_sessions(change, session.account.id, "changed", but=token_hash(token))
            change.tell("auth", {"what": "password"}, session.by("changes the password"))
            return change.done(yes("AC-01"))

    def set_password(self, account: Account, password: str, by: By, *, must_change: bool = True) -> Done[None]:
        """One that somebody else knows, to be changed at its first use; people get a link instead."""
        check_password(password, account.name, account.full_name, self._staff.town)
        hash_ = self._hasher.hash(password)
        with self._staff.change() as change:
            set_password(change, account.id, hash_, must_change=must_change)
            end_sessions(change, account.id, "changed")
            change.tell("auth", {"what": "password"}, by._replace(reason=f"{account.name}: {by.reason}"))
            return change.done(None)

    def begin_device(self, token: str) -> Done[Device]:
        """A new one; it counts when `confirm_device` was given a code of it. Not in place of one that counts."""
        account = self._sessions.signed_in(token, FRESH).account
        with self._staff.change() as change:
            if has_device(change.connection, account.id):
                raise Denial("DEVICE_THERE", "AC-01", "there is a device for codes already; remove it first")
            secret = new_device(change, account.id, self._staff.box)
            address = pyotp.TOTP(secret, interval=STEP).provisioning_uri(name=account.name, issuer_name=ISSUER)
            return change.done(Device(secret, address))

    def remove_device(self, token: str) -> Done[None]:
        """A lost or an old one. Where it was the only second factor, another is owed now."""
        session = self._sessions.signed_in(token, FRESH)
        with self._staff.change() as change:
            remove_device(change, session.account.id)
            change.tell("auth", {"what": "code"}, session.by("removes a device for codes"))
            return change.done(None)

    def confirm_device(self, token: str, code: str) -> Done[Sequence[str]]:
        """From here on it counts; gives ten recovery codes where there are none. Raises `Denial` for a wrong code."""
        session = self._sessions.signed_in(token, FRESH_TO_END)
        with self._staff.change() as change:
            if not check_code(change, session.account.id, self._staff.box, code, confirms=True):
                raise Denial("CODE_WRONG", "AC-01", "this is no code of that device now; look at its clock")
            change.tell("auth", {"what": "code"}, session.by("has a device for codes"))
            if recovery_left(change.connection, session.account.id):
                return change.done(())
            return change.done(new_recovery(change, session.account.id))

    def renew_recovery(self, token: str) -> Done[Sequence[str]]:
        """Ten new ones; the old ones are void."""
        session = self._sessions.signed_in(token, FRESH)
        with self._staff.change() as change:
            change.tell("auth", {"what": "recovery"}, session.by("has new recovery codes"))
            return change.done(new_recovery(change, session.account.id))
