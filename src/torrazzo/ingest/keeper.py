# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Keeps one source open: reconnects, and counts frames, not sockets, as life."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

from torrazzo.base.times import SECOND
from torrazzo.camera import AccessUnit, CameraError, Source
from torrazzo.camera.units import Event

SECOND_NS = 1_000_000_000
DEAD_AFTER_NS = 3 * SECOND_NS  # without a frame; five frame intervals if that is longer
OPEN_WITHIN_NS = 10 * SECOND_NS  # to connect, describe and set up
EAGER_NS = 60 * SECOND_NS  # for a minute after the last frame, try every second
LONGEST_PAUSE_NS = 5 * SECOND_NS
LONGEST_FAULT_PAUSE_NS = 60 * SECOND_NS
FAULT_MEMORY_NS = 600 * SECOND_NS  # without one: the next pause is short again

OpenSource = Callable[[], Awaitable[Source]]


class Keeper:
    """One stream's source, opened again whenever it is gone.

    First retry at once, then every second for a minute, then after jittered pauses that grow to 5 s. `why` is the cause
    of the present absence (None while frames come), `message` says it to people.
    """

    def __init__(self, open_source: OpenSource, now_ns: int) -> None:
        self._open_source = open_source
        self.source: Source | None = None
        self.why: str | None = None
        self.message = "connecting"
        self.connections = 0
        self._opening: asyncio.Task[Source] | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self._opened_ns = now_ns
        self._retry_ns = now_ns
        self._absent_ns = now_ns  # since when no frame has come
        self._pause_ns = SECOND_NS
        self._tries = 0
        self._fault_ns: int | None = None  # the last one
        self._fault_pause_ns = SECOND_NS
        self._jitter = random.Random()  # noqa: S311 - spreads retries, guards nothing

    @property
    def flows(self) -> bool:
        """Whether pictures come."""
        return self.source is not None and self.why is None and self.message == "recording"

    def sweep(self, now_ns: int, interval: int) -> Sequence[Event]:
        """What has come since the last sweep; never waits, never raises for what a camera does.

        `interval` is the stream's usual distance between frames in ticks. After a loss `why` tells the cause.
        """
        if self.source is None:
            self._advance(now_ns)
        source = self.source
        if source is None:
            return ()
        try:
            events = source.sweep(now_ns)
        except CameraError as error:
            self._lose(error.why, str(error), now_ns)
            return ()
        if any(isinstance(event, AccessUnit) for event in events):
            self._absent_ns, self._tries, self._pause_ns = now_ns, 0, SECOND_NS
            if self.why is not None or self.message != "recording":
                self.why, self.message = None, "recording"
        elif now_ns - max(self._absent_ns, self._opened_ns) > max(DEAD_AFTER_NS, 5 * interval * SECOND_NS // SECOND):
            self._lose("nosignal", "connected, but no picture comes", now_ns)
        return events

    def reopen(self, open_source: OpenSource, now_ns: int) -> None:
        """The stream's address has changed."""
        self._open_source = open_source
        self._lose("maintenance", "address changed", now_ns)
        self._retry_ns, self._tries = now_ns, 0

    def drop(self, message: str, now_ns: int) -> None:
        """What it sends can't be dealt with: let it go, and open it again after pauses that double."""
        self._lose("codec", message, now_ns)
        is_again = self._fault_ns is not None and now_ns - self._fault_ns < FAULT_MEMORY_NS
        self._fault_pause_ns = min(2 * self._fault_pause_ns, LONGEST_FAULT_PAUSE_NS) if is_again else SECOND_NS
        self._fault_ns = now_ns
        self._retry_ns = now_ns + self._fault_pause_ns

    def request_key_frame(self) -> None:
        """Ask the camera for a key frame, if it can be asked."""
        if self.source is not None:
            self.source.request_key_frame()

    def release(self) -> None:
        """Let the source go without opening another; `close` waits for it."""
        if self._opening is not None:
            self._opening.cancel()
            self._let_go(_close_opened(self._opening))
            self._opening = None
        if self.source is not None:
            self._let_go(self.source.close())
            self.source = None

    async def close(self) -> None:
        """Release the source and wait until it is gone."""
        self.release()
        if self._closing:
            await asyncio.wait(self._closing, timeout=2)

    def _advance(self, now_ns: int) -> None:
        opening = self._opening
        if opening is None:
            if now_ns >= self._retry_ns:
                self._opened_ns = now_ns
                self._opening = asyncio.ensure_future(self._open_source())
        elif opening.done():
            self._opening = None
            try:
                self.source = opening.result()
            except CameraError as error:
                self._fail(error.why, str(error), now_ns)
            else:
                self._opened_ns = now_ns
                self.connections += 1
                self.message = "connected, waiting for a key frame"
        elif now_ns - self._opened_ns > OPEN_WITHIN_NS:
            self._lose("net", "no answer within 10 s", now_ns)

    def _let_go(self, closing: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(closing)
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    def _lose(self, why: str, message: str, now_ns: int) -> None:
        self.release()
        self._fail(why, message, now_ns)

    def _fail(self, why: str, message: str, now_ns: int) -> None:
        self.why, self.message = why, message
        self._tries += 1
        if self._tries == 1:
            self._retry_ns = now_ns
        elif now_ns - self._absent_ns < EAGER_NS:
            self._retry_ns = max(now_ns, self._opened_ns + SECOND_NS)
        else:
            self._pause_ns = min(LONGEST_PAUSE_NS, self._pause_ns * 3 // 2)
            self._retry_ns = now_ns + int(self._pause_ns * self._jitter.uniform(0.7, 1.0))


async def _close_opened(opening: "asyncio.Task[Source]") -> None:
    """It may have opened before it could be cancelled, without `sweep` having seen it."""
    try:
        source = await opening
    except (asyncio.CancelledError, CameraError):
        return
    await source.close()
