# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""HTTP over TLS that knows the station: by the certificate that it shows, if it has one (AC-06)."""

import asyncio
import hashlib

from starlette.requests import HTTPConnection

from torrazzo.control_room.patient import PatientProtocol

STATE = "torrazzo.station"


class StationedProtocol(PatientProtocol):
    """Puts the certificate's SHA-256 into the state of each request on the connection; empty: none was shown."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as its base has it
        """A client has come; its certificate, if it has one, is signed by whom the settings name."""
        super().connection_made(transport)
        tls = transport.get_extra_info("ssl_object")
        shown = None if tls is None else tls.getpeercert(binary_form=True)
        self.app_state = {**self.app_state, STATE: hashlib.sha256(shown).hexdigest() if shown else ""}


def certificate_of(request: HTTPConnection) -> str:
    """SHA-256 in hex of what the station showed; empty: nothing, or we cannot know."""
    found = request.scope.get("state", {}).get(STATE)
    return found if isinstance(found, str) else ""
