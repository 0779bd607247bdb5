# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What flushes that failed left behind: recovery takes what was told in its place."""

import copy
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tools.tape import (
    START,
    Tape,
    camera,
    clock,
    close,
    cut,
    root_at,
    volume,
)
from torrazzo.archive import Root, VolumeReader, VolumeWriter, recover
from torrazzo.archive.check import check
from torrazzo.archive.record import Kind
from torrazzo.archive.recovery import finish_recovery
from torrazzo.base.times import SECOND
from torrazzo.durable import OsDisk

DISK = OsDisk()


@pytest.fixture
def root(tmp_path: Path) -> Root:
    return root_at(tmp_path / "root")


def test_of_two_facts_with_one_number_the_named_one_counts(root: Root, tmp_path: Path) -> None:
    """A flush failed after its records had reached the disk, the recorder told it otherwise elsewhere."""
    other = root_at(tmp_path / "other")
    made = volume(root, 1)
    tape = Tape(camera(1), 1)
    tape.begin(made)
    tape.pieces(made, 4)
    hash_before, n_before = tape.hash, tape.n
    tape.gap(made, 2, "hole")
    superseded = tape.lines.pop()
    path = cut(made)
    tape.hash, tape.n, tape.cursor = hash_before, n_before, START + 4 * SECOND
    moved = volume(other, 1, 1, at=START + 4 * SECOND)
    tape.gap(moved, 9, "disk")
    tape.pieces(moved, 2)
    cut(moved)
    found = recover(DISK, [root, other], 2)
    assert found.facts == []
    assert found.last[camera(1)] == tape.last
    finish_recovery(DISK, found)
    with VolumeReader.open(DISK, path) as reader:
        kept = [reader.payload(header) for header in reader.records() if header.kind == Kind.FACT]
    assert kept == tape.lines[:2]
    assert superseded not in kept


def test_without_a_follower_the_volume_written_longest_counts(root: Root, tmp_path: Path) -> None:
    """The same, with the crash before anything named one of the two."""
    other = root_at(tmp_path / "other")
    made, moved = volume(root, 1), volume(other, 1, 1)
    tape = Tape(camera(1), 1)
    tape.begin(made)
    hash_before = tape.hash
    tape.gap(made, 2, "hole")
    cut(made)
    tape.hash, tape.n, tape.cursor = hash_before, 1, START
    tape.gap(moved, 9, "disk")
    clock(moved, START + 9 * SECOND)
    cut(moved)
    found = recover(DISK, [root, other], 2)
    assert found.last[camera(1)] == tape.last


def kept_facts(path: Path) -> list[bytes]:
    """Facts of a volume that count, as its index has them."""
    with VolumeReader.open(DISK, path) as reader:
        return [reader.payload(header) for header in reader.records() if header.kind == Kind.FACT]


def part(tape: Tape, failing: VolumeWriter, taking: VolumeWriter) -> Tape:
    """A flush that failed leaves n=2 and 3 in one volume; n=2 is told otherwise in another. Returns the ghost."""
    tape.begin(failing)
    tape.pieces(failing, 4)
    ghost = copy.deepcopy(tape)
    ghost.pieces(failing, 5)
    ghost.gap(failing, 1, "hole")
    tape.gap(taking, 9, "disk")
    clock(taking, tape.cursor)
    return ghost


@pytest.mark.parametrize("end", [cut, close])
@pytest.mark.parametrize("is_named", [False, True])
def test_a_line_of_ghosts_counts_nowhere(
    root: Root, tmp_path: Path, end: Callable[[VolumeWriter], Path], is_named: bool
) -> None:
    """However many there are, what was told in their place stays: its volume closed or not, a term behind it or not."""
    other = root_at(tmp_path / "other")
    failing, taking = volume(root, 1), volume(other, 1)
    tape = Tape(camera(1), 1)
    ghost = part(tape, failing, taking)
    paths, last = (cut(failing), end(taking)), tape
    if is_named:
        made = volume(other, 2, at=START + 30 * SECOND)
        last = Tape(camera(1), 2, START + 30 * SECOND, tape.last)
        last.begin(made)
        last.gap(made, 5, "restart")
        close(made)
    found = recover(DISK, [root, other], 3)
    assert (found.facts, found.last) == ([], {camera(1): last.last})
    finish_recovery(DISK, found)
    assert [kept_facts(path) for path in paths] == [tape.lines[:2], tape.lines[2:]]
    assert not set(ghost.lines[2:]) & {line for path in paths for line in kept_facts(path)}
    assert list(check(DISK, [root, other])) == []


