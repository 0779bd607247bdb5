# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What needs a second person, whatever it is: proposed by one, approved or refused by another, then done, once.

The data protection officer may give an opinion before that, which decides nothing.

Who may propose and who may approve which kind is the law's (`decide`), before it comes here. Here nobody approves
their own, nothing is approved twice or late, and what was approved is what was proposed.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import NamedTuple

import sqlalchemy as sa

from torrazzo.access.staff import PROGRAM, By, Change, Denial, Done, Staff, demand
from torrazzo.access.tables import PROPOSAL
from torrazzo.base.errors import Invalid
from torrazzo.base.times import DAY, UtcTicks
from torrazzo.law.reason import check_reason
from torrazzo.ledger.text import to_base64

GOOD_FOR = 7 * DAY
LARGEST = 16_384  # bytes of what is proposed

_LABEL = b"torrazzo.proposal.v1\0"


class Proposal(NamedTuple):
    """As it is now. States: open, approved, refused, withdrawn, expired, done."""

    number: int
    kind: str  # a word, such as person.roles
    what: Mapping[str, object]
    proposer: str  # account
    reason: str
    proposed: UtcTicks
    until: UtcTicks  # to be approved, and once approved to be done, before that
    state: str
    decider: str | None  # account
    answer: str | None
    decided: UtcTicks | None
    opinion: str | None
    adviser: str | None  # account
    advised: UtcTicks | None
    favours: bool | None  # what the opinion says of it


