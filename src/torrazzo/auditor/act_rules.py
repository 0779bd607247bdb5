# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What must hold between the entries of `act` (docs/3-formats/act.md), and with those of `rec`: R2, R6 to R8, R10 on.

What happens at a time of its own, such as a key that should be gone by now, `overdue` tells.
"""

import copy
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol, TypeAlias

from torrazzo.auditor.chip_rules import ChipRules
from torrazzo.auditor.finding import LAST, Finding
from torrazzo.auditor.prune_rules import PruneRules
from torrazzo.base.errors import Invalid, Refused
from torrazzo.base.times import HOUR, SECOND, hour_of, hour_text
from torrazzo.ledger.act import LOOKS, Act, parse_act
from torrazzo.ledger.act_forms import KINDS, parse_hour
from torrazzo.ledger.chip_statement import ChipStatement
from torrazzo.ledger.identity import LogKind
from torrazzo.ledger.merkle import root_of
from torrazzo.ledger.text import parse_hash, to_base64
from torrazzo.town.lives import life_of

Root: TypeAlias = Callable[
    [LogKind, int], bytes | None
]  # of the first so many entries, as they were mirrored; empty: not known

DISK = "disk"  # why a key is destroyed early: all disks are full
ERASE = "erase"  # purpose of an ask: one hour of some streams is to go before its time

LEAD = 2 * 60 * SECOND  # by which a shred may begin before the end of life
SLACK = 60 * SECOND
OVERDUE = 15 * 60 * SECOND
BACK = 5 * 60 * SECOND  # what was entered now may have been written so long ago
KEPT = 60 * 24 * HOUR  # so long it is remembered that a key was destroyed
FORGED = frozenset({"head-forged", "head-fork"})
SHORT = 6 * HOUR  # between two keys that go for want of room, and it is the same want
BOOKED = 2 * 60 * SECOND  # refusals of a minute are told together, when it is over


class Known(Protocol):
    """What else the auditor has, or is shown."""

    def sums(self, start: int, end: int) -> list[dict[str, object]] | None:
        """Of these entries of `rec`, as values of `prune` facts; None where they were not mirrored."""
        ...

    def statement(self, hash_: bytes) -> ChipStatement | None:
        """Of the keyring's chip; None where it is not shown."""
        ...


class Nothing:
    """Of whoever has the entries of `act` alone: implements `Known`."""

    def sums(self, start: int, end: int) -> None:
        """None is known."""

    def statement(self, hash_: bytes) -> None:
        """None is shown."""


@dataclass(slots=True)
class Asked:
    """A copy, or an erasure, that is wanted, or approved: who, in which month."""

    month: str
    who: str
    of: int | None = None  # of an approve: the ask
    maker: str | None = None  # of an approve: who is to make the copy instead of who asked
    erase: str | None = None  # the hour that is to be erased …
    streams: list[str] | None = None  # … of these; None: not known


