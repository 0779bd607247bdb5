# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""H.264 (ITU-T Rec. H.264): kinds of NAL unit, and what parameter sets, slice headers and SEI say to a recorder."""

from typing import NamedTuple

from torrazzo.camera.codec.bits import BadBits, BitReader, rbsp
from torrazzo.camera.codec.sei import RECOVERY_POINT, find_sei
from torrazzo.camera.codec.vui import read_vui_start, ticks_a_frame

IDR, SEI, SPS, PPS, AUD = 5, 6, 7, 8, 9  # table 7-1
VCL_MASK = 0b111110  # types 1 to 5

LARGEST_SIDE = 16_384  # pictures of level 6.2 are smaller
_MOST_REORDERED = 16  # MaxDpbFrames, clause A.3.1
_WITH_CHROMA = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})  # clause 7.3.2.1.1
_INTRA_ONLY = frozenset({44, 86, 100, 110, 122, 244})  # with constraint_set3_flag, clause E.2.1
_INTRA_SLICES = frozenset({2, 4, 7, 9})  # I, SI, table 7-6


class Sps(NamedTuple):
    """A sequence parameter set, as far as a recorder needs it."""

    id: int
    width: int  # as shown: cropped
    height: int
    profile: int
    compatibility: int  # the constraint flags, as avcC repeats them
    level: int
    chroma_format: int
    bit_depth_luma: int
    bit_depth_chroma: int
    aspect: tuple[int, int]  # width and height of a sample
    reorder: int  # 0 where the stream does not say
    interval: int | None  # ticks a frame


class _Vui(NamedTuple):
    aspect: tuple[int, int] = (1, 1)
    interval: int | None = None
    reorder: int | None = None


def nal_type(first_byte: int) -> int:
    """nal_unit_type, from the NAL unit's first byte."""
    return first_byte & 0x1F


def parse_sps(nal: bytes) -> Sps:
    """Read a sequence parameter set (clause 7.3.2.1.1). A VUI that can't be read counts as none: cameras write many."""
    data = rbsp(nal)
    bits = BitReader(data, 1)
    profile, compatibility, level = bits.u(8), bits.u(8), bits.u(8)
    sps_id = bits.ue_within(31, "seq_parameter_set_id")
    chroma, luma_depth, chroma_depth = 1, 8, 8
    if profile in _WITH_CHROMA:
        chroma, luma_depth, chroma_depth = _chroma(bits)
    bits.ue_within(12, "log2_max_frame_num_minus4")
    order = bits.ue_within(2, "pic_order_cnt_type")
    _skip_order(bits, order)
    bits.ue_within(16, "max_num_ref_frames")
    bits.skip(1)  # gaps_in_frame_num_value_allowed_flag
    width, height = _size(bits, chroma)
    vui = _Vui()
    try:
        if bits.flag():
            vui = _vui(bits)
    except BadBits:  # the size stands before it; without VUI, time and order are learned from the stream
        vui = _Vui()
    always_in_order = order == 2 or profile == 66 or (profile in _INTRA_ONLY and compatibility & 0x10)
    reorder = 0 if always_in_order or vui.reorder is None else vui.reorder
    return Sps(
        sps_id, width, height, profile, compatibility, level, chroma, luma_depth, chroma_depth,
        vui.aspect, reorder, vui.interval,
    )  # fmt: skip


def _chroma(bits: BitReader) -> tuple[int, int, int]:
    chroma = bits.ue_within(3, "chroma_format_idc")
    if chroma == 3:
        bits.skip(1)  # separate_colour_plane_flag
    luma_depth = 8 + bits.ue_within(6, "bit_depth_luma_minus8")
    chroma_depth = 8 + bits.ue_within(6, "bit_depth_chroma_minus8")
    bits.skip(1)  # qpprime_y_zero_transform_bypass_flag
    if bits.flag():
        for index in range(8 if chroma != 3 else 12):
            if bits.flag():
                _skip_scaling_list(bits, 16 if index < 6 else 64)
    return chroma, luma_depth, chroma_depth


