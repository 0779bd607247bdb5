# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Sessions: kept here, known by the hash of a token, one a person.

Stages: `half`, the password was right and a second factor is owed; `elsewhere`, all was right, and the same person has
a session at another station, which has to be ended first; `full`. Locked: its person did nothing for ten minutes.
Whoever shows again who it is gets another token: the one before is dead, the session and its name go on.
"""

import base64
import hashlib
import secrets
from typing import Any, NamedTuple

import sqlalchemy as sa

from torrazzo.access.account import Account
from torrazzo.access.accounts import end_sessions, read_account
from torrazzo.access.factors import needs
from torrazzo.access.staff import By, Change, Denial, Done, Staff, clean
from torrazzo.access.tables import SESSION
from torrazzo.base.times import DAY, HOUR, SECOND, UtcTicks

IDLE = 10 * 60 * SECOND
ABSOLUTE = 12 * HOUR
UNDER_WAY = 5 * 60 * SECOND  # for what is half, or waits for a word
SEEN_EACH = 5 * SECOND  # so often it is noted that somebody does something: a lock comes so much early at most
FRESH = 5 * 60 * SECOND  # since its person showed who it is: so long ways in may be changed (ASVS 7.5.1)
FRESH_TO_END = 15 * 60 * SECOND  # so long for what was begun in time: a device is fetched, a key is looked for
REMEMBERED = 30 * DAY  # so long one that is over is told why, and to its person
TOKEN_LENGTH = 32
MOST_PAST = 100
AGAIN = "AGAIN_REQUIRED"
MOST_READ = 256  # that are kept as they were read: each part of what plays asks whose it is

BY_PROVIDER = "oidc"  # a method: by the town's provider, with two factors there
HALF, ELSEWHERE, FULL = "half", "elsewhere", "full"

_OVER = {
    "taken": ("SESSION_TAKEN", "a session of yours that began elsewhere has ended this one"),
    "suspended": ("ACCOUNT_SUSPENDED", "this account was suspended"),
    "expired": ("SESSION_OVER", "this session was as old as one may be: sign in again"),
}


class Where(NamedTuple):
    """From where somebody comes: the browser's own name of the station, and the address."""

    station: str
    address: str

    def text(self) -> str:
        """As a private part tells it."""
        return f"{self.station} ({self.address})"

    def cleaned(self) -> "Where":
        """As it is kept and compared, whatever a browser said."""
        return Where(clean(self.station[:64]), clean(self.address[:64]))


class Session(NamedTuple):
    """As it is now."""

    account: Account
    stage: str
    method: str  # code, passkey, recovery, link, password, demo; oidc, oidc-code, oidc-recovery, oidc-first
    where: Where
    opened: UtcTicks
    until: UtcTicks
    is_locked: bool
    needs: tuple[str, ...]  # to be done before anything else
    other: Where | None = None  # where the one is that this one would end
    id: str = ""  # stays while the token changes; opens nothing
    shown: UtcTicks = UtcTicks(0)  # when its person last showed who it is

    @property
    def is_open(self) -> bool:
        """Whether its person may work; locked, only what shows goes on."""
        return self.stage == FULL and not self.needs and not self.is_locked

    def by(self, reason: str) -> By:
        """Its person's hand."""
        return By(self.account.name, reason, self.where.text(), self.account.id)


class Opened(NamedTuple):
    """A session that has just begun, or gone a step further: the token is told this once."""

    token: str
    session: Session


class Past(NamedTuple):
    """A session as its own person sees it: open, or over."""

    method: str
    where: Where
    opened: UtcTicks
    seen: UtcTicks
    ended: UtcTicks | None
    why: str | None  # it ended: out, expired, taken, suspended, changed
    is_this: bool


class _Read(NamedTuple):
    """A session as it was read, and how many changes there had been."""

    changes: int
    row: sa.RowMapping
    session: Session | None  # None: it is over


