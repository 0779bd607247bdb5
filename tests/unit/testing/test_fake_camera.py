# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Laws of the camera that isn't there."""

import asyncio
import itertools
import re
import struct
import threading
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import av
import pytest

from torrazzo.testing import faults
from torrazzo.testing.camera import FakeCamera, Habits
from torrazzo.testing.clips import Clip, ClipSpec, encode, number_in_sei
from torrazzo.testing.clock import FakeClock, run_virtual
from torrazzo.testing.wire import digest_response

CLIP = encode(ClipSpec(width=320, height=180, frames=50, gop=25, noise=0.1))
BILLION = 1_000_000_000


@dataclass
class Client:
    """A reader so simple that one sees it is right: keeps all packets with the time they came."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    clock: FakeClock
    url: str
    cseq: int = 0
    session: str = ""
    packets: list[tuple[int, int, bytes]] = field(default_factory=list)  # channel, boot ns, packet
    ended_ns: int = 0

    @classmethod
    async def connect(cls, camera: FakeCamera, clock: FakeClock) -> "Client":
        reader, writer = await asyncio.open_connection("127.0.0.1", camera.port)
        return cls(reader, writer, clock, camera.url)

    def send(self, method: str, url: str = "", *headers: str) -> None:
        self.cseq += 1
        lines = [f"{method} {url or self.url} RTSP/1.0", f"CSeq: {self.cseq}", *headers]
        if self.session:
            lines.append(f"Session: {self.session}")
        self.writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())

    async def ask(self, method: str, url: str = "", *headers: str) -> tuple[int, str, str]:
        """Status, header text, body."""
        self.send(method, url, *headers)
        while True:
            first = await self.reader.readexactly(1)
            if first == b"$":
                await self._packet()
                continue
            text = (first + await self.reader.readuntil(b"\r\n\r\n")).decode()
            length = re.search(r"Content-Length: (\d+)", text)
            body = await self.reader.readexactly(int(length[1])) if length else b""
            return int(text.split(" ")[1]), text, body.decode()

    async def play(self) -> None:
        assert (await self.ask("DESCRIBE"))[0] == 200
        status, text, _ = await self.ask("SETUP", self.url + "/trackID=1", "Transport: RTP/AVP/TCP;interleaved=0-1")
        assert status == 200
        self.session = re.search(r"Session: (\w+)", text)[1]  # type: ignore[index]  # it is there
        assert (await self.ask("PLAY"))[0] == 200

    async def _packet(self) -> None:
        channel, length = struct.unpack(">BH", await self.reader.readexactly(3))
        self.packets.append((channel, self.clock.boot_ns(), await self.reader.readexactly(length)))

    async def read(self, seconds: float) -> None:
        """Packets of that long, or until the connection ends."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    if await self.reader.readexactly(1) == b"$":
                        await self._packet()
        except TimeoutError:
            return
        except (asyncio.IncompleteReadError, ConnectionError):
            self.ended_ns = self.clock.boot_ns()

    def pictures(self) -> dict[int, list[bytes]]:
        """Video packets by RTP time stamp, in order of arrival."""
        found: dict[int, list[bytes]] = {}
        for channel, _, packet in self.packets:
            if channel == 0:
                found.setdefault(struct.unpack(">I", packet[4:8])[0], []).append(packet)
        return found

    def sequence(self) -> list[int]:
        return [struct.unpack(">H", packet[2:4])[0] for channel, _, packet in self.packets if channel == 0]


def play(
    steps: Callable[[FakeCamera, Client], Awaitable[Any]], habits: Habits | None = None, clip: Clip = CLIP
) -> tuple[FakeCamera, Client]:
    """Run `steps` with a playing client, in virtual time."""
    clock = FakeClock()

    async def main() -> tuple[FakeCamera, Client]:
        camera = FakeCamera(clip, clock, habits)
        await camera.start()
        client = await Client.connect(camera, clock)
        await client.play()
        await steps(camera, client)
        client.writer.close()
        await camera.stop()
        return camera, client

    return run_virtual(clock, main())


def gaps(numbers: list[int]) -> list[int]:
    """Distances that are not 1, modulo 2^16."""
    return [(b - a) % 65_536 for a, b in itertools.pairwise(numbers) if (b - a) % 65_536 != 1]


