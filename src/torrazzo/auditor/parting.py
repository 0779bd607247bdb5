# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where two histories part: the first entry of a log that is another one now than when it was mirrored."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from torrazzo.auditor.mirror import Mirror
from torrazzo.auditor.source import Source
from torrazzo.ledger.checkpoint import Checkpoint
from torrazzo.ledger.identity import LogKind
from torrazzo.ledger.merkle import leaf_hash, tree_root
from torrazzo.ledger.text import HASH_LENGTH
from torrazzo.ledger.tiles import WIDTH, read_subtree
from torrazzo.ledger.touched import Told, told_near


class Place(NamedTuple):
    """An entry, and what it told of; None where all that can be compared is the same."""

    entry_index: int | None = None
    told: Told = Told()


def parted(mirror: Mirror, source: Source, kind: LogKind, head: Checkpoint, entries: Sequence[bytes]) -> Place:
    """Of what was mirrored, else of the `entries` that were given out behind it. Raises what the source raises.

    Nothing rests on what the tiles say but the place.
    """
    tiles: dict[tuple[int, int], bytes] = {}

    def tile(level: int, number: int) -> bytes:
        if (level, number) not in tiles:
            tiles[level, number] = source.tile(kind, level, number, head.size)
        return tiles[level, number]

    size = mirror.copied.size
    at = _common(min(size, head.size), mirror.root, lambda size: _root(size, tile))
    if at < size:
        return Place(at, told_near(dict(enumerate(mirror.entries(at, at + 1), at)), at))
    for at, line in enumerate(entries, size):
        place = at % WIDTH * HASH_LENGTH
        if tile(0, at // WIDTH)[place : place + HASH_LENGTH] != leaf_hash(line):
            return Place(at, told_near(dict(enumerate(entries, size)), at))
    return Place()


def _root(size: int, tile: Callable[[int, int], bytes]) -> bytes:
    return tree_root(size, lambda level, at: read_subtree(level, at, tile))


def _common(most: int, ours: Callable[[int], bytes | None], theirs: Callable[[int], bytes]) -> int:
    """How many first entries two trees have in common: those of one root have the same ones, so halve."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        is_same = ours(middle) in {b"", theirs(middle)}
        low, high = (middle, high) if is_same else (low, middle - 1)
    return low
