# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""AC-07: a technician's session is opened by an operator who is there, for some cameras and four hours at most."""

import pytest

from tests.tools.staffed import OWNER, StaffedTown
from torrazzo.access.account import Account
from torrazzo.access.camera_groups import CameraGroup
from torrazzo.access.staff import By, Denial
from torrazzo.access.supervisions import KEPT, Wanted
from torrazzo.base.errors import Invalid
from torrazzo.base.times import SECOND
from torrazzo.control_room.attended import unattended
from torrazzo.law import Operation, Role
from torrazzo.town.office import new_camera

WORK = "si pulisce la cupola e si rimette a fuoco"
LEFT = "pulita, inquadratura come prima"
HOUR_S = 3600
ONE, OTHER = "1" * 16, "2" * 16


def by(account: Account, reason: str = WORK) -> By:
    return By(account.name, reason, "sala-1", account.id)


class Work:
    """A technician with two cameras, an operator on shift and another one."""

    def __init__(self, town: StaffedTown) -> None:
        self.town = town
        for id_ in (ONE, OTHER):
            town.office.add(new_camera(id_, f"Via {id_[0]}", [], synthetic=True))  # type: ignore[arg-type]
        group = town.staffing.groups.save(CameraGroup("", "ditta", False, frozenset({ONE, OTHER})), OWNER).value.id
        contract = town.agreement("contract")
        carlo = town.person("carlo.ferri", Role.TECHNICIAN, agreement=contract.id)
        self.carlo = town.staffing.accounts.give(carlo.id, {Role.TECHNICIAN}, {group}, OWNER).value
        self.olga, self.anna = town.person("olga.verdi", Role.OPERATOR), town.person("anna.rossi", Role.OPERATOR)
        self.supervisions = town.staffing.supervisions
        town.staffing.shifts.open(by(self.olga, "servizio di sala del mattino"))

    def opened(self, hours: int = 2, cameras: frozenset[str] = frozenset({ONE})) -> int:
        return self.supervisions.open(by(self.olga), Wanted(self.carlo.id, cameras, hours)).value.number

    def may(self, operation: Operation = Operation.VIEW, *cameras: str) -> str:
        return self.town.staffing.decide(self.carlo, operation, cameras or (ONE,)).code

    def alarms(self) -> list[tuple[str, str]]:
        now, names = self.town.clock.utc(), {self.carlo.id: "Carlo Ferri"}
        found = unattended(self.supervisions.open_ones(), self.supervisions.is_alone, names, now)
        return [(each.code, each.name) for each in found]


@pytest.fixture
def work(town: StaffedTown) -> Work:
    return Work(town)


def test_a_technician_may_nothing_before_and_after(work: Work) -> None:
    """Test pictures, turning and settings are theirs in the session, of its cameras alone; live pictures never."""
    needed = (Operation.VIEW, Operation.PTZ, Operation.CAMERAS_APPLY)
    assert {work.may(each) for each in needed} == {"SUPERVISION_REQUIRED"}
    number = work.opened()
    assert {work.may(each) for each in needed} == {"OK"}
    assert {work.may(each, OTHER) for each in needed} == {"SUPERVISION_REQUIRED"}
    assert work.may(Operation.VIEW, "3" * 16) == "OUT_OF_SCOPE"
    for never in (Operation.LIVE, Operation.PLAYBACK, Operation.STILL, Operation.COPY_ASK, Operation.POLICY_APPLY):
        assert work.may(never) == "FORBIDDEN"
    work.supervisions.close(by(work.olga), number, LEFT)
    assert {work.may(each) for each in needed} == {"SUPERVISION_REQUIRED"}


def test_it_ends_with_its_time_to_the_second(work: Work) -> None:
    """Four hours at most; nothing is allowed from its end on, and it is an alarm until somebody has closed it."""
    for hours in (0, 5):
        with pytest.raises(Invalid):
            work.opened(hours)
    number = work.opened(4)
    work.town.clock.advance(4 * HOUR_S - 1)
    assert (work.may(), work.alarms()) == ("OK", [])
    work.town.clock.advance(1)
    assert (work.may(), work.alarms()) == ("SUPERVISION_REQUIRED", [("supervision-late", "Carlo Ferri")])
    with pytest.raises(Denial, match="nobody has closed"):
        work.opened()
    with pytest.raises(Denial, match="close it"):
        work.supervisions.take(by(work.anna), number)
    work.supervisions.close(by(work.anna), number, LEFT)
    assert work.alarms() == []


