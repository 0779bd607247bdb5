# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Keys are drawn and shredded on disks that fail, in programs that die; old files are kept and put back."""

import contextlib
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.tools.sealers import Chip, needs_software_tpm, software_tpm
from torrazzo.base.errors import Invalid, Refused, Unavailable
from torrazzo.keyring.public import KeyName
from torrazzo.keyring.ring import PrivateKey
from torrazzo.keyring.ring_file import parse_ring_file
from torrazzo.keyring.sealer import Sealer
from torrazzo.keyring.sealer_setup import set_up_sealer
from torrazzo.keyring.store import RingStore
from torrazzo.keyring.tpm import TpmSealer
from torrazzo.keyring.tpm_tools import TpmTools
from torrazzo.testing.disk import FaultyDisk, PowerOff
from torrazzo.testing.platter import Platter

FOLDER = Path("/keyring")
LONGEST = 40  # changes of the disk in one act of ours, and some


class Copying(FaultyDisk):
    """A disk from which somebody copies each ring file in the moment in which it is written, whatever happens then."""

    def __init__(self, copies: list[tuple[str, bytes]]) -> None:
        super().__init__()
        self.copies = copies

    def publish(self, path: Path, data: bytes, mode: int = 0o600) -> None:
        if path.name.startswith("ring-") and (path.name, data) not in self.copies:
            self.copies.append((path.name, data))
        super().publish(path, data, mode)

    def _successor(self, platter: Platter) -> "Copying":
        after = Copying(self.copies)
        after._platter = platter
        return after


class Keyring(RuleBasedStateMachine):
    """What was published and not shredded is there; what was shredded is not, whatever copy is tried."""

    MOST_COPIES = 1000  # that are tried after each act

    def __init__(self) -> None:
        super().__init__()
        self.disk = Copying([])
        self.disk.make_folder(FOLDER)
        self.published: dict[KeyName, PrivateKey] = {}
        self.doomed: set[KeyName] = set()  # a shred of them was begun
        self.shredded: dict[KeyName, PrivateKey] = {}
        self.hour = 0
        self.is_sure = True  # nothing was begun that may still take effect

    def sealer(self) -> Sealer:
        """Of the store of the next life."""
        return set_up_sealer(self.disk, FOLDER)

    @initialize()
    def start(self) -> None:
        self.store = RingStore(self.disk, FOLDER, self.sealer())
        self.store.load()
        self.is_sure = True
        if self.doomed and not self.doomed & self.store.ring.keys.keys():
            told = self.store.last_shred()
            assert told is not None
            assert set(told.names) == self.doomed
            self._has_shredded()

    # --- what the keyring does

    @rule(count=st.integers(1, 3))
    def draw(self, count: int) -> None:
        names = [KeyName(self.hour + at, "standard") for at in range(count)]
        self.hour += count
        if self._attempt(lambda: self.store.draw(names)):
            self.published |= {name: self.store.ring.keys[name] for name in names}

    @precondition(lambda self: self.published)
    @rule(dice=st.randoms(use_true_random=False))
    def shred(self, dice: random.Random) -> None:
        alive = sorted(self.published)
        gone = sorted(self.doomed or dice.sample(alive, dice.randint(1, len(alive))))
        self.doomed = set(gone)

        def act() -> None:
            shredded = self.store.shred(gone)
            assert list(shredded.names) == gone
            counter = self.store._sealer.counter()
            assert shredded.counter <= counter  # below: it had taken effect when it was asked for before
            assert shredded.counter < counter or shredded.ring_root == self.store.ring.root()
            assert shredded.attestation.level == self.store._sealer.level

        if self._attempt(act):
            assert not self.doomed & self.store.ring.keys.keys()
            self._has_shredded()

    # --- what happens to it

    @rule(act=st.integers(1, LONGEST), then=st.sampled_from(["draw", "shred", "restart"]), seed=st.integers(0, 99))
    def lose_power(self, act: int, then: str, seed: int) -> None:
        self.disk.cut_power_at(act)
        self._do(then, seed)
        if self.disk.is_off:  # what had been done needed no more of the disk
            self.restart(is_power=True, seed=seed)
        self.disk.cut_power_at(1 << 40)

    @rule(
        op=st.sampled_from(
            ["create", "append", "sync", "rename", "sync_folder", "overwrite", "unlink", "read", "list"]
        ),
        nth=st.integers(1, 8),
        but_persist=st.booleans(),
        then=st.sampled_from(["draw", "shred"]),
        seed=st.integers(0, 99),
    )
    def fail(self, op: str, nth: int, but_persist: bool, then: str, seed: int) -> None:
        self.disk.fail(op, nth=nth, but_persist=but_persist)
        self._do(then, seed)
        self.disk.heal()

    @rule(is_power=st.booleans(), seed=st.integers(0, 99))
    def restart(self, is_power: bool = False, seed: int = 0) -> None:
        self.disk = self.disk.power_cut(seed) if is_power else self.disk.kill()  # type: ignore[assignment]
        self.start()

    @precondition(lambda self: self.disk.copies)
    @rule(dice=st.randoms(use_true_random=False))
    def put_back(self, dice: random.Random) -> None:
        """An old file under its own name changes nothing."""
        counter = self.store._sealer.counter()
        old = [(name, data) for name, data in self.disk.copies if parse_ring_file(data).counter < counter]
        if old:
            name, data = dice.choice(old)
            self.disk.publish(FOLDER / name, data)
            self.restart()

    @precondition(lambda self: self.published and self.is_sure)
    @rule(dice=st.randoms(use_true_random=False))
    def put_in_place(self, dice: random.Random) -> None:
        """An old file in place of the living one is refused, and told; then the living one is put back."""
        living = FOLDER / f"ring-{self.store._sealer.counter()}"
        _, data = dice.choice(self.disk.copies)
        if living not in self.disk.files():
            return
        kept = self.disk.content(living)
        if parse_ring_file(data).counter != parse_ring_file(kept).counter:
            FaultyDisk.publish(self.disk, living, data)
            with pytest.raises(Refused, match="put back"):
                RingStore(self.disk, FOLDER, self.sealer()).load()
            FaultyDisk.publish(self.disk, living, kept)
            self.restart()

    # --- what must hold

    @invariant()
    def nothing_published_is_lost(self) -> None:
        found = self.store.ring.keys
        for name, key in self.published.items():
            assert found.get(name) == key or name in self.doomed
        assert self.doomed <= found.keys() or not self.doomed & found.keys()
        assert not self.shredded.keys() & found.keys()

    @invariant()
    def nothing_shredded_opens(self) -> None:
        self.check_copies(self.disk.copies[-self.MOST_COPIES :])

    def check_copies(self, copies: Sequence[tuple[str, bytes]]) -> None:
        sealer = self.store._sealer
        for name, data in copies:
            file = parse_ring_file(data)
            try:
                ring = file.open(sealer.open(file.sealed))
            except (Refused, Invalid):
                continue
            assert file.counter == sealer.counter(), name
            assert ring == self.store.ring or not self.is_sure
            assert not self.shredded.keys() & ring.keys.keys(), name

    @invariant()
    def one_ring_lives(self) -> None:
        living = [path for path in self.disk.files() if path.name.startswith("ring-") and self._opens(path)]
        is_between = not self.is_sure and self.store._sealer.counter() != self.store._counter
        assert len(living) == 1 or not self.published or (is_between and not living)

    def teardown(self) -> None:
        self.disk.heal()
        self.disk.cut_power_at(1 << 40)
        if hasattr(self, "store"):
            self.restart(is_power=True)
            self.nothing_published_is_lost()
            self.check_copies(self.disk.copies)
            self.one_ring_lives()

    def _opens(self, path: Path) -> bool:
        try:
            file = parse_ring_file(self.disk.content(path))
            file.open(self.store._sealer.open(file.sealed))
        except (Refused, Invalid):
            return False
        return True

    def _do(self, what: str, seed: int) -> None:
        if what == "draw":
            self.draw(1 + seed % 3)
        elif what == "restart":
            with contextlib.suppress(PowerOff, Unavailable):
                self.start()
        elif self.published:
            self.shred(random.Random(seed))

    def _attempt(self, act: Callable[[], Any]) -> bool:
        """Whether it was done; the program ends with the power, or when it no longer knows what is stored."""
        try:
            act()
        except PowerOff:
            self.restart(is_power=True, seed=len(self.disk.history))
        except (OSError, Unavailable):
            self.is_sure = False
            return False
        else:
            self.is_sure = True
            return True
        return False

    def _has_shredded(self) -> None:
        self.shredded |= {name: self.published.pop(name) for name in self.doomed}
        self.doomed = set()


