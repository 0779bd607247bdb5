# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""When sockets are read."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.tools.lab import Lab, LabSource
from torrazzo.camera.units import Event
from torrazzo.recorder.live import LATE_NS
from torrazzo.recorder.record import Recorder
from torrazzo.recorder.stream import WATCHED_NS
from torrazzo.testing import ClipSpec, FakeClock, FaultyDisk, make_clip
from torrazzo.testing.clips import Clip
from torrazzo.testing.clock import run_virtual

CAMERAS = 5


@pytest.fixture(scope="module")
def clip() -> Clip:
    return make_clip(ClipSpec(fps="5", frames=20, gop=5, width=160, height=96, bitrate=20_000))


def _moments(
    clip: Clip, monkeypatch: pytest.MonkeyPatch, size: int, room: int, *, is_watched: bool = False
) -> tuple[list[list[int]], list[int]]:
    """When each camera was read, and when seconds ended, in ns, while each read found `size` of `room` bytes."""
    clock = FakeClock()
    lab = Lab(FaultyDisk(), clock, clip, CAMERAS, base=Path("/r"))
    reads: dict[int, list[int]] = {}
    seconds: list[int] = []
    sweep, second = LabSource.sweep, Recorder.second

    def noted(self: LabSource, now_ns: int) -> list[Event]:
        reads.setdefault(id(self._camera), []).append(now_ns)
        return sweep(self, now_ns)

    def ended(self: Recorder, now_ns: int) -> None:
        seconds.append(now_ns)
        second(self, now_ns)

    monkeypatch.setattr(LabSource, "sweep", noted)
    monkeypatch.setattr(LabSource, "last_sweep_bytes", size)
    monkeypatch.setattr(LabSource, "receive_buffer", room)
    monkeypatch.setattr(Recorder, "second", ended)

    async def life() -> None:
        lab.start()
        await lab.run(2, beat_s=0.125)
        for stream in lab.recorder.streams.values() if is_watched else ():
            stream.watcher = lambda _units: None
        await lab.run(18, beat_s=0.125)
        await lab.stop()

    run_virtual(clock, life())
    return list(reads.values()), seconds


def _after(moments: Sequence[int], start: int) -> list[int]:
    return [each for each in moments if each > start]


def test_a_socket_is_read_twice_a_second_and_just_before_its_end(clip: Clip, monkeypatch: pytest.MonkeyPatch) -> None:
    """What has come when fragments are closed waits for no further second, and not all are read in the same beat."""
    reads, seconds = _moments(clip, monkeypatch, size=1_000, room=1 << 20)
    settled = seconds[5]
    ends = _after(seconds, settled)
    for moments in reads:
        assert len(_after(moments, settled)) == pytest.approx(2 * len(ends), abs=2)
        for end in ends:
            assert end - max(each for each in moments if each <= end) <= 130_000_000
    assert len({tuple(_after(moments, settled)) for moments in reads}) == 2


def test_a_socket_whose_buffer_fills_is_read_at_every_beat(clip: Clip, monkeypatch: pytest.MonkeyPatch) -> None:
    """A quarter of what the kernel holds is the most that one reading may find."""
    reads, seconds = _moments(clip, monkeypatch, size=1 << 20, room=4 << 20)
    settled = seconds[5]
    for moments in reads:
        assert len(_after(moments, settled)) == pytest.approx(8 * len(_after(seconds, settled)), abs=8)


@pytest.mark.parametrize(("size", "times"), [(300_000, 4), (500_000, 8)])
def test_what_somebody_watches_is_read_more_often(
    clip: Clip, monkeypatch: pytest.MonkeyPatch, size: int, times: int
) -> None:
    """Four times a second, eight where more comes than is to lie there unread; long before a frame counts as late."""
    reads, seconds = _moments(clip, monkeypatch, size=size, room=16 << 20, is_watched=True)
    settled = seconds[5]
    assert WATCHED_NS + 200_000_000 < LATE_NS
    for moments in reads:
        assert len(_after(moments, settled)) == pytest.approx(times * len(_after(seconds, settled)), abs=8)
