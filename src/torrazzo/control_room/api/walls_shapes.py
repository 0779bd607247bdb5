# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
# ruff: noqa: D101 - they are named as in walls.ts, which tells what is not seen
"""Walls, as web/src/core/api/walls.ts has them."""

from typing import Annotated, Literal

from pydantic import Field

from torrazzo.control_room.api.shapes import Asks, Gives, Id, Name, Person

Layout = Literal["1", "2", "4", "6", "8", "9", "12", "16", "20", "25"]
Monitor = Annotated[int, Field(ge=1, le=8)]
Seconds = Annotated[int, Field(ge=3, le=3600)]


class Cell(Asks):
    """No camera: empty; several: one after the other."""

    cameras: Annotated[list[Id], Field(max_length=32)]
    every_s: Seconds = 10


class Arrangement(Asks):
    """More cells than the layout shows are further pages."""

    layout: Layout
    cells: Annotated[list[Cell], Field(max_length=250)]
    every_s: Seconds | None = None  # pages follow each other by themselves


class NewWall(Asks):
    name: Name
    shared: bool
    arrangement: Arrangement


class Wall(Gives):
    id: str
    name: str
    shared: bool
    owner: Person
    own: bool
    arrangement: Arrangement


class Walls(Gives):
    items: list[Wall]
    now: dict[str, Arrangement]
    may_share: bool


class Station(Gives):
    name: str
    now: str
