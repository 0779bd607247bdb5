# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Frames for whoever watches live: a relay on `run/live.sock` gets them as soon as they are there.

A relay says which streams it watches. The first thing it gets of one is its running group of pictures (running.py);
then the camera's connection itself, to look at what comes without taking it, so that nobody here has to wake up for a
frame. What is read at the beats is passed on, for what the relay has not seen by then. A connection that cannot be
looked at (TLS, other protocols) is read when bytes come, and its frames are sent one by one. What nobody watches costs
what it costs anyway. Nothing waits for a relay: one that takes too little is dropped, and comes again.
"""

import asyncio
import contextlib
import os
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import cast

import structlog

from torrazzo.base import StreamId
from torrazzo.base.errors import Invalid, TorrazzoError
from torrazzo.camera import AccessUnit, Source, VideoFormat
from torrazzo.camera.source import Followable, HandOver
from torrazzo.durable import Disk
from torrazzo.durable.unix_socket import listen_unix, peer_uid
from torrazzo.recorder.fault import log_fault
from torrazzo.recorder.journal import Open
from torrazzo.recorder.live_wire import (
    CATCHING_UP,
    DISCONTINUITY,
    KEY,
    MOST_LINE,
    MOST_STAND,
    LiveFrame,
    State,
    frame_head,
    pack_beat,
    pack_format,
    pack_over,
    pack_source,
    pack_state,
    parse_watch,
    passed_head,
)
from torrazzo.recorder.live_wire import Source as Handed
from torrazzo.recorder.record import Recorder
from torrazzo.recorder.running import InMemory, in_memory, on_disk
from torrazzo.recorder.stream import SECOND_NS, StreamRecorder

MOST_RELAYS = 4
MOST_WAITING = 64 << 20  # bytes that a relay has not taken: then it is dropped
LATE_NS = SECOND_NS * 6 // 10  # without a frame; three frame intervals if that is longer
POLL_S = 0.02  # between two looks at a source that has no socket to wait for
PATIENCE_NS = SECOND_NS  # for the beginning of a running group; the next key frame is taken instead

_log = structlog.get_logger()


class Live:
    """In the loop's thread. Does nothing, and costs nothing, while no relay is there."""

    def __init__(self, recorder: Recorder, disk: Disk) -> None:
        self.recorder, self.disk = recorder, disk
        self.relays: set[Relay] = set()
        self._watched: dict[StreamId, _Watched] = {}
        self._server: asyncio.Server | None = None
        self._beat_ns = 0

    async def start(self, path: Path) -> None:
        """Listen; for this Unix user alone."""
        self._server = await asyncio.get_running_loop().create_unix_server(lambda: Relay(self), sock=listen_unix(path))

    def stop(self) -> None:
        """No more relays."""
        if self._server is not None:
            self._server.close()
        for relay in list(self.relays):
            relay.drop()

    def join(self, relay: "Relay") -> None:
        """A relay has come."""
        self.relays.add(relay)
        self.recorder.each_beat = self.tend

    def leave(self, relay: "Relay") -> None:
        """It is gone, and what only it watched is watched no more."""
        for tap in list(relay.taps.values()):
            self.unwatch(tap)
        self.relays.discard(relay)
        if not self.relays:
            self.recorder.each_beat = None

    def watch(self, tap: "Tap") -> None:
        """Its frames from now on, behind the running group."""
        watched = self._watched.get(tap.stream)
        if watched is None:
            watched = self._watched[tap.stream] = _Watched(self, tap.stream)
        watched.taps.append(tap)
        watched.tend()
        tap.begin(watched.stream)
        tap.tell(watched.stream, self.recorder.clock.boot_ns())
        watched.tend()

    def unwatch(self, tap: "Tap") -> None:
        """No more of its frames."""
        tap.relay.taps.pop(tap.number, None)
        watched = self._watched[tap.stream]
        watched.taps.remove(tap)
        if watched.taps:
            watched.tend()
        else:
            watched.stop()
            del self._watched[tap.stream]

    def tend(self, now_ns: int) -> None:
        """At each beat while a relay is there: sockets that were opened anew, states, groups that do not come."""
        for watched in self._watched.values():
            watched.tend()
            for tap in watched.taps:
                with alone(tap):
                    tap.tend(watched.stream, now_ns)
        if now_ns - self._beat_ns >= SECOND_NS:
            self._beat_ns = now_ns
            for relay in list(self.relays):
                relay.write(pack_beat())


