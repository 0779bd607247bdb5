# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The auditor's own copy of one log: full bundles and tiles as files in the C2SP layout, the right edge as a value.

A batch: 1. it is proven, in memory; 2. files of what became full, each safe; 3. the new edge, committed by whoever
keeps it together with what was found. A crash between the last two writes the same files again.
"""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from torrazzo.base.errors import Damaged
from torrazzo.ledger.edge import Edge, grow
from torrazzo.ledger.files import LogFiles
from torrazzo.ledger.merkle import leaf_hash, tree_root
from torrazzo.ledger.text import HASH_LENGTH
from torrazzo.ledger.tiles import WIDTH, Tile, pack_entries, read_subtree, split_entries, tile_width


class Copied(NamedTuple):
    """A tree as far as it was mirrored: size, edge by level, and the entries of the last bundle."""

    size: int = 0
    edge: Edge = ()
    tail: tuple[bytes, ...] = ()
    first: int = 0  # entries below were pruned before they were seen
    full: Mapping[Tile, bytes] = MappingProxyType({})  # what is in no file yet

    @property
    def tail_bytes(self) -> bytes:
        """For the database; the inverse of `split_entries`."""
        return pack_entries(self.tail)


def unpack(size: int, edge: bytes, tail: bytes, first: int) -> Copied:
    """From the database: the edge's tiles one behind the other, lowest first."""
    levels, at = [], 0
    for level in range((size.bit_length() + 7) // 8):
        length = (size >> 8 * level) % WIDTH * HASH_LENGTH
        levels.append(edge[at : at + length])
        at += length
    if at != len(edge):
        raise Damaged(f"mirror of {size} entries: an edge of {len(edge)} bytes, expected {at}")
    return Copied(size, tuple(levels), tuple(split_entries(tail, size % WIDTH)), first)


class Mirror:
    """Not for two threads at once."""

    def __init__(self, files: LogFiles, copied: Copied) -> None:
        self._files, self.copied = files, copied

    def grown(self, entries: Sequence[bytes]) -> Copied:
        """With more entries; what became full is in no file before `put`."""
        before = self.copied
        growth = grow(before.size, before.edge, map(leaf_hash, entries))
        lines = [*before.tail, *entries]
        start = before.size - len(before.tail)
        whole = len(lines) - len(lines) % WIDTH
        bundles = {
            Tile(None, (start + at) // WIDTH): pack_entries(lines[at : at + WIDTH]) for at in range(0, whole, WIDTH)
        }
        return before._replace(
            size=before.size + len(entries),
            edge=growth.edge,
            tail=tuple(lines[whole:]),
            full={**bundles, **growth.full},
        )

    def put(self, copied: Copied) -> Copied:
        """The same, with all that is full safely in files."""
        for tile, data in copied.full.items():
            self._files.put(tile, data)
        return copied._replace(full=MappingProxyType({}))

    def entries(self, start: int, end: int) -> Iterator[bytes]:
        """Those that were mirrored; FileNotFoundError for what was not."""
        copied = self.copied
        for number in range(start // WIDTH, -(-end // WIDTH)):
            is_last = number == copied.size // WIDTH
            bundle = copied.tail if is_last else split_entries(self._files.read(Tile(None, number)), WIDTH)
            yield from bundle[max(0, start - number * WIDTH) : end - number * WIDTH]

    def root(self, size: int, copied: Copied | None = None) -> bytes | None:
        """Of the first so many entries; None if there are fewer, empty if it needs what was pruned before."""
        tree = self.copied if copied is None else copied
        if size > tree.size:
            return None
        try:
            return tree_root(size, lambda level, at: read_subtree(level, at, lambda *name: self._tile(tree, *name)))
        except FileNotFoundError:
            return b""

    def _tile(self, tree: Copied, level: int, number: int) -> bytes:
        if tile_width(level, number, tree.size) < WIDTH:
            return tree.edge[level] if number == tree.size >> 8 * (level + 1) else b""
        tile = Tile(level, number)
        return tree.full[tile] if tile in tree.full else self._files.read(tile)
