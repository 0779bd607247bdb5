# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Disks that are away while recovery is at work."""

import errno
from pathlib import Path

import pytest

from tests.tools.tape import BOOT_ID, NODE, START, Tape, camera, close, cut, line_is_whole, root_at, volume, with_tape
from torrazzo.archive import make_root, recover
from torrazzo.archive.fact import term_fact
from torrazzo.base.ids import NodeId
from torrazzo.base.times import SECOND
from torrazzo.durable import OsDisk
from torrazzo.testing.disk import FaultyDisk

DISK = OsDisk()


class Away:
    """What one disk has while another one, with the beginning of the same term, is away."""

    def __init__(self, folder: Path) -> None:
        self.gone, self.here = root_at(folder / "gone"), root_at(folder / "here")
        made, moved = volume(self.gone, 1), volume(self.here, 1)
        self.tape, self.dead = Tape(camera(1), 1), Tape(camera(2), 1)
        for tape in (self.tape, self.dead):
            tape.begin(made)
            tape.pieces(made, 4)
        self.dead.open_gap(made)
        close(made)
        self.tape.pieces(moved, 5)
        self.tape.pieces(moved, 3, fact=False)
        self.path = cut(moved)

    def is_away(self, _node: NodeId, fence: int) -> bool:
        return fence == 1

    def after(self, fence: int, number: int = 1) -> Tape:
        """A term that could not find this one, in a volume that was closed."""
        made = volume(self.here, fence, at=START + 60 * SECOND)
        tape = Tape(camera(number), fence, START + 60 * SECOND)
        line = term_fact(
            tape.stream,
            tape.term,
            t0=START + 60 * SECOND,
            m0=0,
            boot=BOOT_ID,
            software="",
            prior={"lost": str(self.tape.term)},
        )
        tape.tell(made, line)
        tape.gap(made, 5)
        close(made)
        return tape


def test_what_may_be_on_a_disk_that_is_away_is_left_as_it_is(tmp_path: Path) -> None:
    """No fact, no side index, no last fact: the start of the term, whose facts were told, may come back."""
    town = Away(tmp_path)
    found = recover(DISK, [town.here], 2, is_away=town.is_away)
    assert (found.facts, found.last, found.volumes, found.damages) == ([], {}, [], [])
    assert found.away == {camera(1): town.tape.term}


def test_what_was_away_is_completed_when_it_is_back(tmp_path: Path) -> None:
    """By its own remains, although a term follows that could not find it; and what was told stays."""
    town = Away(tmp_path)
    tapes = [town.after(2, 1), town.after(3, 2)]
    found = recover(DISK, [town.here], 4, is_away=town.is_away)
    assert (found.facts, found.volumes) == ([], [])
    assert found.last == {tape.stream: tape.last for tape in tapes}
    found = recover(DISK, [town.gone, town.here], 5)
    told = [(each.parsed.stream, each.parsed.n, each.parsed.kind, each.parsed.of) for each in found.facts]
    assert told == [(camera(1), 3, "seg", None), (camera(2), 3, "gap", 2)]
    assert found.facts[1].parsed.t1 == START + 12 * SECOND - SECOND // 25
    assert [each.path for each in found.volumes] == [town.path]
    assert found.last == {tape.stream: tape.last for tape in tapes}
    for tape in (town.tape, town.dead):
        line_is_whole(with_tape(tape, found))


def test_a_term_that_told_nothing_behind_one_that_is_away_says_lost(tmp_path: Path) -> None:
    """Its beginning is written by recovery, without the last fact of the term before; the accounting begins anew."""
    town = Away(tmp_path)
    made = volume(town.here, 2, at=START + 60 * SECOND)
    tape = Tape(camera(1), 2, START + 60 * SECOND)
    tape.n = 2
    tape.pieces(made, 3, fact=False)
    cut(made)
    found = recover(DISK, [town.here], 3, is_away=town.is_away)
    assert [each.parsed.kind for each in found.facts] == ["term", "gap", "seg"]
    assert (found.facts[0].parsed.lost_term, found.facts[0].parsed.t0) == (str(town.tape.term), START + 60 * SECOND)
    assert (found.last[camera(1)].term, found.away) == (tape.term, {})
    assert [each.path for each in found.volumes] == [made._path]


@pytest.mark.parametrize("is_found", [False, True])
def test_a_term_of_which_nothing_is_left_may_be_known_all_the_same(tmp_path: Path, is_found: bool) -> None:
    """The recorder remembers that it ran: while nothing of it is found, it stands between the terms around it."""
    town = Away(tmp_path)
    between = Tape(camera(1), 2, START + 40 * SECOND)
    if is_found:
        made = volume(town.here, 2, at=START + 40 * SECOND)
        between.begin(made)
        close(made)
    found = recover(DISK, [town.here], 3, lost=[(camera(1), between.term)])
    assert found.away == ({} if is_found else {camera(1): between.term})
    assert (camera(1) in found.last) == is_found


def test_a_volume_that_the_disk_does_not_give_may_be_given_later() -> None:
    """Its records cannot be read now: nothing is written for the terms of its start that could contradict them."""
    disk = FaultyDisk()
    root = make_root(disk, Path("/r"), NODE)
    made, other = volume(root, 1, 0, disk=disk), volume(root, 1, 1, disk=disk)
    tape = Tape(camera(1), 1)
    tape.begin(made)
    tape.pieces(made, 4)
    tape.pieces(other, 3, fact=False)
    cut(made)
    cut(other)
    for op in ("open_read", "read"):
        disk.fail(op, f"*{made.name}", count=None)
        found = recover(disk, [root], 2)
        assert (found.facts, found.last, found.volumes) == ([], {}, [])
        assert found.away == {camera(1): tape.term}
        assert made.name in {damage.volume for damage in found.damages}
        disk.heal()
    assert [each.parsed.n for each in recover(disk, [root], 2).facts] == [2]


@pytest.mark.parametrize("error", [errno.ENOENT, errno.EIO])
def test_a_volume_of_this_start_that_is_not_to_be_read_means_nothing(error: int) -> None:
    """It is being written, or could not be made and was taken away again: older terms are recovered all the same."""
    disk = FaultyDisk()
    root = make_root(disk, Path("/r"), NODE)
    made = volume(root, 1, disk=disk)
    tape = Tape(camera(1), 1)
    tape.begin(made)
    tape.pieces(made, 3, fact=False)
    cut(made)
    own = volume(root, 2, disk=disk)
    disk.fail("open_read", f"*{own.name}", error=error, count=None)
    found = recover(disk, [root], 2)
    assert [each.parsed.n for each in found.facts] == [1]
    assert found.away == {}
