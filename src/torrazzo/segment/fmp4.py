# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Fragmented MP4 of one video track (ISO/IEC 14496-12, docs/3-formats/segment.md): a function of the frames alone."""

import struct
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Protocol

from torrazzo.base.times import SECOND
from torrazzo.camera import VideoFormat
from torrazzo.camera.codec import BadBits, h264, h265
from torrazzo.segment.boxes import box, full_box

TRACK = 1
KEY_FLAGS = 0x02000000  # sample_depends_on 2: on no other
OTHER_FLAGS = 0x01010000  # sample_depends_on 1, sample_is_non_sync_sample
TRUN_FLAGS = 0x000F01  # data offset; duration, size, flags, composition time offset of each sample
TFHD_FLAGS = 0x020000  # default-base-is-moof

_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_UNDETERMINED = 0x55C4  # language "und", clause 8.4.2.3
_MOST_SPS = 31  # five bits count them; others stand in band
_DEEP = frozenset(
    {100, 110, 122, 144}
)  # profiles whose avcC tells chroma format and bit depths, ISO/IEC 14496-15 5.3.3.1.2
_HEAD = ">I4s I4sII I4s I4sII I4sIQ I4sIIi"  # moof, mfhd, traf, tfhd, tfdt, trun up to its samples
_HEAD_SIZE = 88
_TRAF_AT = 24
_TRUN_AT = 68


class Sample(Protocol):
    """A coded picture as it lies in a fragment; an `AccessUnit` is one."""

    @property
    def dts(self) -> int: ...
    @property
    def pts(self) -> int: ...
    @property
    def data(self) -> bytes: ...
    @property
    def is_key(self) -> bool: ...


@lru_cache(maxsize=256)
def _head_of(samples: int) -> struct.Struct:
    return struct.Struct((_HEAD + "IIIi" * samples + "I4s").replace(" ", ""))


def fragment(number: int, base: int, samples: Sequence[Sample], end_dts: int) -> list[bytes]:
    """One fragment: moof and mdat header, then each sample's own data, to be concatenated.

    `number` counts from 1 within the segment, `base` is the first sample's decoding time in it, and `end_dts` is when
    the sample after the last is decoded. There is at least one sample; decoding times never decrease.
    """
    count = len(samples)
    out = [b""]
    fields: list[int] = []
    total = 8
    after = iter(samples)
    sample = next(after)
    dts = sample.dts
    for following in after:
        data = sample.data
        next_dts = following.dts
        size = len(data)
        total += size
        out.append(data)
        fields += (next_dts - dts, size, KEY_FLAGS if sample.is_key else OTHER_FLAGS, sample.pts - dts)
        sample, dts = following, next_dts
    size = len(sample.data)
    total += size
    out.append(sample.data)
    fields += (end_dts - dts, size, KEY_FLAGS if sample.is_key else OTHER_FLAGS, sample.pts - dts)
    moof = _HEAD_SIZE + 16 * count
    out[0] = _head_of(count).pack(
        moof, b"moof",
        16, b"mfhd", 0, number,
        moof - _TRAF_AT, b"traf",
        16, b"tfhd", TFHD_FLAGS, TRACK,
        20, b"tfdt", 1 << 24, base,
        moof - _TRUN_AT, b"trun", 1 << 24 | TRUN_FLAGS, count, moof + 8,
        *fields,
        total, b"mdat",
    )  # fmt: skip
    return out


