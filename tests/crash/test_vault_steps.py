# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A vault that dies at each single step of putting keys in and of ending a hold, and is taken up by the next life."""

import contextlib
import itertools
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.tools.gate_town import NOW, STREAM, TERM, hold_values
from torrazzo.base.errors import TorrazzoError
from torrazzo.base.times import hour_of
from torrazzo.keyring.public import KeyName
from torrazzo.keyring.vault import RELEASED, Vault
from torrazzo.ledger.act import pack_act, parse_act
from torrazzo.ledger.identity import EntryName
from torrazzo.testing import FaultyDisk
from torrazzo.testing.disk import PowerOff

FOLDER = Path("/vault")
NAME = KeyName(hour_of(NOW), "standard")
KEYS = {n: bytes([n]) * 32 for n in (3, 4, 7)}
HOLD = EntryName("act.2", 12)

Act = Callable[[Vault], object]


def opened(disk: FaultyDisk) -> tuple[Vault, list[Mapping[str, object]]]:
    told: list[Mapping[str, object]] = []
    vault = Vault(disk, FOLDER, lambda _kind, values: told.append(values))
    vault.load()
    return vault, told


def put(vault: Vault) -> int:
    return vault.put(HOLD, parse_act(pack_act("hold", NOW, hold_values())), STREAM, TERM, NAME, KEYS)


def release(vault: Vault) -> None:
    vault.release(HOLD)


def crashes(act: Act, before: tuple[Act, ...]) -> Iterator[tuple[FaultyDisk, bool, list[Mapping[str, object]]]]:
    """The act cut off at its first change of the disk, then its second, until it is through; and what was booked."""
    is_through = False
    for step in itertools.count(1):
        for seed in (None, 0, 1):
            disk = FaultyDisk()
            disk.make_folder(FOLDER)
            vault, told = opened(disk)
            for each in before:
                each(vault)
            disk.cut_power_at(step)
            is_done = False
            with contextlib.suppress(PowerOff, TorrazzoError):
                act(vault)
                is_done = True
            is_through = not disk.is_off
            yield (disk.kill() if seed is None else disk.power_cut(seed)), is_done, told
        if is_through:
            assert step > 5
            return


def test_what_was_answered_is_there() -> None:
    """Keys that the vault has said to have are there in the next life; asked for again it has all of them."""
    for disk, is_done, _ in crashes(put, ()):
        vault, _ = opened(disk)
        found = vault.keys(STREAM, TERM, list(KEYS)) if vault.holds else {}
        assert found in ({}, KEYS)
        assert found or not is_done
        put(vault)
        assert opened(disk)[0].keys(STREAM, TERM, list(KEYS)) == KEYS


def test_an_end_that_began_is_ended() -> None:
    """The next life either still has the hold whole, or ends it: no file is left, and it was booked."""
    ended = 0
    for disk, is_done, told in crashes(release, (put,)):
        vault, told_later = opened(disk)
        vault.tend(None)
        if vault.holds:
            assert not is_done
            assert vault.keys(STREAM, TERM, list(KEYS)) == KEYS
            continue
        ended += 1
        assert {fact["why"] for fact in (*told, *told_later)} == {RELEASED}
        assert not any(path.parts[2:3] == ("holds",) for path in disk.files())
        assert vault._opened().ring.keys == {}
    assert ended


@pytest.mark.parametrize("act", [put, release])
def test_a_full_disk_is_not_the_end(act: Act) -> None:
    """What fails for want of room is told, and done when there is room."""
    disk = FaultyDisk()
    disk.make_folder(FOLDER)
    vault, told = opened(disk)
    if act is release:
        put(vault)
    disk.capacity = 0
    with contextlib.suppress(Exception):
        act(vault)
    disk.capacity = 1 << 40
    if act is release:
        vault.tend(None)
        if vault.holds:
            act(vault)
        assert vault.holds == []
        assert told
    else:
        act(vault)
        assert vault.keys(STREAM, TERM, list(KEYS)) == KEYS
