# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What can be fed with broken input in codec/ and segment/, and good input to break.

A target takes any bytes; that it raises anything is a finding. It returns whether the input got past the parser's first
check.
"""

import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from typing import Final

from torrazzo.base.errors import Damaged
from torrazzo.camera import AccessUnit
from torrazzo.camera.codec import Assembler, BadBits, h264, h265
from torrazzo.segment import parse_fragment, parse_init
from torrazzo.segment.boxes import walk
from torrazzo.segment.fmp4 import fragment, init_segment
from torrazzo.testing.clips import Clip, ClipSpec, encode, is_parameter_set

_FRAME: Final = 3600


@cache
def _clips() -> tuple[Clip, ...]:
    small = {"width": 320, "height": 180, "frames": 14, "gop": 6}
    return (
        encode(ClipSpec(**small)),  # type: ignore[arg-type] # all of these are whole numbers
        encode(ClipSpec(**small, b_frames=2, open_gop=True, slices=2)),  # type: ignore[arg-type] # as above
        encode(ClipSpec(codec="h265", **small, b_frames=3, open_gop=True)),  # type: ignore[arg-type] # as above
    )


def _boxed(nals: tuple[bytes, ...]) -> bytes:
    return b"".join(len(nal).to_bytes(4, "big") + nal for nal in nals)


def read_sps_h264(data: bytes) -> bool:
    """An H.264 SPS. `BadBits` or sizes that a picture can have."""
    try:
        sps = h264.parse_sps(data)
    except BadBits as error:
        return len(data) > 5 and "seq_parameter_set_id" not in str(error)
    assert 0 < sps.width <= h264.LARGEST_SIDE
    assert 0 < sps.height <= 2 * h264.LARGEST_SIDE
    assert 0 <= sps.reorder <= 16
    return True


def read_sps_h265(data: bytes) -> bool:
    """An H.265 SPS."""
    try:
        sps = h265.parse_sps(data)
    except BadBits as error:
        return len(data) > 15 and "max_sub_layers" not in str(error)
    assert 0 < sps.width <= h265.LARGEST_SIDE
    assert 0 < sps.height <= h265.LARGEST_SIDE
    assert len(sps.profile_tier_level) == 12
    return True


def read_others(data: bytes) -> bool:
    """VPS, PPS, slice headers and SEI of both codecs."""
    h265.parse_vps_interval(data)
    h265.has_recovery(data)
    read = 0
    for parse in (h264.parse_pps_ids, h264.slice_start, h264.find_recovery, h265.parse_pps_ids, h265.slice_pps):
        with suppress(BadBits):
            parse(data)
            read += 1
    return read > 1


def assemble(data: bytes) -> bool:
    """A stream: a byte for the codec; then units, each behind a count of NAL units and a step in time."""
    if not data:
        return False
    codec = "h265" if data[0] & 1 else "h264"
    assembler = Assembler(codec)
    at, pts, last = 1, 0, None
    while at + 2 < len(data):
        count, step = data[at] % 16 + 1, data[at + 1]
        at += 2
        unit, places = bytearray(), []
        for _ in range(count):
            size = int.from_bytes(data[at : at + 4], "big") % 65_536
            nal = data[at + 4 : at + 4 + size]
            at += 4 + size
            if nal:
                unit += len(nal).to_bytes(4, "big")
                places.append((len(unit), len(nal)))
                unit += nal
        pts += (step - 64) * 400
        if not places:
            continue
        for made in assembler.push(bytes(unit), places, pts, 0, 0, discontinuity=False):
            assert made.discontinuity or last is None or made.dts > last
            assert abs(made.pts - made.dts) < 1 << 31
            last = made.dts
            if made.is_key:
                parse_init(init_segment(made.format))
    return last is not None


def read_init(data: bytes) -> bool:
    """An init. `Damaged`, or a codec that we write."""
    data = _fitted(data, b"ftyp", b"moov")
    try:
        assert parse_init(data).codec in {"h264", "h265"}
    except Damaged:
        return _is_made_of(data, b"moov")
    return True


def read_fragment(data: bytes) -> bool:
    """A fragment. `Damaged`, or samples that lie within it."""
    data = _fitted(data, b"moof", b"mdat")
    try:
        samples = parse_fragment(data)
    except Damaged:
        return _is_made_of(data, b"moof")
    assert all(0 < sample.offset <= sample.offset + sample.size <= len(data) for sample in samples)
    return True


def _fitted(data: bytes, first: bytes, second: bytes) -> bytes:
    """Seven of eight inputs get outer boxes of the right size, so that most reach what is inside."""
    cut = data.find(second) - 4
    if cut < 8 or not zlib.crc32(data) & 7:
        return data
    sizes = cut.to_bytes(4, "big"), (len(data) - cut).to_bytes(4, "big")
    return sizes[0] + first + data[8:cut] + sizes[1] + data[cut + 4 :]


def _is_made_of(data: bytes, kind: bytes) -> bool:
    try:
        return kind in {box.kind for box in walk(data, 0, len(data))}
    except Damaged:
        return False


def _sets(codec: str) -> Iterator[bytes]:
    for clip in _clips():
        if clip.codec == codec:
            yield from clip.parameter_sets
    if codec == "h264":
        yield bytes.fromhex("674d00299a6403c0113f2cd404040500000303e80000ea6004")
        yield bytes.fromhex(
            "6742a029e7403c0113f2e0081000017760002bf206000003002faf0800001dcd653fffe30000030017d78400000ee6b29ffff020"
        )
    else:
        yield bytes.fromhex("420101016000000300b0000003000003005aa0058201e1636b92452fcdc14181410000030001000003000ca1")
        yield bytes.fromhex("420101016000000300b00000030000030078a002a0802f1cd58817b916452ffcb9fc4fea6e04040401")


def _others() -> Iterator[bytes]:
    for clip in _clips():
        for unit in clip.units[:3]:
            yield from (nal[:80] for nal in unit.nals)
    yield bytes.fromhex("0606018480")  # a recovery point


def _streams() -> Iterator[bytes]:
    for clip in _clips():
        units = (
            bytes((len(unit.nals) - 1, 73))
            + _boxed(tuple(nal if is_parameter_set(clip.codec, nal) else nal[:40] for nal in unit.nals))
            for unit in clip.units
        )
        yield bytes((clip.codec == "h265",)) + b"".join(units)


def _inits() -> Iterator[bytes]:
    for clip in _clips():
        yield init_segment(_units(clip)[0].format)


def _fragments() -> Iterator[bytes]:
    for clip in _clips():
        units = [unit._replace(data=unit.data[:30]) for unit in _units(clip)]
        yield b"".join(fragment(1, 0, units, units[-1].dts + _FRAME))


def _units(clip: Clip) -> list[AccessUnit]:
    assembler, found = Assembler(clip.codec), []
    for unit in clip.units:
        data, places = bytearray(), []
        for nal in unit.nals:
            data += len(nal).to_bytes(4, "big")
            places.append((len(data), len(nal)))
            data += nal
        found += assembler.push(bytes(data), places, unit.pts, 0, 0, discontinuity=False)
    return found


TARGETS: dict[str, tuple[Callable[[bytes], bool], Callable[[], Iterator[bytes]]]] = {
    "sps-h264": (read_sps_h264, lambda: _sets("h264")),
    "sps-h265": (read_sps_h265, lambda: _sets("h265")),
    "nal-headers": (read_others, _others),
    "assembler": (assemble, _streams),
    "mp4-init": (read_init, _inits),
    "mp4-fragment": (read_fragment, _fragments),
}
