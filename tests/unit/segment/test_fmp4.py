# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
import io
from pathlib import Path

import av
import pytest

from tests.unit.codec.streams import A_FRAME, assemble, decoded_pts, moments_of, mp4_files, mp4_of, probed
from torrazzo.camera import VideoFormat
from torrazzo.camera.codec import BadBits, h264
from torrazzo.segment.fmp4 import fragment, init_segment
from torrazzo.testing import ClipSpec, make_clip
from torrazzo.testing.clips import join

SPECS = {
    "plain": ClipSpec(width=320, height=180, frames=60, gop=12),
    "cropped": ClipSpec(width=322, height=242, frames=24, gop=12, fps="25/2"),
    "one B picture": ClipSpec(width=320, height=180, frames=60, gop=12, b_frames=1),
    "pyramid": ClipSpec(width=320, height=180, frames=60, gop=12, b_frames=3),
    "open GOP": ClipSpec(width=320, height=180, frames=60, gop=12, b_frames=3, open_gop=True),
    "slices": ClipSpec(width=320, height=180, frames=30, gop=12, slices=4),
    "intra refresh": ClipSpec(width=320, height=180, frames=60, gop=12, intra_refresh=True),
    "H.265": ClipSpec(codec="h265", width=320, height=180, frames=60, gop=12),
    "H.265 cropped": ClipSpec(codec="h265", width=322, height=242, frames=24, gop=12),
    "H.265 pyramid": ClipSpec(codec="h265", width=320, height=180, frames=60, gop=12, b_frames=4),
    "H.265 CRA": ClipSpec(codec="h265", width=320, height=180, frames=60, gop=12, b_frames=4, open_gop=True),
}


@pytest.mark.parametrize("name", SPECS)
def test_every_frame_decodes_at_its_time(name: str) -> None:
    """All pictures of a stream come back from its MP4, each at the time that its encoder gave it."""
    clip = make_clip(SPECS[name])
    units = assemble(clip.codec, moments_of(clip))
    assert len(units) == len(clip.units)
    shown = sorted(unit.pts - units[0].dts for unit in clip.units)
    assert decoded_pts(mp4_of(units)) == shown


@pytest.mark.parametrize("name", SPECS)
def test_decoding_times_are_those_of_the_encoder(name: str) -> None:
    """Decoding times that we derive from presentation times alone equal those that the encoder meant."""
    clip = make_clip(SPECS[name])
    assert [unit.dts for unit in assemble(clip.codec, moments_of(clip))] == [unit.dts for unit in clip.units]


@pytest.mark.parametrize("name", ["pyramid", "H.265 CRA"])
def test_ffprobe_finds_every_sample(name: str, tmp_path: Path) -> None:
    """Times, sizes and key flags are read by ffprobe as we wrote them, without complaint."""
    clip = make_clip(SPECS[name])
    units = assemble(clip.codec, moments_of(clip))
    first = units[0].dts
    packets = probed(mp4_of(units), tmp_path)
    assert [(p["pts"], p["dts"], int(p["size"]), p["flags"][0] == "K") for p in packets] == [
        (unit.pts - first, unit.dts - first, len(unit.data), unit.is_key) for unit in units
    ]


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_a_new_picture_size_begins_a_new_file(codec: str) -> None:
    """When parameter sets change in mid-stream, each part decodes in full from its own init."""
    small = make_clip(ClipSpec(codec=codec, width=320, height=180, frames=24, gop=12))
    big = make_clip(ClipSpec(codec=codec, width=640, height=360, frames=24, gop=12))
    files = list(mp4_files(assemble(codec, moments_of(join(small, big, small)))))
    sizes = []
    for data in files:
        assert decoded_pts(data) == [at * A_FRAME for at in range(24)]
        with av.open(io.BytesIO(data)) as container:
            sizes.append(container.streams.video[0].width)
    assert sizes == [320, 640, 320]


