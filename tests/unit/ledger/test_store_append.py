# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a batch becomes: entries, heads, files, catalogue rows."""

import sqlite3
import threading
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from tests.tools.ledger import FOLDER, IDENTITY, TODAY, check_log, deeds, fact, facts, lines, opened, stream
from torrazzo.base import SegmentId, TermId
from torrazzo.base.errors import Invalid, Refused
from torrazzo.base.ids import NodeId
from torrazzo.ledger.checkpoint import Checkpoint, sign_checkpoint
from torrazzo.ledger.edge import edge_tiles, full_tiles, grow
from torrazzo.ledger.fact_index import Placed, RecEntry
from torrazzo.ledger.identity import LogName
from torrazzo.ledger.merkle import leaf_hash, tree_root
from torrazzo.ledger.note import Note
from torrazzo.ledger.policy import Policy
from torrazzo.ledger.proof import Proof
from torrazzo.ledger.reader import LogReader
from torrazzo.ledger.tiles import Tile, pack_entries, read_subtree, split_entries
from torrazzo.testing import FaultyDisk

POLICY = Policy.parse(f"log {IDENTITY.key(LogName('rec', 1)).verifier}\nquorum none\n".encode())


@pytest.mark.parametrize("step", [1, 7, 255, 256, 257, 1000])
def test_both_logs_are_the_trees_of_what_was_appended(tmp_path: Path, step: int) -> None:
    """In batches of any size, after each one entries, root and proofs are those of RFC 6962."""
    total = step if step > 300 else min(700, step * 40)
    with opened(tmp_path / "l.db", FaultyDisk()) as store:
        for start in range(0, total, step):
            done = store.append(facts(step, first=start), deeds(step, start))
            assert done.rec == tuple(Placed("new", index) for index in range(start, start + step))
            assert done.act == range(start, start + step)
            assert done.notes == {"rec": store.rec.note, "act": store.act.note}
            assert store.rec.head.size == start + step
        end = start + step
        check_log(store.rec, lines(facts(end)), indexes=range(end) if end < 300 else None)
        check_log(store.act, deeds(end))


def test_a_log_goes_on_after_a_restart(tmp_path: Path) -> None:
    """Closed and opened after any number of entries, it has the same entries, root and edge, and grows on."""
    disk = FaultyDisk()
    expected: list[RecEntry] = []
    for count in (0, 1, 254, 1, 1, 255, 300, 0, 900):
        with opened(tmp_path / "l.db", disk) as store:
            check_log(store.rec, lines(expected))
            batch = facts(count, first=len(expected))
            if count:
                store.append(batch)
            expected += batch
            check_log(store.rec, lines(expected))


def test_a_fact_is_entered_once(tmp_path: Path) -> None:
    """Delivered again, in the same batch, in another or after a restart, a fact is known by its first index."""
    disk = FaultyDisk()
    with opened(tmp_path / "l.db", disk) as store:
        done = store.append([fact(0), fact(1), fact(0), fact(1, camera=2), fact(0, fence=2)])
        assert [each.state for each in done.rec] == ["new", "new", "known", "new", "new"]
        assert [each.entry_index for each in done.rec] == [0, 1, 0, 2, 3]
        note = store.rec.note
        assert store.append([fact(1)]).rec == (Placed("known", 1),)
        assert store.rec.note == note
    with opened(tmp_path / "l.db", disk) as store:
        done = store.append([fact(5), fact(0), fact(3)])
        assert done.rec == (Placed("new", 4), Placed("known", 0), Placed("new", 5))
        assert store.rec.head.size == 6


def test_other_bytes_under_a_known_identity_are_a_conflict(tmp_path: Path) -> None:
    """The first bytes stay; the others are named with the index of the first and are nowhere stored."""
    disk = FaultyDisk()
    with opened(tmp_path / "l.db", disk) as store:
        store.append(facts(2))
        done = store.append([fact(1, text="forged"), fact(2), fact(2, text="twice")])
        assert done.rec == (Placed("conflict", 1), Placed("new", 2), Placed("conflict", 2))
        check_log(store.rec, lines(facts(3)))
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"forged" not in stored + b"".join(map(disk.content, disk.files()))


def test_a_fact_without_number_is_entered_as_often_as_it_comes(tmp_path: Path) -> None:
    """`silent` has no n: nothing recognises it."""
    silent = fact(0)._replace(id=None, kind="silent")
    with opened(tmp_path / "l.db", FaultyDisk()) as store:
        assert [each.state for each in store.append([silent, silent]).rec] == ["new", "new"]


