# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The process `torrazzo recorder`: starts from what is on disk, follows the plan, ends in order."""

import asyncio
import contextlib
import ctypes
import gc
import os
import signal
import threading
from collections.abc import Mapping
from pathlib import Path

import structlog

from torrazzo import __version__
from torrazzo.archive import Root
from torrazzo.archive.recovery import Recovery, finish_recovery, recover
from torrazzo.archive.root import open_root, volume_names
from torrazzo.base import Clock, StreamId, TermId
from torrazzo.base.errors import Invalid, TorrazzoError, Unavailable
from torrazzo.camera import Source, open_source
from torrazzo.camera.signing import Makers, read_makers
from torrazzo.durable import Disk
from torrazzo.ingest.keeper import OpenSource
from torrazzo.keyring import KeyName, hours_left, load_public_keys
from torrazzo.recorder.deliver import Deliverer, ToLedger
from torrazzo.recorder.fence import Fence
from torrazzo.recorder.journal import Delivery
from torrazzo.recorder.live import Live
from torrazzo.recorder.record import Origin, Recorder
from torrazzo.recorder.status import StatusServer, snapshot
from torrazzo.recorder.writer import DiskWriter, RawFact
from torrazzo.town.box import load_box
from torrazzo.town.home import Home, load_settings
from torrazzo.town.plan import PlanEntry, load_plan

KEYS_WARN_HOURS = 36
RETRY_S = 1.0  # until the fence file can be written
CAMERA_MAKERS = "camera-makers.pem"  # in the home: certificates of the makers of cameras that sign
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # mallopt(3)
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")

_ADVICE = "see whether the home's disk is full, and who may write there"  # where the fence file cannot be written

_log = structlog.get_logger()


def run_recorder(home: Home, clock: Clock, disk: Disk) -> int:
    """Record until SIGTERM or SIGINT; returns the exit code."""
    with disk.lock(home.run / "recorder.lock"):
        return asyncio.run(_Process(home, clock, disk).main())


