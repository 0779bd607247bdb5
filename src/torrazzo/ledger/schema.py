# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The tables of the ledger, the same on SQLite and PostgreSQL, and how each is opened.

Rows are only what files cannot hold yet, the right edge, and what is looked up; docs/3-formats/ledger.md, On disk.
"""

import contextlib
import sqlite3
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

from torrazzo.base.errors import Invalid
from torrazzo.durable import OsDisk

VERSION = 1

_WAIT_S = 10.0
_WRITER = ("journal_mode = WAL", "synchronous = FULL")
_READER = ("query_only = ON", "wal_autocheckpoint = 0")
_SEQUENCER = 0x746F7272_617A7A6F  # PostgreSQL's advisory lock: one writer at a time

TABLES = sa.MetaData()
LEDGER = sa.Table(  # one row
    "ledger",
    TABLES,
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
)
LOG = sa.Table(  # a pair of logs; one more pair for each fork, and only the last pair is written to
    "log",
    TABLES,
    sa.Column("name", sa.Text, primary_key=True),  # rec, act; then rec.2, act.2: end of the origin, name of the folder
    sa.Column("generation", sa.Integer, nullable=False),  # 1, and one more for each fork
    sa.Column("origin", sa.Text, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),  # entries
    sa.Column("note", sa.LargeBinary, nullable=False),  # the signed checkpoint of that size, with its signatures
    sa.Column("filed", sa.BigInteger, nullable=False),  # entries below are in files, as are the full tiles over them
    sa.Column("minimum", sa.BigInteger, nullable=False),  # entries below are no longer given out
    sa.Column("pruned", sa.BigInteger, nullable=False),  # entries below are gone, where a whole file could go
)
ENTRY = sa.Table(  # from `filed` on
    "entry",
    TABLES,
    sa.Column("log", sa.Text, primary_key=True),
    sa.Column("i", sa.BigInteger, primary_key=True, autoincrement=False),  # index
    sa.Column("line", sa.LargeBinary, nullable=False),  # its bytes, verbatim
    sqlite_with_rowid=False,
)
TILE = sa.Table(  # the last one of each level, and full ones that are not in files yet
    "tile",
    TABLES,
    sa.Column("log", sa.Text, primary_key=True),
    sa.Column("level", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("hashes", sa.LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
LINEAGE = sa.Table(  # a term of a stream, in the present `rec`
    "lineage",
    TABLES,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("stream", sa.Text, nullable=False),
    sa.Column("term", sa.Text, nullable=False),
    sa.Column("floor", sa.BigInteger, nullable=False),  # the largest n whose row was pruned; -1: none
    sa.UniqueConstraint("stream", "term"),
)
FACT = sa.Table(  # the catalogue: which numbered facts are in the present `rec`, and where
    "fact",
    TABLES,
    sa.Column("lineage", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("n", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("i", sa.BigInteger, nullable=False),  # index of its entry
    sa.Column("hash", sa.LargeBinary, nullable=False),  # its leaf
    sa.Column("t0", sa.BigInteger, nullable=False),  # UTC ticks
    sa.Column("t1", sa.BigInteger),  # NULL: open
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("day", sa.Integer, nullable=False),  # of t0: days since 1970, UTC
    sa.Index("fact_of_day", "day", "i"),
    sqlite_with_rowid=False,
)


class Database:
    """One connection that writes, some that only read."""

    def __init__(self, writer: sa.Engine, reader: sa.Engine) -> None:
        self._writer, self._reader = writer, reader

    def prepare(self) -> None:
        """Make the tables where there are none; raises `Invalid` for those of another version."""
        with self.write() as connection:
            TABLES.create_all(connection)
            version = connection.execute(sa.select(LEDGER.c.version)).scalar_one_or_none()
            if version is None:
                connection.execute(sa.insert(LEDGER).values(version=VERSION))
            elif version != VERSION:
                raise Invalid(
                    f"ledger database of version {version}, expected {VERSION}; install the Torrazzo it is of"
                )

    @contextlib.contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """One transaction, on disk when the block has ended; an error rolls it back."""
        with self._writer.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_SEQUENCER)))
            yield connection

    @contextlib.contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """What is committed; for any thread."""
        with self._reader.connect() as connection:
            yield connection

    def close(self) -> None:
        """Release it; may be called twice."""
        self._reader.dispose()
        self._writer.dispose()


def sqlite_database(path: Path) -> Database:
    """The file `path`, made (mode 0600) if it isn't there. Readers never checkpoint: two at it once may lose data."""
    with contextlib.suppress(FileExistsError):
        OsDisk().create(path).close()
        OsDisk().sync_folder(path.parent)  # SQLite makes what is in it safe, not its name
    writer = sa.create_engine(
        "sqlite+pysqlite://", creator=lambda: _connect(path, "rw", _WRITER), poolclass=sa.pool.QueuePool,
        pool_size=1, max_overflow=0, hide_parameters=True,
    )  # fmt: skip
    sa.event.listen(writer, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    reader = sa.create_engine(
        "sqlite+pysqlite://",
        creator=lambda: _connect(path, "ro", _READER),
        poolclass=sa.pool.QueuePool,
        hide_parameters=True,
    )
    return Database(writer, reader)


def _connect(path: Path, mode: str, pragmas: tuple[str, ...]) -> sqlite3.Connection:
    address = f"file:{urllib.parse.quote(str(path.absolute()))}?mode={mode}"
    connection = sqlite3.connect(address, uri=True, timeout=_WAIT_S, isolation_level=None, check_same_thread=False)
    for pragma in pragmas:
        connection.execute(f"PRAGMA {pragma}")
    return connection