class _Watched:
    """One stream that somebody watches, and the socket on which its bytes come.

    Relays look at it themselves as soon as they are up to date. Until then, and where they cannot, it is waited for by
    a descriptor of our own: a source may close its one whenever it likes.
    """

    def __init__(self, live: Live, stream_id: StreamId) -> None:
        self.stream: StreamRecorder | None = None
        self.taps: list[Tap] = []
        self._live, self._id = live, stream_id
        self._loop = asyncio.get_running_loop()
        self._source: Source | None = None
        self._followable: Followable | None = None  # the same, if others may look at it
        self._descriptor = -1
        self._polling: asyncio.TimerHandle | None = None

    def tend(self) -> None:
        """Follow the stream: a plan or a key class may have made it anew, its camera may have been opened again."""
        stream = self._live.recorder.streams.get(self._id)
        if stream is not self.stream:
            if self.stream is not None:
                self.stream.watcher = None
            self.stream = stream
            if stream is not None:
                stream.watcher = self._take
        source = None if stream is None else stream.keeper.source
        if source is not self._source:
            self._let_go()
            self._source = source
            self._followable = _followable(source)
        if source is None or stream is None or (self._descriptor < 0 and self._polling is None and self._all_follow()):
            return
        self._hand_over(stream)
        if stream.is_heavy or self._all_follow():
            self._wait_no_more()
        elif self._descriptor < 0 and self._polling is None:
            self._wait_for(source)

    def _all_follow(self) -> bool:
        return all(tap.follows for tap in self.taps)

    def stop(self) -> None:
        """Nobody watches it any more."""
        if self.stream is not None:
            self.stream.watcher = None
        self._let_go()

    def _hand_over(self, stream: StreamRecorder) -> None:
        """Relays that are up to date see for themselves from now on."""
        followable = self._followable
        ready = [tap for tap in self.taps if tap.may_follow(stream)] if followable is not None else []
        if followable is None or not ready:
            return
        handed = followable.hand_over()
        if handed is not None and len(handed.stand) <= MOST_STAND:
            followable.passes = self._pass
            for tap in ready:
                with alone(tap):
                    tap.follow(handed, stream.timeline.interval)

    def _pass(self, taken: int, data: memoryview) -> None:
        kept = bytes(data)
        for tap in self.taps:
            with alone(tap):
                tap.pass_on(taken, kept)

    def _wait_for(self, source: Source) -> None:
        if source.fileno is None:
            self._polling = self._loop.call_later(POLL_S, self._poll)
        elif source.fileno >= 0:
            self._descriptor = os.dup(source.fileno)
            self._loop.add_reader(self._descriptor, self._read)

    def _let_go(self) -> None:
        if self._followable is not None:
            self._followable.passes = None
        self._source = self._followable = None
        for tap in self.taps:
            with alone(tap):
                tap.follow_no_more()
        self._wait_no_more()

    def _wait_no_more(self) -> None:
        if self._descriptor >= 0:
            self._loop.remove_reader(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = -1
        if self._polling is not None:
            self._polling.cancel()
            self._polling = None

    def _read(self) -> None:
        stream = self.stream
        if stream is not None:
            self._live.recorder.read(stream)
            if stream.keeper.source is not self._source or stream.is_heavy:
                self.tend()

    def _poll(self) -> None:
        self._polling = self._loop.call_later(POLL_S, self._poll)
        self._read()

    def _take(self, units: list[AccessUnit]) -> None:
        for tap in self.taps:
            with alone(tap):
                tap.take(units)


class Tap:
    """One stream for one relay."""

    def __init__(self, relay: "Relay", number: int, stream: StreamId) -> None:
        self.relay, self.number, self.stream = relay, number, stream
        self._recorder_stream: StreamRecorder | None = None
        self._memory: InMemory | None = None  # while the group's beginning is read
        self._early: list[AccessUnit] = []  # came meanwhile
        self._until_ns = 0
        self._needs_key = True
        self._breaks = True
        self._connection = -1
        self._dts = 0  # of the last frame
        self._format: VideoFormat | None = None  # that the relay knows
        self._state: tuple[str, str | None] | None = None
        self.follows = False  # the relay sees for itself

    def begin(self, stream: StreamRecorder | None) -> None:
        """The running group of pictures first."""
        self._recorder_stream = stream
        self._memory, self._early = None, []
        self._needs_key = self._breaks = True
        if stream is None:
            return
        self._connection = stream.keeper.connections
        recorder = self.relay.live.recorder
        memory = in_memory(stream)
        if memory is not None and memory.is_whole:
            self._catch_up(memory.units)
        elif memory is not None and memory.on_disk:
            self._memory = memory
            self._until_ns = recorder.clock.boot_ns() + PATIENCE_NS
            recorder.look_back(stream, lambda found: self._look_back(memory, found))
        else:
            stream.ask_for_key_frame(recorder.clock.boot_ns())

    def take(self, units: Sequence[AccessUnit]) -> None:
        """What came just now."""
        if self.follows:
            return
        for unit in units:
            if unit.is_key:
                self._memory, self._early = None, []  # nobody needs the group before
            elif self._memory is not None:
                self._early.append(unit)
                continue
            self._give(unit, 0)

    def tend(self, stream: StreamRecorder | None, now_ns: int) -> None:
        """At each beat."""
        if stream is not self._recorder_stream:
            self.begin(stream)
        elif stream is not None and stream.keeper.connections != self._connection:
            self._connection = stream.keeper.connections
            self._needs_key = self._breaks = True
        if self._memory is not None and now_ns > self._until_ns:
            self._give_up_group()
        self.tell(stream, now_ns)

    def tell(self, stream: StreamRecorder | None, now_ns: int) -> None:
        """How the stream is, where that has changed."""
        found = state_of(stream, now_ns)
        if found != self._state:
            self._state = found
            server = self.relay.live.recorder.server
            self.relay.write(pack_state(State(self.number, *found, server.utc(now_ns) // 90)))

    # -- the camera's connection

    def may_follow(self, stream: StreamRecorder) -> bool:
        """Whether the relay has all there is, and begins at no key frame any more."""
        return (
            not self.follows
            and self._recorder_stream is stream
            and self._memory is None
            and not self._needs_key
            and self._connection == stream.keeper.connections
        )

    def follow(self, handed: HandOver, interval: int) -> None:
        """From here on the relay makes its frames itself."""
        source = Handed(self.number, handed.taken, self._dts, interval, handed.stand, -1)
        self.follows = self.relay.hand(pack_source(source), handed.fileno)

    def pass_on(self, taken: int, data: bytes) -> None:
        """The recorder has read this."""
        if self.follows:
            self.relay.write(passed_head(self.number, taken, len(data)), data)

    def follow_no_more(self) -> None:
        """The connection is gone, or another one; what comes next is a key frame."""
        if self.follows:
            self.follows = False
            self._needs_key = self._breaks = True
            self.relay.write(pack_over(self.number))

    # -- the running group

    def _look_back(self, memory: InMemory, found: Open | None) -> None:
        if self._memory is not memory:
            return
        if found is None:
            self._give_up_group()
            return
        task = asyncio.ensure_future(self._read_back(memory, found))
        self.relay.reading.add(task)
        task.add_done_callback(self.relay.reading.discard)

    async def _read_back(self, memory: InMemory, found: Open) -> None:
        try:
            units = await asyncio.to_thread(on_disk, self.relay.live.disk, found, memory)
        except (OSError, TorrazzoError) as error:
            _log.warning("running_group_not_read", stream=str(self.stream), error=str(error))
            units = []
        if self._memory is not memory:
            return
        if not units:
            self._give_up_group()
            return
        early = self._early
        self._memory, self._early = None, []
        self._catch_up([*units, *memory.units, *early])

    def _give_up_group(self) -> None:
        """It begins with the next key frame."""
        self._memory, self._early = None, []
        if self._recorder_stream is not None:
            self._recorder_stream.ask_for_key_frame(self.relay.live.recorder.clock.boot_ns())

    def _catch_up(self, units: Sequence[AccessUnit]) -> None:
        for unit in units:
            self._give(unit, CATCHING_UP)

    # -- to the relay

    def _give(self, unit: AccessUnit, flags: int) -> None:
        stream = self._recorder_stream
        if stream is None:
            return
        if stream.keeper.connections != self._connection:
            self._connection = stream.keeper.connections
            self._needs_key = self._breaks = True
        if self._needs_key and not unit.is_key:
            return
        if unit.format is not self._format:
            self._format = unit.format
            self.relay.write(pack_format(self.number, unit.format))
        if self._breaks or unit.discontinuity or unit.dts <= self._dts:
            flags |= DISCONTINUITY
        self._needs_key = self._breaks = False
        self._dts = unit.dts
        utc_ms = self.relay.live.recorder.server.utc(unit.arrived_ns) // 90
        flags |= KEY if unit.is_key else 0
        lasts = stream.timeline.interval
        frame = LiveFrame(self.number, flags, unit.pts, unit.dts, utc_ms, lasts, unit.data)
        self.relay.write(frame_head(frame), unit.data)


class Relay(asyncio.Protocol):
    """A connection to `run/live.sock`: lists of streams in, frames out."""

    def __init__(self, live: Live) -> None:
        self.live = live
        self.taps: dict[int, Tap] = {}
        self.reading: set[asyncio.Task[None]] = set()
        self._line = bytearray()
        self._transport: asyncio.Transport | None = None
        self._socket: socket.socket | None = None  # the same connection: descriptors go by it

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Only our own Unix user, and few at a time."""
        self._transport = cast("asyncio.Transport", transport)
        uid = peer_uid(transport.get_extra_info("socket"))
        if uid != os.getuid() or len(self.live.relays) >= MOST_RELAYS:
            _log.warning("relay_refused", uid=uid, relays=len(self.live.relays))
            self._transport.abort()
            return
        self._socket = transport.get_extra_info("socket").dup()
        self.live.join(self)

    def data_received(self, data: bytes) -> None:
        """Lines; the last one counts."""
        self._line += data
        *lines, rest = bytes(self._line).split(b"\n")
        self._line[:] = rest
        try:
            if len(rest) > MOST_LINE:
                raise Invalid(f"a line of more than {MOST_LINE} bytes")
            if lines:
                self._follow(parse_watch(lines[-1]))
        except Invalid as error:
            _log.warning("relay_not_understood", error=str(error))
            self.drop()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - as the base class has it
        """The relay is gone."""
        self._transport = None
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        if self in self.live.relays:
            self.live.leave(self)

    def write(self, *parts: bytes) -> None:
        """Hand it over, or drop the relay; never waits."""
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        if transport.get_write_buffer_size() > MOST_WAITING:
            _log.warning("relay_too_slow", waiting=transport.get_write_buffer_size())
            self.drop()
            return
        transport.writelines(parts)

    def hand(self, message: tuple[bytes, bytes], descriptor: int) -> bool:
        """Give it a descriptor; False: not now."""
        transport, connection = self._transport, self._socket
        if transport is None or connection is None or transport.is_closing() or transport.get_write_buffer_size():
            return False
        head, rest = message
        try:
            sent = socket.send_fds(connection, [head], [descriptor], socket.MSG_DONTWAIT)
        except OSError:  # it has to take what it has first
            return False
        self.write(head[sent:], rest)
        return True

    def drop(self) -> None:
        """It may come again."""
        if self._transport is not None:
            with contextlib.suppress(OSError):
                self._transport.abort()

    def _follow(self, wanted: dict[int, StreamId]) -> None:
        for number, tap in list(self.taps.items()):
            if wanted.get(number) != tap.stream:
                self.live.unwatch(tap)
        for number, stream in wanted.items():
            if number not in self.taps:
                tap = self.taps[number] = Tap(self, number, stream)
                self.live.watch(tap)


@contextlib.contextmanager
def alone(tap: Tap) -> Iterator[None]:
    """A mistake of ours costs the relay its connection, and never a stream its recording."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - as above
        log_fault(tap.stream, error)
        tap.relay.drop()


def _followable(source: object) -> Followable | None:
    return source if isinstance(source, Followable) else None


def state_of(stream: StreamRecorder | None, now_ns: int) -> tuple[str, str | None]:
    """A word for people who look at its picture, and its cause."""
    if stream is None:
        return "off", None
    if stream.blocked == "permit":
        return "off", "permit"
    why, last_ns = stream.keeper.why, stream.last_frame_ns
    if why is not None:
        return "lost", why
    if last_ns is None:
        return "connecting", None
    if now_ns - last_ns > max(LATE_NS, 3 * stream.timeline.interval * SECOND_NS // 90_000):
        return "late", None
    return ("recording", None) if stream.blocked is None else ("unrecorded", stream.blocked)
