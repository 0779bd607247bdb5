# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Cameras' connections, seen from here: what has come is looked at as it comes, and is left for the recorder.

`MSG_PEEK` takes nothing away, so nothing here can cost the recorder a byte, nor wait for it. What a look begins with
is known from its end: the kernel counts what it received. What the recorder took before it was seen here comes from
the recorder a moment later.
"""

import asyncio
import contextlib
import select
import socket
import struct

import structlog

from torrazzo.base.clock import Clock
from torrazzo.base.errors import Invalid
from torrazzo.base.times import SECOND
from torrazzo.camera import AccessUnit, CameraError, VideoFormat
from torrazzo.camera.following import Follower
from torrazzo.camera.native import make_scratch
from torrazzo.control_room.live.channel import Channel
from torrazzo.recorder.live_wire import DISCONTINUITY, KEY, LiveFrame, Passed, Source

GATHER_S = 0.002  # from the first bytes to a look at them: a picture's packets come together
MOST_SEEN = 1 << 20  # bytes that may wait for the recorder; more are not looked at
SHARE = 8  # a look that took long is followed by a pause of so many times that
TRIES = 3  # for a look between two bytes that come

_ESTABLISHED = 1
_RECEIVED = struct.Struct("=128xQ")  # struct tcp_info: tcpi_bytes_received

log = structlog.get_logger(__name__)


class Following:
    """All connections that this process looks at, in the loop's thread."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.scratch = make_scratch()
        self.seen = memoryview(bytearray(MOST_SEEN))
        self._loop = asyncio.get_running_loop()
        self._edges = select.epoll()
        self._followed: dict[int, Followed] = {}  # by descriptor
        self._loop.add_reader(self._edges.fileno(), self._ready)

    def watch(self, followed: "Followed", descriptor: int) -> None:
        """Look at it whenever something has come: only then, for what lies there unread stays readable."""
        self._followed[descriptor] = followed
        self._edges.register(descriptor, select.EPOLLIN | select.EPOLLET)

    def forget(self, descriptor: int) -> None:
        """Not any more."""
        if self._followed.pop(descriptor, None) is not None:
            with contextlib.suppress(OSError):
                self._edges.unregister(descriptor)

    def close(self) -> None:
        """No more looks."""
        self._loop.remove_reader(self._edges.fileno())
        self._edges.close()

    def _ready(self) -> None:
        for descriptor, _ in self._edges.poll(0):
            followed = self._followed.get(descriptor)
            if followed is not None:
                followed.soon(GATHER_S)


class Followed:
    """One camera's stream."""

    def __init__(self, following: Following, channel: Channel, begun: Source) -> None:
        """Raises `Invalid`."""
        self._all, self._channel, self._number = following, channel, begun.number
        self._at = begun.taken  # in all that the camera has sent
        self._dts, self._interval = begun.dts, begun.interval
        self._format: VideoFormat | None = None
        self._socket: socket.socket | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._is_over = self._has_missed = False
        if begun.descriptor >= 0:
            self._socket = socket.socket(fileno=begun.descriptor)
        try:
            self._parser = Follower(begun.stand, following.scratch)
        except Invalid:
            self.close()
            raise
        if self._socket is not None:
            following.watch(self, self._socket.fileno())

    def close(self) -> None:
        """The connection stays what it is: it is the recorder's."""
        self._is_over = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._socket is not None:
            self._all.forget(self._socket.fileno())
            self._socket.close()
            self._socket = None

    def soon(self, seconds: float) -> None:
        """Look at it then, if no look is to come already."""
        if self._timer is None and not self._is_over:
            self._timer = asyncio.get_running_loop().call_later(seconds, self._look)

    def passed(self, message: Passed) -> None:
        """The recorder has read this, and passes it on. Raises `Invalid` where some is missing before it."""
        end = message.taken + len(message.data)
        if message.taken > self._at:
            raise Invalid(f"bytes from {message.taken} on, expected from {self._at} on")
        if end > self._at:
            self._take(memoryview(message.data)[self._at - message.taken :], end)
        if self._has_missed:
            self._has_missed = False
            self.soon(GATHER_S)

    def _look(self) -> None:
        self._timer = None
        began_ns = self._all.clock.boot_ns()
        for _ in range(TRIES):
            if self._is_over or self._socket is None:
                return
            found = _peek(self._socket, self._all.seen, self._at)
            if found is None:
                continue
            start, end = found
            self._has_missed = start > self._at
            if start <= self._at < end:
                self._take(self._all.seen[self._at - start : end - start], end)
                if (pause := SHARE * (self._all.clock.boot_ns() - began_ns) / 1e9) > GATHER_S:
                    self.soon(pause)  # edges meanwhile find it waiting
            return
        self.soon(GATHER_S)

    def _take(self, data: memoryview, end: int) -> None:
        if self._is_over:
            return
        self._at = end
        clock = self._all.clock
        try:
            units = self._parser.take(data, clock.boot_ns())
        except CameraError as error:  # the recorder finds the same, and gives the connection up
            log.warning("followed_stream_broken", error=str(error))
            self.close()
            return
        utc_ms = clock.utc() // 90
        for unit in units:
            self._give(unit, utc_ms)

    def _give(self, unit: AccessUnit, utc_ms: int) -> None:
        if unit.format is not self._format:
            self._format = unit.format
            shown = unit.format._replace(reorder=0, interval=None)
            if shown != self._channel.shown:
                self._channel.take_format(shown)
        step = unit.dts - self._dts
        flags = KEY if unit.is_key else 0
        if unit.discontinuity or step <= 0:
            flags |= DISCONTINUITY
        elif step <= SECOND:
            self._interval += (step - self._interval) >> 3
        self._dts = unit.dts
        self._channel.take_frame(LiveFrame(self._number, flags, unit.pts, unit.dts, utc_ms, self._interval, unit.data))


def _peek(connection: socket.socket, view: memoryview, at: int) -> tuple[int, int] | None:
    """What lies there unread now: from where to where in all that was received. None: something came meanwhile."""
    before = _received(connection)
    if before is None or before <= at:
        return at, at
    try:
        got = connection.recv_into(view, len(view), socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except OSError:
        got = 0
    if _received(connection) != before:
        return None
    return before - (got if got < len(view) else 0), before


def _received(connection: socket.socket) -> int | None:
    """Bytes since its beginning; None when it ends: its end counts as a byte."""
    with contextlib.suppress(OSError, struct.error):
        info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _RECEIVED.size)
        if info[0] == _ESTABLISHED:
            received: int = _RECEIVED.unpack(info)[0]
            return received
    return None
