# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later

from array import array
from pathlib import Path

import pytest

from tests.tools.mp4check import Tables, duration, nal_units, packets, read_tables
from tests.tools.recording import STREAM, Recording
from torrazzo.base import Span
from torrazzo.base.errors import Damaged
from torrazzo.base.times import HOUR, SECOND, UtcTicks
from torrazzo.playback import Footage
from torrazzo.playback.boxes import box_head, find_box
from torrazzo.playback.moov import Edit, SampleTable, ftyp, moov

HOLE = 5 << 30  # bytes


def write(path: Path, init: bytes, durations: list[int], frames: list[bytes], edits: list[Edit], hole: int) -> Tables:
    """A file with `hole` bytes of nothing in front of its samples, each of which is a chunk of its own."""
    table = SampleTable.empty()
    table.durations.extend(durations)
    table.shifts.extend(0 for _ in frames)
    table.sizes.extend(map(len, frames))
    table.keys.append(0)
    at = hole
    for frame in frames:
        table.chunk_offsets.append(at)
        table.chunk_samples.append(1)
        at += len(frame)
    first, last = ftyp(b"avc1"), box_head(b"mdat", at)
    length = len(first) + len(moov(init, table, edits, 0, 0)) + len(last)
    with path.open("wb") as file:
        file.write(first + moov(init, table, edits, 0, length) + last)
        file.seek(hole, 1)
        file.writelines(frames)
    return read_tables(path)


@pytest.fixture
def parts(recording: Recording, footage: Footage) -> tuple[bytes, list[bytes]]:
    """An init and a few access units."""
    row = footage.segments(STREAM, Span(recording.start, UtcTicks(recording.now)))[0]
    return footage.open_piece(row, 0), [told.unit.data for told in recording.told[:5]]


def test_a_file_beyond_4_gib_is_read(parts: tuple[bytes, list[bytes]], tmp_path: Path) -> None:
    """With an mdat of more than 4 GiB the offsets still point at the samples."""
    init, frames = parts
    out = tmp_path / "large.mp4"
    tables = write(out, init, [3_600] * 5, frames, [Edit(18_000, 0)], HOLE)
    assert tables.samples[0].offset > HOLE
    assert [b"".join(len(n).to_bytes(4) + n for n in nals) for nals in nal_units(out, tables.samples)] == frames
    assert [packet.pos for packet in packets(out)] == [sample.offset for sample in tables.samples]


def test_a_file_of_many_hours_is_read(parts: tuple[bytes, list[bytes]], tmp_path: Path) -> None:
    """With times beyond 32 bits (13 hours) the duration is right for everyone."""
    init, frames = parts
    out = tmp_path / "long.mp4"
    tables = write(out, init, [7 * HOUR] * 5, frames, [Edit(30 * HOUR, 5 * HOUR)], 0)
    assert tables.duration == 30 * HOUR
    assert tables.edits == ((30 * HOUR, 5 * HOUR),)
    assert duration(out) == 30 * 3_600
    assert tables.samples[4].dts == 28 * HOUR


def test_tables_in_runs_are_those_that_were_given(parts: tuple[bytes, list[bytes]], tmp_path: Path) -> None:
    """Durations that repeat and change, negative shifts and chunks of different lengths come back as they were."""
    init, frames = parts
    table = SampleTable(
        array("I", [3_600, 3_600, 1, SECOND, 3_600]),
        array("i", [0, 7_200, -3_600, 0, 0]),
        array("I", map(len, frames)),
        array("I", [0, 3]),
        array("Q", [0, sum(map(len, frames[:2])) + 3]),
        array("I", [2, 3]),
    )
    out = tmp_path / "runs.mp4"
    payload = b"".join(frames[:2]) + bytes(3) + b"".join(frames[2:])
    first, last = ftyp(b"avc1"), box_head(b"mdat", len(payload))
    at = len(first) + len(moov(init, table, [Edit(SECOND, 0)], 0, 0)) + len(last)
    out.write_bytes(first + moov(init, table, [Edit(SECOND, 0)], 0, at) + last + payload)
    tables = read_tables(out)
    assert [s.dts for s in tables.samples] == [0, 3_600, 7_200, 7_201, 7_201 + SECOND]
    assert [s.pts - s.dts for s in tables.samples] == [0, 7_200, -3_600, 0, 0]
    assert [s.is_sync for s in tables.samples] == [True, False, False, True, False]
    assert [b"".join(len(n).to_bytes(4) + n for n in nals) for nals in nal_units(out, tables.samples)] == frames
    assert (tables.width, tables.height, tables.entry) == (320, 240, "avc1")


def test_the_time_of_making_is_the_span_s_start(recording: Recording, footage: Footage) -> None:
    """Players that show when a video was made show when it begins, also past 2040, when 32 bits are over."""
    init = footage.open_piece(footage.segments(STREAM, Span(recording.start, UtcTicks(recording.now)))[0], 0)
    for year_2042, version in ((0, 0), (1, 1)):
        when = (1_795_557_600 + year_2042 * 16 * 366 * 86_400) * SECOND
        data = moov(init, SampleTable.empty(), [Edit(1, 0)], when, 0)
        mvhd = find_box(data, b"moov", b"mvhd").start
        assert data[mvhd] == version
        created = int.from_bytes(data[mvhd + 4 : mvhd + (12 if version else 8)])
        assert created == when // SECOND + 2_082_844_800


def test_a_box_that_is_not_there_is_damage() -> None:
    """The error names the path that was looked for."""
    with pytest.raises(Damaged, match="moov/trak"):
        find_box(b"\0\0\0\x08free", b"moov", b"trak")
