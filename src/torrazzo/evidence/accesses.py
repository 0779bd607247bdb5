# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who looked at what: the windows that `act` tells of, with names out of the books beside the ledger, where they open.

The facts alone say what was looked at. Who and why is known as long as book and month's secret are there; a fact whose
private part is in no book is listed all the same, and counted.
"""

import contextlib
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple

from torrazzo.access.book import Book
from torrazzo.access.months import Months
from torrazzo.base.clock import Clock
from torrazzo.base.errors import Damaged, Invalid, Unavailable
from torrazzo.base.ids import StreamId
from torrazzo.base.spans import Span
from torrazzo.base.times import UtcTicks
from torrazzo.durable import Disk
from torrazzo.ledger.act import Act, Wanted, parse_act
from torrazzo.ledger.private import Private, open_private
from torrazzo.ledger.text import parse_hash
from torrazzo.town.home import Home

WINDOWS = frozenset({"view", "export", "hold", "live"})
PEOPLE = frozenset(
    {"cfg", "auth", "deny", "shift", "room", "alarm", "log", "propose", "second"}
)  # what people do without pictures
COPIES = frozenset({"still", "ask", "approve", "reject", "take"})
PERSONAL = WINDOWS | PEOPLE | COPIES | {"confirm", "release", "fork"}  # kinds that commit to a private part

_HEADS = b'{"v":1,"kind":"rec",'  # of nobody, one each minute: most of the log

Entry = tuple[int, bytes]  # number and line


class Names(StrEnum):
    """Whether it can be told who it was."""

    OPEN = "open"
    DESTROYED = "destroyed"  # with the month's secret, as the law wants it
    DAMAGED = "damaged"
    MISSING = "missing"  # no book has it


class Access(NamedTuple):
    """A window, or what renewed one."""

    number: int
    kind: str
    wanted: Wanted | None  # None: what it names is not in the log any more
    purpose: str | None
    opened: UtcTicks
    renews: int | None
    closed: UtcTicks | None
    why_closed: str | None
    shown: Mapping[StreamId, tuple[Span, ...]]
    names: Names
    who: Private | None


class Opener:
    """The private parts of one town, as its books have them now."""

    def __init__(self, home: Home, disk: Disk, clock: Clock) -> None:
        self._home, self._months = home, Months(home, disk, clock)
        self._sealed: dict[bytes, bytes] = {}
        for path in sorted((home.path / "access").glob("*.db")):
            with contextlib.suppress(Unavailable), contextlib.closing(Book.read(path)) as book:  # else it explains none
                for deed in (*book.of_kind(*PERSONAL), *book.owed()):
                    self._sealed[deed.line] = deed.private

    def has(self, act: Act) -> bool:
        """Whether a book has its private part."""
        return act.line in self._sealed

    def open(self, act: Act) -> tuple[Names, Private | None]:
        """Who and why."""
        sealed = self._sealed.get(act.line)
        if sealed is None:
            return Names.MISSING, None
        month: str = act.values["month"]
        if not self._home.box_key.with_name(f"month-{month}.key").exists():  # `Months` would draw the present one
            return Names.DESTROYED, None
        try:
            return Names.OPEN, open_private(sealed, parse_hash(act.values["p"], "p"), self._months.secret(month), month)
        except (Damaged, Invalid):
            return Names.DAMAGED, None


def find_accesses(entries: Iterable[Entry], opener: Opener) -> list[Access]:
    """The windows of these entries of `act`, in order."""
    acts = dict(_acts(entries))
    closes = {act.values["of"]: act for act in acts.values() if act.kind == "close"}
    return [
        _access(number, act, _asked(act, acts), closes.get(number), opener.open(act))
        for number, act in acts.items()
        if act.kind in WINDOWS
    ]


def unexplained(entries: Iterable[Entry], opener: Opener) -> list[int]:
    """Numbers of facts about people whose private part is in no book."""
    return [number for number, act in _acts(entries) if act.kind in PERSONAL and not opener.has(act)]


def _acts(entries: Iterable[Entry]) -> Iterable[tuple[int, Act]]:
    for number, line in entries:
        if not line.startswith(_HEADS):
            with contextlib.suppress(Invalid):  # a later version's
                yield number, parse_act(line)


def _asked(act: Act, acts: Mapping[int, Act]) -> Act | None:
    """The fact that names streams and span: for an export the ask that was approved."""
    if act.kind != "export":
        return act
    approved = acts.get(act.values["of"])
    return None if approved is None else acts.get(approved.values.get("of", -1))


def _access(number: int, act: Act, asked: Act | None, close: Act | None, who: tuple[Names, Private | None]) -> Access:
    shown = {} if close is None else {StreamId.parse(item["stream"]): item["spans"] for item in close.values["shown"]}
    return Access(
        number,
        act.kind,
        None if asked is None else _wanted(asked),
        None if asked is None else asked.values.get("purpose"),
        act.t,
        act.values.get("renews"),
        None if close is None else close.t,
        None if close is None else close.values["why"],
        {stream: tuple(Span(UtcTicks(a), UtcTicks(b)) for a, b in spans) for stream, spans in shown.items()},
        *who,
    )


def _wanted(act: Act) -> Wanted:
    if act.kind == "live":
        return Wanted(frozenset(map(StreamId.parse, act.values["streams"])), Span(act.t, act.values["until"]))
    return Wanted.of(act)
