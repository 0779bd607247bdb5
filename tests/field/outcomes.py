# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What our parsers make of a file of field data, in one line of text."""

import hashlib
from collections.abc import Callable
from pathlib import Path

from tests.tools.rtp_wire import Packetizer, Plain, feed_all, interleave
from torrazzo.camera import CameraError
from torrazzo.camera.address import control_base, join_control
from torrazzo.camera.auth import parse_challenges
from torrazzo.camera.boxed import parse_extradata, split_boxed
from torrazzo.camera.codec.access_unit import Assembler
from torrazzo.camera.rtcp import parse_rtcp
from torrazzo.camera.rtp import PEEK_SIZE, Depacketizer
from torrazzo.camera.rtsp import (
    Headers,
    Request,
    Response,
    find_header,
    find_headers,
    parse_message,
    parse_public,
    parse_session,
    parse_transport,
)
from torrazzo.camera.sdp import choose_track, parse_sdp

ASKED = "rtsp://camera/asked"


def of_description(data: bytes, base: str = ASKED) -> str:
    """The track that is taken and where it is set up, or the error's cause and text."""
    try:
        found = parse_sdp(data)
        track = choose_track(found)
    except CameraError as error:
        return f"{error.why}: {str(error).split(';')[0].removeprefix('the camera ')}"
    session = join_control(base, found.control)
    url = join_control(base, track.control) if track.control else session
    clock = "" if track.clock == 90_000 else f" at {track.clock} Hz"
    return f"track {track.position} {track.codec}/{track.payload_type}{clock}, {len(track.parameter_sets)} sets, {url}"


def of_message(data: bytes) -> str:
    """What an answer or request says, as far as we use it."""
    try:
        found = parse_message(data, 0, len(data))
    except CameraError as error:
        return f"{error.why}: {error}"
    if found is None:
        return "incomplete"
    message, _ = found
    if isinstance(message, Request):
        return f"request {message.method} {message.url}"
    return f"{message.status}" + "".join(f"; {part}" for part in _parts(message))


def _parts(message: Response) -> list[str]:
    parts = _header_parts(message.headers)
    if message.body:
        base = control_base(
            ASKED, find_header(message.headers, "content-base"), find_header(message.headers, "content-location")
        )
        parts.append(of_description(message.body, base))
    return parts


def _header_parts(headers: Headers) -> list[str]:
    parts = [
        f"{one.scheme} {one.algorithm or 'no algorithm'} realm={one.realm}"
        for one in parse_challenges(find_headers(headers, "www-authenticate"))
    ]
    if text := find_header(headers, "transport"):
        parts.append(of_transport(text))
    if text := find_header(headers, "session"):
        parts.append(of_session(text))
    if methods := parse_public(headers):
        parts.append("keeps alive by " + ("GET_PARAMETER" if "GET_PARAMETER" in methods else "OPTIONS"))
    return parts


def of_session(text: str) -> str:
    """Id and timeout."""
    try:
        found = parse_session(text)
    except CameraError as error:
        return f"{error.why}: {error}"
    return f"session {found.id}" + (f" for {found.timeout} s" if found.timeout is not None else "")


def of_transport(text: str) -> str:
    """Protocol and channels."""
    try:
        found = parse_transport(text)
    except CameraError as error:
        return f"{error.why}: {error}"
    return f"{found.protocol} " + ("{}-{}".format(*found.channels) if found.channels else "no channels")


def of_challenge(text: str) -> str:
    """Offers that can be answered."""
    found = parse_challenges([text])
    return ", ".join(f"{one.scheme} {one.algorithm or 'no algorithm'}" for one in found) or "no offer"


def of_body(path: Path) -> str:
    """A body and what is said of its length: files ending in -0 hold the latter, their twins in -1 the former."""
    length, body = path.read_bytes(), b""
    twin = path.with_name(path.name.replace("-0.bin", "-1.bin"))
    if twin == path:
        length, body = str(len(length)).encode(), length
    else:
        body = twin.read_bytes()
    return of_message(b"RTSP/1.0 200 OK\r\nContent-Length: " + length.rstrip(b"\n") + b"\r\n\r\n" + body)


def of_headers(data: bytes) -> str:
    """Header lines behind a right first line."""
    return of_message(b"RTSP/1.0 200 OK\r\n" + data)


def of_recording(data: bytes) -> str:
    """An interleaved stream of H.264 on the second pair of channels."""
    out = Plain()
    packets = Depacketizer("h264", 97, 90_000, (2, 3), out)
    rest = feed_all(packets, data, range(0, len(data), 10_000))
    packets.flush(0)
    digest = hashlib.sha256(b"".join(nal for _, nals, _, _ in out.seen for nal in nals)).hexdigest()[:16]
    return f"{len(out.seen)} pictures, {packets.lost_total} lost, {len(rest)} bytes left, NAL units {digest}"


def of_packets(data: bytes, codec: str) -> str:
    """RTP packets behind 32-bit lengths: as they are, and with a right version in the header."""
    pieces: list[bytes] = []
    at = 0
    while at + 4 <= len(data):
        size = int.from_bytes(data[at : at + 4], "little")
        pieces.append(data[at + 4 : at + 4 + size])
        at += 4 + size
    plain, fixed = _depacketize(pieces, codec), _depacketize([_right(piece) for piece in pieces], codec)
    return f"{plain}; with a right header: {fixed}"


