# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What readers ask the catalogue."""

import functools
import json
import sqlite3
import struct
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from torrazzo.archive.accounts import in_order
from torrazzo.archive.fact import parse_fact
from torrazzo.base import SegmentId, Span, StreamId, TermId
from torrazzo.base.closing import Closing
from torrazzo.base.errors import Unavailable
from torrazzo.base.times import HOUR, UtcTicks
from torrazzo.catalogue.schema import open_for_reading


class Gap(NamedTuple):
    """Declared absence; `t1` is None while it lasts."""

    t0: UtcTicks
    t1: UtcTicks | None
    why: str


class SegmentRow(NamedTuple):
    """A recorded segment and where its pieces are."""

    id: SegmentId
    t0: UtcTicks
    t1: UtcTicks
    volume: str | None  # file name; None if its pieces could not be found
    pieces: tuple[int, ...]  # offsets of their records, init first
    length: int  # plaintext bytes
    retention_class: str


# Without facts: those of a stream lie among all others', and a playlist of hours would read as many pages.
_SEGMENTS = """
SELECT term.name, segment.n, segment.t0, segment.t1, volume.name, segment.pieces, segment.length, segment.class
"""
_OVERLAPPING = f"""{_SEGMENTS}
FROM segment JOIN term ON term.id = segment.term LEFT JOIN volume ON volume.id = segment.volume
WHERE segment.stream = (SELECT id FROM stream WHERE name = :stream)
AND segment.t0 < :end AND segment.t1 > :start AND segment.t0 > :start - :longest
"""  # noqa: S608 - ours, no input
# Of many streams at once, as they stand in the table: a week of a hundred cameras is thousands of rows.
_AMONG = "(SELECT id, name FROM stream WHERE name IN (SELECT value FROM json_each(:streams))) AS s"
_TIMES = {
    "recorded": f"""
SELECT s.name, span.t0, span.t1, '' FROM {_AMONG} JOIN span ON span.stream = s.id
WHERE span.t0 < :end AND span.t1 > :start AND span.t0 >= coalesce(
    (SELECT max(early.t0) FROM span AS early WHERE early.stream = s.id AND early.t0 <= :start), :start)
""",  # noqa: S608 - ours, no input
    "gaps": f"""
SELECT s.name, gap.t0, gap.t1, gap.why FROM {_AMONG} JOIN gap ON gap.stream = s.id
WHERE gap.t0 < :end AND (gap.t1 IS NULL OR (gap.t1 > :start AND gap.t1 > gap.t0))
""",  # noqa: S608 - ours, no input
    "steps": f"""
SELECT s.name, step.t0, step.t1, 'step' FROM {_AMONG} JOIN step ON step.stream = s.id
WHERE step.t0 < :end AND step.t1 > :start AND step.t1 > step.t0
""",  # noqa: S608 - ours, no input
}
# Its fact says where its row stands: without that a week of the stream is read through.
_ONE = f"""{_SEGMENTS}
FROM stream JOIN term ON term.stream = stream.id JOIN fact ON fact.term = term.id
     JOIN segment ON segment.stream = stream.id AND segment.t0 = json_extract(CAST(fact.line AS TEXT), '$.t0')
          AND segment.term = term.id AND segment.n = fact.n
     LEFT JOIN volume ON volume.id = segment.volume
WHERE stream.name = ? AND term.name = ? AND fact.n = ?
"""


class Times(NamedTuple):
    """What is known of the time of one stream: (start, end, cause) in order, whole; an open gap has no end."""

    recorded: list[tuple[int, int, str]]
    gaps: list[tuple[int, int | None, str]]
    steps: list[tuple[int, int, str]]  # the clock was set forward: no time has passed there