def init_segment(found: VideoFormat) -> bytes:
    """`ftyp` and `moov` for a format. Raises `BadBits` without a readable SPS: a format from a stream has one."""
    entry, aspect = _avc1(found) if found.codec == "h264" else _hvc1(found)
    shown = min(found.width * aspect[0] * 0x10000 // aspect[1], 0xFFFF_FFFF)  # cameras declare any aspect ratio
    tkhd = full_box(
        b"tkhd", 0, 3,
        struct.pack(">IIIII", 0, 0, TRACK, 0, 0), bytes(16), _MATRIX, struct.pack(">II", shown, found.height << 16),
    )  # fmt: skip
    mdhd = full_box(b"mdhd", 0, 0, struct.pack(">IIIIHH", 0, 0, SECOND, 0, _UNDETERMINED, 0))
    hdlr = full_box(b"hdlr", 0, 0, bytes(4), b"vide", bytes(12), b"video\0")
    dinf = box(b"dinf", full_box(b"dref", 0, 0, struct.pack(">I", 1), full_box(b"url ", 0, 1)))
    empty = [full_box(kind, 0, 0, bytes(4)) for kind in (b"stts", b"stsc")]
    stsz = full_box(b"stsz", 0, 0, bytes(8))
    stsd = full_box(b"stsd", 0, 0, struct.pack(">I", 1), entry)
    stbl = box(b"stbl", stsd, *empty, stsz, full_box(b"stco", 0, 0, bytes(4)))
    minf = box(b"minf", full_box(b"vmhd", 0, 1, bytes(8)), dinf, stbl)
    trak = box(b"trak", tkhd, box(b"mdia", mdhd, hdlr, minf))
    mvhd = full_box(
        b"mvhd", 0, 0,
        struct.pack(">IIIIIH10x", 0, 0, SECOND, 0, 0x10000, 0x100), _MATRIX, bytes(24), struct.pack(">I", TRACK + 1),
    )  # fmt: skip
    trex = full_box(b"trex", 0, 0, struct.pack(">IIIII", TRACK, 1, 0, 0, 0))
    ftyp = box(b"ftyp", b"iso6", bytes(4), b"iso6", b"mp41")
    return ftyp + box(b"moov", mvhd, trak, box(b"mvex", trex))


def _visual(kind: bytes, found: VideoFormat, config: bytes, aspect: tuple[int, int]) -> bytes:
    """VisualSampleEntry, ISO/IEC 14496-12 clause 12.1.3."""
    fields = struct.pack(">6xH16xHHIIIH32sHh", 1, found.width, found.height, 0x480000, 0x480000, 0, 1, b"", 0x18, -1)
    pasp = box(b"pasp", struct.pack(">II", *aspect)) if aspect[0] != aspect[1] else b""
    return box(kind, fields, config, pasp)


def _avc1(found: VideoFormat) -> tuple[bytes, tuple[int, int]]:
    """AVCSampleEntry with its AVCDecoderConfigurationRecord, ISO/IEC 14496-15 clause 5.3.3.1."""
    sets = _by_type(found, h264.nal_type)
    all_sps = [(nal, h264.parse_sps(nal)) for nal in sets.get(h264.SPS, ())]
    own, sps = next((pair for pair in all_sps if pair[1][1:3] == found[1:3]), (b"", None))
    if sps is None:
        raise BadBits(f"no SPS for {found.width}×{found.height} among {len(found.parameter_sets)} parameter sets")
    told = [nal for nal, _ in all_sps]
    if len(told) > _MOST_SPS:
        told = [own, *(nal for nal in told if nal is not own)][:_MOST_SPS]
    record = bytearray((1, sps.profile, sps.compatibility, sps.level, 0xFF, 0xE0 | len(told)))
    record += b"".join(map(_counted, told))
    all_pps = sets.get(h264.PPS, [])
    record.append(len(all_pps))
    record += b"".join(map(_counted, all_pps))
    if sps.profile in _DEEP:
        record += bytes((0xFC | sps.chroma_format, 0xF8 | sps.bit_depth_luma - 8, 0xF8 | sps.bit_depth_chroma - 8, 0))
    return _visual(b"avc1", found, box(b"avcC", bytes(record)), sps.aspect), sps.aspect


def _hvc1(found: VideoFormat) -> tuple[bytes, tuple[int, int]]:
    """HEVCSampleEntry with its HEVCDecoderConfigurationRecord, ISO/IEC 14496-15 clause 8.3.3.1."""
    sets = _by_type(found, h265.nal_type)
    parsed = [h265.parse_sps(nal) for nal in sets.get(h265.SPS, ())]
    sps = next((sps for sps in parsed if (sps.width, sps.height) == found[1:3]), None)
    if sps is None:
        raise BadBits(f"no SPS for {found.width}×{found.height} among {len(found.parameter_sets)} parameter sets")
    record = bytearray((1,))
    record += sps.profile_tier_level
    record += struct.pack(
        ">HBBBBHBB",
        0xF000 | sps.min_spatial_segmentation,
        0xFC,  # parallelismType: unknown
        0xFC | sps.chroma_format,
        0xF8 | sps.bit_depth_luma - 8,
        0xF8 | sps.bit_depth_chroma - 8,
        0,  # avgFrameRate: unspecified
        sps.sub_layers << 3 | sps.is_nested << 2 | 3,
        len(sets),
    )
    for kind in sorted(sets):
        record += struct.pack(">BH", 0x80 | kind, len(sets[kind]))
        record += b"".join(map(_counted, sets[kind]))
    return _visual(b"hvc1", found, box(b"hvcC", bytes(record)), sps.aspect), sps.aspect


def _counted(nal: bytes) -> bytes:
    return struct.pack(">H", len(nal)) + nal


def _by_type(found: VideoFormat, nal_type: Callable[[int], int]) -> dict[int, list[bytes]]:
    sets: dict[int, list[bytes]] = {}
    for nal in found.parameter_sets:
        sets.setdefault(nal_type(nal[0]), []).append(nal)
    return sets
