# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which facts of a term count, where flushes that failed left others behind; pure (docs/3-formats/volume.md).

The facts of a term are one line by `prev`. A ghost is a fact that was written and never synced, so that nobody was told
of it, and whose number the recorder used again elsewhere.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from torrazzo.archive.fact import Fact


class Place(NamedTuple):
    """One record in one volume."""

    path: Path
    offset: int


class Written(NamedTuple):
    """A fact that was found, and where."""

    fact: Fact
    place: Place
    later: tuple[bool, int, int]  # by another node, fence, reach of the volume: greater where that was written later
    is_suspect: bool = False  # may never have been synced
    is_backed: bool = True  # tells of no pieces, of intact ones, or was written by a later recovery


Facts = Mapping[int, Sequence[Written]]  # of one term, by n


def chain(found: Facts, end: tuple[int, bytes] | None = None) -> dict[int, Written]:
    """The facts that count, by n; `end`: number and hash of the last one, where the next term names it."""
    facts = {n: _distinct(several) for n, several in sorted(found.items(), reverse=True)}
    named: list[Written] = []
    if end is not None:
        named = [each for each in facts.get(end[0], ()) if each.fact.hash == end[1]]
        facts = {n: several for n, several in facts.items() if n < end[0]}
    lines = [_line(facts, named[0])] if named else [_synced(_line(facts, tip)) for tip in _tips(facts)]
    inner = {each.place for line in lines for each in line[1:]}
    whole = [line for line in lines if line and line[0].place not in inner]
    chosen = max(whole, key=lambda line: _recency(line[0]), default=[])
    return {each.fact.n: each for each in chosen}


def _recency(last: Written) -> tuple[bool, int, int, int]:
    """Greater for the last fact of a line that was written later.

    The batch of a flush that failed is written again whole, in more facts if in other ones: what stands for ghosts ends
    where they end, or later. How far their volumes reach says less: one that fails is ahead of the others for a moment.
    """
    fact = last.fact
    is_foreign, fence, _ = last.later
    return is_foreign, fence, fact.m0 if fact.m1 is None else fact.m1, fact.n


def counts(each: Written, chosen: Mapping[int, Written]) -> bool:
    """Whether a fact is among those that count; of copies of one line the last does."""
    same = chosen.get(each.fact.n)
    return same is not None and same.place == each.place


def _distinct(several: Sequence[Written]) -> list[Written]:
    """Copies of one line as one: the later, as sound as the best of them."""
    found: dict[bytes, Written] = {}
    for each in sorted(several, key=lambda each: each.later):
        same = found.get(each.fact.hash, each)
        found[each.fact.hash] = each._replace(
            is_suspect=each.is_suspect and same.is_suspect, is_backed=each.is_backed or same.is_backed
        )
    return list(found.values())


def _tips(facts: Facts) -> list[Written]:
    """Those that no other follows."""
    every = [each for several in facts.values() for each in several]
    followed = {before.place for each in every if (before := _before(facts, each.fact)) is not None}
    return [each for each in every if each.place not in followed]


def _line(facts: Facts, tip: Written) -> list[Written]:
    """From a fact down to the first of its term that is here."""
    line = [tip]
    while (before := _before(facts, line[-1].fact)) is not None:
        line.append(before)
    return line


def _before(facts: Facts, fact: Fact) -> Written | None:
    """The fact before: the one named, or what recovery wrote for it; where it is lost, the next below that is here."""
    fitting = [each for each in facts.get(fact.n - 1, ()) if each.fact.hash == fact.prev or each.fact.by == "recovery"]
    if fitting:
        return max(fitting, key=lambda each: (each.fact.hash == fact.prev, each.later))
    below = next((n for n in facts if n < fact.n - 1), None)
    return None if below is None else max(facts[below], key=lambda each: each.later)


def _synced(line: list[Written]) -> list[Written]:
    """Without what survived unsynced while pieces it tells of did not, and what follows that (rule 1 of fact.md)."""
    torn = 0
    for at, each in enumerate(line):
        if not each.is_suspect:  # nor was anything before it lost; its pieces may have been damaged later
            break
        if not each.is_backed:
            torn = at + 1
    return line[torn:]
