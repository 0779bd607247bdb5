# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A disk that is full, fails or does not answer: what cannot be stored is declared, what can be is not lost."""

import asyncio
import errno
import threading
from collections.abc import Callable, Coroutine
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.tools.lab import BOOT, Lab, check_chain, check_elapsed
from torrazzo.archive import Root, VolumeWriter
from torrazzo.archive.fact import Fact, parse_fact
from torrazzo.base import StreamId
from torrazzo.base.times import SECOND
from torrazzo.recorder.writer import DiskWriter
from torrazzo.testing import ClipSpec, FakeClock, FaultyDisk, make_clip
from torrazzo.testing.clips import Clip
from torrazzo.testing.clock import run_virtual

FPS = GOP = 5
GOP_S = 1
ROOM = 64 << 20


@pytest.fixture(scope="module")
def clip() -> Clip:
    return make_clip(ClipSpec(fps="5", frames=20, gop=GOP, width=160, height=96, bitrate=20_000))


class Town:
    """A lab on one faulty disk that is told what goes wrong and asked what was recorded."""

    def __init__(self, clip: Clip, *, count: int = 3, roots: int = 1) -> None:
        self.clock, self.disk = FakeClock(), FaultyDisk()
        self.lab = Lab(self.disk, self.clock, clip, count, roots=roots, base=Path("/r"))
        self.streams = sorted(self.lab.cameras)

    def live(self, life: Coroutine[Any, Any, None]) -> dict[StreamId, list[Fact]]:
        """Run it; returns all facts, which are sound."""
        run_virtual(self.clock, life)
        found = self.lab.facts()
        assert sorted(found) == self.streams
        for facts in found.values():
            check_chain(facts)
            check_elapsed(facts)
        return found

    def frames_sent(self, stream: StreamId) -> int:
        """From the first key frame on."""
        serials = [each.serial for each in self.lab.cameras[stream].sent]
        return len(serials) - (-serials[0] % GOP)


def frames(facts: list[Fact]) -> int:
    """Recorded."""
    return sum(fact.frames or 0 for fact in facts if fact.kind == "seg")


def gaps(facts: list[Fact]) -> list[tuple[str | None, float]]:
    """Closed ones: cause, seconds."""
    return [
        (fact.why, (fact.t1 - fact.t0) / SECOND)
        for fact in facts
        if fact.kind == "gap" and fact.t1 not in (None, fact.t0)
    ]


@pytest.mark.parametrize("phase", [0, 0.3, 0.6, 0.95])
def test_a_full_disk_leaves_a_gap_and_is_used_again_within_two_seconds(phase: float, clip: Clip) -> None:
    """No space: a gap `disk` for each camera; a second and a key frame after there is space, it records again."""
    town = Town(clip)
    freed = full = 0

    async def life() -> None:
        nonlocal freed, full
        town.lab.start()
        await town.lab.run(20)
        full = town.clock.utc()
        town.disk.capacity = town.disk.used + 1_000
        await town.lab.run(30 + phase)
        freed = town.clock.utc()
        town.disk.capacity += ROOM
        await town.lab.run(20)
        await town.lab.stop()

    for facts in town.live(life()).values():
        closed = [fact for fact in facts if fact.kind == "gap" and fact.t1]
        assert {fact.why for fact in closed} == {"disk"}
        assert all(a.t1 == b.t0 for a, b in pairwise(closed)), "a stray picture stands in the gap"
        assert closed[0].t0 >= full - 2 * SECOND
        assert (closed[-1].t1 or 0) <= freed + (1 + GOP_S) * SECOND + SECOND // 10


