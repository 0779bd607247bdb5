# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A catalogue's whole content as text."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from torrazzo.catalogue.schema import open_for_reading


def dump(path: Path) -> Iterator[str]:
    """The whole content as lines in one fixed order: two catalogues say the same if and only if these are equal."""
    database = open_for_reading(path)
    try:
        for row in database.execute(
            """
            SELECT stream.name, term.name, fact.n, fact.line, volume.name, segment.pieces, segment.t0, segment.t1,
                   segment.length, segment.class
            FROM fact JOIN term ON term.id = fact.term JOIN stream ON stream.id = term.stream
                 LEFT JOIN segment ON segment.stream = stream.id AND segment.term = fact.term AND segment.n = fact.n
                     AND segment.t0 = json_extract(CAST(fact.line AS TEXT), '$.t0')
                 LEFT JOIN volume ON volume.id = segment.volume
            ORDER BY stream.name, term.fence, term.start, term.name, fact.n
            """
        ):
            yield f"fact {row[0]} {row[1]} {row[2]} {row[4]} {(row[5] or b'').hex()} {row[6:]} {row[3].decode()}"
        yield from _rows(
            database, "term", "SELECT stream.name, term.name, facts, last_n FROM term JOIN stream ON stream.id = stream"
        )
        for table, columns in (("span", "t0, t1"), ("gap", "t0, t1, why, n, of"), ("step", "n, t0, t1")):
            sql = f"SELECT stream.name, {columns} FROM {table} JOIN stream ON stream.id = stream"  # noqa: S608 - ours
            yield from _rows(database, table, sql)
    finally:
        database.close()


def _rows(database: sqlite3.Connection, table: str, sql: str) -> Iterator[str]:
    yield from sorted(f"{table} {' '.join(map(str, row))}" for row in database.execute(sql))