def test_it_rests_while_nobody_is_there(work: Work) -> None:
    """When the operator's shift is over nothing is allowed, and it is an alarm, until another one takes over."""
    number = work.opened()
    work.town.staffing.shifts.close(by(work.olga))
    assert (work.may(), work.alarms()) == ("SUPERVISION_REQUIRED", [("supervision-alone", "Carlo Ferri")])
    work.town.staffing.shifts.open(by(work.anna, "servizio di sala del pomeriggio"))
    assert work.supervisions.take(by(work.anna), number).value.operator == work.anna.id
    assert (work.may(), work.alarms()) == ("OK", [])


def test_nobody_supervises_themselves(work: Work) -> None:
    """Whoever is technician and operator in one has nobody beside them: neither opened so, nor taken over."""
    with pytest.raises(Denial) as refused:
        work.supervisions.open(by(work.carlo), Wanted(work.carlo.id, frozenset({ONE}), 1))
    assert refused.value.code == "SAME_PERSON"
    number = work.opened()
    with pytest.raises(Denial) as refused:
        work.supervisions.take(by(work.carlo), number)
    assert refused.value.code == "SAME_PERSON"
    (found,) = work.supervisions.open_ones()
    assert found.operator == work.olga.id


def test_each_step_is_told_with_its_reason(work: Work) -> None:
    """Opened, taken over, closed: facts of the room, by whose hand, whom it is about in the private part alone."""
    work.town.told()
    opened = work.supervisions.open(by(work.olga), Wanted(work.carlo.id, frozenset({ONE}), 1))
    number = opened.value.number
    (fact,) = opened.facts
    assert (fact.kind, fact.values) == ("room", {"what": "supervision-opened", "number": number})
    assert fact.who.reason == f"carlo.ferri: {WORK}"
    work.supervisions.take(by(work.anna), number)
    done = work.supervisions.close(by(work.anna), number, LEFT)
    assert done.facts[0].who.reason == LEFT
    assert [what for _, what, _ in work.town.told()] == [
        "supervision-opened",
        "supervision-taken",
        "supervision-closed",
    ]
    work.opened()
    assert work.supervisions.leave(by(work.carlo)).value.why == "left"
    assert work.town.told()[-1] == ("room", "supervision-closed", "carlo.ferri")


def test_what_is_no_session_is_refused(work: Work) -> None:
    """Of who is no technician, or whose contract is over; without a reason; a second one; one that is closed."""
    for account in (work.anna, work.olga):
        with pytest.raises(Denial) as refused:
            work.supervisions.open(by(work.olga), Wanted(account.id, frozenset({ONE}), 1))
        assert refused.value.code == "NO_TECHNICIAN"
    with pytest.raises(Denial) as refused:
        work.supervisions.open(by(work.olga, "boh"), Wanted(work.carlo.id, frozenset({ONE}), 1))
    assert refused.value.code == "REASON_REQUIRED"
    number = work.opened()
    with pytest.raises(Denial) as refused:
        work.opened()
    assert refused.value.code == "SUPERVISION_THERE"
    with pytest.raises(Denial):
        work.supervisions.close(by(work.olga), number, "ok")
    work.supervisions.close(by(work.olga), number, LEFT)
    with pytest.raises(Denial):
        work.supervisions.close(by(work.olga), number, LEFT)
    with pytest.raises(Denial):
        work.supervisions.leave(by(work.carlo))
    work.town.clock.advance(365 * 24 * HOUR_S + 1)
    with pytest.raises(Denial) as refused:
        work.opened()
    assert refused.value.code == "NO_TECHNICIAN"


def test_the_register_forgets_after_a_year(work: Work) -> None:
    """What is older stays as a fact alone; one that is open stays, however old."""
    work.supervisions.close(by(work.olga), work.opened(), LEFT)
    still = work.opened(cameras=frozenset({OTHER}))
    work.town.clock.advance(KEPT // SECOND + 1)
    work.supervisions.tend()
    assert [each.number for each in work.supervisions.all()] == [still]
