# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The one registry of routes: each says what it does to what (LG-01), and for whom it is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Any, TypeVar

from torrazzo.law import Operation

F = TypeVar("F", bound=Callable[..., Any])


class Logged(StrEnum):
    """What is done, in the families of LG-01."""

    COLLECT = "collect"
    ALTER = "alter"
    CONSULT = "consult"
    DISCLOSE = "disclose"
    TRANSFER = "transfer"
    COMBINE = "combine"
    ERASE = "erase"
    AUTH = "auth"
    CONFIG = "config"
    HOLD = "hold"


class Door(Enum):
    """For whom a route is that is no operation of the matrix."""

    ANYONE = "anyone"  # also nobody who is signed in
    HALF = "half"  # a session of any stage: the second step, signing out
    LOCKED = "locked"  # signed in, be it that the session is locked
    OWED = "owed"  # signed in, be it that a second factor or another password is owed
    SELF = "self"  # signed in, whatever the role: one's own things


SOCKET = "WEBSOCKET"  # a method of ours

_WAYS_IN = frozenset({Door.ANYONE, Door.HALF, Door.LOCKED})  # open while the ledger is away: it hears of them later


@dataclass(frozen=True, slots=True)
class Declared:
    """One route."""

    method: str
    path: str  # below the root of the API
    operation: Logged
    resource: str
    permission: Operation | Door
    endpoint: Callable[..., Any]
    answer: Any  # the answer's shape; None: 204
    is_activity: bool  # its person does something now
    is_told: bool  # the ledger hears of it, so that it waits for the ledger
    asks_law: bool = False  # what has to be said is said in the request: the route asks the law itself (`expect_law`)
    media: str = ""  # what the answer is where it is no JSON
    etag: bool = False  # the answer has one, so that it may be 304
    goes_on: bool = False  # of what shows already, which goes on in a session that is locked

    @property
    def changes(self) -> bool:
        """Whether something is another thing afterwards."""
        return self.method not in {"GET", SOCKET}


class Routes:
    """Those of one file."""

    def __init__(self) -> None:
        self.all: list[Declared] = []
        self.sockets: list[Declared] = []

    def add(
        self,
        method: str,
        path: str,
        operation: Logged,
        resource: str,
        permission: Operation | Door,
        answer: Any,
        *,
        is_activity: bool | None = None,
        is_told: bool | None = None,
        asks_law: bool = False,
        media: str = "",
        etag: bool = False,
        goes_on: bool = False,
    ) -> Callable[[F], F]:
        """Declare the function below. What changes something is activity, and told, if nothing else is said."""

        def declare(endpoint: F) -> F:
            changes = method != "GET"
            active = changes if is_activity is None else is_activity
            told = changes and permission not in _WAYS_IN if is_told is None else is_told
            what = (method, path, operation, resource, permission, endpoint, answer)
            self.all.append(Declared(*what, active, told, asks_law, media, etag, goes_on))
            return endpoint

        return declare

    def socket(
        self, path: str, operation: Logged, resource: str, permission: Operation, *, goes_on: bool = False
    ) -> Callable[[F], F]:
        """Declare the function below, which takes a WebSocket and who asks; what it shows was allowed before."""

        def declare(endpoint: F) -> F:
            what = (SOCKET, path, operation, resource, permission, endpoint, None)
            self.sockets.append(
                Declared(*what, is_activity=False, is_told=False, asks_law=True, media="", etag=False, goes_on=goes_on)
            )
            return endpoint

        return declare


class Undeclared(Exception):
    """A route of the application that is in no registry."""


def by_endpoint(routes: Sequence[Declared]) -> Mapping[Callable[..., Any], Declared]:
    """For the application; raises `Undeclared` where two say the same."""
    found = {each.endpoint: each for each in routes}
    if len({(each.method, each.path) for each in routes}) < len(routes) or len(found) < len(routes):
        raise Undeclared("two routes have the same method and path, or the same function")
    return found
