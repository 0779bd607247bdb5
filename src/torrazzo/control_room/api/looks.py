# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Looks at what was recorded: playlist, parts, frames, stills, thumbnails (docs/3-formats/playback.md)."""

import hashlib
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeVar

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from torrazzo.base.errors import Damaged, Invalid, TorrazzoError, Unavailable
from torrazzo.base.ids import CameraId, SegmentId
from torrazzo.base.spans import Span
from torrazzo.base.times import HOUR, SECOND, UtcTicks, iso_from_ticks
from torrazzo.control_room.api import looks_shapes as shapes
from torrazzo.control_room.api.declared import Logged, Routes
from torrazzo.control_room.api.gate import Asked, Asking, asked_still, expect_law, expect_purpose
from torrazzo.control_room.api.instants import instant, stretch
from torrazzo.control_room.api.problem import LedgerAway, No
from torrazzo.control_room.api.shapes import Person
from torrazzo.control_room.looks import NoLedger, NoLook
from torrazzo.control_room.person_looks import IDLE_NS, LAW_NS, PersonLook, Said, Seat, Shown, TooMany, View, code_of
from torrazzo.control_room.playback_desk import PlaybackDesk
from torrazzo.keyring.answer import Denied
from torrazzo.law import Operation
from torrazzo.playback import PartName, media_playlist, part_of
from torrazzo.playback.footage import Recorded
from torrazzo.playback.frames import NothingThere, coded_at, key_at, segment_at, shown_frames
from torrazzo.playback.pictures import Busy, Picture

routes = Routes()

LONGEST = 24 * HOUR  # of a look
LONGEST_PLAYLIST = 2 * HOUR
LONGEST_FRAMES = 60 * SECOND
HLS, MP4, JPEG = "application/vnd.apple.mpegurl", "video/mp4", "image/jpeg"

T = TypeVar("T")

_NO_NAME = re.compile(r"[^A-Za-z0-9]+")


@routes.add("POST", "/looks", Logged.CONSULT, "look", Operation.PLAYBACK, shapes.Look, asks_law=True)
def begin(body: shapes.LookAsked, asked: Asking) -> shapes.Look:
    """The facts are in the ledger when it answers."""
    span = stretch(body.from_, body.to, LONGEST)
    said = Said(body.purpose, " ".join(body.reason.split()), _tidy(body.case), _tidy(body.event))
    expect_law(asked, Operation.PLAYBACK, body.cameras, said.circumstances())
    expect_purpose(asked, Operation.PLAYBACK, body.cameras, body.purpose)
    _expect_open(asked)
    desk, shown = asked.room.archive, _shown(asked, body.cameras, body.streams, body.stream)
    asked.room.expect_ledger_back()
    seat = Seat(asked.session.id, asked.account.id, asked.account.name, asked.session.where.text())
    at = None if body.at is None else instant(body.at)
    return _look(asked, _plainly(lambda: desk.looks.open(seat, said, shown, span, at)))


@routes.add("GET", "/looks/{key}", Logged.CONSULT, "look", Operation.PLAYBACK, shapes.Look, asks_law=True)
def see(key: shapes.Key, asked: Asking) -> shapes.Look:
    """As it is now."""
    return _look(asked, _find(asked, key))


@routes.add("POST", "/looks/{key}/move", Logged.CONSULT, "look", Operation.PLAYBACK, shapes.Look, asks_law=True)
def move(key: shapes.Key, body: shapes.LookMoved, asked: Asking) -> shapes.Look:
    """To another span, other cameras or streams, for the same reason: a fact for each window that this takes."""
    span = stretch(body.from_, body.to, LONGEST)
    look = _find(asked, key)
    _expect_open(asked)
    asked.room.expect_ledger_back()
    shown: Sequence[Shown] = look.shown
    if body.cameras is not None:
        expect_law(asked, Operation.PLAYBACK, body.cameras, look.said.circumstances())
        expect_purpose(asked, Operation.PLAYBACK, body.cameras, look.said.circumstances().purpose)
    if body.cameras is not None or body.streams:
        kept = {each.camera: each.stream.name for each in shown}
        shown = _shown(asked, body.cameras or list(kept), kept | body.streams, shown[0].stream.name)
    at = None if body.at is None else instant(body.at)
    return _look(asked, _plainly(lambda: asked.room.archive.looks.move(look, shown, span, at)))


