# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the time line promises."""

from collections.abc import Iterable
from itertools import pairwise

import pytest

from torrazzo.base.times import SECOND
from torrazzo.camera import AccessUnit, VideoFormat
from torrazzo.ingest import Frame, GapClosed, GapOpened, ServerTime, Step, Timeline
from torrazzo.ingest.timeline import Item

UTC0 = 1_795_557_600 * SECOND
BOOT0 = 500_000_000_000
FORMAT = VideoFormat("h264", 640, 360, (b"\x67", b"\x68"), 0, None)
FRAME = 3_600


def ns(ticks: int) -> int:
    """Boot time of a moment given in ticks since the start."""
    return BOOT0 + ticks * 100_000 // 9


def unit(dts: int, at: int, *, key: bool = False, jump: bool = False) -> AccessUnit:
    """A unit with this media time that arrives `at` ticks after the start."""
    return AccessUnit(dts, dts, b"x", key, FORMAT, 0, ns(at), jump)


def regular(first: int, count: int, *, start: int = 0, delay: int = 900) -> list[AccessUnit]:
    """`count` units at 25 a second, the first with media time `first`, taken `start` ticks after the start."""
    return [unit(first + FRAME * i, start + FRAME * i + delay, key=i % 50 == 0) for i in range(count)]


def check_tiling(items: Iterable[Item]) -> list[Frame | GapClosed | Step]:
    """Each item begins where the one before ended; returns those that move time."""
    moving = [item for item in items if not isinstance(item, GapOpened)]
    for before, after in pairwise(moving):
        assert after.t0 == before.t1
    return moving


@pytest.fixture
def line() -> Timeline:
    """A time line that starts at UTC0."""
    return Timeline(ServerTime(UTC0, BOOT0), BOOT0)


def test_a_regular_stream_gives_one_frame_per_unit_and_nothing_else(line: Timeline) -> None:
    """Frames keep the camera's distances to the tick."""
    items = line.place(regular(1_000, 100)) + line.finish(ns(100 * FRAME))
    assert all(isinstance(item, Frame) for item in items)
    assert len(items) == 100
    assert [item.t1 - item.t0 for item in check_tiling(items)] == [FRAME] * 100
    assert items[0].t0 == UTC0 + 900


