# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""No key without an entry: whether what a reader shows is enough to be given segment keys.

Pure. The caller keeps the heads of a state on disk before it answers, books what was refused, and opens K for
nobody but a `Granted`. A state begins with `State.start`, at each start of the keyring.
"""

import hashlib
import hmac
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple, Protocol, Self

from torrazzo.archive.fact import Fact, parse_fact
from torrazzo.base.errors import Invalid
from torrazzo.base.ids import SegmentId, StreamId, TermId
from torrazzo.base.spans import Span
from torrazzo.base.times import HOUR, SECOND, UtcTicks, hour_of, iso_from_ticks
from torrazzo.keyring.document import parse_object
from torrazzo.keyring.gate_refusal import Reason, Refusal, Refuse
from torrazzo.keyring.gate_request import CloseRequest, Entry, HoldRequest, KeyRequest
from torrazzo.keyring.heads import Head, Heads, Shown, Taken, take
from torrazzo.keyring.public import KeyName
from torrazzo.keyring.trusted_time import Judgement
from torrazzo.ledger import Policy, Unproven
from torrazzo.ledger.act import OPENING, Act, Wanted, parse_act
from torrazzo.ledger.identity import EntryName, end_of
from torrazzo.ledger.merkle import leaf_hash, verify_inclusion
from torrazzo.ledger.text import parse_hash

AHEAD = 60 * SECOND  # by which a window's time may be ahead of the latest clock


READING = frozenset({"view", "export"})  # kinds of windows whose keys go to a reader
HOLDING = frozenset({"hold"})  # into the vault
ERASE = "erase"  # purpose of an ask that wants footage gone, and no copy of it


class Held(Protocol):
    """What is kept past the end of its life."""

    def holds_segment(self, segment: SegmentId, moment: UtcTicks) -> bool:
        """Whether this is, at that moment."""
        ...

    def placed(self, name: EntryName) -> Act | None:
        """The fact of a hold, proven when its keys came; None if there is none, or it is over."""
        ...


class Nothing:
    """Implements `Held`."""

    def holds_segment(self, segment: SegmentId, moment: UtcTicks) -> bool:  # noqa: ARG002 - never
        """No."""
        return False

    def placed(self, name: EntryName) -> Act | None:  # noqa: ARG002 - never
        """None."""
        return None


class Rules(NamedTuple):
    """Whose heads count, how long the content of each retention class lives, and what is held for longer."""

    policy: Policy
    life_hours: Mapping[str, int]
    held: Held = Nothing()


class State(NamedTuple):
    """What the keyring remembers of what it was shown."""

    heads: Heads
    floor: int  # entries of `act` when the keyring started: windows before it are refused, closed ones among them
    closed: Mapping[int, int]  # window → its `until`; forgotten when no clock is before that

    @classmethod
    def start(cls, heads: Heads) -> Self:
        """At the start of the process, from the heads on disk."""
        return cls(heads, heads.act.head.size if heads.act.head else 0, {})


class Granted(NamedTuple):
    """These segments' keys may be handed out now."""

    use: str  # view, export, hold: the last one's keys go into the vault, and to no reader
    window: EntryName
    stream: StreamId
    term: TermId
    name: KeyName
    ns: tuple[int, ...]


class Closed(NamedTuple):
    """This window gives no more keys."""

    window: int


class Wished(NamedTuple):
    """This hold is to last, or to end, as this fact has it."""

    hold: EntryName
    fact: EntryName


class Erased(NamedTuple):
    """Two people want these streams of this hour gone."""

    streams: frozenset[StreamId]
    hour: int
    of: int  # number of the approval


class Decision(NamedTuple):
    """The outcome, and the state to go on with whatever it is."""

    outcome: Granted | Closed | Wished | Erased | Refusal
    state: State
    taken: tuple[Taken, ...] = ()  # heads that hold, also where the rest does not


def decide(
    state: State, request: KeyRequest, rules: Rules, now: Judgement, uses: Collection[str] = OPENING
) -> Decision:
    """Keys for a window of one of these kinds, or none.

    1. Both heads continue those seen; from here on they are those seen, whatever follows. 2. The window's fact is in
    `act`, and open to whoever holds its token. 3. For an export a second person approved. 4. Each segment's fact is in
    `rec`, in the window's streams and span, and its content is not too old, or held.
    """
    state = _forgetting(state, now)
    taken: list[Taken] = []
    try:
        state = _seeing(state, taken, act=request.act, rec=request.rec, policy=rules.policy)  # 1
        act, rec = (each.head for each in taken)
        window = _open_window(state, request, act, now)  # 2
        if window.kind not in uses:
            raise Refuse(Reason.KIND, f"window {request.window.number}: {window.kind!r}, expected {_either(uses)}")
        wanted = _wanted(request, window, act)  # 3
        first, ns = _segments(request.segments, rec, wanted, rules, now)  # 4
    except Refuse as refuse:
        return _refused(_of(request, refuse.refusal), state, taken)
    granted = Granted(
        window.kind,
        _name(request.window, state),
        first.stream,
        first.term,
        KeyName.parse(str(first.key)),
        ns,
    )
    return Decision(granted, state, taken=tuple(taken))


