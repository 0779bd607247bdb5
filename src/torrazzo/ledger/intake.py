# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""In which order facts enter `rec`: each term's by number without holes, whatever order they come in; pure."""

import base64
import json
from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple, TypeAlias

from torrazzo.archive.fact import Fact, parse_fact
from torrazzo.base import SegmentId, StreamId, TermId
from torrazzo.base.errors import Invalid
from torrazzo.base.times import SECOND
from torrazzo.ledger.fact_index import RecEntry
from torrazzo.ledger.text import MAX_NUMBER

LATE = 60 * SECOND
MOST_WAITING = 20_000  # facts, some 40 MB; those beyond come again from the volumes
MOST_KEPT = 40_000  # the same of those that are to be entered: while a disk hangs, recorders go on

State: TypeAlias = Literal["ready", "waits", "known", "conflict", "dropped"]
Lineage: TypeAlias = tuple[StreamId, TermId]


class Received(NamedTuple):
    """A fact that came."""

    fact: Fact
    at: int  # UTC ticks
    at_ns: int  # since boot
    is_passed: bool = False  # its number was passed before it came: `rec` may have it


class Intake:
    """Sorts what comes. A fact needs the one before it: of its term, or, for a term's first, the one that it names.

    `next_number` says what `rec` has of a term: all numbers below, or none of them.
    """

    def __init__(
        self,
        next_number: Callable[[StreamId, TermId], int],
        most: int = MOST_WAITING,
        most_ready: int = MOST_KEPT,
    ) -> None:
        self._next_number, self._most, self._most_ready = next_number, most, most_ready
        self._next: dict[Lineage, int] = {}
        self._ready: list[Received] = []
        self._waiting: dict[SegmentId, list[Received]] = {}  # by what they need
        self._held: dict[SegmentId, Received] = {}  # the same, by what they are
        self._holed: set[Lineage] = set()
        self.has_dropped = False  # since the last `begin_search`

    @property
    def ready(self) -> int:
        """Facts to be pulled."""
        return len(self._ready)

    @property
    def waiting(self) -> int:
        """Facts whose predecessor has not come."""
        return len(self._held)

    def take(self, received: Received) -> State:
        """One more. A number that was passed already is `ready` too: `rec` alone can compare."""
        fact = received.fact
        same = self._held.get(fact.id)
        if same is not None:
            return "known" if same.fact.line == fact.line else "conflict"
        if len(self._ready) >= self._most_ready:
            self.has_dropped = True
            return "dropped"
        need = needed(fact)
        if fact.n < self.next_of(fact.stream, fact.term):
            self._ready.append(received._replace(is_passed=True))
            return "ready"
        if need is None or self._has(need):
            self._enter(received)
            self._release(fact.id)
            return "ready"
        if len(self._held) >= self._most:
            self.has_dropped = True
            return "dropped"
        self._held[fact.id] = received
        self._waiting.setdefault(need, []).append(received)
        return "waits"

    def pull(self) -> list[Received]:
        """Those whose turn it is, in order."""
        found, self._ready = self._ready, []
        return found

    def next_of(self, stream: StreamId, term: TermId) -> int:
        """The number that is to come next."""
        if (stream, term) not in self._next:
            self._next[stream, term] = self._next_number(stream, term)
        return self._next[stream, term]

    def lacks(self, stream: StreamId, term: TermId, n: int) -> bool:
        """Whether a fact of this number, if there is one, may be missing here."""
        return n >= self.next_of(stream, term) or (stream, term) in self._holed

    def begin_search(self) -> None:
        """The volumes are being read from here on."""
        self.has_dropped = False

    def waits_since(self) -> int | None:
        """Boot-time nanoseconds of the oldest that waits."""
        return min((each.at_ns for each in self._held.values()), default=None)

    def give_up(self, before_ns: int) -> list[SegmentId]:
        """Pass over what facts that came before this moment wait for and is not there; returns it."""
        gone = [
            need
            for need, waiting in self._waiting.items()
            if need not in self._held and min(each.at_ns for each in waiting) < before_ns
        ]
        for need in sorted(gone):
            lineage = (need.stream, need.term)
            self._holed.add(lineage)
            self._next[lineage] = max(self.next_of(*lineage), need.n + 1)
            self._release(need)
        return gone

    def _has(self, need: SegmentId) -> bool:
        return need.n < self.next_of(need.stream, need.term)

    def _enter(self, received: Received) -> None:
        fact = received.fact
        self._ready.append(received)
        self._next[fact.stream, fact.term] = max(self.next_of(fact.stream, fact.term), fact.n + 1)

    def _release(self, need: SegmentId) -> None:
        """All that waited for this, and what waited for that."""
        needs = [need]
        while needs:
            for received in self._waiting.pop(needs.pop(0), ()):
                del self._held[received.fact.id]
                self._enter(received)
                needs.append(received.fact.id)


def needed(fact: Fact) -> SegmentId | None:
    """The fact that must be in `rec` before it."""
    if fact.n:
        return SegmentId(fact.stream, fact.term, fact.n - 1)
    return None if fact.prior is None else SegmentId(fact.stream, fact.prior[0], fact.prior[1])


def read_line(line: bytes) -> Fact:
    """A fact that can be an entry; raises `Invalid`."""
    fact = parse_fact(line)
    if b"\n" in line or max(fact.n, fact.t0, fact.t1 or 0) > MAX_NUMBER:
        raise Invalid(f"not a fact for the ledger: {line[:160]!r}: a line, with numbers of 63 bits, was expected")
    return fact


def entry_of(fact: Fact) -> RecEntry:
    """What stands in `rec`: its very bytes."""
    return RecEntry(fact.line, fact.id, fact.t0, fact.t1, fact.kind)


def late_entry(received: Received) -> RecEntry | None:
    """What stands behind a fact that came more than a minute after what it tells of; None if it was in time."""
    fact, at = received.fact, received.at
    ended = max(fact.t0, fact.term.start) if fact.kind == "term" else fact.t1
    if ended is None or at - ended <= LATE:
        return None
    told = {"n": fact.n, "hash": base64.b64encode(fact.hash).decode(), "t": at}
    return _entry("late", fact.stream, fact.term, told, at)


def silent_entry(stream: StreamId, term: TermId, last: int, now: int) -> RecEntry:
    """Nothing was heard of the recorder of this term since `last`."""
    return _entry("silent", stream, term, {"t0": last, "t": now}, now)


def _entry(kind: str, stream: StreamId, term: TermId, more: Mapping[str, object], now: int) -> RecEntry:
    line = json.dumps(
        {"v": 1, "kind": kind, "stream": str(stream), "term": str(term), **more}, separators=(",", ":")
    ).encode()
    return RecEntry(line, None, now, now, kind)
