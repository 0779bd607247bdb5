# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""HTTP from the town's proxy, and from nobody else: it is known by its Unix user on this machine, or by its address."""

import asyncio
import ipaddress
import pwd
import socket
from typing import ClassVar, cast

import structlog
from uvicorn.protocols.http.h11_impl import H11Protocol

from torrazzo.access import peer_of
from torrazzo.base.errors import Invalid, Refused
from torrazzo.control_room.patient import PatientProtocol
from torrazzo.control_room.stationed import HANDS_ON, StationedProtocol
from torrazzo.town.home import PublicSettings

log = structlog.get_logger(__name__)


class ProxiedProtocol(PatientProtocol):
    """Hangs up on whoever is not the proxy, before a word is read."""

    public: ClassVar[PublicSettings]

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as its base has it
        """Somebody has come."""
        super().connection_made(transport)
        try:
            self._expect_proxy(cast("socket.socket", transport.get_extra_info("socket")))
        except (Refused, OSError, ValueError) as error:
            log.warning("not_the_proxy", error=str(error))
            transport.abort()
            return
        self.app_state = {**self.app_state, HANDS_ON: self.public.has_client_cert}

    def _expect_proxy(self, connection: socket.socket) -> None:
        if self.public.proxy_user:
            if (name := peer_of(connection).name) != self.public.proxy_user:
                raise Refused(f"user {name} came to the port of the proxy, which runs as {self.public.proxy_user}")
        elif self.public.proxy_address:
            address = ipaddress.ip_address(connection.getpeername()[0].partition("%")[0])
            address = getattr(address, "ipv4_mapped", None) or address
            if address != ipaddress.ip_address(self.public.proxy_address):
                raise Refused(f"{address} came to the port of the proxy, which has {self.public.proxy_address}")


def protocol_of(public: PublicSettings) -> type[H11Protocol]:
    """For these settings; raises `Invalid` for a user that this machine has not."""
    if not public.is_behind_proxy:
        return StationedProtocol
    if public.proxy_user:
        try:
            pwd.getpwnam(public.proxy_user)
        except KeyError as error:
            raise Invalid(f"public.proxy_user: this machine has no user {public.proxy_user}") from error
    return type("ProxiedProtocol", (ProxiedProtocol,), {"public": public})
