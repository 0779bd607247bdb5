# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""One real frame, followed through all threads and compared with the table in ARCHITECTURE.md."""

import asyncio
import re
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import uvicorn

from torrazzo.archive.root import open_root
from torrazzo.base import SystemClock
from torrazzo.base.ids import CameraId, NodeId, StreamId
from torrazzo.base.times import DAY, UtcTicks
from torrazzo.camera import AccessUnit, Source, open_source
from torrazzo.cli.init import make_town
from torrazzo.control_room.index import IndexWriter
from torrazzo.control_room.socket_app import make_socket_app
from torrazzo.durable import OsDisk
from torrazzo.durable.unix_socket import listen_unix
from torrazzo.ingest.keeper import OpenSource
from torrazzo.keyring.public import KeyName
from torrazzo.keyring.ring import Ring
from torrazzo.recorder.deliver import Deliverer
from torrazzo.recorder.record import Origin, Recorder
from torrazzo.recorder.writer import DiskWriter
from torrazzo.testing import ClipSpec, SmallTown, make_clip
from torrazzo.town.camera import StreamConfig
from torrazzo.town.home import Home, load_settings
from torrazzo.town.plan import PlanEntry

TABLE = Path(__file__).parents[2] / "ARCHITECTURE.md"
STREAM = StreamId(CameraId("00000000000000aa"), "main")


def table() -> list[tuple[str, str]]:
    """(thread, function) of each row, in order."""
    return re.findall(r"^\| \d+ \| ([a-z ]+) \| `([\w.]+)` \|", TABLE.read_text(), re.MULTILINE)


def files() -> dict[str, set[str]]:
    """Those that hand the frame over, by thread, as the page lists them."""
    listed = re.search(r"\*loop\* (.*?), \*disk\* (.*?)\. `tests", TABLE.read_text(), re.DOTALL)
    assert listed is not None
    return {thread: set(re.findall(r"`(\S+\.py)`", listed[at])) for at, thread in enumerate(("loop", "disk"), 1)}


def holds(thing: object, data: bytes, depth: int = 5) -> bool:
    """Whether this very object is somewhere inside."""
    if thing is data:
        return True
    return depth > 0 and isinstance(thing, list | tuple) and any(holds(part, data, depth - 1) for part in thing)


class Trace:
    """A profile function for every thread: notes a row when its function handles the frame."""

    def __init__(self, rows: list[str]) -> None:
        self.rows = rows
        self.data: bytes | None = None
        self.found: list[tuple[str, str]] = []
        self.files: dict[str, set[str]] = {}  # by thread: where the frame itself was handed over, before it was on disk
        self.done = threading.Event()

    def __call__(self, frame: FrameType, event: str, arg: Any) -> None:
        """Called by the interpreter at each call and return."""
        if event not in {"call", "return"} or len(self.found) == len(self.rows):
            return
        wanted = self.rows[len(self.found)]
        self._note_file(frame, event)
        name = frame.f_code.co_qualname
        if not name.endswith(wanted) or not self._is_it(wanted, frame, event, arg):
            return
        self.found.append((threading.current_thread().name, wanted))
        if len(self.found) == len(self.rows):
            self.done.set()

    def _note_file(self, frame: FrameType, event: str) -> None:
        path = frame.f_code.co_filename
        if event != "call" or self.data is None or "/torrazzo/" not in path or frame.f_code.co_name[0] == "<":
            return
        if any(holds(value, self.data) for value in frame.f_locals.values()):
            name = path.rpartition("/torrazzo/")[2]
            self.files.setdefault(threading.current_thread().name, set()).add(name)

    def _is_it(self, wanted: str, frame: FrameType, event: str, arg: Any) -> bool:
        if wanted == "NativeSource.sweep":
            if event == "return" and arg:
                self.data = next((unit.data for unit in arg if isinstance(unit, AccessUnit) and unit.is_key), None)
            return self.data is not None
        assert self.data is not None
        if wanted == "Segmenter.close_fragment":
            return event == "return" and holds(arg, self.data)
        if wanted in {"Timeline.place", "DiskWriter._handle", "Journal.write"}:
            return event == "call" and any(holds(value, self.data) for value in frame.f_locals.values())
        if wanted in {"VolumeWriter.flush", "IndexWriter.take"}:
            return event == "return"
        return event == "call"  # its fact, which follows its bytes


