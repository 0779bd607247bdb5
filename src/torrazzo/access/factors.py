# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What people sign in with beside a passkey: the password, codes of a device (RFC 6238), recovery codes.

Here within a change; credentials.py is what their owner does with them.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence

import pyotp
import sqlalchemy as sa

from torrazzo.access.passwords import Hasher
from torrazzo.access.staff import Change
from torrazzo.access.tables import CODE_DEVICE, PASSKEY, PASSWORD, RECOVERY_CODE
from torrazzo.base.times import SECOND
from torrazzo.town.box import Box

STEP = 30  # seconds
AROUND = (-1, 0, 1)  # steps by which a device's clock may be off
RECOVERY_CODES = 10
_RECOVERY_BYTES = 10  # 80 bits: no salt and no slow hash is needed


# -- the password


def set_password(change: Change, person: str, hash_: str, *, must_change: bool) -> None:
    """In place of the one before."""
    change.connection.execute(sa.delete(PASSWORD).where(PASSWORD.c.person == person))
    values = {"person": person, "hash": hash_, "must_change": must_change, "changed": change.now}
    change.connection.execute(sa.insert(PASSWORD).values(**values))


def password_hash(connection: sa.Connection, person: str | None) -> str | None:
    """None: there is no such person, or no password."""
    return connection.execute(sa.select(PASSWORD.c.hash).where(PASSWORD.c.person == person)).scalar()


def renew_hash(change: Change, person: str, password: str, hasher: Hasher) -> None:
    """Where it was made at another cost than is used now."""
    known = password_hash(change.connection, person)
    if known is not None and hasher.is_weak(known):
        query = sa.update(PASSWORD).where(PASSWORD.c.person == person)
        change.connection.execute(query.values(hash=hasher.hash(password)))


# -- codes


def new_device(change: Change, person: str, box: Box) -> str:
    """Its secret in base32; it counts once a code of it was given."""
    secret = pyotp.random_base32()
    remove_device(change, person)
    sealed = box.seal(secret, _place(person))
    values = {"person": person, "sealed": sealed, "is_confirmed": False, "last_step": 0}
    change.connection.execute(sa.insert(CODE_DEVICE).values(**values))
    return secret


def remove_device(change: Change, person: str) -> None:
    """No code of it counts any more."""
    change.connection.execute(sa.delete(CODE_DEVICE).where(CODE_DEVICE.c.person == person))


def check_code(change: Change, person: str, box: Box, code: str, *, confirms: bool = False) -> bool:
    """Whether it is a code of now that did not count yet; from here on it does not, nor any before it."""
    row = change.connection.execute(sa.select(CODE_DEVICE).where(CODE_DEVICE.c.person == person)).first()
    if row is None or row.is_confirmed is confirms:
        return False
    device = pyotp.TOTP(box.open(row.sealed, _place(person)), interval=STEP)
    now = change.now // (STEP * SECOND)
    said = "".join(code.split()).encode()
    found = [now + by for by in AROUND if hmac.compare_digest(device.generate_otp(now + by).encode(), said)]
    if not found or found[0] <= row.last_step:
        return False
    query = sa.update(CODE_DEVICE).where(CODE_DEVICE.c.person == person)
    change.connection.execute(query.values(last_step=found[0], is_confirmed=True))
    return True


def _place(person: str) -> str:
    return f"code device of {person}"


# -- recovery codes


def new_recovery(change: Change, person: str) -> Sequence[str]:
    """Ten, in place of those that are left; shown now and never again."""
    codes = [_recovery_text(secrets.token_bytes(_RECOVERY_BYTES)) for _ in range(RECOVERY_CODES)]
    change.connection.execute(sa.delete(RECOVERY_CODE).where(RECOVERY_CODE.c.person == person))
    rows = [{"person": person, "hash": _recovery_hash(code)} for code in codes]
    change.connection.execute(sa.insert(RECOVERY_CODE), rows)
    return codes


def use_recovery(change: Change, person: str, code: str) -> bool:
    """Whether it is one that is left; then it is gone."""
    where = sa.and_(RECOVERY_CODE.c.person == person, RECOVERY_CODE.c.hash == _recovery_hash(code))
    return change.connection.execute(sa.delete(RECOVERY_CODE).where(where)).rowcount == 1


def recovery_left(connection: sa.Connection, person: str) -> int:
    """How many."""
    query = sa.select(sa.func.count()).select_from(RECOVERY_CODE).where(RECOVERY_CODE.c.person == person)
    return int(connection.execute(query).scalar_one())


def _recovery_text(drawn: bytes) -> str:
    text = base64.b32encode(drawn).decode().lower()
    return "-".join(text[at : at + 4] for at in range(0, len(text), 4))


def _recovery_hash(code: str) -> bytes:
    return hashlib.sha256(b"torrazzo.recovery.v1\0" + "".join(c for c in code.lower() if c.isalnum()).encode()).digest()


# -- all of them


def has_device(connection: sa.Connection, person: str) -> bool:
    """One that was confirmed."""
    query = sa.select(CODE_DEVICE.c.is_confirmed).where(CODE_DEVICE.c.person == person)
    return bool(connection.execute(query).scalar())


def has_passkey(connection: sa.Connection, person: str) -> bool:
    """At least one."""
    return connection.execute(sa.select(PASSKEY.c.id).where(PASSKEY.c.person == person)).first() is not None


def needs(connection: sa.Connection, person: str) -> tuple[str, ...]:
    """What its owner has to do before anything else: `password` (change it), `second` (a device or a passkey)."""
    must_change = connection.execute(sa.select(PASSWORD.c.must_change).where(PASSWORD.c.person == person)).scalar()
    has_second = has_device(connection, person) or has_passkey(connection, person)
    return (*(("password",) if must_change else ()), *(() if has_second else ("second",)))


def forget_all(change: Change, person: str) -> None:
    """Password, device, passkeys, recovery codes."""
    for table in (PASSWORD, CODE_DEVICE, PASSKEY, RECOVERY_CODE):
        change.connection.execute(sa.delete(table).where(table.c.person == person))
