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

from tests.tools.patience import PATIENCE_S
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
from torrazzo.ledger.process import run_ledger
from torrazzo.recorder.deliver import Deliverer, ToLedger
from torrazzo.recorder.journal import Delivery
from torrazzo.recorder.record import Origin, Recorder
from torrazzo.recorder.writer import DiskWriter
from torrazzo.testing import ClipSpec, SmallTown, make_clip
from torrazzo.town.camera import StreamConfig
from torrazzo.town.home import Home, load_settings
from torrazzo.town.plan import PlanEntry

TABLE = Path(__file__).parents[2] / "ARCHITECTURE.md"
ON_DISK = 6
FUNCTIONS = 20  # docs/4-decisions/0010
NO_FACTS = b'"facts": []}'  # a heartbeat
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
    """A profile function for every thread: notes a row when its function handles the frame.

    On the disk the way parts: to the catalogue's row, and along the branch to the ledger; neither waits for the other.
    """

    def __init__(self, rows: list[str], branch: list[str]) -> None:
        self.rows, self.branch = rows, branch
        self.data: bytes | None = None
        self.found: list[tuple[str, str]] = []
        self.found_in_branch: list[tuple[str, str]] = []
        self.files: dict[str, set[str]] = {}  # by thread: where the frame itself was handed over, before it was on disk
        self.functions: set[str] = set()  # that had it in hand there

    def __call__(self, frame: FrameType, event: str, arg: Any) -> None:
        """Called by the interpreter at each call and return."""
        if event not in {"call", "return"}:
            return
        if len(self.found) < len(self.rows):
            self._note_file(frame, event)
        if len(self.found) >= ON_DISK:
            self._follow(self.branch, self.found_in_branch, frame, event, arg)
        self._follow(self.rows, self.found, frame, event, arg)

    def _follow(self, rows: list[str], found: list[tuple[str, str]], frame: FrameType, event: str, arg: Any) -> None:
        if len(found) == len(rows):
            return
        wanted, thread = rows[len(found)], threading.current_thread().name
        if not frame.f_code.co_qualname.endswith(wanted) or not self._is_it(wanted, frame, event, arg):
            return
        if wanted != "Deliverer._send" or (thread == "deliver-ledger") == (rows is self.branch):
            found.append((thread, wanted))

    def _note_file(self, frame: FrameType, event: str) -> None:
        path = frame.f_code.co_filename
        if event != "call" or self.data is None or "/torrazzo/" not in path or frame.f_code.co_name[0] == "<":
            return
        if any(holds(value, self.data) for value in frame.f_locals.values()):
            name = path.rpartition("/torrazzo/")[2]
            self.files.setdefault(threading.current_thread().name, set()).add(name)
            self.functions.add(frame.f_code.co_qualname)

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
        if wanted in {"Deliverer._send", "take_facts", "LedgerStore.append"}:
            told = next(frame.f_locals[name] for name in ("batch", "body", "rec") if name in frame.f_locals)
            return event == "call" and bool(told) and not (isinstance(told, bytes) and told.endswith(NO_FACTS))
        return event == "call"  # its fact, which follows its bytes


def test_a_frame_takes_the_way_that_is_drawn(tmp_path: Path) -> None:
    """Six hops to the disk, three on to the row, three to the ledger, in the order, threads and files drawn."""
    hops = table()
    rows, branch = hops[:9], hops[9:]
    assert [name for _, name in rows].index("VolumeWriter.flush") < ON_DISK
    assert len(branch) <= 3
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

    trace = Trace([name for _, name in rows], [name for _, name in branch])
    with SmallTown([make_clip(ClipSpec(frames=50, gop=25, width=160, height=96, bitrate=50_000))]) as town:
        address = StreamConfig(STREAM, town.urls[0])

        def opener(entry: PlanEntry) -> OpenSource:
            async def open_it() -> Source:
                return await open_source(entry.stream, clock)

            return open_it

        threading.setprofile(trace)
        index = IndexWriter(home, disk, settings)
        stop_server = _serve(home, index)
        stop_ledger = _keep_ledger(home)
        deliverers = Deliverer(home.control_room_socket), Deliverer(home.ledger_socket, ToLedger(NodeId(1)))

        def push(deliveries: list[Delivery]) -> None:
            for deliverer in deliverers:
                deliverer.push(deliveries)

        for deliverer in deliverers:
            deliverer.start()
        recorder = Recorder(clock, Origin(NodeId(1), 1, "boot", "test"), public_key, opener, push)
        writer = DiskWriter(disk, open_root(disk, settings.roots[0]), 1, clock, recorder)
        recorder.writers.append(writer)
        writer.start("boot")
        plan = {STREAM: PlanEntry(address, "standard", UtcTicks(clock.utc() + DAY))}
        recorder.follow(plan, clock.boot_ns(), recorder.new_terms(plan, clock.boot_ns()))
        recorder.recovered([], {}, lambda: None)
        sys.setprofile(trace)
        try:
            asyncio.run(_record(recorder, trace))
            for deliverer in deliverers:
                deliverer.stop()
        finally:
            stop_ledger()
            sys.setprofile(None)
            threading.setprofile(None)
            stop_server()
    _check(trace, rows, branch)


def _check(trace: Trace, rows: list[tuple[str, str]], branch: list[tuple[str, str]]) -> None:
    """What was found is what is drawn."""
    assert [name for _, name in trace.found] == [name for _, name in rows]
    assert [name for _, name in trace.found_in_branch] == [name for _, name in branch]
    assert [thread for thread, _ in branch] == ["deliver ledger", "ledger", "ledger"]
    assert not {thread for thread, _ in trace.found} & {thread for thread, _ in trace.found_in_branch}
    by_row = dict(zip((thread for thread, _ in rows), (thread for thread, _ in trace.found), strict=True))
    handed = {
        "loop" if thread == by_row["loop"] else thread.partition("-")[0]: at for thread, at in trace.files.items()
    }
    assert handed == files()
    assert len(trace.functions) <= FUNCTIONS, sorted(trace.functions)
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

    await asyncio.wait_for(recorder.run(stop, each_second), PATIENCE_S)


def _keep_ledger(home: Home) -> Callable[[], None]:
    """The ledger's process, in a thread; what it has taken is entered when it ends."""
    stop = threading.Event()
    thread = threading.Thread(target=run_ledger, args=(home, SystemClock(), OsDisk(), stop), name="ledger")
    thread.start()

    def end() -> None:
        stop.set()
        thread.join(60)

    return end


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
        thread.join(60)
        listener.close()

    return stop
