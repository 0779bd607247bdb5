# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Asking a cosigner over HTTP, within limits that hold whatever it answers."""

import http.client
import urllib.parse
from pathlib import Path
from socket import socket
from typing import NamedTuple, cast

from torrazzo.base.clock import Clock
from torrazzo.base.errors import Unavailable
from torrazzo.base.times import BootNs
from torrazzo.ledger.limited_reader import LimitedReader, read_body
from torrazzo.ledger.note import MAX_BYTES
from torrazzo.town.ask import UnixHttp

SECONDS = 5.0  # from the connection to the last byte

_MOST_BYTES = MAX_BYTES + (64 << 10)
_TOO_LONG = "its answer is too long"
_UNIX = "unix:"


class Answer(NamedTuple):
    """Any status."""

    status: int
    body: bytes


def call(address: str, target: str, clock: Clock, body: bytes | None = None, *, seconds: float = SECONDS) -> Answer:
    """`POST` with a body, else `GET`, of a path below the address; raises `Unavailable` when nobody answers in time."""
    connection, prefix = _connection(address, seconds)
    until = BootNs(clock.boot_ns() + int(seconds * 1_000_000_000))
    method = "GET" if body is None else "POST"
    try:
        connection.request(method, f"{prefix}/{target}", body, {"Connection": "close"})
        reader = LimitedReader(connection.sock, clock, until, _MOST_BYTES, _TOO_LONG)
        answer = http.client.HTTPResponse(cast("socket", reader), method=method)  # it only asks for `makefile`
        answer.begin()
        return Answer(answer.status, read_body(answer, _MOST_BYTES, _TOO_LONG))
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Unavailable(f"{address}: {str(error) or repr(error)}") from error
    finally:
        connection.close()


def _connection(address: str, seconds: float) -> tuple[http.client.HTTPConnection, str]:
    if address.startswith(_UNIX):
        return UnixHttp(Path(address.removeprefix(_UNIX)), seconds), ""
    try:
        parts = urllib.parse.urlsplit(address)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        return kind(parts.hostname or "", parts.port, timeout=seconds), parts.path.rstrip("/")
    except ValueError as error:
        raise Unavailable(f"{address}: {error}") from error
