# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which facts the log `rec` has, by identity: so that one delivered twice is entered once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal, NamedTuple

import sqlalchemy as sa

from torrazzo.base import SegmentId, StreamId, TermId
from torrazzo.base.times import SECOND
from torrazzo.ledger.errors import Pruned
from torrazzo.ledger.merkle import leaf_hash
from torrazzo.ledger.schema import FACT, LINEAGE, Database

DAY = 86_400 * SECOND

_ASKED = 400  # identities in one query
_FORGOTTEN = 20_000  # rows in one transaction


class RecEntry(NamedTuple):
    """What is to be entered into `rec`."""

    line: bytes  # verbatim
    id: SegmentId | None  # None: of a kind without number, which is entered as often as it comes
    t0: int  # UTC ticks
    t1: int | None
    kind: str


class Placed(NamedTuple):
    """What became of it."""

    state: Literal["new", "known", "conflict", "pruned"]  # conflict: other bytes have that identity, and stay
    entry_index: int | None  # of the entry with that identity; None if its row was pruned, so that nobody can compare


class FactRow(NamedTuple):
    """What the catalogue knows of a fact."""

    entry_index: int
    hash: bytes  # its leaf
    t0: int
    t1: int | None
    kind: str
    day: int


class Placement(NamedTuple):
    """A batch, sorted."""

    placed: tuple[Placed, ...]  # as it was given
    entries: list[tuple[bytes, bytes]]  # the new ones, each with its leaf


@dataclass(slots=True)
class _Lineage:
    id: int
    floor: int
    last: int  # the largest n that has a row; -1: none


