# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The log of what people did, as those who may read it ask: by time, kind, person, camera, case.

Entries are looked at as bytes first: only what is shown is taken apart, and only that has its private part opened. What
cannot be read, or cannot be told of whom it is, is counted and said.
"""

import contextlib
import json
import re
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from torrazzo.access.book import Book
from torrazzo.access.months import Months
from torrazzo.base.clock import Clock
from torrazzo.base.errors import Damaged, Invalid, Unavailable
from torrazzo.base.spans import Span
from torrazzo.base.times import DAY, UtcTicks
from torrazzo.durable import Disk
from torrazzo.evidence.accesses import PERSONAL, Names
from torrazzo.ledger import Pruned
from torrazzo.ledger.act import Act, Wanted, parse_act
from torrazzo.ledger.client import LedgerClient
from torrazzo.ledger.identity import EntryName
from torrazzo.ledger.private import MonthOpener, Private, pseudonym
from torrazzo.ledger.tail import act_head
from torrazzo.ledger.text import parse_hash, to_base64
from torrazzo.ledger.tiles import WIDTH, Tile, split_entries, tile_width
from torrazzo.town.home import Home

PAGE = 100
MARGIN = DAY  # entries of a time lie that far from it at most, for clocks that were set; windows are closed by then
MOST_BUNDLES = 2_000  # kept: about 500,000 entries

LOOKS = frozenset({"view", "live"})

_HEAD = re.compile(rb'\{"v":1,"kind":"([a-z0-9._:/-]{1,64})","t":([0-9]{1,19}),')  # keys stand in a fixed order
_OF = re.compile(rb'"of":([0-9]{1,19})[,}]')
_HOLD = re.compile(rb'"hold":"([^"]{1,64})"')
_WHO = re.compile(rb'"month":"([0-9]{6})","who":"([^"]{44})","p":"([^"]{44})"')
_FOLLOWS = frozenset({"still", "approve", "reject", "export", "take", "confirm", "release", "end"})
_DEEP = 5  # a take follows an export, that an approval, that an ask


class Question(NamedTuple):
    """What is asked; None: whatever it is."""

    span: Span
    kinds: frozenset[str] | None = None
    person: str | None = None  # account's name
    camera: str | None = None  # id
    case: str | None = None
    before: int | None = None  # only entries of a smaller number: the next page


class Row(NamedTuple):
    """An entry that answers."""

    number: int
    act: Act
    wanted: Wanted | None  # footage that it is about, be it by what it follows
    purpose: str | None
    close: Act | None  # of a window
    names: Names | None  # None: of nobody
    who: Private | None


class Answer(NamedTuple):
    """Newest first."""

    rows: Sequence[Row]
    matched: int  # in all, on this and other pages
    untold: int  # in the span, of which it cannot be told whether they answer: of whom they are is destroyed or lost
    unread: int  # entries of the span that are damaged, or of a later version
    oldest: UtcTicks | None  # time of the first entry that is kept; None: all are
    log: str  # its name; another one than `act` begins at a fork, and what was before is in the one before
    size: int


class Totals(NamedTuple):
    """How often something was done, and by nobody. A look that is renewed is one."""

    kinds: Mapping[str, int]
    cameras: Mapping[str, int]  # id → looks at it, live or at what it recorded
    unread: int
    oldest: UtcTicks | None
    log: str


class _Raw(NamedTuple):
    number: int
    kind: str
    t: int
    line: bytes


class _Bundle(NamedTuple):
    low: int
    high: int
    raws: tuple[_Raw, ...]
    unread: int


class ActLog:
    """Of the running ledger. May be used by several threads."""

    def __init__(self, home: Home, disk: Disk, clock: Clock) -> None:
        self._home, self._disk, self._clock = home, disk, clock
        self._ledger = LedgerClient(home.ledger_socket)
        self._bundles: dict[tuple[str, int], _Bundle] = {}
        self._lock = threading.Lock()

    def ask(self, question: Question, most: int = PAGE) -> Answer:
        """Raises `Unavailable` where the ledger, or a book with private parts, is away."""
        found = _Found(self, self._head())
        raws = [raw for raw in found.near(question.span) if question.span.start <= raw.t < question.span.end]
        opener = _PrivateParts(self._home, self._disk, self._clock)
        untold = 0
        matched: list[_Raw] = []
        for raw in raws:
            if raw.kind == "close" or (question.kinds is not None and raw.kind not in question.kinds):
                continue
            if question.camera is not None and not found.concerns(raw, question.camera.encode()):
                continue
            is_theirs = True if question.person is None else opener.is_of(raw.line, question.person)
            if is_theirs is None:
                untold += 1
            elif is_theirs:
                matched.append(raw)
        if question.case is not None:
            opener.load(matched)
            matched, lost = opener.of_case(matched, question.case)
            untold += lost
        page = [raw for raw in reversed(matched) if question.before is None or raw.number < question.before][:most]
        opener.load(page)
        rows = [found.row(raw, opener) for raw in page]
        return Answer(rows, len(matched), untold, found.unread, found.oldest, found.head.log, found.head.size)

    def totals(self, span: Span) -> Totals:
        """Counts of what stands in the log; no private part is opened. Raises as `ask`."""
        found = _Found(self, self._head())
        raws = [raw for raw in found.near(span) if span.start <= raw.t < span.end and raw.kind != "close"]
        kinds = Counter(raw.kind for raw in raws if raw.kind not in LOOKS)
        cameras = Counter[str]()
        for act in (_act(raw) for raw in raws if raw.kind in LOOKS):
            if act.values.get("renews") is None and (wanted := _wanted(act)) is not None:
                kinds[act.kind] += 1
                cameras.update({stream.camera for stream in wanted.streams})
        return Totals(kinds, cameras, found.unread, found.oldest, found.head.log)

    # -- the ledger's bundles

    def _head(self) -> "_Head":
        act = self._ledger.status().get("act")
        if not isinstance(act, dict):
            raise Unavailable("the ledger takes nothing")
        head = act_head(self._ledger)
        return _Head(head.origin.rpartition("/")[2], head.size, int(act["minimum"]))

    def bundle(self, head: "_Head", number: int) -> _Bundle:
        """Read, or kept from before: a full one never changes."""
        width = tile_width(0, number, head.size)
        key = (head.log, number)
        with self._lock:
            kept = self._bundles.get(key) if width == WIDTH else None
        if kept is not None:
            return kept
        found = self._read(head, number, width)
        if width == WIDTH and not found.unread:
            with self._lock:
                self._bundles[key] = found
                while len(self._bundles) > MOST_BUNDLES:
                    self._bundles.pop(next(iter(self._bundles)))
        return found

    def _read(self, head: "_Head", number: int, width: int) -> _Bundle:
        try:
            lines = split_entries(self._ledger.read(f"act/{Tile(None, number, width)}"), width)
        except (Damaged, Pruned, Invalid):
            return _Bundle(0, 1 << 62, (), width)
        read = [(at, _HEAD.match(line), line) for at, line in enumerate(lines, number * WIDTH) if at >= head.minimum]
        raws = [_Raw(at, match[1].decode(), int(match[2]), line) for at, match, line in read if match is not None]
        times = [raw.t for raw in raws] or [0, 1 << 62]
        people = tuple(raw for raw in raws if raw.kind != "rec")
        return _Bundle(min(times), max(times), people, len(read) - len(raws))


class _Head(NamedTuple):
    log: str
    size: int
    minimum: int


class _Found:
    """What one question has read."""

    def __init__(self, log: ActLog, head: _Head) -> None:
        self._log, self.head = log, head
        self.unread = 0
        self.oldest: UtcTicks | None = None
        self._raws: dict[int, _Raw] = {}
        self._closes: dict[int, _Raw] | None = None
        self._concerned: dict[int, bool] = {}

    def near(self, span: Span) -> list[_Raw]:
        """Entries of the span and of a day around it, in order."""
        if self.head.minimum:
            first = self._log.bundle(self.head, self.head.minimum // WIDTH)
            self.oldest = UtcTicks(first.low) if first.raws else None
        found: list[_Bundle] = []
        for number in reversed(range(self.head.minimum // WIDTH, -(-self.head.size // WIDTH))):
            bundle = self._log.bundle(self.head, number)
            if bundle.high < span.start - MARGIN:
                break
            if bundle.low < span.end + MARGIN:
                found.append(bundle)
                self.unread += bundle.unread
        self._raws = {raw.number: raw for bundle in reversed(found) for raw in bundle.raws}
        return list(self._raws.values())

    def concerns(self, raw: _Raw, camera: bytes) -> bool:
        """Whether it names this camera, be it by what it follows."""
        known = self._concerned.get(raw.number)
        if known is None:
            known = any(camera in each.line for each in self.chain(raw))
            self._concerned[raw.number] = known
        return known

    def chain(self, raw: _Raw) -> Iterator[_Raw]:
        """The entry, and what it follows."""
        for _ in range(_DEEP):
            yield raw
            of = self._followed(raw) if raw.kind in _FOLLOWS else None
            if of is None or of >= raw.number:
                return
            found = self._one(of)
            if found is None:
                return
            raw = found

    def row(self, raw: _Raw, opener: "_PrivateParts") -> Row:
        """Taken apart."""
        act = _act(raw)
        acts = [_act(each) for each in self.chain(raw)]
        wanted = next((found for each in acts if (found := _wanted(each)) is not None), None)
        purpose = next((str(each.values["purpose"]) for each in acts if "purpose" in each.values), None)
        close = self._close(raw.number)
        names, who = opener.open(act) if act.kind in PERSONAL else (None, None)
        return Row(raw.number, act, wanted, purpose, None if close is None else _act(close), names, who)

    def _close(self, number: int) -> _Raw | None:
        if self._closes is None:
            closes = [raw for raw in self._raws.values() if raw.kind == "close"]
            self._closes = {int(match[1]): raw for raw in closes if (match := _OF.search(raw.line)) is not None}
        return self._closes.get(number)

    def _followed(self, raw: _Raw) -> int | None:
        if (match := _HOLD.search(raw.line)) is not None:
            with contextlib.suppress(Invalid):
                hold = EntryName.parse(match[1].decode())
                return hold.number if hold.log == self.head.log else None
        match = _OF.search(raw.line)
        return None if match is None else int(match[1])

    def _one(self, number: int) -> _Raw | None:
        if number not in self._raws and self.head.minimum <= number < self.head.size:
            raws = self._log.bundle(self.head, number // WIDTH).raws
            self._raws |= {raw.number: raw for raw in raws if raw.number == number}
        return self._raws.get(number)


def _act(raw: _Raw) -> Act:
    """Of a later version: its kind and time."""
    try:
        return parse_act(raw.line)
    except Invalid:
        return Act(raw.line, raw.kind, UtcTicks(raw.t), {})


def _wanted(act: Act) -> Wanted | None:
    if act.kind == "live":
        return Wanted.of(act._replace(values={**act.values, "t0": act.t, "t1": act.values["until"]}))
    if act.kind == "still":
        at = act.values["at"]
        return Wanted.of(act._replace(values={**act.values, "t0": at, "t1": at + 1}))
    if {"streams", "t0", "t1"} <= act.values.keys() and isinstance(act.values["streams"], list):
        return Wanted.of(act)
    return None


class _PrivateParts:
    """Of the entries that are shown, out of the books beside the ledger."""

    def __init__(self, home: Home, disk: Disk, clock: Clock) -> None:
        self._home, self._months = home, Months(home, disk, clock)
        self._sealed: dict[bytes, bytes] = {}
        self._secrets: dict[str, bytes | None] = {}
        self._openers: dict[str, MonthOpener | None] = {}
        self._pseudonyms: dict[tuple[str, str], bytes | None] = {}

    def load(self, raws: Sequence[_Raw]) -> None:
        """Those of these entries, and what is on its way into the ledger."""
        if not raws:
            return
        numbers = min(raw.number for raw in raws), max(raw.number for raw in raws)
        for path in sorted((self._home.path / "access").glob("*.db")):
            with contextlib.suppress(Unavailable), contextlib.closing(Book.read(path)) as book:  # else it explains none
                self._sealed |= {deed.line: deed.private for deed in (*book.between(*numbers), *book.owed())}

    def is_of(self, line: bytes, person: str) -> bool | None:
        """Whether it is this person's, by the pseudonym of its month; None where that cannot be told any more."""
        match = _WHO.search(line)
        if match is None:
            return False
        month = match[1].decode()
        key = (month, person)
        if key not in self._pseudonyms:
            secret = self._secret(month)
            who = None if secret is None else pseudonym(secret, month, person).who
            self._pseudonyms[key] = None if who is None else to_base64(who).encode()
        theirs = self._pseudonyms[key]
        return None if theirs is None else match[2] == theirs

    def of_case(self, raws: Sequence[_Raw], case: str) -> tuple[list[_Raw], int]:
        """Those of this case, and how many cannot be told."""
        wanted = f'"case":{json.dumps(case.strip(), ensure_ascii=False)},'.casefold()
        found, lost = list[_Raw](), 0
        for raw in raws:
            if raw.kind in PERSONAL:
                names, text = self._text(raw.line)
                lost += names is not Names.OPEN
                if wanted in text.decode("utf-8", "replace").casefold():
                    found.append(raw)
        return found, lost

    def open(self, act: Act) -> tuple[Names, Private | None]:
        """Who and why."""
        names, text = self._text(act.line)
        try:
            return names, Private.parse(text) if names is Names.OPEN else None
        except Invalid:
            return Names.DAMAGED, None

    def _text(self, line: bytes) -> tuple[Names, bytes]:
        sealed, match = self._sealed.get(line), _WHO.search(line)
        if sealed is None or match is None:
            return Names.MISSING, b""
        month = match[1].decode()
        if month not in self._openers:
            secret = self._secret(month)
            self._openers[month] = None if secret is None else MonthOpener(secret, month)
        opener = self._openers[month]
        if opener is None:
            return Names.DESTROYED, b""
        try:
            return Names.OPEN, opener.text(sealed, parse_hash(match[3].decode(), "p"))
        except (Damaged, Invalid):
            return Names.DAMAGED, b""

    def _secret(self, month: str) -> bytes | None:
        if month not in self._secrets:
            is_there = self._home.box_key.with_name(
                f"month-{month}.key"
            ).exists()  # `Months` would draw the present one
            self._secrets[month] = self._months.secret(month) if is_there else None
        return self._secrets[month]
