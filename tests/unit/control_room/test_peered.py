# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who holds connections, over a real socket, and how many."""

import contextlib
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from tests.tools.patience import PATIENCE_S
from torrazzo.access import Peer
from torrazzo.control_room import patient, peered
from torrazzo.control_room.peered import PeeredProtocol, requesting
from torrazzo.durable.unix_socket import listen_unix


async def _who(request: Request) -> Response:
    return PlainTextResponse(requesting(request).name)


class Door:
    """Whoever comes is the Unix user that `uid` says; their connections stay open."""

    def __init__(self, path: Path) -> None:
        self.path, self.uid = path, os.getuid()
        self.open: list[socket.socket] = []

    def lets_in(self, uid: int) -> bool:
        """Whether somebody who comes now is answered."""
        self.uid = uid
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(PATIENCE_S)
        self.open.append(client)
        with contextlib.suppress(ConnectionError):
            client.connect(str(self.path))
            client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            return b"200 OK" in client.recv(4096)
        return False


@pytest.fixture
def door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    monkeypatch.setattr(patient, "HEAD_S", 600.0)
    door = Door(tmp_path / "s")
    monkeypatch.setattr(peered, "peer_of", lambda _: Peer(door.uid, "somebody"))
    config = uvicorn.Config(
        Starlette(routes=[Route("/", _who)]),
        log_config=None,
        access_log=False,
        lifespan="off",
        timeout_keep_alive=600,
        http=PeeredProtocol,
    )
    server = uvicorn.Server(config)
    with listen_unix(door.path, 0o600) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield door
        finally:
            for client in door.open:
                client.close()
            server.should_exit = True
            thread.join(60)


def test_no_other_user_takes_all_connections(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each other user has some, all of them together some more, and whose it is always finds one."""
    monkeypatch.setattr(peered, "MOST_OF_ONE", 2)
    monkeypatch.setattr(peered, "MOST_OF_OTHERS", 3)
    own = os.getuid()
    anna, bruno, carla = own + 1, own + 2, own + 3
    assert [door.lets_in(anna) for _ in range(4)] == [True, True, False, False]
    assert door.lets_in(bruno)
    assert not door.lets_in(carla)
    assert all(door.lets_in(own) for _ in range(5))
    door.open[0].close()
    while not door.lets_in(carla):  # nothing tells when it was seen that somebody left
        threading.Event().wait(0.01)
    assert not door.lets_in(bruno)
