# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What holds for any bytes a camera may send, however the network cuts them."""

import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tools.rtp_wire import Packetizer, Plain, aggregate, feed_all, frame, interleave
from torrazzo.camera import CameraError, limits
from torrazzo.camera.auth import parse_challenges
from torrazzo.camera.boxed import parse_extradata, split_boxed
from torrazzo.camera.codec.access_unit import Assembler
from torrazzo.camera.rtcp import parse_rtcp
from torrazzo.camera.rtp import PEEK_SIZE, Depacketizer
from torrazzo.camera.rtsp import parse_message, parse_session, parse_transport
from torrazzo.camera.sdp import choose_track, parse_sdp

CODECS = st.sampled_from(["h264", "h265"])


@st.composite
def nal_units(draw: st.DrawFn, codec: str) -> list[bytes]:
    """One picture: maybe parameter sets and others, then slices."""
    sizes = st.integers(3, 200) | st.integers(1_300, 1_500) | st.integers(3_000, 20_000)
    slices = [draw(sizes) for _ in range(draw(st.integers(1, 3)))]
    fill = draw(st.integers(1, 255))
    if codec == "h264":
        before = draw(
            st.lists(st.sampled_from([b"\x67\x4d\x01", b"\x68\xee", b"\x06\x05\x02", b"\x09\xf0"]), max_size=4)
        )
        kind = draw(st.sampled_from([0x65, 0x41, 0x01]))
        return before + [
            bytes((kind, 0x80 if place == 0 else 0x40)) + bytes((fill,)) * (size - 2)
            for place, size in enumerate(slices)
        ]
    before = draw(
        st.lists(st.sampled_from([b"\x40\x01\x0c", b"\x42\x01\x01", b"\x44\x01\xc0", b"\x4e\x01\x05"]), max_size=4)
    )
    kind = draw(st.sampled_from([0, 1, 19, 21])) << 1
    return before + [
        bytes((kind, 1, 0x80 if place == 0 else 0x20)) + bytes((fill,)) * (size - 3)
        for place, size in enumerate(slices)
    ]


@st.composite
def streams(draw: st.DrawFn) -> tuple[str, list[list[bytes]], list[list[bytes]]]:
    """A codec, its pictures, and each picture's packets."""
    codec = draw(CODECS)
    maker = Packetizer(
        codec=codec, number=draw(st.integers(0, 0xFFFF)), most=draw(st.sampled_from([100, 1_400, 9_000]))
    )
    maker.has_markers = draw(st.booleans())
    begin = draw(st.integers(0, 0xFFFF_FFFF))
    pictures, packets = [], []
    for place in range(draw(st.integers(1, 8))):
        nals = draw(nal_units(codec))
        pictures.append(nals)
        packets.append(maker.picture(nals, begin + place * 3600))
    return codec, pictures, packets


class Slow(Depacketizer):
    """Knows no quick way for a picture's beginning and end."""

    def _opens(self, body: memoryview, sender: int, now_ns: int) -> bool:
        return False

    def _end(self, content: memoryview, now_ns: int) -> None:
        self._parts.append(content)
        self._advance(self._want + 1 & 0xFFFF)
        self._end_fragments()
        self._take_marker(now_ns)


def run(
    codec: str, data: bytes, cuts: list[int], kind: type[Depacketizer] = Depacketizer
) -> tuple[list[Any], bytes, tuple[int, ...]]:
    out = Plain()
    packets = kind(codec, 96, 90_000, (0, 1), out)
    rest = feed_all(packets, data, cuts)
    packets.flush(0)
    return out.seen, rest, (packets.lost_total, packets.malformed, packets.late, packets.dropped, packets.highest)


def cuts_of(data: bytes, source: random.Random, count: int) -> list[int]:
    return sorted(source.randrange(len(data) + 1) for _ in range(count)) if data else []


