# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Sessions: idle lock, absolute end, one a person."""

import contextlib
from typing import Any

import pytest

from tests.tools.staffed import ELSEWHERE, OWNER, PASSWORD, ROOM, StaffedTown
from torrazzo.access.sessions import ELSEWHERE as WAITS
from torrazzo.access.sessions import FULL, csrf_of
from torrazzo.access.sign_in import WRONG
from torrazzo.access.staff import Denial
from torrazzo.law import Role

MINUTE = 60


def _code(town: StaffedTown, token: str) -> str:
    with pytest.raises(Denial) as denial:
        town.staffing.sessions.session(token)
    return denial.value.code


def test_idle_for_ten_minutes_it_locks(town: StaffedTown) -> None:
    """AC-01: what its person does puts the lock off, what a page asks by itself does not; it is locked once."""
    _, device = town.enrolled("anna.rossi")
    token = town.sign_in("anna.rossi", device).token
    town.clock.advance(9 * MINUTE)
    assert town.staffing.sessions.session(token).is_open
    town.clock.advance(9 * MINUTE)
    assert town.staffing.sessions.session(token, is_active=False).is_open
    town.told()
    town.clock.advance(1 * MINUTE)
    assert town.staffing.sessions.session(token, is_active=False).is_locked
    assert not town.staffing.sessions.session(token).is_open
    town.clock.advance(9 * MINUTE)
    assert town.staffing.sessions.session(token).is_locked
    assert town.told() == [("auth", "lock", "anna.rossi")]


def test_its_own_person_unlocks_it(town: StaffedTown) -> None:
    """By the right password, and counted where it is wrong; by another token, and it locks again after ten minutes."""
    _, device = town.enrolled("anna.rossi")
    token = town.sign_in("anna.rossi", device).token
    assert town.staffing.sessions.lock(token).value.is_locked
    before = town.staffing.sessions.session(token)
    assert town.staffing.sign_in.again(token, "sbagliata sbagliata").value == WRONG
    assert town.staffing.sessions.session(token).is_locked
    old, token = token, town.opened(town.staffing.sign_in.again(token, PASSWORD).value).token
    assert town.staffing.sessions.session(token).is_open
    assert town.staffing.sessions.by_id(before.id) == town.staffing.sessions.session(token)
    with pytest.raises(Denial) as over:
        town.staffing.sessions.session(old)
    assert over.value.code == "SESSION_NONE"
    town.clock.advance(10 * MINUTE)
    assert town.staffing.sessions.session(token).is_locked


def test_after_twelve_hours_it_is_over(town: StaffedTown) -> None:
    """Whatever its person does meanwhile; it is told why, and booked once."""
    _, device = town.enrolled("anna.rossi")
    token = town.sign_in("anna.rossi", device).token
    for _ in range(12 * 12 - 1):
        town.clock.advance(5 * MINUTE)
        assert town.staffing.sessions.session(token).is_open
    town.told()
    town.clock.advance(5 * MINUTE)
    assert _code(town, token) == _code(town, token) == "SESSION_OVER"
    assert town.told() == [("auth", "expired", "anna.rossi")]


def test_a_second_one_from_elsewhere_asks_first(town: StaffedTown) -> None:
    """AC-01: it is told where the first is and may do nothing; confirmed, it ends the first, which is told; booked."""
    _, device = town.enrolled("anna.rossi", Role.OPERATOR)
    first = town.sign_in("anna.rossi", device)
    town.clock.advance(30)
    second = town.sign_in("anna.rossi", device, ELSEWHERE)
    assert (second.session.stage, second.session.other, second.session.is_open) == (WAITS, ROOM, False)
    assert town.staffing.sessions.session(first.token).is_open
    town.told()
    taken = town.staffing.sessions.take_over(second.token).value
    assert (taken.stage, taken.is_open) == (FULL, True)
    assert town.staffing.sessions.session(second.token).is_open
    assert _code(town, first.token) == "SESSION_TAKEN"
    assert town.told() == [("auth", "taken", "anna.rossi")]
    with pytest.raises(Denial):
        town.staffing.sessions.take_over(second.token)


def test_one_that_was_not_confirmed_leaves_the_first_alone(town: StaffedTown) -> None:
    """Five minutes later the question is void, and the session in the room goes on."""
    _, device = town.enrolled("anna.rossi")
    first = town.sign_in("anna.rossi", device)
    town.clock.advance(30)
    second = town.sign_in("anna.rossi", device, ELSEWHERE)
    town.clock.advance(5 * MINUTE)
    assert _code(town, second.token) == "SESSION_OVER"
    assert town.staffing.sessions.session(first.token).is_open


def test_the_same_station_needs_no_question(town: StaffedTown) -> None:
    """A browser that was closed and opened again goes on; the session before is over, whoever has its token."""
    _, device = town.enrolled("anna.rossi")
    first = town.sign_in("anna.rossi", device)
    town.clock.advance(30)
    assert town.sign_in("anna.rossi", device).session.stage == FULL
    assert _code(town, first.token) == "SESSION_TAKEN"


