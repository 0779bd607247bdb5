# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Facts on their way to a ledger that is away, refuses, is slow or answers nonsense: none is lost, nobody waits."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingUnixStreamServer

import pytest

from tests.tools.facts import a_term
from tests.tools.ledger_process import until
from torrazzo.base.ids import NodeId
from torrazzo.recorder import deliver
from torrazzo.recorder.deliver import Deliverer, ToLedger
from torrazzo.recorder.journal import Delivery

FACTS = [Delivery(fact.line, None, ()) for fact in a_term(5)]
FINE = (200, b'{"taken":1}')


class Taker:
    """Whoever listens: answers one after the other, the last of them for ever."""

    def __init__(self, path: Path) -> None:
        self.answers: list[tuple[int, bytes]] = [FINE]
        self.bodies: list[dict[str, object]] = []
        self.may_answer = threading.Event()
        self.may_answer.set()
        taker = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                taker.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                taker.may_answer.wait(60)
                status, body = taker.answers.pop(0) if len(taker.answers) > 1 else taker.answers[0]
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def address_string(self) -> str:
                return "unix"

            def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - as the base class has it
                """Nothing."""

        self.server = ThreadingUnixStreamServer(str(path), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def facts(self) -> list[object]:
        """All that came, in order."""
        found: list[object] = []
        for body in self.bodies:
            assert isinstance(body["facts"], list)
            found += body["facts"]
        return found


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(deliver, "EVERY_S", 0.02)
    return tmp_path / "s"


@pytest.fixture
def deliverer(path: Path) -> Iterator[Deliverer]:
    to = ToLedger(NodeId(0x7F3A91C2))
    fact = a_term(1)[0]
    to.terms = {fact.stream: fact.term}
    deliverer = Deliverer(path, to)
    deliverer.start()
    yield deliverer
    deliverer.stop()


def test_it_beats_also_when_it_has_nothing(path: Path, deliverer: Deliverer) -> None:
    """Each beat names the node and the terms that are being recorded."""
    taker = Taker(path)
    until(lambda: len(taker.bodies) > 3)
    fact = a_term(1)[0]
    beat = {"v": 1, "node": "7f3a91c2", "streams": {str(fact.stream): str(fact.term)}, "facts": []}
    assert taker.bodies[0] == beat
    deliverer.push(FACTS)
    until(lambda: deliverer.waiting == 0)
    assert taker.facts() == [each.fact.decode() for each in FACTS]


def test_facts_wait_for_one_who_is_away(path: Path, deliverer: Deliverer) -> None:
    """Nobody listens; later somebody does, and gets all of them in order."""
    deliverer.push(FACTS)
    time.sleep(0.2)
    assert deliverer.waiting == len(FACTS)
    taker = Taker(path)
    until(lambda: deliverer.waiting == 0)
    assert taker.facts() == [each.fact.decode() for each in FACTS]


@pytest.mark.parametrize(
    "answer",
    [(503, b'{"error":{}}'), (500, b""), (200, b"<html>"), (200, b"{}"), (200, b""), (200, b"[]"), (301, b"{}")],
)
def test_what_was_not_taken_comes_again(path: Path, deliverer: Deliverer, answer: tuple[int, bytes]) -> None:
    """Errors and answers that do not say `taken`: the same facts again, until they are."""
    taker = Taker(path)
    taker.answers = [answer, answer, FINE]
    deliverer.push(FACTS)
    until(lambda: deliverer.waiting == 0)
    again = [body["facts"] for body in taker.bodies if body["facts"]]
    assert again[-1] == [each.fact.decode() for each in FACTS]


def test_what_is_refused_for_good_is_left_to_the_volumes(path: Path, deliverer: Deliverer) -> None:
    """A 4xx will not change by asking again: it is logged, and the next facts follow."""
    taker = Taker(path)
    taker.answers = [(400, b"{}"), FINE]
    deliverer.push(FACTS[:1])
    until(lambda: deliverer.waiting == 0)
    deliverer.push(FACTS[1:])
    until(lambda: deliverer.waiting == 0)
    assert taker.facts()[-4:] == [each.fact.decode() for each in FACTS[1:]]


def test_a_slow_ledger_costs_the_catalogue_nothing(path: Path, deliverer: Deliverer) -> None:
    """Each has its own thread and its own queue: the catalogue has its facts while the ledger sleeps."""
    slow = Taker(path)
    slow.may_answer.clear()
    catalogue = Taker(path.with_name("c"))
    other = Deliverer(path.with_name("c"))
    other.start()
    for each in (deliverer, other):
        each.push(list(FACTS))
    until(lambda: other.waiting == 0)
    assert deliverer.waiting == len(FACTS)
    slow.may_answer.set()
    other.stop()
    entries = catalogue.bodies[-1]["facts"]
    assert isinstance(entries, list)
    assert [entry["fact"] for entry in entries] == [each.fact.decode() for each in FACTS]
