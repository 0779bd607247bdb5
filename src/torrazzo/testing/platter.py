# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a disk holds, what of it would survive a power cut, and what a power cut makes of the rest.

A program may stage what it appends: until `sync`, or until a megabyte has come together, readers don't see it and the
death of the program loses it. Otherwise the model is harsher than ext4, and as POSIX allows: bytes are safe only after
`sync` of their file, a name only after `sync_folder` of its folder, whatever happened to other files. Of all that is
not safe, any part may survive: of a file any 512-byte sectors in any order and any length, one sector only in part, the
others as zeros or rubbish; of a folder any subset of its changes. A rename is never seen half done. Safe bytes never
change, unless they are overwritten: then any sector may be the old or the new one until `sync`.
"""

import random
from dataclasses import dataclass, field
from pathlib import PurePosixPath

SECTOR = 512
STAGE = 1 << 20


@dataclass(slots=True, eq=False)
class Node:
    """A file's content: only grows, until it is overwritten as a whole."""

    data: bytearray = field(default_factory=bytearray)
    written: int = 0  # bytes below have left the program: readers see them
    safe: int = 0  # bytes below are thought to be on the disk
    doomed: list[tuple[int, int]] = field(default_factory=list)  # of these the ones that a failed sync gave up
    old: bytes = b""  # was overwritten, and may still be on the disk

    def sync(self, *, failed: bool) -> None:
        """Make all bytes safe; or, as kernels do after an error, give them up and call the pages clean."""
        if failed and self.safe < len(self.data):
            self.doomed.append((self.safe, len(self.data)))
        self.safe = self.written = len(self.data)
        if not failed:
            self.old = b""

    def overwrite(self) -> None:
        """Zeros, seen at once."""
        self.old = self.old or bytes(self.data)
        self.data[:] = bytes(len(self.data))

    def settle(self) -> None:
        """Make all bytes safe that a program can see, and show what a failed sync gave up as the disk has it."""
        dice = random.Random(len(self.data))
        for start, stop in self.doomed:
            _tear(self.data, start, stop, 0.5, dice)
        self.doomed.clear()
        self.safe = self.written

    def append(self, data: bytes | bytearray | memoryview) -> None:
        """Stage it; full stages leave the program."""
        self.data += data
        self.written += (len(self.data) - self.written) // STAGE * STAGE

    def seen(self) -> bytes:
        """What readers find."""
        return bytes(memoryview(self.data)[: self.written])

    @classmethod
    def settled(cls, data: bytes | bytearray) -> "Node":
        """A file that lies safely."""
        return cls(bytearray(data), len(data), len(data))

    def after_cut(self, dice: random.Random) -> "Node":
        """What is found when the power is back."""
        data = bytearray(self.data)
        for start in range(0, len(self.old), SECTOR):
            if dice.random() < 0.5:
                data[start : start + SECTOR] = self.old[start : start + SECTOR]
        length = self.safe
        fate = dice.random()
        if fate > 0.25:
            length = len(data) if fate > 0.6 else dice.randint(self.safe, len(data))
            if dice.random() < 0.5:  # lengths often end at a sector
                length = max(self.safe, length - length % SECTOR)
        loss = dice.choice((0.0, 0.3, 0.9)) if fate <= 0.9 else 0.0
        for start, stop in [*self.doomed, (self.safe, length)]:
            _tear(data, start, min(stop, length), loss if start >= self.safe else 0.5, dice)
        del data[length:]
        return Node.settled(data)


def _tear(data: bytearray, start: int, stop: int, loss: float, dice: random.Random) -> None:
    """Lose sectors of data[start:stop] with probability `loss`, some of them only from the middle on."""
    for sector in range(start - start % SECTOR, stop, SECTOR):
        if dice.random() >= loss:
            continue
        begin, end = max(start, sector), min(stop, sector + SECTOR)
        if dice.random() < 0.2:
            begin = dice.randint(begin, end)
        data[begin:end] = dice.randbytes(end - begin) if dice.random() < 0.1 else bytes(end - begin)


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a folder's names: `gone` goes, `name` leads to `node`."""

    gone: str | None
    name: str | None
    node: Node | None

    def apply(self, names: dict[str, Node]) -> None:
        """Make it, where it still makes sense."""
        if self.gone is not None and (self.node is None or names.get(self.gone) is self.node):
            names.pop(self.gone, None)
        if self.name is not None and self.node is not None:
            names[self.name] = self.node


@dataclass(slots=True)
class Folder:
    """Names in one folder: as programs see them, and as they are safe."""

    names: dict[str, Node] = field(default_factory=dict)
    safe: dict[str, Node] = field(default_factory=dict)
    waiting: list[Change] = field(default_factory=list)
    is_safe: bool = False  # its own name in its parent

    def change(self, change: Change) -> None:
        """Seen at once, safe later."""
        change.apply(self.names)
        self.waiting.append(change)

    def sync(self) -> None:
        """Make the names safe."""
        self.safe = dict(self.names)
        self.waiting.clear()


class Platter:
    """Folders and files by path. Not for several threads."""

    def __init__(self) -> None:
        self.folders: dict[PurePosixPath, Folder] = {}
        self.open_nodes: dict[int, Node] = {}  # unlinked ones take space until closed

    def folder(self, path: PurePosixPath) -> Folder:
        """Raises FileNotFoundError."""
        try:
            return self.folders[path]
        except KeyError:
            raise FileNotFoundError(2, "No such file or directory", str(path)) from None

    def node(self, path: PurePosixPath) -> Node:
        """Raises FileNotFoundError."""
        try:
            return self.folder(path.parent).names[path.name]
        except KeyError:
            raise FileNotFoundError(2, "No such file or directory", str(path)) from None

    @property
    def used(self) -> int:
        """Bytes in files."""
        nodes = {id(node): node for folder in self.folders.values() for node in folder.names.values()}
        nodes |= self.open_nodes
        return sum(len(node.data) for node in nodes.values())

    def after_cut(self, seed: int) -> "Platter":
        """What is found when the power is back; the same seed finds the same."""
        dice = random.Random(seed)
        after = Platter()
        found: dict[int, Node] = {}
        for path in sorted(self.folders, key=lambda path: len(path.parts)):
            folder = self.folders[path]
            is_root = path.parent == path or path.parent not in self.folders
            if not (is_root or path.parent in after.folders) or not (folder.is_safe or dice.random() < 0.5):
                continue
            names = dict(folder.safe)
            chance = dice.choice((0.0, 0.5, 0.5, 1.0))
            for change in folder.waiting:
                if dice.random() < chance:
                    change.apply(names)
            kept = {}
            for name, node in names.items():
                if id(node) not in found:
                    found[id(node)] = node.after_cut(dice)
                kept[name] = found[id(node)]
            after.folders[path] = Folder(kept, dict(kept), is_safe=True)
        return after

    def after_kill(self) -> "Platter":
        """What the next program finds after one was killed: all that had left it, safe or not; a copy."""
        after = Platter()
        copies: dict[int, Node] = {}

        def copy(node: Node) -> Node:
            if id(node) not in copies:
                copies[id(node)] = Node(bytearray(node.seen()), node.written, node.safe, list(node.doomed), node.old)
            return copies[id(node)]

        for path, folder in self.folders.items():
            after.folders[path] = Folder(
                {name: copy(node) for name, node in folder.names.items()},
                {name: copy(node) for name, node in folder.safe.items()},
                [Change(one.gone, one.name, None if one.node is None else copy(one.node)) for one in folder.waiting],
                folder.is_safe,
            )
        return after
