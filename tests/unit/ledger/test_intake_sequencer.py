# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Batches on a clock of ours, over a real store: what is entered when, once, and told."""

import contextlib
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from tests.tools.facts import a_term, gap_after
from tests.tools.ledger import over
from torrazzo.base.errors import Invalid, Refused, Stopped, Unavailable
from torrazzo.base.times import SECOND
from torrazzo.durable import DiskFile
from torrazzo.ledger.act import pack_act
from torrazzo.ledger.fact_index import RecEntry
from torrazzo.ledger.schema import sqlite_database
from torrazzo.ledger.sequencer import TAKEN_KINDS, Sequencer
from torrazzo.ledger.store import Appended, LedgerStore, LogWriter
from torrazzo.testing import FakeClock, FaultyDisk
from torrazzo.testing.clock import START

BOOT = pack_act("boot", START, {"part": "keyring", "boot": "11111111-2222-3333-4444-555555555555", "sw": "0.1.0"})


class Desk:
    """A store, what feeds it, and the clock."""

    def __init__(self, store: LedgerStore, sequencer: Sequencer, clock: FakeClock) -> None:
        self.store, self.sequencer, self.clock = store, sequencer, clock

    def lines(self) -> list[bytes]:
        """All of `rec`."""
        return list(self.store.rec.entries(0, self.store.rec.head.size))

    def pass_s(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.sequencer.turn()


@contextlib.contextmanager
def desk_over(path: Path, disk: FaultyDisk, clock: FakeClock) -> Iterator[Desk]:
    with contextlib.closing(sqlite_database(path / "l.db")) as database, over(database, disk) as store:
        yield Desk(store, Sequencer(store, database, clock), clock)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_over(tmp_path, FaultyDisk(), FakeClock(START)) as desk:
        yield desk


def test_facts_wait_at_most_ten_seconds(desk: Desk) -> None:
    """A batch ten seconds after its first fact came, not before."""
    facts = a_term(3)
    desk.sequencer.turn()
    desk.sequencer.take(facts[:1])
    desk.pass_s(5)
    desk.sequencer.take(facts[1:])
    desk.pass_s(4.9)
    assert desk.lines() == []
    desk.pass_s(0.1)
    assert desk.lines() == [fact.line for fact in facts]


def test_each_enters_once_and_other_bytes_never(desk: Desk) -> None:
    """Known ones are left, in the same batch, the next, and the next life; a conflict is counted and stays out."""
    facts = a_term(4)
    other = gap_after(facts[1], START, START + SECOND, why="disk")
    desk.sequencer.take([*facts[:3], *facts[:3]])
    desk.pass_s(10)
    desk.sequencer.take([*facts[:4], other])
    desk.pass_s(10)
    assert desk.lines() == [fact.line for fact in facts]
    assert desk.sequencer.conflicts == 1
    assert desk.sequencer.contested == {other.stream: other.t0}


def test_a_late_fact_is_followed_by_the_entry_that_says_so(desk: Desk) -> None:
    """Late by when it came, not by when it entered; known ones are not late again."""
    facts = a_term(3)
    desk.clock.advance(10)
    desk.sequencer.take(facts[:2])
    desk.clock.advance(80.5)
    desk.sequencer.take(facts)
    desk.sequencer.turn()
    desk.sequencer.take(facts)
    desk.pass_s(10)
    first, second, third, late = desk.lines()
    assert [first, second, third] == [fact.line for fact in facts]
    told = json.loads(late)
    assert (told["kind"], told["n"]) == ("late", 2)
    assert told["t"] == START + round(90.5 * SECOND)


def test_a_silent_recorder_is_told_at_once(desk: Desk) -> None:
    """After 15 s an entry per stream stands in `rec`; a recorder that beats has none."""
    facts = a_term(1)
    terms = {facts[0].stream: facts[0].term}
    for _ in range(10):
        desk.sequencer.hear("7f3a91c2", terms)
        desk.pass_s(2)
    for _ in range(12):
        desk.pass_s(1)
    assert desk.lines() == []
    for _ in range(6):
        desk.pass_s(1)
    (line,) = desk.lines()
    assert json.loads(line)["kind"] == "silent"


def test_a_ledger_that_slept_does_not_blame_the_recorder(desk: Desk) -> None:
    """After a minute in which nobody looked, silence is counted from then on."""
    facts = a_term(1)
    desk.sequencer.hear("7f3a91c2", {facts[0].stream: facts[0].term})
    desk.pass_s(60)
    for _ in range(14):
        desk.pass_s(1)
    assert desk.lines() == []
    desk.pass_s(2)
    assert len(desk.lines()) == 1


def test_the_next_life_goes_on_by_number(tmp_path: Path) -> None:
    """What another process entered is known by its numbers: the next one follows, an earlier one is compared."""
    facts, disk, clock = a_term(6), FaultyDisk(), FakeClock(START)
    with desk_over(tmp_path, disk, clock) as desk:
        desk.sequencer.take(facts[:3])
        desk.sequencer.turn(is_last=True)
    with desk_over(tmp_path, disk, clock) as desk:
        desk.sequencer.take([facts[5], facts[1], facts[4], facts[3]])
        desk.sequencer.turn(is_last=True)
        assert desk.lines() == [fact.line for fact in facts]


def test_the_head_is_copied_once_a_minute(desk: Desk) -> None:
    """`act` has size and root of `rec` as of then, and nothing while `rec` stands still."""
    facts = a_term(2)
    desk.sequencer.turn()
    for each in facts:
        desk.sequencer.take([each])
        desk.pass_s(61)
        desk.pass_s(61)
    heads = [json.loads(line) for line in desk.store.act.entries(0, desk.store.act.head.size)]
    assert [head["size"] for head in heads] == [1, 3], "the second fact was late, which is an entry too"
    assert {head["kind"] for head in heads} == {"rec"}


def test_an_act_is_entered_at_once(desk: Desk) -> None:
    """Facts that wait go with it; the next act waits for no time to pass; each has its index when it is on disk."""
    desk.sequencer.turn()  # which has no head to copy yet
    desk.sequencer.take(a_term(2))
    first = entering(desk, 1)
    desk.sequencer.turn()
    assert first() == {0}
    assert len(desk.lines()) == 2
    second = entering(desk, 1)
    desk.sequencer.turn()
    assert second() == {1}
    assert list(desk.store.act.entries(0, 2)) == [BOOT] * 2


def test_acts_that_come_while_others_are_written_go_together(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three that come during one batch make up the next one: one transaction, one signed head for all of them."""
    desk.sequencer.turn()
    append, batches, others = desk.store.append, list[int](), list[Callable[[], set[int]]]()

    def slow(rec: Sequence[RecEntry], act: Sequence[bytes], committed: Callable[[range], None]) -> Appended:
        batches.append(len(act))
        if len(batches) == 1:
            others.append(entering(desk, 3))
        return append(rec, act, committed)

    monkeypatch.setattr(desk.store, "append", slow)
    first = entering(desk, 1)
    desk.sequencer.turn()
    desk.sequencer.turn()
    assert first() == {0}
    assert others[0]() == {1, 2, 3}
    assert batches == [1, 3]


def test_an_act_waits_for_no_file(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever entered it is told, and can have it proven, once it is committed: before files and head are published."""
    desk.sequencer.turn()
    first, told = entering(desk, 1), list[set[int]]()

    def put_files(log: LogWriter) -> None:
        told.append(first())
        assert log.reader.proof(0).entry_index == 0

    monkeypatch.setattr(LogWriter, "put_files", put_files)
    desk.sequencer.turn()
    assert told == [{0}]


def test_an_end_leaves_no_act_in_doubt(desk: Desk) -> None:
    """What has come is entered; what comes afterwards is refused."""
    stop, found = threading.Event(), entering(desk, 2)
    stop.set()
    desk.sequencer.run(stop)
    assert found() == {0, 1}
    with pytest.raises(Unavailable):
        desk.sequencer.enter(BOOT)


def entering(desk: Desk, count: int) -> Callable[[], set[int]]:
    """Acts on their way, each in a thread; what is returned gives their indexes once they are entered."""
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(desk.sequencer.enter(BOOT))) for _ in range(count)]
    for thread in threads:
        thread.start()
    while len(desk.sequencer._deeds) < count:
        pass

    def end() -> set[int]:
        for thread in threads:
            thread.join()
        return set(found)

    return end


@pytest.mark.parametrize("kind", ["rec", "fork", "prune", "dance"])
def test_only_what_others_do_is_entered(desk: Desk, kind: str) -> None:
    """None of the kinds that the ledger writes itself, and none that nobody knows."""
    assert kind not in TAKEN_KINDS
    line = b'{"v":1,"kind":"dance","t":1}' if kind == "dance" else b'{"v":1,"kind":"%s","t":1}' % kind.encode()
    with pytest.raises((Refused, Invalid)):
        desk.sequencer.enter(line)


def test_a_store_that_fails_ends_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits for an act is told that nobody knows; the thread ends, for the next life to find out."""
    errors: list[BaseException] = []

    def fail(*_: object, **__: object) -> DiskFile:
        raise Stopped("the disk burns")

    def enter() -> None:
        try:
            desk.sequencer.enter(BOOT)
        except Unavailable as error:
            errors.append(error)

    monkeypatch.setattr(desk.store, "append", fail)
    entering = threading.Thread(target=enter)
    entering.start()
    while not desk.sequencer._deeds:
        pass
    desk.clock.advance(1)
    with pytest.raises(Stopped):
        desk.sequencer.run(threading.Event())
    entering.join()
    assert "not known" in str(errors[0])
