# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Many cameras and hours, recorded in small: each segment an init and one fragment of a few bytes, really sealed."""

import base64
import contextlib
import hashlib
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.tools.keyring_process import running_keyring
from tests.tools.ledger_process import running
from tests.tools.look_town import RunningClock
from torrazzo.archive import open_root
from torrazzo.archive.fact import Fact, parse_fact, segment_fact, term_fact
from torrazzo.archive.record import INIT, KEY_FRAME, Kind
from torrazzo.archive.volume import VolumeWriter
from torrazzo.base import Span, StreamId, TermId
from torrazzo.base.errors import Unavailable
from torrazzo.base.ids import CameraId
from torrazzo.base.times import HOUR, SECOND, BootNs, UtcTicks, hour_of
from torrazzo.catalogue import CatalogueWriter, Delivered
from torrazzo.cli.init import make_town
from torrazzo.durable import OsDisk
from torrazzo.keyring import KeyClient, KeyName
from torrazzo.keyring.sealer_setup import set_up_sealer
from torrazzo.keyring.store import RingStore
from torrazzo.ledger.intake import entry_of
from torrazzo.ledger.schema import sqlite_database
from torrazzo.ledger.secret import make_identity
from torrazzo.ledger.start import open_ledger
from torrazzo.retention import Retention
from torrazzo.retention.held import Held
from torrazzo.seal import seal_key, seal_piece, segment_key
from torrazzo.testing.clock import START
from torrazzo.town.home import Home, load_settings

CLASS = "standard"
FIRST = UtcTicks(hour_of(START) * HOUR)
SEGMENT = 10 * SECOND
FENCE = 17


def plain(stream: StreamId, n: int, piece: int) -> bytes:
    """What is recorded there."""
    return f"{stream} {n} {piece}".encode() * 4


@dataclass
class _Line:
    """One stream's facts so far."""

    stream: StreamId
    term: TermId
    n: int = 0
    prev: str = ""
    k: bytes = b""
    sealed: bytes = b""

    def tell(self, line: bytes) -> Fact:
        fact = parse_fact(line)
        self.n, self.prev = fact.n + 1, base64.b64encode(fact.hash).decode()
        return fact


