# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""One browser's picture: what waits for it, what it was too slow for, its own media time. No socket in here.

Frames wait in a queue of its own. Where that is full, they are left out up to a key frame; what waits then gives way to
it, so that whoever was too slow sees the present again. The browser is told how many were left out.
"""

import asyncio
import json
import struct
from collections import deque
from collections.abc import Collection
from typing import NamedTuple

from torrazzo.base.times import SECOND
from torrazzo.camera import VideoFormat
from torrazzo.recorder.live_wire import CATCHING_UP, DISCONTINUITY, LiveFrame, State
from torrazzo.segment.codec_string import codec_string
from torrazzo.segment.fmp4 import fragment, init_segment

MOST_FRAMES = 60  # that wait, beside those of a running group
MOST_BYTES = 24 << 20  # that wait, of all

CODECS = {"h264": "avc1", "h265": "hvc1"}

_HEADER = struct.Struct(">BBHIQQ")
_INIT, _FRAME = 0, 1


class End(NamedTuple):
    """The socket is closed, with this code."""

    code: int
    why: str


class _Waiting(NamedTuple):
    sequence: int
    frame: LiveFrame
    flags: int


Item = str | bytes | End


class Viewer:
    """In the loop's thread. `next` gives what is to be sent."""

    def __init__(self, plays: Collection[str]) -> None:
        """`plays`: of `avc1`, `hvc1`."""
        self.dropped = 0  # of all its life
        self._plays = plays
        self._queue: deque[Item | _Waiting] = deque()
        self._filled = asyncio.Event()
        self._frames = self._bytes = 0  # that wait
        self._left_out = 0  # not told yet
        self._is_skipping = True  # up to a key frame
        self._has_all = True  # False: key frames alone are wanted
        self._awaits_key = False  # all are wanted again, from there on
        self._sequence = 0
        self._end: End | None = None
        self._stream = ""
        self._offset: int | None = None  # media time minus dts
        self._media = 0  # when the last frame that was sent is over
        self._last = self._longest = 0

    @property
    def is_over(self) -> bool:
        """Nothing comes any more."""
        return self._end is not None

    # -- from the relay

    def begin(self, stream: str) -> None:
        """From here on pictures of this stream; what waits of another one is left out."""
        self._clear()
        self._left_out = 0
        self._stream, self._is_skipping = stream, True

    def plays(self, found: VideoFormat) -> bool:
        """Whether its browser said so."""
        return CODECS[found.codec] in self._plays

    def show_all(self, has_all: bool) -> None:
        """Whether all frames are wanted, or key frames alone: of a station that cannot take more."""
        self._awaits_key = has_all and not self._has_all
        self._has_all = has_all

    def format(self, found: VideoFormat) -> None:
        """Of the frames that follow."""
        mime = f'video/mp4; codecs="{codec_string(found)}"'
        self._say({"type": "init", "mime": mime, "width": found.width, "height": found.height, "stream": self._stream})
        self._put(_HEADER.pack(_INIT, 0, 0, self._sequence, 0, 0) + init_segment(found))
        self._is_skipping = True

    def state(self, state: State) -> None:
        """How its stream is from now on."""
        self._say({"type": "state", "state": state.state, "why": state.why, "at": state.at_ms})

    def frame(self, frame: LiveFrame, *, is_again: bool = False) -> None:
        """The next one; `is_again`: of the running group, for whoever has just come."""
        if self._end is not None:
            return
        self._sequence = (self._sequence + 1) & 0xFFFF_FFFF
        if not frame.is_key and (self._awaits_key or not self._has_all):
            return
        self._awaits_key = False
        flags = frame.flags | (CATCHING_UP if is_again else 0)
        is_full = self._bytes >= MOST_BYTES or (self._frames >= MOST_FRAMES and not flags & CATCHING_UP)
        if frame.is_key and (self._is_skipping or is_full):
            if is_full:
                self._clear()
            self._tell_left_out()
            flags |= DISCONTINUITY
            self._is_skipping = False
        elif self._is_skipping or is_full:
            self._is_skipping = True
            self._left_out += 1
            self.dropped += 1
            return
        self._queue.append(_Waiting(self._sequence, frame, flags))
        self._frames += not flags & CATCHING_UP
        self._bytes += len(frame.data)
        self._filled.set()

    def end(self, code: int, why: str) -> None:
        """No more pictures: what waits is not sent. The first end counts."""
        if self._end is None:
            self._clear()
            self._queue.clear()
            self._end = End(code, why)
            self._filled.set()

    # -- to the browser

    async def next(self) -> Item:
        """Wait for it. Behind an `End` comes nothing."""
        while (item := self.take()) is None:
            self._filled.clear()
            await self._filled.wait()
        return item

    def take(self) -> Item | None:
        """What is to be sent now; None: nothing waits."""
        if not self._queue:
            return self._end
        item = self._queue.popleft()
        return self._pack(item) if isinstance(item, _Waiting) else item

    def _pack(self, item: _Waiting) -> bytes:
        """The message of one frame, in this socket's own media time, which never jumps."""
        frame = item.frame
        self._frames -= not item.flags & CATCHING_UP
        self._bytes -= len(frame.data)
        step = frame.dts - self._last
        flags = item.flags
        if self._offset is None or flags & DISCONTINUITY or not 0 < step <= 2 * self._longest:
            # browsers take pictures farther apart than that for a new beginning, and wait for a key frame
            flags |= DISCONTINUITY if self._offset is not None else 0
            self._offset = self._media - frame.dts
            self._longest = max(frame.lasts, 1)
        else:
            self._longest = max(self._longest, frame.lasts, step)
        lasts = min(max(frame.lasts, 1), SECOND)
        media = frame.dts + self._offset
        self._last, self._media = frame.dts, media + lasts
        header = _HEADER.pack(_FRAME, flags, 0, item.sequence, frame.utc_ms, media)
        return b"".join((header, *fragment(item.sequence, media, (frame,), frame.dts + lasts)))

    # -- what waits

    def _say(self, words: dict[str, object]) -> None:
        self._put(json.dumps(words, separators=(",", ":")))

    def _put(self, item: str | bytes) -> None:
        if self._end is None:
            self._queue.append(item)
            self._filled.set()

    def _clear(self) -> None:
        """Frames give way; words and beginnings stay."""
        kept = [item for item in self._queue if not isinstance(item, _Waiting)]
        left_out = len(self._queue) - len(kept)
        self._left_out += left_out
        self.dropped += left_out
        self._queue = deque(kept)
        self._frames = self._bytes = 0

    def _tell_left_out(self) -> None:
        if self._left_out:
            self._say({"type": "dropped", "frames": self._left_out})
            self._left_out = 0
