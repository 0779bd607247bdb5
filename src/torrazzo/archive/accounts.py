# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whether facts add up: numbers, links, a time line without hole or fold (docs/3-formats/fact.md, Accounting).

Facts may come in any order within reason: a few wait until those before them have come. Memory: one fact per term, and
those that wait.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import NamedTuple

from torrazzo.archive.fact import Fact
from torrazzo.base import StreamId, TermId
from torrazzo.base.ids import NodeId
from torrazzo.base.times import SECOND, iso_from_ticks

MOST_WAITING = 20_000
SLACK = 60 * SECOND  # what a volume of one hour may tell of the next
SETTLED_NS = 15 * 60 * 1_000_000_000  # a volume takes no records more than this after its creation

Tenure = tuple[StreamId, TermId]


def in_order(terms: Iterable[TermId], priors: Mapping[TermId, TermId]) -> list[TermId]:
    """Terms of one stream as they followed each other (fact.md, Accounting); `priors`: whose last fact each names."""
    since: dict[NodeId, int] = {}
    for term in terms:
        since[term.node] = min(term.start, since.get(term.node, term.start))
    by_fence = sorted(terms, key=lambda term: (since[term.node], term.node, term.fence, term.start))
    left, order = dict.fromkeys(by_fence), list[TermId]()
    for term in by_fence:
        line: list[TermId] = []
        now: TermId | None = term
        while now in left:
            del left[now]
            line.append(now)
            now = priors.get(now)
        order += reversed(line)
    return order


class Fault(NamedTuple):
    """What does not add up, and in which stretch of time."""

    stream: StreamId
    t0: int
    t1: int
    what: str


class _Term:
    """One term's facts so far."""

    __slots__ = ("base", "born_ns", "cursor", "first", "last", "open", "waiting")

    def __init__(self, born_ns: int) -> None:
        self.born_ns = born_ns  # creation of the first volume in which a fact of it was seen
        self.first: Fact | None = None
        self.last: Fact | None = None
        self.open: Fact | None = None
        self.cursor = 0
        self.base = 0  # from this n on none is missing
        self.waiting: dict[int, Fact] = {}


class Accounts:
    """All terms of all streams."""

    def __init__(self) -> None:
        self._terms: dict[Tenure, _Term] = {}

    def add(self, fact: Fact, volume_ns: int) -> Iterator[Fault]:
        """Take a fact that was found in a volume created at `volume_ns` (boot time)."""
        term = self._terms.setdefault((fact.stream, fact.term), _Term(volume_ns))
        if term.last is not None and fact.n <= term.last.n:
            if fact.n == term.last.n and fact.line != term.last.line:
                yield _fault(fact, f"n={fact.n} is told twice, differently")
            return
        other = term.waiting.setdefault(fact.n, fact)
        if other.line != fact.line:
            yield _fault(fact, f"n={fact.n} is told twice, differently")
        if term.last is not None or fact.n == 0:
            yield from _advance(term)
        if len(term.waiting) > MOST_WAITING:
            yield from _pass_over(term)

    def volume_done(self, volume_ns: int) -> Iterator[Fault]:
        """All volumes created until `volume_ns` have been read: terms whose beginning is gone begin where they do."""
        for term in self._terms.values():
            if term.last is None and volume_ns > term.born_ns + SETTLED_NS:
                yield from _pass_over(term)

    def end(self, begins: Mapping[Tenure, int]) -> Iterator[Fault]:
        """All facts were given. `begins`: from when on nothing of a term has been erased."""
        for term in self._terms.values():
            while term.waiting:
                yield from _pass_over(term)
        for stream in sorted({stream for stream, _ in self._terms}):
            terms = self._order(stream)
            yield from _begin(self._terms[stream, terms[0]], begins[stream, terms[0]])
            for before, after in pairwise(terms):
                yield from _follow(self._terms[stream, before], self._terms[stream, after])

    def lacking(self, known: Mapping[Tenure, int]) -> Iterator[Fault]:
        """At the very end: last facts of terms, by n, that another witness knows and nobody gave."""
        for (stream, term_id), n in known.items():
            found = self._terms.get((stream, term_id))
            if found is None or found.last is None:
                yield Fault(
                    stream, term_id.start, term_id.start, f"facts of term {term_id} are in no volume, up to n={n}"
                )
            elif found.last.n < n:
                what = f"facts n={found.last.n + 1} to {n} of term {term_id} are in no volume"
                yield Fault(stream, found.cursor, found.cursor, what)

    def _order(self, stream: StreamId) -> list[TermId]:
        firsts = {term: found.first for (of, term), found in self._terms.items() if of == stream}
        return in_order(firsts, {term: first.prior[0] for term, first in firsts.items() if first and first.prior})


