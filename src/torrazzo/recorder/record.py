# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The data path on one page: read this first.

Eight beats a second. At each, the streams that are due are swept (stream.py); once a second every fragment is closed
and one batch goes to each disk (writer.py), where journal.py seals, numbers and accounts for it. What is synced
comes back as facts for the catalogue (deliver.py). Nothing here waits for a camera, a disk, a keyring or a database.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

import structlog

from torrazzo.base import Clock, StreamId, TermId
from torrazzo.base.ids import NodeId
from torrazzo.base.times import BootNs, UtcTicks, hour_of
from torrazzo.camera import CameraError
from torrazzo.camera.signing import Makers
from torrazzo.ingest import Keeper, ServerTime, Timeline
from torrazzo.ingest.keeper import OpenSource
from torrazzo.recorder.fault import log_fault
from torrazzo.recorder.journal import Delivery, Journal, LostTerm, Open, Prior, Tenure
from torrazzo.recorder.keys import PublicKey
from torrazzo.recorder.stream import SECOND_NS, StreamRecorder
from torrazzo.recorder.writer import Batch, Begin, DiskWriter, End, Entry, RawFact
from torrazzo.segment import Fragment
from torrazzo.town.plan import PlanEntry

BEAT_NS = SECOND_NS // 8
SOFT_SECONDS = 6.0  # a disk this far behind: streams stop at their next key frame
HARD_SECONDS = 8.0  # … at once
CLEAR_SECONDS = 2.0  # … begin again
BUDGET_BYTES = 512 << 20  # of frames waiting for all disks: the stall budget
FAULT = "what it sends meets an error in this program, whose log tells where"

_log = structlog.get_logger()

Opener = Callable[[PlanEntry], OpenSource]


class Origin(NamedTuple):
    """Who records."""

    node: NodeId
    fence: int
    boot: str
    software: str


