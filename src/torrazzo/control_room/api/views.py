# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""One picture of a camera as it is now: for who decides what it hides, before it records; coarse for a technician.

Nobody asks a real camera for a picture before the assessment of impact is stated (GV-01). The fact comes first.
"""

import base64

from torrazzo.base.errors import Damaged, Unavailable
from torrazzo.base.times import iso_from_ticks
from torrazzo.camera.errors import CameraError
from torrazzo.control_room.api import supervisions_shapes as shapes
from torrazzo.control_room.api.declared import Logged, Routes
from torrazzo.control_room.api.gate import Asked, Asking, asked_still, expect_law
from torrazzo.control_room.api.problem import LedgerAway, No
from torrazzo.control_room.api.shapes import Id
from torrazzo.control_room.picture_desk import TEST, WHOLE, PictureDesk, Taken, TooSoon
from torrazzo.law import Circumstances, Operation, Role
from torrazzo.ledger.private import Private
from torrazzo.playback.pictures import Busy
from torrazzo.town.camera import Camera
from torrazzo.town.purpose import PurposeFile

routes = Routes()

VIEW = Operation.VIEW
PURPOSE = "check"  # of the system itself: is the mask where it should be


@routes.add(
    "POST", "/cameras/{id}/view", Logged.CONSULT, "one picture", VIEW, shapes.View, is_activity=True, asks_law=True
)
def view(id: Id, body: shapes.ViewWanted, asked: Asking) -> shapes.View:  # noqa: A002 - the path's word
    """Asked of the camera itself, whether it records or not."""
    camera, is_test = asked.room.cameras_of_town.one(id), Role.TECHNICIAN in asked.account.roles
    session, reason = asked.room.staffing.supervisions.of(asked.account.id), " ".join(body.reason.split())
    if session is not None:
        reason = f"supervision {session.number}: {session.reason}"
    said = Circumstances(purpose=PURPOSE, reason=reason)
    _expect(asked, camera, said)
    by = asked.by(reason)
    who = Private(by.name, by.reason, None, by.station)
    taken = _taken(_desk(asked), camera, asked.account.id, who, TEST if is_test else WHOLE)
    _expect(asked_still(asked), camera, said)  # the camera and the ledger may have taken their time
    return shapes.View(
        camera=camera.id,
        at=iso_from_ticks(taken.at),
        width=taken.picture.width,
        height=taken.picture.height,
        is_test=is_test,
        jpeg=base64.b64encode(taken.picture.data).decode(),
    )


def _expect(asked: Asked, camera: Camera, said: Circumstances) -> None:
    expect_law(asked, VIEW, [camera.id], said)
    if asked.room.staffing.curtains.is_drawn(asked.where.station):
        raise No("CURTAIN_DRAWN", "this station's curtain is drawn")
    if not camera.synthetic and not (camera.file or PurposeFile()).dpia.strip():
        text = "no picture of a real place before the assessment of impact is stated in its file"
        raise No("CAMERA_NOT_LAWFUL", text, clause="GV-01", missing=["dpia"])
    if not camera.streams:
        raise No("CAMERA_AWAY", "it has no stream")


def _desk(asked: Asked) -> PictureDesk:
    if asked.room.pictures is None:
        raise Unavailable("no pictures here")
    return asked.room.pictures


def _taken(desk: PictureDesk, camera: Camera, person: str, who: Private, width: int) -> Taken:
    try:
        return desk.take(camera.streams[0], person, who, PURPOSE, width)
    except (TooSoon, Busy) as error:
        raise No("TOO_BUSY", str(error)) from error
    except CameraError as error:
        raise No("CAMERA_AWAY", camera.without_secrets(str(error))) from error
    except Damaged as error:
        raise No("CAMERA_AWAY", "its picture cannot be decoded") from error
    except Unavailable as error:
        raise LedgerAway("nobody looks while the ledger takes nothing") from error