def test_all_that_is_logged_as_sent_arrives_when_it_says() -> None:
    """The log and the wire agree on every picture: time stamps, NAL units, moments; nothing is missing."""

    async def steps(_: FakeCamera, client: Client) -> None:
        await client.read(4.5)

    camera, client = play(steps)
    pictures = client.pictures()
    assert len(camera.log) == 112 + 1
    assert [sent.ticks & 0xFFFF_FFFF for sent in camera.log] == list(pictures)
    assert [sent.serial for sent in camera.log] == list(range(113))
    assert gaps(client.sequence()) == []
    for sent in camera.log:
        packets = pictures[sent.ticks & 0xFFFF_FFFF]
        assert sum(len(packet) for packet in packets) >= sum(map(len, sent.unit.nals))
        assert [packet[1] >> 7 for packet in packets] == [0] * (len(packets) - 1) + [1]
        whole = [packet[12:] for packet in packets if packet[12] & 31 == 6 and number_in_sei(packet[12:]) is not None]
        assert [number_in_sei(nal) for nal in whole] == [sent.unit.number]
    arrived = {struct.unpack(">I", p[4:8])[0]: ns for c, ns, p in client.packets if c == 0}
    assert all(arrived[sent.ticks & 0xFFFF_FFFF] == sent.sent_ns for sent in camera.log)
    assert {b.sent_ns - a.sent_ns for a, b in zip(camera.log, camera.log[1:], strict=False)} <= {
        40_000_000 + off for off in (-1, 0, 1)
    }


def test_sender_reports_place_the_pictures_in_utc() -> None:
    """Each report's pair (UTC, RTP) lies on the camera's line, once a second."""

    async def steps(camera: FakeCamera, client: Client) -> None:
        await client.read(4.9)
        camera.do(faults.JumpClock(ticks=0, utc_ns=7 * BILLION))
        await client.read(3)

    camera, client = play(steps)
    reports = [(ns, struct.unpack(">IIII", p[4:20])) for c, ns, p in client.packets if c == 1]
    assert len(reports) == 8
    base = camera.log[0].ticks
    errors = []
    for _, (_, seconds, fraction, rtp) in reports:
        utc = seconds - 2_208_988_800 + fraction / 2**32
        errors.append(round(utc - 1_795_557_600 - ((rtp - base) % 2**32) / 90_000, 6))
    assert errors == [0.0] * 5 + [7.0] * 3


@pytest.mark.parametrize("offer", ["basic", "md5", "sha-256"])
@pytest.mark.parametrize("qop", [False, True])
def test_only_the_right_password_comes_in(offer: str, qop: bool) -> None:
    """No password and a wrong one get 401 with a challenge; the right one gets in; a used-up nonce is told as stale."""
    clock = FakeClock()

    async def main() -> None:
        habits = Habits(username="torre", password="così", auth=(offer,), qop=qop, nonce_uses=2)
        camera = FakeCamera(CLIP, clock, habits)
        await camera.start()
        client = await Client.connect(camera, clock)
        status, text, _ = await client.ask("DESCRIBE")
        assert status == 401
        nonce = re.search(r'nonce="(\w+)"', text)

        def header(password: str) -> str:
            if offer == "basic":
                return "Authorization: Basic " + {"così": "dG9ycmU6Y29zw6w=", "no": "dG9ycmU6bm8="}[password]
            given = {"realm": "fake camera", "nonce": nonce[1] if nonce else "", "uri": client.url}
            if qop:
                given |= {"qop": "auth", "nc": "00000001", "cnonce": "ab"}
            answer = digest_response("torre", password, "DESCRIBE", given, offer)
            fields = [f'{key}="{value}"' for key, value in given.items() if key != "nc"]
            return (
                f'Authorization: Digest username="torre", {", ".join(fields)}, nc=00000001, '
                f'algorithm={offer.upper()}, response="{answer}"'
            )

        assert (await client.ask("DESCRIBE", "", header("no")))[0] == 401
        assert (await client.ask("DESCRIBE", "", header("così")))[0] == 200
        status, text, _ = await client.ask("DESCRIBE", "", header("così"))
        assert (status, "stale=TRUE" in text) == ((200, False) if offer == "basic" else (401, True))
        client.writer.close()
        await camera.stop()

    run_virtual(clock, main())


def test_a_silent_client_expires_and_a_polite_one_does_not() -> None:
    """Without keep-alive the session ends after its time-out; the right one keeps it; a wrong one gets 501."""

    async def silent(_: FakeCamera, client: Client) -> None:
        await client.read(100)
        assert 10 <= (client.ended_ns - client.packets[0][1]) / BILLION < 10.1

    async def polite(_: FakeCamera, client: Client) -> None:
        for _turn in range(6):
            await client.read(5)
            assert (await client.ask("OPTIONS"))[0] == 200
        assert (await client.ask("GET_PARAMETER"))[0] == 501
        assert client.ended_ns == 0

    habits = Habits(session_timeout=10, keep_alive=("OPTIONS",))
    play(silent, habits)
    camera, _ = play(polite, habits)
    assert [request.method for request in camera.requests][3:] == ["OPTIONS"] * 6 + ["GET_PARAMETER"]


