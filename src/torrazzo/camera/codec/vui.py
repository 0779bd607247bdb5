# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What both standards' video usability information (annex E) begins with, and the frame rate that it declares."""

from torrazzo.base.times import SECOND
from torrazzo.camera.codec.bits import BitReader

_SHORTEST = SECOND // 300  # ticks: 300 pictures a second
_LONGEST = 60 * SECOND
_SAMPLE_ASPECT = (  # table E-1
    (1, 1), (1, 1), (12, 11), (10, 11), (16, 11), (40, 33), (24, 11), (20, 11), (32, 11), (80, 33), (18, 11), (15, 11),
    (64, 33), (160, 99), (4, 3), (3, 2), (2, 1),
)  # fmt: skip


def read_vui_start(bits: BitReader) -> tuple[int, int]:
    """Everything up to the chroma location; gives the sample aspect ratio."""
    aspect = _sample_aspect(bits) if bits.flag() else (1, 1)
    if bits.flag():  # overscan_info_present_flag
        bits.skip(1)
    if bits.flag():  # video_signal_type_present_flag
        bits.skip(4)
        if bits.flag():
            bits.skip(24)
    if bits.flag():  # chroma_loc_info_present_flag
        bits.ue()
        bits.ue()
    return aspect


def _sample_aspect(bits: BitReader) -> tuple[int, int]:
    found = bits.u(8)
    if found == 255:  # Extended_SAR
        width, height = bits.u(16), bits.u(16)
        return (width, height) if width and height else (1, 1)
    return _SAMPLE_ASPECT[found] if found < len(_SAMPLE_ASPECT) else (1, 1)


def ticks_a_frame(units: int, scale: int) -> int | None:
    """Ticks from picture to picture for so many units of 1/scale second; None if that is no frame rate."""
    if not scale:
        return None
    ticks = (units * SECOND + scale // 2) // scale
    return ticks if _SHORTEST <= ticks <= _LONGEST else None
