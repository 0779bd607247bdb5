# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Facts and the places of their pieces, out of the volumes alone, without keys."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from torrazzo.archive import Root, VolumeReader
from torrazzo.archive.chain import Place
from torrazzo.archive.fact import Fact, parse_fact
from torrazzo.archive.ghosts import ghosts
from torrazzo.archive.pieces import Gatherer, Pieces, add_up
from torrazzo.archive.reader import NeverBegan
from torrazzo.archive.record import Kind, RecordHeader
from torrazzo.archive.root import volume_names
from torrazzo.base import SegmentId
from torrazzo.base.errors import Damaged, Invalid
from torrazzo.catalogue.writer import Delivered
from torrazzo.durable import Disk


class Found(NamedTuple):
    """A volume, before it is read."""

    path: Path
    is_indexed: bool


class Harvest:
    """Goes through volumes one by one; facts whose pieces lie in another volume wait for it."""

    def __init__(self, disk: Disk, roots: Sequence[Root]) -> None:
        self._disk = disk
        self._roots = roots
        self._waiting: dict[SegmentId, Fact] = {}
        self._unclaimed: dict[SegmentId, list[tuple[VolumeReader, list[RecordHeader]]]] = {}
        self._ghosts: frozenset[Place] = frozenset()
        self.damages: list[str] = []

    def volumes(self) -> list[Found]:
        """All volumes in the order in which they are to be read: of two facts with one number the first counts."""
        self._ghosts = ghosts(self._disk, self._roots)
        found = []
        for path in (root.volumes / name for root in self._roots for name in volume_names(self._disk, root)):
            reader = self._open(path)
            if reader is None:
                continue
            with reader:
                found.append(Found(path, reader.is_indexed))
        return sorted(found, key=lambda each: (not each.is_indexed, each.path.name))

    def read(self, path: Path) -> Iterator[Delivered]:
        """Facts of one volume; those whose pieces are not in it come with the volume that has them, or at the `end`."""
        reader = self._open(path)
        if reader is None:
            return
        with reader:
            gatherer = Gatherer(reader.header)
            for header in reader.headers():
                if header.kind == Kind.PIECE:
                    gatherer.add(header)
                elif header.kind == Kind.FACT and Place(path, header.offset) not in self._ghosts:
                    fact = self._fact(reader, header)
                    if fact is not None:
                        yield from self._match(fact, gatherer, path.name)
            for segment, headers in gatherer.rest().items():
                waiting = self._waiting.get(segment)
                pieces = None if waiting is None else _fitting(waiting, headers, reader)
                if waiting is not None and pieces is not None:
                    del self._waiting[segment]
                    yield Delivered(waiting.line, path.name, pieces.offsets)
                else:
                    self._unclaimed.setdefault(segment, []).append((reader, headers))

    def may_complete(self, path: Path) -> bool:
        """Whether a volume may hold the pieces of a fact that waits for them."""
        if not self._waiting:
            return False
        reader = self._open(path)
        if reader is None:
            return False
        with reader:
            held = reader.summary()
        return any((segment.stream, segment.term) in held for segment in self._waiting)

    def end(self) -> Iterator[Delivered]:
        """Facts whose pieces were not found."""
        for fact in self._waiting.values():
            yield Delivered(fact.line)
        self._waiting = {}

    def _match(self, fact: Fact, gatherer: Gatherer, name: str) -> Iterator[Delivered]:
        if fact.kind != "seg":
            yield Delivered(fact.line)
            return
        pieces = gatherer.take(fact)
        if pieces is not None and pieces.c == fact.c:
            yield Delivered(fact.line, name, pieces.offsets)
            return
        for reader, headers in self._unclaimed.pop(fact.id, []):
            pieces = _fitting(fact, headers, reader)
            if pieces is not None:
                yield Delivered(fact.line, reader.name, pieces.offsets)
                return
        self._waiting.setdefault(fact.id, fact)

    def _fact(self, reader: VolumeReader, header: RecordHeader) -> Fact | None:
        try:
            return parse_fact(reader.payload(header))
        except (Damaged, Invalid, OSError) as error:
            self.damages.append(f"{reader.name}: offset {header.offset}: {error}")
            return None

    def _open(self, path: Path) -> VolumeReader | None:
        try:
            return VolumeReader.open(self._disk, path)
        except NeverBegan:
            return None
        except (Damaged, OSError) as error:
            self.damages.append(f"{path.name}: {error}")
            return None


def _fitting(fact: Fact, headers: list[RecordHeader], reader: VolumeReader) -> Pieces | None:
    """The fact's pieces among these, if their c says so."""
    if fact.pieces is None or not 0 < fact.pieces <= len(headers):
        return None
    pieces = add_up(headers[: fact.pieces], reader.header)
    return pieces if pieces.c == fact.c else None
