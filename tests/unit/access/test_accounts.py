# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Accounts: AC-01, AC-04, AC-05, AC-06, AC-07, AC-09."""

from typing import Any

import pytest

from tests.tools.staffed import OWNER, PASSWORD, ROOM, StaffedTown
from torrazzo.access.account import NewAccount
from torrazzo.access.accounts import UnknownAccount
from torrazzo.access.staff import By, Denial
from torrazzo.base.errors import Invalid, Refused
from torrazzo.base.times import UtcTicks
from torrazzo.law import Role
from torrazzo.law.decision import no
from torrazzo.ledger.act import pack_act

DAY_S = 24 * 3600


def test_a_new_account_may_nothing(town: StaffedTown) -> None:
    """Whoever is made has no role, no camera, and no way to sign in."""
    account = town.staffing.accounts.create(NewAccount("anna.rossi", "Anna Rossi", town.designation()), OWNER).value
    assert (account.roles, account.groups) == (frozenset(), frozenset())
    assert not town.staffing.accounts.scope(account).has(["3f9a1c0e5b7d2264"])
    assert not any(town.staffing.credentials.ways(account.id))
    assert not town.staffing.sign_in.by_password("anna.rossi", "", ROOM).value


@pytest.mark.parametrize(
    "without",
    [
        {"number": ""},
        {"number": " "},
        {"date": ""},
        {"date": "2.11.2026"},
        {"date": "20261102"},
        {"tasks": ""},
        {"ends": UtcTicks(0)},
    ],
)
def test_nobody_without_a_designation(town: StaffedTown, without: dict[str, Any]) -> None:
    """An account without the act's number, its day, the tasks, or an end that is still to come, is refused."""
    designation = town.designation()._replace(**without)
    with pytest.raises(Invalid):
        town.staffing.accounts.create(NewAccount("anna.rossi", "Anna Rossi", designation), OWNER)
    assert town.staffing.accounts.all() == []


@pytest.mark.parametrize(
    "name", ["sala", "operatore", "admin", "Anna", "an", "a" * 33, "anna rossi", "anna..rossi", ""]
)
def test_an_account_has_a_persons_name(town: StaffedTown, name: str) -> None:
    """A room's or an office's name is refused, and what is no name."""
    with pytest.raises(Invalid):
        town.staffing.accounts.create(NewAccount(name, "Anna Rossi", town.designation()), OWNER)


def test_names_are_never_given_anew(town: StaffedTown) -> None:
    """The name of an account belongs to it for ever, suspended as it may be."""
    account = town.person("anna.rossi")
    town.staffing.accounts.suspend(account.id, OWNER)
    with pytest.raises(Refused, match="never given anew"):
        town.person("anna.rossi")


@pytest.mark.parametrize(
    ("roles", "clause"),
    [
        ({Role.DPO, Role.OPERATOR}, "AC-05"),
        ({Role.TITOLARE, Role.OPERATOR}, "AC-04"),
        ({Role.ADMIN, Role.OPERATOR}, "AC-03"),
        ({Role.ADMIN, Role.AUDITOR}, "AC-02"),
        ({Role.POLICE}, "AC-06"),
        ({Role.TECHNICIAN}, "AC-07"),
    ],
)
def test_roles_that_conflict_or_hang_in_the_air_are_refused(town: StaffedTown, roles: set[Role], clause: str) -> None:
    """The refusal names the clause, and the account keeps what it had."""
    account = town.person("anna.rossi", Role.AUDITOR)
    with pytest.raises(Denial) as refused:
        town.staffing.accounts.give(account.id, roles, set(), OWNER)
    assert refused.value.clause == clause
    assert town.staffing.accounts.account(account.id).roles == {Role.AUDITOR}


def test_police_and_technicians_hang_on_an_agreement(town: StaffedTown) -> None:
    """With a protocol, or a contract, the role is given; with the other one it is not."""
    protocol, contract = town.agreement("protocol").id, town.agreement("contract").id
    assert town.person("paolo.neri", Role.POLICE, agreement=protocol).roles == {Role.POLICE}
    assert town.person("carlo.ferri", Role.TECHNICIAN, agreement=contract).roles == {Role.TECHNICIAN}
    with pytest.raises(Denial):
        town.person("luca.sala", Role.TECHNICIAN, agreement=protocol)