def test_pictures_left_out_leave_no_number_missing() -> None:
    """Freeze, hole and dropped pictures show only in time; the log says which pictures were not sent."""

    async def steps(camera: FakeCamera, client: Client) -> None:
        await client.read(2)
        camera.do(faults.Hole(1.2))
        await client.read(2)
        camera.do(faults.DropFrames(count=3, every=5))
        await client.read(2)
        camera.do(faults.Freeze(1))
        await client.read(2)

    camera, client = play(steps)
    unsent = [sent for sent in camera.log if sent.fate == "unsent"]
    assert gaps(client.sequence()) == []
    assert 30 + 3 + 24 <= len(unsent) <= 30 + 3 + 25
    assert not {sent.ticks & 0xFFFF_FFFF for sent in unsent} & set(client.pictures())
    assert len(client.pictures()) + len(unsent) == len(camera.log)


def test_packets_left_out_leave_numbers_missing() -> None:
    """Dropped packets are missing on the wire, and their pictures are logged as damaged; repeats and swaps are not."""

    async def steps(camera: FakeCamera, client: Client) -> None:
        camera.do(faults.DropPackets(count=4, every=10))
        await client.read(2)
        camera.do(faults.RepeatPackets(2))
        camera.do(faults.SwapPackets(2))
        await client.read(2)

    camera, client = play(steps)
    numbers = client.sequence()
    span = (numbers[-1] - numbers[0]) % 65_536 + 1
    assert span - len(set(numbers)) == 4
    assert len(numbers) - len(set(numbers)) == 2
    assert 1 <= sum(sent.fate == "damaged" for sent in camera.log) <= 4
    assert any(b == (a - 1) % 65_536 for a, b in itertools.pairwise(numbers))


def test_jumps_show_in_time_stamps_alone() -> None:
    """A clock that jumps by a day moves the stamps by a day; a new source moves SSRC and numbers."""

    async def steps(camera: FakeCamera, client: Client) -> None:
        await client.read(1)
        camera.do(faults.JumpClock())
        await client.read(1)
        camera.do(faults.NewSource())
        await client.read(1)

    camera, client = play(steps)
    ticks = [sent.ticks for sent in camera.log]
    steps_seen = [b - a for a, b in itertools.pairwise(ticks) if b - a != 3600]
    assert steps_seen[0] == 3600 + 86_400 * 90_000
    assert len(steps_seen) == 2
    assert len({packet[8:12] for channel, _, packet in client.packets if channel == 0}) == 2
    assert [t & 0xFFFF_FFFF for t in ticks] == list(client.pictures())


def test_a_dripping_connection_gives_a_byte_a_second() -> None:
    """What is sent then comes byte by byte, and pictures that find no room are not sent."""

    async def steps(camera: FakeCamera, client: Client) -> None:
        await client.read(1)
        camera.do(faults.Drip(1))
        await asyncio.sleep(0.1)
        while client.reader._buffer:  # type: ignore[attr-defined]
            await client.reader.read(1 << 16)
        before = client.clock.boot_ns()
        assert len(await client.reader.readexactly(30)) == 30
        assert 28 <= (client.clock.boot_ns() - before) / BILLION <= 31

    camera, _ = play(steps, Habits(slow_bytes=2000))
    assert sum(sent.fate == "unsent" for sent in camera.log) > 600


def test_doors_that_close() -> None:
    """401, refused connections, slow and forced answers, garbage and the end of a connection, each as asked."""

    async def steps(camera: FakeCamera, client: Client) -> None:
        camera.do(faults.Garbage(100))
        camera.do(faults.Close())
        await client.read(5)
        assert client.ended_ns
        camera.do(faults.SlowReply("DESCRIBE", 7))
        camera.do(faults.Answer("OPTIONS", 302, "rtsp://elsewhere/live", count=1))
        second = await Client.connect(camera, client.clock)
        before = client.clock.boot_ns()
        assert (await second.ask("DESCRIBE"))[0] == 200
        assert round((client.clock.boot_ns() - before) / BILLION, 3) == 7
        status, text, _ = await second.ask("OPTIONS")
        assert status == 302
        assert "Location: rtsp://elsewhere/live" in text
        assert (await second.ask("OPTIONS"))[0] == 200
        camera.do(faults.Unauthorized(10))
        await second.read(1)
        assert second.ended_ns
        third = await Client.connect(camera, client.clock)
        assert (await third.ask("DESCRIBE"))[0] == 401
        camera.do(faults.Refuse(5))
        await third.read(1)
        with pytest.raises(ConnectionRefusedError):
            await Client.connect(camera, client.clock)
        await asyncio.sleep(10)
        fourth = await Client.connect(camera, client.clock)
        await fourth.play()
        await fourth.read(3)
        assert len(fourth.pictures()) > 45
        for each in (second, third, fourth):
            each.writer.close()
        await asyncio.sleep(1)

    camera, _ = play(steps)
    serials = [sent.serial for sent in camera.log if sent.session == 2]
    assert serials == list(range(serials[0], serials[-1] + 1))
    assert serials[0] > 20 * 25


