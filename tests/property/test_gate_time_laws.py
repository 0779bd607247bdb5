# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""One clock lies, any one, at any time, over boots and restarts: nothing is shredded early, nothing is read late."""

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

from torrazzo.base.times import DAY, HOUR, SECOND, BootNs, UtcTicks
from torrazzo.keyring.trusted_time import LEAD, LEGAL_HOURS, Judgement, Reading, Times, Tolerances, end_of_life, judge

START = 494_000 * HOUR
RULES = Tolerances(("witness",))
SLACK = SECOND // 2  # what the clock that only runs may drift in the time in which a source counts as fresh

OFFSETS = st.one_of(
    st.sampled_from([7 * DAY, -DAY, -9 * DAY, HOUR, -HOUR, 29 * SECOND, -29 * SECOND, 31 * SECOND, -31 * SECOND]),
    st.integers(-10 * DAY, 10 * DAY),
)
STEPS = st.one_of(
    st.sampled_from([SECOND, 10 * SECOND, 61 * SECOND, 15 * 60 * SECOND + 1]),
    st.integers(1, HOUR),
    st.integers(1, 9 * DAY),
)


class Clocks(RuleBasedStateMachine):
    """A machine whose clocks are wrong one at a time, and the true time."""

    @initialize(ppm=st.integers(-200, 200))
    def start(self, ppm: int) -> None:
        """With a clock that only runs as well as quartz does."""
        self.true, self.booted, self.boots, self.ppm = START, START, 0, ppm
        self.wall = self.lie = 0
        self.has_lied = False  # a source that lied in this boot may not be believed in later ones
        self.told = self.judged_at = -1
        self.times = Times()
        self.speak()

    def reading(self) -> Reading:
        """What the machine's clocks show."""
        ticks = self.true - self.booted
        ns = (ticks + ticks * self.ppm // 1_000_000) * 100_000 // 9
        return Reading(UtcTicks(self.true + self.wall), f"boot {self.boots}", BootNs(ns))

    @rule(ticks=STEPS)
    def pass_time(self, ticks: int) -> None:
        """Nothing else happens."""
        self.true += ticks

    @rule()
    def speak(self) -> None:
        """The source states the true time: it does not lie any more."""
        self.times = self.times.hear("witness", UtcTicks(self.true), self.reading())
        self.lie, self.told = 0, self.true

    @precondition(lambda self: self.wall == 0)
    @rule(off=OFFSETS)
    def lies(self, off: int) -> None:
        """The source alone is wrong, until it speaks the truth again; what it may have said before is not heard."""
        before = self.times
        self.times = self.times.hear("witness", UtcTicks(self.true + off), self.reading())
        if self.times is before:
            return
        self.lie, self.told, self.has_lied = off, self.true, True

    @precondition(lambda self: self.lie == 0 and not self.has_lied)
    @rule(off=OFFSETS)
    def set_wall(self, off: int) -> None:
        """Somebody sets the wall clock."""
        self.wall = off

    @rule()
    def mend_wall(self) -> None:
        """Somebody sets it right."""
        self.wall = 0

    @rule(off=STEPS)
    def boot(self, off: int) -> None:
        """The machine was off for a while."""
        self.true += off
        self.booted, self.told = self.true, -1
        self.boots += 1

    @rule(minutes=st.integers(1, 3))
    def quiet_minutes(self, minutes: int) -> None:
        """All is as it should be, and judged."""
        self.mend_wall()
        for _ in range(minutes):
            self.speak()
            self.judge()
            self.pass_time(60 * SECOND)
        self.speak()

    @rule()
    def restart(self) -> None:
        """The keyring starts again, from what it keeps."""
        self.times = Times.parse(self.times.pack())

    @rule()
    def judge(self) -> None:
        """Each judgement is kept, as the keyring does."""
        self.times, _ = judge(self.times, self.reading(), RULES)

    def found(self) -> Judgement:
        """What is judged now."""
        return judge(self.times, self.reading(), RULES)[1]

    @invariant()
    def nothing_is_shredded_early(self) -> None:
        """An hour that may be shredded is at most two minutes before the end of its life, and a tolerance."""
        found = self.found()
        if found.agreed is not None:
            assert found.agreed <= self.true + SLACK
            hour = (found.agreed + LEAD) // HOUR - LEGAL_HOURS
            assert found.may_shred(hour)
            assert not found.may_shred(hour + 1)
            assert self.true >= end_of_life(hour, LEGAL_HOURS) - LEAD - SLACK

    @invariant()
    def nothing_is_read_late(self) -> None:
        """No hour whose life is truly over can be read."""
        found = self.found()
        assert not found.may_read(self.true // HOUR - LEGAL_HOURS)
        assert found.latest is None or found.latest >= self.true - 1

    @invariant()
    def a_wrong_clock_is_told(self) -> None:
        """Where a source speaks and one of the clocks is far off, there is an alarm, and nothing is shredded."""
        is_fresh = self.told >= 0 and self.true - self.told <= RULES.fresh // 2
        if is_fresh and (abs(self.wall) > RULES.apart + SLACK or abs(self.lie) > RULES.apart + SLACK):
            found = self.found()
            assert found.alarms
            assert found.agreed is None

    @invariant()
    def right_clocks_are_believed(self) -> None:
        """Where nobody ever lied and all is right now, shredding goes on, a minute after a boot."""
        if self.wall or self.has_lied or self.told != self.true:
            return
        found = self.found()
        assert found.alarms == ()
        assert found.latest is not None
        if self.times.mark is not None and self.times.mark.at.boot == f"boot {self.boots}":
            ran = (self.reading().boot_ns - self.times.mark.first.boot_ns) * 9 // 100_000
            assert (found.agreed is not None) is (ran >= RULES.settle)


def test_one_wrong_clock_does_no_harm() -> None:
    """Whatever one clock says: not shredded early, not read late, and told; when all are right they are believed."""
    run_state_machine_as_test(
        Clocks,
        settings=settings(
            max_examples=60, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
        ),
    )
