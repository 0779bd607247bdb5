# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Four eyes: proposed by one, decided by another, done once, in time."""

import pytest

from tests.tools.staffed import StaffedTown
from torrazzo.access.account import Account
from torrazzo.access.staff import By, Denial
from torrazzo.base.errors import Invalid
from torrazzo.base.times import DAY
from torrazzo.law import Role

WHAT = {"person": "3f9a1c0e5b7d2264", "roles": ["operator"]}
REASON = "Nuova operatrice, determina 12/2026"
DAY_S = 24 * 3600


def _people(town: StaffedTown) -> tuple[By, By]:
    accounts = town.person("carla.bianchi", Role.ADMIN), town.person("ugo.conti", Role.DESIGNATO)
    town.told()
    return _by(accounts[0]), _by(accounts[1])


def _by(account: Account) -> By:
    return By(account.name, REASON, "sala-1", account.id)


def test_two_people_then_it_is_done_once(town: StaffedTown) -> None:
    """Proposed, approved by another, done: each a fact with the same hash, of the month in which it was proposed."""
    admin, chief = _people(town)
    eyes = town.staffing.four_eyes
    number = eyes.propose("person.roles", WHAT, admin).value.number
    with pytest.raises(Denial):
        eyes.check(number, WHAT)
    town.clock.advance(6 * DAY_S)  # into December
    approved = eyes.approve(number, chief).value
    assert (approved.state, approved.decider, approved.what) == ("approved", chief.id, WHAT)
    assert eyes.check(number, WHAT).number == number
    assert eyes.done(number, admin).value.state == "done"
    for again in (lambda: eyes.check(number, WHAT), lambda: eyes.done(number, admin)):
        with pytest.raises(Denial):
            again()
    facts = town.staffing.staff.owed()
    assert [(fact.kind, fact.values.get("why")) for fact in facts] == [
        ("propose", None), ("second", "approved"), ("second", "done"),
    ]  # fmt: skip
    assert {fact.month for fact in facts} == {"202611"}
    assert len({fact.values["d"] for fact in facts}) == 1


def test_nobody_decides_their_own(town: StaffedTown) -> None:
    """Neither approved nor refused by whoever proposed it, nor by a hand that is no account's; it stays open."""
    admin, _ = _people(town)
    eyes = town.staffing.four_eyes
    number = eyes.propose("person.roles", WHAT, admin).value.number
    for by in (admin, By("carla.bianchi", REASON)):
        for decide in (eyes.approve, eyes.refuse):
            with pytest.raises(Denial) as refused:
                decide(number, by)
            assert refused.value.code == "SAME_PERSON"
    assert eyes.one(number).state == "open"


def test_what_is_done_is_what_was_approved(town: StaffedTown) -> None:
    """Something else under that number is refused."""
    admin, chief = _people(town)
    eyes = town.staffing.four_eyes
    number = eyes.propose("person.roles", WHAT, admin).value.number
    eyes.approve(number, chief)
    with pytest.raises(Denial) as refused:
        eyes.check(number, {**WHAT, "roles": ["designato"]})
    assert refused.value.code == "NOT_WHAT_WAS_APPROVED"


@pytest.mark.parametrize("state", ["refused", "withdrawn", "approved"])
def test_what_is_decided_is_decided(town: StaffedTown, state: str) -> None:
    """A second decision is refused, whatever the first one was."""
    admin, chief = _people(town)
    eyes = town.staffing.four_eyes
    number = eyes.propose("person.roles", WHAT, admin).value.number
    with pytest.raises(Denial):
        eyes.withdraw(number, chief)
    {"refused": eyes.refuse, "approved": eyes.approve}.get(state, eyes.withdraw)(
        number, admin if state == "withdrawn" else chief
    )
    for act, by in ((eyes.approve, chief), (eyes.refuse, chief), (eyes.withdraw, admin)):
        with pytest.raises(Denial) as refused:
            act(number, by)
        assert refused.value.code == "NOT_NOW"
    assert eyes.one(number).state == state


@pytest.mark.parametrize("is_approved", [False, True])
def test_after_a_week_it_is_void(town: StaffedTown, is_approved: bool) -> None:
    """At its second, looked after or not; undecided, or approved and not done."""
    admin, chief = _people(town)
    eyes = town.staffing.four_eyes
    number = eyes.propose("person.roles", WHAT, admin).value.number
    if is_approved:
        eyes.approve(number, chief)
    town.clock.advance(7 * DAY_S - 1)
    eyes.tend()
    assert eyes.one(number).state == ("approved" if is_approved else "open")
    town.clock.advance(1)
    with pytest.raises(Denial):
        eyes.check(number, WHAT) if is_approved else eyes.approve(number, chief)
    town.told()
    eyes.tend()
    eyes.tend()
    assert eyes.one(number).state == "expired"
    assert town.told() == [("second", "person.roles", "torrazzo")]


def test_a_proposal_has_a_reason_a_size_and_its_own_time(town: StaffedTown) -> None:
    """Without a reason it is none, and a decision needs one too; a shorter life holds."""
    admin, chief = _people(town)
    eyes = town.staffing.four_eyes
    with pytest.raises(Denial):
        eyes.propose("person.roles", WHAT, admin._replace(reason="sì"))
    with pytest.raises(Invalid):
        eyes.propose("person.roles", {"x": "y" * 20_000}, admin)
    number = eyes.propose("person.roles", WHAT, admin, good_for=DAY).value.number
    with pytest.raises(Denial):
        eyes.approve(number, chief._replace(reason="ok"))
    town.clock.advance(DAY_S)
    with pytest.raises(Denial):
        eyes.approve(number, chief)
    with pytest.raises(Invalid):
        eyes.one(number + 1)
