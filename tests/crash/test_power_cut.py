# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The power goes again and again, at any moment: little is lost, and nothing unsaid."""

import random
import statistics
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tools.lab import Lab, check_chain, check_elapsed
from torrazzo.base import StreamId
from torrazzo.base.times import SECOND
from torrazzo.testing import ClipSpec, FakeClock, FaultyDisk, make_clip
from torrazzo.testing.clock import run_virtual

FPS = GOP = 5
SPEC = ClipSpec(fps="5", frames=20, gop=GOP, width=160, height=96, bitrate=20_000)
LIVES = 5
MAY_LOSE_S = 2
BEAT_S = 0.0625


class Life:
    """One run of the recorder, from a start to a power cut: what each camera sent in it, and when it ended."""

    def __init__(self, lab: Lab) -> None:
        self.began = lab.clock.utc()
        self._sent_before = {stream: len(camera.sent) for stream, camera in lab.cameras.items()}
        self.ended = 0
        self.sent: dict[StreamId, int] = {}
        self.terms: dict[StreamId, str] = {}

    def end(self, lab: Lab) -> None:
        """The power is gone."""
        self.ended = lab.clock.utc()
        for stream, recorded in lab.recorder.streams.items():
            if recorded.keeper.source is not None:  # what has come since the last sweep is received too
                lab.cameras[stream].units(lab.clock.boot_ns())
        for stream, before in self._sent_before.items():
            serials = [each.serial for each in lab.cameras[stream].sent[before:]]
            while serials and serials[0] % GOP:  # nothing can begin there
                serials.pop(0)
            self.sent[stream] = len(serials)
        self.terms = {stream: str(each.journal.term) for stream, each in lab.recorder.streams.items()}


async def live(lab: Lab, disk: FaultyDisk, dice: random.Random) -> Life:
    """Start, record for a while, lose the power: between two acts of the disk, or in the middle of one."""
    life = Life(lab)
    is_late = dice.random() < 0.4
    left = dice.choice((dice.uniform(0, 3), dice.uniform(3, 60)))
    recovers_in = dice.uniform(0, left * 1.2)
    if dice.random() < 0.15:
        disk.cut_power_at(dice.randint(1, 12))  # while it starts and recovers
    try:
        lab.start(recover_now=not is_late)
        while left > 0 and not disk.is_off:
            await lab.run(BEAT_S)
            left -= BEAT_S
            recovers_in -= BEAT_S
            if is_late and recovers_in < 0:
                is_late = False
                lab.recover()
        if not disk.is_off and dice.random() < 0.7:
            disk.cut_power_at(dice.randint(1, 40))
            while not disk.is_off:
                await lab.run(BEAT_S)
    except OSError:
        assert disk.is_off
    life.end(lab)
    await lab.leave()
    return life


def live_and_die(seed: int) -> list[float]:
    """Several lives under one seed; checks everything, returns what each camera that came lost in each, in s."""
    dice = random.Random(seed)
    clock = FakeClock()
    disk = FaultyDisk()
    lab = Lab(disk, clock, make_clip(SPEC), 3, roots=dice.choice((1, 2)), base=Path("/r"))
    lives: list[Life] = []

    async def town() -> None:
        nonlocal disk
        for _ in range(LIVES):
            lives.append(await live(lab, disk, dice))
            disk = disk.power_cut(dice.getrandbits(32))
            lab.disk = disk
            clock.advance(dice.uniform(0.5, 20))
        lab.start()
        await lab.run(3)
        await lab.stop()

    run_virtual(clock, town())
    losses: list[float] = []
    found = lab.facts()
    assert set(found) == set(lab.cameras)
    for stream, facts in found.items():
        check_chain(facts)
        check_elapsed(facts)
        for life in lives:
            segments = [fact for fact in facts if fact.kind == "seg" and str(fact.term) == life.terms.get(stream)]
            frames = sum(fact.frames or 0 for fact in segments)
            assert frames <= life.sent[stream]
            missing = (life.sent[stream] - frames) / FPS
            unheld = (life.ended - max((fact.t1 or 0 for fact in segments), default=life.began)) / SECOND
            who = f"seed {seed}, {stream}"
            assert missing <= MAY_LOSE_S, f"{who}: {missing} s of what came is missing"
            assert not frames or unheld <= MAY_LOSE_S + 1 / FPS, f"{who}: nothing of the last {unheld} s is held"
            if life.sent[stream]:
                losses.append(missing)
    return losses


def _tell(losses: list[float], record_property: Callable[[str, object], None]) -> None:
    record_property("cameras cut off", len(losses))
    record_property("lost, s: median, worst", (round(statistics.median(losses), 3), round(max(losses), 3)))


@pytest.mark.parametrize("seed", range(5))
def test_power_cuts_lose_two_seconds_at_most_and_all_is_declared(
    seed: int, record_property: Callable[[str, object], None]
) -> None:
    """Each cut takes at most two seconds of each camera, and the facts account for every tick."""
    _tell(live_and_die(seed), record_property)


@pytest.mark.long
def test_many_more_power_cuts(record_property: Callable[[str, object], None]) -> None:
    """As above, under fifty other seeds."""
    seeds = range(100, 150)
    record_property("seeds: from, to", (seeds[0], seeds[-1]))
    _tell([loss for seed in seeds for loss in live_and_die(seed)], record_property)
