# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The tables of `catalogue.db`, column by column. Nothing in them is known nowhere else."""

import contextlib
import sqlite3
from pathlib import Path

from torrazzo.base.errors import Invalid, Unavailable
from torrazzo.durable import OsDisk

VERSION = 1

# All times are UTC ticks (1/90000 s), spans are half-open. 63 bits are enough until the year 3.2 million.
SCHEMA = """
CREATE TABLE stream (
    id INTEGER PRIMARY KEY,      -- of this file only: another catalogue of the same volumes may number otherwise
    name TEXT NOT NULL UNIQUE    -- <camera>/<name>, as in facts
);

CREATE TABLE term (
    id INTEGER PRIMARY KEY,      -- of this file only
    stream INTEGER NOT NULL REFERENCES stream,
    name TEXT NOT NULL,          -- <node>-<fence>-<start>, as in facts
    fence INTEGER NOT NULL,      -- of the name
    start INTEGER NOT NULL,      -- of the name; for the order of terms see the reader
    facts INTEGER NOT NULL,      -- how many facts of it were taken, those forgotten since among them
    last_n INTEGER NOT NULL,     -- the highest n among them; facts - 1 = last_n if none is missing
    UNIQUE (stream, name)
);

CREATE TABLE volume (
    id INTEGER PRIMARY KEY,      -- of this file only
    name TEXT NOT NULL UNIQUE,   -- file name, which names its root too
    is_read INTEGER NOT NULL     -- 1 once all its facts were taken from the volume itself, with its index
);

CREATE TABLE fact (              -- every fact once, whatever its kind
    id INTEGER PRIMARY KEY,      -- in order of arrival
    term INTEGER NOT NULL REFERENCES term,
    n INTEGER NOT NULL,          -- number within the term
    line BLOB NOT NULL,          -- its bytes, verbatim
    UNIQUE (term, n)
);

CREATE TABLE segment (           -- one row per fact of kind seg
    stream INTEGER NOT NULL REFERENCES stream,
    t0 INTEGER NOT NULL,
    t1 INTEGER NOT NULL,
    term INTEGER NOT NULL REFERENCES term,
    n INTEGER NOT NULL,
    volume INTEGER REFERENCES volume, -- where its pieces are; NULL if that could not be found
    pieces BLOB NOT NULL,        -- offsets of the pieces' records in the volume, init first: 8 bytes each, big-endian
    length INTEGER NOT NULL,     -- plaintext bytes, init included
    class TEXT NOT NULL,         -- retention class, of the fact's key
    PRIMARY KEY (stream, t0, term, n)
) WITHOUT ROWID;

CREATE TABLE span (              -- recorded time: segments that touch or overlap, merged
    stream INTEGER NOT NULL REFERENCES stream,
    t0 INTEGER NOT NULL,
    t1 INTEGER NOT NULL,
    PRIMARY KEY (stream, t0)
) WITHOUT ROWID;

CREATE TABLE gap (               -- facts of kind gap; an open one goes when the one that closes it comes
    stream INTEGER NOT NULL REFERENCES stream,
    t0 INTEGER NOT NULL,
    t1 INTEGER,                  -- NULL while it is open
    why TEXT NOT NULL,           -- cause, also one that we don't know
    term INTEGER NOT NULL REFERENCES term,
    n INTEGER NOT NULL,
    of INTEGER,                  -- n of the open gap that it closes
    PRIMARY KEY (stream, t0, term, n)
) WITHOUT ROWID;

CREATE TABLE step (              -- facts of kind step: the clock was set from t0 to t1
    stream INTEGER NOT NULL REFERENCES stream,
    term INTEGER NOT NULL REFERENCES term,
    n INTEGER NOT NULL,
    t0 INTEGER NOT NULL,
    t1 INTEGER NOT NULL,
    PRIMARY KEY (stream, term, n)
) WITHOUT ROWID;
"""


def open_for_writing(path: Path) -> sqlite3.Connection:
    """The catalogue at `path`, made if it isn't there (mode 0600). Raises `Invalid` for a file of another version."""
    with contextlib.suppress(FileExistsError):
        OsDisk().create(path).close()
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version == 0:
            connection.executescript(f"BEGIN; {SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;")
        elif version != VERSION:
            raise Invalid(
                f"{path}: version {version}, expected {VERSION}; delete it and run `torrazzo catalogue rebuild`"
            )
    except sqlite3.DatabaseError as error:
        connection.close()
        raise Invalid(f"{path}: {error}; run `torrazzo catalogue rebuild`") from error
    except Invalid:
        connection.close()
        raise
    return connection


def open_for_reading(path: Path) -> sqlite3.Connection:
    """The same, read-only; tried twice, because just after the writer has closed it the first try can fail."""
    for is_last in (False, True):
        try:
            connection = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode=ro",
                uri=True,
                isolation_level=None,
                check_same_thread=False,
                timeout=10,
            )
            try:
                (version,) = connection.execute("PRAGMA user_version").fetchone()
                connection.execute("SELECT 1 FROM stream").fetchone()
            except sqlite3.DatabaseError:
                connection.close()
                raise
        except sqlite3.DatabaseError as error:
            if is_last:
                raise Unavailable(f"{path}: {error}; run `torrazzo catalogue rebuild`") from error
            continue
        if version != VERSION:
            connection.close()
            raise Invalid(f"{path}: version {version}, expected {VERSION}; run `torrazzo catalogue rebuild`")
        return connection
    raise AssertionError("unreachable")
