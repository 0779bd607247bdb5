# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The recorder, on a moved clock and a disk with every vice, dies again and again: the archive stays sound."""

import asyncio
import errno
import random
from collections.abc import Sequence
from zoneinfo import ZoneInfo

import pytest

from tests.tools.lab import Lab
from torrazzo.archive import recover
from torrazzo.archive.check import Manner, check
from torrazzo.base import StreamId, TermId
from torrazzo.base.times import ticks_from_text
from torrazzo.keyring.public import KeyName
from torrazzo.testing import ClipSpec, FakeClock, make_clip
from torrazzo.testing.clips import Clip
from torrazzo.testing.disk import FaultyDisk

START = ticks_from_text("2026-10-24T12:20:00", ZoneInfo("Europe/Rome"))


class LabKeys:
    """The lab's ring as a reader's keyring."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab

    def segment_keys(
        self, stream: StreamId, term: TermId, hour: int, class_: str, sealed: bytes, ns: Sequence[int]
    ) -> dict[int, bytes]:
        return dict(self._lab.ring.segment_keys(sealed, stream, term, KeyName(hour, class_), ns))


@pytest.fixture(scope="module")
def clip() -> Clip:
    return make_clip(ClipSpec(fps="5", frames=100, gop=25, width=160, height=96, bitrate=60_000))


@pytest.mark.parametrize("seed", range(12))
def test_an_archive_survives_many_deaths(seed: int, clip: Clip) -> None:
    """Power cuts, kills and disk errors at random: a deep check finds nothing, nothing is owed, what was told stays."""
    asyncio.run(_lives(seed, clip))


@pytest.mark.long
def test_an_archive_survives_very_many_deaths(clip: Clip) -> None:
    """The same, a thousand times."""
    for seed in range(1_000, 2_000):
        asyncio.run(_lives(seed, clip))


async def _lives(seed: int, clip: Clip) -> None:
    dice = random.Random(seed)
    disk, clock = FaultyDisk(), FakeClock(START)
    lab = Lab(disk, clock, clip, 3, roots=dice.choice((1, 2)))
    for _ in range(dice.randrange(1, 5)):
        lab.start(recover_now=dice.random() < 0.8)
        for _ in range(dice.randrange(1, 4)):
            _mischief(dice, lab, disk)
            await lab.run(dice.choice((1, 3, 10, 20, 35)))
            if dice.random() < 0.5:
                disk.heal()
        disk.heal()
        await lab.leave()
        disk = disk.power_cut(dice.randrange(2**32)) if dice.random() < 0.7 else disk.kill()
        lab.disk = disk
        clock.advance(dice.choice((1, 5, 60)))
    lab.start()
    await lab.run(12)
    await lab.stop()
    findings = [finding.line({}) for finding in check(disk, lab.roots, Manner(deep=True, keys=LabKeys(lab)))]
    assert not findings, f"seed {seed}"
    lines = {fact.line for facts in lab.facts().values() for fact in facts}
    assert {each.fact for each in lab.deliveries} <= lines, f"seed {seed}"
    after = recover(disk, lab.roots, lab.fence + 1)
    assert (after.facts, after.volumes, after.damages) == ([], [], []), f"seed {seed}"


def _mischief(dice: random.Random, lab: Lab, disk: FaultyDisk) -> None:
    camera = dice.choice(list(lab.cameras.values()))
    chance = dice.random()
    if chance < 0.2:
        camera.is_silent = not camera.is_silent
    elif chance < 0.3:
        camera.refuses = None if camera.refuses else "net"
    elif chance < 0.5:
        disk.fail(
            dice.choice(("sync", "append", "create", "*")),
            dice.choice(("*", "*root0*")),
            error=dice.choice((errno.EIO, errno.ENOSPC)),
            count=dice.choice((1, 2, 6)),
            but_persist=dice.random() < 0.3,
        )