class _Process:
    """What surrounds the recorder: files it follows, servers it answers on, the recovery of what a crash left."""

    def __init__(self, home: Home, clock: Clock, disk: Disk) -> None:
        self.home, self.clock, self.disk = home, clock, disk
        self.settings = load_settings(home)
        self.box = load_box(home.box_key)
        self.roots = self._open_roots()
        self.fence_error = ""
        self.fence = self._reserve_number()
        self.boot_id = BOOT_ID.read_text().strip()
        self.keys: dict[KeyName, bytes] = {}
        self.to_ledger = ToLedger(self.settings.node)
        self.catalogue = Deliverer(home.control_room_socket)
        self.ledger = Deliverer(home.ledger_socket, self.to_ledger)
        origin = Origin(self.settings.node, self.fence.number, self.boot_id, __version__)
        makers = load_makers(home.path / CAMERA_MAKERS)
        self.recorder = Recorder(clock, origin, self._public_key, self._opener, self._deliver, makers)
        self.entries: dict[StreamId, PlanEntry] = {}  # of the plan
        self.noting: asyncio.Task[None] | None = None
        self.stamps: dict[Path, tuple[int, int]] = {}
        self.warned_hours = -1
        self.stop = asyncio.Event()
        self.settled: Recovery | None = None  # set in a disk's thread

    async def main(self) -> int:
        """The process's life."""
        stop = self.stop
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        threading.excepthook = _die
        recorder = self.recorder
        for root in self.roots:
            recorder.writers.append(
                DiskWriter(self.disk, root, self.fence.number, self.clock, recorder, self.settings.node)
            )
        recorder.may_have_priors = any(volume_names(self.disk, root) for root in self.roots)
        for writer in recorder.writers:
            writer.start(self.boot_id)
        self.catalogue.start()
        self.ledger.start()
        status = StatusServer(self.home.recorder_socket)
        status.start()
        live = await self._offer_live()
        recovering = asyncio.ensure_future(asyncio.to_thread(self._recover))
        recovering.add_done_callback(self._on_recovered)
        keep_heap()
        gc.freeze()
        gc.set_threshold(50_000, 20, 50)
        self._follow()

        def each_second(now_ns: int) -> None:
            self._follow()
            status.update(snapshot(recorder, now_ns, self._extra()))

        await recorder.run(stop, each_second)
        live.stop()
        self.catalogue.stop()
        self.ledger.stop()
        status.stop()
        return 0

    async def _offer_live(self) -> Live:
        """Recording goes on where no socket can be made."""
        live = Live(self.recorder, self.disk)
        try:
            await live.start(self.home.live_socket)
        except OSError as error:
            _log.error("live_not_offered", path=str(self.home.live_socket), error=str(error))
        return live

    # -- files that are followed

    def _follow(self) -> None:
        """Take over the plan and the public keys whenever their files have changed."""
        if self._has_changed(self.home.public_keys):
            try:
                self.keys = dict(load_public_keys(self.home.public_keys))
            except TorrazzoError as error:
                _log.error("public_keys_unreadable", error=str(error))
        if self._has_changed(self.home.plan):
            try:
                plan = load_plan(self.home.plan, self.box)
            except TorrazzoError as error:
                _log.error("plan_unreadable", error=str(error))
                return
            self.entries = {entry.stream.id: entry for entry in plan.entries}
            self._follow_plan({})  # what needs no new term waits for no disk
            _log.info("plan_followed", version=plan.version, streams=len(self.entries))
        if self.noting is None or self.noting.done():
            if self.noting is not None:
                self.noting.result()
            self.noting = asyncio.create_task(self._note())
        left = hours_left(self.keys, self.clock.utc())
        if left < KEYS_WARN_HOURS and left != self.warned_hours:
            _log.warning("keyring_hours_left", hours=left)
        self.warned_hours = left

    def _follow_plan(self, terms: Mapping[StreamId, TermId]) -> None:
        self.recorder.follow(self.entries, self.clock.boot_ns(), terms)
        self.to_ledger.terms = {stream_id: stream.journal.term for stream_id, stream in self.recorder.streams.items()}

    async def _note(self) -> None:
        """New terms begin when `fence.json` knows them; while it can't be written all else goes on, and they wait."""
        terms = self.recorder.new_terms(self.entries, self.clock.boot_ns())
        settled = self.settled
        if not terms and settled is None:
            return
        try:
            await asyncio.to_thread(self._save, terms, settled)
        except OSError as error:
            self._tell_unsaved(error, f"{len(terms)} streams wait for it; all others go on; tried again each second")
            return
        self._tell_saved()
        if settled is not None:
            self.settled = None
        if not self.stop.is_set():
            self._follow_plan(terms)

    def _save(self, terms: Mapping[StreamId, TermId], settled: Recovery | None) -> None:
        """In a thread: the disk may take its time."""
        self.fence.save(terms)
        if settled is not None:
            self.fence.forget_settled(settled)

    def _reserve_number(self) -> Fence:
        """This start's number; without one of its own nothing can be recorded, so there is nothing to do but wait."""
        is_one_missing = len(self.roots) < len(self.settings.roots)
        effect = "nothing is recorded before this start has its number; tried each second"
        with contextlib.ExitStack() as telling:
            status = None
            while True:
                try:
                    node = self.settings.node
                    fence = Fence(self.disk, self.home.fence, node, self.roots, is_one_missing=is_one_missing)
                except OSError as error:
                    self._tell_unsaved(error, effect)
                    status = status or self._answer(telling)
                    if status is not None:
                        waits = f"{self.home.fence}: {error.strerror}: {effect}; {_ADVICE}"
                        status.update({"streams": {}, "roots": [], "waits": waits})
                    threading.Event().wait(RETRY_S)  # whoever asks us to end now ends us: nothing has begun
                else:
                    self._tell_saved()
                    return fence

    def _answer(self, telling: contextlib.ExitStack) -> StatusServer | None:
        """Whoever asks is told why nothing is recorded; None where no socket can be made either."""
        try:
            status = StatusServer(self.home.recorder_socket)
        except OSError:
            return None
        status.start()
        telling.callback(status.stop)
        return status

    def _tell_unsaved(self, error: OSError, effect: str) -> None:
        if str(error) != self.fence_error:
            _log.error("fence_not_saved", path=str(self.home.fence), error=str(error), effect=effect, advice=_ADVICE)
        self.fence_error = str(error)

    def _tell_saved(self) -> None:
        if self.fence_error:
            _log.info("fence_saved", path=str(self.home.fence))
        self.fence_error = ""

    def _has_changed(self, path: Path) -> bool:
        try:
            found = path.stat()
        except OSError:
            return False  # what was read last stays in force
        stamp = (found.st_mtime_ns, found.st_ino)
        changed = self.stamps.get(path) != stamp
        self.stamps[path] = stamp
        return changed

    def _deliver(self, deliveries: list[Delivery]) -> None:
        self.catalogue.push(deliveries)
        self.ledger.push(deliveries)

    def _public_key(self, hour: int, retention_class: str) -> bytes | None:
        return self.keys.get(KeyName(hour, retention_class))

    def _opener(self, entry: PlanEntry) -> OpenSource:
        async def open_it() -> Source:
            return await open_source(entry.stream, self.clock)

        return open_it

    # -- what a crash left

    def _open_roots(self) -> list[Root]:
        roots = []
        for path in self.settings.roots:
            try:
                root = open_root(self.disk, path)
                volume_names(self.disk, root)
                roots.append(root)
            except (OSError, TorrazzoError) as error:
                advice = "what may lie on it stays undone: bring it back, or take it out of torrazzo.toml if it is lost"
                _log.error("root_missing", root=str(path), error=str(error), advice=advice)
        if not roots:
            raise Unavailable("no disk root can be opened; mount one, or run `torrazzo init` for a new one")
        return roots

    def _recover(self) -> Recovery:
        """In a thread."""
        fence = self.fence
        return recover(self.disk, self.roots, fence.number, is_away=fence.is_away, lost=fence.lost)

    def _on_recovered(self, task: "asyncio.Future[Recovery]") -> None:
        if task.cancelled():  # we end before it does: the next start does it all
            return
        found = task.result()
        facts = [RawFact(Delivery(each.fact, each.volume, each.pieces), each.place) for each in found.facts]
        counts = {"facts": len(facts), "volumes": len(found.volumes), "damages": len(found.damages)}
        _log.info("recovered", **counts, streams_away=len(found.away))
        self.recorder.recovered(facts, self.fence.priors(found), lambda: self._finish_recovery(found))

    def _finish_recovery(self, found: Recovery) -> None:
        """In a disk's thread, after the owed facts were synced."""
        for refused in finish_recovery(self.disk, found):
            _log.warning("side_index_refused", error=refused)
        self.settled = found

    def _extra(self) -> dict[str, object]:
        return {
            "fence": self.fence.number,
            "keys_hours_left": hours_left(self.keys, self.clock.utc()),
            "facts_waiting": self.catalogue.waiting,
            "facts_waiting_for_ledger": self.ledger.waiting,
            "queue_seconds": max((writer.behind for writer in self.recorder.writers), default=0.0),
            "pid": os.getpid(),
        }


def load_makers(path: Path) -> Makers:
    """The certificates that cameras' signatures must lead to; none if there is no file. Recording waits for neither."""
    try:
        return read_makers(path.read_bytes())
    except FileNotFoundError:
        return ()
    except (OSError, Invalid) as error:
        _log.error("camera_makers_unreadable", path=str(path), error=str(error))
        return ()


def keep_heap() -> None:
    """Tell glibc to keep what it frees: a second's buffers come again a second later (measured: 0.3 ms a piece)."""
    with contextlib.suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None)
        libc.mallopt(M_TRIM_THRESHOLD, 256 << 20)
        libc.mallopt(M_MMAP_THRESHOLD, 32 << 20)


def _die(arguments: threading.ExceptHookArgs) -> None:
    """A thread that dies leaves us not knowing what is stored: end at once, the next start finds out."""
    _log.critical("thread_died", thread=str(arguments.thread), error=repr(arguments.exc_value))
    threading.__excepthook__(arguments)
    os._exit(70)
