# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Goes through a disk's volumes after a crash and notes what counts for the facts that are owed.

Memory: headers of one volume at a time (176 bytes each), pieces of segments without a fact, one fact per stream.
"""

import contextlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from torrazzo.archive.fact import Fact, parse_fact
from torrazzo.archive.header import SIZE, VolumeHeader
from torrazzo.archive.owed import Moment
from torrazzo.archive.pieces import Gatherer
from torrazzo.archive.reader import NeverBegan, VolumeReader
from torrazzo.archive.record import Kind, RecordHeader
from torrazzo.archive.root import Root, volume_names
from torrazzo.archive.scan import Damage
from torrazzo.base import SegmentId, StreamId, TermId
from torrazzo.base.errors import Damaged, Invalid
from torrazzo.base.ids import NodeId
from torrazzo.base.times import ticks_from_ns
from torrazzo.durable import Disk

SUSPECT_NS = 10_000_000_000  # one unsynced batch spans no more: 8 s of queue, 1 s of tick

Tenure = tuple[StreamId, TermId]


class Place(NamedTuple):
    """One record in one volume."""

    path: Path
    offset: int


class Written(NamedTuple):
    """A fact that was found, and where."""

    fact: Fact
    reach: int  # how far its volume reaches, boot-time ns: of two facts with one number the later counts
    place: Place
    is_suspect: bool = False  # may never have been synced
    is_backed: bool = True  # tells of no pieces, of intact ones in its volume, or was written by a later recovery


class CutOff(NamedTuple):
    """A volume without end and side index, gone through."""

    path: Path
    header: VolumeHeader
    headers: bytes | bytearray  # of all records with intact headers, laid end to end
    bad: frozenset[int]  # offsets of those whose payload is not intact
    segments: dict[SegmentId, list[RecordHeader]]  # pieces 0 … j of those without a fact here that they back
    facts: list[Written]
    moment: Moment
    damages: list[Damage]


def volume_paths(disk: Disk, roots: Sequence[Root]) -> list[Path]:
    """All volumes of all roots."""
    return [root.volumes / name for root in roots for name in volume_names(disk, root)]


def term_order(own: NodeId, term: TermId) -> tuple[bool, int, int]:
    """Terms in the order in which they were: those of other machines before, then by fence, then by start."""
    return (term.node == own, term.fence, term.start)


def survey_cut_off(reader: VolumeReader, *, deep: bool) -> CutOff:
    """Scan one: which records are intact; payloads of pieces are read only where a crash may have torn them."""
    damages: list[Damage] = []
    suspect = _last_moment(reader).boot_ns - SUSPECT_NS
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
                if deep or header.m1 >= suspect:
                    reader.payload(header)
                gatherer.add(header)
                continue
            payload = reader.payload(header)
            if header.kind == Kind.FACT:
                fact = parse_fact(payload)
                is_suspect = (fact.m0 if fact.m1 is None else fact.m1) >= suspect
                is_own = (fact.term.node, fact.term.fence) == (reader.header.node, reader.header.fence)
                is_backed = fact.kind != "seg" or gatherer.take_fitting(fact) or not is_own
                place = Place(reader.path, header.offset)
                facts.append(Written(fact, moment.boot_ns, place, is_suspect, is_backed))
        except (Damaged, Invalid, OSError) as error:
            bad.add(header.offset)
            damages.append(_damage(reader, header, error))
    rest = gatherer.rest()
    return CutOff(reader.path, reader.header, listing.headers, frozenset(bad), rest, facts, moment, damages)


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


def read_facts(reader: VolumeReader, wanted: dict[Tenure, int]) -> Iterator[Written]:
    """Facts of these terms from the given n on, in a volume that has an index; what is damaged is left out."""
    for header in reader.headers():
        if header.kind != Kind.FACT or header.stream is None or header.term is None:
            continue
        least = wanted.get((header.stream, header.term))
        if least is None or header.n < least:
            continue
        try:
            fact = parse_fact(reader.payload(header))
        except (Damaged, Invalid, OSError):
            continue
        yield Written(fact, 1 << 64, Place(reader.path, header.offset))


def open_volume(disk: Disk, path: Path, damages: list[Damage]) -> VolumeReader | None:
    """The volume, or None with a damage noted; one that was never begun is passed over in silence."""
    try:
        return VolumeReader.open(disk, path)
    except NeverBegan:
        return None
    except (Damaged, OSError) as error:
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
