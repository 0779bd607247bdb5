# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Parameter sets with all that the standards allow in front of what we want, held against another parser."""

import av
import pytest

from tests.unit.codec.bit_writer import BitWriter
from torrazzo.camera.codec import BadBits, h264, h265

PPS_H265 = bytes.fromhex("4401c172b46240")


def vps(layers: int, *, timing: bool) -> bytes:
    """A video parameter set for so many sub-layers."""
    bits = BitWriter().u(4, 0).flags("11").u(6, 0).u(3, layers - 1).u(1, 1).u(16, 0xFFFF)
    tier(bits, layers).flags("0").ue(4, 2, 0).u(6, 0).ue(0)
    bits.u(1, timing)
    if timing:
        bits.u(32, 1001).u(32, 30_000).u(1, 1).ue(0).ue(0)
    return bits.flags("0").nal(b"\x40\x01")


def tier(bits: BitWriter, layers: int) -> BitWriter:
    """profile_tier_level(): Main, level 4; sub-layers with and without profile and level."""
    bits.u(8, 1).u(32, 0x6000_0000).u(4, 0b1001).u(44, 0).u(8, 120)
    present = [(at % 2 == 0, at % 3 != 2) for at in range(layers - 1)]
    for profile, level in present:
        bits.u(1, profile).u(1, level)
    if layers > 1:
        bits.u(2 * (9 - layers), 0)
    for profile, level in present:
        bits.u(88 * profile, 1 << 80 if profile else 0).u(8 * level, 93 if level else 0)
    return bits


def scaling_lists(bits: BitWriter) -> None:
    """Some predicted, some sent."""
    for size in range(4):
        for matrix in range(0, 6, 3 if size == 3 else 1):
            if matrix % 2:
                bits.flags("0").ue(0)
                continue
            bits.flags("1")
            if size > 1:
                bits.se(3)
            bits.se(*([0, 1, -1] * 22)[: min(64, 1 << (4 + (size << 1)))])


def hrd(bits: BitWriter, layers: int, *, sub_pictures: bool) -> None:
    """hrd_parameters() with every branch of a sub-layer."""
    bits.flags("11").u(1, sub_pictures)
    if sub_pictures:
        bits.u(8, 3).u(5, 4).u(1, 0).u(5, 6)
    bits.u(4, 1).u(4, 2)
    if sub_pictures:
        bits.u(4, 3)
    bits.u(5, 23).u(5, 23).u(5, 23)
    for layer in range(layers):
        count = 1
        if layer % 3 == 0:
            bits.flags("1").ue(0).ue(1)  # fixed in general: two buffers
            count = 2
        elif layer % 3 == 1:
            bits.flags("01").ue(2).ue(0)  # fixed within the sequence
        else:
            bits.flags("00 1")  # not fixed, low delay: one buffer
        for _ in range(2 * count):
            bits.ue(*([1000, 2000, 3000, 4000] if sub_pictures else [1000, 2000])).flags("1")


