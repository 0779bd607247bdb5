# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A clock in the pictures of a looped clip: the scene is encoded once, the clock is made for each picture.

An H.264 picture may be made of several parts (slices). The upper 32 rows are a part of ours: signs of 3 by 5 squares
of 4 pixels, light on dark, written without an encoder; what stays as it was is left out. So a loop tells the time.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from torrazzo.base.times import SECOND
from torrazzo.camera.codec.bits import BitReader, rbsp
from torrazzo.camera.codec.h264 import IDR, PPS, SPS, nal_type
from torrazzo.testing.cavlc import nal_of, residual, signed, unsigned
from torrazzo.testing.clips import Clip, ClipUnit

BLOCK, SQUARE = 16, 4
DARK, LIGHT = 28, 188
SIGNS = {
    "0": "### #.# #.# #.# ###", "1": ".#. ##. .#. .#. ###", "2": "### ..# ### #.. ###", "3": "### ..# .## ..# ###",
    "4": "#.# #.# ### ..# ..#", "5": "### #.. ### ..# ###", "6": "### #.. ### #.# ###", "7": "### ..# ..# .#. .#.",
    "8": "### #.# ### #.# ###", "9": "### #.# ### ..# ###", ":": "... .#. ... .#. ...", ".": "... ... ... ... .#.",
    "/": "..# ..# .#. #.. #..", " ": "... ... ... ... ...",
}  # fmt: skip
_READ = {shape: sign for sign, shape in SIGNS.items()}
_QUANTISER = 48  # a coefficient of 1 is then 10 of brightness in all of a block
_FROM_GREY = -10  # from the middle (128), which a first block is foretold to be, to DARK
_FLAT = {True: 3, False: 8}  # mb_type of a block of 16 by 16 that is foretold from its edges: in I, in P slices
_PLAIN = "11"  # its colour is foretold too, and the quantiser stays
_SCAN = (0, 1, 4, 8, 5, 2, 3, 6, 9, 12, 13, 10, 7, 11, 14, 15)
_SUMS = ((1, 1, 1, 1), (1, 1, -1, -1), (1, -1, -1, 1), (1, -1, 1, -1))


