# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What can be fed with broken input in camera/, and good input to break.

A target takes any bytes; that it raises anything is a finding. It returns whether the input got past the parser's first
check. RTP payloads are put behind right headers, so that most inputs reach what is behind the header's own checks.
"""

import os
import struct
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from torrazzo.base.secret import Secret
from torrazzo.camera import AccessUnit, CameraError, limits
from torrazzo.camera.address import parse_rtsp_url
from torrazzo.camera.auth import Credentials, parse_challenges
from torrazzo.camera.codec import Assembler
from torrazzo.camera.rtcp import parse_rtcp
from torrazzo.camera.rtp import PEEK_SIZE, Depacketizer
from torrazzo.camera.rtsp import parse_message, parse_session, parse_transport
from torrazzo.camera.sdp import choose_track, describe_tracks, parse_sdp
from torrazzo.camera.session import Conversation

PROTOCOL = Path(os.environ.get("TORRAZZO_SHARED") or Path(__file__).resolve().parents[2] / "shared") / "data/protocol"
PASSWORD = "s3cret-Passw0rd"
CAUSES = {"net", "auth", "codec", "nosignal"}

_SDP = (
    b"v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\ns=x\r\na=control:*\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
    b"a=fmtp:96 packetization-mode=1;sprop-parameter-sets=Z00AH5WoFAFuQA==,aO48gA==\r\na=control:track1\r\n"
)


def converse(data: bytes) -> bool:
    """Answers of a camera to a conversation, one message behind another."""
    talk = Conversation(parse_rtsp_url("rtsp://c/x"), Credentials("u", Secret(PASSWORD), lambda: "c"))
    talk.start()
    at, count = 0, 0
    try:
        while (found := parse_message(data, at, len(data))) is not None:
            message, stop = found
            assert at < stop <= len(data), "a parser advances"
            at, count = stop, count + 1
            for value in [value for _, value in message.headers][:4]:
                _read_header(value)
            talk.receive(message)
            if talk.state == "playing":
                talk.keep_alive()
    except CameraError as error:
        _check(error)
    assert len(talk._sent) <= limits.KEEP_ALIVES_OPEN + 8
    return count > 0


def _check(error: CameraError) -> None:
    assert error.why in CAUSES
    assert PASSWORD not in str(error)


def _read_header(value: str) -> None:
    for parse in (parse_session, parse_transport):
        try:
            parse(value)
        except CameraError as error:
            _check(error)


def describe(data: bytes) -> bool:
    """A session description."""
    try:
        found = parse_sdp(data)
    except CameraError as error:
        _check(error)
        return False
    describe_tracks(found)
    try:
        track = choose_track(found)
    except CameraError as error:
        _check(error)
        return bool(found.media)
    assert track.codec in {"h264", "h265"}
    assert len(track.parameter_sets) <= limits.PARAMETER_SETS
    return True


class _Checked:
    """An assembler that checks what it is given before it passes it on."""

    def __init__(self, codec: str) -> None:
        self._next = Assembler(codec)
        self.seen: list[object] = []

    def push(
        self, data: bytes, nals: Sequence[tuple[int, int]], pts: int, lost: int, arrived_ns: int, *, discontinuity: bool
    ) -> list[AccessUnit]:
        """As `UnitAssembler.push`."""
        end = 0
        for at, size in nals:
            assert at == end + 4
            assert size > 0
            assert data[at - 4 : at] == size.to_bytes(4, "big")
            end = at + size
        assert end == len(data) <= limits.ACCESS_UNIT + limits.SWEEP
        self.seen.append((hash(data), pts, lost, discontinuity))
        return self._next.push(data, nals, pts, lost, arrived_ns, discontinuity=discontinuity)

    def flush(self) -> list[AccessUnit]:
        """As `UnitAssembler.flush`."""
        return self._next.flush()


def depacketize(codec: str, data: bytes) -> bool:
    """Payloads behind three bytes each: what is odd about the packet, and its length.

    Fed whole, and cut where the input itself says: the result must be the same.
    """
    stream, count = _packets(data)
    cuts = sorted(data[place] * len(stream) // 256 for place in range(0, min(len(data), 6), 2))
    whole, cut = _feed(codec, stream, []), _feed(codec, stream, cuts)
    assert whole == cut
    _, _, _, malformed, _, _ = whole
    return count > malformed


def _packets(data: bytes) -> tuple[bytes, int]:
    out = bytearray()
    count = 0
    at, number, stamp, ssrc = 0, 65_530, 0xFFFF_F000, 7
    while at + 3 <= len(data):
        odd, size = data[at], int.from_bytes(data[at + 1 : at + 3], "big") % 3_000
        payload = data[at + 3 : at + 3 + size]
        at += 3 + size
        kind = odd & 7
        stamp += 3_600 if odd & 0x40 else 0
        number += 1 + (kind == 1) * (odd >> 3 & 7)
        ssrc += kind == 2
        number -= kind == 3
        stamp += (kind == 4) * 900_000_000
        first = 0xA0 if kind == 5 else 0x91 if kind == 6 else 0x80
        head = struct.pack(">BBHII", first, odd & 0x80 | 96, number & 0xFFFF, stamp & 0xFFFF_FFFF, ssrc & 0xFFFF_FFFF)
        packet = head + payload
        out += struct.pack(">cBH", b"$", 7 if kind == 7 and odd & 8 else 0, len(packet)) + packet
        count += 1
    return bytes(out), count


def _feed(codec: str, data: bytes, cuts: list[int]) -> tuple[list[object], bytes, int, int, int, int]:
    checked = _Checked(codec)
    packets = Depacketizer(codec, 96, 90_000, (0, 1), checked)
    rest = b""
    for start, stop in zip([0, *cuts], [*cuts, len(data)], strict=True):
        piece = rest + data[start:stop]
        buffer = bytearray(piece + b"\xa5" * PEEK_SIZE)
        view = memoryview(buffer)
        at = packets.feed(buffer, view, 0, len(piece), 0)
        assert 0 <= at <= len(piece)
        rest = piece[at:]
        packets.keep()
        view.release()  # fails if `keep` left a view of the buffer behind
        buffer[:] = bytes(len(buffer))
    packets.flush(0)
    return checked.seen, rest, packets.lost_total, packets.malformed, packets.late, packets.dropped


def report(data: bytes) -> bool:
    """A compound RTCP packet."""
    return len(data) >= 4 and data[0] >> 6 == 2 and len(parse_rtcp(data)) <= len(data) // 4


def sign(data: bytes) -> bool:
    """`WWW-Authenticate` headers, one a line, and the answer to them."""
    values = data.decode("latin-1").split("\n")
    found = parse_challenges(values)
    assert len(found) <= limits.CHALLENGES
    credentials = Credentials("u", Secret(PASSWORD), lambda: "c")
    if credentials.take(values) is None:
        return b"=" in data  # a parameter was read, if not one that makes an offer
    header = credentials.authorize("DESCRIBE", "rtsp://c/x")
    assert header is not None
    assert PASSWORD not in header
    return True


# -- good input --------------------------------------------------------------------------------------------------------


def _files(*names: str) -> Iterator[bytes]:
    """Field data, where it is there."""
    for name in names:
        for path in sorted((PROTOCOL / name).rglob("*")):
            if path.is_file() and path.suffix != ".rtsp" and "LICENSE" not in path.name:
                yield path.read_bytes()


def _conversations() -> Iterator[bytes]:
    describe_answer = b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Base: rtsp://c/x/\r\nContent-Length: %d\r\n\r\n" % len(
        _SDP
    )
    setup = b"RTSP/1.0 200 OK\r\nCSeq: 2\r\nSession: 7;timeout=60\r\nTransport: RTP/AVP/TCP;interleaved=0-1\r\n\r\n"
    play = b"RTSP/1.0 200 OK\r\nCSeq: 3\r\nSession: 7\r\nRange: npt=0-\r\n\r\n"
    options = b"RTSP/1.0 200 OK\r\nCSeq: 4\r\nPublic: OPTIONS, GET_PARAMETER\r\n\r\n"
    asked = b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n"
    refused = b'RTSP/1.0 401 No\r\nCSeq: 1\r\nWWW-Authenticate: Digest realm="r", nonce="n", stale=TRUE\r\n\r\n'
    yield describe_answer + _SDP + setup + play + options + asked
    yield refused + (describe_answer + _SDP).replace(b"CSeq: 1", b"CSeq: 2") + setup.replace(b"CSeq: 2", b"CSeq: 3")
    yield b"RTSP/1.0 302 Moved\r\nCSeq: 1\r\nLocation: rtsp://d/y\r\n\r\n"
    yield b"RTSP/1.0 455 No\r\nCSeq: 1\r\n\r\n" + options.replace(b"4", b"2", 1)
    yield from _files("rtsp-camera-transcripts", "fuzz-gortsplib/base.FuzzResponseUnmarshal")
    yield from _files("fuzz-gortsplib/base.FuzzRequestUnmarshal")


def _descriptions() -> Iterator[bytes]:
    yield _SDP
    yield from _files("sdp", "fuzz-gortsplib/sdpunmarshaler.FuzzUnmarshal")


def _payload(payload: bytes, odd: int = 0) -> bytes:
    return struct.pack(">BH", odd, len(payload)) + payload


def _streams(codec: str) -> Iterator[bytes]:
    if codec == "h264":
        sets = [bytes.fromhex("674d001f95a814016e40"), bytes.fromhex("68ee3c80")]
        head, key = b"\x7c%c", b"\x65\x88"
        fragments = [head % (0x85), head % 5, head % 0x45]
        whole = b"\x78" + b"".join(struct.pack(">H", len(nal)) + nal for nal in sets)
        plain = b"\x41\x9a"
    else:
        sets = [
            bytes.fromhex("40010c01ffff01600000030000030000030000030000ac0900"),
            bytes.fromhex("420101016000000300b0000003000003005aa0058201e1636b92452fcdc14181410000030001000003000ca1"),
            bytes.fromhex("4401c0f2c68d03b340"),
        ]
        head, key = b"\x62\x01%c", b"\x26\x01\xaf"
        fragments = [head % 0x93, head % 0x13, head % 0x53]
        whole = b"\x60\x01" + b"".join(struct.pack(">H", len(nal)) + nal for nal in sets)
        plain = b"\x02\x01\xd0"
    body = b"\x88" + bytes(range(1, 60))
    picture = b"".join(
        _payload(part + body, 0x80 if part is fragments[-1] else 0x40 if part is fragments[0] else 0)
        for part in fragments
    )
    alone = [_payload(nal, 0x40 if nal is sets[0] else 0) for nal in sets]
    yield b"".join(alone) + picture * 3 + _payload(plain + body, 0xC0) * 4
    yield _payload(whole, 0x40) + _payload(key + body, 0x80) + _payload(plain + body, 0xC0) * 6
    yield _payload(whole, 0x40) + picture + _payload(plain + body, 0x40) * 3 + picture
    yield _payload(b"\0\0\0\1".join([*sets, key + body]), 0xC0) * 2
    for data in _files(f"fuzz-gortsplib/rtp{codec}.FuzzDecoder"):
        yield _payload(data[16:], 0xC0)


def _reports() -> Iterator[bytes]:
    sender = struct.pack(">BBHIIIIII", 0x80, 200, 6, 7, 3_900_000_000, 1 << 31, 9, 1, 2)
    yield sender + struct.pack(">BBHIBB", 0x81, 202, 2, 7, 1, 1) + b"x\0" + struct.pack(">BBHII", 0x82, 203, 2, 7, 8)
    yield struct.pack(">BBHI", 0x81, 201, 7, 7) + bytes(24)


def _challenges() -> Iterator[bytes]:
    yield b'Digest realm="r", nonce="n", qop="auth,auth-int", algorithm=SHA-256, opaque="o", stale=true'
    yield b'Basic realm="r"\nDigest realm="a\\"b", nonce="n", algorithm=MD5-sess, qop="auth"'
    yield b'Digest realm="r", nonce="n", Basic realm="r"'
    yield b'Digest realm="Surveillance Server", nonce="98481030"'
    yield b"digest Realm = x  nonce=y,, =z, stale=FALSE"
    yield from _files("fuzz-gortsplib/headers.FuzzAuthenticateUnmarshal")


TARGETS: dict[str, tuple[Callable[[bytes], bool], Callable[[], Iterator[bytes]]]] = {
    "rtsp": (converse, _conversations),
    "sdp": (describe, _descriptions),
    "rtp-h264": (lambda data: depacketize("h264", data), lambda: _streams("h264")),
    "rtp-h265": (lambda data: depacketize("h265", data), lambda: _streams("h265")),
    "rtcp": (report, _reports),
    "auth": (sign, _challenges),
}

WORDS: dict[str, tuple[bytes, ...]] = {
    "rtsp": (
        *(
            b"\r",
            b"\r\n",
            b"\r\n\r\n",
            b"RTSP/1.0 200 OK\r\n",
            b"CSeq: 1\r\n",
            b"CSeq: 2\r\n",
            b"CSeq: 3\r\n",
            b"Session: 7\r\n",
        ),
        *(
            b"Content-Length: 9\r\n",
            b"Location: rtsp://",
            b"401",
            b"302",
            b"454",
            b"457",
            b"461",
            b"501",
            b"stale=true",
        ),
        *(b"WWW-Authenticate: Digest ", b"Transport: RTP/AVP/TCP;interleaved=", b"Public: SET_PARAMETER\r\n"),
        b"TEARDOWN * RTSP/1.0\r\n\r\n",
    ),
    "sdp": (
        *(b"\nm=video 0 RTP/AVP 96\n", b"\na=rtpmap:96 H264/90000\n", b"\na=rtpmap:96 H265/90000\n", b"\na=fmtp:96 "),
        *(b"\na=control:", b"v=0\n", b"RTP/SAVP", b"sprop-vps=", b"sprop-parameter-sets=", b"packetization-mode=2"),
        *(b"sprop-max-don-diff=1", b"=", b",", b";"),
    ),
    "auth": (
        b"Digest ",
        b"Basic ",
        b"nonce=",
        b'"',
        b"\\",
        b", ",
        b"algorithm=",
        b"SHA-256",
        b"-sess",
        b"qop=auth",
        b"\n",
    ),
}

MEASURED: dict[str, tuple[str, ...]] = {
    "rtsp": ("rtsp", "session"),
    "sdp": ("sdp",),
    "rtp-h264": ("rtp", "payload"),
    "rtp-h265": ("rtp", "payload"),
    "rtcp": ("rtcp",),
    "auth": ("auth",),
}
