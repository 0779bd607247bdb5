# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""H.265 (ITU-T Rec. H.265): kinds of NAL unit, and what parameter sets, slice headers and SEI say to a recorder."""

from typing import NamedTuple

from torrazzo.camera.codec.bits import BadBits, BitReader, rbsp
from torrazzo.camera.codec.sei import RECOVERY_POINT, find_sei
from torrazzo.camera.codec.vui import read_vui_start, ticks_a_frame

RASL_N, RASL_R, VPS, SPS, PPS, AUD, PREFIX_SEI = 8, 9, 32, 33, 34, 35, 39  # table 7-1
VCL_MASK = (1 << 32) - 1  # types 0 to 31
IRAP_MASK = 0xFF << 16  # types 16 to 23
RASL_MASK = 1 << RASL_N | 1 << RASL_R

LARGEST_SIDE = 16_384  # pictures of level 6.2 are smaller
_MOST_REORDERED = 16  # MaxDpbSize, clause A.4.2


class Sps(NamedTuple):
    """A sequence parameter set, as far as a recorder needs it."""

    id: int
    vps_id: int
    width: int  # as shown: inside the conformance window
    height: int
    profile_tier_level: bytes  # general_profile_space to general_level_idc: 12 bytes, as hvcC repeats them
    sub_layers: int
    is_nested: bool  # sps_temporal_id_nesting_flag
    chroma_format: int
    bit_depth_luma: int
    bit_depth_chroma: int
    aspect: tuple[int, int]  # width and height of a sample
    reorder: int
    interval: int | None  # ticks a frame
    min_spatial_segmentation: int


class _Vui(NamedTuple):
    aspect: tuple[int, int] = (1, 1)
    interval: int | None = None
    min_spatial_segmentation: int = 0


def nal_type(first_byte: int) -> int:
    """nal_unit_type, from the NAL unit's first byte."""
    return first_byte >> 1 & 0x3F


def parse_sps(nal: bytes) -> Sps:
    """Read a sequence parameter set (clause 7.3.2.2). A VUI that can't be read counts as none."""
    data = rbsp(nal)
    bits = BitReader(data, 2)
    vps_id = bits.u(4)
    sub_layers = bits.u(3) + 1
    is_nested = bits.flag()
    if sub_layers > 7:
        raise BadBits(f"sps_max_sub_layers_minus1: at most 6 expected, found {sub_layers - 1}")
    tier = data[3:15]
    _skip_profile_tier_level(bits, sub_layers)
    sps_id = bits.ue_within(15, "sps_seq_parameter_set_id")
    chroma = bits.ue_within(3, "chroma_format_idc")
    if chroma == 3:
        bits.skip(1)  # separate_colour_plane_flag
    width, height = _size(bits, chroma)
    luma_depth = 8 + bits.ue_within(8, "bit_depth_luma_minus8")
    chroma_depth = 8 + bits.ue_within(8, "bit_depth_chroma_minus8")
    order_bits = 4 + bits.ue_within(12, "log2_max_pic_order_cnt_lsb_minus4")
    reorder = _reorder(bits, sub_layers)
    try:
        vui = _after_reorder(bits, sub_layers, order_bits)
    except BadBits:  # what is stored stands before it; without VUI, the frame rate is learned from the stream
        vui = _Vui()
    return Sps(
        sps_id, vps_id, width, height, tier, sub_layers, is_nested, chroma, luma_depth, chroma_depth,
        vui.aspect, reorder, vui.interval, vui.min_spatial_segmentation,
    )  # fmt: skip


def _skip_profile_tier_level(bits: BitReader, sub_layers: int) -> None:
    """Clause 7.3.3."""
    bits.skip(96)
    present = [(bits.flag(), bits.flag()) for _ in range(sub_layers - 1)]
    if sub_layers > 1:
        bits.skip(2 * (9 - sub_layers))
    for has_profile, has_level in present:
        bits.skip(88 * has_profile + 8 * has_level)


def _size(bits: BitReader, chroma: int) -> tuple[int, int]:
    width = bits.ue_within(LARGEST_SIDE, "pic_width_in_luma_samples")
    height = bits.ue_within(LARGEST_SIDE, "pic_height_in_luma_samples")
    if bits.flag():  # conformance_window_flag
        left, right, top, bottom = bits.ue(), bits.ue(), bits.ue(), bits.ue()
        width -= (left + right) * (2 if chroma in {1, 2} else 1)
        height -= (top + bottom) * (2 if chroma == 1 else 1)
    if width <= 0 or height <= 0:
        raise BadBits(f"the conformance window leaves a picture of {width}×{height}")
    return width, height


def _reorder(bits: BitReader, sub_layers: int) -> int:
    """sps_max_num_reorder_pics of the highest sub-layer."""
    reorder = 0
    for _ in range(sub_layers if bits.flag() else 1):
        bits.ue()  # sps_max_dec_pic_buffering_minus1
        reorder = bits.ue_within(_MOST_REORDERED, "sps_max_num_reorder_pics")
        bits.ue()  # sps_max_latency_increase_plus1
    return reorder


