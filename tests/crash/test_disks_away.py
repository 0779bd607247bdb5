# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Disks that are away at one start and back at a later one, among failures and deaths: no fact is told twice."""

import asyncio
import errno
import random
from collections import defaultdict
from collections.abc import Sequence

import pytest

from tests.tools.lab import Lab, check_chain, check_elapsed
from torrazzo.archive import Root, recover
from torrazzo.archive.check import Manner, check
from torrazzo.archive.fact import Fact
from torrazzo.base import SegmentId
from torrazzo.testing import ClipSpec, FakeClock, make_clip
from torrazzo.testing.clips import Clip
from torrazzo.testing.disk import FaultyDisk


@pytest.fixture(scope="module")
def clip() -> Clip:
    return make_clip(ClipSpec(fps="5", frames=100, gop=25, width=160, height=96, bitrate=60_000))


@pytest.mark.parametrize("seed", range(16))
def test_a_disk_that_was_away_and_came_back_contradicts_nothing(seed: int, clip: Clip) -> None:
    """Three lives, a disk missing in the middle one: facts are unique, what was told stays, and all adds up."""
    asyncio.run(_Town(seed, clip).lives([False, True, False]))


@pytest.mark.parametrize("seed", range(12))
def test_disks_that_come_and_go_contradict_nothing(seed: int, clip: Clip) -> None:
    """The same over many lives, with any disks missing in each but the last."""
    town = _Town(seed, clip)
    asyncio.run(town.lives([town.dice.random() < 0.5 for _ in range(town.dice.randrange(3, 7))] + [False]))


@pytest.mark.long
def test_disks_that_come_and_go_very_often_contradict_nothing(clip: Clip) -> None:
    """The same, a thousand times."""
    for seed in range(1_000, 2_000):
        town = _Town(seed, clip)
        asyncio.run(town.lives([town.dice.random() < 0.5 for _ in range(town.dice.randrange(2, 7))] + [False]))


class _Town:
    """A lab on two or three disks that fail, die and go missing."""

    def __init__(self, seed: int, clip: Clip) -> None:
        self.dice = random.Random(seed)
        self.disk, self.clock = FaultyDisk(), FakeClock()
        self.lab = Lab(self.disk, self.clock, clip, 4, roots=self.dice.choice((2, 3)))
        self.who = f"seed {seed}"
        self.opened: dict[int, set[Root]] = {}  # roots by fence

    async def lives(self, is_one_missing: Sequence[bool]) -> None:
        """One after the other; then all must be right."""
        lab = self.lab
        for is_missing in is_one_missing:
            lab.missing = self._some() if is_missing else set()
            lab.start(recover_now=self.dice.random() < 0.8)
            self.opened[lab.fence] = set(lab.here)
            await self._live()
            await self._die()
        lab.start()
        await lab.run(12)
        await lab.stop()
        self._check()

    def _some(self) -> set[Root]:
        roots = list(self.lab.roots)
        return set(self.dice.sample(roots, self.dice.randrange(1, len(roots))))

    async def _live(self) -> None:
        for _ in range(self.dice.randrange(1, 4)):
            if self.dice.random() < 0.6:
                root = self.dice.randrange(len(self.lab.roots))
                self.disk.fail(
                    self.dice.choice(("sync", "append", "create")),
                    f"/r/root{root}/*",
                    error=self.dice.choice((errno.EIO, errno.ENOSPC)),
                    count=self.dice.choice((1, 2, 40)),
                    but_persist=self.dice.random() < 0.5,
                )
            camera = self.dice.choice(list(self.lab.cameras.values()))
            if self.dice.random() < 0.3:
                camera.is_silent = not camera.is_silent
            await self.lab.run(self.dice.choice((0.25, 1, 3, 10, 25)))
            if self.dice.random() < 0.5:
                self.disk.heal()

    async def _die(self) -> None:
        self.disk.heal()
        if self.dice.random() < 0.2:
            await self.lab.stop()
        else:
            await self.lab.leave()
        is_cut = self.dice.random() < 0.7
        self.disk = self.lab.disk = self.disk.power_cut(self.dice.randrange(2**32)) if is_cut else self.disk.kill()
        self.clock.advance(self.dice.choice((1, 5, 60)))

    def _check(self) -> None:
        lab = self.lab
        assert recover(self.disk, lab.roots, lab.fence + 1).facts == [], self.who
        lost = 0
        lines: set[bytes] = set()
        for facts in lab.facts().values():
            told: dict[SegmentId, set[bytes]] = defaultdict(set)
            for fact in facts:
                told[fact.id].add(fact.line)
            assert all(len(several) == 1 for several in told.values()), f"{self.who}: told twice, differently"
            lines |= {fact.line for fact in facts}
            for stretch in self._stretches(list({fact.id: fact for fact in facts}.values())):
                check_chain(stretch)
                if any(fact.kind != "term" for fact in stretch):
                    check_elapsed(stretch)
                lost += stretch[0].lost_term is not None
        assert {each.fact for each in lab.deliveries} <= lines, f"{self.who}: what was told does not count"
        findings = [finding.what for finding in check(self.disk, lab.roots, Manner(deep=True))]
        assert all(what.startswith("not accounted for: ") for what in findings), f"{self.who}: {findings}"
        assert len(findings) <= lost, self.who

    def _stretches(self, facts: list[Fact]) -> list[list[Fact]]:
        """Facts of a stream between those terms that could not find what was before, and were right in that."""
        stretches: list[list[Fact]] = []
        for fact in facts:
            if fact.lost_term is not None:
                starts = range(stretches[-1][-1].term.fence, fact.term.fence) if stretches else ()
                is_known = all(self.opened[start] <= self.opened[fact.term.fence] for start in starts)
                assert not stretches or not is_known, self.who
                stretches.append([])
            elif not stretches:
                stretches.append([])
            stretches[-1].append(fact)
        return stretches
