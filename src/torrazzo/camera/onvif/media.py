# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Media: Profile S, for the cameras that hang already (media.wsdl ver10). Pure."""

from torrazzo.camera import limits
from torrazzo.camera.onvif.profile import Encoder, Profile, read_encoder, read_profiles
from torrazzo.camera.onvif.soap import MEDIA, TT, Call, make, nothing
from torrazzo.camera.onvif.xml import Element, replaced_tag


def get_profiles() -> Call[list[Profile]]:
    """All profiles."""
    names = ("VideoSourceConfiguration", "VideoEncoderConfiguration", "PTZConfiguration")
    return Call(MEDIA, make(MEDIA, "GetProfiles"), lambda answer: read_profiles(list(answer.all("Profiles")), *names))


def get_stream_uri(profile: str) -> Call[str]:
    """Where the stream is; RTP within RTSP."""
    setup = make(
        MEDIA,
        "StreamSetup",
        make(TT, "Stream", "RTP-Unicast"),
        make(TT, "Transport", make(TT, "Protocol", "RTSP")),
    )
    body = make(MEDIA, "GetStreamUri", setup, make(MEDIA, "ProfileToken", profile))
    return Call(MEDIA, body, lambda answer: answer.get("MediaUri", "Uri"))


def set_synchronization_point(profile: str) -> Call[None]:
    """Ask for a key frame."""
    return Call(MEDIA, make(MEDIA, "SetSynchronizationPoint", make(MEDIA, "ProfileToken", profile)), nothing)


def get_encoders() -> Call[list[Encoder]]:
    """How each stream is encoded."""
    return Call(
        MEDIA,
        make(MEDIA, "GetVideoEncoderConfigurations"),
        lambda answer: [read_encoder(found) for found in answer.all("Configurations")][: limits.ONVIF_PROFILES],
    )


def set_encoder(raw: Element) -> Call[None]:
    """Encode as this says, also after a restart; made from an `Encoder.raw` by `with_values`."""
    body = make(
        MEDIA,
        "SetVideoEncoderConfiguration",
        replaced_tag(raw, f"{{{MEDIA}}}Configuration"),
        make(MEDIA, "ForcePersistence", "true"),
    )
    return Call(MEDIA, body, nothing)
