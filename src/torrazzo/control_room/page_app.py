# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a browser on this machine sees: looking only; nothing here changes anything.

GET /  /overview  /watch/<camera>/<stream>  /state.json  /assets/…  and footage (media.py)
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.resources import files

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from torrazzo.base.errors import TorrazzoError
from torrazzo.base.ids import StreamId
from torrazzo.base.spans import Span
from torrazzo.base.times import SECOND, UtcTicks
from torrazzo.control_room.answers import error_status
from torrazzo.control_room.html import MINUTES, Writer
from torrazzo.control_room.state import GapState, TownState
from torrazzo.control_room.words import choose_language
from torrazzo.town.home import Settings

log = structlog.get_logger()

ASSETS = {"page.css": "text/css", "page.js": "text/javascript", "icon.svg": "image/svg+xml"}
_HEADERS = (
    (
        b"content-security-policy",
        (
            b"default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
            b"media-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
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


def make_page_app(views: Views, media: Sequence[BaseRoute], hosts: frozenset[str]) -> ASGIApp:
    """The application; `media` are the routes that give footage, `hosts` the names by which we are called."""
    page = _Page(views)
    app = Starlette(
        routes=[
            Route("/", page.front),
            Route("/overview", page.overview),
            Route("/watch/{camera}/{stream}", page.watch),
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

    def _watch(self, request: Request) -> str:
        state = self._views.state()
        wanted, name = request.path_params["camera"], request.path_params["stream"]
        camera = next((camera for camera in state.cameras if camera.id == wanted), None)
        stream = next((stream for stream in camera.streams if stream.name == name), None) if camera else None
        if camera is None or stream is None:
            raise HTTPException(404)
        text = request.query_params.get("minutes", "")
        minutes = int(text) if text.isascii() and text.isdigit() and int(text[:4]) in MINUTES else 5
        id_ = StreamId.parse(f"{camera.id}/{stream.name}")
        end = self._views.last_recorded(id_)
        span = None if end is None else Span(UtcTicks(end - minutes * 60 * SECOND), end)
        gaps = () if span is None else self._views.gaps(id_, span)
        return self._writer(request).watch(state.town, camera, stream, minutes, span, gaps)

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
        log.warning("page_error", path=request.url.path, error=str(error))
        writer = self._writer(request)
        return HTMLResponse(writer.trouble(writer.word("trouble"), str(error)), error_status(error))

    async def unknown_error(self, request: Request, error: Exception) -> Response:
        log.error("page_failed", path=request.url.path, error=repr(error))
        writer = self._writer(request)
        return HTMLResponse(writer.trouble(writer.word("trouble"), type(error).__name__), 500)

    def _writer(self, request: Request) -> Writer:
        language = choose_language(request.query_params.get("lang"), request.headers.get("accept-language", ""))
        return Writer(language, self._views.settings.zone)


async def _asset(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in ASSETS:
        raise HTTPException(404)
    content = files("torrazzo.control_room").joinpath("page", name).read_bytes()
    return Response(content, media_type=ASSETS[name], headers={"cache-control": "no-cache"})
