# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The application: each route behind the gate, each refusal a problem, a document about all of it."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Sequence
from inspect import iscoroutinefunction
from typing import Any, ClassVar

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import request_params_to_args
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket

from torrazzo import __version__
from torrazzo.base.errors import TorrazzoError
from torrazzo.control_room.api import (
    activation,
    alarms,
    cameras,
    demo,
    doors,
    erasures,
    exports,
    holds,
    live,
    log,
    looks,
    masks,
    own,
    people,
    policy,
    provider,
    register,
    sectors,
    shifts,
    supervisions,
    system,
    timeline,
    town_map,
    turning,
    views,
    walls,
)
from torrazzo.control_room.api.declared import Declared, Door, Undeclared, by_endpoint
from torrazzo.control_room.api.gate import asked_of, enter
from torrazzo.control_room.api.guard import PROVIDER_LOGOUT
from torrazzo.control_room.api.problem import TYPE, answer_errors, refuse_socket
from torrazzo.control_room.api.room import Room
from torrazzo.control_room.api.shapes import Problem

ROOT = "/api/v1"
DOCUMENT = f"{ROOT}/openapi.json"

DECLARED: Sequence[Declared] = tuple(
    route
    for file in (
        looks,  # they are looked for in this order, and a player asks for part after part
        doors,
        own,
        provider,
        shifts,
        register,
        supervisions,
        views,
        alarms,
        people,
        system,
        cameras,
        exports,
        holds,
        erasures,
        demo,
        live,
        town_map,
        log,
        turning,
        sectors,
        masks,
        activation,
        policy,
        timeline,
        walls,
    )
    for route in file.routes.all
)
SOCKETS: Sequence[Declared] = tuple(route for file in (live,) for route in file.routes.sockets)