@routes.add(
    "POST", "/looks/{key}/stay", Logged.CONSULT, "look", Operation.PLAYBACK, shapes.Look,
    asks_law=True, is_activity=False, is_told=False,
)  # fmt: skip
def stay(key: shapes.Key, asked: Asking) -> shapes.Look:
    """Somebody is still looking."""
    look = _find(asked, key)
    _plainly(lambda: asked.room.archive.looks.stay(look))
    return _look(asked, look)


@routes.add(
    "DELETE", "/looks/{key}", Logged.CONSULT, "look", Operation.PLAYBACK, None,
    asks_law=True, is_activity=False, is_told=False,
)  # fmt: skip
def end(key: shapes.Key, asked: Asking) -> None:
    """Done: its closing facts are entered, now or when the ledger is back."""
    desk = asked.room.archive
    desk.looks.close(_plainly(lambda: desk.looks.find(key, asked.session.id)))


# -- pictures


@routes.add(
    "GET", "/looks/{key}/{camera}/video.m3u8", Logged.CONSULT, "recording", Operation.PLAYBACK, None,
    asks_law=True, media=HLS,
)  # fmt: skip
def playlist(
    key: shapes.Key,
    camera: shapes.CameraPath,
    from_: shapes.From,
    to: shapes.To,
    asked: Asking,
    at: shapes.PlaysAt = None,
) -> Response:
    """HLS; its parts are read when a player asks for them. `at`: where it will begin, in smaller parts."""
    span = stretch(from_, to, LONGEST_PLAYLIST)
    begins = None if at is None else instant(at)
    view = _view_of(asked, key, camera, span.start)

    def text() -> str:
        try:
            return media_playlist(view.footage, view.shown.stream, span, opens=False, folder="parts/", at=begins)
        except Invalid as error:
            raise No("NOTHING_RECORDED", "nothing was recorded there, or nothing that this look shows") from error

    return Response(_plainly(text), media_type=HLS)


@routes.add(
    "GET", "/looks/{key}/{camera}/parts/{part}", Logged.CONSULT, "recording", Operation.PLAYBACK, None,
    asks_law=True, media=MP4,
)  # fmt: skip
def part(key: shapes.Key, camera: shapes.CameraPath, part: str, asked: Asking) -> Response:
    """An init, or a segment's fragments."""
    views, name = _views(asked, key, camera), PartName.parse(part)
    id_ = SegmentId(views[0].shown.stream, name.term, name.n)

    def data() -> list[bytes | bytearray]:
        for view in views:
            row = _shown_by(view, id_)
            if row is None:
                continue
            found = part_of(view.footage, row, name)
            _expect_still(asked, key, camera, view)
            if _shown_by(view, id_) is not None:
                return found
        raise No("NOTHING_RECORDED", "there is no such part in what this look shows")

    return Pieces(_plainly(data), MP4)


@routes.add(
    "GET", "/looks/{key}/{camera}/frames", Logged.CONSULT, "recording", Operation.PLAYBACK, shapes.Frames,
    asks_law=True,
)  # fmt: skip
def frames(
    key: shapes.Key, camera: shapes.CameraPath, from_: shapes.From, to: shapes.To, asked: Asking
) -> shapes.Frames:
    """When each frame is shown."""
    span = stretch(from_, to, LONGEST_FRAMES)
    view = _view_of(asked, key, camera, span.start)
    return shapes.Frames(segments=_plainly(lambda: _frames(view, span)))