def close(state: State, request: CloseRequest, rules: Rules, now: Judgement) -> Decision:
    """From now on the window gives no keys.

    1. The head continues the one seen. 2. The window and its closing fact are in `act`, the second names the first.
    3. It is remembered as closed until no clock could take it for open.
    """
    state, taken = _forgetting(state, now), list[Taken]()
    number = request.window.number
    try:
        state = _seeing(state, taken, act=request.act, rec=None, policy=rules.policy)  # 1
        window, _ = _following(request, taken[0].head, (OPENING, "close"))  # 2
    except Refuse as refuse:
        return _refused(refuse.refusal, state, taken)
    return Decision(Closed(number), _closed(state, number, window), taken=tuple(taken))  # 3


def release(state: State, request: HoldRequest, rules: Rules, now: Judgement) -> Decision:
    """A hold is to end.

    1. The head continues the one seen. 2. There is this hold, of whichever log, and a fact in `act` releases it. 3. Its
    window, if it is of this log, gives no more keys.
    """
    state, taken = _forgetting(state, now), list[Taken]()
    try:
        state = _seeing(state, taken, act=request.act, rec=None, policy=rules.policy)  # 1
        placed, _ = _wish(request, taken[0].head, rules, "release")  # 2
    except Refuse as refuse:
        return _refused(refuse.refusal, state, taken)
    fact = _name(request.fact, state)
    if request.hold.log == fact.log:  # 3
        state = _closed(state, request.hold.number, placed)
    return Decision(Wished(request.hold, fact), state, taken=tuple(taken))


def confirm(state: State, request: HoldRequest, rules: Rules, now: Judgement) -> Decision:
    """A second person wants a hold to last: 1. and 2. as above; 3. their pseudonyms are of one month, and differ."""
    state, taken = _forgetting(state, now), list[Taken]()
    try:
        state = _seeing(state, taken, act=request.act, rec=None, policy=rules.policy)  # 1
        placed, second = _wish(request, taken[0].head, rules, "confirm")  # 2
        if placed.person.month != second.person.month:  # 3
            raise Refuse(Reason.PERSON, f"hold {request.hold}: pseudonyms of several months cannot be compared")
        if placed.person == second.person:
            raise Refuse(Reason.PERSON, f"hold {request.hold}: placed and confirmed by one person")
    except Refuse as refuse:
        return _refused(refuse.refusal, state, taken)
    return Decision(Wished(request.hold, _name(request.fact, state)), state, taken=tuple(taken))


def erase(state: State, request: CloseRequest, rules: Rules, now: Judgement) -> Decision:
    """Footage is to go early: an ask for that as the window, its approval as the close; 1. and 2. as above.

    3. It is of one whole hour, and for this purpose. 4. Another person approved, in a month that can be compared.
    """
    state, taken = _forgetting(state, now), list[Taken]()
    number = request.window.number
    try:
        state = _seeing(state, taken, act=request.act, rec=None, policy=rules.policy)  # 1
        ask, approve = _following(request, taken[0].head, ({"ask"}, "approve"))  # 2
        wanted = Wanted.of(ask)
        hour = hour_of(wanted.span.start)
        if ask.values["purpose"] != ERASE or wanted.span != Span(
            UtcTicks(hour * HOUR), UtcTicks((hour + 1) * HOUR)
        ):  # 3
            raise Refuse(Reason.KIND, f"ask {number}: not for the erasure of one whole hour")
        if ask.person.month != approve.person.month or ask.person == approve.person:  # 4
            raise Refuse(Reason.PERSON, f"ask {number}: asked for and approved by one person, or in two months")
    except Refuse as refuse:
        return _refused(refuse.refusal, state, taken)
    return Decision(Erased(wanted.streams, hour, request.close.number), state, taken=tuple(taken))


def _closed(state: State, number: int, window: Act) -> State:
    """That remembers the window as closed until no clock could take it for open."""
    return state._replace(closed={**state.closed, number: window.values["until"]})


