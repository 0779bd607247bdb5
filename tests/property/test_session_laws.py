# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Sessions under any order of what people and clocks do."""

import itertools
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tools.staffed import OWNER, PASSWORD, StaffedTown
from torrazzo.access.account import Account
from torrazzo.access.sessions import ABSOLUTE, FULL, IDLE, SEEN_EACH, Opened, Session, Where
from torrazzo.access.staff import Denial

NUMBERS = itertools.count()  # each example has a person of its own
PLACES = tuple(Where(name, f"192.0.2.{n}") for n, name in enumerate(("sala-1", "sala-2", "ufficio")))

STEPS = st.one_of(
    st.tuples(st.just("sign-in"), st.integers(0, 2)),
    st.tuples(st.just("wait"), st.sampled_from((1, 30, 299, 301, 599, 601, 3_600, 43_199, 43_201))),
    st.tuples(st.sampled_from(("use", "glance", "take", "lock", "unlock", "close")), st.integers(0, 5)),
    st.tuples(st.just("suspend"), st.just(0)),
)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StaffedTown]:
    with StaffedTown(tmp_path_factory.mktemp("sessions") / "town") as town:
        yield town


@settings(max_examples=40)
@given(steps=st.lists(STEPS, min_size=4, max_size=20))
def test_one_session_a_person_locked_and_over_in_time(town: StaffedTown, steps: list[tuple[str, int]]) -> None:
    """Never two whole sessions of one person; none older than twelve hours; none open that was idle for ten minutes."""
    account = town.person(f"anna.r{next(NUMBERS)}")
    opened: list[Opened] = []
    used: dict[str, int] = {}
    for step, n in steps:
        _do(town, step, n, opened, used, account)
        whole = [session for session in _live(town, opened) if session[1].stage == FULL]
        assert len(whole) <= 1
        for token, session in whole:
            now = town.clock.utc()
            assert session.account.suspended is None
            assert now < session.until <= now + ABSOLUTE
            assert session.is_locked or now - used[token] < IDLE + SEEN_EACH


def _live(town: StaffedTown, opened: list[Opened]) -> list[tuple[str, Session]]:
    found = []
    for each in opened:
        try:
            found.append((each.token, town.staffing.sessions.session(each.token, is_active=False)))
        except Denial:
            continue
    return found


def _do(town: StaffedTown, step: str, n: int, opened: list[Opened], used: dict[str, int], account: Account) -> None:
    sessions, now = town.staffing.sessions, town.clock.utc()
    token = opened[-1 - n].token if n < len(opened) else ""
    try:
        if step == "wait":
            town.clock.advance(n)
        elif step == "sign-in":
            found = town.staffing.sign_in.by_password(account.name, PASSWORD, PLACES[n]).value
            if isinstance(found, Opened):
                opened.append(found)
                used[found.token] = now
        elif step == "suspend":
            town.staffing.accounts.suspend(account.id, OWNER)
        elif step == "use":
            if not sessions.session(token).is_locked:
                used[token] = now
        elif step == "glance":
            sessions.session(token, is_active=False)
        elif step == "take":
            sessions.take_over(token)
            used[token] = now
        elif step == "unlock":
            renewed = town.staffing.sign_in.again(token, PASSWORD).value
            if isinstance(renewed, Opened):
                opened[opened.index(next(each for each in opened if each.token == token))] = renewed
                used[renewed.token] = now
        else:
            getattr(sessions, step)(token)
    except Denial:
        return  # what is over is over
