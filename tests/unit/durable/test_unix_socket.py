# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
from pathlib import Path

import pytest

from torrazzo.durable.unix_socket import connect_unix, listen_unix


def test_a_socket_may_lie_deep(tmp_path: Path) -> None:
    """A path longer than the kernel's 107 bytes can be listened at, connected to, and taken over."""
    path = tmp_path / ("d" * 120) / "run.sock"
    path.parent.mkdir()
    with pytest.raises(FileNotFoundError):
        connect_unix(path)
    first = listen_unix(path)
    first.close()
    with pytest.raises(ConnectionRefusedError):
        connect_unix(path)
    with listen_unix(path) as listener, connect_unix(path, timeout_s=5) as client:
        assert path.stat().st_mode & 0o777 == 0o600
        server, _ = listener.accept()
        with server:
            client.sendall(b"x")
            assert server.recv(1) == b"x"