def test_the_same_frames_give_the_same_bytes() -> None:
    """Nothing but the frames is in a segment: no time of writing, no chance."""
    clip = make_clip(SPECS["pyramid"])
    assert mp4_of(assemble("h264", moments_of(clip))) == mp4_of(assemble("h264", moments_of(clip, 7_777)))


def test_sample_data_is_passed_on_uncopied() -> None:
    """A fragment is its header and the very objects that came in."""
    units = assemble("h264", moments_of(make_clip(SPECS["plain"])))[:25]
    parts = fragment(1, 0, units, units[-1].dts + A_FRAME)
    assert len(parts) == 26
    assert all(part is unit.data for part, unit in zip(parts[1:], units, strict=True))


def test_a_fragment_is_these_bytes() -> None:
    """The header of a fragment with one sample, field by field."""
    (unit,) = assemble("h264", moments_of(make_clip(SPECS["plain"]))[:1])
    header = fragment(3, 90_000, [unit], unit.dts + A_FRAME)[0]
    assert header.hex(" ", 4) == (
        "00000068 6d6f6f66 "  # moof
        "00000010 6d666864 00000000 00000003 "  # mfhd: number 3
        "00000050 74726166 "  # traf
        "00000010 74666864 00020000 00000001 "  # tfhd: offsets count from the moof; track 1
        "00000014 74666474 01000000 00000000 00015f90 "  # tfdt: 90,000
        "00000024 7472756e 01000f01 00000001 00000070 "  # trun: one sample, data at 112
        f"00000e10 {len(unit.data):08x} 02000000 00000000 "  # lasts 3,600, size, key, shown when decoded
        f"{len(unit.data) + 8:08x} 6d646174"
    )


def test_the_shape_of_samples_is_told() -> None:
    """A sample aspect ratio other than 1:1 is in the sample entry, and in the width that is shown."""
    sps = "674d40168d8d405017fcbff8043804437010101400000fa000009c43a181f4008cabbcb8d0c0fa004655de5c28"  # 135:136
    init = init_segment(VideoFormat("h264", 640, 360, (bytes.fromhex(sps), b"\x68\xee\x3c\x80"), 0, None))
    assert bytes.fromhex("00000010 70617370 00000087 00000088") in init
    assert (640 * 135 * 65536 // 136).to_bytes(4, "big") + (360 << 16).to_bytes(4, "big") in init


def test_an_absurd_shape_is_no_error() -> None:
    """A camera may declare samples ten thousand times as wide as high: its pictures are stored all the same."""
    sps = "6764000dacb40a0cffffffff00030080015f90078a155000"
    found = h264.parse_sps(bytes.fromhex(sps))
    assert found.aspect == (65_534, 6)
    init_segment(VideoFormat("h264", found.width, found.height, (bytes.fromhex(sps),), 0, None))


def test_a_camera_with_all_thirty_two_sps_has_an_init() -> None:
    """The count has five bits: the one in force is told, and the last of the others is left to the stream."""
    sps = bytes.fromhex("674d40168d8d405017fcbff8043804437010101400000fa000009c43a181f4008cabbcb8d0c0fa004655de5c28")
    other = bytes.fromhex("6764000dacb40a0cffffffff00030080015f90078a155000")
    sets = (*(other + bytes((number,)) for number in range(1, 32)), sps, b"\x68\xee\x3c\x80")
    init = init_segment(VideoFormat("h264", 640, 360, sets, 0, None))
    at = init.index(b"avcC") + 4
    assert init[at + 5] == 0xE0 | 31
    assert init[at + 8 : at + 8 + len(sps)] == sps


def test_a_format_without_its_sps_is_refused() -> None:
    """No init is made up for a format whose SPS is missing."""
    for codec in ("h264", "h265"):
        with pytest.raises(BadBits, match="no SPS for 640×360"):
            init_segment(VideoFormat(codec, 640, 360, (), 0, None))
