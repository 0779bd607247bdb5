# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The native source against servers that say exactly what a test writes down."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable

import pytest

from tests.tools.rtp_wire import Packetizer, frame, interleave
from tests.unit.camera.test_native import PASSWORD, Config, drain, units
from torrazzo.base import SystemClock
from torrazzo.base.secret import Secret
from torrazzo.camera import CameraError, Source, open_source, probe
from torrazzo.camera.errors import NotNative
from torrazzo.camera.native import make_scratch, open_native

SDP = (
    b"v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
    b"a=fmtp:96 sprop-parameter-sets=Z00AH5WoFAFuQA==,aO48gA==\r\na=control:t\r\n"
)
KEY, PLAIN = b"\x65\x88\x84" + b"\x05" * 3_000, b"\x41\x9a" + b"\x06" * 3_000
SAYS = {
    "DESCRIBE": b"Content-Length: %d\r\n\r\n" % len(SDP) + SDP,
    "SETUP": b"Session: 7;timeout=4\r\nTransport: RTP/AVP/TCP;interleaved=4-5\r\n\r\n",
    "PLAY": b"\r\n",
    "OPTIONS": b"Public: OPTIONS, GET_PARAMETER\r\n\r\n",
}


class Server:
    """Answers each method as `says` has it; `before` is sent in front of the answer, `after` behind it."""

    def __init__(self, **changes: bytes) -> None:
        self.says = SAYS | {name: text for name, text in changes.items() if name in SAYS}
        self.before = changes.get("before", b"")
        self.after = changes.get("after", b"")
        self.raw = changes.get("raw")
        self.asked: list[str] = []
        self.heads: list[str] = []
        self.writer: asyncio.StreamWriter | None = None
        self._writers: list[asyncio.StreamWriter] = []

    def hang_up(self) -> None:
        """Let all connections end."""
        for writer in self._writers:
            writer.close()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        self._writers.append(writer)
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                if head.startswith("$"):
                    continue
                method = head.split(" ")[0]
                self.asked.append(method)
                self.heads.append(head)
                if self.raw is not None:
                    writer.write(self.raw)
                    continue
                number = head.split("CSeq: ")[1].split("\r\n")[0].encode()
                if method == "PLAY":
                    writer.write(self.before)
                first, rest = b"RTSP/1.0 200 OK", self.says.get(method, b"\r\n")
                if rest.startswith(b"RTSP/1.0 "):
                    first, _, rest = rest.partition(b"\r\n")
                writer.write(first + b"\r\nCSeq: " + number + b"\r\n" + rest)
                if method == "PLAY":
                    writer.write(self.after)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()


def run(server: Server, scene: Callable[[Server, str], Awaitable[None]]) -> None:
    """Serve on loopback while the scene plays."""

    async def main() -> None:
        listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        async with asyncio.timeout(60):
            await scene(server, f"rtsp://127.0.0.1:{port}/x")
        listening.close()
        server.hang_up()
        await asyncio.sleep(0.01)

    asyncio.run(main())


async def watch(config: Config) -> None:
    """Open, and sweep for a moment."""
    source = await open_source(config, SystemClock())
    try:
        for _ in range(20):
            await asyncio.sleep(0.01)
            source.sweep(SystemClock().boot_ns())
    finally:
        await source.close()


async def seen(source: Source, count: int) -> int:
    """Sweep until so many pictures came."""
    found = 0
    while found < count:
        found += len(units(source.sweep(SystemClock().boot_ns())))
        await asyncio.sleep(0.01)
    return found


def pictures(count: int) -> bytes:
    maker = Packetizer()
    groups = (maker.picture([KEY if at == 0 else PLAIN], at * 3600) for at in range(count))
    return interleave((packet for group in groups for packet in group), 4)


