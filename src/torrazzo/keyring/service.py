# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Segment keys over HTTP on a Unix socket, for processes of the same Unix user only.

POST /segment-keys  the body of request.py in, `{"keys":{"<n>":"<base64>"}}` out
GET /status         how far ahead the keys reach
An error is `{"error":{"kind":…,"text":…}}`. Each connection carries one request.
"""

import socket
import struct
import sys
import threading
import traceback
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingUnixStreamServer
from typing import Any, cast

import structlog

from torrazzo.base.clock import Clock
from torrazzo.base.errors import Damaged, Invalid, Refused, TorrazzoError, Unavailable
from torrazzo.keyring.document import compact
from torrazzo.keyring.public import hours_left
from torrazzo.keyring.request import REQUEST_LIMIT, answer_text, error_text, parse_request
from torrazzo.keyring.ring import Ring

MOST_CONNECTIONS = 16
TIMEOUT_SECONDS = 10  # of silence within a request

_STATUS = ((Invalid, 400), (Refused, 403), (Damaged, 422), (Unavailable, 503))
_CREDENTIALS = struct.Struct("=iII")  # struct ucred: pid, uid, gid

log = structlog.get_logger(__name__)


class _NotFound(Invalid):
    """No such address."""


class KeyServer(ThreadingUnixStreamServer):
    """On a listening Unix socket; `serve_forever` in one thread, `ring` replaced as a whole by another."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, listener: socket.socket, ring: Ring, clock: Clock, uid: int) -> None:
        super().__init__("", KeyHandler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.ring = ring
        self.clock = clock
        self.uid = uid
        self._places = threading.BoundedSemaphore(MOST_CONNECTIONS)

    def process_request(self, request: Any, client_address: Any) -> None:
        """A thread for it, if there is a place: a reader that comes too often waits in its own process."""
        if not self._places.acquire(blocking=False):
            log.warning("keyring_busy", connections=MOST_CONNECTIONS)
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
        if not isinstance(error, OSError):  # a reader that went away is no news
            # as text: a renderer that shows local variables would print keys
            log.error("keyring_request_failed", trace="".join(traceback.format_exception(error)))

    def status(self) -> bytes:
        """The body of `GET /status`."""
        ring, now = self.ring, self.clock.utc()
        classes = sorted({name.class_ for name in ring.keys})
        keys = dict.fromkeys(ring.keys, b"")
        return compact(
            {
                "v": 1,
                "keys": len(ring.keys),
                "first": str(min(ring.keys)) if ring.keys else None,
                "last": str(max(ring.keys)) if ring.keys else None,
                "hours_left": {class_: hours_left(keys, now, class_) for class_ in classes},
            }
        )


class KeyHandler(BaseHTTPRequestHandler):
    """One request."""

    timeout = TIMEOUT_SECONDS
    protocol_version = "HTTP/1.1"
    server_version = "torrazzo-keyring"
    sys_version = ""

    @property
    def _keys(self) -> KeyServer:
        return cast("KeyServer", self.server)

    def do_GET(self) -> None:
        """Status."""
        self._answer(b"")

    def do_POST(self) -> None:
        """Keys."""
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()) or int(length[:9]) > REQUEST_LIMIT:
            self._fail(Invalid(f"request: Content-Length is {length!r}; at most {REQUEST_LIMIT} bytes are read"))
            return
        self._answer(self.rfile.read(int(length)))

    def _answer(self, body: bytes) -> None:
        try:
            answer = self._dispatch(body)
        except TorrazzoError as error:
            self._fail(error)
        else:
            self._send(200, answer)

    def _dispatch(self, body: bytes) -> bytes:
        peer = self.connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        uid = _CREDENTIALS.unpack(peer)[1]
        if uid != self._keys.uid:
            raise Refused(f"user {uid} asked; keys are given to user {self._keys.uid} only, whose ring it is")
        match self.command, self.path:
            case "GET", "/status":
                return self._keys.status()
            case "POST", "/segment-keys":
                wanted = parse_request(body)
                return answer_text(
                    self._keys.ring.segment_keys(wanted.sealed, wanted.stream, wanted.term, wanted.name, wanted.ns)
                )
        raise _NotFound(f"{self.command} {self.path}: there are POST /segment-keys and GET /status")

    def _fail(self, error: TorrazzoError) -> None:
        status = 404 if isinstance(error, _NotFound) else 500
        if status != 404:
            status = next((status for class_, status in _STATUS if isinstance(error, class_)), 500)
        log.warning("keyring_refused", status=status, error=str(error))
        self._send(status, error_text(error))

    def _send(self, status: int, body: bytes) -> None:
        self.close_connection = True
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """What the base class says about bad request lines; requests themselves are not news."""
        log.debug("keyring_http", said=format % args)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing: every look at footage is logged by those who look, not here."""