@dataclass(slots=True)
class ActRules:
    """Entries in order."""

    born: dict[str, str | None] = field(
        default_factory=dict
    )  # `<hour>/<class>` → the leaf of its key, where it is known
    needed: dict[str, bool] = field(
        default_factory=dict
    )  # keys that segments were recorded with; told that they are late
    gone: dict[str, int] = field(default_factory=dict)  # keys that were destroyed → t
    windows: dict[str, int] = field(default_factory=dict)  # entry → until
    asks: dict[str, Asked] = field(default_factory=dict)  # by entry
    tie: int = 0  # entries of `rec`, as `act` told last
    untied_since: int | None = None  # the auditor's clock: `rec` has been larger than that
    untrusted: list[str] = field(default_factory=list)  # logs that began with a fork, until the keyring trusts them
    trusted_at: int | None = None  # when it came to trust them
    has_keys: bool = False  # births are booked: else what is left cannot be held against anything
    erased: dict[str, int] = field(default_factory=dict)  # hours whose keys may be other ones than were born → since
    chip: ChipRules = field(default_factory=ChipRules)
    prune: PruneRules = field(default_factory=PruneRules)
    short_at: int | None = None  # when a key went last for want of room

    def pack(self) -> dict[str, object]:
        """For the database."""
        return asdict(self)

    @classmethod
    def parse(cls, found: Mapping[str, Any]) -> "ActRules":
        """The inverse of `pack`; what it is made from is left alone."""
        found = copy.deepcopy(dict(found))
        asks = {number: Asked(**ask) for number, ask in found["asks"].items()}
        chip = ChipRules(**found.get("chip", {}))
        prune = PruneRules(**found.get("prune", {"minimum": None}))  # of a version before: not known
        return cls(**{**found, "asks": asks, "chip": chip, "prune": prune})

    def recorded(self, keys: Collection[str]) -> None:
        """Segments were entered whose pictures are under these keys."""
        for name in keys:
            if name not in self.gone and _lives(name):
                self.needed.setdefault(name, False)

    def check(
        self,
        entry_index: int,
        line: bytes,
        not_before: int | None,
        now: int,
        root: Root,
        known: Known = Nothing(),  # noqa: B008 - it has nothing
    ) -> Iterator[Finding]:
        """One entry; `not_before` and `now` as in RecRules."""
        try:
            act = parse_act(line)
        except Invalid as error:
            yield Finding("R2", "act", str(error), entry_index)
            return
        found = [*_times(act, not_before, now), *self._kind(entry_index, act, root)]
        if act.kind == "shred":
            chip = self.chip.check(act.values, known.statement, is_new=not_before is not None)
            found += [("R7", text) for text in chip]
        found += self.prune.check(act, known.sums) if act.kind == "prune" else self.prune.over()
        key = f"{act.values['hour']}/{act.values['class']}" if act.kind == "shred" else None
        for rule, text in found:
            yield Finding(rule, "act", text, entry_index, _stream(act), _begin(key) or act.t, key=key)
        if key is not None and (text := self._short_of_room(act, key)):
            yield Finding("R7", "act", text, entry_index, None, _begin(key), is_notice=True, key=key)

    def overdue(self, now: int, rec_size: int) -> Iterator[Finding]:
        """What should have happened by now, each told once."""
        for name, is_told in list(self.needed.items()):
            if not is_told and now > _end(name) + OVERDUE:
                self.needed[name] = True
                text = f"key {name} has outlived its pictures: no shred is entered"
                yield Finding("R7", "act", text, at=_begin(name), key=name)
        for number, until in list(self.windows.items()):
            if now > until + OVERDUE:
                del self.windows[number]
                yield Finding("R11", "act", "the window was never closed", int(number), at=until)
        if rec_size <= self.tie:
            self.untied_since = None
        elif self.untied_since is None:
            self.untied_since = now
        elif now > self.untied_since + 3 * 60 * SECOND:
            self.untied_since = now
            yield Finding("R10", "act", f"no head of rec since that of {self.tie} entries; it has {rec_size}", at=now)

    # -- kinds

    def _kind(self, entry_index: int, act: Act, root: Root) -> Iterator[tuple[str, str]]:
        match act.kind:
            case "rec":
                yield from self._tie(act, root)
            case "key":
                yield from self._key(act)
            case "shred":
                yield from self._shred(act, root)
            case "refuse" if act.values["why"] in FORGED and not self._is_new(act.t):
                shown = f"refuse why {act.values['why']}, of {act.values['of']}, count {act.values['count']}"
                whose = act.values.get("log", "rec or act")  # of a keyring of a version before: not told
                yield "R11", f"the keyring was shown a head that is none of {whose}: {shown!r}"
            case "close":
                if self.windows.pop(str(act.values["of"]), None) is None:
                    yield "R11", f"it closes {act.values['of']}, which is no open window"
            case "ask" | "approve" | "export":
                yield from self._copy(entry_index, act)
            case "fork" | "trust":
                yield from self._believed(act, root)
            case "rekey":
                yield from self._rekey(act)
            case kind if kind not in KINDS:
                yield "R2", f"kind {kind!r} is not known to this auditor"
        if act.kind in LOOKS:
            self.windows[str(entry_index)] = act.values["until"]

    def _believed(self, act: Act, root: Root) -> Iterator[tuple[str, str]]:
        """Which logs the keyring does not go on with yet, and which it does."""
        if act.kind == "fork":
            self.untrusted, self.trusted_at = ["rec", "act"], None
            return
        if act.values["log"] in self.untrusted:
            self.untrusted.remove(act.values["log"])
            self.trusted_at = act.t
        yield from _same("R1", act.values["log"], act.values, root)

    def _is_new(self, t: int) -> bool:
        """After a fork the keyring believes the logs before, and refuses these, until people say which are theirs."""
        return bool(self.untrusted) or (self.trusted_at is not None and t <= self.trusted_at + BOOKED)

    def _tie(self, act: Act, root: Root) -> Iterator[tuple[str, str]]:
        size = act.values["size"]
        if size < self.tie:
            yield "R10", f"rec had {self.tie} entries before, and {size} now"
        yield from _same("R10", "rec", act.values, root)
        self.tie, self.untied_since = max(size, self.tie), None

    def _key(self, act: Act) -> Iterator[tuple[str, str]]:
        self.has_keys = True
        classes = act.values["classes"]
        for class_ in classes:
            name, leaf = f"{act.values['hour']}/{class_}", act.values["root"] if len(classes) == 1 else None
            is_other = self.born.get(name, leaf) not in {leaf, None} and act.values["hour"] not in self.erased
            if name in self.gone or is_other:  # else at most told again
                yield "R8", f"key {name} was born before"
            self.born[name] = leaf

    def _shred(self, act: Act, root: Root) -> Iterator[tuple[str, str]]:
        name = f"{act.values['hour']}/{act.values['class']}"
        if name in self.gone:
            yield "R7", f"key {name} was destroyed before: a shred that is replayed"
        try:
            end = _end(name)
        except (Invalid, Refused) as error:
            yield "R7", str(error)
        else:
            if act.t > end:
                yield (
                    "R7",
                    f"key {name} was destroyed {(act.t - end) / SECOND:.0f} s after the end of its pictures' life",
                )
            why = act.values["why"]
            if why != DISK and act.t < end - LEAD - SLACK:
                reason = "its age" if why == "age" else f"{why!r}, which is no reason"
                yield "R7", f"key {name} was destroyed {(end - act.t) / SECOND:.0f} s early, for {reason}"
        self.needed.pop(name, None)
        self.gone = {known: t for known, t in self.gone.items() if t > act.t - KEPT} | {name: act.t}
        self.erased = {hour: t for hour, t in self.erased.items() if t > act.t - KEPT}
        if self._is_new(act.t):  # it tells of the old log's heads, and counts keys whose birth stands there
            self.born.pop(name, None)
            return
        if self.has_keys:
            yield from self._left(name, act)
        for log in ("rec", "act"):
            if act.values[log] is not None:
                yield from _same("R1", log, act.values[log], root)

    def _short_of_room(self, act: Act, name: str) -> str:
        """That footage goes early because disks are full is the town's word: told when it begins."""
        if act.values["why"] != DISK or not _lives(name) or act.t >= _end(name) - LEAD - SLACK:
            return ""
        before, self.short_at = self.short_at, act.t
        if before is not None and act.t - before <= SHORT:
            return ""
        hours = (_end(name) - act.t) / HOUR
        return f"keys are destroyed early for want of room, as the town says: {name} {hours:.0f} hours before its time"

    def _left(self, name: str, act: Act) -> Iterator[tuple[str, str]]:
        """R8, for keys whose birth was booked."""
        if self.born.pop(name, "") == "":
            yield "R8", f"key {name} was never born"
        if len(self.born) != act.values["left"]:
            yield "R8", f"{act.values['left']} keys are left, it says; {len(self.born)} are"
        leaves = [self.born[known] for known in sorted(self.born)]
        is_certain = not any(known.partition("/")[0] in self.erased for known in self.born)
        if is_certain and all(leaf is not None for leaf in leaves):
            ring = root_of(parse_hash(leaf or "", "leaf") for leaf in leaves)
            if to_base64(ring) != act.values["ring"]:
                yield "R8", "the keys that it says are left are others than those that are"

    def _rekey(self, act: Act) -> Iterator[tuple[str, str]]:
        """An early erasure: two people wanted it; a key that nobody has told of takes the place of the old one."""
        self.erased[act.values["hour"]] = act.t
        approved = self.asks.get(str(act.values["of"]))
        if approved is None or approved.of is None:
            yield "R11", f"it names {act.values['of']}, which is no approval: one person erased it alone"
            return
        ask = self.asks[str(approved.of)]
        is_other = ask.streams is not None and not set(act.values["streams"]) <= set(ask.streams)
        if ask.erase != act.values["hour"] or is_other:
            yield "R11", f"it names {act.values['of']}, which approves something else: nobody else wanted this erased"

    def _copy(self, entry_index: int, act: Act) -> Iterator[tuple[str, str]]:
        """An ask, then another person's approval of it, then the copy by who asked, or whom the approval names."""
        person = Asked(act.values["month"], act.values["who"])
        if act.kind == "ask":
            if act.values["purpose"] == ERASE and act.values["t0"] < LAST:
                person.erase, person.streams = hour_text(hour_of(act.values["t0"])), act.values["streams"]
            self.asks[str(entry_index)] = person
            return
        named = self.asks.get(str(act.values["of"]))
        if named is None or (named.of is None) != (act.kind == "approve"):
            yield (
                "R11",
                f"{act.kind} names {act.values['of']}, which is no {'ask' if act.kind == 'approve' else 'approve'}",
            )
            return
        asker = named if named.of is None else self.asks[str(named.of)]
        if act.kind == "approve" and (asker.month != person.month or asker.who == person.who):
            yield "R11", "approved by the one who asked"
        if act.kind == "export" and (asker.month != person.month or (named.maker or asker.who) != person.who):
            yield "R11", "taken by another than who asked, or is named to make it"
        elif act.kind == "export" and named.who == person.who != asker.who:
            yield "R11", "approved and taken by one person"
        if act.kind == "approve":
            if named.erase is not None:  # from here on it may be done: its `rekey` may stand behind a shred
                self.erased[named.erase] = act.t
            maker = act.values.get("maker")
            self.asks[str(entry_index)] = Asked(person.month, person.who, act.values["of"], maker=maker)


