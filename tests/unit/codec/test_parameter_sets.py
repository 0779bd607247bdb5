# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
import pytest

from torrazzo.camera import limits
from torrazzo.camera.codec import BadBits, ParameterSets, h264, h265
from torrazzo.testing import ClipSpec, make_clip

# From cameras' session descriptions: SPS, size, ticks a frame, pictures reordered, aspect of a sample.
H264 = {
    "Hikvision": ("674d00299a6403c0113f2cd404040500000303e80000ea6004", (1920, 1080), 3000, 0, (1, 1)),
    "Reolink, no VUI": ("67640033ace802800b59", (2560, 1440), None, 0, (1, 1)),
    "Dahua, cropped": ("6764001eac2c6a82c0f69b828082a0000003002000000303d08000", (704, 480), 6000, 0, (1, 1)),
    "Verint": ("67640033acd300f0010fb016a020202800017760001d4c047844228b", (3840, 2160), 9009, 1, (1, 1)),
    "Altasec, extended aspect ratio": (
        "674d40168d8d405017fcbff8043804437010101400000fa000009c43a181f4008cabbcb8d0c0fa004655de5c28",
        (640, 360), 18000, 0, (135, 136),
    ),
    "two HRDs": (
        "6742a029e7403c0113f2e0081000017760002bf206000003002faf0800001dcd653fffe30000030017d78400000ee6b29ffff020",
        (1920, 1080), 6006, 0, (1, 1),
    ),
}  # fmt: skip
H265 = {
    "Dahua": (
        "420101016000000300b0000003000003005aa0058201e1636b92452fcdc14181410000030001000003000ca1",
        (704, 480), 7500,
    ),
    "TP-Link": (
        "42010101600000030000030000030000030096a001402005a1fe2ab4ee892ee680800dbba000cdfe6004", (2560, 1440), 6000,
    ),
    "conformance window": (
        "420101016000000300b00000030000030078a002a0802f1cd58817b916452ffcb9fc4fea6e04040401", (1334, 750), None,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("sps", "size", "interval", "reorder", "aspect"), H264.values(), ids=H264)
def test_cameras_h264_sps_are_understood(
    sps: str, size: tuple[int, int], interval: int | None, reorder: int, aspect: tuple[int, int]
) -> None:
    """Size, frame rate, reordering and aspect ratio come out of the SPS of cameras in the field."""
    found = h264.parse_sps(bytes.fromhex(sps))
    assert ((found.width, found.height), found.interval, found.reorder, found.aspect) == (
        size,
        interval,
        reorder,
        aspect,
    )


@pytest.mark.parametrize(("sps", "size", "interval"), H265.values(), ids=H265)
def test_cameras_h265_sps_are_understood(sps: str, size: tuple[int, int], interval: int | None) -> None:
    """Size and frame rate come out of the SPS of cameras in the field."""
    found = h265.parse_sps(bytes.fromhex(sps))
    assert ((found.width, found.height), found.interval) == (size, interval)


@pytest.mark.parametrize(
    "spec",
    [
        ClipSpec(width=320, height=180, frames=4),
        ClipSpec(width=322, height=242, frames=4, b_frames=3, fps="25/2"),
        ClipSpec(width=640, height=360, frames=4, b_frames=1, fps="50"),
    ],
    ids=str,
)
def test_an_h264_sps_tells_what_was_encoded(spec: ClipSpec) -> None:
    """Size and depth of reordering of an SPS are those that the encoder was asked for."""
    sps = h264.parse_sps(make_clip(spec).parameter_sets[0])
    assert (sps.width, sps.height) == (spec.width, spec.height)
    assert sps.interval is None  # the encoder's clock is ours: one tick is no frame rate
    assert sps.reorder == min(spec.b_frames, 2)  # with three B pictures x264 makes a pyramid
    assert (sps.chroma_format, sps.bit_depth_luma, sps.bit_depth_chroma, sps.aspect) == (1, 8, 8, (1, 1))


@pytest.mark.parametrize(
    "spec",
    [
        ClipSpec(codec="h265", width=320, height=180, frames=4),
        ClipSpec(codec="h265", width=322, height=242, frames=10, b_frames=3, fps="25/2"),
    ],
    ids=str,
)
def test_an_h265_sps_tells_what_was_encoded(spec: ClipSpec) -> None:
    """The size inside the conformance window, the frame rate and the profile bytes come out of an SPS."""
    vps, nal, pps = make_clip(spec).parameter_sets
    sps = h265.parse_sps(nal)
    assert (sps.width, sps.height) == (spec.width, spec.height)
    assert spec.interval in {sps.interval, h265.parse_vps_interval(vps)}
    assert sps.profile_tier_level[0] & 0x1F == 1  # Main
    assert sps.reorder == (0 if spec.b_frames == 0 else 2)
    assert h265.parse_pps_ids(pps) == (0, 0)


def test_a_vui_that_ends_early_costs_the_frame_rate_only() -> None:
    """Of an SPS cut off within its VUI, the size still counts."""
    sps = h264.parse_sps(bytes.fromhex(H264["Hikvision"][0])[:-8])
    assert (sps.width, sps.height, sps.interval, sps.reorder) == (1920, 1080, None, 0)


def test_a_set_that_is_no_set_is_refused_and_counted() -> None:
    """Garbage, an empty NAL unit and one above the limit change nothing, and are counted with the reason."""
    good = make_clip(ClipSpec(width=320, height=180, frames=4)).parameter_sets
    sets = ParameterSets("h264", good)
    before = sets.format(0)
    for bad in (b"\x67", b"\x67\xff", good[0] + bytes(range(1, 200)) * (limits.PARAMETER_SET // 100), b"\x68\0\0"):
        assert sets.take(bad) is False
    assert sets.refused == 4
    assert sets.last_refusal
    assert sets.format(0) is before


def test_the_oldest_set_gives_way_when_there_are_too_many() -> None:
    """A stream that announces ever new sets is held to the limit, and its latest sets are kept."""
    sps, pps = make_clip(ClipSpec(width=320, height=180, frames=4)).parameter_sets
    sets = ParameterSets("h264", [sps, pps])
    for number in range(1, 256):
        assert sets.take(sps) is False  # still announced: stays young
        code = f"{number + 1:b}"
        golomb = "0" * (len(code) - 1) + code + "1" + "1" * 20  # its number, SPS 0, more
        sets.take(b"\x68" + int(golomb.ljust(40, "1"), 2).to_bytes(5, "big"))
    found = sets.format(255)
    assert found is not None
    assert len(found.parameter_sets) == limits.PARAMETER_SETS
    assert sets.format(1) is None


def test_sps_that_make_no_picture_are_refused() -> None:
    """Cropping that leaves nothing, and pictures larger than any level allows, raise an error that names the field."""
    with pytest.raises(BadBits, match="pic_width_in_mbs_minus1"):
        h264.parse_sps(
            bytes.fromhex("6742001e")
            + int("1" + "1" + "1" + "1" + "010" + "0" + "0" * 12 + "1" * 13 + "0" * 7, 2).to_bytes(5, "big")
        )
