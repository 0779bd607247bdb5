# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reading what a stranger sends, within limits: so many bytes, until then, however slowly they come."""

import http.client
import io
from socket import socket
from typing import Any

from torrazzo.base.clock import Clock
from torrazzo.base.times import BootNs


class LimitedReader(io.RawIOBase):
    """A socket's bytes; raises OSError beyond the limits."""

    def __init__(self, sock: socket, clock: Clock, until: BootNs, left: int, too_long: str) -> None:
        self._sock, self._clock, self._until, self._left, self._too_long = sock, clock, until, left, too_long

    def makefile(self, _mode: str) -> io.BufferedReader:
        """What HTTPResponse asks a socket for."""
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        seconds = (self._until - self._clock.boot_ns()) / 1_000_000_000
        if seconds <= 0:
            raise TimeoutError("not answered in time")
        self._sock.settimeout(seconds)
        got = self._sock.recv_into(buffer)
        self._left -= got
        if self._left < 0:
            raise OSError(self._too_long)
        return got


def read_body(answer: http.client.HTTPResponse, most: int, too_long: str) -> bytes:
    """What stands behind the head that `begin` has read; raises OSError and HTTPException, whatever that says of it."""
    try:
        if answer.length is not None and answer.length > most:  # memory of that length would be asked for first
            raise OSError(too_long)
        return answer.read()
    except (MemoryError, OverflowError) as error:  # the same of one piece
        raise OSError(too_long) from error
    except ValueError as error:  # a piece of less than no length
        raise OSError(f"its answer cannot be read: {error}") from error
