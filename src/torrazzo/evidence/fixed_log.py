# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A log as of one signed head: its entries, and proofs that all lead to that head, whatever is entered meanwhile."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Self

from torrazzo.base.errors import Damaged, Invalid, TorrazzoError, Unavailable
from torrazzo.evidence.clip import Proven
from torrazzo.ledger import Policy, Proof, Unproven
from torrazzo.ledger.checkpoint import Checkpoint
from torrazzo.ledger.identity import LogKind
from torrazzo.ledger.merkle import consistency_proof, inclusion_proof
from torrazzo.ledger.note import Note
from torrazzo.ledger.tiles import WIDTH, Tile, read_subtree, split_entries, tile_width

_KEPT = 64  # tiles, and bundles

Read = Callable[[str], bytes]  # what the ledger has at an address: `rec/checkpoint`, `act/tile/0/000`


class FixedLog:
    """Reads what it is asked for, a tile or a bundle at a time, and keeps the last of them. Not for two threads."""

    def __init__(self, read: Read, kind: LogKind, note: Note, policy: Policy) -> None:
        self._read, self._kind, self._policy = read, kind, policy
        self.note = note
        self.head: Checkpoint = policy.accept(note).checkpoint
        self._bundles: OrderedDict[int, list[bytes]] = OrderedDict()
        self._tiles: OrderedDict[tuple[int, int], bytes] = OrderedDict()

    @classmethod
    def newest(cls, read: Read, kind: LogKind, policy: Policy) -> list[Self]:
        """As of the heads that may be used now: the last that witnesses cosigned, and the newest one, if it will do.

        Raises `Unproven` if none fulfils the policy (yet).
        """
        found: dict[str, Self] = {}
        refused: Unproven | None = None
        for name in ("cosigned", "checkpoint") if policy.witnesses else ("checkpoint",):
            try:
                log = cls(read, kind, Note.parse(read(f"{kind}/{name}")), policy)
            except Unproven as error:
                refused = error
            except Unavailable:
                raise
            except TorrazzoError:  # nothing was cosigned yet
                continue
            else:
                found.setdefault(log.note.text, log)
        if not found:
            raise refused or Unproven(f"no head of {kind} that the policy accepts")
        return list(found.values())

    @property
    def size(self) -> int:
        """Entries."""
        return self.head.size

    def bundle(self, number: int) -> list[bytes]:
        """Entries from `number` * 256 on, at most 256 of them."""
        found = self._bundles.get(number)
        if found is None:
            width = tile_width(0, number, self.size)
            try:
                found = split_entries(self._read(f"{self._kind}/{Tile(None, number, width)}"), width)
            except Invalid as error:
                raise Damaged(f"{self.head.origin}: {error}") from error
            self._bundles[number] = found
            if len(self._bundles) > _KEPT:
                self._bundles.popitem(last=False)
        return found

    def line(self, index: int) -> bytes:
        """An entry."""
        return self.bundle(index // WIDTH)[index % WIDTH]

    def entries(self, start: int) -> Iterator[tuple[int, bytes]]:
        """Indexes and lines, from `start` to the end."""
        for number in range(start // WIDTH, (self.size + WIDTH - 1) // WIDTH):
            first = number * WIDTH
            for at, line in enumerate(self.bundle(number)):
                if first + at >= start:
                    yield first + at, line

    def entries_back(self) -> Iterator[tuple[int, bytes]]:
        """The same from the last one to the first, a bundle at a time; ends with `Pruned` where entries are gone."""
        for number in reversed(range((self.size + WIDTH - 1) // WIDTH)):
            lines = self.bundle(number)
            for at in reversed(range(len(lines))):
                yield number * WIDTH + at, lines[at]

    def prove(self, index: int) -> Proven:
        """An entry with its proof; raises `Unproven` if what the ledger gave does not lead to the head."""
        line = self.line(index)
        proof = Proof(index, tuple(inclusion_proof(index, self.size, self._subtree)), self.note)
        proof.accept(line, self._policy)
        return Proven(line, proof)

    def consistency(self, size: int) -> list[bytes]:
        """That its head goes on from that of its first `size` entries."""
        return consistency_proof(size, self.size, self._subtree)

    def _subtree(self, level: int, index: int) -> bytes:
        return read_subtree(level, index, self._tile)

    def _tile(self, level: int, number: int) -> bytes:
        found = self._tiles.get((level, number))
        if found is None:
            width = tile_width(level, number, self.size)
            found = self._read(f"{self._kind}/{Tile(level, number, width)}")
            self._tiles[level, number] = found
            if len(self._tiles) > _KEPT:
                self._tiles.popitem(last=False)
        return found
