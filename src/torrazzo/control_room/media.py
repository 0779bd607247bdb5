# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Footage over HTTP, inside a look: one MP4 with ranges (RFC 9110 section 14), and HLS.

GET  /look/<key>/video.mp4    GET /look/<key>/video.m3u8    GET /look/<key>/<part>  parts that the playlist names
POST /look/<key>/stay         somebody is still looking     POST /look/<key>/close  done
"""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from torrazzo.base.errors import TorrazzoError
from torrazzo.control_room.looks import Look, Looks
from torrazzo.control_room.peered import requesting
from torrazzo.playback import PartName, VirtualFile, media_playlist, part_bytes

log = structlog.get_logger()

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)


class Media:
    """The routes."""

    def __init__(self, looks: Looks) -> None:
        self._looks = looks

    def routes(self) -> list[Route]:
        """To be mounted in an application whose server tells who asks."""
        return [
            Route("/look/{key}/video.mp4", self.file),
            Route("/look/{key}/video.m3u8", self.playlist),
            Route("/look/{key}/stay", self.stay, methods=["POST"]),
            Route("/look/{key}/close", self.close, methods=["POST"]),
            Route("/look/{key}/{part}", self.part),
        ]

    async def file(self, request: Request) -> Response:
        """The whole file, or one range of it."""
        look = await self._look(request)
        file = await asyncio.to_thread(look.file)
        headers = {"accept-ranges": "bytes", "etag": f'"{file.etag.strip(chr(34))}"'}
        wanted = request.headers.get("range")
        if wanted is not None and request.headers.get("if-range", headers["etag"]) != headers["etag"]:
            wanted = None
        start, end = 0, file.size
        status = 200
        if wanted is not None and (found := parse_range(wanted, file.size)) is not None:
            start, end = found
            status = 206
            headers["content-range"] = f"bytes {start}-{end - 1}/{file.size}"
            if start >= end:
                raise HTTPException(416, headers={"content-range": f"bytes */{file.size}"})
        headers["content-length"] = str(end - start)
        if request.method == "HEAD":
            return Response(None, status, headers, VirtualFile.media_type)
        parts = self._in_threads(request, file.read(start, end))
        return StreamingResponse(parts, status, headers, VirtualFile.media_type)

    async def playlist(self, request: Request) -> Response:
        """Its parts lie beside it."""
        look = await self._look(request)
        text = await asyncio.to_thread(media_playlist, look.footage, look.stream, look.span)
        return Response(text, media_type="application/vnd.apple.mpegurl")

    async def part(self, request: Request) -> Response:
        """An init or a segment's fragments."""
        look = await self._look(request)
        name = PartName.parse(request.path_params["part"])
        data = await asyncio.to_thread(part_bytes, look.footage, look.stream, name)
        return Response(data, media_type="video/mp4")

    async def stay(self, request: Request) -> Response:
        """What a page says while it is looked at."""
        await self._look(request)
        return Response(status_code=204)

    async def close(self, request: Request) -> Response:
        """No more pictures; the closing fact is entered."""
        await asyncio.to_thread(self._looks.close, request.path_params["key"], requesting(request))
        return RedirectResponse("/", 303)

    async def _look(self, request: Request) -> Look:
        return await asyncio.to_thread(self._looks.find, request.path_params["key"], requesting(request))

    async def _in_threads(self, request: Request, parts: Iterator[bytes]) -> AsyncIterator[bytes]:
        """Each part is read and opened in a thread, while the look lasts.

        One that fails ends the body short, which every client notices.
        """
        while True:
            try:
                await self._look(request)
                part = await asyncio.to_thread(next, parts, None)
            except TorrazzoError as error:
                log.warning("footage_cut_short", error=str(error))
                raise
            if part is None:
                return
            yield part


def parse_range(text: str, size: int) -> tuple[int, int] | None:
    """[start, end) of a single range; None for other forms, which are answered by the whole. Empty: unsatisfiable."""
    found = _RANGE.fullmatch(text.strip())
    if found is None or not (found[1] or found[2]):
        return None
    if not found[1]:
        return max(0, size - int(found[2])), size if int(found[2]) else 0
    start = int(found[1])
    end = min(size, int(found[2]) + 1) if found[2] else size
    if found[2] and int(found[2]) < start:
        return None
    return (start, end) if start < size else (size, size)
