# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Cameras: found, looked at without a picture, added, changed, removed; passwords are written and never read back.

A real camera that is added here waits: it is recorded once it is activated (LB-01). One that shows no real place is
recorded at once.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from torrazzo.base.errors import Invalid
from torrazzo.base.ids import STREAM_NAMES, CameraId, StreamId
from torrazzo.base.secret import Secret
from torrazzo.base.times import iso_from_ticks
from torrazzo.camera.errors import CameraError
from torrazzo.camera.onvif.addresses import device_address
from torrazzo.control_room.api import cameras_shapes as shapes
from torrazzo.control_room.api.declared import Logged, Routes
from torrazzo.control_room.api.gate import Asked, Asking, expect_all_cameras, expect_law, sees_all
from torrazzo.control_room.api.problem import No
from torrazzo.control_room.api.room import Room
from torrazzo.control_room.api.shapes import Id
from torrazzo.control_room.camera_jobs import Job, TooMany
from torrazzo.control_room.camera_search import Wanted, known_hosts, look, search, search_target
from torrazzo.law import Circumstances, Operation
from torrazzo.law.alone import waits
from torrazzo.town.camera import Address, Camera, StreamConfig, check_name, name_key, new_camera_id, parse_address
from torrazzo.town.office import new_camera
from torrazzo.town.position import Position

routes = Routes()

APPLY = Operation.CAMERAS_APPLY
SCHEMES = ("rtsp", "rtsps", "http", "https")  # a page reaches no file of this machine


@routes.add("GET", "/cameras/{id}", Logged.CONSULT, "cameras", APPLY, shapes.CameraDetail)
def camera(id: Id, asked: Asking) -> shapes.CameraDetail:  # noqa: A002 - the path's word
    """All that is declared of one; never its password."""
    return _detail(asked.room, asked.room.cameras_of_town.one(id))


@routes.add("POST", "/cameras", Logged.CONFIG, "cameras", APPLY, shapes.CameraDetail)
def add_camera(body: shapes.NewCamera, asked: Asking) -> shapes.CameraDetail:
    """Its streams have been named, or found by a probe: nobody is asked here."""
    expect_all_cameras(asked, APPLY)
    room, id_ = asked.room, new_camera_id()
    name = _free_name(room, body.name, None)
    if body.url is None:
        raise No("NOT_VALID", "which stream is to be recorded?", fields={"url": "missing"})
    streams = [_stream(body, id_, stream, url) for stream, url in (("main", body.url), ("sub", body.sub)) if url]
    made = replace(
        new_camera(id_, name, streams, place=body.place.strip(), synthetic=body.synthetic),
        retention_hours=body.retention_hours,
        position=_position(body.position),
        device=_device(body.device),
        sensor=body.sensor,
    )
    return _detail(room, room.told(room.cameras_of_town.add(made, asked.by("adds the camera"))))


@routes.add("PATCH", "/cameras/{id}", Logged.CONFIG, "cameras", APPLY, shapes.CameraDetail)
def change_camera(id: Id, body: shapes.CameraChange, asked: Asking) -> shapes.CameraDetail:  # noqa: A002
    """What is said; no other camera notices."""
    room = asked.room
    said = body.model_fields_set
    name = None if body.name is None else _free_name(room, body.name, id)

    def edit(before: Camera) -> Camera:
        streams = changed_streams(before, body)
        after = replace(
            before,
            name=name or before.name,
            place=before.place if body.place is None else body.place.strip(),
            enabled=before.enabled if body.enabled is None else body.enabled,
            retention_hours=body.retention_hours or before.retention_hours,
            position=_position(body.position) if "position" in said else before.position,
            device=_device(body.device) if "device" in said else before.device,
            sensor=body.sensor or before.sensor,
            streams=streams,
        )
        return after if (after.device, after.sensor) == (before.device, before.sensor) else _unmasked(after)

    return _detail(room, room.told(room.cameras_of_town.change(id, edit, asked.by("changes the camera"))))


