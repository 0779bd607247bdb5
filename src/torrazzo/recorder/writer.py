# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""One thread per disk root: seals what the loop hands over, writes it in one go, syncs once a second.

A batch is all that one second brought for the streams of this root. After a failed write nobody knows what the volume
holds: it is abandoned, the journals go back to the last sync, and the batch is handed back to the loop, which
sends it to another root or drops it.
"""

import json
import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

import structlog

from torrazzo.archive import Root, VolumeWriter
from torrazzo.archive.record import Kind
from torrazzo.archive.volume import Mark
from torrazzo.base import Clock
from torrazzo.base.errors import Stopped
from torrazzo.base.ids import NodeId
from torrazzo.base.times import hour_of
from torrazzo.durable import Disk
from torrazzo.recorder.fault import log_fault
from torrazzo.recorder.journal import Delivery, Event, Journal, Prior
from torrazzo.town.lives import STANDARD

GATHER_BYTES = 8 << 20  # ciphertext held at once before it is handed to the kernel
CLOCK_EVERY_NS = 5_000_000_000  # how precisely recovery can tell when this recorder stopped
ROOM_BYTES = 8 << 20  # a full disk is tried again when this much is free
RETRY_NS = 500_000_000  # below the second between batches, which is never exact: each must be an occasion

_log = structlog.get_logger()


class Begin(NamedTuple):
    """The term before is known."""

    prior: Prior


class RawFact(NamedTuple):
    """A fact of an older term, written by recovery."""

    delivery: Delivery
    place: Callable[[VolumeWriter, bytes], None]


class End(NamedTuple):
    """The tenure is over."""


class Entry(NamedTuple):
    """One thing to write."""

    journal: Journal | None
    event: Event | Begin | End | RawFact


class Batch(NamedTuple):
    """What is written and synced together."""

    entries: Sequence[Entry]
    queued_ns: int
    size: int  # bytes of plaintext
    then: Callable[[], object] | None = None  # called in the writer's thread when it is on disk


class Report(Protocol):
    """What the loop is told, in the writer's thread."""

    def synced(self, writer: "DiskWriter", deliveries: list[Delivery]) -> None:
        """These facts are on disk."""
        ...

    def failed(self, writer: "DiskWriter", batches: list[Batch], error: OSError) -> None:
        """The root takes nothing now; these batches are not on disk, though parts of them may be."""
        ...

    def recovered_root(self, writer: "DiskWriter") -> None:
        """The root takes records again."""
        ...


class VolumeSet:
    """The volumes that one root has open: one that takes new segments per hour and class, and those being finished."""

    def __init__(self, disk: Disk, root: Root, fence: int, clock: Clock, node: NodeId | None = None) -> None:
        self._disk, self._root, self._fence, self._clock, self._node = disk, root, fence, clock, node
        self._serial = 0
        self._open: dict[tuple[int, str], VolumeWriter] = {}
        self._ending: list[VolumeWriter] = []

    def current(self, hour: int, retention_class: str) -> VolumeWriter:
        """The volume that takes new segments of this hour and class, made if need be."""
        now = self._clock.utc()
        volume = self._open.get((hour, retention_class))
        if volume is not None and volume.is_full(now):
            self._ending.append(self._open.pop((hour, retention_class)))
            volume = None
        if volume is None:
            serial, self._serial = self._serial, self._serial + 1  # one that could not be made keeps its number
            volume = VolumeWriter.create(
                self._disk,
                self._root,
                hour=hour,
                retention_class=retention_class,
                fence=self._fence,
                serial=serial,
                utc=now,
                boot_ns=self._clock.boot_ns(),
                node=self._node,
            )
            self._open[hour, retention_class] = volume
        return volume

    def latest(self, retention_class: str = STANDARD) -> VolumeWriter:
        """A volume of the present hour."""
        return self.current(hour_of(self._clock.utc()), retention_class)

    def all(self) -> list[VolumeWriter]:
        """All that may have something to flush."""
        return [*self._ending, *self._open.values()]

    def pending_bytes(self) -> int:
        """Bytes placed and not yet given to the kernel."""
        return sum(volume.pending_bytes for volume in self.all())

    def marks(self) -> dict[VolumeWriter, Mark]:
        """What stands in each, for `take_back`."""
        return {volume: volume.mark() for volume in self.all()}

    def take_back(self, marks: Mapping[VolumeWriter, Mark]) -> None:
        """Forget what was placed since; nothing may have been written in between."""
        for volume in self.all():
            volume.take_back(marks.get(volume))

    def write(self) -> None:
        """Give the kernel what is placed, without syncing."""
        for volume in self.all():
            volume.write()

    def flush(self) -> None:
        """Write and sync all volumes that have something."""
        for volume in self.all():
            volume.flush()

    def end_past(self, journals: set[Journal]) -> None:
        """Finish the volumes that are full or of a past hour and in which no segment is open."""
        now = self._clock.utc()
        for key, volume in list(self._open.items()):
            if key[0] < hour_of(now) or volume.is_full(now):
                self._ending.append(self._open.pop(key))
        for volume in list(self._ending):
            if not any(journal.is_in(volume) for journal in journals):
                volume.finish()
                self._ending.remove(volume)

    def finish(self) -> None:
        """The end of the recorder: an index for each."""
        for volume in self.all():
            volume.finish()
        self.forget()

    def abandon(self) -> None:
        """Nobody knows what these hold: recovery will."""
        for volume in self.all():
            volume.abandon()
        self.forget()

    def forget(self) -> None:
        """Nothing is open."""
        self._open, self._ending = {}, []


