# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
# ruff: noqa: D101 - they are named as in web/src/core/api/turning.ts, which tells what is not seen
"""Turning a camera, as it is taken and given."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from torrazzo.control_room.api.shapes import Asks, Gives

Speed = Annotated[float, Field(ge=-1, le=1)]


class Move(Asks):
    """With these speeds for so long, or until it is stopped: who holds the stick says so again."""

    kind: Literal["move"]
    pan: Speed = 0
    tilt: Speed = 0
    zoom: Speed = 0
    seconds: Annotated[float, Field(gt=0, le=2)] = 0.5


class Stop(Asks):
    kind: Literal["stop"]


class ToPreset(Asks):
    kind: Literal["preset"]
    preset: Annotated[str, StringConstraints(min_length=1, max_length=256)]


class Turn(Asks):
    wanted: Annotated[Move | Stop | ToPreset, Field(discriminator="kind")]


class Preset(Gives):
    token: str
    name: str


class Sector(Gives):
    left: float
    right: float
    bottom: float
    top: float
    zoom: float


class TurningState(Gives):
    pan: float | None
    tilt: float | None
    zoom: float | None
    sectors: list[Sector]
    presets: list[Preset]
    home: str | None
