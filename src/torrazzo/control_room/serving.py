# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The web servers of this process: several in one loop, of which none wakes up while nobody asks."""

import asyncio
import contextlib
import ssl
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

from torrazzo.control_room.failures import Told
from torrazzo.control_room.live.protocol import MOST_SAID, PING_S, LiveProtocol
from torrazzo.control_room.peered import PeeredProtocol
from torrazzo.control_room.proxied import protocol_of
from torrazzo.town.home import PublicSettings

CLOSING_S = 3


class Server(uvicorn.Server):
    """One of several in a loop; signals are not its affair."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._over = asyncio.Event()

    def end(self) -> None:
        """Take nobody any more, let those finish who are there; in the loop."""
        self.should_exit = True
        self._over.set()

    async def main_loop(self) -> None:
        """Until told to stop. It looks up by nothing else: what its ticks are for, the date, `Told` does."""
        await self._over.wait()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The process has its own handlers."""
        yield


def make_server(app: ASGIApp, public: PublicSettings | None = None, *, has_sockets: bool = False) -> Server:
    """Ready to serve; raises `OSError` for a certificate that cannot be used, `Invalid` for a proxy that cannot be."""
    config = uvicorn.Config(
        Told(app),
        ssl_certfile=None if public is None else public.certificate,
        ssl_keyfile=None if public is None else public.key,
        ssl_ca_certs=None if public is None or public.stations is None else str(public.stations),
        ssl_cert_reqs=ssl.CERT_NONE if public is None or public.stations is None else ssl.CERT_OPTIONAL,
        proxy_headers=False,  # whoever comes by loopback could say to come from anywhere
        log_config=None,
        access_log=False,
        lifespan="off",
        loop="asyncio",
        http=PeeredProtocol if public is None else protocol_of(public),
        ws=LiveProtocol if has_sockets else "none",
        ws_max_size=MOST_SAID,
        ws_ping_interval=PING_S,
        ws_ping_timeout=PING_S,
        ws_per_message_deflate=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=CLOSING_S,
    )
    config.load()
    return Server(config)
