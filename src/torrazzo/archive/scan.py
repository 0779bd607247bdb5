# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Finds the records of a volume whose index is missing or bad, whatever is between them.

The steps are those of docs/3-formats/volume.md, section Reading a volume whose index is missing or bad.
"""

from typing import NamedTuple

from torrazzo.archive.header import END_SIZE, SIZE, End
from torrazzo.archive.record import HEADER_SIZE, MAGIC, Kind, RecordHeader, parse_header
from torrazzo.base.errors import Invalid
from torrazzo.base.times import iso_from_ticks
from torrazzo.durable import ReadFile

_CHUNK = 1 << 20


class Damage(NamedTuple):
    """Bytes of a volume that are not what a writer put there."""

    volume: str
    offset: int
    length: int
    what: str
    is_tail: bool  # reaches the end of the file: what a crash leaves
    before: RecordHeader | None  # the last good record in front of it

    def __str__(self) -> str:
        after = "" if self.before is None else f", after {self.before}"
        if self.before is not None and self.before.t1:
            after += f" to {iso_from_ticks(self.before.t1)}"
        return f"{self.volume}: {self.what}, {self.length} bytes at offset {self.offset}{after}"


class Scan(NamedTuple):
    """What was found: headers laid end to end as in an index, and what was passed over."""

    headers: bytearray
    damages: list[Damage]


def scan(file: ReadFile, volume_id: bytes, name: str, start: int = SIZE) -> Scan:
    """All records in the file whose headers hold, in order; payloads are not looked at. Index records are left out."""
    size = file.size()
    found = Scan(bytearray(), [])
    last: RecordHeader | None = None
    at = start
    while at < size:
        data = file.read(at, HEADER_SIZE)
        header = _try_header(data, at, size, volume_id)
        if header is None:
            if _is_end(data, at, size, volume_id):
                break
            after = _search(file, at + 1, size, volume_id)
            found.damages.append(_damage(name, at, after, size, last))
            at = after
            continue
        if header.kind != Kind.INDEX:
            found.headers.extend(data)
            if header.header_length > HEADER_SIZE:
                found.headers.extend(file.read(at + HEADER_SIZE, header.header_length - HEADER_SIZE))
        last, at = header, header.end
    return found


def header_at(file: ReadFile, offset: int, volume_id: bytes) -> RecordHeader:
    """The record that begins at `offset`; raises `Invalid` unless one of this volume does."""
    header = parse_header(file.read(offset, HEADER_SIZE), volume_id)
    if header.offset != offset:
        raise Invalid(f"a record of offset {header.offset} stands at {offset}")
    return header


def _try_header(data: bytes, at: int, size: int, volume_id: bytes) -> RecordHeader | None:
    """Step 2: magic, header CRC, own offset, payload within the file."""
    try:
        header = parse_header(data, volume_id)
    except Invalid:
        return None
    return header if header.offset == at and header.end <= size else None


def _is_end(data: bytes, at: int, size: int, volume_id: bytes) -> bool:
    if size - at != END_SIZE:
        return False
    try:
        End.unpack(data, volume_id)
    except Invalid:
        return False
    return True


def _search(file: ReadFile, start: int, size: int, volume_id: bytes) -> int:
    """Step 3: the next position where all hold, or the size of the file."""
    overlap = len(MAGIC) - 1
    for base in range(start, size, _CHUNK):
        chunk = file.read(base, _CHUNK + overlap)
        at = chunk.find(MAGIC)
        while at >= 0:
            place = base + at
            if _try_header(file.read(place, HEADER_SIZE), place, size, volume_id) is not None:
                return place
            at = chunk.find(MAGIC, at + 1)
    return size


def _damage(name: str, at: int, after: int, size: int, last: RecordHeader | None) -> Damage:
    is_tail = after == size
    what = "ends within a record" if is_tail else "no record"
    return Damage(name, at, after - at, what, is_tail, last)
