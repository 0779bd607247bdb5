# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What others see in an MP4 of ours: ffprobe, and hachoir, a parser that shares no code with either of us.

Run on a file, it prints what the two say: `python -m tests.tools.mp4check FILE`.
"""

import json
import struct
import subprocess
import sys
from collections.abc import Iterator
from fractions import Fraction
from itertools import repeat
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
    """A file's one track, read from its tables by hachoir."""

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


def read_tables(path: Path) -> Tables:
    """Parse with hachoir; raises what it raises."""
    from hachoir.parser.container.mp4 import MP4File  # slow to import
    from hachoir.stream import FileInputStream

    with FileInputStream(str(path)) as stream:
        file = MP4File(stream)
        atoms = [(atom["tag"].value, atom.absolute_address // 8, atom.size // 8) for atom in file]
        assert [kind for kind, _, _ in atoms] == ["ftyp", "moov", "mdat"], atoms
        assert sum(size for _, _, size in atoms) == path.stat().st_size, "the last box ends where the file ends"
        return _tables(file["atom[1]/movie"], tuple(atoms))


def _tables(movie: Any, top: tuple[tuple[str, int, int], ...]) -> Tables:
    leaves = _leaves(movie)
    mvhd, mdhd, tkhd = leaves["mvhd"], leaves["mdhd"], leaves["tkhd"]
    assert mvhd["time_scale"].value == mdhd["time_scale"].value == TIMESCALE
    assert tkhd["duration"].value == mvhd["duration"].value
    assert mdhd["duration"].value == sum(_runs(leaves["stts"], "sample_count", "sample_delta"))
    assert leaves["stsd"]["count"].value == 1
    edits = zip(_column(leaves["elst"], "duration"), _column(leaves["elst"], "time"), strict=True)
    return Tables(
        mvhd["duration"].value,
        int(tkhd["frame_size_width"].value),
        int(tkhd["frame_size_height"].value),
        leaves["stsd"]["sample_entry[0]/format"].value.decode(),
        tuple(edits),
        tuple(_samples(leaves)),
        top,
    )


def _leaves(atoms: Any) -> dict[str, Any]:
    """The boxes that hold tables; each kind occurs once, so there is one track."""
    found: dict[str, Any] = {}
    for atom in atoms.array("atom"):
        kind, content = atom["tag"].value, atom[atom.tag_info[atom["tag"].value][1]]
        inner = _leaves(content) if kind in {"trak", "edts", "mdia", "minf", "stbl"} else {kind: content}
        assert not found.keys() & inner.keys(), found.keys() & inner.keys()
        found |= inner
    return found


def _column(table: Any, name: str) -> list[int]:
    return [field.value for field in table.array(name)]


def _runs(table: Any, count: str, value: str) -> Iterator[int]:
    for times, each in zip(_column(table, count), _column(table, value), strict=True):
        yield from repeat(each, times)


def _samples(leaves: dict[str, Any]) -> Iterator[Sample]:
    deltas = _runs(leaves["stts"], "sample_count", "sample_delta")
    shifts: Iterator[int] = repeat(0)
    if "ctts" in leaves:
        sign = 1 << 31 if leaves["ctts"]["version"].value else 0  # hachoir reads both versions as unsigned
        shifts = ((v ^ sign) - sign for v in _runs(leaves["ctts"], "sample_count", "sample_offset"))
    syncs = set(_column(leaves["stss"], "sample_number"))
    sizes = _column(leaves["stsz"], "sample_size")
    dts = 0
    places = zip(_offsets(leaves, sizes), sizes, deltas, shifts, strict=False)
    for number, (offset, size, delta, shift) in enumerate(places, 1):
        yield Sample(offset, size, dts, dts + shift, number in syncs)
        dts += delta


def _offsets(leaves: dict[str, Any], sizes: list[int]) -> Iterator[int]:
    runs = dict(zip(_column(leaves["stsc"], "first_chunk"), _column(leaves["stsc"], "samples_per_chunk"), strict=True))
    sample = samples = 0
    for chunk, start in enumerate(_column(leaves["co64"], "chunk_offset"), 1):
        samples = runs.get(chunk, samples)
        at = start
        for _ in range(samples):
            yield at
            at += sizes[sample]
            sample += 1
    assert sample == len(sizes), "stsc and co64 place every sample"


class Packet(NamedTuple):
    """What ffmpeg's demuxer gives; times in ticks after the edit list."""

    pts: int
    dts: int
    size: int
    pos: int
    is_key: bool


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
    return [Packet(p["pts"], p["dts"], int(p["size"]), int(p["pos"]), p["flags"][0] == "K") for p in found]


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