def test_a_root_that_fails_hands_its_cameras_over(clip: Clip) -> None:
    """An error on one of two roots moves its cameras to the other; those of the other go on; nothing is lost."""
    town = Town(clip, count=4, roots=2)
    lab = town.lab
    bad, good = lab.roots
    homes: dict[StreamId, list[Root]] = {}

    def note() -> None:
        for stream in lab.recorder.streams.values():
            homes.setdefault(stream.id, []).append(stream.writer.root)

    async def life() -> None:
        lab.start()
        await lab.run(17)
        note()
        town.disk.fail("append", f"{bad.path}/*", count=None)
        town.disk.fail("create", f"{bad.path}/*", count=None)
        await lab.run(20)
        note()
        await lab.stop()
        town.disk.heal()
        lab.start()
        await lab.run(1)
        await lab.stop()

    found = town.live(life())
    assert {tuple(root.path for root in each) for each in homes.values()} == {
        (bad.path, good.path),
        (good.path, good.path),
    }
    for stream, facts in found.items():
        assert not [gap for gap in gaps(facts) if gap[0] != "restart"]
        first = [fact for fact in facts if fact.term == facts[0].term]
        assert not gaps(first)
        sent = [each for each in lab.cameras[stream].sent if each.utc <= (first[-1].t1 or 0)]
        assert frames(first) >= len(sent) - (-sent[0].serial % GOP) - 1
        if homes[stream][0] == good:
            assert all(fact.frames in (None, 10 * FPS) for fact in first[1:-1])


@pytest.mark.parametrize("first", [0, 1])
def test_the_first_of_all_roots_that_takes_records_again_takes_all_cameras(first: int, clip: Clip) -> None:
    """Both of two roots fail; as soon as either is back, every camera is recorded there."""
    town = Town(clip, count=4, roots=2)
    back = 0

    async def life() -> None:
        nonlocal back
        town.lab.start()
        await town.lab.run(12)
        for op in ("append", "create"):
            town.disk.fail(op, "/r/*", count=None)
        await town.lab.run(10)
        town.disk.heal()
        for op in ("append", "create"):
            town.disk.fail(op, f"{town.lab.roots[1 - first].path}/*", count=None)
        back = town.clock.utc()
        await town.lab.run(15)
        assert {stream.writer.root for stream in town.lab.recorder.streams.values()} == {town.lab.roots[first]}
        await town.lab.stop()

    for facts in town.live(life()).values():
        (until,) = {fact.t1 for fact in facts if fact.kind == "gap" and fact.t0 != fact.t1 and (fact.t1 or 0) > back}
        assert (until or 0) <= back + (1 + GOP_S) * SECOND + SECOND // 10
        assert facts[-1].kind == "seg"


@pytest.mark.parametrize("roots", [1, 2])
@pytest.mark.parametrize("op", ["sync", "append", "create"])
def test_one_failure_costs_what_was_not_synced(op: str, roots: int, clip: Clip) -> None:
    """An act that fails once: its batch goes to the other root, or it and the time until the next try are gone."""
    town = Town(clip, count=2, roots=roots)

    async def life() -> None:
        town.lab.start()
        await town.lab.run(15.5)
        town.disk.fail(op, "/r/root0/*.vol")
        if op == "create":
            town.disk.fail("append", "/r/root0/*.vol")  # so that another volume is wanted: the next try fails too
        await town.lab.run(15)
        await town.lab.stop()
        town.disk.heal()
        town.lab.start()
        await town.lab.run(1)
        await town.lab.stop()

    for stream, facts in town.live(life()).items():
        first = [fact for fact in facts if fact.term == facts[0].term]
        lost = sum(seconds for _, seconds in gaps(first))
        assert {why for why, _ in gaps(first)} <= {"disk"}
        assert lost <= (0 if roots == 2 else 3 + GOP_S + (op == "create")), f"{stream} lost {lost} s"


