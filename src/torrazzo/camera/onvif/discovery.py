# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who is there: a probe, and what answers it (WS-Discovery 2005/04, ONVIF Core section 7). Pure."""

import re
import urllib.parse
from typing import NamedTuple

from torrazzo.camera import limits
from torrazzo.camera.errors import CameraError
from torrazzo.camera.onvif.soap import DEVICE, SOAP, make, read_envelope
from torrazzo.camera.onvif.xml import Element, plain, write_xml

GROUP = ("239.255.255.250", 3702)
_DISCOVERY = "http://schemas.xmlsoap.org/ws/2005/04/discovery"
_WSA = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
_NETWORK = "http://www.onvif.org/ver10/network/wsdl"
_PREFIXES = {"s": SOAP, "a": _WSA, "d": _DISCOVERY, "dn": _NETWORK, "tds": DEVICE}
_KINDS = ("dn:NetworkVideoTransmitter", "tds:Device")  # what devices of the first years answer to, and of today
_ADDRESS = re.compile(r"https?://[^\s<>\"]{1,256}", re.ASCII)
_SCOPE = "onvif://www.onvif.org/"


class Found(NamedTuple):
    """A device that answered; what it says of itself is not proven by anything."""

    endpoint: str  # its own name for itself, the same after a restart
    addresses: tuple[str, ...]  # addresses of its device service, the likeliest first
    sender: str  # where the answer came from
    name: str
    hardware: str
    location: str


class Gathering:
    """Collects answers to one search; as many as limits.py says, each device once."""

    def __init__(self, numbers: tuple[str, ...]) -> None:
        """`numbers`: UUIDs, one for each message of `probes`."""
        self._ids = tuple(f"urn:uuid:{number}" for number in numbers)
        self._found: dict[str, Found] = {}
        self._seen = 0

    def probes(self) -> list[bytes]:
        """What is to be sent."""
        return [_probe(message, kind) for message, kind in zip(self._ids, _KINDS, strict=True)]

    @property
    def is_full(self) -> bool:
        """Nothing more is taken."""
        return self._seen >= limits.DISCOVERY_ANSWERS

    @property
    def devices(self) -> list[Found]:
        """All that answered, by where they are."""
        return sorted(self._found.values(), key=lambda found: (found.addresses, found.endpoint))

    def take(self, datagram: bytes, sender: str) -> None:
        """Read an answer; what is none, or not to our question, is passed over."""
        if self.is_full:
            return
        self._seen += 1
        if len(datagram) > limits.DISCOVERY_DATAGRAM:
            return
        try:
            root, answer = read_envelope(datagram)
        except CameraError:
            return
        if answer.name != "ProbeMatches" or root.get("Header", "RelatesTo") not in self._ids:
            return
        for match in answer.all("ProbeMatch"):
            found = _read_match(match, sender)
            if found is not None and len(self._found) < limits.DISCOVERY_DEVICES:
                self._found.setdefault(found.endpoint, found)


def _probe(message: str, kind: str) -> bytes:
    header = (
        make(_WSA, "Action", f"{_DISCOVERY}/Probe"),
        make(_WSA, "MessageID", message),
        make(_WSA, "ReplyTo", make(_WSA, "Address", f"{_WSA}/role/anonymous")),
        make(_WSA, "To", "urn:schemas-xmlsoap-org:ws:2005:04:discovery"),
    )
    body = make(_DISCOVERY, "Probe", make(_DISCOVERY, "Types", kind))
    return write_xml(make(SOAP, "Envelope", make(SOAP, "Header", *header), make(SOAP, "Body", body)), _PREFIXES)


def _read_match(match: Element, sender: str) -> Found | None:
    addresses = [address for address in match.get("XAddrs").split() if _is_address(address)]
    if not addresses:
        return None
    addresses = addresses[: limits.DISCOVERY_ADDRESSES]
    addresses.sort(key=lambda address: urllib.parse.urlsplit(address).hostname != sender)
    scopes = _read_scopes(match.get("Scopes").split()[: limits.DISCOVERY_SCOPES])
    endpoint = plain(match.get("EndpointReference", "Address")) or addresses[0]
    names = (scopes.get(kind, "") for kind in ("name", "hardware", "location"))
    return Found(endpoint, tuple(addresses), sender, *names)


def _is_address(text: str) -> bool:
    if _ADDRESS.fullmatch(text) is None:
        return False
    try:
        parts = urllib.parse.urlsplit(text)
        return bool(parts.hostname) and "@" not in parts.netloc and parts.port != 0
    except ValueError:
        return False


def _read_scopes(scopes: list[str]) -> dict[str, str]:
    """The first value of each kind."""
    found: dict[str, str] = {}
    for scope in scopes:
        if scope.startswith(_SCOPE):
            kind, _, value = scope.removeprefix(_SCOPE).partition("/")
            if text := plain(urllib.parse.unquote(value)):
                found.setdefault(kind, text)
    return found