def test_a_frame_takes_the_way_that_is_drawn(tmp_path: Path) -> None:
    """Nine hops from the socket to the row, six to the disk, in the order, threads and files that are drawn."""
    rows = table()
    assert [name for _, name in rows].index("VolumeWriter.flush") < 6
    assert len(rows) <= 9
    make_town(tmp_path, "Trace", "Europe/Rome")
    home, disk, clock = Home(tmp_path), OsDisk(), SystemClock()
    settings = load_settings(home)
    names: dict[KeyName, bytes] = {}
    ring = Ring({})

    def public_key(hour: int, class_: str) -> bytes:
        name = KeyName(hour, class_)
        if name not in names:
            names[name] = ring.with_drawn([name]).keys[name].public()
        return names[name]

    trace = Trace([name for _, name in rows])
    with SmallTown([make_clip(ClipSpec(frames=50, gop=25, width=160, height=96, bitrate=50_000))]) as town:
        address = StreamConfig(STREAM, town.urls[0])

        def opener(entry: PlanEntry) -> OpenSource:
            async def open_it() -> Source:
                return await open_source(entry.stream, clock)

            return open_it

        threading.setprofile(trace)
        index = IndexWriter(home, disk, settings)
        stop_server = _serve(home, index)
        deliverer = Deliverer(home.control_room_socket)
        deliverer.start()
        recorder = Recorder(clock, Origin(NodeId(1), 1, "boot", "test"), public_key, opener, deliverer.push)
        writer = DiskWriter(disk, open_root(disk, settings.roots[0]), 1, clock, recorder)
        recorder.writers.append(writer)
        writer.start("boot")
        recorder.follow({STREAM: PlanEntry(address, "standard", UtcTicks(clock.utc() + DAY))}, clock.boot_ns())
        recorder.recovered([], {}, lambda: None)
        sys.setprofile(trace)
        try:
            asyncio.run(_record(recorder, trace))
            deliverer.stop()
        finally:
            sys.setprofile(None)
            threading.setprofile(None)
            stop_server()
    assert trace.done.is_set(), trace.found
    assert [name for _, name in trace.found] == [name for _, name in rows]
    by_row = dict(zip((thread for thread, _ in rows), (thread for thread, _ in trace.found), strict=True))
    handed = {
        "loop" if thread == by_row["loop"] else thread.partition("-")[0]: at for thread, at in trace.files.items()
    }
    assert handed == files()
    assert by_row["loop"] == threading.main_thread().name
    assert by_row["disk"].startswith("disk-")
    assert by_row["deliver"] == "deliver"
    assert len({by_row["loop"], by_row["disk"], by_row["deliver"], by_row["control room"]}) == 4


async def _record(recorder: Recorder, trace: Trace) -> None:
    """A few seconds, then the end of the tenure seals the segment."""
    stop = asyncio.Event()

    def each_second(_now_ns: int) -> None:
        if "VolumeWriter.flush" in [name for _, name in trace.found]:
            stop.set()

    await asyncio.wait_for(recorder.run(stop, each_second), 30)


def _serve(home: Home, index: IndexWriter) -> Callable[[], None]:
    """The control room's socket, in a thread."""
    app = make_socket_app(None, None, index.take, None)  # type: ignore[arg-type] # only facts come here
    listener = listen_unix(home.control_room_socket)
    server = uvicorn.Server(
        uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", loop="asyncio", http="h11", ws="none")
    )
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])), name="control-room")
    thread.start()

    def stop() -> None:
        server.should_exit = True
        thread.join(10)
        listener.close()

    return stop
