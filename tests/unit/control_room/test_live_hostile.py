# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What comes in on a live socket from somebody who may look and means ill: it costs little, and ends that socket."""

import asyncio
import json
import logging
import os
import random
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from pathlib import Path

import pytest
from websockets.frames import Opcode

from tests.tools.api_town import ApiTown, Browser, api_town
from tests.tools.ledger_process import until
from tests.tools.live_client import LiveSocket, look, open_socket
from tests.tools.patience import PATIENCE_S
from tests.tools.staffed import OWNER
from torrazzo.access.camera_groups import CameraGroup
from torrazzo.base.ids import CameraId, StreamId
from torrazzo.control_room.api import live
from torrazzo.control_room.live import LiveLook, Viewer, protocol
from torrazzo.law import Role
from torrazzo.town.camera import StreamConfig, new_camera_id
from torrazzo.town.office import new_camera

WISH = [json.dumps({"type": "stream", "stream": stream}).encode() for stream in ("main", "sub")]
PAGE = os.sysconf("SC_PAGESIZE")


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiTown]:
    """One camera, no recorder."""
    with api_town(tmp_path_factory.mktemp("hostile") / "town") as town:
        id_ = new_camera_id()
        streams = [StreamConfig(StreamId(CameraId(id_), stream), "rtsp://127.0.0.1:1/") for stream in ("main", "sub")]
        town.office.add(new_camera(id_, "Via Dante", streams, synthetic=True))
        town.somebody("olga.live", Role.OPERATOR)
        every = town.staffing.groups.save(CameraGroup("", "Tutte", True, frozenset()), OWNER).value
        account = town.staffing.accounts.named("olga.live")
        town.staffing.accounts.give(account.id, {Role.OPERATOR}, {every.id}, OWNER)
        yield town


@pytest.fixture(scope="module")
def signed_in(town: ApiTown) -> Browser:
    browser = town.signed_in("olga.live")
    assert browser.post("/shift", {"reason": "presa di servizio al turno serale"}).status == 200
    return browser


@pytest.fixture
def operator(town: ApiTown, signed_in: Browser, caplog: pytest.LogCaptureFixture) -> Iterator[Browser]:
    """In a shift. Afterwards no socket is left, nothing failed, and the room answers."""
    with caplog.at_level(logging.ERROR, "uvicorn.error"):
        yield signed_in
    until(lambda: not any(each.viewers for each in town.live._all()))
    town.live.end_at(None, "done")
    assert [record.message for record in caplog.records if "ASGI" in record.message] == []
    assert signed_in.get("/me").status == 200


@pytest.fixture
def path(town: ApiTown, operator: Browser) -> str:
    """Of a socket of a new look."""
    camera = str(town.cameras()[0].id)
    return f"{look(operator, camera)}/{camera}"


def only(town: ApiTown) -> LiveLook:
    (found,) = town.live._all()
    return found


def frame(opcode: Opcode, data: bytes = b"", *, fin: bool = True) -> bytes:
    """As a client sends it, with a mask of zeros; also what no client may send."""
    size = bytes((0x80 | len(data),)) if len(data) < 126 else bytes((0xFE,)) + len(data).to_bytes(2, "big")
    return bytes((opcode | (0x80 if fin else 0),)) + size + bytes(4) + data


def throw(tile: LiveSocket, data: bytes) -> None:
    """Behind the client's back; the server may have hung up by then."""
    try:
        tile.connection.socket.sendall(data)
    except OSError:
        return


@contextmanager
def reading_nothing(browser: Browser, path: str) -> Iterator[socket.socket]:
    """A socket that is open and takes no more."""
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        connection.settimeout(PATIENCE_S)
        connection.connect(("127.0.0.1", browser.port))
        cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
        said = {
            "host": f"localhost:{browser.port}", "origin": f"http://localhost:{browser.port}", "cookie": cookie,
            "upgrade": "websocket", "connection": "upgrade", "sec-websocket-version": "13",
            "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
        }  # fmt: skip
        head = "".join(f"{name}: {value}\r\n" for name, value in said.items())
        connection.sendall(f"GET /api/v1/live/{path} HTTP/1.1\r\n{head}\r\n".encode())
        assert connection.recv(12) == b"HTTP/1.1 101"
        yield connection