def test_the_catalogue_says_where_a_fact_is(tmp_path: Path) -> None:
    """By stream, term and n: index, leaf, times, kind, day; of an unknown one nothing; by day the first index."""
    with opened(tmp_path / "l.db", FaultyDisk()) as store:
        store.append([*facts(3, day=TODAY), *facts(2, day=TODAY + 1, camera=2), *facts(1, first=9, day=TODAY)])
        wanted = fact(1, day=TODAY + 1, camera=2)
        assert wanted.id is not None
        row = store.find(wanted.id)
        assert row == (4, leaf_hash(wanted.line), wanted.t0, wanted.t1, "seg", TODAY + 1)
        assert store.index_of(wanted.id) == 4
        assert store.index_of(wanted.id._replace(n=2)) is None
        assert store.index_of(SegmentId(stream(3), TermId(NodeId(7), 1, 0), 0)) is None
        assert [store.first_index(day) for day in (TODAY - 1, TODAY, TODAY + 1, TODAY + 2)] == [0, 0, 3, 6]


@pytest.mark.parametrize("line", [b"", b"a\nb", bytes(65_536)], ids=["empty", "newline", "long"])
def test_what_is_no_line_is_refused_whole(tmp_path: Path, line: bytes) -> None:
    """A batch with an entry that no bundle can hold, or that is not one line, enters nothing; the store goes on."""
    with opened(tmp_path / "l.db", FaultyDisk()) as store:
        for rec, act in (([fact(0), fact(1)._replace(line=line)], []), ([fact(0)], [line])):
            with pytest.raises(Invalid, match="expected a line"):
                store.append(rec, act)
        assert store.rec.head.size == 0
        store.append([fact(0)], [bytes(65_535)])


def test_full_tiles_are_files_and_their_rows_go_with_the_next_batch(tmp_path: Path) -> None:
    """After a batch each full tile and bundle is a file, narrower ones are rows; the next batch deletes the rows."""
    disk = FaultyDisk()
    with opened(tmp_path / "l.db", disk) as store:
        store.append(facts(600))
        files = {str(path.relative_to(FOLDER / "rec")) for path in disk.files() if path.is_relative_to(FOLDER / "rec")}
        assert files == {"checkpoint", "tile/0/000", "tile/0/001", "tile/entries/000", "tile/entries/001"}
        assert _rows(tmp_path) == (600, {(0, 0), (0, 1), (0, 2), (1, 0)})
        store.append(facts(1, first=600))
        assert _rows(tmp_path) == (601 - 512, {(0, 2), (1, 0)})
        assert disk.content(FOLDER / "rec/checkpoint") == store.rec.note.pack()
        assert split_entries(disk.content(FOLDER / "rec/tile/entries/001"), 256) == lines(facts(256, first=256))


def _rows(folder: Path) -> tuple[int, set[tuple[int, int]]]:
    with sqlite3.connect(folder / "l.db") as connection:
        (count,) = connection.execute("SELECT count(*) FROM entry WHERE log = 'rec'").fetchone()
        return count, set(connection.execute("SELECT level, number FROM tile WHERE log = 'rec'"))


def test_a_head_is_published_after_what_is_below_it(tmp_path: Path) -> None:
    """Whoever finds a `checkpoint` in the folder finds the full tiles and bundles that it covers."""
    disk = FaultyDisk()
    with opened(tmp_path / "l.db", disk) as store:
        store.append(facts(300))
    acts = [Path(act.path).name for act in disk.history if act.op == "rename" and act.path.startswith("/ledger/rec")]
    assert acts[-1] == "checkpoint"
    assert set(acts[1:-1]) == {"000"}


def test_paths_of_c2sp_give_tiles_and_bundles_of_each_width(tmp_path: Path) -> None:
    """A tree can be rebuilt from the resources alone, as of the present head and of an earlier one; none is beyond."""
    with opened(tmp_path / "l.db", FaultyDisk()) as store:
        store.append(facts(700))
        log = store.rec
        for size in (1, 255, 256, 300, 512, 700):

            def tile(level: int, number: int, size: int = size) -> bytes:
                width = min(256, (size >> 8 * level) - number * 256)
                return log.resource(str(Tile(level, number, width)))

            assert tree_root(size, lambda level, index: read_subtree(level, index, tile)) == log.root(size)
            last = (size - 1) // 256
            bundle = log.resource(str(Tile(None, last, size - last * 256)))
            assert bundle == pack_entries(lines(facts(size))[last * 256 :])
        assert log.resource("checkpoint") == log.note.pack()
        for path in ("tile/0/002.p/189", "tile/0/002", "tile/1/000.p/3", "tile/2/000.p/1", "tile/entries/003", "x"):
            with pytest.raises(Invalid):
                log.resource(path)


