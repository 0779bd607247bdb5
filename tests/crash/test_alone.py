# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The recorder on its own: nobody renews its keys or its permission, and it goes by what it was given."""

from collections.abc import Coroutine
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.tools.lab import Lab, check_chain, check_elapsed
from torrazzo.archive import VolumeReader
from torrazzo.archive.fact import Fact
from torrazzo.archive.record import Kind
from torrazzo.archive.root import volume_names
from torrazzo.base import StreamId
from torrazzo.base.times import HOUR, SECOND, hour_of, ticks_from_text
from torrazzo.keyring.public import KeyName
from torrazzo.testing import ClipSpec, FakeClock, FaultyDisk, make_clip
from torrazzo.testing.clips import Clip
from torrazzo.testing.clock import run_virtual

START = ticks_from_text("2026-10-24T12:59:20", ZoneInfo("Europe/Rome"))
NEXT_HOUR = START + 40 * SECOND
FPS = GOP = 5


@pytest.fixture(scope="module")
def clip() -> Clip:
    return make_clip(ClipSpec(fps="5", frames=20, gop=GOP, width=160, height=96, bitrate=20_000))


@pytest.fixture
def lab(clip: Clip) -> Lab:
    return Lab(FaultyDisk(), FakeClock(START), clip, 2, base=Path("/r"))


def live(lab: Lab, life: Coroutine[Any, Any, None]) -> dict[StreamId, list[Fact]]:
    """Run it on the lab's clock; returns all facts, which are sound."""
    clock = lab.clock
    run_virtual(clock, life)
    found = lab.facts()
    assert set(found) == set(lab.cameras)
    for facts in found.values():
        check_chain(facts)
        check_elapsed(facts)
    return found


def lose_keyring(lab: Lab, hours: int) -> None:
    """From now on there are only the public keys of this hour and of those that follow, `hours` in all."""
    for hour in range(hour_of(START), hour_of(START) + hours):
        lab.public_key(hour, "standard")
    lab.has_keyring = False


def gaps(facts: list[Fact]) -> list[Fact]:
    """Those that are over and took time."""
    return [fact for fact in facts if fact.kind == "gap" and fact.t1 not in (None, fact.t0)]


def test_it_records_on_without_a_keyring(lab: Lab) -> None:
    """Public keys known ahead are enough: over an hour's end and a crash, all is recorded and can be read."""
    lose_keyring(lab, 2)

    async def life() -> None:
        lab.start()
        await lab.run(60)
        await lab.leave()
        lab.disk = lab.disk.kill()  # type: ignore[attr-defined] # a FaultyDisk
        lab.clock.advance(3)
        lab.start()
        await lab.run(30)
        await lab.stop()

    found = live(lab, life())
    for facts in found.values():
        assert [gap.why for gap in gaps(facts)] == ["restart"]
        gap = gaps(facts)[0]
        assert (gap.t1 or 0) - gap.t0 <= (3 + 2 + GOP / FPS) * SECOND
        segments = [fact for fact in facts if fact.kind == "seg"]
        assert {hour_of(fact.t0) for fact in segments} == {hour_of(START), hour_of(START) + 1}
        assert sum(fact.frames or 0 for fact in segments) >= (90 - 4) * FPS  # the crash, and a key frame after it
    _all_can_be_read(lab)


def _all_can_be_read(lab: Lab) -> None:
    """Each stream's key of each hour opens with the private key that the ring has."""
    opened = 0
    for name in volume_names(lab.disk, lab.roots[0]):
        with VolumeReader.open(lab.disk, lab.roots[0].volumes / name) as reader:
            for record in reader.records():
                if record.kind == Kind.KEY:
                    assert record.stream is not None
                    assert record.term is not None
                    hour = KeyName(hour_of(record.t0), "standard")
                    sealed = reader.payload(record)
                    assert lab.ring.segment_keys(sealed, record.stream, record.term, hour, [0])
                    opened += 1
    assert opened >= 3 * len(lab.cameras)


def test_without_permission_nothing_is_recorded(lab: Lab) -> None:
    """At the end of the permission recording ends, a gap `permit` is told, and the camera is let go."""
    lab.until = START + 20 * SECOND

    async def life() -> None:
        lab.start()
        await lab.run(50)
        for stream in lab.recorder.streams.values():
            assert stream.keeper.source is None
        lab.until = START + HOUR
        lab.follow()
        await lab.run(10)
        await lab.stop()

    for facts in live(lab, life()).values():
        assert [gap.why for gap in gaps(facts)] == ["permit"]
        gap = gaps(facts)[0]
        assert abs(gap.t0 - START - 20 * SECOND) <= 1.5 * SECOND
        assert START + 50 * SECOND <= (gap.t1 or 0) <= START + (50 + 2 + GOP / FPS) * SECOND
        assert all(fact.t0 >= (gap.t1 or 0) or (fact.t1 or 0) <= gap.t0 for fact in facts if fact.kind == "seg")


def test_a_restart_without_permission_tells_so(lab: Lab) -> None:
    """A recorder that starts after the permission's end records nothing and says why."""
    lab.until = START + 10 * SECOND

    async def life() -> None:
        lab.start()
        await lab.run(5)
        await lab.stop()
        lab.clock.advance(10)
        lab.start()
        await lab.run(20)
        await lab.stop()

    for facts in live(lab, life()).values():
        assert [gap.why for gap in gaps(facts)][-1] == "permit"
        assert {gap.why for gap in gaps(facts)} <= {"restart", "permit"}
        later = [fact for fact in facts if fact.term != facts[0].term]
        assert later
        assert not [fact for fact in later if fact.kind == "seg"]


def test_an_hour_without_a_key_is_a_gap(lab: Lab) -> None:
    """No public key for the hour: a gap `keys` from its beginning until a key comes, and no segment in it."""
    lose_keyring(lab, 1)
    came = 0

    async def life() -> None:
        nonlocal came
        lab.start()
        await lab.run(80)
        lab.has_keyring = True
        came = lab.clock.utc()
        await lab.run(10)
        await lab.stop()

    for facts in live(lab, life()).values():
        assert {gap.why for gap in gaps(facts)} == {"keys"}
        first, last = gaps(facts)[0], gaps(facts)[-1]
        assert NEXT_HOUR - 1.5 * SECOND <= first.t0 <= NEXT_HOUR + 1.5 * SECOND
        assert came <= (last.t1 or 0) <= came + (2 + GOP / FPS) * SECOND
        segments = [fact for fact in facts if fact.kind == "seg"]
        assert all(fact.t0 >= (last.t1 or 0) or (fact.t1 or 0) <= first.t0 for fact in segments)
        assert max(fact.t1 or 0 for fact in segments) >= came + 7 * SECOND
