# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Frames → segments of about ten seconds, in fragments of at most one (docs/3-formats/segment.md)."""

from typing import NamedTuple

from torrazzo.base.times import SECOND, hour_of
from torrazzo.camera import AccessUnit, VideoFormat, limits
from torrazzo.ingest import Frame
from torrazzo.segment.fmp4 import fragment, init_segment

CUT_TICKS = 10 * SECOND  # cut at the first key frame after this
LONGEST_TICKS = 30 * SECOND  # cut here without one
LONGEST_FRAGMENT_TICKS = 2 * SECOND
ASK_TICKS = 25 * SECOND  # ask the camera for a key frame, so as not to have to


class Opened(NamedTuple):
    """A segment begins; `init` is its piece 0."""

    t0: int
    m0: int
    codec: str
    init: bytes
    hour: int
    continues: bool  # it does not begin with a key frame


class Fragment(NamedTuple):
    """Up to a second of frames; `parts` are its bytes, to be concatenated."""

    t0: int
    t1: int
    m0: int
    m1: int
    media: int
    frames: int
    lost: int
    begins_with_key: bool
    parts: list[bytes]


class Sealed(NamedTuple):
    """The segment is complete."""


Event = Opened | Fragment | Sealed


class Segmenter:
    """Cuts one stream's frames. `push` and `close_fragment` return events in order; the caller ticks once a second."""

    def __init__(self) -> None:
        self._frames: list[Frame] = []
        self._format: VideoFormat | None = None
        self._first_dts = 0
        self._hour = 0
        self._number = 0
        self.bytes = 0  # waiting for the next tick

    @property
    def format(self) -> VideoFormat | None:
        """Of the segment that is open, if one is."""
        return self._format

    @property
    def first_dts(self) -> int:
        """From which its fragments count their times."""
        return self._first_dts

    @property
    def number(self) -> int:
        """Of its last fragment that was made; 0: none was."""
        return self._number

    def units(self) -> list[AccessUnit]:
        """What waits for the next fragment."""
        return [frame.unit for frame in self._frames]

    @property
    def is_overdue(self) -> bool:
        """Whether the segment waits for a key frame: the camera should be asked for one."""
        frames = self._frames
        return bool(frames) and self._format is not None and frames[-1].unit.dts - self._first_dts > ASK_TICKS

    def push(self, frame: Frame) -> list[Event]:
        """Take the next frame; what it completes."""
        unit = frame.unit
        events: list[Event] = []
        age = unit.dts - self._first_dts
        if (
            self._format is not unit.format
            or frame.breaks
            or (unit.is_key and age >= CUT_TICKS)
            or age >= LONGEST_TICKS
            or hour_of(frame.t0) != self._hour
        ):
            events = self.finish()
            self._open(unit, frame, events)
        elif self._frames and frame.t1 - self._frames[0].t0 > LONGEST_FRAGMENT_TICKS:  # late frames come in a burst
            events = self.close_fragment()
        self._frames.append(frame)
        self.bytes += len(unit.data)
        return events

    def close_fragment(self) -> list[Event]:
        """The second is over: the frames so far make a fragment."""
        frames = self._frames
        if not frames:
            return []
        self._frames = []
        self.bytes = 0
        self._number += 1
        first, last = frames[0], frames[-1]
        units: list[AccessUnit] = [frame.unit for frame in frames]
        return [
            Fragment(
                first.t0,
                last.t1,
                first.unit.arrived_ns,
                last.unit.arrived_ns,
                last.end_dts - first.unit.dts,
                len(frames),
                min(sum(unit.lost for unit in units), limits.LOST),
                first.unit.is_key,
                fragment(self._number, first.unit.dts - self._first_dts, units, last.end_dts),
            )
        ]

    def finish(self) -> list[Event]:
        """End the segment with what there is."""
        if self._format is None:
            return []
        events = self.close_fragment()
        events.append(Sealed())
        self._format = None
        return events

    def _open(self, unit: AccessUnit, frame: Frame, events: list[Event]) -> None:
        self._format = unit.format
        self._first_dts = unit.dts
        self._hour = hour_of(frame.t0)
        self._number = 0
        init = init_segment(unit.format)
        events.append(Opened(frame.t0, unit.arrived_ns, unit.format.codec, init, self._hour, not unit.is_key))