def text_of(utc: int, zone: ZoneInfo, width: int) -> str:
    """What a picture so wide says of when it was made: the town's day and time; where it is small, the time alone."""
    at = dt.datetime.fromtimestamp(utc // SECOND, zone)
    day = f"{at:%d/%m/%Y }" if width >= 480 else ""
    return f"{day}{at:%H:%M:%S}.{utc % SECOND * 1000 // SECOND:03d}"


def read_clock(brightness: Callable[[int, int], int], width: int, length: int) -> str | None:
    """The last signs of a picture's clock, from anything that tells the brightness (0 to 255) at (x, y)."""
    left = (width // BLOCK - 1 - length) * BLOCK

    def row(at: int, y: int) -> str:
        middle = SQUARE // 2
        xs = (left + at * BLOCK + x * SQUARE + middle for x in range(3))
        return "".join("#" if brightness(x, (y + 1) * SQUARE + middle) > (DARK + LIGHT) // 2 else "." for x in xs)

    found = [_READ.get(" ".join(row(at, y) for y in range(5))) for at in range(length)]
    return "".join(sign for sign in found if sign is not None) if None not in found else None


class _Sizes(NamedTuple):
    """What slice headers depend on."""

    frame_bits: int
    quantiser: int
    across: int  # blocks


class ClockFace:
    """The clock of one clip, whose pictures are encoded without it (`ClipSpec.clock`): the last NAL unit of each.

    The clock's goes before that.
    """

    def __init__(self, clip: Clip) -> None:
        self.width = clip.width
        sets = {nal_type(nal[0]): nal for nal in clip.parameter_sets}
        self._sizes = _sizes(sets[SPS], sets[PPS], clip)
        slices = [next(nal for nal in unit.nals if 1 <= nal_type(nal[0]) <= IDR) for unit in clip.units]
        self._slices = [(nal[0], _head(nal, self._sizes)) for nal in slices]
        self.whole = lru_cache(maxsize=64)(self._whole)
        self.changed = lru_cache(maxsize=4096)(self._changed)

    def _whole(self, at: int, text: str) -> bytes:
        """The NAL unit for the clip's picture `at`, a key frame."""
        first_byte, head = self._slices[at]
        empty = unsigned(_FLAT[True]) + _PLAIN + residual([0] * 16)
        rows = [[empty] * self._sizes.across for _ in range(2)]
        rows[0][0] = unsigned(_FLAT[True]) + _PLAIN + residual([_FROM_GREY] + [0] * 15)
        for column, sign in enumerate(text, self._sizes.across - 1 - len(text)):
            for row, levels in zip(rows, _blocks(sign), strict=True):
                row[column] = unsigned(_FLAT[True]) + _PLAIN + levels
        return nal_of(first_byte, head + "".join(rows[0] + rows[1]))

    def _changed(self, at: int, text: str) -> bytes:
        """The same for another picture: its last signs are now these, all else stays as it was."""
        first_byte, head = self._slices[at]
        bits, stay = head, self._sizes.across - 1 - len(text)
        for row in range(2):
            for sign in text:
                bits += unsigned(stay) + unsigned(_FLAT[False]) + _PLAIN + _blocks(sign)[row]
                stay = 0
            stay += self._sizes.across - len(text) if row == 0 else 1
        return nal_of(first_byte, bits + unsigned(stay))

    def between(self, at: int, before: str, text: str) -> bytes:
        """The NAL unit for the picture `at`, of which the one before says `before`."""
        column = next((place for place, (a, b) in enumerate(zip(before, text, strict=True)) if a != b), len(text))
        return self.changed(at, text[column:])


class RunningClock:
    """Pictures of a camera that runs, each with the time at which it was made."""

    def __init__(self, clip: Clip, zone: ZoneInfo) -> None:
        self._face, self._zone, self._said = ClockFace(clip), zone, ""
        self._places = {id(unit): at for at, unit in enumerate(clip.units)}

    def show(self, unit: ClipUnit, utc: int) -> ClipUnit:
        """The next picture of the loop as it goes out."""
        at, text = self._places[id(unit)], text_of(utc, self._zone, self._face.width)
        is_whole = unit.is_key or not self._said
        part = self._face.whole(at, text) if is_whole else self._face.between(at, self._said, text)
        self._said = text
        return unit._replace(nals=(*unit.nals[:-1], part, unit.nals[-1]))


@lru_cache(maxsize=64)
def _blocks(sign: str) -> tuple[str, str]:
    """Coefficients of a sign's upper and lower block."""
    grid = [[cell == "#" for cell in f"{row}."] for row in f"... {SIGNS[sign]} ... ...".split()]
    foretold = 2 * sum(grid[3])  # an eighth of the light at the upper block's edge
    return residual(_levels(grid[:4], 0)), residual(_levels(grid[4:], -foretold))


def _levels(grid: Sequence[Sequence[bool]], flat: int) -> list[int]:
    """Four by four squares, light or DARK, as sums of patterns (clause 8.5.10), in the order of the scan."""
    found = []
    for place in _SCAN:
        ys, xs = _SUMS[place // 4], _SUMS[place % 4]
        found.append(sum(ys[y] * xs[x] for y in range(4) for x in range(4) if grid[y][x]))
    found[0] += flat
    return found


def _sizes(sps: bytes, pps: bytes, clip: Clip) -> _Sizes:
    """Of baseline pictures, shown in the order in which they are decoded (clauses 7.3.2.1.1 and 7.3.2.2)."""
    bits = BitReader(rbsp(sps), 4)
    bits.ue()  # id
    frame_bits = bits.ue() + 4
    assert (sps[1], bits.ue()) == (66, 2), "these pictures have no room for a clock"
    bits = BitReader(rbsp(pps), 1)
    for _ in range(2):
        bits.ue()  # ids
    bits.skip(2)
    for _ in range(3):
        bits.ue()  # groups of slices, pictures referred to
    bits.skip(3)
    return _Sizes(frame_bits, 26 + bits.se(), clip.width // BLOCK)


def _head(nal: bytes, sizes: _Sizes) -> str:
    """A slice header (clause 7.3.3) like that of the scene's slice, for the clock's blocks."""
    data = rbsp(nal[:40])
    bits = BitReader(data, 1)
    bits.ue()  # first block
    start = bits.position
    is_idr, is_whole = nal_type(nal[0]) == IDR, bits.ue() in (2, 7)
    bits.ue()
    bits.skip(sizes.frame_bits)
    if is_idr:
        bits.ue()
    if not is_whole:
        if bits.flag():
            bits.ue()
        assert not bits.flag(), "pictures refer to the one before"
    if is_idr:
        bits.skip(2)
    else:
        assert not bits.flag(), "pictures are forgotten in order"
    whole = f"{int.from_bytes(data):0{len(data) * 8}b}"
    deblocking_off = unsigned(1)
    return unsigned(0) + whole[start : bits.position] + signed(_QUANTISER - sizes.quantiser) + deblocking_off