@given(streams(), st.randoms(use_true_random=False), st.integers(0, 12))
def test_pictures_go_round_however_the_bytes_are_cut(
    stream: tuple[str, list[list[bytes]], list[list[bytes]]], source: random.Random, count: int
) -> None:
    """Packetized, interleaved with other channels, cut anywhere, read back: the same NAL units, none lost."""
    codec, pictures, groups = stream
    data = b"".join(frame(packet) + frame(b"other", 7) for group in groups for packet in group)
    seen, rest, counts = run(codec, data, cuts_of(data, source, count))
    assert rest == b""
    found = [list(nals) for _, nals, _, _ in seen]
    assert found in (pictures, pictures[:-1])  # without markers the last one's end is not known
    assert counts[:4] == (0, 0, 0, 0)


@given(streams(), st.randoms(use_true_random=False), st.integers(1, 12), st.integers(0, 30))
def test_any_split_gives_the_same_even_of_a_damaged_stream(
    stream: tuple[str, list[list[bytes]], list[list[bytes]]], source: random.Random, count: int, wounds: int
) -> None:
    """Lost, repeated, swapped and altered packets: the bytes decide, not how they came or were taken."""
    codec, _, groups = stream
    other = source.randrange(2 * len(groups))  # from this picture on, if there is one
    flat = [
        bytearray(packet if at < other else packet[:8] + b"twin" + packet[12:])
        for at, group in enumerate(groups)
        for packet in group
    ]
    for _ in range(wounds):
        place = source.randrange(len(flat))
        match source.randrange(5):
            case 0 if len(flat) > 1:
                del flat[place]
            case 1:
                flat.insert(place, bytearray(flat[place]))
            case 2:
                flat[place], flat[-1] = flat[-1], flat[place]
            case 3:
                flat[place][source.randrange(len(flat[place]))] ^= 1 << source.randrange(8)
            case _:
                del flat[place][source.randrange(len(flat[place])) + 1 :]
    data = interleave(bytes(packet) for packet in flat)
    whole = run(codec, data, [])
    assert run(codec, data, cuts_of(data, source, count)) == whole
    assert run(codec, data, cuts_of(data, source, count), Slow) == whole
    assert all(nals for _, nals, _, _ in whole[0])


@given(CODECS, st.lists(st.binary(max_size=60), max_size=30), st.randoms(use_true_random=False))
def test_any_payload_is_survived_within_limits(codec: str, payloads: list[bytes], source: random.Random) -> None:
    """Random payloads behind right headers: no error, no endless hold, lengths that add up (Plain checks them)."""
    maker = Packetizer(codec=codec)
    data = interleave(
        maker.packet(
            payload, source.randrange(4) * 3600, marker=source.random() < 0.3, first=source.choice([0x80, 0xA0])
        )
        for payload in payloads
    )
    packets = Depacketizer(codec, 96, 90_000, (0, 1), Assembler(codec))
    feed_all(packets, data, cuts_of(data, source, 3))
    packets.flush(0)
    run(codec, data, [])
    assert sum(map(len, packets._parts)) <= limits.ACCESS_UNIT


@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_stop_or_are_taken(data: bytes, is_framed: bool) -> None:
    """`feed` always ends, and never takes bytes that it wasn't given."""
    data = b"$\0" + data if is_framed else data
    buffer = bytearray(data + b"\xff" * PEEK_SIZE)
    packets = Depacketizer("h264", 96, 90_000, (0, 1), Plain())
    at = packets.feed(buffer, memoryview(buffer), 0, len(data), 0)
    assert 0 <= at <= len(data)
    packets.keep()


HEADS = ["RTSP/1.0 200 OK\r\n", "OPTIONS * RTSP/1.0\r\n", "CSeq: 1\r\n", "Content-Length: 5\r\n", "Session: 7\r\n"]
ODDS = ["\r\n", "\n", "v=0\r\n", "Content-Length: -1\r\n", " folded\r\n", ":", "RTSP/", "\0", "é", "$\0\0\1x"]
TEXTS = st.lists(st.sampled_from(HEADS + ODDS), max_size=14).map(lambda parts: "".join(parts).encode())


