# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What ledger and keyring said some seconds ago is good enough for who judges, and for nobody else."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from torrazzo.base.errors import TorrazzoError
from torrazzo.control_room.views import Heard
from torrazzo.durable.unix_socket import listen_unix
from torrazzo.testing.clock import FakeClock
from torrazzo.town.unix_server import Body, UnixServer

YOUNG_NS = 6_000_000_000


class Counted:
    """Says how often it was asked."""

    asked = 0

    def answer(self, method: str, target: str, body: bytes) -> Body:
        assert (method, target, body) == ("GET", "/status", b"")
        self.asked += 1
        return Body(json.dumps({"asked": self.asked}).encode())

    def explain(self, error: TorrazzoError) -> Body:
        raise error


@pytest.fixture
def socket(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "process.sock"
    server = UnixServer("process", listen_unix(path), Counted(), most_connections=4, most_bytes=1 << 10)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield path
    server.shutdown()
    server.server_close()
    thread.join()


def test_who_judges_asks_again_when_the_answer_is_old(socket: Path) -> None:
    """Six seconds; whoever looks himself gets an answer of now, which is then the newest for all."""
    clock = FakeClock()
    heard = Heard(clock)
    assert [heard.ask(socket, YOUNG_NS), heard.ask(socket, YOUNG_NS)] == [{"asked": 1}] * 2
    clock.advance(5.9)
    assert heard.ask(socket, YOUNG_NS) == {"asked": 1}
    clock.advance(0.2)
    assert heard.ask(socket, YOUNG_NS) == {"asked": 2}
    assert heard.ask(socket) == {"asked": 3}
    assert heard.ask(socket, YOUNG_NS) == {"asked": 3}


def test_silence_is_not_remembered(tmp_path: Path) -> None:
    """One that is away is asked each time, so that its return is seen at once; its last words are not repeated."""
    path = tmp_path / "process.sock"
    heard = Heard(FakeClock())
    assert heard.ask(path, YOUNG_NS) is None
    server = UnixServer("process", listen_unix(path), Counted(), most_connections=4, most_bytes=1 << 10)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    assert heard.ask(path, YOUNG_NS) == {"asked": 1}
    server.shutdown()
    server.server_close()
    thread.join()
    assert heard.ask(path) is None
    assert heard.ask(path, YOUNG_NS) is None
