# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later

import errno
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.tools.tape import HOUR_0, NODE, START, Tape, camera, close, cut, root_at, volume
from torrazzo.archive import Root, VolumeReader, VolumeWriter, make_root, open_root
from torrazzo.archive.header import SIZE
from torrazzo.archive.reader import NeverBegan
from torrazzo.archive.record import HEADER_SIZE, Kind
from torrazzo.archive.recovery import side_index
from torrazzo.archive.root import volume_names
from torrazzo.archive.volume import MAX_AGE
from torrazzo.base.errors import Damaged, Stopped, Unavailable
from torrazzo.base.times import SECOND, BootNs, UtcTicks
from torrazzo.durable import DiskFile, OsDisk

DISK = OsDisk()


@pytest.fixture
def root(tmp_path: Path) -> Root:
    return root_at(tmp_path / "root")


def recorded(root: Root, streams: int = 3, *, closed: bool = True) -> tuple[Path, list[Tape]]:
    """A volume with two segments of each stream, piece by piece among each other."""
    made = volume(root, 1)
    tapes = [Tape(camera(number), 1) for number in range(streams)]
    for tape in tapes:
        tape.begin(made)
        tape.pieces(made, 4)
    made.flush()
    for tape in tapes:
        tape.gap(made, 2)
        tape.pieces(made, 3)
    return (close if closed else cut)(made), tapes


def test_roots(tmp_path: Path) -> None:
    """A root is found again, is not made twice, and is missed where a disk isn't mounted."""
    root = make_root(DISK, tmp_path / "a", NODE)
    assert open_root(DISK, tmp_path / "a") == root
    assert volume_names(DISK, root) == []
    with pytest.raises(FileExistsError, match="already"):
        make_root(DISK, tmp_path / "a", NODE)
    with pytest.raises(Unavailable, match="mounted"):
        open_root(DISK, tmp_path)
    DISK.publish(tmp_path / "a" / "root.json", b'{"v":1}')
    with pytest.raises(Damaged, match="hex digits"):
        open_root(DISK, tmp_path / "a")


def test_a_closed_volume_reads_back(root: Root) -> None:
    """Index, summary, headers at their places and payloads all agree."""
    path, tapes = recorded(root)
    with VolumeReader.open(DISK, path) as reader:
        assert reader.is_closed
        assert reader.listing().source == "index"
        records = reader.records()
        assert [record.kind for record in records].count(Kind.FACT) == 12
        assert records[-1].kind == Kind.SUMMARY
        assert all(reader.header_at(record.offset) == record for record in records)
        facts = [
            reader.payload(record) for record in records if record.kind == Kind.FACT and record.segment is not None
        ]
        assert sorted(facts) == sorted(line for tape in tapes for line in tape.lines)
        offsets = [record.offset for record in records if record.kind == Kind.PIECE]
        assert sorted(offsets) == sorted(place for tape in tapes for places in tape.places for place in places)
        held = reader.summary()[tapes[1].stream, tapes[1].term]
        assert (held.n, held.t0, held.t1) == (3, START, tapes[1].cursor)
        assert reader.payload(reader.header_at(held.offset)) == tapes[1].lines[-1]


def test_a_volume_cut_off_reads_the_same_by_scan_and_by_side_index(root: Root) -> None:
    """Without an end the scan finds every record; the side index gives the same list and summary."""
    path, _ = recorded(root, closed=False)
    with VolumeReader.open(DISK, path) as reader:
        assert not reader.is_indexed
        listing, summary, header = reader.listing(), reader.summary(), reader.header
        assert (listing.source, listing.damages) == ("scan", ())
    DISK.publish(path.with_suffix(".idx"), side_index(header, bytes(listing.headers)))
    with VolumeReader.open(DISK, path) as reader:
        assert reader.is_indexed
        assert not reader.is_closed
        assert reader.listing() == ("side", listing.headers, ())
        assert reader.summary() == summary