class Recorder:
    """All streams of one process. Methods run in the loop's thread unless they say otherwise."""

    def __init__(
        self,
        clock: Clock,
        origin: Origin,
        public_key: PublicKey,
        opener: Opener,
        deliver: Callable[[list[Delivery]], None],
        makers: Makers = (),
    ) -> None:
        self.clock, self.origin = clock, origin
        self.streams: dict[StreamId, StreamRecorder] = {}
        self.writers: list[DiskWriter] = []
        self.server = ServerTime(clock.utc(), clock.boot_ns())
        self.may_have_priors = False
        self.worst_lag_ns = 0
        self.each_beat: Callable[[int], None] | None = None  # while somebody watches live
        self._public_key, self._opener, self._deliver = public_key, opener, deliver
        self._makers = makers
        self._entries: dict[StreamId, PlanEntry] = {}
        self._recovered = False
        self._priors: dict[StreamId, Prior] = {}
        self._ending: set[StreamId] = set()
        self._ended: set[StreamId] = set()  # by us, in this life: recorded again, something was changed in between
        self._starts: dict[StreamId, int] = {}  # of each stream's last term
        self._kept: list[Batch] = []  # must be written, and told, whenever a disk takes records again
        self._next_second_ns = 0
        self._faults = 0
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def faults(self) -> int:
        """Mistakes of ours that showed so far; each cost one stream a moment, and belongs in a report."""
        return self._faults + sum(writer.faults for writer in self.writers)

    async def run(self, stop: asyncio.Event, each_second: Callable[[int], None]) -> None:
        """Record until `stop`; then end all tenures."""
        self._loop = asyncio.get_running_loop()
        next_ns = self.clock.boot_ns()
        while not stop.is_set():
            now_ns = self.clock.boot_ns()
            self.worst_lag_ns = max(self.worst_lag_ns, now_ns - next_ns)
            if self.beat(now_ns):
                each_second(now_ns)
            next_ns = BootNs(max(next_ns + BEAT_NS, now_ns))
            await asyncio.sleep(max(0, next_ns - self.clock.boot_ns()) / 1e9)
        await self.finish()

    def beat(self, now_ns: int) -> bool:
        """One turn; whether a second was completed."""
        moved = self.server.observe(self.clock.utc(), now_ns)
        if moved:
            _log.warning("clock_stepped", ticks=moved)
            for stream in self.streams.values():
                with self._alone(stream, now_ns):
                    stream.step(moved, now_ns)
        had_heavy = False
        for stream in self.streams.values():
            if now_ns < stream.next_sweep_ns or stream.blocked == "permit" or (had_heavy and stream.is_heavy):
                continue
            began_ns = self.clock.boot_ns()
            with self._alone(stream, now_ns):
                stream.sweep(now_ns)
            stream.pause(began_ns, self.clock.boot_ns())
            had_heavy = had_heavy or stream.is_heavy
        if self.each_beat is not None:
            self.each_beat(now_ns)
        if now_ns < self._next_second_ns:
            return False
        self._next_second_ns = max(self._next_second_ns + SECOND_NS, now_ns + SECOND_NS // 2)
        self.second(now_ns)
        return True

    def read(self, stream: StreamRecorder) -> None:
        """Bytes of a stream that somebody watches live are there: they wait for no beat."""
        now_ns = self.clock.boot_ns()
        if stream.blocked != "permit":
            with self._alone(stream, now_ns):
                stream.sweep(now_ns)
            stream.pause(now_ns, self.clock.boot_ns())

    def look_back(self, stream: StreamRecorder, take: Callable[[Open | None], None]) -> None:
        """Give the segment that is open, once all that was handed to its disk is there; never waits."""
        now_ns = self.clock.boot_ns()
        self._submit(stream.writer, [], now_ns, lambda: self._call(take, stream.journal.open_segment()))

    def second(self, now_ns: int) -> None:
        """Close every fragment and hand each disk its batch."""
        utc = self.server.utc(now_ns)
        waiting = 0
        for writer in self.writers:
            seconds, size = writer.backlog(now_ns)
            waiting += size
            writer.behind = seconds
        crossing = hour_of(utc) != hour_of(utc - 90_000)
        for stream in self.streams.values():
            with self._alone(stream, now_ns):
                self._judge(stream, utc, waiting, now_ns)
                stream.second(now_ns)
                if crossing:
                    stream.ask_for_key_frame(now_ns)
        for writer in self.writers:
            entries: list[Entry] = []
            for stream in self.streams.values():
                if stream.writer is writer and not (writer.is_failed and stream.blocked):
                    entries += stream.take()
            self._submit(writer, entries, now_ns)

    def new_terms(self, plan: Mapping[StreamId, PlanEntry], now_ns: int) -> dict[StreamId, TermId]:
        """A term for each stream that needs one to follow the plan; each time another, never given before."""
        terms = {}
        for stream_id, entry in plan.items():
            known = self._entries.get(stream_id)
            if known is None or known.retention_class != entry.retention_class:  # the hours' keys are others
                # terms of one fence follow each other by start, also where the clock was set back in between
                start = max(self.server.utc(now_ns), self._starts.get(stream_id, -1) + 1)
                self._starts[stream_id] = start
                terms[stream_id] = TermId(self.origin.node, self.origin.fence, UtcTicks(start))
        return terms

    def follow(self, plan: Mapping[StreamId, PlanEntry], now_ns: int, terms: Mapping[StreamId, TermId]) -> None:
        """Make the streams those of the plan, touching only what changed.

        `terms`, of `new_terms` and to be given once, may begin now; a stream that needs one and has none there waits,
        or goes on as it is kept so far.
        """
        for gone in [stream for stream in self.streams if stream not in plan]:
            self._remove(gone, now_ns)
        for stream_id, entry in plan.items():
            known, term = self._entries.get(stream_id), terms.get(stream_id)
            is_new = known is None or known.retention_class != entry.retention_class
            if is_new and term is not None:
                if known is not None:
                    self._remove(stream_id, now_ns)
                self._add(entry, term, now_ns)
            elif known is not None:
                self._go_on(known, replace(entry, retention_class=known.retention_class), now_ns)

    def recovered(self, facts: list[RawFact], priors: Mapping[StreamId, Prior], then: Callable[[], object]) -> None:
        """The terms before are known: write what they lack, then let the new terms begin. `then` follows the sync."""
        self._recovered = True
        self._priors.update(priors)
        for stream in self.streams.values():
            stream.entries.insert(0, self._begin(stream))
        writer = next((each for each in self.writers if not each.is_failed), self.writers[0])
        self._submit(writer, [Entry(None, fact) for fact in facts], self.clock.boot_ns(), then)

    async def finish(self) -> None:
        """End all tenures and finish the volumes; waits at most fifteen seconds for the disks."""
        now_ns = self.clock.boot_ns()
        for stream in list(self.streams):
            self._remove(stream, now_ns)
        await asyncio.gather(*(asyncio.to_thread(writer.stop, 15.0) for writer in self.writers))

    # -- streams

    @contextlib.contextmanager
    def _alone(self, stream: StreamRecorder, now_ns: int) -> Iterator[None]:
        """Whatever a camera brings about costs its own stream, and no other."""
        try:
            yield
        except CameraError as error:
            stream.drop(str(error), now_ns)
        except Exception as error:  # noqa: BLE001 - a mistake of ours that shows with this camera
            log_fault(stream.id, error)
            stream.faults += 1
            self._faults += 1
            stream.drop(FAULT, now_ns)

    def _go_on(self, known: PlanEntry, entry: PlanEntry, now_ns: int) -> None:
        stream = self.streams[entry.stream.id]
        if known.stream != entry.stream:
            with self._alone(stream, now_ns):
                stream.reopen(self._opener(entry), now_ns)
        self._entries[entry.stream.id] = entry
        stream.until = entry.until

    def _add(self, entry: PlanEntry, term: TermId, now_ns: int) -> None:
        stream_id = entry.stream.id
        tenure = Tenure(stream_id, term, self.origin.boot, self.origin.software, now_ns)
        journal = Journal(
            tenure,
            entry.retention_class,
            self._public_key,
            may_have_prior=self.may_have_priors or stream_id in self._priors or stream_id in self._ending,
            before="maintenance" if stream_id in self._ended else "restart",
            makers=self._makers,
        )
        writer = min(self.writers, key=lambda each: (each.is_failed, self._load(each)))
        keeper = Keeper(self._opener(entry), now_ns)
        stream = StreamRecorder(journal, keeper, Timeline(self.server, now_ns), writer, entry.until)
        stream.early_ns = BEAT_NS // 2 + len(self.streams) % 2 * BEAT_NS  # in the beat of the second's end, or before
        self.streams[stream_id] = stream
        self._entries[stream_id] = entry
        if self._recovered and stream_id not in self._ending:
            stream.entries.append(self._begin(stream))
        _log.info("stream_added", stream=str(stream_id), term=str(term))

    def _remove(self, stream_id: StreamId, now_ns: int) -> None:
        stream = self.streams.pop(stream_id)
        self._entries.pop(stream_id, None)
        with self._alone(stream, now_ns):
            stream.finish(now_ns)
        stream.keeper.release()
        self._ending.add(stream_id)
        self._ended.add(stream_id)
        entries = [*stream.take(), Entry(stream.journal, End())]
        self._submit(stream.writer, entries, now_ns, lambda: self._call(self._on_ended, stream.journal))
        _log.info("stream_removed", stream=str(stream_id))

    def _on_ended(self, journal: Journal) -> None:
        last = journal.last_fact()
        if last is not None:
            self._priors[journal.stream] = last
        self._ending.discard(journal.stream)
        again = self.streams.get(journal.stream)
        if again is not None and self._recovered:
            again.entries.insert(0, self._begin(again))

    def _begin(self, stream: StreamRecorder) -> Entry:
        return Entry(stream.journal, Begin(self._priors.get(stream.id)))

    def _load(self, writer: DiskWriter) -> int:
        return sum(stream.writer is writer for stream in self.streams.values())

    def _judge(self, stream: StreamRecorder, utc: int, waiting: int, now_ns: int) -> None:
        """May this stream record now?"""
        writer = stream.writer
        limit = CLEAR_SECONDS if stream.blocked == "disk" else HARD_SECONDS
        why: str | None = None
        if utc >= stream.until:
            why = "permit"
            stream.keeper.release()
        elif self._public_key(hour_of(utc), stream.journal.retention_class) is None:
            why = "keys"
        elif writer.is_failed or writer.behind > limit or waiting > BUDGET_BYTES:
            why = "disk"
        stream.stop_at_key_frame = writer.behind > SOFT_SECONDS
        if why is not None:
            stream.block(why, now_ns)
        elif stream.blocked is not None:
            stream.unblock(now_ns)

    # -- disks

    def _submit(
        self, writer: DiskWriter, entries: list[Entry], now_ns: int, then: Callable[[], object] | None = None
    ) -> None:
        size = sum(sum(map(len, entry.event.parts)) for entry in entries if isinstance(entry.event, Fragment))
        writer.submit(Batch(entries, now_ns, size, then))

    def synced(self, _writer: DiskWriter, deliveries: list[Delivery]) -> None:
        """In the writer's thread: facts are on disk."""
        if deliveries:
            self._deliver(deliveries)

    def failed(self, writer: DiskWriter, batches: list[Batch], _error: OSError) -> None:
        """In the writer's thread: a root takes nothing now."""
        self._call(self._on_failed, writer, batches)

    def recovered_root(self, writer: DiskWriter) -> None:
        """In the writer's thread: a root takes records again."""
        self._call(self._on_root_back, writer)

    def _on_failed(self, writer: DiskWriter, batches: list[Batch]) -> None:
        healthy = [each for each in self.writers if not each.is_failed]
        now_ns = self.clock.boot_ns()
        journals: dict[Journal, DiskWriter] = {}
        for stream in self.streams.values():
            if stream.writer is writer and healthy:
                stream.writer = min(healthy, key=self._load)
                _log.warning("stream_moved", stream=str(stream.id), root=f"{stream.writer.root.id:08x}")
            journals[stream.journal] = stream.writer
            if not healthy:
                stream.block("disk", now_ns)
                stream.drop_pictures()
        for batch in batches:
            if not healthy:
                self._keep(batch)
                continue
            parts: dict[DiskWriter, list[Entry]] = {healthy[0]: []}
            for entry in batch.entries:
                target = journals.get(entry.journal, healthy[0]) if entry.journal else healthy[0]
                parts.setdefault(target, []).append(entry)
            for target, entries in parts.items():  # facts of older terms go to the first that takes records
                self._submit(target, entries, batch.queued_ns, batch.then if target is healthy[0] else None)

    def _on_root_back(self, writer: DiskWriter) -> None:
        now_ns = self.clock.boot_ns()
        kept, self._kept = self._kept, []
        for batch in kept:
            self._submit(writer, list(batch.entries), now_ns, batch.then)
        for stream in self.streams.values():
            if stream.writer.is_failed:  # all were; this one is the first that takes records again
                stream.writer = writer
            if stream.writer is writer and stream.blocked == "disk":  # not a second later
                with self._alone(stream, now_ns):
                    self._judge(stream, self.server.utc(now_ns), 0, now_ns)

    def _keep(self, batch: Batch) -> None:
        """No disk takes it: frames are dropped and will be declared, beginnings and ends of terms wait."""
        entries = [entry for entry in batch.entries if isinstance(entry.event, Begin | RawFact | End)]
        if entries or batch.then is not None:
            self._kept.append(batch._replace(entries=entries))

    def _call(self, function: Callable[..., None], *arguments: object) -> None:
        """From another thread: run it in the loop, or here where there is no loop (tests drive beats by hand)."""
        loop = self._loop
        if loop is None:
            function(*arguments)
        elif not loop.is_closed():
            loop.call_soon_threadsafe(function, *arguments)


__all__ = ["LostTerm", "Origin", "Recorder"]
