# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A small HTTP server on a Unix socket, by default for one Unix user: each connection carries one request."""

import os
import re
import socket
import threading
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol, cast

from torrazzo.base.errors import Invalid, Refused, TorrazzoError
from torrazzo.durable.unix_socket import peer_uid
from torrazzo.town.bounded_server import JSON, BoundedServer, QuietHandler

TIMEOUT_SECONDS = 10  # of silence within a request

_LENGTH = re.compile(r"[0-9]{1,9}", re.ASCII)


class NotFound(Invalid):
    """No such address, or nothing there (yet)."""


class Body(NamedTuple):
    """What is sent."""

    data: bytes
    type: str = JSON
    status: int = 200


class Desk(Protocol):
    """What answers; called by several threads."""

    def answer(self, method: str, target: str, body: bytes) -> Body:
        """Raises `TorrazzoError`."""
        ...

    def explain(self, error: TorrazzoError) -> Body:
        """The same error as an answer, and to the log if it is news."""
        ...


class UnixServer(BoundedServer):
    """On a listening socket; `serve_forever` in one thread.

    Other Unix users than `uid` are refused, unless `desk_of` says which desk answers a user. They have half of the
    places together, and each of them a quarter: whose it is always finds one, however many they take and hold.
    """

    def __init__(
        self,
        name: str,
        listener: socket.socket,
        desk: Desk,
        *,
        most_connections: int,
        most_bytes: int,
        uid: int | None = None,
        desk_of: Callable[[int], Desk] | None = None,
    ) -> None:
        super().__init__(name, listener, _Handler, most_connections)
        self.desk, self.most_bytes = desk, most_bytes
        self.uid = os.getuid() if uid is None else uid
        self.desk_of = desk_of or self._own_desk
        self._shares = most_connections // 2, max(1, most_connections // 4)
        self._guests: dict[object, int] = {}  # connections of others, and whose
        self._guests_lock = threading.Lock()

    def enter(self, request: Any) -> bool:
        uid = peer_uid(request)
        if uid == self.uid:
            return super().enter(request)
        with self._guests_lock:
            all_, each = self._shares
            has_room = len(self._guests) < all_ and list(self._guests.values()).count(uid) < each
            if not has_room or not super().enter(request):
                return False
            self._guests[request] = uid
        return True

    def leave(self, request: Any) -> None:
        with self._guests_lock:
            self._guests.pop(request, None)
        super().leave(request)

    def _own_desk(self, uid: int) -> Desk:
        if uid != self.uid:
            raise Refused(f"user {uid} asked; the {self.name} answers user {self.uid} only, whose it is")
        return self.desk


class _Handler(QuietHandler):
    """One request."""

    timeout = TIMEOUT_SECONDS

    @property
    def _server(self) -> UnixServer:
        return cast("UnixServer", self.server)

    def do_GET(self) -> None:  # noqa: N802 - http.server's name
        """What is known."""
        self._answer(b"")

    def do_POST(self) -> None:  # noqa: N802 - http.server's name
        """What comes."""
        length, most = self.headers.get("Content-Length", ""), self._server.most_bytes
        if _LENGTH.fullmatch(length) is None or int(length) > most:
            self._fail(Invalid(f"request: Content-Length is {length!r:.80}; at most {most} bytes are read"))
            return
        self._answer(self.rfile.read(int(length)))

    def _answer(self, body: bytes) -> None:
        try:
            found = self._server.desk_of(self._peer()).answer(self.command, self.path, body)
        except TorrazzoError as error:
            self._fail(error)
        else:
            self._send(found)

    def _peer(self) -> int:
        """The Unix user who asks, as the kernel tells it."""
        return peer_uid(self.connection)

    def _fail(self, error: TorrazzoError) -> None:
        self._send(self._server.desk.explain(error))

    def _send(self, body: Body) -> None:
        self.close_connection = True
        self.answer(body.status, body.data, body.type)

    def version_string(self) -> str:
        """Who answers."""
        return f"torrazzo-{self._server.name}"
