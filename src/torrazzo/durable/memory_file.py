# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A file without a name, in memory alone: for a program that wants a path where we have bytes."""

import os

from torrazzo.base.closing import Closing

_LIMIT = 1 << 20


class MemoryFile(Closing):
    """Gone when it is closed or we die, and never on a disk that is not swap. For Linux."""

    __slots__ = ("fd",)

    def __init__(self, data: bytes = b"") -> None:
        self.fd = os.memfd_create("torrazzo", os.MFD_CLOEXEC)
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self.fd, rest) :]

    @property
    def path(self) -> str:
        """Opens it in a child to which `fd` was passed."""
        return f"/proc/self/fd/{self.fd}"

    def read(self) -> bytes:
        """What is in it now, up to a megabyte."""
        return os.pread(self.fd, _LIMIT, 0)

    def close(self) -> None:
        """Release it; may be called twice."""
        fd, self.fd = self.fd, -1
        if fd >= 0:
            os.close(fd)
