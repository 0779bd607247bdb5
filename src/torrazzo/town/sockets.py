# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The Unix sockets in `<home>/run`, by which the processes of one box talk HTTP.

A socket's path may have 107 bytes; through the folder's descriptor a home may lie as deep as it likes.
"""

import http.client
import json
import os
import socket
from collections.abc import Callable
from pathlib import Path

from torrazzo.base.errors import Damaged, Unavailable
from torrazzo.durable import Disk

_ANSWER = 64 << 20


def listen_unix(disk: Disk, path: Path) -> socket.socket:
    """A listening socket, ours alone; one left by a process that died is replaced (the caller holds the lock)."""
    disk.make_folder(path.parent)
    if path.exists() or path.is_symlink():
        disk.unlink(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _with_folder(path, listener.bind)
        path.chmod(0o600)
        listener.listen(128)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener


def connect_unix(path: Path, timeout: float | None = None) -> socket.socket:
    """A connected socket; raises OSError when nobody listens there."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(timeout)
    try:
        _with_folder(path, connection.connect)
    except OSError:
        connection.close()
        raise
    return connection


class UnixHttp(http.client.HTTPConnection):
    """HTTP over such a socket."""

    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        """Through the folder's descriptor."""
        self.sock = connect_unix(self._path, self.timeout)


def ask(path: Path, method: str, target: str, body: object = None, timeout: float = 10.0) -> tuple[int, object]:
    """One request with a JSON body, answered by JSON; raises `Unavailable` when nobody answers in time."""
    data = None if body is None else json.dumps(body).encode()
    connection = UnixHttp(path, timeout)
    try:
        connection.request(method, target, data, {"Content-Type": "application/json"} if data else {})
        answer = connection.getresponse()
        text = answer.read(_ANSWER)
        return answer.status, json.loads(text) if text else None
    except (OSError, http.client.HTTPException) as error:
        raise Unavailable(f"{path}: nobody answers ({error}); is `torrazzo serve` running?") from error
    except ValueError as error:
        raise Damaged(f"{path}: {method} {target}: the answer is not JSON; restart `torrazzo serve`") from error
    finally:
        connection.close()


def _with_folder(path: Path, act: Callable[[str], None]) -> None:
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        act(f"/proc/self/fd/{folder}/{path.name}")
    finally:
        os.close(folder)
