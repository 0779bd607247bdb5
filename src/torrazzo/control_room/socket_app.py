# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the command line and the recorder ask, on a socket that only our own Unix user can open.

GET /ping  /state  /accounts · POST /facts · POST /cameras · PUT, DELETE /cameras/<id> · POST /catalogue/rebuild
"""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from torrazzo.base.errors import Invalid, TorrazzoError
from torrazzo.base.ids import CameraId
from torrazzo.control_room.answers import error_body, error_status
from torrazzo.control_room.peered import requesting
from torrazzo.control_room.state import TownState
from torrazzo.town.camera import Camera
from torrazzo.town.wire import camera_from_wire, camera_to_wire

log = structlog.get_logger()

LARGEST_BODY = 64 << 20


class Changes(Protocol):
    """One user's hand at the registry; see `access.camera_hand`."""

    def add(self, camera: Camera) -> Camera: ...

    def change(self, camera: Camera) -> Camera: ...

    def remove(self, id_: CameraId) -> Camera: ...


def make_socket_app(
    changes: Callable[[str], Changes],
    state: Callable[[], TownState],
    take_facts: Callable[[object], int],
    rebuild: Callable[[], Mapping[str, object]],
    more: Sequence[Route] = (),
) -> Starlette:
    """The application; everything that writes runs one at a time, in a thread. `changes`: of a Unix user, by name."""
    writing, indexing = asyncio.Lock(), asyncio.Lock()

    async def ping(_request: Request) -> Response:
        return JSONResponse({"ok": True})

    async def get_state(_request: Request) -> Response:
        return JSONResponse((await asyncio.to_thread(state)).to_json())

    async def post_facts(request: Request) -> Response:
        body = await read_json(request)
        async with indexing:
            count = await asyncio.to_thread(take_facts, body)
        return JSONResponse({"taken": count})

    async def post_camera(request: Request) -> Response:
        camera = camera_from_wire(await read_json(request))
        async with writing:
            added = await asyncio.to_thread(changes(requesting(request).name).add, camera)
        log.info("camera_added", camera=added.id, name=added.name)
        return JSONResponse(camera_to_wire(added))

    async def one_camera(request: Request) -> Response:
        id_ = CameraId(request.path_params["id"])
        if request.method == "DELETE":
            async with writing:
                gone = await asyncio.to_thread(changes(requesting(request).name).remove, id_)
            log.info("camera_removed", camera=gone.id, name=gone.name)
            return JSONResponse(camera_to_wire(gone))
        camera = camera_from_wire(await read_json(request))
        if camera.id != id_:
            raise Invalid(f"camera {camera.id} was sent to the address of {id_}")
        async with writing:
            changed = await asyncio.to_thread(changes(requesting(request).name).change, camera)
        log.info("camera_changed", camera=changed.id, name=changed.name)
        return JSONResponse(camera_to_wire(changed))

    async def post_rebuild(_request: Request) -> Response:
        async with indexing:
            return JSONResponse(dict(await asyncio.to_thread(rebuild)))

    return Starlette(
        routes=[
            Route("/ping", ping),
            Route("/state", get_state),
            Route("/facts", post_facts, methods=["POST"]),
            Route("/cameras", post_camera, methods=["POST"]),
            Route("/cameras/{id}", one_camera, methods=["PUT", "DELETE"]),
            Route("/catalogue/rebuild", post_rebuild, methods=["POST"]),
            *more,
        ],
        exception_handlers={TorrazzoError: _known, Exception: _unknown},
    )


async def read_json(request: Request, most: int = LARGEST_BODY) -> object:
    """The body, of so many bytes at most; raises `Invalid`."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise Invalid(f"more than {most} bytes in one request; send less at a time")
        parts.append(part)
    try:
        found: object = json.loads(b"".join(parts))
    except (ValueError, RecursionError) as error:
        raise Invalid(f"the body is not JSON: {error}") from error
    return found


async def _known(_request: Request, error: Exception) -> Response:
    assert isinstance(error, TorrazzoError)
    return JSONResponse(error_body(error), error_status(error))


async def _unknown(request: Request, error: Exception) -> Response:
    log.error("socket_failed", path=request.url.path, error=repr(error))
    return JSONResponse({"error": {"kind": "TorrazzoError", "text": f"{type(error).__name__}: {error}"}}, 500)