def sps_h265(layers: int, *, timing: bool, sub_pictures: bool = False, chroma: int = 1) -> bytes:
    """With conformance window, scaling lists, PCM, predicted reference sets, long-term pictures and a full VUI."""
    bits = BitWriter().u(4, 0).u(3, layers - 1).u(1, 0)
    tier(bits, layers).ue(0, chroma)
    if chroma == 3:
        bits.flags("0")
    bits.ue(1928, 1088).flags("1").ue(*((1, 3, 0, 4) if chroma == 1 else (2, 6, 0, 8))).ue(0, 0, 4)
    bits.flags("1")
    for _ in range(layers):
        bits.ue(4, 2, 0)
    bits.ue(0, 3, 0, 3, 0, 0).flags("11")
    scaling_lists(bits)
    bits.flags("11 1").u(4, 7).u(4, 7).ue(0, 0).flags("1")
    bits.ue(3)
    bits.ue(2, 1).ue(0).flags("1").ue(1).flags("1").ue(0).flags("1")  # two before, one after
    bits.flags("1 0").ue(0)  # predicted from that one: of its 3 + 1 pictures
    bits.flags("1").flags("0 1").flags("0 0").flags("1")  # three are kept
    bits.flags("1 1").ue(1)  # predicted from the second: of 3 + 1
    bits.flags("1 1 1").flags("0 0")
    bits.flags("1").ue(2).u(8, 17).flags("1").u(8, 33).flags("0")  # two long-term pictures, counts of 8 bits
    bits.flags("11 1")
    bits.flags("1").u(8, 255).u(16, 4).u(16, 3)  # aspect ratio 4:3
    bits.flags("1 0").flags("1").u(3, 5).flags("0 1").u(24, 0x010101).flags("1").ue(0, 0)
    bits.flags("000 1").ue(0, 0, 0, 0)
    bits.u(1, timing)
    if timing:
        bits.u(32, 1).u(32, 50).flags("1").ue(0).flags("1")
        hrd(bits, layers, sub_pictures=sub_pictures)
    bits.flags("1 101").ue(60, 0, 0, 0, 0)
    return bits.flags("0").nal(b"\x42\x01")


def seen_by_ffmpeg(codec: str, sets: list[bytes]) -> tuple[int, int, float | None]:
    """Size and frame rate as ffmpeg reads them from parameter sets alone."""
    context = av.CodecContext.create(codec, "r")
    assert isinstance(context, av.VideoCodecContext)
    context.extradata = b"".join(b"\0\0\0\1" + nal for nal in sets)
    context.open()
    rate = context.framerate
    return context.width, context.height, float(rate) if rate else None


@pytest.mark.parametrize("layers", [1, 2, 4, 7])
@pytest.mark.parametrize("sub_pictures", [False, True])
def test_all_that_an_h265_sps_may_hold_is_passed_over(layers: int, sub_pictures: bool) -> None:
    """What stands behind sub-layers, scaling lists, PCM, predicted sets and HRD is read as ffmpeg reads it."""
    nal = sps_h265(layers, timing=True, sub_pictures=sub_pictures)
    sps = h265.parse_sps(nal)
    assert (sps.width, sps.height) == (1920, 1080)
    assert (sps.aspect, sps.interval, sps.min_spatial_segmentation) == ((4, 3), 1800, 60)
    assert (sps.reorder, sps.sub_layers, sps.is_nested) == (2, layers, False)
    assert (sps.bit_depth_luma, sps.bit_depth_chroma, sps.chroma_format) == (8, 8, 1)
    assert sps.profile_tier_level.hex() == "016000000090000000000078"
    assert seen_by_ffmpeg("hevc", [vps(layers, timing=False), nal, PPS_H265]) == (1920, 1080, 50.0)


def test_the_frame_rate_may_stand_in_the_vps() -> None:
    """An H.265 VPS tells the frame rate too."""
    assert h265.parse_vps_interval(vps(3, timing=True)) == 3003
    assert h265.parse_vps_interval(vps(3, timing=False)) is None
    assert h265.parse_vps_interval(vps(3, timing=True)[:20]) is None


def test_an_h265_sps_of_full_chroma_is_cropped_by_single_samples() -> None:
    """With 4:4:4 the conformance window counts in samples of one."""
    sps = h265.parse_sps(sps_h265(1, timing=False, chroma=3))
    assert (sps.width, sps.height, sps.chroma_format) == (1920, 1080, 3)
    assert sps.interval is None


def test_an_h265_sps_cut_off_within_its_extras_still_tells_the_size() -> None:
    """Only what is stored is needed: behind it, the rest may be missing."""
    whole = sps_h265(1, timing=True)
    sps = h265.parse_sps(whole[:60])
    assert (sps.width, sps.height, sps.reorder, sps.interval) == (1920, 1080, 2, None)
    with pytest.raises(BadBits):
        h265.parse_sps(whole[:18])


