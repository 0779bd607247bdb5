# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The order in which facts enter, whatever order they come in; which are late, and who is silent."""

import json
import random
from collections.abc import Iterable

import pytest

from tests.tools.facts import a_term, gap_after
from tests.tools.ledger import stream
from torrazzo.archive.fact import Fact
from torrazzo.base.errors import Invalid
from torrazzo.base.times import SECOND
from torrazzo.ledger.intake import Intake, Received, State, late_entry, read_line
from torrazzo.ledger.silence import Silence
from torrazzo.testing.clock import START


def take(intake: Intake, facts: Iterable[Fact], at_ns: int = 0) -> list[State]:
    return [intake.take(Received(fact, START, at_ns)) for fact in facts]


def pulled(intake: Intake) -> list[Fact]:
    return [each.fact for each in intake.pull()]


@pytest.mark.parametrize("seed", range(20))
def test_whatever_order_they_come_in_each_term_enters_by_number(seed: int) -> None:
    """Three streams of two terms each, shuffled and doubled: each number once, behind the one before; terms too."""
    facts: list[Fact] = []
    for camera in (1, 2, 3):
        first = a_term(6, camera=camera)
        facts += [*first, *a_term(5, camera=camera, fence=2, prior=first[-1])]
    came = facts * 2
    random.Random(seed).shuffle(came)
    intake = Intake(lambda *_: 0)
    take(intake, came)
    entered = [each.fact for each in intake.pull() if not each.is_passed]
    assert intake.waiting == 0
    assert sorted(fact.id for fact in entered) == sorted(fact.id for fact in facts)
    for camera in (1, 2, 3):
        of_stream = [fact for fact in entered if fact.stream == stream(camera)]
        assert [fact.id for fact in of_stream] == sorted(fact.id for fact in of_stream)


def test_what_comes_too_early_waits() -> None:
    """Facts 2 and 3 wait for 1; when it comes, all three follow in order."""
    facts = a_term(4)
    intake = Intake(lambda *_: 0)
    assert take(intake, [facts[0], facts[3], facts[2]]) == ["ready", "waits", "waits"]
    assert pulled(intake) == facts[:1]
    assert take(intake, [facts[1]]) == ["ready"]
    assert pulled(intake) == facts[1:]


def test_a_term_waits_for_the_last_fact_of_the_one_before() -> None:
    """A lost tail of the term before shows, because the next term names it."""
    first = a_term(4)
    second = a_term(3, fence=2, prior=first[-1])
    intake = Intake(lambda *_: 0)
    take(intake, [*first[:3], *second])
    assert pulled(intake) == first[:3]
    take(intake, first[3:])
    assert pulled(intake) == [first[3], *second]


def test_it_goes_on_where_the_log_is() -> None:
    """A number below what `rec` has is for `rec` to compare; the next one follows at once."""
    facts = a_term(8)
    intake = Intake(lambda *_: 5)
    assert take(intake, facts[4:6]) == ["ready", "ready"]
    assert [(each.fact.n, each.is_passed) for each in intake.pull()] == [(4, True), (5, False)]


def test_one_that_waits_is_known_by_its_bytes() -> None:
    """The same again is known; other bytes under its identity are a conflict, and the first stay."""
    facts = a_term(4)
    other = gap_after(facts[1], START, START + 1, why="disk")
    intake = Intake(lambda *_: 0)
    assert take(intake, [facts[2], facts[2], other]) == ["waits", "known", "conflict"]
    take(intake, facts[:2])
    assert pulled(intake) == facts[:3]


def test_what_waits_is_bounded() -> None:
    """Beyond the bound they are dropped, which is told, so that the volumes are searched; in order they still enter."""
    facts = a_term(9)
    intake = Intake(lambda *_: 0, most=3)
    assert take(intake, facts[2:7]) == ["waits"] * 3 + ["dropped"] * 2
    told = [intake.has_dropped]
    intake.begin_search()
    assert [*told, intake.has_dropped] == [True, False]
    take(intake, [*facts[:2], *facts[5:]])
    assert pulled(intake) == facts
    assert intake.waiting == 0


def test_what_is_ready_is_bounded() -> None:
    """While nothing can be entered: those beyond are dropped and told, and enter in order when they come again."""
    facts = a_term(9)
    intake = Intake(lambda *_: 0, most_ready=4)
    assert take(intake, facts) == ["ready"] * 4 + ["dropped"] * 5
    assert intake.has_dropped
    assert pulled(intake) == facts[:4]
    intake.begin_search()
    assert all(intake.lacks(fact.stream, fact.term, fact.n) for fact in facts[4:])
    assert take(intake, facts[4:8]) == ["ready"] * 4
    assert pulled(intake) == facts[4:8]
    assert not intake.has_dropped


