# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Copies of footage, on a socket that any user of this machine may open: the kernel tells who it is.

GET  /zone                       the town's time zone: who is not the owner of the home cannot read its settings
GET  /asks                       what was asked for, and what became of it
POST /asks                       {"cameras":[…],"stream":…,"from":…,"to":…,"purpose":…,"recipient_class":…,"reason":…,…}
POST /asks/<number>/approve      {"reason":…}, by another person
POST /asks/<number>/copy         {"camera":…}: opens a look through which the copy is read (media.py)
POST /erasures                   {"camera":…,"hour":…,"ground":…,"reference":…,"reason":…}: it is to go before its time
POST /erasures/<number>/approve  {"opinion":…,"reason":…}, by another person: it is gone when this is answered
/holds                           what is to be kept for longer (holds_app.py)
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from zoneinfo import ZoneInfo

import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from torrazzo.access import Ask, People
from torrazzo.access.asks import named_key
from torrazzo.access.four_eyes import Proposal
from torrazzo.base.clock import Clock
from torrazzo.base.errors import Invalid, Refused, TorrazzoError
from torrazzo.base.ids import STREAM_NAMES, StreamId
from torrazzo.base.spans import Span
from torrazzo.base.times import HOUR, UtcTicks, iso_from_ticks, ticks_from_text
from torrazzo.control_room.answers import error_body, error_status, failure_body
from torrazzo.control_room.erasures import GROUNDS, is_of
from torrazzo.control_room.looks import LONGEST_REASON, Looks, Reason
from torrazzo.control_room.media import Media
from torrazzo.control_room.peered import requesting
from torrazzo.control_room.socket_app import read_json
from torrazzo.durable.age import parse_recipient
from torrazzo.keyring.gate import ERASE
from torrazzo.ledger.act import Wanted
from torrazzo.ledger.act_forms import KINDS
from torrazzo.ledger.private import Private
from torrazzo.town.camera import Camera, find_camera

LARGEST_ORDER = 64 << 10  # anybody on this machine may send one

log = structlog.get_logger()


