# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""How often somebody may be wrong: five times an account, thirty an address, then nothing is looked at for a while.

It is counted by the name that was given, whether there is such an account or not: so nobody learns that.
"""

import ipaddress
from typing import NamedTuple

import sqlalchemy as sa

from torrazzo.access.staff import Change
from torrazzo.access.tables import FAILURE
from torrazzo.base.times import SECOND, UtcTicks

LOCKED_FOR = 15 * 60 * SECOND
OF_ACCOUNT = 5
OF_ADDRESS = 30


class Keys(NamedTuple):
    """Whom a failure counts for."""

    account: str
    address: str

    @classmethod
    def of(cls, name: str, address: str) -> "Keys":
        """`address` may be empty: then it is not counted. Of IPv6 its network of 64 bits: a station has all of one."""
        return cls(f"account:{name[:64]}", f"address:{_network(address[:64])}")


def is_locked(change: Change, keys: Keys) -> bool:
    """By the account or the address."""
    return any(_locked_until(change, key) > change.now for key in keys)


def locked_until(change: Change, keys: Keys) -> UtcTicks:
    """When the next try is looked at; in the past if that is now."""
    return max(_locked_until(change, key) for key in keys)


def count_failure(change: Change, keys: Keys) -> bool:
    """One more; whether the account is locked by it."""
    if keys.address != "address:":
        _count(change, keys.address, OF_ADDRESS)
    return _count(change, keys.account, OF_ACCOUNT)


def forget_failures(change: Change, keys: Keys) -> None:
    """Of this account, which was right. The address's go with time: else one good account would hide many tries."""
    change.connection.execute(sa.delete(FAILURE).where(FAILURE.c.key == keys.account))


def forget_old(change: Change) -> None:
    """Those that count no more."""
    is_old = sa.and_(
        FAILURE.c.since <= change.now - LOCKED_FOR,
        sa.or_(FAILURE.c.locked_until.is_(None), FAILURE.c.locked_until <= change.now),
    )
    change.connection.execute(sa.delete(FAILURE).where(is_old))


def count_locked(connection: sa.Connection, now: UtcTicks) -> int:
    """Accounts, whether there are such or not, and addresses of which nothing is looked at now."""
    query = sa.select(sa.func.count()).select_from(FAILURE).where(FAILURE.c.locked_until > now)
    return int(connection.execute(query).scalar_one())


def _network(address: str) -> str:
    try:
        found = ipaddress.IPv6Address(address)
    except ValueError:
        return address
    return str(found.ipv4_mapped or ipaddress.IPv6Network((found, 64), strict=False))


def _locked_until(change: Change, key: str) -> UtcTicks:
    query = sa.select(FAILURE.c.locked_until).where(FAILURE.c.key == key)
    return UtcTicks(change.connection.execute(query).scalar() or 0)


def _count(change: Change, key: str, most: int) -> bool:
    forget_old(change)
    row = change.connection.execute(sa.select(FAILURE).where(FAILURE.c.key == key)).mappings().first()
    count = 1 if row is None or row["locked_until"] is not None else row["count"] + 1
    locked_until = change.now + LOCKED_FOR if count >= most else None
    since = change.now if row is None or count == 1 else row["since"]
    change.connection.execute(sa.delete(FAILURE).where(FAILURE.c.key == key))
    values = {"key": key, "count": count, "since": since, "locked_until": locked_until}
    change.connection.execute(sa.insert(FAILURE).values(**values))
    return locked_until is not None
