# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later

import copy
import random
import sqlite3
import stat
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.tools.catalogue_dump import dump
from tests.tools.tape import START, Tape, camera, clock, close, cut, root_at, volume
from torrazzo.archive import Root, VolumeWriter, recover
from torrazzo.archive.fact import gap_fact
from torrazzo.archive.recovery import finish_recovery
from torrazzo.base import SegmentId, Span
from torrazzo.base.errors import Invalid, Unavailable
from torrazzo.base.times import SECOND, UtcTicks
from torrazzo.catalogue import Catalogue, CatalogueWriter, Delivered, Gap, rebuild
from torrazzo.catalogue.rebuild import catch_up
from torrazzo.catalogue.writer import Taken
from torrazzo.durable import OsDisk

DISK = OsDisk()
ALWAYS = Span(UtcTicks(0), UtcTicks(1 << 62))


def delivered(tapes: Sequence[Tape]) -> list[Delivered]:
    return [
        Delivered(line, where, places)
        for tape in tapes
        for line, where, places in zip(tape.lines, tape.volumes, tape.places, strict=True)
    ]


def town(root: Root) -> list[Tape]:
    """Three streams over two volumes, with gaps, an open one, and a step."""
    tapes = [Tape(camera(number), 1) for number in range(3)]
    for serial in range(2):
        made = volume(root, 1, serial)
        for tape in tapes:
            if serial == 0:
                tape.begin(made)
            tape.pieces(made, 4)
            tape.pieces(made, 3)
            tape.gap(made, 5, "hole")
        tapes[0].open_gap(made, "net")
        tapes[1].step(made, 60)
        tapes[2].pieces(made, 2)
        if serial == 0:
            tapes[0].close_gap(made, 9)
        close(made)
    return tapes


@pytest.fixture
def root(tmp_path: Path) -> Root:
    return root_at(tmp_path / "root")


def at(seconds: int) -> UtcTicks:
    return UtcTicks(START + seconds * SECOND)


def test_what_was_recorded_is_found(root: Root, tmp_path: Path) -> None:
    """Spans are merged, gaps whole, segments in order with their places and bytes."""
    tapes = town(root)
    with CatalogueWriter(tmp_path / "c.db") as writer:
        assert writer.insert(delivered(tapes)) == Taken(new=28, known=0, conflicts=0)
    with Catalogue(tmp_path / "c.db") as catalogue:
        first = tapes[0].stream
        assert catalogue.streams() == [tape.stream for tape in tapes]
        assert catalogue.spans(first, ALWAYS) == [Span(at(0), at(7)), Span(at(21), at(28))]
        assert catalogue.spans(first, Span(at(3), at(22))) == [Span(at(3), at(7)), Span(at(21), at(22))]
        assert catalogue.spans(first, Span(at(7), at(21))) == []
        assert catalogue.spans(camera(77), ALWAYS) == []
        assert catalogue.gaps(first, ALWAYS) == [
            Gap(at(7), at(12), "hole"),
            Gap(at(12), at(21), "net"),
            Gap(at(28), at(33), "hole"),
            Gap(at(33), None, "net"),
        ]
        assert catalogue.gaps(first, Span(at(12), at(13))) == [Gap(at(12), at(21), "net")]
        rows = catalogue.segments(first, Span(at(3), at(22)))
        assert [row.id.n for row in rows] == [1, 2, 6]
        assert [catalogue.fact(row.id) for row in rows] == [tapes[0].lines[row.id.n] for row in rows]
        assert [row.pieces for row in rows] == [tapes[0].places[row.id.n] for row in rows]
        assert rows[0].retention_class == "standard"
        assert catalogue.segment(rows[1].id) == rows[1]
        assert catalogue.segment(rows[1].id._replace(n=99)) is None
        assert catalogue.fact(SegmentId(first, tapes[0].term, 0)) == tapes[0].lines[0]
        assert catalogue.fact(SegmentId(first, tapes[0].term, 99)) is None
        assert catalogue.last_recorded(first) == at(28)
        assert catalogue.last_numbers() == {(tape.stream, tape.term): tape.n - 1 for tape in tapes}
        assert catalogue.last_recorded(camera(77)) is None
        second = [row.id for row in catalogue.segments(tapes[1].stream, ALWAYS)]
        assert catalogue.steps_between(second[1], second[2]) == 60 * SECOND
        assert catalogue.steps_between(second[0], second[1]) == 0


