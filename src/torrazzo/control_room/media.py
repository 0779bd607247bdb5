# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Footage over HTTP: one MP4 with ranges (RFC 9110 section 14), and HLS.

GET /footage/<camera>/<stream>.mp4?from=&to=[&save=1]   GET /footage/<camera>/<stream>.m3u8?from=&to=
GET /footage/<camera>/<stream>/<part>                    parts that the playlist names

`from` and `to` are UTC ticks, or ISO 8601 with offset.
"""

import asyncio
import re
import threading
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterator
from zoneinfo import ZoneInfo

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from torrazzo.base.errors import TorrazzoError
from torrazzo.base.ids import StreamId
from torrazzo.base.spans import Span
from torrazzo.base.times import HOUR, UtcTicks, hour_text, iso_from_ticks, ticks_from_text
from torrazzo.playback import Footage, PartName, VirtualFile, media_playlist, part_bytes, plan_clip

log = structlog.get_logger()

LONGEST = 2 * HOUR
KEPT_FILES = 8
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)
_DIGITS = re.compile(r"\d{1,18}", re.ASCII)


class Media:
    """The routes; planned files are kept for the ranges that follow."""

    def __init__(self, footage: Footage, zone: ZoneInfo) -> None:
        self._footage = footage
        self._zone = zone
        self._lock = threading.Lock()
        self._files: OrderedDict[tuple[StreamId, Span], VirtualFile] = OrderedDict()

    def routes(self) -> list[Route]:
        """To be mounted in the page."""
        return [
            Route("/footage/{camera}/{stream}.mp4", self.file),
            Route("/footage/{camera}/{stream}.m3u8", self.playlist),
            Route("/footage/{camera}/{stream}/{part}", self.part),
        ]

    async def file(self, request: Request) -> Response:
        """The whole file, or one range of it."""
        stream, span = _stream(request), self._span(request)
        file = await asyncio.to_thread(self._file, stream, span)
        headers = {"accept-ranges": "bytes", "etag": f'"{file.etag.strip(chr(34))}"'}
        if request.query_params.get("save"):
            name = f"{stream.camera}-{stream.name}-{hour_text(span.start // HOUR)}.mp4"
            headers["content-disposition"] = f'attachment; filename="{name}"'
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
        return StreamingResponse(_in_threads(file.read(start, end)), status, headers, VirtualFile.media_type)

    async def playlist(self, request: Request) -> Response:
        """Parts are relative to `<stream>/`."""
        stream, span = _stream(request), self._span(request)
        text = await asyncio.to_thread(media_playlist, self._footage, stream, span)
        text = re.sub(r'(?m)^(?=[a-z])|(?<=URI=")', f"{stream.name}/", text)
        return Response(text, media_type="application/vnd.apple.mpegurl")

    async def part(self, request: Request) -> Response:
        """An init or a segment's fragments."""
        name = PartName.parse(request.path_params["part"])
        data = await asyncio.to_thread(part_bytes, self._footage, _stream(request), name)
        return Response(data, media_type="video/mp4")

    def _file(self, stream: StreamId, span: Span) -> VirtualFile:
        with self._lock:
            found = self._files.get((stream, span))
            if found is not None:
                self._files.move_to_end((stream, span))
                return found
        file = VirtualFile(self._footage, plan_clip(self._footage, stream, span))
        with self._lock:
            self._files[stream, span] = file
            while len(self._files) > KEPT_FILES:
                self._files.popitem(last=False)
        return file

    def _span(self, request: Request) -> Span:
        try:
            start, end = (self._ticks(request.query_params.get(key, "")) for key in ("from", "to"))
        except TorrazzoError as error:
            raise HTTPException(400, str(error)) from error
        if not 0 < end - start <= LONGEST:
            raise HTTPException(
                400, f"from {iso_from_ticks(start)} to {iso_from_ticks(end)} is no span of at most two hours"
            )
        return Span(start, end)

    def _ticks(self, text: str) -> UtcTicks:
        return UtcTicks(int(text)) if _DIGITS.fullmatch(text) else ticks_from_text(text, self._zone)


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


def _stream(request: Request) -> StreamId:
    try:
        return StreamId.parse(f"{request.path_params['camera']}/{request.path_params['stream']}")
    except TorrazzoError as error:
        raise HTTPException(404) from error


async def _in_threads(parts: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Each part is read and opened in a thread; one that fails ends the body short, which every client notices."""
    while True:
        try:
            part = await asyncio.to_thread(next, parts, None)
        except TorrazzoError as error:
            log.warning("footage_cut_short", error=str(error))
            raise
        if part is None:
            return
        yield part
