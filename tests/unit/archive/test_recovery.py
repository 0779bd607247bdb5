# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later

from pathlib import Path

import pytest

from tests.tools.tape import (
    BOOT_ID,
    START,
    Tape,
    boot,
    camera,
    clock,
    close,
    cut,
    line_is_whole,
    root_at,
    volume,
    with_tape,
)
from torrazzo.archive import LastFact, Root, VolumeReader, recover
from torrazzo.archive.record import Kind
from torrazzo.archive.recovery import Recovery, finish_recovery
from torrazzo.archive.root import volume_names
from torrazzo.base.times import SECOND
from torrazzo.durable import OsDisk

DISK = OsDisk()


@pytest.fixture
def root(tmp_path: Path) -> Root:
    return root_at(tmp_path / "root")


def write_down(root: Root, found: Recovery, fence: int, serial: int = 90) -> Path:
    """Do as the recorder does: owed facts into an own volume, synced."""
    made = volume(root, fence, serial, at=START + 100 * SECOND)
    for owed in found.facts:
        owed.place(made, owed.fact)
    return cut(made)


def test_a_clean_archive_owes_nothing(root: Root) -> None:
    """Closed volumes: no fact, no side index; the last fact of each stream is known over all terms."""
    made = volume(root, 1)
    first, second = Tape(camera(1), 1), Tape(camera(2), 1)
    for tape in (first, second):
        tape.begin(made)
        tape.pieces(made, 3)
    close(made)
    made = volume(root, 2, at=START + 60 * SECOND)
    later = Tape(camera(1), 2, START + 60 * SECOND, first.last)
    later.begin(made)
    later.gap(made, 57, "restart")
    close(made)
    found = recover(DISK, [root], 3)
    assert (found.facts, found.volumes, found.damages) == ([], [], [])
    assert found.last == {camera(1): later.last, camera(2): second.last}


def test_an_open_segment_gets_its_fact(root: Root) -> None:
    """The pieces that are there become a segment whose fact says the same as the recorder would have said."""
    made = volume(root, 1)
    tape = Tape(camera(1), 1)
    tape.begin(made)
    tape.pieces(made, 5)
    offsets = tape.pieces(made, 4, fact=False, continues=True)
    cut(made)
    found = recover(DISK, [root], 2)
    (owed,) = found.facts
    assert (owed.volume, owed.pieces) == (made.name, tuple(offsets))
    other = volume(root, 7, at=START)
    twin = Tape(camera(1), 1)
    twin.begin(other)
    twin.pieces(other, 5)
    twin.pieces(other, 4, continues=True)
    assert owed.fact == twin.lines[-1].replace(b'"by":"recorder"', b'"by":"recovery"')
    line_is_whole(with_tape(tape, found))
    assert found.last == {camera(1): LastFact(tape.term, 2, owed.parsed.hash, twin.cursor)}


def test_recovery_settles_once(root: Root) -> None:
    """After the facts were written and the side index made, nothing is owed; before, all of it is found again."""
    made = volume(root, 1)
    tape = Tape(camera(1), 1)
    tape.begin(made)
    tape.pieces(made, 4, fact=False)
    path = cut(made)
    found = recover(DISK, [root], 2)
    assert recover(DISK, [root], 2) == found
    write_down(root, found, 2)
    again = recover(DISK, [root], 3)  # interrupted before the side index
    assert again.facts == []
    assert again.last == found.last
    assert {volume.path for volume in again.volumes} == {path, root.volumes / volume_names(DISK, root)[-1]}
    finish_recovery(DISK, again)
    last = recover(DISK, [root], 4)
    assert (last.facts, last.volumes, last.last) == ([], [], found.last)


def test_owed_facts_in_a_volume_cut_off_in_turn_are_known(root: Root) -> None:
    """The recorder that wrote them died soon after: they stay, though their pieces lie in an older volume."""
    made = volume(root, 1)
    tape = Tape(camera(1), 1)
    tape.begin(made)
    tape.pieces(made, 4, fact=False)
    cut(made)
    found = recover(DISK, [root], 2)
    made = volume(root, 2, at=START + 5 * SECOND)
    for owed in found.facts:
        owed.place(made, owed.fact)
    path = cut(made)
    assert finish_recovery(DISK, found) == []
    again = recover(DISK, [root], 3)
    assert (again.facts, again.last) == ([], found.last)
    finish_recovery(DISK, again)
    with VolumeReader.open(DISK, path) as reader:
        assert [header.n for header in reader.records() if header.kind == Kind.FACT] == [1]


