# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
# ruff: noqa: D101 - they are named as in log.ts, which tells what is not seen
"""What is asked of the log and told of it, as web/src/core/api/log.ts has it."""

from typing import Annotated, Literal

from pydantic import Field

from torrazzo.control_room.api.shapes import Asks, Gives, Id, Line, Number, Person, Text

LogPurpose = Literal["lawfulness", "self-control", "security", "proceedings"]
LogGroup = Literal["all", "looks", "copies", "access", "changes", "room", "programs"]
Instant = Annotated[str, Field(min_length=1, max_length=40)]


class LogAsked(Asks):
    purpose: LogPurpose
    note: Line = ""
    since: Instant
    until: Instant
    group: LogGroup = "all"
    person: Id | None = None
    camera: Id | None = None
    case: Line | None = None
    before: Number | None = None


class LogRow(Gives):
    number: int
    at: str
    kind: str
    what: str | None
    why: str | None
    cameras: list[str]  # names
    start: str | None
    end: str | None
    purpose: str | None
    renews: int | None
    closed: str | None
    shown_s: int | None
    names: Literal["open", "destroyed", "damaged", "missing"] | None
    person: str | None
    full_name: str | None
    station: str | None
    reason: str | None
    case: str | None
    recipient: str | None


class LogAnswer(Gives):
    items: list[LogRow]
    matched: int
    untold: int
    unread: int
    oldest: str | None
    is_forked: bool
    size: int
    next: int | None


class TotalsAsked(Asks):
    since: Instant
    until: Instant


class KindTotal(Gives):
    kind: str
    count: int


class CameraTotal(Gives):
    camera: Id
    name: str
    looks: int


class LogTotals(Gives):
    kinds: list[KindTotal]
    cameras: list[CameraTotal]
    unread: int
    oldest: str | None
    is_forked: bool


class ReviewAsked(Asks):
    purpose: LogPurpose
    since: Instant
    until: Instant
    sample: Annotated[int, Field(ge=0, le=1_000_000)]
    outcome: Literal["in-order", "findings"]
    text: Text


class Review(Gives):
    number: int
    person: Person
    at: str
    since: str
    until: str
    sample: int
    outcome: str
    text: str


class Reviews(Gives):
    items: list[Review]
    due: str | None  # when the next one is to be done; None: none was done yet, one is due
