# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The floor: what comes out of the sockets, gathered, written and synced once a second. Understands nothing of it.

python bench/copy.py FILE URL…
"""

import os
import re
import socket
import sys
import time
from urllib.parse import urlsplit

SWEEP_S = 0.25


def play(url: str) -> socket.socket:
    """The RTSP dialogue, blocking."""
    parts = urlsplit(url)
    connection = socket.create_connection((parts.hostname or "", parts.port or 554))
    for option in (socket.SO_RCVBUFFORCE if hasattr(socket, "SO_RCVBUFFORCE") else 33, socket.SO_RCVBUF):
        try:
            connection.setsockopt(socket.SOL_SOCKET, option, 2 << 20)
            break
        except OSError:
            continue
    number = 0

    def ask(method: str, target: str, *lines: str) -> str:
        nonlocal number
        number += 1
        connection.sendall("\r\n".join((f"{method} {target} RTSP/1.0", f"CSeq: {number}", *lines, "", "")).encode())
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += connection.recv(4096)
        head, _, body = answer.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: *(\d+)", head)
        while length and len(body) < int(length[1]):
            body += connection.recv(4096)
        return (head + b"\r\n\r\n" + body).decode("latin-1")

    described = ask("DESCRIBE", url, "Accept: application/sdp")
    base = re.search(r"(?i)content-base: *(\S+)", described)
    control = re.search(r"m=video.*?a=control:(\S+)", described, re.DOTALL)
    assert control is not None
    track = control[1] if "://" in control[1] else (base[1].rstrip("/") if base else url) + "/" + control[1]
    setup = ask("SETUP", track, "Transport: RTP/AVP/TCP;unicast;interleaved=0-1")
    session = re.search(r"(?i)session: *([^;\s]+)", setup)
    assert session is not None
    ask("PLAY", url, f"Session: {session[1]}", "Range: npt=0-")
    connection.setblocking(False)
    return connection


def main() -> None:
    """Copy until killed."""
    connections = [play(url) for url in sys.argv[2:]]
    out = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    scratch = bytearray(1 << 20)
    view = memoryview(scratch)
    print("READY", flush=True)
    held: list[bytes] = []
    next_s = time.monotonic()
    turn = 0
    while True:
        for connection in connections:
            try:
                size = connection.recv_into(scratch)
            except BlockingIOError:
                continue
            held.append(bytes(view[:size]))
        turn += 1
        if turn % 4 == 0:
            for at in range(0, len(held), 1000):
                os.writev(out, held[at : at + 1000])
            os.fdatasync(out)
            held = []
        next_s += SWEEP_S
        time.sleep(max(0.0, next_s - time.monotonic()))


if __name__ == "__main__":
    main()