@routes.add("POST", "/cameras/{id}/credentials", Logged.CONFIG, "credentials of a camera", APPLY, None)
def set_credentials(id: Id, body: shapes.Credentials, asked: Asking) -> None:  # noqa: A002 - the path's word
    """Of all its streams and of its device: written, and never read back."""
    password = Secret(body.password) if body.password else None

    def edit(before: Camera) -> Camera:
        streams = (replace(each, username=body.user or None, password=password) for each in before.streams)
        return replace(before, streams=tuple(streams))

    asked.room.told(asked.room.cameras_of_town.change(id, edit, asked.by("changes user and password")))


@routes.add("DELETE", "/cameras/{id}", Logged.CONFIG, "cameras", APPLY, None)
def remove_camera(id: Id, asked: Asking) -> None:  # noqa: A002 - the path's word
    """For good; its footage stays until its time is over."""
    expect_all_cameras(asked, APPLY)
    asked.room.told(asked.room.cameras_of_town.remove(id, asked.by("removes the camera")))


# -- what takes a while


@routes.add("POST", "/camera-searches", Logged.CONSULT, "network", APPLY, shapes.SearchJob)
def begin_search(body: shapes.Search, asked: Asking) -> shapes.SearchJob:
    """Who is in this network; nobody is signed in to, nothing is changed."""
    expect_all_cameras(asked, APPLY)
    target, known = search_target(body.at.strip()), known_hosts(asked.room.cameras())
    _tell_asked(asked, "search", body.at.strip() or "the network")
    return _search(_start(asked, "search", lambda job: search(job, target, body.interface.strip(), known)))


@routes.add("GET", "/camera-searches/{id}", Logged.CONSULT, "network", APPLY, shapes.SearchJob)
def see_search(id: Id, asked: Asking) -> shapes.SearchJob:  # noqa: A002 - the path's word
    """How far it is, and who answered."""
    return _search(_job(asked, "search", id))


@routes.add("DELETE", "/camera-searches/{id}", Logged.CONSULT, "network", APPLY, None, is_told=False)
def end_search(id: Id, asked: Asking) -> None:  # noqa: A002 - the path's word
    """Enough."""
    _job(asked, "search", id).cancel()


@routes.add("POST", "/camera-probes", Logged.CONSULT, "cameras", APPLY, shapes.ProbeJob)
def begin_probe(body: shapes.Probe, asked: Asking) -> shapes.ProbeJob:
    """What a camera is and sends, without a picture; nothing is stored."""
    if body.camera is None:
        expect_all_cameras(asked, APPLY)
    elif not sees_all(asked):
        expect_law(asked, APPLY, [body.camera], Circumstances())
    wanted = _wanted(asked.room, body)
    _tell_asked(asked, "probe", " ".join([wanted.device or "", *(each.shown_url for each in wanted.streams)]).strip())
    return _probe(_start(asked, "probe", lambda job: look(job, wanted, asked.room.clock)))


@routes.add("GET", "/camera-probes/{id}", Logged.CONSULT, "cameras", APPLY, shapes.ProbeJob)
def see_probe(id: Id, asked: Asking) -> shapes.ProbeJob:  # noqa: A002 - the path's word
    """How far it is, and what was found."""
    return _probe(_job(asked, "probe", id))


@routes.add("DELETE", "/camera-probes/{id}", Logged.CONSULT, "cameras", APPLY, None, is_told=False)
def end_probe(id: Id, asked: Asking) -> None:  # noqa: A002 - the path's word
    """Enough."""
    _job(asked, "probe", id).cancel()


# -- parts


def _tell_asked(asked: Asked, what: str, whom: str) -> None:
    """Before anybody is asked: an administrator can have the server knock at any address."""
    asked.room.told(asked.room.cameras_of_town.asked(what, whom, asked.by("has it asked")))


def _unmasked(camera: Camera) -> Camera:
    """What was decided stays; whether this device has it nobody knows yet (MN-02)."""
    if camera.masks is None:
        return camera
    why = "the camera's device is another one now: set them in it again"
    return replace(camera, masks=camera.masks._replace(is_set=False, checked=None, tokens=(), why=why))


