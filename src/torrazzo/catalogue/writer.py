# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The one who writes the catalogue."""

import struct
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from torrazzo.archive.fact import Fact, parse_fact
from torrazzo.archive.summary import Held
from torrazzo.base import StreamId, TermId
from torrazzo.base.closing import Closing
from torrazzo.catalogue.forget import Gone, forget_stream, forget_volumes
from torrazzo.catalogue.schema import open_for_writing


class Delivered(NamedTuple):
    """A fact that is on disk."""

    fact: bytes
    volume: str | None = None  # file name of the volume with its pieces; None for facts without
    pieces: tuple[int, ...] = ()  # offsets of their records


class Taken(NamedTuple):
    """What became of a batch."""

    new: int
    known: int  # delivered before: nothing changed
    conflicts: int  # other bytes under a known identity: the first ones stay


class CatalogueWriter(Closing):
    """Opens, and makes, the catalogue; may be used by several threads, by one process."""

    def __init__(self, path: Path) -> None:
        """Raises `Invalid` for a file that is no catalogue of this version."""
        self.path = path
        self._lock = threading.Lock()
        self._database = open_for_writing(path)
        self._streams: dict[StreamId, int] = {}
        self._terms: dict[tuple[StreamId, TermId], int] = {}
        self._volumes: dict[str, int] = {}

    def close(self) -> None:
        """Write back and close; may be called twice."""
        with self._lock:
            self._database.close()

    def insert(self, batch: Iterable[Delivered]) -> Taken:
        """Take facts in, in one transaction, in any order and as often as they come.

        Raises `Invalid` for a line that is no fact, and then takes none of them.
        """
        facts = [(parse_fact(each.fact), each) for each in batch]
        new = conflicts = 0
        with self._transaction():
            for fact, delivered in facts:
                took = self._take(fact, delivered)
                new += took == "new"
                conflicts += took == "conflict"
        return Taken(new, len(facts) - new - conflicts, conflicts)

    def lacks(self, volume: str, held: Mapping[tuple[StreamId, TermId], Held]) -> bool:
        """Whether a volume with this summary may hold facts that are not here."""
        with self._lock:
            row = self._database.execute("SELECT is_read FROM volume WHERE name = ?", (volume,)).fetchone()
            if row is not None and row[0]:
                return False
            return any(each.offset and self._lacks_some(who, each.n) for who, each in held.items())

    def mark_read(self, volume: str) -> None:
        """All facts of this volume are here, its index said so."""
        with self._transaction():
            self._database.execute("UPDATE volume SET is_read = 1 WHERE id = ?", (self._volume(volume),))

    def forget(self, gone: Gone) -> int:
        """Leave nothing of footage that is gone; returns how many segments that was. As often as you like."""
        with self._lock:
            streams = [stream for (stream,) in self._database.execute("SELECT id FROM stream").fetchall()]
        count = 0
        for stream in streams:  # one at a time: facts that come meanwhile wait for one only
            with self._transaction():
                count += forget_stream(self._database, stream, gone)
        with self._transaction():
            forget_volumes(self._database, gone)
            self._terms, self._volumes = {}, {}
        return count

    def _lacks_some(self, who: tuple[StreamId, TermId], n: int) -> bool:
        row = self._database.execute(
            "SELECT term.facts, term.last_n FROM term JOIN stream ON stream.id = term.stream"
            " WHERE stream.name = ? AND term.name = ?",
            (str(who[0]), str(who[1])),
        ).fetchone()
        return row is None or row[1] < n or row[0] <= row[1]

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock:
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._database.execute("COMMIT")
            except BaseException:
                self._streams, self._terms, self._volumes = {}, {}, {}
                if self._database.in_transaction:
                    self._database.execute("ROLLBACK")
                raise

    def _take(self, fact: Fact, delivered: Delivered) -> str:
        stream, term = self._stream(fact.stream), self._term(fact.stream, fact.term)
        added = self._database.execute(
            "INSERT INTO fact (term, n, line) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (term, fact.n, fact.line)
        ).rowcount
        if not added:
            row = self._database.execute("SELECT line FROM fact WHERE term = ? AND n = ?", (term, fact.n)).fetchone()
            if row[0] != fact.line:
                return "conflict"
            if fact.kind == "seg" and delivered.volume is not None:
                self._place_segment(fact, delivered, stream, term)
            return "known"
        self._database.execute(
            "UPDATE term SET facts = facts + 1, last_n = max(last_n, ?) WHERE id = ?", (fact.n, term)
        )
        if fact.kind == "seg":
            self._take_segment(fact, delivered, stream, term)
        elif fact.kind == "gap":
            self._take_gap(fact, stream, term)
        elif fact.kind == "step":
            row = (stream, term, fact.n, fact.t0, fact.t1)
            self._database.execute("INSERT INTO step (stream, term, n, t0, t1) VALUES (?, ?, ?, ?, ?)", row)
        return "new"

    def _take_segment(self, fact: Fact, delivered: Delivered, stream: int, term: int) -> None:
        assert fact.t1 is not None, "parse_fact has seen to it"
        volume = None if delivered.volume is None else self._volume(delivered.volume)
        pieces = _packed(delivered.pieces)
        retention_class = (fact.key or "").partition("/")[2]
        self._database.execute(
            "INSERT INTO segment (stream, t0, t1, term, n, volume, pieces, length, class)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (stream, fact.t0, fact.t1, term, fact.n, volume, pieces, fact.length, retention_class),
        )
        self._merge(stream, fact.t0, fact.t1)

    def _merge(self, stream: int, t0: int, t1: int) -> None:
        """Unite [t0, t1) with the spans that it touches; the result is that of any other order."""
        if t0 >= t1:
            return
        while True:
            row = self._database.execute(
                "SELECT t0, t1 FROM span WHERE stream = ? AND t0 <= ? ORDER BY t0 DESC LIMIT 1", (stream, t1)
            ).fetchone()
            if row is None or row[1] < t0:
                self._database.execute("INSERT INTO span (stream, t0, t1) VALUES (?, ?, ?)", (stream, t0, t1))
                return
            if row[0] <= t0:
                self._database.execute(
                    "UPDATE span SET t1 = ? WHERE stream = ? AND t0 = ?", (max(t1, row[1]), stream, row[0])
                )
                return
            t1 = max(t1, row[1])
            self._database.execute("DELETE FROM span WHERE stream = ? AND t0 = ?", (stream, row[0]))

    def _place_segment(self, fact: Fact, delivered: Delivered, stream: int, term: int) -> None:
        """Say where the pieces of a known segment are, if that was not known."""
        assert delivered.volume is not None, "the caller has seen to it"
        self._database.execute(
            "UPDATE segment SET volume = ?, pieces = ?"
            " WHERE stream = ? AND t0 = ? AND term = ? AND n = ? AND volume IS NULL",
            (self._volume(delivered.volume), _packed(delivered.pieces), stream, fact.t0, term, fact.n),
        )

    def _take_gap(self, fact: Fact, stream: int, term: int) -> None:
        key = (stream, fact.t0, term)
        if fact.t1 is None:
            closed = self._database.execute(
                "SELECT 1 FROM gap WHERE stream = ? AND t0 = ? AND term = ? AND of = ?", (*key, fact.n)
            ).fetchone()
            if closed is not None:
                return
        elif fact.of is not None:
            self._database.execute(
                "DELETE FROM gap WHERE stream = ? AND t0 = ? AND term = ? AND n = ? AND t1 IS NULL", (*key, fact.of)
            )
        self._database.execute(
            "INSERT INTO gap (stream, t0, t1, why, term, n, of) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (stream, fact.t0, fact.t1, fact.why, term, fact.n, fact.of),
        )

    def _stream(self, stream: StreamId) -> int:
        found = self._streams.get(stream)
        if found is None:
            found = self._streams[stream] = self._id("stream", {"name": str(stream)})
        return found

    def _term(self, stream: StreamId, term: TermId) -> int:
        found = self._terms.get((stream, term))
        if found is None:
            row = {"stream": self._stream(stream), "name": str(term)}
            more = {"fence": term.fence, "start": term.start, "facts": 0, "last_n": -1}
            found = self._terms[stream, term] = self._id("term", row, more)
        return found

    def _volume(self, name: str) -> int:
        found = self._volumes.get(name)
        if found is None:
            found = self._volumes[name] = self._id("volume", {"name": name}, {"is_read": 0})
        return found

    def _id(self, table: str, key: Mapping[str, object], more: Mapping[str, object] | None = None) -> int:
        """The number of a row, made if it isn't there; `table` and column names are ours, never input."""
        where = " AND ".join(f"{column} = ?" for column in key)
        found = self._database.execute(f"SELECT id FROM {table} WHERE {where}", tuple(key.values())).fetchone()  # noqa: S608
        if found is not None:
            return int(found[0])
        row = {**key, **(more or {})}
        columns, marks = ", ".join(row), ", ".join("?" * len(row))
        made = self._database.execute(f"INSERT INTO {table} ({columns}) VALUES ({marks})", tuple(row.values()))  # noqa: S608
        assert made.lastrowid is not None, "an INSERT gives a row id"
        return made.lastrowid


def _packed(offsets: tuple[int, ...]) -> bytes:
    return struct.pack(f">{len(offsets)}Q", *offsets)
