# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The machine's own disks."""

import contextlib
import fcntl
import os
import stat
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from torrazzo.base.errors import Damaged, Refused
from torrazzo.durable.direct import DirectFile

_BUFFERS = min(1024, os.sysconf("SC_IOV_MAX") if os.sysconf("SC_IOV_MAX") > 0 else 16)


class OsDiskFile:
    """A file that was created here and only grows."""

    __slots__ = ("_fd", "size")

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self.size = 0

    def append(self, buffers: Sequence[bytes | bytearray | memoryview]) -> int:
        """Gathered `writev`, again and again until all is written or one fails."""
        before = self.size
        for start in range(0, len(buffers), _BUFFERS):
            part = buffers[start : start + _BUFFERS]
            wanted = sum(map(len, part))
            written = os.writev(self._fd, part)
            self.size += written
            if written < wanted:
                self._append_rest(part, written)
        return self.size - before

    def _append_rest(self, part: Sequence[bytes | bytearray | memoryview], written: int) -> None:
        rest = memoryview(b"".join(part))[written:]
        while rest:
            written = os.write(self._fd, rest)
            self.size += written
            rest = rest[written:]

    def sync(self) -> None:
        """Fdatasync: content and length; times of access don't matter."""
        os.fdatasync(self._fd)

    def close(self) -> None:
        """Release the descriptor."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)


class OsReadFile:
    """A file read by `pread`."""

    __slots__ = ("_fd",)

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def read(self, offset: int, size: int) -> bytes:
        """One `pread`, and more only if it came back short before the end."""
        data = os.pread(self._fd, size, offset)
        if len(data) == size or not data:
            return data
        parts, got = [data], len(data)
        while got < size:
            more = os.pread(self._fd, size - got, offset + got)
            if not more:
                break
            parts.append(more)
            got += len(more)
        return b"".join(parts)

    def size(self) -> int:
        """The length now."""
        return os.fstat(self._fd).st_size

    def settle(self, offset: int) -> None:
        """Fdatasync, then drop the pages from `offset` on: those that a failed sync left look clean and are not."""
        os.fdatasync(self._fd)
        os.posix_fadvise(self._fd, offset, 0, os.POSIX_FADV_DONTNEED)

    def close(self) -> None:
        """Release the descriptor."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)


class OsLock:
    """An flock on a file that stays where it is: removing it would let two holders in."""

    __slots__ = ("_fd",)

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def release(self) -> None:
        """Close the descriptor, which releases the lock."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


class OsDisk:
    """The operating system's files; stateless, may be shared by threads."""

    def create(self, path: Path) -> OsDiskFile | DirectFile:
        """O_EXCL: a file that exists already is never written to. Past the page cache where the file system can."""
        plain = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            direct = os.open(path, os.O_WRONLY | os.O_DIRECT | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:  # it can't: nothing is lost but speed
            return OsDiskFile(plain)
        return DirectFile(direct, plain)

    def open_read(self, path: Path) -> OsReadFile:
        """Read only. Without waiting: opening a pipe would, until somebody writes to it."""
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            os.close(fd)
            raise Damaged(f"{path}: not a regular file")
        return OsReadFile(fd)

    def sync_folder(self, path: Path) -> None:
        """Fsync of the folder itself."""
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    def publish(self, path: Path, data: bytes, mode: int = 0o600) -> None:
        """Beside it, synced, renamed, folder synced; publishers of the same path wait for each other."""
        new = path.with_name(f".{path.name}.new")
        fd = _open_new(new, mode)
        try:
            os.fchmod(fd, mode)
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(fd, rest) :]
            os.fsync(fd)
            new.replace(path)
        except OSError:
            with contextlib.suppress(OSError):  # what is left behind is overwritten by the next publisher
                new.unlink()
            raise
        finally:
            os.close(fd)
        self.sync_folder(path.parent)

    def unlink(self, path: Path) -> None:
        """Remove one name."""
        path.unlink()

    def erase(self, path: Path) -> None:
        """Zeros over it, fsync, unlink."""
        fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            rest = memoryview(bytes(os.fstat(fd).st_size))
            while rest:
                rest = rest[os.write(fd, rest) :]
            os.fsync(fd)
        finally:
            os.close(fd)
        path.unlink()

    def list(self, folder: Path) -> list[str]:
        """Sorted names."""
        return sorted(entry.name for entry in folder.iterdir())

    def make_folder(self, path: Path) -> None:
        """From the top down; each parent is synced after its child was made."""
        missing = [folder for folder in (path, *path.parents) if not folder.is_dir()]
        for folder in reversed(missing):
            with contextlib.suppress(FileExistsError):
                folder.mkdir(0o700)
            self.sync_folder(folder.parent)

    def move(self, old: Path, new: Path) -> None:
        """Rename a file or a whole folder within one file system; what lies at `new` is replaced only if it is a file.

        Returns when both names survive a power cut.
        """
        old.rename(new)
        self.sync_folder(new.parent)
        if old.parent != new.parent:
            self.sync_folder(old.parent)

    def remove_folder(self, path: Path) -> None:
        """An empty one; returns when that survives a power cut."""
        path.rmdir()
        self.sync_folder(path.parent)

    def free_bytes(self, folder: Path) -> int:
        """As `df` shows it to an ordinary user."""
        found = os.statvfs(folder)
        return found.f_bavail * found.f_frsize

    def lock(self, path: Path) -> OsLock:
        """Flock, without waiting."""
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(fd)
            raise Refused(f"{path}: held by another process of ours; stop it first") from error
        except OSError:
            os.close(fd)
            raise
        return OsLock(fd)


def move_into_place(new: Path, path: Path) -> None:
    """Sync the finished file `new`, then let it replace `path`, in the same folder, as `Disk.publish` does."""
    fd = os.open(new, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
    new.replace(path)
    OsDisk().sync_folder(path.parent)


def _open_new(new: Path, mode: int) -> int:
    """The file beside, empty and ours alone: one left by a crash is taken over, one in use is waited for."""
    while True:
        fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, mode)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            if new.exists() and os.path.samestat(os.fstat(fd), new.stat()):
                os.ftruncate(fd, 0)
                return fd
        except OSError:
            os.close(fd)
            raise
        os.close(fd)  # the one before renamed it away while we waited
