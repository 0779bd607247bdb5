# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A camera that does its worst costs its own stream; the camera beside it loses no frame."""

from collections.abc import Callable
from pathlib import Path

import pytest
import structlog

from tests.tools.lab import Lab, LabCamera, check_chain, check_elapsed
from torrazzo.archive.fact import Fact
from torrazzo.base.times import SECOND
from torrazzo.camera import AccessUnit, Source, limits
from torrazzo.camera.units import Event
from torrazzo.testing import ClipSpec, FakeClock, FaultyDisk, make_clip
from torrazzo.testing.clips import Clip
from torrazzo.testing.clock import run_virtual

GOP = 5
SAID = "what the camera said"
LIFE_S = 60
LATE_S = 32  # behind the time in which it arrives a stream is at most
Change = Callable[[AccessUnit, int], list[AccessUnit]]


@pytest.fixture(scope="module")
def clip() -> Clip:
    return make_clip(ClipSpec(fps="5", frames=20, gop=GOP, width=160, height=96, bitrate=20_000))


class Hostile(LabCamera):
    """Sends what `change` makes of each picture and its number."""

    change: Change
    cost_s = 0.0  # of reading it
    made = reads = 0

    def units(self, now_ns: int) -> list[Event]:
        found: list[Event] = []
        self.reads += 1
        self.clock.advance(self.cost_s)
        for unit in super().units(now_ns):
            assert isinstance(unit, AccessUnit)
            self.made += 1
            found += self.change(unit, self.made)
        return found


class Played:
    """What is left of a healthy and a hostile camera."""

    def __init__(
        self,
        clip: Clip,
        change: Change | None = None,
        *,
        opens: Callable[[], Source] | None = None,
        cost_s: float = 0.0,
    ) -> None:
        clock = FakeClock()
        self.lab = lab = Lab(FaultyDisk(), clock, clip, 2, base=Path("/r"))
        lab.allows_faults = True
        well, ill = sorted(lab.cameras)
        hostile = Hostile(clip, clock)
        hostile.change = change or (lambda unit, _: [unit])
        hostile.cost_s = cost_s
        lab.cameras[ill] = hostile
        if opens is not None:
            hostile.open = _failing(opens)  # type: ignore[assignment,method-assign]

        async def life() -> None:
            lab.start()
            for _ in range(LIFE_S):
                await lab.run(1)
            self.stream = lab.recorder.streams[ill]
            await lab.stop()

        with structlog.testing.capture_logs() as self.logs:
            run_virtual(clock, life())
        found = lab.facts()
        for facts in found.values():
            check_chain(facts)
            assert check_elapsed(facts) >= (LIFE_S - LATE_S) * SECOND
        sent = [each.serial for each in lab.cameras[well].sent]
        assert frames(found[well]) == len(sent) - (-sent[0] % GOP)
        assert {fact.why for fact in found[well] if fact.kind == "gap" and fact.t1 != fact.t0} <= {"restart"}
        self.facts, self.sent, self.reads = found[ill], hostile.sent, hostile.reads
        self.faults = lab.recorder.faults
        assert self.faults == self.stream.faults + self.stream.journal.faults
        assert [log["event"] for log in self.logs].count("stream_fault") == self.faults
        assert SAID not in str(self.logs)

    def gaps(self, why: str) -> list[Fact]:
        """What was declared for this cause."""
        return [
            fact for fact in self.facts if fact.kind == "gap" and fact.why == why and fact.t1 not in {None, fact.t0}
        ]


def _failing(opens: Callable[[], Source]) -> Callable[[], object]:
    async def open_it() -> Source:
        return opens()

    return open_it


def frames(facts: list[Fact]) -> int:
    """Recorded."""
    return sum(fact.frames or 0 for fact in facts if fact.kind == "seg")


def _raise(*_: object) -> list[AccessUnit]:
    raise ValueError(SAID)


def test_an_unforeseen_error_is_its_streams_alone(clip: Clip) -> None:
    """The source goes, a gap tells why, pauses between the tries double, and the log shows where it happened."""
    played = Played(clip, lambda unit, number: _raise() if number % 10 == 9 else [unit])
    assert frames(played.facts) > 10
    assert 3 <= played.faults <= 6, "of pauses of 1, 2, 4, 8 and 16 s"
    assert len(played.gaps("codec")) >= played.faults - 1
    log = next(log for log in played.logs if log["event"] == "stream_fault")
    assert (log["log_level"], log["error"]) == ("error", "ValueError")
    assert "_raise" in str(log["traceback"])


def test_an_unforeseen_error_while_opening_is_its_streams_alone(clip: Clip) -> None:
    """A camera that can't even be asked is tried again, ever more seldom."""
    played = Played(clip, opens=_raise)  # type: ignore[arg-type]
    assert 3 <= played.faults <= 7
    assert {fact.kind for fact in played.facts} == {"term", "gap"}


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda unit, _: [unit._replace(lost=limits.LOST)], id="all its packets are lost"),
        pytest.param(
            lambda unit, number: [unit._replace(discontinuity=True, dts=number % 2 << 31, pts=number % 2 << 31)],
            id="its clock jumps by 2^31 at every picture",
        ),
        pytest.param(lambda unit, number: [unit._replace(dts=number, pts=number)], id="its clock stands still"),
        pytest.param(lambda unit, _: [unit._replace(dts=-unit.dts, pts=-unit.pts)], id="its clock runs backwards"),
        pytest.param(lambda unit, _: [unit._replace(dts=unit.dts << 40, pts=unit.pts << 40)], id="its clock races"),
        pytest.param(
            lambda unit, number: [unit._replace(dts=3**number, pts=3**number)], id="its pictures come ever more seldom"
        ),
        pytest.param(
            lambda unit, number: [unit._replace(is_key=True, format=unit.format._replace(interval=number))],
            id="its parameter sets change at every picture",
        ),
    ],
)
def test_no_value_of_a_camera_is_too_much(clip: Clip, change: Change) -> None:
    """Whatever stands in its packets can be written, and no error of ours shows."""
    played = Played(clip, change)
    assert played.faults == 0
    assert frames(played.facts) > 100
    assert max(fact.pieces or 0 for fact in played.facts) <= 45


def test_a_camera_that_begins_anew_all_the_time_is_left_alone(clip: Clip) -> None:
    """A thousand sizes a second keep no disk busy: it is let go, with a cause, and that is no error of ours."""

    def change(unit: AccessUnit, number: int) -> list[AccessUnit]:
        sizes = (unit.format._replace(interval=each) for each in range(200))
        return [
            unit._replace(is_key=True, format=size, dts=unit.dts + at, pts=unit.pts + at)
            for at, size in enumerate(sizes)
        ]

    played = Played(clip, change)
    assert played.faults == 0
    assert played.gaps("codec")
    assert len(played.facts) < 10 * 350, "a second's worth at each try"


def test_a_camera_that_takes_long_to_read_is_read_seldom(clip: Clip) -> None:
    """Half a second of the loop is followed by four for the others; what comes is recorded all the same."""
    played = Played(clip, cost_s=0.5)
    assert played.faults == 0
    assert 5 < played.reads < LIFE_S / 4.5 + 10
    assert frames(played.facts) > 100


def test_what_cannot_be_packed_is_a_gap(clip: Clip) -> None:
    """A composition time of more than 31 bits costs the fragment, and what the next try brings is recorded."""
    played = Played(clip, lambda unit, number: [unit._replace(pts=unit.pts + ((number == 42) << 33))])
    assert played.faults == 1
    assert len(played.gaps("codec")) >= 1
    assert frames(played.facts) > len(played.sent) - 30
