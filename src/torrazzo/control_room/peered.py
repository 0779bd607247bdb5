# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""HTTP that knows who asks: the kernel is asked once a connection, when it is made."""

import asyncio
import socket
from typing import cast

import structlog
from starlette.requests import Request

from torrazzo.access import Peer, peer_of
from torrazzo.base.errors import Refused
from torrazzo.control_room.patient import PatientProtocol
from torrazzo.control_room.told import NotAllowed

log = structlog.get_logger(__name__)

STATE = "torrazzo.peer"


class PeeredProtocol(PatientProtocol):
    """Puts the peer into the state of each request on the connection; None where the kernel does not tell."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as its base has it
        """A client has come."""
        super().connection_made(transport)
        peer: Peer | None = None
        try:
            peer = peer_of(cast("socket.socket", transport.get_extra_info("socket")))
        except (Refused, OSError, ValueError) as error:
            log.warning("peer_not_known", error=str(error))
        self.app_state = {**self.app_state, STATE: peer}


def requesting(request: Request) -> Peer:
    """Who asks; raises `Refused` where that is not known."""
    peer = request.scope.get("state", {}).get(STATE)
    if not isinstance(peer, Peer):
        raise NotAllowed(
            "who is at the other end of this connection cannot be told: ask again, from this machine itself", "who"
        )
    return peer
