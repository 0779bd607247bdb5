# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Areas that a camera has to hide before it encodes (MN-02), as two people decided them. Pure."""

import json
from typing import NamedTuple

from torrazzo.base.errors import Damaged, Invalid
from torrazzo.base.times import UtcTicks

MOST_MASKS = 32
MOST_CORNERS = 64
KINDS = ("Color", "Pixelated", "Blurred")


class Mask(NamedTuple):
    """A polygon: corners from -1 to 1, y points up."""

    corners: tuple[tuple[float, float], ...]
    kind: str = "Color"


class Masks(NamedTuple):
    """All of one camera; none at all is a decision too. Whoever may see pictures has checked them at `checked`."""

    version: int
    areas: tuple[Mask, ...] = ()
    is_set: bool = False  # the camera was told, and says the same
    checked: UtcTicks | None = None  # seen on the picture
    decided: UtcTicks | None = None
    tokens: tuple[str, ...] = ()  # of ours in the camera: those of others are left alone
    why: str = ""  # it is not in the camera: the reason, in words

    def valid(self) -> "Masks":
        """The same; raises `Invalid`."""
        if len(self.areas) > MOST_MASKS:
            raise Invalid(f"masks: at most {MOST_MASKS}")
        for area in self.areas:
            if area.kind not in KINDS or not 3 <= len(area.corners) <= MOST_CORNERS:
                raise Invalid(f"masks: one has 3 to {MOST_CORNERS} corners and is one of {', '.join(KINDS)}")
            if not all(-1 <= side <= 1 for corner in area.corners for side in corner):
                raise Invalid("masks: corners lie between -1 and 1")
        return self

    def to_text(self) -> str:
        """As a column holds it."""
        return json.dumps({**self._asdict(), "areas": [[area.corners, area.kind] for area in self.areas]})

    @classmethod
    def from_text(cls, text: str) -> "Masks":
        """The inverse."""
        try:
            found = json.loads(text)
            areas = tuple(Mask(tuple((x, y) for x, y in corners), kind) for corners, kind in found["areas"])
            return cls(**{**found, "areas": areas, "tokens": tuple(found.get("tokens", ()))}).valid()
        except (ValueError, TypeError, KeyError, Invalid) as error:
            raise Damaged(f"masks of a camera cannot be read: {error}") from error
