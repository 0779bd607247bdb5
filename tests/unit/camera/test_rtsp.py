# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""RTSP messages: whole, a byte at a time, with more behind them, and wrong."""

import pytest

from torrazzo.base.errors import Invalid
from torrazzo.camera import CameraError, limits
from torrazzo.camera.errors import StreamSyncLost
from torrazzo.camera.rtsp import (
    Request,
    Response,
    SessionHeader,
    TransportHeader,
    find_header,
    find_headers,
    format_request,
    format_response,
    parse_message,
    parse_public,
    parse_session,
    parse_transport,
)

ANSWER = b"RTSP/1.0 200 OK\r\nCSeq: 3\r\nContent-Length: 5\r\nX-Long: a\r\n b\r\n\r\nv=0\r\n"


def parse(data: bytes) -> Response | Request:
    found = parse_message(data, 0, len(data))
    assert found is not None
    assert found[1] == len(data)
    return found[0]


def test_a_message_needs_all_its_bytes_and_takes_no_more() -> None:
    """Every proper beginning is incomplete; what is behind the end stays."""
    for stop in range(len(ANSWER)):
        assert parse_message(ANSWER, 0, stop) is None
    for behind in (b"", b"$\0\0\1x", b"RTSP/1.0 404"):
        data = bytearray(b"junk" + ANSWER + behind)
        message, at = parse_message(data, 4, len(data)) or (None, 0)
        assert message == Response(200, "OK", (("cseq", "3"), ("content-length", "5"), ("x-long", "a b")), b"v=0\r\n")
        assert at == 4 + len(ANSWER)


@pytest.mark.parametrize(
    ("data", "status", "reason"),
    [
        (b"RTSP/1.0 200 OK\nCSeq: 1\n\n", 200, "OK"),
        (b"\r\n\r\nRTSP/1.0 200\r\n\r\n", 200, ""),
        (b"RTSP/1.1 401 Not  allowed \r\nno colon here\r\n\r\n", 401, "Not  allowed"),
    ],
)
def test_what_cameras_get_wrong_is_read(data: bytes, status: int, reason: str) -> None:
    """Bare line feeds, empty lines before, no reason, lines that are no header."""
    message = parse(data)
    assert isinstance(message, Response)
    assert (message.status, message.reason) == (status, reason)


def test_requests_go_round() -> None:
    """What we format we read back as it was."""
    data = format_request("SET_PARAMETER", "rtsp://c/1?a=b", [("CSeq", "9"), ("Session", "x")], b"body")
    message = parse(data)
    assert message == Request(
        "SET_PARAMETER", "rtsp://c/1?a=b", (("cseq", "9"), ("session", "x"), ("content-length", "4")), b"body"
    )
    assert parse(format_response(501, "Not Implemented", [("CSeq", "1")])) == Response(
        501, "Not Implemented", (("cseq", "1"),), b""
    )


@pytest.mark.parametrize(
    "data",
    [
        b"\0",
        b"HTTP\x00",
        b"rtsp/1.0 200 OK\r\n\r\n",
        b"RTSP/2.0 200 OK\r\n\r\n",
        b"RTSP/1.0 20 OK\r\n\r\n",
        b"HELLO\r\n\r\n",
        b"RTSP/1.0 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"RTSP/1.0 200 OK\r\nContent-Length: 4_2\r\n\r\n",
        b"RTSP/1.0 200 OK\r\nContent-Length: 99999999\r\n\r\n",
        b"RTSP/1.0 200 OK\r\n" + b"a: b\r\n" * (limits.MESSAGE_HEADERS + 1),
        b"RTSP/1.0 200 OK\r\nX: " + b"x" * limits.MESSAGE_LINE,
    ],
)
def test_what_is_no_message_is_an_error_not_a_wait(data: bytes) -> None:
    """Garbage, and messages past the limits, are told from incomplete ones."""
    with pytest.raises(StreamSyncLost) as caught:
        parse_message(data, 0, len(data))
    assert caught.value.why == "net"


@pytest.mark.parametrize("sign", [chr(code) for code in (*range(9), *range(11, 32), 127)])
def test_control_characters_are_read_as_spaces_or_refused(sign: str) -> None:
    """What is only shown holds none afterwards; what must be sent back as it came is refused, by its header's name."""
    head = f"RTSP/1.0 200 O{sign}K{sign}\r\nServer: a{sign}b\r\n {sign}c{sign}\r\n".encode("latin-1")
    message = parse(head + b"\r\n")
    assert isinstance(message, Response)
    assert message.reason == "O K"
    server = find_header(message.headers, "server") or ""
    assert server.isprintable()
    assert server.split() == ["a", "b", "c"]
    for header in ("Session: 1{};timeout=5", 'WWW-Authenticate: Digest realm="a{}b", nonce="x"', "CSeq: 1{}2"):
        with pytest.raises(StreamSyncLost, match=header.partition(":")[0].lower()):
            parse(head + header.format(sign).encode("latin-1") + b"\r\n\r\n")


def test_a_zero_behind_a_header_is_no_part_of_it() -> None:
    """Firmware that sends a C string with its end is understood."""
    message = parse(b"RTSP/1.0 200 OK\0\r\nCSeq: 1\0\r\nSession: 47 \0\r\n\r\n")
    assert message == Response(200, "OK", (("cseq", "1"), ("session", "47")), b"")


def test_line_breaks_never_reach_the_wire() -> None:
    """A header's text can't become another header."""
    with pytest.raises(Invalid):
        format_request("OPTIONS", "rtsp://c/\r\nX: y", [])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("708345999;timeout=60", SessionHeader("708345999", 60)),
        ("9a90de54; Timeout=120 ", SessionHeader("9a90de54", 120)),
        ("F8F8E425", SessionHeader("F8F8E425", None)),
        ("A;timeout", SessionHeader("A", None)),
        ("A;timeout=soon;x=1", SessionHeader("A", None)),
        ("A;timeout=\x1e20", SessionHeader("A", 20)),  # fuzzing: strip() knows more spaces than int()
    ],
)
def test_session_headers(text: str, expected: SessionHeader) -> None:
    """Id and timeout, as far as they are there."""
    assert parse_session(text) == expected


def test_a_session_without_id_is_refused() -> None:
    """No id, no session."""
    with pytest.raises(CameraError):
        parse_session(";timeout=60")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("RTP/AVP/TCP;unicast;interleaved=0-1;ssrc= d6d6627", TransportHeader("RTP/AVP/TCP", (0, 1))),
        ("rtp/avp/tcp;interleaved=4", TransportHeader("RTP/AVP/TCP", (4, 5))),
        ("RTP/AVP/TCP;interleaved=300-301", TransportHeader("RTP/AVP/TCP", None)),
        ("RTP/AVP;unicast;client_port=1-2,RTP/AVP/TCP;interleaved=2-3", TransportHeader("RTP/AVP", None)),
    ],
)
def test_transport_headers(text: str, expected: TransportHeader) -> None:
    """Protocol and channels of the first offer."""
    assert parse_transport(text) == expected


def test_headers_are_found_by_any_case_and_in_order() -> None:
    """`Public` may come in several headers."""
    message = parse(b"RTSP/1.0 200 OK\r\nPublic: OPTIONS, play\r\nPUBLIC: GET_PARAMETER,\r\n\r\n")
    assert parse_public(message.headers) == {"OPTIONS", "PLAY", "GET_PARAMETER"}
    assert find_header(message.headers, "public") == "OPTIONS, play"
    assert len(find_headers(message.headers, "public")) == 2
    assert find_header(message.headers, "session") is None