@routes.add(
    "GET", "/looks/{key}/{camera}/thumbnail", Logged.CONSULT, "recording", Operation.PLAYBACK, None,
    asks_law=True, media=JPEG,
)  # fmt: skip
def thumbnail(
    key: shapes.Key, camera: shapes.CameraPath, at: shapes.At, asked: Asking, width: shapes.Width = 160
) -> Response:
    """A key frame, small."""
    moment, desk = instant(at), asked.room.archive
    look = _find(asked, key)
    view = _view_of(asked, key, camera, moment)

    def picture() -> Picture:
        row = segment_at(view.footage, view.shown.stream, moment)
        kept = (row.id, (moment - row.t0) // SECOND, width)
        return look.thumbnail(kept, lambda: desk.pictures.thumbnail(key_at(view.footage, row.id.stream, moment), width))

    made = _plainly(picture)
    _expect_still(asked, key, camera, view, moment)
    return Response(made.data, media_type=JPEG)


@routes.add(
    "GET", "/looks/{key}/{camera}/still", Logged.CONSULT, "still", Operation.STILL, None,
    asks_law=True, media=JPEG, is_told=True, is_activity=True,
)  # fmt: skip
def still(key: shapes.Key, camera: shapes.CameraPath, at: shapes.At, asked: Asking) -> Response:
    """One frame, as it was recorded; the fact of it, with the file's hash, is in the ledger before it leaves."""
    moment, look = instant(at), _find(asked, key)
    expect_law(asked, Operation.STILL, [camera], look.said.circumstances())
    view = _view_of(asked, key, camera, moment)
    made = _plainly(lambda: _still(asked.room.archive, view, moment))

    def expect_still() -> None:
        now = _expect_still(asked, key, camera, view, moment)
        expect_law(now, Operation.STILL, [camera], look.said.circumstances())

    expect_still()
    try:
        asked.room.archive.looks.tell_still(look, view, made.t, made.digest)
    except Unavailable as error:
        raise LedgerAway("no still is given that it does not know of") from error
    expect_still()  # the ledger may have taken its time, too
    when = iso_from_ticks(made.t)
    name = f"{_file_name(view.shown.name)}_{when.translate(_PLAIN)}_{made.digest.hex()[:12]}.jpg"
    headers = {
        "content-disposition": f'attachment; filename="{name}"',
        "x-torrazzo-camera": camera,
        "x-torrazzo-at": when,
        "x-torrazzo-ticks": str(made.t),
        "x-torrazzo-sha256": made.digest.hex(),
    }
    return Response(made.picture.data, headers=headers, media_type=JPEG)


# -- parts


class Pieces(Response):
    """A body in pieces that are not joined first: a segment has megabytes."""

    def __init__(self, pieces: Sequence[bytes | bytearray], media_type: str) -> None:
        super().__init__(None, headers={"content-length": str(sum(map(len, pieces)))}, media_type=media_type)
        self._pieces = pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - as ASGI has it
        """ASGI."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        *earlier, last = self._pieces or (b"",)
        for piece in earlier:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": last})


class _Still(NamedTuple):
    picture: Picture
    t: int
    digest: bytes


def _still(desk: PlaybackDesk, view: View, at: UtcTicks) -> _Still:
    coded = coded_at(view.footage, view.shown.stream, at)
    picture = desk.pictures.still(coded)
    return _Still(picture, coded.t, hashlib.sha256(picture.data).digest())


def _frames(view: View, span: Span) -> list[shapes.SegmentFrames]:
    found = []
    for row in view.footage.segments(view.shown.stream, span):
        if row.t0 < row.t1:
            shown = sorted(shown_frames(view.footage.samples(row)))
            found.append(
                shapes.SegmentFrames(
                    segment=f"{row.id.term}_{row.id.n}",
                    start=row.t0,
                    end=row.t1,
                    ticks=[frame.t for frame in shown],
                    keys=[at for at, frame in enumerate(shown) if frame.is_key],
                )
            )
    return found


def _shown(asked: Asked, cameras: Sequence[str], named: Mapping[str, str], stream: str) -> list[Shown]:
    """`named`: streams of some of them; `stream`: of the others."""
    if len(set(cameras)) < len(cameras):
        raise Invalid("cameras: one stands twice")
    known = {camera.id: camera for camera in asked.room.archive.cameras()}
    found = []
    for id_ in map(CameraId, cameras):
        camera = known.get(id_)
        if camera is None:
            raise No("NOT_FOUND", f"there is no camera {id_}")
        streams = [each.id for each in camera.streams]
        wanted = named.get(id_, stream)
        chosen = next((each for each in streams if each.name == wanted), streams[0] if streams else None)
        if chosen is None:
            raise No("NOT_FOUND", f"camera {id_} has no stream")
        found.append(Shown(id_, camera.name, chosen))
    return found


def _find(asked: Asked, key: str) -> PersonLook:
    """This session's; the law is asked anew each second."""
    look = _plainly(lambda: asked.room.archive.looks.find(key, asked.session.id))
    now = asked.room.clock.boot_ns()
    if look.lawful_ns is None or now - look.lawful_ns > LAW_NS:
        expect_law(asked, Operation.PLAYBACK, [each.camera for each in look.shown], look.said.circumstances())
        look.lawful_ns = now
    return look


def _expect_open(asked: Asked) -> None:
    """A station whose curtain is drawn shows nothing; its look waits for a while."""
    if asked.room.staffing.curtains.is_drawn(asked.where.station):
        raise No("CURTAIN_DRAWN", "this station's curtain is drawn")


def _views(asked: Asked, key: str, camera: str) -> Sequence[View]:
    look = _find(asked, key)
    _expect_open(asked)
    views = _plainly(lambda: asked.room.archive.looks.use(look, camera))
    if views:
        return views
    if all(each.camera != camera for each in look.shown):
        raise No("NOT_FOUND", "this camera is not in the look")
    raise No(look.whys.get(camera) or "NOTHING_RECORDED", "nothing of this camera is shown in this look")


def _expect_still(asked: Asked, key: str, camera: str, view: View, at: UtcTicks | None = None) -> Asked:
    """What was made of this view, maybe slowly, may leave: session, law, look, curtain and footage as they are now."""
    asked = asked_still(asked)
    if view not in _views(asked, key, camera):
        raise No("LOOK_OVER", "this look has gone on to something else")
    if at is not None:
        _plainly(lambda: segment_at(view.footage, view.shown.stream, at))
    return asked


def _shown_by(view: View, id_: SegmentId) -> Recorded | None:
    try:
        return view.footage.segment(id_)
    except Unavailable:
        return None  # this window does not show it, or it is gone


def _view_of(asked: Asked, key: str, camera: str, at: UtcTicks) -> View:
    """The newest that has this moment, else the newest."""
    views = _views(asked, key, camera)
    return next((view for view in views if view.window.span.start <= at < view.window.span.end), views[0])


def _plainly(work: Callable[[], T]) -> T:
    """What keeps footage from being shown, by its code."""
    try:
        return work()
    except NoLook as error:
        raise No("LOOK_OVER", str(error)) from error
    except TooMany as error:
        raise No("LOOKS_MANY", str(error)) from error
    except Busy as error:
        raise No("TOO_BUSY", str(error)) from error
    except NoLedger as error:
        raise LedgerAway("nobody looks at what the ledger does not hear of") from error
    except NothingThere as error:
        raise No("NOTHING_RECORDED", str(error)) from error
    except (Denied, Damaged) as error:
        raise No(code_of(error), _text(error)) from error


def _text(error: TorrazzoError) -> str:
    return "the keyring gives no keys for that" if isinstance(error, Denied) else "what is recorded there is damaged"


def _look(asked: Asked, look: PersonLook) -> shapes.Look:
    room = asked.room
    until = room.staffing.staff.clock.utc() + IDLE_NS * 9 // 100_000
    return shapes.Look(
        key=look.key,
        from_=iso_from_ticks(look.span.start),
        to=iso_from_ticks(look.span.end),
        until=iso_from_ticks(until),
        purpose=look.said.purpose,
        cameras=[_camera(look, each) for each in look.shown],
        person=Person(id=asked.account.id, name=asked.account.full_name),
        station=asked.session.where.station,
    )


def _camera(look: PersonLook, shown: Shown) -> shapes.LookedCamera:
    view = look.newest(shown.camera)
    why = look.whys.get(shown.camera, "") if view is None else view.code
    is_refused = view is not None or why in {"HELD_ONLY", "FOOTAGE_EXPIRED", "FOOTAGE_ERASED"}
    return shapes.LookedCamera(
        camera=shown.camera,
        name=shown.name,
        stream=shown.stream.name,
        state="open" if view is not None and not why else "refused" if is_refused else "none",
        code=why or None,
        from_=None if view is None else iso_from_ticks(view.window.span.start),
        to=None if view is None else iso_from_ticks(view.window.span.end),
    )


def _tidy(text: str | None) -> str | None:
    return " ".join((text or "").split()) or None


_PLAIN = str.maketrans({"-": "", ":": ""})


def _file_name(name: str) -> str:
    """Of letters that every disk takes."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return _NO_NAME.sub("-", plain).strip("-")[:40] or "camera"
