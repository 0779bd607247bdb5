# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""One stream on its way: socket → access unit → frame in time → segment events, queued for the disk.

sweep      source → units            (camera)
place      units → frames and gaps   (ingest)
push       frames → segment events   (segment)
entries    events → the writer's next batch
"""

from collections.abc import Callable, Sequence

from torrazzo.base import StreamId
from torrazzo.camera import AccessUnit, CameraError, SenderReport
from torrazzo.ingest import Frame, Keeper, Timeline
from torrazzo.ingest.keeper import OpenSource
from torrazzo.ingest.timeline import Item
from torrazzo.recorder.journal import Event, Journal, Lost
from torrazzo.recorder.writer import DiskWriter, Entry
from torrazzo.segment import Fragment, Opened, Sealed, Segmenter

SECOND_NS = 1_000_000_000
USUAL_NS = SECOND_NS // 2  # between sweeps
WATCHED_NS = USUAL_NS // 2  # … of a stream that somebody watches live: a frame is known before it counts as late
MOST_UNREAD = 384 << 10  # bytes of such a stream: for each frame all that lies unread is looked at
FASTEST_NS = USUAL_NS // 8
MOST_EVENTS = 300  # that frames may make in a second: a hundred segments
LONG_NS = SECOND_NS // 10  # for one sweep
SHARE = 8  # after a long one: at most a ninth of the loop's time
ASK_EVERY_NS = 5 * SECOND_NS  # for a key frame


class StreamRecorder:
    """Everything that belongs to one stream in the loop's thread."""

    def __init__(self, journal: Journal, keeper: Keeper, timeline: Timeline, writer: DiskWriter, until: int) -> None:
        self.journal, self.keeper, self.timeline = journal, keeper, timeline
        self.writer = writer
        self.until = until  # UTC ticks: the permission's end
        self.segmenter = Segmenter()
        self.entries: list[Entry] = []
        self.stop_at_key_frame = False
        self.blocked: str | None = None  # why nothing may be recorded now
        self.frames = self.bytes = self.lost = self.key_frames = self.faults = 0
        self.last_frame_ns: int | None = None
        self.clock_offset_ns: int | None = None  # the camera's clock minus ours, from its sender reports
        self.last_unit: AccessUnit | None = None
        self.watcher: Callable[[list[AccessUnit]], None] | None = None  # while somebody watches it live
        self.sweep_every_ns = USUAL_NS
        self._watched_ns = WATCHED_NS
        self.next_sweep_ns = 0
        self.early_ns = 0  # how long before the end of a second its last sweep falls
        self._second_ns = 0
        self._asked_ns = 0
        self._events = 0  # in this second
        self._is_long = False  # the last sweep was

    @property
    def id(self) -> StreamId:
        """The stream."""
        return self.journal.stream

    def sweep(self, now_ns: int) -> None:
        """Read what has come and carry it as far as the next batch."""
        keeper = self.keeper
        why = keeper.why
        units: list[AccessUnit] = []
        for event in keeper.sweep(now_ns, self.timeline.interval):
            if isinstance(event, AccessUnit):
                units.append(event)
            elif isinstance(event, SenderReport):
                self._on_report(event)
        if units:
            self._count(units)
            if self.watcher is not None:
                self.watcher(units)
            self._record(self.timeline.place(self._whole_gops(units, now_ns)))
        if keeper.why is not None and keeper.why != why and self.blocked is None:
            self._record(self.timeline.cause(keeper.why, now_ns))
        self._adapt(now_ns)

    @property
    def is_heavy(self) -> bool:
        """Whether its last sweep took long: of such streams the loop reads one at a time."""
        return self._is_long

    def pause(self, began_ns: int, ended_ns: int) -> None:
        """Sweeps that take long (a camera that floods) are followed by pauses: the loop is the other streams', too.

        All but the first, which may be long because the whole machine stood still.
        """
        was_long, self._is_long = self._is_long, ended_ns - began_ns > LONG_NS
        if was_long and self._is_long:
            self.next_sweep_ns = max(self.next_sweep_ns, ended_ns + SHARE * (ended_ns - began_ns))

    def reopen(self, open_source: OpenSource, now_ns: int) -> None:
        """The stream's address has changed."""
        self.keeper.reopen(open_source, now_ns)
        if self.blocked is None:
            self._record(self.timeline.cause("maintenance", now_ns))

    def drop(self, message: str, now_ns: int) -> None:
        """What came can't be dealt with: it is lost from the last event on, and the source with it."""
        self.keeper.drop(message, now_ns)
        self.segmenter = Segmenter()
        self.entries.append(Entry(self.journal, Lost("codec")))
        self._record(self.timeline.lose("codec", now_ns))

    def second(self, now_ns: int) -> None:
        """Once a second: judge silence, close the fragment, ask for a key frame when one is overdue."""
        self._second_ns, self._events = now_ns, 0
        if self.blocked is None:
            self._record(self.timeline.tick(now_ns, "nosignal" if self.keeper.source else "net"))
        self._queue(self.segmenter.close_fragment())
        if self.segmenter.is_overdue:
            self.ask_for_key_frame(now_ns)

    def ask_for_key_frame(self, now_ns: int) -> None:
        """Ask the camera, at most every five seconds."""
        if now_ns - self._asked_ns > ASK_EVERY_NS:
            self._asked_ns = now_ns
            self.keeper.request_key_frame()

    def block(self, why: str, now_ns: int) -> None:
        """Record nothing until `unblock`, for this cause."""
        if self.blocked != why:
            self.blocked = why
            self._record(self.timeline.block(why, now_ns))

    def unblock(self, now_ns: int) -> None:
        """Record again from the next key frame on."""
        if self.blocked is not None:
            self.blocked = None
            self.timeline.unblock()
            self.ask_for_key_frame(now_ns)

    def step(self, moved: int, now_ns: int) -> None:
        """The machine's clock was set."""
        self._record(self.timeline.step(moved, now_ns))

    def finish(self, now_ns: int) -> None:
        """End the tenure; what remains is in `entries`."""
        self._record(self.timeline.finish(now_ns))
        self._queue(self.segmenter.finish())

    def take(self) -> list[Entry]:
        """What the next batch takes along."""
        entries, self.entries = self.entries, []
        return entries

    def drop_pictures(self) -> None:
        """What was cut and can't be written: the rest of a group whose beginning is lost shows nothing."""
        self.entries = [entry for entry in self.entries if not isinstance(entry.event, Opened | Fragment | Sealed)]

    def _record(self, items: list[Item]) -> None:
        push = self.segmenter.push
        for item in items:
            if isinstance(item, Frame):
                events = push(item)
                if events:
                    self._queue(events)
                    self._events += len(events)
                    if self._events > MOST_EVENTS:
                        raise CameraError("its picture's format or its clock changes all the time", "codec")
            else:
                self._queue(self.segmenter.finish())
                self.entries.append(Entry(self.journal, item))

    def _queue(self, events: Sequence[Event]) -> None:
        for event in events:
            self.entries.append(Entry(self.journal, event))

    def _whole_gops(self, units: list[AccessUnit], now_ns: int) -> list[AccessUnit]:
        """The disk is falling behind: stop in front of the next key frame, never in the middle."""
        if self.stop_at_key_frame and self.blocked is None:
            for index, unit in enumerate(units):
                if unit.is_key:
                    self._record(self.timeline.place(units[:index]))
                    self.block("disk", now_ns)
                    return []
        return units

    def _count(self, units: list[AccessUnit]) -> None:
        self.frames += len(units)
        for unit in units:
            self.bytes += len(unit.data)
            self.lost += unit.lost
            self.key_frames += unit.is_key
        self.last_unit = units[-1]
        self.last_frame_ns = units[-1].arrived_ns

    def _on_report(self, report: SenderReport) -> None:
        ours_ns = (report.arrived_ns * 9 // 100_000 + self.timeline.server_offset) * 100_000 // 9
        self.clock_offset_ns = report.ntp_ns - ours_ns

    def _adapt(self, now_ns: int) -> None:
        """When to read next: often while nothing flows, and so that no sweep takes over a quarter of the buffer.

        Sweeps are laid so that the last one of a second falls just before its end, when fragments are closed.
        """
        source = self.keeper.source
        every = self.sweep_every_ns
        if source is None or not self.keeper.flows:
            every = FASTEST_NS
        elif 0 < source.receive_buffer <= source.last_sweep_bytes * 4:
            every = max(FASTEST_NS, every // 2)
        elif every < USUAL_NS and source.last_sweep_bytes * 20 <= source.receive_buffer:  # frames come in bursts
            every *= 2
        self.sweep_every_ns = every
        if self.watcher is not None:
            every = min(every, self._watched(0 if source is None else source.last_sweep_bytes))
        start = self._second_ns - self.early_ns
        self.next_sweep_ns = start + ((now_ns - start) // every + 1) * every

    def _watched(self, swept: int) -> int:
        """Between sweeps of what relays look at: so that no more lies there than they can look at again and again."""
        if swept > MOST_UNREAD:
            self._watched_ns = WATCHED_NS // 2
        elif swept * 4 <= MOST_UNREAD:
            self._watched_ns = WATCHED_NS
        return self._watched_ns
