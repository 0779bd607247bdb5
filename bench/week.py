# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A week of many cameras, without recording it: the whole catalogue, a ledger, and at some points real, sealed media.

Volumes are sparse: where no media is, a file has a hole. Those with media have the index that they would have.
"""

import base64
import contextlib
import random
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from tests.tools.recording import Recording
from torrazzo.archive import open_root
from torrazzo.archive.fact import segment_fact
from torrazzo.archive.header import VolumeHeader
from torrazzo.archive.record import INIT, KEY_FRAME, Kind
from torrazzo.archive.volume import VolumeWriter
from torrazzo.base import SegmentId, Span, StreamId, TermId
from torrazzo.base.times import HOUR, SECOND, BootNs, UtcTicks
from torrazzo.catalogue.schema import open_for_writing
from torrazzo.durable import OsDisk
from torrazzo.keyring import KeyName
from torrazzo.keyring.sealer_setup import set_up_sealer
from torrazzo.keyring.store import RingStore
from torrazzo.ledger.fact_index import RecEntry
from torrazzo.ledger.schema import sqlite_database
from torrazzo.ledger.secret import make_identity
from torrazzo.ledger.start import open_ledger
from torrazzo.seal import SEALED_KEY_LENGTH, seal_key, seal_piece, segment_key
from torrazzo.segment import parse_fragment
from torrazzo.testing import ClipSpec, make_clip
from torrazzo.town.home import Home, load_settings

CLASS, FENCE = "standard", 17
SEGMENT = 10 * SECOND
OF_HOUR = 360  # segments
OF_VOLUME = 8  # segments of each stream: 4 GiB of a hundred cameras at 4 Mbit/s
NEIGHBOURS = 32  # segments before and behind: keys of 16 are asked for together
PIECES = 10
PIECE_BYTES = 500_000
GAPS = 30  # of each camera
BATCH = 4_000


class Hole(NamedTuple):
    """So many bytes that are not written."""

    size: int

    def __len__(self) -> int:
        return self.size


class _SparseFile:
    """As `durable` has one; never synced: it is gone with the machine."""

    def __init__(self, path: Path) -> None:
        self._file, self.size = path.open("xb"), 0

    def append(self, parts: Sequence[Any]) -> None:
        for part in parts:
            if isinstance(part, Hole):
                self._file.seek(len(part), 1)
            else:
                self._file.write(part)
            self.size += len(part)

    def sync(self) -> None:
        pass

    def close(self) -> None:
        self._file.truncate()
        self._file.close()


class _SparseDisk(OsDisk):
    def create(self, path: Path) -> Any:
        return _SparseFile(path)


class Media(NamedTuple):
    """A segment that can be played."""

    camera: int
    slot: int  # of the week
    volume: str


@dataclass
class Week:
    """So many cameras and hours before `end`; `points` are where pictures are."""

    home: Home
    streams: Sequence[StreamId]
    hours: int
    end: UtcTicks  # a full hour
    bitrate: int
    points: list[Media] = field(default_factory=list)
    of_one: list[Media] = field(default_factory=list)  # all of the first camera

    def __post_init__(self) -> None:
        self.disk, self.settings = _SparseDisk(), load_settings(self.home)
        self.first = UtcTicks(self.end - self.hours * HOUR)
        self.slots = self.hours * OF_HOUR
        self.root = open_root(self.disk, self.settings.roots[0])
        self.term = TermId(self.settings.node, FENCE, self.first)
        self.disk.make_folder(self.home.keyring)
        self._ring = RingStore(OsDisk(), self.home.keyring, set_up_sealer(OsDisk(), self.home.keyring))
        hour = self.first // HOUR
        self._ring.draw(KeyName(each, CLASS) for each in range(hour, hour + self.hours))
        self._dice = random.Random(1)
        self.gaps = [self._draw_gaps() for _ in self.streams]
        self._absent = [
            frozenset(slot for start, length in gaps.items() for slot in range(start, start + length))
            for gaps in self.gaps
        ]
        self._forms = [self._form(stream) for stream in self.streams]
        self._keys: dict[tuple[int, int], bytes] = {}
        self._places: dict[tuple[int, int], tuple[int, ...]] = {}  # by camera and slot, where a volume is there

    def _form(self, stream: StreamId) -> bytes:
        """A segment's fact, to be filled in: number, times, hash, key, and the hash of the fact before."""
        line = segment_fact(
            stream, self.term, 1_111_111, t0=2_222_222, t1=3_333_333, m0=1, m1=2, media=SEGMENT, frames=250, lost=0,
            length=5_000_000, count=11, h=bytes(32), c=b"c" * 32, key="KEY", continues=False, prev="PREV",
        )  # fmt: skip
        for known in (b"1111111", b"2222222", b"3333333"):
            line = line.replace(known, b"%d", 1)
        for known in (base64.b64encode(b"c" * 32), b"KEY", b"PREV"):
            line = line.replace(known, b"%b", 1)
        return line

    @property
    def span(self) -> Span:
        return Span(self.first, self.end)

    def time(self, slot: int) -> UtcTicks:
        """Its start."""
        return UtcTicks(self.first + slot * SEGMENT)

    def _draw_gaps(self) -> dict[int, int]:
        """Slot to length in slots; none touches another."""
        found: dict[int, int] = {}
        for start in sorted(self._dice.sample(range(10, self.slots - 100), GAPS)):
            if not found or start > max(found) + found[max(found)] + 1:
                found[start] = self._dice.randint(1, 60)
        return found

    # -- media

    def place_media(self, count: int, of_one: int, folder: Path) -> None:
        """At so many points drawn by lot, of as many volumes; and so many of the first camera, an hour from each other.

        A player fetches ahead: there is media of two segments.
        """
        pieces, every = film(folder, self.bitrate), self.slots // OF_VOLUME
        for number in self._dice.sample(range(every), every):
            wanted = self.points if len(self.points) < count else self.of_one
            if wanted is self.of_one and len(wanted) == of_one:
                return
            if wanted is self.of_one and any(abs(each.slot - number * OF_VOLUME) < OF_HOUR for each in wanted):
                continue
            camera = 0 if wanted is self.of_one else self._dice.randrange(len(self.streams))
            there = set(range(number * OF_VOLUME, (number + 1) * OF_VOLUME)) - self._absent[camera]
            slots = sorted(slot for slot in there if slot + 1 in there)
            if slots:
                wanted.append(self._write_volume(number, camera, self._dice.choice(slots), pieces))

    def _write_volume(self, number: int, camera: int, slot: int, pieces: Sequence[bytes]) -> Media:
        start = self.time(number * OF_VOLUME)
        writer = VolumeWriter.create(
            self.disk, self.root, hour=start // HOUR, retention_class=CLASS, fence=FENCE, serial=number, utc=start,
            boot_ns=BootNs(1), node=self.settings.node,
        )  # fmt: skip
        for at in range(number * OF_VOLUME, (number + 1) * OF_VOLUME):
            for each in range(len(self.streams)):
                wanted = pieces if each == camera and at in {slot, slot + 1} else ()
                if at == number * OF_VOLUME:
                    self._place_key(writer, each, at, is_real=each == camera)
                places = self._place(writer, each, at, wanted)
                if each == camera:
                    self._places[camera, at] = places
        writer.finish()
        return Media(camera, slot, writer.name)

    def _place_key(self, writer: VolumeWriter, camera: int, slot: int, *, is_real: bool) -> None:
        """Before the first piece of a stream in a volume, as the recorder has it."""
        t0 = self.time(slot)
        sealed = self._sealed(camera, t0 // HOUR) if is_real else Hole(SEALED_KEY_LENGTH)
        self._put(writer, Kind.KEY, 0, sealed, t0=t0, t1=t0, stream=self.streams[camera], term=self.term)

    def _place(self, writer: VolumeWriter, camera: int, slot: int, pieces: Sequence[bytes]) -> tuple[int, ...]:
        stream, t0, n = self.streams[camera], self.time(slot), slot + 1
        whose = {"stream": stream, "term": self.term}
        key = segment_key(self._k(camera, t0 // HOUR), stream, self.term, n) if pieces else b""
        places = []
        for at in range(PIECES + 1):
            payload: Any = (
                seal_piece(key, at, [pieces[at]]).ciphertext if pieces else Hole(PIECE_BYTES if at else 1_000)
            )
            times = {"t0": t0 + max(0, at - 1) * SECOND, "t1": t0 + at * SECOND}
            flags = _flags(at, pieces)
            places.append(self._put(writer, Kind.PIECE, flags, payload, n=n, index=at, frames=25, **times, **whose))
        self._put(writer, Kind.FACT, 0, Hole(600), n=n, t0=t0, t1=t0 + SEGMENT, **whose)
        return tuple(places)

    @staticmethod
    def _put(writer: VolumeWriter, kind: int, flags: int, payload: Any, **more: Any) -> int:
        c = bytes(32) if isinstance(payload, Hole) else None
        offset = writer.place(kind, flags, payload=payload, c=c, **more)
        if isinstance(payload, Hole):  # nor is its header there: it would take a block of the disk
            header = writer._pending[-2]
            writer._pending[-2:] = [Hole(len(header) + len(payload))]  # type: ignore[list-item]
        return offset

    def _k(self, camera: int, hour: int) -> bytes:
        return self._keys.setdefault((camera, hour), secrets.token_bytes(32))

    def _sealed(self, camera: int, hour: int) -> bytes:
        public = self._ring.ring.keys[KeyName(hour, CLASS)].public()
        return seal_key(self._k(camera, hour), public, self.streams[camera], self.term, hour, CLASS)

    # -- facts

    def write_facts(self, ledger_hours: int) -> dict[str, int]:
        """The whole catalogue; of the ledger what is around media, whose keys are asked for, and the last hours."""
        media = {
            (each.camera, slot)
            for each in (*self.points, *self.of_one)
            for slot in range(each.slot - NEIGHBOURS, each.slot + NEIGHBOURS)
        }
        hashes = [base64.b64encode(self._dice.randbytes(32)) for _ in range(512)]
        identity, entries = make_identity(self.home, self.settings, OsDisk()), 0
        first_entered = self.slots - ledger_hours * OF_HOUR
        with (
            contextlib.closing(sqlite_database(self.home.ledger_db)) as database,
            open_ledger(database, OsDisk(), self.home.ledger, identity, ()) as ledger,
            contextlib.closing(open_for_writing(self.home.catalogue_db)) as catalogue,
        ):
            self._begin(catalogue)
            batch: list[RecEntry] = []
            for slot in range(self.slots):
                lines = list(self._slot(catalogue, slot, hashes))
                batch += [
                    RecEntry(
                        line,
                        SegmentId(self.streams[at], self.term, slot + 1),
                        self.time(slot),
                        self.time(slot + 1),
                        "seg",
                    )
                    for at, line in lines
                    if slot >= first_entered or (at, slot) in media
                ]
                if len(batch) >= BATCH or slot == self.slots - 1:
                    ledger.append(batch)
                    entries, batch = entries + len(batch), []
                if slot % 6_000 == 0:
                    print(f"facts of slot {slot} of {self.slots}, {entries} in the ledger", flush=True)
            self._finish(catalogue)
        return {"segments": self.slots * len(self.streams), "ledger_entries": entries}

    def _begin(self, catalogue: sqlite3.Connection) -> None:
        catalogue.execute("PRAGMA synchronous = OFF")
        catalogue.execute("PRAGMA cache_size = -200000")
        catalogue.execute("BEGIN")
        for at, stream in enumerate(self.streams, 1):
            catalogue.execute("INSERT INTO stream VALUES (?, ?)", (at, str(stream)))
            row = (at, at, str(self.term), FENCE, self.first, self.slots + 1, self.slots)
            catalogue.execute("INSERT INTO term VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        for number in range(self.slots // OF_VOLUME):
            catalogue.execute("INSERT INTO volume VALUES (?, ?, 1)", (number + 1, self._volume_name(number)))

    def _volume_name(self, number: int) -> str:
        start = self.time(number * OF_VOLUME)
        whose = (self.settings.node, self.root.id, FENCE, number)
        return VolumeHeader(*whose, start // HOUR, CLASS, start, BootNs(1)).name

    def _slot(self, catalogue: sqlite3.Connection, slot: int, hashes: Sequence[bytes]) -> Iterator[tuple[int, bytes]]:
        """Rows of all cameras' segments of ten seconds; their lines, by camera."""
        t0, n, facts, segments = self.time(slot), slot + 1, [], []
        key = str(KeyName(t0 // HOUR, CLASS)).encode()
        for at in range(len(self.streams)):
            if slot in self._absent[at]:
                continue
            places = self._places.get((at, slot)) or tuple(range(64, 64 + 11 * 500_176, 500_176))
            prev, c = hashes[slot % 512], hashes[(slot * 7 + at) % 512]
            line = self._forms[at] % (n, t0, t0 + SEGMENT, c, key, prev)
            facts.append((at + 1, n, line))
            packed = b"".join(place.to_bytes(8) for place in places)
            segments.append((at + 1, t0, t0 + SEGMENT, at + 1, n, slot // OF_VOLUME + 1, packed, 5_000_000, CLASS))
            yield at, line
        catalogue.executemany("INSERT INTO fact (term, n, line) VALUES (?, ?, ?)", facts)
        catalogue.executemany("INSERT INTO segment VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", segments)

    def _finish(self, catalogue: sqlite3.Connection) -> None:
        for at, gaps in enumerate(self.gaps, 1):
            start = self.first
            for slot, length in (*sorted(gaps.items()), (self.slots, 0)):
                row = (at, start, self.time(slot))
                catalogue.execute("INSERT INTO span VALUES (?, ?, ?)", row)
                start = self.time(slot + length)
                if length:
                    catalogue.execute(
                        "INSERT INTO gap VALUES (?, ?, ?, 'net', ?, ?, NULL)", (*row[:1], row[2], start, at, slot + 1)
                    )
        catalogue.execute("COMMIT")
        catalogue.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _flags(at: int, pieces: Sequence[bytes]) -> int:
    """Of a record, as the recorder has it."""
    if at == 0:
        return INIT
    return KEY_FRAME if not pieces or parse_fragment(pieces[at])[0].is_key else 0


def film(folder: Path, bitrate: int) -> list[bytes]:
    """An init and ten fragments of a second, 1080p25."""
    made = Recording(folder / "film")
    made.shoot(make_clip(ClipSpec(width=1920, height=1080, frames=100, gop=50, bitrate=bitrate, noise=0.05)), 10)
    made.finish()
    footage = made.footage()
    (row,) = footage.segments(made.stream, Span(made.start, UtcTicks(made.now)))
    pieces = [footage.open_piece(row, at) for at in range(len(row.places))]
    footage.close()
    assert len(pieces) == PIECES + 1, len(pieces)
    return pieces
