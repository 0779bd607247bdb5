# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A day in which everything that can happen to clocks happens."""

from zoneinfo import ZoneInfo

import pytest

from tests.tools.lab import Lab, check_chain, check_elapsed
from torrazzo.base.times import HOUR, SECOND, hour_of, ticks_from_text
from torrazzo.testing import ClipSpec, FakeClock, FaultyDisk, make_clip
from torrazzo.testing.clock import run_virtual

STEPS = {5: 3.0, 9: -3.0, 13: 3_600.0, 17: -3_600.0}  # after so many hours, the clock is set by so many seconds


@pytest.mark.parametrize(("night", "hours"), [("2026-10-24T12:00:00", 24), ("2026-03-28T23:00:00", 4)])
def test_a_day_of_drifting_cameras_and_a_clock_that_is_set(night: str, hours: int) -> None:
    """Spans are ordered, numbers contiguous, every tick accounted for, whatever clocks do."""
    clock = FakeClock(ticks_from_text(night, ZoneInfo("Europe/Rome")))
    clip = make_clip(ClipSpec(fps="1", frames=20, gop=5, width=160, height=96, bitrate=20_000))
    lab = Lab(FaultyDisk(), clock, clip, 2)
    for camera, ppm in zip(lab.cameras.values(), (100, -100), strict=True):
        camera.ppm = ppm

    async def day() -> None:
        lab.start()
        for hour in range(hours):
            await lab.run(3_590, 2.0)
            clock.step(STEPS.get(hour, 0.0))
            await lab.run(10, 1.0)
        await lab.stop()

    run_virtual(clock, day())
    for facts in lab.facts().values():
        check_chain(facts)
        elapsed = check_elapsed(facts)
        assert abs(elapsed - hours * HOUR) < 8 * SECOND
        assert [fact.t1 - fact.t0 for fact in facts if fact.kind == "step" and fact.t1 is not None] == [
            pytest.approx(seconds * SECOND, abs=2) for hour, seconds in STEPS.items() if hour < hours
        ]
        assert not [fact for fact in facts if fact.kind == "gap"]
        segments = [fact for fact in facts if fact.kind == "seg"]
        for fact in segments:
            assert fact.t1 is not None
            assert fact.media is not None
            assert abs(fact.t1 - fact.t0 - fact.media) <= fact.media * 500 // 1_000_000 + 12
            assert hour_of(fact.t0) == hour_of(fact.t1 - 1) or fact.t1 % HOUR <= 2 * SECOND
        ordered = [fact.m0 for fact in segments]
        assert ordered == sorted(ordered)
        assert sum(fact.frames or 0 for fact in segments) == pytest.approx(hours * 3_600, abs=20)
