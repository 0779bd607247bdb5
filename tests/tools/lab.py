# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A recorder on a moved clock and any disk, without threads: the product's code, one event after another."""

import asyncio
import hashlib
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from torrazzo.archive import Root, VolumeReader
from torrazzo.archive.fact import Fact, parse_fact
from torrazzo.archive.reader import NeverBegan
from torrazzo.archive.record import Kind
from torrazzo.archive.recovery import Recovery, finish_recovery, recover
from torrazzo.archive.root import make_root, volume_names
from torrazzo.base import StreamId
from torrazzo.base.ids import CameraId, NodeId
from torrazzo.base.times import DAY, UtcTicks
from torrazzo.camera import AccessUnit, CameraError, Source, VideoFormat
from torrazzo.camera.units import Event
from torrazzo.durable import Disk
from torrazzo.ingest.keeper import OpenSource
from torrazzo.keyring.public import KeyName
from torrazzo.keyring.ring import Ring
from torrazzo.recorder.fence import Fence
from torrazzo.recorder.journal import Delivery
from torrazzo.recorder.record import Origin, Recorder
from torrazzo.recorder.writer import Batch, DiskWriter, RawFact
from torrazzo.testing import FakeClock, FaultyDisk
from torrazzo.testing.clips import Clip
from torrazzo.testing.reel import Reel
from torrazzo.town.camera import StreamConfig
from torrazzo.town.plan import PlanEntry

NODE = NodeId(0x7F3A91C2)
BOOT = "5b8d7f3e-0000-4000-8000-000000000001"


class Sent(NamedTuple):
    """A picture that reached the recorder's kernel."""

    arrived_ns: int
    utc: int
    serial: int
    size: int


