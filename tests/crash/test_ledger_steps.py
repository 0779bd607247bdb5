# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A ledger that dies at each single step of its work, on disk and in the database; and again in the start after it."""

import contextlib
import itertools
import shutil
from pathlib import Path

import pytest

from tests.tools.ledger import check_log, deeds, facts, fail_at, lines, opened, over
from torrazzo.base.errors import Stopped
from torrazzo.ledger.errors import Pruned
from torrazzo.ledger.schema import sqlite_database
from torrazzo.ledger.store import LedgerStore
from torrazzo.testing import FaultyDisk
from torrazzo.testing.disk import PowerOff

FIRST, SECOND, THIRD = facts(250), facts(270, first=250), facts(10, first=520)
ALL = [*FIRST, *SECOND, *THIRD]
MINIMUM = 300


def work(store: LedgerStore, sure: list[int]) -> None:
    """Fill two tiles, delete their rows, prune one; notes how many entries are surely there."""
    store.append(SECOND, deeds(2))
    sure.append(520)
    store.append(THIRD)
    sure.append(530)
    store.prune("rec", MINIMUM)


def check(store: LedgerStore, at_least: int) -> None:
    """One of the states between two batches, no older one than that; goes on to the last."""
    size = store.rec.head.size
    assert size in (250, 520, 530)
    assert size >= at_least
    assert store.act.head.size == (2 if size > 250 else 0)
    check_log(store.rec, lines(ALL[:size]))
    first = min(size, MINIMUM)
    done = store.append(ALL[first:])
    assert [each.state for each in done.rec] == ["known"] * (size - first) + ["new"] * (530 - size)
    check_log(store.rec, lines(ALL))
    store.prune("rec", MINIMUM)
    with pytest.raises(Pruned):
        store.rec.inclusion(MINIMUM - 1)
    check_log(store.rec, lines(ALL))


@pytest.fixture
def begun(tmp_path: Path) -> tuple[Path, FaultyDisk]:
    """A ledger with one batch: database and disk, both to be copied."""
    disk = FaultyDisk()
    with opened(tmp_path / "begun.db", disk) as store:
        store.append(FIRST)
    return tmp_path / "begun.db", disk


def copy(begun: tuple[Path, FaultyDisk], name: str) -> tuple[Path, FaultyDisk]:
    path = begun[0].with_name(f"{name}.db")
    shutil.copy(begun[0], path)
    return path, begun[1]._successor(begun[1]._platter.after_kill())


def live(path: Path, disk: FaultyDisk) -> int:
    """Work until the power goes; what was surely there then."""
    sure = [250]
    with contextlib.suppress(PowerOff, Stopped), opened(path, disk) as store:
        work(store, sure)
    return sure[-1]


@pytest.mark.parametrize("is_cut", [False, True], ids=["kill", "cut"])
def test_each_step_on_disk_may_be_the_last_of_two_lives(begun: tuple[Path, FaultyDisk], is_cut: bool) -> None:
    """The next start finds all that was acknowledged, once, wherever the first life and a start after it end."""
    for step in itertools.count(1):
        path, disk = copy(begun, f"{step}")
        disk.cut_power_at(step)
        done = live(path, disk)
        is_through = not disk.is_off
        is_half_made = disk.history[-1].op == "make_folder"  # its name, in this model, is not made safe by a later sync
        disk = disk.power_cut(step) if is_cut else disk.kill()
        if is_cut:
            disk.cut_power_at(step % 7 + 1)
            with contextlib.suppress(PowerOff, Stopped), opened(path, disk):
                pass
            disk = disk.power_cut(step)
        with opened(path, disk) as store:
            check(store, done)
        if not is_half_made:
            disk = disk.power_cut(step)
        with opened(path, disk) as store:
            check_log(store.rec, lines(ALL))
        if is_through:
            assert step > 40
            return


def test_what_a_killed_life_left_unsafe_is_made_safe(begun: tuple[Path, FaultyDisk]) -> None:
    """Killed at any step of filling a tile, and the power cut after the next life deleted its rows, nothing is lost."""
    for step in itertools.count(1):
        path, disk = copy(begun, f"{step}")
        disk.cut_power_at(step)
        with contextlib.suppress(PowerOff, Stopped), opened(path, disk) as store:
            store.append(SECOND)
        is_through, is_half_made = not disk.is_off, disk.history[-1].op == "make_folder"
        disk = disk.kill()
        with opened(path, disk) as store:
            size = store.rec.head.size
            store.append(ALL[size : size + 1])
        for seed in () if is_half_made else range(4):
            with opened(path, disk.after_power_cut(seed)) as store:
                check_log(store.rec, lines(ALL[: size + 1]))
        if is_through:
            assert step > 15
            return


@pytest.mark.parametrize("but_persist", [False, True])
def test_each_step_on_disk_may_fail(begun: tuple[Path, FaultyDisk], but_persist: bool) -> None:
    """A step that fails, with or without effect, stops the store at worst; the next start goes on from there."""
    for step in itertools.count(1):
        path, disk = copy(begun, f"{step}")
        disk.fail("[!lo]*", nth=step, but_persist=but_persist)  # what changes the disk, and reads
        sure = [250]
        with contextlib.suppress(OSError, Stopped), opened(path, disk) as store:
            work(store, sure)
        has_failed = disk.statistics.failures > 0
        disk.heal()
        with opened(path, disk) as store:
            check(store, sure[-1])
        if not has_failed:
            assert step > 40
            return


def test_each_statement_and_commit_may_fail(begun: tuple[Path, FaultyDisk]) -> None:
    """A transaction is whole or not at all: the next start finds it, or what was before it."""
    for step in itertools.count(1):
        path, disk = copy(begun, f"{step}")
        sure = [250]
        with contextlib.closing(sqlite_database(path)) as database, over(database, disk) as store:
            seen = fail_at(database, step)
            with contextlib.suppress(Stopped):
                work(store, sure)
            if step <= len(seen):
                with pytest.raises(Stopped):
                    store.append(THIRD)
        with opened(path, disk) as store:
            check(store, sure[-1])
        if step > len(seen):
            assert step > 20
            assert seen.count("COMMIT") >= 4
            return


def test_each_statement_of_the_first_start_may_fail(tmp_path: Path) -> None:
    """A ledger whose making was cut off is made by the next start."""
    for step in itertools.count(1):
        path, disk = tmp_path / f"{step}.db", FaultyDisk()
        with contextlib.closing(sqlite_database(path)) as database:
            seen = fail_at(database, step)
            with contextlib.suppress(Exception), over(database, disk):
                pass
        with opened(path, disk) as store:
            store.append(FIRST)
            check_log(store.rec, lines(FIRST))
        if step > len(seen):
            assert step > 10
            return
