# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""UTC told by the clock that never steps, and the steps of the one that does."""

from torrazzo.base.times import SECOND

STEP_TICKS = SECOND // 10  # a difference up to this is followed without a word; time servers slew it


class ServerTime:
    """The machine's UTC as boot time plus an offset, shared by all streams of a process.

    `offset` is in ticks. Setting the machine's clock changes the offset and nothing else, so a step is seen exactly
    once, by its exact size, at the next `observe`.
    """

    __slots__ = ("offset",)

    def __init__(self, utc: int, boot_ns: int) -> None:
        self.offset = utc - boot_ns * 9 // 100_000

    def observe(self, utc: int, boot_ns: int) -> int:
        """Compare the two clocks, read together; returns the step in ticks, 0 if there was none."""
        offset = utc - boot_ns * 9 // 100_000
        moved = offset - self.offset
        self.offset = offset
        return moved if abs(moved) > STEP_TICKS else 0

    def utc(self, boot_ns: int) -> int:
        """UTC ticks of a moment in boot time."""
        return boot_ns * 9 // 100_000 + self.offset