def test_a_proof_file_is_accepted_by_its_policy(tmp_path: Path) -> None:
    """The file proves its entry under the log's own key, with an earlier head too; one not ours is refused."""
    with opened(tmp_path / "l.db", FaultyDisk()) as store:
        store.append(facts(5))
        early = store.rec.note
        store.append(facts(300, first=5))
        proof = Proof.parse(store.rec.proof(280, extra=b"x").pack())
        assert proof.accept(fact(280).line, POLICY).checkpoint.size == 305
        with pytest.raises(Invalid):
            proof.accept(fact(281).line, POLICY)
        old = store.rec.proof(3, early)
        assert old.accept(fact(3).line, POLICY).checkpoint.size == 5
        key = IDENTITY.key(LogName("rec", 1))
        head = store.rec.head
        others = (head._replace(size=5), head._replace(size=306), head._replace(origin=store.act.head.origin))
        for head in (Checkpoint(key.verifier.name, 5, bytes(32)), *others):
            with pytest.raises(Invalid):
                store.rec.proof(3, Note(str(head), early.signatures))
        assert sign_checkpoint(store.rec.head, key) == store.rec.note


def test_what_is_not_there_is_not_read(tmp_path: Path) -> None:
    """Entries, roots and proofs beyond the tree are errors that say its size."""
    with opened(tmp_path / "l.db", FaultyDisk()) as store:
        store.append(facts(5))
        asks: tuple[Callable[[LogReader], object], ...] = (
            lambda log: log.entries(3, 6),
            lambda log: log.entries(-1, 2),
            lambda log: log.root(6),
            lambda log: log.inclusion(5),
            lambda log: log.inclusion(2, 6),
            lambda log: log.consistency(2, 6),
        )
        for ask in asks:
            with pytest.raises(Invalid, match="5"):
                ask(store.rec)
        assert list(store.rec.entries(2, 2)) == []


def test_there_is_one_writer(tmp_path: Path) -> None:
    """A second store over the same folder is refused; once the first is closed it opens."""
    disk = FaultyDisk()
    with opened(tmp_path / "l.db", disk) as store:
        with pytest.raises(Refused, match="held"), opened(tmp_path / "l.db", disk):
            pass
        store.append(facts(1))
    with opened(tmp_path / "l.db", disk):
        pass


def test_readers_in_other_threads_see_whole_batches(tmp_path: Path) -> None:
    """While batches come, each reader sees heads that grow, with proofs, entries and catalogue rows that fit them."""
    with opened(tmp_path / "l.db", FaultyDisk()) as store:
        store.append(facts(10))
        errors: list[BaseException] = []
        is_over = threading.Event()

        def read() -> None:
            sizes: list[int] = []
            try:
                while not is_over.is_set() or not sizes:
                    sizes.append(_read_all(store.rec))
                    last = fact(sizes[-1] - 1).id
                    assert last is not None
                    assert store.index_of(last) == last.n
                assert all(a <= b for a, b in pairwise(sizes))
            except BaseException as error:
                errors.append(error)
                raise

        readers = [threading.Thread(target=read) for _ in range(2)]
        for reader in readers:
            reader.start()
        for start in range(10, 1500, 149):
            store.append(facts(149, first=start))
        is_over.set()
        for reader in readers:
            reader.join()
        assert not errors


def _read_all(log: LogReader) -> int:
    note = log.note
    head = Checkpoint.parse(note.text)
    proof = log.proof(head.size - 1, note)
    proof.accept(fact(head.size - 1).line, POLICY)
    assert list(log.entries(0, head.size))[-1] == fact(head.size - 1).line
    return head.size


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 65_535, 65_536, 65_537])
def test_an_edge_knows_its_tiles(size: int) -> None:
    """What grows is what is named: an edge's tiles by width, full ones by the sizes between which they filled."""
    leaf = leaf_hash(b"x")
    growth = grow(0, (), [leaf] * size)
    assert [
        Tile(level, size >> 8 * (level + 1), len(data) // 32) for level, data in enumerate(growth.edge) if data
    ] == (edge_tiles(size))
    assert set(growth.full) == set(full_tiles(0, size))
    half = grow(0, (), [leaf] * (size // 2))
    rest = grow(size // 2, half.edge, [leaf] * (size - size // 2))
    assert rest.edge == growth.edge
    assert half.full | rest.full == growth.full
    assert set(rest.full) == set(full_tiles(size // 2, size))
