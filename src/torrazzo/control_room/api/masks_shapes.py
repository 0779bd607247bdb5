# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
# ruff: noqa: D101 - they are named as in web/src/core/api/masks.ts, which tells what is not seen
"""Areas that a camera hides (MN-02), as they are taken and given."""

from typing import Annotated, Literal

from pydantic import Field

from torrazzo.control_room.api.shapes import Asks, Gives, ProposalOfCamera, Text
from torrazzo.town.masks import MOST_CORNERS, MOST_MASKS

Side = Annotated[float, Field(ge=-1, le=1)]
Corner = Annotated[list[Side], Field(min_length=2, max_length=2)]
Kind = Literal["Color", "Pixelated", "Blurred"]


class MaskArea(Asks):
    """A polygon of corners (x, y) from -1 to 1; y points up."""

    corners: Annotated[list[Corner], Field(min_length=3, max_length=MOST_CORNERS)]
    kind: Kind = "Color"


class MasksWanted(Asks):
    """All of one camera from now on; none: it hides nothing."""

    areas: Annotated[list[MaskArea], Field(max_length=MOST_MASKS)]
    reason: Text


class MaskAnswer(Asks):
    reason: Text


class MaskCheck(Asks):
    """`is_right`: on the picture everything is hidden that should be."""

    is_right: bool


class MaskProposal(ProposalOfCamera):
    areas: list[MaskArea]


class ListedMasks(Gives):
    """`version` 0: nobody has decided. `is_set`: the camera says that it has them; else `why` not."""

    camera: str
    name: str
    version: int
    count: int
    decided: str | None
    is_set: bool
    why: str
    checked: str | None
    is_proposed: bool


class CameraMasks(ListedMasks):
    areas: list[MaskArea]
    proposal: MaskProposal | None