def test_a_disk_that_refuses_a_side_index_is_told(root: Root) -> None:
    """Nothing is lost by it: the next recovery finds the volume again, and the facts known."""
    made = volume(root, 1)
    tape = Tape(camera(1), 1)
    tape.begin(made)
    path = cut(made)
    found = recover(DISK, [root], 2)
    (path.parent / f".{path.stem}.idx.new").mkdir()
    (refused,) = finish_recovery(DISK, found)
    assert refused.startswith(f"{path.with_suffix('.idx')}: ")
    assert recover(DISK, [root], 3) == found


def test_facts_in_a_closed_volume_of_a_later_run_are_known(root: Root) -> None:
    """Interrupted after the volume with the owed facts was closed in order: they are not written twice."""
    made = volume(root, 1)
    tape = Tape(camera(1), 1)
    tape.begin(made)
    tape.pieces(made, 4, fact=False)
    cut(made)
    found = recover(DISK, [root], 2)
    made = volume(root, 2, at=START + 50 * SECOND)
    for owed in found.facts:
        owed.place(made, owed.fact)
    close(made)
    again = recover(DISK, [root], 3)
    assert again.facts == []
    assert again.last == found.last


def test_volumes_being_written_are_left_alone(root: Root) -> None:
    """What the running recorder has open is none of recovery's business."""
    made = volume(root, 5)
    tape = Tape(camera(1), 5)
    tape.begin(made)
    tape.pieces(made, 4, fact=False)
    made.flush()
    assert recover(DISK, [root], 5) == Recovery([], {}, [], [])