class Catalogue(Closing):
    """Reads the catalogue; may be used by several threads. A rebuilt one is taken up at the next question."""

    def __init__(self, path: Path) -> None:
        """Raises `Unavailable` if there is none yet."""
        self.path = path
        self._lock = threading.Lock()
        self._open()

    def close(self) -> None:
        """Release the file; may be called twice."""
        with self._lock:
            self._database.close()

    def streams(self) -> list[StreamId]:
        """All streams that ever had a fact here."""
        return [StreamId.parse(name) for (name,) in self._ask("SELECT name FROM stream ORDER BY name")]

    def spans(self, stream: StreamId, span: Span) -> list[Span]:
        """Recorded time within `span`, merged, in order, cut at its ends."""
        rows = self._ask(
            """
            SELECT max(t0, :start), min(t1, :end) FROM span, (SELECT id FROM stream WHERE name = :stream) AS s
            WHERE stream = s.id AND t0 < :end AND t1 > :start AND t0 >= coalesce(
                (SELECT max(t0) FROM span WHERE stream = s.id AND t0 <= :start), :start)
            ORDER BY t0
            """,
            _within(stream, span),
        )
        return [Span(UtcTicks(t0), UtcTicks(t1)) for t0, t1 in rows]

    def gaps(self, stream: StreamId, span: Span) -> list[Gap]:
        """Gaps that touch `span`, in order, whole; an open one has no end."""
        rows = self._ask(
            """
            SELECT t0, t1, why FROM gap WHERE stream = (SELECT id FROM stream WHERE name = :stream)
            AND t0 < :end AND (t1 IS NULL OR (t1 > :start AND t1 > t0)) ORDER BY t0, term, n
            """,
            _within(stream, span),
        )
        return [Gap(UtcTicks(t0), None if t1 is None else UtcTicks(t1), why) for t0, t1, why in rows]

    def times(self, streams: Iterable[StreamId], span: Span) -> dict[str, Times]:
        """Of each of these streams, by name; what touches the span."""
        names = sorted(set(map(str, streams)))
        asked = {"streams": json.dumps(names), "start": span.start, "end": span.end}
        found = {name: Times([], [], []) for name in names}
        for at, question in enumerate(_TIMES.values()):
            for name, *row in self._ask(f"{question} ORDER BY s.id, 2, 3", asked):
                found[name][at].append(tuple(row))
        return found

    def segments(self, stream: StreamId, span: Span) -> list[SegmentRow]:
        """Segments that overlap `span`, in order of recording: by term, then n."""
        longest = HOUR  # a segment never spans an hour's edge
        rows = self._ask(_OVERLAPPING, {**_within(stream, span), "longest": longest})
        found = {row.id: row for row in (_segment_row(stream, each) for each in rows)}
        places = self._places(stream, {id_.term for id_ in found})
        return [found[id_] for id_ in sorted(found, key=lambda id_: (places[id_.term], id_.n))]

    def told_of(self, stream: StreamId, t: UtcTicks) -> list[SegmentId]:
        """Which facts tell of this moment: segments first, then gaps."""
        rows = self._ask(
            """
            SELECT term.name, seen.n FROM (
                SELECT 0 AS at, term, n, t0 FROM segment
                WHERE stream = (SELECT id FROM stream WHERE name = :stream)
                AND t0 <= :t AND t1 > :t AND t0 > :t - :longest
                UNION ALL
                SELECT 1, term, n, t0 FROM gap
                WHERE stream = (SELECT id FROM stream WHERE name = :stream) AND t0 <= :t AND (t1 IS NULL OR t1 > :t)
            ) AS seen JOIN term ON term.id = seen.term ORDER BY seen.at, seen.t0, term.name, seen.n
            """,
            {"stream": str(stream), "t": t, "longest": HOUR},
        )
        return [SegmentId(stream, TermId.parse(term), n) for term, n in rows]

    def segment(self, id_: SegmentId) -> SegmentRow | None:
        """One segment by its identity."""
        rows = self._ask(_ONE, (str(id_.stream), str(id_.term), id_.n))
        return _segment_row(id_.stream, rows[0]) if rows else None

    def steps_between(self, before: SegmentId, after: SegmentId) -> int:
        """Ticks by which the clock was set forward between two segments of a stream (steps backwards count nothing)."""
        return sum(max(0, t1 - t0) for t0, t1 in self._steps(before, after))

    def fact(self, id_: SegmentId) -> bytes | None:
        """A fact's bytes by its identity."""
        rows = self._ask(
            "SELECT line FROM fact JOIN term ON term.id = fact.term JOIN stream ON stream.id = term.stream"
            " WHERE stream.name = ? AND term.name = ? AND n = ?",
            (str(id_.stream), str(id_.term), id_.n),
        )
        return bytes(rows[0][0]) if rows else None

    def facts(self, stream: StreamId, term: TermId, first: int, last: int) -> dict[int, bytes]:
        """Those of a term from n = `first` to `last`, by n."""
        rows = self._ask(
            "SELECT n, line FROM fact WHERE term = (SELECT term.id FROM term JOIN stream ON stream.id = term.stream"
            " WHERE stream.name = ? AND term.name = ?) AND n BETWEEN ? AND ?",
            (str(stream), str(term), first, last),
        )
        return {n: bytes(line) for n, line in rows}

    def last_recorded(self, stream: StreamId) -> UtcTicks | None:
        """End of the latest recorded span."""
        rows = self._ask(
            "SELECT t1 FROM span WHERE stream = (SELECT id FROM stream WHERE name = ?) ORDER BY t0 DESC LIMIT 1",
            (str(stream),),
        )
        return UtcTicks(rows[0][0]) if rows else None

    def last_numbers(self) -> dict[tuple[StreamId, TermId], int]:
        """The highest n of each term that was delivered and is not forgotten since: what the volumes should hold."""
        rows = self._ask(
            "SELECT stream.name, term.name, last_n FROM term JOIN stream ON stream.id = term.stream"
            " JOIN fact ON fact.term = term.id AND fact.n = term.last_n"
        )
        return {(StreamId.parse(stream), TermId.parse(term)): n for stream, term, n in rows}

    def _steps(self, before: SegmentId, after: SegmentId) -> list[tuple[int, int]]:
        places = self._places(before.stream, {before.term, after.term})
        start, end = (places[before.term], before.n), (places[after.term], after.n)
        rows = self._ask(
            "SELECT term.name, step.n, step.t0, step.t1 FROM step JOIN term ON term.id = step.term"
            " JOIN stream ON stream.id = step.stream WHERE stream.name = ?",
            (str(before.stream),),
        )
        return [(t0, t1) for name, n, t0, t1 in rows if start < (places.get(TermId.parse(name), -1), n) < end]

    def _places(self, stream: StreamId, terms: set[TermId]) -> dict[TermId, int]:
        """Where terms stand in the order in which they followed each other; one alone needs no other to say so."""
        if len(terms) < 2:
            return dict.fromkeys(terms, 0)
        rows = self._ask(
            "SELECT term.name, fact.line FROM term JOIN stream ON stream.id = term.stream"
            " LEFT JOIN fact ON fact.term = term.id AND fact.n = 0 WHERE stream.name = ?",
            (str(stream),),
        )
        firsts = {TermId.parse(name): line for name, line in rows}
        named = {term: parse_fact(line).prior for term, line in firsts.items() if line is not None}
        priors = {term: prior[0] for term, prior in named.items() if prior is not None}
        return {term: at for at, term in enumerate(in_order({*firsts, *terms}, priors))}

    def _ask(self, question: str, values: Any = ()) -> list[Any]:
        with self._lock:
            if self._stamp() != self._opened:
                self._database.close()
                self._open()
            try:
                return self._database.execute(question, values).fetchall()
            except sqlite3.DatabaseError as error:
                raise Unavailable(f"{self.path}: {error}; run `torrazzo catalogue rebuild`") from error

    def _open(self) -> None:
        self._opened = self._stamp()
        self._database = open_for_reading(self.path)

    def _stamp(self) -> int:
        """Changes when another file takes this one's place."""
        try:
            return self.path.stat().st_ino
        except FileNotFoundError:
            return 0


def _within(stream: StreamId, span: Span) -> dict[str, object]:
    return {"stream": str(stream), "start": span.start, "end": span.end}


def _segment_row(stream: StreamId, row: tuple[Any, ...]) -> SegmentRow:
    term, n, t0, t1, volume, pieces, length, retention_class = row
    places = struct.unpack(f">{len(pieces) // 8}Q", pieces)
    return SegmentRow(SegmentId(stream, _term(term), n), t0, t1, volume, places, length, retention_class)


_term = functools.lru_cache(maxsize=4_096)(TermId.parse)
