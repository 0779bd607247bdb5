# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
# ruff: noqa: D101 - they are named as in web/src/core/api/activation.ts, which tells what is not seen
"""A camera's purpose file and its activation, as they are taken and given."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from torrazzo.control_room.api.shapes import Asks, Gives, LocalDate, Person, ProposalOfCamera, Text
from torrazzo.law import Role
from torrazzo.town.purpose import MOST, MOST_OPINION

Statement = Annotated[str, StringConstraints(max_length=MOST)]


class FileSaid(Asks):
    """All of it; empty: not stated."""

    purpose: Literal[
        "", "crime", "urban-security", "road-accident", "traffic", "environment", "property", "civil-protection"
    ]
    regime: Literal["", "G", "L"]
    act: Statement
    area: Literal["", "street", "open", "building", "workplace"]
    pact: Statement = ""
    pact_until: LocalDate | Literal[""] = ""
    committee: Statement
    dpia: Statement
    sign: Statement
    workers: Statement
    view: Statement


class ActivationWanted(Asks):
    reason: Text


class OpinionSaid(Asks):
    text: Annotated[str, StringConstraints(min_length=1, max_length=MOST_OPINION, pattern=r"\S")]


class Opinion(Gives):
    """Of the data protection officer. `is_current`: nothing has been stated otherwise since."""

    text: str
    person: Person
    at: str
    is_current: bool


class Lacking(Gives):
    """`roles` mend it, in the order in which they act."""

    what: str
    roles: list[Role]


class FirstSteps(Gives):
    """Of a town: what is missing before its first real camera may record; nothing, and it is complete."""

    items: list[Lacking]


class Activation(Gives):
    """`missing`: what keeps it from recording, by its word. `todo`: the same, and people, with who mends it."""

    camera: str
    is_active: bool
    is_synthetic: bool
    file: FileSaid
    opinion: Opinion | None
    missing: list[str] = Field(max_length=100)
    todo: list[Lacking]
    proposal: ProposalOfCamera | None