class DiskWriter:
    """Writes batches to one root, in order. `backlog` tells how far behind it is.

    `node` is the machine that writes, where it is not the one that made the root.
    """

    def __init__(
        self, disk: Disk, root: Root, fence: int, clock: Clock, report: Report, node: NodeId | None = None
    ) -> None:
        self.root = root
        self.is_failed = False
        self.error = ""
        self.faults = 0  # events that could not be written for what was in them
        self.behind = 0.0  # seconds, as the loop saw it last
        self._disk, self._clock, self._report = disk, clock, report
        self._volumes = VolumeSet(disk, root, fence, clock, node)
        self._journals: set[Journal] = set()
        self._queue: queue.SimpleQueue[Batch | None] = queue.SimpleQueue()
        self._waiting: list[Batch] = []  # not on disk, oldest first; shared with the loop under the lock
        self._lock = threading.Lock()
        self._clock_ns = 0
        self._boot_id = ""
        self._retry_ns = 0
        self._thread = threading.Thread(target=self._run, name=f"disk-{root.id:08x}", daemon=True)

    def start(self, boot_id: str) -> None:
        """Begin to write; `boot_id` stands in clock records."""
        self._boot_id = boot_id
        self._thread.start()

    def submit(self, batch: Batch) -> None:
        """Queue a batch; never waits."""
        with self._lock:
            self._waiting.append(batch)
        self._queue.put(batch)

    def backlog(self, now_ns: int) -> tuple[float, int]:
        """(seconds that the oldest batch has been waiting, bytes of all that are waiting)."""
        with self._lock:
            waiting = list(self._waiting)
        if not waiting:
            return 0.0, 0
        return (now_ns - waiting[0].queued_ns) / 1e9, sum(batch.size for batch in waiting)

    def stop(self, timeout: float) -> bool:
        """Write what is queued, finish the volumes; whether that ended in time."""
        self._queue.put(None)
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while True:
            batch = self._queue.get()
            if batch is None:
                self._finish()
                return
            self._handle(batch)

    def _handle(self, batch: Batch) -> None:
        if self.is_failed:
            self._try_again(batch)
        else:
            self._carry_out(batch)

    def _carry_out(self, batch: Batch) -> None:
        try:
            deliveries = self._write(batch)
        except OSError as error:
            self._fail(error)
            return
        with self._lock:
            self._waiting.pop(0)
        if batch.then is not None:
            batch.then()
        self._report.synced(self, deliveries)
        try:
            self._volumes.end_past(self._journals)
        except OSError as error:  # the batch is on disk all the same, and must not be written again
            self._fail(error)

    def _write(self, batch: Batch) -> list[Delivery]:
        """Seal, place, write, sync; then the journals may forget how it was before."""
        volumes = self._volumes
        touched: set[Journal] = set()
        ended: set[Journal] = set()
        raw: list[Delivery] = []
        try:
            self._tell_time()
            for journal, event in batch.entries:
                if isinstance(event, RawFact):
                    event.place(volumes.latest(), event.delivery.fact)
                    raw.append(event.delivery)
                elif journal is not None:
                    touched.add(journal)
                    self._journals.add(journal)
                    self._write_event(journal, event)
                    if isinstance(event, End):
                        ended.add(journal)
                if volumes.pending_bytes() > GATHER_BYTES:
                    volumes.write()
            volumes.flush()
        except OSError:
            for journal in touched:
                journal.rollback()
            raise
        deliveries = raw
        for journal in touched:
            deliveries += journal.commit()
        self._journals -= ended
        hour = hour_of(self._clock.utc())
        for journal in self._journals:
            journal.forget_before(hour)
        return deliveries

    def _write_event(self, journal: Journal, event: Event | Begin | End) -> None:
        """One that can't be written for what is in it is its stream's loss alone: nothing of it stays."""
        volumes = self._volumes
        marks, mark = volumes.marks(), journal.mark()
        try:
            if isinstance(event, Begin):
                journal.begin(event.prior, volumes)
            elif isinstance(event, End):
                journal.end(volumes)
            else:
                journal.write(event, volumes)
        except (OSError, Stopped):
            raise
        except Exception as error:  # noqa: BLE001 - one stream must not stop the disk for the others
            volumes.take_back(marks)
            journal.give_up(event, mark)
            self.faults += 1
            log_fault(journal.stream, error)

    def _tell_time(self) -> None:
        now_ns = self._clock.boot_ns()
        if now_ns - self._clock_ns >= CLOCK_EVERY_NS or not self._clock_ns:
            utc = self._clock.utc()
            reading = {"utc": utc, "boot": now_ns, "boot_id": self._boot_id}
            payload = json.dumps(reading, separators=(",", ":")).encode()
            self._volumes.latest().place(Kind.CLOCK, 0, t0=utc, t1=utc, m0=now_ns, m1=now_ns, payload=payload)
            self._clock_ns = now_ns

    def _fail(self, error: OSError) -> None:
        """The root is lost for now: all that is not on disk goes back to the loop."""
        self._volumes.abandon()
        self._journals.clear()
        self._clock_ns = 0
        self.is_failed, self.error = True, str(error)
        self._retry_ns = self._clock.boot_ns() + RETRY_NS
        with self._lock:
            batches, self._waiting = self._waiting, []
        _log.error("disk_failed", root=f"{self.root.id:08x}", error=str(error), batches=len(batches))
        self._report.failed(self, batches, error)

    def _try_again(self, batch: Batch) -> None:
        """While failed, each batch (they come once a second, empty) is an occasion to see whether the disk is back."""
        with self._lock:
            if not any(waiting is batch for waiting in self._waiting):
                return  # handed back already
            self._waiting.remove(batch)
        if batch.entries:  # queued before the loop knew
            self._report.failed(self, [batch], OSError(self.error))
        now_ns = self._clock.boot_ns()
        if now_ns < self._retry_ns:
            return
        self._retry_ns = now_ns + RETRY_NS
        try:
            if self._disk.free_bytes(self.root.path) < ROOM_BYTES:
                return
            self._tell_time()
            self._volumes.flush()
        except OSError as error:
            self._volumes.abandon()
            self._clock_ns = 0
            self.error = str(error)
            return
        self.is_failed, self.error = False, ""
        _log.info("disk_back", root=f"{self.root.id:08x}")
        self._report.recovered_root(self)

    def _finish(self) -> None:
        if self.is_failed:
            return
        try:
            self._volumes.finish()
        except OSError as error:
            self._fail(error)
