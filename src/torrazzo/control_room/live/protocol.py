# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""WebSockets that hold little: what a slow browser does not take waits in its viewer's queue, and is dropped there."""

import contextlib
import socket
from asyncio import BaseTransport

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame

MOST_SAID = 4_096  # bytes that a browser says at once
MOST_PIECES = 64  # of one message
MOST_UNHEARD = 256  # messages that wait to be heard: one read brings tens of thousands, if they are small
MOST_UNREAD = 8 << 20  # bytes that wait for who sends pings and does not read what is answered
PING_S = 20.0
UNSENT = 256 << 10  # bytes that wait in the kernel without having been sent
AWAY_MS = 45_000  # who takes nothing for so long is not there, though its machine says so

_NOTSENT_LOWAT = 25  # TCP_NOTSENT_LOWAT of Linux, which `socket` doesn't name
_POLICY, _TOO_BIG = 1008, 1009


class LiveProtocol(WebSocketsSansIOProtocol):
    """As the server makes them."""

    def connection_made(self, transport: BaseTransport) -> None:
        """A browser has come."""
        super().connection_made(transport)
        with contextlib.suppress(OSError, AttributeError):
            connection = transport.get_extra_info("socket")
            connection.setsockopt(socket.IPPROTO_TCP, _NOTSENT_LOWAT, UNSENT)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, AWAY_MS)

    def handle_cont(self, event: Frame) -> None:
        """Another piece of a message; it may be empty, so their bytes are no bound."""
        if len(self.frames) >= MOST_PIECES:
            self._end(_TOO_BIG, "too many pieces")
        elif not self.close_sent:
            super().handle_cont(event)

    def send_receive_event_to_app(self) -> None:
        """A whole message."""
        if self.queue.qsize() >= MOST_UNHEARD and not self.close_sent:
            self._end(_POLICY, "too many messages")
        super().send_receive_event_to_app()

    def handle_ping(self) -> None:
        """Answered at once, if answers are read."""
        super().handle_ping()
        if self.transport.get_write_buffer_size() > MOST_UNREAD:
            self.transport.abort()

    def keepalive_timeout(self) -> None:
        """Nobody reads: nor would they what is still to be sent."""
        super().keepalive_timeout()
        self.transport.abort()

    def _end(self, code: int, why: str) -> None:
        self.conn.fail(code, why)
        self.handle_parser_exception()
