# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What one process notes of the facts about people that it has written: `access/<process>.db`, beside the ledger.

A deed is noted before it is entered, what was given before it is used: whoever comes after a crash closes what is open.
Private parts stay, encrypted under their month's secret; what was given goes when the closing fact has told it.
"""

import contextlib
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Self

from torrazzo.base.errors import Damaged, Refused, Unavailable
from torrazzo.base.ids import SegmentId, StreamId
from torrazzo.base.spans import Span
from torrazzo.base.times import UtcTicks
from torrazzo.durable import Disk
from torrazzo.town.home import Home

VERSION = 4

WINDOWS = ("view", "export", "hold", "live")

# What is owed is asked for every few seconds, for years: a condition and an index that say the same, to the letter.
_OWED = f"close IS NULL AND (entry IS NULL OR kind IN {WINDOWS})"
_OWED_INDEX = f"CREATE INDEX deed_owed ON deed (id) WHERE {_OWED};"

SCHEMA = f"""
CREATE TABLE deed (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,          -- of act facts: view, live, export, ask, approve
    line BLOB NOT NULL,          -- the fact, verbatim
    private BLOB NOT NULL,       -- its private part, sealed under the secret of the month that the line names
    entry INTEGER,               -- its number in `log`; NULL while it is not known to be there
    close INTEGER,               -- number of the fact that closed this window; NULL if open, or no window; -1: none
    log TEXT NOT NULL DEFAULT 'act', -- where it is entered: after a fork of the ledger that is another one
    since INTEGER NOT NULL DEFAULT 0 -- so many entries that log had before: its own, if any, is behind them
);
CREATE INDEX deed_entry ON deed (entry);
{_OWED_INDEX}

