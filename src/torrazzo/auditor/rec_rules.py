# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What must hold between the entries of `rec` (docs/3-formats/fact.md, ledger.md): R2 to R6, entry by entry; pure.

What is known of each term is a small value, kept between looks. A finding is told once: the line that follows is held
against what is there.
"""

import base64
import copy
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from torrazzo.archive.fact import MAX_BYTES, Fact, parse_fact
from torrazzo.auditor.finding import LAST, Finding
from torrazzo.base import StreamId, TermId
from torrazzo.base.errors import Invalid, Refused
from torrazzo.base.times import SECOND, hour_of, hour_text, ticks_from_ns
from torrazzo.town.lives import life_of

LATE = 60 * SECOND
SLACK = 60 * SECOND  # the auditor's clock and the town's, and how long a batch may take
FUTURE = 60 * SECOND
ARRIVAL = 15 * SECOND  # by which the arrival of pictures may differ from their time: then it is silence
DRIFT_PPM = 500
SILENT = 15 * SECOND
LONGEST = 120 * SECOND  # of a segment
MOST_TERMS = 16  # of a stream that are remembered
MOST_HOLES = 256  # numbers that are missing, the last ones: others come too late to be told from inserted ones

_TILING = frozenset({"seg", "gap", "step"})
_UNREAD = (ValueError, KeyError, TypeError, RecursionError, Invalid)


@dataclass(slots=True)
class Term:
    """One recorder's tenure, as far as it has been entered."""

    n: int
    hash: str  # of the last fact's line
    cursor: int | None  # UTC ticks up to which all is told; None: behind a hole
    by: str = ""
    open_n: int | None = None
    open_why: str | None = None
    ref: int | None = None  # wall minus monotonic ticks, where they were first seen together
    ref_m: int = 0
    steps: int = 0
    follower: str | None = None  # the term that named this one's last fact
    limit: int | None = None  # where another stretch begins
    holes: list[int] = field(default_factory=list)  # numbers that were passed over
    late_at: int | None = None  # the look at which a late one was entered: who waited for that is excused


@dataclass(slots=True)
class Owed:
    """A fact that came too late: a `late` entry has to follow."""

    hash: str
    stream: str
    term: str
    n: int
    entry_index: int
    ended: int
    is_certain: bool = True  # else it may or may not be marked


