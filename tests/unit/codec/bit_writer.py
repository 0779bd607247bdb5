# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Writes NAL units bit by bit, as the standards' syntax tables list them."""

import re


class BitWriter:
    """The inverse of BitReader."""

    def __init__(self) -> None:
        self._bits = ""

    def u(self, bits: int, value: int) -> "BitWriter":
        """An unsigned number of so many bits."""
        self._bits += f"{value:0{bits}b}" if bits else ""
        return self

    def ue(self, *values: int) -> "BitWriter":
        """Unsigned Exp-Golomb numbers."""
        for value in values:
            code = f"{value + 1:b}"
            self._bits += "0" * (len(code) - 1) + code
        return self

    def se(self, *values: int) -> "BitWriter":
        """Signed Exp-Golomb numbers."""
        return self.ue(*(2 * value - 1 if value > 0 else -2 * value for value in values))

    def flags(self, pattern: str) -> "BitWriter":
        """Bits as they are written here; blanks don't count."""
        self._bits += pattern.replace(" ", "")
        return self

    def nal(self, header: bytes) -> bytes:
        """With trailing bits and emulation prevention (clause 7.3.1)."""
        bits = self._bits + "1"
        bits += "0" * (-len(bits) % 8)
        payload = int(bits, 2).to_bytes(len(bits) // 8, "big")
        return header + re.sub(rb"\0\0(?=[\0-\3])", b"\0\0\3", payload)