class Sessions:
    """Of one town."""

    def __init__(self, staff: Staff) -> None:
        self._staff = staff
        self._read: dict[str | bytes, _Read] = {}  # by id, by hash

    def session(self, token: str, *, is_active: bool = True) -> Session:
        """Whose it is. `is_active`: its person does something now, other than a page that asks by itself.

        Raises `Denial`: SESSION_NONE, SESSION_OVER, SESSION_TAKEN, ACCOUNT_SUSPENDED. Facts it owes are `Staff.owed`.
        """
        return self._found(SESSION.c.hash, token_hash(token), is_active=is_active)

    def by_id(self, id_: str) -> Session:
        """For what goes on by itself while its session does; raises as `session`."""
        return self._found(SESSION.c.id, id_, is_active=False)

    def signed_in(self, token: str, fresh: int | None = None) -> Session:
        """Signed in and not locked; `fresh`: its person showed who it is at most so long ago.

        Raises `Denial`, AGAIN_REQUIRED where that is longer ago.
        """
        found = self.session(token)
        if found.stage != FULL or found.is_locked:
            raise Denial("SESSION_NONE" if found.stage != FULL else "SESSION_LOCKED", "AC-01", "sign in first")
        if fresh is not None and self.left(found, fresh) <= 0:
            raise Denial(AGAIN, "AC-01", "who changes ways in shows who it is: by the password, or a passkey")
        return found

    def left(self, found: Session, fresh: int = FRESH) -> int:
        """Ticks for which it is known well enough who sits there; none where its clock was set back."""
        since = self._staff.clock.utc() - found.shown
        return max(0, fresh - since) if since >= 0 else 0

    def _found(self, column: sa.Column[Any], value: str | bytes, *, is_active: bool) -> Session:
        now = self._staff.clock.utc()
        _, row, found = self._read_anew(column, value)
        if found is None:
            code, text = _OVER.get(row["why"], ("SESSION_OVER", "this session is over: sign in again"))
            raise Denial(code, "AC-01", text)
        hash_, why = row["hash"], _end(found, row, now)
        if why is not None:
            self._end(hash_, found, why)
            return self._found(column, value, is_active=is_active)  # which says so
        if found.stage == FULL and not row["is_locked"] and now - row["seen"] >= IDLE:
            return self._lock(hash_, found).value
        if is_active and not row["is_locked"] and now - row["seen"] >= SEEN_EACH:
            with self._staff.change() as change:
                _set(change, hash_, seen=now)
        return found

    def _read_anew(self, column: sa.Column[Any], value: str | bytes) -> "_Read":
        """As it is in the database, where anything about people has changed since it was read."""
        changes, known = self._staff.changes, self._read.get(value)
        if known is not None and known.changes == changes:
            return known
        with self._staff.look() as connection:
            row = connection.execute(sa.select(SESSION).where(column == value)).mappings().first()
            if row is None:
                raise Denial("SESSION_NONE", "AC-01", "nobody is signed in here")
            found = None if row["ended"] is not None else read_session(connection, row)
        if len(self._read) >= MOST_READ:
            self._read.clear()
        self._read[value] = read = _Read(changes, row, found)
        return read

    def past(self, id_: str, token: str) -> list[Past]:
        """Of this account, newest first: those that came as far as to be one, in the last 30 days."""
        query = sa.select(SESSION).where(SESSION.c.person == id_, SESSION.c.stage == FULL)
        with self._staff.look() as connection:
            rows = connection.execute(query.order_by(SESSION.c.opened.desc()).limit(MOST_PAST)).all()
        now, this = self._staff.clock.utc(), token_hash(token)
        return [
            Past(
                row.method,
                Where(row.station, row.address),
                row.opened,
                row.seen,
                row.until if row.ended is None and row.until <= now else row.ended,
                "expired" if row.ended is None and row.until <= now else row.why,
                row.hash == this,
            )
            for row in rows
        ]

    def lock(self, token: str) -> Done[Session]:
        """By its person's own wish."""
        found = self.session(token)
        return self._lock(token_hash(token), found)

    def close(self, token: str) -> Done[None]:
        """Sign out."""
        found = self.session(token, is_active=False)
        with self._staff.change() as change:
            if _set(change, token_hash(token), SESSION.c.ended.is_(None), ended=change.now, why="out"):
                change.tell("auth", {"what": "sign-out"}, found.by("signs out"))
            return change.done(None)

    def take_over(self, token: str) -> Done[Session]:
        """Its person wants to go on here: the session elsewhere ends, and is told."""
        found = self.session(token)
        if found.stage != ELSEWHERE:
            raise Denial("NOT_NOW", "AC-01", "there is no session elsewhere to be ended")
        with self._staff.change() as change:
            _take(change, found, token_hash(token))
            _set(change, token_hash(token), stage=FULL, seen=change.now, until=change.now + ABSOLUTE)
            return change.done(found._replace(stage=FULL, other=None, until=UtcTicks(change.now + ABSOLUTE)))

    def tend(self) -> None:
        """Forget those that were over long ago."""
        with self._staff.change() as change:
            old = change.now - REMEMBERED
            change.connection.execute(sa.delete(SESSION).where(sa.or_(SESSION.c.ended < old, SESSION.c.until < old)))

    def _end(self, hash_: bytes, found: Session, why: str) -> None:
        with self._staff.change() as change:  # the first who sees it tells it
            if _set(change, hash_, SESSION.c.ended.is_(None), ended=change.now, why=why) and found.stage == FULL:
                change.tell("auth", {"what": "expired"}, found.by(why))

    def _lock(self, hash_: bytes, found: Session) -> Done[Session]:
        with self._staff.change() as change:
            if _set(change, hash_, SESSION.c.ended.is_(None), SESSION.c.is_locked.is_(False), is_locked=True):
                change.tell("auth", {"what": "lock"}, found.by("locked"))
            return change.done(found._replace(is_locked=True))


