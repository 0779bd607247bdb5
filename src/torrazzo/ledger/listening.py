# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where strangers are listened to: `host:port`, or `unix:PATH`."""

import re
import socket
from pathlib import Path

from torrazzo.base.errors import Invalid, Unavailable
from torrazzo.durable.unix_socket import listen_unix

UNIX = "unix:"

_TCP = re.compile(r"(?:\[([0-9a-fA-F:]+)\]|([A-Za-z0-9.-]+)):([0-9]{1,5})", re.ASCII)


def check_listen(text: str) -> None:
    """Raises `Invalid` for what is no such address."""
    if "'" in text or not text.isprintable() or (not _unix(text) and _tcp(text) is None):
        raise Invalid(f"listen {text!r}: expected host:port, or {UNIX} and a path")


def listen(text: str, folder: Path) -> socket.socket:
    """A listening socket, not blocking; the caller holds the lock that says nobody else listens there."""
    check_listen(text)
    path = _unix(text)
    try:
        if path:
            return listen_unix(folder / path)
        host, port = _tcp(text) or ("", 0)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.create_server((host, port), family=family, backlog=128)
    except OSError as error:
        raise Unavailable(f"listen {text}: {error.strerror or error}; is another program there?") from error
    listener.setblocking(False)
    return listener


def shown_address(text: str, listener: socket.socket, folder: Path) -> str:
    """For who is to ask: a URL, or the absolute path of the socket."""
    path = _unix(text)
    if path:
        return f"{UNIX}{folder / path}"
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def asked_address(text: str, folder: Path) -> str:
    """The same from its settings alone."""
    path = _unix(text)
    return f"{UNIX}{folder / path}" if path else f"http://{text}"


def socket_path(text: str, folder: Path) -> Path | None:
    """To be removed at the end."""
    path = _unix(text)
    return folder / path if path else None


def _unix(text: str) -> str:
    return text.removeprefix(UNIX) if text.startswith(UNIX) else ""


def _tcp(text: str) -> tuple[str, int] | None:
    found = _TCP.fullmatch(text)
    if found is None or int(found[3]) > 0xFFFF:
        return None
    return found[1] or found[2], int(found[3])
