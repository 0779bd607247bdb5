# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A camera records a real place once its file is complete, one person has proposed it and another confirmed (LB-01)."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from torrazzo.base.errors import Invalid
from torrazzo.base.times import UtcTicks, iso_from_ticks
from torrazzo.control_room.api import activation_shapes as shapes
from torrazzo.control_room.api.camera_proposals import (
    approve,
    camera_for,
    open_about,
    proposal,
    propose,
    refuse,
    said_of,
    withdraw,
)
from torrazzo.control_room.api.days import last_day
from torrazzo.control_room.api.declared import Logged, Routes
from torrazzo.control_room.api.gate import Asking, names_of
from torrazzo.control_room.api.problem import No
from torrazzo.control_room.api.room import Room
from torrazzo.control_room.api.shapes import Id, Number, Person
from torrazzo.law import Operation
from torrazzo.law.activation import SECOND, has_group, has_second, mended_by, missing
from torrazzo.town.camera import Camera
from torrazzo.town.purpose import PurposeFile

routes = Routes()

KIND = "camera.activation"
SEE, PROPOSE, CONFIRM = Operation.CAMERAS_SEE, Operation.POLICY_PROPOSE, Operation.POLICY_CONFIRM
OPINION = Operation.POLICY_OPINION


@routes.add("GET", "/cameras/{id}/file", Logged.CONSULT, "purpose files", SEE, shapes.Activation)
def see_file(id: Id, asked: Asking) -> shapes.Activation:  # noqa: A002 - the path's word
    """What is stated, and what is missing."""
    return _shown(asked.room, camera_for(asked, SEE, id))


@routes.add("GET", "/first-steps", Logged.CONSULT, "purpose files", Operation.PEOPLE_SEE, shapes.FirstSteps)
def first_steps(asked: Asking) -> shapes.FirstSteps:
    """What a town lacks whose first two people have just been made, and who can mend it (LB-01)."""
    room = asked.room
    lacks = [] if _has_second(room, None) else [SECOND]
    lacks += [] if room.staffing.groups.all() else ["group"]
    lacks += [] if any(camera.streams for camera in room.cameras_of_town.all()) else ["streams"]
    return shapes.FirstSteps(items=_todo(lacks))


@routes.add("PUT", "/cameras/{id}/file", Logged.CONFIG, "purpose files", PROPOSE, shapes.Activation)
def set_file(id: Id, body: shapes.FileSaid, asked: Asking) -> shapes.Activation:  # noqa: A002 - the path's word
    """All of it. A camera that records needs a whole one: what would make it incomplete is refused."""
    room = asked.room
    camera_for(asked, PROPOSE, id)
    try:
        file = PurposeFile(**{name: text.strip() for name, text in body.model_dump().items()}).checked()
    except Invalid as error:
        field, _, text = str(error).partition(": ")
        raise No("NOT_VALID", text, fields={field: text}) from error

    def edit(before: Camera) -> Camera:
        was = before.file or PurposeFile()
        opinion = {name: text for name, text in was._asdict().items() if name not in was.stated()}
        after = replace(before, file=file._replace(**opinion))
        if before.enabled and not before.synthetic and not _missing(room, before):
            _expect_whole(room, after)
        return after

    return _shown(room, room.told(room.cameras_of_town.change(id, edit, asked.by("states what the camera is for"))))


@routes.add("POST", "/cameras/{id}/file/opinion", Logged.CONFIG, "purpose files", OPINION, shapes.Activation)
def give_opinion(id: Id, body: shapes.OpinionSaid, asked: Asking) -> shapes.Activation:  # noqa: A002 - the path's word
    """Of the data protection officer, on the file as it is: read before it is confirmed, and approving nothing."""
    room = asked.room
    camera_for(asked, OPINION, id)
    now, text = iso_from_ticks(room.staffing.staff.clock.utc()), " ".join(body.text.split())

    def edit(before: Camera) -> Camera:
        file = before.file or PurposeFile()
        said = {"opinion": text, "opinion_by": asked.account.id, "opinion_at": now, "opinion_of": file.digest()}
        return replace(before, file=file._replace(**said).checked())

    return _shown(room, room.told(room.cameras_of_town.change(id, edit, asked.by("gives an opinion on its file"))))


