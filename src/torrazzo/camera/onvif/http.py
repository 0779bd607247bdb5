# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""One HTTP request and its answer, over one connection of its own: the only file here that sends to a device."""

import asyncio
import urllib.parse
from typing import NamedTuple

import h11

from torrazzo.camera import limits
from torrazzo.camera.address import Address
from torrazzo.camera.connection import Connection, connect
from torrazzo.camera.errors import CameraError
from torrazzo.camera.onvif.addresses import target
from torrazzo.camera.onvif.errors import NotOnvif
from torrazzo.camera.onvif.xml import plain

_PIECE = 64 * 1024
_PICTURES = ("image/", "video/", "audio/", "multipart/x-mixed-replace")


class Trust(NamedTuple):
    """How a device with TLS is known (as for rtsps)."""

    ca_pem: str | None = None
    pin_sha256: str | None = None


class Answer(NamedTuple):
    """What came back; header names in lower case."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def all(self, name: str) -> list[str]:
        """The values of one header."""
        return [value for key, value in self.headers if key == name]


async def post(
    where: Address, headers: list[tuple[str, str]], body: bytes, trust: Trust, seconds: float = limits.ONVIF_SECONDS
) -> Answer:
    """Send, and read the answer to its end. Raises `CameraError`, of which none repeats what was sent."""
    try:
        async with asyncio.timeout(seconds):
            connection = await connect(where, trust.ca_pem, trust.pin_sha256)
            try:
                return await _exchange(connection, where, headers, body)
            finally:
                connection.close()
    except TimeoutError as error:
        raise CameraError(f"{where.place} did not answer within {seconds:g} s", "net") from error


async def _exchange(connection: Connection, where: Address, headers: list[tuple[str, str]], body: bytes) -> Answer:
    talk = h11.Connection(h11.CLIENT, max_incomplete_event_size=limits.ONVIF_HEAD)
    host = urllib.parse.urlsplit(where.url).netloc
    standing = [("Host", host), ("Connection", "close"), ("Content-Length", str(len(body)))]
    try:
        request = h11.Request(method="POST", target=target(where), headers=[*standing, *headers])
        sent = [talk.send(request), talk.send(h11.Data(data=body)), talk.send(h11.EndOfMessage())]
        connection.send(b"".join(part or b"" for part in sent))
        return await _read(connection, talk, where)
    except h11.ProtocolError as error:
        raise NotOnvif(f"{where.place} does not speak HTTP as expected: {plain(str(error))}") from error


async def _read(connection: Connection, talk: h11.Connection, where: Address) -> Answer:
    status, seen = 0, 0
    head: tuple[tuple[str, str], ...] = ()
    body = bytearray()
    while True:
        event = talk.next_event()
        if event is h11.NEED_DATA:
            data = await _receive(connection)
            seen += len(data)
            if seen > limits.ONVIF_HEAD + 2 * limits.ONVIF_ANSWER:
                raise NotOnvif(f"{where.place} does not come to an end")
            talk.receive_data(data)
        elif isinstance(event, h11.Response):
            status = event.status_code
            head = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in event.headers)
            _check_kind(head, where)
        elif isinstance(event, h11.Data):
            body += event.data
        elif isinstance(event, h11.EndOfMessage):
            return Answer(status, head, bytes(body))
        elif not isinstance(event, h11.InformationalResponse):
            raise NotOnvif(f"{where.place} ends the conversation without an answer")


def _check_kind(head: tuple[tuple[str, str], ...], where: Address) -> None:
    """A picture is not read: nothing here asks for one, so it is nobody's business what it shows."""
    kind = next((value.lower() for name, value in head if name == "content-type"), "")
    if kind.startswith(_PICTURES):
        raise NotOnvif(f"{where.place} answers with {plain(kind, 60)}, not with SOAP")


async def _receive(connection: Connection) -> bytes:
    """Some bytes; none at the end, or when the connection broke: whether that was too early, h11 knows."""
    piece = memoryview(bytearray(_PIECE))
    while True:
        try:
            if got := connection.read_into(piece):
                return bytes(piece[:got])
        except CameraError:
            return b""
        await connection.until_readable()
