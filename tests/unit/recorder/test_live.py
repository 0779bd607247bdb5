# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The recorder's live socket: the running group, what is watched and what is not, relays that are slow or not ours."""

import asyncio
import contextlib
import os
import socket
from collections.abc import Awaitable, Callable
from itertools import pairwise
from pathlib import Path

import pytest

from tests.tools import lab as lab_module
from tests.tools.lab import Lab, LabCamera, LabSource
from torrazzo.base import StreamId
from torrazzo.camera import AccessUnit
from torrazzo.camera.source import HandOver
from torrazzo.camera.units import Event
from torrazzo.durable.unix_socket import connect_unix
from torrazzo.recorder import live as live_module
from torrazzo.recorder.live import Live
from torrazzo.recorder.live_wire import (
    CATCHING_UP,
    DISCONTINUITY,
    KEY,
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
from torrazzo.testing import ClipSpec, FakeClock, FaultyDisk, make_clip
from torrazzo.testing.clips import Clip

GOP = 20  # four seconds


@pytest.fixture(scope="module")
def clip() -> Clip:
    return make_clip(ClipSpec(fps="5", frames=40, gop=GOP, width=160, height=96, bitrate=20_000))


class Desk:
    """A relay's end, driven by hand beside a recorder on a moved clock."""

    def __init__(self, lab: Lab, path: Path) -> None:
        self.lab, self.live, self.path = lab, Live(lab.recorder, lab.disk), path
        self.streams = list(lab.cameras)
        self.messages: list[Message] = []
        self._incoming = Incoming()
        self.connection: socket.socket | None = None

    async def connect(self) -> None:
        self.connection = connect_unix(self.path)
        self.connection.setblocking(False)
        await self.settle()

    async def watch(self, *streams: StreamId) -> None:
        assert self.connection is not None
        self.connection.send(pack_watch({self.streams.index(stream) + 1: stream for stream in streams}))
        await self.settle()

    async def settle(self) -> None:
        """Let the loop, its threads and the kernel hand over what there is; then read it."""
        for _ in range(20):
            await asyncio.to_thread(lambda: None)
        await asyncio.gather(*(task for relay in self.live.relays for task in relay.reading))
        if self.connection is not None:
            with contextlib.suppress(BlockingIOError):
                while (got := socket.recv_fds(self.connection, 1 << 20, 8))[0]:
                    self.messages += self._incoming.feed(got[0], got[1])

    async def run(self, seconds: float) -> None:
        await self.lab.run(seconds)
        await self.settle()

    def frames(self, number: int = 1) -> list[LiveFrame]:
        return [each for each in self.messages if isinstance(each, LiveFrame) and each.number == number]

    def states(self) -> list[tuple[str, str | None]]:
        return [(each.state, each.why) for each in self.messages if isinstance(each, State)]


def _drive(clip: Clip, folder: Path, life: Callable[[Desk], Awaitable[None]], cameras: int = 2) -> None:
    async def whole() -> None:
        lab = Lab(FaultyDisk(), FakeClock(), clip, cameras, base=Path("/r"))
        lab.start()
        desk = Desk(lab, folder / "live.sock")
        await desk.live.start(desk.path)
        try:
            await life(desk)
        finally:
            desk.live.stop()
            if desk.connection is not None:
                desk.connection.close()
            await lab.stop()

    asyncio.run(whole())


@pytest.mark.parametrize("late_s", [4.6, 9.0, 9.6, 13.3, 15.9], ids=lambda seconds: f"after {seconds} s")
def test_the_running_group_comes_first(clip: Clip, tmp_path: Path, late_s: float) -> None:
    """Whenever one begins to watch: from its key frame on, none left out, none twice, then what comes."""

    async def life(desk: Desk) -> None:
        await desk.run(late_s)
        await desk.connect()
        await desk.watch(desk.streams[0])
        await desk.run(6)
        frames = desk.frames()
        again = sum(bool(frame.flags & CATCHING_UP) for frame in frames)
        made = clip.units
        firsts = [at for at, unit in enumerate(made) if unit.is_key]
        sent = [b"".join(len(nal).to_bytes(4) + nal for nal in unit.nals) for unit in made]
        start = next(at for at in firsts if sent[at] == frames[0].data)
        for at, frame in enumerate(frames):
            assert frame.data == sent[(start + at) % len(sent)], f"picture {at}"
        assert frames[0].flags & KEY
        assert frames[0].flags & DISCONTINUITY
        assert not any(frame.flags & DISCONTINUITY for frame in frames[1:])
        assert [bool(frame.flags & CATCHING_UP) for frame in frames] == [True] * again + [False] * (len(frames) - again)
        assert 1 <= again <= GOP
        assert len({other.dts - one.dts for one, other in pairwise(frames)}) == 1
        assert all(0 <= other.utc_ms - one.utc_ms <= 700 for one, other in pairwise(frames[:again]))
        (beginning,) = [each for each in desk.messages if isinstance(each, Format)]
        assert beginning.format.parameter_sets == clip.parameter_sets

    _drive(clip, tmp_path, life)


def test_what_nobody_watches_costs_nothing(clip: Clip, tmp_path: Path) -> None:
    """No call at a beat, none at a sweep; of what is watched only that, and only as long as it is."""

    async def life(desk: Desk) -> None:
        recorder = desk.lab.recorder
        await desk.run(5)
        assert recorder.each_beat is None
        await desk.connect()
        await desk.watch(desk.streams[0])
        watchers = [stream.watcher is not None for stream in recorder.streams.values()]
        assert watchers == [True, False]
        await desk.run(3)
        assert not desk.frames(2)
        await desk.watch()
        assert {stream.watcher for stream in recorder.streams.values()} == {None}
        before = len(desk.frames())
        await desk.run(3)
        assert len(desk.frames()) == before
        assert desk.connection is not None
        desk.connection.close()
        desk.connection = None
        await desk.settle()
        assert recorder.each_beat is None

    _drive(clip, tmp_path, life)


def test_a_camera_that_is_silent_is_said_to_be(clip: Clip, tmp_path: Path) -> None:
    """Late before a second is over, lost when its connection is given up, and recording when it is back."""

    async def life(desk: Desk) -> None:
        camera = desk.lab.cameras[desk.streams[0]]
        await desk.run(5)
        await desk.connect()
        await desk.watch(desk.streams[0])
        await desk.run(1)
        assert desk.states() == [("recording", None)]
        camera.is_silent = True
        await desk.run(1)
        assert desk.states()[-1] == ("late", None)
        camera.refuses = "auth"
        await desk.run(3)
        assert desk.states()[-1] == ("lost", "auth")
        camera.is_silent, camera.refuses = False, None
        before = len(desk.frames())
        await desk.run(12)
        assert desk.states()[-1] == ("recording", None)
        first = desk.frames()[before]
        assert first.flags & KEY
        assert first.flags & DISCONTINUITY
        desk.lab.allows_faults = False

    _drive(clip, tmp_path, life)


def test_a_stream_that_is_not_recorded_is_off(clip: Clip, tmp_path: Path) -> None:
    """One that nobody knows, and one whose permission has ended."""

    async def life(desk: Desk) -> None:
        await desk.run(2)
        await desk.connect()
        unknown = StreamId.parse("00000000000000ff/main")
        desk.streams.append(unknown)
        await desk.watch(desk.streams[0], unknown)
        assert ("off", None) in desk.states()
        desk.lab.until = desk.lab.clock.utc()
        desk.lab.follow()
        await desk.run(3)
        assert desk.states()[-1] == ("off", "permit")

    _drive(clip, tmp_path, life)


def test_a_relay_that_takes_nothing_is_dropped(clip: Clip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The recorder keeps a bound of what it has for it, and goes on."""
    monkeypatch.setattr(live_module, "MOST_WAITING", -1)

    async def life(desk: Desk) -> None:
        await desk.connect()
        await desk.watch(desk.streams[0])
        await desk.run(8)
        assert not desk.live.relays
        assert all(stream.frames > 10 for stream in desk.lab.recorder.streams.values())

    _drive(clip, tmp_path, life)


def test_nobody_else_is_let_in(clip: Clip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another Unix user is cut off before a word; the socket's mode keeps them out before that."""
    monkeypatch.setattr(live_module, "peer_uid", lambda _: 4711)

    async def life(desk: Desk) -> None:
        await desk.connect()
        assert desk.path.stat().st_mode & 0o777 == 0o600
        assert not desk.live.relays
        assert desk.connection is not None
        assert desk.connection.recv(1) == b""

    _drive(clip, tmp_path, life)


def test_what_is_no_wish_ends_the_connection(clip: Clip, tmp_path: Path) -> None:
    """Nothing that a relay says reaches a stream."""

    async def life(desk: Desk) -> None:
        await desk.connect()
        assert desk.connection is not None
        desk.connection.send(b"nonsense\n")
        await desk.settle()
        assert not desk.live.relays

    _drive(clip, tmp_path, life)


def test_a_mistake_of_the_live_part_costs_no_recording(
    clip: Clip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The relay is dropped; the stream is recorded as if nobody had watched."""

    def broken(*_: object) -> None:
        raise RuntimeError("a mistake")

    monkeypatch.setattr(live_module.Tap, "take", broken)

    async def life(desk: Desk) -> None:
        await desk.run(5)
        await desk.connect()
        await desk.watch(desk.streams[0])
        await desk.run(4)
        assert not desk.live.relays
        assert desk.lab.recorder.faults == 0
        assert all(stream.keeper.why is None for stream in desk.lab.recorder.streams.values())

    _drive(clip, tmp_path, life)


class OpenSource(LabSource):
    """A connection that others may look at."""

    passes: Callable[[int, memoryview], None] | None = None
    taken = 0

    def __init__(self, camera: LabCamera) -> None:
        super().__init__(camera)
        self.ends = socket.socketpair()

    def sweep(self, now_ns: int) -> list[Event]:
        found = super().sweep(now_ns)
        data = b"".join(each.data for each in found if isinstance(each, AccessUnit))
        if data and self.passes is not None:
            self.passes(self.taken, memoryview(data))
        self.taken += len(data)
        return found

    def hand_over(self) -> HandOver:
        return HandOver(self.ends[0].fileno(), self.taken, b"a stand")

    async def close(self) -> None:
        for end in self.ends:
            end.close()


def test_a_connection_is_looked_at_and_nobody_wakes_up_for_a_frame(
    clip: Clip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind its running group a stream is handed over; what is read of it then is passed on, whole and in order."""
    monkeypatch.setattr(lab_module, "LabSource", OpenSource)

    async def life(desk: Desk) -> None:
        await desk.run(9)
        await desk.connect()
        await desk.watch(desk.streams[0])
        await desk.run(0.5)
        (handed,) = [each for each in desk.messages if isinstance(each, Source)]
        assert handed.descriptor >= 0
        assert handed.stand == b"a stand"
        assert desk.frames()[0].flags & KEY
        assert handed.dts == desk.frames()[-1].dts
        before = len(desk.frames())
        await desk.run(4)
        assert len(desk.frames()) == before
        passed = [each for each in desk.messages if isinstance(each, Passed)]
        assert passed[0].taken == handed.taken
        assert all(one.taken + len(one.data) == other.taken for one, other in pairwise(passed))
        assert sum(len(each.data) for each in passed) > 0
        os.close(handed.descriptor)
        await desk.watch()
        count = len(desk.messages)
        await desk.run(0.9)
        assert not [each for each in desk.messages[count:] if isinstance(each, Passed)]

    _drive(clip, tmp_path, life)


def test_another_connection_is_another_beginning(clip: Clip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who looked is told that it is over; frames come from a key frame on, then the new connection."""
    monkeypatch.setattr(lab_module, "LabSource", OpenSource)

    async def life(desk: Desk) -> None:
        camera = desk.lab.cameras[desk.streams[0]]
        await desk.run(5)
        await desk.connect()
        await desk.watch(desk.streams[0])
        await desk.run(1)
        camera.refuses = "net"
        await desk.run(2)
        assert isinstance(next(each for each in reversed(desk.messages) if not isinstance(each, State | Beat)), Over)
        camera.refuses = None
        before = len(desk.frames())
        await desk.run(8)
        assert desk.frames()[before].flags == KEY | DISCONTINUITY
        handed = [each for each in desk.messages if isinstance(each, Source)]
        assert len(handed) == 2
        assert handed[1].taken < handed[0].taken
        for each in handed:
            os.close(each.descriptor)
        desk.lab.allows_faults = False

    _drive(clip, tmp_path, life)


def test_each_relay_looks_by_itself(clip: Clip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who comes second gets the running group and a descriptor of its own; the first one goes on."""
    monkeypatch.setattr(lab_module, "LabSource", OpenSource)

    async def life(desk: Desk) -> None:
        await desk.run(5)
        await desk.connect()
        await desk.watch(desk.streams[0])
        await desk.run(1)
        other = Desk(desk.lab, desk.path)
        await other.connect()
        await other.watch(other.streams[0])
        await desk.run(2)
        await other.settle()
        for each in (desk, other):
            (handed,) = [message for message in each.messages if isinstance(message, Source)]
            os.close(handed.descriptor)
            passed = [message for message in each.messages if isinstance(message, Passed)]
            assert passed[0].taken == handed.taken
        assert other.connection is not None
        other.connection.close()

    _drive(clip, tmp_path, life)