def held() -> int:
    """Bytes of memory of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE


def test_what_is_no_message_is_passed_over(operator: Browser, path: str) -> None:
    """Binary, empty, deep, not JSON, of another shape: the next wish is heard all the same."""
    with open_socket(operator, path) as tile:
        tile.take()
        for each in ("", "{", "[" * 4_000, "1e999", "null", '{"type":"stream"}', '{"type":"stream","stream":[1]}'):
            tile.connection.send(each)
        tile.connection.send(b"\x00\xff")
        tile.say(type="stream", stream="main")
        tile.until(lambda each: isinstance(each, dict))  # the other stream's state
        assert tile.code is None


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (frame(Opcode.TEXT, b"x" * 5_000), 1009),
        (frame(Opcode.TEXT, b"x" * 100, fin=False) + frame(Opcode.CONT, b"x" * 100, fin=False) * 50, 1009),
        (frame(Opcode.TEXT, b"", fin=False) + frame(Opcode.CONT, b"", fin=False) * 50_000, 1009),
        (frame(Opcode.TEXT, b"1") * 40_000, 1008),
        (frame(Opcode.TEXT, b"\xff\xfe"), 1007),
        (b"\xff" * 200, 1002),
        (frame(Opcode.CONT, b"x"), 1002),
        (b"\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff" + bytes(8), None),
    ],
    ids=["long", "long in pieces", "endless", "all at once", "no text", "no frame", "no beginning", "the longest"],
)
def test_what_is_too_much_ends_the_socket(operator: Browser, path: str, data: bytes, code: int | None) -> None:
    """By the standard's code, and only this one."""
    with open_socket(operator, path) as other, open_socket(operator, path) as tile:
        other.take()
        tile.take()
        throw(tile, data)
        found = tile.until_closed()
        assert code in {None, found} or found == 1006, found
        other.say(type="stream", stream="main")
        other.until(lambda each: isinstance(each, dict))


def test_random_bytes_end_one_socket_each(operator: Browser, path: str) -> None:
    """Frames of all kinds, whole and broken, in an order that no program would choose."""
    chance = random.Random(7)
    for _ in range(30):
        with open_socket(operator, path) as tile:
            tile.take()
            for _ in range(chance.randrange(1, 20)):
                opcode = chance.choice([Opcode.TEXT, Opcode.BINARY, Opcode.CONT, Opcode.PING, Opcode.PONG])
                data = chance.choice([chance.randbytes(chance.randrange(120)), *WISH])
                whole = frame(opcode, data, fin=chance.random() < 0.8)
                throw(tile, whole if chance.random() < 0.9 else chance.randbytes(len(whole)))


def test_a_thousand_changes_of_stream_are_a_few(
    town: ApiTown, operator: Browser, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The recorder hears of the newest wish now and then, and who goes on so is hung up on."""
    joined: list[float] = []
    join = town.live.relay.join

    def noted(stream: StreamId, viewer: Viewer) -> None:
        joined.append(asyncio.get_running_loop().time())
        join(stream, viewer)

    monkeypatch.setattr(town.live.relay, "join", noted)
    with open_socket(operator, path) as tile:
        tile.take()
        for at in range(1_000):
            throw(tile, frame(Opcode.TEXT, WISH[at % 2]))
        assert tile.until_closed() in {4429, 1008}
    assert all(later - earlier >= live.REST_S for earlier, later in pairwise(joined[1:]))
    assert len(joined) < 10


def test_two_hundred_sockets_of_one_session_are_held_and_let_go(town: ApiTown, operator: Browser, path: str) -> None:
    """A few tens of kilobytes each; all hear of the end of their look."""
    before = held()
    with ExitStack() as stack:
        every = [stack.enter_context(open_socket(operator, path)) for _ in range(200)]
        assert all(tile.take() for tile in every)
        assert len(only(town).viewers) == 200
        assert held() - before < 200 * (1 << 20)  # of both ends, which this process is
        operator.ask("DELETE", f"/api/v1/live/{path.partition('/')[0]}")
        assert {tile.until_closed() for tile in every} == {4403}


def test_who_sends_pings_and_reads_nothing_is_hung_up_on(
    town: ApiTown, operator: Browser, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their answers would wait in our memory, for ever."""
    monkeypatch.setattr(protocol, "MOST_UNREAD", 1 << 20)
    with reading_nothing(operator, path) as connection:
        until(lambda: len(only(town).viewers) == 1)
        pings = frame(Opcode.PING, bytes(125)) * 2_000
        with pytest.raises(ConnectionError):
            connection.sendall(pings * 200)  # 52 MB, of which some lies in the kernel


def test_who_takes_nothing_is_not_shown_for_ever(
    town: ApiTown, operator: Browser, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection whose other end lives and reads no more: its picture ends, and is told as ended."""
    monkeypatch.setattr(protocol, "AWAY_MS", 1_000)
    with reading_nothing(operator, path):
        until(lambda: len(only(town).viewers) == 1)
        (viewer,) = only(town).viewers
        loop = town.live._loop
        assert loop is not None
        for _ in range(30):
            loop.call_soon_threadsafe(viewer._put, bytes(1 << 20))
        until(lambda: not only(town).viewers)
