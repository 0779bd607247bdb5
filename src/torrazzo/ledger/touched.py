# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Entries that are not as they were logged, or not there: which cameras and what times they told of."""

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

import sqlalchemy as sa

from torrazzo.base.errors import Damaged
from torrazzo.base.times import SECOND, iso_from_ticks
from torrazzo.ledger.schema import FACT, LINEAGE

MOST_NAMED = 5

_LAST = 253_402_300_800 * SECOND  # the year 10000: what is beyond has no calendar


class Told(NamedTuple):
    """What an entry was about."""

    stream: str | None = None  # several are separated by commas
    at: int | None = None  # UTC ticks

    def __str__(self) -> str:
        return ", ".join((*([self.stream] if self.stream else []), *([] if self.at is None else [iso(self.at)])))


class Touched(Damaged):
    """These entries of a log; `lines` are those whose rows are there, whatever they say."""

    def __init__(
        self, what: str, log: str, entries: Collection[int], lines: Mapping[int, bytes], told: Told | None = None
    ) -> None:
        super().__init__(what)
        self.log, self.entries, self.lines, self.told = log, sorted(entries), lines, told or Told()

    def named(self, connection: sa.Connection) -> "Touched":
        """The same, with what the first of them told of, as the catalogue, the line itself or its neighbours say."""
        facts = _facts(connection, self.entries) if self.log.startswith("rec") else {}
        found = {at: facts.get(at) or told_near(self.lines, at) for at in self.entries[:MOST_NAMED]}
        texts = [f"entry {at} ({about})" for at, about in found.items()]
        if more := len(self.entries) - len(texts):
            texts.append(f"{more} more")
        told = next(iter(found.values()), Told())
        return Touched(f"{self}: {', '.join(texts)}", self.log, self.entries, self.lines, told)


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
