# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""HTTP over TLS that knows the station: by the certificate that it shows, if it has one (AC-06).

Behind a proxy it is the proxy that sees it, and says so in Client-Cert: as RFC 9440 has it, or as PEM with escapes,
which nginx can write. Of two such headers one is not the proxy's, so that neither is believed.
"""

import asyncio
import base64
import hashlib
import ssl
import urllib.parse
from collections.abc import Sequence

import structlog
from starlette.requests import HTTPConnection

from torrazzo.control_room.patient import PatientProtocol
from torrazzo.town.home import CLIENT_CERT

log = structlog.get_logger(__name__)

STATE = "torrazzo.station"
HANDS_ON = "torrazzo.client-cert"  # whether who is at the other end is the proxy, and is believed
LONGEST = 16 << 10  # characters


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
    state = request.scope.get("state", {})
    if state.get(HANDS_ON) is True:
        return handed_on(request.headers.getlist(CLIENT_CERT))
    found = state.get(STATE)
    return found if isinstance(found, str) else ""


def handed_on(values: Sequence[str]) -> str:
    """The same, of a proxy's headers."""
    said = [value.strip() for value in values]
    if not any(said):
        return ""
    try:
        (text,) = said
        if len(text) > LONGEST:
            raise ValueError("too long")
        if text.startswith(":") and text.endswith(":") and len(text) > 1:
            der = base64.b64decode(text[1:-1], validate=True)
        else:
            der = ssl.PEM_cert_to_DER_cert(urllib.parse.unquote(text, errors="strict"))
    except ValueError as error:
        log.warning("client_cert_unreadable", headers=len(said), error=str(error)[:100])
        return ""
    return hashlib.sha256(der).hexdigest() if der else ""