@pytest.mark.parametrize(("days", "why", "uses"), [(90, "uncertified", 9), (60, "unused", 0), (20, "ended", 0)])
def test_rights_die_with_the_job(town: StaffedTown, days: int, why: str, uses: int) -> None:
    """AC-09: 90 days unconfirmed, 60 unused, or past its end: suspended, not deleted, and booked."""
    account = town.person("anna.rossi", Role.OPERATOR, days=20 if why == "ended" else 365)
    for _ in range(uses):
        town.clock.advance((days * DAY_S - 1) / uses)
        assert town.staffing.sign_in.by_password("anna.rossi", PASSWORD, ROOM).value
    town.clock.advance(0 if uses else days * DAY_S - 1)
    assert town.staffing.accounts.tend().value == []
    town.clock.advance(2)
    town.told()
    (lapsed,) = town.staffing.accounts.tend().value
    assert (lapsed.id, lapsed.why, lapsed.roles) == (account.id, why, frozenset({Role.OPERATOR}))
    assert town.told() == [("cfg", "person", "torrazzo")]
    refused = town.staffing.sign_in.by_password("anna.rossi", PASSWORD, ROOM).value
    assert refused == no("ACCOUNT_SUSPENDED", "AC-09")


def test_a_lapsed_account_is_refused_before_anybody_looks(town: StaffedTown) -> None:
    """The end of a designation holds at its second, whether or not the housekeeping has run."""
    town.person("anna.rossi", days=20)
    town.clock.advance(20 * DAY_S - 1)
    assert town.staffing.sign_in.by_password("anna.rossi", PASSWORD, ROOM).value
    town.clock.advance(1)
    assert not town.staffing.sign_in.by_password("anna.rossi", PASSWORD, ROOM).value


def test_confirming_is_somebody_elses(town: StaffedTown) -> None:
    """Nobody confirms or reinstates themselves; confirmed by another, an account has 90 days more."""
    account = town.person("anna.rossi")
    for act in (town.staffing.accounts.certify, town.staffing.accounts.reinstate):
        with pytest.raises(Denial) as refused:
            act(account.id, By("anna.rossi", "still here", None, account.id))
        assert refused.value.code == "SAME_PERSON"
    town.clock.advance(59 * DAY_S)
    assert town.staffing.sign_in.by_password("anna.rossi", PASSWORD, ROOM).value
    town.staffing.accounts.certify(account.id, OWNER)
    town.clock.advance(59 * DAY_S)
    assert town.staffing.accounts.tend().value == []


def test_a_suspended_account_comes_back_by_another_hand(town: StaffedTown) -> None:
    """Reinstated it signs in again; past its end only with a new act."""
    account = town.person("anna.rossi", days=20)
    town.staffing.accounts.suspend(account.id, OWNER)
    town.staffing.accounts.reinstate(account.id, OWNER)
    assert town.staffing.sign_in.by_password("anna.rossi", PASSWORD, ROOM).value
    town.clock.advance(21 * DAY_S)
    town.staffing.accounts.tend()
    with pytest.raises(Denial) as refused:
        town.staffing.accounts.reinstate(account.id, OWNER)
    assert refused.value.code == "DESIGNATION_ENDED"
    town.staffing.accounts.designate(account.id, town.designation(), OWNER)
    assert town.staffing.accounts.reinstate(account.id, OWNER).value.suspended is None


def test_each_change_owes_a_fact_that_the_ledger_takes(town: StaffedTown) -> None:
    """Facts have the form of act facts, name nobody in their open part, and are owed until they are told."""
    account = town.person("anna.rossi", Role.OPERATOR)
    owed = town.staffing.staff.owed()
    assert [fact.kind for fact in owed] == ["cfg", "auth", "cfg"]
    hash_ = "LXEWQrcmsEQBYnyp+6wy9chTD7GQPMTbAiWHF5IaSIE="
    for fact in owed:
        line = pack_act(fact.kind, town.clock.utc(), {**fact.values, "month": "202611", "who": hash_, "p": hash_})
        assert b"anna" not in line
        assert account.id.encode() not in line
        assert "anna.rossi" in fact.who.reason
    assert owed[0].values["was"] is None
    assert owed[2].values["was"] == owed[0].values["d"]  # nothing else changed between
    assert town.again().staff.owed() == owed
    town.staffing.staff.told(owed[:2])
    assert town.staffing.staff.owed() == owed[2:]


def test_a_change_that_fails_owes_nothing(town: StaffedTown) -> None:
    """What was refused is not told as done."""
    town.person("anna.rossi")
    town.told()
    with pytest.raises(UnknownAccount):
        town.staffing.accounts.suspend("0" * 16, OWNER)
    with pytest.raises(Refused):
        town.person("anna.rossi")
    assert town.told() == []
