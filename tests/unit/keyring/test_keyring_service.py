# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What goes over the keyring's socket: requests, errors, connections."""

import json
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tools.gate_town import NOW, TERM
from tests.tools.gated import SEGMENT_KEY, Gated, K, serving
from torrazzo.base import StreamId
from torrazzo.base.errors import Damaged, Invalid, Refused, Unavailable
from torrazzo.base.times import hour_of
from torrazzo.durable.unix_socket import connect_unix, listen_unix
from torrazzo.keyring.client import KeyClient
from torrazzo.keyring.gate_request import MOST_BYTES, KeyRequest
from torrazzo.keyring.public import KeyName
from torrazzo.keyring.service import MOST_CONNECTIONS
from torrazzo.seal import seal_key
from torrazzo.town.home import Home


class Served:
    """A keyring behind its socket, and a request that it grants."""

    def __init__(self, gated: Gated, path: Path) -> None:
        self.gated, self.path = gated, path
        self.client = KeyClient(gated.home.path)
        self.request = gated.view()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    gated = Gated(tmp_path)
    with serving(gated) as path:
        yield Served(gated, path)


def say(path: Path, data: bytes) -> tuple[int, object]:
    """Status and JSON body of the answer to these bytes."""
    connection = connect_unix(path, 5.0)
    with connection:
        connection.sendall(data)
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)


def post(body: bytes, target: str = "/window-keys") -> bytes:
    return f"POST {target} HTTP/1.1\r\nHost: k\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def test_another_user_gets_nothing(tmp_path: Path) -> None:
    """Whoever connects as another Unix user than the ring's is refused, whatever is asked."""
    gated = Gated(tmp_path)
    request = gated.view()
    with serving(gated, os.getuid() + 1):
        client = KeyClient(tmp_path)
        for ask in (client.status, client.trust_clock, client.trust_heads, lambda: client.window_keys(request)):
            with pytest.raises(Refused, match="user"):
                ask()


def test_errors_reach_the_reader_as_what_they_are(served: Served) -> None:
    """A sealed K that doesn't open is damage, a missing hour is refused, a request that is none is invalid."""
    with pytest.raises(Damaged, match="does not open"):
        served.client.window_keys(served.request._replace(sealed=bytes(1168)))
    with pytest.raises(Invalid, match="1168"):
        served.client.window_keys(served.request._replace(sealed=bytes(7)))
    store = served.gated.parts.store
    store.shred([KeyName(name.hour, name.class_) for name in store.ring.keys])
    with pytest.raises(Refused, match="no private key"):
        served.client.window_keys(served.request)


def test_a_sealed_key_of_another_stream_is_refused_and_booked(served: Served) -> None:
    """All else proven, K that was sealed for another camera gives nothing; a fact names the window and says why."""
    gated, request = served.gated, served.request
    name = KeyName(hour_of(NOW - 60), "standard")
    stream = StreamId.parse("00c0ffee00c0ffee/main")
    sealed = seal_key(K, gated.parts.store.ring.keys[name].public(), stream, TERM, *name)
    for _ in range(3):
        with pytest.raises(Damaged, match="does not open"):
            served.client.window_keys(request._replace(sealed=sealed))
    gated.turn()
    told = [(fact["why"], fact["of"], fact["count"]) for fact in gated.told("refuse")]
    assert told == [("sealed", request.window.number, 3)]


def test_the_status_says_what_people_and_readers_need(served: Served) -> None:
    """How far the keys reach, what level they have, the largest heads, the clocks, what is owed, and no alarm."""
    served.gated.clock.advance(60)
    served.gated.turn()
    status, body = say(served.path, b"GET /status HTTP/1.1\r\n\r\n")
    assert status == 200
    assert isinstance(body, dict)
    act, rec = (len(log.entries) for log in (served.gated.town.act, served.gated.town.rec))
    assert (body["keys"], body["hours_left"], body["level"]) == (51, {"standard": 49}, "file")
    assert (body["heads"]["act"]["head"]["size"], body["heads"]["rec"]["head"]["size"]) == (act, rec)
    now = served.gated.clock.utc()
    clock = {"trusted": ["system"], "earliest": now, "latest": now, "agreed": now, "alarms": []}
    assert body["clock"] == clock
    assert (body["owed"], body["ledger"], body["alarms"]) == (0, "answers", [])