def _start(asked: Asked, kind: str, work: Callable[[Job], Awaitable[None]]) -> Job:
    try:
        return asked.room.camera_jobs.start(kind, asked.account.id, work)
    except TooMany as error:
        raise No("CAMERA_JOBS_MANY", str(error)) from error


def _job(asked: Asked, kind: str, id_: str) -> Job:
    try:
        return asked.room.camera_jobs.one(kind, asked.account.id, id_)
    except Invalid as error:
        raise No("NOT_FOUND") from error


def _search(job: Job) -> shapes.SearchJob:
    return shapes.SearchJob.model_validate(job.told())


def _probe(job: Job) -> shapes.ProbeJob:
    return shapes.ProbeJob.model_validate(job.told())


def _wanted(room: Room, body: shapes.Probe) -> Wanted:
    """What is to be looked at: of a camera that is stored, with what is said instead."""
    if body.camera is not None:
        before = room.cameras_of_town.one(body.camera)
        said = body.model_dump(exclude_unset=True, exclude={"camera"})
        streams = changed_streams(before, shapes.CameraChange.model_validate(said))
        device = _device(body.device) if body.device is not None else before.device
        if not streams:
            raise No("NOT_FOUND")
        return Wanted(device, body.sensor, streams, streams[0])
    id_ = CameraId("0" * 16)
    device = _device(body.device)
    urls = {"main": body.url, "sub": body.sub}
    given = tuple(_stream(body, id_, name, url) for name, url in urls.items() if url is not None)
    if not given and device is None:
        raise No("NOT_VALID", "name a device or a stream", fields={"device": "missing"})
    like = given[0] if given else _signing(body, StreamConfig(StreamId(id_, "main"), "rtsp://device"))
    return Wanted(device, body.sensor, given, like)


def _stream(body: shapes.Access, camera: CameraId, name: str, url: str) -> StreamConfig:
    """One that is new."""
    address = _address(url, "url" if name == "main" else "sub")
    plain = StreamConfig(StreamId(camera, name), address.url, address.username, address.password)
    return _signing(body, plain)


def _signing(body: shapes.Access, stream: StreamConfig) -> StreamConfig:
    try:
        return replace(
            stream,
            username=stream.username or body.user or None,
            password=stream.password or (Secret(body.password) if body.password else None),
            transport=body.transport,
            ca_pem=_pem(body.ca_pem),
            pin_sha256=_pin(body.pin_sha256),
        )
    except Invalid as error:
        raise No("NOT_VALID", str(error), fields={"pin_sha256": str(error)}) from error


def changed_streams(before: Camera, body: shapes.CameraChange) -> tuple[StreamConfig, ...]:
    """Its streams with what is said; what is stored goes to no other host, and is not given away less protected."""
    said, urls = body.model_fields_set, {"main": body.url, "sub": body.sub}
    streams = []
    for name in STREAM_NAMES:
        old, url = before.stream(name), urls[name]
        if url is None:
            gone = name == "sub" and "sub" in said
            streams += [] if old is None or gone else [_changed(old, old.url, body)]
            continue
        like = old or before.stream("main")
        if like is None:
            raise No("NOT_FOUND")
        shown = like.url if old is not None and url == old.shown_url else url
        streams.append(replace(_changed(like, shown, body), id=StreamId(before.id, name)))
    if "device" in said and body.device is not None and not body.password:
        _expect_known(before, body.device)
    return tuple(streams)


def _changed(old: StreamConfig, url: str, body: shapes.CameraChange) -> StreamConfig:
    said, address = body.model_fields_set, _address(url, "url")
    password = address.password
    if password is None:
        password = (Secret(body.password) if body.password else None) if "password" in said else old.password
    user = (body.user or None) if "user" in said else old.username
    try:
        new = replace(
            old,
            url=address.url,
            username=address.username or user,
            password=password,
            transport=body.transport or old.transport,
            ca_pem=_pem(body.ca_pem) if "ca_pem" in said else old.ca_pem,
            pin_sha256=_pin(body.pin_sha256) if "pin_sha256" in said else old.pin_sha256,
        )
    except Invalid as error:
        raise No("NOT_VALID", str(error), fields={"pin_sha256": str(error)}) from error
    if new.password is not None and new.password is old.password and _way(new) != _way(old):
        raise No("PASSWORD_AGAIN", "what is stored goes to no other host and by no other way: give the password anew")
    return new