class FourEyes:
    """Of one town. Every account that acts here is named by `By.id`."""

    def __init__(self, staff: Staff) -> None:
        self._staff = staff

    def all(self, *states: str) -> list[Proposal]:
        """In these states, or all; oldest first."""
        with self._staff.look() as connection:
            where = PROPOSAL.c.state.in_(states) if states else sa.true()
            return _proposals(connection, where)

    def one(self, number: int) -> Proposal:
        """Raises `Invalid` where there is none."""
        with self._staff.look() as connection:
            return _proposal(connection, number)

    def propose(self, kind: str, what: Mapping[str, object], by: By, good_for: int = GOOD_FOR) -> Done[Proposal]:
        """`by.reason` says why."""
        demand(check_reason(by.reason), "say in a few words why this is wanted")
        text = json.dumps(what, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        if len(text.encode()) > LARGEST:
            raise Invalid(f"what is proposed is larger than {LARGEST} bytes; propose less at a time")
        with self._staff.change() as change:
            now = change.now
            times = {"proposed": now, "until": now + good_for, "state": "open"}
            values = {"kind": kind, "what": text, "proposer": by.id, "reason": by.reason, **times}
            row = change.connection.execute(sa.insert(PROPOSAL).values(**values))
            assert row.inserted_primary_key is not None
            found = _proposal(change.connection, row.inserted_primary_key[0])
            told = {"what": kind, "number": found.number, "d": self._digest(found)}
            change.tell("propose", told, by, month=found.proposed)
            return change.done(found)

    def approve(self, number: int, by: By, advised: UtcTicks | None = None) -> Done[Proposal]:
        """By another person; whoever asked for the approval does what was approved now, and says `done`.

        `advised`: when the opinion was given that this person has read, if there has to be one.
        """
        return self._decide(number, by, "approved", advised)

    def refuse(self, number: int, by: By) -> Done[Proposal]:
        """By another person."""
        return self._decide(number, by, "refused")

    def withdraw(self, number: int, by: By) -> Done[Proposal]:
        """By the one who proposed it, as long as nobody has decided."""
        with self._staff.change() as change:
            found = self._in_state(change, number, "open")
            if found.proposer != by.id:
                raise Denial("FORBIDDEN", "AC-02", f"proposal {number} is another person's: refuse it")
            return change.done(self._to(change, found, "withdrawn", by))

    def advise(self, number: int, by: By, *, favours: bool) -> Done[Proposal]:
        """`by.reason` is the opinion; as long as nobody has decided another one may take its place. Each is a fact."""
        demand(check_reason(by.reason), "say in a few words what you think of it")
        with self._staff.change() as change:
            found = self._in_state(change, number, "open")
            if by.id is None or found.proposer == by.id:
                raise Denial("SAME_PERSON", "AC-05", f"proposal {number} is your own; another person gives an opinion")
            values = {"opinion": by.reason, "adviser": by.id, "advised": change.now, "favours": favours}
            change.connection.execute(sa.update(PROPOSAL).where(PROPOSAL.c.number == number).values(**values))
            why = "opinion-for" if favours else "opinion-against"
            told = {"what": found.kind, "number": number, "why": why, "d": self._digest(found)}
            change.tell("second", told, by, month=found.proposed)
            return change.done(_proposal(change.connection, number))

    def check(self, number: int, what: Mapping[str, object]) -> Proposal:
        """What is about to be done is what was approved, and not too late; raises `Denial` otherwise."""
        with self._staff.change() as change:
            found = self._in_state(change, number, "approved")
        if found.what != what:
            raise Denial("NOT_WHAT_WAS_APPROVED", "AC-02", f"proposal {number} was approved for something else")
        return found

    def done(self, number: int, by: By) -> Done[Proposal]:
        """It was done: it allows nothing more."""
        with self._staff.change() as change:
            found = self._in_state(change, number, "approved")
            return change.done(self._to(change, found, "done", by))

    def tend(self) -> Done[None]:
        """What nobody decided, or did, in its time is expired."""
        with self._staff.change() as change:
            late = sa.and_(PROPOSAL.c.state.in_(("open", "approved")), PROPOSAL.c.until <= change.now)
            for found in _proposals(change.connection, late):
                self._to(change, found, "expired", By(PROGRAM, f"proposal {found.number}: its time is over"))
            return change.done(None)

    def _decide(self, number: int, by: By, state: str, advised: UtcTicks | None = None) -> Done[Proposal]:
        demand(check_reason(by.reason), "say in a few words why")
        with self._staff.change() as change:
            found = self._in_state(change, number, "open")
            if by.id is None or found.proposer == by.id:
                raise Denial("SAME_PERSON", "AC-02", f"proposal {number} is your own; another person decides")
            if advised is not None and found.advised != advised:
                raise Denial("OPINION_CHANGED", "RT-06", f"another opinion on proposal {number} was given meanwhile")
            return change.done(self._to(change, found, state, by))

    def _in_state(self, change: Change, number: int, state: str) -> Proposal:
        found = _proposal(change.connection, number)
        if found.state != state or found.until <= change.now:
            now = "expired" if found.state == state else found.state
            raise Denial("NOT_NOW", "AC-02", f"proposal {number} is {now}, not {state}")
        return found

    def _to(self, change: Change, found: Proposal, state: str, by: By) -> Proposal:
        values: dict[str, object] = {"state": state}
        if state in {"approved", "refused"}:
            values |= {"decider": by.id, "answer": by.reason, "decided": change.now}
        change.connection.execute(sa.update(PROPOSAL).where(PROPOSAL.c.number == found.number).values(**values))
        told = {"what": found.kind, "number": found.number, "why": state, "d": self._digest(found)}
        change.tell("second", told, by, month=found.proposed)
        return _proposal(change.connection, found.number)

    def _digest(self, found: Proposal) -> str:
        """Keyed: what is proposed could be guessed."""
        text = json.dumps([found.number, found.kind, found.what], sort_keys=True, separators=(",", ":")).encode()
        return to_base64(hmac.digest(self._staff.box.key, _LABEL + hashlib.sha256(text).digest(), "sha256"))


def _proposal(connection: sa.Connection, number: int) -> Proposal:
    found = _proposals(connection, PROPOSAL.c.number == number)
    if not found:
        raise Invalid(f"there is no proposal {number}")
    return found[0]


def _proposals(connection: sa.Connection, where: sa.ColumnElement[bool]) -> list[Proposal]:
    rows = connection.execute(sa.select(PROPOSAL).where(where).order_by(PROPOSAL.c.number)).mappings()
    return [Proposal(**{**row, "what": json.loads(row["what"])}) for row in rows]
