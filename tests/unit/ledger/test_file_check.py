# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Tiles and bundles that are not as they were written: what is refused, what goes on, what people are told."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tools.ledger import FOLDER, TOWN, check_log, deeds, fact, facts, lines, opened, stream
from torrazzo.base.times import SECOND
from torrazzo.ledger.file_check import FileWatch, check_files, check_ledger
from torrazzo.ledger.merkle import leaf_hash
from torrazzo.ledger.tiles import pack_entries, split_entries
from torrazzo.ledger.touched import Touched
from torrazzo.testing import FakeClock, FaultyDisk

SIZE = 1_100  # four full bundles, of which the start looks at the last


def fill(folder: Path) -> FaultyDisk:
    """Facts of two cameras, one after the other; and as many deeds."""
    disk = FaultyDisk()
    with opened(folder / "l.db", disk) as store:
        both = [each for n in range(SIZE // 2) for each in (fact(n, camera=1), fact(n, camera=2))]
        store.append(both, deeds(SIZE))
        store.append([fact(SIZE // 2)], deeds(1, SIZE))  # rows of what is filed go
    return disk


def flip(disk: FaultyDisk, path: Path) -> None:
    """One bit, in the third entry or hash."""
    at = 200 if "entries" in path.parts else 70
    disk.damage(path, at, bytes([disk.content(path)[at] ^ 1]))


HOW: dict[str, Callable[[FaultyDisk, Path], None]] = {
    "a bit": flip,
    "cut off": lambda disk, path: disk.cut_off(path, 1_000),
    "gone": lambda disk, path: disk.unlink(path),
}
FILES = ["rec/tile/entries/001", "rec/tile/0/001"]


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("name", FILES)
def test_an_old_file_that_is_not_as_it_was_hides_its_entries_and_no_others(tmp_path: Path, name: str, how: str) -> None:
    """The ledger opens, enters and proves; what needs the file is refused with log, file, entries, cameras and time."""
    disk = fill(tmp_path)
    HOW[how](disk, FOLDER / name)
    with opened(tmp_path / "l.db", disk) as store:
        store.append([fact(600)], deeds(1, 5_000))
        rec = store.rec
        assert [*rec.entries(0, 256)] == lines(
            [each for n in range(128) for each in (fact(n, camera=1), fact(n, camera=2))]
        )
        rec.proof(3), rec.proof(SIZE), rec.consistency(SIZE)
        with pytest.raises(Touched) as error:
            list(rec.entries(256, 512)) if "entries" in name else rec.inclusion(300)
        found = error.value
        assert str(found).startswith(f"{name.removeprefix('rec/')} of {TOWN}/rec: ")
        if how == "a bit" and "entries" in name:
            assert list(found.entries) == [258]
            assert found.told == (str(stream(1)), fact(129).t0, None)
        else:
            assert found.entries == range(256, 512)
            assert found.told == (f"{stream(1)},{stream(2)}", fact(128).t0, fact(255).t0 + 10 * SECOND)
            assert "entries 256 to 511 (" in str(found)


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("name", FILES)
def test_the_last_file_stops_the_start_and_is_named(tmp_path: Path, name: str, how: str) -> None:
    """What the next entries are built on has to be right: nothing is signed, and it is told what is concerned."""
    disk = fill(tmp_path)
    HOW[how](disk, FOLDER / name.replace("001", "003"))
    with pytest.raises(Touched) as error, opened(tmp_path / "l.db", disk):
        pass
    assert name.replace("rec/", "").replace("001", "003") in str(error.value)
    assert error.value.told.stream in {str(stream(1)), f"{stream(1)},{stream(2)}"}
    assert error.value.told.at in {fact(384).t0, fact(385).t0}


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("log", ["rec", "act"])
@pytest.mark.parametrize("name", ["tile/entries/000", "tile/0/000"])
def test_the_check_reads_all_and_names_each_once(tmp_path: Path, log: str, name: str, how: str) -> None:
    """Nothing of an untouched ledger; then that file alone, whether a ledger runs or not."""
    disk = fill(tmp_path)
    assert list(check_ledger(tmp_path / "l.db", disk, FOLDER)) == []
    HOW[how](disk, FOLDER / log / name)
    (found,) = check_ledger(tmp_path / "l.db", disk, FOLDER)
    assert (found.log, found.file) == (log, name)
    with opened(tmp_path / "l.db", disk) as store:
        assert [each.file for each in check_files(store.rec if log == "rec" else store.act)] == [name]


def test_an_entry_and_its_leaf_changed_alike_are_found_by_what_is_above(tmp_path: Path) -> None:
    """A forger who makes tile and bundle fit each other is contradicted one level higher; both are told, as a whole."""
    disk = fill(tmp_path)
    entries = split_entries(disk.content(FOLDER / "rec/tile/entries/000"), 256)
    entries[7] = b"forged"
    disk.publish(FOLDER / "rec/tile/entries/000", pack_entries(entries))
    disk.publish(FOLDER / "rec/tile/0/000", b"".join(map(leaf_hash, entries)))
    found = list(check_ledger(tmp_path / "l.db", disk, FOLDER))
    assert [(each.file, each.entries) for each in found] == [("tile/0/000", range(256))]
    with opened(tmp_path / "l.db", disk) as store, pytest.raises(Touched, match="tile/0/000"):
        list(store.rec.entries(0, 256))


def test_without_an_old_tile_its_bundle_is_given_out_all_the_same(tmp_path: Path) -> None:
    """The hash above the tile is that of the bundle's leaves: no need of the tile itself."""
    disk = fill(tmp_path)
    disk.unlink(FOLDER / "rec/tile/0/000")
    with opened(tmp_path / "l.db", disk) as store:
        assert next(store.rec.entries(3, 4)) == fact(1, camera=2).line
        check_log(store.rec, list(store.rec.entries(0, store.rec.head.size)), indexes=[600])


def test_a_running_ledger_tells_what_is_not_good_until_it_is_put_back(tmp_path: Path) -> None:
    """Each file once in its status, with entries, cameras and time; none once it is as it was."""
    disk = fill(tmp_path)
    path = FOLDER / "rec/tile/entries/000"
    sound = disk.content(path)
    flip(disk, path)
    with opened(tmp_path / "l.db", disk) as store:
        watch = FileWatch((store.rec, store.act), FakeClock(), rest_s=0)
        for _ in range(2):
            watch.walk(threading.Event())
            (told,) = watch.status()
            assert told.items() >= {"log": "rec", "file": "tile/entries/000", "first": 2, "last": 2}.items()
            assert (told["streams"], told["from"]) == (str(stream(1)), fact(1).t0)
        disk.publish(path, sound)
        watch.look_again()
        assert watch.status() == []


def test_files_as_they_lie_are_given_to_who_compares_himself(tmp_path: Path) -> None:
    """An auditor sees what is there, and says itself at which entry it parts from the head."""
    disk = fill(tmp_path)
    path = FOLDER / "rec/tile/entries/000"
    flip(disk, path)
    with opened(tmp_path / "l.db", disk) as store:
        assert store.rec.resource("tile/entries/000") == disk.content(path)
        assert store.rec.resource("tile/entries/000.p/2") == pack_entries(lines([facts(1)[0], fact(0, camera=2)]))
