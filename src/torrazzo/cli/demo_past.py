# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The demo's days before today: made once, by the recorder's own parts on a clock that is moved, sealed as all is.

Keys of the past hours, volumes, facts in the ledger, the index: what a town has
that was recorded for so long. Two processes record, each half of the cameras; this one enters what they tell.
"""

import contextlib
import multiprocessing
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from multiprocessing.connection import Connection
from typing import NamedTuple

from torrazzo import __version__
from torrazzo.archive import Root, open_root
from torrazzo.archive.fact import parse_fact
from torrazzo.base.ids import NodeId, StreamId, TermId
from torrazzo.base.times import HOUR, SECOND, UtcTicks, hour_of
from torrazzo.camera import AccessUnit, VideoFormat
from torrazzo.catalogue import CatalogueWriter, Delivered
from torrazzo.durable import OsDisk
from torrazzo.ingest import Frame, GapClosed
from torrazzo.keyring.process import tend
from torrazzo.keyring.public import DEFAULT_CLASS, KeyName
from torrazzo.keyring.sealer_setup import set_up_sealer
from torrazzo.keyring.store import RingStore
from torrazzo.keyring.trust import TrustStore
from torrazzo.ledger.act import pack_act
from torrazzo.ledger.intake import entry_of
from torrazzo.ledger.schema import sqlite_database
from torrazzo.ledger.secret import make_identity
from torrazzo.ledger.start import open_ledger
from torrazzo.ledger.store import LedgerStore
from torrazzo.ledger.text import to_base64
from torrazzo.recorder.fence import Fence
from torrazzo.recorder.journal import Delivery, Journal, Tenure
from torrazzo.recorder.writer import VolumeSet
from torrazzo.segment import Segmenter
from torrazzo.testing.clips import ClipSpec, make_clip
from torrazzo.testing.clock import FakeClock
from torrazzo.testing.clock_face import ClockFace, text_of
from torrazzo.town.camera import Camera
from torrazzo.town.home import Home, load_settings

HOURS = 72
CHUNK = 600 * SECOND  # a volume
TICK = 2 * SECOND  # a fragment: the longest that there may be
BOOT = "d3300000-0000-4000-8000-00000000000{}"  # of the machine, in each of its lives
BOOTED_NS = 1_000_000_000_000
A_SECOND = 4  # pictures
GROUPS = 2  # of cameras, each recorded by a process of its own

MINUTE = 60 * SECOND
_SECOND = "00.000"
_PARTS = ("", "25", "50", "75")  # of a second: what the clock says of the pictures in it

# Why nothing was recorded: camera, hours before the end, minutes, cause.
GAPS: Sequence[tuple[int, float, int, str]] = (
    (0, 61.3, 3, "hole"), (1, 50.0, 14, "net"), (1, 9.1, 6, "net"), (2, 44.6, 95, "nosignal"), (3, 30.2, 20, "auth"),
    (3, 5.4, 2, "hole"), (4, 20.7, 45, "net"), (5, 3.2, 8, "nosignal"),
)  # fmt: skip
RESTART_H, RESTART_MIN = 26.5, 3  # hours before the end the recorder was away for so long
YOUNG: Mapping[int, int] = {4: 48, 5: 24}  # cameras that have been there for so many hours


def past_spec(number: int) -> ClipSpec:
    """The picture of the demo's camera `number` as it was recorded: small, four a second, less than 1 kB a second.

    A clock is put into it. A loop is as long as a segment may be.
    """
    return ClipSpec(
        width=320, height=176, fps=str(A_SECOND), frames=120, gop=120, quantiser=34, tag=number + 1, sei=False,
        clock=True,
    )  # fmt: skip


class Life(NamedTuple):
    """One start of the recorder until its end."""

    fence: int
    start: int
    end: int
    boot: str


class Line(NamedTuple):
    """One stream, and when it was recorded."""

    stream: StreamId
    number: int  # of the camera
    begins: int
    gaps: tuple[tuple[int, int, str], ...]  # in order, apart


class _Start(NamedTuple):
    """Terms that are to be written down before anything is recorded under them."""

    at: int
    fence: Fence
    terms: Mapping[StreamId, TermId]


class Order(NamedTuple):
    """What one process records."""

    home: Home
    node: NodeId
    start: int
    end: int
    lives: tuple[Life, ...]
    lines: tuple[Line, ...]
    keys: Mapping[KeyName, bytes]


def make_past(
    home: Home,
    cameras: Sequence[Camera],
    end: UtcTicks,
    hours: int,
    progress: Callable[[float], None] = lambda _: None,
    stop: threading.Event | None = None,
) -> bool:
    """So many hours until `end`, in a town that was just founded; whether all of it was made.

    Nobody may be recording or writing there. Ended early, it leaves what a recorder leaves that was killed.
    """
    end = UtcTicks(end // CHUNK * CHUNK)
    start = UtcTicks(end - hours * HOUR)
    disk, settings = OsDisk(), load_settings(home)
    root = open_root(disk, settings.roots[0])
    keys = _draw(home, start, end)
    orders, starts = _orders(home, settings.node, root, [camera.id for camera in cameras], (start, end), keys)
    with _recording(orders) as groups, _books(home) as (ledger, catalogue):
        for at in range(start, end, HOUR):
            told: list[Delivery] = []
            while starts and starts[0].at < at + HOUR:
                starts[0].fence.save(starts[0].terms)
                del starts[0]
            for _ in range(at, min(at + HOUR, end), CHUNK):
                if stop is not None and stop.is_set():
                    return False
                try:
                    told += [delivery for group in groups for delivery in _received(group)]
                except EOFError:  # who recorded was killed
                    return False
            _enter(ledger, catalogue, told, UtcTicks(min(at + HOUR, end)))
            progress((min(at + HOUR, end) - start) / (end - start))
    return True


def _draw(home: Home, start: UtcTicks, end: UtcTicks) -> Mapping[KeyName, bytes]:
    """Keys of all hours, as a keyring had them that ran all the time; public halves of the past ones."""
    disk, settings = OsDisk(), load_settings(home)
    disk.make_folder(home.keyring)
    TrustStore(disk, home, settings).set_up()
    ring = RingStore(disk, home.keyring, set_up_sealer(disk, home.keyring))
    ring.load()
    ring.draw(KeyName(hour, DEFAULT_CLASS) for hour in range(hour_of(start), hour_of(end) + 1))
    tend(ring, end, (DEFAULT_CLASS,))
    return {name: key.public() for name, key in ring.ring.keys.items()}


def _orders(
    home: Home,
    node: NodeId,
    root: Root,
    cameras: Sequence[str],
    span: tuple[int, int],
    keys: Mapping[KeyName, bytes],
) -> "tuple[list[Order], list[_Start]]":
    start, end = span
    away = end - round(RESTART_H * HOUR) // TICK * TICK
    spans = [(start, away), (away + RESTART_MIN * MINUTE, end)] if away > start else [(start, end)]
    lines = [_line(StreamId.parse(f"{camera}/main"), number, start, end) for number, camera in enumerate(cameras)]
    orders, starts = [], list[_Start]()
    for group in range(min(GROUPS, len(lines))):
        mine = tuple(lines[group::GROUPS])
        lives = []
        for at, (begins, ends) in enumerate(spans):
            fence = Fence(OsDisk(), home.fence, node, [root], is_one_missing=False)
            lives.append(Life(fence.number, begins, ends, BOOT.format(at)))
            terms = {
                line.stream: TermId(node, fence.number, UtcTicks(max(begins, line.begins)))
                for line in mine
                if line.begins < ends
            }
            starts.append(_Start(begins, fence, terms))
        orders.append(Order(home, node, start, end, tuple(lives), mine, keys))
    return orders, sorted(starts, key=lambda each: each.at)


def _line(stream: StreamId, number: int, start: int, end: int) -> Line:
    begins = max(start, end - YOUNG.get(number, HOURS) * HOUR)
    gaps = []
    for camera, before, minutes, why in sorted(GAPS, key=lambda gap: -gap[1]):
        t0 = end - round(before * HOUR) // TICK * TICK
        if camera == number and t0 > begins + MINUTE:
            gaps.append((t0, t0 + minutes * MINUTE, why))
    return Line(stream, number, begins, tuple(gaps))


# -- the process that records


@contextlib.contextmanager
def _recording(orders: Sequence[Order]) -> Iterator[list[Connection]]:
    context = multiprocessing.get_context("spawn")
    groups, processes = [], []
    for order in orders:
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=record_group, args=(order, theirs), daemon=True)
        process.start()
        theirs.close()
        groups.append(ours)
        processes.append(process)
    try:
        yield groups
    finally:
        for group in groups:
            group.close()  # who still records finds nobody to tell, and ends
        for process in processes:
            process.join(20)


def _received(group: Connection) -> list[Delivery]:
    found: list[Delivery] = group.recv()
    return found


def record_group(order: Order, told: Connection) -> None:
    """Chunk for chunk; what was written is told when it is on disk."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started this hears it
    with contextlib.suppress(BrokenPipeError):
        for deliveries in _Group(order).chunks():
            told.send(deliveries)


