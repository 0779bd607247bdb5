# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""People in the control room: told before answered, told once, told later; the first link; the owner's commands."""

import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tools.staffed import OWNER, StaffedTown
from torrazzo.access.staff import Denial, Fact
from torrazzo.base.errors import Invalid, Unavailable
from torrazzo.control_room import staff_room
from torrazzo.control_room.staff_room import StaffRoom
from torrazzo.durable import OsDisk
from torrazzo.law import Role

PAGE = "http://127.0.0.1:8470/"


class Ledger:
    """Law: what it took, it has; away, it takes nothing; what it is told to refuse it never takes."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []
        self.is_away = False
        self.refuses: str | None = None
        self.hangs: threading.Event | None = None  # until that is set
        self.begun, self.asked = threading.Event(), 0

    def tell(self, fact: Fact) -> int:
        self.asked += 1
        self.begun.set()
        if self.hangs is not None:
            assert self.hangs.wait(60)
        if self.is_away:
            raise Unavailable("the ledger is away")
        if fact.kind == self.refuses:
            raise Invalid("no act fact")
        self.facts.append(fact)
        return len(self.facts)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[StaffedTown]:
    with StaffedTown(tmp_path / "town") as town:
        yield town


def _room(town: StaffedTown) -> tuple[StaffRoom, Ledger]:
    ledger = Ledger()
    return StaffRoom(town.staffing, ledger.tell), ledger


def test_the_answer_comes_after_the_fact(town: StaffedTown) -> None:
    """A value is given once its facts are in the ledger; where that is away there is none, and the facts stay owed."""
    anna = town.person("anna.rossi")
    town.told()
    room, ledger = _room(town)
    assert room.told(town.staffing.accounts.suspend(anna.id, OWNER)).suspended is not None
    assert [fact.kind for fact in ledger.facts] == ["cfg"]
    assert town.staffing.staff.owed() == []
    ledger.is_away = True
    with pytest.raises(Unavailable):
        room.told(town.staffing.accounts.reinstate(anna.id, OWNER))
    assert [fact.kind for fact in town.staffing.staff.owed()] == ["cfg"]


def test_what_is_owed_is_told_later_and_once(town: StaffedTown) -> None:
    """The housekeeping tells what a life before left; a request that tells the same tells nothing more."""
    anna = town.person("anna.rossi")
    done = town.staffing.accounts.suspend(anna.id, OWNER)
    room, ledger = _room(town)
    ledger.is_away = True
    room.tend()
    ledger.is_away = False
    room.tend()
    told = len(ledger.facts)
    assert told == 4
    room.tend()
    room.told(done)
    assert len(ledger.facts) == told


def test_one_fact_that_is_refused_holds_up_no_other(town: StaffedTown) -> None:
    """The rest is told; that one stays owed."""
    town.person("anna.rossi")
    room, ledger = _room(town)
    ledger.refuses = "auth"
    room.tend()
    assert [fact.kind for fact in ledger.facts] == ["cfg", "cfg"]
    assert [fact.kind for fact in town.staffing.staff.owed()] == ["auth"]


def test_the_first_link_lies_where_its_owner_finds_it(town: StaffedTown) -> None:
    """For the owner alone to read, to localhost, with a token that is good; the next start draws another one."""
    room, _ = _room(town)
    place, disk = town.home.first_link, OsDisk()
    room.offer_first_link(place, PAGE, disk, lambda: True)
    link = place.read_text().strip()
    page, _, token = link.partition("#")
    assert page == "http://localhost:8470/first-run"
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert town.staffing.links.first_left(token) == (Role.ADMIN, Role.DESIGNATO)
    room.offer_first_link(place, PAGE, disk, lambda: True)
    assert place.read_text().strip() != link
    with pytest.raises(Denial):
        town.staffing.links.first_left(token)


def test_no_link_where_people_are_or_no_page_is(town: StaffedTown) -> None:
    """With two people there it is taken away; without a page that has accounts none is drawn."""
    room, _ = _room(town)
    place, disk = town.home.first_link, OsDisk()
    room.offer_first_link(place, PAGE, disk, lambda: False)
    assert not place.exists()
    room.offer_first_link(place, PAGE, disk, lambda: True)
    for name in ("anna.rossi", "bruno.verdi"):
        town.person(name)
    room.offer_first_link(place, PAGE, disk, lambda: True)
    assert not place.exists()


def test_a_ledger_that_hangs_holds_up_nobody_who_signs_in(town: StaffedTown, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is owed waits for one answer, not for one a fact; who may go on without the ledger does; all is told."""
    monkeypatch.setattr(staff_room, "PATIENCE_S", 0.05)
    anna = town.person("anna.rossi")
    room, ledger = _room(town)
    ledger.hangs = threading.Event()
    owed = len(town.staffing.staff.owed())
    assert owed > 1
    room.tend()
    suspended, is_told = room.told_or_owed(town.staffing.accounts.suspend(anna.id, OWNER))
    assert (suspended.suspended is not None, is_told) == (True, False)
    room.tend()
    assert ledger.begun.wait(60)
    assert (ledger.facts, ledger.asked) == ([], 1)
    monkeypatch.setattr(staff_room, "PATIENCE_S", 60)
    ledger.hangs.set()
    for thread in threading.enumerate():
        if thread.name == "telling":
            thread.join(60)
    room.tend()
    assert room.told_or_owed(town.staffing.accounts.reinstate(anna.id, OWNER))[1]
    assert len({fact.id for fact in ledger.facts}) == len(ledger.facts) == owed + 2
    assert town.staffing.staff.owed() == []


def test_what_two_tell_at_once_is_told_once(town: StaffedTown) -> None:
    """Who comes second waits for what comes of the first, and has its answer after the fact, too."""
    anna = town.person("anna.rossi")
    town.told()
    room, ledger = _room(town)
    ledger.hangs = threading.Event()
    done = town.staffing.accounts.suspend(anna.id, OWNER)
    threads = [threading.Thread(target=room.told, args=(done,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    assert ledger.begun.wait(60)
    assert all(thread.is_alive() for thread in threads)
    ledger.hangs.set()
    for thread in threads:
        thread.join(60)
    assert [fact.kind for fact in ledger.facts] == ["cfg"]
