# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Unix sockets at paths of any length: the kernel takes at most 107 bytes, homes are sometimes longer."""

import contextlib
import os
import socket
import stat
import struct
from collections.abc import Iterator
from pathlib import Path

_CREDENTIALS = struct.Struct("=iII")  # struct ucred: pid, uid, gid


def peer_uid(connection: socket.socket) -> int:
    """The Unix user at the other end, as the kernel tells it."""
    uid: int = _CREDENTIALS.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))[1]
    return uid


@contextlib.contextmanager
def short_path(path: Path) -> Iterator[str]:
    """A name for the same place that fits, valid within the block: through a descriptor of its folder."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def listen_unix(path: Path, mode: int = 0o600) -> socket.socket:
    """A listening socket, not blocking; of mode 0600 unless other users are to come in.

    What lies at `path` is replaced: the caller holds the lock that says nobody listens there any more.
    """
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        path.unlink(missing_ok=True)
        with short_path(path) as name:
            listener.bind(name)
            os.chmod(name, mode)  # noqa: PTH101 - before it listens, so nobody came in under a wider mode
        listener.listen(128)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener


def let_pass(folder: Path) -> None:
    """Let other users reach what they know the name of in this folder; they still see no list of it."""
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & 0o011 != 0o011:
        folder.chmod(mode | 0o011)


def connect_unix(path: Path, timeout_s: float | None = None) -> socket.socket:
    """A connected socket; raises OSError when nobody listens there."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(timeout_s)
    try:
        with short_path(path) as name:
            connection.connect(name)
    except OSError:
        connection.close()
        raise
    return connection
