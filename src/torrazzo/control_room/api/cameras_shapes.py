# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
# ruff: noqa: D101 - they are named as in web/src/core/api/cameras.ts, which tells what is not seen
"""Cameras as they are taken and given; web/src/core/api/cameras.ts has the same. No answer has a password."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from torrazzo.control_room.api.shapes import Asks, CameraState, Gives, Id, Line

CameraName = Annotated[str, StringConstraints(min_length=1, max_length=80)]
Url = Annotated[str, StringConstraints(min_length=1, max_length=2_048)]
User = Annotated[str, StringConstraints(max_length=256)]
Secret = Annotated[str, StringConstraints(max_length=256)]
Pem = Annotated[str, StringConstraints(max_length=32_768)]
Sensor = Annotated[int, Field(ge=1, le=64)]
Hours = Annotated[int, Field(ge=2, le=168)]
Transport = Literal["auto", "tcp", "udp"]


class Position(Asks):
    latitude: Annotated[float, Field(ge=-90, le=90)]
    longitude: Annotated[float, Field(ge=-180, le=180)]
    direction: Annotated[float, Field(ge=0, le=360)] | None = None
    angle: Annotated[float, Field(ge=1, le=360)] | None = None
    reach: Annotated[float, Field(ge=1, le=2_000)] | None = None


class Access(Asks):
    """How to reach a camera. `device`: asked for its streams where none is named."""

    device: Url | None = None
    sensor: Sensor = 1
    url: Url | None = None
    sub: Url | None = None
    user: User | None = None
    password: Secret | None = None
    transport: Transport = "auto"
    ca_pem: Pem | None = None
    pin_sha256: Line | None = None


class NewCamera(Access):
    name: CameraName
    place: Line = ""
    synthetic: bool = False
    retention_hours: Hours = 168
    position: Position | None = None


class CameraChange(Asks):
    """What is absent stays; null takes away. Another host, or less encryption, wants the password anew."""

    name: CameraName | None = None
    place: Line | None = None
    enabled: bool | None = None
    retention_hours: Hours | None = None
    position: Position | None = None
    device: Url | None = None
    sensor: Sensor | None = None
    url: Url | None = None
    sub: Url | None = None
    user: User | None = None
    password: Secret | None = None
    transport: Transport | None = None
    ca_pem: Pem | None = None
    pin_sha256: Line | None = None


class Credentials(Asks):
    user: User
    password: Secret


class ListedCamera(CameraState):
    position: Position | None
    turns: bool
    waits: bool  # a real one that nobody activated: it is not recorded (LB-01)


class StreamSetting(Gives):
    name: str
    url: str
    user: str | None
    has_password: bool
    transport: str
    has_ca: bool
    pin_sha256: str | None


class CameraDetail(Gives):
    id: str
    name: str
    place: str
    synthetic: bool
    enabled: bool
    waits: bool
    added: str
    permit_until: str | None
    retention_hours: int
    position: Position | None
    device: str | None
    sensor: int
    streams: list[StreamSetting]
    groups: list[str]


# -- what takes a while


class Search(Asks):
    at: Line = ""
    interface: Line = ""


class Probe(Access):
    camera: Id | None = None  # with what is stored of this one, where nothing else is said


class FoundDevice(Gives):
    address: str
    name: str
    hardware: str
    location: str
    known: str | None


class SearchJob(Gives):
    id: str
    state: Literal["running", "done", "failed", "cancelled"]
    progress: float
    why: str | None
    message: str
    found: list[FoundDevice]


class ProbedDevice(Gives):
    maker: str
    model: str
    firmware: str
    clock_s: float | None
    sensors: int
    turns: bool
    masks: int | None
    masks_most: int | None
    about_people: list[str]


class ProbedStream(Gives):
    name: str
    url: str
    why: str | None
    message: str
    codec: str | None
    width: int | None
    height: int | None
    fps: float | None
    bits: int | None
    server: str | None


class Probed(Gives):
    device: ProbedDevice | None
    streams: list[ProbedStream]
    advice: list[str]


class ProbeJob(Gives):
    id: str
    state: Literal["running", "done", "failed", "cancelled"]
    progress: float
    why: str | None
    message: str
    found: list[Probed]