@routes.add("POST", "/cameras/{id}/activation", Logged.CONFIG, "activation", PROPOSE, shapes.Activation)
def propose_activation(id: Id, body: shapes.ActivationWanted, asked: Asking) -> shapes.Activation:  # noqa: A002
    """With the file as it is; a refusal names what is missing."""
    room, camera = asked.room, camera_for(asked, PROPOSE, id)
    if camera.enabled:
        raise No("NOT_NOW", "it records already")
    _expect_whole(room, camera)
    propose(asked, KIND, camera, _what(camera), body.reason)
    return _shown(room, camera)


@routes.add("POST", "/activation-proposals/{number}/approve", Logged.CONFIG, "activation", CONFIRM, shapes.Activation)
def approve_activation(number: Number, body: shapes.ActivationWanted, asked: Asking) -> shapes.Activation:
    """By another person: it records from now on, if nothing of its file has changed since."""
    room = asked.room
    found = proposal(room, number, KIND)

    def edit(before: Camera) -> Camera:
        _expect_whole(room, before)
        if found.what != {"camera": before.id, **_what(before)}:
            raise No("NOT_WHAT_WAS_APPROVED", "it has changed since: refuse this, and have it proposed anew")
        return replace(before, enabled=True)

    return _shown(room, approve(asked, found, body.reason, edit))


@routes.add("POST", "/activation-proposals/{number}/refuse", Logged.CONFIG, "activation", CONFIRM, shapes.Activation)
def refuse_activation(number: Number, body: shapes.ActivationWanted, asked: Asking) -> shapes.Activation:
    """By another person: it waits on."""
    return _shown(asked.room, refuse(asked, number, body.reason, KIND))


@routes.add("POST", "/activation-proposals/{number}/withdraw", Logged.CONFIG, "activation", PROPOSE, shapes.Activation)
def withdraw_activation(number: Number, asked: Asking) -> shapes.Activation:
    """By who proposed it."""
    return _shown(asked.room, withdraw(asked, number, KIND))


# -- parts


def _what(camera: Camera) -> Mapping[str, object]:
    """What is confirmed: this file of this camera, how long it keeps, and where it may turn."""
    bounds = None if camera.bounds is None else camera.bounds.to_text()
    file = (camera.file or PurposeFile()).stated()
    return {"file": file, "hours": camera.retention_hours, "bounds": bounds}


def _missing(room: Room, camera: Camera) -> tuple[str, ...]:
    today = last_day(UtcTicks(room.staffing.staff.clock.utc() + 1), room.settings.zone)
    return missing(camera, today, has_group=has_group(camera, room.staffing.groups.all()))


def _has_second(room: Room, camera: Camera | None) -> bool:
    """Whether two are there who may decide, about this camera or about whichever."""
    staffing = room.staffing
    now, cameras = staffing.staff.clock.utc(), () if camera is None else (camera.id,)
    there = [each for each in staffing.accounts.all() if each.is_active(now)]
    return has_second(each.roles for each in there if staffing.accounts.scope(each).has(cameras))


def _todo(lacks: Iterable[str]) -> list[shapes.Lacking]:
    return [shapes.Lacking(what=word, roles=list(mended_by(word))) for word in lacks]


def _expect_whole(room: Room, camera: Camera) -> None:
    if lacks := _missing(room, camera):
        text = f"its file lacks {', '.join(lacks)}"
        raise No("CAMERA_NOT_LAWFUL", text, clause="LB-01", missing=list(lacks))


def _shown(room: Room, camera: Camera) -> shapes.Activation:
    found, lacks = open_about(room, KIND, camera.id), _missing(room, camera)
    is_alone = not camera.enabled and not _has_second(room, camera)
    return shapes.Activation.model_validate(
        {
            "camera": camera.id,
            "is_active": camera.enabled,
            "is_synthetic": camera.synthetic,
            "file": (camera.file or PurposeFile()).stated(),
            "opinion": _opinion(room, camera.file or PurposeFile()),
            "missing": list(lacks),
            "todo": _todo([*lacks, *((SECOND,) if is_alone else ())]),
            "proposal": None if found is None else said_of(room, found),
        }
    )


def _opinion(room: Room, file: PurposeFile) -> shapes.Opinion | None:
    if not file.opinion:
        return None
    person = Person(id=file.opinion_by, name=names_of(room).get(file.opinion_by, ""))
    return shapes.Opinion(
        text=file.opinion, person=person, at=file.opinion_at, is_current=file.opinion_of == file.digest()
    )
