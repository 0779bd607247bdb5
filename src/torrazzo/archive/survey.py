# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Goes through volumes that were cut off: what in them is intact, which facts count.

Memory: headers of one volume at a time (176 bytes each), pieces of segments without a fact, one fact per stream.
"""

import contextlib
import json
from collections.abc import Container, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from torrazzo.archive.chain import Place, Written
from torrazzo.archive.fact import Fact, parse_fact
from torrazzo.archive.header import SIZE, VolumeHeader
from torrazzo.archive.owed import Moment
from torrazzo.archive.pieces import Gatherer, first_pieces
from torrazzo.archive.reader import NeverBegan, VolumeReader
from torrazzo.archive.record import Kind, RecordHeader
from torrazzo.archive.root import Root, volume_names
from torrazzo.archive.scan import Damage
from torrazzo.base import SegmentId, StreamId, TermId
from torrazzo.base.errors import Damaged, Invalid
from torrazzo.base.times import ticks_from_ns
from torrazzo.durable import Disk

SUSPECT_NS = 10_000_000_000  # one unsynced batch spans no more: 8 s of queue, 1 s of tick
FOR_GOOD = 1 << 64  # reach of a volume that has an index: greater than of any that was cut off

Tenure = tuple[StreamId, TermId]


class CutOff(NamedTuple):
    """A volume without end and side index, gone through."""

    path: Path
    header: VolumeHeader
    headers: bytes | bytearray  # of all records with intact headers, laid end to end
    bad: frozenset[int]  # offsets of those whose payload is not intact
    segments: dict[SegmentId, list[RecordHeader]]  # pieces 0 … j of those without a fact here that is sure to count
    facts: list[Written]
    moment: Moment
    damages: list[Damage]


def volume_paths(disk: Disk, roots: Sequence[Root]) -> list[Path]:
    """All volumes of all roots."""
    return [root.volumes / name for root in roots for name in volume_names(disk, root)]


def survey_cut_off(reader: VolumeReader, *, deep: bool = False, is_dead: bool = True) -> CutOff:
    """Scan one: which records are intact; payloads of pieces are read only where a crash may have torn them.

    Unless `is_dead` it may be being written: nothing is made safe, and no piece is read.
    """
    damages: list[Damage] = []
    suspect = _last_moment(reader).boot_ns - SUSPECT_NS
    if is_dead:
        try:
            reader.settle(next((header.offset for header in reader.headers() if header.m1 >= suspect), SIZE))
        except OSError as error:  # what is there is all that can be known
            damages.append(Damage(reader.name, 0, reader.size(), f"cannot be synced: {error}", False, None))
    listing = reader.listing()
    moment = _last_moment(reader)
    gatherer = Gatherer(reader.header)
    facts: list[Written] = []
    bad: set[int] = set()
    damages += listing.damages
    for header in reader.headers():
        try:
            if header.kind == Kind.PIECE:
                if is_dead and (deep or header.m1 >= suspect):
                    reader.payload(header)
                gatherer.add(header)
                continue
            payload = reader.payload(header)
            if header.kind == Kind.FACT:
                fact = parse_fact(payload)
                is_suspect = (fact.m0 if fact.m1 is None else fact.m1) >= suspect
                is_own = (fact.term.node, fact.term.fence) == (reader.header.node, reader.header.fence)
                has_pieces = gatherer.fits(fact) if is_suspect else gatherer.take_fitting(fact)
                is_backed = fact.kind != "seg" or has_pieces or not is_own
                written = _written(reader, header, fact, moment.boot_ns)
                facts.append(written._replace(is_suspect=is_suspect, is_backed=is_backed))
        except (Damaged, Invalid, OSError) as error:
            bad.add(header.offset)
            damages.append(_damage(reader, header, error))
    rest = gatherer.rest()
    return CutOff(reader.path, reader.header, listing.headers, frozenset(bad), rest, facts, moment, damages)


def is_backed(written: Written, volumes: Sequence[CutOff]) -> bool:
    """Whether the pieces that a fact tells of are intact, in its own volume or another that was cut off."""
    if written.is_backed:
        return True
    fact = written.fact
    found = (first_pieces(volume.segments.get(fact.id, []), fact, volume.header) for volume in volumes)
    return any(pieces is not None and pieces.c == fact.c for pieces in found)


def last_moment(disk: Disk, path: Path) -> Moment:
    """When the recorder that wrote this volume is known to have run last."""
    with VolumeReader.open(disk, path) as reader:
        return _last_moment(reader)


def _last_moment(reader: VolumeReader) -> Moment:
    """By its last clock record, and how much later anything else arrived."""
    utc, boot_ns, reach = int(reader.header.utc), int(reader.header.boot_ns), int(reader.header.boot_ns)
    clock: RecordHeader | None = None
    for header in reader.headers():
        reach = max(reach, header.m1)
        if header.kind == Kind.CLOCK and header.m0 >= boot_ns:
            clock, utc, boot_ns = header, header.t0, header.m0
    return Moment(utc + ticks_from_ns(reach - boot_ns), reach, _boot_id(reader, clock))


def _boot_id(reader: VolumeReader, clock: RecordHeader | None) -> str:
    if clock is None:
        return ""
    try:
        reading = json.loads(reader.payload(clock))
        return str(reading["boot_id"])
    except (Damaged, OSError, ValueError, KeyError, TypeError):
        return ""


def read_facts(reader: VolumeReader, wanted: Mapping[Tenure, Container[int]]) -> Iterator[Written]:
    """Facts of these terms and numbers, in a volume that has an index; what is damaged is left out."""
    for header in reader.headers():
        if header.kind != Kind.FACT or header.stream is None or header.term is None:
            continue
        if header.n not in wanted.get((header.stream, header.term), ()):
            continue
        try:
            fact = parse_fact(reader.payload(header))
        except (Damaged, Invalid, OSError):
            continue
        yield written_for_good(reader, header, fact)


def written_for_good(reader: VolumeReader, header: RecordHeader, fact: Fact) -> Written:
    """A fact in a volume that has an index: it was synced, or recovery has found that it counts."""
    return _written(reader, header, fact, FOR_GOOD)


def _written(reader: VolumeReader, header: RecordHeader, fact: Fact, reach: int) -> Written:
    later = (reader.header.node != fact.term.node, reader.header.fence, reach)
    return Written(fact, Place(reader.path, header.offset), later)


def open_volume(disk: Disk, path: Path, damages: list[Damage]) -> VolumeReader | None:
    """The volume, or None with a damage noted; one that was never begun is passed over in silence. Raises OSError."""
    try:
        return VolumeReader.open(disk, path)
    except NeverBegan:
        return None
    except Damaged as error:
        damages.append(Damage(path.name, 0, SIZE, f"cannot be read: {error}", False, None))
        return None


def never_begun(disk: Disk, path: Path) -> VolumeHeader | None:
    """What the name claims of a file whose making was interrupted, if that was not noted yet."""
    if path.with_suffix(".idx").name in disk.list(path.parent):
        return None
    try:
        with VolumeReader.open(disk, path):
            return None
    except NeverBegan:
        with contextlib.suppress(Invalid):
            return VolumeHeader.from_name(path.name)
    except (Damaged, OSError):
        pass  # told already
    return None


def _damage(reader: VolumeReader, header: RecordHeader, error: Exception) -> Damage:
    return Damage(reader.name, header.offset, header.end - header.offset, f"bad payload: {error}", False, header)
