# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is in an init and in a fragment (docs/3-formats/segment.md).

Strict about what is read, and open to boxes that a later version may add: those are passed over.
"""

import struct
from typing import NamedTuple

from torrazzo.base.errors import Damaged
from torrazzo.base.times import SECOND
from torrazzo.segment.boxes import Box, Bytes, children, need, walk
from torrazzo.segment.fmp4 import KEY_FLAGS, OTHER_FLAGS, TFHD_FLAGS, TRACK, TRUN_FLAGS

_CODECS = {b"avc1": "h264", b"hvc1": "h265"}
_CONFIG = {"h264": b"avcC", "h265": b"hvcC"}
_TRUN_SAMPLE = struct.Struct(">IIIi")


class ParsedInit(NamedTuple):
    """What playback needs of an init."""

    codec: str  # 'h264' or 'h265'
    width: int
    height: int
    parameter_sets: tuple[bytes, ...]  # raw NAL units: VPS, SPS, PPS
    sample_entry: bytes  # the whole avc1 or hvc1 box, for another moov


class ParsedSample(NamedTuple):
    """One picture of a fragment; ticks count from the segment's first decoding time."""

    dts: int
    pts: int
    offset: int  # of its data, from the start of the fragment
    size: int
    is_key: bool
    duration: int


def parse_init(data: Bytes) -> ParsedInit:
    """Read `ftyp moov`; raises `Damaged`."""
    top = _top(data, (b"ftyp", b"moov"))
    moov = top[1]
    in_moov = children(data, moov)
    need(in_moov, b"mvex", b"moov")
    mdia = children(data, need(children(data, need(in_moov, b"trak", b"moov")), b"mdia", b"trak"))
    mdhd = need(mdia, b"mdhd", b"mdia")
    scale = _u32(data, mdhd, 12)
    if _u32(data, mdhd, 0) or scale != SECOND:
        raise Damaged(f"mdhd at byte {mdhd.start}: version 0 and {SECOND} units a second expected, found {scale}")
    stbl = need(children(data, need(mdia, b"minf", b"mdia")), b"stbl", b"minf")
    stsd = need(children(data, stbl), b"stsd", b"stbl")
    if _u32(data, stsd, 0) or _u32(data, stsd, 4) != 1:
        raise Damaged(f"stsd at byte {stsd.start}: version 0 and one sample entry expected")
    entries = list(walk(data, stsd.start + 8, stsd.end))
    if len(entries) != 1 or entries[0].kind not in _CODECS:
        raise Damaged(
            f"stsd at byte {stsd.start}: one of avc1, hvc1 expected, found {[entry.kind for entry in entries]}"
        )
    return _entry(data, entries[0], stsd.start + 8)


def _entry(data: Bytes, entry: Box, at: int) -> ParsedInit:
    codec = _CODECS[entry.kind]
    if entry.end - entry.start < 78:
        raise Damaged(f"{entry.kind!r} at byte {at}: at least 78 bytes expected, found {entry.end - entry.start}")
    width, height = struct.unpack_from(">HH", data, entry.start + 24)
    config = need(children(data, entry, skip=78), _CONFIG[codec], entry.kind)
    record = bytes(data[config.start : config.end])
    try:
        sets = _avc_sets(record) if codec == "h264" else _hevc_sets(record)
    except (IndexError, struct.error) as error:
        raise Damaged(f"{config.kind!r} at byte {config.start}: cut off after {len(record)} bytes") from error
    return ParsedInit(codec, width, height, sets, bytes(data[at : entry.end]))


def _avc_sets(record: bytes) -> tuple[bytes, ...]:
    if record[0] != 1 or record[4] & 3 != 3:
        raise Damaged("avcC: version 1 and lengths in 4 bytes expected")
    sets, at = _nals(record, 6, record[5] & 0x1F)
    more, _ = _nals(record, at + 1, record[at])
    return (*sets, *more)


def _hevc_sets(record: bytes) -> tuple[bytes, ...]:
    if record[0] != 1 or record[21] & 3 != 3:
        raise Damaged("hvcC: version 1 and lengths in 4 bytes expected")
    found: list[bytes] = []
    at = 23
    for _ in range(record[22]):
        (count,) = struct.unpack_from(">H", record, at + 1)
        nals, at = _nals(record, at + 3, count)
        found += nals
    return tuple(found)


def _nals(record: bytes, at: int, count: int) -> tuple[list[bytes], int]:
    found: list[bytes] = []
    for _ in range(count):
        (size,) = struct.unpack_from(">H", record, at)
        end = at + 2 + size
        if end > len(record):
            raise Damaged(f"parameter set of {size} bytes expected at byte {at}, found {len(record) - at - 2}")
        found.append(record[at + 2 : end])
        at = end
    return found, at


def parse_fragment(data: Bytes) -> list[ParsedSample]:
    """Read `moof mdat`, whose samples fill the mdat exactly; raises `Damaged`."""
    moof, mdat = _top(data, (b"moof", b"mdat"))
    in_traf = children(data, need(children(data, moof), b"traf", b"moof"))
    tfhd = need(in_traf, b"tfhd", b"traf")
    if tfhd.end - tfhd.start != 8 or _u32(data, tfhd, 0) != TFHD_FLAGS or _u32(data, tfhd, 4) != TRACK:
        raise Damaged(f"tfhd at byte {tfhd.start}: track {TRACK} with flags {TFHD_FLAGS:#x} expected")
    tfdt = need(in_traf, b"tfdt", b"traf")
    if tfdt.end - tfdt.start != 12 or _u32(data, tfdt, 0) != 1 << 24:
        raise Damaged(f"tfdt at byte {tfdt.start}: version 1 expected")
    (dts,) = struct.unpack_from(">Q", data, tfdt.start + 4)
    trun = need(in_traf, b"trun", b"traf")
    if _u32(data, trun, 0) != 1 << 24 | TRUN_FLAGS:
        raise Damaged(f"trun at byte {trun.start}: version 1 with flags {TRUN_FLAGS:#x} expected")
    count, offset = _u32(data, trun, 4), _u32(data, trun, 8)
    if trun.end - trun.start != 12 + 16 * count or offset != mdat.start:
        raise Damaged(
            f"trun at byte {trun.start}: {count} samples from byte {mdat.start} on expected, not from {offset}"
        )
    found: list[ParsedSample] = []
    for duration, size, flags, shift in _TRUN_SAMPLE.iter_unpack(data[trun.start + 12 : trun.end]):
        if flags not in {KEY_FLAGS, OTHER_FLAGS}:
            raise Damaged(f"trun at byte {trun.start}: sample flags {flags:#x} are of no known kind")
        found.append(ParsedSample(dts, dts + shift, offset, size, flags == KEY_FLAGS, duration))
        dts += duration
        offset += size
    length = mdat.end - mdat.start
    if offset != mdat.end:
        raise Damaged(f"mdat at byte {mdat.start}: samples of {offset - mdat.start} bytes expected, it has {length}")
    return found


def _top(data: Bytes, kinds: tuple[bytes, bytes]) -> list[Box]:
    found = [box for box in walk(data, 0, len(data)) if box.kind in kinds]
    if tuple(box.kind for box in found) != kinds:
        raise Damaged(f"{b' '.join(kinds)!r} expected, found {[box.kind for box in found]}")
    return found


def _u32(data: Bytes, box: Box, at: int) -> int:
    if box.start + at + 4 > box.end:
        raise Damaged(
            f"box {box.kind!r} at byte {box.start}: at least {at + 4} bytes expected, found {box.end - box.start}"
        )
    value: int = struct.unpack_from(">I", data, box.start + at)[0]
    return value