class Threads:
    """The lab with real writers: real threads write, time stands still until they have done what they can."""

    def __init__(self, town: Town) -> None:
        self.town = town
        lab = town.lab
        lab.start()
        recorder = lab.recorder
        self.writers = [DiskWriter(lab.disk, root, lab.fence + 1, lab.clock, recorder) for root in lab.roots]
        for old, new in zip(recorder.writers, self.writers, strict=True):
            for stream in recorder.streams.values():
                if stream.writer is old:
                    stream.writer = new
            new.start(BOOT)
        recorder.writers = list(self.writers)

    async def run(self, seconds: float, is_stuck: Callable[[], bool]) -> None:
        """Let time pass; between beats the writers catch up, unless the disk stands still."""
        for _ in range(round(seconds * 16)):
            await self.town.lab.run(0.0625)
            while not is_stuck() and any(writer.backlog(0)[1] for writer in self.writers):
                await asyncio.to_thread(threading.Event().wait, 0.001)


@pytest.mark.parametrize(("stall_s", "may_lose"), [(5, False), (30, True)])
def test_a_disk_that_stands_still(stall_s: int, may_lose: bool, clip: Clip) -> None:
    """Five seconds without an answer lose nothing; after thirty a gap `disk` of whole groups of pictures is told."""
    town = Town(clip, count=2)
    recorder_lost: dict[StreamId, int] = {}

    async def life() -> None:
        threads = Threads(town)
        await threads.run(15.5, lambda: False)
        gate = town.disk.stall("sync", "*.vol")
        await threads.run(stall_s, lambda: True)
        gate.open()
        await threads.run(15, lambda: False)
        recorder_lost.update({stream: town.frames_sent(stream) for stream in town.streams})
        await town.lab.stop()

    for stream, facts in town.live(life()).items():
        found = gaps(facts)
        missing = recorder_lost[stream] - frames(facts)
        if may_lose:
            assert {why for why, _ in found} == {"disk"}
            assert sum(seconds for _, seconds in found) <= stall_s
            assert missing % GOP in {0, 1}  # one may not have been read yet
            assert missing / FPS == pytest.approx(sum(seconds for _, seconds in found), abs=0.5)
        else:
            assert not found
            assert missing <= 1


@pytest.mark.parametrize("roots", [1, 2])
def test_a_volume_that_cannot_be_ended_doubles_nothing(clip: Clip, monkeypatch: pytest.MonkeyPatch, roots: int) -> None:
    """What was synced before its volume failed to end is not written twice, and every fact is delivered."""
    town = Town(clip, roots=roots)
    ends: list[str] = []
    finish = VolumeWriter.finish

    def fails_once(volume: VolumeWriter) -> bool:
        ends.append(volume.name)
        if len(ends) == 1:
            raise OSError(errno.EIO, "Input/output error")
        return finish(volume)

    async def life() -> None:
        town.lab.start()
        monkeypatch.setattr(VolumeWriter, "finish", fails_once)
        await town.lab.run(640, 0.25)
        assert ends
        await town.lab.stop()

    found = town.live(life())
    delivered = {parse_fact(each.fact).id for each in town.lab.deliveries}
    for stream, facts in found.items():
        assert not [fact for fact in facts if fact.kind == "step"]
        assert frames(facts) <= town.frames_sent(stream)
        if roots == 2:
            assert frames(facts) >= town.frames_sent(stream) - 1
        assert {fact.id for fact in facts} <= delivered


def test_a_camera_added_again_while_the_disk_was_full_has_its_facts(clip: Clip) -> None:
    """The end of a tenure that a failed disk handed back is told when it is written at last."""
    town = Town(clip, count=2)
    again = town.streams[0]

    async def life() -> None:
        lab = town.lab
        lab.start()
        await lab.run(20)
        town.disk.fail("create", count=None)
        town.disk.fail("sync", count=1)
        await lab.run(5)
        camera = lab.cameras.pop(again)
        lab.follow()
        await lab.run(2)
        lab.cameras[again] = camera
        lab.follow()
        await lab.run(3)
        town.disk.heal()
        await lab.run(30)
        await lab.stop()

    facts = town.live(life())[again]
    assert len({fact.term for fact in facts}) == 2
    assert facts[-1].kind == "seg"
