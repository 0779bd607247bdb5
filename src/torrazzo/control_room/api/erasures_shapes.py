# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
# ruff: noqa: D101 - they are named as in web/src/core/api/erasures.ts, which tells what is not seen
"""What is taken and given about footage that goes before its time (RT-06)."""

from typing import Annotated, Literal

from pydantic import StringConstraints

from torrazzo.control_room.api.looks_shapes import Camera, Time
from torrazzo.control_room.api.shapes import Asks, Gives, Person, Text

Ground = Literal["rights-request", "unlawful-capture"]
State = Literal["open", "approved", "refused", "withdrawn", "expired", "done"]
Reference = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"\S")]


class ErasureAsked(Asks):
    """`hour`: its start. `reference`: the request's number in the register, or of the report of what was captured."""

    camera: Camera
    hour: Time
    ground: Ground
    reference: Reference
    reason: Text


class ErasureAnswered(Asks):
    reason: Text


class ErasureApproved(Asks):
    """`opinion`: the `at` of the one that was read."""

    reason: Text
    opinion: Time | None = None


class ErasureAdvised(Asks):
    favours: bool
    text: Text


class ErasureOpinion(Gives):
    text: str
    person: Person
    at: str
    favours: bool


class Erasure(Gives):
    """`answer`: of who decided. `holds`: while it waits, by which some of it is held."""

    number: int
    camera: str
    name: str
    hour: str
    ground: Ground
    reference: str
    state: State
    proposer: Person
    reason: str
    proposed: str
    until: str
    opinion: ErasureOpinion | None
    decider: Person | None
    answer: str | None
    decided: str | None
    holds: list[str]
    own: bool