def test_a_reader_that_stops_reading_loses_whole_pictures() -> None:
    """Under back pressure pictures are left out whole; what the kernel never took is logged as lost."""
    clip = encode(ClipSpec(width=640, height=360, frames=25, gop=25, noise=0.9, bitrate=8_000_000))

    async def steps(_: FakeCamera, client: Client) -> None:
        client.reader._transport.pause_reading()  # type: ignore[attr-defined]
        await asyncio.sleep(60)

    camera, _ = play(steps, Habits(slow_bytes=100_000), clip)
    fates = {fate: sum(sent.fate == fate for sent in camera.log) for fate in ("sent", "unsent", "lost", "damaged")}
    assert fates["unsent"] > 100
    assert fates["sent"] > 1
    assert 0 < fates["lost"] < 20
    assert fates["damaged"] == 0


def test_a_size_change_brings_its_parameter_sets() -> None:
    """After ChangeClip the next picture is the other clip's first one, a key frame with its own SPS."""
    other = encode(ClipSpec(width=160, height=120, frames=10, gop=10))

    async def steps(camera: FakeCamera, client: Client) -> None:
        camera.at_picture(30, faults.ChangeClip(other))
        await client.read(3)

    camera, _ = play(steps)
    assert camera.log[30].unit == other.units[0]
    assert {b.ticks - a.ticks for a, b in zip(camera.log, camera.log[1:], strict=False)} == {3600}


def test_a_wish_for_a_key_frame_is_granted() -> None:
    """PLI brings a key frame at once where the camera knows it, and is counted."""

    async def steps(_: FakeCamera, client: Client) -> None:
        await client.read(0.5)
        client.writer.write(b"$\x01\x00\x0c" + struct.pack(">BBHII", 0x81, 206, 2, 1, 2))
        await client.read(1)

    camera, _ = play(steps, Habits(answers_pli=True))
    keys = [sent.serial for sent in camera.log if sent.unit.is_key]
    assert camera.picture_losses == 1
    assert keys[:2] in ([0, 13], [0, 14])


@pytest.fixture
def street() -> Iterator[Callable[[FakeCamera], None]]:
    """Cameras that run in real time in a thread."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    started: list[FakeCamera] = []

    def start(camera: FakeCamera) -> None:
        asyncio.run_coroutine_threadsafe(camera.start(), loop).result(5)
        started.append(camera)

    yield start
    for camera in started:
        asyncio.run_coroutine_threadsafe(camera.stop(), loop).result(5)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_a_reader_we_did_not_write_understands_it(street: Callable[[FakeCamera], None], codec: str) -> None:
    """FFmpeg plays it with digest authentication, and gets the NAL units of the log."""
    clip = encode(ClipSpec(codec=codec, width=320, height=180, frames=50, gop=10, b_frames=2, noise=0.2))
    habits = Habits(username="u", password="p", aggregate=True, content_base=None, control="absolute")
    camera = FakeCamera(clip, habits=habits)
    street(camera)
    url = camera.url.replace("://", "://u:p@")
    got: list[int] = []
    with av.open(url, options={"rtsp_transport": "tcp", "fpsprobesize": "0"}, timeout=60) as container:
        for packet in container.demux(video=0):
            data = bytes(packet)
            numbers = [number_in_sei(data[at:]) for at in range(len(data)) if data[at : at + 16] == b"torrazzo-picture"]
            got += [
                int(data[at + 16 : at + 24]) for at in range(len(data)) if data[at : at + 16] == b"torrazzo-picture"
            ]
            assert len(numbers) == 1
            if len(got) == 40:
                break
    wanted = [sent.unit.number for sent in camera.log]
    assert got == wanted[: len(got)]
