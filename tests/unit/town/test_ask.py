# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Asking another process that dies while it answers."""

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from torrazzo.base.errors import Unavailable
from torrazzo.durable.unix_socket import connect_unix, listen_unix
from torrazzo.keyring import KeyClient
from torrazzo.ledger.client import LedgerClient
from torrazzo.town.ask import ask, expect_back
from torrazzo.town.home import Home

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n"


@contextlib.contextmanager
def answering(path: Path, answer: bytes) -> Iterator[None]:
    """Who asks there gets these bytes, then the end of the connection."""
    with listen_unix(path) as listener:
        listener.settimeout(60)

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(1 << 16)
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield
        thread.join(60)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    found = Home(tmp_path)
    found.run.mkdir()
    return found


@pytest.mark.parametrize("body", [b"", b"{}", b'{"a":"b","c'])
def test_half_an_answer_is_none(home: Home, body: bytes) -> None:
    """A process that is killed in the middle of its answer is away, for every client: half of it is never believed."""
    with answering(home.ledger_socket, HEAD + body), pytest.raises(Unavailable):
        LedgerClient(home.ledger_socket).read("rec/checkpoint")
    with answering(home.keyring_socket, HEAD + body), pytest.raises(Unavailable):
        KeyClient(home.path).window_keys(FakeRequest())  # type: ignore[arg-type]
    with answering(home.recorder_socket, HEAD + body), pytest.raises(Unavailable):
        ask(home.recorder_socket, "GET", "/status")


def test_a_whole_answer_is_one(home: Home) -> None:
    """As long as it said, also where more would have been read."""
    with answering(home.ledger_socket, HEAD + b"what I say.\n"):
        assert LedgerClient(home.ledger_socket).read("rec/checkpoint") == b"what I say.\n"


class FakeRequest:
    """What is asked for does not matter."""

    segments = ()

    def text(self) -> bytes:
        return b"{}"


def test_a_killed_process_is_waited_for(home: Home) -> None:
    """Its socket still lies there: who asks waits until it listens again, and no longer than it said."""
    listen_unix(home.people_socket).close()
    expect_back(home.people_socket, 0.4)
    with pytest.raises(Unavailable, match="nobody answers"):
        ask(home.people_socket, "GET", "/zone")
    is_over = threading.Event()

    def come_back() -> None:
        is_over.wait(0.5)  # asked before it listens
        with listen_unix(home.people_socket):
            is_over.wait(60)

    thread = threading.Thread(target=come_back)
    thread.start()
    try:
        expect_back(home.people_socket, 60)
        connect_unix(home.people_socket, 60).close()
    finally:
        is_over.set()
        thread.join(60)


def test_where_nothing_lies_nothing_is_waited_for(home: Home) -> None:
    """`serve` that ended takes its sockets away: a command says so at once."""
    expect_back(home.people_socket, 3600)
    with pytest.raises(Unavailable, match="nobody answers"):
        ask(home.people_socket, "GET", "/zone")
