# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A small reverse proxy that has a certificate: one request a connection, WebSockets too."""

import base64
import contextlib
import select
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

OURS = (b"x-forwarded-for:", b"client-cert:")  # of nobody else


@contextlib.contextmanager
def tls_proxy(
    certificate: Path, key: Path, client: str = "203.0.113.7", stations: Path | None = None
) -> Iterator["TlsProxy"]:
    """It says of everybody that they come from `client`, and which certificate signed by `stations` they showed."""
    proxy = TlsProxy(certificate, key, client, stations)
    try:
        yield proxy
    finally:
        proxy.close()


class TlsProxy:
    """A thread for each connection; `to` is where it leads."""

    def __init__(self, certificate: Path, key: Path, client: str, stations: Path | None = None) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate, key)
        if stations is not None:
            self._context.verify_mode = ssl.CERT_OPTIONAL
            self._context.load_verify_locations(stations)
        self._client = client
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.to = 0
        self._open: set[socket.socket] = set()
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        """Nobody comes any more, and who is there is cut."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for each in list(self._open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._pass, args=(connection,), daemon=True).start()

    def _pass(self, plain: socket.socket) -> None:
        self._open.add(plain)
        with contextlib.suppress(OSError), plain, self._context.wrap_socket(plain, server_side=True) as outer:
            self._open.add(outer)
            head = self._head(outer)
            if head:
                with socket.create_connection(("127.0.0.1", self.to)) as inner:
                    inner.sendall(head)
                    _exchange(outer, inner)
        self._open.discard(plain)

    def _head(self, outer: ssl.SSLSocket) -> bytes:
        """With who it is from; what is no WebSocket is told to end with its answer."""
        data = b""
        while b"\r\n\r\n" not in data:
            piece = outer.recv(65_536)
            if not piece:
                return b""
            data += piece
        head, _, body = data.partition(b"\r\n\r\n")
        lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(OURS)]
        if b"upgrade: websocket" not in head.lower():
            lines = [line for line in lines if not line.lower().startswith(b"connection:")] + [b"Connection: close"]
        lines.append(b"X-Forwarded-For: " + self._client.encode())
        if (shown := outer.getpeercert(binary_form=True)) is not None:
            lines.append(b"Client-Cert: :" + base64.b64encode(shown) + b":")
        return b"\r\n".join(lines) + b"\r\n\r\n" + body


def _exchange(outer: ssl.SSLSocket, inner: socket.socket) -> None:
    """Both ways until one side ends, in one thread: OpenSSL bears no two on one connection."""
    with contextlib.suppress(OSError):
        while True:
            ready = [outer] if outer.pending() else select.select([outer, inner], [], [])[0]
            if outer in ready:
                outer.settimeout(0)
                with contextlib.suppress(ssl.SSLWantReadError):  # half a record, or one of TLS's own
                    if not (data := outer.recv(65_536)):
                        return
                    inner.sendall(data)
                outer.settimeout(None)
            if inner in ready:
                if not (data := inner.recv(65_536)):
                    return
                outer.sendall(data)
