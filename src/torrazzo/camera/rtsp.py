# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""RTSP 1.0 messages: bytes to values and back (RFC 2326 sections 4 to 7 and 12). Pure.

Tolerated, because cameras do it: line ends without CR, empty lines before a message, header lines without a colon
(passed over), folded headers, any case in header names, a missing reason, control characters (read as spaces, RFC 9112
section 2.2; at the end as nothing). Refused are those in what we must send back as it came: no such request could be
right. So whatever was read here can be written.
"""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from torrazzo.base.errors import Invalid
from torrazzo.camera import limits
from torrazzo.camera.errors import CameraError, StreamSyncLost

_STATUS = re.compile(r"RTSP/1\.[0-9] +([0-9]{3})(?: +(.*))?", re.ASCII)
_REQUEST = re.compile(r"([A-Z_]{3,16}) +(\S+) +RTSP/1\.[0-9]", re.ASCII)
_START = re.compile(rb"[A-Z_]+(?:[ /]|$)")  # how any first line begins
_NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII)
_CHANNELS = re.compile(r"([0-9]{1,3})(?:-([0-9]{1,3}))?", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_SENT_BACK = {"cseq", "session", "www-authenticate"}  # headers of which we repeat text
_SHOWN = 40

Headers = tuple[tuple[str, str], ...]  # names in lower case, in order


class Response(NamedTuple):
    """What a camera answers."""

    status: int
    reason: str
    headers: Headers
    body: bytes


class Request(NamedTuple):
    """What one side asks of the other."""

    method: str
    url: str
    headers: Headers
    body: bytes


class SessionHeader(NamedTuple):
    """`Session: 4711;timeout=60`."""

    id: str
    timeout: int | None  # seconds


class TransportHeader(NamedTuple):
    """The first transport that a `Transport` header offers."""

    protocol: str  # upper case: RTP/AVP/TCP
    channels: tuple[int, int] | None  # interleaved: RTP, RTCP


def find_header(headers: Headers, name: str) -> str | None:
    """The first value of a header; `name` in lower case."""
    return next((value for key, value in headers if key == name), None)


def find_headers(headers: Headers, name: str) -> list[str]:
    """All values of a header, in order."""
    return [value for key, value in headers if key == name]


def parse_message(data: bytes | bytearray, start: int, end: int) -> tuple[Response | Request, int] | None:
    """The message that begins at `start`, and where it ends; None if more bytes are needed.

    Raises `StreamSyncLost` for what is no message, or too large for one. Reads nothing at or behind `end`.
    """
    at = start
    while at < end and data[at] in b"\r\n":
        at += 1
    if at == end:
        return None
    lines, body = _parse_head(data, at, end)
    if body is None:
        return None
    headers = _parse_headers(lines[1:])
    length = _body_length(headers)
    if end - body < length:
        return None
    content = bytes(memoryview(data)[body : body + length])
    if found := _STATUS.fullmatch(lines[0]):
        return Response(int(found[1]), _strip(_CONTROL.sub(" ", found[2] or "")), headers, content), body + length
    if found := _REQUEST.fullmatch(lines[0]):
        return Request(found[1], found[2], headers, content), body + length
    raise StreamSyncLost(f"no RTSP message: it begins with {lines[0][:_SHOWN]!r}")


def _parse_head(data: bytes | bytearray, at: int, end: int) -> tuple[list[str], int | None]:
    """Lines up to the empty one, and where the body begins (None: not there yet)."""
    if _START.match(data, at, min(end, at + 20)) is None:
        shown = bytes(memoryview(data)[at : min(end, at + 8)]).hex(" ")
        raise StreamSyncLost(f"expected a packet or an RTSP message, found bytes {shown}")
    lines: list[str] = []
    limit = at + limits.MESSAGE_HEAD
    while True:
        stop = data.find(b"\n", at, min(end, at + limits.MESSAGE_LINE))
        if stop < 0:
            if end - at >= limits.MESSAGE_LINE:
                raise StreamSyncLost(f"an RTSP header line is longer than {limits.MESSAGE_LINE} bytes")
            return lines, None
        line = data[at:stop].decode("latin-1").rstrip("\r")
        at = stop + 1
        if not line:
            return lines, at
        lines.append(line)
        if len(lines) > limits.MESSAGE_HEADERS or at > limit:
            raise StreamSyncLost(f"an RTSP head has more than {limits.MESSAGE_HEADERS} lines or is too long")


def _parse_headers(lines: Iterable[str]) -> Headers:
    headers: list[tuple[str, str]] = []
    for line in lines:
        if line[0] in " \t" and headers:
            name, value = headers[-1]
            headers[-1] = (name, f"{value} {_strip(line)}")
            continue
        name, colon, value = line.partition(":")
        if colon:
            headers.append((name.strip().lower(), _strip(value)))
    return tuple((name, _without_control(name, value)) for name, value in headers)


def _strip(text: str) -> str:
    return text.strip(" \t\r\0")


def _without_control(name: str, value: str) -> str:
    if _CONTROL.search(value) is None:
        return value
    if name in _SENT_BACK:
        raise StreamSyncLost(f"its header {name} holds a control character: {value[:_SHOWN]!r}")
    return _CONTROL.sub(" ", value)


def _body_length(headers: Headers) -> int:
    text = find_header(headers, "content-length") or "0"
    if _NUMBER.fullmatch(text) is None or int(text) > limits.MESSAGE_BODY:
        raise StreamSyncLost(f"Content-Length is {text[:_SHOWN]!r}; expected at most {limits.MESSAGE_BODY}")
    return int(text)


def format_request(method: str, url: str, headers: Sequence[tuple[str, str]], body: bytes = b"") -> bytes:
    """A request's bytes; `Content-Length` is added for a body. Raises `Invalid` for text that would break lines."""
    return _format(f"{method} {url} RTSP/1.0", headers, body)


