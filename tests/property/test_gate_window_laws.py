# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Windows are opened, renewed, closed and replayed while the logs grow, fork, and the keyring restarts."""

from collections import Counter
from typing import ClassVar, NamedTuple

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.tools.gate_town import NOW, OTHER_STREAM, STREAM, GateTown, at, segment_line, view_values
from torrazzo.base.times import SECOND
from torrazzo.keyring.gate import Closed, Granted, State, close, decide
from torrazzo.keyring.gate_refusal import Reason, Refusal
from torrazzo.keyring.heads import Heads
from torrazzo.keyring.trusted_time import Judgement
from torrazzo.ledger.act import WINDOW

MINUTE = 60 * SECOND
MOST_FORKS = 1  # in one run: they change nothing, and lead nowhere
DECISIVE = {"granted", "expired", "expired now", "closed", "restarted", "bind"}
PICK = st.integers(0, 1_000)


class Window(NamedTuple):
    """What was booked."""

    number: int
    stream: str
    start: int
    until: int


class Windows(RuleBasedStateMachine):
    """The keyring beside a list of what was opened and closed; `reached`: what it said, over all runs."""

    reached: ClassVar[Counter[str]] = Counter()

    @initialize(spread=st.sampled_from([0, 5, 40]))
    def start(self, spread: int) -> None:
        """One segment a minute of two streams, for ten minutes; the clocks differ by so many seconds."""
        self.spread, self.forks = spread * SECOND, 0
        self.town = GateTown()
        self.now: int = NOW
        self.windows: list[Window] = []
        self.closed: set[int] = set()
        self.floor = 0
        self.segments = {
            self.town.rec.append(segment_line(stream, n, t0=NOW - n * MINUTE)): (str(stream), NOW - n * MINUTE)
            for stream in (STREAM, OTHER_STREAM)
            for n in range(1, 11)
        }
        self.show_heads()

    def show_heads(self) -> None:
        """The keyring sees how far the logs are, though it grants nothing."""
        request = self.town.request(0, [0])
        decision = decide(self.town.state, request, self.town.rules, self.clocks())
        assert isinstance(decision.outcome, Refusal)
        assert decision.outcome.reason == Reason.KIND
        self.town.state = decision.state

    def clocks(self) -> Judgement:
        """The latest of them tells when a window is over."""
        return at(self.now - self.spread, latest=self.now)

    @rule(minutes=st.integers(1, 10), of=st.sampled_from([STREAM, OTHER_STREAM]), renews=st.booleans())
    def open(self, minutes: int, of: object, renews: bool) -> None:
        """A window on the last minutes, maybe one that renews another."""
        start, until = NOW - minutes * MINUTE, self.now + WINDOW
        before = self.windows[-1].number if renews and self.windows else None
        values = view_values(streams=[str(of)], t0=start, until=until, renews=before)
        number = self.town.book("view", values, t=self.now)
        self.windows.append(Window(number, str(of), start, until))

    @rule(seconds=st.integers(1, 600))
    def wait(self, seconds: int) -> None:
        """Time passes."""
        self.now += seconds * SECOND

    @rule(count=st.integers(1, 40))
    def grow(self, count: int) -> None:
        """Others write into both logs."""
        for log in (self.town.rec, self.town.act):
            for number in range(count):
                log.append(b"other %d" % number)

    @precondition(lambda self: self.windows)
    @rule(window=PICK, segment=PICK, is_holder=st.sampled_from([True, True, True, False]))
    def ask(self, window: int, segment: int, is_holder: bool) -> None:
        """Keys are given exactly if the window is open, whoever asks holds its token, and the segment is in it."""
        wanted = self.windows[window % len(self.windows)]
        self._ask(wanted, sorted(self.segments)[segment % len(self.segments)], is_holder)

    @precondition(lambda self: self.windows)
    @rule(window=PICK, segment=PICK)
    def ask_within(self, window: int, segment: int) -> None:
        """What only the window itself can forbid."""
        wanted = self.windows[window % len(self.windows)]
        self._ask(wanted, self._within(wanted, segment), is_holder=True)

    @precondition(lambda self: self.windows)
    @rule(segment=PICK, late=st.integers(-1, 1))
    def ask_at_the_end(self, segment: int, late: int) -> None:
        """The newest window, a tick before its end, at it, and after it."""
        wanted = self.windows[-1]
        if self.now < wanted.until - 1:
            self.now = wanted.until + late
            self._ask(wanted, self._within(wanted, segment), is_holder=True)

    @rule(minutes=st.integers(1, 10), segment=PICK, is_closed=st.booleans())
    def ask_for_one_that_was_ended(self, minutes: int, segment: int, is_closed: bool) -> None:
        """A window within its time: it gives keys, and none after it was shown to be closed, or after a start."""
        self.open(minutes, STREAM, renews=False)
        wanted = self.windows[-1]
        self._ask(wanted, self._within(wanted, segment), is_holder=True)
        if is_closed:
            self._end(wanted)
        else:
            self.restart()
        self._ask(wanted, self._within(wanted, segment), is_holder=True)

    def _within(self, wanted: Window, segment: int) -> int:
        mine = [
            number
            for number, (stream, t0) in sorted(self.segments.items())
            if stream == wanted.stream and t0 >= wanted.start
        ]
        return mine[segment % len(mine)]

    def _ask(self, wanted: Window, number: int, is_holder: bool) -> None:
        stream, t0 = self.segments[number]
        request = self.town.request(wanted.number, [number])
        if not is_holder:
            request = request._replace(token=bytes(32))
        decision = decide(self.town.state, request, self.town.rules, self.clocks())
        self.town.state = decision.state
        told = decision.outcome.reason.value if isinstance(decision.outcome, Refusal) else "granted"
        is_now = told == "expired" and self.now == wanted.until
        self.reached["expired now" if is_now else told] += 1
        if is_holder and stream == wanted.stream and t0 >= wanted.start:
            assert told == self._expected(wanted)
        else:
            assert not isinstance(decision.outcome, Granted)

    def _expected(self, wanted: Window) -> str:
        if self.now >= wanted.until:
            return "expired"
        if wanted.number < self.floor:
            return "restarted"
        return "closed" if wanted.number in self.closed else "granted"

    @precondition(lambda self: self.windows)
    @rule(window=PICK)
    def end(self, window: int) -> None:
        """A closing fact is booked and shown."""
        self._end(self.windows[window % len(self.windows)])

    def _end(self, wanted: Window) -> None:
        ending = self.town.book("close", {"of": wanted.number, "why": "done", "shown": []}, t=self.now)
        decision = close(self.town.state, self.town.closing(wanted.number, ending), self.town.rules, self.clocks())
        assert decision.outcome == Closed(wanted.number)
        self.town.state = decision.state
        self.closed.add(wanted.number)

    @rule()
    def restart(self) -> None:
        """All that is kept are the heads."""
        self.town.state = State.start(Heads.parse(self.town.state.heads.pack()))
        self.floor = self.town.state.floor

    @precondition(lambda self: self.windows and self.forks < MOST_FORKS)
    @rule(window=PICK, where=PICK, log=st.sampled_from(["rec", "act"]), more=st.integers(0, 3))
    def fork(self, window: int, where: int, log: str, more: int) -> None:
        """A log with another past, as long or longer, is refused, is an alarm, and changes nothing."""
        self.forks += 1
        wanted, seen = self.windows[window % len(self.windows)], getattr(self.town.state.heads, log).head
        true = getattr(self.town, log)
        honest, place = list(true.entries), where % seen.size
        true.entries = [b"forged" if at == place else entry for at, entry in enumerate(honest)] + [b"more"] * more
        request = self.town.request(wanted.number, [min(self.segments)])
        true.entries = honest
        before = self.town.state
        decision = decide(before, request, self.town.rules, self.clocks())
        assert isinstance(decision.outcome, Refusal)
        assert decision.outcome.reason == Reason.HEAD_FORK
        assert decision.outcome.is_alarm
        assert decision.state.heads == before.heads

    @invariant()
    def heads_are_those_of_the_logs(self) -> None:
        """What the keyring has seen is always the beginning of the true logs."""
        for log in ("rec", "act"):
            head = getattr(self.town.state.heads, log).head
            assert head.root == getattr(self.town, log).root(head.size)


def test_windows_open_what_they_say_and_no_longer() -> None:
    """In any order of events a key is given exactly while its window is open, to its holder, for what it names.

    Each answer that decides something was given, so that no check can be gone unseen.
    """
    Windows.reached.clear()
    run_state_machine_as_test(
        Windows,
        settings=settings(
            max_examples=80, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
        ),
    )
    missed = {answer for answer in DECISIVE if Windows.reached[answer] < 3}
    assert not missed, Windows.reached
