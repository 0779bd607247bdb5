# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A small HTTP server: a thread for each connection, and so many of them at once."""

import socket
import sys
import threading
import traceback
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from typing import Any

import structlog

TEXT, JSON = "text/plain; charset=utf-8", "application/json"

log = structlog.get_logger(__name__)


class BoundedServer(ThreadingTCPServer):
    """On a listening socket of any family; `serve_forever` in one thread."""

    address_family = socket.AF_UNIX  # of the socket that the base class makes, and we close
    daemon_threads = True
    block_on_close = False

    def __init__(
        self, name: str, listener: socket.socket, handler: "type[QuietHandler]", most_connections: int
    ) -> None:
        super().__init__(("", 0), handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.name = name
        self._most = most_connections
        self._places = threading.BoundedSemaphore(most_connections)

    def process_request(self, request: Any, client_address: Any) -> None:
        """A thread for it, if there is a place: who comes too often waits in its own process."""
        if not self.enter(request):
            log.warning("server_busy", server=self.name, connections=self._most)
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """In its thread; the place is free again whatever happens."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.leave(request)

    def enter(self, request: Any) -> bool:  # noqa: ARG002 - who inherits asks who it is
        """Whether there is a place for it, which it then has."""
        return self._places.acquire(blocking=False)

    def leave(self, request: Any) -> None:  # noqa: ARG002 - as above
        """Give its place back."""
        self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - as the base class has it
        """A request that failed costs itself only."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):  # who asked and went away, or sent too much, is no news
            # as text: a renderer that shows local variables would print secrets
            log.error("request_failed", server=self.name, trace="".join(traceback.format_exception(error)))


class QuietHandler(BaseHTTPRequestHandler):
    """The requests of one connection; those who inherit have `do_GET` and perhaps `do_POST`."""

    protocol_version = "HTTP/1.1"
    sys_version = ""

    def answer(self, status: int, body: bytes, kind: str = TEXT) -> None:
        """The whole of it."""
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def address_string(self) -> str:
        """Of no interest: who asks is judged by a signature, or as the kernel tells it."""
        return "-"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """What the base class says about bad request lines."""
        log.debug("http_said", said=format % args)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing: requests are not news."""
