# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""RTSP 1.0 as a server reads and writes it, and who may come in (RFC 2326, 2617, 7616)."""

import asyncio
import base64
import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from torrazzo.base.errors import Invalid
from torrazzo.testing.clips import Clip

REASONS = {
    200: "OK", 301: "Moved Permanently", 302: "Moved Temporarily", 400: "Bad Request", 401: "Unauthorized",
    403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 453: "Not Enough Bandwidth",
    454: "Session Not Found", 455: "Method Not Valid in This State", 459: "Aggregate Operation Not Allowed",
    461: "Unsupported Transport", 500: "Internal Server Error", 501: "Not Implemented", 503: "Service Unavailable",
}  # fmt: skip
_PARAMETER = re.compile(r'(\w[\w-]*)\s*=\s*(?:"([^"]*)"|([^\s,]+))')


@dataclass(frozen=True, slots=True)
class Request:
    """One request of a client; header names in lower case."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes = b""
    arrived_ns: int = 0


@dataclass(frozen=True, slots=True)
class Binary:
    """One interleaved packet of a client."""

    channel: int
    data: bytes


async def read_message(reader: asyncio.StreamReader) -> Request | Binary | None:
    """The next thing a client says; None at the end. Raises `Invalid`."""
    try:
        first = await reader.readexactly(1)
        while first in (b"\r", b"\n"):
            first = await reader.readexactly(1)
        if first == b"$":
            head = await reader.readexactly(3)
            return Binary(head[0], await reader.readexactly(int.from_bytes(head[1:], "big")))
        text = (first + await reader.readuntil(b"\r\n\r\n")).decode("utf-8", "replace")
        request = _parse_request(text)
        body = await reader.readexactly(int(request.headers.get("content-length", "0")))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    except (asyncio.LimitOverrunError, ValueError) as error:
        raise Invalid(f"not an RTSP request: {error}") from error
    return Request(request.method, request.url, request.headers, body)


def _parse_request(text: str) -> Request:
    first, *lines = text.split("\r\n")
    words = first.split(" ")
    if len(words) != 3 or words[2] != "RTSP/1.0":
        raise Invalid(f"not an RTSP request line: {first[:80]!r}")
    headers = {}
    for line in filter(None, lines):
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    return Request(words[0], words[1], headers)


def response(request: Request, status: int, headers: list[tuple[str, str]], body: str = "") -> bytes:
    """A reply with the request's CSeq."""
    lines = [
        f"RTSP/1.0 {status} {REASONS[status]}",
        f"CSeq: {request.headers.get('cseq', '0')}",
        "Server: Torrazzo-fake",
    ]
    lines += [f"{name}: {value}" for name, value in headers]
    if body:
        lines.append(f"Content-Length: {len(body.encode())}")
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


@dataclass(slots=True)
class Gate:
    """Asks for user and password by the schemes in `offers`: basic, md5, sha-256."""

    username: str
    password: str
    offers: tuple[str, ...] = ("md5",)
    qop: bool = False
    nonce_uses: int | None = None  # after so many requests a nonce is stale
    realm: str = "fake camera"
    _nonce: str = field(default_factory=lambda: secrets.token_hex(16))
    _used: int = 0

    def admits(self, request: Request) -> bool:
        """Whether the request carries a right answer to a living challenge."""
        scheme, _, rest = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "basic" and "basic" in self.offers:
            return rest == base64.b64encode(f"{self.username}:{self.password}".encode()).decode()
        if scheme.lower() != "digest":
            return False
        given = {name.lower(): quoted or bare for name, quoted, bare in _PARAMETER.findall(rest)}
        algorithm = given.get("algorithm", "MD5").lower()
        self._used += 1
        if algorithm not in self.offers or given.get("nonce") != self._nonce or self._is_stale():
            return False
        wanted = digest_response(self.username, self.password, request.method, given, algorithm)
        return given.get("username") == self.username and given.get("response") == wanted and given.get("uri") != ""

    def _is_stale(self) -> bool:
        return self.nonce_uses is not None and self._used > self.nonce_uses

    def challenges(self) -> list[tuple[str, str]]:
        """Headers of a 401; a stale nonce is replaced and says so."""
        stale = ""
        if self._is_stale():
            self._nonce, self._used, stale = secrets.token_hex(16), 0, ", stale=TRUE"
        qop = ', qop="auth"' if self.qop else ""
        lines = []
        for offer in self.offers:
            if offer == "basic":
                lines.append(f'Basic realm="{self.realm}"')
            else:
                algorithm = "" if offer == "md5" else f", algorithm={offer.upper()}"
                lines.append(f'Digest realm="{self.realm}", nonce="{self._nonce}"{algorithm}{qop}{stale}')
        return [("WWW-Authenticate", line) for line in lines]


def digest_response(username: str, password: str, method: str, given: Mapping[str, str], algorithm: str) -> str:
    """What RFC 7616 section 3.4.1 wants to see."""

    def digest(text: str) -> str:
        if algorithm == "md5":
            return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
        return hashlib.sha256(text.encode()).hexdigest()

    one = digest(f"{username}:{given.get('realm', '')}:{password}")
    two = digest(f"{method}:{given.get('uri', '')}")
    if "qop" in given:
        middle = ":".join((given.get("nonce", ""), given.get("nc", ""), given.get("cnonce", ""), given["qop"]))
    else:
        middle = given.get("nonce", "")
    return digest(f"{one}:{middle}:{two}")


def describe(clip: Clip, *, control: str, aggregate_control: str, parameter_sets: bool, audio: bool) -> str:
    """The SDP of a clip (RFC 4566, 6184 section 8, 7798 section 7)."""
    sets = [base64.b64encode(nal).decode() for nal in clip.parameter_sets] if parameter_sets else []
    lines = ["v=0", "o=- 1 1 IN IP4 0.0.0.0", "s=fake", "t=0 0", f"a=control:{aggregate_control}", "a=range:npt=now-"]
    if audio:
        lines += ["m=audio 0 RTP/AVP 0", "c=IN IP4 0.0.0.0", "a=rtpmap:0 PCMU/8000", f"a=control:{control}-audio"]
    lines += ["m=video 0 RTP/AVP 96", "c=IN IP4 0.0.0.0"]
    if clip.codec == "h265":
        lines.append("a=rtpmap:96 H265/90000")
        names = ("sprop-vps", "sprop-sps", "sprop-pps")
        lines += ["a=fmtp:96 " + "; ".join(map("=".join, zip(names, sets, strict=True)))] if sets else []
    else:
        profile = clip.parameter_sets[0][1:4].hex().upper()
        lines.append("a=rtpmap:96 H264/90000")
        sprop = f";sprop-parameter-sets={','.join(sets)}" if sets else ""
        lines.append(f"a=fmtp:96 packetization-mode=1;profile-level-id={profile}{sprop}")
    return "\r\n".join([*lines, f"a=control:{control}"]) + "\r\n"
