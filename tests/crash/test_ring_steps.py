# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A ring that is replaced, and dies at each single step of it; and again at each step of the start that follows."""

import contextlib
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.tools.sealers import Chip
from torrazzo.base.errors import Invalid, Refused, Unavailable
from torrazzo.keyring.public import KeyName
from torrazzo.keyring.ring import PrivateKey, Ring, ring_text
from torrazzo.keyring.ring_file import parse_ring_file
from torrazzo.keyring.sealer import Sealer
from torrazzo.keyring.sealer_setup import set_up_sealer
from torrazzo.keyring.store import RingStore
from torrazzo.testing.disk import FaultyDisk, PowerOff

FOLDER = Path("/keyring")
OLD = [KeyName(hour, "standard") for hour in (1, 2, 3)]
NEW = KeyName(9, "standard")
GONE = OLD[:2]

Act = Callable[[RingStore], object]
ACTS: dict[str, Act] = {"draw": lambda store: store.draw([NEW]), "shred": lambda store: store.shred(GONE)}


class Case:
    """A disk with a ring of three keys, plain or sealed, and its sealer."""

    def __init__(self, kind: str, *, is_plain: bool) -> None:
        self.disk = FaultyDisk()
        self.disk.make_folder(FOLDER)
        self.chip = Chip() if kind == "chip" else None
        if is_plain:
            ring = Ring({}).with_drawn(OLD)
            self.disk.publish(FOLDER / "ring.json", ring_text(ring))
        else:
            store = self.store()
            store.draw(OLD)
            ring = store.ring
        self.keys: dict[KeyName, PrivateKey] = dict(ring.keys)
        self.roots = [self.disk.content(path) for path in self.disk.files() if path.name.startswith("root-")]

    def sealer(self) -> Sealer:
        return self.chip or set_up_sealer(self.disk, FOLDER)

    def store(self) -> RingStore:
        """Of a new life."""
        store = RingStore(self.disk, FOLDER, self.sealer())
        store.load()
        return store

    def check(self, *, must_be_gone: bool) -> bool:
        """The next life finds one ring; all keys in it, or those that were to go all gone. Returns whether they are."""
        store = self.store()
        store.finish()
        gone = {name for name, key in self.keys.items() if store.ring.keys.get(name) != key}
        assert gone in (set(), set(GONE))
        assert gone or not must_be_gone
        if gone:
            told = store.last_shred()
            assert told is not None
            assert list(told.names) == GONE
            assert told.ring_root == store.ring.root()
        if gone:
            assert not any(root in self.disk.content(path) for root in self.roots for path in self.disk.files())
        is_plain = FOLDER / "ring.json" in self.disk.files()
        assert self.living() == ([] if is_plain else [store._counter])
        return bool(gone)

    def living(self) -> list[int]:
        """Counters of the files on the disk that open."""
        found, sealer = [], self.sealer()
        for path in self.disk.files():
            with contextlib.suppress(Refused, Invalid):
                if path.name.startswith(("ring-", ".ring-")):
                    file = parse_ring_file(self.disk.content(path))
                    file.open(sealer.open(file.sealed))
                    found.append(file.counter)
        return found


def crashes(kind: str, act: Act, *, is_plain: bool) -> Iterator[tuple[Case, bool]]:
    """The act, cut off by a power cut or a kill at its first change of the disk, then its second, until it is through.

    Gives what is found, and whether the act had come to its end.
    """
    is_through = False
    for step in itertools.count(1):
        for seed in (None, 0, 1, 2):
            case = Case(kind, is_plain=is_plain)
            store, is_done = case.store(), False
            case.disk.cut_power_at(step)
            with contextlib.suppress(PowerOff):
                act(store)
                is_done = True
            is_through = not case.disk.is_off
            case.disk = case.disk.kill() if seed is None else case.disk.power_cut(seed)
            yield case, is_done
        if is_through:
            assert step > 10
            return


@pytest.mark.parametrize("is_plain", [False, True], ids=["sealed", "plain"])
@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("kind", ["file", "chip"])
def test_each_step_may_be_the_last_of_two_lives(kind: str, act: str, is_plain: bool) -> None:
    """The ring is the old or the new one, whole, wherever the first life and the next start end; one ring lives."""
    ended = set()
    for case, is_done in crashes(kind, ACTS[act], is_plain=is_plain):
        before, value = case.disk, case.chip.value if case.chip else 0
        for step in itertools.count(1):
            case.disk = before._successor(before._platter.after_kill())  # a copy
            if case.chip:
                case.chip.value = value
            case.disk.cut_power_at(step)
            with contextlib.suppress(PowerOff, Unavailable):
                case.store()
            is_through = not case.disk.is_off
            case.disk = case.disk.power_cut(step)
            ended.add(case.check(must_be_gone=is_done and act == "shred"))
            if is_through:
                break
    assert ended == ({True, False} if act == "shred" else {False})


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("kind", ["file", "chip"])
@pytest.mark.parametrize("but_persist", [False, True])
def test_each_step_may_fail(kind: str, act: str, but_persist: bool) -> None:
    """A step that fails costs at most a second try, in the same life or in the next, also where the power goes then."""
    has_failed = True
    for step in itertools.count(1):
        for is_power in (False, True):
            case = Case(kind, is_plain=False)
            store = case.store()
            case.disk.fail("[!lor]*", nth=step, but_persist=but_persist)  # what changes the disk
            with contextlib.suppress(OSError):
                ACTS[act](store)
            has_failed = case.disk.statistics.failures > 0
            case.disk.heal()
            if is_power:
                case.disk = case.disk.power_cut(step)
                store = case.store()
            ACTS[act](store)
            assert case.check(must_be_gone=act == "shred") == (act == "shred")
            assert (NEW in store.ring.keys) == (act == "draw")
        if not has_failed:
            assert step > 10
            return


@pytest.mark.parametrize("fails", [["before"], ["after"], ["before", "before"], ["before", "", "after"]])
@pytest.mark.parametrize("is_restart", [False, True])
def test_a_chip_may_fail_before_and_after_it_counts(fails: list[str], is_restart: bool) -> None:
    """Between two counts no ring opens; as soon as the chip counts again the new one does, with the shred done."""
    case = Case("chip", is_plain=False)
    assert case.chip is not None
    store = case.store()
    case.chip.fails = list(fails)
    for _ in fails:
        with contextlib.suppress(Unavailable):
            store.shred(GONE)
        assert len(case.living()) <= 1
        if is_restart:
            case.disk = case.disk.kill()
            store = RingStore(case.disk, FOLDER, case.chip)
    store.load()
    assert case.check(must_be_gone=True)


def test_an_attempt_that_was_given_up_does_not_open_with_its_successor() -> None:
    """A copy made of a ring file in writing holds a key that the next attempt shreds: it opens at no counter."""
    case = Case("chip", is_plain=False)
    store = case.store()
    copies: list[bytes] = []

    class Copied(FaultyDisk):
        def publish(self, path: Path, data: bytes, mode: int = 0o600) -> None:
            if path.name.startswith("ring-"):
                copies.append(data)
                raise OSError(5, "the disk fails, and somebody has a copy")
            super().publish(path, data, mode)

    case.disk.__class__ = Copied
    with pytest.raises(OSError, match="copy"):
        store.draw([NEW])
    case.disk.__class__ = FaultyDisk
    store.shred(GONE)
    file = parse_ring_file(copies[0])
    with pytest.raises(Refused):
        store._sealer.open(file.sealed)