def test_an_open_gap_is_closed_when_the_recorder_last_ran(root: Root) -> None:
    """The gap ends at the last clock record, or when something of another stream arrived after it."""
    made = volume(root, 1)
    dead, alive = Tape(camera(1), 1), Tape(camera(2), 1)
    for tape in (dead, alive):
        tape.begin(made)
        tape.pieces(made, 3)
    dead.open_gap(made)
    clock(made, START + 5 * SECOND)
    alive.pieces(made, 6, fact=False)
    cut(made)
    found = recover(DISK, [root], 2)
    closing = next(each.parsed for each in found.facts if each.parsed.stream == camera(1))
    assert (closing.kind, closing.why, closing.of, closing.t0, closing.t1) == (
        "gap",
        "net",
        2,
        START + 3 * SECOND,
        START + 9 * SECOND - SECOND // 25,
    )
    assert closing.m1 == boot(START + 9 * SECOND - SECOND // 25)
    assert found.last[camera(1)].t1 == closing.t1
    for tape in (dead, alive):
        line_is_whole(with_tape(tape, found))


def test_an_open_gap_of_days_ago_is_closed(root: Root) -> None:
    """The gap was opened in a volume closed long before the crash, by summaries alone."""
    made = volume(root, 1)
    dead, alive = Tape(camera(1), 1), Tape(camera(2), 1)
    for tape in (dead, alive):
        tape.begin(made)
    dead.open_gap(made, "auth")
    alive.pieces(made, 3)
    close(made)
    for serial in (1, 2):
        made = volume(root, 1, serial, at=alive.cursor)
        alive.pieces(made, 10)
        (close if serial == 1 else cut)(made)
    found = recover(DISK, [root], 2)
    (closing,) = (each.parsed for each in found.facts)
    assert (closing.n, closing.of, closing.why) == (2, 1, "auth")
    assert closing.t1 == alive.cursor - SECOND // 25
    line_is_whole(with_tape(dead, found))
    assert found.last == {camera(1): LastFact(dead.term, 2, closing.hash, closing.t1 or 0), camera(2): alive.last}


def test_an_open_gap_of_a_run_that_ended_in_order_is_closed(root: Root) -> None:
    """A closed volume's last clock record tells when that recorder ran last."""
    made = volume(root, 1)
    dead = Tape(camera(1), 1)
    dead.begin(made)
    dead.open_gap(made)
    clock(made, START + 20 * SECOND)
    close(made)
    (closing,) = recover(DISK, [root], 2).facts
    assert closing.parsed.t1 == START + 20 * SECOND


def test_what_is_unknown_and_has_no_end_is_no_open_gap(root: Root) -> None:
    """A fact of a kind that a later version may bring takes no time: recovery owes it no end, and goes on from it."""
    made = volume(root, 1)
    tape = Tape(camera(1), 1)
    tape.begin(made)
    tape.pieces(made, 4)
    tape.tell(made, tape._gap(tape.cursor, None, "net", None).replace(b'"kind":"gap"', b'"kind":"eclipse"'))
    clock(made, START + 9 * SECOND)
    cut(made)
    found = recover(DISK, [root], 2)
    assert found.facts == []
    assert found.last == {camera(1): tape.last}


def test_a_damaged_last_fact_is_still_a_last_fact(root: Root) -> None:
    """Its record's header holds number, hash and end: the next term can name it; and the damage is told."""
    made = volume(root, 1)
    tape = Tape(camera(1), 1)
    tape.begin(made)
    tape.pieces(made, 3)
    path = close(made)
    with VolumeReader.open(DISK, path) as reader:
        victim = [header for header in reader.records() if header.kind == Kind.FACT][-1]
    data = bytearray(path.read_bytes())
    data[victim.payload_offset + 9] ^= 1
    path.write_bytes(data)
    found = recover(DISK, [root], 2)
    assert found.last == {camera(1): tape.last}
    assert len(found.damages) == 1


def test_torn_payloads_at_the_end_are_not_claimed(root: Root) -> None:
    """A piece whose header survived and whose payload did not ends the segment before it."""
    made = volume(root, 1)
    tape = Tape(camera(1), 1)
    tape.begin(made)
    offsets = tape.pieces(made, 5, fact=False)
    path = cut(made)
    data = bytearray(path.read_bytes())
    data[offsets[4] + 200] ^= 1
    path.write_bytes(data)
    found = recover(DISK, [root], 2)
    (owed,) = found.facts
    assert (owed.parsed.pieces, owed.parsed.t1) == (4, START + 3 * SECOND)
    assert [damage.what.split(":")[0] for damage in found.damages] == ["bad payload"]
    finish_recovery(DISK, found)
    with VolumeReader.open(DISK, path) as reader:
        assert offsets[4] not in {header.offset for header in reader.records()}
        assert offsets[5] in {header.offset for header in reader.records()}


def test_old_payloads_are_verified_only_when_asked(root: Root) -> None:
    """More than ten seconds before the end a payload was synced long ago; `deep` looks all the same."""
    made = volume(root, 1)
    tape = Tape(camera(1), 1)
    tape.begin(made)
    offsets = tape.pieces(made, 25, fact=False)
    path = cut(made)
    data = bytearray(path.read_bytes())
    data[offsets[3] + 200] ^= 1
    path.write_bytes(data)
    assert recover(DISK, [root], 2).facts[0].parsed.pieces == 26
    assert recover(DISK, [root], 2, deep=True).facts[0].parsed.pieces == 3


def test_a_lost_piece_cuts_its_segment_and_nothing_else(root: Root) -> None:
    """Pieces behind a missing one are covered by a gap; the next segment stands, with its number."""
    made = volume(root, 1)
    tape = Tape(camera(1), 1)
    tape.begin(made)
    tape.pieces(made, 5, fact=False, skip=[4])
    tape.n, tape.cursor = 2, START + 5 * SECOND
    tape.pieces(made, 3, fact=False)
    tape.n, tape.cursor = 3, START + 8 * SECOND
    tape.pieces(made, 3, fact=False)
    cut(made)
    found = recover(DISK, [root], 2)
    kinds = [(each.parsed.n, each.parsed.kind, each.parsed.t0, each.parsed.t1) for each in found.facts]
    assert kinds == [
        (1, "seg", START, START + 3 * SECOND),
        (2, "gap", START + 3 * SECOND, START + 8 * SECOND),
        (3, "seg", START + 8 * SECOND, START + 11 * SECOND),
    ]
    tape.lines = tape.lines[:1]
    line_is_whole(with_tape(tape, found))


def test_missing_numbers_are_filled(root: Root) -> None:
    """A number whose fact and pieces are gone becomes a gap `restart`, as long as something follows it."""
    made = volume(root, 1)
    tape = Tape(camera(1), 1)
    tape.begin(made)
    tape.pieces(made, 5)
    tape.n, tape.cursor = 4, START + 9 * SECOND
    tape.pieces(made, 3, fact=False)
    cut(made)
    found = recover(DISK, [root], 2)
    told = [(each.parsed.n, each.parsed.kind, each.parsed.why, each.parsed.t0, each.parsed.t1) for each in found.facts]
    assert told == [
        (2, "gap", "restart", START + 5 * SECOND, START + 9 * SECOND),
        (3, "gap", "restart", START + 9 * SECOND, START + 9 * SECOND),
        (4, "seg", None, START + 9 * SECOND, START + 12 * SECOND),
    ]
    line_is_whole(with_tape(tape, found))


def test_the_lost_end_of_a_gap_is_filled_as_its_end(root: Root) -> None:
    """A gap was opened, its end was lost, pictures follow: the missing number closes it."""
    made = volume(root, 1)
    tape = Tape(camera(1), 1)
    tape.begin(made)
    tape.open_gap(made, "nosignal")
    tape.n, tape.cursor = 3, START + 7 * SECOND
    tape.pieces(made, 3, fact=False)
    cut(made)
    found = recover(DISK, [root], 2)
    closing = found.facts[0].parsed
    assert (closing.n, closing.of, closing.why, closing.t0, closing.t1) == (2, 1, "nosignal", START, START + 7 * SECOND)
    line_is_whole(with_tape(tape, found))


def test_a_lost_step_backwards_is_filled_as_step(root: Root) -> None:
    """Pictures that follow a missing number at an earlier time: the clock had been set back."""
    made = volume(root, 1)
    tape = Tape(camera(1), 1)
    tape.begin(made)
    tape.pieces(made, 5)
    tape.n, tape.cursor = 3, START - 100 * SECOND
    tape.pieces(made, 3, fact=False)
    cut(made)
    found = recover(DISK, [root], 2)
    assert [each.parsed.kind for each in found.facts] == ["step", "seg"]
    line_is_whole(with_tape(tape, found))


def test_a_term_that_never_told_a_fact_gets_its_first(root: Root) -> None:
    """Crash while the facts still waited for the term before: term fact, gap between the terms, segments."""
    made = volume(root, 1)
    before = Tape(camera(1), 1)
    before.begin(made)
    before.pieces(made, 4, fact=False)
    cut(made)
    made = volume(root, 2, at=START + 30 * SECOND)
    tape = Tape(camera(1), 2, START + 30 * SECOND)
    tape.n = 2
    tape.pieces(made, 5, fact=False)
    cut(made)
    found = recover(DISK, [root], 3)
    line_is_whole(with_tape(before, found))
    first, gap, segment = with_tape(tape, found)
    line_is_whole([first, gap, segment])
    end = with_tape(before, found)[-1]
    assert (first.by, first.boot, first.prior) == ("recovery", BOOT_ID, (before.term, 1, end.hash))
    assert (first.t0, gap.t1, segment.n) == (end.t1, START + 30 * SECOND, 2)
    assert found.last[camera(1)].n == 2


def test_a_fact_that_outlived_its_pieces_does_not_count(root: Root) -> None:
    """Of what was never synced the fact survived and a piece did not: the segment is told anew, by what is intact."""
    made = volume(root, 1)
    tape = Tape(camera(1), 1)
    tape.begin(made)
    tape.pieces(made, 3)
    tape.pieces(made, 4)
    tape.gap(made, 2)
    path = cut(made)
    data = bytearray(path.read_bytes())
    data[tape.places[2][3] + 180] ^= 1
    path.write_bytes(data)
    found = recover(DISK, [root], 2)
    (owed,) = found.facts
    assert (owed.parsed.n, owed.parsed.kind, owed.parsed.pieces) == (2, "seg", 3)
    assert found.last[camera(1)].t1 == START + 5 * SECOND
    del tape.lines[2:]
    line_is_whole(with_tape(tape, found))
    finish_recovery(DISK, found)
    with VolumeReader.open(DISK, path) as reader:
        facts = [header.n for header in reader.records() if header.kind == Kind.FACT]
    assert facts == [0, 1]


def test_a_fact_told_long_ago_stays(root: Root) -> None:
    """Damage to pieces of a segment whose fact is older than the end of the volume changes no fact."""
    made = volume(root, 1)
    tape = Tape(camera(1), 1)
    tape.begin(made)
    tape.pieces(made, 3)
    tape.pieces(made, 20)
    path = cut(made)
    data = bytearray(path.read_bytes())
    data[tape.places[1][2]] ^= 1
    path.write_bytes(data)
    found = recover(DISK, [root], 2)
    assert found.facts == []
    assert found.last[camera(1)] == tape.last


def test_a_lost_first_fact_is_told_again(root: Root) -> None:
    """The term fact was torn away and what follows it survived."""
    made = volume(root, 1)
    tape = Tape(camera(1), 1)
    tape.n, tape.hash = 1, bytes(32)
    tape.pieces(made, 3)
    cut(made)
    found = recover(DISK, [root], 2)
    (owed,) = found.facts
    assert (owed.parsed.kind, owed.parsed.t0, found.last[camera(1)]) == ("term", START, tape.last)


def test_a_first_term_that_never_told_a_fact(root: Root) -> None:
    """Without a term before, the line begins with the term."""
    made = volume(root, 1)
    tape = Tape(camera(1), 1)
    tape.n = 1
    tape.pieces(made, 3, fact=False)
    cut(made)
    found = recover(DISK, [root], 2)
    line_is_whole(with_tape(tape, found))
    assert [each.parsed.kind for each in found.facts] == ["term", "seg"]
    assert found.facts[0].parsed.prior is None


def test_a_term_fact_that_names_an_owed_fact_binds_recovery(root: Root) -> None:
    """The new term had named a recovered fact which was lost with another disk: it is computed again, and no more."""
    made = volume(root, 1)
    before = Tape(camera(1), 1)
    before.begin(made)
    before.pieces(made, 4, fact=False)
    cut(made)
    found = recover(DISK, [root], 2)
    made = volume(root, 2, at=START + 30 * SECOND)
    tape = Tape(camera(1), 2, START + 30 * SECOND, found.last[camera(1)])
    tape.begin(made)
    tape.gap(made, 26, "restart")
    close(made)
    again = recover(DISK, [root], 3)
    assert again.facts == found.facts
    assert again.last == {camera(1): tape.last}


def test_what_a_later_term_has_passed_over_stays_uncounted(root: Root, tmp_path: Path) -> None:
    """A disk that was away comes back with an open segment after the next term named an earlier last fact."""
    away = root_at(tmp_path / "away")
    made, gone = volume(root, 1), volume(away, 1, 1)
    before = Tape(camera(1), 1)
    before.begin(made)
    before.pieces(made, 4)
    before.pieces(gone, 3, fact=False)
    cut(made)
    cut(gone)
    first = recover(DISK, [root], 2)
    assert first.last[camera(1)] == before.last
    made = volume(root, 2, at=START + 30 * SECOND)
    tape = Tape(camera(1), 2, START + 30 * SECOND, before.last)
    tape.begin(made)
    tape.gap(made, 26, "restart")
    close(made)
    finish_recovery(DISK, first)
    found = recover(DISK, [root, away], 3)
    assert found.facts == []
    assert [each.path.parent for each in found.volumes] == [away.volumes]
    assert found.last[camera(1)] == tape.last


def test_a_later_term_that_was_read_for_its_beginning_owes_nothing(root: Root) -> None:
    """It was closed in order: that its first fact is looked at, and its last, makes none of those between missing."""
    made = volume(root, 1)
    before = Tape(camera(1), 1)
    before.begin(made)
    before.pieces(made, 4, fact=False)
    cut(made)
    first = recover(DISK, [root], 2)
    made = volume(root, 2, at=START + 30 * SECOND)
    for owed in first.facts:
        owed.place(made, owed.fact)
    after = Tape(camera(1), 2, START + 30 * SECOND, first.last[camera(1)])
    after.begin(made)
    after.gap(made, 26, "restart")
    for _ in range(3):
        after.pieces(made, 2)
    close(made)
    found = recover(DISK, [root], 3)
    assert (found.facts, found.last) == ([], {camera(1): after.last})


def test_a_closed_term_before_one_that_told_nothing_is_known(root: Root) -> None:
    """What died before its first fact follows the last fact of a run that ended in order."""
    made = volume(root, 1)
    oldest = Tape(camera(1), 1)
    oldest.begin(made)
    oldest.pieces(made, 3, fact=False)
    cut(made)
    first = recover(DISK, [root], 2)
    made = volume(root, 2, at=START + 30 * SECOND)
    for owed in first.facts:
        owed.place(made, owed.fact)
    before = Tape(camera(1), 2, START + 30 * SECOND, first.last[camera(1)])
    before.begin(made)
    before.gap(made, 27, "restart")
    before.pieces(made, 4)
    close(made)
    made = volume(root, 3, at=START + 60 * SECOND)
    tape = Tape(camera(1), 3, START + 60 * SECOND)
    tape.n = 2
    tape.pieces(made, 3, fact=False)
    cut(made)
    begun = recover(DISK, [root], 4).facts[0].parsed
    assert (begun.term, begun.kind, begun.prior) == (tape.term, "term", (before.term, before.n - 1, before.hash))


def test_two_disks_and_many_streams(tmp_path: Path) -> None:
    """Each stream's line is whole, whatever disk it was on, and no pieces are claimed twice."""
    roots = [root_at(tmp_path / "a"), root_at(tmp_path / "b")]
    tapes = [Tape(camera(number), 1) for number in range(12)]
    volumes = [volume(root, 1, serial) for serial, root in enumerate(roots)]
    for turn in range(3):
        for number, tape in enumerate(tapes):
            made = volumes[number % 2]
            if turn == 0:
                tape.begin(made)
            tape.pieces(made, 3 + number % 3, fact=turn < 2)
    for made in volumes:
        cut(made)
    found = recover(DISK, roots, 2)
    assert len(found.facts) == 12
    for tape in tapes:
        line_is_whole(with_tape(tape, found))
    assert [each.parsed.stream for each in found.facts] == sorted(tape.stream for tape in tapes)


def test_an_unreadable_volume_is_told_and_passed_over(root: Root) -> None:
    """Garbage among the volumes costs a line in the report."""
    made = volume(root, 1)
    tape = Tape(camera(1), 1)
    tape.begin(made)
    cut(made)
    (root.volumes / made.name.replace("00000001-00000000", "00000001-00000005")).write_bytes(b"\xff" * 500)
    (root.volumes / made.name.replace("00000001-00000000", "00000001-00000006")).write_bytes(b"")
    (root.volumes / "notes.txt").write_bytes(b"mine")
    found = recover(DISK, [root], 2)
    assert len(found.damages) == 1
    assert found.last == {camera(1): tape.last}


def test_owed_facts_are_placed_as_records_of_their_term(root: Root) -> None:
    """The record around an owed fact carries its identity and times."""
    made = volume(root, 1)
    tape = Tape(camera(1), 1)
    tape.begin(made)
    tape.pieces(made, 2, fact=False)
    cut(made)
    found = recover(DISK, [root], 2)
    with VolumeReader.open(DISK, write_down(root, found, 2)) as reader:
        (header,) = (each for each in reader.records() if each.kind == Kind.FACT)
        fact = found.facts[0].parsed
        assert (header.stream, header.term, header.n, header.t0, header.t1) == (
            camera(1),
            tape.term,
            1,
            fact.t0,
            fact.t1,
        )
        assert header.c == fact.hash
