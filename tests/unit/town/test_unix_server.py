# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A process's socket that other Unix users may ask, too."""

import contextlib
import os
import socket
import threading
from pathlib import Path

from tests.tools.patience import PATIENCE_S
from torrazzo.base.errors import TorrazzoError
from torrazzo.durable.unix_socket import listen_unix
from torrazzo.town.ask import UnixHttp
from torrazzo.town.unix_server import Body, UnixServer


class Open:
    """Answers everybody."""

    def answer(self, method: str, target: str, body: bytes) -> Body:
        return Body(b"{}")

    def explain(self, error: TorrazzoError) -> Body:
        raise error


def _connect(path: Path, held: contextlib.ExitStack) -> socket.socket:
    """One that says nothing."""
    found = held.enter_context(socket.socket(socket.AF_UNIX))
    found.settimeout(PATIENCE_S)
    found.connect(str(path))
    return found


def _asked(path: Path) -> int:
    connection = UnixHttp(path, PATIENCE_S)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status
    finally:
        connection.close()


def test_no_other_user_takes_all_places(tmp_path: Path) -> None:
    """Who only connects has a quarter of them and is sent away with the next; whose it is is answered meanwhile."""
    path = tmp_path / "s"
    somebody_else = os.getuid() + 1  # the server is theirs: we are another user
    server = UnixServer(
        "worker",
        listen_unix(path),
        Open(),
        most_connections=8,
        most_bytes=1,
        uid=somebody_else,
        desk_of=lambda _: Open(),
    )
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        with contextlib.ExitStack() as held:
            for _ in range(2):
                _connect(path, held)
            for _ in range(6):
                assert _connect(path, held).recv(1) == b"", "no place, at once"
            server.uid = os.getuid()
            assert _asked(path) == 200
            server.uid = somebody_else
        while server._guests:  # they went; nothing tells when it was seen
            threading.Event().wait(0.01)
        assert _asked(path) == 200, "a place that was left is free"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
