# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a browser on this machine sees. Nothing here changes the town; looking is told in the ledger.

GET  /  /overview  /watch/<camera>/<stream>  /state.json  /assets/…
POST /watch/<camera>/<stream>   purpose=…&reason=…[&case=…] and minutes=…, or from=…&to=…: opens a look
GET  /look/<key>                and what plays in it (media.py)
`from` and `to` are UTC ticks, or ISO 8601.
"""

import asyncio
import re
import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from torrazzo.base.errors import Invalid, TorrazzoError, Unavailable
from torrazzo.base.ids import StreamId
from torrazzo.base.spans import Span
from torrazzo.base.times import HOUR, SECOND, UtcTicks, iso_from_ticks, ticks_from_text
from torrazzo.control_room.answers import error_status
from torrazzo.control_room.html import MINUTES, Shown, Writer
from torrazzo.control_room.looks import Look, Looks, NoLedger, NoLook, Reason
from torrazzo.control_room.peered import requesting
from torrazzo.control_room.state import CameraState, GapState, StreamState, TownState
from torrazzo.control_room.told import BadForm, NotNow, tell
from torrazzo.control_room.words import WORDS, choose_language
from torrazzo.law.reason import PURPOSES
from torrazzo.town.home import Settings

log = structlog.get_logger()

LONGEST = 2 * HOUR
LARGEST_FORM = 16 << 10
_DIGITS = re.compile(r"\d{1,18}", re.ASCII)
ASSETS = {"page.css": "text/css", "page.js": "text/javascript", "icon.svg": "image/svg+xml"}
_HEADERS = (
    (
        b"content-security-policy",
        (
            b"default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
            b"media-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
        ),
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
_NO_STORE = (b"cache-control", b"no-store")


@dataclass(frozen=True, slots=True)
class Views:
    """What the page asks; each call may block and runs in a thread."""

    settings: Settings
    state: Callable[[], TownState]
    last_recorded: Callable[[StreamId], UtcTicks | None]  # end of the newest footage
    gaps: Callable[[StreamId, Span], Sequence[GapState]]
    looks: Looks


def make_page_app(views: Views, media: Sequence[BaseRoute], hosts: frozenset[str]) -> ASGIApp:
    """The application; `media` are the routes that give footage, `hosts` the names by which we are called."""
    page = _Page(views)
    app = Starlette(
        routes=[
            Route("/", page.front),
            Route("/overview", page.overview),
            Route("/watch/{camera}/{stream}", page.watch),
            Route("/watch/{camera}/{stream}", page.begin, methods=["POST"]),
            Route("/look/{key}", page.look),
            Route("/state.json", page.state_json),
            Route("/assets/{name}", _asset),
            *media,
        ],
        exception_handlers={
            HTTPException: page.http_error,
            TorrazzoError: page.known_error,
            Exception: page.unknown_error,
        },
    )
    return Guard(app, hosts)


class Guard:
    """Refuses other names than ours (a page elsewhere could point its own at loopback) and adds the headers."""

    def __init__(self, app: ASGIApp, hosts: frozenset[str]) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        host = dict(scope["headers"]).get(b"host", b"").decode("latin-1")
        app = self._app
        if scope["method"] not in {"GET", "HEAD"} and not _is_ours(dict(scope["headers"]), host):
            app = PlainTextResponse("403: a page elsewhere may not do that here\n", 403)
        if host not in self._hosts:
            app = PlainTextResponse(f"421: call this page by one of {', '.join(sorted(self._hosts))}\n", 421)

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", ()))
                headers += [pair for pair in _HEADERS if all(pair[0] != name.lower() for name, _ in headers)]
                if all(name.lower() != b"cache-control" for name, _ in headers):
                    headers.append(_NO_STORE)
                message = {**message, "headers": headers}
            await send(message)

        await app(scope, receive, guarded)


def _is_ours(headers: Mapping[bytes, bytes], host: str) -> bool:
    """Whether no page of another origin sent this: browsers say which one did."""
    if (site := headers.get(b"sec-fetch-site")) is not None:
        return site == b"same-origin"
    return headers.get(b"origin", b"http://" + host.encode()) == b"http://" + host.encode()


class _Page:
    """The routes."""

    def __init__(self, views: Views) -> None:
        self._views = views

    async def front(self, request: Request) -> Response:
        state = await asyncio.to_thread(self._views.state)
        return HTMLResponse(self._writer(request).front(state))

    async def overview(self, request: Request) -> Response:
        state = await asyncio.to_thread(self._views.state)
        return HTMLResponse(self._writer(request).overview(state))

    async def state_json(self, _request: Request) -> Response:
        state = await asyncio.to_thread(self._views.state)
        return JSONResponse(state.to_json())

    async def watch(self, request: Request) -> Response:
        return HTMLResponse(await asyncio.to_thread(self._watch, request))

    async def begin(self, request: Request) -> Response:
        said = await _form(request)
        look = await asyncio.to_thread(self._begin, request, said)
        language = self._writer(request).language
        return RedirectResponse(f"/look/{look.key}?lang={language}", 303)

    async def look(self, request: Request) -> Response:
        return HTMLResponse(await asyncio.to_thread(self._look, request))

    def _watch(self, request: Request) -> str:
        state = self._views.state()
        camera, stream = _find(state, request.path_params["camera"], request.path_params["stream"])
        end = self._views.last_recorded(StreamId.parse(f"{camera.id}/{stream.name}"))
        minutes = _minutes(request.query_params.get("minutes", ""))
        return self._writer(request).watch(state.town, camera, stream, minutes, requesting(request).name, end)

    def _begin(self, request: Request, said: Mapping[str, str]) -> Look:
        camera, name = request.path_params["camera"], request.path_params["stream"]
        try:
            stream = StreamId.parse(f"{camera}/{name}")
        except Invalid as error:
            raise HTTPException(404) from error
        if said.get("purpose") not in PURPOSES:
            raise _no_purpose()
        reason = Reason(said["purpose"], said.get("reason", ""), said.get("case"))
        span = self._said_span(said) or self._last_minutes(stream, _minutes(said.get("minutes", "")))
        return self._views.looks.view(requesting(request), stream, span, reason)

    def _said_span(self, said: Mapping[str, str]) -> Span | None:
        if not said.get("from") and not said.get("to"):
            return None
        start, end = (self._ticks(said.get(key, "")) for key in ("from", "to"))
        if not 0 < end - start <= LONGEST:
            ends = {"start": iso_from_ticks(start), "end": iso_from_ticks(end)}
            raise BadForm("from {start} to {end} is no span of at most two hours".format(**ends), "span", **ends)
        return Span(start, end)

    def _ticks(self, text: str) -> UtcTicks:
        return UtcTicks(int(text)) if _DIGITS.fullmatch(text) else ticks_from_text(text, self._views.settings.zone)

    def _last_minutes(self, stream: StreamId, minutes: int) -> Span:
        end = self._views.last_recorded(stream)
        if end is None:
            raise NotNow(f"nothing of {stream} is recorded yet", "nothing_yet")
        return Span(UtcTicks(end - minutes * 60 * SECOND), end)

    def _look(self, request: Request) -> str:
        look = self._views.looks.find(request.path_params["key"], requesting(request))
        state = self._views.state()
        camera, stream = _find(state, look.stream.camera, look.stream.name)
        shown = Shown(f"/look/{look.key}", look.span, look.window.number)
        gaps = self._views.gaps(look.stream, look.span)
        return self._writer(request).look(state.town, camera, stream, shown, gaps)

    async def http_error(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        writer = self._writer(request)
        if error.status_code == 404:
            body = writer.trouble(writer.word("not_found"), writer.word("not_found_text"))
        else:
            body = writer.trouble(writer.word("trouble"), str(error.detail))
        return HTMLResponse(body, error.status_code, error.headers)

    async def known_error(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, TorrazzoError)
        log.warning("page_error", path=_without_key(request.url.path), error=str(error))
        writer = self._writer(request)
        if isinstance(error, NoLook):
            return HTMLResponse(writer.no_look(writer.word("look_over"), "/"), 410)
        if isinstance(error, Unavailable) and request.method == "POST":
            text = writer.word("no_ledger") if isinstance(error, NoLedger) else tell(error, writer.language)
            return HTMLResponse(writer.no_look(text, request.url.path), 503)
        return HTMLResponse(writer.trouble(writer.word("trouble"), tell(error, writer.language)), error_status(error))

    async def unknown_error(self, request: Request, error: Exception) -> Response:
        log.error("page_failed", path=_without_key(request.url.path), error=repr(error))
        writer = self._writer(request)
        return HTMLResponse(writer.trouble(writer.word("trouble"), type(error).__name__), 500)

    def _writer(self, request: Request) -> Writer:
        language = choose_language(request.query_params.get("lang"), request.headers.get("accept-language", ""))
        return Writer(language, self._views.settings.zone)


def _find(state: TownState, camera_id: str, name: str) -> tuple[CameraState, StreamState]:
    camera = next((camera for camera in state.cameras if camera.id == camera_id), None)
    stream = next((stream for stream in camera.streams if stream.name == name), None) if camera else None
    if camera is None or stream is None:
        raise HTTPException(404)
    return camera, stream


def _no_purpose() -> BadForm:
    italian = ", ".join(WORDS["it"][f"purpose_{purpose}"] for purpose in PURPOSES)
    return BadForm(f"purpose: one of {', '.join(PURPOSES)}", "purpose", offered=italian)


def _minutes(text: str) -> int:
    """One of those that the page offers, 5 where none is said; raises `Invalid`."""
    offered = {str(minutes): minutes for minutes in MINUTES}
    if text and text not in offered:
        text = f"minutes: one of {', '.join(offered)}, or from and to, at most two hours apart"
        raise BadForm(text, "minutes", offered=", ".join(offered))
    return offered.get(text, 5)


async def _form(request: Request) -> dict[str, str]:
    """The fields of a form as browsers send it (application/x-www-form-urlencoded)."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_FORM:
            raise Invalid(f"more than {LARGEST_FORM} bytes in a form")
    return dict(urllib.parse.parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))


def _without_key(path: str) -> str:
    """For the log: whoever reads it gets no look's address."""
    return re.sub(r"^/look/[^/]*", "/look/…", path)


async def _asset(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in ASSETS:
        raise HTTPException(404)
    content = files("torrazzo.control_room").joinpath("page", name).read_bytes()
    return Response(content, media_type=ASSETS[name], headers={"cache-control": "no-cache"})
