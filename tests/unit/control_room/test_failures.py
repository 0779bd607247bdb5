# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What fails while somebody is answered: a line each, as on a full disk, where everything fails."""

import asyncio
import errno
import logging
from collections.abc import AsyncIterator, Iterator, Mapping

import pytest
import structlog
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from structlog.testing import capture_logs

from torrazzo.control_room.bind import bind_page
from torrazzo.control_room.failures import SERVER, tell_in_one_line
from torrazzo.control_room.serving import make_server
from torrazzo.control_room.socket_app import make_socket_app

FULL = OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture(autouse=True)
def _server_log() -> Iterator[None]:
    server = logging.getLogger(SERVER)
    before = server.handlers, server.propagate
    structlog.reset_defaults()
    tell_in_one_line()
    yield
    server.handlers, server.propagate = before


class Full:
    """An office whose disk is full."""

    def add(self, camera: object) -> object:
        raise FULL

    change = remove = add


def fail(*_: object) -> Mapping[str, object]:
    raise FULL


async def cut(_request: Request) -> Response:
    async def parts() -> AsyncIterator[bytes]:
        yield b"half"
        raise FULL

    return StreamingResponse(parts())


async def lost(_request: Request) -> Response:
    return Response("whole", background=BackgroundTask(fail))


def answers(app: Starlette, *requests: tuple[str, str]) -> list[bytes]:
    """Of a real server on loopback."""

    async def ask(port: int, method: str, target: str) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        length = "Content-Length: 2\r\n" if method == "POST" else ""
        body = "{}" if length else ""
        writer.write(f"{method} {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{length}\r\n{body}".encode())
        answer = await reader.read()
        writer.close()
        return answer

    async def life() -> list[bytes]:
        listener, server = bind_page("127.0.0.1", 0), make_server(app)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        port = listener.getsockname()[1]
        found = [await ask(port, method, target) for method, target in requests]
        server.end()
        await serving
        return found

    return asyncio.run(life())


def test_a_failure_that_was_answered_is_one_line(capfd: pytest.CaptureFixture[str]) -> None:
    """With its path and its error; no traceback, and the asker is told."""
    app = make_socket_app(Full(), fail, fail, fail)  # type: ignore[arg-type]
    with capture_logs() as lines:
        told = answers(app, ("GET", "/state"), ("POST", "/facts"), ("POST", "/catalogue/rebuild"))
    assert [answer.split(b"\r\n")[0] for answer in told] == [b"HTTP/1.1 500 Internal Server Error"] * 3
    assert all(b"No space left" in answer for answer in told)
    assert all(answer.lower().count(b"\r\ndate: ") == 1 for answer in told)
    assert [(line["event"], line["path"]) for line in lines] == [
        ("socket_failed", path) for path in ("/state", "/facts", "/catalogue/rebuild")
    ]
    assert "Traceback" not in capfd.readouterr().err


def test_an_answer_that_was_cut_is_one_line_of_the_server(capfd: pytest.CaptureFixture[str]) -> None:
    """Whoever asked sees that the connection broke."""
    with capture_logs() as lines:
        (told,) = answers(Starlette(routes=[Route("/", cut)]), ("GET", "/"))
    assert b"half" in told
    assert not told.endswith(b"0\r\n\r\n")
    (line,) = lines
    assert (line["event"], line["error"]) == ("server_said", repr(FULL))
    assert "Traceback" not in capfd.readouterr().err


def test_a_failure_behind_a_whole_answer_is_one_line(capfd: pytest.CaptureFixture[str]) -> None:
    """Whoever asked has the answer; what was left to do and failed is not lost."""
    with capture_logs() as lines:
        (told,) = answers(Starlette(routes=[Route("/left", lost)]), ("GET", "/left"))
    assert told.endswith(b"whole")
    (line,) = lines
    assert (line["event"], line["path"], line["error"]) == ("failed_behind_answer", "/left", repr(FULL))
    assert "Traceback" not in capfd.readouterr().err