class _Group:
    """Some cameras, and the volumes that they share."""

    def __init__(self, order: Order) -> None:
        self._order, self._disk = order, OsDisk()
        self._root = open_root(self._disk, load_settings(order.home).roots[0])
        self._clock = FakeClock(UtcTicks(order.start), BOOTED_NS)
        self._reels = [_Reel(line, order) for line in order.lines]

    def chunks(self) -> Iterator[list[Delivery]]:
        """All of them, in order."""
        order, volumes, life = self._order, None, None
        for at in range(order.start, order.end, CHUNK):
            deliveries: list[Delivery] = []
            for each in order.lives:
                t0, t1 = max(at, each.start), min(at + CHUNK, each.end)
                if t0 >= t1:
                    continue
                self._clock.advance_ns(max(0, t0 - self._clock.utc()) * 100_000 // 9)
                if each is not life or volumes is None:
                    life = each
                    volumes = VolumeSet(self._disk, self._root, each.fence, self._clock, order.node)
                    for reel in self._reels:
                        reel.begin(each, volumes)
                for reel in self._reels:
                    reel.record(t0, t1, volumes)
                self._clock.advance_ns(max(0, t1 - self._clock.utc()) * 100_000 // 9)
                deliveries += self._safe(volumes, is_over=t1 == each.end)
            yield deliveries

    def _safe(self, volumes: VolumeSet, *, is_over: bool) -> list[Delivery]:
        """All that was recorded until now is on disk; and told."""
        for reel in self._reels if is_over else ():
            reel.end(volumes)
        volumes.flush()
        deliveries = [delivery for reel in self._reels for delivery in reel.commit()]
        if is_over:
            volumes.finish()
        else:
            volumes.end_past({reel.journal for reel in self._reels if reel.journal is not None})
        return deliveries


class _Reel:
    """One stream: its clip, again and again, each picture with the time of the town."""

    def __init__(self, line: Line, order: Order) -> None:
        self._line, self._order = line, order
        clip = make_clip(past_spec(line.number))
        self._clip, self._face, zone = clip, ClockFace(clip), load_settings(order.home).zone
        self._minute = lru_cache(maxsize=64)(lambda minute: text_of(minute * MINUTE, zone, clip.width)[: -len(_SECOND)])
        self._before = [_joined(unit.nals[:-1]) for unit in clip.units]  # of a clip, each picture around its clock
        self._after = [_joined(unit.nals[-1:]) for unit in clip.units]
        for at in range(len(clip.units)):  # within a second the clock's last signs alone change
            if part := _PARTS[at % A_SECOND]:
                self._after[at] = _joined([self._face.changed(at, part)]) + self._after[at]
        self._format = VideoFormat(clip.codec, clip.width, clip.height, clip.parameter_sets, 0, None)
        self._segmenter = Segmenter()
        self.journal: Journal | None = None
        self._media, self._breaks = 0, True

    def begin(self, life: Life, volumes: VolumeSet) -> None:
        """A term of it, which follows the one before."""
        line, prior = self._line, None if self.journal is None else self.journal.last_fact()
        if line.begins >= life.end:
            return
        begins = UtcTicks(max(life.start, line.begins))
        term = TermId(self._order.node, life.fence, begins)
        tenure = Tenure(line.stream, term, life.boot, __version__, _boot_ns(begins, self._order))
        keys = self._order.keys
        self.journal = Journal(
            tenure, DEFAULT_CLASS, lambda hour, name: keys.get(KeyName(hour, name)), may_have_prior=prior is not None
        )
        self.journal.begin(prior, volumes)
        self._segmenter, self._breaks = Segmenter(), True

    def record(self, t0: int, t1: int, volumes: VolumeSet) -> None:
        """From when to when, but for the gaps."""
        at = max(t0, self._line.begins)
        for gap_start, gap_end, why in self._line.gaps:
            if at <= gap_start < t1:
                self._shoot(at, gap_start, volumes)
                self._write(self._segmenter.finish(), volumes)
                ends = [_boot_ns(end, self._order) for end in (gap_start, gap_end)]
                self._write([GapClosed(gap_start, gap_end, why, *ends)], volumes)
                self._breaks = True
            if gap_start < t1:
                at = max(at, gap_end)
        self._shoot(at, t1, volumes)

    def end(self, volumes: VolumeSet) -> None:
        """The term is over."""
        if self.journal is not None:
            self._write(self._segmenter.finish(), volumes)
            self.journal.end(volumes)

    def commit(self) -> list[Delivery]:
        """Facts that are on disk."""
        if self.journal is None:
            return []
        self.journal.forget_before(0)
        return self.journal.commit()

    def _shoot(self, t0: int, t1: int, volumes: VolumeSet) -> None:
        """Whole seconds, which are those of the town's time; two of them make a fragment."""
        clip, segmenter, interval = self._clip, self._segmenter, self._clip.interval
        shift, said = self._media - clip.units[0].dts, ""
        for second, t in enumerate(range(t0, t1, SECOND)):
            first = second * A_SECOND % len(clip.units)
            if first == 0 and second:
                shift += clip.period
            before, said = said, f"{self._minute(t // MINUTE)}{t // SECOND % 60:02d}.00"
            begins, m = t, _boot_ns(t, self._order)
            for at in range(first, first + A_SECOND):
                unit, data = clip.units[at], self._after[at]
                if at == first:
                    data = self._before[at] + _joined([self._clock(at, before, said)]) + data
                m += interval * 100_000 // 9
                dts, ends = unit.dts + shift, begins + interval
                access = AccessUnit(unit.pts + shift, dts, data, unit.is_key, self._format, 0, m, discontinuity=False)
                events = segmenter.push(Frame(access, begins, ends, dts + interval, self._breaks))
                self._breaks, begins = False, ends
                if events:
                    self._write(events, volumes)
            if second % 2:
                self._write(segmenter.close_fragment(), volumes)
        self._media += max(0, t1 - t0)

    def _clock(self, at: int, before: str, said: str) -> bytes:
        """For the first picture of a second; `before` is what the one before began with."""
        if self._clip.units[at].is_key:
            return self._face.whole(at, said)
        return self._face.between(at, f"{before[:-2]}{_PARTS[-1]}", said)

    def _write(self, events: Sequence[object], volumes: VolumeSet) -> None:
        assert self.journal is not None
        for event in events:
            self.journal.write(event, volumes)  # type: ignore[arg-type]  # what a segmenter gives, or ours


def _joined(nals: Sequence[bytes]) -> bytes:
    return b"".join(len(nal).to_bytes(4) + nal for nal in nals)


def _boot_ns(t: int, order: Order) -> int:
    """What the machine's other clock said then; it has run all the time."""
    return BOOTED_NS + (t - order.start) * 100_000 // 9


# -- what is told


@contextlib.contextmanager
def _books(home: Home) -> Iterator[tuple[LedgerStore, CatalogueWriter]]:
    settings, disk = load_settings(home), OsDisk()
    identity = make_identity(home, settings, disk)
    database = sqlite_database(home.ledger_db)
    with (
        contextlib.closing(database),
        open_ledger(database, disk, home.ledger, identity) as ledger,
        CatalogueWriter(home.catalogue_db) as catalogue,
    ):
        yield ledger, catalogue


def _enter(ledger: LedgerStore, catalogue: CatalogueWriter, told: Sequence[Delivery], now: UtcTicks) -> None:
    catalogue.insert(Delivered(each.fact, each.volume, each.pieces) for each in told)
    ledger.append([entry_of(parse_fact(each.fact)) for each in told])
    head = ledger.rec.head
    ledger.append(act=[pack_act("rec", now, {"size": head.size, "root": to_base64(head.root)})])
