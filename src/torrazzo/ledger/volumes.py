# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Facts out of the volumes: what was recorded while no ledger ran, or was lost on the way to it."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from torrazzo.archive import Root, VolumeReader
from torrazzo.archive.chain import Place
from torrazzo.archive.fact import Fact
from torrazzo.archive.ghosts import ghosts
from torrazzo.archive.reader import NeverBegan
from torrazzo.archive.record import Kind, RecordHeader
from torrazzo.archive.root import FILE, open_root, volume_names
from torrazzo.base import StreamId, TermId
from torrazzo.base.errors import Damaged, Invalid, TorrazzoError
from torrazzo.durable import Disk
from torrazzo.ledger.intake import read_line
from torrazzo.town.home import Home

Lacks = Callable[[StreamId, TermId, int], bool]


def held_paths(disk: Disk, home: Home) -> list[Path]:
    """Disk roots of the vault's copies: after a fork the facts of what is held stand nowhere else."""
    found = []
    with contextlib.suppress(FileNotFoundError):
        for name in disk.list(home.held_copies):
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):  # it is over
                if FILE in disk.list(home.held_copies / name):
                    found.append(home.held_copies / name)
    return found


class Search:
    """One reading of all roots.

    `away` tells what may be read another time: if it is empty, what was not found is lost. `damages` tells what nobody
    will read.
    """

    def __init__(self, disk: Disk, paths: Sequence[Path], lacks: Lacks) -> None:
        self._disk, self._lacks = disk, lacks
        self.away: list[str] = []
        self.damages: list[str] = []
        self._roots = self._open(paths)

    def facts(self) -> Iterator[Fact]:
        """Those that may be lacking, volume by volume in order of time; only volumes that may hold such are read.

        What a recorder is just writing counts once it is synced: nothing enters the ledger that a power cut undoes.
        """
        passed = ghosts(self._disk, self._roots)
        for path in self._wanted():
            try:
                yield from self._read(path, passed)
            except Damaged as error:
                self.damages.append(f"{path.name}: {error}")
            except OSError as error:
                self.away.append(f"{path.name}: {error}")

    def _open(self, paths: Sequence[Path]) -> list[Root]:
        roots = []
        for path in paths:
            try:
                roots.append(open_root(self._disk, path))
            except (OSError, TorrazzoError) as error:
                self.away.append(f"{path}: {error}")
        return roots

    def _wanted(self) -> list[Path]:
        found: list[tuple[bool, str, Path]] = []
        for path in self._paths():
            try:
                with VolumeReader.open(self._disk, path) as reader:
                    held = reader.summary()
                    if any(each.offset and self._lacks(*who, each.n) for who, each in held.items()):
                        found.append((not reader.is_indexed, path.name, path))
            except NeverBegan:
                continue
            except Damaged as error:
                self.damages.append(f"{path.name}: {error}")
            except OSError as error:
                self.away.append(f"{path.name}: {error}")
        return [path for *_, path in sorted(found)]

    def _paths(self) -> Iterator[Path]:
        for root in self._roots:
            try:
                names = volume_names(self._disk, root)
            except OSError as error:
                self.away.append(f"{root.path}: {error}")
                continue
            yield from (root.volumes / name for name in names)

    def _read(self, path: Path, passed: frozenset[Place]) -> Iterator[Fact]:
        with VolumeReader.open(self._disk, path) as reader:
            headers = reader.records()
            if not reader.is_indexed and headers:
                reader.settle(headers[-1].offset)
            for header in headers:
                if self._may_lack(header) and Place(path, header.offset) not in passed:
                    fact = self._fact(reader, header)
                    if fact is not None:
                        yield fact

    def _may_lack(self, header: RecordHeader) -> bool:
        if header.kind != Kind.FACT or header.stream is None or header.term is None:
            return False
        return self._lacks(header.stream, header.term, header.n)

    def _fact(self, reader: VolumeReader, header: RecordHeader) -> Fact | None:
        try:
            return read_line(reader.payload(header))
        except (Damaged, Invalid) as error:
            self.damages.append(f"{reader.name}: offset {header.offset}: {error}")
            return None
