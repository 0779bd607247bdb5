# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""WebSockets that hold little: what a slow browser does not take waits in its viewer's queue, and is dropped there."""

import contextlib
import socket
from asyncio import BaseTransport

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

MOST_SAID = 4_096  # bytes that a browser says at once
PING_S = 20.0
UNSENT = 256 << 10  # bytes that wait in the kernel without having been sent

_NOTSENT_LOWAT = 25  # TCP_NOTSENT_LOWAT of Linux, which `socket` doesn't name


class LiveProtocol(WebSocketsSansIOProtocol):
    """As the server makes them."""

    def connection_made(self, transport: BaseTransport) -> None:
        """A browser has come."""
        super().connection_made(transport)
        with contextlib.suppress(OSError, AttributeError):
            transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, _NOTSENT_LOWAT, UNSENT)
