# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What all stores about people stand on: one change at a time, and the facts that it owes the ledger.

A change and what has to be told of it are one transaction, so that no crash makes a change that nobody hears of. Who
changes gets the facts, enters them before answering, and says so (`told`); what is left of a life before is `owed`.
"""

import json
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Generic, NamedTuple, TypeVar

import sqlalchemy as sa

from torrazzo.access.months import month_of
from torrazzo.access.tables import OWED_FACT
from torrazzo.base.clock import Clock
from torrazzo.base.errors import Invalid, Refused, Unavailable
from torrazzo.base.times import UtcTicks
from torrazzo.law import Decision
from torrazzo.ledger.private import Private
from torrazzo.town.box import Box

PROGRAM = "torrazzo"  # who changed it, when nobody did

T = TypeVar("T")


class Denial(Refused):
    """Not allowed, with the code by which a page says it and the clause it follows from."""

    def __init__(self, code: str, clause: str, text: str) -> None:
        super().__init__(text)
        self.code, self.clause = code, clause


def demand(decision: Decision, text: str) -> None:
    """Raise `Denial` unless it is allowed."""
    if not decision:
        raise Denial(decision.code, decision.clause, text)


class By(NamedTuple):
    """Whose hand it is, and why."""

    name: str  # of the account; PROGRAM; `unix:USER` on the command line
    reason: str
    station: str | None = None
    id: str | None = None  # of the account


class Fact(NamedTuple):
    """To be entered in `act`: `Windows.tell` does it."""

    id: int
    kind: str
    values: Mapping[str, object]
    who: Private
    month: str | None = None  # whose secret it is made with, where it follows another; None: the present one


class Done(NamedTuple, Generic[T]):
    """What came of a change, and the facts that are owed for it."""

    value: T
    facts: tuple[Fact, ...]


class Change:
    """One transaction."""

    def __init__(self, connection: sa.Connection, now: UtcTicks) -> None:
        self.connection, self.now = connection, now
        self._facts: list[Fact] = []

    def tell(self, kind: str, values: Mapping[str, object], by: By, month: UtcTicks | None = None) -> None:
        """A fact of that kind; `month` is a time in the one whose secret it is made with."""
        station = None if by.station is None else clean(by.station[:160])
        who = _fitting(Private(clean(by.name[:64]), clean(by.reason), None, station))
        of = None if month is None else month_of(month)
        body = json.dumps([kind, values, who, of])
        row = self.connection.execute(sa.insert(OWED_FACT).values(body=body))
        assert row.inserted_primary_key is not None
        self._facts.append(Fact(row.inserted_primary_key[0], kind, values, who, of))

    def done(self, value: T) -> Done[T]:
        """What the change gives."""
        return Done(value, tuple(self._facts))


class Staff:
    """The rows about people in `office.db`. May be used by several threads of the one process that writes."""

    def __init__(self, engine: sa.Engine, box: Box, clock: Clock, town: str = "") -> None:
        """`town`: its name, of which no password is made."""
        self._engine, self.box, self.clock, self.town = engine, box, clock, town
        self._lock = threading.RLock()
        self.changes = 0  # so far: what was read before is as it was while this is (nobody else writes)

    @contextmanager
    def change(self) -> Iterator[Change]:
        """All of it, or nothing if it raises; `Unavailable` where the database takes nothing."""
        with self._lock:
            try:
                with _told_plainly(), self._engine.begin() as connection:
                    yield Change(connection, self.clock.utc())
            finally:
                self.changes += 1

    @contextmanager
    def look(self) -> Iterator[sa.Connection]:
        """To read."""
        with _told_plainly(), self._engine.connect() as connection:
            yield connection

    def owed(self) -> list[Fact]:
        """Facts of changes that are done and of which it is not known that they were entered."""
        with self.look() as connection:
            rows = connection.execute(sa.select(OWED_FACT).order_by(OWED_FACT.c.id)).all()
        return [_fact(row.id, json.loads(row.body)) for row in rows]

    def is_owed(self, fact: int) -> bool:
        """Whether it is one of them."""
        with self.look() as connection:
            return connection.execute(sa.select(OWED_FACT.c.id).where(OWED_FACT.c.id == fact)).first() is not None

    def told(self, facts: Iterable[Fact]) -> None:
        """They stand in the ledger."""
        ids = [fact.id for fact in facts]
        if ids:
            with self.change() as change:
                change.connection.execute(sa.delete(OWED_FACT).where(OWED_FACT.c.id.in_(ids)))


@contextmanager
def _told_plainly() -> Iterator[None]:
    try:
        yield
    except sa.exc.DBAPIError as error:
        raise Unavailable(f"office.db: {error.orig}; make room on the disk, or see what holds the file") from error


def clean(text: str) -> str:
    """The same, of what is no character nothing but a question mark: it comes from outside, and is to be kept."""
    return text.encode("utf-8", "replace").decode()


def _fitting(who: Private) -> Private:
    """The same, the reason so much shorter that a fact's private part holds it."""
    while True:
        try:
            who.text()
        except Invalid:
            who = who._replace(reason=who.reason[: len(who.reason) * 3 // 4])
        else:
            return who


def _fact(id_: int, body: list[Any]) -> Fact:
    kind, values, who, month = body
    return Fact(id_, kind, values, Private(*who), month)