def test_a_torn_ghost_takes_nothing_with_it(root: Root, tmp_path: Path) -> None:
    """Pieces that only a ghost tells of were lost: the fact that was told in its place, seconds ago, stays."""
    other = root_at(tmp_path / "other")
    failing, taking = volume(root, 1), volume(other, 1)
    tape = Tape(camera(1), 1)
    ghost = part(tape, failing, taking)
    path = cut(failing)
    cut(taking)
    data = bytearray(path.read_bytes())
    data[ghost.places[2][5] + 200] ^= 1
    path.write_bytes(data)
    found = recover(DISK, [root, other], 2)
    assert (found.facts, found.last) == ([], {camera(1): tape.last})


def test_pieces_that_a_ghost_tells_of_too_are_there(root: Root, tmp_path: Path) -> None:
    """A segment was cut short by the failure: its fact, told in another volume, has its pieces as its ghost has."""
    other = root_at(tmp_path / "other")
    failing, taking = volume(root, 1), volume(other, 1)
    tape, short = Tape(camera(1), 1), Tape(camera(1), 1)
    tape.begin(failing)
    short.begin(volume(root_at(tmp_path / "elsewhere"), 1))
    tape.pieces(failing, 5)
    short.pieces(volume(root_at(tmp_path / "nowhere"), 1), 4)
    short.tell(taking, short.lines[1])
    short.gap(taking, 9, "disk")
    clock(taking, short.cursor)
    paths = cut(failing), cut(taking)
    found = recover(DISK, [root, other], 2)
    assert (found.facts, found.last) == ([], {camera(1): short.last})
    finish_recovery(DISK, found)
    assert [kept_facts(path) for path in paths] == [short.lines[:1], short.lines[2:]]


def test_of_two_beginnings_of_a_segment_the_one_that_fits_counts(root: Root, tmp_path: Path) -> None:
    """A number's pieces lie in two volumes, more of them in that of the ghosts: those behind told facts are taken."""
    other = root_at(tmp_path / "other")
    failing, taking = volume(root, 1), volume(other, 1)
    tape = Tape(camera(1), 1)
    tape.begin(failing)
    ghost = copy.deepcopy(tape)
    ghost.gap(failing, 2, "hole")
    ghost.pieces(failing, 8, fact=False)
    tape.gap(taking, 9, "disk")
    tape.pieces(taking, 2, fact=False)
    clock(taking, tape.cursor + 2 * SECOND)
    cut(failing)
    cut(taking)
    (owed,) = recover(DISK, [root, other], 2).facts
    assert (owed.volume, owed.parsed.n, owed.parsed.t0, owed.parsed.t1) == (
        taking.name,
        2,
        START + 9 * SECOND,
        START + 11 * SECOND,
    )


def test_a_fact_keeps_pieces_in_a_volume_that_was_settled_before(root: Root, tmp_path: Path) -> None:
    """The disk took one side index and refused the other: the fact in that other volume still has its pieces."""
    other = root_at(tmp_path / "other")
    holds, tells = volume(root, 1), volume(other, 1)
    tape, twin = Tape(camera(1), 1), Tape(camera(1), 1)
    twin.begin(volume(root_at(tmp_path / "elsewhere"), 1))
    twin.pieces(volume(root_at(tmp_path / "nowhere"), 1), 4)
    tape.begin(holds)
    tape.pieces(holds, 4, fact=False)
    tape.tell(tells, twin.lines[1])
    cut(holds)
    path = cut(tells)
    found = recover(DISK, [root, other], 2)
    assert (found.facts, found.last) == ([], {camera(1): tape.last._replace(t1=START + 4 * SECOND)})
    blocker = path.parent / f".{path.stem}.idx.new"
    blocker.mkdir()
    assert len(finish_recovery(DISK, found)) == 1
    again = recover(DISK, [root, other], 3)
    assert (again.facts, again.last, [each.path for each in again.volumes]) == ([], found.last, [path])