def test_order_and_number_of_deliveries_do_not_matter(root: Root, tmp_path: Path) -> None:
    """Any order, with duplicates and in any batches, gives the same content, and so does a rebuild."""
    facts = delivered(town(root))
    with CatalogueWriter(tmp_path / "a.db") as writer:
        writer.insert(facts)
    expected = list(dump(tmp_path / "a.db"))
    assert len(expected) > 40
    for seed in range(8):
        dice = random.Random(seed)
        some = [*facts, *dice.sample(facts, 9)]
        dice.shuffle(some)
        path = tmp_path / f"{seed}.db"
        with CatalogueWriter(path) as writer:
            while some:
                size = dice.randrange(1, 7)
                writer.insert(some[:size])
                del some[:size]
        assert list(dump(path)) == expected
    rebuild(DISK, [root], tmp_path / "r.db")
    assert list(dump(tmp_path / "r.db")) == expected


def test_a_place_that_was_unknown_is_filled_in(root: Root, tmp_path: Path) -> None:
    """A segment delivered without its place gets it from a later delivery."""
    facts = delivered(town(root))
    with CatalogueWriter(tmp_path / "a.db") as writer:
        writer.insert(each._replace(volume=None, pieces=()) for each in facts)
        assert writer.insert(facts) == Taken(0, 28, 0)
    with CatalogueWriter(tmp_path / "b.db") as writer:
        writer.insert(facts)
    assert list(dump(tmp_path / "a.db")) == list(dump(tmp_path / "b.db"))


def test_bad_lines_are_refused_and_other_bytes_change_nothing(root: Root, tmp_path: Path) -> None:
    """A batch with a bad line is taken not at all; other bytes under a known identity are counted and left out."""
    facts = delivered(town(root))
    with CatalogueWriter(tmp_path / "a.db") as writer:
        with pytest.raises(Invalid):
            writer.insert([*facts, Delivered(b"{}")])
        assert writer.insert(facts[:3]).new == 3
        other = gap_fact(
            camera(0), Tape(camera(0), 1).term, 1, t0=0, t1=1, m0=0, m1=0, why="net", of=None, prev="A" * 43 + "="
        )
        assert writer.insert([Delivered(other)]) == Taken(0, 0, 1)


def test_unknown_kinds_and_causes_are_kept(tmp_path: Path) -> None:
    """A fact of a later version stays as a fact; a gap with an unknown cause is a gap."""
    term = Tape(camera(0), 1).term
    line = gap_fact(camera(0), term, 1, t0=5, t1=9, m0=0, m1=0, why="eclipse", of=None, prev="A" * 43 + "=")
    with CatalogueWriter(tmp_path / "a.db") as writer:
        writer.insert([Delivered(line), Delivered(line.replace(b'"n":1', b'"n":2').replace(b'"gap"', b'"silent"'))])
    with Catalogue(tmp_path / "a.db") as catalogue:
        assert catalogue.gaps(camera(0), ALWAYS) == [Gap(UtcTicks(5), UtcTicks(9), "eclipse")]
        assert catalogue.fact(SegmentId(camera(0), term, 2)) is not None


