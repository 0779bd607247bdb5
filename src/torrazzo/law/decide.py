# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whether somebody may do something now.

A person with several roles may do what one of them may do by itself. What is missing is told only to a person whose
role could do it: to others the operation is simply not theirs.
"""

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from torrazzo.law.conflicts import conflict
from torrazzo.law.decision import Decision, no, yes
from torrazzo.law.reason import LOG_PURPOSES, check_purpose
from torrazzo.law.roles import MEDIA, TABLE, Operation, Role


class Protocol(NamedTuple):
    """Of the town with a police force, as it is at this moment."""

    in_force: bool
    operations: frozenset[Operation] = frozenset({Operation.LIVE})


class Circumstances(NamedTuple):
    """What the person says, and what is known of the moment. Nothing of it is there by default."""

    purpose: str | None = None
    reason: str | None = None
    event: str | None = None  # an alarm's number, what was seen
    case: str | None = None
    request: str | None = None
    has_shift: bool = False
    protocol: Protocol | None = None
    is_supervised: bool = False
    by_self: bool = False  # the step before, which this one approves or prepares upon, was this person's own
    is_in_scope: bool = True  # all cameras are of the person's groups


def _said(code: str, clause: str, holds: Callable[[Circumstances], object]) -> Callable[[Circumstances], Decision]:
    return lambda now: yes(clause) if holds(now) else no(code, clause)


def _protocol(now: Circumstances, operation: Operation) -> Decision:
    if now.protocol is None:
        return no("PROTOCOL_REQUIRED", "AC-06")
    if not now.protocol.in_force:
        return no("PROTOCOL_EXPIRED", "AC-06")
    allowed = operation is Operation.CAMERAS_SEE or operation in now.protocol.operations
    return yes("AC-06") if allowed else no("PROTOCOL_FORBIDS", "AC-06")


def _check(now: Circumstances) -> Decision:
    return yes("LG-05") if now.purpose in LOG_PURPOSES else no("REASON_REQUIRED", "LG-05")


_WORDS: Mapping[str, Callable[[Circumstances], Decision]] = {
    "yes": lambda _: yes("AC-02"),
    "reason": lambda now: check_purpose(now.purpose, now.reason),
    "check": _check,
    "shift": _said("SHIFT_REQUIRED", "LG-02", lambda now: now.has_shift),
    "event": _said("EVENT_REQUIRED", "AC-02", lambda now: now.event or now.case),
    "case": _said("CASE_REQUIRED", "AC-02", lambda now: now.case),
    "supervised": _said("SUPERVISION_REQUIRED", "AC-07", lambda now: now.is_supervised),
    "request": _said("REQUEST_REQUIRED", "RQ-01", lambda now: now.request),
    "title": _said("NO_TITLE", "EV-02", lambda now: now.request or now.case),
    "other": _said("SAME_PERSON", "AC-02", lambda now: not now.by_self),
}

# What holds whatever the role: no recorded picture without purpose and reason, no copy without a title, nobody
# approves what they prepared.
_ALWAYS: Mapping[Operation, tuple[str, ...]] = {
    Operation.PLAYBACK: ("reason",),
    Operation.STILL: ("reason",),
    Operation.COPY_ASK: ("title", "reason"),
    Operation.COPY_PREPARE: ("title", "reason"),
    Operation.COPY_APPROVE: ("other",),
    Operation.HOLD_CONFIRM: ("other",),
    Operation.POLICY_APPLY: ("other",),
}

# Why it is nobody's, or not this role's, where a clause says so.
_FORBIDDEN: tuple[tuple[Callable[[AbstractSet[Role], Operation], bool], str], ...] = (
    (lambda _, operation: operation is Operation.DELETE, "RT-06"),
    (lambda _, operation: operation is Operation.LOGS_READ, "LG-05"),
    (lambda roles, operation: Role.ADMIN in roles and operation in MEDIA, "AC-03"),
    (lambda roles, _: Role.TITOLARE in roles, "AC-04"),
    (lambda roles, _: Role.DPO in roles, "AC-05"),
    (lambda roles, _: Role.POLICE in roles, "AC-06"),
    (lambda roles, _: Role.TECHNICIAN in roles, "AC-07"),
)


def decide(roles: AbstractSet[Role], operation: Operation, now: Circumstances = Circumstances()) -> Decision:  # noqa: B008 - a value
    """Whether a person of these roles may do this now; roles that conflict give nothing at all."""
    together = conflict(roles)
    if not together:
        return together
    row = TABLE[operation]
    mine = sorted(role for role in roles if role in row)
    if not mine:
        clause = next((clause for is_so, clause in _FORBIDDEN if is_so(roles, operation)), "AC-02")
        return no("FORBIDDEN", clause)
    if not now.is_in_scope:
        return no("OUT_OF_SCOPE", "AC-02")
    found = [_by_words(row[role], operation, now) for role in mine]
    return next((decision for decision in found if decision), found[0])


def _by_words(words: AbstractSet[str], operation: Operation, now: Circumstances) -> Decision:
    clause = "AC-02"
    for word in (*sorted(words), *_ALWAYS.get(operation, ())):
        decision = _protocol(now, operation) if word in {"protocol", "option"} else _WORDS[word](now)
        if not decision:
            return decision
        clause = decision.clause
    return yes(clause)
