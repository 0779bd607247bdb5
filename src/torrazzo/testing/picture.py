# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pictures that say their own number, to a machine.

The top tenth of the picture is a strip of 20 cells of equal width, the next tenth another one. Cells: white, black,
then 16 bits of a Gray code (most significant first, white is 1), then their parity (white if odd), then its opposite.
The first strip carries the number of the picture, the second one the tag of the clip. Any scaling leaves it readable.
"""

import random
from collections.abc import Callable
from typing import NamedTuple

CELLS = 20
_BITS = 16
_WHITE, _BLACK, _MIDDLE = 235, 16, 126


class Label(NamedTuple):
    """What a picture says about itself."""

    number: int
    tag: int


def draw(width: int, height: int, label: Label, noise: float = 0.0) -> tuple[bytes, bytes, bytes]:
    """Luma and the two chroma planes (4:2:0, no padding) of picture `number` of the scene `tag`.

    `noise` is the part of the scene, from the bottom, that no encoder can foresee: it costs bits.
    """
    strip = height // 10
    rows = _strip_row(width, label.number) * strip + _strip_row(width, label.tag) * strip
    scene = height - 2 * strip
    noisy = round(scene * noise)
    rows += _street(width, scene - noisy, label)
    if noisy:
        rows += random.Random(label.number * 65_536 + label.tag).randbytes(width * noisy)
    half = (width // 2) * (height // 2)
    hue = label.tag * 37
    return rows, bytes((96 + hue % 64,)) * half, bytes((96 + hue // 3 % 64,)) * half


def read_label(luma: bytes | bytearray | memoryview, width: int, height: int, stride: int) -> Label | None:
    """Read a decoded picture; None if it is damaged beyond reading. `stride` is the distance of rows in bytes."""
    return label_from_pixels(lambda x, y: luma[y * stride + x], width, height)


def label_from_pixels(brightness: Callable[[int, int], int], width: int, height: int) -> Label | None:
    """As `read_label`, from anything that tells the brightness (0 to 255) at (x, y)."""
    strip = height // 10
    number = _read_strip(brightness, width, strip // 2)
    tag = _read_strip(brightness, width, strip + strip // 2)
    return None if number is None or tag is None else Label(number, tag)


def _strip_row(width: int, value: int) -> bytes:
    gray = value ^ value >> 1
    bits = [gray >> bit & 1 for bit in reversed(range(_BITS))]
    parity = sum(bits) & 1
    cells = [1, 0, *bits, parity, 1 - parity]
    edges = [cell * width // CELLS for cell in range(CELLS + 1)]
    return b"".join(bytes((_WHITE if cell else _BLACK,)) * (edges[at + 1] - edges[at]) for at, cell in enumerate(cells))


def _read_strip(brightness: Callable[[int, int], int], width: int, y: int) -> int | None:
    cells = [1 if _cell(brightness, width, cell, y) > _MIDDLE else 0 for cell in range(CELLS)]
    bits, parity = cells[2:-2], cells[-2]
    if cells[:2] != [1, 0] or cells[-1] == parity or sum(bits) & 1 != parity:
        return None
    value = 0
    for bit in bits:
        value = value << 1 | bit ^ (value & 1)
    return value


def _cell(brightness: Callable[[int, int], int], width: int, cell: int, y: int) -> int:
    middle = (2 * cell + 1) * width // (2 * CELLS)
    return sum(brightness(x, y) for x in (middle - 1, middle, middle + 1)) // 3


def _street(width: int, height: int, label: Label) -> bytes:
    """Houses that stand still, and two cars and a pedestrian who don't."""
    sky, road = height // 3, height - height // 3
    houses = bytearray(bytes((150,)) * width)
    picker = random.Random(label.tag)
    for x in range(0, width, max(1, width // 8)):
        houses[x : x + width // 10] = bytes((picker.randrange(60, 200),)) * len(houses[x : x + width // 10])
    lanes = []
    for speed, size, shade in ((3, 8, 200), (-2, 6, 40), (1, 40, 20)):
        lane = bytearray(bytes((96,)) * width)
        at = (label.number * speed * max(1, width // 320) + label.tag * 61) % width
        car = min(width // size, width - at)
        lane[at : at + car] = bytes((shade,)) * car
        lanes.append(bytes(lane))
    lane_height = road // 3
    return (
        bytes(houses) * sky
        + lanes[0] * lane_height
        + lanes[1] * lane_height
        + lanes[2] * (height - sky - 2 * lane_height)
    )
