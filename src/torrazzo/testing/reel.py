# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A clip that runs without end on a camera's own time line, watched or not."""

from typing import NamedTuple

from torrazzo.testing.clips import Clip, ClipUnit


class Shot(NamedTuple):
    """One picture the camera has made."""

    serial: int  # counts all pictures since the camera was switched on
    pts: int  # ticks since then
    dts: int
    unit: ClipUnit
    clip: Clip


class Reel:
    """Law: `dts` never falls, each picture's pts is above those of all clips shown before."""

    def __init__(self, clip: Clip) -> None:
        self.clip = clip
        self._base = -clip.units[0].dts
        self._at = 0
        self._serial = 0
        self._last_pts = -1

    @property
    def due(self) -> int:
        """When the next picture is made: its dts."""
        return self._base + self.clip.units[self._at].dts

    @property
    def next_serial(self) -> int:
        """Of the next picture."""
        return self._serial

    def take(self) -> Shot:
        """Make the next picture."""
        unit = self.clip.units[self._at]
        shot = Shot(self._serial, self._base + unit.pts, self._base + unit.dts, unit, self.clip)
        self._serial += 1
        self._last_pts = max(self._last_pts, shot.pts)
        self._at += 1
        if self._at == len(self.clip.units):
            self._at, self._base = 0, self._base + self.clip.period
        return shot

    def forward(self, ticks: int) -> None:
        """Make, for nobody, all pictures due before `ticks`."""
        loops = (ticks - self.due) // self.clip.period - 1
        if loops > 0:
            self._base += loops * self.clip.period
            self._serial += loops * len(self.clip.units)
            self._last_pts += loops * self.clip.period
        while self.due < ticks:
            self.take()

    def next_key(self) -> Shot:
        """The next picture that decoding can begin with, without making it."""
        count = len(self.clip.units)
        for ahead in range(count):
            loops, at = divmod(self._at + ahead, count)
            unit, base = self.clip.units[at], self._base + loops * self.clip.period
            if unit.is_key:
                return Shot(self._serial + ahead, base + unit.pts, base + unit.dts, unit, self.clip)
        raise AssertionError("a clip begins with a key frame")

    def load(self, clip: Clip) -> None:
        """Go on with another clip from its beginning (or with the same: a forced key frame)."""
        self.clip, self._at = clip, 0
        self._base = max(self._last_pts + clip.interval, -clip.units[0].dts)
