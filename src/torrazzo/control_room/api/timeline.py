# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is known of recorded time, and bookmarks in it; no picture, so that no look is needed."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from torrazzo.access.bookmarks import Bookmark, UnknownBookmark
from torrazzo.base.errors import Invalid
from torrazzo.base.ids import CameraId, StreamId
from torrazzo.base.spans import Span
from torrazzo.base.times import DAY, SECOND, iso_from_ticks
from torrazzo.control_room.api import looks_shapes as shapes
from torrazzo.control_room.api.declared import Logged, Routes
from torrazzo.control_room.api.gate import Asked, Asking, expect_scope
from torrazzo.control_room.api.instants import instant, stretch
from torrazzo.control_room.api.problem import No
from torrazzo.control_room.api.shapes import Id, Items, Person
from torrazzo.control_room.playback_desk import PlaybackDesk
from torrazzo.control_room.recorded_time import Told, told_time
from torrazzo.keyring.vault_file import Hold
from torrazzo.law import Operation, Role
from torrazzo.ledger.act import Wanted
from torrazzo.town.camera import Camera

routes = Routes()

LONGEST = 8 * DAY
MOST_PIECES = 20_000  # of one camera: a shorter step is made longer
MS = SECOND // 1000
FRESH_S = 5  # so long an answer is good


class Line(NamedTuple):
    """One camera's stream."""

    camera: Camera
    stream: StreamId