def _after_reorder(bits: BitReader, sub_layers: int, order_bits: int) -> _Vui:
    for _ in range(6):
        bits.ue()  # block and transform sizes
    if bits.flag() and bits.flag():  # scaling_list_enabled_flag, sps_scaling_list_data_present_flag
        _skip_scaling_lists(bits)
    bits.skip(2)  # amp_enabled_flag, sample_adaptive_offset_enabled_flag
    if bits.flag():  # pcm_enabled_flag
        bits.skip(8)
        bits.ue()
        bits.ue()
        bits.skip(1)
    _skip_reference_sets(bits, bits.ue_within(64, "num_short_term_ref_pic_sets"))
    if bits.flag():  # long_term_ref_pics_present_flag
        for _ in range(bits.ue_within(32, "num_long_term_ref_pics_sps")):
            bits.skip(order_bits + 1)
    bits.skip(2)  # sps_temporal_mvp_enabled_flag, strong_intra_smoothing_enabled_flag
    return _vui(bits, sub_layers) if bits.flag() else _Vui()


def _skip_scaling_lists(bits: BitReader) -> None:
    """Clause 7.3.4."""
    for size in range(4):
        for _ in range(0, 6, 3 if size == 3 else 1):
            if not bits.flag():
                bits.ue()
                continue
            if size > 1:
                bits.se()
            for _ in range(min(64, 1 << (4 + (size << 1)))):
                bits.se()


def _skip_reference_sets(bits: BitReader, count: int) -> None:
    """st_ref_pic_set() of an SPS (clause 7.3.7): a set may be told by its difference to the one before."""
    sizes: list[int] = []
    for index in range(count):
        if index and bits.flag():  # inter_ref_pic_set_prediction_flag
            bits.skip(1)
            bits.ue()
            kept = 0
            for _ in range(sizes[-1] + 1):
                is_used = bits.flag()
                if is_used or bits.flag():
                    kept += 1
            sizes.append(kept)
        else:
            size = bits.ue_within(16, "num_negative_pics") + bits.ue_within(16, "num_positive_pics")
            for _ in range(size):
                bits.ue()
                bits.skip(1)
            sizes.append(size)


def _vui(bits: BitReader, sub_layers: int) -> _Vui:
    """Clause E.2.1."""
    aspect = read_vui_start(bits)
    bits.skip(3)
    if bits.flag():  # default_display_window_flag
        for _ in range(4):
            bits.ue()
    interval = None
    if bits.flag():  # vui_timing_info_present_flag
        interval = _interval(bits)
        if bits.flag():  # vui_hrd_parameters_present_flag
            _skip_hrd(bits, sub_layers)
    segmentation = 0
    if bits.flag():  # bitstream_restriction_flag
        bits.skip(3)
        segmentation = bits.ue_within(4095, "min_spatial_segmentation_idc")
    return _Vui(aspect, interval, segmentation)


def _interval(bits: BitReader) -> int | None:
    units, scale = bits.u(32), bits.u(32)
    if bits.flag():  # poc_proportional_to_timing_flag
        bits.ue()
    return ticks_a_frame(units, scale)


def _skip_hrd(bits: BitReader, sub_layers: int) -> None:
    """hrd_parameters() with the common part (clause E.2.2)."""
    has_nal, has_vcl = bits.flag(), bits.flag()
    has_sub_pictures = False
    if has_nal or has_vcl:
        has_sub_pictures = bits.flag()
        if has_sub_pictures:
            bits.skip(19)
        bits.skip(8)
        if has_sub_pictures:
            bits.skip(4)
        bits.skip(15)
    for _ in range(sub_layers):
        is_fixed = bits.flag() or bits.flag()  # fixed_pic_rate_general_flag, else fixed_pic_rate_within_cvs_flag
        is_low_delay = False
        if is_fixed:
            bits.ue()
        else:
            is_low_delay = bits.flag()
        count = 1 if is_low_delay else bits.ue_within(31, "cpb_cnt_minus1") + 1
        for _ in range((has_nal + has_vcl) * count):
            for _ in range(4 if has_sub_pictures else 2):
                bits.ue()
            bits.skip(1)


def parse_vps_interval(nal: bytes) -> int | None:
    """Ticks a frame as a video parameter set declares them (clause 7.3.2.1); None if it does not, or can't be read."""
    bits = BitReader(rbsp(nal), 2)
    try:
        bits.skip(12)
        sub_layers = bits.u(3) + 1
        bits.skip(17)
        _skip_profile_tier_level(bits, sub_layers)
        for _ in range(sub_layers if bits.flag() else 1):
            for _ in range(3):
                bits.ue()
        layers = bits.u(6) + 1
        bits.skip(bits.ue_within(1023, "vps_num_layer_sets_minus1") * layers)
        return _interval(bits) if bits.flag() else None
    except BadBits:  # only the frame rate would be lost, and that is learned from the stream
        return None


def parse_vps_id(nal: bytes) -> int:
    """vps_video_parameter_set_id."""
    return BitReader(nal, 2).u(4)


def parse_pps_ids(nal: bytes) -> tuple[int, int]:
    """A picture parameter set's own number, and that of the sequence parameter set it refers to (clause 7.3.2.3)."""
    bits = BitReader(rbsp(nal[:16]), 2)
    return bits.ue_within(63, "pps_pic_parameter_set_id"), bits.ue_within(15, "pps_seq_parameter_set_id")


def slice_pps(nal: bytes) -> int:
    """slice_pic_parameter_set_id (clause 7.3.6.1)."""
    bits = BitReader(rbsp(nal[:16]), 2)
    bits.skip(1)  # first_slice_segment_in_pic_flag
    if 1 << nal_type(nal[0]) & IRAP_MASK:
        bits.skip(1)  # no_output_of_prior_pics_flag
    return bits.ue_within(63, "slice_pic_parameter_set_id")


def has_recovery(nal: bytes) -> bool:
    """Whether a prefix SEI NAL unit holds a recovery point (clause D.2.8): a gradual refresh begins."""
    return find_sei(rbsp(nal), 2, RECOVERY_POINT) is not None
