# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
# ruff: noqa: D101 - they are named as in web/src/core/api/supervisions.ts, which tells what is not seen
"""Sessions of technicians, as they are taken and given."""

from typing import Annotated, Literal

from pydantic import Field

from torrazzo.access.supervisions import MOST_CAMERAS, MOST_HOURS
from torrazzo.control_room.api.shapes import Asks, Gives, Id, Person, Text


class SupervisionWanted(Asks):
    technician: Id
    cameras: Annotated[list[Id], Field(min_length=1, max_length=MOST_CAMERAS)]
    hours: Annotated[int, Field(ge=1, le=MOST_HOURS)]
    reason: Text


class SupervisionDone(Asks):
    outcome: Text


class SupervisedCamera(Gives):
    id: str
    name: str


class Supervision(Gives):
    """`state`: alone, where the shift of who supervises is over; late, where its time is and nobody has closed it."""

    id: str
    technician: Person
    firm: str
    operator: Person
    cameras: list[SupervisedCamera]
    reason: str
    opened: str
    until: str
    state: Literal["open", "alone", "late"]


class Technician(Gives):
    """Who may be supervised now. `until`: the contract's last moment."""

    id: str
    name: str
    firm: str
    contract: str
    until: str
    cameras: list[str]


class Supervisions(Gives):
    items: list[Supervision]
    technicians: list[Technician]


class OwnSupervision(Gives):
    """`supervision` null: nobody supervises this person now."""

    supervision: Supervision | None


class ViewWanted(Asks):
    """`reason` empty: for a technician, whose session has one."""

    reason: Text = ""


class View(Gives):
    """`jpeg` in base64. `is_test`: so coarse that nobody on it is known."""

    camera: str
    at: str
    width: int
    height: int
    is_test: bool
    jpeg: str
