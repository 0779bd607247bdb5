# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the demo's cameras look at: houses, a road, two cars and somebody who walks. Drawn by us; no place is meant."""

import random
from functools import lru_cache
from typing import NamedTuple

_SKY, _ROAD, _PATH, _WINDOW, _MARK = (176, 142, 116), (92, 128, 128), (132, 126, 131), (58, 134, 124), (190, 126, 128)
_WALLS = ((168, 112, 140), (150, 108, 148), (184, 116, 134), (138, 116, 146), (172, 122, 132), (158, 120, 138))
_CARS = ((70, 110, 178), (86, 168, 112), (196, 128, 128), (60, 128, 128), (120, 104, 150), (98, 148, 110))
_HORIZON, _ROAD_TOP, _ROAD_END = 0.56, 0.62, 0.90  # parts of the height

Colour = tuple[int, int, int]


class Planes(NamedTuple):
    """Brightness and colour, 4:2:0, no padding."""

    y: bytearray
    u: bytearray
    v: bytearray
    width: int
    height: int

    def box(self, left: float, top: float, right: float, bottom: float, colour: Colour) -> None:
        """In pixels; what lies outside is left out."""
        for plane, value, part in zip((self.y, self.u, self.v), colour, (1, 2, 2), strict=True):
            width, height = self.width // part, self.height // part
            x0, x1 = (min(width, max(0, round(x / part))) for x in (left, right))
            y0, y1 = (min(height, max(0, round(y / part))) for y in (top, bottom))
            row = bytes((value,)) * max(0, x1 - x0)
            for y in range(y0, y1):
                plane[y * width + x0 : y * width + x1] = row


def draw_scene(width: int, height: int, tag: int, moment: float) -> tuple[bytes, bytes, bytes]:
    """Of street `tag` at a moment between 0 and 1; at 1 it is as at 0."""
    street = _street(width, height, tag)
    made = Planes(bytearray(street.y), bytearray(street.u), bytearray(street.v), width, height)
    lane = height * (_ROAD_END - _ROAD_TOP) / 2
    for at, (rounds, size) in enumerate(((2, 0.16), (-3, 0.13))):
        span = width * (1 + size)
        x = (moment * rounds * span + tag * 61) % span - width * size
        top = height * _ROAD_TOP + lane * at + lane * 0.2
        colour = _CARS[(tag + at * 2) % len(_CARS)]
        made.box(x, top, x + width * size, top + lane * 0.55, colour)
        made.box(x + width * size * 0.2, top + lane * 0.08, x + width * size * 0.8, top + lane * 0.28, _WINDOW)
    x = (moment * width * 1.05 + tag * 97) % (width * 1.05) - width * 0.025
    made.box(x, height * 0.91, x + width * 0.015, height * 0.95, (104, 140, 110))
    made.box(x + width * 0.003, height * 0.875, x + width * 0.012, height * 0.905, (160, 112, 150))
    return bytes(made.y), bytes(made.u), bytes(made.v)


@lru_cache(maxsize=8)
def _street(width: int, height: int, tag: int) -> Planes:
    half = (width // 2) * (height // 2)
    made = Planes(bytearray(width * height), bytearray(half), bytearray(half), width, height)
    made.box(0, 0, width, height, _SKY)
    picker, x = random.Random(tag), 0.0
    while x < width:
        wide, top = width * picker.uniform(0.11, 0.19), height * picker.uniform(0.08, 0.3)
        made.box(x, top, x + wide, height * _HORIZON, picker.choice(_WALLS))
        _windows(made, x, top, wide)
        x += wide
    made.box(0, height * _HORIZON, width, height * _ROAD_TOP, _PATH)
    made.box(0, height * _ROAD_TOP, width, height * _ROAD_END, _ROAD)
    made.box(0, height * _ROAD_END, width, height, _PATH)
    middle = height * (_ROAD_TOP + _ROAD_END) / 2
    for at in range(8):
        made.box(
            width * (at + 0.25) / 8, middle - height * 0.006, width * (at + 0.7) / 8, middle + height * 0.006, _MARK
        )
    return made


def _windows(made: Planes, left: float, top: float, wide: float) -> None:
    high, step = made.height * 0.07, made.height * 0.13
    y = top + made.height * 0.05
    while y + high < made.height * _HORIZON - made.height * 0.04:
        for at in range(2):
            x = left + wide * (0.18 + 0.38 * at)
            made.box(x, y, x + wide * 0.24, y + high, _WINDOW)
        y += step
