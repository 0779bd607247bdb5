# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
# ruff: noqa: D101 - they are named as on the page, which tells what is not seen
"""What is said of live pictures before and after them (docs/3-formats/live.md)."""

from typing import Annotated

from pydantic import Field

from torrazzo.control_room.api.shapes import Asks, Gives, Id, Line
from torrazzo.control_room.live.looks import MOST_CAMERAS


class LookLive(Asks):
    cameras: Annotated[list[Id], Field(min_length=1, max_length=MOST_CAMERAS)]
    purpose: Line | None = None
    reason: Annotated[str, Field(max_length=1_000)] | None = None
    case: Annotated[str, Field(max_length=100)] | None = None


class LiveCamera(Gives):
    camera: str
    name: str
    streams: list[str]


class LiveLook(Gives):
    key: str
    until: str
    cameras: list[LiveCamera]


class Staying(Gives):
    until: str
