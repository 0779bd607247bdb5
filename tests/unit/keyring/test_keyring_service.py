# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
import json
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from torrazzo.base import StreamId, TermId
from torrazzo.base.errors import Damaged, Invalid, Refused, Unavailable
from torrazzo.base.ids import CameraId, NodeId
from torrazzo.durable.unix_socket import connect_unix, listen_unix
from torrazzo.keyring.client import KeyClient
from torrazzo.keyring.public import KeyName
from torrazzo.keyring.request import MOST_SEGMENTS, REQUEST_LIMIT, KeyRequest, parse_request
from torrazzo.keyring.ring import Ring
from torrazzo.keyring.service import MOST_CONNECTIONS, KeyServer
from torrazzo.seal import seal_key, segment_key
from torrazzo.testing.clock import FakeClock
from torrazzo.town.home import Home

STREAM = StreamId(CameraId("3f9a1c0e5b7d2264"), "main")
TERM = TermId(NodeId(7), 1, 2)
K = bytes(range(32))
NAME = KeyName(498_000, "standard")
RING = Ring({}).with_drawn([NAME])
SEALED = seal_key(K, RING.keys[NAME].public(), STREAM, TERM, *NAME)
WANTED = KeyRequest(STREAM, TERM, NAME, SEALED, (0, 1))


@contextmanager
def serving(home: Path, uid: int | None = None) -> Iterator[Path]:
    """A server of RING; gives its socket."""
    path = Home(home).keyring_socket
    path.parent.mkdir(exist_ok=True)
    server = KeyServer(listen_unix(path), RING, FakeClock(), os.getuid() if uid is None else uid)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield path
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def say(path: Path, data: bytes) -> tuple[int, object]:
    """Status and JSON body of the answer to these bytes."""
    connection = connect_unix(path, 5.0)
    with connection:
        connection.sendall(data)
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)


def post(body: bytes, target: str = "/segment-keys") -> bytes:
    return f"POST {target} HTTP/1.1\r\nHost: k\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def test_a_reader_of_the_same_user_gets_its_keys(tmp_path: Path) -> None:
    """The answer holds exactly the segment keys asked for, derived from the K that was sealed."""
    with serving(tmp_path):
        keys = KeyClient(tmp_path).segment_keys(STREAM, TERM, *NAME, SEALED, [5, 2**64 - 1])
    assert keys == {n: segment_key(K, STREAM, TERM, n) for n in (5, 2**64 - 1)}


def test_many_segments_are_asked_for_in_turns(tmp_path: Path) -> None:
    """More segments than one request may name come all the same; none gives none."""
    count = MOST_SEGMENTS + 3
    with serving(tmp_path):
        keys = KeyClient(tmp_path).segment_keys(STREAM, TERM, *NAME, SEALED, range(count))
        assert KeyClient(tmp_path).segment_keys(STREAM, TERM, *NAME, SEALED, []) == {}
    assert set(keys) == set(range(count))
    assert keys[count - 1] == segment_key(K, STREAM, TERM, count - 1)


def test_another_user_gets_nothing(tmp_path: Path) -> None:
    """Whoever connects as another Unix user than the ring's is refused, whatever is asked."""
    with serving(tmp_path, os.getuid() + 1):
        with pytest.raises(Refused, match="user"):
            KeyClient(tmp_path).segment_keys(STREAM, TERM, *NAME, SEALED, [0])
        with pytest.raises(Refused, match="user"):
            KeyClient(tmp_path).status()


def test_errors_reach_the_reader_as_what_they_are(tmp_path: Path) -> None:
    """A missing hour is refused, a sealed K that doesn't open is damage, a request that is none is invalid."""
    client = KeyClient(tmp_path)
    with serving(tmp_path):
        with pytest.raises(Refused, match="no private key"):
            client.segment_keys(STREAM, TERM, NAME.hour + 1, NAME.class_, SEALED, [0])
        with pytest.raises(Damaged, match="does not open"):
            client.segment_keys(STREAM, TermId(NodeId(7), 1, 3), *NAME, SEALED, [0])
        with pytest.raises(Invalid, match="1168"):
            client.segment_keys(STREAM, TERM, *NAME, SEALED[:-1], [0])


def test_the_status_says_how_far_the_keys_reach(tmp_path: Path) -> None:
    """Number of keys, first and last of them, and hours left per class."""
    with serving(tmp_path) as path:
        status, body = say(path, b"GET /status HTTP/1.1\r\n\r\n")
    assert status == 200
    assert body == {"v": 1, "keys": 1, "first": str(NAME), "last": str(NAME), "hours_left": {"standard": 0}}