class Desk:
    """Each method may block and runs in a thread."""

    def __init__(
        self,
        looks: Looks,
        people: People,
        clock: Clock,
        zone: ZoneInfo,
        cameras: Callable[[], Sequence[Camera]],
        asks: Callable[[], Sequence[Ask]],
        proposals: Callable[[], Sequence[Proposal]],
    ) -> None:
        """`proposals`: those of the page, in whatever state."""
        self._looks, self._people, self._clock, self._zone = looks, people, clock, zone
        self._cameras, self._asks, self._proposals = cameras, asks, proposals

    def zone(self) -> object:
        """For anybody: times are shown by the town's clock."""
        return {"zone": self._zone.key}

    def list(self, request: Request) -> object:
        """For who may ask or approve."""
        peer = requesting(request)
        if not self._people.may(peer, "approve"):
            self._people.check(peer, "ask")
        names: dict[str, str] = {camera.id: camera.name for camera in self._cameras()}
        return {"asks": [_told(ask, names) for ask in self._asks()]}

    def ask(self, request: Request, said: Mapping[str, object]) -> object:
        """Its number."""
        peer = requesting(request)
        self._people.check(peer, "ask")
        streams = streams_of(said, self._cameras())
        reason = Reason(word_of(said, "purpose"), text_of(said, "reason"), maybe_text(said, "case"))
        who = reason.private(peer)._replace(recipient=_recipient_of(said))
        self._looks.expect_use(peer, streams, reason.purpose)
        wanted = self._looks.whole(streams, span_of(said, self._zone, self._clock), lead=0)
        self._looks.check_case(streams, wanted.span, who)
        number = self._looks.windows.ask(who, wanted, reason.purpose, word_of(said, "recipient_class"))
        return {"number": number}

    def approve(self, request: Request, said: Mapping[str, object]) -> object:
        """The approval's number."""
        peer = requesting(request)
        self._people.check(peer, "approve")
        asked = self._ask(request)
        if asked.purpose == ERASE:
            raise Invalid(f"ask {asked.number} is for an erasure; `torrazzo retention approve` approves it")
        if any(_name(step.private) == peer.name for step in asked.approvals):
            raise Refused(f"ask {asked.number}: you approved it already")
        who = Reason("", text_of(said, "reason")).private(peer)
        private = asked.asked.private
        number = self._looks.windows.approve(who, asked.number)
        return {"number": number, "recipient_class": asked.to, "recipient": private and private.recipient}

    def ask_erasure(self, request: Request, said: Mapping[str, object]) -> object:
        """Its number; both streams of the camera."""
        peer = requesting(request)
        self._people.check(peer, "ask")
        ground, reference = text_of(said, "ground"), text_of(said, "reference")
        if ground not in GROUNDS:
            raise Invalid(f"ground {ground}: footage goes early for {' or '.join(GROUNDS)} alone (RT-06)")
        camera = find_camera(self._cameras(), text_of(said, "camera")).id
        start = ticks_from_text(hour := text_of(said, "hour"), self._zone)
        if start % HOUR or start + HOUR > self._clock.utc():
            raise Invalid(f"hour {hour}: write the start of a whole hour that is over")
        wanted = Wanted(frozenset(StreamId(camera, name) for name in STREAM_NAMES), Span(start, UtcTicks(start + HOUR)))
        who = Reason("", text_of(said, "reason"), reference).private(peer)
        who = who._replace(reason=f"{ground}: {who.reason}")
        return {"number": self._looks.windows.ask(who, wanted, ERASE, ERASE)}

    def erase(self, request: Request, said: Mapping[str, object]) -> object:
        """Approved, and done; with the opinion of the data protection officer, who is no user of this machine."""
        peer = requesting(request)
        self._people.check(peer, "approve")
        asked = self._ask(request)
        if asked.purpose != ERASE:
            raise Invalid(f"ask {asked.number} is for a copy; `torrazzo evidence approve` approves it")
        if asked.rejections:
            raise Refused(f"ask {asked.number} was refused or withdrawn; ask again")
        if any(is_of(found, asked) for found in self._proposals()):
            raise Refused(f"ask {asked.number} was made on the page, and is decided there, after the opinion (RT-06)")
        opinion = " ".join(text_of(said, "opinion").split())
        who = Reason("", text_of(said, "reason")).private(peer)
        who = who._replace(reason=f"{who.reason}; opinion of the data protection officer: {opinion}")
        kept = self._looks.windows.erase(who, asked.number, asked.approved_by(peer.name))
        return {"number": asked.number, "kept": kept}

    def copy(self, request: Request, said: Mapping[str, object]) -> object:
        """Where to read it, and what is missing in it."""
        peer, asked = requesting(request), self._ask(request)
        look = self._looks.export(peer, asked, self._stream(asked, said))
        try:
            file = look.file()
        except TorrazzoError:
            self._looks.close(look.key, peer)
            raise
        losses = [str(loss) for loss in file.clip.losses]
        return {
            "key": look.key, "bytes": file.size, "losses": losses, "stream": str(look.stream),
            "from": iso_from_ticks(look.span.start), "to": iso_from_ticks(look.span.end),
        }  # fmt: skip

    def _ask(self, request: Request) -> Ask:
        number = request.path_params["number"]
        found = next((ask for ask in self._asks() if ask.number == number), None)
        if found is None:
            raise Invalid(f"{number}: nobody asked under this number; `torrazzo evidence list` tells them")
        return found

    def _stream(self, asked: Ask, said: Mapping[str, object]) -> StreamId:
        name = maybe_text(said, "camera")
        streams = sorted(asked.wanted.streams, key=str)
        if name is None:
            if len(streams) > 1:
                raise Invalid(f"ask {asked.number} is of {len(streams)} cameras: name one with --camera")
            return streams[0]
        camera = find_camera(self._cameras(), name).id
        found = [stream for stream in streams if stream.camera == camera]
        if not found:
            raise Invalid(f"ask {asked.number} is not of {name}")
        return found[0]


def streams_of(said: Mapping[str, object], known: Sequence[Camera]) -> list[StreamId]:
    """The cameras that are named; raises `Invalid`."""
    cameras = said.get("cameras")
    if not isinstance(cameras, list) or not cameras or not all(isinstance(name, str) for name in cameras):
        raise Invalid("cameras: write one or more names")
    stream = text_of(said, "stream")
    if stream not in STREAM_NAMES:
        raise Invalid(f"stream {stream}: write main or sub")
    return sorted({StreamId(find_camera(known, name).id, stream) for name in cameras}, key=str)


