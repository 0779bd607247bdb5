# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Retention that dies at each single step: shred, fact, unlink, fact, forget; and again in the life that follows."""

import contextlib
import itertools
from collections.abc import Iterator, Sequence

import pytest

from tests.tools.retention import HOME, NOW, Town, standard, texts
from torrazzo.base.errors import TorrazzoError
from torrazzo.retention import load_forgotten
from torrazzo.retention.forecast import LEAST_RESERVE
from torrazzo.testing import FaultyDisk

AGED = standard(-169, -168)
EARLY = standard(-80)
YOUNG = standard(-72, -71, 0)  # above the floor


class Case:
    """A town in which hours are to go: two for their age, or one for want of room."""

    def __init__(self, why: str) -> None:
        self.is_early = why == "disk"
        self.old, self.young = EARLY if self.is_early else AGED, YOUNG
        self.town = Town(roots=2)
        self.town.draw([*self.old, *self.young])
        for name, root in itertools.product([*self.old, *self.young], (0, 1)):
            self.town.record(name, 2, root=root)
        for path in self.town.disk.files()[::2]:
            if path.suffix == ".vol":
                self.town.disk.publish(path.with_suffix(".idx"), b"side")
        self.origin = self.town.disk

    def begin(self, disk: FaultyDisk | None = None) -> None:
        """A life on this disk; the first one, with the ledger, from the beginning."""
        if disk is None:
            self.town.ledger.entries = []
        self.town.restart(copy(disk or self.origin))
        self.town.disk.capacity = LEAST_RESERVE - 1 if self.is_early else 1 << 40

    def look(self) -> None:
        """As the keyring's clockwork does."""
        with contextlib.suppress(OSError, TorrazzoError):
            self.town.look()

    def lives(self, disk: FaultyDisk | None = None, seeds: Sequence[int | None] = (None, 0, 1)) -> Iterator[FaultyDisk]:
        """A look that is cut off at its first change of the disk, then its second, until it is through."""
        entries = list(self.town.ledger.entries) if disk else []
        is_through = False
        for step in itertools.count(1):
            for seed in seeds:
                self.begin(disk)
                self.town.ledger.entries = list(entries)
                self.town.disk.cut_power_at(step)
                self.look()
                is_through = not self.town.disk.is_off
                yield self.town.disk.kill() if seed is None else self.town.disk.power_cut(seed)
            if is_through:
                return

    def check(self, disk: FaultyDisk) -> None:
        """The next life brings it to an end: everything that was to go is gone and was told once, nothing else."""
        self.begin(disk)
        self.look()
        self.town.disk.capacity = 1 << 40
        self.look()
        town = self.town
        assert town.living() == self.young
        assert town.ledger.named("shred") == texts(self.old)
        assert town.ledger.named("free") == texts(self.old)
        assert [act.values["files"] for act in town.ledger.facts("free")] == [4] * len(self.old)
        assert {act.values["left"] for act in town.ledger.facts("shred")} == {
            len(self.young) + at for at in range(len(self.old))
        }
        born = [f"{act.values['hour']}/{act.values['classes'][0]}" for act in town.ledger.facts("key")]
        assert born == texts([*self.old, *self.young])
        assert town.findings() == []
        assert town.volumes(0) == town.volumes(1) == texts(self.young)
        hours = {path.name[:10] for path in town.disk.files() if path.suffix in {".vol", ".idx"}}
        assert hours == {str(name)[:10] for name in self.young}
        forgotten = load_forgotten(town.disk, HOME.keyring)
        assert forgotten.before == {"standard": NOW - 167}
        assert forgotten.also == (set(self.old) if self.is_early else set())
        assert not town.keyring.alarms


def copy(disk: FaultyDisk) -> FaultyDisk:
    return disk._successor(disk._platter.after_kill())


@pytest.mark.parametrize("seed", [None, 0, 1])  # the process is killed, or power goes; in pieces, for a slow machine
@pytest.mark.parametrize("why", ["age", "disk"])
def test_each_step_may_be_the_last(why: str, seed: int | None) -> None:
    """Wherever power or process go, the next life ends it: each key has one fact, each file is counted once."""
    case = Case(why)
    count = 0
    for disk in case.lives(seeds=(seed,)):
        case.check(disk)
        count += 1
    assert count > 30


def test_each_step_of_two_lives_may_be_the_last() -> None:
    """The same where the second life is cut off as well."""
    case = Case("age")
    for first in itertools.islice(case.lives(), 0, None, 101):
        entries = list(case.town.ledger.entries)
        for at, disk in enumerate(case.lives(first, (0,))):
            if at % 5 == 0:
                case.check(disk)
            case.town.ledger.entries = list(entries)


@pytest.mark.parametrize("but_persist", [False, True])
@pytest.mark.parametrize("why", ["age", "disk"])
def test_each_step_may_fail(why: str, but_persist: bool) -> None:
    """A step that the disk refuses, or does and says it did not, costs a minute and no fact."""
    case = Case(why)
    for step in itertools.count(1):
        case.begin()
        case.town.disk.fail("[!lorf]*", nth=step, but_persist=but_persist)
        case.look()
        has_failed = case.town.disk.statistics.failures > 0
        case.town.disk.heal()
        case.check(case.town.disk)
        if not has_failed:
            assert step > 30
            return


def test_an_answer_that_dies_with_the_process_is_looked_up() -> None:
    """The ledger has the fact and the keyring dies before it hears so: the next life enters it no second time."""
    case = Case("age")
    for loses in (1, 2, 3, 4):
        case.begin()
        case.town.ledger.loses = loses
        for _ in range(loses):
            case.look()
            case.town.restart()
        case.check(case.town.disk)