class ChipKeyring(Keyring):
    """The same with a counter that is no file, and opens whatever was sealed to its value."""

    def __init__(self) -> None:
        super().__init__()
        self.chip = Chip()

    def sealer(self) -> Sealer:
        return self.chip

    @rule(fails=st.lists(st.sampled_from(["before", "after", ""]), min_size=1, max_size=2), seed=st.integers(0, 99))
    def chip_fails(self, fails: list[str], seed: int) -> None:
        self.chip.fails = fails
        self._do("draw" if seed % 2 else "shred", seed)
        self.chip.fails = []


class TpmKeyring(Keyring):
    """The same with a software TPM; acts take a second here, so that few copies are tried but in the end."""

    MOST_COPIES = 2
    tcti: str
    handle = ""

    def sealer(self) -> Sealer:
        found = set_up_sealer(self.disk, FOLDER, self.tcti)
        assert isinstance(found, TpmSealer)
        self.handle = found._handle
        return found

    def teardown(self) -> None:
        super().teardown()
        if self.handle:  # the TPM has room for a few
            TpmTools(self.tcti).run("nvundefine", "--hierarchy", "o", self.handle)


def test_the_ring_keeps_and_shreds_with_files() -> None:
    """Whatever fails and whenever: published keys live until their shred, shredded ones never again; one ring lives."""
    run_state_machine_as_test(Keyring, settings=settings(max_examples=80, stateful_step_count=25))


def test_the_ring_keeps_and_shreds_with_a_chip() -> None:
    """The same laws where the sealer is a chip, and every copy ever made of a ring file is tried against it."""
    run_state_machine_as_test(ChipKeyring, settings=settings(max_examples=80, stateful_step_count=25))


@needs_software_tpm
@pytest.mark.parametrize("examples", [2, pytest.param(100, marks=[pytest.mark.long, pytest.mark.timeout(3600)])])
def test_the_ring_keeps_and_shreds_with_a_tpm(tmp_path: Path, examples: int) -> None:
    """The same laws on a real software TPM."""
    with software_tpm(tmp_path) as TpmKeyring.tcti:
        few = settings(
            max_examples=examples,
            stateful_step_count=12,
            phases=[Phase.generate],
            suppress_health_check=[HealthCheck.too_slow],
        )
        run_state_machine_as_test(TpmKeyring, settings=few)
