# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""One request that is granted, and what becomes of it after each single change."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from tests.tools.gate_town import (
    NOW,
    OTHER_STREAM,
    STREAM,
    TERM,
    GateTown,
    SmallLog,
    at,
    b64,
    digest,
    hold_values,
    person,
    segment_line,
    view_values,
)
from torrazzo.archive.fact import gap_fact
from torrazzo.base.times import HOUR, SECOND
from torrazzo.keyring.gate import AHEAD, Closed, Granted, State, close, decide
from torrazzo.keyring.gate_refusal import Reason, Refusal
from torrazzo.keyring.gate_request import KeyRequest
from torrazzo.keyring.heads import Heads, Seen
from torrazzo.keyring.public import KeyName
from torrazzo.keyring.trusted_time import Judgement
from torrazzo.ledger.act import WINDOW, pack_act
from torrazzo.ledger.identity import EntryName
from torrazzo.ledger.key import Kind, SigningKey


def _viewed(town: GateTown, segment: bytes | None = None, **changes: Any) -> KeyRequest:
    window = town.book("view", view_values(**changes))
    return town.request(window, [town.rec.append(segment_line() if segment is None else segment)])


def _exported(
    town: GateTown,
    ask: dict[str, object] | None = None,
    approve: dict[str, object] | None = None,
    export: dict[str, object] | None = None,
) -> KeyRequest:
    span = {"streams": [str(STREAM)], "t0": NOW - 300 * SECOND, "t1": NOW}
    asked = town.book("ask", {**span, "purpose": "theft", "to": "police", **person("anna"), **(ask or {})})
    approved = town.book("approve", {"of": asked, **person("bruno"), **(approve or {})})
    bind = b64(hashlib.sha256(bytes(range(32))).digest())
    opening = {"of": approved, "until": NOW + WINDOW, "bind": bind, "renews": None, **person("anna")}
    window = town.book("export", {**opening, **(export or {})})
    return town.request(window, [town.rec.append(segment_line())], (asked, approved))


def _reason(town: GateTown, request: KeyRequest, now: Judgement | None = None) -> Reason:
    """Why it is refused; nothing is granted."""
    decision = decide(town.state, request, town.rules, now or at())
    assert isinstance(decision.outcome, Refusal), decision.outcome
    town.state = decision.state
    return decision.outcome.reason


# ---------------------------------------------------------------------------------------------------------- granted


