# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A volume read back: who it is, what is in it, and any record's payload, checked (docs/3-formats/volume.md)."""

import contextlib
import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, Self

from torrazzo.archive.header import END_SIZE, SIZE, End, VolumeHeader
from torrazzo.archive.record import Kind, RecordHeader, parse_header, split_headers
from torrazzo.archive.scan import Damage, header_at, scan
from torrazzo.archive.summary import Held, Summary, parse_summary
from torrazzo.base import StreamId, TermId
from torrazzo.base.closing import Closing
from torrazzo.base.errors import Damaged, Invalid
from torrazzo.durable import Disk, ReadFile


class NeverBegan(Damaged):
    """A file that was being made when the machine stopped: at most 64 bytes, never held a record."""


class Listing(NamedTuple):
    """What a volume holds and how that was learned."""

    source: str  # "index": closed in order; "side": recovered; "scan": neither, or its index is bad
    headers: bytes | bytearray  # laid end to end
    damages: tuple[Damage, ...]


class VolumeReader(Closing):
    """One volume; may be used by several threads."""

    def __init__(self, path: Path, file: ReadFile, side: ReadFile | None) -> None:
        """Not for callers: `open` reads who it is."""
        self.path = path
        self.name = path.name
        self._file = file
        self._side = side
        self._listing: Listing | None = None
        self.damages: tuple[Damage, ...] = ()  # of the volume's own header
        self.header = self._identify()

    @classmethod
    def open(cls, disk: Disk, path: Path) -> Self:
        """Raises `NeverBegan`, `Damaged` if neither header nor name tells which volume it is, OSError."""
        file = disk.open_read(path)
        side: ReadFile | None = None
        try:
            try:
                side = disk.open_read(path.with_suffix(".idx"))
            except (FileNotFoundError, Damaged):
                side = None
            return cls(path, file, side)
        except (Damaged, OSError):
            file.close()
            if side is not None:
                side.close()
            raise

    def close(self) -> None:
        """Release the files."""
        self._file.close()
        if self._side is not None:
            self._side.close()

    def size(self) -> int:
        """Bytes in the file now."""
        return self._file.size()

    # -- what is in it

    @property
    def is_closed(self) -> bool:
        """Whether it ends as a volume closed in order does."""
        return self._end_of(self._file) is not None

    @property
    def is_indexed(self) -> bool:
        """Whether it was closed, or recovered since: recovery has nothing to do here."""
        return self._closing() is not None

    def listing(self) -> Listing:
        """By its index, else its side index, else by scanning the whole file; kept after the first time."""
        if self._listing is None:
            self._listing = self._list()
        return self._listing

    def settle(self, offset: int) -> None:
        """Make the file safe, and list what stands from `offset`, a record's place, as the disk itself has it."""
        before = self.listing()
        self._file.settle(offset)
        found = scan(self._file, self.header.volume_id, self.name, offset)
        kept = [data for data in split_headers(before.headers) if int.from_bytes(data[12:20]) < offset]
        damages = tuple(damage for damage in before.damages if damage.offset < offset)
        self._listing = Listing("scan", b"".join((*kept, found.headers)), (*damages, *found.damages))

    def headers(self) -> Iterator[RecordHeader]:
        """All records in order, one at a time: a volume may hold a hundred thousand."""
        volume_id = self.header.volume_id
        for data in split_headers(self.listing().headers):
            yield parse_header(data, volume_id)

    def records(self) -> tuple[RecordHeader, ...]:
        """All records in order."""
        return tuple(self.headers())

    def header_at(self, offset: int) -> RecordHeader:
        """The record that begins there; raises `Damaged` if none does."""
        try:
            return header_at(self._file, offset, self.header.volume_id)
        except Invalid as error:
            raise Damaged(
                f"{self.name}: offset {offset}: {error}; `footage check --deep` lists what else is"
            ) from error

    def payload(self, header: RecordHeader, *, verify: bool = True) -> bytes:
        """The payload; raises `Damaged` if it is cut off or, with `verify`, if its SHA-256 is not c."""
        data = self._file.read(header.payload_offset, header.payload_length)
        if len(data) < header.payload_length:
            raise Damaged(f"{self.name}: {header}: {len(data)} bytes of {header.payload_length} are there")
        if verify and hashlib.sha256(data).digest() != header.c:
            raise Damaged(f"{self.name}: {header}: its SHA-256 differs from the record's c")
        return data

    def summary(self) -> Mapping[tuple[StreamId, TermId], Held]:
        """What it holds of each stream, by the summary record, or else by the listing."""
        closing = self._closing()
        if closing is not None:
            file, end = closing
            try:
                return parse_summary(self._closing_payload(file, end.index_offset - end.summary_length, Kind.SUMMARY))
            except Invalid:  # no summary, or a bad one: the index says the same
                pass
        summary = Summary()
        for header in self.headers():
            summary.add_header(header)
        return summary.held()

    # -- who it is

    def _identify(self) -> VolumeHeader:
        """Its header; where that is bad or was exchanged, the side index or the name, if records check against them."""
        claims: list[VolumeHeader] = []
        own = _parse_volume_header(self._file)
        if own is not None:
            claims.append(own)
        side = None if self._side is None else _parse_volume_header(self._side)
        if side is not None:
            claims.append(side)
        if own is None and self._file.size() <= SIZE:
            if side is not None and self._side_holds_records(side):
                self.damages = (Damage(self.name, 0, SIZE, "bad volume header", False, None),)
                return side
            raise NeverBegan(f"{self.name}: {self._file.size()} bytes and no header: it was never begun, or cut off")
        with contextlib.suppress(Invalid):
            claims.append(VolumeHeader.from_name(self.name))
        for claim in claims:
            if self._has_records_of(claim.volume_id):
                if claim is not own and own != claim:
                    self.damages = (Damage(self.name, 0, SIZE, "bad volume header", False, None),)
                return claim
        if own is None:
            raise Damaged(f"{self.name}: no volume header, and no record in it belongs to the volume its name tells")
        return own

    def _side_holds_records(self, header: VolumeHeader) -> bool:
        """Whether recovery had found records in it."""
        assert self._side is not None, "the caller has seen to it"
        try:
            return End.unpack(self._side.read(self._side.size() - END_SIZE, END_SIZE), header.volume_id).headers > 0
        except Invalid:
            return False

    def _has_records_of(self, volume_id: bytes) -> bool:
        try:
            header_at(self._file, SIZE, volume_id)
        except Invalid:
            try:
                End.unpack(self._file.read(self._file.size() - END_SIZE, END_SIZE), volume_id)
            except Invalid:
                return bool(scan(self._file, volume_id, self.name).headers) if self._file.size() > SIZE else False
        return True

    # -- how that is known

    def _list(self) -> Listing:
        closing = self._closing()
        damages = self.damages
        if closing is not None:
            file, end = closing
            try:
                headers = self._closing_payload(file, end.index_offset, Kind.INDEX)
                self._verify_headers(headers, end.headers)
                return Listing("index" if file is self._file else "side", headers, damages)
            except Invalid as error:
                damages = (*damages, Damage(self.name, end.index_offset, 0, f"bad index: {error}", False, None))
        found = scan(self._file, self.header.volume_id, self.name)
        return Listing("scan", found.headers, (*damages, *found.damages))

    def _closing(self) -> tuple[ReadFile, End] | None:
        """The file that has an index of this volume."""
        for file in (self._file, self._side):
            if file is not None and (end := self._end_of(file)) is not None:
                return file, end
        return None

    def _end_of(self, file: ReadFile) -> End | None:
        size = file.size()
        if size < SIZE + END_SIZE:
            return None
        try:
            return End.unpack(file.read(size - END_SIZE, END_SIZE), self.header.volume_id)
        except Invalid:
            return None

    def _closing_payload(self, file: ReadFile, offset: int, kind: Kind) -> bytes:
        header = header_at(file, offset, self.header.volume_id)
        if header.kind != kind:
            raise Invalid(f"kind {header.kind} at offset {offset}, expected {kind}")
        data = file.read(header.payload_offset, header.payload_length)
        if hashlib.sha256(data).digest() != header.c:
            raise Invalid(f"payload of the record at offset {offset} differs from its c")
        return data

    def _verify_headers(self, headers: bytes, count: int) -> None:
        volume_id, counted, before = self.header.volume_id, 0, 0
        for data in split_headers(headers):
            header = parse_header(data, volume_id)
            if header.offset < before:
                raise Invalid(f"index names offset {header.offset} after {before}")
            before, counted = header.end, counted + 1
        if counted != count:
            raise Invalid(f"index holds {counted} headers, the end says {count}")


def _parse_volume_header(file: ReadFile) -> VolumeHeader | None:
    try:
        return VolumeHeader.unpack(file.read(0, SIZE))
    except Invalid:
        return None
