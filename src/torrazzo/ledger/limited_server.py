# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A small HTTP server for strangers, on TCP or a Unix socket: so many at once, so long, so much each."""

import io
import socket
from typing import cast

from torrazzo.base.clock import Clock
from torrazzo.base.times import BootNs
from torrazzo.ledger.limited_reader import LimitedReader
from torrazzo.town.bounded_server import BoundedServer, QuietHandler

MOST_CONNECTIONS = 64
CONNECTION_S = 60  # of a connection, however many requests it carries
CONNECTION_BYTES = 8 << 20


class LimitedServer(BoundedServer):
    """On a listening socket, TCP or Unix."""

    def __init__(self, name: str, listener: socket.socket, handler: "type[LimitedHandler]", clock: Clock) -> None:
        super().__init__(name, listener, handler, MOST_CONNECTIONS)
        self.clock = clock


class LimitedHandler(QuietHandler):
    """The requests of one connection; those who inherit have `do_GET` and perhaps `do_POST`."""

    timeout = CONNECTION_S
    server_version = "torrazzo"

    def setup(self) -> None:
        """What the other end sends is read within limits."""
        super().setup()
        clock = cast("LimitedServer", self.server).clock
        until = BootNs(clock.boot_ns() + CONNECTION_S * 1_000_000_000)
        reader = LimitedReader(self.connection, clock, until, CONNECTION_BYTES, "too much was sent")
        self.rfile = io.BufferedReader(reader)
