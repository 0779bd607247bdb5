# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
# ruff: noqa: D101 - they are named as in web/src/core/api/exports.ts
"""What is taken and given about copies and holds."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from torrazzo.control_room.api.shapes import Asks, Gives, Id, Line, Person, Text

Stream = Literal["main", "sub"]
Purpose = Literal[
    "crime", "urban-security", "road-accident", "traffic", "environment", "property", "civil-protection",
    "data-subject", "request", "check",
]  # fmt: skip
RecipientClass = Literal["police", "judge", "defence", "citizen", "insurance", "office"]
Cause = Literal["judge", "police", "defence", "citizen", "rights", "office"]
State = Literal[
    "asked", "refused", "withdrawn", "approved", "waiting", "running", "done", "failed", "cancelled"
]  # fmt: skip
Case = Annotated[str, StringConstraints(max_length=100)]
Time = Annotated[str, StringConstraints(min_length=1, max_length=40)]
Cameras = Annotated[list[Id], Field(min_length=1, max_length=32)]


class ExportAsked(Asks):
    cameras: Cameras
    stream: Stream = "main"
    start: Time = Field(alias="from")
    end: Time = Field(alias="to")
    purpose: Purpose
    reason: Text
    case: Case
    recipient_class: RecipientClass
    recipient: Line = ""


class ExportAnswered(Asks):
    reason: Text
    maker: Id | None = None


class Said(Asks):
    reason: Text


class Named(Gives):
    id: str
    name: str


class Step(Gives):
    at: str
    by: str | None
    reason: str | None


class ExportJob(Gives):
    id: str
    step: str
    waits: bool
    done: float
    error: str | None


class ExportResult(Gives):
    bytes: int
    sha256: str
    verified: bool
    losses: list[str]
    has_report: bool


class Export(Gives):
    number: int
    state: State
    asked: Step
    cameras: list[Named]
    stream: Stream
    start: str = Field(alias="from")
    end: str = Field(alias="to")
    purpose: str
    recipient_class: str
    recipient: str | None
    is_for_key: bool
    case: str | None
    approval: Step | None
    maker: Person | None
    rejection: Step | None
    makers: list[Person]
    job: ExportJob | None
    result: ExportResult | None
    takings: list[Step]


class ExportNumber(Gives):
    number: int


class HoldAsked(Asks):
    cameras: Cameras
    stream: Stream = "main"
    start: Time = Field(alias="from")
    end: Time = Field(alias="to")
    cause: Cause
    reason: Text
    case: Case
    request: Case | None = None


class Hold(Gives):
    hold: str
    state: Literal["provisional", "confirmed"]
    cause: str
    cameras: list[Named]
    start: str = Field(alias="from")
    end: str = Field(alias="to")
    placed: str
    ends: str
    ends_soon: bool
    by: str | None
    is_own: bool
    case: str | None
    reason: str | None
    segments: int | None
    copied: int | None
    volumes: int | None
    lost: int | None


class HoldPlaced(Gives):
    hold: str
    ends: str
    ends_confirmed: str
    segments: int
    lost: list[str]
