# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Numbers and coefficients as H.264 writes them without arithmetic coding (ITU-T H.264, clauses 9.1 and 9.2).

Bits are text of 0 and 1: what is written here is short, made once and kept.
"""

import re
from collections.abc import Sequence

from torrazzo.camera.codec.bits import rbsp

_AFTER_ZEROS = re.compile(rb"\0\0(?=[\0-\3])")

# Codes for the number of coefficients and how many of the last are 1 or -1, as (length, value) at [count][ones];
# where blocks beside have none (table 9-5, column 0 <= nC < 2).
_COUNTS: Sequence[Sequence[tuple[int, int]]] = (
    ((1, 1),),
    ((6, 5), (2, 1)),
    ((8, 7), (6, 4), (3, 1)),
    ((9, 7), (8, 6), (7, 5), (5, 3)),
    ((10, 7), (9, 6), (8, 5), (6, 3)),
    ((11, 7), (10, 6), (9, 5), (7, 4)),
    ((13, 15), (11, 6), (10, 5), (8, 4)),
    ((13, 11), (13, 14), (11, 5), (9, 4)),
    ((13, 8), (13, 10), (13, 13), (10, 4)),
    ((14, 15), (14, 14), (13, 9), (11, 4)),
    ((14, 11), (14, 10), (14, 13), (13, 12)),
    ((15, 15), (15, 14), (14, 9), (14, 12)),
    ((15, 11), (15, 10), (15, 13), (14, 8)),
    ((16, 15), (15, 1), (15, 9), (15, 12)),
    ((16, 11), (16, 14), (16, 13), (15, 8)),
    ((16, 7), (16, 10), (16, 9), (16, 12)),
    ((16, 4), (16, 6), (16, 5), (16, 8)),
)
# Codes for how many zeros stand before the last coefficient, at [count - 1][zeros] (tables 9-7 and 9-8).
_ZEROS: Sequence[str] = (
    ("1 011 010 0011 0010 00011 00010 000011 000010 0000011 0000010 00000011 00000010 000000011 000000010 000000001"),
    ("111 110 101 100 011 0101 0100 0011 0010 00011 00010 000011 000010 000001 000000"),
    ("0101 111 110 101 0100 0011 100 011 0010 00011 00010 000001 00001 000000"),
    ("00011 111 0101 0100 110 101 100 0011 011 0010 00010 00001 00000"),
    ("0101 0100 0011 111 110 101 100 011 0010 00001 0001 00000"),
    ("000001 00001 111 110 101 100 011 010 0001 001 000000"),
    ("000001 00001 101 100 011 11 010 0001 001 000000"),
    ("000001 0001 00001 011 11 10 010 001 000000"),
    ("000001 000000 0001 11 10 001 01 00001"),
    ("00001 00000 001 11 10 01 0001"),
    ("0000 0001 001 010 1 011"),
    ("0000 0001 01 1 001"),
    ("000 001 1 01"),
    ("00 01 1"),
    ("0 1"),
)
# Codes for how many zeros stand before a coefficient while so many are left, at [left - 1][zeros] (table 9-10).
_RUNS: Sequence[str] = (
    ("1 0"),
    ("1 01 00"),
    ("11 10 01 00"),
    ("11 10 01 001 000"),
    ("11 10 011 010 001 000"),
    ("11 000 001 011 010 101 100"),
    ("111 110 101 100 011 010 001 0001 00001 000001 0000001 00000001 000000001 0000000001 00000000001"),
)


def unsigned(value: int) -> str:
    """An Exp-Golomb number."""
    text = f"{value + 1:b}"
    return "0" * (len(text) - 1) + text


def signed(value: int) -> str:
    """An Exp-Golomb number with a sign."""
    return unsigned(2 * value - 1 if value > 0 else -2 * value)


def residual(levels: Sequence[int]) -> str:
    """Sixteen coefficients in the order in which they are scanned; the blocks beside have none."""
    at = [place for place, level in enumerate(levels) if level]
    found = [levels[place] for place in reversed(at)]
    ones = 0
    while ones < min(3, len(found)) and abs(found[ones]) == 1:
        ones += 1
    length, value = _COUNTS[len(found)][ones]
    bits = f"{value:0{length}b}" + "".join("1" if level < 0 else "0" for level in found[:ones])
    bits += _levels(found[ones:], has_three=ones == 3, many=len(found) > 10)
    if found and len(found) < 16:
        bits += _ZEROS[len(found) - 1].split()[at[-1] + 1 - len(at)]
    left = at[-1] + 1 - len(at) if at else 0
    for place, before in zip(reversed(at), reversed(at[:-1]), strict=False):
        if left == 0:
            break
        run = place - before - 1
        bits += _RUNS[min(left, 7) - 1].split()[run]
        left -= run
    return bits


def _levels(levels: Sequence[int], *, has_three: bool, many: bool) -> str:
    """Those that are not told by their sign alone (clause 9.2.2.1)."""
    bits, suffix = "", 1 if many and not has_three else 0
    for at, level in enumerate(levels):
        code = 2 * level - 2 if level > 0 else -2 * level - 1
        if at == 0 and not has_three:
            code -= 2  # it is not 1 or -1, or it would have been counted
        bits += _level(code, suffix)
        suffix = max(suffix, 1)
        if abs(level) > 3 << (suffix - 1) and suffix < 6:
            suffix += 1
    return bits


def _level(code: int, suffix: int) -> str:
    if suffix == 0:
        if code < 14:
            return "0" * code + "1"
        if code < 30:
            return "0" * 14 + "1" + f"{code - 14:04b}"
        return "0" * 15 + "1" + f"{code - 30:012b}"
    if code < 15 << suffix:
        return "0" * (code >> suffix) + "1" + f"{code & ((1 << suffix) - 1):0{suffix}b}"
    return "0" * 15 + "1" + f"{code - (15 << suffix):012b}"


def nal_of(first_byte: int, bits: str) -> bytes:
    """A NAL unit: its header, the bits, the one that ends them, and what keeps start codes out (clause 7.4.1)."""
    whole = bits + "1"
    whole += "0" * (-len(whole) % 8)
    return bytes((first_byte,)) + _AFTER_ZEROS.sub(b"\0\0\3", int(whole, 2).to_bytes(len(whole) // 8))


def moved(nal: bytes, first: int) -> bytes:
    """A slice of a picture's beginning that begins at block `first` instead (clause 7.3.3)."""
    payload = rbsp(nal)[1:]
    bits = f"{int.from_bytes(payload):0{len(payload) * 8}b}".rstrip("0")[:-1]
    return nal_of(nal[0], unsigned(first) + bits.removeprefix(unsigned(0)))