def _strange(good: KeyRequest) -> list[tuple[bytes, int]]:
    text = good.text()
    found = json.loads(text)
    return [
        (post(b""), 400),
        (post(b"{}"), 400),
        (post(b"\xff"), 400),
        (post(b"[" * 60_000), 400),
        (post(json.dumps({**found, "more": 1}).encode()), 400),
        (post(json.dumps({**found, "sealed": "AAAA"}).encode()), 400),
        (post(json.dumps({**found, "segments": []}).encode()), 400),
        (post(text, "/close"), 400),
        (post(text, "/keys"), 404),
        (post(text, "/status"), 404),
        (b"GET /window-keys HTTP/1.1\r\n\r\n", 404),
        (b"POST /window-keys HTTP/1.1\r\n\r\n", 400),
        (b"POST /window-keys HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST /window-keys HTTP/1.1\r\nContent-Length: 1e3\r\n\r\n", 400),
        (b"POST /window-keys HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (MOST_BYTES + 1), 400),
        (b"POST /window-keys HTTP/1.1\r\nContent-Length: 9999999999999999999\r\n\r\n", 400),
        (b"POST /window-keys HTTP/1.1\r\nContent-Length: 0000000009999999999999\r\n\r\n", 400),
        (b"POST /window-keys HTTP/1.1\r\nContent-Length: " + b"0" * 9_000 + b"\r\n\r\n", 400),
    ]


def test_strange_requests_get_an_error_that_says_why(served: Served) -> None:
    """Each wrong request is answered with its status and one error of kind and text; the server goes on."""
    for data, status in _strange(served.request):
        found, body = say(served.path, data)
        assert found == status, data[:200]
        assert isinstance(body, dict)
        assert set(body) == {"error"}
        assert set(body["error"]) == {"kind", "text"}
    assert say(served.path, post(served.request.text()))[0] == 200


def test_requests_that_are_none_are_booked_in_one_fact(served: Served) -> None:
    """What could not be understood is told in `act`: the first at once, all others of the minute together."""
    for _ in range(7):
        say(served.path, post(b"{}"))
    served.gated.parts.follower.look()
    assert [(fact["why"], fact["of"], fact["count"]) for fact in served.gated.told("refuse")] == [("invalid", None, 7)]


def test_a_request_cut_off_costs_only_itself(served: Served) -> None:
    """A reader that goes away in the middle, or says nothing at all, leaves the server as it was."""
    silent = connect_unix(served.path, 5.0)
    for part in (b"POST /win", post(served.request.text())[:-10]):
        with connect_unix(served.path, 5.0) as connection:
            connection.sendall(part)
    assert say(served.path, post(served.request.text()))[0] == 200
    silent.close()


def test_too_many_at_once_are_turned_away_and_the_places_come_back(served: Served) -> None:
    """Connections above the limit are closed at once; when the others leave, there is room again."""
    held = [connect_unix(served.path, 5.0) for _ in range(MOST_CONNECTIONS)]
    with connect_unix(served.path, 5.0) as extra:
        assert extra.recv(1) == b""
    with pytest.raises(Unavailable):
        served.client.window_keys(served.request)
    for connection in held:
        connection.close()
    waiting = threading.Event()
    for _ in range(6_000):
        try:
            assert served.client.window_keys(served.request) == {1: SEGMENT_KEY}
            break
        except Unavailable:
            waiting.wait(0.01)
    else:
        pytest.fail("no place became free")


def test_an_answer_that_is_none_of_ours_is_not_believed(tmp_path: Path) -> None:
    """A client takes keys only from an answer that has exactly those it asked for."""
    request = Gated(tmp_path / "town").view()
    path = Home(tmp_path).keyring_socket
    path.parent.mkdir()
    for body in (b'{"keys":{}}', b'{"keys":{"1":"AAAA"}}', b"<html>", b""):
        listener = listen_unix(path)
        listener.setblocking(True)
        thread = threading.Thread(target=_answer_once, args=(listener, body))
        thread.start()
        with pytest.raises((Invalid, Unavailable)):
            KeyClient(tmp_path).window_keys(request)
        thread.join(60)
        listener.close()


def _answer_once(listener: socket.socket, body: bytes) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.recv(65_536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


def test_without_a_keyring_nothing_can_be_read(tmp_path: Path) -> None:
    """A home where none runs gives an error that says what to start, also where a ring lies there."""
    gated = Gated(tmp_path)
    client = KeyClient(tmp_path)
    with pytest.raises(Unavailable, match="torrazzo serve"):
        client.window_keys(gated.view())
    with pytest.raises(Unavailable, match="torrazzo serve"):
        client.status()
