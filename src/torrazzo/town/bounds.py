# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where a camera that turns may look (MN-04), as people declared it; camera/onvif/sectors.py decides by it. Pure."""

import json
from typing import NamedTuple

from torrazzo.base.errors import Damaged, Invalid

MOST_SECTORS = 16


class Sector(NamedTuple):
    """A rectangle of pan and tilt, from -1 to 1, and how close within it, from 0 to 1."""

    left: float
    right: float
    bottom: float
    top: float
    zoom: float = 1.0

    def is_within(self, other: "Sector") -> bool:
        """Whether each direction, and each closeness, of this one is the other's too."""
        across = other.left <= self.left and self.right <= other.right
        along = other.bottom <= self.bottom and self.top <= other.top
        return across and along and self.zoom <= other.zoom


class Bounds(NamedTuple):
    """No sectors: nobody has said yet where it may look, and nobody turns it."""

    sectors: tuple[Sector, ...] = ()
    is_endless: bool = False  # turns round and round
    full_speed: float = 2.0  # units a second at velocity 1
    home: str | None = None  # the preset to which it goes back by itself

    def checked(self) -> "Bounds":
        """The same; raises `Invalid`."""
        if len(self.sectors) > MOST_SECTORS:
            raise Invalid(f"sectors: at most {MOST_SECTORS}")
        for sector in self.sectors:
            if not (-1 <= sector.left < sector.right <= 1 and -1 <= sector.bottom < sector.top <= 1):
                raise Invalid("sectors: one goes from left to right and from bottom to top, between -1 and 1")
            if not 0 <= sector.zoom <= 1:
                raise Invalid("sectors: the zoom lies between 0 and 1")
        if not 0 < self.full_speed <= 1_000:
            raise Invalid("full_speed: a positive number of units a second")
        if self.home is not None and not 0 < len(self.home) <= 256:
            raise Invalid("home: the token of a preset")
        return self

    def is_within(self, other: "Bounds") -> bool:
        """Whether by this one it may look nowhere that it may not by the other, and is measured in the same way."""
        if not self.sectors:
            return True
        inside = all(any(each.is_within(wide) for wide in other.sectors) for each in self.sectors)
        return inside and (self.is_endless, self.full_speed) == (other.is_endless, other.full_speed)

    def plain(self) -> dict[str, object]:
        """For people, and for JSON."""
        return {**self._asdict(), "sectors": [sector._asdict() for sector in self.sectors]}

    def to_text(self) -> str:
        """As a column holds it."""
        return json.dumps({**self._asdict(), "sectors": [list(sector) for sector in self.sectors]})

    @classmethod
    def from_text(cls, text: str) -> "Bounds":
        """The inverse."""
        try:
            found = json.loads(text)
            return cls(**{**found, "sectors": tuple(Sector(*sector) for sector in found["sectors"])}).checked()
        except (ValueError, TypeError, KeyError, Invalid) as error:
            raise Damaged(f"where a camera may turn cannot be read: {error}") from error
