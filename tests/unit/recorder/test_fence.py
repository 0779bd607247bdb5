# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later

import errno
import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.tools.tape import NODE, START, camera
from torrazzo.archive import LastFact, Root
from torrazzo.archive.header import VolumeHeader
from torrazzo.archive.recovery import Recovery
from torrazzo.base import StreamId, TermId
from torrazzo.base.errors import Damaged
from torrazzo.base.ids import NodeId, RootId
from torrazzo.base.times import HOUR, BootNs, UtcTicks
from torrazzo.recorder.fence import Fence
from torrazzo.recorder.journal import LostTerm
from torrazzo.testing import FaultyDisk

PATH = Path("/home/fence.json")
ROOTS = {name: Root(RootId(number), NODE, Path(f"/{name}")) for number, name in enumerate("xyz", 1)}
NOTHING = Recovery([], {}, [], [])


@pytest.fixture
def disk() -> FaultyDisk:
    made = FaultyDisk()
    made.make_folder(PATH.parent)
    return made


def start(disk: FaultyDisk, here: Iterable[str], configured: Iterable[str] = "xyz") -> Fence:
    """With these disks."""
    roots = [ROOTS[name] for name in here]
    return Fence(disk, PATH, NODE, roots, is_one_missing=len(roots) < len(list(configured)))


def term(fence: int) -> TermId:
    return TermId(NODE, fence, START + fence)


def last(fence: int) -> LastFact:
    return LastFact(term(fence), 7, bytes(32), START)


def found(*, told: int | None = None, away: int | None = None) -> Recovery:
    """What recovery has of camera 1: the start of whose term the last fact is known, or that which is away."""
    lasts = {} if told is None else {camera(1): last(told)}
    return NOTHING._replace(last=lasts, away={} if away is None else {camera(1): term(away)})


def lost(fence: int) -> dict[StreamId, LostTerm]:
    return {camera(1): LostTerm(str(term(fence)))}


def test_the_number_grows_with_each_start_and_terms_are_kept(disk: FaultyDisk) -> None:
    """Also before anything is recorded; what is known twice changes nothing."""
    assert [start(disk, "xyz").number for _ in range(3)] == [1, 2, 3]
    fence = start(disk, "xyz")
    fence.save({camera(1): term(4)})
    written = disk.content(PATH)
    fence.save({camera(1): term(4)})
    assert disk.content(PATH) == written
    assert start(disk, "xyz").terms == {camera(1): [term(4)]}


