# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A web server in a thread of a test, which leaves no connection behind when it ends."""

import asyncio
import socket

import uvicorn


class PageServer(uvicorn.Server):
    """Browsers open connections ahead: one that came while it ended would stay, and some later test be blamed."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """As usual; then what came meanwhile is cut."""
        await super().shutdown(sockets)
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        await asyncio.sleep(0.01)  # until each has closed its socket
