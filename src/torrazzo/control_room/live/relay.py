# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The other end of the recorder's `run/live.sock`: one connection for all streams that somebody looks at here.

It is there while somebody looks, and made anew, with all that is watched, whenever it is lost.
"""

import asyncio
import os
import socket
from collections.abc import Mapping
from pathlib import Path

import structlog

from torrazzo.base.clock import Clock
from torrazzo.base.errors import Invalid
from torrazzo.base.ids import StreamId
from torrazzo.control_room.live.channel import Channel
from torrazzo.control_room.live.following import Followed, Following
from torrazzo.control_room.live.viewer import Viewer
from torrazzo.durable.unix_socket import connect_unix
from torrazzo.recorder.live_wire import (
    Beat,
    Format,
    Incoming,
    LiveFrame,
    Message,
    Over,
    Passed,
    Source,
    State,
    pack_watch,
)

SILENT_S = 4.0  # a recorder says something each second
PAUSE_S = 0.25  # between two attempts to reach it
MOST_READ = 256 << 10  # from it at a time
MOST_DESCRIPTORS = 16  # that come with one message, though there is one

log = structlog.get_logger(__name__)


class LiveRelay:
    """In the loop's thread."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path, self._clock = path, clock
        self._channels: dict[StreamId, Channel] = {}
        self._numbers: dict[StreamId, int] = {}
        self._by_number: dict[int, Channel] = {}
        self._number = 0
        self._following: Following | None = None  # while there is a link
        self._followed: dict[int, Followed] = {}
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
            number = self._numbers.pop(stream)
            del self._channels[stream], self._by_number[number]
            self._unfollow(number)
            if self._link is not None:
                self._link.watch(self._watched())

    def take(self, message: Message) -> None:
        """From the recorder."""
        if isinstance(message, Beat):
            return
        channel = self._by_number.get(message.number)
        if channel is None:  # nobody sees it any more
            if isinstance(message, Source) and message.descriptor >= 0:
                os.close(message.descriptor)
            return
        match message:
            case LiveFrame():
                channel.take_frame(message)
            case Format():
                channel.take_format(message.format)
            case State():
                channel.take_state(message)
            case Passed():
                if (followed := self._followed.get(message.number)) is not None:
                    followed.passed(message)
            case Source():
                self._unfollow(message.number)
                if self._following is None:
                    self._following = Following(self._clock)
                self._followed[message.number] = Followed(self._following, channel, message)
            case Over():
                self._unfollow(message.number)

    def _unfollow(self, number: int) -> None:
        followed = self._followed.pop(number, None)
        if followed is not None:
            followed.close()

    def _end_link(self) -> None:
        """And all that came by it."""
        if self._link is not None:
            self._link.close()
            self._link = None
        for number in list(self._followed):
            self._unfollow(number)
        if self._following is not None:
            self._following.close()
            self._following = None

    def _watched(self) -> Mapping[int, StreamId]:
        return {number: stream for stream, number in self._numbers.items()}

    async def _run(self) -> None:
        """While anybody looks."""
        try:
            while self._channels:
                lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
                try:
                    self._link = _Link(self, lost, connect_unix(self._path, 1.0))
                except OSError as error:
                    self._tell_lost(str(error))
                    await asyncio.sleep(PAUSE_S)
                    continue
                self._is_told = False
                self._link.watch(self._watched())
                why = await self._until_lost(self._link, lost)
                self._end_link()
                if self._channels:
                    self._tell_lost(why)
                    await asyncio.sleep(PAUSE_S)
        finally:
            self._running = None
            self._end_link()

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


class _Link:
    """One connection, read by hand: descriptors come with its bytes."""

    def __init__(self, relay: LiveRelay, lost: "asyncio.Future[str]", connection: socket.socket) -> None:
        self.heard = 0  # messages
        self._relay, self._lost, self._socket = relay, lost, connection
        self._incoming = Incoming()
        self._unsent = b""
        self._wish: bytes | None = None  # behind what is unsent
        self._loop = asyncio.get_running_loop()
        connection.setblocking(False)
        self._loop.add_reader(connection, self._read)

    def watch(self, wanted: Mapping[int, StreamId]) -> None:
        """From now on."""
        self._wish = pack_watch(wanted)
        self._write()

    def close(self) -> None:
        """Hear no more."""
        if self._socket.fileno() >= 0:
            self._loop.remove_reader(self._socket)
            self._loop.remove_writer(self._socket)
            self._socket.close()
        self._incoming.close()

    def _read(self) -> None:
        try:
            data, descriptors, *_ = socket.recv_fds(self._socket, MOST_READ, MOST_DESCRIPTORS, socket.MSG_CMSG_CLOEXEC)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._end(str(error))
            return
        if not data:
            self._end("it closed the connection")
            return
        try:
            for message in self._incoming.feed(data, descriptors):
                self.heard += 1
                self._relay.take(message)
        except Invalid as error:
            self._end(str(error))

    def _write(self) -> None:
        if self._socket.fileno() < 0:
            return
        self._loop.remove_writer(self._socket)
        while self._unsent or self._wish is not None:
            if not self._unsent:
                self._unsent, self._wish = self._wish or b"", None
            try:
                sent = self._socket.send(self._unsent)
            except (BlockingIOError, InterruptedError):
                self._loop.add_writer(self._socket, self._write)
                return
            except OSError:
                return  # who reads finds it closed
            self._unsent = self._unsent[sent:]

    def _end(self, why: str) -> None:
        self.close()
        if not self._lost.done():
            self._lost.set_result(why)
