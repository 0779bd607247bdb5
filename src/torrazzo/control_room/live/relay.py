# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The other end of the recorder's `run/live.sock`: one connection for all streams that somebody looks at here.

It is there while somebody looks, and made anew, with all that is watched, whenever it is lost.
"""

import asyncio
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import cast

import structlog

from torrazzo.base.clock import Clock
from torrazzo.base.errors import Invalid
from torrazzo.base.ids import StreamId
from torrazzo.control_room.live.channel import Channel
from torrazzo.control_room.live.viewer import Viewer
from torrazzo.durable.unix_socket import connect_unix
from torrazzo.recorder.live_wire import Beat, Format, Incoming, LiveFrame, Message, State, pack_watch

SILENT_S = 4.0  # a recorder says something each second
PAUSE_S = 0.25  # between two attempts to reach it

log = structlog.get_logger(__name__)


class LiveRelay:
    """In the loop's thread."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path, self._clock = path, clock
        self._channels: dict[StreamId, Channel] = {}
        self._numbers: dict[StreamId, int] = {}
        self._by_number: dict[int, Channel] = {}
        self._number = 0
        self._link: _Link | None = None
        self._running: asyncio.Task[None] | None = None
        self._is_told = False

    def join(self, stream: StreamId, viewer: Viewer) -> None:
        """This viewer sees this stream from now on."""
        channel = self._channels.get(stream)
        if channel is not None:
            channel.join(viewer)
            return
        channel = self._channels[stream] = Channel()
        channel.join(viewer)
        self._number += 1
        self._numbers[stream] = self._number
        self._by_number[self._number] = channel
        if self._link is not None:
            self._link.watch(self._watched())
        elif self._running is None:
            self._is_told = False
            self._running = asyncio.ensure_future(self._run())
        else:
            channel.lose(self._now_ms())

    def leave(self, stream: StreamId, viewer: Viewer) -> None:
        """It does not any more; what nobody sees is watched no more."""
        channel = self._channels.get(stream)
        if channel is None:
            return
        channel.leave(viewer)
        if not channel.viewers:
            del self._channels[stream], self._by_number[self._numbers.pop(stream)]
            if self._link is not None:
                self._link.watch(self._watched())

    def take(self, message: Message) -> None:
        """From the recorder."""
        if isinstance(message, Beat):
            return
        channel = self._by_number.get(message.number)
        if channel is None:  # nobody sees it any more
            return
        match message:
            case LiveFrame():
                channel.take_frame(message)
            case Format():
                channel.take_format(message.format)
            case State():
                channel.take_state(message)

    def _watched(self) -> Mapping[int, StreamId]:
        return {number: stream for stream, number in self._numbers.items()}

    async def _run(self) -> None:
        """While anybody looks."""
        try:
            while self._channels:
                lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
                try:
                    socket = connect_unix(self._path, 1.0)
                    socket.setblocking(False)
                    make = partial(_Link, self, lost)
                    _, self._link = await asyncio.get_running_loop().create_connection(make, sock=socket)
                except OSError as error:
                    self._tell_lost(str(error))
                    await asyncio.sleep(PAUSE_S)
                    continue
                self._is_told = False
                self._link.watch(self._watched())
                why = await self._until_lost(self._link, lost)
                self._link.close()
                self._link = None
                if self._channels:
                    self._tell_lost(why)
                    await asyncio.sleep(PAUSE_S)
        finally:
            self._running = None
            if self._link is not None:
                self._link.close()
                self._link = None

    async def _until_lost(self, link: "_Link", lost: "asyncio.Future[str]") -> str:
        """Why; also where nobody looks any more."""
        while self._channels:
            heard = link.heard
            done, _ = await asyncio.wait([lost], timeout=SILENT_S)
            if done:
                return lost.result()
            if link.heard == heard:
                return f"it says nothing for {SILENT_S:.0f} s"
        return "nobody looks"

    def _tell_lost(self, why: str) -> None:
        if not self._is_told:
            self._is_told = True
            log.warning("recorder_not_heard", path=str(self._path), error=why)
            for channel in self._channels.values():
                channel.lose(self._now_ms())

    def _now_ms(self) -> int:
        return self._clock.utc() // 90


class _Link(asyncio.Protocol):
    """One connection."""

    def __init__(self, relay: LiveRelay, lost: "asyncio.Future[str]") -> None:
        self.heard = 0  # messages
        self._relay, self._lost = relay, lost
        self._incoming = Incoming()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """To the recorder."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Messages."""
        try:
            for message in self._incoming.feed(data):
                self.heard += 1
                self._relay.take(message)
        except Invalid as error:
            self._end(str(error))
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """The recorder is gone, or did not want us."""
        self._end("it closed the connection" if exc is None else str(exc))

    def watch(self, wanted: Mapping[int, StreamId]) -> None:
        """From now on."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(pack_watch(wanted))

    def close(self) -> None:
        """Hear no more."""
        if self._transport is not None:
            self._transport.abort()

    def _end(self, why: str) -> None:
        if not self._lost.done():
            self._lost.set_result(why)
