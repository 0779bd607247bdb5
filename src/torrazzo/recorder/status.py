# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the recorder says about itself: `GET /status` on its Unix socket, answered from a snapshot of a second."""

import contextlib
import http.server
import json
import socketserver
import threading
from pathlib import Path
from typing import Any

from torrazzo.durable.unix_socket import listen_unix
from torrazzo.recorder.record import Recorder


def snapshot(recorder: Recorder, now_ns: int, extra: dict[str, object]) -> dict[str, object]:
    """State, cause and counters of each stream, and the disks; runs in the loop's thread."""
    streams: dict[str, object] = {}
    for stream_id, stream in recorder.streams.items():
        why = stream.blocked or stream.timeline.gap_why or stream.keeper.why
        last_ns = stream.last_frame_ns
        unit = stream.last_unit
        fresh = last_ns is not None and now_ns - last_ns < 3_000_000_000
        state = "recording" if fresh and why is None else "gap" if why is not None else "connecting"
        streams[str(stream_id)] = {
            "state": state,
            "why": why if state == "gap" else None,
            "last_frame": None if last_ns is None else recorder.server.utc(last_ns),
            "frames": stream.frames,
            "bytes": stream.bytes,
            "lost": stream.lost,
            "faults": stream.faults + stream.journal.faults,
            "size": None if unit is None else [unit.format.width, unit.format.height],
            "codec": None if unit is None else unit.format.codec,
            "fps": round(90_000 / max(1, stream.timeline.interval), 2),
            "clock_offset_ms": None if stream.clock_offset_ns is None else stream.clock_offset_ns // 1_000_000,
            "connections": stream.keeper.connections,
            "receive_buffer": 0 if stream.keeper.source is None else stream.keeper.source.receive_buffer,
            "sweep_ms": stream.sweep_every_ns // 1_000_000,
            "message": stream.keeper.message if stream.blocked is None else stream.blocked,
        }
    roots = [
        {
            "id": f"{writer.root.id:08x}",
            "path": str(writer.root.path),
            "state": "failed" if writer.is_failed else "ok",
            "error": writer.error or None,
            "behind_seconds": round(writer.behind, 2),
        }
        for writer in recorder.writers
    ]
    counters = {"worst_lag_ms": recorder.worst_lag_ns // 1_000_000, "faults": recorder.faults}
    return {"streams": streams, "roots": roots, **counters, **extra}


class StatusServer:
    """Serves the newest snapshot; `update` may be called from any thread."""

    def __init__(self, path: Path) -> None:
        self._state: dict[str, object] = {}
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                found: dict[str, object] = owner._state if self.path == "/status" else {"error": "not found"}
                body = json.dumps(found).encode()
                self.send_response(200 if self.path == "/status" else 404)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def address_string(self) -> str:
                return "unix"

            def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - as the base class has it
                """Asking for the state is not an event."""

        self._server = _UnixServer("", Handler, bind_and_activate=False)
        self._server.socket.close()
        self._server.socket = listen_unix(path)
        self._thread = threading.Thread(target=self._server.serve_forever, name="status", daemon=True)

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def update(self, state: dict[str, object]) -> None:
        """This is the state now; it must not change any more."""
        self._state = state

    def stop(self) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._server.server_close()


class _UnixServer(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - as the base class has it
        """Whoever asked has gone."""
        with contextlib.suppress(OSError):
            request.close()
