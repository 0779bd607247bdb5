# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Connections that say nothing, or little at a time, over a real socket."""

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from tests.tools.patience import PATIENCE_S
from torrazzo.control_room import patient
from torrazzo.control_room.bind import bind_page
from torrazzo.control_room.patient import PatientProtocol

SHORT_S = 0.4


async def _echo(request: Request) -> Response:
    return PlainTextResponse(await request.body())


@pytest.fixture
def seconds() -> float:
    """How long the server waits."""
    return SHORT_S


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch, seconds: float) -> Iterator[int]:
    monkeypatch.setattr(patient, "HEAD_S", seconds)
    monkeypatch.setattr(patient, "BODY_S", seconds)
    app = Starlette(routes=[Route("/", _echo, methods=["GET", "POST"])])
    with bind_page("127.0.0.1", 0) as listener:
        config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", http=PatientProtocol)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield int(listener.getsockname()[1])
        finally:
            server.should_exit = True
            thread.join(60)


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"GET / HTTP/1.1\r\nHost: loc",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nhalf",
    ],
)
def test_who_does_not_go_on_is_hung_up_on(port: int, said: bytes) -> None:
    """Nothing, half a head, half a body: the connection ends by itself, without an answer."""
    with socket.create_connection(("127.0.0.1", port), PATIENCE_S) as client:
        client.sendall(said)
        with contextlib.suppress(ConnectionResetError):
            assert client.recv(100) == b""


def test_who_goes_on_by_drops_is_hung_up_on(port: int) -> None:
    """The time is that of a whole head: a header line now and then prolongs nothing."""
    with socket.create_connection(("127.0.0.1", port), PATIENCE_S) as client:
        client.settimeout(SHORT_S / 4)
        client.sendall(b"GET / HTTP/1.1\r\n")
        with contextlib.suppress(ConnectionError):
            for n in range(1_000):
                client.sendall(b"x-%d: y\r\n" % n)
                with contextlib.suppress(TimeoutError):
                    assert client.recv(100) == b""
                    return
            pytest.fail("it was listened to for ever")


@pytest.mark.parametrize("seconds", [60.0])  # in time on any machine
def test_who_asks_in_time_is_answered_again_and_again(port: int) -> None:
    """One connection, several requests, with a body and without one."""
    with socket.create_connection(("127.0.0.1", port), PATIENCE_S) as client:
        for _ in range(3):
            client.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nping")
            assert _answer(client).endswith(b"ping")
            client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert b"200 OK" in _answer(client)


def _answer(client: socket.socket) -> bytes:
    said = b""
    while b"\r\n\r\n" not in said or (b"content-length: 4" in said and not said.endswith(b"ping")):
        more = client.recv(4096)
        assert more, said
        said += more
    return said