class LabCamera:
    """A camera that runs on the clock, and the source that reads it. `ppm` bends its own clock."""

    def __init__(self, clip: Clip, clock: FakeClock, ppm: int = 0) -> None:
        self.clip, self.clock, self.ppm = clip, clock, ppm
        self.reel = Reel(clip)
        self.format = VideoFormat(clip.codec, clip.width, clip.height, clip.parameter_sets, 0, None)
        self.start_ns = clock.boot_ns()
        self.sent: list[Sent] = []
        self.is_silent = False
        self.refuses: str | None = None
        self.opened = 0

    def media_now(self) -> int:
        """The camera's own time."""
        past = (self.clock.boot_ns() - self.start_ns) * 9 // 100_000
        return past + past * self.ppm // 1_000_000

    async def open(self) -> Source:
        """Connect: the next key frame comes first."""
        if self.refuses is not None:
            raise CameraError("refused in the lab", self.refuses)
        self.opened += 1
        self.reel.forward(self.media_now())
        return LabSource(self)

    def units(self, now_ns: int) -> list[Event]:
        """What was made since the last time."""
        found: list[Event] = []
        while self.reel.due <= self.media_now():
            shot = self.reel.take()
            if self.is_silent:
                continue
            past = self.reel.due - shot.dts
            arrived = now_ns - max(0, (self.media_now() - shot.dts - past)) * 100_000 // 9
            data = b"".join(len(nal).to_bytes(4) + nal for nal in shot.unit.nals)
            self.sent.append(
                Sent(arrived, self.clock.utc() - (now_ns - arrived) * 9 // 100_000, shot.serial, len(data))
            )
            found.append(AccessUnit(shot.pts, shot.dts, data, shot.unit.is_key, self.format, 0, arrived, False))
        return found


class LabSource:
    """One connection to a LabCamera."""

    description = "lab"
    fileno: int | None = None
    receive_buffer = 0
    last_sweep_bytes = 0

    def __init__(self, camera: LabCamera) -> None:
        self._camera = camera
        self._needs_key = True

    def sweep(self, now_ns: int) -> list[Event]:
        """From the first key frame on."""
        if self._camera.refuses is not None:
            raise CameraError("closed in the lab", self._camera.refuses)
        units = self._camera.units(now_ns)
        while units and self._needs_key:
            self._needs_key = not (isinstance(units[0], AccessUnit) and units[0].is_key)
            if self._needs_key:
                units.pop(0)
        return units

    def request_key_frame(self) -> None:
        """It does not listen."""

    async def close(self) -> None:
        """Nothing to free."""


class InlineWriter(DiskWriter):
    """A writer without a thread."""

    def start(self, boot_id: str) -> None:
        """Nothing to start."""
        self._boot_id = boot_id

    def submit(self, batch: Batch) -> None:
        """At once."""
        self._waiting.append(batch)
        self._handle(batch)

    def stop(self, timeout: float) -> bool:
        """Finish the volumes."""
        self._finish()
        return True


class Lab:
    """A town with `count` cameras. `start`, `run`, then `stop` in order or `leave` as a crash does."""

    def __init__(
        self, disk: Disk, clock: FakeClock, clip: Clip, count: int, roots: int = 1, base: Path = Path("/r")
    ) -> None:
        self.disk, self.clock = disk, clock
        self.cameras = {
            StreamId(CameraId(f"{index:016x}"), "main"): LabCamera(clip, clock) for index in range(1, count + 1)
        }
        self.roots: list[Root] = [make_root(disk, base / f"root{index}", NODE) for index in range(roots)]
        self.missing: set[Root] = set()  # at the next start
        self.home = FaultyDisk()  # of its own: holds the fence file
        self.home.make_folder(base)
        self.ring = Ring({})
        self.public: dict[KeyName, bytes] = {}
        self.has_keyring = True
        self.allows_faults = False
        self.until = clock.utc() + 30 * DAY
        self.retention_class = "standard"
        self.fence = 0
        self.known: Fence = None  # type: ignore[assignment] # until `start`
        self.deliveries: list[Delivery] = []
        self.recorder: Recorder = None  # type: ignore[assignment] # until `start`

    def public_key(self, hour: int, class_: str) -> bytes | None:
        """The hour's public key, drawn when first asked for while there is a keyring."""
        name = KeyName(hour, class_)
        if name not in self.public and self.has_keyring:
            self.ring = self.ring.with_drawn([name])
            self.public[name] = self.ring.keys[name].public()
        return self.public.get(name)

    def start(self, *, recover_now: bool = True) -> None:
        """Begin to record under the next fence."""
        self.here = [root for root in self.roots if root not in self.missing]
        path = self.roots[0].path.parent / "fence.json"
        self.known = Fence(self.home, path, NODE, self.here, is_one_missing=bool(self.missing))
        self.fence = self.known.number
        recorder = Recorder(
            self.clock, Origin(NODE, self.fence, BOOT, "lab"), self.public_key, self._opener, self.deliveries.extend
        )
        self.recorder = recorder
        recorder.may_have_priors = any(volume_names(self.disk, root) for root in self.here)
        recorder.writers = [InlineWriter(self.disk, root, self.fence, self.clock, recorder) for root in self.here]
        for writer in recorder.writers:
            writer.start(BOOT)
        self.follow()
        if recover_now:
            self.recover()

    def recover(self) -> None:
        """What the product does in a thread behind the start."""
        found = recover(self.disk, self.here, self.fence, is_away=self.known.is_away, lost=self.known.lost)
        facts = [RawFact(Delivery(each.fact, each.volume, each.pieces), each.place) for each in found.facts]
        self.recorder.recovered(facts, self.known.priors(found), lambda: self._finish_recovery(found))

    def _finish_recovery(self, found: Recovery) -> None:
        finish_recovery(self.disk, found)
        self.known.forget_settled(found)

    def follow(self) -> None:
        """Give the recorder the plan again."""
        entries = {
            stream: PlanEntry(StreamConfig(stream, "rtsp://lab"), self.retention_class, UtcTicks(self.until))
            for stream in self.cameras
        }
        terms = self.recorder.new_terms(entries, self.clock.boot_ns())
        self.known.save(terms)
        self.recorder.follow(entries, self.clock.boot_ns(), terms)

    async def run(self, seconds: float, beat_s: float = 0.0625) -> None:
        """Let time pass."""
        end_ns = self.clock.boot_ns() + int(seconds * 1e9)
        while self.clock.boot_ns() < end_ns:
            self.recorder.beat(self.clock.boot_ns())
            self.clock.advance(beat_s)
            await asyncio.sleep(0)

    async def stop(self) -> None:
        """In order."""
        await self.recorder.finish()
        self._check_faults()

    async def leave(self) -> None:
        """As a crash does; the objects are gone, what the disk holds is its own affair."""
        for stream in self.recorder.streams.values():
            await stream.keeper.close()
        self._check_faults()

    def _check_faults(self) -> None:
        """No stream was dropped for an error of ours, which the recorder outlives; unless the test makes them."""
        assert self.allows_faults or not self.recorder.faults, "see stream_fault in the log"

    def _opener(self, entry: PlanEntry) -> OpenSource:
        return self.cameras[entry.stream.id].open

    # -- what the volumes say

    def facts(self) -> dict[StreamId, list[Fact]]:
        """All facts of all volumes, by stream, in order of term and number."""
        return facts_in(self.disk, self.roots)


def facts_in(disk: Disk, roots: Sequence[Root]) -> dict[StreamId, list[Fact]]:
    """All facts of all volumes, by stream, in order of term and number."""
    found: dict[StreamId, list[Fact]] = defaultdict(list)
    for root in roots:
        for name in volume_names(disk, root):
            try:
                reader = VolumeReader.open(disk, root.volumes / name)
            except NeverBegan:
                continue
            for record in reader.records():
                if record.kind == Kind.FACT:
                    fact = parse_fact(reader.payload(record))
                    found[fact.stream].append(fact)
            reader.close()
    for facts in found.values():
        facts.sort(key=lambda fact: (fact.term.fence, fact.term.start, fact.n))
    return found


def check_chain(facts: Sequence[Fact]) -> None:
    """Numbers are contiguous in each term, each fact names the one before, each term the one before."""
    for before, after in pairwise(facts):
        if after.term == before.term:
            assert after.n == before.n + 1, f"{before.n} is followed by {after.n}"
            # what recovery wrote stands for a fact that was lost and whose hash may be named (docs/3-formats/fact.md)
            assert after.prev == hashlib.sha256(before.line).digest() or before.by == "recovery"
        else:
            assert after.n == 0
            assert after.kind == "term"
            assert after.prior == (before.term, before.n, hashlib.sha256(before.line).digest())


def check_elapsed(facts: Sequence[Fact]) -> int:
    """Recorded + gaps + steps = elapsed, to the tick; returns elapsed."""
    moving = [fact for fact in facts if fact.kind != "term" and fact.t1 is not None]
    for before, after in pairwise(moving):
        assert after.t0 == before.t1, f"n={after.n} begins {after.t0 - (before.t1 or 0)} ticks after n={before.n}"
    total = sum((fact.t1 or 0) - fact.t0 for fact in moving)
    elapsed = (moving[-1].t1 or 0) - moving[0].t0
    assert total == elapsed
    return elapsed