def test_arrival_jitter_does_not_make_time(line: Timeline) -> None:
    """Units that come in bursts of a quarter of a second keep their own distances."""
    units = [unit(FRAME * i, (FRAME * i // 22_500 + 1) * 22_500, key=i == 0) for i in range(500)]
    moving = check_tiling(line.place(units))
    spread = {item.t1 - item.t0 for item in moving}
    assert max(spread) - min(spread) <= 2


def test_a_media_hole_is_a_gap_although_no_packet_is_missing(line: Timeline) -> None:
    """A camera that drops twelve seconds under back-pressure is told with both ends exact."""
    items = line.place(regular(0, 50) + regular(50 * FRAME + 12 * SECOND, 50, start=50 * FRAME + 12 * SECOND))
    gaps = [item for item in items if isinstance(item, GapClosed)]
    assert [(gap.t1 - gap.t0, gap.why) for gap in gaps] == [(12 * SECOND, "hole")]
    assert gaps[0].t0 == UTC0 + 900 + 50 * FRAME
    check_tiling(items)


def test_slow_cameras_have_no_holes_once_their_pace_is_known(line: Timeline) -> None:
    """A picture every two seconds is a pace; only the first distance may be taken for a hole."""
    units = [unit(2 * SECOND * i, 2 * SECOND * i, key=True) for i in range(20)]
    gaps = [item for item in line.place(units) if isinstance(item, GapClosed)]
    assert len(gaps) <= 1


def test_silence_opens_a_gap_within_fifteen_seconds_and_its_end_is_told(line: Timeline) -> None:
    """The gap starts where the last frame ends and ends where the next one starts."""
    items = line.place(regular(0, 25))
    opened_at = None
    for second in range(1, 21):
        new = line.tick(ns(25 * FRAME + second * SECOND))
        items += new
        if any(isinstance(item, GapOpened) for item in new):
            opened_at = opened_at or second
    items += line.cause("net", ns(25 * FRAME + 20 * SECOND))
    items += line.place(regular(7, 25, start=25 * FRAME + 30 * SECOND))
    assert opened_at is not None
    assert opened_at <= 15
    gaps = [item for item in check_tiling(items) if isinstance(item, GapClosed)]
    assert [gap.why for gap in gaps] == ["nosignal", "net"]
    assert gaps[0].t0 == UTC0 + 900 + 25 * FRAME
    assert gaps[1].t1 == UTC0 + 900 + 25 * FRAME + 30 * SECOND


def test_a_reconnection_is_a_gap_however_short(line: Timeline) -> None:
    """Nobody knows what the camera would have sent meanwhile: it is told with its cause, from frame to frame."""
    items = line.place(regular(0, 25))
    items += line.cause("net", ns(25 * FRAME))
    items += line.place(regular(999_999, 25, start=25 * FRAME + SECOND // 2))
    moving = check_tiling(items)
    gaps = [item for item in moving if isinstance(item, GapClosed)]
    assert [(gap.t0 - UTC0 - 900, gap.t1 - gap.t0, gap.why) for gap in gaps] == [(25 * FRAME, SECOND // 2, "net")]
    assert sum(isinstance(item, Frame) for item in moving) == 49


def test_a_reconnection_that_costs_no_frame_is_no_gap(line: Timeline) -> None:
    """The last frame lasts until the next one, in UTC and in media time alike."""
    items = line.place(regular(0, 25))
    items += line.cause("net", ns(25 * FRAME))
    items += line.place(regular(999_999, 25, start=25 * FRAME + FRAME // 3))
    moving = check_tiling(items)
    assert all(isinstance(item, Frame) for item in moving)
    held = moving[24]
    assert isinstance(held, Frame)
    assert held.t1 - held.t0 == held.end_dts - held.unit.dts
    assert abs(held.t1 - held.t0 - FRAME - FRAME // 3) <= 1  # nanoseconds are no ticks


def test_a_camera_clock_that_jumps_by_a_second_and_a_half_is_no_hole(line: Timeline) -> None:
    """A frame that would have been taken after it arrived tells that the clock moved and nothing was absent."""
    jump = 3 * SECOND // 2
    items = line.place(regular(0, 50)) + line.place(regular(50 * FRAME + jump, 600, start=50 * FRAME))
    moving = check_tiling(items)
    assert all(isinstance(item, Frame) for item in moving)
    assert abs(moving[-1].t1 - (UTC0 + 900 + 649 * FRAME)) <= FRAME


def test_a_hole_in_a_stream_that_arrives_ahead_of_its_time_is_a_hole(line: Timeline) -> None:
    """A camera that begins with a stored second sends all later frames early: what it leaves out is still absent."""
    burst = [unit(FRAME * i, max(0, FRAME * i - 3 * SECOND // 2) + 900, key=i == 0) for i in range(100)]
    after = [unit(FRAME * i + 2 * SECOND, FRAME * i + SECOND // 2 + 900, key=i == 100) for i in range(100, 150)]
    items = line.place(burst) + line.place(after)
    gaps = [item for item in check_tiling(items) if isinstance(item, GapClosed)]
    assert [(gap.t1 - gap.t0, gap.why) for gap in gaps] == [(2 * SECOND, "hole")]


@pytest.mark.parametrize("jump", [7_776_000_000, -7_776_000_000])
def test_a_camera_clock_that_jumps_by_a_day_costs_nothing(line: Timeline, jump: int) -> None:
    """Pictures that go on coming go on being recorded, in the server's time."""
    after = regular(50 * FRAME + jump, 50, start=50 * FRAME)
    items = line.place(regular(0, 50)) + line.place(after) + line.finish(ns(100 * FRAME))
    moving = check_tiling(items)
    assert sum(isinstance(item, Frame) for item in moving) == 100
    assert abs(moving[-1].t1 - (UTC0 + 900 + 100 * FRAME)) <= FRAME


def test_drift_is_followed_at_most_five_hundred_ppm() -> None:
    """A camera 100 ppm fast stays within 20 ms of the server's clock for an hour."""
    line = Timeline(ServerTime(UTC0, BOOT0), BOOT0)
    worst = 0
    cursor = 0
    for i in range(25 * 3_600):
        at = FRAME * i
        for item in line.place([unit(at + at // 10_000, at + 900, key=i == 0)]):
            assert isinstance(item, Frame)
            assert item.t0 == cursor or i < 2
            cursor = item.t1
            media = item.end_dts - item.unit.dts
            assert abs(item.t1 - item.t0 - media) <= media * 500 // 1_000_000 + 2
            worst = max(worst, abs(item.t1 - (UTC0 + at + 900)))
    assert worst < SECOND // 50


@pytest.mark.parametrize("moved", [3 * SECOND, -3 * SECOND, 3_600 * SECOND, -3_600 * SECOND])
def test_setting_the_clock_is_a_step_and_loses_no_frame(moved: int) -> None:
    """The step has the exact size; frames go on before and after."""
    server = ServerTime(UTC0, BOOT0)
    line = Timeline(server, BOOT0)
    items = line.place(regular(0, 50))
    now = 50 * FRAME
    assert server.observe(UTC0 + now + moved, ns(now)) == pytest.approx(moved, abs=1)
    items += line.step(moved, ns(now))
    items += line.place(regular(50 * FRAME, 50, start=50 * FRAME)) + line.finish(ns(100 * FRAME))
    moving = check_tiling(items)
    assert [item.t1 - item.t0 for item in moving if isinstance(item, Step)] == [moved]
    assert sum(isinstance(item, Frame) for item in moving) == 100
    assert not any(isinstance(item, GapClosed) for item in moving)


def test_what_is_blocked_is_a_gap_from_cursor_to_key_frame(line: Timeline) -> None:
    """A lapsed permission stops at once; recording goes on at a key frame."""
    items = line.place(regular(0, 60)) + line.block("permit", ns(60 * FRAME))
    items += line.place(regular(60 * FRAME, 60, start=60 * FRAME))
    line.unblock()
    items += line.place(regular(130 * FRAME, 60, start=130 * FRAME)[10:]) + line.finish(ns(200 * FRAME))
    moving = check_tiling(items)
    gap = next(item for item in moving if isinstance(item, GapClosed))
    assert gap.why == "permit"
    after = moving[moving.index(gap) + 1]
    assert isinstance(after, Frame)
    assert after.unit.is_key


def test_a_camera_that_never_sends_another_key_frame_is_recorded_again_after_a_minute(line: Timeline) -> None:
    """After a pause recording goes on at a key frame, or at any frame once a minute has brought none."""
    line.place(regular(0, 60))
    line.block("disk", ns(60 * FRAME))
    line.unblock()
    units = [unit(FRAME * i, FRAME * i) for i in range(60, 60 + 25 * 62)]
    frames = [item for item in line.place(units) if isinstance(item, Frame)]
    assert 20 <= len(frames) <= 75
