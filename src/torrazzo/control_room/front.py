# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""One address for people: /api/v1, the page that was built from web/, and beside them the page without accounts.

`/` is the new page once there are accounts. The old one keeps its other addresses, and `/old`, for as long as it shows
what the new one does not; only on loopback, and for nobody who comes through a proxy: it knows people as Unix users.
"""

import asyncio
import mimetypes
from collections.abc import Callable
from pathlib import Path

from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from torrazzo.control_room.api.guard import SAFE

STATIC = Path(__file__).with_name("static")

_API = "/api/"
_OLD = ("/overview", "/watch/", "/look/", "/state.json")
_FOR_EVER = "public, max-age=31536000, immutable"  # names of assets tell what is in them
_ASSETS = "/assets/"
_LONGEST_NAME = 255  # bytes: of a longer one a disk says no, and not that there is none


class Front:
    """`api` and the built page are guarded already, as `old` is; `old` is None where there is none."""

    def __init__(self, api: ASGIApp, page: ASGIApp, old: ASGIApp | None, has_accounts: Callable[[], bool]) -> None:
        self._api, self._page, self._old, self._has_accounts = api, page, old, has_accounts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        await (await self._chosen(scope))(scope, receive, send)

    async def _chosen(self, scope: Scope) -> ASGIApp:
        if scope["type"] != "http":
            return self._api
        path: str = scope["path"]
        if path.startswith(_API):
            return self._api
        if self._old is None:
            return self._page
        if path == "/old":
            scope["path"], scope["raw_path"] = "/", b"/"
            return self._old
        if path == "/":
            return self._page if await asyncio.to_thread(self._has_accounts) else self._old
        is_old = path.startswith(_OLD) or (path.startswith(_ASSETS) and _asset(STATIC, path) is None)
        return self._old if is_old else self._page


class BuiltPage:
    """`index.html` for every address of the page's own, and what it loads."""

    def __init__(self, static: Path = STATIC) -> None:
        self._static = static

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        await (await asyncio.to_thread(self._answer, Request(scope)))(scope, receive, send)

    def _answer(self, request: Request) -> Response:
        if request.method not in SAFE:
            return PlainTextResponse("405\n", 405, {"allow": "GET, HEAD"})
        path = request.url.path
        if path.startswith(_ASSETS):
            return self._file(_asset(self._static, path), _FOR_EVER)
        if path == "/licences.txt":
            return self._file(self._static / "licences.txt", "no-cache")
        if "." in path.rpartition("/")[2]:
            return self._file(None, "")
        return self._file(self._static / "index.html", "no-cache")

    @staticmethod
    def _file(file: Path | None, cache: str) -> Response:
        if file is None or not file.is_file():
            return PlainTextResponse("404\n", 404)
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        return FileResponse(file, media_type=kind, headers={"cache-control": cache})


def built_page(static: Path = STATIC) -> ASGIApp:
    """As it is served: small on the wire."""
    return GZipMiddleware(BuiltPage(static))


def _asset(static: Path, path: str) -> Path | None:
    """A file of that folder, and of no other."""
    name = path.removeprefix(_ASSETS)
    file = static / "assets" / name
    is_name = 0 < len(name.encode()) <= _LONGEST_NAME and "/" not in name and name not in {".", ".."}
    return file if is_name and file.is_file() else None
