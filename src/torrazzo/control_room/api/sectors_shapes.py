# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
# ruff: noqa: D101 - they are named as in web/src/core/api/sectors.ts, which tells what is not seen
"""Where a camera may turn (MN-04), as it is taken and given."""

from typing import Annotated

from pydantic import Field, StringConstraints

from torrazzo.control_room.api.shapes import Asks, Gives
from torrazzo.town.bounds import MOST_SECTORS

Side = Annotated[float, Field(ge=-1, le=1)]
Preset = Annotated[str, StringConstraints(min_length=1, max_length=256)]


class SectorSaid(Asks):
    left: Side
    right: Side
    bottom: Side
    top: Side
    zoom: Annotated[float, Field(ge=0, le=1)] = 1.0


class BoundsSaid(Asks):
    """All of it; no sectors: nobody turns it. `home`: a preset within one of the sectors."""

    sectors: Annotated[list[SectorSaid], Field(max_length=MOST_SECTORS)]
    is_endless: bool = False
    full_speed: Annotated[float, Field(gt=0, le=1_000)] = 2.0
    home: Preset | None = None


class BoundsKept(Gives):
    sectors: list[SectorSaid]
    is_endless: bool
    full_speed: float
    home: str | None


class PresetThere(Gives):
    token: str
    name: str
    pan: float | None
    tilt: float | None
    zoom: float | None


class Pointing(Gives):
    """Where it looks now, without a picture; nulls: it does not say."""

    pan: float | None
    tilt: float | None
    zoom: float | None
    presets: list[PresetThere]
