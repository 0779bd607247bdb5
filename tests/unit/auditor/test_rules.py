# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Each rule of the auditor: what holds passes, untouched; then one thing is done, and that rule finds and names it."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.tools.audited import (
    Audited,
    Line,
    changed,
    commitment_of,
    erasure,
    late,
    life_end,
    only,
    shred,
    started,
    tie,
)
from torrazzo.base.times import HOUR, SECOND, hour_of, hour_text
from torrazzo.ledger.act import pack_act
from torrazzo.ledger.identity import KINDS, LogKind
from torrazzo.ledger.merkle import leaf_hash, root_of
from torrazzo.ledger.text import to_base64
from torrazzo.testing.clock import START

STREAM = "0000000000000001/main"
HASH = to_base64(bytes(range(32)))


# -- R1


def test_r1_a_head_by_another_key(town: Audited) -> None:
    """A head that the log's key did not sign is not followed."""
    started(town)
    town.ledger.keys["rec"], town.ledger.keys["act"] = town.ledger.keys["act"], town.ledger.keys["rec"]
    only(town.look(10), "R1", "did not sign")


def test_r1_a_shorter_log(town: Audited) -> None:
    """Entries that were there are there no more: an older database was put back."""
    started(town)
    del town.ledger.entries["rec"][-1]
    only(town.look(10), "R1", "rec")


@pytest.mark.parametrize("kind", ["rec", "act"])
def test_r1_another_history(town: Audited, kind: str) -> None:
    """An entry that was seen is another one now, behind more: edited, dropped, inserted, swapped are all this."""
    line = started(town)
    town.ledger.entries["rec" if kind == "rec" else "act"][1] = b"{}"
    town.enter("rec", line.segment())
    town.enter("act", tie(town.ledger, town.clock.utc()))
    only(town.look(10), "R1", kind, "consistency proof")
    assert len(town.look(10)) == 1  # told once


