# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""HTTP that knows who asks: the kernel is asked once a connection, when it is made."""

import asyncio
import os
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

# Connections to one server by other Unix users than the one we run as, who always finds one: a browser takes six.
MOST_OF_ONE, MOST_OF_OTHERS = 64, 256


class PeeredProtocol(PatientProtocol):
    """Puts the peer into the state of each request on the connection; None where the kernel does not tell."""

    uid: int | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as its base has it
        """A client has come."""
        super().connection_made(transport)
        peer: Peer | None = None
        try:
            peer = peer_of(cast("socket.socket", transport.get_extra_info("socket")))
        except (Refused, OSError, ValueError) as error:
            log.warning("peer_not_known", error=str(error))
        self.app_state = {**self.app_state, STATE: peer}
        self.uid = None if peer is None else peer.uid
        if not self._has_room():
            log.warning("too_many_connections", uid=self.uid)
            transport.abort()

    def _has_room(self) -> bool:
        """Whether this one, which is counted, is not one too many."""
        own = os.getuid()
        others = [each.uid for each in self.connections if isinstance(each, PeeredProtocol) and each.uid != own]
        return self.uid == own or (len(others) <= MOST_OF_OTHERS and others.count(self.uid) <= MOST_OF_ONE)


def requesting(request: Request) -> Peer:
    """Who asks; raises `Refused` where that is not known."""
    peer = request.scope.get("state", {}).get(STATE)
    if not isinstance(peer, Peer):
        raise NotAllowed(
            "who is at the other end of this connection cannot be told: ask again, from this machine itself", "who"
        )
    return peer
