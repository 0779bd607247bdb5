# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The smallest map that is one: a PMTiles file (version 3) of a single vector tile, all of it water."""

import json
import struct

SIDE = 4_096  # units of a tile
LAYER = "water"


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


def _field(number: int, data: bytes) -> bytes:
    """Of the kind that says its length."""
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def tile() -> bytes:
    """A Mapbox vector tile: one polygon over its whole side."""

    def command(which: int, count: int) -> int:
        return which | count << 3

    def zigzag(value: int) -> int:
        return value << 1 if value >= 0 else -value * 2 - 1

    corners = [(SIDE, 0), (0, SIDE), (-SIDE, 0)]
    geometry = [command(1, 1), zigzag(0), zigzag(0), command(2, 3)]
    geometry += [zigzag(part) for corner in corners for part in corner] + [command(7, 1)]
    feature = _number(3, 3) + _field(4, b"".join(map(_varint, geometry)))
    layer = _field(1, LAYER.encode()) + _field(2, feature) + _number(5, SIDE) + _number(15, 2)
    return _field(3, layer)


def pmtiles() -> bytes:
    """Header, directory, metadata, tile; nothing is compressed."""
    data = tile()
    directory = b"".join(map(_varint, (1, 0, 1, len(data), 1)))  # one entry: its number, run, length, offset + 1
    metadata = json.dumps({"vector_layers": [{"id": LAYER, "fields": {}}]}).encode()
    at = [127, 127 + len(directory), 127 + len(directory) + len(metadata)]
    header = b"PMTiles\x03" + struct.pack(
        "<8Q", at[0], len(directory), at[1], len(metadata), at[2], 0, at[2], len(data)
    )
    header += struct.pack("<3Q", 1, 1, 1) + bytes([1, 1, 1, 1, 0, 0])  # clustered, uncompressed, MVT, zoom 0
    header += struct.pack("<4i", -1_800_000_000, -850_000_000, 1_800_000_000, 850_000_000) + struct.pack(
        "<B2i", 0, 0, 0
    )
    assert len(header) == 127
    return header + directory + metadata + data