def _right(packet: bytes) -> bytes:
    return bytes((0x80, 0x60, *packet[2:12])) + packet[12:] if len(packet) >= 12 else packet


def _depacketize(pieces: list[bytes], codec: str) -> str:
    out = Plain()
    packets = Depacketizer(codec, 96, 90_000, (0, 1), out)
    feed_all(packets, interleave(pieces))
    packets.flush(0)
    packets._close(0)
    kinds = [packets._rules.kind_of(nal[0]) for _, nals, _, _ in out.seen for nal in nals]
    return f"{len(out.seen)} pictures {kinds}, {packets.malformed} malformed, {packets.dropped} dropped"


def of_nal_unit(data: bytes, codec: str) -> str:
    """One payload as a picture of its own, with the codec's rules behind it."""
    maker = Packetizer(codec=codec)
    packets = Depacketizer(codec, 96, 90_000, (0, 1), Assembler(codec))
    feed_all(packets, interleave([maker.packet(data, 0, marker=True)]))
    packets.flush(0)
    return f"{len(packets.take())} units, {packets.dropped} dropped"


def of_rtcp(data: bytes) -> str:
    """Reports that we use."""
    return f"{len(parse_rtcp(data))} reports"


def of_frames(data: bytes) -> str:
    """How much of it is taken as interleaved packets, and what is said of the rest."""
    packets = Depacketizer("h264", 96, 90_000, (0, 1), Plain())
    rest = feed_all(packets, data)
    return f"{len(data) - len(rest)} bytes taken; then {of_message(rest) if rest[:1] != b'$' else 'incomplete'}"


def text_of(data: bytes) -> str:
    """Header values are text."""
    return data.decode("latin-1").rstrip("\n")


PARSERS: dict[str, Callable[[bytes], str]] = {
    "sdp": of_description,
    "rtsp-camera-transcripts/retina": of_message,
    "fuzz-gortsplib/sdpunmarshaler.FuzzUnmarshal": of_description,
    "fuzz-gortsplib/description.FuzzSessionUnmarshal": of_description,
    "fuzz-gortsplib/base.FuzzRequestUnmarshal": of_message,
    "fuzz-gortsplib/base.FuzzResponseUnmarshal": of_message,
    "fuzz-gortsplib/base.FuzzHeaderUnmarshal": of_headers,
    "fuzz-gortsplib/base.FuzzInterleavedFrameUnmarshal": of_frames,
    "fuzz-gortsplib/auth.FuzzVerify": lambda data: of_challenge(text_of(data)),
    "fuzz-gortsplib/headers.FuzzAuthenticateUnmarshal": lambda data: of_challenge(text_of(data)),
    "fuzz-gortsplib/headers.FuzzAuthorizationUnmarshal": lambda data: of_challenge(text_of(data)),
    "fuzz-gortsplib/headers.FuzzSessionUnmarshal": lambda data: of_session(text_of(data)),
    "fuzz-gortsplib/headers.FuzzTransportsUnmarshal": lambda data: of_transport(text_of(data)),
    "fuzz-gortsplib/rtph264.FuzzDecoder": lambda data: of_packets(data, "h264"),
    "fuzz-gortsplib/rtph265.FuzzDecoder": lambda data: of_packets(data, "h265"),
    "fuzz-gortsplib/format.FuzzH264PTSEqualsDTS": lambda data: of_nal_unit(data, "h264"),
    "fuzz-gortsplib/format.FuzzH265PTSEqualsDTS": lambda data: of_nal_unit(data, "h265"),
    "fuzz-gortsplib/rtcpunmarshaler.FuzzUnmarshal": of_rtcp,
}


def outcome(folder: Path, path: Path) -> str | None:
    """The line for one file; None if none of our parsers is meant for its kind."""
    data = path.read_bytes()
    if path.suffix == ".rtsp":
        return of_recording(data)
    if path.parent.name == "base.FuzzBodyUnmarshal":
        return of_body(path)
    if path.stem.endswith("_sdp"):
        return of_description(data)
    parser = PARSERS.get(path.relative_to(folder).parent.as_posix())
    return parser(data) if parser is not None else None


def feed_every_parser(data: bytes) -> None:
    """Foreign bytes to all of them: an error of ours is fine, any other ends the test."""
    for parse in set(PARSERS.values()):
        parse(data[:60_000])
    for codec in ("h264", "h265"):
        parse_extradata(codec, data)
        for size in (0, 1, 2, 4):
            split_boxed(data, size)
        maker = Packetizer(codec=codec)
        packets = Depacketizer(codec, 96, 90_000, (0, 1), Assembler(codec))
        feed_all(packets, interleave(maker.picture([data[:300_000] or b"\0"], 0)), range(0, 300_000, 50_000))
        packets.flush(0)
    buffer = bytearray(data + bytes(PEEK_SIZE))
    packets = Depacketizer("h264", 96, 90_000, (0, 1), Plain())
    packets.feed(buffer, memoryview(buffer), 0, len(data), 0)
