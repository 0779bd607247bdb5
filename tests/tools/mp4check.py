# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What others see in an MP4 of ours: ffprobe, and pymp4, a parser that shares no code with either of us.

Run on a file, it prints what the two say: `python -m tests.tools.mp4check FILE`.
"""

import json
import mmap
import struct
import subprocess
import sys
from collections.abc import Iterator
from fractions import Fraction
from itertools import chain, repeat
from pathlib import Path
from typing import Any, NamedTuple

TIMESCALE = 90_000


class Sample(NamedTuple):
    """One row of the sample tables; times in ticks before the edit list."""

    offset: int
    size: int
    dts: int
    pts: int
    is_sync: bool


class Tables(NamedTuple):
    """A file's one track, read from its tables by pymp4."""

    duration: int  # ticks, of the movie
    width: int
    height: int
    entry: str  # avc1, hvc1
    edits: tuple[tuple[int, int], ...]  # (duration, media time)
    samples: tuple[Sample, ...]
    top: tuple[tuple[str, int, int], ...]  # boxes of the file: kind, offset, size

    def shown(self) -> list[tuple[int, Sample]]:
        """(when it is shown from the file's start, sample) of the samples that the edit list shows, in order."""
        empty = sum(duration for duration, media in self.edits if media < 0)
        duration, media = next(edit for edit in self.edits if edit[1] >= 0)
        inside = [(s.pts - media + empty, s) for s in self.samples if s.pts < media + duration]
        inside.sort(key=lambda pair: pair[0])
        first = max((i for i, pair in enumerate(inside) if pair[0] <= empty), default=0)
        return inside[first:]


_CONTAINERS = ("moov", "trak", "mdia", "minf", "stbl", "edts")


