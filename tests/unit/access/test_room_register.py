# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""AC-08: the privacy curtain of a station, and visitors of the control room."""

import threading
from typing import Any

import pytest

from tests.tools.staffed import StaffedTown
from torrazzo.access.account import Account
from torrazzo.access.curtains import KEPT, Curtain, _read
from torrazzo.access.staff import By, Denial
from torrazzo.access.visitors import Visit
from torrazzo.base.errors import Invalid
from torrazzo.base.times import SECOND
from torrazzo.law import Role

VISIT = Visit("Ugo Bruni", "Idraulica Bruni", "perdita nel locale tecnico", "Dino Rossi", "Anna Rossi")


def _by(account: Account, reason: str = "visita della scuola") -> By:
    return By(account.name, reason, "sala-1", account.id)


def test_a_curtain_is_of_its_station_and_told(town: StaffedTown) -> None:
    """Drawn once however often it is asked, there alone; who draws and who opens is told with the reason."""
    anna, bruno = town.person("anna.rossi", Role.OPERATOR), town.person("bruno.verdi", Role.OPERATOR)
    curtains = town.staffing.curtains
    town.told()
    first = curtains.draw(_by(anna), "sala-1")
    assert curtains.draw(_by(bruno), "sala-1").value == first.value
    assert (curtains.is_drawn("sala-1"), curtains.is_drawn("sala-2")) == (True, False)
    (fact,) = first.facts
    assert (fact.kind, fact.values) == ("room", {"what": "curtain-drawn", "number": first.value.number})
    assert (fact.who.person, fact.who.reason) == ("anna.rossi", "visita della scuola")
    opened = curtains.open(_by(bruno), "sala-1").value
    assert opened is not None
    assert (opened.person, opened.opener) == (anna.id, bruno.id)
    assert curtains.open(_by(bruno), "sala-1").value is None
    assert [what for _, what, _ in town.told()] == ["curtain-drawn", "curtain-opened"]


def test_a_drawn_curtain_outlives_the_process(town: StaffedTown) -> None:
    """A control room that starts anew shows nothing at a station whose curtain was drawn."""
    anna = town.person("anna.rossi", Role.OPERATOR)
    town.staffing.curtains.draw(_by(anna), "sala-1")
    again = town.again().curtains
    assert again.is_drawn("sala-1")
    again.open(_by(anna), "sala-1")
    assert not town.again().curtains.is_drawn("sala-1")


def test_a_curtain_that_is_drawn_while_another_looks_for_the_first_time_stays(
    town: StaffedTown, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Just after a start walls ask and a curtain is drawn: what was read before it does not take its place."""
    anna = town.person("anna.rossi", Role.OPERATOR)
    curtains, drawing = town.again().curtains, list[threading.Thread]()

    def read(*said: Any) -> list[Curtain]:
        found = _read(*said)
        if not drawing:  # the first one that reads: meanwhile somebody draws
            drawing.append(threading.Thread(target=curtains.draw, args=(_by(anna), "sala-1")))
            drawing[0].start()
            drawing[0].join(0.2)
        return found

    monkeypatch.setattr("torrazzo.access.curtains._read", read)
    curtains.is_drawn("sala-2")
    drawing[0].join()
    assert curtains.is_drawn("sala-1")


def test_a_visitor_comes_and_leaves(town: StaffedTown) -> None:
    """Name, office, reason, by whom it was allowed and who goes with them; the fact has it in its private part."""
    anna, bruno = town.person("anna.rossi", Role.OPERATOR), town.person("bruno.verdi", Role.OPERATOR)
    visitors = town.staffing.visitors
    town.told()
    done = visitors.enter(_by(anna), VISIT)
    assert [each.name for each in visitors.inside()] == ["Ugo Bruni"]
    (fact,) = done.facts
    assert fact.values == {"what": "visitor-in", "number": done.value.number}
    assert all(said in fact.who.reason for said in VISIT)
    town.clock.advance(600)
    out = visitors.leave(_by(bruno), done.value.number).value
    assert (out.person, out.closer) == (anna.id, bruno.id)
    assert out.left == out.came + 600 * SECOND
    assert visitors.inside() == []
    with pytest.raises(Denial):
        visitors.leave(_by(bruno), done.value.number)
    assert [what for _, what, _ in town.told()] == ["visitor-in", "visitor-out"]


@pytest.mark.parametrize("field", Visit._fields)
def test_all_of_a_visitor_is_written_down(town: StaffedTown, field: str) -> None:
    """AC-08: an entry without name, office, reason, permission or company is none."""
    anna = town.person("anna.rossi", Role.OPERATOR)
    for wrong in (" ", "a" * 201):
        with pytest.raises(Invalid, match=f"^{field}: "):
            town.staffing.visitors.enter(_by(anna), VISIT._replace(**{field: wrong}))
    assert town.staffing.visitors.inside() == []


def test_the_register_is_kept_for_a_year(town: StaffedTown) -> None:
    """What is over longer than that is forgotten; who is inside and what is drawn stays."""
    anna = town.person("anna.rossi", Role.OPERATOR)
    curtains, visitors = town.staffing.curtains, town.staffing.visitors
    for _ in range(2):
        number = visitors.enter(_by(anna), VISIT).value.number
        curtains.draw(_by(anna), "sala-1")
        visitors.leave(_by(anna), number)
        curtains.open(_by(anna), "sala-1")
    visitors.enter(_by(anna), VISIT)
    curtains.draw(_by(anna), "sala-2")
    town.clock.advance(KEPT // SECOND)
    town.staffing.tend()
    assert (len(curtains.all()), len(visitors.all())) == (3, 3)
    town.clock.advance(1)
    town.staffing.tend()
    assert (len(curtains.all()), len(visitors.all())) == (1, 1)
