# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Bytes to other bytes."""

import random
from collections.abc import Sequence

_ODD = (0, 1, 0x7F, 0x80, 0xFF, 0x24, 0x0A, 0x0D, 0x20, 0x22, 0x3D, 0x3B, 0x2C)
_MOST = 100_000


def mutate(source: random.Random, corpus: Sequence[bytes], words: Sequence[bytes]) -> bytes:
    """A member of the corpus, wounded one to eight times."""
    data = bytearray(source.choice(corpus))
    for _ in range(1 + source.getrandbits(3)):
        _wound(data, source, corpus, words)
    return bytes(data[:_MOST])


def _wound(data: bytearray, source: random.Random, corpus: Sequence[bytes], words: Sequence[bytes]) -> None:
    place = source.randrange(len(data) + 1)
    size = 1 + min(source.getrandbits(7), source.getrandbits(7), source.getrandbits(7))
    match source.randrange(9):
        case 0 if place < len(data):
            data[place] ^= 1 << source.getrandbits(3) % 8
        case 1 if place < len(data):
            data[place] = source.choice(_ODD)
        case 2 if place < len(data):
            data[place] = source.getrandbits(8)
        case 3:
            del data[place : place + size]
        case 4:
            data[place:place] = data[place : place + size]
        case 5:
            data[place:place] = source.randbytes(min(size, 8))
        case 6 if words:
            word = source.choice(words)
            data[place : place + (len(word) if source.getrandbits(1) else 0)] = word
        case 7:
            other = source.choice(corpus)
            at = source.randrange(len(other) + 1)
            data[place : place + size] = other[at : at + size]
        case _ if place + 2 <= len(data):
            number = int.from_bytes(data[place : place + 2], "big") + source.randrange(-4, 5)
            data[place : place + 2] = (number & 0xFFFF).to_bytes(2, "big")
