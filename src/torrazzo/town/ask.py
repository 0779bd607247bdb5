# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Asking another process of the same box: JSON over HTTP over the Unix sockets in `<home>/run`."""

import http.client
import json
import threading
from pathlib import Path

from torrazzo.base.errors import Damaged, Unavailable
from torrazzo.durable.unix_socket import connect_unix

_ANSWER = 64 << 20
_AGAIN_S = 0.2


class WholeResponse(http.client.HTTPResponse):
    """Raises `IncompleteRead` also from `read(size)` when who answers died: the standard one gives what had come."""

    def read(self, amt: int | None = None) -> bytes:
        """At most `amt` bytes; fewer only if the answer has no more."""
        expected = self.length
        data = super().read(amt)
        if expected is not None and amt is not None and len(data) < min(amt, expected):
            raise http.client.IncompleteRead(data, expected - len(data))
        return data


class UnixHttp(http.client.HTTPConnection):
    """HTTP over such a socket."""

    response_class = WholeResponse

    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        """The socket at the path, however long that is."""
        self.sock = connect_unix(self._path, self.timeout)


def expect_back(path: Path, patience_s: float) -> None:
    """Wait while a socket lies there and nobody listens: who did was killed, and `serve` starts it again.

    At most `patience_s`; whoever asks next finds out what became of it.
    """
    for _ in range(round(patience_s / _AGAIN_S)):
        try:
            connect_unix(path, patience_s).close()
        except ConnectionRefusedError:
            threading.Event().wait(_AGAIN_S)
        except OSError:
            return
        else:
            return


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