class FactIndex:
    """The rows `lineage` and `fact`. What changes rows is for the writer alone."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lineages: dict[tuple[str, str], _Lineage] = {}

    def place(self, connection: sa.Connection, facts: Sequence[RecEntry], size: int) -> Placement:
        """Sort out what is new, and write the rows of that, which stands in the log from `size` on."""
        lineages = [None if f.id is None else self._lineage(connection, f.id) for f in facts]
        known = self._stored(connection, facts, lineages)
        placed: list[Placed] = []
        entries: list[tuple[bytes, bytes]] = []
        rows: list[dict[str, object]] = []
        for fact, lineage in zip(facts, lineages, strict=True):
            leaf = leaf_hash(fact.line)
            index = size + len(entries)
            if fact.id is not None and lineage is not None:
                key = (lineage.id, fact.id.n)
                if key in known or fact.id.n <= lineage.floor:
                    placed.append(_compare(known.get(key), leaf))
                    continue
                known[key] = (index, leaf)
                rows.append(_row(lineage.id, fact.id.n, index, leaf, fact))
                lineage.last = max(lineage.last, fact.id.n)
            placed.append(Placed("new", index))
            entries.append((fact.line, leaf))
        if rows:
            connection.execute(sa.insert(FACT), rows)
        return Placement(tuple(placed), entries)

    def find(self, fact_id: SegmentId) -> FactRow | None:
        """None if it is not there; raises `Pruned` if it was, or may have been. For any thread."""
        query = sa.select(LINEAGE.c.id, LINEAGE.c.floor).where(_is(fact_id))
        with self._database.read() as connection:
            lineage = connection.execute(query).one_or_none()
            if lineage is None:
                return None
            wanted = sa.select(FACT.c.i, FACT.c.hash, FACT.c.t0, FACT.c.t1, FACT.c.kind, FACT.c.day).where(
                FACT.c.lineage == lineage.id, FACT.c.n == fact_id.n
            )
            row = connection.execute(wanted).one_or_none()
        if row is not None:
            return FactRow(row.i, bytes(row.hash), row.t0, row.t1, row.kind, row.day)
        if fact_id.n <= lineage.floor:
            raise _pruned(fact_id)
        return None

    def indexes(self, fact_ids: Sequence[SegmentId]) -> dict[SegmentId, int]:
        """Of those that are there, a term at a time; raises `Pruned` as `find`. For any thread."""
        found: dict[SegmentId, int] = {}
        terms: dict[tuple[StreamId, TermId], list[int]] = {}
        for each in fact_ids:
            terms.setdefault((each.stream, each.term), []).append(each.n)
        with self._database.read() as connection:
            for owner, numbers in terms.items():
                query = sa.select(LINEAGE.c.id, LINEAGE.c.floor).where(_is(SegmentId(*owner, 0)))
                lineage = connection.execute(query).one_or_none()
                if lineage is None:
                    continue
                for at in range(0, len(numbers), _ASKED):
                    is_asked = sa.and_(FACT.c.lineage == lineage.id, FACT.c.n.in_(numbers[at : at + _ASKED]))
                    rows = connection.execute(sa.select(FACT.c.n, FACT.c.i).where(is_asked))
                    found |= {SegmentId(*owner, row.n): row.i for row in rows}
                for n in numbers:
                    if n <= lineage.floor and SegmentId(*owner, n) not in found:
                        raise _pruned(SegmentId(*owner, n))
        return found

    def first_index(self, day: int) -> int | None:
        """The lowest index of a fact that began on this day or later; None if there is none. For any thread."""
        found: int | None = None
        with self._database.read() as connection:
            for each in days_of(connection, day):
                first = connection.execute(sa.select(sa.func.min(FACT.c.i)).where(FACT.c.day == each)).scalar_one()
                found = first if found is None else min(found, first)
        return found

    def forget(self, connection: sa.Connection, minimum: int) -> bool:
        """Delete some rows of facts below this index; False if there is none left."""
        for day in days_of(connection, None):
            old = sa.and_(FACT.c.day == day, FACT.c.i < minimum)
            some = sa.select(FACT.c.i).where(old).order_by(FACT.c.i).limit(_FORGOTTEN).subquery()
            last = connection.execute(sa.select(sa.func.max(some.c.i))).scalar_one()
            if last is None:
                continue
            old = sa.and_(FACT.c.day == day, FACT.c.i <= last)
            floors = sa.select(FACT.c.lineage, sa.func.max(FACT.c.n)).where(old).group_by(FACT.c.lineage)
            for lineage, n in connection.execute(floors).all():
                change = sa.update(LINEAGE).where(LINEAGE.c.id == lineage, LINEAGE.c.floor < n).values(floor=n)
                connection.execute(change)
            connection.execute(sa.delete(FACT).where(old))
            self._lineages.clear()
            return True
        return False

    def _lineage(self, connection: sa.Connection, fact_id: SegmentId) -> _Lineage:
        """Its row, made if it isn't there."""
        key = (str(fact_id.stream), str(fact_id.term))
        if key not in self._lineages:
            row = connection.execute(sa.select(LINEAGE.c.id, LINEAGE.c.floor).where(_is(fact_id))).one_or_none()
            if row is None:
                number = connection.execute(sa.select(sa.func.coalesce(sa.func.max(LINEAGE.c.id), 0))).scalar_one() + 1
                connection.execute(sa.insert(LINEAGE).values(id=number, stream=key[0], term=key[1], floor=-1))
                self._lineages[key] = _Lineage(number, -1, -1)
            else:
                last = sa.select(sa.func.coalesce(sa.func.max(FACT.c.n), -1)).where(FACT.c.lineage == row.id)
                self._lineages[key] = _Lineage(row.id, row.floor, connection.execute(last).scalar_one())
        return self._lineages[key]

    def _stored(
        self, connection: sa.Connection, facts: Iterable[RecEntry], lineages: Iterable[_Lineage | None]
    ) -> dict[tuple[int, int], tuple[int, bytes]]:
        """(index, leaf) of those that have a row; who only comes with larger n than ever before costs no query."""
        asked = iter(
            {
                (lineage.id, fact.id.n)
                for fact, lineage in zip(facts, lineages, strict=True)
                if fact.id is not None and lineage is not None and fact.id.n <= lineage.last
            }
        )
        found: dict[tuple[int, int], tuple[int, bytes]] = {}
        while some := list(islice(asked, _ASKED)):
            query = sa.select(FACT.c.lineage, FACT.c.n, FACT.c.i, FACT.c.hash).where(
                sa.tuple_(FACT.c.lineage, FACT.c.n).in_(some)
            )
            found |= {(row.lineage, row.n): (row.i, bytes(row.hash)) for row in connection.execute(query)}
        return found


def _pruned(fact_id: SegmentId) -> Pruned:
    return Pruned(f"fact {fact_id.n} of {fact_id.stream}, term {fact_id.term}: its row was pruned")


def _compare(known: tuple[int, bytes] | None, leaf: bytes) -> Placed:
    if known is None:
        return Placed("pruned", None)
    index, same = known
    return Placed("known" if same == leaf else "conflict", index)


def _is(fact_id: SegmentId) -> sa.ColumnElement[bool]:
    return sa.and_(LINEAGE.c.stream == str(fact_id.stream), LINEAGE.c.term == str(fact_id.term))


def _row(lineage: int, n: int, index: int, leaf: bytes, fact: RecEntry) -> dict[str, object]:
    times = {"t0": fact.t0, "t1": fact.t1, "kind": fact.kind, "day": fact.t0 // DAY}
    return {"lineage": lineage, "n": n, "i": index, "hash": leaf, **times}


def days_of(connection: sa.Connection, first: int | None) -> Iterable[int]:
    """The days of which there are facts, from `first` on: one step down the index for each."""
    query = sa.select(sa.func.min(FACT.c.day))
    day = connection.execute(query if first is None else query.where(FACT.c.day >= first)).scalar_one()
    while day is not None:
        yield day
        day = connection.execute(query.where(FACT.c.day > day)).scalar_one()