def _name(entry: Entry, state: State) -> EntryName:
    """As it is called also after a fork; its proof leads to the head of this state."""
    return EntryName(end_of(state.heads.act.origin), entry.number)


def _wish(request: HoldRequest, head: Head, rules: Rules, kind: str) -> tuple[Act, Act]:
    """The fact that placed the hold, as the vault keeps it, and one of this kind in `act` that names it."""
    fact, placed = _proven(request.fact, head, {kind}), rules.held.placed(request.hold)
    if placed is None:
        raise Refuse(Reason.ORDER, f"there is no hold {request.hold}")
    if fact.values["hold"] != str(request.hold):
        raise Refuse(Reason.ORDER, f"entry {request.fact.number} is a {kind} of {fact.values['hold']}")
    return placed, fact


def _following(request: CloseRequest, head: Head, kinds: tuple[Collection[str], str]) -> tuple[Act, Act]:
    """A window's fact, and one that names it; both in `act`."""
    window = _proven(request.window, head, kinds[0])
    following = _proven(request.close, head, {kinds[1]})
    if following.values["of"] != request.window.number or request.close.number <= request.window.number:
        raise Refuse(Reason.ORDER, f"entry {request.close.number} does not {kinds[1]} window {request.window.number}")
    return window, following


def _either(kinds: Collection[str]) -> str:
    return " or ".join(sorted(kinds))


def _forgetting(state: State, now: Judgement) -> State:
    return state._replace(closed={window: until for window, until in state.closed.items() if until > now.earliest})


def _seeing(state: State, taken: list[Taken], *, act: Shown, rec: Shown | None, policy: Policy) -> State:
    """The state that has seen these heads; both are taken, or none."""
    taken.append(take(state.heads.act, act, policy))
    heads = state.heads._replace(act=taken[0].seen)
    if rec is not None:
        taken.append(take(heads.rec, rec, policy))
        heads = heads._replace(rec=taken[1].seen)
    return state._replace(heads=heads)


def _of(request: KeyRequest, refusal: Refusal) -> Refusal:
    """With what was asked for, whether or not that is proven."""
    try:
        fact = parse_fact(request.segments[0].line)
    except (Invalid, IndexError):
        return refusal
    return refusal._replace(stream=fact.stream, at=UtcTicks(fact.t0))


def _refused(refusal: Refusal, state: State, taken: list[Taken]) -> Decision:
    return Decision(refusal, state, tuple(taken))


def _proven(entry: Entry, head: Head, kinds: Collection[str]) -> Act:
    """The fact of that entry: it is in `act`, and of one of these kinds."""
    _verify(entry, head, Reason.UNPROVEN)
    try:
        act = parse_act(entry.line)
    except Invalid as error:
        raise Refuse(Reason.KIND, f"entry {entry.number}: {error}") from error
    if act.kind not in kinds:
        raise Refuse(Reason.KIND, f"entry {entry.number}: {act.kind!r}, expected {_either(kinds)}")
    return act


def _verify(entry: Entry, head: Head, reason: Reason) -> None:
    try:
        verify_inclusion(leaf_hash(entry.line), entry.number, head.size, entry.path, head.root)
    except Unproven as error:
        raise Refuse(reason, str(error)) from error


def _open_window(state: State, request: KeyRequest, head: Head, now: Judgement) -> Act:
    window, index = _proven(request.window, head, OPENING), request.window.number
    renews, until = window.values["renews"], window.values["until"]
    if not hmac.compare_digest(hashlib.sha256(request.token).digest(), parse_hash(window.values["bind"], "bind")):
        raise Refuse(Reason.BIND, f"window {index}: the token shown is not the one it is bound to")
    if renews is not None and renews >= index:
        raise Refuse(Reason.ORDER, f"window {index}: renews {renews}, which is not before it")
    if now.latest is None:
        raise Refuse(Reason.CLOCK, "no trusted source has told the time since the machine started")
    if window.t > now.latest + AHEAD:
        raise Refuse(Reason.EARLY, f"window {index}: written at {iso_from_ticks(window.t)}, which is not yet")
    if until <= now.latest:
        raise Refuse(Reason.EXPIRED, f"window {index}: was open until {iso_from_ticks(until)}; open another")
    if index < state.floor:
        raise Refuse(Reason.RESTARTED, f"window {index}: the keyring has started since; open another")
    if index in state.closed:
        raise Refuse(Reason.CLOSED, f"window {index}: was closed; open another")
    return window


