# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where a device is, and where what it calls its services are reached. Pure.

What is asked, with what shows that we know the password, goes to the host that a person named and to no other: devices
behind an address translation give one that only they can reach, and a hostile one gives somebody else's.
"""

import urllib.parse

from torrazzo.camera.address import Address, parse_rtsp_url
from torrazzo.camera.errors import CameraError

_PORTS = {"http": 80, "https": 443}
_SERVICE = "/onvif/device_service"
_LENGTH = 1_024


def device_address(text: str) -> Address:
    """`10.1.0.20`, `10.1.0.20:8080` or the whole address of a device service. Raises `CameraError`."""
    text = text.strip()
    found = _split(text if "://" in text else f"http://{text}")
    if found is None:
        raise CameraError(
            "not a device's address: write 10.1.0.20, 10.1.0.20:8080 or http://host/onvif/device_service", "net"
        )
    return found


def service_address(device: Address, said: str) -> Address:
    """Where a service is: as the device says, but at the device's own host, and with its TLS."""
    found = _split(said)
    if found is None:
        raise CameraError("the device gives an address of a service that is none", "net")
    if found.host == device.host and found.has_tls == device.has_tls:
        return found
    parts = urllib.parse.urlsplit(found.url)
    base = urllib.parse.urlsplit(device.url)
    return device._replace(url=urllib.parse.urlunsplit((base.scheme, base.netloc, parts.path, parts.query, "")))


def stream_address(device: Address, said: str) -> str:
    """Where a stream is, at the device's own host, without user information. Raises `CameraError`."""
    found = parse_rtsp_url(said)
    if len(said) > _LENGTH:
        raise CameraError("the device gives an address of a stream that is too long", "net")
    if found.host == device.host:
        return found.url
    parts = urllib.parse.urlsplit(found.url)
    host = f"[{device.host}]" if ":" in device.host else device.host
    return urllib.parse.urlunsplit(parts._replace(netloc=f"{host}:{parts.port}" if parts.port else host))


def target(address: Address) -> str:
    """What an HTTP request names."""
    parts = urllib.parse.urlsplit(address.url)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def _split(text: str) -> Address | None:
    try:
        parts = urllib.parse.urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    scheme = parts.scheme.lower()
    if scheme not in _PORTS or not host or "@" in parts.netloc or port == 0 or len(text) > _LENGTH:
        return None
    if not text.isascii() or not text.isprintable() or " " in text:
        return None
    path = parts.path if parts.path.strip("/") else _SERVICE
    url = urllib.parse.urlunsplit((scheme, parts.netloc, path, parts.query, ""))
    return Address(url, host, port or _PORTS[scheme], scheme == "https")
