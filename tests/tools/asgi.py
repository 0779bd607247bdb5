# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A client that calls an ASGI application directly."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from starlette.types import ASGIApp, Message

from torrazzo.access import Peer
from torrazzo.control_room.peered import STATE


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    is_whole: bool  # false: the application failed after it had begun to answer

    @property
    def text(self) -> str:
        return self.body.decode()

    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """One request at a time; what the application raises after its answer is what a server would log."""

    def __init__(self, app: ASGIApp, host: str = "localhost:8470", peer: Peer | None = None) -> None:
        """`peer` is who asks, as the server tells the application."""
        self._app = app
        self._host = host
        self._peer = peer

    def get(self, target: str, **headers: str) -> Answer:
        return self.ask("GET", target, **headers)

    def ask(self, method: str, target: str, body: bytes | object = b"", **headers: str) -> Answer:
        """Header names are given with underscores; a body that is not bytes is sent as JSON."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {"host": self._host, **{name.replace("_", "-"): value for name, value in headers.items()}}
        parts = urlsplit(target)
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
            "path": parts.path, "raw_path": parts.path.encode(), "query_string": parts.query.encode(), "root_path": "",
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in named.items()],
            "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8470),
            "state": {STATE: self._peer},
        }  # fmt: skip
        return asyncio.run(self._call(scope, data))

    def form(self, target: str, fields: Mapping[str, str], **headers: str) -> Answer:
        """A form, as a browser sends it."""
        return self.ask("POST", target, urlencode(fields).encode(), **headers)

    async def _call(self, scope: dict[str, Any], data: bytes) -> Answer:
        sent: list[Message] = []
        asked = [{"type": "http.request", "body": data, "more_body": False}]

        async def receive() -> Message:
            if asked:
                return asked.pop()
            await asyncio.Event().wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            sent.append(message)

        try:
            await self._app(scope, receive, send)
        except Exception:  # noqa: BLE001 - servers log it and go on
            assert sent, "failed before it answered"
        head, *rest = sent
        headers = {name.decode().lower(): value.decode("latin-1") for name, value in head["headers"]}
        is_whole = bool(rest) and not rest[-1].get("more_body", False)
        return Answer(head["status"], headers, b"".join(part.get("body", b"") for part in rest), is_whole)
