# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A town's two logs in memory, as a ledger shows them, right or wrong; and an auditor that looks at them."""

import base64
import contextlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.tools.ledger import IDENTITY, stream
from torrazzo.archive.fact import (
    Fact,
    LastFact,
    gap_fact,
    parse_fact,
    prior_value,
    segment_fact,
    step_fact,
    term_fact,
)
from torrazzo.auditor.audit import Auditor
from torrazzo.auditor.source import Source
from torrazzo.auditor.store import AuditStore
from torrazzo.base import StreamId, TermId
from torrazzo.base.errors import Invalid, Unavailable
from torrazzo.base.ids import NodeId
from torrazzo.base.times import HOUR, SECOND, hour_of, hour_text, ns_from_ticks
from torrazzo.durable import OsDisk
from torrazzo.ledger.act import pack_act
from torrazzo.ledger.checkpoint import Checkpoint, sign_checkpoint
from torrazzo.ledger.errors import Pruned
from torrazzo.ledger.files import LogFiles
from torrazzo.ledger.identity import KINDS, LogKind, LogName
from torrazzo.ledger.merkle import consistency_proof, leaf_hash, root_of
from torrazzo.ledger.text import to_base64
from torrazzo.ledger.tiles import WIDTH, Tile, pack_entries
from torrazzo.testing import FakeClock
from torrazzo.testing.clock import START

KEYS = {kind: IDENTITY.key(LogName(kind, 1)) for kind in KINDS}
BOOT = "11111111-2222-3333-4444-555555555555"
SECRET = bytes(32)


class MemoryLedger(Source):
    """Answers as the ledger does, from lists that a test may change as no ledger would. `is_away`: it does not."""

    def __init__(self) -> None:
        super().__init__("unix:/nowhere", FakeClock())
        self.entries: dict[LogKind, list[bytes]] = {"rec": [], "act": []}
        self.minimum_of: dict[LogKind, int] = {"rec": 0, "act": 0}
        self.keys = dict(KEYS)
        self.statements: dict[bytes, bytes] = {}  # of a chip, by hash
        self.is_away = False

    def root(self, kind: LogKind, size: int | None = None) -> bytes:
        return root_of(map(leaf_hash, self.entries[kind][:size]))

    def _read(self, target: str) -> bytes:
        if self.is_away:
            raise Unavailable("away")
        if target == "status":
            return json.dumps({kind: {"minimum": self.minimum_of[kind]} for kind in KINDS}).encode()
        name, _, rest = target.partition("/")
        if rest.startswith("statements/"):
            hash_ = bytes.fromhex(rest.removeprefix("statements/").removesuffix(".json"))
            if hash_ not in self.statements:
                raise Invalid("not there")
            return self.statements[hash_]
        kind: LogKind = "rec" if name == "rec" else "act"
        entries, key = self.entries[kind], self.keys[kind]
        note = sign_checkpoint(Checkpoint(key.verifier.name, len(entries), self.root(kind)), key).pack()
        if rest == "checkpoint":
            return note
        if rest.startswith("consistency?old="):
            old = int(rest.partition("=")[2])
            if old > len(entries):
                raise Invalid(f"{old} entries: there are {len(entries)}")
            leaves = list(map(leaf_hash, entries))
            path = consistency_proof(old, len(entries), lambda level, at: _subtree(leaves, level, at))
            return "".join(f"{line}\n" for line in (f"old {old}", *map(to_base64, path), "")).encode() + note
        return self._tile(kind, Tile.parse(rest))

    def _tile(self, kind: LogKind, tile: Tile) -> bytes:
        if not tile.level and (tile.number + 1) * WIDTH <= self.minimum_of[kind]:
            raise Pruned(f"{tile}: pruned")
        first = tile.number * WIDTH
        if tile.level is None:
            return pack_entries(self.entries[kind][first : first + tile.width])
        leaves = list(map(leaf_hash, self.entries[kind]))
        level = 8 * tile.level
        return b"".join(_subtree(leaves, level, at) for at in range(first, first + tile.width))


def _subtree(leaves: list[bytes], level: int, at: int) -> bytes:
    return root_of(leaves[at << level : (at + 1) << level])


class Line:
    """Facts of one term, each ten seconds, made as a recorder makes them; a test may change any of their keys."""

    def __init__(
        self, *, camera: int = 1, fence: int = 1, start: int = START, prior: object = None, t0: int = 0
    ) -> None:
        self.stream: StreamId = stream(camera)
        self.term = TermId(NodeId(7), fence, start)
        self.boot_ticks = 100 * SECOND - start  # monotonic minus wall
        begin = t0 or start
        line = term_fact(
            self.stream, self.term, t0=begin, m0=self.m(begin), boot=BOOT, software="t", prior=_prior(prior)
        )
        self.facts = [parse_fact(line)]

    @property
    def last(self) -> Fact:
        return self.facts[-1]

    @property
    def end(self) -> int:
        return self.last.t0 if self.last.t1 is None else self.last.t1

    def m(self, ticks: int) -> int:
        return ns_from_ticks(ticks + self.boot_ticks)

    def segment(self, seconds: int = 10, **changes: Any) -> bytes:
        t0, t1 = self.end, self.end + seconds * SECOND
        line = segment_fact(
            self.stream, self.term, self.last.n + 1, t0=t0, t1=t1, m0=self.m(t0), m1=self.m(t1), media=t1 - t0,
            frames=seconds * 25, lost=0, length=100_000, count=seconds + 1, h=SECRET, c=SECRET,
            key=f"{hour_text(hour_of(t0))}/standard", continues=False, prev=_hash(self.last),
        )  # fmt: skip
        return self._add(line, changes)

    def gap(self, seconds: int | None = 10, why: str = "net", of: int | None = None, **changes: Any) -> bytes:
        t0 = self.end
        t1 = None if seconds is None else t0 + seconds * SECOND
        m1 = None if t1 is None else self.m(t1)
        line = gap_fact(
            self.stream, self.term, self.last.n + 1, t0=t0, t1=t1, m0=self.m(t0), m1=m1, why=why, of=of,
            prev=_hash(self.last),
        )  # fmt: skip
        return self._add(line, changes)

    def step(self, seconds: int, **changes: Any) -> bytes:
        t0, m0 = self.end, self.m(self.end)
        self.boot_ticks -= seconds * SECOND
        line = step_fact(
            self.stream,
            self.term,
            self.last.n + 1,
            t0=t0,
            t1=t0 + seconds * SECOND,
            m0=m0,
            m1=m0,
            prev=_hash(self.last),
        )
        return self._add(line, changes)

    def _add(self, line: bytes, changes: Mapping[str, Any]) -> bytes:
        line = changed(line, **changes)
        with contextlib.suppress(Invalid):
            self.facts.append(parse_fact(line))
        return line