def test_a_window_gives_the_keys_of_its_segments() -> None:
    """A view in `act`, with its token and segments proven in `rec`, is granted just these segments."""
    town = GateTown()
    decision = decide(town.state, _viewed(town), town.rules, at())
    name = KeyName(NOW // HOUR, "standard")
    assert decision.outcome == Granted("view", EntryName("act", 1), STREAM, TERM, name, (1,))
    assert [taken.is_new for taken in decision.taken] == [True, True]
    assert decision.state.heads.act.head == decision.taken[0].head


def test_an_export_that_another_approved_is_granted() -> None:
    """Ask, approve by another person and export by the one who asked give what the ask names."""
    town = GateTown()
    outcome = decide(town.state, _exported(town), town.rules, at()).outcome
    assert isinstance(outcome, Granted)
    assert (outcome.use, outcome.window) == ("export", EntryName("act", 3))


def test_an_export_is_granted_to_whom_the_approval_names() -> None:
    """A named maker, who did not ask, is given the keys; then who asked is not, nor anybody else, nor who approved."""
    maker = {"maker": person("carla")["who"]}
    town = GateTown()
    granted = decide(town.state, _exported(town, approve=maker, export=person("carla")), town.rules, at()).outcome
    assert isinstance(granted, Granted)
    for who, approve in (
        ("anna", maker),
        ("dario", maker),
        ("carla", {}),
        ("bruno", {"maker": person("bruno")["who"]}),
    ):
        town = GateTown()
        assert _reason(town, _exported(town, approve=approve, export=person(who))) == Reason.PERSON


def test_a_hold_is_granted_as_one() -> None:
    """The keys of a hold are told apart: they go into the vault, one person is enough."""
    town = GateTown()
    window = town.book("hold", hold_values())
    outcome = decide(town.state, town.request(window, [town.rec.append(segment_line())]), town.rules, at()).outcome
    assert isinstance(outcome, Granted)
    assert outcome.use == "hold"


def test_a_segment_that_fills_the_span_is_granted_and_one_tick_more_is_not() -> None:
    """The span's first and last tick are within it."""
    span: dict[str, Any] = {"t0": NOW - 60 * SECOND, "t1": NOW - 50 * SECOND}
    town = GateTown()
    assert isinstance(decide(town.state, _viewed(town, **span), town.rules, at()).outcome, Granted)
    for edge, by in (("t0", 1), ("t1", -1)):
        town = GateTown()
        assert _reason(town, _viewed(town, **{**span, edge: span[edge] + by})) == Reason.SPAN


@pytest.mark.parametrize("at_s", [300, 60, 0])
def test_a_segment_that_takes_no_time_is_granted(at_s: int) -> None:
    """Its end is its beginning: it lies in the span, at the edges too; one that ends before it begins does not."""
    edge = NOW - at_s * SECOND
    span: dict[str, Any] = {"t0": NOW - 300 * SECOND, "t1": NOW}
    town = GateTown()
    request = _viewed(town, segment_line(t0=edge, t1=edge), **span)
    assert isinstance(decide(town.state, request, town.rules, at()).outcome, Granted)
    for changes in ({"t1": edge - 1}, {"t0": span["t0"] - 1, "t1": span["t0"] - 1}, {"t0": NOW + 1, "t1": NOW + 1}):
        town = GateTown()
        assert _reason(town, _viewed(town, segment_line(**{"t0": edge, **changes}), **span)) == Reason.SPAN


def test_a_window_that_renews_another_is_granted() -> None:
    """It names one before it."""
    town = GateTown()
    first = town.book("view", view_values())
    assert isinstance(decide(town.state, _viewed(town, renews=first), town.rules, at()).outcome, Granted)


def test_a_window_may_be_a_minute_ahead() -> None:
    """The ledger's clock and the keyring's differ a little; one tick more than a minute is refused."""
    for ahead, is_granted in ((AHEAD, True), (AHEAD + 1, False)):
        town = GateTown()
        window = town.book("view", view_values(until=NOW + ahead + WINDOW), t=NOW + ahead)
        outcome = decide(town.state, town.request(window, [town.rec.append(segment_line())]), town.rules, at()).outcome
        assert isinstance(outcome, Granted) is is_granted


def test_the_last_ticks_of_window_and_content_count() -> None:
    """A window is open until the tick before its end, content is readable until the tick before 168 hours."""
    town = GateTown()
    request = _viewed(town)
    assert isinstance(decide(town.state, request, town.rules, at(NOW + WINDOW - 1)).outcome, Granted)
    assert _reason(town, request, at(NOW + WINDOW)) == Reason.EXPIRED
    assert _reason(town, request, at(NOW, latest=NOW + WINDOW)) == Reason.EXPIRED  # one clock is enough
    old = NOW - 168 * HOUR
    for now, is_granted in ((NOW // HOUR * HOUR + HOUR - 1, True), (NOW // HOUR * HOUR + HOUR, False)):
        town = GateTown()
        t0 = old // HOUR * HOUR + HOUR
        window = town.book("view", view_values(t0=t0, t1=t0 + 10 * SECOND, until=now + WINDOW), t=now)
        request = town.request(window, [town.rec.append(segment_line(t0=t0))])
        outcome = decide(town.state, request, town.rules, at(now)).outcome
        assert isinstance(outcome, Granted) is is_granted


def test_a_head_that_was_taken_before_is_taken_again() -> None:
    """Of two readers that ask at one time, the one with the smaller head is not sent away."""
    town = GateTown()
    first = _viewed(town)
    town.state = decide(town.state, first, town.rules, at()).state
    _viewed(town, segment_line(n=2))
    assert isinstance(decide(town.state, first, town.rules, at()).outcome, Granted)
    later = town.request(2, [2])
    town.book("view", view_values())
    assert _reason(town, town.request(2, [2])._replace(act=town.act.shown(1))) == Reason.HEAD_STALE
    assert isinstance(decide(town.state, later, town.rules, at()).outcome, Granted)


# ---------------------------------------------------------------------------------------------------------- refused


def _other_camera(town: GateTown) -> KeyRequest:
    return _viewed(town, segment_line(OTHER_STREAM))


def _other_span(town: GateTown) -> KeyRequest:
    return _viewed(town, segment_line(t0=NOW - 400 * SECOND))


def _backwards(town: GateTown) -> KeyRequest:
    return _viewed(town, segment_line(t1=NOW - 60 * SECOND - 1))


def _other_log(town: GateTown) -> KeyRequest:
    request = _viewed(town)
    return request._replace(act=request.rec)


def _foreign_log(town: GateTown) -> KeyRequest:
    request = _viewed(town)
    foreign = SmallLog("foreign", town.act.entries)
    return request._replace(act=request.act._replace(note=foreign.note()))


def _forged_head(town: GateTown) -> KeyRequest:
    request = _viewed(town)
    thief = SigningKey(town.act.key.verifier.name, Kind.ED25519, b"t" * 32)
    return request._replace(act=request.act._replace(note=town.act.note(key=thief)))


def _altered_head(town: GateTown) -> KeyRequest:
    request = _viewed(town)
    note = request.rec.note
    return request._replace(rec=request.rec._replace(note=note._replace(text=note.text.replace("\n2\n", "\n3\n"))))


def _stale_head(town: GateTown) -> KeyRequest:
    for number in range(3):
        town.act.append(b"%d" % number)
    window = town.book("view", view_values())
    request = town.request(window, [town.rec.append(segment_line())])
    town.state = decide(town.state, request, town.rules, at()).state
    return request._replace(act=town.act.shown(0, 2))


def _smaller_head_from_a_known_one(town: GateTown) -> KeyRequest:
    for number in range(3):
        town.act.append(b"%d" % number)
    request = _viewed(town)
    town.state = decide(town.state, request, town.rules, at()).state
    return request._replace(act=town.act.shown(1, 3))


def _head_since_nowhere(town: GateTown) -> KeyRequest:
    request = _viewed(town)
    town.act.append(b"more")
    return request._replace(act=town.act.shown(2))


def _fork(town: GateTown) -> KeyRequest:
    town.act.entries[0] = b"another beginning"
    return _viewed(town)


def _second_head(town: GateTown) -> KeyRequest:
    request = _viewed(town)
    town.state = decide(town.state, request, town.rules, at()).state
    town.act.entries[0] = b"another beginning"
    return request._replace(act=town.act.shown(0))


def _fork_elsewhere(town: GateTown) -> KeyRequest:
    request = _viewed(town)
    town.state = decide(town.state, request, town.rules, at()).state
    town.act.entries[0] = b"another beginning"
    town.act.append(b"more")
    return request._replace(act=town.act.shown(1))


def _fork_of_rec(town: GateTown) -> KeyRequest:
    town.rec.entries[0] = b"another beginning"
    return _viewed(town)


def _no_head(town: GateTown) -> KeyRequest:
    request = _viewed(town)
    heads = town.state.heads
    town.state = State.start(Heads(heads.rec, Seen(heads.act.origin)))
    return request


def _unproven_window(town: GateTown) -> KeyRequest:
    request = _viewed(town)
    return request._replace(window=request.window._replace(line=pack_act("view", NOW, view_values(t0=1))))


def _window_elsewhere(town: GateTown) -> KeyRequest:
    request = _viewed(town)
    return request._replace(window=request.window._replace(number=0))


def _no_window(town: GateTown) -> KeyRequest:
    number = town.book("rec", {"size": 1, "root": digest("")})
    return town.request(number, [town.rec.append(segment_line())])


def _no_fact(town: GateTown) -> KeyRequest:
    return town.request(town.act.append(b"hello"), [town.rec.append(segment_line())])


def _live(town: GateTown) -> KeyRequest:
    values = {key: value for key, value in view_values().items() if key not in {"t0", "t1", "bind"}}
    return town.request(town.book("live", values), [town.rec.append(segment_line())])


def _other_token(town: GateTown) -> KeyRequest:
    return _viewed(town)._replace(token=bytes(32))


def _renews_itself(town: GateTown) -> KeyRequest:
    return _viewed(town, renews=1)


def _from_tomorrow(town: GateTown) -> KeyRequest:
    later = NOW + AHEAD + 1
    return town.request(
        town.book("view", view_values(until=later + WINDOW), t=later), [town.rec.append(segment_line())]
    )


def _before_restart(town: GateTown) -> KeyRequest:
    request = _viewed(town)
    town.state = State.start(decide(town.state, request, town.rules, at()).state.heads)
    return request


def _closed(town: GateTown) -> KeyRequest:
    request = _viewed(town)
    ending = town.book("close", {"of": request.window.number, "why": "done", "shown": []})
    decision = close(town.state, town.closing(request.window.number, ending), town.rules, at())
    assert decision.outcome == Closed(request.window.number)
    town.state = decision.state
    return town.request(request.window.number, [1])


def _unproven_segment(town: GateTown) -> KeyRequest:
    request = _viewed(town)
    return request._replace(segments=(request.segments[0]._replace(line=segment_line(n=7)),))


def _gap(town: GateTown) -> KeyRequest:
    t0 = NOW - 60 * SECOND
    return _viewed(town, gap_fact(STREAM, TERM, 1, t0=t0, t1=t0 + 1, m0=0, m1=1, why="net", of=None, prev=digest("")))


def _doubled_names(town: GateTown) -> KeyRequest:
    return _viewed(town, segment_line().replace(b'"n":1', b'"n":1,"n":1'))


def _old_content(town: GateTown) -> KeyRequest:
    old = NOW - 169 * HOUR
    return _viewed(town, segment_line(t0=old), t0=old)


def _old_content_of_its_class(town: GateTown) -> KeyRequest:
    old = NOW - 25 * HOUR
    return _viewed(town, segment_line(t0=old, key=str(KeyName(old // HOUR, "short"))), t0=old)


def _key_of_another_hour(town: GateTown) -> KeyRequest:
    return _viewed(town, segment_line(key=str(KeyName(NOW // HOUR - 1, "standard"))))


def _unknown_class(town: GateTown) -> KeyRequest:
    return _viewed(town, segment_line(key=str(KeyName(NOW // HOUR, "secret"))))


def _no_key(town: GateTown) -> KeyRequest:
    return _viewed(town, segment_line(key="x"))


def _two_streams(town: GateTown) -> KeyRequest:
    streams = sorted((str(STREAM), str(OTHER_STREAM)))
    window = town.book("view", view_values(streams=streams))
    segments = [town.rec.append(segment_line()), town.rec.append(segment_line(OTHER_STREAM, 2))]
    return town.request(window, segments)


def _twice(town: GateTown) -> KeyRequest:
    request = _viewed(town)
    return request._replace(segments=request.segments * 2)


def _approved_view(town: GateTown) -> KeyRequest:
    request = _viewed(town)
    return request._replace(approved=(town.act.entry(1), town.act.entry(1)))


def _unapproved(town: GateTown) -> KeyRequest:
    return _exported(town)._replace(approved=None)


def _one_person(town: GateTown) -> KeyRequest:
    return _exported(town, approve=person("anna"))


def _another_month(town: GateTown) -> KeyRequest:
    return _exported(town, approve=person("anna", "202612"))


def _another_exporter(town: GateTown) -> KeyRequest:
    return _exported(town, export=person("bruno"))


def _of_another_ask(town: GateTown) -> KeyRequest:
    return _exported(town, approve={"of": 0})


def _of_another_approve(town: GateTown) -> KeyRequest:
    return _exported(town, export={"of": 1})


def _export_before_approve(town: GateTown) -> KeyRequest:
    request = _exported(town, export={"of": 4})
    assert request.approved is not None
    town.book("approve", {"of": request.approved[0].number, **person("bruno")})
    return town.request(request.window.number, [1], (request.approved[0].number, 4))


def _approve_before_ask(town: GateTown) -> KeyRequest:
    approved = town.book("approve", {"of": 2, **person("bruno")})
    request = _exported(town, approve={"of": 0}, export={"of": approved})
    assert request.approved is not None
    return request._replace(approved=(request.approved[0], town.act.entry(approved)))


def _unproven_ask(town: GateTown) -> KeyRequest:
    request = _exported(town)
    assert request.approved is not None
    ask, approve = request.approved
    return request._replace(approved=(ask._replace(line=ask.line.replace(b"theft", b"other")), approve))


REFUSALS: list[tuple[Callable[[GateTown], KeyRequest], Reason]] = [
    (_other_camera, Reason.STREAM),
    (_other_span, Reason.SPAN),
    (_backwards, Reason.SPAN),
    (_other_log, Reason.HEAD_LOG),
    (_foreign_log, Reason.HEAD_FORGED),
    (_forged_head, Reason.HEAD_FORGED),
    (_altered_head, Reason.HEAD_FORGED),
    (_stale_head, Reason.HEAD_STALE),
    (_smaller_head_from_a_known_one, Reason.HEAD_STALE),
    (_head_since_nowhere, Reason.HEAD_STALE),
    (_fork, Reason.HEAD_FORK),
    (_second_head, Reason.HEAD_FORK),
    (_fork_elsewhere, Reason.HEAD_FORK),
    (_fork_of_rec, Reason.HEAD_FORK),
    (_no_head, Reason.HEAD_UNKNOWN),
    (_unproven_window, Reason.UNPROVEN),
    (_window_elsewhere, Reason.UNPROVEN),
    (_no_window, Reason.KIND),
    (_no_fact, Reason.KIND),
    (_live, Reason.KIND),
    (_other_token, Reason.BIND),
    (_renews_itself, Reason.ORDER),
    (_from_tomorrow, Reason.EARLY),
    (_before_restart, Reason.RESTARTED),
    (_closed, Reason.CLOSED),
    (_unproven_segment, Reason.SEGMENT),
    (_gap, Reason.SEGMENT),
    (_doubled_names, Reason.SEGMENT),
    (_old_content, Reason.CONTENT),
    (_old_content_of_its_class, Reason.CONTENT),
    (_key_of_another_hour, Reason.KEY),
    (_unknown_class, Reason.KEY),
    (_no_key, Reason.KEY),
    (_two_streams, Reason.MIXED),
    (_twice, Reason.MIXED),
    (_approved_view, Reason.KIND),
    (_unapproved, Reason.PERSON),
    (_one_person, Reason.PERSON),
    (_another_month, Reason.PERSON),
    (_another_exporter, Reason.PERSON),
    (_of_another_ask, Reason.ORDER),
    (_of_another_approve, Reason.ORDER),
    (_approve_before_ask, Reason.ORDER),
    (_export_before_approve, Reason.ORDER),
    (_unproven_ask, Reason.UNPROVEN),
]


@pytest.mark.parametrize(("change", "reason"), REFUSALS, ids=lambda value: getattr(value, "__name__", str(value)))
def test_one_change_and_no_key(change: Callable[[GateTown], KeyRequest], reason: Reason) -> None:
    """A request that differs from a granted one in a single thing is refused for that thing, and the refusal booked."""
    town = GateTown()
    assert _reason(town, change(town)) == reason


def test_each_reason_is_tried() -> None:
    """No reason stands in the code for which there is no request; `invalid` is the parser's."""
    elsewhere = {Reason.EXPIRED, Reason.CLOCK, Reason.INVALID, Reason.HEAD_UNCOSIGNED}
    tried = {reason for _, reason in REFUSALS} | elsewhere
    assert tried == set(Reason)


def test_without_a_clock_nothing_is_read() -> None:
    """Where no clock is believed no window is open."""
    town = GateTown()
    nothing = Judgement(NOW, None, None, ())
    assert _reason(town, _viewed(town), nothing) == Reason.CLOCK


def test_the_head_is_seen_whatever_follows() -> None:
    """A refused request's heads are what the next one has to continue; of a fork nothing is taken over."""
    town = GateTown()
    before = town.state
    _reason(town, _other_token(town))
    assert town.state.heads.act.head is not None
    assert town.state.heads.act.head.size == 2
    town.state = before
    _reason(town, _fork(town))
    assert town.state == before


def test_a_fork_is_an_alarm_and_a_late_reader_is_none() -> None:
    """People are told of what no reader does by mistake."""
    for change, is_alarm in ((_fork, True), (_forged_head, True), (_stale_head, False), (_other_token, False)):
        town = GateTown()
        request = change(town)
        outcome = decide(town.state, request, town.rules, at()).outcome
        assert isinstance(outcome, Refusal)
        assert outcome.is_alarm is is_alarm
        assert (outcome.log in {"rec", "act"}) is (change is not _other_token)  # it is about a head of that log


# ---------------------------------------------------------------------------------------------------------- closing


def _booked_close(town: GateTown, values: dict[str, Any]) -> tuple[int, int]:
    window = town.book("view", view_values())
    return window, town.book("close", {"of": window, "why": "done", "shown": [], **values})


@pytest.mark.parametrize("is_before", [False, True])
def test_a_close_of_another_window_closes_nothing(is_before: bool) -> None:
    """The closing fact names the window that it closes, and comes after it."""
    town = GateTown()
    if is_before:
        ending = town.book("close", {"of": 2, "why": "done", "shown": []})
        window = town.book("view", view_values())
    else:
        window, ending = _booked_close(town, {"of": 0})
    decision = close(town.state, town.closing(window, ending), town.rules, at())
    assert isinstance(decision.outcome, Refusal)
    assert decision.outcome.reason == Reason.ORDER
    assert decision.state.closed == {}


def test_a_close_that_is_not_in_the_log_closes_nothing() -> None:
    """What closes a window is a fact, proven like the one that opened it."""
    town = GateTown()
    window, ending = _booked_close(town, {})
    request = town.closing(window, ending)
    decision = close(
        town.state, request._replace(close=request.close._replace(line=request.window.line)), town.rules, at()
    )
    assert isinstance(decision.outcome, Refusal)
    assert decision.outcome.reason == Reason.UNPROVEN


def test_a_closed_window_is_remembered_until_no_clock_takes_it_for_open() -> None:
    """It is forgotten when the earliest clock has passed its end, not the latest."""
    town = GateTown()
    window, ending = _booked_close(town, {})
    town.state = close(town.state, town.closing(window, ending), town.rules, at()).state
    for earliest, is_remembered in ((NOW + WINDOW - 1, True), (NOW + WINDOW, False)):
        later = at(earliest, latest=NOW + 7 * 24 * HOUR)
        state = decide(town.state, town.request(window, [0]), town.rules, later).state
        assert (window in state.closed) is is_remembered
