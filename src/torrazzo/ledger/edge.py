# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The right edge of a tree: the last tile of each level, and how it grows. Pure.

The edge of `size` entries has at level L the last (size >> 8 L) mod 256 hashes of that level; empty where the last tile
is full.
"""

from collections.abc import Iterable
from typing import NamedTuple, TypeAlias

from torrazzo.ledger.merkle import root_of
from torrazzo.ledger.text import HASH_LENGTH
from torrazzo.ledger.tiles import WIDTH, Tile, split_tile

Edge: TypeAlias = tuple[bytes, ...]  # by level

TILE_BYTES = WIDTH * HASH_LENGTH


class Growth(NamedTuple):
    """What more leaves make of an edge."""

    edge: Edge
    full: dict[Tile, bytes]  # tiles that became full


def grow(size: int, edge: Edge, leaves: Iterable[bytes]) -> Growth:
    """Add leaves to the edge of a tree of `size`."""
    grown: list[bytes] = []
    full: dict[Tile, bytes] = {}
    row = b"".join(leaves)
    level = 0
    while row or level < len(edge):
        data = (edge[level] if level < len(edge) else b"") + row
        number, whole = size >> 8 * (level + 1), len(data) - len(data) % TILE_BYTES
        roots = []
        for at in range(0, whole, TILE_BYTES):
            tile = data[at : at + TILE_BYTES]
            full[Tile(level, number)] = tile
            roots.append(root_of(split_tile(tile, WIDTH)))
            number += 1
        grown.append(data[whole:])
        row = b"".join(roots)
        level += 1
    return Growth(tuple(grown), full)


def edge_tiles(size: int) -> list[Tile]:
    """The names of the edge's tiles, by level, without empty ones."""
    levels = range((max(size, 1).bit_length() + 7) // 8)
    return [Tile(level, size >> 8 * (level + 1), width) for level in levels if (width := (size >> 8 * level) % WIDTH)]


def full_tiles(start: int, end: int) -> list[Tile]:
    """The names of the tiles that become full when a tree grows from `start` to `end` entries, lowest level first."""
    found = []
    level = 1
    while end >> 8 * level:
        found += [Tile(level - 1, number) for number in range(start >> 8 * level, end >> 8 * level)]
        level += 1
    return found