def _advance(term: _Term) -> Iterator[Fault]:
    """Go through the facts that are next."""
    while term.waiting:
        fact = term.waiting.pop(0 if term.last is None else term.last.n + 1, None)
        if fact is None:
            return
        yield from _consume(term, fact)


def _pass_over(term: _Term) -> Iterator[Fault]:
    """Those before the lowest number that waits will not come."""
    if not term.waiting:
        return
    fact = term.waiting.pop(min(term.waiting))
    if term.last is not None and fact.n > term.last.n + 1:
        numbers = f"n={term.last.n + 1}" if fact.n == term.last.n + 2 else f"n={term.last.n + 1} to {fact.n - 1}"
        start = min(term.cursor, fact.t0)
        yield Fault(fact.stream, start, fact.t0, f"facts missing: {numbers} of term {fact.term}")
        term.open = None
        term.cursor = fact.t0
        term.last, term.base = None, fact.n
    yield from _consume(term, fact)
    yield from _advance(term)


def _consume(term: _Term, fact: Fact) -> Iterator[Fault]:
    """One fact against the one before it."""
    last = term.last
    if last is not None:
        # The number before may have been filled by recovery after its own fact was lost: its hash is another one.
        if fact.prev != last.hash and last.by != "recovery":
            yield _fault(fact, f"n={fact.n}: prev is not the hash of n={last.n}")
        if _counts(fact) and term.open is not None and fact.of != term.open.n:
            yield _fault(fact, f"n={fact.n} does not close the gap n={term.open.n}, which is open")
        elif _counts(fact) and fact.t0 != term.cursor:
            when = f"{iso_from_ticks(fact.t0)} ({fact.t0})"
            yield _fault(fact, f"n={fact.n} begins at {when}, the one before it ended at {term.cursor}")
    if fact.t1 is not None and fact.t1 < fact.t0 and fact.kind != "step":
        yield _fault(fact, f"n={fact.n} ends before it begins")
    if term.first is None:
        term.first, term.base = fact, fact.n
        term.cursor = fact.t0
    term.last = fact
    if fact.of is not None and term.open is None and fact.of >= term.base:
        yield _fault(fact, f"n={fact.n} closes n={fact.of}, which is no open gap")
    if fact.of is not None and term.open is not None and fact.why != term.open.why:
        yield _fault(fact, f"n={fact.n} closes a gap {term.open.why} as {fact.why}")
    if _counts(fact):
        term.open = fact if fact.t1 is None else None
    if fact.t1 is not None and _counts(fact):
        term.cursor = fact.t1


def _counts(fact: Fact) -> bool:
    return fact.kind in {"term", "seg", "gap", "step"}


def _begin(now: _Term, begins: int) -> Iterator[Fault]:
    """The first term of which something is left: older facts are erased with their hour, never alone."""
    first = now.first
    if first is None:
        return
    slack = 0 if begins == first.term.start else SLACK
    if first.n > 0 and first.t0 > begins + slack:
        yield Fault(first.stream, begins, first.t0, f"facts missing: before n={first.n} of term {first.term}")


def _follow(before: _Term, now: _Term) -> Iterator[Fault]:
    """A term against the one before it."""
    first, last = now.first, before.last
    if last is None or first is None:
        return
    t0 = min(before.cursor, first.t0)
    if first.n > 0:
        what = f"facts missing: n=0 to {first.n - 1} of term {first.term}"
        yield Fault(first.stream, before.cursor, first.t0, what)
        return
    if first.lost_term is not None:
        what = f"not accounted for: term {first.term} could not find the last fact of term {first.lost_term or '?'}"
        yield Fault(first.stream, t0, first.t0, what)
    elif first.prior != (last.term, last.n, last.hash):
        named = "nothing" if first.prior is None else f"term {first.prior[0]} n={first.prior[1]}"
        what = f"term {first.term} follows {named}, but the last that is here is term {last.term} n={last.n}"
        yield Fault(first.stream, t0, first.t0, what)
        return
    elif first.t0 != before.cursor:
        yield _fault(first, f"term {first.term} begins at {first.t0}, the term before ended at {before.cursor}")
        return
    if before.open is not None:
        yield _fault(before.open, f"the gap n={before.open.n} of term {last.term} was never closed")


def _fault(fact: Fact, what: str) -> Fault:
    return Fault(fact.stream, fact.t0, fact.t0 if fact.t1 is None else max(fact.t0, fact.t1), what)
