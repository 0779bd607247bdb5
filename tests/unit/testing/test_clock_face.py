# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The clock in the demo's pictures, read back from what a decoder of others makes of them."""

import random
from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

import av
import pytest

from torrazzo.base.times import SECOND
from torrazzo.testing.clips import CLOCK_ROWS as HEIGHT
from torrazzo.testing.clips import ClipSpec, encode
from torrazzo.testing.clock import START
from torrazzo.testing.clock_face import DARK, LIGHT, SIGNS, ClockFace, RunningClock, read_clock, text_of
from torrazzo.testing.scene import draw_scene

ROME = ZoneInfo("Europe/Rome")
SPECS = [
    ClipSpec(width=width, height=height, fps="4", frames=60, gop=20, bitrate=bitrate, tag=3, sei=False, clock=True)
    for width, height, bitrate in ((320, 176, 6_000), (640, 352, 300_000))
]


def decoded(units: Sequence[Sequence[bytes]]) -> Iterator[av.VideoFrame]:
    context = av.CodecContext.create("h264", "r")
    for nals in units:
        yield from context.decode(av.Packet(b"".join(b"\0\0\0\1" + nal for nal in nals)))
    yield from context.decode(None)


def clock_of(frame: av.VideoFrame, length: int) -> str | None:
    luma, line = memoryview(frame.planes[0]), frame.planes[0].line_size
    return read_clock(lambda x, y: luma[y * line + x], frame.width, length)


@pytest.mark.parametrize("spec", SPECS, ids=["small", "large"])
def test_whatever_is_written_is_read_and_nothing_else_is_there(spec: ClipSpec) -> None:
    """Any signs after any others: each pixel above the scene is light or dark, and the scene is the one drawn."""
    clip, draws = encode(spec), random.Random(spec.width)
    face, said, texts, units = ClockFace(clip), "", [], []
    for at, unit in enumerate(clip.units):
        text = "".join(draws.choice(list(SIGNS)) for _ in range(spec.width // 16 - 2))
        kept = draws.choice((0, 0, 5, len(text) - 1, len(text)))
        text = text if unit.is_key else said[:kept] + text[kept:]
        part = face.whole(at, text) if unit.is_key else face.between(at, said, text)
        units.append((*unit.nals[:-1], part, unit.nals[-1]))
        texts.append(text)
        said = text
    frames = list(decoded(units))
    assert [clock_of(frame, len(text)) for frame, text in zip(frames, texts, strict=True)] == texts
    for at, frame in enumerate(frames):
        luma, line = memoryview(frame.planes[0]), frame.planes[0].line_size
        rows = [luma[y * line : y * line + spec.width] for y in range(spec.height)]
        assert {pixel for row in rows[:HEIGHT] for pixel in row} <= {DARK, LIGHT}
        drawn = draw_scene(spec.width, spec.height - HEIGHT, spec.tag, at / spec.frames)[0]
        apart = sum(abs(a - b) for a, b in zip(b"".join(rows[HEIGHT:]), drawn, strict=True)) / len(drawn)
        assert apart < 8, at


def test_a_camera_that_runs_shows_the_time_of_the_town() -> None:
    """In loops, from a key frame on: the milliseconds, and the hour before and after the clocks change."""
    clip = encode(SPECS[0])
    clock, times = RunningClock(clip, ROME), [START + at * SECOND // 8 for at in range(150)]
    shown = [clock.show(clip.units[at % 60], time).nals for at, time in enumerate(times)]
    assert [clock_of(frame, 12) for frame in decoded(shown)] == [text_of(time, ROME, 320) for time in times]
    assert text_of(START + SECOND // 8, ROME, 640) == "24/11/2026 23:00:00.125"
    october = 1_792_889_999 * SECOND  # one second before the clocks go back
    assert [text_of(october + after, ROME, 640) for after in (0, SECOND)] == [
        "25/10/2026 02:59:59.000",
        "25/10/2026 02:00:00.000",
    ]
