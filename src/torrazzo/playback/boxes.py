# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Finding boxes by their path, and heads of boxes too large for memory (ISO/IEC 14496-12 clause 4.2)."""

import struct

from torrazzo.base.errors import Damaged
from torrazzo.segment.boxes import Box, Bytes, walk


def find_box(data: Bytes, *path: bytes) -> Box:
    """The first box at a path such as `moov trak tkhd`; raises `Damaged` where there is none."""
    found = Box(b"", 0, len(data))
    for wanted in path:
        inner = next((box for box in walk(data, found.start, found.end) if box.kind == wanted), None)
        if inner is None:
            raise Damaged(f"box {b'/'.join(path)!r} expected, {wanted!r} is not in its {found.end - found.start} bytes")
        found = inner
    return found


def box_head(kind: bytes, payload: int) -> bytes:
    """The head of a box with so many bytes in it; in the long form only where the short one can't tell them."""
    if payload + 8 < 1 << 32:
        return struct.pack(">I4s", payload + 8, kind)
    return struct.pack(">I4sQ", 1, kind, payload + 16)
