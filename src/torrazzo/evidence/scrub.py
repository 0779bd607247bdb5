# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The rolling scrub: every closed volume is read once within the term of its footage, and held against its hashes.

Needs no keys. One pass is one job, one UTC hour of volumes one step: each books a `scrub` fact. The rate is such that a
pass takes six tenths of the shortest life of what is there, and so often one is begun: none is missed before it goes.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import structlog

from torrazzo.archive import Root, VolumeReader
from torrazzo.archive.header import VolumeHeader
from torrazzo.archive.record import Kind, RecordHeader
from torrazzo.archive.survey import volume_paths
from torrazzo.base.clock import Clock
from torrazzo.base.errors import Damaged, Invalid
from torrazzo.base.ids import CameraId
from torrazzo.base.times import HOUR, SECOND, hour_text, iso_from_ticks
from torrazzo.durable import Disk
from torrazzo.evidence.jobs import Progress, Steps, Values
from torrazzo.town.lives import LEGAL_HOURS, life_of

PART_OF_LIFE = 0.6
FIRST = 0.3  # of its life, the age of the oldest footage at which the first pass begins
LEAST_RATE = 4 << 20  # bytes a second: a small archive is done sooner
MOST_TOLD = 50  # damages of one hour, and of a pass, one by one

log = structlog.get_logger(__name__)


class Damage(NamedTuple):
    """What is not as it was written, for people: which camera, when."""

    stream: str | None
    start: int | None  # UTC ticks
    end: int | None
    volume: str
    what: str


class Town(NamedTuple):
    """What the scrub needs of it."""

    roots: Callable[[], Sequence[Root]]  # those that are there
    book: Callable[[str, Values], None]  # enter an act fact of this kind
    names: Callable[[], "dict[CameraId, str]"]


class Pace:
    """Keeps reading at a rate; shared by all volumes of a step."""

    def __init__(self, rate: float, clock: Clock) -> None:
        self._rate, self._clock = rate, clock
        self._since_ns, self._done = clock.boot_ns(), 0
        self._pause = threading.Event()

    def spend(self, length: int) -> None:
        """So many bytes were read: wait until that is in time."""
        self._done += length
        due = self._done / self._rate - (self._clock.boot_ns() - self._since_ns) / 1e9
        if due > 0:
            self._pause.wait(min(due, 5.0))


class ScrubJob:
    """What `Jobs` runs; the order says nothing."""

    def __init__(self, town: Town, disk: Disk, clock: Clock) -> None:
        self._town, self._disk, self._clock = town, disk, clock

    def run(self, order: Values, steps: Steps) -> Values:
        """The result sums up what the hours' steps found."""
        del order
        hours = steps.step("list", (0, 0.01), lambda _: {"hours": sorted(self._hours())})["hours"]
        ok, bad, damages = 0, 0, list[Values]()
        for at, hour in enumerate(hours):
            part = (0.01 + 0.99 * at / len(hours), 0.01 + 0.99 * (at + 1) / len(hours))

            def work(tell: Progress, hour: int = hour) -> Values:
                return self._hour(hour, tell)

            found = steps.step(hour_text(hour), part, work)
            ok, bad = ok + found["ok"], bad + found["bad"]
            damages += found["damages"]
        return {"hours": len(hours), "ok": ok, "bad": bad, "damages": damages[:MOST_TOLD]}

    def is_due(self, last_ms: int | None) -> bool:
        """Whether a pass is to begin; `last_ms` is when the last one did, in ms since 1970."""
        life = self._shortest_life() * HOUR
        if last_ms is not None:
            return self._clock.utc() - last_ms * SECOND // 1000 >= PART_OF_LIFE * life
        hours = self._hours()
        return bool(hours) and self._clock.utc() - min(hours) * HOUR >= FIRST * life

    def _paths(self) -> Iterator[tuple[int, Path]]:
        for path in volume_paths(self._disk, self._town.roots()):
            try:
                yield VolumeHeader.from_name(path.name).hour, path
            except Invalid:
                log.warning("volume_of_no_name", volume=path.name)

    def _hours(self) -> set[int]:
        return {hour for hour, _ in self._paths()}

    def _hour(self, hour: int, tell: Progress) -> Values:
        """Read its volumes, tell what is damaged, book what was read."""
        paths = [path for its, path in self._paths() if its == hour]
        pace, total, done = Pace(self._rate(), self._clock), sum(map(_size, paths)) or 1, 0
        ok, damages = 0, list[Damage]()

        def spend(length: int) -> None:
            nonlocal done
            done += length
            pace.spend(length)
            tell(done / total)

        for path in paths:
            intact, found = scrub_volume(self._disk, path, spend)
            ok, damages = ok + intact, damages + found
        names = self._town.names()
        for damage in damages[:MOST_TOLD]:
            _tell(damage, names)
        if ok or damages:
            times = {"t0": hour * HOUR, "t1": (hour + 1) * HOUR}
            self._town.book("scrub", {**times, "ok": ok, "bad": len(damages)})
        return {"ok": ok, "bad": len(damages), "damages": [damage._asdict() for damage in damages[:MOST_TOLD]]}

    def _rate(self) -> float:
        """Bytes a second, as much as there is now in its time."""
        size = sum(_size(path) for _, path in self._paths())
        return max(LEAST_RATE, size / (PART_OF_LIFE * 3_600 * self._shortest_life()))

    def _shortest_life(self) -> int:
        """Hours, of what is there."""
        lives = {LEGAL_HOURS}
        for _, path in self._paths():
            with contextlib.suppress(Invalid):  # a class of a later version
                lives.add(life_of(VolumeHeader.from_name(path.name).retention_class))
        return min(lives)


def scrub_volume(disk: Disk, path: Path, spend: Callable[[int], None]) -> tuple[int, list[Damage]]:
    """How many pieces are as they were written, and what is not; nothing of one that is being written, or is gone."""
    try:
        with VolumeReader.open(disk, path) as reader:
            if not reader.is_indexed:
                return 0, []
            listing = reader.listing()
            damages = [
                _damage(reader, each.before, f"{each.what}, {each.length} bytes at offset {each.offset}")
                for each in listing.damages
                if not each.is_tail or listing.source == "index"
            ]
            ok = 0
            for header in reader.headers():
                what = _difference(reader, header)
                if what is not None:
                    damages.append(_damage(reader, header, what))
                elif header.kind == Kind.PIECE:
                    ok += 1
                spend(header.end - header.offset)
            return ok, damages
    except FileNotFoundError:
        return 0, []
    except (Damaged, OSError) as error:
        return 0, [Damage(None, None, None, path.name, f"cannot be read: {error}")]


def _difference(reader: VolumeReader, header: RecordHeader) -> str | None:
    try:
        if reader.header_at(header.offset) != header:
            return "the record's header differs from the index"
        reader.payload(header)
    except (Damaged, OSError) as error:
        return str(error)
    return None


def _damage(reader: VolumeReader, header: RecordHeader | None, what: str) -> Damage:
    if header is None or header.stream is None:
        return Damage(None, None, None, reader.name, what)
    return Damage(str(header.stream), header.t0, header.t1, reader.name, what)


def _tell(damage: Damage, names: "dict[CameraId, str]") -> None:
    camera = (damage.stream or "").partition("/")[0]
    log.error(
        "footage_damaged",
        camera=names.get(CameraId(camera), camera),
        stream=damage.stream,
        start=None if damage.start is None else iso_from_ticks(damage.start),
        end=None if damage.end is None else iso_from_ticks(damage.end),
        volume=damage.volume,
        what=damage.what,
    )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