def _way(stream: StreamConfig) -> tuple[object, ...]:
    parts = urlsplit(stream.url)
    return parts.hostname, parts.scheme, stream.ca_pem, stream.pin_sha256


def _expect_known(before: Camera, device: str) -> None:
    """A device is signed in to as the first stream is: a host that only another stream has is not known for that."""
    hosts = {urlsplit(stream.url).hostname for stream in before.streams[:1] if stream.password is not None}
    if hosts and device_host(device) not in {*hosts, device_host(before.device or "")}:
        raise No("PASSWORD_AGAIN", "what is stored goes to no other host: give the password anew")


def device_host(text: str) -> str | None:
    """Of a device's address; raises `No`."""
    found = _device(text)
    return None if found is None else urlsplit(found).hostname


def _address(url: str, field: str) -> Address:
    try:
        found = parse_address(url)
    except Invalid as error:
        raise No("NOT_VALID", str(error), fields={field: str(error)}) from error
    if urlsplit(found.url).scheme not in SCHEMES:
        text = f"an address begins with {', '.join(f'{scheme}://' for scheme in SCHEMES)}"
        raise No("NOT_VALID", text, fields={field: text})
    return found


def _device(text: str | None) -> str | None:
    if not text:
        return None
    try:
        return device_address(text).url
    except CameraError as error:
        raise No("NOT_VALID", str(error), fields={"device": str(error)}) from error


def _pem(text: str | None) -> str | None:
    if not text:
        return None
    if "-----BEGIN CERTIFICATE-----" not in text or not text.isascii():
        raise No("NOT_VALID", fields={"ca_pem": "no certificate in PEM form"})
    return text


def _pin(text: str | None) -> str | None:
    return (text or "").replace(":", "").lower() or None


def _free_name(room: Room, text: str, id_: str | None) -> str:
    try:
        name = check_name(text)
    except Invalid as error:
        raise No("NOT_VALID", str(error), fields={"name": str(error)}) from error
    if any(name_key(each.name) == name_key(name) and each.id != id_ for each in room.cameras()):
        raise No("CAMERA_NAME_TAKEN", fields={"name": "another camera has it"})
    return name


def _position(said: shapes.Position | None) -> Position | None:
    return None if said is None else Position(**said.model_dump())


def listed(found: Camera | None) -> dict[str, Any]:
    """What the list has beside the state."""
    position = None if found is None or found.position is None else shapes.Position(**found.position._asdict())
    return {
        "position": position,
        "turns": found is not None and found.bounds is not None and bool(found.bounds.sectors),
        "waits": found is not None and waits(found),
    }


def _detail(room: Room, found: Camera) -> shapes.CameraDetail:
    until = found.permit_until
    return shapes.CameraDetail(
        id=found.id,
        name=found.name,
        place=found.place,
        synthetic=found.synthetic,
        enabled=found.enabled,
        waits=listed(found)["waits"],
        added=iso_from_ticks(found.added),
        permit_until=None if until is None else iso_from_ticks(until),
        retention_hours=found.retention_hours,
        position=listed(found)["position"],
        device=found.device,
        sensor=found.sensor,
        streams=[
            shapes.StreamSetting(
                name=stream.id.name,
                url=stream.shown_url,
                user=stream.username,
                has_password=stream.password is not None,
                transport=stream.transport,
                has_ca=stream.ca_pem is not None,
                pin_sha256=stream.pin_sha256,
            )
            for stream in found.streams
        ],
        groups=[group.id for group in room.staffing.groups.all() if group.is_all or found.id in group.cameras],
    )