def changed(line: bytes, **changes: Any) -> bytes:
    """The same line with other values; a name with None is left out."""
    found = {**json.loads(line), **changes}
    return json.dumps({k: v for k, v in found.items() if v != "GONE"}, separators=(",", ":")).encode()


def late(fact: Fact, t: int) -> bytes:
    told = {
        "v": 1,
        "kind": "late",
        "stream": str(fact.stream),
        "term": str(fact.term),
        "n": fact.n,
        "hash": _hash(fact),
    }
    return json.dumps({**told, "t": t}, separators=(",", ":")).encode()


def shred(hour: int, t: int, **changes: Any) -> bytes:
    values = {
        "hour": hour_text(hour), "class": "standard", "why": "age", "level": "file", "left": 0,
        "ring": to_base64(root_of([])), "state": None, "rec": None, "act": None,
    }  # fmt: skip
    return pack_act("shred", t, {**values, **changes})


def life_end(hour: int) -> int:
    return (hour + 168) * HOUR


def tie(ledger: MemoryLedger, t: int, **changes: Any) -> bytes:
    values = {"size": len(ledger.entries["rec"]), "root": to_base64(ledger.root("rec"))}
    return pack_act("rec", t, {**values, **changes})


def _prior(prior: object) -> Mapping[str, object] | None:
    if isinstance(prior, Fact):
        return prior_value(LastFact(prior.term, prior.n, prior.hash, prior.t1 or prior.t0))
    assert prior is None or isinstance(prior, dict)
    return prior


def _hash(fact: Fact) -> str:
    return base64.b64encode(fact.hash).decode()


class Audited:
    """An auditor over such a ledger, with a clock of its own; both in one town."""

    def __init__(self, folder: Path, store: AuditStore, ledger: MemoryLedger, clock: FakeClock) -> None:
        def files(kind: LogKind) -> LogFiles:
            return LogFiles(OsDisk(), folder / "mirror" / kind)

        keys = {kind: key.verifier for kind, key in KEYS.items()}
        self.ledger, self.clock, self.store = ledger, clock, store
        self.auditor = Auditor(store, files, keys, ledger, clock)

    def enter(self, kind: LogKind, *lines: bytes) -> None:
        self.ledger.entries[kind] += lines

    def look(self, seconds: float = 0) -> list[str]:
        """What is open after a look, so many seconds later: rule and text."""
        self.clock.advance(seconds)
        self.auditor.look()
        return [str(found.finding) for found in self.store.findings(is_open=True) if not found.finding.is_notice]

    def go_on(self, line: Line, count: int = 3) -> None:
        """So many segments, each entered ten seconds later, looked at and tied, without a finding."""
        for _ in range(count):
            self.enter("rec", line.segment())
            self.enter("act", tie(self.ledger, self.clock.utc()))
            assert self.look(10) == []


def started(town: Audited) -> Line:
    """A term that has gone on for a while, without a finding."""
    line = Line()
    town.enter("rec", line.facts[0].line)
    town.go_on(line)
    return line


def only(findings: list[str], rule: str, *words: str) -> None:
    """One finding, by this rule, with these words."""
    assert len(findings) == 1, findings
    assert findings[0].startswith(f"{rule} "), findings
    for word in words:
        assert word in findings[0], findings


def commitment_of(hour: int) -> bytes:
    return f"{hour_text(hour)}/standard".encode() + b"\0" + bytes(32)


def erasure(town: Audited, hour: int, **changes: Any) -> int:
    """Of the first camera, wanted by one person and approved by another; the approval's number."""
    t, first = town.clock.utc(), len(town.ledger.entries["act"])
    anna = {"month": "202611", "who": to_base64(bytes(range(32))), "p": to_base64(bytes(range(32)))}
    span = {"streams": [str(stream(1))], "t0": hour * HOUR, "t1": (hour + 1) * HOUR, "purpose": "erase", "to": "nobody"}
    town.enter("act", pack_act("ask", t, {**span, **anna, **changes}))
    town.enter("act", pack_act("approve", t, {"of": first, **anna, "who": to_base64(SECRET)}))
    return first + 1


@contextlib.contextmanager
def audited(folder: Path, ledger: MemoryLedger | None = None, clock: FakeClock | None = None) -> Iterator[Audited]:
    """For the block; the same folder again goes on."""
    folder.mkdir(exist_ok=True)
    (folder / "mirror").mkdir(exist_ok=True)
    with contextlib.closing(AuditStore.open(folder / "audit.db")) as store:
        yield Audited(folder, store, ledger or MemoryLedger(), clock or FakeClock())
