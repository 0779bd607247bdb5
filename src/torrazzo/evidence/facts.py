# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which facts a clip needs (docs/3-formats/package.md, section Facts), found in the log."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from torrazzo.archive.accounts import in_order
from torrazzo.archive.fact import Fact, parse_fact
from torrazzo.base import SegmentId, Span, StreamId, TermId
from torrazzo.base.errors import Unavailable
from torrazzo.base.times import iso_from_ticks
from torrazzo.evidence.clip import Proven
from torrazzo.evidence.fixed_log import FixedLog

IndexOf = Callable[[SegmentId], "int | None"]  # of a fact in `rec`; None if it is not there (any more)


class Stretch(NamedTuple):
    """What a clip shows: its facts are wanted."""

    stream: StreamId
    span: Span
    first: SegmentId  # the first segment that has a piece in it
    last: SegmentId


class _Found(NamedTuple):
    entry: int  # its index in the log
    fact: Fact


class _Search:
    """One stretch, while the log is read."""

    def __init__(self, stretch: Stretch, start: int) -> None:
        self.stretch = stretch
        self.start = start
        self.marker = f'"stream":"{stretch.stream}"'.encode()
        self.found: list[_Found] = []
        self.silences: list[int] = []
        self.has_last = False
        self.is_over = False

    def take(self, index: int, line: bytes) -> None:
        """The next line of the log that names the stream."""
        kind = json.loads(line).get("kind")
        if kind == "silent":
            self.silences.append(index)
        elif kind != "late":
            fact = parse_fact(line)
            self.found.append(_Found(index, fact))
            self.has_last = self.has_last or fact.id == self.stretch.last
            self.is_over = self.has_last and fact.t1 is not None and fact.t1 >= self.stretch.span.end


def find_facts(log: FixedLog, index_of: IndexOf, stretches: Sequence[Stretch]) -> list[list[int]]:
    """Indexes of each stretch's facts, in order, and of the ledger's notes on them; the log is read once for all.

    Raises `Unavailable` while facts of a span are not in the log yet.
    """
    searches = [_Search(stretch, _start(stretch, index_of)) for stretch in stretches]
    for index, line in log.entries(min((search.start for search in searches), default=log.size)):
        waiting = [search for search in searches if not search.is_over]
        if not waiting:
            break
        for search in waiting:
            if index >= search.start and search.marker in line:
                search.take(index, line)
    return [_result(search, log, index_of) for search in searches]


def _start(stretch: Stretch, index_of: IndexOf) -> int:
    index = index_of(stretch.first)
    if index is None:
        raise Unavailable(
            f"{stretch.stream}: the fact {stretch.first.n} of term {stretch.first.term} is not in the ledger; if it was"
            " recorded just now, try again in a minute"
        )
    return index


def _result(search: _Search, log: FixedLog, index_of: IndexOf) -> list[int]:
    """1. In order of terms, then n. 2. Behind the first segment go as far back as the span's start. 3. To its end."""
    stretch = search.stretch
    found = _ordered(search.found)  # 1
    at = next((at for at, each in enumerate(found) if each.fact.id == stretch.first), None)
    if at is None or not search.has_last:
        raise Unavailable(
            f"{stretch.stream}: the ledger has not all facts of {stretch.span} yet; try again in a minute"
        )
    found = [*_before(found[:at], found[at], stretch.span.start, log, index_of), *found[at:]]  # 2
    last = max(at for at, each in enumerate(found) if each.fact.id == stretch.last)
    ends = [at for at, each in enumerate(found) if at >= last and (each.fact.t1 or 0) >= stretch.span.end]
    if not ends and found[-1].fact.t1 is not None:  # 3
        raise Unavailable(
            f"{stretch.stream}: the ledger's facts end at {iso_from_ticks(found[-1].fact.t1)}, before the span does;"
            " if that is now, try again in a minute, else ask for a shorter span"
        )
    kept = found[: min(ends) + 1 if ends else None]
    return [*(each.entry for each in kept), *_notes(kept, search.silences, log)]


def _ordered(found: Sequence[_Found]) -> list[_Found]:
    terms: dict[TermId, list[_Found]] = {}
    for each in found:
        terms.setdefault(each.fact.term, []).append(each)
    firsts = (each.fact for each in found if each.fact.prior is not None)
    priors: Mapping[TermId, TermId] = {fact.term: fact.prior[0] for fact in firsts if fact.prior is not None}
    return [each for term in in_order(terms, priors) for each in sorted(terms[term], key=lambda each: each.fact.n)]


def _before(known: Sequence[_Found], first: _Found, start: int, log: FixedLog, index_of: IndexOf) -> list[_Found]:
    """Facts before the first segment, back to the one that holds the span's start; numbers and priors lead there."""
    back: list[_Found] = []
    there = {each.fact.id: each for each in known}
    now = first
    while now.fact.t0 > start:
        id_ = _preceding(now.fact)
        if id_ is None:
            break  # its accounting begins here
        before = there.get(id_)
        if before is None:
            index = index_of(id_)
            if index is None or index >= log.size:
                break  # pruned, or lost: the verifier tells what is not covered
            before = _Found(index, parse_fact(log.line(index)))
        back.insert(0, before)
        now = before
    return back


def _preceding(fact: Fact) -> SegmentId | None:
    if fact.n > 0:
        return SegmentId(fact.stream, fact.term, fact.n - 1)
    if fact.prior is None:
        return None
    return SegmentId(fact.stream, fact.prior[0], fact.prior[1])


def _notes(kept: Sequence[_Found], silences: Sequence[int], log: FixedLog) -> list[int]:
    """What came late stands right in front of the note that says so; a silence is of these terms, within their time."""
    notes = [
        each.entry + 1 for each in kept if each.entry + 1 < log.size and _is_late(each.fact, log.line(each.entry + 1))
    ]
    terms = {str(each.fact.term) for each in kept}
    start, end = kept[0].fact.t0, max(each.fact.t1 or each.fact.t0 for each in kept)
    for index in silences:
        note = json.loads(log.line(index))
        if note["term"] in terms and start <= note["t0"] < end:
            notes.append(index)
    return sorted(notes)


def _is_late(fact: Fact, line: bytes) -> bool:
    if b'"kind":"late"' not in line:
        return False
    note = json.loads(line)
    return (note["stream"], note["term"], note["n"]) == (str(fact.stream), str(fact.term), fact.n)


def prove_all(log: FixedLog, indexes: Iterable[int]) -> list[Proven]:
    """With their proofs."""
    return [log.prove(index) for index in indexes]
