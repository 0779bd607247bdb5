# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A disk in memory that fails as disks fail: implements `durable.Disk`."""

import errno
import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import NamedTuple, Self

from torrazzo.base.errors import Refused
from torrazzo.testing.platter import Change, Folder, Node, Platter

Buffer = bytes | bytearray | memoryview
CHANGES = frozenset({"create", "append", "overwrite", "sync", "sync_folder", "rename", "unlink", "make_folder"})


class PowerOff(OSError):
    """Nothing works any more."""

    def __init__(self) -> None:
        super().__init__(errno.EIO, "the power is off")


class Act(NamedTuple):
    """One thing the disk was told to do."""

    op: str  # create append overwrite sync sync_folder rename unlink make_folder open_read read list free_bytes lock
    path: str
    size: int  # bytes of an append or read


@dataclass(slots=True)
class Failure:
    """A failure in wait."""

    op: str  # may hold * and ?
    path: str  # as above
    error: int
    nth: int
    count: int | None
    is_kept: bool  # it fails, but took effect

    def strikes(self, op: str, path: str) -> bool:
        """Whether this act fails; counts it."""
        if self.count == 0 or not (fnmatchcase(op, self.op) and fnmatchcase(path, self.path)):
            return False
        self.nth -= 1
        if self.nth > 0:
            return False
        if self.count is not None:
            self.count -= 1
        return True


