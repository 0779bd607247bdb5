# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where a camera stands on the map, and what it sees from there. Pure."""

from typing import NamedTuple

from torrazzo.base.errors import Invalid

REACH = 2_000.0  # metres that are drawn at most


class Position(NamedTuple):
    """WGS 84. Field of view: direction in degrees clockwise from north, opening angle in degrees, reach in metres.

    None: not declared, so that no field of view is drawn.
    """

    latitude: float
    longitude: float
    direction: float | None = None
    angle: float | None = None
    reach: float | None = None

    def checked(self) -> "Position":
        """The same; raises `Invalid` for what is nowhere, or sees nothing."""
        _within("latitude", self.latitude, -90, 90)
        _within("longitude", self.longitude, -180, 180)
        if self.direction is not None:
            _within("direction", self.direction, 0, 360)
        if self.angle is not None:
            _within("angle", self.angle, 1, 360)
        if self.reach is not None:
            _within("reach", self.reach, 1, REACH)
        return self


def _within(what: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:  # not a number is nowhere
        raise Invalid(f"{what}: {value:g} is not between {low:g} and {high:g}")