def span_of(said: Mapping[str, object], zone: ZoneInfo, clock: Clock) -> Span:
    """From when to when; raises `Invalid`, also for what is not over yet, with the times as they were written."""
    first, last = (text_of(said, key) for key in ("from", "to"))
    start, end = ticks_from_text(first, zone), ticks_from_text(last, zone)
    if start >= end:
        raise Invalid(f"from {first} to {last}: the end is not after the start")
    if end > clock.utc():
        raise Invalid(f"to {last}: that is not over yet")
    return Span(start, UtcTicks(end))


def posting(act: Callable[[Request, Mapping[str, object]], object]) -> Callable[[Request], object]:
    """What answers a POST of an object."""

    async def post(request: Request) -> Response:
        said = await read_json(request, LARGEST_ORDER)
        if not isinstance(said, dict):
            raise Invalid("expected an object")
        return JSONResponse(await asyncio.to_thread(act, request, said))

    return post


def make_people_app(desk: Desk, looks: Looks, more: Sequence[Route] = ()) -> Starlette:
    """The application; its server tells who asks."""

    async def tell_zone(_request: Request) -> Response:
        return JSONResponse(desk.zone())

    async def list_asks(request: Request) -> Response:
        return JSONResponse(await asyncio.to_thread(desk.list, request))

    return Starlette(
        routes=[
            Route("/zone", tell_zone),
            Route("/asks", list_asks),
            Route("/asks", posting(desk.ask), methods=["POST"]),
            Route("/asks/{number:int}/approve", posting(desk.approve), methods=["POST"]),
            Route("/asks/{number:int}/copy", posting(desk.copy), methods=["POST"]),
            Route("/erasures", posting(desk.ask_erasure), methods=["POST"]),
            Route("/erasures/{number:int}/approve", posting(desk.erase), methods=["POST"]),
            *Media(looks).routes(),
            *more,
        ],
        exception_handlers={TorrazzoError: _known, Exception: _unknown},
    )


def _told(ask: Ask, names: Mapping[str, str]) -> dict[str, object]:
    private = ask.asked.private
    state = "opened" if ask.exports else "approved" if ask.approvals else "asked"  # what became of it, jobs know
    return {
        "number": ask.number,
        "state": state,
        "cameras": [names.get(stream.camera, stream.camera) for stream in sorted(ask.wanted.streams, key=str)],
        "streams": sorted(map(str, ask.wanted.streams)),
        "from": iso_from_ticks(ask.wanted.span.start),
        "to": iso_from_ticks(ask.wanted.span.end),
        "purpose": ask.purpose,
        "recipient_class": ask.to,
        "asked": iso_from_ticks(ask.asked.t),
        "by": _name(private),
        "reason": None if private is None else private.reason,
        "case": None if private is None else private.case,
        "recipient": None if private is None else private.recipient,
        "approvals": [
            {"number": step.number, "at": iso_from_ticks(step.t), "by": _name(step.private)} for step in ask.approvals
        ],
    }


def _name(private: Private | None) -> str | None:
    return None if private is None else private.person


def text_of(said: Mapping[str, object], key: str) -> str:
    """A text that is there; raises `Invalid`."""
    found = said.get(key)
    if not isinstance(found, str) or not found.strip() or len(found) > LONGEST_REASON:
        raise Invalid(f"{key}: write a text of at most {LONGEST_REASON} characters")
    return found.strip()


def _recipient_of(said: Mapping[str, object]) -> str | None:
    """By name or by key; raises `Invalid` for a key that is none."""
    found = maybe_text(said, "recipient")
    if (key := named_key(found)) is not None:
        parse_recipient(key)
    return found


def word_of(said: Mapping[str, object], key: str) -> str:
    """A text that can stand in a fact for everybody to read; raises `Invalid`."""
    found = text_of(said, key)
    try:
        KINDS["ask"]["purpose"](found)
    except ValueError as error:
        raise Invalid(f"{key}: {error}: small letters, and the rest in the reason") from error
    return found


def maybe_text(said: Mapping[str, object], key: str) -> str | None:
    """The same, or None."""
    return None if said.get(key) is None else text_of(said, key)


async def _known(request: Request, error: Exception) -> Response:
    assert isinstance(error, TorrazzoError)
    log.warning("people_refused", path=request.url.path.partition("/look/")[0] or "/look/…", error=str(error))
    return JSONResponse(error_body(error), error_status(error))


async def _unknown(_request: Request, error: Exception) -> Response:
    log.error("people_failed", error=repr(error))
    return JSONResponse(failure_body(), 500)
