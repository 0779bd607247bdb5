# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A camera's connection looked at while the recorder reads it: every picture once, and not a byte taken."""

import asyncio
import random
import socket
from collections.abc import Awaitable, Callable

import pytest

from tests.tools.rtp_wire import Packetizer, frame
from torrazzo.base import SystemClock
from torrazzo.base.errors import Invalid
from torrazzo.camera import VideoFormat
from torrazzo.camera.codec.access_unit import Assembler
from torrazzo.camera.following import pack_stand
from torrazzo.camera.rtp import Depacketizer
from torrazzo.camera.sdp import Track
from torrazzo.control_room.live import following as module
from torrazzo.control_room.live.channel import Channel
from torrazzo.control_room.live.following import Followed, Following
from torrazzo.recorder.live_wire import LiveFrame, Passed, Source
from torrazzo.testing import ClipSpec, make_clip

CLIP = make_clip(ClipSpec(frames=60, gop=20, width=160, height=96, bitrate=80_000))
TRACK = Track(0, "h264", 96, 90_000, None, CLIP.parameter_sets)


class Seen(Channel):
    """Keeps all."""

    def __init__(self) -> None:
        super().__init__()
        self.frames: list[LiveFrame] = []
        self.formats: list[VideoFormat] = []
        self._came = asyncio.Event()

    def take_frame(self, frame: LiveFrame) -> None:
        super().take_frame(frame)
        self.frames.append(frame)
        self._came.set()

    async def until(self, count: int) -> None:
        """So many have come."""
        async with asyncio.timeout(60):
            while len(self.frames) < count:
                self._came.clear()
                await self._came.wait()

    def take_format(self, found: VideoFormat) -> None:
        super().take_format(found)
        self.formats.append(found)


class Scene:
    """A camera, the recorder's end of its connection, and who looks at it."""

    def __init__(self) -> None:
        listener = socket.create_server(("127.0.0.1", 0))
        self.camera = socket.create_connection(listener.getsockname())
        self.recorder, _ = listener.accept()
        listener.close()
        self.camera.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.recorder.setblocking(False)
        self.taken = b""
        self.channel = Seen()
        self.following = Following(SystemClock())
        packets = Depacketizer("h264", 96, 90_000, (0, 1), Assembler("h264", CLIP.parameter_sets))
        assembler = Assembler("h264", CLIP.parameter_sets)
        self.begun = Source(1, 0, -1, 3_600, pack_stand(TRACK, (0, 1), packets, assembler, b""), -1)
        self.followed: Followed | None = None

    def follow(self) -> Followed:
        """From the connection's beginning on."""
        begun = self.begun._replace(descriptor=self.recorder.dup().detach())
        self.followed = Followed(self.following, self.channel, begun)
        return self.followed

    def read(self, most: int = 1 << 20) -> Passed:
        """As the recorder does at its beats."""
        try:
            data = self.recorder.recv(most)
        except BlockingIOError:
            data = b""
        passed = Passed(1, len(self.taken), data)
        self.taken += data
        return passed

    def close(self) -> None:
        if self.followed is not None:
            self.followed.close()
        self.following.close()
        self.camera.close()
        self.recorder.close()


def play(life: Callable[[Scene], Awaitable[None]]) -> None:
    async def whole() -> None:
        scene = Scene()
        try:
            await life(scene)
        finally:
            scene.close()

    asyncio.run(whole())


def sent() -> list[bytes]:
    """The clip, packet by packet."""
    maker = Packetizer()
    return [frame(packet) for unit in CLIP.units for packet in maker.picture(unit.nals, unit.pts)]


@pytest.mark.parametrize("seed", range(4))
def test_each_picture_comes_once_whoever_reads_first(seed: int) -> None:
    """The recorder reads now before and now after it was looked at: all pictures, in order, and it has every byte."""

    async def life(scene: Scene) -> None:
        dice = random.Random(seed)
        followed = scene.follow()
        late: list[Passed] = []
        for packet in sent():
            scene.camera.sendall(packet)
            if dice.random() < 0.1:
                late.append(scene.read(dice.choice([700, 1 << 20])))
            if dice.random() < 0.3:
                await asyncio.sleep(0.001)
            if late and dice.random() < 0.2:
                followed.passed(late.pop(0))
        for passed in late:
            followed.passed(passed)
        await scene.channel.until(len(CLIP.units))
        while scene.read().data:
            pass
        assert scene.taken == b"".join(sent())
        assert [each.dts for each in scene.channel.frames] == [unit.dts for unit in CLIP.units]
        assert [each.is_key for each in scene.channel.frames] == [unit.is_key for unit in CLIP.units]
        assert len(scene.channel.formats) == 1

    play(life)


def test_it_is_seen_before_it_is_read() -> None:
    """Nobody has to read for a picture to be there."""

    async def life(scene: Scene) -> None:
        scene.follow()
        for packet in sent():
            scene.camera.sendall(packet)
        await scene.channel.until(len(CLIP.units))
        assert not scene.taken

    play(life)


def test_without_the_descriptor_it_comes_with_what_is_passed_on() -> None:
    """A process that may open no more files sees the same, a beat later."""

    async def life(scene: Scene) -> None:
        followed = Followed(scene.following, scene.channel, scene.begun)
        for packet in sent():
            scene.camera.sendall(packet)
        while (passed := scene.read(5_000)).data:
            followed.passed(passed)
        assert len(scene.channel.frames) == len(CLIP.units)
        with pytest.raises(Invalid):
            followed.passed(Passed(1, len(scene.taken) + 1, b"x"))

    play(life)


def test_more_than_may_wait_comes_with_what_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where so much lies unread that its beginning is not known, the recorder's reading goes on with it."""
    monkeypatch.setattr(module, "MOST_SEEN", 1_000)

    async def life(scene: Scene) -> None:
        followed = scene.follow()
        for packet in sent():
            scene.camera.sendall(packet)
        await asyncio.sleep(0.05)
        assert not scene.channel.frames
        while (passed := scene.read()).data:
            followed.passed(passed)
            await asyncio.sleep(0)
        await scene.channel.until(len(CLIP.units))

    play(life)


def test_what_is_no_stream_ends_it() -> None:
    """Nothing more is told of it; the recorder finds the same, and its connection stays what it was."""

    async def life(scene: Scene) -> None:
        scene.follow()
        scene.camera.sendall(b"$\x00\x00\x04abcd" + b"no packet, no message" * 4_000)
        await asyncio.sleep(0.05)
        assert not scene.channel.frames
        assert scene.recorder.recv(4) == b"$\x00\x00\x04"
        scene.camera.close()
        await asyncio.sleep(0.02)

    play(life)