def test_h265_pictures_that_cannot_be_are_refused() -> None:
    """Eight sub-layers, and a window that leaves nothing, are errors."""
    with pytest.raises(BadBits, match="sps_max_sub_layers_minus1"):
        h265.parse_sps(BitWriter().u(4, 0).u(3, 7).u(1, 0).u(96, 0).u(96, 0).nal(b"\x42\x01"))
    bits = tier(BitWriter().u(4, 0).u(3, 0).u(1, 0), 1).ue(0, 1, 64, 64).flags("1").ue(16, 16, 0, 0).ue(0, 0, 4)
    with pytest.raises(BadBits, match="conformance window"):
        h265.parse_sps(bits.nal(b"\x42\x01"))


def sps_h264(profile: int, order: int, *, frames_only: bool = True, chroma: int = 1) -> bytes:
    """With scaling lists, cropping and a VUI with both HRDs."""
    bits = BitWriter().u(8, profile).u(8, 0).u(8, 40).ue(2)
    if profile in {100, 122, 244}:
        bits.ue(chroma)
        if chroma == 3:
            bits.flags("0")
        bits.ue(2, 2).flags("0 1")
        for index in range(8 if chroma != 3 else 12):
            bits.flags("1" if index % 3 == 0 else "0")
            if index % 3 == 0:
                bits.se(*([1, -1] * 32)[: 16 if index < 6 else 64])
    bits.ue(4, order)
    if order == 0:
        bits.ue(4)
    elif order == 1:
        bits.flags("1").se(-3, 5).ue(2).se(7, -9)
    bits.ue(4).flags("0").ue(119, 67 if frames_only else 33).u(1, frames_only)
    if not frames_only:
        bits.flags("1")
    bits.flags("1 1").ue(0, 0, 0, {0: 8, 1: 4, 2: 8, 3: 8}[chroma] // (1 if frames_only else 2))
    bits.flags("1 1").u(8, 14).flags("11").flags("1").u(3, 5).flags("1 1").u(24, 0x010101).flags("1").ue(0, 0)
    bits.flags("1").u(32, 1).u(32, 50).flags("1")
    for _ in range(2):
        bits.flags("1").ue(1).u(8, 0x12)
        for _ in range(2):
            bits.ue(1000, 2000).flags("1")
        bits.u(20, 0x12345)
    bits.flags("0 1 1 1").ue(2, 1, 10, 10, 2, 4)
    return bits.nal(b"\x67")


@pytest.mark.parametrize(
    ("profile", "order", "frames_only", "chroma"),
    [(100, 0, True, 1), (100, 1, True, 1), (100, 0, False, 1), (122, 0, True, 2), (244, 0, True, 3), (77, 0, True, 1)],
)
def test_all_that_an_h264_sps_may_hold_is_passed_over(profile: int, order: int, frames_only: bool, chroma: int) -> None:
    """What stands behind scaling lists, orders of pictures, fields, cropping and HRDs is read."""
    sps = h264.parse_sps(sps_h264(profile, order, frames_only=frames_only, chroma=chroma))
    assert (sps.id, sps.width, sps.height) == (2, 1920, 1080)
    assert (sps.aspect, sps.interval, sps.reorder) == ((4, 3), 3600, 2)
    assert (sps.profile, sps.compatibility, sps.level) == (profile, 0, 40)
    assert sps.bit_depth_luma == (8 if profile == 77 else 10)


@pytest.mark.parametrize(("profile", "order"), [(66, 0), (77, 2), (100, 2)])
def test_streams_that_cannot_reorder_don_t(profile: int, order: int) -> None:
    """Baseline and pictures in the order of decoding need no delay, whatever the VUI says."""
    assert h264.parse_sps(sps_h264(profile, order)).reorder == 0


def test_h264_pictures_that_cannot_be_are_refused() -> None:
    """Cropping that leaves nothing is an error."""
    bits = BitWriter().u(8, 66).u(8, 0).u(8, 30).ue(0, 0, 2, 1).flags("0").ue(3, 3).flags("1 1 1").ue(32, 32, 0, 0)
    with pytest.raises(BadBits, match="cropping leaves"):
        h264.parse_sps(bits.flags("0").nal(b"\x67"))
