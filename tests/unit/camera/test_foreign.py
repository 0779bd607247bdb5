# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What comes through PyAV: files, HTTP, UDP; the same units as from our own client."""

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path

import av
import pytest

from tests.unit.camera.test_native import Config
from torrazzo.base import SystemClock
from torrazzo.base.secret import Secret
from torrazzo.camera import AccessUnit, CameraError, foreign, open_source, probe
from torrazzo.camera.boxed import parse_extradata, split_boxed

PASSWORD = "s3cret/Pass:w@rd"


def make_file(path: Path, codec: str, options: dict[str, str], frames: int = 30, title: str = "") -> Path:
    """A short video."""
    with av.open(str(path), "w") as container:
        container.metadata["title"] = title
        stream = container.add_stream(codec, rate=25, options=options)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        for number in range(frames):
            frame = av.VideoFrame(160, 96, "yuv420p")
            for plane in frame.planes:
                plane.update(bytes((number * 8 & 0xFF,)) * plane.buffer_size)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def read(config: Config, most: int, seconds: float = 60) -> tuple[list[AccessUnit], CameraError | None]:
    """Units of a source, until so many came or it ended."""

    async def run() -> tuple[list[AccessUnit], CameraError | None]:
        clock = SystemClock()
        units: list[AccessUnit] = []
        source = await open_source(config, clock)
        try:
            async with asyncio.timeout(seconds):
                while len(units) < most:
                    units += [event for event in source.sweep(clock.boot_ns()) if isinstance(event, AccessUnit)]
                    await asyncio.sleep(0.02)
        except CameraError as error:
            return units, error
        finally:
            source.request_key_frame()
            await source.close()
        return units, None

    return asyncio.run(run())


def test_a_title_in_no_known_writing_spoils_nothing(tmp_path: Path) -> None:
    """Texts that a stream carries beside its pictures may be any bytes."""
    path = make_file(tmp_path / "a.mkv", "libx264", {"g": "10"}, title="TITLETITLE")
    data = path.read_bytes()
    assert b"TITLETITLE" in data
    path.write_bytes(data.replace(b"TITLETITLE", b"\xff\xfe\xc3\x28\x80" * 2))
    units, error = read(Config(path.as_uri()), 5)
    assert (len(units) >= 5, error) == (True, None)