class RecRules:
    """Entries in order, each with when it cannot have been there yet, by the auditor's own clock."""

    def __init__(self, *, is_whole: bool = True) -> None:
        """Whole: from the log's first entry on. Else what is unknown is taken as it comes."""
        self.is_whole = is_whole
        self.streams: dict[str, dict[str, Term]] = {}
        self.owed: Owed | None = None
        self.keys: dict[str, set[str]] = {}  # `<hour>/<class>` that segments named since `take_keys` → their streams

    def pack(self) -> dict[str, object]:
        """For the database."""
        streams = {name: {term: asdict(each) for term, each in terms.items()} for name, terms in self.streams.items()}
        return {
            "whole": self.is_whole,
            "streams": streams,
            "owed": None if self.owed is None else asdict(self.owed),
            "keys": {key: sorted(streams) for key, streams in sorted(self.keys.items())},
        }

    @classmethod
    def parse(cls, found: Mapping[str, Any]) -> "RecRules":
        """The inverse of `pack`; what it is made from is left alone."""
        found = copy.deepcopy(dict(found))
        rules = cls(is_whole=found["whole"])
        for name, terms in found["streams"].items():
            rules.streams[name] = {term: Term(**each) for term, each in terms.items()}
        rules.owed = None if found["owed"] is None else Owed(**found["owed"])
        keys = found["keys"]  # a list in the version before
        rules.keys = {key: set(keys[key] if isinstance(keys, dict) else ()) for key in keys}
        return rules

    def take_keys(self) -> dict[str, set[str]]:
        """The keys that were named since the last call, each with the streams that named it."""
        found, self.keys = self.keys, {}
        return found

    def check(self, entry_index: int, line: bytes, not_before: int | None, now: int) -> Iterator[Finding]:
        """One entry. `not_before`: it was not in the log at that time, in UTC ticks; `now`: it is."""
        kind = _kind(line)
        owed, self.owed = self.owed, None
        if kind == "late":
            yield from _late(entry_index, line, owed)
            return
        if owed is not None and owed.is_certain:
            text = "it came more than a minute late and is not marked"
            yield Finding("R6", "rec", text, owed.entry_index, owed.stream, owed.ended)
        if kind == "silent":
            yield from _silent(entry_index, line, now)
            return
        try:
            fact = parse_fact(line)
        except Invalid as error:
            yield Finding("R2", "rec", str(error), entry_index)
            return
        if fact.kind == "seg" and fact.key is not None and fact.key.isascii():  # else it names none, which is R2
            self.keys.setdefault(fact.key, set()).add(str(fact.stream))
        for rule, text in (*_sizes(fact, now), *self._follow(fact)):
            yield Finding(rule, "rec", text, entry_index, str(fact.stream), fact.t0)
        self._owe(fact, entry_index, not_before)

    # -- R3 to R5

    def _follow(self, fact: Fact) -> Iterator[tuple[str, str]]:
        terms = self.streams.setdefault(str(fact.stream), {})
        term = terms.get(str(fact.term))
        if term is None:
            yield from self._begin(fact, terms)
            while len(terms) > MOST_TERMS:
                del terms[next(iter(terms))]
            return
        if fact.n <= term.n:
            if fact.n in term.holes:
                term.holes.remove(fact.n)
            else:
                yield "R3", f"number {fact.n} of term {fact.term} is there already; {term.n} was the last"
            return
        if fact.n > term.n + 1:
            yield "R3", f"numbers {term.n + 1} to {fact.n - 1} of term {fact.term} are missing"
            term.holes += range(max(term.n + 1, fact.n - MOST_HOLES), fact.n)
            term.cursor, term.open_n = None, None
        elif (fact.prev or b"") != base64.b64decode(term.hash) and term.by != "recovery":
            yield "R3", f"it does not name number {term.n} of its term as it was entered"
        if term.follower is not None:
            yield "R3", f"term {fact.term} goes on although term {term.follower} has followed it"
        yield from _tile(fact, term)
        yield from _clocks(fact, term)
        term.n, term.hash, term.by = fact.n, _text(fact.hash), fact.by

    def _begin(self, fact: Fact, terms: dict[str, Term]) -> Iterator[tuple[str, str]]:
        """The first fact of a term, or what is taken for it."""
        new = Term(fact.n, _text(fact.hash), fact.t0 if fact.kind == "term" else None, fact.by)
        if fact.kind != "term" or fact.n != 0:
            if self.is_whole or fact.n == 0:
                yield "R3", f"term {fact.term} does not begin with its first fact"
            if fact.kind in _TILING and fact.t1 is not None:
                new.cursor = fact.t1
        elif fact.prior is not None:
            yield from self._after(fact, terms, new)
        else:
            if fact.lost_term is None and terms:
                yield "R3", f"term {fact.term} says that it is the first; {next(reversed(terms))} was before it"
            yield from _apart(fact, terms)
        terms[str(fact.term)] = new

    def _after(self, fact: Fact, terms: dict[str, Term], new: Term) -> Iterator[tuple[str, str]]:
        """A term that names the last fact of the one before."""
        assert fact.prior is not None
        named, n, hash_ = fact.prior
        before = terms.get(str(named))
        if before is None:
            if self.is_whole or terms:
                yield "R3", f"the term before, {named}, is not in the log"
            return
        if before.follower is not None:
            yield "R3", f"terms {before.follower} and {fact.term} both follow {named}: two claim the same time"
        elif (n, _text(hash_)) != (before.n, before.hash):
            yield "R3", f"it follows number {n} of {named}, whose last is {before.n}: two terms claim the same time"
        if before.open_n is not None:
            yield "R4", f"gap {before.open_n} of {named} is still open"
        elif before.cursor not in {None, fact.t0}:
            yield "R4", f"it begins {_seconds(fact.t0 - (before.cursor or 0))} after the end of {named}"
        before.follower, new.late_at = str(fact.term), before.late_at
        new.cursor = fact.t0

    # -- R6

    def _owe(self, fact: Fact, entry_index: int, not_before: int | None) -> None:
        """Whether a `late` entry must follow, as far as the auditor can know."""
        ended = max(fact.t0, fact.term.start) if fact.kind == "term" else fact.t1
        if ended is None:
            return
        term = self.streams[str(fact.stream)][str(fact.term)]
        is_certain = not_before is not None and not_before - ended > LATE + SLACK
        if is_certain and (term.late_at == not_before or fact.n - 1 in term.holes):
            is_certain = False  # it may have come in time and waited for the one before it
        name = (_text(fact.hash), str(fact.stream), str(fact.term), fact.n)
        self.owed = Owed(*name, entry_index, ended, is_certain=is_certain)
        if not_before is not None and not_before - ended > LATE:
            term.late_at = not_before


