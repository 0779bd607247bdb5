# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""How a log lies in files (C2SP tlog-tiles): tiles of 256 hashes, bundles of 256 entries, and their paths.

Tile (level, number) has hashes of complete subtrees of 2^(8 · level) leaves, from subtree number · 256 on. Bundle
`number` has the entries whose leaves are in tile (0, number). The last ones of a tree are narrower.
"""

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple, Self

from torrazzo.base.errors import Damaged, Invalid
from torrazzo.ledger.merkle import root_of
from torrazzo.ledger.text import HASH_LENGTH, MAX_NUMBER, shown

WIDTH = 256
MAX_ENTRY = 65_535  # bytes
MAX_LEVEL = 63

_HEIGHT = 8  # 2^8 hashes
_LENGTH_SIZE = 2
_PATH = re.compile(r"tile/(entries|[0-9]{1,2})/((?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/([0-9]{1,3}))?", re.ASCII)


class Tile(NamedTuple):
    """The name of a file: `tile/0/x001/234.p/17`, `tile/entries/x001/234`."""

    level: int | None  # None: a bundle of entries
    number: int
    width: int = WIDTH

    def __str__(self) -> str:
        level = "entries" if self.level is None else self.level
        *first, last = f"{self.number:,}".split(",")
        folders = "".join(f"x{digits:0>3}/" for digits in first)
        return f"tile/{level}/{folders}{last:0>3}" + (f".p/{self.width}" if self.width < WIDTH else "")

    @property
    def entries(self) -> range:
        """Those that a full one has, or is over."""
        width = WIDTH ** ((self.level or 0) + 1)
        return range(self.number * width, (self.number + 1) * width)

    @classmethod
    def parse(cls, path: str) -> Self:
        """The inverse of `str`; strict."""
        found = _PATH.fullmatch(path)
        if found is None:
            raise Invalid(f"path of a tile {shown(path)}: expected one such as tile/0/x001/234.p/17")
        level = None if found[1] == "entries" else int(found[1])
        tile = cls(level, int(re.sub("[x/]", "", found[2])), int(found[3] or WIDTH))
        if str(tile) != path or tile.number > MAX_NUMBER or (level or 0) > MAX_LEVEL or not 0 < tile.width <= WIDTH:
            raise Invalid(f"path of a tile {shown(path)}: a number is out of range, or written in another way")
        return tile


class Place(NamedTuple):
    """Where the hashes of a complete subtree lie: `length` of them from `first` on in tile (level, number)."""

    level: int
    number: int
    first: int
    length: int


def tile_width(level: int, number: int, size: int) -> int:
    """How many hashes the tile has in a tree of so many entries: 256, or fewer at the edge, or 0 behind it.

    Of level 0 it is the width of the bundle too.
    """
    return max(0, min(WIDTH, (size >> _HEIGHT * level) - number * WIDTH))


def place_of(level: int, index: int) -> Place:
    """Where to read the complete subtree (level, index) of `merkle`."""
    tile_level, height = divmod(level, _HEIGHT)
    number, first = divmod(index << height, WIDTH)
    return Place(tile_level, number, first, 1 << height)


def read_subtree(level: int, index: int, read_tile: Callable[[int, int], bytes]) -> bytes:
    """The hash of a complete subtree; `read_tile` gives tile (level, number) as wide as it is there."""
    place = place_of(level, index)
    data = read_tile(place.level, place.number)
    end = (place.first + place.length) * HASH_LENGTH
    if len(data) < end:
        raise Damaged(f"{Tile(place.level, place.number)}: {len(data)} bytes, expected {end} or more")
    return root_of(data[at : at + HASH_LENGTH] for at in range(place.first * HASH_LENGTH, end, HASH_LENGTH))


def split_tile(data: bytes, width: int) -> list[bytes]:
    """The hashes of a tile."""
    if len(data) != width * HASH_LENGTH:
        raise Damaged(f"tile: {len(data)} bytes, expected {width * HASH_LENGTH} for {width} hashes")
    return [data[at : at + HASH_LENGTH] for at in range(0, len(data), HASH_LENGTH)]


def pack_entries(entries: Iterable[bytes]) -> bytes:
    """A bundle: each entry behind its length in two bytes, big-endian."""
    parts: list[bytes] = []
    for entry in entries:
        if len(entry) > MAX_ENTRY:
            raise Invalid(f"entry of {len(entry)} bytes, at most {MAX_ENTRY}")
        parts += len(entry).to_bytes(_LENGTH_SIZE, "big"), entry
    return b"".join(parts)


def leading_entries(data: bytes) -> list[bytes]:
    """Those of a bundle as far as they are whole, whatever is behind them."""
    entries: list[bytes] = []
    at = 0
    while at + _LENGTH_SIZE <= len(data):
        start = at + _LENGTH_SIZE
        at = start + int.from_bytes(data[at:start], "big")
        if at > len(data):
            break
        entries.append(data[start:at])
    return entries


def split_entries(data: bytes, width: int) -> list[bytes]:
    """The inverse of `pack_entries`, for a bundle of `width` entries."""
    entries: list[bytes] = []
    at = 0
    while at < len(data):
        start = at + _LENGTH_SIZE
        end = start + int.from_bytes(data[at:start], "big")
        if start > len(data) or end > len(data) or len(entries) == width:
            raise Damaged(f"bundle: entry {len(entries)} at byte {at} is not one of {width} in {len(data)} bytes")
        entries.append(data[start:end])
        at = end
    if len(entries) != width:
        raise Damaged(f"bundle: {len(entries)} entries, expected {width}")
    return entries
