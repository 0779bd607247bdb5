# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Bits of a NAL unit: fixed and Exp-Golomb numbers (ITU-T H.264 and H.265, clause 9)."""

from torrazzo.base.errors import Invalid

_LONGEST_GOLOMB = 32  # leading zero bits; 2**32 - 2 is the largest number that either standard codes


class BadBits(Invalid):
    """A NAL unit that is not what its standard says."""


def rbsp(nal: bytes) -> bytes:
    """The payload with its emulation prevention bytes taken out (clause 7.3.1); the NAL header stays."""
    return nal.replace(b"\0\0\3", b"\0\0")


class BitReader:
    """Reads big-endian bits; raises `BadBits` at the end of the data, never reads past it."""

    __slots__ = ("_data", "_end", "position")

    def __init__(self, data: bytes, start_byte: int = 0) -> None:
        self._data = data
        self._end = len(data) * 8
        self.position = start_byte * 8

    def u(self, bits: int) -> int:
        """An unsigned number of so many bits."""
        start = self.position
        end = start + bits
        if end > self._end:
            raise BadBits(f"{bits} bits expected at bit {start}, found the end of {len(self._data)} bytes")
        self.position = end
        last = (end + 7) >> 3
        return int.from_bytes(self._data[start >> 3 : last], "big") >> (last * 8 - end) & ((1 << bits) - 1)

    def flag(self) -> bool:
        """One bit."""
        return self.u(1) == 1

    def skip(self, bits: int) -> None:
        """Pass over bits that are there."""
        if self.position + bits > self._end:
            raise BadBits(f"{bits} bits expected at bit {self.position}, found the end of {len(self._data)} bytes")
        self.position += bits

    def ue(self) -> int:
        """An unsigned Exp-Golomb number (clause 9.1 or 9.2)."""
        start = self.position
        zeros = 0
        while not self.u(1):
            zeros += 1
            if zeros > _LONGEST_GOLOMB:
                raise BadBits(f"Exp-Golomb number expected at bit {start}, found more than {_LONGEST_GOLOMB} zero bits")
        return (1 << zeros) - 1 + self.u(zeros)

    def se(self) -> int:
        """A signed Exp-Golomb number (clause 9.1.1 or 9.2.2)."""
        code = self.ue()
        return (code + 1) >> 1 if code & 1 else -(code >> 1)

    def ue_within(self, most: int, what: str) -> int:
        """An unsigned Exp-Golomb number with a limit; raises `BadBits` above it."""
        start = self.position
        value = self.ue()
        if value > most:
            raise BadBits(f"{what} at bit {start}: at most {most} expected, found {value}")
        return value
