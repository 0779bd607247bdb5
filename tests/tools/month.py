# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Weeks of a small town on a clock that is moved: keyring, retention, journals, volumes, catalogue; coarse, and real.

A camera records four segments an hour, of one piece each. Who reads asks the gate's rule about time and the ring, and
opens what lies on the disk.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, cast

from tests.tools.retention import NoHeads, SmallLedger
from torrazzo.archive import VolumeReader
from torrazzo.archive.check import check
from torrazzo.archive.fact import Fact, LastFact, parse_fact
from torrazzo.archive.header import VolumeHeader
from torrazzo.archive.record import Kind
from torrazzo.archive.recovery import finish_recovery, recover
from torrazzo.archive.root import Root, make_root, volume_names
from torrazzo.base import StreamId, TermId
from torrazzo.base.errors import Refused
from torrazzo.base.ids import CameraId, NodeId
from torrazzo.base.times import HOUR, SECOND, UtcTicks, hour_of
from torrazzo.catalogue import CatalogueWriter, Delivered, rebuild
from torrazzo.catalogue.forget import Gone
from torrazzo.keyring.chore import Keyring
from torrazzo.keyring.process import tend
from torrazzo.keyring.public import KeyName, load_public_keys
from torrazzo.keyring.sealer_setup import set_up_sealer
from torrazzo.keyring.store import RingStore
from torrazzo.keyring.timekeeper import Timekeeper
from torrazzo.keyring.trusted_time import Tolerances
from torrazzo.ledger.client import LedgerClient
from torrazzo.recorder.journal import Delivery, Journal, LostTerm, Tenure
from torrazzo.recorder.writer import VolumeSet
from torrazzo.retention import Retention, load_forgotten
from torrazzo.seal.piece import open_piece
from torrazzo.segment import Fragment, Opened, Sealed
from torrazzo.testing import FakeClock, FaultyDisk
from torrazzo.town.home import Home
from torrazzo.town.lives import STANDARD, life_of

NODE = NodeId(0x7F3A91C2)
HOME = Home(Path("/town"))
MINUTE = 60 * SECOND
PART = 15 * MINUTE


class Shot(NamedTuple):
    """A segment that is on disk."""

    fact: Fact
    volume: str
    offset: int  # of its one fragment
    body: bytes