@given(TEXTS | st.binary(max_size=200), st.integers(0, 220))
def test_messages_advance_wait_or_fail_the_same_however_cut(data: bytes, cut: int) -> None:
    """A prefix is incomplete, or gives what the whole gives; an error stays an error."""

    def outcome(size: int) -> object:
        try:
            return parse_message(data, 0, size)
        except CameraError as error:
            return error.why

    whole, part = outcome(len(data)), outcome(min(cut, len(data)))
    assert part is None or part == whole
    if isinstance(whole, tuple):
        assert 0 < whole[1] <= len(data)


TRACKS = ["v=0", "o=-", "a=control:*", "m=video 0 RTP/AVP 96", "m=video 0/2 RTP/AVP 96 97", "m=audio 0 RTP/AVP 0"]
MAPS = ["a=rtpmap:96 H264/90000", "a=rtpmap:96 H265/90000", "a=rtpmap:97 H264", "a=rtpmap:96 /", "a=control:?x", "a="]
SETS = ["a=fmtp:96 sprop-parameter-sets=Z0I=,aM4=", "a=fmtp:96 sprop-vps=%%;sprop-sps=QgE", "a=fmtp:96", "=", "m=", "x"]
LINES = st.lists(st.sampled_from(TRACKS + MAPS + SETS), max_size=12).map(lambda lines: "\r\n".join(lines).encode())


@given(LINES | st.binary(max_size=200))
def test_any_description_gives_a_track_or_a_cause(data: bytes) -> None:
    """Nothing but CameraError, with a cause that a gap can carry."""
    why = "codec"
    try:
        track = choose_track(parse_sdp(data))
    except CameraError as error:
        why = error.why
    else:
        assert track.codec in {"h264", "h265"}
        assert 0 <= track.payload_type < 128
        assert track.clock > 0
    assert why in {"codec", "nosignal"}


@pytest.mark.parametrize(
    "parse",
    [lambda text: parse_challenges([text]), parse_session, parse_transport],
    ids=["challenge", "session", "transport"],
)
@given(text=st.text('abDigestBasic realm,nonce=";\\ \t0-9/', max_size=80) | st.text(max_size=80))
def test_any_header_is_read_or_refused(parse: Callable[[str], object], text: str) -> None:
    """No header text makes a parser fail in another way than CameraError."""
    why = "nosignal"
    try:
        parse(text)
    except CameraError as error:
        why = error.why
    assert why == "nosignal"


@given(st.binary(max_size=120))
def test_any_rtcp_is_survived(data: bytes) -> None:
    """No more reports than bytes could hold."""
    assert len(parse_rtcp(data)) <= len(data) // 4
    assert len(parse_rtcp(b"\x80\xc8\x00\x06" + data)) <= len(data) // 4 + 1


@given(CODECS, st.binary(max_size=120), st.integers(0, 4))
def test_any_boxed_bytes_are_survived(codec: str, data: bytes, size: int) -> None:
    """What a library hands over may be broken too: lengths still add up."""
    parse_extradata(codec, data)
    parse_extradata(codec, b"\x01" + data)
    out, nals = split_boxed(data, size)
    assert sum(length + 4 for _, length in nals) == len(out)


@settings(max_examples=30)
@given(
    st.lists(st.sampled_from([b"\x67\x4d\x01", b"\x68\xee", b"\x06\x05\x02"]), min_size=1, max_size=6),
    st.integers(1, 6),
)
def test_aggregates_of_aggregates_add_nothing(small: list[bytes], times: int) -> None:
    """However NAL units are packed together, the picture is the same."""
    nal = b"\x65\x88" + b"\x07" * 50
    maker = Packetizer()
    packets = [maker.packet(aggregate(small), 0) for _ in range(times)]
    data = interleave([*packets, *maker.picture([nal], 0)])
    seen, _, _ = run("h264", data, [])
    assert [list(nals) for _, nals, _, _ in seen] == [small * times + [nal]]
