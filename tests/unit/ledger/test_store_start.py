# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a start notices: damage, an older database, a lost one; and how a fork is declared."""

import contextlib
import shutil
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.tools.ledger import FOLDER, IDENTITY, TOWN, check_log, deeds, fact, facts, lines, opened, over
from torrazzo.base.errors import Damaged, Invalid, Stopped, Unavailable
from torrazzo.ledger.checkpoint import Checkpoint, sign_checkpoint
from torrazzo.ledger.errors import RolledBack
from torrazzo.ledger.fork import fork_ledger
from torrazzo.ledger.identity import Identity, LogKind, LogName
from torrazzo.ledger.merkle import EMPTY_ROOT, leaf_hash
from torrazzo.ledger.schema import sqlite_database
from torrazzo.ledger.start import open_ledger
from torrazzo.ledger.tiles import pack_entries
from torrazzo.ledger.touched import Touched
from torrazzo.testing import FaultyDisk


def fill(folder: Path, disk: FaultyDisk, end: int) -> Checkpoint:
    """Append up to this number of facts and deeds; keeps a copy of the database. Returns the head of `rec`."""
    with opened(folder / "l.db", disk) as store:
        start = store.rec.head.size
        store.append(facts(end - start, first=start), deeds(end - start, start))
        head = store.rec.head
    shutil.copy(folder / "l.db", folder / f"{end}.db")
    return head


def put_back(folder: Path, end: int) -> None:
    for path in folder.glob("l.db-*"):
        path.unlink()
    shutil.copy(folder / f"{end}.db", folder / "l.db")


def fork(folder: Path, disk: FaultyDisk, seen: tuple[Checkpoint, ...] = ()) -> dict[LogKind, Checkpoint]:
    """Declared by one line for each log, as `declared` makes it; the heads that were declared."""
    told: dict[LogKind, Checkpoint] = {}

    def declare(heads: Mapping[LogKind, Checkpoint]) -> list[bytes]:
        told.update(heads)
        return declared(told)

    with contextlib.closing(sqlite_database(folder / "l.db")) as database:
        fork_ledger(database, disk, FOLDER, IDENTITY, declare, seen)
    return told


def declared(heads: Mapping[LogKind, Checkpoint]) -> list[bytes]:
    return [f"the log {kind} begins anew after {head.size}".encode() for kind, head in sorted(heads.items())]


