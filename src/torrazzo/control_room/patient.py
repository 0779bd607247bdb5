# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""HTTP that does not wait for ever: who does not say what they want within some seconds is hung up on."""

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

HEAD_S = 10.0  # for a request's first line and headers, from the connection or the answer before
BODY_S = 20.0  # for its body, which is small (`guard.LARGEST_BODY`)


class PatientProtocol(H11Protocol):
    """One connection; a WebSocket leaves it. How long an answer takes is not bounded: pictures are long."""

    _hanging_up: asyncio.TimerHandle | None = None
    _waits_for: str = ""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as its base has it
        """A client has come."""
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """It says something."""
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        """It may say the next."""
        super().on_response_complete()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone."""
        self._stop()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Another protocol goes on."""
        self._waits_for = "nothing"
        self._stop()
        super().handle_websocket_upgrade(event)

    def _watch(self) -> None:
        """The time of a head or a body begins once, however little of it comes at a time."""
        if self._waits_for == "nothing":
            return
        cycle: RequestResponseCycle | None = self.cycle  # None before the first request
        waits_for = "head" if cycle is None or cycle.response_complete else "body" if cycle.more_body else ""
        if waits_for == self._waits_for:
            return
        self._stop()
        self._waits_for = waits_for
        if waits_for:
            seconds = HEAD_S if waits_for == "head" else BODY_S
            self._hanging_up = self.loop.call_later(seconds, self._hang_up)

    def _hang_up(self) -> None:
        self._hanging_up = None
        if not self.transport.is_closing():
            self.transport.abort()

    def _stop(self) -> None:
        if self._hanging_up is not None:
            self._hanging_up.cancel()
            self._hanging_up = None
