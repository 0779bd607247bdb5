# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
# ruff: noqa: D101 - they are named as in web/src/core/api/activation.ts, which tells what is not seen
"""A camera's purpose file and its activation, as they are taken and given."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from torrazzo.control_room.api.shapes import Asks, Gives, LocalDate, ProposalOfCamera, Text
from torrazzo.town.purpose import MOST

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


class Activation(Gives):
    """`missing`: what keeps it from recording, by its word."""

    camera: str
    is_active: bool
    is_synthetic: bool
    file: FileSaid
    missing: list[str] = Field(max_length=100)
    proposal: ProposalOfCamera | None
