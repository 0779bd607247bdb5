# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What an auditor keeps: how far it has come, what its rules remember, what it found, when nobody answered."""

import contextlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Self

import sqlalchemy as sa

from torrazzo.auditor.finding import Finding
from torrazzo.auditor.mirror import Copied, unpack
from torrazzo.base.errors import Invalid, Unavailable
from torrazzo.ledger.identity import LogKind
from torrazzo.ledger.schema import Database, sqlite_database

VERSION = 1
MOST_TEXT = 2_000
MOST_PROOFS = 16  # heads that are kept with one finding

TABLES = sa.MetaData()
AUDITOR = sa.Table(  # one row
    "auditor",
    TABLES,
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
)
LOG = sa.Table(
    "log",
    TABLES,
    sa.Column("kind", sa.Text, primary_key=True),  # rec, act
    sa.Column("origin", sa.Text, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),  # entries that were mirrored and held against the rules
    sa.Column("edge", sa.LargeBinary, nullable=False),  # the tiles at the right edge, lowest level first
    sa.Column("tail", sa.LargeBinary, nullable=False),  # the last bundle, as far as it is
    sa.Column("first", sa.BigInteger, nullable=False),  # entries below were pruned before they were seen
    sa.Column("seen", sa.BigInteger),  # entries that there were …
    sa.Column("seen_at", sa.BigInteger),  # … at this time, UTC ticks by the auditor's clock
    sa.Column("rules", sa.Text, nullable=False),  # JSON
)
FINDING = sa.Table(
    "finding",
    TABLES,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("rule", sa.Text, nullable=False),
    sa.Column("log", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("i", sa.BigInteger),  # index of the entry
    sa.Column("stream", sa.Text),
    sa.Column("at", sa.BigInteger),  # UTC ticks
    sa.Column("notice", sa.Boolean, nullable=False),
    sa.Column("found", sa.BigInteger, nullable=False),  # UTC ticks by the auditor's clock
    sa.Column("settled", sa.Text),  # why people say that it is settled
)
SILENCE = sa.Table(
    "silence",
    TABLES,
    sa.Column("start", sa.BigInteger, primary_key=True, autoincrement=False),  # UTC ticks by the auditor's clock
    sa.Column("end", sa.BigInteger),  # NULL: it lasts
    sa.Column("why", sa.Text, nullable=False),
)

HEAD = sa.Table(  # the last one of each log that went on from those before
    "head",
    TABLES,
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("note", sa.LargeBinary, nullable=False),
)
PROOF = sa.Table(  # two heads that the log showed, of which the second does not go on from the first
    "proof",
    TABLES,
    sa.Column("finding", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("shown", sa.LargeBinary, primary_key=True),
    sa.Column("before", sa.LargeBinary, nullable=False),  # empty: none was seen before
)

RECORDED = sa.Table(  # which cameras' pictures a key opens; kept as long as it is remembered that keys were destroyed
    "recorded",
    TABLES,
    sa.Column("key", sa.Text, primary_key=True),  # `<hour>/<class>`
    sa.Column("stream", sa.Text, primary_key=True),
)
LIFE = sa.Table(  # one row
    "life",
    TABLES,
    sa.Column("looked", sa.BigInteger, nullable=False),  # the auditor's last sign of life, UTC ticks by its clock
    sa.Column("answered", sa.BigInteger, nullable=False),  # when the ledger did last
    sa.Column("grown", sa.BigInteger, nullable=False),  # when its logs did
)


class Life(NamedTuple):
    """Of an auditor, as it stood at its last look."""

    looked: int
    answered: int
    grown: int


class Followed(NamedTuple):
    """How far one log was followed."""

    origin: str
    copied: Copied
    seen: tuple[int, int] | None  # so many entries there were, at that time
    rules: Mapping[str, Any]
    note: bytes = b""  # the last head that went on from those before, as the log signed it


class Found(NamedTuple):
    """A finding, as it is kept."""

    number: int
    finding: Finding
    found: int
    settled: str | None


class AuditStore:
    """One writer."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    def open(cls, path: Path) -> Self:
        """The SQLite file `path`, made if it is not there; raises `Invalid` for tables of another version."""
        store = cls(sqlite_database(path))
        with store._writing() as connection:
            TABLES.create_all(connection)
            version = connection.execute(sa.select(AUDITOR.c.version)).scalar_one_or_none()
            if version is None:
                connection.execute(sa.insert(AUDITOR).values(version=VERSION))
            elif version != VERSION:
                raise Invalid(f"{path}: version {version}, expected {VERSION}; install the Torrazzo it is of")
        return store

    def load(self, kind: LogKind) -> Followed | None:
        """None before anything was followed."""
        with self._reading() as connection:
            row = connection.execute(sa.select(LOG).where(LOG.c.kind == kind)).one_or_none()
            note = connection.execute(sa.select(HEAD.c.note).where(HEAD.c.kind == kind)).scalar_one_or_none()
        if row is None:
            return None
        seen = None if row.seen is None else (row.seen, row.seen_at)
        copied = unpack(row.size, bytes(row.edge), bytes(row.tail), row.first)
        return Followed(row.origin, copied, seen, json.loads(row.rules), bytes(note or b""))

    def save(self, kind: LogKind, followed: Followed, findings: Iterable[Finding] = (), now: int = 0) -> list[Found]:
        """All of it on disk on return; gives the findings that are new."""
        copied, seen = followed.copied, followed.seen or (None, None)
        row = {
            "kind": kind, "origin": followed.origin, "size": copied.size, "edge": b"".join(copied.edge),
            "tail": copied.tail_bytes, "first": copied.first, "seen": seen[0], "seen_at": seen[1],
            "rules": json.dumps(followed.rules, separators=(",", ":")),
        }  # fmt: skip
        with self._writing() as connection:
            connection.execute(sa.delete(LOG).where(LOG.c.kind == kind))
            connection.execute(sa.insert(LOG).values(**row))
            connection.execute(sa.delete(HEAD).where(HEAD.c.kind == kind))
            connection.execute(sa.insert(HEAD).values(kind=kind, note=followed.note))
            return [added for finding in findings if (added := _add(connection, finding, now)) is not None]

    def add(self, finding: Finding, now: int, heads: tuple[bytes, bytes] | None = None) -> Found | None:
        """One that a look came upon; None if the same one is open. The two heads that prove it are kept with it."""
        with self._writing() as connection:
            known = _open_one(connection, finding) if finding.rule == "R1" else None
            found = _add(connection, finding, now) if known is None else None
            if heads is not None:
                _prove(connection, known if found is None else found.number, *heads)
            return found

    def proofs(self, number: int) -> list[tuple[bytes, bytes]]:
        """Of a finding: heads as the log signed them, each with the one that it does not go on from, which is first."""
        query = sa.select(PROOF.c.before, PROOF.c.shown).where(PROOF.c.finding == number)
        with self._reading() as connection:
            return [(bytes(row.before), bytes(row.shown)) for row in connection.execute(query)]

    def findings(self, *, is_open: bool) -> list[Found]:
        """Those that are not settled; or all."""
        query = sa.select(FINDING).order_by(FINDING.c.number)
        with self._reading() as connection:
            rows = connection.execute(query.where(FINDING.c.settled.is_(None)) if is_open else query).all()
        return [
            Found(
                row.number,
                Finding(row.rule, row.log, row.text, row.i, row.stream, row.at, row.notice),
                row.found,
                row.settled,
            )
            for row in rows
        ]

    def violations(self) -> int:
        """How many that are not settled forbid to cosign."""
        query = sa.select(sa.func.count()).where(FINDING.c.settled.is_(None), FINDING.c.notice.is_(False))
        with self._reading() as connection:
            return int(connection.execute(query).scalar_one())

    def settle(self, number: int, why: str) -> None:
        """People say that they know; raises `Invalid` for a number that is not open."""
        change = sa.update(FINDING).where(FINDING.c.number == number, FINDING.c.settled.is_(None)).values(settled=why)
        with self._writing() as connection:
            if connection.execute(change).rowcount != 1:
                raise Invalid(f"finding {number}: there is none, or it is settled already")

    def silence(self, start: int, end: int | None, why: str) -> None:
        """One that began then; `end` once it is over."""
        with self._writing() as connection:
            connection.execute(sa.delete(SILENCE).where(SILENCE.c.start == start))
            connection.execute(sa.insert(SILENCE).values(start=start, end=end, why=why))

    def recorded(self, keys: Mapping[str, Collection[str]], since: str) -> None:
        """Streams had segments under these keys; what is about hours before `since` is forgotten."""
        with self._writing() as connection:
            query = sa.select(RECORDED.c.key, RECORDED.c.stream).where(RECORDED.c.key.in_(list(keys)))
            known = {(row.key, row.stream) for row in connection.execute(query)}
            told = {(key, stream) for key, streams in keys.items() for stream in streams}
            new = [{"key": key, "stream": stream} for key, stream in sorted(told - known)]
            if new:
                connection.execute(sa.insert(RECORDED), new)
            connection.execute(sa.delete(RECORDED).where(RECORDED.c.key < since))

    def streams(self, key: str) -> list[str]:
        """Those that had segments under this key, in order."""
        query = sa.select(RECORDED.c.stream).where(RECORDED.c.key == key).order_by(RECORDED.c.stream)
        with self._reading() as connection:
            return list(connection.execute(query).scalars())

    def live(self, life: Life) -> None:
        """It has looked."""
        with self._writing() as connection:
            connection.execute(sa.delete(LIFE))
            connection.execute(sa.insert(LIFE).values(**life._asdict()))

    def life(self) -> Life | None:
        """Its last look, in this life or the one before; None before the first."""
        with self._reading() as connection:
            row = connection.execute(sa.select(LIFE)).one_or_none()
        return None if row is None else Life(row.looked, row.answered, row.grown)

    def silences(self, most: int = 100) -> list[tuple[int, int | None, str]]:
        """The last ones, the newest first."""
        query = sa.select(SILENCE.c.start, SILENCE.c.end, SILENCE.c.why).order_by(SILENCE.c.start.desc()).limit(most)
        with self._reading() as connection:
            return [(row.start, row.end, row.why) for row in connection.execute(query)]

    def close(self) -> None:
        """Release the file."""
        self._database.close()

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        try:
            with self._database.write() as connection:
                yield connection
        except sa.exc.SQLAlchemyError as error:
            raise Unavailable(f"database of the auditor: {error}; see to its disk") from error

    @contextlib.contextmanager
    def _reading(self) -> Iterator[sa.Connection]:
        try:
            with self._database.read() as connection:
                yield connection
        except sa.exc.SQLAlchemyError as error:
            raise Unavailable(f"database of the auditor: {error}; see to its disk") from error


def _add(connection: sa.Connection, finding: Finding, now: int) -> Found | None:
    """One of the whole log, such as a head that does not go on, is open once."""
    if finding.entry_index is None and finding.rule == "R1" and _open_one(connection, finding) is not None:
        return None
    text = finding.text.encode("utf-8", "backslashreplace").decode()[:MOST_TEXT]
    row = {
        "rule": finding.rule, "log": finding.log, "text": text, "i": finding.entry_index,
        "at": None if finding.when is None else finding.at, "stream": finding.stream, "notice": finding.is_notice,
        "found": now,
    }  # fmt: skip
    made = connection.execute(sa.insert(FINDING).values(**row).returning(FINDING.c.number))
    return Found(int(made.scalar_one()), finding, now, None)


def _open_one(connection: sa.Connection, finding: Finding) -> int | None:
    """Of the log's heads, by the same rule."""
    query = sa.select(FINDING.c.number).where(
        FINDING.c.rule == finding.rule, FINDING.c.log == finding.log, FINDING.c.settled.is_(None)
    )
    is_of_heads = sa.or_(FINDING.c.i.is_(None), FINDING.c.number.in_(sa.select(PROOF.c.finding)))
    return connection.execute(
        query.where(is_of_heads, FINDING.c.notice == finding.is_notice).limit(1)
    ).scalar_one_or_none()


def _prove(connection: sa.Connection, number: int | None, before: bytes, shown: bytes) -> None:
    """Each head is kept once, and not more of them than could be of use."""
    known = connection.execute(sa.select(PROOF.c.shown).where(PROOF.c.finding == number)).scalars().all()
    if shown not in map(bytes, known) and len(known) < MOST_PROOFS:
        connection.execute(sa.insert(PROOF).values(finding=number, before=before, shown=shown))