def read_tables(path: Path) -> Tables:
    """Parse with pymp4, box by box: it does not know all of them. Raises what it raises."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        top = tuple(_boxes(data))
    kinds = [kind for kind, _, _ in top]
    assert kinds == ["ftyp", "moov", "mdat"], kinds
    with path.open("rb") as file:
        file.seek(top[1][1])
        leaves = _leaves(file.read(top[1][2]))
    mvhd, mdhd, tkhd = _parsed(leaves, "mvhd"), _parsed(leaves, "mdhd"), _parsed(leaves, "tkhd")
    assert mvhd.timescale == mdhd.timescale == TIMESCALE
    assert tkhd.duration == mvhd.duration
    assert mdhd.duration == sum(e.sample_count * e.sample_delta for e in _parsed(leaves, "stts").entries)
    stsd = leaves["stsd"]
    assert stsd[12:16] == b"\0\0\0\1", "one sample entry"
    return Tables(
        mvhd.duration,
        tkhd.width >> 16,
        tkhd.height >> 16,
        stsd[20:24].decode(),
        tuple(_edits(leaves["elst"][8:])),
        tuple(_samples(leaves)),
        top,
    )


def _boxes(data: bytes | mmap.mmap) -> Iterator[tuple[str, int, int]]:
    at = 0
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        if size == 1:
            (size,) = struct.unpack_from(">Q", data, at + 8)
        yield kind.decode(), at, size
        at += size
    assert at == len(data), "the last box ends where the file ends"


def _leaves(data: bytes) -> dict[str, bytes]:
    """Boxes without boxes in them; each kind occurs once, so there is one track."""
    found: dict[str, bytes] = {}
    for kind, at, size in _boxes(data):
        inner = _leaves(data[at + 8 : at + size]) if kind in _CONTAINERS else {kind: data[at : at + size]}
        assert not found.keys() & inner.keys(), found.keys() & inner.keys()
        found |= inner
    return found


def _parsed(leaves: dict[str, bytes], kind: str) -> Any:
    from pymp4.parser import Box  # type: ignore[import-untyped]  # its construct is slow to import

    return Box.parse(leaves[kind])


def _samples(leaves: dict[str, bytes]) -> Iterator[Sample]:
    deltas = chain.from_iterable(repeat(e.sample_delta, e.sample_count) for e in _parsed(leaves, "stts").entries)
    shifts = _runs(leaves["ctts"][8:]) if "ctts" in leaves else repeat(0)
    syncs = {entry.sample_number for entry in _parsed(leaves, "stss").entries}
    stsz = _parsed(leaves, "stsz")
    assert stsz.sample_count == len(stsz.entry_sizes)
    dts = 0
    places = zip(_offsets(leaves, stsz.entry_sizes), stsz.entry_sizes, deltas, shifts, strict=False)
    for number, (offset, size, delta, shift) in enumerate(places, 1):
        yield Sample(offset, size, dts, dts + shift, number in syncs)
        dts += delta


def _offsets(leaves: dict[str, bytes], sizes: list[int]) -> Iterator[int]:
    chunks = [entry.chunk_offset for entry in _parsed(leaves, "co64").entries]
    runs = [(entry.first_chunk, entry.samples_per_chunk) for entry in _parsed(leaves, "stsc").entries]
    sample, run = 0, 0
    for chunk, start in enumerate(chunks, 1):
        at = start
        if run + 1 < len(runs) and runs[run + 1][0] <= chunk:
            run += 1
        for _ in range(runs[run][1]):
            yield at
            at += sizes[sample]
            sample += 1
    assert sample == len(sizes), "stsc and co64 place every sample"


def _runs(ctts: bytes) -> Iterator[int]:
    """pymp4 does not know ctts: ISO/IEC 14496-12 clause 8.6.1.3."""
    form = ">Ii" if ctts[0] else ">II"
    for count, shift in struct.iter_unpack(form, ctts[8:]):
        yield from repeat(shift, count)


def _edits(elst: bytes) -> Iterator[tuple[int, int]]:
    """Nor elst: clause 8.6.6."""
    for duration, media, rate in struct.iter_unpack(">QqI" if elst[0] else ">IiI", elst[8:]):
        assert rate == 0x10000
        yield duration, media


class Packet(NamedTuple):
    """What ffmpeg's demuxer gives; times in ticks after the edit list."""

    pts: int
    dts: int
    size: int
    pos: int
    is_key: bool
    is_discarded: bool


def probe(path: Path | str, *arguments: str) -> dict[str, Any]:
    """What ffprobe says; fails if it says anything on its error channel."""
    done = subprocess.run(
        ("ffprobe", "-v", "warning", *arguments, "-of", "json", str(path)), capture_output=True, text=True, check=True
    )
    assert not done.stderr.strip(), done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def duration(path: Path | str) -> Fraction:
    """Seconds, as ffprobe tells them of the file."""
    return Fraction(probe(path, "-show_entries", "format=duration")["format"]["duration"])


def packets(path: Path | str) -> list[Packet]:
    """All packets in file order."""
    fields = "packet=pts,dts,size,pos,flags"
    found = probe(path, "-select_streams", "v:0", "-show_entries", fields)["packets"]
    return [
        Packet(p["pts"], p["dts"], int(p["size"]), int(p["pos"]), p["flags"][0] == "K", "D" in p["flags"])
        for p in found
    ]


def nal_units(path: Path, samples: list[Sample] | tuple[Sample, ...]) -> Iterator[list[bytes]]:
    """The NAL units of each sample, without their lengths."""
    with path.open("rb") as file:
        for sample in samples:
            file.seek(sample.offset)
            data, at, units = file.read(sample.size), 0, []
            while at < len(data):
                (length,) = struct.unpack_from(">I", data, at)
                units.append(data[at + 4 : at + 4 + length])
                at += 4 + length
            assert at == len(data), "NAL units fill the sample"
            yield units


if __name__ == "__main__":
    file = Path(sys.argv[1])
    tables = read_tables(file)
    print(tables._replace(samples=()), len(tables.samples), "samples")
    print(float(duration(file)), "s,", len(packets(file)), "packets")
