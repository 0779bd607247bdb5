# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Recorded segments: found through the catalogue, read from their volumes, opened with their keys, one at a time.

Damage costs what is damaged: a piece that can't be read is told as a `Loss` and is left out; so is what was recorded
and can't be opened by anybody any more. Any other refusal ends the work.
"""

import contextlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple, TypeAlias

import structlog

from torrazzo.archive import VolumeReader
from torrazzo.archive.record import KEY_FRAME, Kind, RecordHeader
from torrazzo.archive.root import Root
from torrazzo.base import SegmentId, Span, StreamId
from torrazzo.base.errors import Damaged, KeyGone, Unavailable
from torrazzo.base.times import UtcTicks, iso_from_ticks
from torrazzo.durable import Disk
from torrazzo.playback.index import Index, Recorded
from torrazzo.playback.segment_keys import AT_ONCE, Keys, SegmentKeys
from torrazzo.playback.shelf import Shelf
from torrazzo.playback.timeline import FrameAt
from torrazzo.seal.piece import open_to_change
from torrazzo.segment import parse_fragment, parse_init
from torrazzo.segment.parse import ParsedSample

DAMAGED = "damaged"
KEPT_SAMPLES = 32  # segments whose tables are kept
REORDERED = 32  # frames: twice as many as a decoder may hold back (ITU-T Rec. H.264 A.3.1, H.265 A.4.1)

Covers: TypeAlias = Callable[[StreamId, Span], bool]

__all__ = ["Footage", "Loss", "PieceSamples", "Recorded", "Samples", "Unreadable"]

_log = structlog.get_logger()


class Loss(NamedTuple):
    """A piece that can't be read; without its init a whole segment can't."""

    segment: SegmentId
    piece: int
    t0: int
    t1: int
    what: str
    why: str = DAMAGED  # for programs; else as `KeyGone` has it

    def __str__(self) -> str:
        return (
            f"{self.segment.stream} {iso_from_ticks(self.t0)}/{iso_from_ticks(self.t1)} piece {self.piece}: {self.what}"
        )


class Unreadable(Damaged):
    """Pictures were recorded in a span, and none of them can be read."""

    def __init__(self, span: Span, why: str) -> None:
        super().__init__(f"pictures were recorded in {span}, and none of them can be read: {why}")


class PieceSamples(NamedTuple):
    """A fragment's tables."""

    piece: int
    t0: int
    t1: int
    length: int
    joined: bool  # the fragment before it is there too
    end_dts: int  # when the frame after its last one is decoded
    frames: tuple[FrameAt, ...]


class PieceStart(NamedTuple):
    """A fragment, as its record's header tells of it."""

    piece: int
    t0: int
    is_key: bool  # it begins with a key frame


class Group(NamedTuple):
    """Fragments from a key frame to the next fragment that begins with one."""

    first: int  # pieces
    last: int
    t0: int
    t1: int


class Samples(NamedTuple):
    """A segment's init and tables."""

    row: Recorded
    init: bytes
    pieces: tuple[PieceSamples, ...]
    losses: tuple[Loss, ...]


