# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Disks that fill up: what is foretold, what goes early, what never does."""

import re
from pathlib import Path

import pytest

from tests.tools.retention import HOME, NOW, Town, agreeing, standard, texts
from torrazzo.base.times import HOUR, UtcTicks
from torrazzo.keyring.public import KeyName
from torrazzo.keyring.trusted_time import Judgement
from torrazzo.retention import load_forgotten
from torrazzo.retention.forecast import LEAST_RESERVE, outlook
from torrazzo.retention.plan import Volume
from torrazzo.testing import FaultyDisk

GIB = 1 << 30
FULL = FaultyDisk(capacity=LEAST_RESERVE - 1).capacity


def volumes(first: int, last: int, size: int, class_: str = "standard") -> list[Volume]:
    """One of each hour, hours from NOW on."""
    return [Volume(HOME.path, f"{hour}", KeyName(NOW + hour, class_), size) for hour in range(first, last)]


@pytest.mark.parametrize(
    ("free", "held", "hours"),
    [
        (100 * GIB, volumes(-24, 0, GIB), 99),  # 2 GiB are the reserve; nothing goes before 144 hours are over
        (145 * GIB, volumes(-24, 0, GIB), None),  # a week of it fits
        (144 * GIB, volumes(-24, 0, GIB), 143),
        (10 * GIB, volumes(-168, 0, GIB), None),  # as much goes as comes
        (10 * GIB, volumes(-168, -24, GIB // 2) + volumes(-24, 0, GIB), 18),  # twice as much since yesterday
        (60 * GIB, volumes(-24, 0, GIB, "h72"), None),
        (40 * GIB, volumes(-24, 0, GIB, "h72"), 39),
        (GIB, volumes(-3, 0, GIB), 0),
        (GIB, [], None),
        (100, [], 0),
    ],
)  # fmt: skip
def test_when_a_disk_will_be_full_is_told_from_the_last_days_rate(
    free: int, held: list[Volume], hours: int | None
) -> None:
    """What comes at the rate of the last day, less what dies meanwhile, hour by hour."""
    assert outlook(held, free, NOW).hours_left == hours


@pytest.mark.parametrize(
    ("held", "is_known"),
    [
        ([], False),
        (volumes(0, 1, GIB), False),
        (volumes(-1, 1, GIB), False),
        (volumes(-2, 1, GIB), True),
        (volumes(-90, -80, GIB), True),  # nothing is written any more: that is a rate, too
    ],
)
def test_nothing_is_foretold_before_a_whole_hour_was_written(held: list[Volume], is_known: bool) -> None:
    """The hour in which a town began, and the one that is not over, give no rate."""
    assert outlook(held, 10 * GIB, NOW).is_known == is_known


def full_town(roots: int = 1, floor: int = 72) -> Town:
    town = Town(roots, floor, FaultyDisk(capacity=FULL))
    names = [*standard(*range(-100, 2)), KeyName(NOW - 20, "h24")]
    town.draw(names)
    for name in names[:101]:
        town.record(name, root=name.hour % roots)
    return town


def test_a_full_disk_takes_the_oldest_hour_and_says_so() -> None:
    """One whole hour at each look, the oldest first, as `shred why=disk`; the index forgets just that one."""
    town = full_town()
    for count in (1, 2):
        town.look()
        assert town.ledger.named("shred") == texts(standard(-100, -99)[:count]) == town.ledger.named("free")
        assert {act.values["why"] for act in town.ledger.facts("shred")} == {"disk"}
        assert load_forgotten(town.disk, HOME.keyring).also == set(standard(-100, -99)[:count])
        assert "nearly full" in town.keyring.alarms["disk-full /disk0"]
    town.disk.capacity = 1 << 40
    town.look()
    assert len(town.ledger.facts("shred")) == 2
    assert not town.keyring.alarms


def test_room_that_waits_for_copies_of_holds_is_an_alarm() -> None:
    """While a hold copies what is to be unlinked nothing more goes early: that is told, with how long there is room."""
    town = full_town()
    (town.awaited,) = [{name} for name in town.disk.list(Path("/disk0/volumes")) if name.startswith(str(
        standard(-100)[0]).replace("/", "-"))]  # fmt: skip
    for _ in range(2):
        town.look()
        assert (town.ledger.named("shred"), town.ledger.named("free")) == (texts(standard(-100)), [])
        said = town.keyring.alarms["room-waits"]
        assert "what nobody can read any more (volumes: 1, 0 MiB) waits until holds have copied it" in said
        assert re.search(r"all disks are full in about \d+ minutes at today's rate", said)
        assert town.status()["volumes_held_up"] == 1
        assert "room-waits" in town.status()["alarms"]
    town.awaited = set()
    town.look()
    assert town.ledger.named("free") == texts(standard(-100))
    assert "room-waits" not in town.keyring.alarms
    assert town.status()["volumes_held_up"] == 0


def test_nothing_younger_than_the_floor_goes_for_want_of_room() -> None:
    """However full a disk is, 72 hours remain; a town may demand more."""
    for floor, left in ((72, 72), (96, 96)):
        town = full_town(floor=floor)
        for _ in range(40):
            town.look()
        assert min(name.hour for name in town.living()) == NOW - left
        assert KeyName(NOW - 20, "h24") in town.living()


def test_a_disk_that_has_room_saves_the_others() -> None:
    """Cameras move to the disk that has room; nothing goes early while one has."""
    town = full_town(roots=2)
    town.disk.free_bytes = lambda folder: GIB if "disk1" in str(folder) else 100  # type: ignore[method-assign]
    town.look()
    assert not town.ledger.named("shred") + town.ledger.named("free")
    assert "disk-full /disk0" in town.keyring.alarms


def test_room_that_will_come_back_costs_no_further_hour() -> None:
    """While files wait for a hold's copy, or for anything else, no second hour is shredded for the same room."""
    town = full_town()
    first = next(path.name for path in town.disk.files() if path.name.startswith(str(standard(-100)[0])[:10]))
    town.awaited = {first}
    for _ in range(5):
        town.look()
    assert town.ledger.named("shred") == texts(standard(-100))
    assert first in {path.name for path in town.disk.files()}
    town.awaited = set()
    town.look()
    town.look()
    assert town.ledger.named("shred") == texts(standard(-100, -99))


def test_a_full_disk_does_not_wait_for_a_ledger_that_is_away() -> None:
    """Recording is worth more than facts that may be in no ledger: files go at once, and that is told later."""
    town = full_town()
    town.ledger.is_away = True
    town.look()
    assert texts(standard(-100))[0] not in town.volumes()
    town.ledger.is_away = False
    town.look()
    assert town.ledger.named("shred")[0] == town.ledger.named("free")[0] == texts(standard(-100))[0]


def test_a_wrong_clock_makes_no_room() -> None:
    """While clocks disagree nothing goes early: recording stops before that."""
    town = full_town()
    town.judge.now = Judgement(UtcTicks(NOW * HOUR), UtcTicks(NOW * HOUR), None, ())
    town.look()
    assert not town.ledger.named("shred") + town.ledger.named("free")


def test_a_disk_full_to_the_last_byte_is_cleared_all_the_same() -> None:
    """The home lies on the disk that recorders have filled: what makes room has room kept for it."""
    town = Town()
    town.draw(standard(-168, 0))
    town.record(standard(-168)[0], size=1000)
    town.judge.now = agreeing((NOW - 1) * HOUR)
    town.look()
    assert len(town.living()) == 2
    town.disk.capacity = town.disk.used
    town.at(0)
    town.look()
    assert town.living() == standard(0)
    assert town.volumes() == []
    town.disk.capacity = 1 << 40
    town.look()
    assert (HOME.keyring / "ballast") in town.disk.files()


def test_people_are_told_days_before() -> None:
    """Three days before a disk is full, at today's rate, it is an alarm; before that it is a number in the status."""
    town = Town()
    names = standard(*range(-24, 2))
    town.draw(names)
    for name in names[:-2]:
        town.record(name, size=GIB >> 10)
    town.look()
    rate = town.status()["disks"][0]["per_hour"]
    for hours, is_alarm in ((100, False), (70, True)):
        town.disk.capacity = town.disk.used + LEAST_RESERVE + hours * rate
        town.look()
        (disk,) = town.status()["disks"]
        assert disk["hours_left"] in {hours, hours + 1}
        assert ("disk-full /disk0" in town.keyring.alarms) == is_alarm