def format_response(status: int, reason: str, headers: Sequence[tuple[str, str]]) -> bytes:
    """A response's bytes, without body."""
    return _format(f"RTSP/1.0 {status} {reason}", headers, b"")


def _format(first: str, headers: Sequence[tuple[str, str]], body: bytes) -> bytes:
    lines = [first, *(f"{name}: {value}" for name, value in headers)]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    if any("\r" in line or "\n" in line for line in lines):
        raise Invalid("an address or a header for a camera holds a line break")
    return "\r\n".join([*lines, "", ""]).encode() + body


def parse_session(value: str) -> SessionHeader:
    """Read a `Session` header; a timeout that is no number is as none. Raises `CameraError` if it has no id."""
    first, *rest = value.split(";")
    session = first.strip()
    if not session:
        raise CameraError("the camera's Session header has no id", "nosignal")
    for part in rest:
        name, _, text = part.partition("=")
        if name.strip().lower() == "timeout" and (found := _NUMBER.fullmatch(text.strip())):
            return SessionHeader(session, int(found[0]))
    return SessionHeader(session, None)


def parse_transport(value: str) -> TransportHeader:
    """Read the first offer of a `Transport` header. Raises `CameraError` if it names no protocol."""
    protocol, *rest = value.partition(",")[0].split(";")
    protocol = protocol.strip().upper()
    if "/" not in protocol or "=" in protocol:
        raise CameraError(f"the camera's Transport header names no protocol: {value[:_SHOWN]!r}", "nosignal")
    for part in rest:
        name, _, text = part.partition("=")
        if name.strip().lower() == "interleaved" and (found := _CHANNELS.fullmatch(text.strip())):
            first = int(found[1])
            second = int(found[2]) if found[2] else first + 1
            if first < 256 and second < 256:
                return TransportHeader(protocol, (first, second))
    return TransportHeader(protocol, None)


def parse_public(headers: Headers) -> frozenset[str]:
    """The methods that a camera says it knows; empty if it doesn't say."""
    names = ",".join(find_headers(headers, "public")).upper().split(",")
    return frozenset(name.strip() for name in names if name.strip())