class Footage:
    """Reads for one look, or one copy: what is opened stays open in it. May be used by several threads."""

    def __init__(
        self,
        index: Index,
        roots: Sequence[Root],
        disk: Disk,
        keys: Keys,
        covers: Covers = lambda *_: True,
        at_once: int = AT_ONCE,
    ) -> None:
        """`covers` tells of a stream and a span whether it may be shown: the rest is as if it were not recorded.

        `at_once`: keys of so many neighbours are asked for together.
        """
        self._index = index
        self._covers = covers
        self._shelf = Shelf(roots, disk)
        self._keys = SegmentKeys(index, self._shelf, keys, at_once)
        self._lock = threading.Lock()
        self._samples: OrderedDict[SegmentId, Samples] = OrderedDict()
        self._delays: OrderedDict[SegmentId, int] = OrderedDict()
        self._damaged: set[str | None] = set()  # volumes of which that was logged

    def close(self) -> None:
        """Release files and forget keys."""
        self._shelf.close()
        self.forget()

    def forget(self) -> None:
        """What was opened: from here on each key is asked for again."""
        self._keys.forget()
        with self._lock:
            self._samples.clear()
            self._delays.clear()

    # -- what there is

    def segments(self, stream: StreamId, span: Span) -> list[Recorded]:
        """Segments that overlap the span and may be shown, in order of recording."""
        rows = [row for row in self._index.segments(stream, span) if self._may_show(row)]
        self._keys.expect(rows)
        return rows

    def segment(self, id_: SegmentId) -> Recorded:
        """One of them; raises `Unavailable` if there is none, or it may not be shown."""
        row = self._index.segment(id_)
        if row is None or not self._may_show(row):
            raise Unavailable(
                f"{id_.stream} n={id_.n} of term {id_.term} is not in the catalogue, or not of what is looked at"
            )
        return row

    def steps_between(self, before: Recorded, after: Recorded) -> int:
        """Ticks by which clocks were set forward between two neighbours: nothing is missing there."""
        if after.t0 <= before.t1:
            return 0
        return min(self._index.steps_between(before.id, after.id), after.t0 - before.t1)

    def _may_show(self, row: Recorded) -> bool:
        return self._covers(row.id.stream, Span(UtcTicks(row.t0), UtcTicks(row.t1)))

    # -- opened

    def samples(self, row: Recorded) -> Samples:
        """Its init and the tables of its fragments; without pieces if the init or the volume can't be read."""
        with self._lock:
            found = self._samples.get(row.id)
            if found is not None:
                return found
        found = self._read_samples(row)
        if not found.losses:  # a disk that is back has them again
            with self._lock:
                self._samples[row.id] = found
                if len(self._samples) > KEPT_SAMPLES:
                    self._samples.popitem(last=False)
        return found

    def open_piece(self, row: Recorded, index: int) -> bytes:
        """The plaintext of one piece; raises `Damaged` or `KeyGone`, and then planning anew leaves it out."""
        return bytes(self._read(row, index)[1])

    def intact_fragments(self, row: Recorded, first: int = 1, last: int | None = None) -> Iterator[bytearray]:
        """The plaintext of each fragment that can be read, in order; the caller's, who may change it."""
        for index in range(first, len(row.places) if last is None else last + 1):
            try:
                yield self._read(row, index)[1]
            except Damaged:
                continue  # logged; a player goes on after it

    def delay(self, row: Recorded) -> int:
        """Ticks by which its first shown frame is shown later than its first one is decoded; kept."""
        with self._lock:
            found = self._delays.get(row.id)
        if found is not None:
            return found
        samples: list[ParsedSample] = []
        for data in self.intact_fragments(row):
            samples += parse_fragment(data)
            if len(samples) >= REORDERED:
                break
        found = min((sample.pts for sample in samples), default=0) - (samples[0].dts if samples else 0)
        with self._lock:
            self._delays[row.id] = found
            if len(self._delays) > KEPT_SAMPLES:
                self._delays.popitem(last=False)
        return found

    def _read_samples(self, row: Recorded) -> Samples:
        try:
            init = self.open_piece(row, 0)
            codec = parse_init(init).codec
        except (Damaged, KeyGone) as error:
            return Samples(row, b"", (), (Loss(row.id, 0, row.t0, row.t1, str(error), _why(error)),))
        pieces: list[PieceSamples] = []
        damages: list[tuple[int, int, Damaged | KeyGone]] = []  # (index, pieces before it, what)
        for index in range(1, len(row.places)):
            try:
                header, data = self._read(row, index)
                samples = parse_fragment(data)
            except (Damaged, KeyGone) as error:
                damages.append((index, len(pieces), error))
                continue
            joined = pieces[-1].piece == index - 1 if pieces else index == 1
            end = samples[-1].dts + samples[-1].duration if samples else 0
            frames = _frames(codec, data, samples)
            pieces.append(PieceSamples(index, header.t0, header.t1, len(data), joined, end, frames))
        ends = [row.t0, *(piece.t1 for piece in pieces)]
        starts = [*(piece.t0 for piece in pieces), row.t1]
        losses = tuple(Loss(row.id, index, ends[at], starts[at], str(e), _why(e)) for index, at, e in damages)
        return Samples(row, init, tuple(pieces), losses)

    # -- records

    def piece_starts(self, row: Recorded) -> list[PieceStart]:
        """Of its fragments, in order; opens none. Raises `Damaged` if its volume can't be read."""
        if row.volume is None:
            raise Damaged("its volume is not known; run `torrazzo catalogue rebuild`")
        found = []
        with self._shelf.volume(row.volume) as reader:
            for index in range(1, len(row.places)):
                with contextlib.suppress(Damaged):
                    header = self._header(reader, row, index)
                    found.append(PieceStart(index, header.t0, bool(header.flags & KEY_FRAME)))
        return found

    def groups(self, row: Recorded) -> list[Group]:
        """What it consists of, by its records' headers; opens none. All in one where they do not tell."""
        whole = [Group(1, len(row.places) - 1, row.t0, row.t1)]
        try:
            starts = self.piece_starts(row)
        except Damaged:
            return whole
        begins = starts[:1] + [start for start in starts[1:] if start.is_key]
        times = [row.t0, *(start.t0 for start in begins[1:]), row.t1]
        if len(starts) < len(row.places) - 1 or any(a >= b for a, b in pairwise(times)):
            return whole
        ends = [*(start.piece for start in begins[1:]), len(row.places)]
        return [
            Group(begin.piece, end - 1, t0, t1)
            for begin, end, (t0, t1) in zip(begins, ends, pairwise(times), strict=True)
        ]

    def _header(self, reader: VolumeReader, row: Recorded, index: int) -> RecordHeader:
        """The piece's record; raises `Damaged` if another one stands there."""
        header = reader.header_at(row.places[index])
        if header.kind != Kind.PIECE or header.segment != row.id or header.piece != index:
            raise Damaged(f"{reader.name}: offset {header.offset}: piece {index} expected, found {header}")
        return header

    def _read(self, row: Recorded, index: int) -> tuple[RecordHeader, bytearray]:
        """A piece's record and plaintext; raises `Damaged`, and then the segment's tables will be read anew."""
        try:
            if row.volume is None:
                raise Damaged("its volume is not known; run `torrazzo catalogue rebuild`")
            key = self._keys.key(row)
            with self._shelf.volume(row.volume) as reader:
                header = self._header(reader, row, index)
                ciphertext = reader.payload(header, verify=False)  # opening it verifies every byte
            return header, open_to_change(key, index, ciphertext)
        except KeyGone:
            with self._lock:
                self._samples.pop(row.id, None)
            raise
        except Damaged as error:
            with self._lock:
                self._samples.pop(row.id, None)
                is_first = row.volume not in self._damaged
                self._damaged.add(row.volume)
            if is_first:  # the others are told in the losses
                _log.warning("volume_damaged", volume=row.volume, stream=str(row.id.stream), error=str(error))
            raise


def _why(error: Damaged | KeyGone) -> str:
    return error.why if isinstance(error, KeyGone) else DAMAGED


def _frames(codec: str, data: bytearray, samples: Sequence[ParsedSample]) -> tuple[FrameAt, ...]:
    """The fragment's tables.

    Only from an IDR of H.264 on can every player begin: what follows a recovery point may refer to pictures before it,
    and then Chromium gives up. Of H.265 every player knows how to pass over such pictures.
    """
    return tuple(
        FrameAt(s.dts, s.pts, s.offset, s.size, s.is_key, s.is_key and (codec != "h264" or _is_idr(data, s)))
        for s in samples
    )


def _is_idr(data: bytearray, sample: ParsedSample) -> bool:
    """Whether the first slice of a picture is of nal_unit_type 5 (ITU-T Rec. H.264 table 7-1)."""
    at, end = sample.offset, sample.offset + sample.size
    while at + 5 <= end:
        kind = data[at + 4] & 0x1F
        if 1 <= kind <= 5:
            return kind == 5
        at += 4 + int.from_bytes(data[at : at + 4])
    return False
