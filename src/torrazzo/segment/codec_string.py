# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a browser is asked whether it can play: the codecs parameter of a format (RFC 6381)."""

from torrazzo.camera import VideoFormat
from torrazzo.camera.codec import BadBits, h264, h265

_SPACES = ("", "A", "B", "C")


def codec_string(found: VideoFormat) -> str:
    """`avc1.64001f` or `hvc1.1.6.L93.B0`. Raises `BadBits` without a readable SPS."""
    if found.codec == "h264":
        nal = next((nal for nal in found.parameter_sets if h264.nal_type(nal[0]) == h264.SPS), None)
        if nal is None:
            raise BadBits("no SPS among the parameter sets")
        sps = h264.parse_sps(nal)
        return f"avc1.{sps.profile:02x}{sps.compatibility:02x}{sps.level:02x}"
    nal = next((nal for nal in found.parameter_sets if h265.nal_type(nal[0]) == h265.SPS), None)
    if nal is None:
        raise BadBits("no SPS among the parameter sets")
    return f"hvc1.{_hevc(h265.parse_sps(nal).profile_tier_level)}"


def _hevc(tier: bytes) -> str:
    """ISO/IEC 14496-15 annex E.3: profile, compatibility flags in reverse, tier and level, constraint flags."""
    space, profile = _SPACES[tier[0] >> 6], tier[0] & 0x1F
    compatibility = int(f"{int.from_bytes(tier[1:5]):032b}"[::-1], 2)
    constraints = tier[5:11].rstrip(b"\0")
    level = f"{'H' if tier[0] & 0x20 else 'L'}{tier[11]}"
    return ".".join((f"{space}{profile}", f"{compatibility:X}", level, *(f"{each:X}" for each in constraints)))
