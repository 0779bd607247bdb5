# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A hold of what another one has, placed in the very moments in which its hour ends."""

import threading
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.tools.held_town import OTHER, HeldTown, held_town
from tests.tools.patience import PATIENCE_S
from torrazzo.base.times import HOUR
from torrazzo.durable import OsDisk
from torrazzo.keyring.public import KeyName
from torrazzo.retention import load_forgotten
from torrazzo.retention.held import WANTED
from torrazzo.testing.clock import START

WEEK = 168 * 3_600
HOUR_HELD = KeyName(START // HOUR, "standard")


class _Meeting(HeldTown):
    """`meet` runs once, as soon as retention, having told that the hour is gone, has asked what is wanted."""

    meet: threading.Event | None = None
    done: threading.Event

    def awaited(self) -> Collection[str]:
        found = self.held.awaited()
        if self.meet is not None and load_forgotten(OsDisk(), self.home.keyring).has(HOUR_HELD):
            self.meet.set()
            self.done.wait(PATIENCE_S)
        return found


class _RoomDisk(OsDisk):
    """Before a hold says what it wants, and after, something else happens."""

    def __init__(self, town: HeldTown) -> None:
        self._town = town
        self.before: Any = lambda: None
        self.after: Any = lambda: None

    def publish(self, path: Path, data: bytes, mode: int = 0o600) -> None:
        mine = path.name == WANTED
        if mine:
            before, self.before = self.before, lambda: None
            before()
        super().publish(path, data, mode)
        if mine:
            after, self.after = self.after, lambda: None
            after()


@pytest.fixture
def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[_Meeting]:
    monkeypatch.setattr("tests.tools.held_town.HeldTown", _Meeting)
    with held_town(tmp_path) as town:
        assert isinstance(town, _Meeting)
        yield town


def _held_and_copied(town: HeldTown) -> tuple[str, bytes]:
    """A confirmed hold of all of it, some minutes before the hour ends; its pictures."""
    hold = town.place()["hold"]
    town.follow(hold, "confirm", OTHER)
    town.copy(hold)
    town.pass_time(WEEK - 60 - 9 * 60)
    return hold, town.pictures()


def _is_whole_without(town: HeldTown, first: str, placed: Any, before: bytes) -> None:
    """The second hold has keys and copies of its own."""
    assert (placed["segments"], placed["lost"]) == (6, [])
    town.follow(first, "release")
    town.look_now()
    assert town.copy(placed["hold"]) == {"volumes": 1, "lost": 0}
    town.look_now()
    town.forget()
    assert town.volumes() == []
    assert not any(path.is_file() for path in town.folder(first).rglob("*"))
    assert town.pictures() == before


def test_an_hour_that_goes_while_it_is_held_is_copied_from_the_other_hold(town: _Meeting) -> None:
    """Its file is unlinked after the second hold was begun, and before it has said that it wants it."""
    first, before = _held_and_copied(town)
    disk = town.room_disk = _RoomDisk(town)
    disk.before = lambda: town.pass_time(9 * 60)
    placed = town.place()
    assert town.volumes() == []
    _is_whole_without(town, first, placed, before)


def test_what_is_wanted_while_it_is_about_to_go_is_copied_from_the_other_hold(town: _Meeting) -> None:
    """Retention has asked what is wanted, and the second hold says so a moment later: one of both gives way."""
    first, before = _held_and_copied(town)
    disk = town.room_disk = _RoomDisk(town)
    town.meet, town.done = threading.Event(), threading.Event()
    erasing = threading.Thread(target=town.pass_time, args=(9 * 60,))

    def erase() -> None:
        assert town.meet is not None
        erasing.start()
        assert town.meet.wait(PATIENCE_S)

    disk.before, disk.after = erase, town.done.set
    placed = town.place()
    erasing.join(PATIENCE_S)
    assert town.volumes() == []
    _is_whole_without(town, first, placed, before)