# -- within a change


def begin(change: Change, account: Account, stage: str, method: str, where: Where) -> Opened:
    """A new session with a new token; of what was half nothing stays."""
    connection, where = change.connection, where.cleaned()
    half = sa.and_(SESSION.c.person == account.id, SESSION.c.stage != FULL, SESSION.c.station == where.station)
    connection.execute(sa.delete(SESSION).where(half))
    token = _new_token()
    if stage == FULL and (other := _other(connection, account.id, change.now)) is not None:
        if other["station"] == where.station:
            end_sessions(change, account.id, "taken")
        else:
            stage = ELSEWHERE
    now = change.now
    end_expired = sa.and_(SESSION.c.person == account.id, SESSION.c.ended.is_(None), SESSION.c.until <= now)
    connection.execute(sa.update(SESSION).where(end_expired).values(ended=now, why="expired"))
    row = {
        "hash": token_hash(token),
        "person": account.id,
        "stage": stage,
        "method": method,
        "station": where.station,
        "address": where.address,
        "opened": now,
        "seen": now,
        "until": now + (ABSOLUTE if stage == FULL else UNDER_WAY),
        "is_locked": False,
        "id": secrets.token_hex(16),
        "shown": now,
    }
    connection.execute(sa.insert(SESSION).values(**row))
    found = connection.execute(sa.select(SESSION).where(SESSION.c.hash == row["hash"])).mappings().one()
    return Opened(token, read_session(connection, found))


def renew(change: Change, token: str, found: Session) -> Opened:
    """Its person has shown again who it is: it goes on by another token."""
    new = _new_token()
    _set(change, token_hash(token), hash=token_hash(new), is_locked=False, seen=change.now, shown=change.now)
    return Opened(new, found._replace(is_locked=False, shown=change.now))


def read_session(connection: sa.Connection, row: sa.RowMapping) -> Session:
    """Of a row."""
    account = read_account(connection, row["person"])
    other = _other(connection, account.id, row["opened"]) if row["stage"] == ELSEWHERE else None
    return Session(
        account,
        row["stage"],
        row["method"],
        Where(row["station"], row["address"]),
        row["opened"],
        row["until"],
        row["is_locked"],
        _owed(connection, account.id, row["method"]) if row["stage"] == FULL else (),
        None if other is None else Where(other["station"], other["address"]),
        row["id"],
        row["shown"],
    )


def _owed(connection: sa.Connection, person: str, method: str) -> tuple[str, ...]:
    """Who showed two factors to the provider needs none of ours."""
    found = needs(connection, person)
    return tuple(each for each in found if each != "second") if method == BY_PROVIDER else found


def _new_token() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(TOKEN_LENGTH)).decode().rstrip("=")


def token_hash(token: str) -> bytes:
    """What is kept of it."""
    return hashlib.sha256(b"torrazzo.session.v1\0" + token.encode()).digest()


def csrf_of(token: str) -> str:
    """What a page says beside the cookie: made from the token, so that it needs no keeping, and tells nothing of it."""
    digest = hashlib.sha256(b"torrazzo.csrf.v1\0" + token.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _take(change: Change, found: Session, hash_: bytes) -> None:
    end_sessions(change, found.account.id, "taken", but=hash_)
    where = "elsewhere" if found.other is None else found.other.text()
    change.tell("auth", {"what": "taken"}, found.by(f"ends the session at {where}"))


def _other(connection: sa.Connection, person: str, now: UtcTicks) -> sa.RowMapping | None:
    query = sa.select(SESSION).where(
        SESSION.c.person == person, SESSION.c.ended.is_(None), SESSION.c.stage == FULL, SESSION.c.until > now
    )
    return connection.execute(query).mappings().first()


def _end(found: Session, row: sa.RowMapping, now: UtcTicks) -> str | None:
    if now >= row["until"]:
        return "expired"
    return None if found.account.is_active(now) else "suspended"


def _set(change: Change, hash_: bytes, *where: sa.ColumnElement[bool], **values: object) -> bool:
    """Whether there was one that is so."""
    query = sa.update(SESSION).where(SESSION.c.hash == hash_, *where).values(**values)
    return bool(change.connection.execute(query).rowcount)
