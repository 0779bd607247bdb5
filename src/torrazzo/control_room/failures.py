# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What fails in the servers is told in one line of our log, once."""

import logging
from email.utils import formatdate

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = structlog.get_logger()

FAILED = 500  # what an application answers where it failed, and has told
SERVER = "uvicorn.error"  # the name under which it tells everything, errors or not


class Told:
    """An application that answers its own failures, and has told them: the server, which would do so again, is spared.

    One that it could not answer to the end goes on to the server, which cuts the connection; one that came behind a
    whole answer, which does not tell of it, is told here. Each answer gets its date here (RFC 9110, section 6.6.1):
    servers that did it by themselves would wake up each second for it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        is_whole, status = False, 0

        async def noted(message: Message) -> None:
            nonlocal is_whole, status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"date", formatdate(usegmt=True).encode())]
            await send(message)
            is_whole = message["type"] == "http.response.body" and not message.get("more_body", False)

        try:
            await self._app(scope, receive, noted)
        except Exception as error:
            if is_whole:
                if status != FAILED:
                    log.warning("failed_behind_answer", path=scope["path"], status=status, error=repr(error))
                return
            raise


class OneLine(logging.Handler):
    """Takes what the server tells by itself, without its tracebacks."""

    def emit(self, record: logging.LogRecord) -> None:
        """To our log."""
        error = record.exc_info[1] if record.exc_info else None
        log.warning(
            "server_said", text=record.getMessage().strip(), **({} if error is None else {"error": repr(error)})
        )


def tell_in_one_line() -> None:
    """From now on."""
    server = logging.getLogger(SERVER)
    server.handlers = [OneLine(logging.WARNING)]
    server.propagate = False
