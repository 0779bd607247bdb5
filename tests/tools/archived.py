# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A small archive whose facts stand in a real ledger, and what a package is gathered from."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from tests.tools.gate_town import b64, digest
from tests.tools.ledger import IDENTITY, opened
from tests.tools.recording import Recording
from torrazzo.archive.fact import parse_fact
from torrazzo.base import SegmentId, Span, StreamId, TermId
from torrazzo.base.errors import KeyGone, TorrazzoError
from torrazzo.base.times import HOUR, SECOND, UtcTicks, hour_text
from torrazzo.catalogue import Catalogue, CatalogueWriter, Delivered
from torrazzo.control_room.index import Index
from torrazzo.durable import OsDisk
from torrazzo.evidence.anchors import Stamps
from torrazzo.evidence.gather import Asked, Gathering, Progress, Source
from torrazzo.evidence.package import write_package
from torrazzo.evidence.pieces import ProvableFootage
from torrazzo.ledger import Policy
from torrazzo.ledger.act import pack_act
from torrazzo.ledger.identity import KINDS, LogName
from torrazzo.ledger.intake import Received, entry_of, late_entry
from torrazzo.ledger.store import LedgerStore

POLICY = Policy.parse(
    ("".join(f"log {IDENTITY.key(LogName(kind, 1)).verifier}\n" for kind in KINDS) + "quorum none\n").encode()
)


class Filmed(NamedTuple):
    """One camera's recording, by name."""

    name: str
    made: Recording

    @property
    def stream(self) -> StreamId:
        return self.made.stream


class Rings:
    """Each recording has a ring of its own; counts what is asked of them."""

    def __init__(self, filmed: Sequence[Filmed]) -> None:
        self._keys = {each.stream: each.made.keys for each in filmed}
        self.given = self.asked = 0
        self.gone: Callable[[StreamId, int], str | None] = lambda *_: None  # why this segment's key is gone

    def segment_keys(
        self, stream: StreamId, term: TermId, hour: int, class_: str, sealed: bytes, ns: Sequence[int]
    ) -> dict[int, bytes]:
        self.asked += 1
        for why in filter(None, (self.gone(stream, n) for n in ns)):
            raise KeyGone(f"{stream}: its key is gone", why)
        self.given += len(ns)
        return self._keys[stream].segment_keys(stream, term, hour, class_, sealed, ns)


@dataclass
class Archived:
    """The cameras, their ledger, and the deeds in it."""

    folder: Path
    filmed: Sequence[Filmed]
    store: LedgerStore
    rings: Rings = field(init=False)
    files: dict[str, bytes] = field(default_factory=dict)
    stamps: Stamps = field(default_factory=Stamps)

    def __post_init__(self) -> None:
        self.rings = Rings(self.filmed)
        with CatalogueWriter(self.folder / "catalogue.db") as writer:
            for each in self.filmed:
                writer.insert(Delivered(told.fact, told.volume, told.pieces) for told in each.made.deliveries)

    @property
    def start(self) -> int:
        return self.filmed[0].made.start

    def enter(self, wanted: Callable[[bytes], bool] = lambda _: True, received: int | None = None) -> None:
        """The facts, in order of time, in batches, as a ledger takes them."""
        facts = [parse_fact(told.fact) for each in self.filmed for told in each.made.deliveries if wanted(told.fact)]
        for fact in sorted(facts, key=lambda fact: (fact.t1 or fact.t0, fact.n)):
            late = None if received is None else late_entry(Received(fact, UtcTicks(received), 0))
            self.store.append([entry_of(fact), *([late] if late else [])])

    def deed(self, kind: str, t: int, **values: object) -> int:
        """An act of somebody."""
        person = {"month": "202611", "who": digest("anna"), "p": digest("private")}
        common = {"purpose": "theft", "until": t + 60 * SECOND, "bind": b64(bytes(32)), "renews": None, "to": "court"}
        from torrazzo.ledger.act_forms import KINDS as FORMS

        line = pack_act(
            kind, t, {key: value for key, value in {**common, **person, **values}.items() if key in FORMS[kind]}
        )
        return self.store.append(act=[line]).act[0]

    def erase(self, stream: str, hour: int, by: str = "bruno", *, done: bool = True) -> None:
        """An hour of a stream: Anna asks, somebody approves, the keyring does it."""
        asked = {"streams": [stream], "t0": hour * HOUR, "t1": (hour + 1) * HOUR}
        at = (hour + 2) * HOUR
        ask = self.deed("ask", at, **asked, purpose="erase", to="erase")
        approve = self.deed("approve", at + SECOND, of=ask, who=digest(by))
        if done:
            rekey = {"hour": hour_text(hour), "class": "standard", "streams": [stream], "kept": 1}
            self.deed("rekey", at + 2 * SECOND, of=approve, **rekey)

    def read(self, address: str) -> bytes:
        """As the ledger answers; `files` has what else it would."""
        if address in self.files:
            return self.files[address]
        log, _, rest = address.partition("/")
        if rest == "cosigned":
            raise TorrazzoError("no head was cosigned yet")
        return (self.store.rec if log == "rec" else self.store.act).resource(rest)

    def index_of(self, fact: SegmentId) -> int | None:
        return self.store.index_of(fact)

    @contextlib.contextmanager
    def footage(self, within: Span | None = None) -> Iterator[ProvableFootage]:
        """All of it, or what lies within a window's span."""

        def covers(_: StreamId, span: Span) -> bool:
            return within is None or (within.start <= span.start and span.end <= within.end)

        index = Index(Catalogue(self.folder / "catalogue.db"))
        made = ProvableFootage(index, [each.made.root for each in self.filmed], OsDisk(), self.rings, covers)
        try:
            yield made
        finally:
            made.close()
            index.close()

    def asked(self, start: float, end: float) -> Asked:
        """All cameras, seconds after the start."""
        span = Span(UtcTicks(self.start + round(start * SECOND)), UtcTicks(self.start + round(end * SECOND)))
        return Asked(
            0, tuple(e.stream for e in self.filmed), span, "2026/0042", {e.stream: e.name for e in self.filmed}
        )

    def package(
        self,
        asked: Asked,
        out: Path,
        policy: Policy = POLICY,
        progress: Progress = lambda _: None,
        within: Span | None = None,
    ) -> Path:
        """Gathered and written in one go."""
        with self.footage(within) as footage, out.open("wb") as file:
            gathering = Gathering(asked, Source(footage, self.read, self.index_of, policy, self.stamps))
            measured = {stream: gathering.measure(stream, progress) for stream in asked.streams}
            for chunk in write_package(gathering.parts(measured, UtcTicks(asked.span.end + 90 * SECOND), progress)):
                file.write(chunk)
        return out


@contextlib.contextmanager
def archived(
    folder: Path, made: Sequence[tuple[str, str, Callable[[Recording], None]]], start: UtcTicks
) -> Iterator[Archived]:
    """Cameras by name and stream, each filmed by its function."""
    filmed = []
    for name, stream, film in made:
        recording = Recording(folder / name, start, StreamId.parse(stream))
        film(recording)
        recording.finish()
        filmed.append(Filmed(name, recording))
    (folder / "ledger").mkdir()
    with opened(folder / "ledger.db", OsDisk(), folder=folder / "ledger") as store:
        yield Archived(folder, filmed, store)
