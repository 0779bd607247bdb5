# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The facts that a term owes after a crash, from what is left of it; pure (docs/3-formats/fact.md, After a crash)."""

import base64
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from torrazzo.archive.fact import (
    Fact,
    LastFact,
    gap_fact,
    parse_fact,
    prior_value,
    segment_fact,
    step_fact,
    term_fact,
)
from torrazzo.archive.pieces import Pieces
from torrazzo.base import StreamId, TermId

MAX_FILLED = 1_000  # more missing numbers than this were not lost in one crash

_BY = "recovery"


class Moment(NamedTuple):
    """The last moment at which a recorder is known to have run."""

    utc: int
    boot_ns: int
    boot_id: str


class Remains(NamedTuple):
    """What is left of one term."""

    stream: StreamId
    term: TermId
    facts: Mapping[int, Fact]  # by n; not necessarily from 0 on
    segments: Mapping[int, Sequence[Pieces]]  # intact, without a fact, by n; one for each volume that has some
    moment: Moment
    prior: LastFact | TermId | None  # of the term before; its name where its last fact is not known
    up_to: int | None  # the n that a later term names as this one's last
    is_whole: bool  # no volume holds more facts of it than these


class Owed(NamedTuple):
    """A fact to be written, and the pieces it speaks of."""

    fact: Fact
    pieces: Pieces | None


class _Line:
    """The time line of the term while it is gone through."""

    def __init__(self, remains: Remains) -> None:
        self.remains = remains
        self.owed: list[Owed] = []
        self.n = -1
        self.hash = b""
        self.cursor = 0
        self.cursor_m = 0
        self.open: Fact | None = None

    @property
    def prev(self) -> str:
        return base64.b64encode(self.hash).decode()

    def pass_by(self, fact: Fact) -> None:
        """Go on to the end of a fact."""
        self.n, self.hash = fact.n, fact.hash
        if fact.t1 is None:
            self.open = fact if fact.kind == "gap" else self.open
            return
        self.open = None if fact.kind == "gap" else self.open
        if fact.kind in {"term", "seg", "gap", "step"}:
            self.cursor = fact.t1
            self.cursor_m = fact.m0 if fact.m1 is None else fact.m1

    def owe(self, line: bytes, pieces: Pieces | None = None) -> None:
        """Add a fact and pass it by."""
        fact = parse_fact(line)
        self.owed.append(Owed(fact, pieces))
        self.pass_by(fact)

    def begin(self, n: int, first: Fact | Pieces) -> None:
        """The term's first fact, when the crash came before it was on disk; `first`: what is left, with number n."""
        remains = self.remains
        t0 = min(remains.term.start, first.t0) if n > 1 else first.t0
        if isinstance(remains.prior, LastFact):
            t0 = remains.prior.t1
        moments = [pieces.m0 for several in remains.segments.values() for pieces in several]
        m0 = min([*moments, *(fact.m0 for fact in remains.facts.values())])
        line = term_fact(
            remains.stream,
            remains.term,
            t0=t0,
            m0=m0,
            boot=remains.moment.boot_id,
            software="",
            prior={"lost": str(remains.prior)} if isinstance(remains.prior, TermId) else prior_value(remains.prior),
            by=_BY,
        )
        self.owe(line)

    def fill(self, t1: int, m1: int) -> None:
        """The next number is missing: a gap up to t1, or the end of the open one; a step if the clock went back."""
        stream, term, n = self.remains.stream, self.remains.term, self.n + 1
        m0 = self.cursor_m
        if self.open is not None:
            self.close(t1, m1)
        elif t1 >= self.cursor:
            line = gap_fact(
                stream, term, n, t0=self.cursor, t1=t1, m0=m0, m1=m1, why="restart", of=None, prev=self.prev, by=_BY
            )
            self.owe(line)
        else:
            self.owe(step_fact(stream, term, n, t0=self.cursor, t1=t1, m0=m0, m1=m1, prev=self.prev, by=_BY))

    def close(self, t1: int, m1: int) -> None:
        """End the open gap."""
        gap = self.open
        assert gap is not None, "only an open gap is closed"
        self.owe(
            gap_fact(
                self.remains.stream,
                self.remains.term,
                self.n + 1,
                t0=gap.t0,
                t1=max(t1, gap.t0),
                m0=gap.m0,
                m1=max(m1, gap.m0),
                why=gap.why or "",
                of=gap.n,
                prev=self.prev,
                by=_BY,
            )
        )

    def record(self, pieces: Pieces) -> None:
        """The fact of a segment."""
        line = segment_fact(
            self.remains.stream,
            self.remains.term,
            self.n + 1,
            t0=pieces.t0,
            t1=pieces.t1,
            m0=pieces.m0,
            m1=pieces.m1,
            media=pieces.media,
            frames=pieces.frames,
            lost=pieces.lost,
            length=pieces.length,
            count=len(pieces.offsets),
            h=pieces.h,
            c=pieces.c,
            key=pieces.key,
            continues=pieces.continues,
            prev=self.prev,
            by=_BY,
        )
        self.owe(line, pieces)


def owed_facts(remains: Remains) -> tuple[list[Owed], LastFact | None]:
    """The facts owed, in order of n, and the term's last fact with them.

    The same remains give the same bytes: a recovery that was itself interrupted is simply repeated.
    """
    line = _Line(remains)
    facts, segments = remains.facts, remains.segments
    numbers = sorted(n for n in {*facts, *segments} if remains.up_to is None or n <= remains.up_to)
    if not numbers:
        return [], None
    if facts and (not remains.is_whole or min(facts) == 0 or min(facts) > MAX_FILLED):
        first = facts[min(facts)]
        line.cursor, line.cursor_m = (
            first.t0,
            first.m0,
        )  # stays so if it is an open gap, or of a kind that we don't know
        line.pass_by(first)
    elif numbers[0] > MAX_FILLED or not remains.is_whole:
        return [], None
    else:
        line.begin(numbers[0], facts.get(numbers[0]) or _longest(segments[numbers[0]]))
    for n in (number for number in numbers if number > line.n):
        if not _go_to(line, n):
            break
    if line.open is not None and (remains.up_to is None or line.n < remains.up_to):
        line.close(remains.moment.utc, remains.moment.boot_ns)
    return line.owed, LastFact(remains.term, line.n, line.hash, line.cursor)


def _go_to(line: _Line, n: int) -> bool:
    """Reach number n, filling those that are missing before it; False where the term's line cannot go on."""
    fact = line.remains.facts.get(n)
    missing = n - line.n - 1
    if fact is not None:
        for _ in range(missing):
            line.fill(fact.t0, fact.m0)
        line.pass_by(fact)
        return True
    if missing > MAX_FILLED:
        return False
    after = line.remains.facts.get(n + 1)
    fitting = [
        pieces
        for pieces in line.remains.segments[n]
        if (after is None or after.t0 == pieces.t1)  # else it was recorded further than what is left
        and (missing or (line.open is None and pieces.t0 == line.cursor))  # else never synced with what is before it
    ]
    if not fitting:
        return True  # its number is filled if a fact comes behind
    pieces = _longest(fitting)
    for _ in range(missing):
        line.fill(pieces.t0, pieces.m0)
    line.record(pieces)
    return True


def _longest(several: Sequence[Pieces]) -> Pieces:
    return max(several, key=lambda pieces: (len(pieces.offsets), pieces.volume))
