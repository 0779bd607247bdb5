# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A growing file whose whole blocks go past the page cache, straight to the device (O_DIRECT).

What is recorded is seldom read again soon, so the kernel's copy of it is worth nothing; making it was the largest
single cost of recording (docs/4-decisions/0005-direct-writes.md). The last bytes, less than a block, go through the
page cache at each sync and are written again with the block they belong to: the same bytes, as the kernel itself does
with a partial page.
"""

import mmap
import os
from collections.abc import Sequence

BLOCK = 4_096
STAGE = 1 << 20


class DirectFile:
    """`direct` was opened with O_DIRECT, `plain` without, both on the same new file."""

    __slots__ = ("_direct", "_filled", "_plain", "_stage", "_start", "size")

    def __init__(self, direct: int, plain: int) -> None:
        self._direct, self._plain = direct, plain
        self._stage = memoryview(mmap.mmap(-1, STAGE))
        self._start = 0  # offset in the file of what is staged; whole blocks
        self._filled = 0
        self.size = 0

    def append(self, buffers: Sequence[bytes | bytearray | memoryview]) -> int:
        """Stage the buffers; every full stage is written."""
        before = self.size
        for buffer in buffers:
            rest = memoryview(buffer)
            while rest:
                taken = min(len(rest), STAGE - self._filled)
                self._stage[self._filled : self._filled + taken] = rest[:taken]
                self._filled += taken
                self.size += taken
                rest = rest[taken:]
                if self._filled == STAGE:
                    self._write_blocks()
        return self.size - before

    def sync(self) -> None:
        """Whole blocks past the cache, the tail through it, then fdatasync for both."""
        self._write_blocks()
        at = 0
        while at < self._filled:
            at += os.pwrite(self._plain, self._stage[at : self._filled], self._start + at)
        os.fdatasync(self._direct)

    def close(self) -> None:
        """Release the descriptors; what was not synced may be missing."""
        for fd in (self._direct, self._plain):
            if fd >= 0:
                os.close(fd)
        self._direct = self._plain = -1

    def _write_blocks(self) -> None:
        whole = self._filled // BLOCK * BLOCK
        at = 0
        while at < whole:
            written = os.pwrite(self._direct, self._stage[at:whole], self._start + at)
            if written % BLOCK:  # the device is full: the next write says so
                written -= written % BLOCK
                if not written:
                    os.pwrite(self._plain, self._stage[at : at + BLOCK], self._start + at)
                    written = BLOCK
            at += written
        rest = self._filled - whole
        if whole and rest:
            self._stage[:rest] = bytes(self._stage[whole : self._filled])
        self._start += whole
        self._filled = rest