def test_r1_entries_that_are_not_those_of_the_head(town: Audited, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is given out as entries must lead to the root that was signed."""
    line = started(town)
    real = town.ledger.bundle
    town.enter("rec", line.segment())
    monkeypatch.setattr(town.ledger, "bundle", lambda *asked: [*real(*asked)[:-1], b"{}"])
    only(town.look(10), "R1", "another root")


def test_r1_a_fork_shown_to_the_keyring(town: Audited) -> None:
    """The head that a shred fact publishes is one of the log that everybody sees."""
    line = started(town)
    hour = hour_of(START)
    town.clock.advance((life_end(hour) - town.clock.utc()) / SECOND - 100)
    seen = {"size": 2, "root": to_base64(town.ledger.root("rec", 2))}
    forged = {"size": 2, "root": HASH}
    town.enter("act", shred(hour, town.clock.utc(), rec=seen))
    assert town.look() == []
    town.enter("act", shred(hour + 1, life_end(hour + 1) - 100 * SECOND, rec=forged))
    town.clock.advance(3600)
    only(town.look(), "R1", "two histories")
    assert line.facts


@pytest.mark.parametrize("log", ["rec", "act"])
def test_r1_a_head_that_the_keyring_is_told_to_trust(town: Audited, log: str) -> None:
    """It is one that everybody sees."""
    started(town)
    kind: LogKind = "rec" if log == "rec" else "act"
    for size in (1, 3):
        true = {"log": log, "size": size, "root": to_base64(town.ledger.root(kind, size))}
        town.enter("act", pack_act("trust", town.clock.utc(), true))
    assert town.look(10) == []
    town.enter("act", pack_act("trust", town.clock.utc(), {"log": log, "size": 3, "root": HASH}))
    only(town.look(10), "R1", "two histories")


# -- R2


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "dance"},
        {"frames": 0},
        {"len": 0},
        {"count": 1},
        {"key": "2026112420/standard"},
        {"key": f"{hour_text(hour_of(START))}/h500"},
        {"h": "GONE"},
        {"v": 2},
    ],
)
def test_r2_a_line_that_says_nothing_sane(town: Audited, change: dict[str, Any]) -> None:
    """Unknown kinds, missing keys, impossible sizes, another hour's key, a life above the law's."""
    line = started(town)
    town.enter("rec", line.segment(**change))
    found = town.look(10)
    assert found, change
    assert found[0].startswith("R2 rec, entry 4"), found


def test_r2_an_act_that_says_nothing_sane(town: Audited) -> None:
    """Of `act` too."""
    started(town)
    town.enter("act", b'{"v":1,"kind":"shred","t":1}')
    only(town.look(10), "R2", "act, entry 3")


# -- R3


def test_r3_a_number_that_is_missing(town: Audited) -> None:
    """A fact that was dropped before it was entered leaves a hole; when it comes after all, the hole is filled."""
    line = started(town)
    dropped = line.segment()
    town.enter("rec", line.segment())
    only(town.look(10), "R3", STREAM, "numbers 4 to 4", "are missing", "2026-11-24T22:00:40")
    town.enter("rec", dropped)
    assert len(town.look(10)) == 1


def test_r3_a_number_twice(town: Audited) -> None:
    """A fact that was inserted has a number that another has."""
    line = started(town)
    town.enter("rec", changed(line.segment(), n=2))
    only(town.look(10), "R3", STREAM, "number 2", "there already")


def test_r3_another_link(town: Audited) -> None:
    """A fact names the one before it as it was entered."""
    line = started(town)
    town.enter("rec", line.segment(prev=HASH))
    only(town.look(10), "R3", STREAM, "does not name number 3")


def test_r3_two_terms_after_one(town: Audited) -> None:
    """Two recorders that both say that they follow the same one claim the same time."""
    line = started(town)
    first = Line(fence=2, start=town.clock.utc(), prior=line.last, t0=line.end)
    town.enter("rec", first.facts[0].line, first.segment())
    assert town.look(10) == []
    second = Line(fence=3, start=town.clock.utc(), prior=line.last, t0=line.end)
    town.enter("rec", second.facts[0].line)
    only(town.look(10), "R3", STREAM, "two claim the same time")


def test_r3_a_term_that_goes_on_after_another_followed(town: Audited) -> None:
    """Whoever was followed is over."""
    line = started(town)
    after = Line(fence=2, start=town.clock.utc(), prior=line.last, t0=line.end)
    town.enter("rec", after.facts[0].line)
    assert town.look(10) == []
    town.enter("rec", line.segment())
    only(town.look(10), "R3", "goes on although")


@pytest.mark.parametrize("prior", [None, {"lost": ""}])
def test_r3_a_stretch_that_begins_anew_in_told_time(town: Audited, prior: object) -> None:
    """Where the term before is lost, the new one claims no time of which was told; that nothing was before is a lie."""
    line = started(town)
    fine = Line(fence=2, start=town.clock.utc(), prior={"lost": str(line.term)}, t0=town.clock.utc())
    town.enter("rec", fine.facts[0].line)
    assert town.look(10) == []
    begun = line.end - 5 * SECOND
    town.enter("rec", Line(fence=3, start=town.clock.utc(), prior=prior, t0=begun).facts[0].line)
    found = town.look(10)
    assert any("claim the same time" in each and STREAM in each for each in found), found
    assert any("it is the first" in each for each in found) is (prior is None)


def test_r3_a_lost_term_that_comes_after_all(town: Audited) -> None:
    """It tells of its own time, up to where the next stretch begins, and of no more."""
    line = started(town)
    begin = line.end + 10 * SECOND
    after = Line(fence=2, start=town.clock.utc(), prior={"lost": str(line.term)}, t0=begin)
    town.enter("rec", after.facts[0].line, line.segment())
    assert town.look(10) == []
    town.enter("rec", line.segment())
    only(town.look(10), "R3", STREAM, "10.000 s that another stretch has told of")


# -- R4


def test_r4_time_of_which_nothing_is_told(town: Audited) -> None:
    """A gap that was removed, its numbers mended, leaves a stretch without an explanation."""
    line = started(town)
    town.enter("rec", line.gap(5), line.segment(5))
    assert town.look(10) == []
    t0 = line.end + 7 * SECOND
    town.enter("rec", line.segment(t0=t0, t1=t0 + 10 * SECOND, m0=line.m(t0), m1=line.m(t0 + 10 * SECOND)))
    only(town.look(20), "R4", STREAM, "7.000 s", "not told of")


def test_r4_an_open_gap_is_closed(town: Audited) -> None:
    """By what takes time next; else it never ended."""
    line = started(town)
    town.enter("rec", line.gap(None))
    assert town.look(10) == []
    opened = line.last.n
    town.enter("rec", line.gap(20, of=opened))
    assert town.look(20) == []
    town.enter("rec", line.gap(None), line.segment())
    only(town.look(10), "R4", "is open, and this does not close it")


# -- R5


def test_r5_a_clock_that_was_moved(town: Audited) -> None:
    """Wall time that runs ahead of monotonic time needs a step that says so."""
    line = started(town)
    town.enter("rec", line.step(3600), line.segment())
    town.clock.advance(3600)
    assert town.look(10) == []
    line.boot_ticks -= 60 * SECOND
    town.enter("rec", line.gap(60), line.segment())
    only(town.look(80), "R5", STREAM, "60.000 s further")


def test_r5_more_pictures_than_time(town: Audited) -> None:
    """A camera's clock drifts by 500 ppm at most."""
    line = started(town)
    town.enter("rec", line.segment(media=10 * SECOND + 450))
    assert town.look(10) == []
    town.enter("rec", line.segment(media=10 * SECOND + 460))
    only(town.look(10), "R5", "more than a clock drifts")


# -- R6


def test_r6_a_fact_of_long_ago(town: Audited) -> None:
    """What tells of a time at which the auditor had looked already is marked late, or was made up."""
    line = started(town)
    old = line.segment()
    assert town.look(300) == []
    town.enter("act", tie(town.ledger, town.clock.utc()))
    town.enter("rec", old, late(line.last, town.clock.utc()))
    assert town.look(10) == []
    unmarked = line.segment()
    town.enter("act", tie(town.ledger, town.clock.utc()))
    assert town.look(300) == []
    town.enter("rec", unmarked, line.segment())
    only(town.look(10), "R6", "entry 6", STREAM, "not marked")


def test_r6_a_mark_that_is_false(town: Audited) -> None:
    """What came in time is not late, and a mark stands behind its fact."""
    line = started(town)
    town.enter("rec", line.segment(), late(line.last, line.end + 30 * SECOND))
    only(town.look(10), "R6", "was not late")
    town.enter("rec", late(line.last, line.end + 90 * SECOND))
    assert any("another fact" in each for each in town.look(10))


def test_r6_the_future(town: Audited) -> None:
    """Nothing is told of what has not been, nor is an act entered under another time."""
    line = started(town)
    town.enter("rec", line.gap(3600))
    assert any("R6 rec" in each and "the future" in each for each in town.look(10))
    town.enter("act", pack_act("boot", town.clock.utc() - HOUR, {"part": "x", "boot": _BOOT, "sw": "1"}))
    assert any("R6 act" in each and "the time that it bears" in each for each in town.look(10))


_BOOT = "11111111-2222-3333-4444-555555555555"


# -- R7


def test_r7_a_key_that_outlives_its_pictures(town: Audited) -> None:
    """A quarter of an hour after the end of life, without a shred, the auditor's own clock says so."""
    started(town)
    hour = hour_of(START)
    seconds = (life_end(hour) - town.clock.utc()) / SECOND
    assert town.look(seconds + 14 * 60) == []
    only(town.look(120), "R7", hour_text(hour), "no shred")


@pytest.mark.parametrize(
    ("off", "why", "told"),
    [
        (-100, "age", ""),
        (0, "age", ""),
        (1, "age", "after the end"),
        (-181, "age", "early, for its age"),
        (-86_400, "disk", ""),
    ],
)
def test_r7_the_moment_of_a_shred(town: Audited, off: int, why: str, told: str) -> None:
    """Not after the end of life, and not early but for a reason that is told."""
    started(town)
    hour = hour_of(START)
    at = life_end(hour) + off * SECOND
    town.clock.advance((at - town.clock.utc()) / SECOND)
    town.enter("act", shred(hour, at, why=why))
    found = town.look()
    if told:
        only(found, "R7", told)
    else:
        assert found == []


def test_r7_a_shred_that_is_replayed(town: Audited) -> None:
    """A key dies once."""
    started(town)
    hour = hour_of(START)
    at = life_end(hour) - 60 * SECOND
    town.clock.advance((at - town.clock.utc()) / SECOND)
    town.enter("act", shred(hour, at))
    assert town.look() == []
    town.enter("act", shred(hour, at))
    only(town.look(10), "R7", "replayed")


# -- R8


def test_r8_what_is_left_is_left(town: Audited) -> None:
    """An old ring that was put back has other keys than those that were born and not destroyed."""
    started(town)
    hour = hour_of(START)
    leaves = {at: leaf_hash(commitment_of(at)) for at in (hour, hour + 1, hour + 2)}
    for at, leaf in leaves.items():
        born = {"hour": hour_text(at), "classes": ["standard"], "root": to_base64(root_of([leaf]))}
        town.enter("act", pack_act("key", town.clock.utc(), born))
    at = life_end(hour) - 60 * SECOND
    town.clock.advance((at - town.clock.utc()) / SECOND)
    left = to_base64(root_of([leaves[hour + 1], leaves[hour + 2]]))
    town.enter("act", shred(hour, at, left=2, ring=left))
    assert town.look() == []
    at += HOUR
    town.enter("act", shred(hour + 1, at, left=1, ring=left))
    only(town.look(3600), "R8", "are others than those")


# -- R9


def test_r9_a_ledger_that_does_not_answer(town: Audited) -> None:
    """Written down by the auditor, with its beginning and its end; so is one that answers and does not grow."""
    line = started(town)
    start = town.clock.utc()
    town.ledger.is_away = True
    assert town.look(30) == []
    assert town.store.silences() == []
    town.look(60)
    ((begun, end, why),) = town.store.silences()
    assert (begun, end) == (start, None)
    assert "does not answer" in why
    town.ledger.is_away = False
    town.enter("rec", line.gap(100), late(line.last, town.clock.utc()))
    town.look(10)
    assert town.store.silences()[0][:2] == (start, start + 100 * SECOND)
    town.enter("act", tie(town.ledger, town.clock.utc()))
    town.look(10)
    town.look(301)
    assert "do not grow" in town.store.silences()[0][2]


# -- R10


def test_r10_a_head_of_rec_in_act(town: Audited) -> None:
    """As it was, and not of a smaller log than before."""
    started(town)
    town.enter("act", tie(town.ledger, town.clock.utc(), root=HASH))
    only(town.look(10), "R10", "two histories")


def test_r10_a_smaller_head_than_before(town: Audited) -> None:
    """`act` tells of a log that grows."""
    started(town)
    older = {"size": 2, "root": to_base64(town.ledger.root("rec", 2))}
    town.enter("act", tie(town.ledger, town.clock.utc(), **older))
    only(town.look(10), "R10", "4 entries before, and 2 now")


def test_r10_each_minute(town: Audited) -> None:
    """While `rec` grows, `act` tells of it."""
    line = started(town)
    for _ in range(18):
        town.enter("rec", line.segment())
        assert town.look(10) == []
    town.enter("rec", line.segment())
    only(town.look(20), "R10", "no head of rec")


# -- R11


def view(t: int) -> bytes:
    values = {
        "streams": [STREAM], "t0": START, "t1": START + SECOND, "purpose": "crime", "until": t + 600 * SECOND,
        "bind": HASH, "renews": None, "month": "202611", "who": HASH, "p": HASH,
    }  # fmt: skip
    return pack_act("view", t, values)


def test_r11_a_window_that_is_never_closed(town: Audited) -> None:
    """A quarter of an hour after its end at the latest."""
    started(town)
    town.enter("act", view(town.clock.utc()))
    assert town.look() == []
    number = len(town.ledger.entries["act"]) - 1
    town.enter("act", pack_act("close", town.clock.utc(), {"of": number, "why": "done", "shown": []}))
    assert town.look(10) == []
    town.enter("act", view(town.clock.utc()))
    assert town.look(600 + 14 * 60) == []
    only(town.look(120), "R11", "never closed")


def test_r11_a_close_of_no_window(town: Audited) -> None:
    """What is closed was open."""
    started(town)
    town.enter("act", pack_act("close", town.clock.utc(), {"of": 1, "why": "done", "shown": []}))
    only(town.look(10), "R11", "no open window")


def copies(town: Audited, approver: str, taker: str, maker: str | None = None) -> Callable[[], list[str]]:
    t, first = town.clock.utc(), len(town.ledger.entries["act"])
    span = {"streams": [STREAM], "t0": START, "t1": START + SECOND, "purpose": "crime", "to": "police"}
    anna, named = {"month": "202611", "who": HASH, "p": HASH}, {} if maker is None else {"maker": maker}
    town.enter("act", pack_act("ask", t, {**span, **anna}))
    town.enter("act", pack_act("approve", t, {"of": first, **named, **anna, "who": approver}))
    opened = {"of": first + 1, "until": t + 60 * SECOND, "bind": HASH, "renews": None, **anna, "who": taker}
    town.enter("act", pack_act("export", t, opened))
    town.enter("act", pack_act("close", t, {"of": first + 2, "why": "done", "shown": []}))
    return lambda: town.look(10)


def test_r11_a_copy_that_nobody_else_approved(town: Audited) -> None:
    """Two people, and the one who asked takes it."""
    started(town)
    other = to_base64(bytes(32))
    assert copies(town, other, HASH)() == []
    only(copies(town, HASH, HASH)(), "R11", "approved by the one who asked")


def test_r11_a_copy_is_made_by_whom_the_approval_names(town: Audited) -> None:
    """That one and nobody else, and never by who approved."""
    started(town)
    other, third = to_base64(bytes(32)), to_base64(bytes([1]) * 32)
    assert copies(town, other, third, third)() == []
    only(copies(town, other, HASH, third)(), "R11", "taken by another than who asked, or is named to make it")


def test_r11_a_copy_that_who_approved_it_makes(town: Audited) -> None:
    """Two people, whoever is named."""
    started(town)
    other = to_base64(bytes(32))
    only(copies(town, other, other, other)(), "R11", "approved and taken by one person")


def test_r11_a_copy_taken_by_another(town: Audited) -> None:
    """Not by the one who approved."""
    started(town)
    other = to_base64(bytes(32))
    only(copies(town, other, other)(), "R11", "another than who asked")


def test_r11_an_erasure_that_nobody_approved(town: Audited) -> None:
    """Footage goes early when two people want it; then the key that is left is another, of which nobody has told."""
    started(town)
    hour = {"hour": hour_text(hour_of(START)), "class": "standard"}
    born = {"hour": hour["hour"], "classes": ["standard"], "root": HASH}
    town.enter("act", pack_act("key", town.clock.utc(), born))
    approval = erasure(town, hour_of(START))
    rekey = {**hour, "of": approval, "streams": [STREAM], "kept": 1}
    town.enter("act", pack_act("rekey", town.clock.utc(), rekey))
    assert town.look(10) == []
    town.enter("act", pack_act("rekey", town.clock.utc(), {**rekey, "of": approval - 1}))
    only(town.look(10), "R11", "no approval")


def test_r11_a_fork_shown_to_the_keyring_and_refused(town: Audited) -> None:
    """The keyring's refusal of a forged head is an alarm here; that of an expired window is not."""
    started(town)
    town.enter("act", pack_act("refuse", town.clock.utc(), {"why": "expired", "of": None, "count": 1}))
    assert town.look(10) == []
    town.enter("act", pack_act("refuse", town.clock.utc(), {"why": "head-fork", "log": "rec", "of": None, "count": 1}))
    only(town.look(10), "R11", "a head that is none of rec: 'refuse why head-fork")


def test_r11_of_a_keyring_of_before_the_log_is_not_known(town: Audited) -> None:
    """Its refusals say no log; the alarm is the same."""
    started(town)
    town.enter("act", pack_act("refuse", town.clock.utc(), {"why": "head-fork", "of": None, "count": 1}))
    only(town.look(10), "R11", "none of rec or act")


def test_r11_a_forked_log_is_refused_until_it_is_trusted(town: Audited) -> None:
    """After a fork the keyring believes the old logs until people say otherwise: only what it refuses then counts."""

    def refuse(why: str) -> None:
        town.enter("act", pack_act("refuse", town.clock.utc(), {"why": why, "of": None, "count": 1}))

    for log in KINDS:
        values = {"log": log, "size": 60, "root": HASH, "why": "disk-lost", "month": "202611", "who": HASH, "p": HASH}
        town.enter("act", pack_act("fork", town.clock.utc(), values))
    started(town)
    refuse("head-forged")
    town.enter("act", shred(hour_of(START), town.clock.utc(), why="disk", rec={"size": 60, "root": HASH}))
    for log in KINDS:
        refuse("head-fork")
        head = {"log": log, "size": 1, "root": to_base64(town.ledger.root(log, 1))}
        town.enter("act", pack_act("trust", town.clock.utc(), head))
    town.clock.advance(60)
    refuse("head-forged")  # of before: told when its minute was over
    assert town.look(61) == []
    refuse("head-forged")
    only(town.look(10), "R11", "head-forged")