def _wanted(request: KeyRequest, window: Act, head: Head) -> Wanted:
    """What the window opens. An export's is what one person asked for and another approved.

    1. Export names approve, approve names ask, each written before. 2. Their pseudonyms are of one month, else they
    tell nobody apart. 3. Another person approved. 4. Whoever asked exports, or whom the approval names instead; never
    who approved.
    """
    if window.kind != "export":
        if request.approved is not None:
            raise Refuse(Reason.KIND, f"ask and approve beside a window of kind {window.kind}")
        return Wanted.of(window)
    if request.approved is None:
        raise Refuse(Reason.PERSON, f"window {request.window.number}: an export without ask and approve")
    asked_at, approved_at = (entry.number for entry in request.approved)
    ask = _proven(request.approved[0], head, {"ask"})
    approve = _proven(request.approved[1], head, {"approve"})
    if (approve.values["of"], window.values["of"]) != (asked_at, approved_at):  # 1
        raise Refuse(Reason.ORDER, f"export {request.window.number}: is not of approve {approved_at} of ask {asked_at}")
    if not asked_at < approved_at < request.window.number:
        raise Refuse(Reason.ORDER, f"export {request.window.number}: before what it follows from")
    asker, approver, exporter = ask.person, approve.person, window.person
    if len({asker.month, approver.month, exporter.month}) > 1:  # 2
        raise Refuse(Reason.PERSON, f"export {request.window.number}: pseudonyms of several months cannot be compared")
    if ask.values["purpose"] == ERASE:
        raise Refuse(Reason.KIND, f"export {request.window.number}: of an ask for erasure")
    if asker == approver:  # 3
        raise Refuse(Reason.PERSON, f"export {request.window.number}: asked for and approved by one person")
    if exporter != (approve.maker or asker):  # 4
        raise Refuse(
            Reason.PERSON, f"export {request.window.number}: by another than who asked, or is named to make it"
        )
    if exporter == approver:
        raise Refuse(Reason.PERSON, f"export {request.window.number}: approved and made by one person")
    return Wanted.of(ask)


def _segments(
    entries: Sequence[Entry], head: Head, wanted: Wanted, rules: Rules, now: Judgement
) -> tuple[Fact, tuple[int, ...]]:
    """The first one's fact, and the numbers of all."""
    facts = [_segment(entry, head) for entry in entries]
    for fact in facts:
        _check_segment(fact, wanted, rules, now)
    ns = tuple(fact.n for fact in facts)
    if len({(fact.stream, fact.term, fact.key) for fact in facts}) != 1 or len(set(ns)) != len(ns):
        raise Refuse(Reason.MIXED, "segments of several streams, terms or keys, or one twice: ask for each separately")
    return facts[0], ns


def _segment(entry: Entry, head: Head) -> Fact:
    _verify(entry, head, Reason.SEGMENT)
    try:
        parse_object(entry.line, "fact", len(entry.line))  # doubled names: two readers could see two facts
        fact = parse_fact(entry.line)
    except Invalid as error:
        raise Refuse(Reason.SEGMENT, f"entry {entry.number}: {error}") from error
    if fact.kind != "seg":
        raise Refuse(Reason.SEGMENT, f"entry {entry.number}: {fact.kind!r}, expected seg")
    return fact


def _check_segment(fact: Fact, wanted: Wanted, rules: Rules, now: Judgement) -> None:
    """1. The stream, 2. the span, 3. that its key is of its own hour and of a class with a life, 4. its age.

    What is held may be older; the times that are compared are of the latest clock in both cases.
    """
    where = f"{fact.stream} {iso_from_ticks(fact.t0)}"
    if fact.stream not in wanted.streams:  # 1
        raise Refuse(Reason.STREAM, f"{where}: not a stream of the window")
    if fact.t1 is None or not wanted.span.start <= fact.t0 <= fact.t1 <= wanted.span.end:  # 2
        raise Refuse(Reason.SPAN, f"{where}: not within {wanted.span}, the window's span")
    try:  # 3
        name = KeyName.parse(str(fact.key))
    except Invalid as error:
        raise Refuse(Reason.KEY, f"{where}: {error}") from error
    is_held = now.latest is not None and rules.held.holds_segment(fact.id, now.latest)
    if name.hour != hour_of(fact.t0) or not (is_held or name.class_ in rules.life_hours):
        raise Refuse(Reason.KEY, f"{where}: its key is said to be {name}")
    if not (is_held or now.may_read(name.hour, rules.life_hours[name.class_])):  # 4
        raise Refuse(Reason.CONTENT, f"{where}: older than footage of class {name.class_} may be")
