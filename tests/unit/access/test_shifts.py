# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Shifts: opened with a standing reason, handed over, closed, forgotten."""

import pytest

from tests.tools.staffed import StaffedTown
from torrazzo.access.account import Account
from torrazzo.access.staff import By, Denial
from torrazzo.base.errors import Invalid
from torrazzo.law import Role
from torrazzo.ledger.private import MAX_PRIVATE

REASON = "Servizio di centrale, turno del mattino"
HOUR_S = 3600


def _by(account: Account, reason: str = REASON) -> By:
    return By(account.name, reason, "sala-1", account.id)


def test_a_shift_stands_until_it_is_closed(town: StaffedTown) -> None:
    """It is one person's, one at a time, has a number, and is told with its reason and station."""
    anna, bruno = town.person("anna.rossi", Role.OPERATOR), town.person("bruno.verdi", Role.OPERATOR)
    town.told()
    shifts = town.staffing.shifts
    done = shifts.open(_by(anna))
    assert shifts.of(anna.id) == done.value
    assert shifts.of(bruno.id) is None
    (fact,) = done.facts
    assert (fact.kind, fact.values) == ("shift", {"what": "open", "number": done.value.number})
    assert (fact.who.person, fact.who.reason, fact.who.station) == ("anna.rossi", REASON, "sala-1")
    with pytest.raises(Denial) as refused:
        shifts.open(_by(anna))
    assert refused.value.code == "SHIFT_THERE"
    assert shifts.open(_by(bruno)).value.number > done.value.number
    assert shifts.close(_by(anna)).value.why == "close"
    assert shifts.of(anna.id) is None
    with pytest.raises(Denial):
        shifts.close(_by(anna))
    assert [what for _, what, _ in town.told()] == ["open", "open", "close"]


@pytest.mark.parametrize("reason", ["", "turno", "aaaaaaaaaaaaaaa", "turno turno turno turno"])
def test_no_shift_without_a_reason(town: StaffedTown, reason: str) -> None:
    """LG-02: what is no reason opens none."""
    anna = town.person("anna.rossi", Role.OPERATOR)
    with pytest.raises(Denial) as refused:
        town.staffing.shifts.open(_by(anna, reason))
    assert (refused.value.code, refused.value.clause) == ("REASON_REQUIRED", "LG-02")
    assert town.staffing.shifts.of(anna.id) is None


def test_a_handed_over_shift_is_taken_once(town: StaffedTown) -> None:
    """Its note waits for the next one, who says that it was read; then it waits no more."""
    anna, bruno, carla = (town.person(name, Role.OPERATOR) for name in ("anna.rossi", "bruno.verdi", "carla.neri"))
    shifts = town.staffing.shifts
    first = shifts.open(_by(anna)).value
    with pytest.raises(Invalid):
        shifts.hand_over(_by(anna), "  ")
    shifts.hand_over(_by(anna), "Telecamera 4 ferma dalle 11, tecnico avvisato")
    (waiting,) = shifts.waiting()
    assert (waiting.number, waiting.note) == (first.number, "Telecamera 4 ferma dalle 11, tecnico avvisato")
    with pytest.raises(Invalid):
        shifts.open(_by(bruno), takes=999)
    second = shifts.open(_by(bruno), takes=first.number).value
    assert second.takes == first.number
    assert shifts.waiting() == []
    with pytest.raises(Denial) as refused:
        shifts.open(_by(carla), takes=first.number)
    assert refused.value.code == "SHIFT_TAKEN"
    with pytest.raises(Invalid):
        shifts.open(_by(carla), takes=second.number)


def test_a_forgotten_shift_stands_for_nothing(town: StaffedTown) -> None:
    """After twelve hours it is no reason any more, at once; the housekeeping, or the next one, writes it down."""
    anna = town.person("anna.rossi", Role.OPERATOR)
    shifts = town.staffing.shifts
    for tends in (True, False):
        number = shifts.open(_by(anna)).value.number
        town.clock.advance(12 * HOUR_S - 1)
        shifts.tend()
        assert shifts.of(anna.id) is not None
        town.clock.advance(1)
        assert shifts.of(anna.id) is None
        with pytest.raises(Denial):
            shifts.hand_over(_by(anna), "troppo tardi")
        town.told()
        if tends:
            shifts.tend()
            assert town.told() == [("shift", "forgotten", "torrazzo")]
        else:
            shifts.open(_by(anna))
            assert [what for _, what, _ in town.told()] == ["forgotten", "open"]
        assert next(each for each in shifts.all() if each.number == number).why == "forgotten"


def test_a_long_note_is_kept_whole_and_told_in_part(town: StaffedTown) -> None:
    """A fact's private part has a size; the note in the register is whole."""
    anna = town.person("anna.rossi", Role.OPERATOR)
    town.staffing.shifts.open(_by(anna))
    note = '"€"\n' * 1_000
    done = town.staffing.shifts.hand_over(_by(anna), note)
    assert done.value.note == note
    assert len(done.facts[0].who.text()) <= MAX_PRIVATE
    assert note.startswith(done.facts[0].who.reason)
    assert len(done.facts[0].who.reason) > 500