@pytest.mark.parametrize("where", ["parse_extradata", "split_boxed"])
def test_an_error_of_ours_in_its_thread_is_raised_where_it_is_read(
    tmp_path: Path, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thread that reads a camera never dies of it (which ends the recorder): opening or sweeping tells."""

    def fail(*_: object) -> None:
        raise ZeroDivisionError

    died: list[object] = []
    monkeypatch.setattr(threading, "excepthook", died.append)
    monkeypatch.setattr(foreign, where, fail)
    path = make_file(tmp_path / "a.mp4", "libx264", {"g": "10"})
    with pytest.raises(ZeroDivisionError):
        read(Config(path.as_uri()), 5)
    assert not died


@pytest.mark.parametrize(("codec", "name"), [("libx264", "a.mp4"), ("libx264", "a.ts"), ("libx265", "a.mp4")])
def test_a_file_gives_its_pictures_at_its_own_pace(tmp_path: Path, codec: str, name: str) -> None:
    """Every picture, lengths in front, parameter sets in band, decoding times that grow; then the end."""
    options = {"x265-params": "log-level=none:keyint=10"} if codec == "libx265" else {"g": "10"}
    path = make_file(tmp_path / name, codec, options)
    units, error = read(Config(path.as_uri()), 1_000)
    assert len(units) == 30
    assert error is not None
    assert error.why == "net"
    assert units[0].is_key
    assert all(a.dts < b.dts for a, b in pairwise(units))
    assert all(unit.dts <= unit.pts for unit in units)
    assert sorted(unit.pts - units[0].pts for unit in units)[1] in {3600, 0}
    assert (units[0].format.width, units[0].format.height) == (160, 96)
    assert all(set(unit.format.parameter_sets) <= set(nals(unit.data)) for unit in units if unit.is_key)
    span_ns = units[-1].arrived_ns - units[0].arrived_ns
    assert span_ns >= 0.9e9


def nals(data: bytes) -> list[bytes]:
    found, at = [], 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        found.append(data[at + 4 : at + 4 + size])
        at += 4 + size
    return found


def test_a_codec_that_cannot_be_stored_is_named(tmp_path: Path) -> None:
    """MPEG-4 part 2: what it is, and what to set in the camera."""
    path = make_file(tmp_path / "a.avi", "mpeg4", {})
    with pytest.raises(CameraError, match=r"MPEG4.*set this stream to H\.264 or H\.265") as caught:
        read(Config(path.as_uri()), 1)
    assert caught.value.why == "codec"
    found = asyncio.run(probe(Config(path.as_uri()), SystemClock()))
    assert found.why == "codec"


@contextlib.contextmanager
def web(handler: "type[BaseHTTPRequestHandler] | partial[_Quiet]") -> Iterator[str]:
    """A web server on loopback."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


class _Locked(BaseHTTPRequestHandler):
    seen: str | None = None

    def do_GET(self) -> None:
        type(self).seen = self.headers["Authorization"] or type(self).seen
        self.send_response(401)
        self.send_header("WWW-Authenticate", 'Basic realm="x"')
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


def test_http_gives_pictures_too(tmp_path: Path) -> None:
    """A stream behind a web address."""
    make_file(tmp_path / "a.ts", "libx264", {"g": "10"})
    with web(partial(_Quiet, directory=str(tmp_path))) as url:
        units, _ = read(Config(f"{url}/a.ts"), 30)
    assert len(units) == 30


def test_a_refused_password_is_the_cause_auth_and_never_shown() -> None:
    """It reaches the camera as it is, and nobody else."""
    with web(_Locked) as url, pytest.raises(CameraError) as caught:
        read(Config(f"{url}/a.ts", "u", Secret(PASSWORD)), 1)
    assert caught.value.why == "auth"
    assert PASSWORD not in str(caught.value) + repr(caught.value.__cause__) + repr(caught.value.__context__)
    assert _Locked.seen == "Basic dTpzM2NyZXQvUGFzczp3QHJk"


def test_nothing_there_is_the_cause_net() -> None:
    """A closed port, a missing file."""
    for url in ("http://127.0.0.1:1/a.ts", "file:///nowhere/at/all.mp4"):
        with pytest.raises(CameraError) as caught:
            read(Config(url), 1)
        assert caught.value.why == "net"


def test_mpeg_ts_over_udp(tmp_path: Path) -> None:
    """Datagrams that someone sends to us."""
    data = make_file(tmp_path / "a.ts", "libx264", {"g": "10"}, 200).read_bytes()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as finder:
        finder.bind(("127.0.0.1", 0))
        port = finder.getsockname()[1]
    over = threading.Event()

    def send() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            while not over.is_set():
                for at in range(0, len(data), 188 * 7):
                    sender.sendto(data[at : at + 188 * 7], ("127.0.0.1", port))
                    over.wait(0.002)

    thread = threading.Thread(target=send)
    thread.start()
    try:
        units, error = read(Config(f"udp://127.0.0.1:{port}"), 60, 15)
    finally:
        over.set()
        thread.join()
    assert error is None
    assert len(units) >= 60


def test_certificates_are_not_forgotten_in_silence() -> None:
    """What PyAV can't check is refused, not ignored."""
    with pytest.raises(CameraError, match="certificate"):
        read(Config("https://127.0.0.1:1/", pin_sha256="0" * 64), 1)


def test_boxes_of_parameter_sets() -> None:
    """avcC, hvcC and start codes."""
    sps, pps, vps = b"\x67sps", b"\x68pps", b"\x40vps"
    avcc = b"\x01\x64\0\x1e\xff\xe1" + struct.pack(">H", 4) + sps + b"\1" + struct.pack(">H", 4) + pps
    assert parse_extradata("h264", avcc) == (4, (sps, pps))
    arrays = b"".join(bytes((kind, 0, 1)) + struct.pack(">H", 4) + nal for kind, nal in ((32, vps), (33, sps)))
    hvcc = b"\x01" + bytes(20) + b"\xfd\x02" + arrays
    assert parse_extradata("h265", hvcc) == (2, (vps, sps))
    assert parse_extradata("h264", b"\0\0\0\1" + sps + b"\0\0\1" + pps) == (0, (sps, pps))
    for data in (avcc, hvcc):
        for codec in ("h264", "h265"):
            for stop in range(len(data)):
                parse_extradata(codec, data[:stop])


def test_lengths_of_any_size_become_four_bytes() -> None:
    """1, 2 and 4 byte lengths, start codes; what doesn't add up at the end is left out."""
    expected = b"\0\0\0\3abc\0\0\0\2de", [(4, 3), (11, 2)]
    assert split_boxed(b"\3abc\2de", 1) == expected
    assert split_boxed(b"\0\3abc\0\2de\0\x09x", 2) == expected
    assert split_boxed(b"\0\0\0\3abc\0\0\0\2de\0\0", 4) == expected
    assert split_boxed(b"\0\0\0\1abc\0\0\1de\0", 0) == expected
