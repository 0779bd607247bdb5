# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A small town with all that a forger could lay hands on: recorded once by the product's own code, then copied.

Two cameras that sign their pictures, a silence of 20 s, the end of an hour and two restarts; their ledger, ring and
catalogue; an open window; and an evidence package. The clock is a fake, all else is real.
"""

import asyncio
import contextlib
import dataclasses
import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

from tests.tools.dossier import Keys
from tests.tools.lab import Lab, LabCamera
from tests.tools.ring_keys import RingKeys
from tests.tools.signed import long_clip, sign_clip
from tests.tools.tampering import CLIP_A, CLIP_B, A, B
from torrazzo.archive import Root, VolumeReader, open_root
from torrazzo.archive.fact import parse_fact
from torrazzo.archive.record import Kind
from torrazzo.archive.root import volume_names
from torrazzo.auditor import Auditor, Finding
from torrazzo.auditor.source import Source as AuditSource
from torrazzo.auditor.store import AuditStore
from torrazzo.base import Span, StreamId
from torrazzo.base.errors import Invalid
from torrazzo.base.times import HOUR, SECOND, UtcTicks
from torrazzo.catalogue import CatalogueWriter, Delivered
from torrazzo.control_room.index import open_index
from torrazzo.durable import OsDisk
from torrazzo.evidence import write_package
from torrazzo.evidence.gather import Asked, Gathering, Source
from torrazzo.evidence.pieces import ProvableFootage
from torrazzo.keyring import KeyName
from torrazzo.keyring.heads import Head, Heads, Seen
from torrazzo.keyring.process import tend
from torrazzo.keyring.ring import commitment
from torrazzo.keyring.sealer_setup import set_up_sealer
from torrazzo.keyring.store import RingStore
from torrazzo.ledger.act import WINDOW, pack_act
from torrazzo.ledger.checkpoint import Checkpoint, cosign
from torrazzo.ledger.errors import RolledBack
from torrazzo.ledger.files import LogFiles
from torrazzo.ledger.identity import Identity, LogKind
from torrazzo.ledger.key import VerifierKey
from torrazzo.ledger.merkle import leaf_hash
from torrazzo.ledger.missing import naming
from torrazzo.ledger.note import Note
from torrazzo.ledger.reader import LogReader
from torrazzo.ledger.schema import sqlite_database
from torrazzo.ledger.sequencer import Sequencer
from torrazzo.ledger.start import open_ledger
from torrazzo.ledger.store import LedgerStore
from torrazzo.ledger.text import to_base64
from torrazzo.ledger.witness_request import AddCheckpoint
from torrazzo.testing import ClipSpec, FakeClock, make_clip
from torrazzo.testing.clock import START
from torrazzo.town import Home
from torrazzo.witness import Witness
from torrazzo.witness.heads import Heads as WitnessHeads

DISK = OsDisk()
STREAMS = (StreamId.parse(A), StreamId.parse(B))
BEGIN = UtcTicks(START + HOUR - 75 * SECOND)  # the first picture; the hour ends 75 s later, while nothing runs
TOKEN = bytes(range(32))
KEYS = Keys.of(1)
IDENTITY = Identity("torrazzo.example.it", bytes([1, 0]) * 16, bytes([1, 1]) * 16)
OLD_HOUR = KeyName(BEGIN // HOUR + 1 - 168, "standard")  # whose key is shredded in time, as the recording begins
SPAN = (5.4, 64.0)  # of the package, seconds after BEGIN


class LedgerSource(AuditSource):
    """What an auditor reads, without a socket."""

    def __init__(self, store: LedgerStore, clock: FakeClock) -> None:
        super().__init__("", clock)
        self._store = store

    def _read(self, target: str) -> bytes:
        name, _, path = target.partition("/")
        if name == "status":
            return b'{"rec":{"minimum":0},"act":{"minimum":0}}'
        log = self._store.rec if name == "rec" else self._store.act
        if not path.startswith("consistency?old="):
            return log.resource(path)
        old = int(path.partition("=")[2])
        if old > log.head.size:
            raise Invalid(f"{log.head.origin} has {log.head.size} entries")
        lines = "".join(f"{to_base64(each)}\n" for each in log.consistency(old))
        return f"old {old}\n{lines}\n".encode() + log.note.pack()


@dataclasses.dataclass
class Town:
    """One copy. `now` is what all clocks say; `closed` are windows that the keyring was told to close."""

    folder: Path
    now: int = 0
    window: int = 0  # its index in `act`
    approved: tuple[int, int, int] = (0, 0, 0)  # ask, approve, export
    seen: Heads = dataclasses.field(default_factory=lambda: Heads.of_town(KEYS.rec.verifier.name, ""))
    remembered: dict[LogKind, Checkpoint] = dataclasses.field(default_factory=dict)  # by a second reader, half-way
    cosigned: dict[LogKind, Note] = dataclasses.field(default_factory=dict)  # the last heads
    closed: dict[int, int] = dataclasses.field(default_factory=dict)
    restarted: bool = False  # the keyring, since the window was opened

    @property
    def window_span(self) -> Span:
        """What the open window is for."""
        return Span(UtcTicks(BEGIN - SECOND), UtcTicks(self.now))

    @property
    def home(self) -> Home:
        """Its folder."""
        return Home(self.folder)

    @property
    def root(self) -> Root:
        """Its one disk root."""
        return open_root(DISK, self.folder / "archive" / "root0")

    @property
    def volumes(self) -> list[Path]:
        """In order of hour, then term."""
        return [self.root.volumes / name for name in volume_names(DISK, self.root)]

    @property
    def package(self) -> Path:
        """The evidence that was handed over."""
        return self.folder / "evidence.asice"

    @property
    def keys(self) -> RingKeys:
        """Out of the ring itself."""
        return RingKeys(self.folder)

    @contextlib.contextmanager
    def ledger(self) -> Iterator[LedgerStore]:
        """Opened as each start of the ledger does."""
        with contextlib.ExitStack() as stack:
            database = stack.enter_context(contextlib.closing(sqlite_database(self.home.ledger_db)))
            try:
                store = stack.enter_context(open_ledger(database, DISK, self.home.ledger, IDENTITY))
            except RolledBack as error:
                raise naming(error, database, DISK, [self.root.path]) from error
            yield store

    def hand_over(self) -> None:
        """A package of both cameras, as `evidence export` gathers it."""
        span = Span(*(UtcTicks(BEGIN + round(at * SECOND)) for at in SPAN))
        names = dict(zip(STREAMS, (CLIP_A, CLIP_B), strict=True))
        asked = Asked(self.approved[0], STREAMS, span, "2026/0042", names)
        index = open_index(self.home)
        footage = ProvableFootage(index, [self.root], DISK, self.keys)
        with self.ledger() as store, contextlib.closing(index), contextlib.closing(footage):

            def read(address: str) -> bytes:
                log, _, path = address.partition("/")
                if path == "checkpoint":
                    return self.cosigned["rec" if log == "rec" else "act"].pack()
                return (store.rec if log == "rec" else store.act).resource(path)

            gathering = Gathering(asked, Source(footage, read, store.index_of, KEYS.policy))
            measured = {stream: gathering.measure(stream, lambda _: None) for stream in STREAMS}
            parts = gathering.parts(measured, UtcTicks(self.now), lambda _: None)
            self.package.write_bytes(b"".join(write_package(parts)))

    @contextlib.contextmanager
    def witness(self) -> Iterator[Witness]:
        """The second office's."""
        with contextlib.closing(WitnessHeads.make(self.folder / "witness.db")) as heads:
            yield Witness(KEYS.witness, [KEYS.rec.verifier, KEYS.act.verifier], heads, FakeClock(UtcTicks(self.now)))

    def ask_witness(self, log: LogReader) -> None:
        """To cosign a head; raises its `Refusal`."""
        with self.witness() as witness:
            old, new = witness.heads.last(log.head.origin).size, log.head.size
            path = log.consistency(old) if old <= new else []
            witness.add_checkpoint(AddCheckpoint(old, tuple(path), log.head, log.note.pack()).pack())

    def audit(self, store: LedgerStore) -> list[Finding]:
        """The second office's auditor looks at all that the ledger shows; what it has found, and what troubled it."""
        mirror = self.folder / "mirror"
        DISK.make_folder(mirror)
        keys: dict[LogKind, VerifierKey] = {"rec": KEYS.rec.verifier, "act": KEYS.act.verifier}
        with contextlib.closing(AuditStore.open(self.folder / "audit.db")) as audit:
            clock = FakeClock(UtcTicks(self.now))
            source = LedgerSource(store, clock)
            auditor = Auditor(audit, lambda kind: LogFiles(DISK, mirror / kind), keys, source, clock)
            auditor.look()
            found = [each.finding for each in audit.findings(is_open=True) if not each.finding.is_notice]
            assert found or auditor.trouble is None, auditor.trouble
            return found

    def cosign(self, store: LedgerStore) -> None:
        """The witness's key signs the heads of this ledger, whatever the witness remembers."""
        logs: dict[LogKind, Note] = {"rec": store.rec.note, "act": store.act.note}
        for name, note in logs.items():
            signed = cosign(note, KEYS.witness, self.now // SECOND)
            self.cosigned[name] = note._replace(signatures=(*note.signatures, signed))

    def copy(self, folder: Path) -> "Town":
        """Another one, to be tampered with."""
        shutil.copytree(self.folder, folder)
        return dataclasses.replace(self, folder=folder, closed=dict(self.closed), cosigned=dict(self.cosigned))


def make_town(folder: Path) -> Town:
    """Record it.

    1. Ring. 2. Half of the footage, which a second reader and the keyring see. 3. The rest, in another hour. 4. What
    people did. 5. A package.
    """
    town = Town(folder)
    with _Making(town) as making:
        making.shred()
        asyncio.run(making.shoot(first=True))
        making.enter()
        making.note_heads()
        asyncio.run(making.shoot(first=False))
        asyncio.run(making.shoot(first=False))
        making.enter()
        making.deeds()
        making.catalogue()
    town.hand_over()
    return town


class _Making:
    """While it is being recorded."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.clock = FakeClock(UtcTicks(BEGIN - SECOND))  # a camera begins with its next key frame
        self.ring = self._ring()
        clip = sign_clip(long_clip(make_clip(ClipSpec(width=160, height=120, frames=50, gop=25)), 20))
        self.lab = Lab(DISK, self.clock, clip, 0, base=town.folder / "archive")
        self.lab.cameras = {stream: LabCamera(clip, self.clock) for stream in STREAMS}
        self.lab.public = {name: key.public() for name, key in self.ring.ring.keys.items()}
        self.lab.has_keyring = False
        self.entered = 0
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Self:
        database = self._stack.enter_context(contextlib.closing(sqlite_database(self.town.home.ledger_db)))
        self.store = self._stack.enter_context(open_ledger(database, DISK, self.town.home.ledger, IDENTITY))
        self.sequencer = Sequencer(self.store, database, self.clock)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _ring(self) -> RingStore:
        """A key is drawn, the folder copied by somebody, the key shredded."""
        folder = self.town.home.keyring
        DISK.make_folder(folder)
        ring = RingStore(DISK, folder, set_up_sealer(DISK, folder))
        tend(ring, BEGIN, ("standard",))
        ring.draw([OLD_HOUR])
        shutil.copytree(folder, self.town.folder / "old-keyring")
        return ring

    def shred(self) -> None:
        """With the facts of all keys that were born before."""
        for name, key in self.ring.ring.keys.items():
            hour, _, class_ = str(name).partition("/")
            root = leaf_hash(commitment(name, key.public()))
            self.book("key", hour=hour, classes=[class_], root=to_base64(root))
        shredded = self.ring.shred([OLD_HOUR])
        hour, _, class_ = str(OLD_HOUR).partition("/")
        what = {"hour": hour, "class": class_, "why": "age", "level": "file", "left": len(self.ring.ring.keys)}
        self.book("shred", **what, ring=to_base64(shredded.ring_root), state=None, rec=None, act=None)

    async def shoot(self, *, first: bool) -> None:
        """25 s; camera A silent for 20 s; 21 s more. Then, in the next hour, twice 25 s, each after a restart."""
        self.lab.start()
        if first:
            await self._run(25)
            for path in self.town.folder.glob("ledger.db*"):  # by somebody, to be put back
                shutil.copy(path, path.with_name(f"old-{path.name}"))
            self.lab.cameras[STREAMS[0]].is_silent = True
            await self._run(20)
            self.lab.cameras[STREAMS[0]].is_silent = False
            await self._run(21)
        else:
            await self._run(25)
        await self.lab.stop()
        self.clock.advance(12)

    async def _run(self, seconds: int) -> None:
        for _ in range(seconds // 2):
            await self.lab.run(2)
            self.enter()
        await self.lab.run(seconds % 2)
        self.enter()

    def enter(self) -> None:
        """What the recorder delivered, into the ledger."""
        new = self.lab.deliveries[self.entered :]
        self.entered = len(self.lab.deliveries)
        self.sequencer.take([parse_fact(each.fact) for each in new])
        self.sequencer.turn(is_last=not self.lab.recorder.streams)

    def note_heads(self) -> None:
        """A second reader and the keyring have seen this much."""
        self.book("boot", part="keyring", boot="11111111-2222-3333-4444-555555555555", sw="0.1.0")
        self.sequencer.turn(is_last=True)
        heads = {name: log.head for name, log in (("rec", self.store.rec), ("act", self.store.act))}
        self.town.remembered = {"rec": heads["rec"], "act": heads["act"]}
        rec, act = (Seen(head.origin, Head(head.size, head.root)) for head in heads.values())
        self.town.seen = Heads(rec, act)
        self.town.now = self.clock.utc()
        for log in (self.store.rec, self.store.act):
            self.town.ask_witness(log)
        found = self.town.audit(self.store)
        assert not found, list(map(str, found))

    def book(self, kind: str, **values: Any) -> int:
        """An act fact; returns its index."""
        line = pack_act(kind, self.clock.utc(), values)
        return self.store.append(act=[line]).act[0]

    def deeds(self) -> None:
        """A rolling scrub's facts, a window that is open, a copy that was approved."""
        now = self.clock.utc()
        scrubbed = [
            pack_act("scrub", now - 1, {"t0": BEGIN + at, "t1": BEGIN + at + 1, "ok": 1, "bad": 0}) for at in range(600)
        ]
        self.store.append(act=scrubbed)
        what, window = wanted(now), opened(now)
        self.town.window = self.book("view", **what, **window, **person("anna"))
        ask = self.book("ask", **what, to="procura", **person("anna"))
        approve = self.book("approve", of=ask, **person("bruno"))
        export = self.book("export", of=approve, **window, **person("anna"))
        self.town.approved = ask, approve, export
        self.town.now = now + 5 * SECOND
        self.town.cosign(self.store)

    def catalogue(self) -> None:
        """Of all facts."""
        with CatalogueWriter(self.town.home.catalogue_db) as writer:
            writer.insert(Delivered(each.fact, each.volume, each.pieces) for each in self.lab.deliveries)


def wanted(now: int) -> dict[str, object]:
    """Both cameras, all that was recorded."""
    return {"streams": sorted(map(str, STREAMS)), "t0": BEGIN - SECOND, "t1": now, "purpose": "theft"}


def opened(now: int) -> dict[str, object]:
    """A window, bound to the token."""
    return {"until": now + WINDOW, "bind": to_base64(hashlib.sha256(TOKEN).digest()), "renews": None}


def person(name: str) -> dict[str, str]:
    def digest(text: str) -> str:
        return to_base64(hashlib.sha256(text.encode()).digest())

    return {"month": "202611", "who": digest(name), "p": digest("why " + name)}


def seal_by_tpm(town: Town, tcti: str) -> None:
    """The town's ring anew, sealed by a TPM: a key is drawn, the folder copied by somebody, the key shredded."""
    folder, copy = town.home.keyring, town.folder / "old-keyring"
    for path in (folder, copy):
        shutil.rmtree(path)
    DISK.make_folder(folder)
    ring = RingStore(DISK, folder, set_up_sealer(DISK, folder, tcti))
    tend(ring, BEGIN, ("standard",))
    ring.draw([OLD_HOUR])
    shutil.copytree(folder, copy)
    ring.shred([OLD_HOUR])


def sealed_of(path: Path, stream: StreamId) -> bytes:
    """K of a stream, sealed, as it lies in a volume."""
    with VolumeReader.open(DISK, path) as reader:
        return next(reader.payload(each) for each in reader.headers() if (each.kind, each.stream) == (Kind.KEY, stream))
