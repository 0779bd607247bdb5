# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whatever byte of an archive changes, goes or comes, a deep check says so, and reading never goes astray."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tools.tape import NODE, START, Tape, camera, volume
from torrazzo.archive import Root, VolumeReader, make_root, recover
from torrazzo.archive.check import Manner, check
from torrazzo.archive.record import RecordHeader
from torrazzo.archive.recovery import finish_recovery
from torrazzo.base.errors import Damaged
from torrazzo.base.times import SECOND
from torrazzo.testing.disk import FaultyDisk


class Archive:
    """One volume closed in order and one that was cut off and recovered."""

    def __init__(self) -> None:
        disk = FaultyDisk()
        self.root: Root = make_root(disk, Path("/r"), NODE)
        tapes = [Tape(camera(number), 1) for number in (1, 2)]
        for serial in range(2):
            made = volume(self.root, 1, serial, at=tapes[0].cursor, disk=disk)
            for tape in tapes:
                if serial == 0:
                    tape.begin(made)
                tape.pieces(made, 3, size=120)
                tape.gap(made, 2)
            if serial:
                tapes[0].pieces(made, 2, fact=False)
                made.flush()
                made.abandon()
            else:
                assert made.finish()
        found = recover(disk, [self.root], 2)
        made = volume(self.root, 2, 0, at=START + 60 * SECOND, disk=disk)
        for owed in found.facts:
            owed.place(made, owed.fact)
        for stream, last in found.last.items():
            Tape(stream, 2, START + 60 * SECOND, last).begin(made)
        assert made.finish()
        finish_recovery(disk, found)
        self.files = {path: disk.content(path) for path in disk.files()}
        self.volumes = [path for path in self.files if path.suffix == ".vol"]

    def with_change(self, changed: Path, data: bytes) -> FaultyDisk:
        disk = FaultyDisk()
        disk.make_folder(self.root.volumes)
        for path, content in self.files.items():
            file = disk.create(path)
            file.append([data if path == changed else content])
            file.sync()
            file.close()
        return disk

    def has_findings(self, disk: FaultyDisk) -> bool:
        return any(True for _ in check(disk, [self.root], Manner(deep=True)))


@pytest.fixture(scope="module")
def archive() -> Archive:
    made = Archive()
    path = made.volumes[0]
    assert not made.has_findings(made.with_change(path, made.files[path]))
    return made


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_flipped_bit_is_found(archive: Archive, data: st.DataObject) -> None:
    """In any volume, at any place."""
    path = data.draw(st.sampled_from(archive.volumes))
    content = bytearray(archive.files[path])
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= 1 << data.draw(st.integers(0, 7))
    assert archive.has_findings(archive.with_change(path, bytes(content)))


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_cut_is_found(archive: Archive, data: st.DataObject) -> None:
    """Bytes taken out anywhere, at the end too."""
    path = data.draw(st.sampled_from(archive.volumes))
    content = archive.files[path]
    start = data.draw(st.integers(0, len(content) - 1))
    end = data.draw(st.one_of(st.just(len(content)), st.integers(start + 1, len(content))))
    assert archive.has_findings(archive.with_change(path, content[:start] + content[end:]))


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_foreign_bytes_between_records_hide_none_of_those_before(archive: Archive, data: st.DataObject) -> None:
    """Insertions move what follows: nothing behind them is believed, all before them is."""
    path = data.draw(st.sampled_from(archive.volumes))
    content = archive.files[path]
    with VolumeReader.open(archive.with_change(path, content), path) as reader:
        records = reader.records()
    at = data.draw(st.sampled_from(records)).offset
    disk = archive.with_change(path, content[:at] + data.draw(st.binary(min_size=1, max_size=300)) + content[at:])
    disk.unlink(path.with_suffix(".idx")) if path.with_suffix(".idx") in archive.files else None
    try:
        reader = VolumeReader.open(disk, path)
    except Damaged:
        assert at == 64
        return
    with reader:
        assert [each for each in reader.records() if each.offset < at] == [each for each in records if each.offset < at]
        assert all(_reads(reader, each) for each in reader.records())


def _reads(reader: VolumeReader, header: RecordHeader) -> bool:
    return len(reader.payload(header)) == header.payload_length


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400), st.integers(0, 3))
def test_rubbish_is_survived(archive: Archive, rubbish: bytes, how: int) -> None:
    """A volume of rubbish, with a good header, a good tail or neither, is refused or read as far as it is sound."""
    path = archive.volumes[0]
    content = archive.files[path]
    whole = (rubbish, content[:64] + rubbish, rubbish + content[-200:], content[:500] + rubbish + content[-32:])[how]
    disk = archive.with_change(path, whole)
    try:
        with VolumeReader.open(disk, path) as reader:
            for header in reader.records():
                assert header.end <= len(whole) or reader.listing().source != "scan"
    except Damaged:
        assert how in {0, 2}
    assert archive.has_findings(disk)
