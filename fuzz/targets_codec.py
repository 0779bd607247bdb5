# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What can be fed with broken input in codec/ and segment/, and good input to break.

A target takes any bytes and returns; that it raises anything but the errors that it is meant to raise is a finding.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from typing import Final

from torrazzo.base.errors import Damaged
from torrazzo.camera import AccessUnit
from torrazzo.camera.codec import Assembler, BadBits, h264, h265
from torrazzo.segment import parse_fragment, parse_init
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


def read_sps_h264(data: bytes) -> None:
    """An H.264 SPS. `BadBits` or sizes that a picture can have."""
    with suppress(BadBits):
        sps = h264.parse_sps(data)
        assert 0 < sps.width <= h264.LARGEST_SIDE
        assert 0 < sps.height <= 2 * h264.LARGEST_SIDE
        assert 0 <= sps.reorder <= 16


def read_sps_h265(data: bytes) -> None:
    """An H.265 SPS."""
    with suppress(BadBits):
        sps = h265.parse_sps(data)
        assert 0 < sps.width <= h265.LARGEST_SIDE
        assert 0 < sps.height <= h265.LARGEST_SIDE
        assert len(sps.profile_tier_level) == 12


def read_others(data: bytes) -> None:
    """VPS, PPS, slice headers and SEI of both codecs."""
    h265.parse_vps_interval(data)
    for read in (h264.parse_pps_ids, h264.slice_start, h264.find_recovery, h265.parse_pps_ids, h265.slice_pps):
        with suppress(BadBits):
            read(data)
    h265.has_recovery(data)


def assemble(data: bytes) -> None:
    """A stream: a byte for the codec; then units, each behind a count of NAL units and a step in time."""
    if not data:
        return
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


def read_init(data: bytes) -> None:
    """An init. `Damaged`, or a codec that we write."""
    with suppress(Damaged):
        assert parse_init(data).codec in {"h264", "h265"}


def read_fragment(data: bytes) -> None:
    """A fragment. `Damaged`, or samples that lie within it."""
    with suppress(Damaged):
        for sample in parse_fragment(data):
            assert 0 < sample.offset <= sample.offset + sample.size <= len(data)


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


TARGETS: dict[str, tuple[Callable[[bytes], None], Callable[[], Iterator[bytes]]]] = {
    "sps-h264": (read_sps_h264, lambda: _sets("h264")),
    "sps-h265": (read_sps_h265, lambda: _sets("h265")),
    "nal-headers": (read_others, _others),
    "assembler": (assemble, _streams),
    "mp4-init": (read_init, _inits),
    "mp4-fragment": (read_fragment, _fragments),
}
