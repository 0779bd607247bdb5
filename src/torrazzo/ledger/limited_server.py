# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A small HTTP server for strangers, on TCP or a Unix socket: so many at once, so long, so much each."""

import io
import socket
import sys
import threading
import traceback
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from typing import Any, cast

import structlog

from torrazzo.base.clock import Clock
from torrazzo.base.times import BootNs
from torrazzo.ledger.limited_reader import LimitedReader

MOST_CONNECTIONS = 64
CONNECTION_S = 60  # of a connection, however many requests it carries
CONNECTION_BYTES = 8 << 20

TEXT, JSON = "text/plain; charset=utf-8", "application/json"

log = structlog.get_logger(__name__)


class LimitedServer(ThreadingTCPServer):
    """On a listening socket; `serve_forever` in one thread."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, listener: socket.socket, handler: "type[LimitedHandler]", clock: Clock) -> None:
        super().__init__(("", 0), handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.clock = clock
        self._places = threading.BoundedSemaphore(MOST_CONNECTIONS)

    def process_request(self, request: Any, client_address: Any) -> None:
        """A thread for it, if there is a place."""
        if not self._places.acquire(blocking=False):
            log.warning("server_busy", connections=MOST_CONNECTIONS)
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
        if not isinstance(error, OSError):  # who asked and went away, or sent too much, is no news
            log.error("request_failed", trace="".join(traceback.format_exception(error)))


class LimitedHandler(BaseHTTPRequestHandler):
    """The requests of one connection; those who inherit have `do_GET` and perhaps `do_POST`."""

    timeout = CONNECTION_S
    protocol_version = "HTTP/1.1"
    server_version = "torrazzo"
    sys_version = ""

    def setup(self) -> None:
        """What the other end sends is read within limits."""
        super().setup()
        clock = cast("LimitedServer", self.server).clock
        until = BootNs(clock.boot_ns() + CONNECTION_S * 1_000_000_000)
        reader = LimitedReader(self.connection, clock, until, CONNECTION_BYTES, "too much was sent")
        self.rfile = io.BufferedReader(reader)

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
        """Of no interest: what is sent is judged by its signature."""
        return "-"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """What the base class says about bad request lines."""
        log.debug("http", said=format % args)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing: requests are not news."""
