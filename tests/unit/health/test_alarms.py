# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The alarms of a town in `office.db`: they outlive the process, notice is a fact, old ones go."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.tools.staffed import StaffedTown
from torrazzo.access.account import Account
from torrazzo.access.staff import By, Denial
from torrazzo.base.errors import Invalid, Unavailable
from torrazzo.base.times import SECOND
from torrazzo.health import Alarm, Alarms, Finding, Judged
from torrazzo.health.alarms import KEPT, MOST_NOTES
from torrazzo.health.queue import STORM
from torrazzo.law import Role

LOST = Finding("camera-lost", "c1", "Via Dante", 1, "away", {"why": "net", "streams": "main"}, "not recorded: net")


@pytest.fixture
def town(tmp_path: Path) -> Iterator[StaffedTown]:
    with StaffedTown(tmp_path / "town") as town:
        yield town


@pytest.fixture
def anna(town: StaffedTown) -> Account:
    found = town.person("anna.rossi", Role.OPERATOR)
    town.told()
    return found


def by(account: Account, reason: str = "takes notice of an alarm") -> By:
    return By(account.name, reason, "sala-1", account.id)


def lasts(town: StaffedTown, alarms: Alarms, *findings: Finding, seconds: int = 20) -> None:
    for _ in range(seconds // 2):
        town.clock.advance(2)
        alarms.judge(Judged(findings))


def only(alarms: Alarms) -> Alarm:
    (found,) = alarms.queued()
    return found


def test_a_restart_forgets_nothing(town: StaffedTown, anna: Account) -> None:
    """Number, count, notice and note are those of before; nothing rings anew."""
    alarms = Alarms(town.staffing.staff)
    lasts(town, alarms, LOST)
    lasts(town, alarms)
    lasts(town, alarms, LOST)
    alarms.acknowledge(by(anna), only(alarms).number, "tecnico avvisato")
    again = Alarms(town.again().staff)
    town.clock.advance(2)
    assert again.judge(Judged((LOST,))) == []
    assert only(again)._replace(seen=only(alarms).seen) == only(alarms)
    assert (only(again).came, only(again).taker, only(again).values) == (2, anna.id, LOST.values)
    ((note,),) = again.notes([only(again).number]).values()
    assert (note.what, note.person, note.text) == ("acknowledged", anna.id, "tecnico avvisato")


def test_nothing_is_written_while_nothing_changes(town: StaffedTown) -> None:
    """That something is still so costs no write."""
    alarms, writes = Alarms(town.staffing.staff), list[str]()
    lasts(town, alarms, LOST)
    engine = town.office.registry.engine
    sa.event.listen(engine, "before_cursor_execute", lambda *args: writes.append(args[2]))
    lasts(town, alarms, LOST, seconds=600)
    assert writes == []


def test_notice_is_a_fact(town: StaffedTown, anna: Account) -> None:
    """By whom and with which note; a second one is refused, and nothing is told of it."""
    alarms = Alarms(town.staffing.staff)
    lasts(town, alarms, LOST)
    number = only(alarms).number
    done = alarms.acknowledge(by(anna), number, "tecnico avvisato")
    (fact,) = done.facts
    assert (fact.kind, fact.values) == ("alarm", {"what": "acknowledged", "number": number})
    assert (fact.who.person, fact.who.reason) == ("anna.rossi", "tecnico avvisato")
    with pytest.raises(Denial) as refused:
        alarms.acknowledge(by(anna), number)
    assert refused.value.code == "ALARM_TAKEN"
    with pytest.raises(Denial) as unknown:
        alarms.acknowledge(by(anna), 999)
    assert unknown.value.code == "NOT_FOUND"
    assert [what for _, what, _ in town.told()] == ["acknowledged"]


def test_notes_are_bounded_and_told(town: StaffedTown, anna: Account) -> None:
    """Empty ones and endless ones are refused; each is a fact."""
    alarms = Alarms(town.staffing.staff)
    lasts(town, alarms, LOST)
    number = only(alarms).number
    for wrong in ("  ", "a" * 1_001):
        with pytest.raises(Invalid):
            alarms.note(by(anna), number, wrong)
    for _ in range(MOST_NOTES):
        alarms.note(by(anna), number, "aspetta il pezzo")
    with pytest.raises(Denial) as refused:
        alarms.note(by(anna), number, "ancora")
    assert refused.value.code == "NOTES_MANY"
    assert len(town.told()) == MOST_NOTES


def test_what_is_handed_over_says_so(town: StaffedTown, anna: Account) -> None:
    """Beside the alarm: left by a shift, taken by another; of numbers that are none nothing is written."""
    alarms, shifts = Alarms(town.staffing.staff), town.staffing.shifts
    lasts(town, alarms, LOST)
    number = only(alarms).number
    shift = shifts.open(by(anna, "servizio di centrale, mattino")).value.number
    alarms.hand_over(by(anna), shift, [number, 999], "left")
    ((note,),) = alarms.notes([number]).values()
    assert (note.what, note.shift) == ("left", shift)


def test_a_storm_leaves_one_row(town: StaffedTown) -> None:
    """Rows of single alarms that became part of one are gone, also from the database."""
    alarms = Alarms(town.staffing.staff)
    places = [LOST._replace(place=f"c{number}", name=f"Via {number}") for number in range(STORM + 3)]
    lasts(town, alarms, *places[:2], seconds=10)
    assert len(alarms.queued()) == 2
    lasts(town, alarms, *places)
    assert len(only(alarms).members) == STORM + 3
    assert len(Alarms(town.again().staff).queued()) == 1


def test_alarms_are_seen_while_nothing_can_be_written(town: StaffedTown) -> None:
    """A full disk is when people need them most; they are kept as soon as that goes."""
    alarms = Alarms(town.staffing.staff)
    alarms.queued()
    engine = town.office.registry.engine

    def full(*args: object) -> None:
        if str(args[2]).startswith("INSERT"):
            raise sa.exc.OperationalError(str(args[2]), {}, OSError("database or disk is full"))

    sa.event.listen(engine, "before_cursor_execute", full)
    with pytest.raises(Unavailable):
        lasts(town, alarms, LOST)
    assert (only(alarms).code, only(alarms).number) == ("camera-lost", 0)
    sa.event.remove(engine, "before_cursor_execute", full)
    lasts(town, alarms, LOST)
    assert only(alarms).number > 0
    assert only(Alarms(town.again().staff)).number == only(alarms).number


def test_old_alarms_go(town: StaffedTown, anna: Account) -> None:
    """Half a year after their end, with their notes; open ones stay whatever their age."""
    alarms = Alarms(town.staffing.staff)
    lasts(town, alarms, LOST)
    alarms.note(by(anna), only(alarms).number, "aspetta il pezzo")
    lasts(town, alarms)
    lasts(town, alarms, Finding("books", text="1 fact"))
    assert len(alarms.past(0)) == 1
    town.clock.advance(KEPT // SECOND + 60)
    alarms.tend()
    assert alarms.past(0) == []
    assert [alarm.code for alarm in Alarms(town.again().staff).queued()] == ["books"]
