# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
# ruff: noqa: D101 - they are named as in web/src/core/api/playback.ts, which tells what is not seen
"""What is taken and given about recorded pictures."""

from typing import Annotated, Literal

from fastapi import Path, Query
from pydantic import Field, StringConstraints

from torrazzo.control_room.api.shapes import Asks, Gives, Person, Text

MOST_CAMERAS = 9

TIME = r"^([0-9]{1,16}|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2}))$"

Time = Annotated[str, StringConstraints(pattern=TIME, max_length=40)]
Camera = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
Cameras = Annotated[list[Camera], Field(min_length=1, max_length=MOST_CAMERAS)]
Said = Annotated[str, StringConstraints(min_length=1, max_length=100)]
StreamName = Literal["main", "sub"]
Streams = Annotated[dict[Camera, StreamName], Field(max_length=MOST_CAMERAS)]

Key = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
CameraPath = Annotated[str, Path(pattern=r"^[0-9a-f]{16}$")]
From = Annotated[str, Query(alias="from", pattern=TIME, max_length=40)]
To = Annotated[str, Query(alias="to", pattern=TIME, max_length=40)]
At = Annotated[str, Query(pattern=TIME, max_length=40)]
PlaysAt = Annotated[str | None, Query(pattern=TIME, max_length=40)]
Width = Annotated[int, Query(ge=80, le=640)]
ManyCameras = Annotated[str, Query(pattern=r"^[0-9a-f]{16}(,[0-9a-f]{16}){0,199}$")]
Step = Annotated[int, Query(ge=0, le=24 * 3600 * 1000)]
Stream = Annotated[StreamName, Query()]


class LookAsked(Asks):
    cameras: Cameras
    from_: Time = Field(alias="from")
    to: Time
    purpose: Said
    reason: Text
    case: Said | None = None
    event: Said | None = None
    at: Time | None = None
    stream: StreamName = "main"
    streams: Streams = Field(default_factory=dict)


class LookMoved(Asks):
    from_: Time = Field(alias="from")
    to: Time
    at: Time | None = None
    cameras: Cameras | None = None
    streams: Streams = Field(default_factory=dict)


class LookedCamera(Gives):
    camera: str
    name: str
    stream: str
    state: Literal["open", "none", "refused"]
    code: str | None
    from_: str | None = Field(serialization_alias="from")
    to: str | None


class Look(Gives):
    key: str
    from_: str = Field(serialization_alias="from")
    to: str
    until: str
    purpose: str
    cameras: list[LookedCamera]
    person: Person
    station: str


class SegmentFrames(Gives):
    segment: str
    start: int
    end: int
    ticks: list[int]
    keys: list[int]


class Frames(Gives):
    segments: list[SegmentFrames]


class BookmarkMade(Asks):
    camera: Camera
    at: Time
    note: Text


class Bookmark(Gives):
    id: str
    camera: str
    at: str
    note: str
    person: Person
    made: str
    own: bool


Piece = Annotated[list[int], Field(min_length=2, max_length=2)]


class CameraTime(Gives):
    camera: str
    name: str
    stream: str
    known: int
    recorded: list[Piece]
    gaps: list[tuple[int, int, list[str], int]]
    holds: list[tuple[int, int, str]]
    bookmarks: list[Bookmark]


class Timeline(Gives):
    from_: str = Field(serialization_alias="from")
    to: str
    step: int
    now: str
    cameras: list[CameraTime]