def test_what_nobody_has_is_passed_over_in_the_end() -> None:
    """Only what was waited for long enough; what comes after all is for `rec` to compare, and is not lost."""
    facts = a_term(6)
    second = a_term(2, fence=2, prior=facts[-1])
    intake = Intake(lambda *_: 0)
    take(intake, [facts[0], *facts[3:5]], at_ns=10)
    take(intake, second, at_ns=20)
    assert intake.waits_since() == 10
    assert intake.give_up(10) == []
    assert intake.give_up(11) == [facts[2].id]
    assert pulled(intake) == [facts[0], *facts[3:5]]
    assert intake.lacks(facts[2].stream, facts[2].term, 2), "it may still be found"
    assert take(intake, facts[2:3]) == ["ready"]
    assert [each.is_passed for each in intake.pull()] == [True]
    assert intake.give_up(21) == [facts[5].id]
    assert pulled(intake) == second


@pytest.mark.parametrize(
    "change",
    [
        (b'"n":1,', b'"n":9223372036854775808,'),
        (b'"v":1', b'"v":2'),
        (b'{"v"', b'{\n"v"'),
        (b"}", b""),
    ],
)
def test_what_can_be_no_entry_is_refused(change: tuple[bytes, bytes]) -> None:
    """Numbers of 64 bits, other versions, lines with a newline, broken JSON."""
    line = a_term(2)[1].line
    assert read_line(line).n == 1
    with pytest.raises(Invalid):
        read_line(line.replace(*change, 1))


def test_late_is_more_than_a_minute_after_its_end() -> None:
    """The entry names fact, hash and receipt; an open gap has no end; of a term its start counts, not its t0."""
    begun, fact = a_term(2)
    assert fact.t1 is not None
    assert late_entry(Received(fact, fact.t1 + 60 * SECOND, 0)) is None
    late = late_entry(Received(fact, fact.t1 + 60 * SECOND + 1, 0))
    assert late is not None
    assert late.id is None
    assert late.kind == "late"
    told = json.loads(late.line)
    assert list(told) == ["v", "kind", "stream", "term", "n", "hash", "t"]
    assert (told["n"], told["t"]) == (1, fact.t1 + 60 * SECOND + 1)
    opened = gap_after(fact, START, None)
    assert late_entry(Received(opened, START + 3600 * SECOND, 0)) is None
    later = a_term(1, fence=2, prior=begun, start=START + 3600 * SECOND)[0]
    assert late_entry(Received(later, START + 3601 * SECOND, 0)) is None
    assert late_entry(Received(later, START + 3700 * SECOND, 0)) is not None


def test_silence_is_told_once_for_each_stream() -> None:
    """After 15 s without a beat, not before; again only after it was heard again."""
    terms = {stream(camera): a_term(1, camera=camera)[0].term for camera in (1, 2)}
    silence, second = Silence(), 1_000_000_000
    silence.hear("7f3a91c2", terms, START, 0)
    assert silence.due(START, 15 * second - 1) == []
    told = silence.due(START + 15 * SECOND, 15 * second)
    times = {"t0": START, "t": START + 15 * SECOND}
    assert [json.loads(each.line) for each in told] == [
        {"v": 1, "kind": "silent", "stream": str(who), "term": str(terms[who]), **times} for who in sorted(terms)
    ]
    assert all(each.id is None for each in told)
    assert silence.due(START, 99 * second) == []
    silence.hear("7f3a91c2", terms, START, 100 * second)
    assert len(silence.due(START, 115 * second)) == 2


def test_silence_outlives_a_life() -> None:
    """Who was heard by the ledger before is expected by this one, from its start on; another text is refused."""
    terms = {stream(1): a_term(1)[0].term}
    before, after, second = Silence(), Silence(), 1_000_000_000
    assert before.hear("7f3a91c2", terms, START, 0)
    assert not before.hear("7f3a91c2", terms, START, second)
    after.expect(before.pack(), START + 5, 100 * second)
    assert after.due(START, 114 * second) == []
    (told,) = after.due(START + 9, 115 * second)
    assert json.loads(told.line)["t0"] == START + 5
    for text in (b"", b"[]", b'{"recorders":{"x":{"y":"z"}}}', b'{"recorders":[]}'):
        with pytest.raises(Invalid):
            after.expect(text, START, 0)