def _times(act: Act, not_before: int | None, now: int) -> Iterator[tuple[str, str]]:
    if not_before is not None and act.t < not_before - BACK:
        yield "R6", f"entered at least {(not_before - act.t) / SECOND:.0f} s after the time that it bears"
    if act.t > now + SLACK:
        yield "R6", "it tells of the future"


def _same(rule: str, log: str, head: Mapping[str, Any], root: Root) -> Iterator[tuple[str, str]]:
    """A head that a fact tells is one of the log's."""
    found = root("rec" if log == "rec" else "act", head["size"])
    if found is None:
        yield rule, f"it tells of a head of {log} with {head['size']} entries, which there are not"
    elif found and to_base64(found) != head["root"]:
        yield (
            rule,
            f"it tells of a head of {log} with {head['size']} entries and another root: two histories were shown",
        )


def _begin(key: str | None) -> int | None:
    """Where the pictures under a key begin; None where it names no hour."""
    try:
        return None if key is None else parse_hour(key.partition("/")[0]) * HOUR
    except Invalid:
        return None


def _lives(name: str) -> bool:
    try:
        return _end(name) > 0
    except (Invalid, Refused):  # told by the rules of `rec`
        return False


def _end(name: str) -> int:
    hour, _, class_ = name.partition("/")
    return (parse_hour(hour) + life_of(class_)) * HOUR


def _stream(act: Act) -> str | None:
    streams = act.values["streams"] if "streams" in KINDS.get(act.kind, {}) else None
    return ",".join(streams) if isinstance(streams, list) else None
