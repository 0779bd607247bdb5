# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The ledger's process of a home, in a thread, and what is asked of it over its socket."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from tests.tools.patience import PATIENCE_S
from torrazzo.archive.fact import Fact
from torrazzo.base import SystemClock
from torrazzo.base.clock import Clock
from torrazzo.base.errors import Unavailable
from torrazzo.base.ids import NodeId
from torrazzo.durable import OsDisk
from torrazzo.ledger import process
from torrazzo.ledger.client import LedgerClient
from torrazzo.recorder.deliver import ToLedger
from torrazzo.recorder.journal import Delivery
from torrazzo.town import Home
from torrazzo.town.ask import ask

T = TypeVar("T")


@contextlib.contextmanager
def running(home: Home, clock: Clock | None = None) -> Iterator[LedgerClient]:
    """The process, until the end of the block; it answers when the block begins."""
    stop = threading.Event()
    thread = threading.Thread(target=process.run_ledger, args=(home, clock or SystemClock(), OsDisk(), stop))
    thread.start()
    client = LedgerClient(home.ledger_socket)
    try:
        until(lambda: answers(client))
        yield client
    finally:
        stop.set()
        thread.join(60)
    assert not thread.is_alive()


@contextlib.contextmanager
def hanging(home: Home) -> Iterator[None]:
    """Where the ledger was, somebody takes calls and answers none."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(home.ledger_socket))
        listener.listen(64)
        try:
            yield
        finally:
            home.ledger_socket.unlink()


def answers(client: LedgerClient) -> bool:
    with contextlib.suppress(Unavailable):
        return client.status()["state"] != "starting"
    return False


def until(condition: Callable[[], T], seconds: float = PATIENCE_S, log: Path | None = None, every_s: float = 0.05) -> T:
    """The condition's first true value; where it never comes, the end of the log is shown."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "it never came" if log is None else log.read_text()[-4000:]
        time.sleep(every_s)
    return found


def deliver(home: Home, facts: Sequence[Fact]) -> dict[str, int]:
    body = ToLedger(NodeId(7)).body([Delivery(fact.line, None, ()) for fact in facts])
    status, answer = ask(home.ledger_socket, "POST", "/rec", body)
    assert status == 200, answer
    assert isinstance(answer, dict)
    return answer


def size(client: LedgerClient, log: str = "rec") -> int:
    found = client.status()[log]
    assert isinstance(found, dict)
    return int(found["size"])