def test_media_before_and_behind_the_answer_to_play_is_kept() -> None:
    """Some cameras stream before they answer: no picture is lost, on the channels that the camera chose."""
    stream = pictures(12)
    middle = stream.index(b"$", len(stream) // 2)
    while stream[middle + 1] != 4 or stream[middle + 2] > 5:
        middle = stream.index(b"$", middle + 1)

    async def scene(server: Server, url: str) -> None:
        source = await open_source(Config(url), SystemClock())
        assert await seen(source, 12) == 12
        await source.close()
        while "TEARDOWN" not in server.asked:  # noqa: ASYNC110 - another task hears it
            await asyncio.sleep(0.01)
        assert server.asked == ["DESCRIBE", "SETUP", "PLAY", "OPTIONS", "TEARDOWN"]

    run(Server(before=stream[:middle], after=stream[middle:]), scene)


def test_a_bye_ends_the_stream_after_its_pictures() -> None:
    """BYE of our sender is the end; of another it is nothing."""
    other = frame(struct.pack(">BBHI", 0x81, 203, 1, 99), 5)
    ours = frame(struct.pack(">BBHI", 0x81, 203, 1, 0x1234_5678), 5)

    async def scene(server: Server, url: str) -> None:
        source = await open_source(Config(url), SystemClock())
        assert server.writer is not None
        server.writer.write(pictures(6) + other)
        assert await seen(source, 6) == 6
        server.writer.write(ours)
        await asyncio.sleep(0.05)
        count, error = drain(source, SystemClock())  # type: ignore[arg-type]  # any clock
        assert (count, error.why) == (0, "net")
        assert "over" in str(error)
        await source.close()

    run(Server(), scene)


def test_the_camera_is_answered_in_mid_stream() -> None:
    """Its own request between packets gets an answer; then pictures go on."""

    async def scene(server: Server, url: str) -> None:
        source = await open_source(Config(url), SystemClock())
        stream = pictures(8)
        assert server.writer is not None
        server.writer.write(stream + b"GET_PARAMETER * RTSP/1.0\r\nCSeq: 77\r\n\r\n")
        await seen(source, 8)
        while not any(head.startswith("RTSP/1.0 200 OK\r\nCSeq: 77") for head in server.heads):  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.01)
        await source.close()

    run(Server(), scene)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "doesn't speak RTSP"),
        (b"\x16\x03\x01\x00\xa5", "doesn't speak RTSP"),
        (b"RTSP/1.0 200 OK\r\nContent-Length: 999999999\r\n\r\n", "doesn't speak RTSP"),
    ],
)
def test_another_protocol_is_the_cause_net(raw: bytes, text: str) -> None:
    """A web server, a TLS server, a camera out of its mind."""

    async def scene(server: Server, url: str) -> None:
        with pytest.raises(CameraError, match=text) as caught:
            await open_source(Config(url), SystemClock())
        assert caught.value.why == "net"

    run(Server(raw=raw), scene)


@pytest.mark.parametrize(
    ("method", "says", "header"),
    [
        ("SETUP", b"Session: 1\r2;timeout=5\r\n\r\n", "session"),
        (
            "DESCRIBE",
            b'RTSP/1.0 401 No\r\nWWW-Authenticate: Digest realm="a\rb", nonce="x"\r\n\r\n',
            "www-authenticate",
        ),
        ("PLAY", b"\r\nOPTIONS * RTSP/1.0\r\nCSeq: 1\r2\r\n\r\n", "cseq"),
    ],
)
def test_what_cannot_be_said_back_is_the_cameras_fault(method: str, says: bytes, header: str) -> None:
    """A line break in what our next request repeats ends the connection in words, before or behind PLAY."""

    async def scene(server: Server, url: str) -> None:
        config = Config(url, "user", Secret(PASSWORD))
        with pytest.raises(CameraError, match=f"its header {header} holds a control character") as caught:
            await watch(config)
        assert caught.value.why == "net"
        found = await probe(config, SystemClock())
        assert header in found.message
        assert found.message.isprintable()

    run(Server(**{method: says}), scene)


def test_a_camera_that_answers_udp_is_for_another_adapter() -> None:
    """With transport tcp that is the end, with words; otherwise PyAV is tried."""
    setup = b"Session: 7\r\nTransport: RTP/AVP;unicast;client_port=1-2\r\n\r\n"

    async def scene(server: Server, url: str) -> None:
        with pytest.raises(NotNative):
            await open_native(Config(url), SystemClock(), make_scratch())
        with pytest.raises(CameraError, match="allow UDP") as caught:
            await open_source(Config(url, transport="tcp"), SystemClock())
        assert caught.value.why == "nosignal"

    run(Server(SETUP=setup), scene)


def test_another_host_never_gets_a_basic_password() -> None:
    """After a redirection to another host a Basic challenge isn't answered."""
    refused = b'RTSP/1.0 401 No\r\nWWW-Authenticate: Basic realm="x"\r\n\r\n'

    async def scene(server: Server, url: str) -> None:
        first = Server(DESCRIBE=b"RTSP/1.0 302 Moved\r\nLocation: " + url.encode() + b"\r\n\r\n")
        listening = await asyncio.start_server(first.serve, "localhost", 0, family=socket.AF_INET)
        port = listening.sockets[0].getsockname()[1]
        with pytest.raises(CameraError) as caught:
            await open_source(Config(f"rtsp://localhost:{port}/x", "u", Secret(PASSWORD)), SystemClock())
        assert caught.value.why == "auth"
        assert not any("Authorization" in head for head in server.heads + first.heads)
        listening.close()
        first.hang_up()

    run(Server(DESCRIBE=refused), scene)


def test_a_camera_that_takes_nothing_from_us_ends_the_stream() -> None:
    """What we have to say is held, up to a limit."""

    async def scene(server: Server, url: str) -> None:
        source = await open_source(Config(url), SystemClock())
        connection = source._connection  # type: ignore[attr-defined]  # the native one
        connection._sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)
        assert server.writer is not None
        server.writer.transport.pause_reading()  # type: ignore[attr-defined]  # of a socket
        with pytest.raises(CameraError, match="takes nothing"):
            connection.send(bytes(64 * 1024 * 1024))
        await source.close()

    run(Server(), scene)


def test_an_unknown_name_is_the_cause_net() -> None:
    """No such host."""
    with pytest.raises(CameraError, match="not known") as caught:
        asyncio.run(open_native(Config("rtsp://camera.invalid/"), SystemClock(), make_scratch()))
    assert caught.value.why == "net"
