# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Footage that goes before its time (RT-06): one hour of one camera, for a request by right or an unlawful capture.

Who commands asks, the data protection officer gives an opinion, a second official decides; never what is held. The
opinion decides nothing, but nobody decides before it is there.
"""

from collections.abc import Mapping

from torrazzo.access.four_eyes import Proposal
from torrazzo.base.errors import Refused
from torrazzo.base.ids import CameraId
from torrazzo.base.times import UtcTicks, iso_from_ticks
from torrazzo.control_room.api import erasures_shapes as shapes
from torrazzo.control_room.api.camera_proposals import proposal
from torrazzo.control_room.api.declared import Logged, Routes
from torrazzo.control_room.api.exports import plainly, who_of
from torrazzo.control_room.api.gate import Asked, Asking, expect_scope, names_of, sees_all
from torrazzo.control_room.api.instants import instant
from torrazzo.control_room.api.problem import No
from torrazzo.control_room.api.room import Room
from torrazzo.control_room.api.shapes import Items, Number, Person
from torrazzo.control_room.erasures import KIND, Erasures
from torrazzo.control_room.staff_room import try_to
from torrazzo.law import Operation
from torrazzo.ledger.act import Wanted
from torrazzo.ledger.private import Private
from torrazzo.town.camera import Camera

routes = Routes()

SEE, ASK, CONFIRM, OPINION = (
    Operation.ERASE_SEE,
    Operation.ERASE_ASK,
    Operation.ERASE_CONFIRM,
    Operation.ERASE_OPINION,
)
MOST = 500


@routes.add("GET", "/erasures", Logged.CONSULT, "early erasures", SEE, Items[shapes.Erasure])
def see(asked: Asking) -> Items[shapes.Erasure]:
    """Newest first, decided ones too: of this person's cameras."""
    room, scope = asked.room, asked.room.staffing.scope(asked.account)
    found = [each for each in room.staffing.four_eyes.all() if each.kind == KIND]
    mine = [each for each in found if sees_all(asked) or scope.has([str(each.what["camera"])])]
    return Items(items=_shown(asked, mine[: -MOST - 1 : -1]))


@routes.add("POST", "/erasures", Logged.ERASE, "early erasures", ASK, shapes.Erasure)
def ask_erasure(body: shapes.ErasureAsked, asked: Asking) -> shapes.Erasure:
    """Nothing goes before another person has decided."""
    room, camera, hour = asked.room, _camera(asked, ASK, body.camera), instant(body.hour)
    reference = " ".join(body.reference.split())
    who = who_of(asked, body.reason, reference)
    desk = _desk(room)
    wanted = plainly(lambda: desk.wanted(CameraId(camera.id), hour))
    _expect_free(desk, wanted)
    what = {"camera": camera.id, "hour": iso_from_ticks(hour), "ground": body.ground, "reference": reference}
    if any(_same(each, what) for each in room.staffing.four_eyes.all("open") if each.kind == KIND):
        raise No("NOT_NOW", "that hour of this camera has been asked for already: decide about it first")
    number = desk.ask(who, wanted)
    by = asked.by(body.reason)
    made = room.told(room.staffing.four_eyes.propose(KIND, {**what, "ask": number}, by))
    return _shown(asked, [made])[0]


@routes.add("POST", "/erasures/{number}/opinion", Logged.ERASE, "early erasures", OPINION, shapes.Erasure)
def advise(number: Number, body: shapes.ErasureAdvised, asked: Asking) -> shapes.Erasure:
    """Of the data protection officer: for or against it, and why."""
    found = proposal(asked.room, number, KIND)
    by = asked.by(body.text)
    done = asked.room.told(asked.room.staffing.four_eyes.advise(found.number, by, favours=body.favours))
    return _shown(asked, [done])[0]


@routes.add("POST", "/erasures/{number}/approve", Logged.ERASE, "early erasures", CONFIRM, shapes.Erasure)
def approve(number: Number, body: shapes.ErasureApproved, asked: Asking) -> shapes.Erasure:
    """By another person, who has read the opinion: it is gone on return. What failed is approved again by the same."""
    room, found = asked.room, _mine(asked, number)
    desk, four_eyes, by = _desk(room), room.staffing.four_eyes, asked.by(body.reason)
    who = who_of(asked, body.reason, str(found.what["reference"]))
    if found.opinion is None:
        raise No("OPINION_REQUIRED", "the data protection officer has given no opinion yet", clause="RT-06")
    if body.opinion != _iso(found.advised):
        raise No("OPINION_CHANGED", "another opinion was given meanwhile: read it first", clause="RT-06")
    camera, hour = CameraId(str(found.what["camera"])), instant(str(found.what["hour"]))
    is_again = found.state == "approved" and found.decider == asked.account.id
    wanted = desk.of(camera, hour) if is_again else plainly(lambda: desk.wanted(camera, hour))  # it may be gone by now
    ask = found.what["ask"]
    assert isinstance(ask, int)
    if not desk.is_asked(ask, wanted):
        raise No("CONFLICT", "the ledger was begun anew since it was asked for: refuse it, and ask again")
    if not is_again:
        _expect_free(desk, wanted)
        room.told(four_eyes.approve(number, by, found.advised))
    try:
        desk.erase(who, ask)
    except Refused as error:
        _expect_free(desk, wanted)
        raise No("CONFLICT", str(error)) from error
    return _shown(asked, [room.told(four_eyes.done(number, by))])[0]


