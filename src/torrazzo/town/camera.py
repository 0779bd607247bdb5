# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""One camera of the town and its streams, as people declared them."""

import difflib
import re
import secrets
import unicodedata
import urllib.parse
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from torrazzo.base.errors import Invalid
from torrazzo.base.ids import CameraId, StreamId
from torrazzo.base.secret import Secret
from torrazzo.base.times import UtcTicks, iso_from_ticks
from torrazzo.town.bounds import Bounds
from torrazzo.town.lives import LEGAL_HOURS, check_hours
from torrazzo.town.masks import Masks
from torrazzo.town.position import Position
from torrazzo.town.purpose import PurposeFile

TRANSPORTS = ("auto", "tcp", "udp")
NAME_LENGTH = 80
URL_LENGTH = 2048
_SCHEMES = ("rtsp", "rtsps", "http", "https", "rtp", "udp", "srt", "file")
_SHOWN = re.compile(r"(?i)((?:pass(?:word|wd|wort)?|pwd|psw|token|key|secret|auth)[=_:])[^&/?#]*")
_PIN = re.compile(r"[0-9a-f]{64}", re.ASCII)


class UnknownCamera(Invalid):
    """Nobody has declared a camera of that name or id."""


@dataclass(frozen=True, slots=True)
class StreamConfig:
    """How to reach one encoding of a camera. `url` never carries user information."""

    id: StreamId
    url: str
    username: str | None = None
    password: Secret | None = None
    transport: str = "auto"
    ca_pem: str | None = None
    pin_sha256: str | None = None

    def __post_init__(self) -> None:
        if self.transport not in TRANSPORTS:
            raise Invalid(f"transport is {self.transport!r}; write one of {', '.join(TRANSPORTS)}")
        if self.pin_sha256 is not None and _PIN.fullmatch(self.pin_sha256) is None:
            raise Invalid("the certificate's pin is not 64 lower-case hex digits (SHA-256 of its DER form)")

    @property
    def shown_url(self) -> str:
        """The address for people: values that look like secrets are replaced by dots."""
        return _SHOWN.sub(r"\1•••", self.url)


@dataclass(frozen=True, slots=True)
class Camera:
    """A device at a place. A removed one keeps its name and id for the footage that is left of it."""

    id: CameraId
    name: str
    place: str
    synthetic: bool
    permit_until: UtcTicks | None
    enabled: bool
    streams: tuple[StreamConfig, ...]
    added: UtcTicks
    removed: UtcTicks | None = None
    retention_hours: int = LEGAL_HOURS  # its footage lives so long; of what is recorded from now on
    position: Position | None = None  # on the map
    device: str | None = None  # address of its ONVIF device, without user information
    sensor: int = 1  # of that device
    bounds: Bounds | None = None  # where it may turn; None: nobody has said
    masks: Masks | None = None  # what it has to hide; None: nobody has decided
    file: PurposeFile | None = None  # for what it is; None: nothing is stated

    def __post_init__(self) -> None:
        check_hours(self.retention_hours)
        for declared in (self.position, self.bounds):
            if declared is not None:
                declared.checked()

    def stream(self, name: str) -> StreamConfig | None:
        """Its stream of that name, if it has one."""
        return next((stream for stream in self.streams if stream.id.name == name), None)

    def without_secrets(self, text: str) -> str:
        """The same; what a device says may repeat its password."""
        for stream in self.streams:
            if stream.password is not None and (secret := stream.password.reveal()):
                text = text.replace(secret, "…")
        return text


class Address(NamedTuple):
    """An address as typed, its user and password split off."""

    url: str
    username: str | None
    password: Secret | None


def new_camera_id() -> CameraId:
    """64 random bits; all zeroes mean "no stream" in a record and are never drawn."""
    return CameraId(f"{secrets.randbits(64) or 1:016x}")


def name_key(name: str) -> str:
    """The form in which names are compared: without case, composition or doubled spaces."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def check_name(text: str) -> str:
    """A camera's name without outer spaces; raises `Invalid` for one that cannot be shown or told from an id."""
    name = " ".join(text.split())
    if not name or len(name) > NAME_LENGTH or not name.isprintable():
        raise Invalid(f"a camera's name has 1 to {NAME_LENGTH} printable characters; found {text!r}")
    if re.fullmatch(r"[0-9a-f]{16}(/\w+)?", name, re.ASCII):
        raise Invalid(f"{name!r} looks like a camera's id; give the camera a name that people can say")
    return name


def find_camera(cameras: Iterable[Camera], text: str) -> Camera:
    """The camera of that id, or of that name in any case; one in use goes before removed ones.

    Raises `UnknownCamera` with the names that come close, or with the ids among which to choose.
    """
    known = tuple(cameras)
    key = name_key(text)
    found = [camera for camera in known if key in (camera.id, name_key(camera.name))]
    in_use = [camera for camera in found if camera.removed is None]
    if len(in_use or found) == 1:
        return (in_use or found)[0]
    if found:
        ids = ", ".join(f"{camera.id} (removed {iso_from_ticks(camera.removed or 0)})" for camera in found)
        raise UnknownCamera(f"{text!r} was the name of several cameras; say which by id: {ids}")
    names = {name_key(camera.name): camera.name for camera in known}
    close = [names[match] for match in difflib.get_close_matches(key, names, n=3, cutoff=0.65)]
    close += [name for folded, name in names.items() if key and key in folded and name not in close][:3]
    hint = f"did you mean {' or '.join(close)}?" if close else "`camera list` shows all"
    raise UnknownCamera(f"there is no camera named {text!r}; {hint}")


def parse_address(text: str) -> Address:
    """Split user and password off an address; raises `Invalid`, never repeating the password."""
    text = text.strip()
    try:
        parts = urllib.parse.urlsplit(text)
        host, _port = parts.hostname, parts.port
    except ValueError as error:
        raise Invalid("not an address: its port or brackets are wrong; write rtsp://host[:port]/path") from error
    if parts.scheme not in _SCHEMES:
        raise Invalid(f"an address begins with one of {', '.join(f'{s}://' for s in _SCHEMES)}")
    if parts.scheme != "file" and not host:
        raise Invalid(f"the {parts.scheme} address names no host; write {parts.scheme}://host[:port]/path")
    if len(text) > URL_LENGTH or not text.isprintable() or " " in text:
        raise Invalid(f"an address has at most {URL_LENGTH} printable characters and no spaces")
    info, has_info, place = parts.netloc.rpartition("@")
    url = urllib.parse.urlunsplit(parts._replace(netloc=place))
    if not has_info:
        return Address(url, None, None)
    user, has_password, password = info.partition(":")
    secret = Secret(urllib.parse.unquote(password)) if has_password else None
    return Address(url, urllib.parse.unquote(user) or None, secret)
