# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Entries and files that are not as they were logged, or not there: which cameras and what times they told of."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from torrazzo.base.errors import Damaged
from torrazzo.base.times import SECOND, iso_from_ticks
from torrazzo.ledger.fact_index import days_of
from torrazzo.ledger.schema import FACT, LINEAGE

MOST_NAMED = 5

_LAST = 253_402_300_800 * SECOND  # the year 10000: what is beyond has no calendar


class Told(NamedTuple):
    """What an entry, or several, were about."""

    stream: str | None = None  # several are separated by commas
    at: int | None = None  # UTC ticks
    until: int | None = None  # of several: when the last one ended

    def __str__(self) -> str:
        names = (self.stream or "").split(",")
        some = ", ".join(
            (*names[:MOST_NAMED], *([f"{len(names) - MOST_NAMED} more"] if len(names) > MOST_NAMED else []))
        )
        times = " to ".join(iso(at) for at in (self.at, self.until) if at is not None)
        return ", ".join(filter(None, (some, times)))


class Touched(Damaged):
    """These entries of a log; `lines` are those that are there to be read, whatever they say.

    `file`: their tile or bundle, below the log's folder, where it lies in one.
    """

    def __init__(
        self,
        what: str,
        log: str,
        entries: Collection[int],
        lines: Mapping[int, bytes],
        told: Told | None = None,
        file: str | None = None,
        plain: str = "",
    ) -> None:
        super().__init__(what)
        self.plain = plain or what  # without what they told of
        self.log, self.lines, self.told, self.file = log, lines, told or Told(), file
        self.entries: Sequence[int] = entries if isinstance(entries, range) else sorted(entries)

    def named(self, connection: sa.Connection) -> "Touched":
        """The same, with what the first of them told of, as the catalogue, the line itself or its neighbours say.

        Of all entries of a file: with all cameras and the time that the catalogue has of them.
        """
        if isinstance(self.entries, range):
            return self._named_whole(connection, self.entries)
        facts = _facts(connection, self.entries) if self.log.startswith("rec") else {}
        found = {at: facts.get(at) or told_near(self.lines, at) for at in self.entries[:MOST_NAMED]}
        texts = [f"entry {at} ({about})" for at, about in found.items()]
        if more := len(self.entries) - len(texts):
            texts.append(f"{more} more")
        told = next(iter(found.values()), Told())
        return Touched(f"{self}: {', '.join(texts)}", self.log, self.entries, self.lines, told, self.file, self.plain)

    def _named_whole(self, connection: sa.Connection, entries: range) -> "Touched":
        told = _span(connection, entries) if self.log.startswith("rec") else None
        told = told or told_near(self.lines, entries.start)
        about = f" ({told})" if str(told) else ""
        text = f"{self}: entries {entries.start} to {entries.stop - 1}{about}"
        return Touched(text, self.log, entries, self.lines, told, self.file, self.plain)


def told_of(line: bytes) -> Told | None:
    """What an entry says of itself; None where it cannot be read."""
    try:
        found: dict[str, Any] = json.loads(line)
        streams = found.get("streams", found.get("stream"))
        at = found.get("t0", found.get("t"))
    except (ValueError, AttributeError, RecursionError):
        return None
    stream = ",".join(map(str, streams)) if isinstance(streams, list) else streams
    return Told(stream if isinstance(stream, str) else None, at if type(at) is int else None)


def told_near(lines: Mapping[int, bytes], at: int) -> Told:
    """The same; where it cannot be read, or is gone, of the nearest before it, else behind it."""
    before = (each for each in sorted(lines, reverse=True) if each <= at)
    behind = (each for each in sorted(lines) if each > at)
    readable = (told for each in (*before, *behind) if (told := told_of(lines[each])) is not None)
    return next(readable, Told())


def iso(at: int) -> str:
    """In UTC; as it stands where no calendar has it."""
    return iso_from_ticks(at) if 0 <= at < _LAST else str(at)


def _facts(connection: sa.Connection, entries: Iterable[int]) -> dict[int, Told]:
    """Of numbered facts of the present `rec`."""
    joined = FACT.join(LINEAGE, FACT.c.lineage == LINEAGE.c.id)
    query = sa.select(FACT.c.i, LINEAGE.c.stream, FACT.c.t0).select_from(joined)
    rows = connection.execute(query.where(FACT.c.i.in_(list(entries)[:MOST_NAMED]))).all()
    return {row.i: Told(row.stream, row.t0) for row in rows}


def _span(connection: sa.Connection, entries: range) -> Told | None:
    """All cameras that these entries of the present `rec` told of, and from when to when; a day at a time."""
    streams: set[str] = set()
    times: list[int] = []
    is_there = sa.and_(FACT.c.i >= entries.start, FACT.c.i < entries.stop)
    joined = FACT.join(LINEAGE, FACT.c.lineage == LINEAGE.c.id)
    for day in days_of(connection, None):
        query = sa.select(LINEAGE.c.stream, sa.func.min(FACT.c.t0), sa.func.max(sa.func.coalesce(FACT.c.t1, FACT.c.t0)))
        rows = connection.execute(
            query.select_from(joined).where(FACT.c.day == day, is_there).group_by(LINEAGE.c.stream)
        )
        for stream, t0, t1 in rows:
            streams.add(stream)
            times += t0, t1
    return Told(",".join(sorted(streams)), min(times), max(times)) if times else None
