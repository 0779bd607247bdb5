# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Two small logs of one town, and what a reader shows the keyring out of them."""

import base64
import hashlib
from collections.abc import Sequence
from typing import Any

from torrazzo.archive.fact import segment_fact
from torrazzo.base.ids import CameraId, NodeId, StreamId, TermId
from torrazzo.base.times import HOUR, SECOND, UtcTicks
from torrazzo.keyring.gate import Rules, State
from torrazzo.keyring.gate_request import CloseRequest, Entry, HoldRequest, KeyRequest
from torrazzo.keyring.heads import Heads, Shown, Taken, accept
from torrazzo.keyring.public import KeyName
from torrazzo.keyring.trusted_time import Judgement
from torrazzo.ledger import Policy
from torrazzo.ledger.act import WINDOW, pack_act
from torrazzo.ledger.checkpoint import Checkpoint, cosign, sign_checkpoint
from torrazzo.ledger.identity import EntryName
from torrazzo.ledger.key import Kind, SigningKey
from torrazzo.ledger.merkle import consistency_proof, inclusion_proof, leaf_hash, root_of
from torrazzo.ledger.note import Note
from torrazzo.seal import SEALED_KEY_LENGTH

TOWN = "town.example"
NOW = UtcTicks(494_000 * HOUR + 1_800 * SECOND)
STREAM = StreamId(CameraId("3f9a1c0e5b7d2264"), "main")
OTHER_STREAM = StreamId(CameraId("00000000000000aa"), "main")
TERM = TermId(NodeId(0x7F3A91C2), 17, NOW - HOUR)
TOKEN = bytes(range(32))
SEALED = bytes(SEALED_KEY_LENGTH)
WITNESS = SigningKey("witness.example", Kind.COSIGNATURE, b"w" * 32)


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def digest(text: str) -> str:
    return b64(hashlib.sha256(text.encode()).digest())


class SmallLog:
    """All its entries, and any head and proof."""

    def __init__(self, name: str, entries: Sequence[bytes] = (b"the first",)) -> None:
        self.key = SigningKey(f"{TOWN}/{name}", Kind.ED25519, hashlib.sha256(name.encode()).digest())
        self.entries = list(entries)

    def append(self, entry: bytes) -> int:
        self.entries.append(entry)
        return len(self.entries) - 1

    def root(self, size: int) -> bytes:
        return root_of(map(leaf_hash, self.entries[:size]))

    def note(self, size: int | None = None, *, key: SigningKey | None = None, seconds: int | None = None) -> Note:
        """Cosigned where a time is given."""
        size = len(self.entries) if size is None else size
        note = sign_checkpoint(Checkpoint(self.key.verifier.name, size, self.root(size)), key or self.key)
        if seconds is None:
            return note
        return note._replace(signatures=(*note.signatures, cosign(note, WITNESS, seconds)))

    def shown(self, since: int, size: int | None = None) -> Shown:
        size = len(self.entries) if size is None else size
        return Shown(
            self.note(size), since, tuple(consistency_proof(since, size, self._subtree)) if since <= size else ()
        )

    def entry(self, number: int, size: int | None = None) -> Entry:
        size = len(self.entries) if size is None else size
        return Entry(self.entries[number], number, tuple(inclusion_proof(number, size, self._subtree)))

    def _subtree(self, level: int, index: int) -> bytes:
        return root_of(map(leaf_hash, self.entries[index << level : (index + 1) << level]))


def segment_line(stream: StreamId = STREAM, n: int = 1, t0: int = NOW - 60 * SECOND, **changes: Any) -> bytes:
    """A segment of ten seconds."""
    hour = KeyName(t0 // HOUR, "standard")
    values: dict[str, Any] = {
        **dict.fromkeys(("m0", "m1", "lost"), 0),
        **dict.fromkeys(("media", "frames", "length", "count"), 11),
        **dict.fromkeys(("h", "c"), bytes(32)),
        "t0": t0,
        "t1": t0 + 10 * SECOND,
        "key": str(hour),
        "continues": False,
        "prev": digest("fact before"),
    }
    return segment_fact(stream, TERM, n, **{**values, **changes})


def view_values(**changes: object) -> dict[str, object]:
    """The values of a view of five minutes, written now."""
    return {
        "streams": [str(STREAM)],
        "t0": NOW - 300 * SECOND,
        "t1": NOW,
        "purpose": "theft",
        "until": NOW + WINDOW,
        "bind": b64(hashlib.sha256(TOKEN).digest()),
        "renews": None,
        **person("anna"),
        **changes,
    }


def hold_values(**changes: object) -> dict[str, object]:
    """The same of a hold."""
    values = view_values(**{"cause": "police", "case": digest("2026/118"), **changes})
    del values["purpose"]
    return values


def person(name: str, month: str = "202611") -> dict[str, object]:
    return {"month": month, "who": digest(month + name), "p": digest("private")}


class GateTown:
    """Its logs, rules, and a keyring that has seen their beginning."""

    def __init__(self) -> None:
        self.rec, self.act = SmallLog("rec"), SmallLog("act")
        keys = "".join(f"log {log.key.verifier}\n" for log in (self.rec, self.act))
        witness = f"witness w {WITNESS.verifier}\n"
        self.rules = Rules(Policy.parse(f"{keys}{witness}quorum none\n".encode()), {"standard": 168, "short": 24})
        self.state = State.start(self.first_heads())

    def first_heads(self) -> Heads:
        heads = Heads.of_town(f"{TOWN}/rec", f"{TOWN}/act")
        rec = accept(heads.rec, self.rec.shown(0), self.rules.policy, trust_first=True)
        act = accept(heads.act, self.act.shown(0), self.rules.policy, trust_first=True)
        assert isinstance(rec, Taken)
        assert isinstance(act, Taken)
        return Heads(rec.seen, act.seen)

    def book(self, kind: str, values: dict[str, object], t: int = NOW) -> int:
        return self.act.append(pack_act(kind, t, values))

    def request(self, window: int, segments: Sequence[int], approved: tuple[int, int] | None = None) -> KeyRequest:
        """All against the newest heads, from those that the keyring has seen."""
        seen = self.state.heads
        assert seen.rec.head is not None
        assert seen.act.head is not None
        ask, approve = approved or (0, 0)
        return KeyRequest(
            TOKEN,
            self.act.shown(seen.act.head.size),
            self.act.entry(window),
            (self.act.entry(ask), self.act.entry(approve)) if approved else None,
            self.rec.shown(seen.rec.head.size),
            tuple(self.rec.entry(number) for number in segments),
            SEALED,
        )

    def closing(self, window: int, close: int) -> CloseRequest:
        assert self.state.heads.act.head is not None
        shown = self.act.shown(self.state.heads.act.head.size)
        return CloseRequest(shown, self.act.entry(window), self.act.entry(close))

    def wish(self, hold: EntryName, fact: int) -> HoldRequest:
        assert self.state.heads.act.head is not None
        return HoldRequest(self.act.shown(self.state.heads.act.head.size), hold, self.act.entry(fact))


def at(now: int = NOW, latest: int | None = None) -> Judgement:
    """All clocks say so."""
    return Judgement(UtcTicks(now), UtcTicks(now if latest is None else latest), UtcTicks(now), ())
