# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
# ruff: noqa: D101 - they are named as in register.ts, which tells what is not seen
"""What the register of the room takes and gives, as web/src/core/api/register.ts has it."""

from typing import Literal

from torrazzo.control_room.api.shapes import Asks, Gives, Line, Person

Kind = Literal["shift", "visitor", "curtain", "supervision"]


class Curtain(Gives):
    drawn: str
    person: Person
    reason: str


class RoomState(Gives):
    """Of this station, and who is in the room beside those who work there."""

    station: str
    curtain: Curtain | None
    visitors: list["Visitor"]


class DrawCurtain(Asks):
    drawn: bool
    reason: Line = ""


class NewVisitor(Asks):
    name: Line
    office: Line
    reason: Line
    authorised: Line
    company: Line


class Visitor(Gives):
    id: str
    name: str
    office: str
    reason: str
    authorised: str
    company: str
    person: Person
    came: str
    left: str | None


class Entry(Gives):
    """One line of the register."""

    kind: Kind
    id: str
    start: str
    end: str | None
    person: Person  # whose shift, who wrote the visitor down, who drew the curtain, who supervises
    text: str  # the shift's reason, the visitor, why the curtain was drawn, the technician; empty: nobody said
    why: str | None  # how a shift ended: hand-over, close, forgotten; how a technician's session did: done, left
    note: str | None  # of a shift that was handed over; how a technician left things
    takes: str | None  # the shift that it took over
    station: str | None
    visitor: Visitor | None


class Register(Gives):
    items: list[Entry]
    days: int  # that are looked back: those who work in the room see less of it than who commands
