# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Cameras that burn the machine's clock into each picture just before it is encoded, and send it at once.

`python -m bench.clock_camera COUNT WIDTH HEIGHT FPS GOP` prints their addresses and serves until its input ends. The
milliseconds, modulo 65,536, stand in the first strip as `testing/picture.py` draws numbers: a Gray code with parity.
"""

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, cast

import av

from torrazzo.base.times import SECOND
from torrazzo.testing import FakeCamera, Habits
from torrazzo.testing.clips import Clip, ClipUnit, is_parameter_set, split_annex_b
from torrazzo.testing.picture import _strip_row

LENGTH = 10_000_000  # pictures: for ever


class ClockClip:
    """A clip whose pictures are made when they are sent; each is asked for once, in order. For a FakeCamera."""

    codec = "h264"

    def __init__(self, width: int, height: int, fps: int, gop: int) -> None:
        self.width, self.height = width, height
        self.interval = SECOND // fps
        self.period = LENGTH * self.interval
        self.units: Sequence[ClipUnit] = cast("Sequence[ClipUnit]", _Units(self, gop))
        self.encode_ms: list[float] = []
        context = av.CodecContext.create("libx264", "w")
        context.width, context.height, context.pix_fmt = width, height, "yuv420p"
        context.time_base, context.framerate = Fraction(1, SECOND), Fraction(fps)
        context.bit_rate, context.thread_count = width * height * fps // 8, 1
        context.options = {
            "preset": "ultrafast", "tune": "zerolatency", "forced-idr": "1",
            "x264-params": f"keyint={LENGTH}:scenecut=0:bframes=0:threads=1:repeat-headers=1",
        }  # fmt: skip
        self._context = context
        self._number = 0
        self._moving = bytes(range(16, 236)) * (2 + 2 * width // 220)
        nals = self.encode(is_key=True)
        self.parameter_sets = tuple(nal for nal in nals if is_parameter_set("h264", nal))

    def encode(self, *, is_key: bool) -> tuple[bytes, ...]:
        """The picture of this very moment."""
        began = time.perf_counter()
        frame = av.VideoFrame(self.width, self.height, "yuv420p")
        strip = self.height // 10
        plane = frame.planes[0]
        rest = bytes(plane.line_size - self.width)
        at = self._number * 3 % 220
        scene = self._moving[at : at + self.width] + rest
        body = scene * (self.height - 2 * strip)
        said = _strip_row(self.width, time.time_ns() // 1_000_000 % 65_536) + rest
        plane.update(said * strip + _strip_row(self.width, 1) * 0 + scene * strip + body)
        for chroma in frame.planes[1:]:
            chroma.update(b"\x80" * chroma.buffer_size)
        frame.pts, frame.time_base = self._number, Fraction(1, SECOND)
        frame.pict_type = av.video.frame.PictureType.I if is_key else av.video.frame.PictureType.NONE
        self._number += self.interval
        data = b"".join(bytes(packet) for packet in self._context.encode(frame))
        self.encode_ms.append((time.perf_counter() - began) * 1e3)
        return tuple(split_annex_b(data))


class _Unit:
    """As a ClipUnit; encoded when its bytes are asked for."""

    def __init__(self, clip: ClockClip, at: int, *, is_key: bool) -> None:
        self.pts = self.dts = at * clip.interval
        self.number, self.is_key = at, is_key
        self._clip = clip
        self._nals: tuple[bytes, ...] | None = None

    @property
    def nals(self) -> tuple[bytes, ...]:
        if self._nals is None:
            self._nals = self._clip.encode(is_key=self.is_key)
        return self._nals


class _Units:
    def __init__(self, clip: ClockClip, gop: int) -> None:
        self._clip, self._gop = clip, gop

    def __len__(self) -> int:
        return LENGTH

    def __getitem__(self, at: int) -> _Unit:
        return _Unit(self._clip, at, is_key=at % self._gop == 0)


async def serve(count: int, width: int, height: int, fps: int, gop: int) -> None:
    """Until the input ends."""
    clips = [ClockClip(width, height, fps, gop) for _ in range(count)]
    cameras = [FakeCamera(cast("Clip", clip), habits=Habits(keeps_log=False, aggregate=True)) for clip in clips]
    for camera in cameras:
        await camera.start()
        await asyncio.sleep(1 / fps / count)  # not all at one moment
    print(json.dumps([camera.url for camera in cameras]), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    took: list[Any] = sorted(value for clip in clips for value in clip.encode_ms)
    print(json.dumps({"encode_ms": round(took[len(took) // 2], 2)}), flush=True)
    for camera in cameras:
        await camera.stop()


if __name__ == "__main__":
    asyncio.run(serve(*map(int, sys.argv[1:6])))
