# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Windows over a real store and sequencer that die, lose answers, and enter late what nobody waits for any more."""

import contextlib
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tools.ledger import over
from torrazzo.access import Window, Windows
from torrazzo.base import Span, StreamId
from torrazzo.base.errors import TorrazzoError, Unavailable
from torrazzo.base.times import SECOND, UtcTicks
from torrazzo.durable import OsDisk
from torrazzo.ledger.act import Wanted, pack_act, parse_act
from torrazzo.ledger.client import Entered, LedgerClient
from torrazzo.ledger.private import Private
from torrazzo.ledger.schema import sqlite_database
from torrazzo.ledger.sequencer import Sequencer
from torrazzo.ledger.service import look
from torrazzo.ledger.store import LedgerStore
from torrazzo.testing import FakeClock, FaultyDisk
from torrazzo.testing.clock import START
from torrazzo.town import Home

WANTED = Wanted(frozenset({StreamId.parse("3f9a1c0e5b7d2264/main")}), Span(START, UtcTicks(START + 60 * SECOND)))
WHO = Private("anna", "furto", None)
FILLER = pack_act("boot", START, {"part": "keyring", "boot": "11111111-2222-3333-4444-555555555555", "sw": "0.1.0"})


class Death(BaseException):
    """Of the process that writes about people."""


class Away:
    """A keyring that does not answer: it is told nothing, and that changes nothing here."""

    def __getattr__(self, name: str) -> Any:
        raise Unavailable("away")


class Ledger:
    """As its client has it; what becomes of each act is said ahead."""

    def __init__(self, store: LedgerStore, database: Any, clock: FakeClock) -> None:
        self.store, self._database, self._clock = store, database, clock
        self.fates: list[str] = []
        self._late: list[bytes] = []
        self._threads = contextlib.ExitStack()
        self.live()

    def live(self) -> None:
        """Die, if it lived, and live again: what it had not entered is gone."""
        self._threads.close()
        self._late, self.sequencer = [], Sequencer(self.store, self._database, self._clock)
        stop = threading.Event()
        thread = threading.Thread(target=self.sequencer.run, args=(stop,))
        thread.start()
        self._threads.callback(thread.join)
        self._threads.callback(self.sequencer.wake)
        self._threads.callback(stop.set)

    def close(self) -> None:
        self._threads.close()

    def fill(self, count: int) -> None:
        self.store.append(act=[FILLER] * count)

    def arrive(self) -> None:
        """What was on its way is entered."""
        late, self._late = self._late, []
        for line in late:
            self.sequencer.enter(line)

    def enter(self, line: bytes, patience_s: float = 0.0) -> Entered:
        match self.fates.pop(0) if self.fates else "well":
            case "refused":
                raise Unavailable("not taken")
            case "late":
                self._late.append(line)
                raise Unavailable("no answer")
            case "dead before":
                raise Death
            case "lost":
                self.sequencer.enter(line)
                raise Unavailable("no answer")
            case "dead after":
                self.sequencer.enter(line)
                raise Death
        index = self.sequencer.enter(line)
        return Entered(index, self.store.act.proof(index))

    def read(self, path: str, patience_s: float = 0.0) -> bytes:
        return look(cast("Any", self), path)[1]


class Town:
    """One process after another, over one book and one ledger."""

    def __init__(self, folder: Path, ledger: Ledger, clock: FakeClock) -> None:
        self.home, self.ledger, self.clock = Home(folder), ledger, clock
        self.held: list[Window] = []
        self.live()

    def live(self) -> None:
        self.windows, self.held = Windows(self.home, OsDisk(), self.clock, "x", cast("Any", Away())), []
        self.windows.gate.ledger = cast("LedgerClient", self.ledger)

    def do(self, step: str) -> None:
        """One step, in which the process may die."""
        try:
            with contextlib.suppress(TorrazzoError):
                self._do(step)
        except Death:
            self.windows._book.close()
            self.live()

    def _do(self, step: str) -> None:
        match step:
            case "open":
                self.held.append(self.windows.open_view(WHO, WANTED, "crime"))
            case "close" if self.held:
                self.held.pop(0).close()
            case "settle":
                self.windows.settle()
            case "die":
                raise Death
            case "ledger dies":
                self.ledger.live()
            case "much":
                self.ledger.fill(700)
            case "arrive":
                self.ledger.arrive()

    def end(self) -> None:
        """All is well again, and there is time enough."""
        self.ledger.fates.clear()
        self.ledger.arrive()
        for window in self.held:
            window.close()
        self.windows.settle()
        self.clock.advance(2 * 3_600)
        assert self.windows.settle() == 0
        self.windows.close()


@contextlib.contextmanager
def town() -> Iterator[Town]:
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="windows-", dir="/tmp")))
        clock = FakeClock(START)
        database = stack.enter_context(contextlib.closing(sqlite_database(folder / "l.db")))
        store = stack.enter_context(over(database, FaultyDisk()))
        ledger = Ledger(store, database, clock)
        stack.callback(ledger.close)
        yield Town(folder, ledger, clock)


def check(town: Town) -> None:
    acts = [(number, parse_act(line)) for number, line in enumerate(town.ledger.store.act.entries(
        0, town.ledger.store.act.head.size))]  # fmt: skip
    opened = [number for number, act in acts if act.kind == "view"]
    closed = Counter(act.values["of"] for _, act in acts if act.kind == "close")
    assert closed == Counter(opened)


STEPS = ("open", "open", "close", "settle", "die", "ledger dies", "much", "arrive")
FATES = ("well", "well", "refused", "lost", "late", "dead before", "dead after")


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(STEPS), st.lists(st.sampled_from(FATES), max_size=3)), min_size=1, max_size=12)
)
def test_each_window_is_closed_once(steps: Sequence[tuple[str, Sequence[str]]]) -> None:
    """However often process and ledger die and answers are lost, each window in `act` has one closing fact."""
    with town() as made:
        for step, fates in steps:
            made.ledger.fates = list(fates)
            made.do(step)
            made.clock.advance(30)
        made.end()
        check(made)


def test_a_lost_window_is_closed_however_much_came_behind_it() -> None:
    """Its answer was lost, and thousands of acts came before anybody looked for it."""
    with town() as made:
        made.ledger.fates = ["dead after"]
        made.do("open")
        made.ledger.fill(2_000)
        made.end()
        check(made)


def test_a_closing_fact_that_is_under_way_is_the_only_one() -> None:
    """The ledger did not answer in time and enters it later, before or after the next try: there is one."""
    with town() as made:
        made.do("open")
        made.ledger.fates = ["late"]
        made.do("close")
        made.do("settle")
        made.end()
        check(made)


def test_a_closing_fact_whose_answer_was_lost_is_not_told_again() -> None:
    """Neither by this life nor by the next, with much behind it."""
    with town() as made:
        for last in ("settle", "die"):
            made.do("open")
            made.ledger.fates = ["lost"]
            made.do("close")
            made.ledger.fill(5_000)
            made.ledger.live()
            made.do(last)
        made.end()
        check(made)