def test_the_file_is_private_and_versioned(tmp_path: Path) -> None:
    """Mode 0600; a foreign or damaged file is refused with what to do."""
    path = tmp_path / "a.db"
    CatalogueWriter(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    other = sqlite3.connect(path)
    other.execute("PRAGMA user_version = 99")
    other.close()
    for opening in (CatalogueWriter, Catalogue):
        with pytest.raises(Invalid, match="rebuild"):
            opening(path)
    path.write_bytes(b"no database" * 500)
    with pytest.raises(Invalid, match="rebuild"):
        CatalogueWriter(path)
    for missing in (path, tmp_path / "none.db"):
        with pytest.raises(Unavailable, match="rebuild"):
            Catalogue(missing)
    assert not (tmp_path / "none.db").exists()


def test_readers_see_what_is_written_and_what_is_rebuilt(root: Root, tmp_path: Path) -> None:
    """A reader that is open sees new facts, keeps working through a rebuild, and then reads the new file."""
    path = tmp_path / "a.db"
    facts = delivered(town(root))
    with CatalogueWriter(path) as writer, Catalogue(path) as catalogue:
        writer.insert(facts[:4])
        assert len(catalogue.segments(camera(0), ALWAYS)) == 2
        writer.close()
        rebuild(DISK, [root], path)
        assert len(catalogue.segments(camera(0), ALWAYS)) == 4
        with CatalogueWriter(path) as again:
            assert again.insert(facts) == Taken(0, 28, 0)
        assert len(catalogue.segments(camera(0), ALWAYS)) == 4


def test_a_rebuild_replaces_a_damaged_catalogue_and_leftovers(root: Root, tmp_path: Path) -> None:
    """Garbage in place of the catalogue, its write-ahead log, and a rebuild that was interrupted are no obstacle."""
    tapes = town(root)
    path = tmp_path / "a.db"
    for name in ("a.db", "a.db-wal", "a.db-shm", "a.db.new", "a.db.new-wal"):
        (tmp_path / name).write_bytes(b"\xff" * 5000)
    steps: list[tuple[int, int]] = []
    found = rebuild(DISK, [root], path, lambda done, total: steps.append((done, total)))
    assert (found.volumes, found.facts, found.damages) == (2, 28, ())
    assert steps == [(0, 2), (1, 2), (2, 2)]
    assert DISK.list(tmp_path) == ["a.db", "root"]
    with Catalogue(path) as catalogue:
        assert catalogue.streams() == [tape.stream for tape in tapes]


@pytest.mark.parametrize("fact_serial", [1, 9])
def test_facts_in_another_volume_than_their_pieces(root: Root, tmp_path: Path, fact_serial: int) -> None:
    """A fact in a volume read before or after that of its pieces finds them; if they are gone it has no place."""
    holds, told = volume(root, 1, 5), volume(root, 1, fact_serial)
    twin, tape = Tape(camera(1), 1), Tape(camera(1), 1)
    elsewhere = volume(root_at(tmp_path / "elsewhere"), 1)
    twin.begin(elsewhere)
    twin.pieces(elsewhere, 3)
    tape.begin(told)
    offsets = tape.pieces(holds, 3, fact=False)
    tape.tell(told, twin.lines[1])
    close(told)
    holds._open.clear()  # as if it had been told that the fact is elsewhere
    path = close(holds)
    for place in ((holds.name, tuple(offsets)), (None, ())):
        rebuild(DISK, [root], tmp_path / "x.db")
        with Catalogue(tmp_path / "x.db") as catalogue:
            (row,) = catalogue.segments(camera(1), ALWAYS)
            assert (row.volume, row.pieces) == place
        path.unlink(missing_ok=True)


def test_catching_up_reads_only_what_is_new(root: Root, tmp_path: Path) -> None:
    """What was recorded while nobody wrote the catalogue is taken in, by summaries; the rest is left unread."""
    tapes = town(root)
    facts = delivered(tapes)
    path = tmp_path / "a.db"
    with CatalogueWriter(path) as writer:
        writer.insert(facts)
        assert catch_up(DISK, [root], writer) == (2, 0, ())
        made = volume(root, 1, 7)
        tapes[2].gap(made, 4, "net")
        tapes[2].pieces(made, 3)
        close(made)
        assert catch_up(DISK, [root], writer).facts == 2
        assert catch_up(DISK, [root], writer).facts == 0
    rebuild(DISK, [root], tmp_path / "b.db")
    assert list(dump(path)) == list(dump(tmp_path / "b.db"))
    with CatalogueWriter(tmp_path / "c.db") as writer:
        writer.insert(facts[:1] + facts[2:])  # one in the middle never arrived
        assert catch_up(DISK, [root], writer).facts == 3
        assert catch_up(DISK, [root], writer, lambda: True).facts == 0
    assert list(dump(tmp_path / "c.db")) == list(dump(path))


def test_a_crash_and_its_recovery_give_the_same_catalogue(root: Root, tmp_path: Path) -> None:
    """Facts delivered as recorder and recovery wrote them, and a rebuild from the volumes, agree."""
    tape = Tape(camera(1), 1)
    made = volume(root, 1)
    tape.begin(made)
    tape.pieces(made, 4)
    tape.pieces(made, 3, fact=False)
    cut(made)
    found = recover(DISK, [root], 2)
    again = volume(root, 2, at=START + 60 * SECOND)
    for owed in found.facts:
        owed.place(again, owed.fact)
    close(again)
    path = tmp_path / "a.db"
    for is_indexed in (False, True):
        if is_indexed:
            finish_recovery(DISK, found)
        rebuild(DISK, [root], tmp_path / "b.db")
        if not is_indexed:
            with CatalogueWriter(path) as writer:
                writer.insert(delivered([tape]))
                writer.insert(Delivered(owed.fact, owed.volume, owed.pieces) for owed in found.facts)
        assert list(dump(path)) == list(dump(tmp_path / "b.db"))


def test_segments_are_in_order_whatever_the_clock_said(root: Root, tmp_path: Path) -> None:
    """A boot with its clock behind, and a camera taken up again after the clock was set back, come where they were."""
    made = volume(root, 1)
    tape = Tape(camera(1), 1, START + 200 * SECOND)
    again = Tape(camera(1), 1, START + 100 * SECOND)
    after = Tape(camera(1), 2, START + 50 * SECOND)
    for each, before, step in ((tape, None, 0), (again, tape, -102), (after, again, -52)):
        if before is not None:
            each._prior, each.cursor = before.last, before.cursor
        each.begin(made)
        each.step(made, step)
        each.pieces(made, 2)
    close(made)
    rebuild(DISK, [root], tmp_path / "a.db")
    with Catalogue(tmp_path / "a.db") as catalogue:
        rows = catalogue.segments(camera(1), ALWAYS)
        assert [row.id.term for row in rows] == [tape.term, again.term, after.term]
        first, second, third = (row.id for row in rows)
        assert catalogue._steps(first, third) == [(at(202), at(100)), (at(102), at(50))]
        assert catalogue._steps(first, second) == [(at(202), at(100))]
        assert catalogue._steps(second, third) == [(at(102), at(50))]
        assert catalogue._steps(third, first) == []


@pytest.mark.parametrize("end", [cut, close])
def test_ghosts_are_left_out_before_recovery_has_seen_them(tmp_path: Path, end: Callable[[VolumeWriter], Path]) -> None:
    """What a flush that failed left behind is not in the catalogue, however much more of it there is than was told."""
    roots = [root_at(tmp_path / "a"), root_at(tmp_path / "b")]
    failing, taking = (volume(root, 1) for root in roots)
    tape = Tape(camera(1), 1)
    tape.begin(failing)
    tape.pieces(failing, 4)
    ghost = copy.deepcopy(tape)
    ghost.pieces(failing, 5)
    ghost.gap(failing, 1, "hole")
    tape.gap(taking, 9, "disk")
    clock(taking, tape.cursor)
    cut(failing)
    end(taking)
    rebuild(DISK, roots, tmp_path / "a.db")
    with CatalogueWriter(tmp_path / "b.db") as writer:
        writer.insert(delivered([tape]))
    assert list(dump(tmp_path / "a.db")) == list(dump(tmp_path / "b.db"))


@pytest.mark.long
def test_a_week_of_a_hundred_cameras_is_drawn_at_once(tmp_path: Path) -> None:
    """Spans and gaps of 100 cameras × 7 days, with a gap an hour, come in 50 ms (5× slack)."""
    with CatalogueWriter(tmp_path / "a.db") as writer:
        database = writer._database
        database.execute("BEGIN")
        for number in range(100):
            stream = writer._stream(camera(number))
            term = writer._term(camera(number), Tape(camera(number), 1).term)
            rows = [(stream, START + hour * 3600 * SECOND, hour) for hour in range(168)]
            database.executemany(
                "INSERT INTO span VALUES (?, ?, ?)", [(s, t0, t0 + 3500 * SECOND) for s, t0, _ in rows]
            )
            database.executemany(
                "INSERT INTO gap VALUES (?, ?, ?, 'net', ?, ?, NULL)",
                [(s, t0 + 3500 * SECOND, t0 + 3600 * SECOND, term, n) for s, t0, n in rows],
            )
        database.execute("COMMIT")
    with Catalogue(tmp_path / "a.db") as catalogue:
        start = time.perf_counter()
        for number in range(100):
            assert len(catalogue.spans(camera(number), ALWAYS)) == 168
            assert len(catalogue.gaps(camera(number), ALWAYS)) == 168
        assert time.perf_counter() - start < 0.25