CREATE TABLE given (             -- segments whose keys an open window has given; what is shown live
    deed INTEGER NOT NULL REFERENCES deed,
    stream TEXT NOT NULL,        -- <camera>/<name>
    term TEXT NOT NULL,          -- "live" for what is shown live, counted by n
    n INTEGER NOT NULL,
    t0 INTEGER NOT NULL,         -- UTC ticks
    t1 INTEGER NOT NULL,
    PRIMARY KEY (deed, stream, term, n)
) WITHOUT ROWID;
"""

GROWN = {  # by version that is found
    1: "ALTER TABLE deed ADD COLUMN log TEXT NOT NULL DEFAULT 'act';",  # knew of no fork
    2: "ALTER TABLE deed ADD COLUMN since INTEGER NOT NULL DEFAULT 0;",
    3: _OWED_INDEX,
}


class Deed(NamedTuple):
    """One fact, as noted."""

    id: int
    kind: str
    line: bytes
    private: bytes
    entry: int | None
    log: str = "act"  # whose entry
    since: int = 0  # entries that this had before; known of what is owed


class Given(NamedTuple):
    """A segment whose key was given."""

    id: SegmentId
    span: Span


class Over(Refused):
    """The window is closed, or about to be."""


class Book:
    """May be used by several threads; written by one process."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection
        self._lock = threading.Lock()
        self._told: set[int] = set()  # deeds whose closing fact is being written

    @classmethod
    def write(cls, home: Home, disk: Disk, part: str) -> Self:
        """The book of this process, made if it isn't there."""
        path = book_path(home, part)
        disk.make_folder(path.parent)
        with contextlib.suppress(FileExistsError):
            disk.create(path).close()
            disk.sync_folder(path.parent)  # SQLite makes what is in it safe, not its name
        book = cls(path, sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10))
        try:
            book._prepare()
        except BaseException:
            book.close()
            raise
        return book

    @classmethod
    def read(cls, path: Path) -> Self:
        """Any process's book, to look into; tried twice: just after the writer's clean close the first can fail."""
        for is_last in (False, True):
            address = f"{path.absolute().as_uri()}?mode=ro"
            try:
                book = cls(
                    path, sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False, timeout=10)
                )
                book._ask("SELECT log FROM deed LIMIT 1")
            except (sqlite3.Error, Unavailable) as error:
                if is_last:
                    raise Unavailable(f"{path}: {error}; nothing was noted there yet") from error
                continue
            return book
        raise AssertionError("unreachable")

    def _prepare(self) -> None:
        try:
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
            (version,) = self._connection.execute("PRAGMA user_version").fetchone()
            if version == 0:
                self._connection.executescript(f"BEGIN; {SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;")
            elif version in GROWN:
                steps = " ".join(step for before, step in GROWN.items() if before >= version)
                self._connection.executescript(f"BEGIN; {steps} PRAGMA user_version = {VERSION}; COMMIT;")
        except sqlite3.Error as error:
            raise Damaged(f"{self.path}: {error}; put its last copy back: who looked at what stands in it") from error
        if version not in {0, *GROWN, VERSION}:
            raise Damaged(f"{self.path}: version {version}, expected {VERSION}; install the Torrazzo that wrote it")

    # -- deeds

    def note(self, kind: str, line: bytes, private: bytes, log: str = "act", since: int = 0) -> int:
        """A deed that is about to be entered in that log, which had so many entries before; returns its id here."""
        with self._changing() as connection:
            row = connection.execute(
                "INSERT INTO deed (kind, line, private, log, since) VALUES (?, ?, ?, ?, ?)",
                (kind, line, private, log, since),
            )
            assert row.lastrowid is not None
            return row.lastrowid

    def entered(self, deed: int, entry: int, log: str) -> None:
        """It is in that log, there."""
        with self._changing() as connection:
            connection.execute("UPDATE deed SET entry = ?, log = ? WHERE id = ?", (entry, log, deed))

    def forget(self, deed: int) -> None:
        """It was never entered."""
        with self._changing() as connection:
            connection.execute("DELETE FROM deed WHERE id = ? AND entry IS NULL", (deed,))

    def closed(self, deed: int, close: int) -> None:
        """A window was closed by that entry, which tells what was given."""
        with self._changing() as connection:
            connection.execute("UPDATE deed SET close = ? WHERE id = ?", (close, deed))
            connection.execute("DELETE FROM given WHERE deed = ?", (deed,))

    def never_closed(self, deed: int) -> None:
        """What was, or may have been, entered in a log that was ended by a fork: no fact can close it any more."""
        self.closed(deed, -1)

    def owed(self) -> list[Deed]:
        """Deeds of which it isn't known whether they are in `act`, and windows that are not closed."""
        return self._deeds(_OWED, (), "since")

    def owed_one(self, deed: int) -> Deed | None:
        """This one, if it is among them."""
        return next(iter(self._deeds(f"id = ? AND {_OWED}", (deed,), "since")), None)

    def is_owed(self, deed: int) -> bool:
        """Whether this window is not closed."""
        return bool(self._ask("SELECT 1 FROM deed WHERE id = ? AND close IS NULL", (deed,)))

    def log_of(self, deed: int) -> str:
        """Where it was entered."""
        ((log,),) = self._ask("SELECT log FROM deed WHERE id = ?", (deed,))
        return str(log)

    def of_kind(self, *kinds: str) -> list[Deed]:
        """Those that were entered, in order; see each one's log."""
        return self._deeds(f"entry IS NOT NULL AND kind IN ({', '.join('?' * len(kinds))})", kinds)

    def between(self, first: int, last: int) -> list[Deed]:
        """Those that were entered under these numbers, the ends included; see each one's log."""
        return self._deeds("entry BETWEEN ? AND ?", (first, last))

    def _deeds(self, where: str, values: Sequence[object], since: str = "0") -> list[Deed]:
        query = f"SELECT id, kind, line, private, entry, log, {since} FROM deed WHERE {where} ORDER BY id"  # noqa: S608 - no input
        return [Deed(*row) for row in self._ask(query, values)]

    # -- what was given

    def give(self, deed: int, given: Iterable[Given]) -> None:
        """On disk when it returns: then the keys may be used. Raises `Over` where no closing fact would tell it."""
        rows = [(deed, str(g.id.stream), str(g.id.term), g.id.n, g.span.start, g.span.end) for g in given]
        with self._changing() as connection:
            self._check_open(connection, deed)
            connection.executemany("INSERT OR IGNORE INTO given VALUES (?, ?, ?, ?, ?, ?)", rows)

    def show(self, deed: int, stream: StreamId, number: int, span: Span) -> None:
        """Live pictures are shown through this window, from then on and until then at most; or were, where told anew.

        On disk when it returns. Raises `Over` where no closing fact would tell it.
        """
        with self._changing() as connection:
            self._check_open(connection, deed)
            connection.execute(
                "INSERT OR REPLACE INTO given VALUES (?, ?, 'live', ?, ?, ?)",
                (deed, str(stream), number, span.start, span.end),
            )

    def _check_open(self, connection: sqlite3.Connection, deed: int) -> None:
        is_open = connection.execute("SELECT 1 FROM deed WHERE id = ? AND close IS NULL", (deed,)).fetchone()
        if deed in self._told or not is_open:
            raise Over("this window was closed meanwhile; say again why you look")

    def tell_given(self, deed: int) -> Mapping[StreamId, list[Span]]:
        """All that its closing fact is to tell: from here on it gives no more."""
        with self._lock:
            self._told.add(deed)
        return self.given(deed)

    def given(self, deed: int) -> Mapping[StreamId, list[Span]]:
        """By stream, a span for each segment."""
        found: dict[StreamId, list[Span]] = {}
        for stream, t0, t1 in self._ask("SELECT stream, t0, t1 FROM given WHERE deed = ? ORDER BY t0", (deed,)):
            found.setdefault(StreamId.parse(stream), []).append(Span(UtcTicks(t0), UtcTicks(t1)))
        return found

    def close(self) -> None:
        """Release the file; may be called twice."""
        with self._lock:
            self._connection.close()

    def _ask(self, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        try:
            with self._lock:
                return self._connection.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise Unavailable(f"{self.path}: {error}; is its disk well?") from error

    @contextlib.contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                yield self._connection
                self._connection.execute("COMMIT")
            except (sqlite3.Error, Over) as error:
                with contextlib.suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
                if isinstance(error, Over):
                    raise
                raise Unavailable(f"{self.path}: {error}; is the disk full?") from error


def book_path(home: Home, part: str) -> Path:
    """Of the process of this name."""
    return home.path / "access" / f"{part}.db"
