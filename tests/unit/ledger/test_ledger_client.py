# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is made of the answers of something that is no ledger of ours."""

import contextlib
import threading
import time
from pathlib import Path

import pytest

from torrazzo.base.errors import TorrazzoError, Unavailable
from torrazzo.durable.unix_socket import listen_unix
from torrazzo.ledger.client import LedgerClient

ANSWERS = (
    b"[" * 100_000,
    b"\xff",
    b"",
    b"null",
    b"{}",
    b'{"index":null,"proof":null}',
    b'{"index":Infinity,"proof":""}',
    b'{"index":{},"proof":7}',
    b'{"error":null}',
    b'{"error":{"kind":[],"text":{}}}',
)


@pytest.mark.parametrize("status", [200, 500])
@pytest.mark.parametrize("body", ANSWERS)
def test_each_answer_comes_to_an_error_of_ours(tmp_path: Path, body: bytes, status: int) -> None:
    """Nothing that something answers to an act, or says of itself, raises what a process would die of."""
    listener = listen_unix(tmp_path / "ledger.sock")
    listener.setblocking(True)

    def answer() -> None:
        for _ in range(2):
            connection, _ = listener.accept()
            with connection:
                while b"\r\n\r\n" not in connection.recv(65_536):
                    pass
                head = f"HTTP/1.1 {status} x\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
                connection.sendall(head.encode() + body)

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    client = LedgerClient(tmp_path / "ledger.sock")
    with pytest.raises(TorrazzoError):
        client.enter(b"{}")
    with contextlib.suppress(TorrazzoError):
        client.status()
    thread.join(60)
    listener.close()
    assert not thread.is_alive()


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 200 x\r\nContent-Length: 9999\r\n\r\n", b"HTTP/1.1 200 x\r\n"], ids=["body", "head"]
)
def test_a_ledger_that_trickles_is_given_up(tmp_path: Path, answer: bytes) -> None:
    """The patience is for the whole answer: a byte now and then does not renew it."""
    listener = listen_unix(tmp_path / "ledger.sock")
    listener.setblocking(True)
    over = threading.Event()

    def trickle() -> None:
        connection, _ = listener.accept()
        with connection, contextlib.suppress(OSError):
            connection.sendall(answer)
            while not over.wait(0.1):
                connection.sendall(b"X-Slow: 1\r\n")

    thread = threading.Thread(target=trickle, daemon=True)
    thread.start()
    began = time.monotonic()
    with pytest.raises(Unavailable, match=r"in time|timed out"):
        LedgerClient(tmp_path / "ledger.sock").prove_many("act", 0, [], patience_s=0.5)
    assert time.monotonic() - began < 60
    over.set()
    thread.join(60)
    listener.close()