@routes.add("POST", "/erasures/{number}/refuse", Logged.ERASE, "early erasures", CONFIRM, shapes.Erasure)
def refuse(number: Number, body: shapes.ErasureAnswered, asked: Asking) -> shapes.Erasure:
    """By another person: everything stays."""
    found = _mine(asked, number)
    ended = asked.room.told(asked.room.staffing.four_eyes.refuse(found.number, asked.by(body.reason)))
    return _ended(asked, ended, body.reason)


@routes.add("POST", "/erasures/{number}/withdraw", Logged.ERASE, "early erasures", ASK, shapes.Erasure)
def withdraw(number: Number, asked: Asking) -> shapes.Erasure:
    """By who asked."""
    found = _mine(asked, number)
    by = asked.by("withdraws it")
    return _ended(asked, asked.room.told(asked.room.staffing.four_eyes.withdraw(found.number, by)), by.reason)


# -- parts


def _desk(room: Room) -> Erasures:
    if room.erasures is None:
        raise No("AWAY", "nothing is erased here")
    return room.erasures


def _mine(asked: Asked, number: int) -> Proposal:
    """One of this person's cameras; raises `No`."""
    found = proposal(asked.room, number, KIND)
    _camera(asked, SEE, str(found.what["camera"]))
    return found


def _camera(asked: Asked, operation: Operation, id_: str) -> Camera:
    """One of this person's, also one that was removed: its footage is there until its time is over."""
    found = next((each for each in asked.room.all_cameras() if each.id == id_), None)
    if found is None:
        raise No("NOT_FOUND", "there is no such camera")
    if not sees_all(asked):
        expect_scope(asked, operation, [found.id])
    return found


def _ended(asked: Asked, ended: Proposal, reason: str) -> shapes.Erasure:
    """Its ask, too; what the ledger does not take now it is told later (`Erasures.tend`)."""
    desk, by = _desk(asked.room), asked.by(reason)
    who = Private(by.name, " ".join(by.reason.split()), None, by.station)
    try_to("erasure_not_ended", lambda: desk.end(who, ended))
    return _shown(asked, [ended])[0]


def _expect_free(desk: Erasures, wanted: Wanted) -> None:
    if holds := desk.holds(wanted):
        raise No("HELD", f"it is held: release {', '.join(holds)} first", clause="RT-06")


def _same(found: Proposal, what: Mapping[str, object]) -> bool:
    return all(found.what[key] == what[key] for key in ("camera", "hour"))


def _shown(asked: Asked, found: list[Proposal]) -> list[shapes.Erasure]:
    names = names_of(asked.room)
    cameras = {str(camera.id): camera.name for camera in (*asked.room.all_cameras(), *asked.room.cameras())}

    def person(id_: str | None) -> Person | None:
        return None if id_ is None else Person(id=id_, name=names.get(id_, ""))

    def one(each: Proposal) -> shapes.Erasure:
        camera, hour = str(each.what["camera"]), str(each.what["hour"])
        opinion = each.opinion and {
            "text": each.opinion, "person": person(each.adviser), "at": _iso(each.advised), "favours": each.favours,
        }  # fmt: skip
        return shapes.Erasure.model_validate({
            "number": each.number, "camera": camera, "name": cameras.get(camera, camera), "hour": hour,
            "ground": each.what["ground"], "reference": each.what["reference"], "state": each.state,
            "proposer": person(each.proposer), "reason": each.reason, "proposed": _iso(each.proposed),
            "until": _iso(each.until), "opinion": opinion or None, "decider": person(each.decider),
            "answer": each.answer, "decided": _iso(each.decided), "holds": _holds(asked.room, each),
            "own": each.proposer == asked.account.id,
        })  # fmt: skip

    return [one(each) for each in found]


def _holds(room: Room, found: Proposal) -> list[str]:
    if found.state != "open" or room.erasures is None:
        return []
    return list(
        room.erasures.holds(room.erasures.of(CameraId(str(found.what["camera"])), instant(str(found.what["hour"]))))
    )


def _iso(ticks: UtcTicks | None) -> str | None:
    return None if ticks is None else iso_from_ticks(ticks)
