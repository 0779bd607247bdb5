# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""NAL units as files and libraries hold them, to ours: 4-byte lengths. Pure.

ISO/IEC 14496-15 sections 5.3.3 (avcC) and 8.3.3 (hvcC); H.264 and H.265 annex B.
"""

import re
import struct

from torrazzo.camera import limits

_START_CODE = re.compile(rb"\x00*\x00\x00\x01")
_LENGTH = struct.Struct(">I")


def parse_extradata(codec: str, data: bytes) -> tuple[int, tuple[bytes, ...]]:
    """How long length fields are (0: start codes instead), and the parameter sets."""
    if data[:1] != b"\x01":
        return 0, tuple(_split_start_codes(data))[: limits.PARAMETER_SETS]
    if codec == "h264":
        sets, at = _take_sets(data, 6, data[5] & 0x1F) if len(data) > 5 else ([], 0)
        more = _take_sets(data, at + 1, data[at])[0] if 0 < at < len(data) else []
        return (data[4] & 3) + 1 if len(data) > 4 else 4, tuple(sets + more)[: limits.PARAMETER_SETS]
    sets, at = [], 23
    for _ in range(data[22] if len(data) > 22 else 0):
        if at + 3 > len(data):
            break
        found, at = _take_sets(data, at + 3, int.from_bytes(data[at + 1 : at + 3], "big"))
        sets += found
    return (data[21] & 3) + 1 if len(data) > 21 else 4, tuple(sets[: limits.PARAMETER_SETS])


def _take_sets(data: bytes, at: int, count: int) -> tuple[list[bytes], int]:
    sets: list[bytes] = []
    for _ in range(min(count, limits.PARAMETER_SETS)):
        size = int.from_bytes(data[at : at + 2], "big")
        if at + 2 + size > len(data):
            return sets, len(data)
        if size:
            sets.append(data[at + 2 : at + 2 + size])
        at += 2 + size
    return sets, at


def split_boxed(data: bytes, length_size: int) -> tuple[bytes, list[tuple[int, int]]]:
    """NAL units behind 4-byte lengths, and (offset, length) of each; what doesn't add up at the end is left out."""
    parts = _split_lengths(data, length_size) if length_size else _split_start_codes(data)
    out: list[bytes] = []
    nals: list[tuple[int, int]] = []
    at = 0
    for nal in parts[: limits.UNIT_NALS]:
        out += (_LENGTH.pack(len(nal)), nal)
        nals.append((at + 4, len(nal)))
        at += 4 + len(nal)
    return b"".join(out), nals


def _split_lengths(data: bytes, length_size: int) -> list[bytes]:
    parts: list[bytes] = []
    at = 0
    while at + length_size <= len(data):
        size = int.from_bytes(data[at : at + length_size], "big")
        at += length_size
        if at + size > len(data):
            break
        if size > 1:
            parts.append(data[at : at + size])
        at += size
    return parts


def _split_start_codes(data: bytes) -> list[bytes]:
    """Zero bytes before a start code or at the end belong to no NAL unit."""
    return [part for nal in _START_CODE.split(data) if len(part := nal.rstrip(b"\0")) > 1]
