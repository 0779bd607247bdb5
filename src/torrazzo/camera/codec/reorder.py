# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Decoding times from presentation times.

A stream gives pictures in decoding order with presentation times only. If at most N pictures are decoded before one
that is shown earlier, the k-th picture may be decoded at the (k - N)-th smallest presentation time: that never
decreases and is never after the picture's own time. N is what the stream declares; where that is too little, it is
learned as soon as that is seen twice in a GOP. Only until then, and at the beginning, where pictures shown before the
first one may follow it, can a picture's decoding time be after its own.
"""

from collections import deque
from collections.abc import Mapping
from heapq import heapify, heappush, heappushpop, nlargest
from typing import Any

from torrazzo.base.times import SECOND

_MOST = 16  # pictures reordered, in both standards (MaxDpbFrames, MaxDpbSize)
_MINI_GOP = 9  # frame intervals that a presentation time may run ahead by, with eight B pictures
_FAR = 60 * SECOND  # ticks that no reordering spans
_USUAL = SECOND // 25
_FEW = 3  # pictures that tell no frame rate
_EPISODES = 2  # times that a stream must break its N within a GOP before that counts as its habit


class Reorder:
    """Gives each picture its decoding time, strictly increasing between restarts."""

    __slots__ = (
        "_breaches",
        "_history",
        "_interval",
        "_last",
        "_learned",
        "_needed",
        "_waiting",
        "_was_late",
        "depth",
        "top",
    )

    def __init__(self) -> None:
        self.depth = 0  # N
        self.top: int | None = None  # the latest presentation time so far
        self._interval = _USUAL
        self._waiting: list[int] = []  # heap: the N largest presentation times
        self._history: deque[int] = deque(maxlen=_MOST + 1)
        self._last: int | None = None
        self._learned = 0  # the N that the stream was seen to need
        self._needed = 0  # the same within this GOP, not yet a habit
        self._breaches = 0
        self._was_late = False

    def stand(self) -> dict[str, Any]:
        """All that decides what it says next."""
        return {name: getattr(self, name) for name in self.__slots__} | {"_history": list(self._history)}

    def resume(self, stand: Mapping[str, Any]) -> None:
        """Go on from where another stood."""
        for name in self.__slots__:
            setattr(self, name, stand[name])
        self._waiting = list(stand["_waiting"])
        self._history = deque(stand["_history"], maxlen=_MOST + 1)

    def restart(self) -> None:
        """The sender's time begins anew: nothing before compares with what comes."""
        self._learn_interval()
        self._forget()
        self.top = self._last = None
        self._needed = self._breaches = 0
        self._was_late = False

    def begin_gop(self, declared: int, interval: int | None) -> None:
        """Call it before each key picture, with what its parameter sets say."""
        if interval and len(self._history) <= _FEW:
            self._interval = interval
        self._needed = self._breaches = 0
        self._set_depth(max(declared, self._learned))

    def _set_depth(self, depth: int) -> None:
        if depth != self.depth:
            self.depth = depth
            self._waiting = nlargest(depth, self._history)
            heapify(self._waiting)

    def has_jumped(self, pts: int) -> bool:
        """Whether a picture's time is earlier than reordering can explain: the camera's clock went back."""
        history = self._history
        if self.top is None or not history:
            return False
        return self.top - pts > _FAR or (len(history) > _MOST and pts < min(history))

    def place(self, pts: int) -> int:
        """The decoding time of the next picture."""
        top = self.top
        if top is None or pts > top:
            self._was_late = False
            self.top = pts
            if top is not None and pts - top > SECOND:
                self._pass_hole(pts - top)
        else:
            self._note_late(pts)
        self._history.append(pts)
        dts = self._smallest(pts) if self.depth else pts
        last = self._last
        if last is not None and dts <= last:
            dts = last + 1
        self._last = dts
        return dts

    def _smallest(self, pts: int) -> int:
        waiting = self._waiting
        missing = self.depth - len(waiting)
        if missing > 0:
            first = min(waiting, default=pts)
            for back in range(1, missing + 1):
                heappush(waiting, first - back * self._interval)
        return heappushpop(waiting, pts)

    def _note_late(self, pts: int) -> None:
        late = sum(1 for earlier in self._history if earlier > pts)
        if late > self.depth:
            self._needed = min(max(self._needed, late), _MOST)
            if not self._was_late:
                self._breaches += 1
            self._was_late = True
            if self._breaches >= _EPISODES:
                self._learned = max(self._learned, self._needed)
                self._set_depth(max(self.depth, self._learned))

    def _learn_interval(self) -> int:
        history = self._history
        if len(history) > _FEW:
            self._interval = max(1, (max(history) - min(history)) // (len(history) - 1))
        return self._interval

    def _pass_hole(self, ahead: int) -> None:
        """Where pictures are missing, decoding times begin anew: they must show the hole where it is."""
        if ahead > min(_FAR, _MINI_GOP * self._learn_interval()):
            self._forget()

    def _forget(self) -> None:
        self._history.clear()
        self._waiting.clear()