GOOD = json.loads(WANTED.text())


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (post(b""), 400),
        (post(b"{}"), 400),
        (post(b"\xff"), 400),
        (post(b"[" * 60_000), 400),
        (post(json.dumps({**GOOD, "more": 1}).encode()), 400),
        (post(json.dumps({**GOOD, "stream": "x"}).encode()), 400),
        (post(json.dumps({**GOOD, "stream": 3}).encode()), 400),
        (post(json.dumps({**GOOD, "term": "7-1-2"}).encode()), 400),
        (post(json.dumps({**GOOD, "hour": "2026112424"}).encode()), 400),
        (post(json.dumps({**GOOD, "class": "../x"}).encode()), 400),
        (post(json.dumps({**GOOD, "sealed": "AAAA"}).encode()), 400),
        (post(json.dumps({**GOOD, "n": 1}).encode()), 400),
        (post(json.dumps({**GOOD, "n": []}).encode()), 400),
        (post(json.dumps({**GOOD, "n": [-1]}).encode()), 400),
        (post(json.dumps({**GOOD, "n": [2**64]}).encode()), 400),
        (post(json.dumps({**GOOD, "n": [True]}).encode()), 400),
        (post(json.dumps({**GOOD, "n": ["1"]}).encode()), 400),
        (post(json.dumps({**GOOD, "n": [0] * (MOST_SEGMENTS + 1)}).encode()), 400),
        (post(WANTED.text(), "/keys"), 404),
        (post(WANTED.text(), "/status"), 404),
        (b"GET /segment-keys HTTP/1.1\r\n\r\n", 404),
        (b"POST /segment-keys HTTP/1.1\r\n\r\n", 400),
        (b"POST /segment-keys HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST /segment-keys HTTP/1.1\r\nContent-Length: 1e3\r\n\r\n", 400),
        (b"POST /segment-keys HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (REQUEST_LIMIT + 1), 400),
        (b"POST /segment-keys HTTP/1.1\r\nContent-Length: 9999999999999999999\r\n\r\n", 400),
    ],
    ids=range(26),
)
def test_strange_requests_get_an_error_that_says_why(tmp_path: Path, data: bytes, status: int) -> None:
    """Each wrong request is answered with its status and one error of kind and text; the server goes on."""
    with serving(tmp_path) as path:
        found, body = say(path, data)
        assert found == status
        assert isinstance(body, dict)
        assert set(body) == {"error"}
        assert set(body["error"]) == {"kind", "text"}
        assert say(path, post(WANTED.text()))[0] == 200


def test_a_request_cut_off_costs_only_itself(tmp_path: Path) -> None:
    """A reader that goes away in the middle, or says nothing at all, leaves the server as it was."""
    with serving(tmp_path) as path:
        silent = connect_unix(path, 5.0)
        for part in (b"POST /seg", post(WANTED.text())[:-10]):
            with connect_unix(path, 5.0) as connection:
                connection.sendall(part)
        assert say(path, post(WANTED.text()))[0] == 200
        silent.close()


def test_too_many_at_once_are_turned_away_and_the_places_come_back(tmp_path: Path) -> None:
    """Connections above the limit are closed at once; when the others leave, there is room again."""
    with serving(tmp_path) as path:
        held = [connect_unix(path, 5.0) for _ in range(MOST_CONNECTIONS)]
        with connect_unix(path, 5.0) as extra:
            assert extra.recv(1) == b""
        with pytest.raises(Unavailable):
            KeyClient(tmp_path).segment_keys(STREAM, TERM, *NAME, SEALED, [0])
        for connection in held:
            connection.close()
        waiting = threading.Event()
        for _ in range(500):
            try:
                assert KeyClient(tmp_path).segment_keys(STREAM, TERM, *NAME, SEALED, [0])
                break
            except Unavailable:
                waiting.wait(0.01)
        else:
            pytest.fail("no place became free")


def test_an_answer_that_is_none_of_ours_is_not_believed(tmp_path: Path) -> None:
    """A client takes keys only from an answer that has exactly those it asked for."""
    path = Home(tmp_path).keyring_socket
    path.parent.mkdir()
    for body in (b'{"keys":{}}', b'{"keys":{"0":"AAAA"}}', b"<html>", b""):
        listener = listen_unix(path)
        listener.setblocking(True)
        thread = threading.Thread(target=_answer_once, args=(listener, body))
        thread.start()
        with pytest.raises((Invalid, Unavailable)):
            KeyClient(tmp_path).segment_keys(STREAM, TERM, *NAME, SEALED, [0])
        thread.join(5)
        listener.close()


def _answer_once(listener: socket.socket, body: bytes) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.recv(65_536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


def test_without_keyring_and_ring_nothing_can_be_read(tmp_path: Path) -> None:
    """A home where no keyring ever ran gives an error that says what to start."""
    with pytest.raises(Unavailable, match="torrazzo serve"):
        KeyClient(tmp_path).segment_keys(STREAM, TERM, *NAME, SEALED, [0])
    with pytest.raises(Unavailable, match="torrazzo serve"):
        KeyClient(tmp_path).status()


def test_a_request_reads_as_it_is_written() -> None:
    """Body and request are each other's inverse."""
    assert parse_request(WANTED.text()) == WANTED
