# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The ordinary `ftyp` and `moov` in front of recorded fragments: one video track with full sample tables.

Every player reads this form. The fragments that follow lie untouched in one `mdat`; the tables point into them.
"""

import struct
import sys
from array import array
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

from torrazzo.base.times import SECOND
from torrazzo.playback.boxes import find_box
from torrazzo.segment.boxes import box, full_box

_SINCE_1904 = 2_082_844_800  # s from 1904, where these files' clocks begin, to 1970
_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_LANGUAGE = 0x55C4  # "und"


class Edit(NamedTuple):
    """One stretch of what is shown."""

    duration: int  # ticks
    media_time: int  # composition time that it begins with; -1: nothing is shown


class SampleTable(NamedTuple):
    """Columns of a track, in decoding order."""

    durations: "array[int]"  # I: ticks until the next sample
    shifts: "array[int]"  # i: composition - decoding time, ticks
    sizes: "array[int]"  # I: bytes
    keys: "array[int]"  # I: numbers of the key frames, from 0
    chunk_offsets: "array[int]"  # Q: where each chunk begins, counted from the start of the mdat's payload
    chunk_samples: "array[int]"  # I: samples of each chunk

    @classmethod
    def empty(cls) -> "SampleTable":
        """No samples yet."""
        return cls(array("I"), array("i"), array("I"), array("I"), array("Q"), array("I"))


def ftyp(codec: bytes) -> bytes:
    """Brands: what a reader must know to read the file (version 1 composition offsets: iso4)."""
    return box(b"ftyp", b"isom", struct.pack(">I", 0x200), b"isom", b"iso4", codec, b"mp42")


def sample_entry_kind(init: bytes) -> bytes:
    """`avc1` or `hvc1`: the sample entry of an init."""
    start = find_box(init, *_STSD).start
    return init[start + 12 : start + 16]


def moov(init: bytes, table: SampleTable, edits: Sequence[Edit], created: int, payload_at: int) -> bytes:
    """The movie header.

    `init` gives the sample entry and the size of the picture; `created` is a time in UTC ticks; `payload_at` is where
    the mdat's payload will begin in the file. The length does not depend on `payload_at`.
    """
    shown = sum(edit.duration for edit in edits)
    when = created // SECOND + _SINCE_1904
    mvhd = _timed(b"mvhd", 0, when, struct.pack(">I", SECOND), shown, _MVHD_REST)
    return box(b"moov", mvhd, _trak(init, table, edits, when, payload_at))


_STSD = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd")
_MVHD_REST = struct.pack(">IH10x", 0x10000, 0x100) + _MATRIX + bytes(24) + struct.pack(">I", 2)


def _trak(init: bytes, table: SampleTable, edits: Sequence[Edit], when: int, payload_at: int) -> bytes:
    shown = sum(edit.duration for edit in edits)
    end = find_box(init, b"moov", b"trak", b"tkhd").end
    size = init[end - 8 : end]  # width and height close the box in both versions
    tkhd = _timed(b"tkhd", 3, when, struct.pack(">II", 1, 0), shown, bytes(16) + _MATRIX + size)
    media = sum(table.durations)
    mdhd = _timed(b"mdhd", 0, when, struct.pack(">I", SECOND), media, struct.pack(">HH", _LANGUAGE, 0))
    hdlr = full_box(b"hdlr", 0, 0, bytes(4), b"vide", bytes(12), b"video\0")
    dinf = box(b"dinf", full_box(b"dref", 0, 0, struct.pack(">I", 1), full_box(b"url ", 0, 1)))
    vmhd = full_box(b"vmhd", 0, 1, bytes(8))
    stsd = find_box(init, *_STSD)
    stbl = box(b"stbl", box(b"stsd", init[stsd.start : stsd.end]), *_tables(table, payload_at))
    mdia = box(b"mdia", mdhd, hdlr, box(b"minf", vmhd, dinf, stbl))
    return box(b"trak", tkhd, box(b"edts", _elst(edits)), mdia)


def _timed(kind: bytes, flags: int, when: int, middle: bytes, duration: int, rest: bytes) -> bytes:
    """mvhd, tkhd and mdhd: times and duration in 32 bits where they fit, for the sake of old readers."""
    if max(when, duration) < 1 << 32:
        return full_box(kind, 0, flags, struct.pack(">II", when, when), middle, struct.pack(">I", duration), rest)
    return full_box(kind, 1, flags, struct.pack(">QQ", when, when), middle, struct.pack(">Q", duration), rest)


def _elst(edits: Sequence[Edit]) -> bytes:
    long = any(edit.duration >= 1 << 32 or edit.media_time >= 1 << 31 for edit in edits)
    form = ">QqI" if long else ">IiI"
    rows = b"".join(struct.pack(form, edit.duration, edit.media_time, 0x10000) for edit in edits)
    return full_box(b"elst", int(long), 0, struct.pack(">I", len(edits)), rows)


def _tables(table: SampleTable, payload_at: int) -> Iterable[bytes]:
    yield _runs(b"stts", 0, table.durations)
    if any(table.shifts):
        yield _runs(b"ctts", int(min(table.shifts) < 0), table.shifts)
    yield full_box(
        b"stss", 0, 0, struct.pack(">I", len(table.keys)), _big_endian(array("I", (k + 1 for k in table.keys)))
    )
    yield _stsc(table.chunk_samples)
    yield full_box(b"stsz", 0, 0, struct.pack(">II", 0, len(table.sizes)), _big_endian(table.sizes))
    offsets = array("Q", (payload_at + offset for offset in table.chunk_offsets))
    yield full_box(b"co64", 0, 0, struct.pack(">I", len(offsets)), _big_endian(offsets))


def _runs(kind: bytes, version: int, values: "array[int]") -> bytes:
    """For stts and ctts: (how many, value), run by run."""
    rows = array("I")
    for value, run in groupby(values):
        rows.extend((sum(1 for _ in run), value & 0xFFFFFFFF))
    return full_box(kind, version, 0, struct.pack(">I", len(rows) // 2), _big_endian(rows))


def _stsc(samples: "array[int]") -> bytes:
    rows = array("I")
    chunk = 1
    for count, run in groupby(samples):
        rows.extend((chunk, count, 1))
        chunk += sum(1 for _ in run)
    return full_box(b"stsc", 0, 0, struct.pack(">I", len(rows) // 3), _big_endian(rows))


def _big_endian(values: "array[int]") -> bytes:
    if sys.byteorder == "little":
        values = values[:]
        values.byteswap()
    return values.tobytes()