@pytest.mark.parametrize("closed", [True, False])
def test_damage_to_a_record_loses_that_record_only(root: Root, closed: bool) -> None:
    """Whatever byte of a header breaks, the scan finds all the others and names the place."""
    path, _ = recorded(root, 2, closed=False)
    with VolumeReader.open(DISK, path) as reader:
        before = reader.records()
    data = path.read_bytes()
    for victim in before[:: len(before) // 7]:
        for at in (0, 6, 9, 15, 60, 175):
            broken = bytearray(data)
            broken[victim.offset + at] ^= 0x40
            path.write_bytes(broken)
            with VolumeReader.open(DISK, path) as reader:
                assert reader.records() == tuple(each for each in before if each != victim)
                (damage,) = reader.listing().damages
                assert (damage.offset, damage.length) == (victim.offset, victim.end - victim.offset)


def test_every_truncation_keeps_the_whole_records(root: Root) -> None:
    """Cut anywhere, the records before the cut are found."""
    path, _ = recorded(root, 1, closed=False)
    with VolumeReader.open(DISK, path) as reader:
        before = reader.records()
    data = path.read_bytes()
    for size in range(SIZE, len(data), 97):
        path.write_bytes(data[:size])
        with VolumeReader.open(DISK, path) as reader:
            assert reader.records() == tuple(each for each in before if each.end <= size)
            assert all(damage.is_tail for damage in reader.listing().damages)
            assert bool(reader.listing().damages) == (size not in {SIZE, *(each.end for each in before)})


def test_a_bad_index_falls_back_to_the_scan(root: Root) -> None:
    """A flipped bit in index or end costs nothing but the time of a scan."""
    path, _ = recorded(root, 2)
    with VolumeReader.open(DISK, path) as reader:
        before = reader.records()
    data = path.read_bytes()
    for at in (len(data) - 1, len(data) - 20, len(data) - 300, len(data) - 32 - HEADER_SIZE * len(before) - 50):
        broken = bytearray(data)
        broken[at] ^= 1
        path.write_bytes(broken)
        with VolumeReader.open(DISK, path) as reader:
            assert reader.listing().source == "scan"
            assert reader.records() == before
            assert reader.listing().damages


def test_a_payload_that_changed_is_refused(root: Root) -> None:
    """Neither a flipped bit nor a cut payload is given out."""
    path, tapes = recorded(root, 1, closed=False)
    data = bytearray(path.read_bytes())
    with VolumeReader.open(DISK, path) as reader:
        victim = reader.header_at(tapes[0].places[1][2])
    data[victim.payload_offset + 7] ^= 1
    path.write_bytes(data)
    with VolumeReader.open(DISK, path) as reader:
        with pytest.raises(Damaged, match=r"n=1 piece 2 at 2026-12-13T22:00:01.000Z.*SHA-256"):
            reader.payload(victim)
        assert len(reader.payload(victim, verify=False)) == victim.payload_length
    path.write_bytes(data[: victim.end - 1])
    with VolumeReader.open(DISK, path) as reader, pytest.raises(Damaged, match="are there"):
        reader.payload(victim)
    with VolumeReader.open(DISK, path) as reader, pytest.raises(Damaged, match="footage check"):
        reader.header_at(victim.offset + 1)


def test_a_bad_volume_header_is_told_by_the_name(root: Root) -> None:
    """A broken or exchanged header loses nothing while the file's name is right; with a wrong name all is lost."""
    path, _ = recorded(root)
    with VolumeReader.open(DISK, path) as reader:
        before = reader.records()
    other = volume(root, 2, 9)
    other.flush()
    data = path.read_bytes()
    for first in (bytes(64), other.header.pack()):
        path.write_bytes(first + data[64:])
        with VolumeReader.open(DISK, path) as reader:
            assert reader.records() == before
            assert reader.header.fence == 1
            assert [damage.what for damage in reader.listing().damages] == ["bad volume header"]
    path.write_bytes(bytes(64) + data[64:])
    stray = path.with_name(path.name.replace("00000001", "00000007"))
    path.rename(stray)
    with pytest.raises(Damaged, match="no record in it belongs"):
        VolumeReader.open(DISK, stray)


def test_a_file_whose_making_was_interrupted_is_told_apart(root: Root) -> None:
    """At most 64 bytes without a header: it never held anything."""
    path, _ = recorded(root)
    for size in (0, 30, 64):
        path.write_bytes(bytes(size))
        with pytest.raises(NeverBegan):
            VolumeReader.open(DISK, path)


def test_nothing_is_written_after_a_failure(root: Root) -> None:
    """After a failed write or sync the error is passed on, and the volume takes nothing more."""
    for act in ("append", "sync"):
        made = volume(root, 1, 5 if act == "append" else 6)
        made._file = FailingFile(made._file, act)
        with pytest.raises(OSError, match="disk gone"):
            made.flush()
        assert not made.takes_records
        with pytest.raises(Stopped):
            made.place(Kind.CLOCK, 0, payload=b"{}")
        with pytest.raises(Stopped):
            made.finish()
        made.abandon()
        assert made.is_abandoned


def test_a_creation_that_fails_leaves_no_file(root: Root) -> None:
    """A full disk, tried again every second, does not collect empty files."""
    disk = FullDisk()
    with pytest.raises(OSError, match="No space"):
        VolumeWriter.create(
            disk,
            root,
            hour=HOUR_0,
            retention_class="standard",
            fence=1,
            serial=0,
            utc=UtcTicks(START),
            boot_ns=BootNs(1),
        )
    assert volume_names(disk, root) == []


def test_a_segment_without_fact_keeps_the_end_away(root: Root) -> None:
    """A volume in which a segment is not told yet is left to recovery instead of being closed."""
    made = volume(root, 1)
    tape = Tape(camera(1), 1)
    tape.begin(made)
    tape.pieces(made, 2, fact=False)
    assert made.finish() is False
    with VolumeReader.open(DISK, root.volumes / made.name) as reader:
        assert not reader.is_indexed
        assert len(reader.records()) == 6


def test_a_volume_is_full_by_size_age_or_a_clock_set_back(root: Root) -> None:
    """Ten minutes, or a clock before its creation; what is pending counts as size."""
    made = volume(root, 1)
    assert not made.is_full(UtcTicks(START + MAX_AGE - 1))
    assert made.is_full(UtcTicks(START + MAX_AGE))
    assert made.is_full(UtcTicks(START - SECOND))
    made._end = 4 << 30
    assert made.is_full(UtcTicks(START))


def test_pending_bytes_are_counted_and_freed(root: Root) -> None:
    """Placed bytes are pending until written; writing twice writes once; file and offsets agree."""
    made = volume(root, 1)
    tape = Tape(camera(1), 1)
    tape.begin(made)
    places = tape.pieces(made, 2)
    assert made.pending_bytes == made.size - SIZE
    made.write()
    made.write()
    assert made.pending_bytes == 0
    made.flush()
    assert (root.volumes / made.name).stat().st_size == made.size
    close(made)
    assert made.pending_bytes == 0
    with VolumeReader.open(DISK, root.volumes / made.name) as reader:
        assert [reader.header_at(place).piece for place in places] == [0, 1, 2]


def test_headers_cost_176_bytes_each_until_the_end(root: Root) -> None:
    """What a volume keeps of the records that were written is their headers and little else."""
    made = volume(root, 1)
    for number in range(1_000):
        made.place(Kind.CLOCK, 0, payload=b"{}", t0=number)
    made.flush()
    assert len(made._headers) == 1_001 * HEADER_SIZE
    assert not made._pending
    close(made)
    assert not made._headers


class FailingFile:
    """A file whose next append or sync fails."""

    def __init__(self, file: DiskFile, act: str) -> None:
        self._file, self._act = file, act
        self.size = file.size

    def append(self, buffers: Sequence[bytes | bytearray | memoryview]) -> int:
        if self._act == "append":
            raise OSError(errno.EIO, "disk gone")
        return self._file.append(buffers)

    def sync(self) -> None:
        raise OSError(errno.EIO, "disk gone")

    def close(self) -> None:
        self._file.close()


class FullDisk(OsDisk):
    """Makes files and has no room for a byte."""

    def create(self, path: Path) -> DiskFile:  # type: ignore[override]  # any file that keeps the protocol will do
        file = super().create(path)
        return FullFile(file, "append")


class FullFile(FailingFile):
    def append(self, buffers: Sequence[bytes | bytearray | memoryview]) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")
