# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Asking the town's provider over HTTP: its own hosts alone, by TLS, within limits, and no redirection is followed."""

import http.client
import json
import ssl
from collections.abc import Collection, Mapping
from socket import socket
from typing import Any, NamedTuple, cast
from urllib.parse import SplitResult, urlsplit

from torrazzo.base.clock import Clock
from torrazzo.base.errors import Damaged, Invalid, Unavailable
from torrazzo.base.strict_json import once
from torrazzo.base.times import BootNs
from torrazzo.ledger.limited_reader import LimitedReader, read_body

SECONDS = 8.0  # from the question to the last byte; looking up a name comes on top
BYTES = 256 << 10  # of an answer, its head included
_LONGEST = 2_000
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_JSON = ("application/json", "application/jwk-set+json")
_TOO_LONG = "the answer is longer than any of a provider"


class Answer(NamedTuple):
    """A status, and the JSON object that came with it."""

    status: int
    said: Mapping[str, Any]


def check_url(url: object, hosts: Collection[str]) -> SplitResult:
    """An address that may be asked; raises `Invalid` for another host, and without TLS beyond this machine."""
    text = url if isinstance(url, str) else ""
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError as error:
        raise Invalid(f"{text[:80]!r} is no address") from error
    host = parts.hostname or ""
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)
    if not is_safe or len(text) > _LONGEST or not text.isascii() or not text.isprintable() or " " in text:
        raise Invalid(f"{text[:80]!r}: a provider is asked at https://…")
    if parts.username is not None or parts.fragment:
        raise Invalid(f"{parts.hostname}: an address without a name, a password or a # in it")
    if host not in hosts:
        raise Invalid(f"{host[:80]!r} is no host of the provider; if it is, say so when you set it up: --host")
    return parts


def ask(
    method: str,
    address: SplitResult,
    clock: Clock,
    ca: str | None = None,
    body: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Raises `Unavailable` where nothing comes in time, `Damaged` for what is no JSON object."""
    until = BootNs(clock.boot_ns() + int(SECONDS * 1_000_000_000))
    target = (address.path or "/") + (f"?{address.query}" if address.query else "")
    said = {"accept": "application/json", "connection": "close", **(headers or {})}
    try:
        connection = _connection(address, ca)
        try:
            connection.request(method, target, body, said)
            reader = LimitedReader(connection.sock, clock, until, BYTES, _TOO_LONG)
            answer = http.client.HTTPResponse(cast("socket", reader), method=method)  # it only asks for `makefile`
            answer.begin()
            found = read_body(answer, BYTES, _TOO_LONG)
        finally:
            connection.close()
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Unavailable(f"{address.hostname}: {str(error) or repr(error)}"[:300]) from error
    if 300 <= answer.status < 400 or answer.status >= 500:
        raise Unavailable(f"{address.hostname}: HTTP status {answer.status} for {address.path[:100]}")
    if not (answer.headers.get("content-type") or "").lower().startswith(_JSON):
        raise Damaged(f"{address.hostname}: what came from {address.path[:100]} is no JSON")
    try:
        parsed = json.loads(found.decode(), object_pairs_hook=once)
    except (ValueError, RecursionError) as error:
        raise Damaged(f"{address.hostname}: what came from {address.path[:100]} is no JSON: {error}"[:300]) from error
    if not isinstance(parsed, dict):
        raise Damaged(f"{address.hostname}: what came from {address.path[:100]} is no JSON object")
    return Answer(answer.status, parsed)


def _connection(address: SplitResult, ca: str | None) -> http.client.HTTPConnection:
    host = address.hostname or ""
    if address.scheme == "http":
        return http.client.HTTPConnection(host, address.port, timeout=SECONDS)
    context = ssl.create_default_context(cadata=ca)
    return http.client.HTTPSConnection(host, address.port, timeout=SECONDS, context=context)
