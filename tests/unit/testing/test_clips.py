# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Laws of the clips that cameras loop."""

from pathlib import Path

import av
import pytest

from torrazzo.testing.clips import (
    Clip,
    ClipSpec,
    encode,
    is_picture,
    join,
    make_clip,
    nal_type,
    number_in_sei,
    pack_clip,
    unpack_clip,
)
from torrazzo.testing.picture import Label, draw, read_label

SMALL = ClipSpec(width=320, height=180, frames=30, gop=10, tag=77)
VARIANTS = {
    "plain": SMALL,
    "b_frames": ClipSpec(width=320, height=180, frames=30, gop=15, b_frames=2),
    "open_gop": ClipSpec(width=320, height=180, frames=40, gop=12, b_frames=2, open_gop=True),
    "intra_refresh": ClipSpec(width=320, height=180, frames=30, gop=10, intra_refresh=True),
    "slices": ClipSpec(width=320, height=180, frames=10, gop=10, slices=4),
    "h265": ClipSpec(codec="h265", width=320, height=180, frames=30, gop=10),
    "h265_cra_rasl": ClipSpec(codec="h265", width=320, height=180, frames=40, gop=12, b_frames=3, open_gop=True),
}


def _decode(clip: Clip) -> list[Label | None]:
    context = av.CodecContext.create("hevc" if clip.codec == "h265" else "h264", "r")
    frames = []
    for unit in clip.units:
        packet = av.Packet(b"".join(b"\x00\x00\x00\x01" + nal for nal in unit.nals))
        packet.pts = unit.pts
        frames += context.decode(packet)
    frames += context.decode(None)
    return [
        read_label(memoryview(frame.planes[0]), frame.width, frame.height, frame.planes[0].line_size)
        for frame in frames
    ]


@pytest.mark.parametrize("name", VARIANTS)
def test_each_picture_says_its_number_after_decoding(name: str) -> None:
    """Every variant decodes, in order of presentation, to the numbers burned in; SEI and ticks agree with them."""
    spec = VARIANTS[name]
    clip = encode(spec)
    assert _decode(clip) == [Label(number, spec.tag) for number in range(spec.frames)]
    assert sorted(unit.pts for unit in clip.units) == [number * 3600 for number in range(spec.frames)]
    assert all(a.dts < b.dts for a, b in zip(clip.units, clip.units[1:], strict=False))
    for unit in clip.units:
        assert unit.pts == unit.number * 3600 >= unit.dts
        assert [number_in_sei(nal) for nal in unit.nals].count(unit.number) == 1
        assert sum(is_picture(clip.codec, nal) for nal in unit.nals) == spec.slices


def test_the_variants_are_what_they_claim() -> None:
    """B-frames reorder, open GOPs have no second IDR, intra refresh has one key, H.265 has CRA and RASL."""
    clips = {name: encode(spec) for name, spec in VARIANTS.items()}
    kinds = {name: [nal_type(c.codec, n) for u in c.units for n in u.nals] for name, c in clips.items()}
    keys = {name: sum(unit.is_key for unit in clip.units) for name, clip in clips.items()}
    assert any(unit.pts > unit.dts + 3600 for unit in clips["b_frames"].units)
    assert kinds["open_gop"].count(5) == 1
    assert keys["open_gop"] > 2
    assert keys["intra_refresh"] == 1
    assert keys["plain"] == 3
    assert {21, 8} & set(kinds["h265_cra_rasl"]) == {21, 8}


def test_a_clip_survives_the_cache(tmp_path: Path) -> None:
    """Packed and unpacked, and taken from the cache, a clip is the same; a damaged cache file is made again."""
    clip = make_clip(SMALL, tmp_path)
    assert unpack_clip(pack_clip(clip)) == clip
    (cached,) = tmp_path.iterdir()
    before = cached.stat().st_mtime_ns
    assert make_clip(SMALL, tmp_path) == clip
    assert cached.stat().st_mtime_ns == before
    cached.write_bytes(cached.read_bytes()[:-1])
    assert make_clip(SMALL, tmp_path) == clip


def test_join_goes_on_in_time() -> None:
    """Joined clips keep their distance in time, and both sizes' parameter sets."""
    first, second = encode(SMALL), encode(ClipSpec(width=160, height=120, frames=10, gop=10))
    both = join(first, second)
    assert both.period == first.period + second.period
    assert [unit.pts for unit in both.units] == [number * 3600 for number in range(40)]


def test_a_label_is_read_at_any_size_and_refused_when_damaged() -> None:
    """All numbers are readable from small pictures; one wrong cell is noticed."""
    for number in (0, 1, 2, 1023, 65_535, *range(100, 400, 7)):
        luma = bytearray(draw(160, 120, Label(number, 513))[0])
        assert read_label(luma, 160, 120, 160) == Label(number, 513)
        for y in range(12):
            luma[y * 160 + 40 : y * 160 + 48] = bytes(255 - old for old in luma[y * 160 + 40 : y * 160 + 48])
        assert read_label(luma, 160, 120, 160) is None
