# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The logs for anybody who can reach them, to be read only: what an auditor in another office, or a monitor, needs.

GET /<log>/checkpoint, /<log>/cosigned, /<log>/tile/…, /<log>/consistency?old=N, /<log>/proof?…; <log> is rec or act
GET /status     origins, sizes, and the entry with which each log begins
"""

import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import structlog

from torrazzo.base.clock import Clock
from torrazzo.base.errors import TorrazzoError, Unavailable
from torrazzo.ledger.limited_server import LimitedHandler, LimitedServer
from torrazzo.ledger.listening import listen
from torrazzo.ledger.reader import LogReader
from torrazzo.ledger.service import LedgerServer, Open, look
from torrazzo.town.bounded_server import JSON

READABLE = ("/rec/", "/act/")

log = structlog.get_logger(__name__)


class PublicServer(LimitedServer):
    """Beside the ledger's own socket; shows the ledger that is open there."""

    def __init__(self, listener: socket.socket, ledger: LedgerServer, clock: Clock) -> None:
        super().__init__("ledger", listener, PublicHandler, clock)
        self.ledger = ledger


class PublicHandler(LimitedHandler):
    """The requests of one connection."""

    def do_GET(self) -> None:  # noqa: N802 - http.server's name
        """What is in the logs."""
        server = cast("PublicServer", self.server).ledger
        ledger = server.ledger
        if ledger is None:
            self.answer(503, f"{server.why}\n".encode())
        elif self.path == "/status":
            self.answer(200, json.dumps(_sizes(ledger)).encode(), JSON)
        elif not self.path.startswith(READABLE):
            self.answer(404, b"there are /rec/ and /act/, and /status\n")
        else:
            try:
                kind, data = look(ledger, self.path)
            except TorrazzoError as error:
                body = server.explain(error)
                self.answer(body.status, body.data, body.type)
            else:
                self.answer(200, data, kind)


@contextlib.contextmanager
def public(where: str, folder: Path, ledger: LedgerServer, clock: Clock) -> Iterator[None]:
    """Listen there for the block; nowhere if it is empty, or another program does: the ledger runs all the same."""
    with contextlib.ExitStack() as stack:
        try:
            listener = stack.enter_context(listen(where, folder)) if where else None
        except Unavailable as error:
            log.error("ledger_not_shown", error=str(error))  # noqa: TRY400 - it has no trace to tell
            listener = None
        if listener is None:
            yield
            return
        server = PublicServer(listener, ledger, clock)
        threading.Thread(target=server.serve_forever, name="ledger-public", daemon=True).start()
        log.info("ledger_shown", address=where)
        try:
            yield
        finally:
            server.shutdown()


def _sizes(ledger: Open) -> dict[str, object]:
    return {"v": 1, "rec": _size(ledger.store.rec), "act": _size(ledger.store.act)}


def _size(reader: LogReader) -> dict[str, object]:
    return {"origin": reader.head.origin, "size": reader.head.size, "minimum": reader.minimum}
