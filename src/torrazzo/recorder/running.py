# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The running group of pictures of a stream, for somebody who begins to watch it: its key frame, and all since.

What the loop still has comes from memory; what is on disk is read back and opened with the segment's key, which the
journal has for as long as it writes that segment. Nothing is kept for it while nobody watches.
"""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from torrazzo.archive.reader import VolumeReader
from torrazzo.base.errors import Damaged
from torrazzo.camera import AccessUnit, VideoFormat
from torrazzo.durable import Disk
from torrazzo.recorder.journal import Open
from torrazzo.recorder.stream import StreamRecorder
from torrazzo.seal import open_piece
from torrazzo.segment import Fragment, Opened, parse_fragment

MOST_BYTES = 32 << 20  # of a group: who begins to watch a longer one waits for the next
_NUMBER_AT = 20  # in a fragment: of its mfhd


class InMemory(NamedTuple):
    """The end of the running group, in order of decoding."""

    units: Sequence[AccessUnit]
    is_whole: bool  # it begins with the key frame
    on_disk: int  # not whole: so many fragments of the segment precede it there; 0: its beginning is lost
    pace: "Pace"


class Pace(NamedTuple):
    """When pictures came whose own moment nobody has kept: as far apart as their stream says."""

    format: VideoFormat
    first_dts: int  # of the segment: times in fragments count from it
    dts: int
    arrived_ns: int  # of the picture with that dts

    def unit(self, dts: int, pts: int, data: bytes, *, is_key: bool) -> AccessUnit:
        """A sample of a fragment as the access unit that it was."""
        at = dts + self.first_dts
        arrived_ns = self.arrived_ns - (self.dts - at) * 100_000 // 9
        return AccessUnit(pts + self.first_dts, at, data, is_key, self.format, 0, arrived_ns, discontinuity=False)


def in_memory(stream: StreamRecorder) -> InMemory | None:
    """What the loop has of it; None where nothing runs."""
    segmenter, last = stream.segmenter, stream.last_unit
    units = segmenter.units()
    held = stream.timeline.held
    if held is not None:
        units.append(held)
    if last is None or (not units and segmenter.format is None):
        return None
    pace = Pace(segmenter.format or last.format, segmenter.first_dts, last.dts, last.arrived_ns)
    if (whole := _from_key(units)) or segmenter.format is None or last.format is not segmenter.format:
        return InMemory(whole, bool(whole), 0, pace)
    fragments, is_begun_here = _queued(stream)
    for parts in reversed(fragments):
        units[:0] = samples(b"".join(parts), pace)
        if whole := _from_key(units):
            return InMemory(whole, is_whole=True, on_disk=0, pace=pace)
    on_disk = 0 if is_begun_here else segmenter.number - len(fragments)
    return InMemory(units, is_whole=False, on_disk=on_disk, pace=pace)


def on_disk(disk: Disk, found: Open, wanted: InMemory) -> list[AccessUnit]:
    """Its beginning, read back; empty where it cannot be. Raises OSError and `Damaged`."""
    units: list[AccessUnit] = []
    size, expected = 0, wanted.on_disk
    with VolumeReader.open(disk, Path(found.path)) as volume:
        for place in reversed(found.places[1:]):
            header = volume.header_at(place)
            size += header.payload_length
            if size > MOST_BYTES:
                break
            data = open_piece(found.key, header.piece, volume.payload(header))
            if int.from_bytes(data[_NUMBER_AT : _NUMBER_AT + 4]) != expected:
                break  # what comes between was dropped
            expected -= 1
            units[:0] = samples(data, wanted.pace)
            if whole := _from_key(units):
                return whole
    return []


def samples(data: bytes, pace: Pace) -> list[AccessUnit]:
    """The pictures of a fragment. Raises `Damaged`."""
    parsed = parse_fragment(data)
    if any(one.dts > other.dts for one, other in pairwise(parsed)):
        raise Damaged("a fragment whose times go back")
    return [
        pace.unit(each.dts, each.pts, data[each.offset : each.offset + each.size], is_key=each.is_key)
        for each in parsed
    ]


def _from_key(units: Sequence[AccessUnit]) -> list[AccessUnit]:
    """From the last key frame on; empty without one."""
    at = next((at for at in range(len(units) - 1, -1, -1) if units[at].is_key), None)
    return [] if at is None else list(units[at:])


def _queued(stream: StreamRecorder) -> tuple[list[list[bytes]], bool]:
    """Fragments of the running segment that wait for the next batch, and whether it begins among them."""
    found: list[list[bytes]] = []
    for entry in reversed(stream.entries):
        if isinstance(entry.event, Fragment):
            found.insert(0, entry.event.parts)
        elif isinstance(entry.event, Opened):
            return found, True
    return found, False
