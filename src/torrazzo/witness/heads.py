# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a witness remembers: the head that it cosigned last of each log, and those that contradict one."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Self

import sqlalchemy as sa

from torrazzo.base.errors import Invalid, Unavailable
from torrazzo.ledger.merkle import EMPTY_ROOT
from torrazzo.ledger.schema import Database, sqlite_database

VERSION = 1
MOST_EVIDENCE = 16  # contradicting heads kept of each log; each is signed by its key

TABLES = sa.MetaData()
WITNESS = sa.Table(  # one row
    "witness",
    TABLES,
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
)
HEAD = sa.Table(  # the one cosigned last
    "head",
    TABLES,
    sa.Column("origin", sa.Text, primary_key=True),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("root", sa.LargeBinary, nullable=False),
    sa.Column("note", sa.LargeBinary, nullable=False),  # as the log signed it, with our cosignature
)
EVIDENCE = sa.Table(  # heads that the log signed and that do not go on from the one before
    "evidence",
    TABLES,
    sa.Column("origin", sa.Text, primary_key=True),
    sa.Column("text", sa.Text, primary_key=True),  # what is signed
    sa.Column("note", sa.LargeBinary, nullable=False),
    sa.Column("cosigned", sa.LargeBinary, nullable=False),  # the head before, as in `head`
    sa.Column("seconds", sa.BigInteger, nullable=False),  # when: POSIX time
)


class Cosigned(NamedTuple):
    """A head that was cosigned; before the first one, the empty tree without a note."""

    size: int = 0
    root: bytes = EMPTY_ROOT
    note: bytes = b""


class Heads:
    """One writer; any thread."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    def make(cls, path: Path) -> Self:
        """The SQLite file `path`, of a witness that never cosigned anything."""
        heads = cls(sqlite_database(path))
        with heads._reported(), heads._database.write() as connection:
            TABLES.create_all(connection)
            if connection.execute(sa.select(WITNESS.c.version)).scalar_one_or_none() is None:
                connection.execute(sa.insert(WITNESS).values(version=VERSION))
        return heads

    @classmethod
    def open(cls, path: Path) -> Self:
        """One that was made; raises `Unavailable` where it is gone, `Invalid` for tables of another version.

        Nothing takes its place: whoever has forgotten what he cosigned would cosign a second history.
        """
        if not path.exists():
            raise Unavailable(f"{path}: it is gone, and with it what was cosigned; make a new witness with a new key")
        heads = cls(sqlite_database(path))
        with heads._reported(), heads._database.write() as connection:
            version = connection.execute(sa.select(WITNESS.c.version)).scalar_one_or_none()
        if version != VERSION:
            raise Invalid(f"{path}: version {version}, expected {VERSION}; install the Torrazzo it is of")
        return heads

    @property
    def are_none(self) -> bool:
        """Whether nothing was ever cosigned."""
        with self._reported(), self._database.read() as connection:
            return connection.execute(sa.select(HEAD.c.origin)).first() is None

    @contextlib.contextmanager
    def changing(self) -> "Iterator[Change]":
        """One transaction, on disk when the block has ended; nobody else changes anything meanwhile."""
        with self._reported(), self._database.write() as connection:
            yield Change(connection)

    def last(self, origin: str) -> Cosigned:
        """What was cosigned last."""
        with self._reported(), self._database.read() as connection:
            return Change(connection).last(origin)

    def contradictions(self, origin: str) -> int:
        """How many there are in `evidence`."""
        query = sa.select(sa.func.count()).where(EVIDENCE.c.origin == origin)
        with self._reported(), self._database.read() as connection:
            return connection.execute(query).scalar_one()

    def evidence(self, origin: str) -> list[bytes]:
        """The contradicting heads, the oldest first."""
        query = sa.select(EVIDENCE.c.note).where(EVIDENCE.c.origin == origin).order_by(EVIDENCE.c.seconds)
        with self._reported(), self._database.read() as connection:
            return [bytes(note) for note in connection.execute(query).scalars()]

    def close(self) -> None:
        """Release the file."""
        self._database.close()

    @contextlib.contextmanager
    def _reported(self) -> Iterator[None]:
        try:
            yield
        except sa.exc.SQLAlchemyError as error:
            raise Unavailable(f"database of the witness: {error}; see to its disk") from error


class Change:
    """What may be done in a transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def last(self, origin: str) -> Cosigned:
        """What was cosigned last."""
        query = sa.select(HEAD.c.size, HEAD.c.root, HEAD.c.note).where(HEAD.c.origin == origin)
        row = self._connection.execute(query).one_or_none()
        return Cosigned() if row is None else Cosigned(row.size, bytes(row.root), bytes(row.note))

    def put(self, origin: str, head: Cosigned) -> None:
        """This is the last one now."""
        self._connection.execute(sa.delete(HEAD).where(HEAD.c.origin == origin))
        self._connection.execute(sa.insert(HEAD).values(origin=origin, **head._asdict()))

    def keep(self, origin: str, text: str, note: bytes, seconds: int) -> bool:
        """A head that contradicts the last one; returns whether it is a new one, and there was room for it."""
        known = self._connection.execute(sa.select(EVIDENCE.c.text).where(EVIDENCE.c.origin == origin)).scalars().all()
        if text in known or len(known) >= MOST_EVIDENCE:
            return False
        row = {"origin": origin, "text": text, "note": note, "cosigned": self.last(origin).note, "seconds": seconds}
        self._connection.execute(sa.insert(EVIDENCE).values(**row))
        return True
