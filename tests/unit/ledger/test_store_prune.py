# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is left of a log below its minimum index."""

from pathlib import Path

import pytest

from tests.tools.ledger import FOLDER, IDENTITY, TODAY, check_log, facts, lines, opened
from torrazzo.base.errors import Invalid
from torrazzo.ledger import fact_index
from torrazzo.ledger.errors import Pruned
from torrazzo.ledger.fact_index import Placed, RecEntry
from torrazzo.ledger.identity import LogName
from torrazzo.ledger.merkle import leaf_hash, root_of, verify_consistency, verify_inclusion
from torrazzo.ledger.policy import Policy
from torrazzo.testing import FaultyDisk

BATCH = facts(1_000)


def tiles(disk: FaultyDisk) -> set[str]:
    return {str(path.relative_to(FOLDER / "rec/tile")) for path in disk.files() if "rec/tile" in str(path)}


@pytest.mark.parametrize("minimum", [0, 1, 255, 256, 300, 512, 768, 1_000])
def test_whole_files_below_the_minimum_go(tmp_path: Path, minimum: int) -> None:
    """Bundles and tiles of level 0 wholly below it go, no other one; all that C2SP promises is still given."""
    disk = FaultyDisk()
    with opened(tmp_path / "l.db", disk) as store:
        store.append(BATCH)
        store.prune("rec", minimum)
    kept = {f"{level}/{number:03}" for level in (0, "entries") for number in range(minimum // 256, 3)}
    assert tiles(disk) == kept
    assert all(tiles(disk.after_power_cut(seed)) == kept for seed in range(5))
    with opened(tmp_path / "l.db", disk) as store:
        log = store.rec
        assert log.minimum == minimum
        check_log(log, lines(BATCH), indexes=range(minimum, 1_000, 7))
        leaves = [leaf_hash(each.line) for each in BATCH]
        assert log.root(minimum) == root_of(leaves[:minimum])
        if minimum:
            verify_consistency(minimum, root_of(leaves[:minimum]), 1_000, log.head.root, log.consistency(minimum))
        store.append(facts(300, first=1_000))
        check_log(log, lines(facts(1_300)), indexes=[minimum, 1_299])


def test_what_was_pruned_is_refused_clearly(tmp_path: Path) -> None:
    """Entries, proofs, paths and facts below the minimum say that they were pruned, and where the log begins."""
    with opened(tmp_path / "l.db", FaultyDisk()) as store:
        store.append(BATCH)
        store.prune("rec", 600)
        log = store.rec
        for ask in (
            lambda: log.inclusion(599),
            lambda: log.proof(0),
            lambda: log.entries(599, 601),
            lambda: log.resource("tile/entries/001"),
            lambda: log.resource("tile/0/000"),
            lambda: log.resource("tile/0/001.p/7"),
            lambda: log.root(100),
            lambda: log.consistency(100),
        ):
            with pytest.raises(Pruned, match="begins at entry 600"):
                ask()
        assert BATCH[599].id is not None
        with pytest.raises(Pruned):
            store.index_of(BATCH[599].id)
        assert len(log.resource("tile/0/002")) == 8_192
        assert len(log.resource("tile/1/000.p/3")) == 96


def test_proofs_given_out_stay_valid(tmp_path: Path) -> None:
    """A proof file of an entry that was pruned since is accepted, and its head is consistent with the present one."""
    with opened(tmp_path / "l.db", FaultyDisk()) as store:
        store.append(BATCH)
        proof = store.rec.proof(100)
        root = store.rec.head.root
        store.append(facts(50, first=1_000))
        store.prune("rec", 1_000)
        policy = Policy.parse(f"log {IDENTITY.key(LogName('rec', 1)).verifier}\nquorum none\n".encode())
        accepted = proof.accept(BATCH[100].line, policy)
        verify_consistency(1_000, root, 1_050, store.rec.head.root, store.rec.consistency(1_000))
        assert accepted.checkpoint.root == root
        verify_inclusion(leaf_hash(BATCH[100].line), 100, 1_000, proof.path, root)


def test_a_minimum_never_shrinks(tmp_path: Path) -> None:
    """Nor is it beyond the tree; each log has its own."""
    with opened(tmp_path / "l.db", FaultyDisk()) as store:
        store.append(BATCH, [b"one"])
        store.prune("rec", 300)
        for minimum in (299, 1_001):
            with pytest.raises(Invalid, match="begins at 300"):
                store.prune("rec", minimum)
        store.prune("rec", 300)
        assert store.act.minimum == 0
        store.prune("act", 1)
        with pytest.raises(Pruned):
            store.act.inclusion(0)
        store.append([], [b"two"])


def test_a_fact_whose_row_went_is_not_entered_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Delivered once more after its row was pruned, nobody can say whether it is the same: it is refused, unstored."""
    monkeypatch.setattr(fact_index, "_FORGOTTEN", 100)
    disk = FaultyDisk()
    mixed: list[RecEntry] = [*facts(300, day=TODAY + 1, camera=2), *facts(300), *facts(300, day=TODAY + 1)]
    for _ in range(2):
        with opened(tmp_path / "l.db", disk) as store:
            if not store.rec.head.size:
                store.append(mixed)
                store.prune("rec", 500)
            done = store.append([mixed[0], mixed[299], mixed[499], mixed[500], mixed[899]])
            assert done.rec == (*[Placed("pruned", None)] * 3, Placed("known", 500), Placed("known", 899))
            assert store.rec.head.size == 900
            assert store.first_index(TODAY) == 500
            assert store.first_index(TODAY + 1) == 600


def test_pruning_that_was_cut_off_is_finished_by_the_next_start(tmp_path: Path) -> None:
    """A disk that fails at any of its steps leaves a log that already refuses; the next start removes the rest."""
    for step in range(1, 100):
        disk, path = FaultyDisk(), tmp_path / f"{step}.db"
        with opened(path, disk) as store:
            store.append(BATCH)
            disk.fail("[us][ny]*", nth=step)  # unlink, sync_folder
            try:
                store.prune("rec", 600)
                is_through = True
            except OSError:
                is_through = False
            with pytest.raises(Pruned):
                store.rec.inclusion(599)
            with pytest.raises(Pruned):
                store.rec.resource("tile/entries/001")
        disk.heal()
        with opened(path, disk) as store:
            check_log(store.rec, lines(BATCH))
            assert tiles(disk) == {"0/002", "entries/002"}
        if is_through:
            assert step > 4
            return