@pytest.mark.parametrize(("old", "new"), [(100, 101), (100, 250), (100, 300), (256, 600), (300, 1_000)])
@pytest.mark.parametrize("hidden", ["nothing", "checkpoint", "files"])
def test_an_older_database_is_noticed_and_nothing_is_signed(tmp_path: Path, old: int, new: int, hidden: str) -> None:
    """By the published head; without that by a full file beyond; without both by a head that somebody remembers."""
    disk = FaultyDisk()
    fill(tmp_path, disk, old)
    head = fill(tmp_path, disk, new)
    put_back(tmp_path, old)
    if hidden != "nothing":
        disk.unlink(FOLDER / "rec/checkpoint")
        disk.unlink(FOLDER / "act/checkpoint")
    if hidden == "files":
        for path in disk.files():
            if path.parent.parent.name == "tile" and int(path.name) >= old // 256:
                disk.unlink(path)
    is_seen = hidden == "files" or (hidden == "checkpoint" and new // 256 == old // 256)
    before = {path: disk.content(path) for path in disk.files()}
    with (
        pytest.raises(RolledBack, match="nothing is signed"),
        opened(tmp_path / "l.db", disk, [head] if is_seen else []),
    ):
        pass
    assert {path: disk.content(path) for path in disk.files()} == before


def test_a_published_head_that_we_did_not_sign_is_told_as_such(tmp_path: Path) -> None:
    """A line of another key, or none, is no signature of ours: it is not taken for a head that shows a larger log."""
    disk = FaultyDisk()
    head = fill(tmp_path, disk, 5)
    theirs = Identity(TOWN, bytes([9]) * 32, bytes([8]) * 32).key(LogName("rec", 1))
    disk.publish(FOLDER / "rec/checkpoint", sign_checkpoint(head._replace(size=9), theirs).pack())
    with pytest.raises(Damaged, match="not signed by torrazzo"), opened(tmp_path / "l.db", disk):
        pass


@pytest.mark.parametrize(
    ("statements", "told"),
    [
        (["UPDATE entry SET line = x'00' WHERE log = 'rec' AND i = 3"], "1 entries .* entry 3 .*/main, 2024-.*"),
        (["DELETE FROM entry WHERE log = 'rec' AND i = 3"], "found 9 .* entry 3 .*/main, 2024-.*"),
        (["DELETE FROM entry WHERE log = 'rec' AND i > 2"], "entry 3 .*, 2 more"),
        (["DELETE FROM entry WHERE log = 'rec' AND i = 3", "DELETE FROM fact"], r"entry 3 \(0000000000000001/main\)"),
        (["UPDATE entry SET line = zeroblob(70000) WHERE log = 'rec' AND i = 3"], "no entry can be.* entry 3 "),
        (["UPDATE entry SET line = x'' WHERE log = 'act' AND i = 3"], "no entry can be.* entry 3 "),
    ],
)
def test_what_was_done_to_rows_is_told_with_camera_and_time(tmp_path: Path, statements: list[str], told: str) -> None:
    """By the catalogue's rows; without them by the line itself, or those beside it."""
    disk = FaultyDisk()
    fill(tmp_path, disk, 10)
    with contextlib.closing(sqlite3.connect(tmp_path / "l.db")) as database, database:
        for statement in statements:
            database.execute(statement)
    with pytest.raises(Touched, match=told) as error, opened(tmp_path / "l.db", disk):
        pass
    if "'rec'" in statements[0]:
        assert error.value.told.stream == "0000000000000001/main"
        assert error.value.told.at == (
            fact(3).t0 if len(statements) == 1 else None
        )  # lines of these tests have no time


def test_a_lost_database_is_noticed(tmp_path: Path) -> None:
    """A new, empty one next to the files of a log, or to a remembered head, does not begin the same log again."""
    disk = FaultyDisk()
    head = fill(tmp_path, disk, 5)
    (tmp_path / "l.db").unlink()
    with pytest.raises(RolledBack), opened(tmp_path / "l.db", disk):
        pass
    with pytest.raises(RolledBack), opened(tmp_path / "new.db", FaultyDisk(), [head]):
        pass


def test_another_history_of_the_same_length_is_noticed(tmp_path: Path) -> None:
    """A head that was published or remembered, and is not this tree's at that size, is refused; one that is, is not."""
    disk, other = FaultyDisk(), FaultyDisk()
    fill(tmp_path, disk, 5)
    with opened(tmp_path / "o.db", other) as store:
        store.append([fact(n, text="other") for n in range(9)])
        heads = [store.rec.head, store.rec.head._replace(size=5, root=store.rec.root(5))]
    for head in heads:
        with pytest.raises(RolledBack), opened(tmp_path / "l.db", disk, [head]):
            pass
    disk.publish(FOLDER / "rec/checkpoint", other.content(FOLDER / "rec/checkpoint"))
    with pytest.raises(RolledBack), opened(tmp_path / "l.db", disk):
        pass
    disk.unlink(FOLDER / "rec/checkpoint")
    with opened(tmp_path / "l.db", disk) as store:
        seen = [store.rec.head, store.act.head, Checkpoint(store.rec.head.origin, 3, store.rec.root(3))]
        seen.append(Checkpoint(store.rec.head.origin, 0, EMPTY_ROOT))
    with opened(tmp_path / "l.db", disk, seen):
        pass


DAMAGE: dict[str, str] = {
    "entry": "UPDATE entry SET line = x'7b7d' WHERE log = 'rec' AND i = 599",
    "entry gone": "DELETE FROM entry WHERE log = 'rec' AND i = 598",
    "entry of no bundle": "UPDATE entry SET line = x'7b7d' WHERE log = 'rec' AND i = 3",
    "edge": "UPDATE tile SET hashes = zeroblob(2816) WHERE log = 'rec' AND level = 0 AND number = 2",
    "edge above": "UPDATE tile SET hashes = zeroblob(64) WHERE log = 'rec' AND level = 1",
    "edge above, its first": "UPDATE tile SET hashes = CAST(zeroblob(32) || substr(hashes, 33) AS BLOB)"
    " WHERE log = 'rec' AND level = 1",
    "edge cut": "UPDATE tile SET hashes = substr(hashes, 1, 64) WHERE log = 'rec' AND level = 0 AND number = 2",
    "edge torn": "UPDATE tile SET hashes = CAST(hashes || x'00' AS BLOB) WHERE log = 'rec' AND level = 1",
    "edge gone": "DELETE FROM tile WHERE log = 'rec' AND level = 0 AND number = 2",
    "size": "UPDATE log SET size = 599 WHERE name = 'rec'",
    "head": "UPDATE log SET note = (SELECT note FROM log WHERE name = 'act') WHERE name = 'rec'",
    "no head": "UPDATE log SET note = x'00' WHERE name = 'rec'",
    "signature": "UPDATE log SET note = CAST(replace(CAST(note AS TEXT), '{id}', '{id}A') AS BLOB) WHERE name = 'rec'",
    "filed": "UPDATE log SET filed = 256 WHERE name = 'rec'",
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_rows_that_are_not_those_written_are_damage(tmp_path: Path, damage: str) -> None:
    """A start says so, and signs nothing; undamaged it opens."""
    disk = FaultyDisk()
    fill(tmp_path, disk, 600)
    with opened(tmp_path / "l.db", disk) as store:
        note = str(store.rec.note.signatures[0])
    with sqlite3.connect(tmp_path / "l.db") as connection:
        changed = connection.execute(DAMAGE[damage].format(id=note.rpartition(" ")[2][:20]))
        assert changed.rowcount == 1
    with pytest.raises(Damaged), opened(tmp_path / "l.db", disk):
        pass


@pytest.mark.parametrize("has_rows", [True, False])
@pytest.mark.parametrize("name", ["tile/0/001", "tile/entries/001", "checkpoint"])
@pytest.mark.parametrize("how", ["changed", "cut"])
def test_the_last_files_are_held_against_the_head(tmp_path: Path, name: str, how: str, has_rows: bool) -> None:
    """A last full tile or bundle that is another or shorter, or a head that nobody can read, is damage.

    Also where the rows are still there, so that it could be written again: nobody knows then which of the two is right.
    """
    disk = FaultyDisk()
    fill(tmp_path, disk, 600)
    if not has_rows:
        with opened(tmp_path / "l.db", disk) as store:
            store.append([fact(600)])
    path = FOLDER / "rec" / name
    if how == "cut":
        disk.cut_off(path, 32)
    else:
        disk.damage(path, 100, bytes(30))
    with pytest.raises(Damaged), opened(tmp_path / "l.db", disk):
        pass


def test_a_bundle_and_its_tile_changed_alike_are_damage(tmp_path: Path) -> None:
    """An entry forged in the last full bundle, with its leaf in the tile, does not fit the hash above."""
    disk = FaultyDisk()
    fill(tmp_path, disk, 600)
    with opened(tmp_path / "l.db", disk) as store:
        store.append([fact(600)])
    forged = [*lines(facts(255, first=256)), b"forged"]
    disk.publish(FOLDER / "rec/tile/entries/001", pack_entries(forged))
    disk.publish(FOLDER / "rec/tile/0/001", b"".join(map(leaf_hash, forged)))
    with pytest.raises(Damaged, match="tile/0/001"), opened(tmp_path / "l.db", disk):
        pass


def test_a_file_gone_is_damage(tmp_path: Path) -> None:
    """The last full tile is missed at the start, an earlier one when it is read."""
    disk = FaultyDisk()
    fill(tmp_path, disk, 600)
    with opened(tmp_path / "l.db", disk) as store:
        store.append([fact(600)])
        disk.unlink(FOLDER / "rec/tile/0/000")
        with pytest.raises(Damaged, match="gone"):
            store.rec.inclusion(3)
        check_log(store.rec, lines(facts(601)), indexes=[600])
    disk.unlink(FOLDER / "rec/tile/0/001")
    with pytest.raises(Damaged, match="gone"), opened(tmp_path / "l.db", disk):
        pass


@pytest.mark.parametrize(
    "identity", [Identity("other.example.it", bytes(32), bytes(32)), Identity(TOWN, bytes(32), bytes(32))]
)
def test_only_its_own_town_and_keys_open_a_ledger(tmp_path: Path, identity: Identity) -> None:
    """A database of another town, or a signing key that is not the log's, is refused."""
    disk = FaultyDisk()
    fill(tmp_path, disk, 3)
    with contextlib.closing(sqlite_database(tmp_path / "l.db")) as database, pytest.raises((Invalid, Damaged)):
        open_ledger(database, disk, FOLDER, identity)
    with opened(tmp_path / "l.db", disk) as store, pytest.raises(Invalid, match="not one of"):
        identity.name_of(store.rec.head.origin.replace(TOWN, "x.example.it"))


def test_tables_of_another_version_are_refused(tmp_path: Path) -> None:
    """A database that a later Torrazzo wrote is not touched."""
    disk = FaultyDisk()
    fill(tmp_path, disk, 3)
    with sqlite3.connect(tmp_path / "l.db") as connection:
        connection.execute("UPDATE ledger SET version = 2")
    with pytest.raises(Invalid, match="version 2"), opened(tmp_path / "l.db", disk):
        pass


def test_a_file_that_is_no_database_is_said_to_be_none(tmp_path: Path) -> None:
    """Rubbish, or a database that lacks a column, is an error of ours that says what to look at; the lock is free."""
    disk = FaultyDisk()
    (tmp_path / "l.db").write_bytes(b"rubbish" * 1_000)
    with pytest.raises(Unavailable, match="ledger database"), opened(tmp_path / "l.db", disk):
        pass
    with sqlite3.connect(tmp_path / "m.db") as connection:
        connection.execute("CREATE TABLE log (name TEXT PRIMARY KEY)")
    with pytest.raises(Unavailable, match="ledger database"), opened(tmp_path / "m.db", disk):
        pass
    with opened(tmp_path / "n.db", disk):
        pass


def test_a_fork_is_declared(tmp_path: Path) -> None:
    """With each old log's last known head, first of all; facts are entered anew under new origins, old files stay."""
    disk = FaultyDisk()
    fill(tmp_path, disk, 300)
    head = fill(tmp_path, disk, 700)
    put_back(tmp_path, 300)
    before = {path: disk.content(path) for path in disk.files()}
    told = fork(tmp_path, disk)
    assert told["rec"] == head
    assert (told["act"].origin, told["act"].size) == (f"{TOWN}/act", 700)
    with opened(tmp_path / "l.db", disk, [head]) as store:
        assert (store.rec.head.origin, store.act.head.origin) == (f"{TOWN}/rec.2", f"{TOWN}/act.2")
        check_log(store.act, declared(told))
        done = store.append(facts(400, first=200))
        assert {each.state for each in done.rec} == {"new"}
        check_log(store.rec, lines(facts(400, first=200)))
    with opened(tmp_path / "l.db", disk) as store:
        check_log(store.rec, lines(facts(400, first=200)))
    assert {path: disk.content(path) for path in before} == before
    assert disk.content(FOLDER / "rec.2/checkpoint")


def test_a_database_of_before_a_fork_is_noticed(tmp_path: Path) -> None:
    """By the fork's folders or by a head of the fork; and the next fork takes names that were never used."""
    disk = FaultyDisk()
    fill(tmp_path, disk, 10)
    fork(tmp_path, disk)
    with opened(tmp_path / "l.db", disk) as store:
        store.append(facts(3))
        head = store.rec.head
    put_back(tmp_path, 10)
    with pytest.raises(RolledBack, match="fork"), opened(tmp_path / "l.db", disk):
        pass
    older = FaultyDisk()
    (tmp_path / "other").mkdir()
    fill(tmp_path / "other", older, 10)
    with pytest.raises(RolledBack, match=r"rec\.2"), opened(tmp_path / "other/l.db", older, [head]):
        pass
    assert fork(tmp_path, disk)["rec"] == head
    with opened(tmp_path / "l.db", disk, [head]) as store:
        assert store.rec.head.origin == f"{TOWN}/rec.3"


def test_a_fork_needs_its_facts_and_a_log(tmp_path: Path) -> None:
    """Without one of them nothing is changed."""
    disk = FaultyDisk()
    with pytest.raises(Invalid, match="no log"):
        fork(tmp_path, disk)
    fill(tmp_path, disk, 3)
    for made in ([], [b""], [b"a\nb"]):

        def declare(_: Mapping[LogKind, Checkpoint], made: list[bytes] = made) -> list[bytes]:
            return made

        with (
            contextlib.closing(sqlite_database(tmp_path / "l.db")) as database,
            pytest.raises(Invalid, match="expected"),
        ):
            fork_ledger(database, disk, FOLDER, IDENTITY, declare)
    with opened(tmp_path / "l.db", disk) as store:
        assert store.rec.head.origin == f"{TOWN}/rec"


@pytest.mark.parametrize("text", ["rec", "act", "rec.2", "act.17", "rec.999999999"])
def test_names_of_logs_read_as_they_are_written(text: str) -> None:
    """A name has one spelling, and others are none."""
    assert str(LogName.parse(text)) == text
    for other in ("rec.1", "rec.0", "rec.02", f"{text}x", f"x{text}", f"{text}.", ""):
        assert LogName.parse(other) is None


def test_a_full_disk_under_the_database_costs_no_more_than_a_start(tmp_path: Path) -> None:
    """SQLite, out of space in the middle of a batch, rolls it back; with space again the next start goes on."""
    disk = FaultyDisk()
    with contextlib.closing(sqlite_database(tmp_path / "l.db")) as database, over(database, disk) as store:
        store.append(facts(200))
        with database._writer.connect() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 20}")
        with pytest.raises(Stopped, match="full"):
            store.append(facts(2_000, first=200))
        check_log(store.rec, lines(facts(200)))
    with opened(tmp_path / "l.db", disk) as store:
        check_log(store.rec, lines(facts(200)))
        store.append(facts(2_000, first=200))
        check_log(store.rec, lines(facts(2_200)))


def test_after_a_failed_write_nothing_is_written(tmp_path: Path) -> None:
    """A database or disk that failed once stops the store; what it had is still read, and the next start goes on."""
    failures: list[Callable[[FaultyDisk], object]] = [
        lambda disk: disk.fail("sync", "*/tile/*"),
        lambda disk: disk.fail("rename", "*/checkpoint"),
    ]
    for number, fail in enumerate(failures):
        disk = FaultyDisk()
        path = tmp_path / f"{number}.db"
        with opened(path, disk) as store:
            store.append(facts(200))
            fail(disk)
            with pytest.raises(Stopped, match="start it again"):
                store.append(facts(100, first=200))
            with pytest.raises(Stopped):
                store.append(facts(1, first=300))
            check_log(store.rec, lines(facts(300)))
        with opened(path, disk) as store:
            assert {each.state for each in store.append(facts(100, first=200)).rec} == {"known"}
            check_log(store.rec, lines(facts(300)))
