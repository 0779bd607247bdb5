# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""AC-02: the matrix of roles and operations, against the same table written once more, by hand."""

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torrazzo.law import Circumstances, Operation, Protocol, Role, conflict, decide
from torrazzo.law.roles import MEDIA, TABLE

T, D, O, G, X, P, A, M, W, U, F = (  # noqa: E741 - one letter a role, as the columns of a table
    Role.TITOLARE, Role.DESIGNATO, Role.OPERATOR, Role.PG_OFFICER, Role.EXTRACTOR, Role.POLICE,
    Role.ADMIN, Role.TECHNICIAN, Role.DPO, Role.AUDITOR, Role.DESK,
)  # fmt: skip

REASON = "purpose reason"
SAID = "purpose reason title"

# Who may, and what takes the permission away again when it alone is missing.
BY_HAND: dict[str, dict[Role, str]] = {
    "live": {D: REASON, O: "shift", G: "case", P: "protocol"},
    "view": {D: REASON, G: REASON, M: "supervised"},
    "ptz": {O: "", P: "option", M: "supervised"},
    "playback": {D: REASON, O: REASON + " event", G: REASON + " case", X: REASON + " case"},
    "still": {D: REASON, O: REASON + " event", G: REASON + " case", X: REASON + " case"},
    "hold.place": {D: "", O: "", G: "", F: "request"},
    "hold.ask": {P: ""},
    "hold.confirm": {D: "other", G: "other"},
    "hold.opinion": {W: ""},
    "copy.ask": {O: SAID, G: SAID, X: SAID},
    "copy.prepare": {G: SAID, X: SAID},
    "copy.approve": {D: "other"},
    "policy.propose": {D: ""},
    "policy.confirm": {D: "other", G: "other"},
    "policy.apply": {A: "other"},
    "policy.opinion": {W: ""},
    "people.approve": {D: "other"},
    "people.apply": {A: ""},
    "people.see": {D: "", A: "", W: "", U: ""},
    "logs.totals": {D: ""},
    "logs.read": {W: "check", U: "check"},
    "request": {D: "", O: "", G: "", P: "", W: "", F: ""},
    "delete": {},
    "erase.see": {D: "", G: "", W: "", U: ""},
    "erase.ask": {D: ""},
    "erase.confirm": {D: "other", G: "other"},
    "erase.opinion": {W: ""},
    "reports": {T: "", D: "", W: "", U: ""},
    "cameras.see": {D: "", O: "", G: "", X: "", P: "protocol", A: "", M: "supervised", W: "", U: "", F: ""},
    "cameras.apply": {A: "", M: "supervised"},
    "state.see": {D: "", O: "", G: "", X: "", A: "", M: "supervised", W: "", U: ""},
    "alarms.see": {D: "", O: "", G: "", A: ""},
    "alarms.take": {D: "", O: "shift", A: ""},
    "shift": {O: ""},
    "shifts.see": {D: "", O: ""},
    "room": {D: "", O: ""},
    "supervise": {O: "shift"},
}

FULL = Circumstances(
    purpose="crime",
    reason="Furto di una bicicletta in piazza Duomo",
    event="alarm 12",
    case="2026/118",
    request="2026/R7",
    has_shift=True,
    protocol=Protocol(in_force=True, operations=frozenset({Operation.LIVE, Operation.PTZ})),
    is_supervised=True,
)
FOR_LOGS = FULL._replace(purpose="lawfulness")

# Word of the table above → (the circumstances without it, the code that tells so).
WITHOUT: dict[str, tuple[dict[str, Any], str]] = {
    "purpose": ({"purpose": "marketing"}, "PURPOSE_NOT_ALLOWED"),
    "reason": ({"reason": "furto"}, "REASON_REQUIRED"),
    "shift": ({"has_shift": False}, "SHIFT_REQUIRED"),
    "case": ({"case": None}, "CASE_REQUIRED"),
    "event": ({"case": None, "event": None}, "EVENT_REQUIRED"),
    "title": ({"case": None, "request": None}, "NO_TITLE"),
    "request": ({"request": None}, "REQUEST_REQUIRED"),
    "protocol": ({"protocol": Protocol(in_force=False)}, "PROTOCOL_EXPIRED"),
    "option": ({"protocol": Protocol(in_force=True)}, "PROTOCOL_FORBIDS"),
    "supervised": ({"is_supervised": False}, "SUPERVISION_REQUIRED"),
    "other": ({"by_self": True}, "SAME_PERSON"),
    "check": ({"purpose": "crime"}, "REASON_REQUIRED"),
}
CELLS = list(itertools.product(Role, Operation))


