# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reviews of the log by who may read it: done, and recorded with what came out (LG-08)."""

from typing import NamedTuple

import sqlalchemy as sa

from torrazzo.access.staff import By, Done, Staff, demand
from torrazzo.access.tables import LOG_REVIEW
from torrazzo.base.errors import Invalid
from torrazzo.base.spans import Span
from torrazzo.base.times import DAY, UtcTicks
from torrazzo.law.reason import LOG_PURPOSES, check_reason

OUTCOMES = ("in-order", "findings")
EACH = 31 * DAY  # a sample of what was looked at, once a month


class LogReview(NamedTuple):
    """One of them."""

    number: int
    person: str  # account
    at: UtcTicks
    since: UtcTicks
    until: UtcTicks
    sample: int  # entries that were looked at
    outcome: str
    text: str


class LogReviews:
    """Of one town."""

    def __init__(self, staff: Staff) -> None:
        self._staff = staff

    def all(self) -> list[LogReview]:
        """Newest first."""
        with self._staff.look() as connection:
            rows = connection.execute(sa.select(LOG_REVIEW).order_by(LOG_REVIEW.c.number.desc())).mappings()
            return [LogReview(**row) for row in rows]

    def record(self, span: Span, sample: int, outcome: str, why: str, by: By) -> Done[LogReview]:
        """`by.reason` says what came out; `why` is for which of the reasons of the law it was done."""
        demand(check_reason(by.reason), "say in a few words what came out")
        if outcome not in OUTCOMES or why not in LOG_PURPOSES or not 0 <= sample <= 1_000_000:
            raise Invalid(f"a review of {sample} entries with outcome {outcome!r} for {why!r} is none")
        with self._staff.change() as change:
            what = {"since": span.start, "until": span.end, "sample": sample, "outcome": outcome, "text": by.reason}
            row = change.connection.execute(sa.insert(LOG_REVIEW).values(person=by.id, at=change.now, **what))
            assert row.inserted_primary_key is not None
            change.tell("log", {"what": "review", "why": why}, by._replace(reason=f"{outcome}: {by.reason}"))
            number: int = row.inserted_primary_key[0]
            return change.done(
                LogReview(number, by.id or "", change.now, span.start, span.end, sample, outcome, by.reason)
            )

    def read(self, what: str, why: str, by: By) -> Done[None]:
        """The fact of a question to the log, before it is answered; `by.reason` is the question."""
        with self._staff.change() as change:
            change.tell("log", {"what": what, "why": why}, by)
            return change.done(None)
