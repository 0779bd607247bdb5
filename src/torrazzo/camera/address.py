# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where a stream is: address texts, and the rules by which cameras join them. Pure."""

import re
import urllib.parse
from typing import NamedTuple

from torrazzo.camera.errors import CameraError

_SCHEME = re.compile(r"rtsps?://", re.IGNORECASE | re.ASCII)
_PORTS = {"rtsp": 554, "rtsps": 322}


class Address(NamedTuple):
    """An RTSP address, taken apart."""

    url: str  # as requests name it: without user information and fragment
    host: str
    port: int
    has_tls: bool

    @property
    def place(self) -> str:
        """`host:port` for errors: paths and queries may hold secrets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def is_rtsp(url: str) -> bool:
    """Whether the native client speaks this scheme."""
    return _SCHEME.match(url) is not None


def parse_rtsp_url(url: str) -> Address:
    """Take an `rtsp://` or `rtsps://` address apart. Raises `CameraError` without repeating it."""
    try:
        parts = urllib.parse.urlsplit(url.strip())
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise CameraError("not an RTSP address: its port or brackets are wrong", "net") from error
    scheme = parts.scheme.lower()
    if scheme not in _PORTS or not host or not url.isprintable() or " " in url.strip():
        raise CameraError("not an RTSP address: write rtsp://host[:port]/path", "net")
    netloc = parts.netloc.rpartition("@")[2]
    plain = urllib.parse.urlunsplit((scheme, netloc, parts.path, parts.query, ""))
    return Address(plain, host, port or _PORTS[scheme], scheme == "rtsps")


def control_base(request_url: str, content_base: str | None, content_location: str | None) -> str:
    """What relative control addresses are relative to (RFC 2326 appendix C.1.1).

    Some cameras (Anjvision) leave the scheme out; an empty or unreadable base is as none.
    """
    for text in (content_base, content_location):
        base = (text or "").strip()
        if not base or not base.isprintable() or " " in base:
            continue
        if _SCHEME.match(base):
            return base
        host = urllib.parse.urlsplit(request_url).hostname or ""
        if base.startswith("/"):
            parts = urllib.parse.urlsplit(request_url)
            return f"{parts.scheme}://{parts.netloc}{base}"
        if re.match(r"(\d{1,3}(\.\d{1,3}){3}|" + re.escape(host) + r")(:\d{1,5})?(/|$)", base, re.ASCII):
            return f"rtsp://{base}"
    return request_url


def join_control(base: str, control: str | None) -> str:
    """The address of a track or session: `control` as cameras mean it.

    Not as RFC 3986 says: cameras, and the clients they were tested with, append. A base may carry a query (Dahua, GW);
    the control follows it all the same. A control that is itself a query (Wisenet) follows without a slash.
    """
    text = (control or "").strip()
    if text in {"", "*"}:
        return base
    if _SCHEME.match(text):
        return text
    if text.startswith("?"):
        return base + text
    return f"{base.removesuffix('/')}/{text.removeprefix('/')}"
