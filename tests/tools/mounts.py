# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""File systems of a test's own, on a loop device or in memory, and what can befall them; for root only.

They are gone when the block ends, however it ends. A machine that refuses to mount leaves the test out and says so.
"""

import contextlib
import errno
import fcntl
import os
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

EXT4_IOC_SHUTDOWN = 0x8004587D  # _IOR('X', 125, __u32)
NO_LOG_FLUSH = 2  # EXT4_GOING_FLAGS_NOLOGFLUSH: what the journal has not on disk is gone, as in a power cut


class Mount:
    """A file system at `path`."""

    def __init__(self, path: Path, *source: str | Path) -> None:
        self.path, self._source = path, source
        path.mkdir()

    def mount(self) -> None:
        """Make it appear."""
        _run("mount", *self._source, self.path)

    def unmount(self) -> None:
        """Fails while a file is open; the loop device goes with it."""
        _run("umount", self.path)

    def close(self) -> None:
        """Unmount, in whatever state it is."""
        with contextlib.suppress(subprocess.CalledProcessError):  # it was not frozen
            _run("fsfreeze", "--unfreeze", self.path)
        try:
            self.unmount()
        except subprocess.CalledProcessError:
            with contextlib.suppress(subprocess.CalledProcessError):  # it was not mounted
                _run("umount", "--lazy", self.path)

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Within the block nothing that writes comes back."""
        _run("fsfreeze", "--freeze", self.path)
        try:
            yield
        finally:
            _run("fsfreeze", "--unfreeze", self.path)

    @contextlib.contextmanager
    def full(self) -> Iterator[None]:
        """Within the block there is no space."""
        filler = self.path / "filler"
        try:
            with filler.open("wb", buffering=0) as file:
                _write_all(file.fileno())
            yield
        finally:
            filler.unlink()

    def shut_down(self) -> None:
        """From now on every act fails, and what was not synced is gone (ext4)."""
        fd = os.open(self.path, os.O_RDONLY)
        try:
            fcntl.ioctl(fd, EXT4_IOC_SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
        finally:
            os.close(fd)

    def repair(self) -> None:
        """Unmount, replay the journal, check; mounted again (ext4)."""
        self.unmount()
        done = subprocess.run(("e2fsck", "-f", "-p", self._source[-1]), capture_output=True, text=True, check=False)
        assert done.returncode in {0, 1}, done  # 1: all is well now
        self.mount()


@contextlib.contextmanager
def ext4(path: Path, mib: int) -> Iterator[Mount]:
    """An ext4 in a file beside `path`."""
    image = path.with_name(f"{path.name}.img")
    with image.open("wb") as file:
        file.truncate(mib << 20)
    try:
        _run("mkfs.ext4", "-q", "-m", "0", image)
    except FileNotFoundError:
        pytest.skip("left out: needs mkfs.ext4 (apt-get install e2fsprogs)")
    with _mounted(Mount(path, "-o", "loop", image)) as mount:
        yield mount
    image.unlink()


@contextlib.contextmanager
def tmpfs(path: Path, mib: int) -> Iterator[Mount]:
    """Memory."""
    with _mounted(Mount(path, "-t", "tmpfs", "-o", f"size={mib}m", "torrazzo-test")) as mount:
        yield mount


@contextlib.contextmanager
def _mounted(mount: Mount) -> Iterator[Mount]:
    try:
        mount.mount()
    except subprocess.CalledProcessError as error:
        said = error.stderr.partition("\n")[0]
        pytest.skip(f"left out: this machine refuses to mount: {said}")
    try:
        yield mount
    finally:
        mount.close()


def _write_all(fd: int) -> None:
    """Zeros until there is no space, also when all that was held for metadata has been given back."""
    before = -1
    while os.lseek(fd, 0, os.SEEK_CUR) > before:
        before = os.lseek(fd, 0, os.SEEK_CUR)
        try:
            while True:
                os.write(fd, bytes(1 << 20))
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
        os.fsync(fd)


def _run(*command: str | Path) -> None:
    subprocess.run(command, capture_output=True, text=True, check=True)
