# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A cosigner over HTTP: C2SP tlog-witness, for anybody who can reach it.

POST /add-checkpoint                the cosignature of a head
GET  /<origin's hash>/checkpoint    the head of a log that was cosigned last
GET  /status                        JSON, for people
"""

import io
import json
import socket
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from typing import Any, cast

import structlog

from torrazzo.base.clock import Clock
from torrazzo.base.errors import TorrazzoError
from torrazzo.base.times import BootNs
from torrazzo.ledger.limited_reader import LimitedReader
from torrazzo.ledger.witness_request import MAX_BYTES, SIZE_TYPE
from torrazzo.witness.cosigner import Refusal, Witness

MOST_CONNECTIONS = 64
CONNECTION_S = 60  # of a connection, however many requests it carries
CONNECTION_BYTES = 8 << 20

_TEXT, _JSON = "text/plain; charset=utf-8", "application/json"

log = structlog.get_logger(__name__)


class WitnessServer(ThreadingTCPServer):
    """On a listening socket, TCP or Unix."""

    daemon_threads = True
    block_on_close = False

    def __init__(
        self, listener: socket.socket, witness: Witness, clock: Clock, status: Callable[[], Mapping[str, object]]
    ) -> None:
        super().__init__(("", 0), WitnessHandler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.witness, self.clock, self.status = witness, clock, status
        self._places = threading.BoundedSemaphore(MOST_CONNECTIONS)

    def process_request(self, request: Any, client_address: Any) -> None:
        """A thread for it, if there is a place."""
        if not self._places.acquire(blocking=False):
            log.warning("witness_busy", connections=MOST_CONNECTIONS)
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
            log.error("witness_request_failed", trace="".join(traceback.format_exception(error)))


class WitnessHandler(BaseHTTPRequestHandler):
    """The requests of one connection."""

    timeout = CONNECTION_S
    protocol_version = "HTTP/1.1"
    server_version = "torrazzo-witness"
    sys_version = ""

    @property
    def _server(self) -> WitnessServer:
        return cast("WitnessServer", self.server)

    def setup(self) -> None:
        """What the other end sends is read within limits."""
        super().setup()
        until = BootNs(self._server.clock.boot_ns() + CONNECTION_S * 1_000_000_000)
        reader = LimitedReader(self.connection, self._server.clock, until, CONNECTION_BYTES, "too much was sent")
        self.rfile = io.BufferedReader(reader)

    def do_GET(self) -> None:
        """What is known."""
        if self.path == "/status":
            self._send(200, json.dumps(self._server.status()).encode(), _JSON)
            return
        try:
            note = self._server.witness.head(self.path.removeprefix("/"))
        except TorrazzoError as error:
            self._fail(error)
            return
        if note is None:
            self._send(404, b"no head of such a log was cosigned\n", _TEXT)
        else:
            self._send(200, note, _TEXT)

    def do_POST(self) -> None:
        """A head."""
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()) or int(length[:9]) > MAX_BYTES:
            self.close_connection = True
            self._send(400, f"Content-Length: needed, at most {MAX_BYTES}\n".encode(), _TEXT)
            return
        body = self.rfile.read(int(length))
        if self.path != "/add-checkpoint":
            self._send(404, b"there is /add-checkpoint\n", _TEXT)
            return
        try:
            answer = self._server.witness.add_checkpoint(body)
        except TorrazzoError as error:
            self._fail(error)
        else:
            self._send(200, answer, _TEXT)

    def _fail(self, error: TorrazzoError) -> None:
        if isinstance(error, Refusal):
            log.debug("head_refused", status=error.status, why=error.text.strip())
            self._send(error.status, error.text.encode(), SIZE_TYPE if error.status == 409 else _TEXT)
            return
        log.error("witness_failed", error=str(error))
        self._send(503, b"not now\n", _TEXT)

    def _send(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def address_string(self) -> str:
        """Of no interest: a head is judged by its signature."""
        return "-"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """What the base class says about bad request lines."""
        log.debug("witness_http", said=format % args)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing: requests are not news."""
