# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""One-time links: the first two people, somebody new, somebody who lost something."""

import pytest

from tests.tools.staffed import ELSEWHERE, OWNER, PASSWORD, ROOM, StaffedTown
from torrazzo.access.account import NewAccount
from torrazzo.access.sessions import FULL, HALF, Opened
from torrazzo.access.staff import Denial
from torrazzo.base.errors import Invalid
from torrazzo.law import Role

DAY_S = 24 * 3600


def _first(town: StaffedTown) -> str:
    token = town.staffing.links.first().value
    assert token is not None
    return token


def _use_first(town: StaffedTown, token: str, role: Role, name: str) -> Opened:
    new = NewAccount(name, name.title(), town.designation())
    return town.staffing.links.use_first(token, role, new, PASSWORD, ROOM).value


def test_the_first_link_makes_an_admin_and_a_designato(town: StaffedTown) -> None:
    """One of each, with what they chose as password, signed in and in need of a second factor; then it is spent."""
    token = _first(town)
    assert town.staffing.links.first_left(token) == (Role.ADMIN, Role.DESIGNATO)
    admin = _use_first(town, token, Role.ADMIN, "carla.bianchi")
    assert admin.session.account.roles == {Role.ADMIN}
    assert (admin.session.stage, admin.session.needs) == (FULL, ("second",))
    with pytest.raises(Denial):
        _use_first(town, token, Role.ADMIN, "dario.bruni")
    chief = _use_first(town, token, Role.DESIGNATO, "ugo.conti").session.account
    assert town.staffing.accounts.scope(chief).has(["3f9a1c0e5b7d2264"])
    assert not town.staffing.accounts.scope(admin.session.account).has(["3f9a1c0e5b7d2264"])
    with pytest.raises(Denial):
        town.staffing.links.first_left(token)
    assert town.staffing.links.first().value is None
    assert [what for _, what, _ in town.told()] == ["person", "sign-in", "person", "sign-in"]


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.DPO, Role.TITOLARE])
def test_the_first_link_makes_nobody_else(town: StaffedTown, role: Role) -> None:
    """Another role is refused, and nobody is made."""
    with pytest.raises(Denial):
        _use_first(town, _first(town), role, "carla.bianchi")
    assert town.staffing.accounts.all() == []


def test_the_first_link_is_good_for_a_day_and_the_newest_counts(town: StaffedTown) -> None:
    """After 24 hours, or when the process started anew and drew another one, it is void; made up ones are none."""
    old = _first(town)
    new = _first(town)
    town.clock.advance(DAY_S - 1)
    assert town.staffing.links.first_left(new)
    for token in (old, "", "a" * 43):
        with pytest.raises(Denial):
            town.staffing.links.first_left(token)
    town.clock.advance(1)
    with pytest.raises(Denial):
        town.staffing.links.first_left(new)


def test_there_is_no_first_link_where_people_are(town: StaffedTown) -> None:
    """Two people there, whatever their roles or states: the owner of the home has commands for an emergency."""
    for name in ("anna.rossi", "bruno.verdi"):
        town.staffing.accounts.suspend(town.person(name).id, OWNER)
    assert town.staffing.links.first().value is None


def test_somebody_new_chooses_a_password_by_the_link(town: StaffedTown) -> None:
    """It signs in, is good once, and nobody else ever knew the password."""
    account = town.staffing.accounts.create(NewAccount("anna.rossi", "Anna Rossi", town.designation()), OWNER).value
    token = town.staffing.links.make(account.id, OWNER).value
    assert town.staffing.links.account(token).name == "anna.rossi"
    with pytest.raises(Invalid):
        town.staffing.links.use(token, "corta", ROOM)
    assert town.staffing.links.use(token, PASSWORD, ROOM).value.session.needs == ("second",)
    for use in (lambda: town.staffing.links.account(token), lambda: town.staffing.links.use(token, PASSWORD, ROOM)):
        with pytest.raises(Denial):
            use()
    assert town.opened(town.staffing.sign_in.by_password("anna.rossi", PASSWORD, ROOM).value)


def test_a_link_for_a_password_leaves_the_second_factor(town: StaffedTown) -> None:
    """Whoever handed it out and used it would still owe the code of the device."""
    account, device = town.enrolled("anna.rossi", Role.OPERATOR)
    token = town.staffing.links.make(account.id, OWNER).value
    half = town.staffing.links.use(token, "tutta un'altra cosa", ELSEWHERE).value
    assert (half.session.stage, half.session.is_open) == (HALF, False)
    assert town.opened(town.staffing.sign_in.second(half.token, town.code(device)).value).session.is_open


def test_a_link_for_who_lost_everything_begins_anew(town: StaffedTown) -> None:
    """Device and recovery codes are gone with its use, sessions end, a suspended account is back; all is booked."""
    account, device = town.enrolled("anna.rossi", Role.OPERATOR)
    signed_in = town.sign_in("anna.rossi", device)
    town.staffing.accounts.suspend(account.id, OWNER)
    token = town.staffing.links.make(account.id, OWNER, is_all=True).value
    town.told()
    opened = town.staffing.links.use(token, "tutta un'altra cosa", ROOM).value
    assert opened.session.needs == ("second",)
    assert town.staffing.credentials.ways(account.id) == (True, False, False, 0)
    with pytest.raises(Denial):
        town.staffing.sessions.session(signed_in.token)
    assert [what for _, what, _ in town.told()] == ["person", "password", "sign-in"]


def test_a_suspended_account_comes_in_by_no_plain_link(town: StaffedTown) -> None:
    """Only the link for the lost reinstates; an end that has passed is passed for that one, too."""
    account = town.person("anna.rossi", days=1)
    town.staffing.accounts.suspend(account.id, OWNER)
    with pytest.raises(Denial) as refused:
        town.staffing.links.use(town.staffing.links.make(account.id, OWNER).value, PASSWORD, ROOM)
    assert refused.value.code == "ACCOUNT_SUSPENDED"
    town.clock.advance(DAY_S)
    token = town.staffing.links.make(account.id, OWNER, is_all=True).value
    with pytest.raises(Denial) as refused:
        town.staffing.links.use(token, PASSWORD, ROOM)
    assert refused.value.code == "DESIGNATION_ENDED"


def test_whoever_is_suspended_does_not_come_back_by_a_link_from_before(town: StaffedTown) -> None:
    """A link for a new beginning that lay in a drawer is void with the suspension: somebody else reinstates (AC-09)."""
    account, _ = town.enrolled("anna.rossi", Role.OPERATOR)
    token = town.staffing.links.make(account.id, OWNER, is_all=True).value
    town.staffing.accounts.suspend(account.id, OWNER)
    with pytest.raises(Denial) as refused:
        town.staffing.links.use(token, "tutta un'altra cosa", ROOM)
    assert refused.value.code == "LINK_GONE"
    assert town.staffing.accounts.account(account.id).suspended is not None