def _kind(line: bytes) -> str | None:
    try:
        found = json.loads(line)
        kind = found.get("kind") if isinstance(found, dict) else None
    except (ValueError, RecursionError):
        return None
    return kind if isinstance(kind, str) else None


def _late(entry_index: int, line: bytes, owed: Owed | None) -> Iterator[Finding]:
    try:
        found = _own(line, ("stream", "term", "n", "hash", "t"))
        told = (found["hash"], found["stream"], found["term"], found["n"])
    except _UNREAD as error:
        yield Finding("R2", "rec", f"not a late entry: {error!r}", entry_index)
        return
    if owed is None or told != (owed.hash, owed.stream, owed.term, owed.n):
        yield Finding("R6", "rec", "it marks another fact than the one before it", entry_index, str(found["stream"]))
    elif found["t"] - owed.ended <= LATE:
        yield Finding("R6", "rec", "what it marks was not late", entry_index, owed.stream, owed.ended)


def _silent(entry_index: int, line: bytes, now: int) -> Iterator[Finding]:
    try:
        found = _own(line, ("stream", "term", "t0", "t"))
    except _UNREAD as error:
        yield Finding("R2", "rec", f"not a silent entry: {error!r}", entry_index)
        return
    if found["t"] - found["t0"] < SILENT - SECOND or found["t"] > now + FUTURE:
        text = "it tells of less than 15 s of silence, or of the future"
        yield Finding("R6", "rec", text, entry_index, str(found["stream"]), found["t0"])


def _own(line: bytes, keys: tuple[str, ...]) -> dict[str, Any]:
    """An entry of the ledger's own, its keys in their forms."""
    pairs = json.loads(line, object_pairs_hook=list)
    if [name for name, _ in pairs] != ["v", "kind", *keys]:  # also when one stands twice
        raise ValueError(f"expected v, kind, {', '.join(keys)}")
    found = dict(pairs)
    if found["v"] != 1:
        raise ValueError("expected v = 1")
    StreamId.parse(found["stream"])
    TermId.parse(found["term"])
    for key in ("n", "t0", "t"):
        if key in found and (type(found[key]) is not int or found[key] < 0):
            raise ValueError(f"{key} is no whole number")
    return found


def _sizes(fact: Fact, now: int) -> Iterator[tuple[str, str]]:
    if len(fact.line) > MAX_BYTES or fact.kind not in _TILING | {"term"}:
        yield "R2", f"kind {fact.kind!r} is not known to this auditor"
    if max(fact.t0, fact.t1 or 0) > now + FUTURE:
        yield "R6", "it tells of the future"
    if max(fact.t0, fact.t1 or 0) >= LAST or fact.kind == "step" or fact.t1 is None:
        return
    if fact.t1 < fact.t0:
        yield "R2", "it ends before it begins"
    if fact.kind == "seg":
        yield from _segment(fact, fact.t1)


