# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Messages inside SEI NAL units; H.264 (clause 7.3.2.3) and H.265 (clause 7.3.2.4) frame them alike."""

from typing import TypeAlias

RECOVERY_POINT = 6  # payloadType in both standards

Buffer: TypeAlias = bytes | memoryview


def find_sei(data: bytes, at: int, wanted: int) -> bytes | None:
    """The payload of the first message of a kind in an RBSP; None also if the messages can't be told apart."""
    end = len(data)
    while at + 2 <= end and data[at] != 0x80:
        kind, at = _number(data, at, end)
        size, at = _number(data, at, end)
        if at + size > end:
            return None
        if kind == wanted:
            return data[at : at + size]
        at += size
    return None


def messages_end(data: Buffer, at: int) -> int:
    """Where the messages end that begin at `at`, by their own sizes; `at` if those can't be true."""
    end, start = len(data), at
    while at + 2 <= end and data[at] != 0x80:
        _, at = _number(data, at, end)
        size, at = _number(data, at, end)
        at += size
    return at if at <= end else start


def _number(data: Buffer, at: int, end: int) -> tuple[int, int]:
    """A number in steps of 255, and where it ends."""
    value = 0
    while at < end and data[at] == 0xFF:
        value += 255
        at += 1
    return (value + data[at], at + 1) if at < end else (value, end)
