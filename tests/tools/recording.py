# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A short recording made without waiting: clips through the real segmenter, journal and volumes, at times we choose."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from tests.tools.ring_keys import RingKeys
from torrazzo.archive.record import HEADER_SIZE
from torrazzo.archive.root import Root, make_root
from torrazzo.base import StreamId, TermId
from torrazzo.base.ids import CameraId, NodeId
from torrazzo.base.times import SECOND, UtcTicks
from torrazzo.camera import AccessUnit, VideoFormat
from torrazzo.catalogue import Catalogue, CatalogueWriter, Delivered
from torrazzo.control_room.index import Index
from torrazzo.durable import OsDisk
from torrazzo.ingest import Frame, GapClosed, Step
from torrazzo.keyring import KeyName, load_public_keys
from torrazzo.keyring.process import tend
from torrazzo.keyring.sealer_setup import set_up_sealer
from torrazzo.keyring.store import RingStore
from torrazzo.playback import Footage
from torrazzo.playback.index import Recorded
from torrazzo.recorder.journal import Delivery, Journal, Tenure
from torrazzo.recorder.writer import VolumeSet
from torrazzo.segment import Segmenter
from torrazzo.testing import ClipSpec, FakeClock, make_clip
from torrazzo.testing.clips import Clip
from torrazzo.testing.clock import START
from torrazzo.town import Home

STREAM = StreamId(CameraId("3f9a1c0e5b7d2264"), "main")
NODE = NodeId(0x7F3A91C2)


class Told(NamedTuple):
    """A unit as it was given to the recorder, and when it is shown."""

    shown: int  # UTC ticks
    number: int  # as burned in
    unit: AccessUnit


