# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What Media and Media2 have in common: profiles, and how a picture is encoded. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from torrazzo.camera import limits
from torrazzo.camera.onvif.soap import token_of
from torrazzo.camera.onvif.xml import Element, plain

RECORDABLE = ("h264", "h265")
_CODECS = {"H264": "h264", "H265": "h265", "HEVC": "h265", "JPEG": "jpeg", "MPEG4": "mpeg4", "MPV4-ES": "mpeg4"}
_SIDE = 32_768  # pixels
_RATE = 1_000  # pictures a second


class Encoder(NamedTuple):
    """How one stream is encoded; None where the device does not say, or nonsense."""

    token: str
    codec: str  # h264, h265, jpeg, mpeg4, or as the device calls it
    size: tuple[int, int] | None
    rate: float | None  # pictures a second, at most
    bits: int | None  # a second, at most
    group: int | None  # pictures from key frame to key frame
    raw: Element  # as it came: the device wants all of it back


class Profile(NamedTuple):
    """One way in which a device gives its pictures."""

    token: str
    name: str
    encoder: Encoder | None
    source: str  # the sensor; empty if not said
    configuration: str  # of the sensor: what masks belong to
    ptz: str  # PTZ configuration; empty if it does not move
    node: str  # what is moved


class Streams(NamedTuple):
    """What is recorded of one sensor."""

    main: Profile
    sub: Profile | None


def read_encoder(found: Element) -> Encoder:
    """Of either service: attributes of Media2, elements of Media."""
    codec = found.get("Encoding")
    width, height = found.integer("Resolution", "Width"), found.integer("Resolution", "Height")
    size = (width, height) if width and height and 0 < width <= _SIDE and 0 < height <= _SIDE else None
    rate = found.number("RateControl", "FrameRateLimit")
    kilobits = found.integer("RateControl", "BitrateLimit")
    group = _whole(found.token("GovLength")) or found.integer("H264", "GovLength")
    return Encoder(
        token_of(found),
        _CODECS.get(codec.upper(), plain(codec.lower(), 32)),
        size,
        rate if rate is not None and 0 < rate <= _RATE else None,
        kilobits * 1_000 if kilobits and kilobits > 0 else None,
        group if group and group > 0 else None,
        found,
    )


def _whole(text: str) -> int | None:
    return Element("x", text=text).integer()


def read_profiles(found: Sequence[Element], source_name: str, encoder_name: str, ptz_name: str) -> list[Profile]:
    """Profiles of either service; those without a token are left out."""
    profiles = []
    for profile in found[: limits.ONVIF_PROFILES]:
        inside = profile.find("Configurations") or profile
        source, encoder, ptz = inside.find(source_name), inside.find(encoder_name), inside.find(ptz_name)
        if token := token_of(profile):
            profiles.append(
                Profile(
                    token,
                    plain(profile.get("Name")),
                    None if encoder is None else read_encoder(encoder),
                    "" if source is None else token_of(source, "SourceToken"),
                    "" if source is None else token_of(source),
                    "" if ptz is None else token_of(ptz),
                    "" if ptz is None else token_of(ptz, "NodeToken"),
                )
            )
    return profiles


def sensors(profiles: Sequence[Profile]) -> list[str]:
    """The device's sensors, in its order: one, but for cameras that look several ways."""
    return list(dict.fromkeys(profile.source for profile in profiles if _is_recordable(profile)))


def choose_streams(profiles: Sequence[Profile], sensor: str) -> Streams | None:
    """The largest picture as the main stream, the smallest as the sub stream; None if none can be recorded."""
    good = [profile for profile in profiles if profile.source == sensor and _is_recordable(profile)]
    if not good:
        return None
    main = max(good, key=_area)
    small = min(good, key=_area)
    return Streams(main, small if 0 < _area(small) < _area(main) else None)


def _is_recordable(profile: Profile) -> bool:
    return profile.encoder is not None and profile.encoder.codec in RECORDABLE


def _area(profile: Profile) -> int:
    size = profile.encoder.size if profile.encoder is not None else None
    return 0 if size is None else size[0] * size[1]


def with_values(
    raw: Element, *, size: tuple[int, int] | None = None, rate: float | None = None, bits: int | None = None
) -> Element:
    """An encoder's configuration with other values; what is not there is not added, as devices choke on it."""
    values: dict[tuple[str, ...], str] = {}
    if size is not None:
        values["Resolution", "Width"], values["Resolution", "Height"] = str(size[0]), str(size[1])
    if rate is not None:
        values["RateControl", "FrameRateLimit"] = f"{rate:g}"
    if bits is not None:
        values["RateControl", "BitrateLimit"] = str(bits // 1_000)
    for path, text in values.items():
        raw = _with(raw, path, text)
    return raw


def _with(element: Element, path: tuple[str, ...], text: str) -> Element:
    if not path:
        return replace(element, text=text)
    children = tuple(_with(child, path[1:], text) if child.name == path[0] else child for child in element.children)
    return replace(element, children=children)
