# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A browser's live picture without a browser: a WebSocket of another make, messages taken apart by the document."""

import contextlib
import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.tools.api_town import Browser
from tests.tools.patience import PATIENCE_S
from torrazzo.segment.parse import ParsedSample, parse_fragment

KEY, CATCHING_UP, DISCONTINUITY = 1, 2, 4
_HEADER = struct.Struct(">BBHIQQ")


class Frame(NamedTuple):
    """A binary message of kind 1."""

    flags: int
    sequence: int
    utc_ms: int
    media: int
    data: bytes  # the access unit

    @property
    def is_key(self) -> bool:
        return bool(self.flags & KEY)

    @property
    def is_again(self) -> bool:
        return bool(self.flags & CATCHING_UP)


@dataclass
class LiveSocket:
    """One tile. `frames` and `said` are all that came; it waits for what it is asked for."""

    connection: ClientConnection
    frames: list[Frame] = field(default_factory=list)
    said: list[dict[str, Any]] = field(default_factory=list)
    inits: list[bytes] = field(default_factory=list)
    samples: list[ParsedSample] = field(default_factory=list)
    code: int | None = None
    why: str = ""

    def take(self, timeout: float = PATIENCE_S) -> Frame | dict[str, Any] | None:
        """The next message; None for an init, and when it is closed."""
        try:
            message = self.connection.recv(timeout=timeout)
        except ConnectionClosed as error:
            self.code = error.rcvd.code if error.rcvd is not None else 1006
            self.why = error.rcvd.reason if error.rcvd is not None else ""
            return None
        if isinstance(message, str):
            self.said.append(json.loads(message))
            return self.said[-1]
        kind, flags, zero, sequence, utc_ms, media = _HEADER.unpack_from(message)
        assert zero == 0
        body = bytes(message[_HEADER.size :])
        if kind == 0:
            assert self.said[-1]["type"] == "init"
            self.inits.append(body)
            return None
        assert kind == 1
        (sample,) = parse_fragment(body)
        assert (sample.dts, sample.is_key) == (media, bool(flags & KEY))
        data = body[sample.offset : sample.offset + sample.size]
        self.samples.append(sample)
        self.frames.append(Frame(flags, sequence, utc_ms, media, data))
        return self.frames[-1]

    def until(self, is_it: Any) -> Any:
        """Take messages until one is as wanted; raises where the socket is closed before."""
        while True:
            found = self.take()
            if found is not None and is_it(found):
                return found
            assert self.code is None, (self.code, self.why, self.said)

    def some(self, count: int) -> list[Frame]:
        """So many frames more."""
        before = len(self.frames)
        self.until(lambda _: len(self.frames) >= before + count)
        return self.frames[before : before + count]

    def until_state(self, *states: str) -> dict[str, Any]:
        """The next word that its stream is so."""
        found: dict[str, Any] = self.until(
            lambda each: isinstance(each, dict) and each["type"] == "state" and each["state"] in states
        )
        return found

    def until_closed(self) -> int:
        """The code."""
        while self.code is None:
            self.take()
        return self.code

    def say(self, **words: object) -> None:
        self.connection.send(json.dumps(words))


@contextlib.contextmanager
def open_socket(
    browser: Browser, path: str, *, origin: str | None = "", host: str | None = None, **more: Any
) -> Iterator[LiveSocket]:
    """At `/api/v1/live/<path>`, with the browser's cookies; an `origin` that is empty is ours."""
    address = f"localhost:{browser.port}"
    cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    headers = {"cookie": cookie, "sec-fetch-site": "same-origin"}
    with connect(
        f"ws://{host or address}/api/v1/live/{path}",
        origin=f"http://{address}" if origin == "" else origin,  # type: ignore[arg-type]  # its own kind of text
        additional_headers={key: value for key, value in headers.items() if value},
        compression=None,
        max_size=None,
        max_queue=None,  # else it waits for us with its good-bye
        open_timeout=PATIENCE_S,
        proxy=None,
        **more,
    ) as connection:
        yield LiveSocket(connection)


def refused(browser: Browser, path: str, **more: Any) -> int:
    """The HTTP status with which it is not even opened."""
    try:
        with open_socket(browser, path, **more):
            return 101
    except InvalidStatus as error:
        return error.response.status_code


def look(browser: Browser, *cameras: str, **said: object) -> str:
    """The key of a new look."""
    answer = browser.post("/live", {"cameras": list(cameras), **said})
    assert answer.status == 200, answer.body
    return str(answer.json()["key"])


def nal_units(data: bytes) -> Iterator[bytes]:
    """Of an access unit as it lies in an MP4."""
    at = 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        yield data[at + 4 : at + 4 + size]
        at += 4 + size