def _full(operation: Operation) -> Circumstances:
    return FOR_LOGS if operation is Operation.LOGS_READ else FULL


@pytest.mark.parametrize(("role", "operation"), CELLS, ids=str)
def test_each_role_has_what_the_table_gives_it_and_nothing_else(role: Role, operation: Operation) -> None:
    """With all that could be asked for, a role may do what stands in its column, and is refused the rest."""
    decision = decide({role}, operation, _full(operation))
    assert decision.allowed is (role in BY_HAND[operation])
    assert decision.code == ("OK" if decision.allowed else "FORBIDDEN")
    assert decision.clause


@pytest.mark.parametrize(("role", "operation"), CELLS, ids=str)
def test_each_condition_is_needed_and_no_other_one_is(role: Role, operation: Operation) -> None:
    """What stands in the cell refuses with its own code when it is missing; what does not stand there is not missed."""
    needed = BY_HAND[operation].get(role)
    if needed is None:
        return
    for word, (missing, code) in WITHOUT.items():
        decision = decide({role}, operation, _full(operation)._replace(**missing))
        if word in needed.split():
            assert (decision.allowed, decision.code) == (False, code)
        elif not any(set(missing) & set(WITHOUT[other][0]) for other in needed.split()):
            assert decision.allowed, word


def test_the_table_by_hand_is_whole() -> None:
    """It has a row for each operation, and the product's own has no other role in any row."""
    assert set(BY_HAND) == set(Operation)
    assert {operation: set(row) for operation, row in TABLE.items()} == {
        Operation(name): set(row) for name, row in BY_HAND.items()
    }


ROLES = st.frozensets(st.sampled_from(Role))


@given(ROLES, st.sampled_from(Operation))
def test_several_roles_are_the_sum_of_each_or_nothing(roles: frozenset[Role], operation: Operation) -> None:
    """Roles that go together allow what one of them allows; roles that do not allow nothing."""
    allowed = any(decide({role}, operation, _full(operation)) for role in roles)
    assert decide(roles, operation, _full(operation)).allowed is (allowed and conflict(roles).allowed)


@given(ROLES)
def test_conflicts_are_those_of_the_law(roles: frozenset[Role]) -> None:
    """DPO with anything, Titolare or Admin with whoever sees pictures, Auditor with Admin: refused; the rest is not."""
    watchers = {D, O, G, X, P, M}
    against = (
        (W in roles and len(roles) > 1)
        or (T in roles and bool(roles & watchers))
        or (A in roles and bool(roles & watchers))
        or {A, U} <= roles
    )
    assert conflict(roles).allowed is not against
    assert conflict(roles).code == ("ROLE_CONFLICT" if against else "OK")


@given(ROLES, st.sampled_from(sorted(MEDIA)))
def test_administrators_mayor_dpo_and_auditor_alone_see_nothing(roles: frozenset[Role], operation: Operation) -> None:
    """AC-03, AC-04, AC-05: no set of roles with the admin, the mayor or the DPO in it reaches a picture."""
    if roles & {A, T, W}:
        assert not decide(roles, operation, FULL)
    assert not decide(roles & {A, T, W, U, F}, operation, FULL)


@given(st.sampled_from(Role), st.sampled_from(Operation))
def test_outside_the_groups_of_cameras_nothing_is_allowed(role: Role, operation: Operation) -> None:
    """A camera that is not of the person's groups refuses whatever else is right."""
    assert not decide({role}, operation, _full(operation)._replace(is_in_scope=False))


@given(st.sampled_from(Operation))
def test_nobody_without_a_role_may_anything(operation: Operation) -> None:
    """A new person, who has no role, is refused everything."""
    assert decide(frozenset(), operation, _full(operation)).code == "FORBIDDEN"
