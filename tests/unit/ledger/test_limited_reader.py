# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Answers of strangers (witnesses, time-stamping authorities, the town that is audited), as HTTP lets them be."""

import http.client
import socket
from typing import cast

import pytest

from torrazzo.base import SystemClock
from torrazzo.base.times import BootNs
from torrazzo.ledger.limited_reader import LimitedReader, read_body

MOST = 1 << 16


def answered(raw: bytes) -> bytes:
    """Its body."""
    clock = SystemClock()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"HTTP/1.1 200 OK\r\n" + raw)
        theirs.shutdown(socket.SHUT_WR)
        reader = LimitedReader(ours, clock, BootNs(clock.boot_ns() + 30_000_000_000), MOST, "too long")
        answer = http.client.HTTPResponse(cast("socket.socket", reader))
        answer.begin()
        return read_body(answer, MOST, "too long")


def test_an_honest_answer_is_read_whole() -> None:
    """With a length, in pieces, or up to its end."""
    assert answered(b"Content-Length: 5\r\n\r\nwhole") == b"whole"
    assert answered(b"Transfer-Encoding: chunked\r\n\r\n2\r\nwh\r\n3\r\nole\r\n0\r\n\r\n") == b"whole"
    assert answered(b"\r\nwhole") == b"whole"


@pytest.mark.parametrize(
    "raw",
    [
        b"Content-Length: 100000000000000\r\n\r\nx",
        b"Content-Length: 65537\r\n\r\nx",
        b"Content-Length: 6\r\n\r\nx",
        b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nx",
        b"Transfer-Encoding: chunked\r\n\r\nfffffffffff\r\nx",
        b"Transfer-Encoding: chunked\r\n\r\n-5\r\nx",
        b"Transfer-Encoding: chunked\r\n\r\nzz\r\nx",
        b"\r\n" + bytes(MOST),
    ],
)
def test_what_it_says_of_its_length_ends_nobody(raw: bytes) -> None:
    """Lengths that no memory has, that are less than nothing, or false: errors that whoever asks expects."""
    with pytest.raises((OSError, http.client.HTTPException)):
        answered(raw)
