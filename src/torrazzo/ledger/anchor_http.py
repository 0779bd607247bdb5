# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Asking an authority over HTTP (RFC 3161 section 3.4): one question, one answer, within limits that hold for both."""

import base64
import hashlib
import http.client
import ssl
from socket import socket
from typing import NamedTuple, cast

from torrazzo.base.clock import Clock
from torrazzo.base.errors import Unavailable
from torrazzo.base.times import SECOND, BootNs, UtcTicks
from torrazzo.ledger.anchor import CLOCK, Anchor
from torrazzo.ledger.anchor_authority import Authority
from torrazzo.ledger.anchor_query import draw_nonce, query
from torrazzo.ledger.anchor_token import open_answer
from torrazzo.ledger.limited_reader import LimitedReader, read_body
from torrazzo.ledger.text import shown

_TOO_LONG = "the answer is longer than any stamp"
_SLACK = 2 * SECOND  # the token's time has whole seconds; clocks that are kept differ by less


class Limits(NamedTuple):
    """How much an authority may cost."""

    seconds: float = 20.0  # from the question to the last byte; looking up its name comes on top
    bytes: int = 1 << 16  # of the whole answer, its head included


LIMITS = Limits()


def ask(authority: Authority, data: bytes, clock: Clock, limits: Limits = LIMITS) -> Anchor:
    """A token over these bytes, made now.

    Raises `Unavailable` when the authority does not answer in time or gives none, `Invalid` or `Unproven` when it
    answers with something else than what it was asked for.
    """
    nonce = draw_nonce()
    sent = clock.utc()
    answer = _post(authority, query(hashlib.sha256(data).digest(), nonce, authority.policy), clock, limits)
    anchor = open_answer(authority, data, nonce, answer)
    return anchor if _fits(anchor, sent, clock.utc()) else anchor._replace(marks=(*anchor.marks, CLOCK))


def _fits(anchor: Anchor, sent: UtcTicks, received: UtcTicks) -> bool:
    slack = _SLACK + (anchor.accuracy or 0)
    return sent - slack <= anchor.at <= received + slack


def _post(authority: Authority, body: bytes, clock: Clock, limits: Limits) -> bytes:
    until = BootNs(clock.boot_ns() + int(limits.seconds * 1_000_000_000))
    address = authority.address()
    target = (address.path or "/") + (f"?{address.query}" if address.query else "")
    connection = _connection(authority, limits.seconds)
    try:
        connection.request("POST", target, body, _headers(authority))
        reader = LimitedReader(connection.sock, clock, until, limits.bytes, _TOO_LONG)
        answer = http.client.HTTPResponse(cast("socket", reader), method="POST")  # it only asks for `makefile`
        answer.begin()
        found = read_body(answer, limits.bytes, _TOO_LONG)
    except (OSError, http.client.HTTPException) as error:
        raise Unavailable(f"authority {authority.name}: {authority.url}: {str(error) or repr(error)}") from error
    finally:
        connection.close()
    if answer.status not in {200, 201}:
        moved = f" to {shown(answer.headers['Location'])}" if "Location" in answer.headers else ""
        raise Unavailable(
            f"authority {authority.name}: {authority.url}: HTTP status {answer.status} {shown(answer.reason)}{moved}"
        )
    return found


def _connection(authority: Authority, seconds: float) -> http.client.HTTPConnection:
    address = authority.address()
    host = address.hostname or ""
    if address.scheme == "http":
        return http.client.HTTPConnection(host, address.port, timeout=seconds)
    context = ssl.create_default_context(cadata=authority.ca)
    return http.client.HTTPSConnection(host, address.port, timeout=seconds, context=context)


def _headers(authority: Authority) -> dict[str, str]:
    found = {
        "Content-Type": "application/timestamp-query",
        "Accept": "application/timestamp-reply",
        "Connection": "close",
    }
    if authority.login is not None:
        pair = f"{authority.login.user}:{authority.login.password.reveal()}"
        found["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode('ascii')}"
    return found
