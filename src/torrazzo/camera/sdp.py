# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Session descriptions: which tracks a camera has, and which one we take. Pure.

RFC 8866, RFC 6184 section 8, RFC 7798 section 7.

Only what choosing a video track needs is read; lines that a camera got wrong elsewhere (origin, timing, connection) are
passed over. A line that can't be read never spoils the others.
"""

import base64
import binascii
import re
from dataclasses import dataclass, field
from typing import NamedTuple

from torrazzo.camera import limits
from torrazzo.camera.errors import CameraError

_LINE = re.compile(r"([a-z])=(.*)", re.ASCII)
_MEDIA = re.compile(r"(\S+) +(\d{1,5})(?:/\d{1,5})? +(\S+) +(.*\S) *", re.ASCII)
_RTPMAP = re.compile(r"(\d{1,3})\s+([^\s/]+)(?:/(\d{1,9}))?", re.ASCII)
_FMTP = re.compile(r"(\d{1,3})\s+(.*)", re.ASCII)
_START_CODE = re.compile(rb"\x00\x00\x00?\x01")
_NAMES = {"H264": "h264", "H265": "h265", "HEVC": "h265"}
_STATIC = {25: "CELB", 26: "JPEG", 28: "NV", 31: "H261", 32: "MPV", 33: "MP2T", 34: "H263"}  # RFC 3551 table 5
_PLAIN = {"RTP/AVP", "RTP/AVPF", "RTP/AVP/TCP", "RTP/AVPF/TCP", "RTP/AVP/UDP", "TCP/RTP/AVP"}


class Format(NamedTuple):
    """One way in which a track may be sent."""

    payload_type: int
    encoding: str  # upper case; empty if the camera doesn't say
    clock: int  # Hz
    parameters: tuple[tuple[str, str], ...]  # fmtp, names in lower case

    def find(self, name: str) -> str | None:
        """The first value of a parameter."""
        return next((value for key, value in self.parameters if key == name), None)


class Media(NamedTuple):
    """One track."""

    kind: str  # video, audio, application …
    protocol: str  # upper case
    formats: tuple[Format, ...]
    control: str | None


class Description(NamedTuple):
    """What a camera can send."""

    control: str | None
    media: tuple[Media, ...]


class Track(NamedTuple):
    """The track that we take."""

    position: int  # in Description.media
    codec: str  # h264 or h265
    payload_type: int
    clock: int  # Hz of its RTP time stamps
    control: str | None
    parameter_sets: tuple[bytes, ...]  # raw NAL units


@dataclass(slots=True)
class _Draft:
    kind: str
    protocol: str
    types: list[int]
    control: str | None = None
    attributes: int = 0
    encodings: dict[int, tuple[str, int]] = field(default_factory=dict)
    parameters: dict[int, str] = field(default_factory=dict)


def parse_sdp(data: bytes) -> Description:
    """Read a session description. Raises `CameraError` for what is none at all, or passes the limits."""
    if len(data) > limits.SDP:
        raise CameraError(
            f"the camera's session description has {len(data)} bytes; the limit is {limits.SDP}", "nosignal"
        )
    session: str | None = None
    drafts: list[_Draft] = []
    has_version = False
    for line in re.split(r"[\r\n]+", data.decode("utf-8", "replace")):
        found = _LINE.match(line[: limits.SDP_LINE].strip())
        if found is None:
            continue
        key, value = found[1], found[2]
        has_version |= key == "v"
        if key == "m":
            if len(drafts) == limits.SDP_MEDIA:
                raise CameraError(f"the camera describes more than {limits.SDP_MEDIA} tracks", "nosignal")
            drafts.append(_parse_media(value))
        elif key == "a" and drafts:
            _take_attribute(drafts[-1], value)
        elif key == "a" and session is None:
            session = _control(value)
    if not has_version and not drafts:
        raise CameraError(
            "the camera's answer to DESCRIBE is no session description (no v= and no m= line)", "nosignal"
        )
    return Description(session, tuple(_finish(draft) for draft in drafts if draft.kind))


def _control(attribute: str) -> str | None:
    name, colon, value = attribute.partition(":")
    return value.strip() if colon and name.strip().lower() == "control" else None


def _parse_media(value: str) -> _Draft:
    """A track's first line; one that can't be read gives a draft without kind, which takes its attributes with it."""
    found = _MEDIA.fullmatch(value)
    if found is None:
        return _Draft("", "", [])
    types = [int(text) for text in found[4].split()[: limits.SDP_FORMATS] if re.fullmatch("[0-9]{1,3}", text, re.ASCII)]
    return _Draft(found[1].lower(), found[3].upper(), [number for number in types if number < 128])


def _take_attribute(draft: _Draft, value: str) -> None:
    draft.attributes += 1
    if draft.attributes > limits.SDP_ATTRIBUTES:
        return
    name, _, text = value.partition(":")
    name = name.strip().lower()
    if name == "control":
        draft.control = draft.control or text.strip() or None
    elif name == "rtpmap" and (found := _RTPMAP.match(text.strip())):
        draft.encodings.setdefault(int(found[1]), (found[2].upper(), int(found[3] or 0)))
    elif name == "fmtp" and (found := _FMTP.match(text.strip())):
        draft.parameters.setdefault(int(found[1]), found[2])


def _finish(draft: _Draft) -> Media:
    formats = []
    for number in draft.types:
        encoding, clock = draft.encodings.get(number, (_STATIC.get(number, ""), 90_000))
        parameters = []
        for part in draft.parameters.get(number, "").split(";"):
            name, equals, text = part.partition("=")
            if equals:
                parameters.append((name.strip().lower(), text.strip()))
        formats.append(Format(number, encoding, clock, tuple(parameters)))
    return Media(draft.kind, draft.protocol, tuple(formats), draft.control)


def describe_tracks(description: Description) -> tuple[str, ...]:
    """One text a track: kind and encodings."""
    return tuple(
        " ".join(
            [media.kind[:20], *dict.fromkeys(form.encoding[:40] or str(form.payload_type) for form in media.formats)]
        )
        for media in description.media
    )


def choose_track(description: Description) -> Track:
    """The first video track that can be stored.

    Raises `CameraError`: 'nosignal' if there is no video, 'codec' if there is and it can't be stored.
    """
    seen: list[str] = []
    for index, media in enumerate(description.media):
        if media.kind != "video":
            continue
        for form in media.formats:
            flaw = _flaw(media, form)
            if flaw is None:
                return _track(index, media, form)
            seen.append(flaw)
        if not media.formats:
            seen.append("of a form that it doesn't name")
    if not seen:
        kinds = ", ".join(media.kind[:20] for media in description.media) or "nothing"
        raise CameraError(f"the camera offers no video (it offers: {kinds}); choose another address of it", "nosignal")
    raise CameraError(
        f"the camera sends video {', '.join(dict.fromkeys(seen))}, which can't be stored; "
        "set this stream to H.264 or H.265 in the camera's video settings",
        "codec",
    )


def _flaw(media: Media, form: Format) -> str | None:
    if form.encoding not in _NAMES:
        return f"as {form.encoding[:40]}" if form.encoding else f"of payload type {form.payload_type} without a name"
    if media.protocol not in _PLAIN:
        return f"as {form.encoding} over {media.protocol[:40]} (not plain RTP)"
    if form.encoding == "H264" and form.find("packetization-mode") == "2":
        return "as H264 with interleaved packets (packetization-mode=2)"
    if form.encoding != "H264" and (form.find("sprop-max-don-diff") or "0") != "0":
        return f"as {form.encoding} with reordered packets (sprop-max-don-diff)"
    return None


def _track(index: int, media: Media, form: Format) -> Track:
    names = ("sprop-parameter-sets",) if form.encoding == "H264" else ("sprop-vps", "sprop-sps", "sprop-pps")
    sets = tuple(nal for name in names for nal in _parse_parameter_sets(form.find(name) or ""))
    return Track(
        index,
        _NAMES[form.encoding],
        form.payload_type,
        form.clock or 90_000,
        media.control,
        sets[: limits.PARAMETER_SETS],
    )


def _parse_parameter_sets(text: str) -> list[bytes]:
    """Base64, separated by commas. What can't be read is left out: the stream repeats it in band.

    Some cameras (GW) leave a start code at the end, some join two sets by one.
    """
    sets: list[bytes] = []
    for part in text.split(","):
        code = part.strip().rstrip("=")
        if not code or len(code) > limits.PARAMETER_SET or len(code) % 4 == 1:
            continue
        try:
            data = base64.b64decode(code + "=" * (-len(code) % 4), validate=True)
        except (binascii.Error, ValueError):
            continue
        sets.extend(nal for nal in _START_CODE.split(data) if len(nal) > 2)
    return sets