def _skip_scaling_list(bits: BitReader, size: int) -> None:
    """Clause 7.3.2.1.1.1."""
    last = scale = 8
    for _ in range(size):
        if scale:
            scale = (last + bits.se()) % 256
        last = scale or last


def _skip_order(bits: BitReader, order: int) -> None:
    if order == 0:
        bits.ue_within(12, "log2_max_pic_order_cnt_lsb_minus4")
    elif order == 1:
        bits.skip(1)  # delta_pic_order_always_zero_flag
        bits.se()
        bits.se()
        for _ in range(bits.ue_within(255, "num_ref_frames_in_pic_order_cnt_cycle")):
            bits.se()


def _size(bits: BitReader, chroma: int) -> tuple[int, int]:
    """Width and height as shown (clauses 7.4.2.1.1 and, for the cropping, 7-19 to 7-22)."""
    width = (bits.ue_within(LARGEST_SIDE // 16 - 1, "pic_width_in_mbs_minus1") + 1) * 16
    height = (bits.ue_within(LARGEST_SIDE // 16 - 1, "pic_height_in_map_units_minus1") + 1) * 16
    frames_only = bits.flag()
    fields = 1 if frames_only else 2
    height *= fields
    if not frames_only:
        bits.skip(1)  # mb_adaptive_frame_field_flag
    bits.skip(1)  # direct_8x8_inference_flag
    if bits.flag():
        left, right, top, bottom = bits.ue(), bits.ue(), bits.ue(), bits.ue()
        width -= (left + right) * (2 if chroma in {1, 2} else 1)
        height -= (top + bottom) * (2 if chroma == 1 else 1) * fields
    if width <= 0 or height <= 0:
        raise BadBits(f"cropping leaves a picture of {width}×{height}")
    return width, height


def _vui(bits: BitReader) -> _Vui:
    """Clause E.1.1."""
    aspect = read_vui_start(bits)
    interval = None
    if bits.flag():  # timing_info_present_flag
        units, scale = bits.u(32), bits.u(32)
        bits.skip(1)  # fixed_frame_rate_flag
        interval = ticks_a_frame(2 * units, scale)
    has_hrd = False
    for _ in range(2):
        if bits.flag():  # nal_, then vcl_hrd_parameters_present_flag
            _skip_hrd(bits)
            has_hrd = True
    bits.skip(2 if has_hrd else 1)  # low_delay_hrd_flag, pic_struct_present_flag
    reorder = None
    if bits.flag():  # bitstream_restriction_flag
        bits.skip(1)
        for _ in range(4):
            bits.ue()
        reorder = bits.ue_within(_MOST_REORDERED, "max_num_reorder_frames")
    return _Vui(aspect, interval, reorder)


def _skip_hrd(bits: BitReader) -> None:
    """Clause E.1.2."""
    count = bits.ue_within(31, "cpb_cnt_minus1") + 1
    bits.skip(8)
    for _ in range(count):
        bits.ue()
        bits.ue()
        bits.skip(1)
    bits.skip(20)


def parse_pps_ids(nal: bytes) -> tuple[int, int]:
    """A picture parameter set's own number, and that of the sequence parameter set it refers to (clause 7.3.2.2)."""
    bits = BitReader(rbsp(nal[:16]), 1)
    return bits.ue_within(255, "pic_parameter_set_id"), bits.ue_within(31, "seq_parameter_set_id")


def slice_start(nal: bytes) -> tuple[bool, int]:
    """Whether a slice is intra coded, and the number of its picture parameter set (clause 7.3.3)."""
    bits = BitReader(rbsp(nal[:24]), 1)
    bits.ue()  # first_mb_in_slice
    is_intra = bits.ue_within(9, "slice_type") in _INTRA_SLICES
    return is_intra, bits.ue_within(255, "pic_parameter_set_id")


def find_recovery(nal: bytes) -> int | None:
    """recovery_frame_cnt of the recovery point in an SEI NAL unit, if there is one (clauses 7.3.2.3.1 and D.1.8)."""
    payload = find_sei(rbsp(nal), 1, RECOVERY_POINT)
    return BitReader(payload).ue() if payload else None