def test_a_lost_file_numbers_no_start_twice(disk: FaultyDisk) -> None:
    """The volumes' names go on with it: other nodes' do not count, nor what has no such name, nor a disk that fails."""
    assert start(disk, "xyz").number == 1
    disk.make_folder(ROOTS["y"].volumes)
    for node, fence in ((NODE, 0x11), (NODE, 0x0F), (NodeId(NODE + 1), 0x63)):
        name = VolumeHeader(node, ROOTS["y"].id, fence, 1, START // HOUR, "standard", UtcTicks(START), BootNs(0)).name
        disk.create(ROOTS["y"].volumes / name).close()
    disk.create(ROOTS["y"].volumes / "noname.vol").close()
    disk.unlink(PATH)
    assert start(disk, "xz").number == 1
    assert start(disk, "xyz").number == 0x12
    assert start(disk, "xyz").number == 0x13


def test_what_cannot_be_saved_is_not_known(disk: FaultyDisk) -> None:
    """Neither a number nor a term, whichever act fails; the next attempt has another number, and the term is told."""
    for act in ("create", "append", "sync", "rename", "sync_folder"):
        fence = start(disk, "xyz")
        fence.save({camera(1): term(fence.number)})
        known = fence.terms
        disk.fail(act, "/home*", error=errno.ENOSPC, count=2)
        with pytest.raises(OSError, match="No space"):
            start(disk, "xyz")
        with pytest.raises(OSError, match="No space"):
            fence.save({camera(1): term(99), camera(2): term(99)})
        assert fence.terms == known
        disk.heal()
        assert start(disk, "xyz").number > fence.number
        fence.save({camera(2): term(99)})
        assert fence.terms == {**known, camera(2): [*known.get(camera(2), []), term(99)]}
        disk.unlink(PATH)


def test_a_file_of_an_older_version_is_read(disk: FaultyDisk) -> None:
    """It says nothing of disks: with all of them here all is as it was, with one missing anything may be there."""
    old = {"v": 1, "fence": 17, "terms": {str(camera(1)): str(term(17))}}
    for here, is_away in (("xyz", False), ("xy", True)):
        disk.publish(PATH, json.dumps(old).encode())
        fence = start(disk, here)
        assert (fence.number, fence.terms) == (18, {camera(1): [term(17)]})
        assert [fence.is_away(NODE, number) for number in (3, 17, 18)] == [is_away, is_away, False]
        assert fence.is_away(NodeId(5), 18) == is_away
        assert fence.lost == ([(camera(1), term(17))] if is_away else [])
        assert set(json.loads(disk.content(PATH))) >= set(old)


def test_what_is_no_fence_file_is_refused(disk: FaultyDisk) -> None:
    """With what to write instead."""
    for data in (
        b"",
        b"{}",
        b'{"v":1,"fence":1,"terms":{"x":"y"}}',
        b'{"v":1,"fence":1,"terms":{},"roots":{"1":["q"]}}',
    ):
        disk.publish(PATH, data)
        with pytest.raises(Damaged, match="write"):
            start(disk, "xyz")


def test_a_start_is_away_while_a_disk_it_had_is(disk: FaultyDisk) -> None:
    """Or one that was here later, where its recovery may lie; never if no disk is missing that should be here."""
    start(disk, "xy", "xy")
    start(disk, "x", "xy")
    fence = start(disk, "x", "xy")
    assert [fence.is_away(NODE, number) for number in (1, 2, 3)] == [True, False, False]
    start(disk, "xz")
    fence = start(disk, "x")
    assert [fence.is_away(NODE, number) for number in (1, 2, 3, 4, 5)] == [True, True, True, True, False]
    for fence in (start(disk, "x", "x"), start(disk, "xyz")):
        assert not any(fence.is_away(NODE, number) for number in range(8))


def test_what_a_term_follows(disk: FaultyDisk) -> None:
    """The last fact that was found; a lost one while there may be a later one; nothing for a stream that is new."""
    assert start(disk, "xyz").priors(NOTHING) == {}
    start(disk, "xyz").save({camera(1): term(2)})
    fence = start(disk, "xyz")
    assert fence.priors(found(told=2)) == {camera(1): last(2)}
    assert fence.priors(NOTHING) == lost(2)
    assert (fence.lost, fence.priors(found(told=1))) == ([], {camera(1): last(1)})  # it began, and told nothing
    fence = start(disk, "xy")
    assert fence.lost == [(camera(1), term(2))]
    assert fence.priors(found(away=2)) == lost(2)
    assert start(disk, "xy", "xy").lost == [(camera(1), term(2))]  # the disk will not come back


def test_an_older_term_is_known_until_a_later_one_has_told_facts(disk: FaultyDisk) -> None:
    """Starts that died at once do not hide the one before them, which is away; then it is forgotten."""
    start(disk, "xyz").save({camera(1): term(1)})
    for number in (2, 3):
        fence = start(disk, "xy")
        fence.save({camera(1): term(number)})
        assert fence.lost == [(camera(1), term(1))]
        fence.forget_settled(found(away=1))
    fence = start(disk, "xy")
    fence.forget_settled(found(told=3))
    assert start(disk, "x", "xy").terms == {camera(1): [term(3)]}


def test_starts_that_are_settled_are_forgotten(disk: FaultyDisk) -> None:
    """All but the last one, those of last terms, and those that are away: the file does not grow."""
    fence = start(disk, "xyz")
    fence.save({camera(2): term(1)})
    for number in range(2, 40):
        fence = start(disk, "xy" if number < 20 else "xyz")
        fence.save({camera(1): term(number)})
        fence.forget_settled(found(told=number - 1))
        if number == 19:
            assert sorted(fence.roots) == [1, 18, 19]
    assert sorted(fence.roots) == [1, 38, 39]
    assert not start(disk, "xyz").is_away(NODE, 20)