@dataclass
class Recording:
    """One stream's tenure in a new home. `shoot`, `gap` and `step` move its time on; `finish` closes the volumes."""

    folder: Path
    start: UtcTicks = START
    stream: StreamId = STREAM
    beside: "Recording | None" = None  # another camera of the same town, whose root and keys it shares
    fence: int = 17
    told: list[Told] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.home = Home(self.folder)
        self.disk = OsDisk()
        self.clock = FakeClock(self.start)
        if self.beside is None:
            self.root: Root = make_root(self.disk, self.folder / "archive", NODE)
            self.disk.make_folder(self.home.keyring)
            self.ring = RingStore(self.disk, self.home.keyring, set_up_sealer(self.disk, self.home.keyring))
            tend(self.ring, self.start, ("standard",))
        else:
            self.root, self.ring = self.beside.root, self.beside.ring
        keys = load_public_keys(self.home.public_keys)
        self.term = TermId(NODE, self.fence, self.start)
        tenure = Tenure(self.stream, self.term, "11111111-2222-3333-4444-555555555555", "0.1.0", self.clock.boot_ns())
        self._journal = Journal(
            tenure, "standard", lambda hour, name: keys.get(KeyName(hour, name)), may_have_prior=False
        )
        self._volumes = VolumeSet(self.disk, self.root, self.fence, self.clock)
        self._journal.begin(None, self._volumes)
        self._segmenter = Segmenter()
        self._formats: dict[tuple[bytes, ...], VideoFormat] = {}
        self._breaks = True
        self._media = 0
        self.now: int = self.start

    @property
    def keys(self) -> RingKeys:
        """The keys of its segments, out of its own ring."""
        return RingKeys(self.folder)

    def shoot(self, clip: Clip, seconds: float | None = None, *, skew_ppm: int = 0) -> None:
        """Record the clip, again and again for so many seconds (once if not told), as if its camera had sent it."""
        count = len(clip.units) if seconds is None else round(seconds * SECOND / clip.interval)
        units = list(self._units(clip, count))
        origin, first = self.now, units[0].dts
        last = units[-1].dts + clip.interval
        delay = min(unit.pts for unit in units) - first
        next_tick = origin + SECOND

        def utc(dts: int) -> int:
            return origin + (dts - first) + (dts - first) * skew_ppm // 1_000_000

        for at, unit in enumerate(units):
            end = units[at + 1].dts if at + 1 < len(units) else last
            if utc(unit.dts) >= next_tick:
                self._write(self._segmenter.close_fragment())
                next_tick += SECOND
            self.told.append(Told(utc(unit.dts) + unit.pts - unit.dts - delay, self._number(clip, at), unit))
            self._write(self._segmenter.push(Frame(unit, utc(unit.dts), utc(end), end, self._breaks)))
            self._breaks = False
        self._advance(utc(last))
        self._media = last

    def shoot_at_once(self, clip: Clip, seconds: float) -> None:
        """The same in no time: pictures of before where the time line already is, as the recorder places them."""
        for is_first in (True, False):
            self._write(self._segmenter.finish())
            self._breaks = True
            if is_first:
                self.shoot(clip, seconds, skew_ppm=-1_000_000)

    def gap(self, seconds: float, why: str = "net") -> None:
        """Nothing comes for so long."""
        end = self.now + round(seconds * SECOND)
        self._write(self._segmenter.finish())
        now_ns = self.clock.boot_ns()
        self._write([GapClosed(self.now, end, why, now_ns, now_ns + round(seconds * 1e9))])
        self._advance(end)
        self._media += round(seconds * SECOND)
        self._breaks = True

    def step(self, seconds: float) -> None:
        """The machine's clock is set."""
        self._write(self._segmenter.finish())
        end = self.now + round(seconds * SECOND)
        self._write([Step(self.now, end, self.clock.boot_ns())])
        self.now = end
        self._breaks = True

    def finish(self) -> None:
        """Everything is on disk."""
        self._write(self._segmenter.finish())
        self._volumes.finish()
        self.deliveries += self._journal.commit()

    def footage(self) -> Footage:
        """What plays it, through a catalogue of its facts."""
        with CatalogueWriter(self.home.catalogue_db) as writer:
            writer.insert(Delivered(told.fact, told.volume, told.pieces) for told in self.deliveries)
        return Footage(Index(Catalogue(self.home.catalogue_db)), [self.root], self.disk, self.keys)

    def volume_of(self, row: Recorded) -> Path:
        """Where a segment lies."""
        assert row.volume is not None
        return self.root.volumes / row.volume

    def spoil(self, row: Recorded, piece: int) -> None:
        """Flip a bit in a piece's ciphertext."""
        path = self.volume_of(row)
        data = bytearray(path.read_bytes())
        data[row.places[piece] + HEADER_SIZE + 200] ^= 1
        path.write_bytes(data)

    def _advance(self, to: int) -> None:
        self.clock.advance_ns(max(0, to - self.now) * 100_000 // 9)
        self.now = to
        self._volumes.flush()
        self.deliveries += self._journal.commit()
        self._volumes.end_past({self._journal})

    def _write(self, events: Sequence[object]) -> None:
        for event in events:
            self._journal.write(event, self._volumes)  # type: ignore[arg-type]  # what a segmenter gives, or ours

    def _units(self, clip: Clip, count: int) -> Iterator[AccessUnit]:
        sets = clip.parameter_sets
        found = self._formats.setdefault(sets, VideoFormat(clip.codec, clip.width, clip.height, sets, 0, None))
        offset = self._media - clip.units[0].dts
        for at in range(count):
            round_, place = divmod(at, len(clip.units))
            unit = clip.units[place]
            shift = offset + round_ * clip.period
            data = b"".join(len(nal).to_bytes(4) + nal for nal in unit.nals)
            now_ns = self.clock.boot_ns()
            yield AccessUnit(
                unit.pts + shift, unit.dts + shift, data, unit.is_key, found, 0, now_ns, discontinuity=False
            )

    @staticmethod
    def _number(clip: Clip, at: int) -> int:
        return clip.units[at % len(clip.units)].number


def shoot_two_sizes(made: Recording, first_s: float, gap_s: float, then_s: float, larger_s: float) -> None:
    """25 fps with B-frames: a gap, and at the end a larger picture."""
    small = make_clip(ClipSpec(width=320, height=240, b_frames=2, frames=200, tag=1))
    made.shoot(small, first_s)
    made.gap(gap_s)
    made.shoot(small, then_s)
    made.shoot(make_clip(ClipSpec(width=480, height=360, b_frames=2, frames=100, tag=2)), larger_s)
