# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Media2: Profile T (media.wsdl ver20). Pure."""

from typing import NamedTuple

from torrazzo.base.errors import Invalid
from torrazzo.camera import limits
from torrazzo.camera.onvif.profile import Encoder, Profile, read_encoder, read_profiles
from torrazzo.camera.onvif.soap import MEDIA2, TT, Call, make, nothing, token_of
from torrazzo.camera.onvif.xml import Element, plain, read_number, replaced_tag

_RGB = "http://www.onvif.org/ver10/colorspace/RGB"
_KINDS = ("Color", "Pixelated", "Blurred")


class Mask(NamedTuple):
    """An area that the device makes unrecognisable before it encodes."""

    token: str  # empty in one that is to be created
    configuration: str  # of the sensor (`Profile.configuration`)
    corners: tuple[tuple[float, float], ...]  # from -1 to 1; y points up
    kind: str  # Color, Pixelated or Blurred
    enabled: bool


class MaskOptions(NamedTuple):
    """What masks a sensor can have."""

    most: int
    corners: int  # of one mask
    is_rectangle: bool
    kinds: tuple[str, ...]


def get_profiles() -> Call[list[Profile]]:
    """All profiles, with what we need to know."""
    types = [make(MEDIA2, "Type", name) for name in ("VideoSource", "VideoEncoder", "PTZ")]
    return Call(
        MEDIA2,
        make(MEDIA2, "GetProfiles", *types),
        lambda answer: read_profiles(list(answer.all("Profiles")), "VideoSource", "VideoEncoder", "PTZ"),
    )


def get_stream_uri(profile: str) -> Call[str]:
    """Where the stream is; RTP within RTSP."""
    body = make(MEDIA2, "GetStreamUri", make(MEDIA2, "Protocol", "RTSP"), make(MEDIA2, "ProfileToken", profile))
    return Call(MEDIA2, body, lambda answer: answer.get("Uri"))


def set_synchronization_point(profile: str) -> Call[None]:
    """Ask for a key frame."""
    return Call(MEDIA2, make(MEDIA2, "SetSynchronizationPoint", make(MEDIA2, "ProfileToken", profile)), nothing)


def get_encoders() -> Call[list[Encoder]]:
    """How each stream is encoded."""
    return Call(
        MEDIA2,
        make(MEDIA2, "GetVideoEncoderConfigurations"),
        lambda answer: [read_encoder(found) for found in answer.all("Configurations")][: limits.ONVIF_PROFILES],
    )


def set_encoder(raw: Element) -> Call[None]:
    """Encode as this says; made from an `Encoder.raw` by `with_values`."""
    body = make(MEDIA2, "SetVideoEncoderConfiguration", replaced_tag(raw, f"{{{MEDIA2}}}Configuration"))
    return Call(MEDIA2, body, nothing)


def get_masks(configuration: str = "") -> Call[list[Mask]]:
    """The masks of one sensor, or all."""
    which = [make(MEDIA2, "ConfigurationToken", configuration)] if configuration else []
    return Call(
        MEDIA2,
        make(MEDIA2, "GetMasks", *which),
        lambda answer: [_read_mask(found) for found in answer.all("Masks")][: limits.ONVIF_ITEMS],
    )


def _read_mask(found: Element) -> Mask:
    polygon = found.find("Polygon")
    corners = []
    for point in list(polygon.all("Point"))[: limits.ONVIF_POINTS] if polygon is not None else []:
        x, y = read_number(point.token("x")), read_number(point.token("y"))
        if x is not None and y is not None:
            corners.append((x, y))
    kind = plain(found.get("Type"), 32)
    return Mask(token_of(found), token_of(found, "ConfigurationToken"), tuple(corners), kind, found.flag("Enabled"))


def get_mask_options(configuration: str) -> Call[MaskOptions]:
    """What masks a sensor can have."""
    body = make(MEDIA2, "GetMaskOptions", make(MEDIA2, "ConfigurationToken", configuration))
    return Call(MEDIA2, body, _read_options)


def _read_options(answer: Element) -> MaskOptions:
    found = answer.find("Options") or answer
    kinds = tuple(kind.text for kind in found.all("Types") if kind.text in _KINDS)
    only = found.token("RectangleOnly").lower() in {"true", "1"}
    return MaskOptions(max(0, found.integer("MaxMasks") or 0), max(0, found.integer("MaxPoints") or 0), only, kinds)


def create_mask(mask: Mask) -> Call[str]:
    """A new mask; its token."""
    body = make(MEDIA2, "CreateMask", _write_mask(mask._replace(token="")))
    return Call(MEDIA2, body, lambda answer: token_of(answer, "Token"))


def set_mask(mask: Mask) -> Call[None]:
    """Change a mask."""
    return Call(MEDIA2, make(MEDIA2, "SetMask", _write_mask(mask)), nothing)


def delete_mask(token: str) -> Call[None]:
    """Take a mask away."""
    return Call(MEDIA2, make(MEDIA2, "DeleteMask", make(MEDIA2, "Token", token)), nothing)


def _write_mask(mask: Mask) -> Element:
    if not 3 <= len(mask.corners) <= limits.ONVIF_POINTS or mask.kind not in _KINDS:
        raise Invalid(f"a mask has from 3 to {limits.ONVIF_POINTS} corners and is one of {', '.join(_KINDS)}")
    if not all(-1 <= side <= 1 for corner in mask.corners for side in corner):
        raise Invalid("a mask's corners lie between -1 and 1")
    points = [make(TT, "Point", x=f"{x:.6g}", y=f"{y:.6g}") for x, y in mask.corners]
    color = [make(MEDIA2, "Color", X="0", Y="0", Z="0", Colorspace=_RGB)]  # black
    return make(
        MEDIA2,
        "Mask",
        make(MEDIA2, "ConfigurationToken", mask.configuration),
        make(MEDIA2, "Polygon", *points),
        make(MEDIA2, "Type", mask.kind),
        *(color if mask.kind == "Color" else []),
        make(MEDIA2, "Enabled", "true" if mask.enabled else "false"),
        **({"token": mask.token} if mask.token else {}),
    )
