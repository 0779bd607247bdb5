# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is taken out of the catalogue when footage is gone: rows of its segments, then what else is as old."""

import contextlib
import sqlite3
from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from torrazzo.archive.header import VolumeHeader
from torrazzo.base.errors import Invalid
from torrazzo.base.times import HOUR, hour_text


class Gone(NamedTuple):
    """Hours of which nothing is left."""

    before: Mapping[str, int]  # class → first hour that lives
    also: Collection[tuple[int, str]] = ()  # hours and classes that went earlier

    def stretches(self) -> Iterator[tuple[str, int, int]]:
        """Class, and ticks from when until when."""
        for class_, hour in self.before.items():
            yield class_, 0, hour * HOUR
        for hour, class_ in self.also:
            yield class_, hour * HOUR, (hour + 1) * HOUR

    @property
    def all_before(self) -> int:
        """Ticks before which nothing of any class is left."""
        return min(self.before.values(), default=0) * HOUR

    def has(self, hour: int, class_: str) -> bool:
        """Whether such footage is gone."""
        return hour < self.before.get(class_, 0) or (hour, class_) in self.also


def forget_stream(database: sqlite3.Connection, stream: int, gone: Gone) -> int:
    """Segments of these hours with their facts; gaps, steps and terms when no class is as old. Returns segments."""
    count = 0
    for class_, start, end in gone.stretches():
        rows = database.execute(
            "SELECT t0, t1, term, n FROM segment WHERE stream = ? AND t0 >= ? AND t0 < ? AND class = ?",
            (stream, start, end, class_),
        ).fetchall()
        if not rows:
            continue
        count += len(rows)
        database.executemany("DELETE FROM fact WHERE term = ? AND n = ?", [(term, n) for _, _, term, n in rows])
        database.execute(
            "DELETE FROM segment WHERE stream = ? AND t0 >= ? AND t0 < ? AND class = ?", (stream, start, end, class_)
        )
        _cut_spans(database, stream, min(t0 for t0, *_ in rows), max(t1 for _, t1, *_ in rows))
    _forget_rest(database, stream, gone.all_before)
    return count


def forget_volumes(database: sqlite3.Connection, gone: Gone) -> None:
    """Volumes of these hours."""
    last = max([*(hour for hour in gone.before.values()), *(hour + 1 for hour, _ in gone.also)], default=0)
    for number, name in database.execute("SELECT id, name FROM volume WHERE name < ?", (hour_text(last),)).fetchall():
        with contextlib.suppress(Invalid):
            header = VolumeHeader.from_name(name)
            if gone.has(header.hour, header.retention_class):
                database.execute("DELETE FROM volume WHERE id = ?", (number,))


def _cut_spans(database: sqlite3.Connection, stream: int, start: int, end: int) -> None:
    """Take [start, end) out of the spans, but for what other segments still cover of it."""
    spans = database.execute(
        "SELECT t0, t1 FROM span WHERE stream = ? AND t0 < ? AND t1 > ?", (stream, end, start)
    ).fetchall()
    left = database.execute(
        "SELECT t0, t1 FROM segment WHERE stream = ? AND t0 < ? AND t0 > ? AND t1 > ?",
        (stream, end, start - HOUR, start),
    ).fetchall()
    database.execute("DELETE FROM span WHERE stream = ? AND t0 < ? AND t1 > ?", (stream, end, start))
    outside = [part for t0, t1 in spans for part in ((t0, min(t1, start)), (max(t0, end), t1)) if part[0] < part[1]]
    merged: list[tuple[int, int]] = []
    for t0, t1 in sorted([*outside, *left]):
        if merged and t0 <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(t1, merged[-1][1]))
        else:
            merged.append((t0, t1))
    database.executemany("INSERT INTO span (stream, t0, t1) VALUES (?, ?, ?)", [(stream, *span) for span in merged])


def _forget_rest(database: sqlite3.Connection, stream: int, before: int) -> None:
    """Gaps and steps that were over, with the facts that told of them; terms of which nothing else is left."""
    gaps = database.execute(
        "SELECT term, n, of FROM gap WHERE stream = ? AND t0 < ? AND t1 <= ?", (stream, before, before)
    ).fetchall()
    steps = database.execute(
        "SELECT term, n FROM step WHERE stream = ? AND t0 <= ? AND t1 <= ?", (stream, before, before)
    ).fetchall()
    told = [(term, n) for term, n, _ in gaps] + [(term, of) for term, _, of in gaps if of is not None] + steps
    database.executemany("DELETE FROM fact WHERE term = ? AND n = ?", told)
    database.execute("DELETE FROM gap WHERE stream = ? AND t0 < ? AND t1 <= ?", (stream, before, before))
    database.execute("DELETE FROM step WHERE stream = ? AND t0 <= ? AND t1 <= ?", (stream, before, before))
    terms = database.execute("SELECT id FROM term WHERE stream = ? AND start < ?", (stream, before)).fetchall()
    for (term,) in terms:
        if database.execute("SELECT 1 FROM fact WHERE term = ? AND n > 0", (term,)).fetchone():
            continue
        database.execute("DELETE FROM fact WHERE term = ?", (term,))
        database.execute("DELETE FROM term WHERE id = ?", (term,))