@dataclass
class BigTown:
    """So many cameras, so many hours from FIRST on; its clock stands nine minutes before the first hour has to go."""

    folder: Path
    cameras: int
    hours: int
    streams: list[StreamId] = field(default_factory=list)
    segments: int = 0

    def __post_init__(self) -> None:
        make_town(self.folder, "Cremona", "Europe/Rome")
        self.home, self.disk = Home(self.folder), OsDisk()
        text = self.home.settings_file.read_text()
        self.home.settings_file.write_text(text.replace('trusted = ["system"]', 'trusted = ["wall"]'))
        self.settings = load_settings(self.home)
        self.root = open_root(self.disk, self.settings.roots[0])
        self.disk.make_folder(self.home.keyring)
        self.ring = RingStore(self.disk, self.home.keyring, set_up_sealer(self.disk, self.home.keyring))
        first = hour_of(FIRST)
        self.ring.draw(KeyName(hour, CLASS) for hour in range(first, first + self.hours))
        self.streams = [StreamId(CameraId(f"{at:016x}"), "main") for at in range(1, self.cameras + 1)]
        self._record()
        self.clock = RunningClock(UtcTicks(FIRST + 168 * HOUR - 9 * 60 * SECOND))

    @property
    def span(self) -> Span:
        return Span(FIRST, UtcTicks(FIRST + self.hours * HOUR))

    def _record(self) -> None:
        term = TermId(self.settings.node, FENCE, FIRST)
        lines = [_Line(stream, term) for stream in self.streams]
        identity = make_identity(self.home, self.settings, self.disk)
        database = sqlite_database(self.home.ledger_db)
        with (
            contextlib.closing(database),
            open_ledger(database, self.disk, self.home.ledger, identity, ()) as ledger,
            CatalogueWriter(self.home.catalogue_db) as catalogue,
        ):
            for serial in range(6 * self.hours):
                told = list(self._volume(serial, lines))
                catalogue.insert(told)
                ledger.append([entry_of(parse_fact(each.fact)) for each in told])

    def _volume(self, serial: int, lines: Sequence[_Line]) -> Iterator[Delivered]:
        """Ten minutes of all streams."""
        start = UtcTicks(FIRST + serial * 600 * SECOND)
        hour = hour_of(start)
        writer = VolumeWriter.create(
            self.disk, self.root, hour=hour, retention_class=CLASS, fence=FENCE, serial=serial, utc=start,
            boot_ns=BootNs(1), node=self.settings.node,
        )  # fmt: skip
        public = self.ring.ring.keys[KeyName(hour, CLASS)].public()
        for line in lines:
            if serial % 6 == 0:
                line.k = secrets.token_bytes(32)
                line.sealed = seal_key(line.k, public, line.stream, line.term, hour, CLASS)
            if not line.n:
                boot = "11111111-2222-3333-4444-555555555555"
                begun = term_fact(line.stream, line.term, t0=start, m0=1, boot=boot, software="0", prior=None)
                line.tell(begun)
                writer.place(Kind.FACT, 0, payload=begun, stream=line.stream, term=line.term, t0=start, t1=start)
                yield Delivered(begun)
            writer.place(
                Kind.KEY,
                0,
                payload=line.sealed,
                stream=line.stream,
                term=line.term,
                t0=hour * HOUR,
                t1=(hour + 1) * HOUR,
            )
            for t0 in range(start, start + 600 * SECOND, SEGMENT):
                yield self._segment(writer, line, t0, hour)
        assert writer.finish()

    def _segment(self, writer: VolumeWriter, line: _Line, t0: int, hour: int) -> Delivered:
        key, t1 = segment_key(line.k, line.stream, line.term, line.n), t0 + SEGMENT
        sealed = [seal_piece(key, piece, [plain(line.stream, line.n, piece)]) for piece in (0, 1)]
        places = tuple(
            writer.place(
                Kind.PIECE, (INIT, KEY_FRAME)[at], payload=piece.ciphertext, stream=line.stream, term=line.term,
                n=line.n, index=at, frames=at, t0=t0, t1=t0 + at * SEGMENT, m0=1, m1=1 + at, media=at * SEGMENT,
                h=piece.h, c=piece.c, plain_length=piece.plain_length,
            )
            for at, piece in enumerate(sealed)
        )  # fmt: skip
        fact = segment_fact(
            line.stream, line.term, line.n, t0=t0, t1=t1, m0=1, m1=2, media=SEGMENT, frames=1, lost=0,
            length=sum(piece.plain_length for piece in sealed), count=2,
            h=hashlib.sha256(b"".join(piece.h for piece in sealed)).digest(),
            c=hashlib.sha256(b"".join(piece.c for piece in sealed)).digest(),
            key=str(KeyName(hour, CLASS)), continues=False, prev=line.prev,
        )  # fmt: skip
        writer.place(Kind.FACT, 0, payload=fact, stream=line.stream, term=line.term, n=line.n, t0=t0, t1=t1)
        line.tell(fact)
        self.segments += 1
        return Delivered(fact, writer.name, places)

    # -- running

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Ledger and keyring; it erases when it is told to look."""
        held = Held(self.home, self.disk)
        chores = (Retention(self.disk, self.settings.roots, 72, held.awaited), held)
        with running(self.home, self.clock), running_keyring(self.home, self.clock, chores, look_seconds=5.0):
            yield

    def pass_time(self, seconds: float) -> None:
        """And let the keyring look, so often that its clocks agree."""
        self.clock.advance(seconds)
        for _ in range(3):
            with contextlib.suppress(Unavailable):
                KeyClient(self.home.path).look()
            self.clock.advance(40)

    def volumes(self) -> list[Path]:
        """In the archive."""
        return sorted(self.root.volumes.iterdir())