def _segment(fact: Fact, t1: int) -> Iterator[tuple[str, str]]:
    hour, _, class_ = (fact.key or "").partition("/")
    length = t1 - fact.t0
    if not 0 < length <= LONGEST or not fact.frames or not fact.length or (fact.pieces or 0) < 2:
        yield "R2", f"a segment of {_seconds(length)}, {fact.frames} frames, {fact.length} bytes, {fact.pieces} pieces"
    if hour != hour_text(hour_of(fact.t0)):  # its last frame begins in that hour, and may end in the next
        yield "R2", f"its key is of hour {hour}; it does not begin within that hour"
    if abs((fact.media or 0) - length) > -(-max(fact.media or 0, length) * DRIFT_PPM // 1_000_000) + 1:
        yield "R5", f"{_seconds(fact.media or 0)} of pictures in {_seconds(length)}: more than a clock drifts"
    try:
        life_of(class_)
    except (Invalid, Refused) as error:
        yield "R2", str(error)


def _tile(fact: Fact, term: Term) -> Iterator[tuple[str, str]]:
    """R4: each begins where the one before ended; an open gap is closed by the next that takes time."""
    if term.limit is not None and (end := fact.t1 or fact.t0) > term.limit:
        yield "R3", f"it claims {_seconds(end - term.limit)} that another stretch has told of"
    if fact.kind not in _TILING:
        return
    if term.cursor is not None and fact.t0 != term.cursor:
        yield "R4", f"{_seconds(fact.t0 - term.cursor)} between it and the fact before are not told of"
    if term.open_n is not None:
        if fact.kind != "gap" or (fact.of, fact.why) != (term.open_n, term.open_why) or fact.t1 is None:
            yield "R4", f"gap {term.open_n} is open, and this does not close it"
        term.open_n = term.open_why = None
    elif fact.kind == "gap" and fact.of is not None:
        yield "R4", f"it closes gap {fact.of}, which is not open"
    if fact.t1 is None:
        term.cursor, term.open_n, term.open_why = fact.t0, fact.n, fact.why
    else:
        term.cursor = fact.t1


def _clocks(fact: Fact, term: Term) -> Iterator[tuple[str, str]]:
    """R5: within what arrival, drift and declared steps allow, since the term's first fact."""
    if fact.kind not in _TILING or fact.t1 is None or fact.m1 is None:
        return
    if fact.kind == "step":
        term.steps += fact.t1 - fact.t0
        return
    m1 = ticks_from_ns(fact.m1)
    if term.ref is None:
        term.ref, term.ref_m = fact.t1 - term.steps - m1, m1
        return
    off = fact.t1 - term.steps - m1 - term.ref
    if abs(off) > ARRIVAL + abs(m1 - term.ref_m) * DRIFT_PPM // 1_000_000:
        yield "R5", f"wall time has gone {_seconds(off)} further than monotonic time since the term began"
        term.ref += off


def _apart(fact: Fact, terms: Mapping[str, Term]) -> Iterator[tuple[str, str]]:
    """R3: a stretch that begins anew claims no time that another has told of."""
    ends = [term.cursor for term in terms.values() if term.cursor is not None]
    if ends and fact.t0 < max(ends):
        yield (
            "R3",
            f"it begins {_seconds(max(ends) - fact.t0)} before the end of what was told: two claim the same time",
        )
    for term in terms.values():
        if term.follower is None:
            term.limit = fact.t0 if term.limit is None else min(term.limit, fact.t0)


def _text(hash_: bytes) -> str:
    return base64.b64encode(hash_).decode("ascii")


def _seconds(ticks: int) -> str:
    return f"{ticks / SECOND:.3f} s"