class GatedRoute(APIRoute):
    """Nobody comes to it, nor is anything read of what they bring, but through the gate."""

    declared: ClassVar = by_endpoint(DECLARED)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Raises `Undeclared` for one that is in no registry."""
        declared = self.declared.get(self.endpoint)
        if declared is None or self.methods != {declared.method} or self.path != ROOT + declared.path:
            raise Undeclared(f"{self.methods} {self.path}: declare operation, resource and permission (declared.py)")
        if declared.media and _is_plain(self.dependant):

            async def at_once(request: Request) -> Response:
                return await run_in_threadpool(self._answer, request)

            return at_once
        inner = super().get_route_handler()

        async def gated(request: Request) -> Response:
            request.state.asked = await asyncio.to_thread(enter, request, declared)
            return await inner(request)

        return gated

    def _answer(self, request: Request) -> Response:
        """Gate and route in one thread, validated as FastAPI does it.

        A player asks for part after part: going to a thread and back costs as much as all that the gate does.
        """
        request.state.asked = enter(request, self.declared[self.endpoint])
        path, errors = request_params_to_args(self.dependant.path_params, request.path_params)
        query, more = request_params_to_args(self.dependant.query_params, request.query_params)
        if errors or more:
            raise RequestValidationError([*errors, *more])
        found = self.endpoint(**path, **query, asked=request.state.asked)
        assert isinstance(found, Response)
        return found


def _is_plain(dependant: Dependant) -> bool:
    """Whether the route takes nothing but what stands in its address, and who asks."""
    needs: list[object] = [each.call for each in dependant.dependencies]
    needs += filter(None, (dependant.request_param_name, dependant.response_param_name))
    others = dependant.body_params or dependant.header_params or dependant.cookie_params
    return needs == [asked_of] and not others and not iscoroutinefunction(dependant.call)


class GatedSocket(WebSocketRoute):
    """The same for a WebSocket. A refusal is told by its code, 4000 and what HTTP would say, once it is open."""

    def __init__(self, declared: Declared) -> None:
        async def gated(socket: WebSocket) -> None:
            try:
                asked = await asyncio.to_thread(enter, socket, declared)
            except TorrazzoError as error:
                await refuse_socket(socket, error)
            else:
                await declared.endpoint(socket, asked)

        super().__init__(ROOT + declared.path, gated)


class Api(FastAPI):
    """Its document is made when somebody asks for it first: half a second that no start waits for."""

    def __init__(self, **told: Any) -> None:
        super().__init__(**told)
        self._making = threading.Lock()

    def openapi(self) -> dict[str, Any]:
        """With the shape of what `_refusals` refers to."""
        with self._making:
            if self.openapi_schema is None:
                shapes = super().openapi()["components"]["schemas"]
                shapes[Problem.__name__] = Problem.model_json_schema(mode="serialization")
            assert self.openapi_schema is not None
            return self.openapi_schema


def make_api(room: Room) -> Api:
    """The application below `/api/v1`; raises `Undeclared` where a route is not declared."""
    app = Api(
        title="Torrazzo, control room",
        version=__version__,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False},
    )
    app.state.room = room
    for declared in DECLARED:
        _add(app, declared)
    app.router.routes.extend(map(GatedSocket, SOCKETS))

    async def openapi(_request: Request) -> Response:
        return JSONResponse(await asyncio.to_thread(app.openapi))

    app.router.add_route(DOCUMENT, openapi, methods=["GET"], include_in_schema=False)
    answer_errors(app)
    check_declared(app.routes)
    return app


def check_declared(routes: Sequence[BaseRoute]) -> None:
    """Raises `Undeclared` for a route that goes around the gate."""
    for route in routes:
        if not isinstance(route, GatedRoute | GatedSocket) and getattr(route, "path", None) != DOCUMENT:
            raise Undeclared(f"{getattr(route, 'path', route)!r} is not declared (declared.py)")


def _add(app: FastAPI, declared: Declared) -> None:
    app.router.add_api_route(
        ROOT + declared.path,
        declared.endpoint,
        methods=[declared.method],
        response_model=declared.answer,
        response_class=Response if declared.media else JSONResponse,
        status_code=204 if declared.answer is None and not declared.media else 200,
        operation_id=f"{declared.method.lower()}{declared.path.translate(_WORDS)}",
        tags=[declared.resource],
        responses=_answers(declared) | _refusals(declared),
        openapi_extra={
            "x-torrazzo-operation": declared.operation.value,
            "x-torrazzo-permission": str(declared.permission.value),
        },
        route_class_override=GatedRoute,
    )


_WORDS = str.maketrans({"/": "_", "-": "_", "{": None, "}": None})

_REFUSALS = {
    400: "what the provider sent is not in order",
    401: "nobody is signed in, or not to the end, or it did not do",
    403: "not allowed, as the code tells",
    404: "there is no such thing",
    409: "not as things are",
    410: "it is used, over or too old",
    411: "the body does not say how long it is",
    413: "the body is too large",
    421: "we have another name",
    422: "something of the request is not valid",
    429: "too many attempts, or too much at a time",
    500: "something failed here",
    503: "ledger, disk or database is away",
}


def _answers(declared: Declared) -> dict[int | str, dict[str, Any]]:
    """What is no JSON."""
    if declared.etag:
        return {304: {"description": "as it was"}}
    if not declared.media:
        return {}
    form = {"schema": {"type": "string", "format": "binary"}}
    return {200: {"description": "as it is", "content": {declared.media: form}}}


def _refusals(declared: Declared) -> dict[int | str, dict[str, Any]]:
    which = set(_REFUSALS) - (set() if ROOT + declared.path == PROVIDER_LOGOUT else {400})
    which -= set() if declared.changes else {409, 410, 411, 413, 429}
    which |= {409, 410, 429} if declared.asks_law else set()
    if declared.permission is Door.ANYONE and not declared.changes:
        which -= {401}
    schema = {"$ref": f"#/components/schemas/{Problem.__name__}"}
    content = {TYPE: {"schema": schema}}  # no model of each: they are 1,500
    return {status: {"description": _REFUSALS[status], "content": content} for status in sorted(which)}