class Month:
    """`hour` lives through one; in between things may be restarted, switched off, set."""

    def __init__(self, folder: Path, start: UtcTicks, class_: str = "standard", cameras: int = 2) -> None:
        assert start % HOUR == 0
        self.class_, self.life, self.folder = class_, life_of(class_), folder
        self.disk, self.ledger, self.is_synchronised = FaultyDisk(), SmallLedger(), True
        self.clock, self.boots = FakeClock(start), 0
        self.disk.make_folder(HOME.keyring)
        self.disk.make_folder(HOME.run)
        self.roots: list[Root] = [make_root(self.disk, Path(f"/disk{at}"), NODE) for at in range(2)]
        self.streams = [StreamId(CameraId(f"{number:016x}"), "main") for number in range(1, cameras + 1)]
        self.catalogue = CatalogueWriter(folder / "catalogue.db")
        self.shots: dict[int, list[Shot]] = defaultdict(list)  # by hour
        self.drawn: set[KeyName] = set()
        self.terms: dict[StreamId, TermId] = {}
        self.fence = 0
        self.start_keyring()
        self.start_recorder()

    @property
    def now(self) -> UtcTicks:
        return self.clock.utc()

    # -- what runs

    def start_keyring(self) -> None:
        """A new life of it, and of all that only it knows."""
        store = RingStore(self.disk, HOME.keyring, set_up_sealer(self.disk, HOME.keyring))
        store.load()
        self.tended = -1
        boot = f"11111111-2222-3333-4444-{self.boots:012}"
        local = {"system": lambda: self.is_synchronised}
        self.times = Timekeeper(self.disk, HOME.keyring, self.clock, boot, Tolerances(("system",)), local)
        ledger, guard, nobody = cast("LedgerClient", self.ledger), cast("Any", NoHeads()), cast("Any", None)
        self.keyring = Keyring(HOME, self.disk, self.clock, store, ledger, self.times, guard, nobody)
        self.retention = Retention(self.disk, [root.path for root in self.roots], 72)
        self.turn()

    def start_recorder(self) -> None:
        """After the one before ended, or died: what that left is recovered first."""
        self.fence += 1
        self.volumes = [VolumeSet(self.disk, root, self.fence, self.clock) for root in self.roots]
        found = recover(self.disk, self.roots, self.fence)
        owed = [Delivery(each.fact, each.volume, each.pieces) for each in found.facts]
        for each in found.facts:
            each.place(self.volumes[0].latest(), each.fact)
        self.volumes[0].flush()
        finish_recovery(self.disk, found)
        self._take(owed)
        self.journals: dict[StreamId, Journal] = {}
        for at, stream in enumerate(self.streams):
            term = TermId(NODE, self.fence, self.now)
            tenure = Tenure(stream, term, "boot", "0", self.clock.boot_ns())
            journal = Journal(tenure, self.class_, self._public_key, may_have_prior=True)
            prior: LastFact | LostTerm | None = found.last.get(stream)
            if prior is None and stream in self.terms:
                prior = LostTerm(str(self.terms[stream]))
            journal.begin(prior, self._set(at))
            self.journals[stream], self.terms[stream] = journal, term

    def stop_recorder(self, *, dies: bool) -> None:
        """In order, or as a kill does: then each camera's last segment has no fact."""
        for at, stream in enumerate(self.streams):
            if dies:
                t0 = (hour_of(self.now) + 1) * HOUR
                for event in list(self._segment(stream, t0, t0 + SECOND))[:2]:
                    self.journals[stream].write(event, self._set(at))
            else:
                self.journals[stream].end(self._set(at))
        for volumes in self.volumes:
            volumes.flush() if dies else volumes.finish()
        for journal in self.journals.values():
            self._take(journal.commit())

    def switch_off(self, hours: float) -> None:
        """The machine, for so long; nothing runs before it is on again, with a clock that only runs from there."""
        self.clock = FakeClock(UtcTicks(round(self.now + hours * HOUR)), 30_000_000_000)
        self.boots += 1
        self.start_keyring()
        self.start_recorder()

    def turn(self) -> None:
        """A look of the keyring, one of the control room."""
        self.times.look()
        if hour_of(self.now) != self.tended:  # once a minute in life; it costs what a day of this costs
            tend(self.keyring.store, self.now, {self.class_, STANDARD})
            self.tended = hour_of(self.now)
        self.drawn |= self.keyring.store.ring.keys.keys()
        self.retention(self.keyring)
        gone = load_forgotten(self.disk, HOME.keyring)
        self.catalogue.forget(Gone(gone.before, gone.also))

    def wait_until(self, moment: int) -> None:
        """Let time pass."""
        self.clock.advance_ns(max(0, (moment - self.now) * 100_000 // 9))
        assert abs(self.now - moment) <= 1

    def record(self, hour: int) -> None:
        """What cameras sent in this hour, from its first tick to its last, or since the recorder's start."""
        for at, stream in enumerate(self.streams):
            journal, volumes = self.journals[stream], self._set(at)
            for t0 in range(hour * HOUR, (hour + 1) * HOUR, PART):
                if t0 < journal.term.start - MINUTE:
                    continue
                for event in self._segment(stream, t0, t0 + PART):
                    journal.write(event, volumes)
        for volumes in self.volumes:
            volumes.flush()
        for journal in self.journals.values():
            self._take(journal.commit())
        for volumes in self.volumes:
            volumes.end_past(set(self.journals.values()))

    def _segment(self, stream: StreamId, t0: int, t1: int) -> Iterator[Opened | Fragment | Sealed]:
        m0 = self.clock.boot_ns()
        yield Opened(t0, m0, "h264", b"init", hour_of(t0), False)
        yield Fragment(t0, t1, m0, m0 + 1, t1 - t0, 900, 0, True, [body_of(stream, t0)])
        yield Sealed()

    def _take(self, deliveries: list[Delivery]) -> None:
        self.catalogue.insert(Delivered(*each) for each in deliveries)
        for each in deliveries:
            fact = parse_fact(each.fact)
            if fact.kind == "seg" and each.volume is not None:
                shot = Shot(fact, each.volume, each.pieces[1], body_of(fact.stream, fact.t0))
                self.shots[hour_of(fact.t0)].append(shot)

    def _set(self, at: int) -> VolumeSet:
        return self.volumes[at % len(self.volumes)]

    def _public_key(self, hour: int, class_: str) -> bytes | None:
        return load_public_keys(HOME.public_keys, self.disk).get(KeyName(hour, class_))

    # -- who reads

    def read(self, shot: Shot) -> bytes | None:
        """The picture, if the keyring's clocks allow it and its key is there and its file is."""
        name = KeyName(hour_of(shot.fact.t0), self.class_)
        if not self.times.judge().may_read(name.hour, self.life):
            return None
        return self.open(shot)

    def open(self, shot: Shot) -> bytes | None:
        """The same, for somebody whom no gate holds back."""
        name = KeyName(hour_of(shot.fact.t0), self.class_)
        path = next(root.volumes / shot.volume for root in self.roots if f"{root.id:08x}" in shot.volume)
        try:
            reader = VolumeReader.open(self.disk, path)
        except FileNotFoundError:
            return None
        who = (shot.fact.stream, shot.fact.term)
        with reader:
            keys = (header for header in reader.headers() if header.kind == Kind.KEY)
            sealed = reader.payload(next(header for header in keys if (header.stream, header.term) == who))
            payload = reader.payload(reader.header_at(shot.offset))
        try:
            found = self.keyring.store.ring.segment_keys(sealed, *who, name, [shot.fact.n])
        except Refused:
            return None
        return open_piece(found[shot.fact.n], 1, payload)

    # -- what agrees

    def check(self) -> None:
        """Ring, volumes, facts and catalogue say the same of what is left and what is gone."""
        living = set(self.keyring.store.ring.keys)
        assert sorted(map(str, self.drawn - living)) == sorted(self.ledger.named("shred"))
        held = set()
        for root in self.roots:
            for name in volume_names(self.disk, root):
                header = VolumeHeader.from_name(name)
                held.add(KeyName(header.hour, header.retention_class))
        assert held <= living
        freed = self.ledger.named("free")
        assert len(set(freed)) == len(freed)
        recorded = {KeyName(hour, self.class_) for hour, shots in self.shots.items() if shots}
        assert recorded - set(map(KeyName.parse, freed)) == recorded & living
        known = self._known(self.folder / "catalogue.db")
        assert {name for name, *_ in known} == held & recorded
        rebuild(self.disk, self.roots, self.folder / "again.db")
        assert self._known(self.folder / "again.db") == known
        found = [finding.line({}) for finding in check(self.disk, self.roots) if not self._is_open(finding.volume)]
        assert found == []

    def _known(self, path: Path) -> set[tuple[KeyName, str, int, int]]:
        """What a catalogue tells of segments whose pieces are somewhere."""
        database = sqlite3.connect(path)
        rows = database.execute(
            "SELECT segment.class, stream.name, segment.t0, segment.t1 FROM segment JOIN stream ON stream.id = stream"
            " WHERE volume IS NOT NULL"
        ).fetchall()
        database.close()
        return {(KeyName(hour_of(t0), class_), stream, t0, t1) for class_, stream, t0, t1 in rows}

    def _is_open(self, volume: str | None) -> bool:
        return volume is not None and VolumeHeader.from_name(volume).fence == self.fence


def body_of(stream: StreamId, t0: int) -> bytes:
    """What the camera shows."""
    return f"{stream} at {t0}".encode() * 4
