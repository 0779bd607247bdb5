# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""One picture of a camera as it is now, asked of the camera itself.

Before it records, nothing else can show what it has to hide (MN-02). The fact of it is in the ledger before the camera
is asked, and another one closes it.
"""

import asyncio
import threading
from collections.abc import Callable
from typing import NamedTuple

from torrazzo.access import Windows
from torrazzo.base.clock import Clock
from torrazzo.base.errors import Refused
from torrazzo.base.times import UtcTicks
from torrazzo.camera.errors import CameraError
from torrazzo.camera.native import make_scratch
from torrazzo.camera.opening import open_source
from torrazzo.camera.source import Source
from torrazzo.camera.units import AccessUnit
from torrazzo.ledger.private import Private
from torrazzo.playback.frames import Coded
from torrazzo.playback.pictures import Picture, Pictures
from torrazzo.town.camera import StreamConfig

WHOLE = 1280  # pixels wide: enough to draw what is to be hidden
TEST = 64  # the picture of a technician: how it stands is seen, and nobody on it is known
REST_NS = 5_000_000_000  # between two of one person: it is no film
MOST = 2  # at a time
_WAIT_S = 20.0  # for a picture that can be decoded by itself
_PAUSE_S = 0.1


class TooSoon(Refused):
    """This person had one just now, or too many have one."""


class Taken(NamedTuple):
    """A JPEG, and when it came."""

    picture: Picture
    at: UtcTicks


class PictureDesk:
    """May be used by several threads."""

    def __init__(self, clock: Clock, windows: Callable[[], Windows], pictures: Pictures) -> None:
        self._clock, self._windows, self._pictures = clock, windows, pictures
        self._lock = threading.Lock()
        self._last: dict[str, int] = {}  # account → boot time of its last one
        self._busy = 0

    def take(self, stream: StreamConfig, person: str, who: Private, purpose: str, width: int) -> Taken:
        """Raises `CameraError`, `Unavailable` where the ledger takes nothing, `TooSoon`, `Damaged`."""
        self._begin(person)
        try:
            window = self._windows().open_live(who, frozenset({stream.id}), purpose)
            try:
                coded = asyncio.run(_coded(stream, self._clock))
                shown = window.show(stream.id)
                picture = self._pictures.thumbnail(coded, width)
                window.hide(shown)
            finally:
                window.close()
            return Taken(picture, UtcTicks(coded.t))
        finally:
            with self._lock:
                self._busy -= 1

    def _begin(self, person: str) -> None:
        now = self._clock.boot_ns()
        with self._lock:
            if now - self._last.get(person, now - REST_NS) < REST_NS:
                raise TooSoon(f"one picture in {REST_NS // 10**9} s: wait a moment")
            if self._busy >= MOST:
                raise TooSoon("others are looking just now: wait a moment")
            self._last = {who: at for who, at in self._last.items() if now - at < REST_NS} | {person: now}
            self._busy += 1


async def _coded(stream: StreamConfig, clock: Clock) -> Coded:
    """The next frame at which decoding may begin; raises `CameraError`."""
    try:
        async with asyncio.timeout(_WAIT_S):
            source = await open_source(stream, clock, make_scratch())
            try:
                source.request_key_frame()
                return await _next_key(source, clock)
            finally:
                await source.close()
    except TimeoutError as error:
        raise CameraError("the camera sent no whole picture in time", "nosignal") from error


async def _next_key(source: Source, clock: Clock) -> Coded:
    while True:
        for event in source.sweep(clock.boot_ns()):
            if isinstance(event, AccessUnit) and event.is_key:
                return Coded(event.format.codec, event.format.parameter_sets, (event.data,), clock.utc())
        await asyncio.sleep(_PAUSE_S)
