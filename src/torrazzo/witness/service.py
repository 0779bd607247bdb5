# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A cosigner over HTTP: C2SP tlog-witness, for anybody who can reach it.

POST /add-checkpoint                the cosignature of a head
GET  /<origin's hash>/checkpoint    the head of a log that was cosigned last
GET  /status                        JSON, for people
"""

import json
import re
import socket
from collections.abc import Callable, Mapping
from typing import cast

import structlog

from torrazzo.base.clock import Clock
from torrazzo.base.errors import TorrazzoError
from torrazzo.ledger.limited_server import LimitedHandler, LimitedServer
from torrazzo.ledger.witness_request import MAX_BYTES, SIZE_TYPE
from torrazzo.town.bounded_server import JSON, TEXT
from torrazzo.witness.cosigner import Refusal, Witness

_LENGTH = re.compile(r"[0-9]{1,9}", re.ASCII)

log = structlog.get_logger(__name__)


class WitnessServer(LimitedServer):
    """On a listening socket, TCP or Unix."""

    def __init__(
        self, listener: socket.socket, witness: Witness, clock: Clock, status: Callable[[], Mapping[str, object]]
    ) -> None:
        super().__init__("witness", listener, WitnessHandler, clock)
        self.witness, self.status = witness, status


class WitnessHandler(LimitedHandler):
    """The requests of one connection."""

    @property
    def _server(self) -> WitnessServer:
        return cast("WitnessServer", self.server)

    def do_GET(self) -> None:  # noqa: N802 - http.server's name
        """What is known."""
        if self.path == "/status":
            self.answer(200, json.dumps(self._server.status()).encode(), JSON)
            return
        try:
            note = self._server.witness.head(self.path.removeprefix("/"))
        except TorrazzoError as error:
            self._fail(error)
            return
        if note is None:
            self.answer(404, b"no head of such a log was cosigned\n")
        else:
            self.answer(200, note)

    def do_POST(self) -> None:  # noqa: N802 - http.server's name
        """A head."""
        length = self.headers.get("Content-Length", "")
        if _LENGTH.fullmatch(length) is None or int(length) > MAX_BYTES:
            self.close_connection = True
            self.answer(400, f"Content-Length: needed, at most {MAX_BYTES}\n".encode())
            return
        body = self.rfile.read(int(length))
        if self.path != "/add-checkpoint":
            self.answer(404, b"there is /add-checkpoint\n")
            return
        try:
            cosignature = self._server.witness.add_checkpoint(body)
        except TorrazzoError as error:
            self._fail(error)
        else:
            self.answer(200, cosignature)

    def _fail(self, error: TorrazzoError) -> None:
        if isinstance(error, Refusal):
            log.debug("head_refused", status=error.status, why=error.text.strip())
            self.answer(error.status, error.text.encode(), SIZE_TYPE if error.status == 409 else TEXT)
            return
        log.error("witness_failed", error=str(error))
        self.answer(503, b"not now\n")
