# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The ledger as an auditor reads it: heads that go on from one, bundles of entries, tiles."""

import hashlib
import json
from collections.abc import Sequence
from typing import NamedTuple

from torrazzo.base.clock import Clock
from torrazzo.base.errors import Invalid, Refused, Unavailable
from torrazzo.base.times import BootNs
from torrazzo.ledger.checkpoint import Checkpoint
from torrazzo.ledger.chip_statement import ChipStatement
from torrazzo.ledger.errors import Pruned
from torrazzo.ledger.identity import LogKind
from torrazzo.ledger.note import Note
from torrazzo.ledger.text import parse_hash, parse_number, shown
from torrazzo.ledger.tiles import Tile, split_entries, tile_width
from torrazzo.ledger.witness_client import Answer, call

SECONDS = 30.0  # for one answer: 256 facts come over 92 kbit/s in ten, those of many words in more
LOOK_S = 120  # for all answers of a look: a town that answers slowly, but answers, is silent all the same


class Continued(NamedTuple):
    """A head, and how it goes on; nothing in it has been verified."""

    note: Note
    head: Checkpoint
    path: tuple[bytes, ...]


class OutOfTime(Unavailable):
    """The look has had its time."""


class Source:
    """Raises `Unavailable` when nobody answers, `Pruned`, and `Invalid` for what is in no form."""

    def __init__(self, address: str, clock: Clock) -> None:
        self._address, self._clock = address, clock
        self._until: BootNs | None = None

    def begin(self) -> None:
        """A look: what has not come when its time is over does not come, `OutOfTime`."""
        self._until = BootNs(self._clock.boot_ns() + LOOK_S * 1_000_000_000)

    def head(self, kind: LogKind) -> Continued:
        """The present one."""
        note = Note.parse(self._read(f"{kind}/checkpoint"))
        return Continued(note, Checkpoint.parse(note.text), ())

    def since(self, kind: LogKind, old: int) -> Continued:
        """The present head, and how it goes on from the first `old` entries."""
        if old == 0:
            return self.head(kind)
        lines, _, rest = self._read(f"{kind}/consistency?old={old}").partition(b"\n\n")
        first, *path = lines.decode("ascii", "replace").split("\n")
        if parse_number(first.removeprefix("old "), "old size") != old:
            raise Invalid(f"consistency of {kind}: from {shown(first)}, asked for {old}")
        note = Note.parse(rest)
        return Continued(note, Checkpoint.parse(note.text), tuple(parse_hash(each, "hash") for each in path))

    def minimum(self, kind: LogKind) -> int:
        """The entry with which the log begins."""
        told = self._read("status")
        try:
            found = json.loads(told)
            return parse_number(str(found[kind]["minimum"]), "minimum")
        except (KeyError, TypeError, ValueError, RecursionError, Invalid) as error:
            said = shown(told.decode(errors="replace"))
            raise Unavailable(f"{self._address}: no minimum of {kind}; it says {said}") from error

    def bundle(self, kind: LogKind, number: int, size: int) -> Sequence[bytes]:
        """The entries of a bundle, as many as there are in a tree of this size."""
        width = tile_width(0, number, size)
        return split_entries(self._read(f"{kind}/{Tile(None, number, width)}"), width)

    def tile(self, kind: LogKind, level: int, number: int, size: int) -> bytes:
        """The hashes of a tile, as many as there are."""
        return self._read(f"{kind}/{Tile(level, number, tile_width(level, number, size))}")

    def statement(self, hash_: bytes) -> ChipStatement | None:
        """What the keyring's chip said after a shred, by its hash; None where it is not shown, or is no such thing."""
        try:
            found = ChipStatement.parse(self._read(f"act/statements/{hash_.hex()}.json"))
        except Invalid:
            return None
        return found if hashlib.sha256(found.statement).digest() == hash_ else None

    def _read(self, target: str) -> bytes:
        answer = self._call(target)
        if answer.status == 200:
            return answer.body
        told = f"{self._address}: {target}: it answered {answer.status}: {shown(answer.body.decode(errors='replace'))}"
        if answer.status == 410:
            raise Pruned(told)
        if answer.status in {400, 404}:
            raise Invalid(told)
        if answer.status == 403:
            raise Refused(told)
        raise Unavailable(told)

    def _call(self, target: str) -> Answer:
        """Within what is left of the look."""
        left = self._left()
        try:
            if left > 0:
                return self._ask(target, min(SECONDS, left))
        except Unavailable:
            if self._left() > 0:
                raise
        raise OutOfTime(f"{self._address}: {target}: not answered before the {LOOK_S} s of a look were over")

    def _ask(self, target: str, seconds: float) -> Answer:
        return call(self._address, target, self._clock, seconds=seconds)

    def _left(self) -> float:
        return SECONDS if self._until is None else (self._until - self._clock.boot_ns()) / 1_000_000_000