@routes.add(
    "GET", "/timeline", Logged.CONSULT, "recorded time", Operation.PLAYBACK, shapes.Timeline,
    asks_law=True, etag=True,
)  # fmt: skip
def timeline(
    request: Request,
    cameras: shapes.ManyCameras,
    from_: shapes.From,
    to: shapes.To,
    asked: Asking,
    step: shapes.Step = 0,
    stream: shapes.Stream = "main",
) -> Response:
    """Recorded, gaps, holds, bookmarks."""
    span, ids = stretch(from_, to, LONGEST), cameras.split(",")
    expect_scope(asked, Operation.PLAYBACK, ids)
    desk = asked.room.archive
    lines = _lines(desk, ids, stream)
    now = asked.room.staffing.staff.clock.utc()
    ticks = max(step * MS, (span.end - span.start) // MOST_PIECES)
    marks = _by_camera(asked, asked.room.staffing.bookmarks.within(ids, span))
    found = timeline_of(desk, lines, span, now, ticks)
    for line, each in zip(lines, found, strict=True):
        each["bookmarks"] = marks.get(line.camera.id, ())
    told = {
        "from": iso_from_ticks(span.start),
        "to": iso_from_ticks(span.end),
        "step": -(-ticks // MS),
        "cameras": found,
    }
    body = _json(told)
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"etag": etag, "cache-control": f"private, max-age={FRESH_S}"}
    if request.headers.get("if-none-match") == etag:
        return Response(None, 304, headers)
    body = b'%b,"now":"%b"}' % (body[:-1], iso_from_ticks(now).encode())
    return Response(body, 200, headers, "application/json")


@routes.add("GET", "/bookmarks", Logged.CONSULT, "bookmark", Operation.PLAYBACK, Items[shapes.Bookmark], asks_law=True)
def bookmarks(cameras: shapes.ManyCameras, from_: shapes.From, to: shapes.To, asked: Asking) -> Items[shapes.Bookmark]:
    """Of these cameras, by time."""
    ids = cameras.split(",")
    expect_scope(asked, Operation.PLAYBACK, ids)
    found = asked.room.staffing.bookmarks.within(ids, stretch(from_, to, LONGEST))
    return Items(items=[shapes.Bookmark.model_validate(each) for each in _told(asked, found)])


@routes.add("POST", "/bookmarks", Logged.ALTER, "bookmark", Operation.PLAYBACK, shapes.Bookmark, asks_law=True)
def make_bookmark(body: shapes.BookmarkMade, asked: Asking) -> shapes.Bookmark:
    """A time with a note."""
    expect_scope(asked, Operation.PLAYBACK, [body.camera])
    _lines(asked.room.archive, [body.camera], "main")
    by = asked.by("makes a bookmark")
    made = asked.room.told(asked.room.staffing.bookmarks.add(body.camera, instant(body.at), body.note, by))
    return shapes.Bookmark.model_validate(_told(asked, [made])[0])


@routes.add("DELETE", "/bookmarks/{id}", Logged.ALTER, "bookmark", Operation.PLAYBACK, None, asks_law=True)
def remove_bookmark(id: Id, asked: Asking) -> None:  # noqa: A002 - the path's word
    """One's own; who commands removes anybody's."""
    store = asked.room.staffing.bookmarks
    try:
        found = store.one(id)
    except UnknownBookmark as error:
        raise No("NOT_FOUND") from error
    expect_scope(asked, Operation.PLAYBACK, [found.camera])
    if not _is_own(asked, found):
        raise No("NOT_YOURS", "somebody else made this bookmark")
    asked.room.told(store.remove(id, asked.by("removes a bookmark")))


def timeline_of(desk: PlaybackDesk, lines: Sequence[Line], span: Span, now: int, step: int) -> list[dict[str, object]]:
    """Of each line what is known, in milliseconds after the span's start."""
    times, held = desk.index.times([line.stream for line in lines], span), _holds(desk, span)
    return [_line(line, told_time(times[str(line.stream)], span, now, step), held, span) for line in lines]


def _line(line: Line, told: Told, held: Sequence[tuple[Hold, Wanted]], span: Span) -> dict[str, object]:
    start = span.start
    inwards = ((-(-(a - start) // MS), (b - start) // MS) for a, b in told.recorded)
    return {
        "camera": line.camera.id,
        "name": line.camera.name,
        "stream": line.stream.name,
        "known": (told.known - start) // MS,
        "recorded": [piece for piece in inwards if piece[0] < piece[1]],
        "gaps": [((a - start) // MS, -(-(b - start) // MS), why, many) for a, b, why, many in told.gaps],
        "holds": [
            (
                max(0, (each.span.start - start) // MS),
                -(-(min(each.span.end, span.end) - start) // MS),
                str(hold.name),
            )
            for hold, each in held
            if line.stream in each.streams
        ],
    }


def _holds(desk: PlaybackDesk, span: Span) -> list[tuple[Hold, Wanted]]:
    found = [(hold, Wanted.of(hold.act)) for hold in desk.index.placed_holds()]
    return [(hold, each) for hold, each in found if each.span.start < span.end and each.span.end > span.start]


def _lines(desk: PlaybackDesk, ids: Sequence[str], stream: str) -> list[Line]:
    if len(set(ids)) < len(ids):
        raise Invalid("cameras: one stands twice")
    known: Mapping[CameraId, Camera] = {camera.id: camera for camera in desk.cameras()}
    found = []
    for id_ in ids:
        camera = known.get(CameraId(id_))
        streams = () if camera is None else tuple(each.id for each in camera.streams)
        if camera is None or not streams:
            raise No("NOT_FOUND", f"there is no camera {id_}")
        found.append(Line(camera, next((each for each in streams if each.name == stream), streams[0])))
    return found


def _by_camera(asked: Asked, found: Sequence[Bookmark]) -> Mapping[str, list[dict[str, object]]]:
    marks: dict[str, list[dict[str, object]]] = {}
    for each, told in zip(found, _told(asked, found), strict=True):
        marks.setdefault(each.camera, []).append(told)
    return marks


def _told(asked: Asked, found: Sequence[Bookmark]) -> list[dict[str, object]]:
    names = {account.id: account.full_name for account in asked.room.staffing.accounts.all()} if found else {}
    return [
        {
            "id": each.id,
            "camera": each.camera,
            "at": iso_from_ticks(each.at),
            "note": each.note,
            "person": Person(id=each.person, name=names.get(each.person, "")).model_dump(),
            "made": iso_from_ticks(each.made),
            "own": _is_own(asked, each),
        }
        for each in found
    ]


def _is_own(asked: Asked, found: Bookmark) -> bool:
    return found.person == asked.account.id or Role.DESIGNATO in asked.account.roles


def _json(found: object) -> bytes:
    return json.dumps(found, separators=(",", ":"), ensure_ascii=False).encode()
