# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a disk can do for us, and what each act is worth when the power goes.

Every method raises OSError as the operating system gave it: the caller knows whether to stop, move or report. After
a failed `sync` nobody knows what is stored: the file must not be written again (the kernel may have dropped the pages).
"""

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self


class DiskFile(Protocol):
    """A new file that only grows. Not for two threads at once."""

    @property
    def size(self) -> int:
        """Bytes appended so far, also those of an append that failed half way."""
        ...

    def append(self, buffers: Sequence[bytes | bytearray | memoryview]) -> int:
        """Write all buffers at the end, gathered; returns the bytes written. Lost in a power cut until `sync`."""
        ...

    def sync(self) -> None:
        """Return when all that was appended survives a power cut (fdatasync)."""
        ...

    def close(self) -> None:
        """Release the file; syncs nothing; may be called twice."""
        ...


class ReadFile(Protocol):
    """A file read at places; may be used by several threads."""

    def read(self, offset: int, size: int) -> bytes:
        """Up to `size` bytes from `offset`; fewer only at the end of the file."""
        ...

    def size(self) -> int:
        """Bytes in the file now: it may be growing."""
        ...

    def settle(self, offset: int) -> None:
        """Make what a dead program wrote safe (fdatasync), and from now on read it, from `offset`, off the disk itself.

        Until then a reader may see, in the kernel's memory, what no disk holds: bytes that were never synced, or that
        a failed sync gave up.
        """
        ...

    def close(self) -> None:
        """Release the file; may be called twice."""
        ...


class Lock(Protocol):
    """Held until released; the kernel releases it when the process dies."""

    def release(self) -> None:
        """Let the next one have it; may be called twice."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Disk(Protocol):
    """The acts on files that must survive a power cut, or must not pretend to."""

    def create(self, path: Path) -> DiskFile:
        """A new file of mode 0600; FileExistsError if there is one. Its name is safe after `sync_folder`."""
        ...

    def open_read(self, path: Path) -> ReadFile:
        """An existing file, for reading; raises `Damaged`, and waits for nobody, where a pipe or a folder stands."""
        ...

    def sync_folder(self, path: Path) -> None:
        """Return when names created and removed in the folder `path` survive a power cut."""
        ...

    def publish(self, path: Path, data: bytes, mode: int = 0o600) -> None:
        """Replace the whole of `path`: afterwards, and after a power cut at any moment, it is the old or the new one.

        Written beside it as `.<name>.new`, synced, renamed, folder synced. A failure after the rename still raises:
        the new content may be there.
        """
        ...

    def unlink(self, path: Path) -> None:
        """Remove the name; `sync_folder` makes it last."""
        ...

    def erase(self, path: Path) -> None:
        """Overwrite the content with zeros, in place and synced, then remove the name; `sync_folder` makes that last.

        It reaches what the file system calls these blocks: no copy in a snapshot, a journal or a worn flash block.
        """
        ...

    def list(self, folder: Path) -> list[str]:
        """Names in the folder, sorted; FileNotFoundError if there is none."""
        ...

    def make_folder(self, path: Path) -> None:
        """Make the folder (mode 0700) and those above it, each one's name synced; an existing one is left alone."""
        ...

    def free_bytes(self, folder: Path) -> int:
        """Bytes that an ordinary user may still write there."""
        ...

    def lock(self, path: Path) -> Lock:
        """Take the lock file `path`, creating it; raises `Refused` at once if another holder has it."""
        ...


def read_whole(disk: Disk, path: Path, limit: int | None = None) -> bytes:
    """The file, or its first `limit` + 1 bytes, which the parser will refuse."""
    file = disk.open_read(path)
    try:
        return file.read(0, file.size() if limit is None else min(file.size(), limit + 1))
    finally:
        file.close()
