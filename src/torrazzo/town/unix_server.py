# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A small HTTP server on a Unix socket, by default for one Unix user: each connection carries one request."""

import os
import socket
import struct
import sys
import threading
import traceback
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingUnixStreamServer
from typing import Any, NamedTuple, Protocol, cast

import structlog

from torrazzo.base.errors import Invalid, Refused, TorrazzoError

TIMEOUT_SECONDS = 10  # of silence within a request
JSON = "application/json"

_CREDENTIALS = struct.Struct("=iII")  # struct ucred: pid, uid, gid

log = structlog.get_logger(__name__)


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


class UnixServer(ThreadingUnixStreamServer):
    """On a listening socket; `serve_forever` in one thread.

    Other Unix users than `uid` are refused, unless `desk_of` says which desk answers a user.
    """

    daemon_threads = True
    block_on_close = False

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
        super().__init__("", _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.name, self.desk, self.most_bytes = name, desk, most_bytes
        self.uid = os.getuid() if uid is None else uid
        self.desk_of = desk_of or self._own_desk
        self._most = most_connections
        self._places = threading.BoundedSemaphore(most_connections)

    def _own_desk(self, uid: int) -> Desk:
        if uid != self.uid:
            raise Refused(f"user {uid} asked; the {self.name} answers user {self.uid} only, whose it is")
        return self.desk

    def process_request(self, request: Any, client_address: Any) -> None:
        """A thread for it, if there is a place: who comes too often waits in its own process."""
        if not self._places.acquire(blocking=False):
            log.warning("server_busy", server=self.name, connections=self._most)
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """In its thread; the place is free again whatever happens."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - as the base class has it
        """A request that failed costs itself only."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):  # who asked and went away is no news
            # as text: a renderer that shows local variables would print secrets
            log.error("request_failed", server=self.name, trace="".join(traceback.format_exception(error)))


class _Handler(BaseHTTPRequestHandler):
    """One request."""

    timeout = TIMEOUT_SECONDS
    protocol_version = "HTTP/1.1"
    sys_version = ""

    @property
    def _server(self) -> UnixServer:
        return cast("UnixServer", self.server)

    def do_GET(self) -> None:
        """What is known."""
        self._answer(b"")

    def do_POST(self) -> None:
        """What comes."""
        length, most = self.headers.get("Content-Length", ""), self._server.most_bytes
        if not (length.isascii() and length.isdigit()) or int(length[:9]) > most:
            self._fail(Invalid(f"request: Content-Length is {length!r}; at most {most} bytes are read"))
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
        peer = self.connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        uid: int = _CREDENTIALS.unpack(peer)[1]
        return uid

    def _fail(self, error: TorrazzoError) -> None:
        self._send(self._server.desk.explain(error))

    def _send(self, body: Body) -> None:
        self.close_connection = True
        self.send_response(body.status)
        self.send_header("Content-Type", body.type)
        self.send_header("Content-Length", str(len(body.data)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body.data)

    def version_string(self) -> str:
        """Who answers."""
        return f"torrazzo-{self._server.name}"

    def address_string(self) -> str:
        """Nobody has one."""
        return "unix"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """What the base class says about bad request lines."""
        log.debug("http_said", server=self._server.name, said=format % args)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing: requests are not news."""