def test_whoever_is_suspended_is_out_at_once(town: StaffedTown) -> None:
    """By order, or by the clock."""
    account, device = town.enrolled("anna.rossi")
    token = town.sign_in("anna.rossi", device).token
    town.staffing.accounts.suspend(account.id, OWNER)
    assert _code(town, token) == "ACCOUNT_SUSPENDED"


def test_a_designation_that_ends_ends_the_session(town: StaffedTown) -> None:
    """At its second, whether or not the housekeeping has run."""
    town.person("anna.rossi", days=1)
    town.clock.advance(24 * 3600 - 60)
    token = town.opened(town.staffing.sign_in.by_password("anna.rossi", PASSWORD, ROOM).value).token
    town.clock.advance(59)
    town.staffing.sessions.session(token)
    town.clock.advance(1)
    assert _code(town, token) == "ACCOUNT_SUSPENDED"


def test_signed_out_is_out(town: StaffedTown) -> None:
    """The token opens nothing any more; it is booked."""
    _, device = town.enrolled("anna.rossi")
    token = town.sign_in("anna.rossi", device).token
    town.told()
    town.staffing.sessions.close(token)
    assert _code(town, token) == "SESSION_OVER"
    assert town.told() == [("auth", "sign-out", "anna.rossi")]
    town.clock.advance(31 * 24 * 3600)
    town.staffing.tend()
    assert _code(town, token) == "SESSION_NONE"


def test_a_new_password_ends_the_sessions_elsewhere(town: StaffedTown) -> None:
    """Whoever was in by the old one is out; the one that changed it stays."""
    account, device = town.enrolled("anna.rossi")
    other = town.sign_in("anna.rossi", device)
    town.clock.advance(30)
    here = town.sign_in("anna.rossi", device)
    assert town.staffing.credentials.change_password(here.token, PASSWORD, "un'altra parola lunga").value
    assert town.staffing.sessions.session(here.token).account.id == account.id
    assert _code(town, other.token) == "SESSION_TAKEN"


def test_sessions_outlive_a_restart(town: StaffedTown) -> None:
    """They are kept in the database, not in a process."""
    _, device = town.enrolled("anna.rossi")
    token = town.sign_in("anna.rossi", device).token
    assert town.again().sessions.session(token).is_open


def test_what_the_page_says_beside_the_cookie_is_the_sessions_own() -> None:
    """Another token, another word; from the word nobody has the token."""
    assert csrf_of("one") == csrf_of("one") != csrf_of("two")
    assert len(csrf_of("one")) == 43


def test_a_session_is_read_when_something_has_changed(town: StaffedTown, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each part of what plays asks whose it is: that asks no database, until anything about people is another thing."""
    account, device = town.enrolled("anna.rossi", Role.OPERATOR)
    token = town.sign_in("anna.rossi", device).token
    staff, looks = town.staffing.staff, list[str]()
    look = staff.look

    def looked() -> object:
        looks.append("look")
        return look()

    monkeypatch.setattr(staff, "look", looked)
    for _ in range(3):
        assert town.staffing.sessions.session(token, is_active=False).account.roles == {Role.OPERATOR}
    assert len(looks) == 1
    town.staffing.accounts.give(account.id, {Role.DPO}, set(), OWNER)
    assert town.staffing.sessions.session(token, is_active=False).account.roles == {Role.DPO}
    town.clock.advance(10 * MINUTE)
    assert town.staffing.sessions.session(token, is_active=False).is_locked
    assert town.staffing.sessions.session(token, is_active=False).is_locked


def test_what_two_requests_see_at_once_is_told_once(town: StaffedTown, monkeypatch: pytest.MonkeyPatch) -> None:
    """That a session locks, and that it is over: the first who sees it tells it."""
    _, device = town.enrolled("anna.rossi")
    token, sessions = town.sign_in("anna.rossi", device).token, town.staffing.sessions
    town.told()

    def with_another(seconds: float) -> None:
        """A request that has read the session, and before it goes on another one comes and is answered."""
        town.clock.advance(seconds)
        read = sessions._read_anew

        def slowly(*asked: Any) -> Any:
            monkeypatch.setattr(sessions, "_read_anew", read)
            found = read(*asked)
            with contextlib.suppress(Denial):
                sessions.session(token, is_active=False)
            return found

        monkeypatch.setattr(sessions, "_read_anew", slowly)
        with contextlib.suppress(Denial):
            sessions.session(token, is_active=False)

    with_another(10 * MINUTE)
    assert town.told() == [("auth", "lock", "anna.rossi")]
    with_another(12 * 60 * MINUTE)
    assert town.told() == [("auth", "expired", "anna.rossi")]