class Gate:
    """Acts that match wait here until `open`."""

    def __init__(self, op: str, path: str) -> None:
        self._op, self._path = op, path
        self._open = threading.Event()
        self._came = threading.Event()

    def meet(self, op: str, path: str) -> None:
        """Wait, if this act is meant."""
        if not self._open.is_set() and fnmatchcase(op, self._op) and fnmatchcase(path, self._path):
            self._came.set()
            self._open.wait()

    def open(self) -> None:
        """Let them go on, and all that come later."""
        self._open.set()

    def wait_for_arrival(self, seconds: float = 10) -> bool:
        """Wait, for real, until one waits here; False if none came."""
        return self._came.wait(seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.open()


@dataclass(slots=True)
class Statistics:
    """Since the disk was made."""

    acts: Counter[str] = field(default_factory=Counter)
    bytes_written: int = 0
    bytes_read: int = 0
    failures: int = 0


class FaultyDisk:
    """In memory; laws in platter.py. All paths are absolute; folders are made by `make_folder`. Safe in threads.

    After `power_cut` or `kill` this object is dead (each act raises `PowerOff`): go on with the one they return.
    """

    def __init__(self, capacity: int = 1 << 40) -> None:
        self.capacity = capacity
        self.statistics = Statistics()
        self.history: list[Act] = []
        self._platter = Platter()
        self._mutex = threading.RLock()
        self._failures: list[Failure] = []
        self._gates: list[Gate] = []
        self._locks: set[PurePosixPath] = set()
        self._is_off = False
        self._acts_left: int | None = None

    # --- what goes wrong

    def fail(
        self,
        op: str,
        path: str = "*",
        *,
        error: int = errno.EIO,
        nth: int = 1,
        count: int | None = 1,
        but_persist: bool = False,
    ) -> None:
        """From the `nth` act on that matches, `count` of them (None: all) raise OSError(error).

        An append that fails has written half; a sync that fails has lost what it should have saved, for good. With
        `but_persist` the act takes effect, safely, and raises all the same.
        """
        self._failures.append(Failure(op, path, error, nth, count, but_persist))

    def heal(self) -> None:
        """Forget all failures in wait."""
        self._failures.clear()

    def stall(self, op: str = "*", path: str = "*") -> Gate:
        """Acts that match wait until the gate is opened."""
        gate = Gate(op, path)
        self._gates.append(gate)
        return gate

    def cut_power_at(self, act: int) -> None:
        """The power goes during the `act`-th change from now (1: the next): it takes effect, unsafely."""
        self._acts_left = act

    @property
    def is_off(self) -> bool:
        """Whether the power is gone."""
        return self._is_off

    def power_cut(self, seed: int) -> "FaultyDisk":
        """The power goes now, if it has not; returns the disk as found afterwards."""
        after = self.after_power_cut(seed)
        self._switch_off()
        return after

    def after_power_cut(self, seed: int) -> "FaultyDisk":
        """What `power_cut` would return; this disk goes on."""
        with self._mutex:
            return self._successor(self._platter.after_cut(seed))

    def kill(self) -> "FaultyDisk":
        """The program dies, the machine lives: lost is what it had staged. Returns what the next program finds."""
        with self._mutex:
            after = self._successor(self._platter.after_kill())
        self._switch_off()
        return after

    def _successor(self, platter: Platter) -> "FaultyDisk":
        after = FaultyDisk(self.capacity)
        after._platter = platter
        return after

    def _switch_off(self) -> None:
        self._is_off = True
        for gate in self._gates:
            gate.open()

    def damage(self, path: Path, offset: int, data: bytes) -> None:
        """Bytes on the disk change by themselves."""
        node = self._platter.node(PurePosixPath(path))
        node.data[offset : offset + len(data)] = data

    def cut_off(self, path: Path, size: int) -> None:
        """The end of a file is lost."""
        node = self._platter.node(PurePosixPath(path))
        del node.data[size:]
        node.safe, node.written = min(node.safe, size), min(node.written, size)

    def rename(self, old: Path, new: Path) -> None:
        """Someone moves a file, safely."""
        with self._mutex:
            node = self._platter.node(PurePosixPath(old))
            source, target = (
                self._platter.folder(PurePosixPath(old).parent),
                self._platter.folder(PurePosixPath(new).parent),
            )
            source.change(Change(old.name, None, None))
            target.change(Change(None, new.name, node))
            source.sync()
            target.sync()

    # --- what it holds

    @property
    def used(self) -> int:
        """Bytes in files."""
        with self._mutex:
            return self._platter.used

    def content(self, path: Path) -> bytes:
        """Of a file, as a reader sees it; for tests: is no act."""
        with self._mutex:
            return self._platter.node(PurePosixPath(path)).seen()

    def files(self) -> list[Path]:
        """All of them, sorted."""
        with self._mutex:
            return sorted(
                Path(folder / name) for folder, found in self._platter.folders.items() for name in found.names
            )

    def copy_to(self, folder: Path, root: Path) -> None:
        """Write everything under `root` into a real folder, for programs that read real files."""
        with self._mutex:
            for path, found in self._platter.folders.items():
                if path.is_relative_to(root):
                    real = folder / path.relative_to(root)
                    real.mkdir(parents=True, exist_ok=True)
                    for name, node in found.names.items():
                        (real / name).write_bytes(node.seen())

    def copy_from(self, folder: Path, root: Path) -> None:
        """Take a real folder in as `root`, safe."""
        for real in (folder, *sorted(path for path in folder.rglob("*") if path.is_dir())):
            place = root / real.relative_to(folder)
            self.make_folder(place)
            for entry in real.iterdir():
                if entry.is_file():
                    with self._mutex:
                        found = self._platter.folder(PurePosixPath(place))
                        found.change(Change(None, entry.name, Node.settled(entry.read_bytes())))
                        found.sync()

    # --- durable.Disk

    def create(self, path: Path) -> "FaultyFile":
        """As durable.Disk."""
        return FaultyFile(self, self._create(PurePosixPath(path)), str(path))

    def _create(self, path: PurePosixPath) -> Node:
        with self._act("create", str(path)):
            folder = self._platter.folder(path.parent)
            if path.name in folder.names or path in self._platter.folders:
                raise FileExistsError(errno.EEXIST, "File exists", str(path))
            node = Node()
            folder.change(Change(None, path.name, node))
            self._platter.open_nodes[id(node)] = node
            return node

    def open_read(self, path: Path) -> "FaultyReadFile":
        """As durable.Disk."""
        with self._act("open_read", str(path)):
            return FaultyReadFile(self, self._platter.node(PurePosixPath(path)), str(path))

    def sync_folder(self, path: Path) -> None:
        """As durable.Disk."""
        with self._act("sync_folder", str(path)):
            self._platter.folder(PurePosixPath(path)).sync()

    def publish(self, path: Path, data: bytes, mode: int = 0o600) -> None:
        """As durable.Disk: acts create, append, sync, rename, sync_folder."""
        place = PurePosixPath(path)
        new = place.with_name(f".{path.name}.new")
        with self._mutex:
            folder = self._platter.folder(place.parent)
            if new.name in folder.names:
                folder.change(Change(new.name, None, None))
        try:
            node = self._create(new)
            file = FaultyFile(self, node, str(new))
            try:
                file.append([data])
                file.sync()
            finally:
                file.close()
            with self._act("rename", str(path)):
                folder.change(Change(new.name, path.name, node))
        except OSError:
            with self._mutex:
                if new.name in folder.names and not self._is_off:
                    folder.change(Change(new.name, None, None))
            raise
        self.sync_folder(path.parent)

    def unlink(self, path: Path) -> None:
        """As durable.Disk."""
        with self._act("unlink", str(path)):
            self._platter.node(PurePosixPath(path))
            self._platter.folder(PurePosixPath(path).parent).change(Change(path.name, None, None))

    def erase(self, path: Path) -> None:
        """As durable.Disk: acts overwrite, sync, unlink."""
        place = PurePosixPath(path)
        node = self._platter.node(place)
        with self._act("overwrite", str(path)):
            node.overwrite()
        self.sync_node(node, str(path))
        self.unlink(path)

    def list(self, folder: Path) -> list[str]:
        """As durable.Disk."""
        with self._act("list", str(folder)):
            place = PurePosixPath(folder)
            inner = [path.name for path in self._platter.folders if path.parent == place and path != place]
            return sorted([*self._platter.folder(place).names, *inner])

    def make_folder(self, path: Path) -> None:
        """As durable.Disk: acts make_folder, and sync_folder of each parent."""
        place = PurePosixPath(path)
        for each in (*reversed(place.parents), place):
            if each in self._platter.folders:
                continue
            with self._act("make_folder", str(each)):
                self._platter.folders[each] = Folder()
            with self._act("sync_folder", str(each.parent)):
                self._platter.folders[each].is_safe = True
                if each.parent in self._platter.folders:
                    self._platter.folders[each.parent].sync()

    def free_bytes(self, folder: Path) -> int:
        """As durable.Disk."""
        with self._act("free_bytes", str(folder)):
            self._platter.folder(PurePosixPath(folder))
            return max(0, self.capacity - self._platter.used)

    def lock(self, path: Path) -> "FaultyLock":
        """As durable.Disk."""
        place = PurePosixPath(path)
        with self._act("lock", str(path)):
            folder = self._platter.folder(place.parent)
            if place in self._locks:
                raise Refused(f"{path}: held by another process of ours; stop it first")
            if path.name not in folder.names:
                folder.change(Change(None, path.name, Node()))
            self._locks.add(place)
            return FaultyLock(self, place)

    # --- for the files

    @contextmanager
    def _act(
        self, op: str, path: str, size: int = 0, when_failing: Callable[[], object] = lambda: None
    ) -> Iterator[None]:
        """Wait, count, fail, or let the body take effect (under the mutex)."""
        for gate in list(self._gates):
            gate.meet(op, path)
        with self._mutex:
            if self._is_off:
                raise PowerOff
            self.statistics.acts[op] += 1
            self.history.append(Act(op, path, size))
            failure = next((failure for failure in self._failures if failure.strikes(op, path)), None)
            if failure is not None:
                self.statistics.failures += 1
                if failure.is_kept:
                    yield
                    self._make_safe(path)
                else:
                    when_failing()
                raise OSError(failure.error, os.strerror(failure.error), path)
            yield
            if op in CHANGES and self._acts_left is not None:
                self._acts_left -= 1
                if self._acts_left <= 0:
                    self._switch_off()
                    raise PowerOff

    def _make_safe(self, path: str) -> None:
        place = PurePosixPath(path)
        folder = self._platter.folders.get(place.parent)
        if folder is not None:
            folder.sync()
            if place.name in folder.names:
                folder.names[place.name].sync(failed=False)

    def append_node(self, node: Node, path: str, buffers: Sequence[Buffer]) -> int:
        """For FaultyFile."""
        size = sum(map(len, buffers))

        def half() -> None:
            whole = b"".join(buffers)
            node.append(whole[: size // 2])

        with self._act("append", path, size, half):
            free = self.capacity - self._platter.used
            if size > free:
                node.append(b"".join(buffers)[: max(0, free)])
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)
            for buffer in buffers:
                node.append(buffer)
            self.statistics.bytes_written += size
        return size

    def sync_node(self, node: Node, path: str) -> None:
        """For FaultyFile."""
        with self._act("sync", path, 0, lambda: node.sync(failed=True)):
            if self._acts_left != 1:  # else the power goes while it is at work
                node.sync(failed=False)

    def read_node(self, node: Node, path: str, offset: int, size: int) -> bytes:
        """For FaultyReadFile."""
        with self._act("read", path, size):
            self.statistics.bytes_read += size
            return bytes(memoryview(node.data)[offset : min(node.written, offset + size)])

    def settle_node(self, node: Node, path: str) -> None:
        """For FaultyReadFile."""
        with self._act("sync", path, 0, lambda: node.sync(failed=True)):
            if self._acts_left != 1:
                node.settle()

    def forget_node(self, node: Node) -> None:
        """For FaultyFile."""
        with self._mutex:
            self._platter.open_nodes.pop(id(node), None)

    def release(self, place: PurePosixPath) -> None:
        """For FaultyLock."""
        with self._mutex:
            self._locks.discard(place)


class FaultyFile:
    """As durable.DiskFile."""

    def __init__(self, disk: FaultyDisk, node: Node, path: str) -> None:
        self._disk, self._node, self._path = disk, node, path
        self._is_open = True

    @property
    def size(self) -> int:
        """Bytes appended so far."""
        return len(self._node.data)

    def append(self, buffers: Sequence[Buffer]) -> int:
        """As durable.DiskFile."""
        self._check()
        return self._disk.append_node(self._node, self._path, buffers)

    def sync(self) -> None:
        """As durable.DiskFile."""
        self._check()
        self._disk.sync_node(self._node, self._path)

    def close(self) -> None:
        """As durable.DiskFile."""
        self._is_open = False
        self._disk.forget_node(self._node)

    def _check(self) -> None:
        if not self._is_open:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF), self._path)


class FaultyReadFile:
    """As durable.ReadFile."""

    def __init__(self, disk: FaultyDisk, node: Node, path: str) -> None:
        self._disk, self._node, self._path = disk, node, path
        self._is_open = True

    def read(self, offset: int, size: int) -> bytes:
        """As durable.ReadFile."""
        if not self._is_open:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF), self._path)
        return self._disk.read_node(self._node, self._path, offset, size)

    def size(self) -> int:
        """As durable.ReadFile."""
        return self._node.written

    def settle(self, offset: int) -> None:
        """As durable.ReadFile."""
        self._disk.settle_node(self._node, self._path)

    def close(self) -> None:
        """As durable.ReadFile."""
        self._is_open = False


class FaultyLock:
    """As durable.Lock."""

    def __init__(self, disk: FaultyDisk, place: PurePosixPath) -> None:
        self._disk, self._place = disk, place

    def release(self) -> None:
        """As durable.Lock."""
        self._disk.release(self._place)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
