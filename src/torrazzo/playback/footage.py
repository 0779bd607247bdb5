# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Recorded segments: found through the catalogue, read from their volumes, opened with their keys, one at a time.

Damage costs what is damaged: a piece that can't be read is told as a `Loss` and is left out. A key that is gone is not
damage: `Refused` ends the work.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol, TypeVar

import structlog

from torrazzo.archive import VolumeReader
from torrazzo.archive.record import Kind, RecordHeader
from torrazzo.archive.root import Root
from torrazzo.archive.volume import MAX_AGE
from torrazzo.base import SegmentId, Span, StreamId, TermId
from torrazzo.base.errors import Damaged, Unavailable
from torrazzo.base.times import HOUR, UtcTicks, hour_of, iso_from_ticks
from torrazzo.durable import Disk
from torrazzo.playback.shelf import Shelf
from torrazzo.playback.timeline import FrameAt
from torrazzo.seal import open_piece
from torrazzo.segment import parse_fragment, parse_init
from torrazzo.segment.parse import ParsedSample

KEPT_SAMPLES = 32  # segments whose tables are kept
KEPT_KEYS = 8_192
KEYS_AT_ONCE = 64

K = TypeVar("K")
V = TypeVar("V")

_log = structlog.get_logger()


class Recorded(NamedTuple):
    """A segment, as the catalogue tells it."""

    id: SegmentId
    t0: int
    t1: int
    volume: str
    places: tuple[int, ...]  # offsets of the records of its pieces; the first is the init
    length: int  # plaintext bytes
    class_: str  # retention class

    @property
    def hour(self) -> int:
        """The UTC hour whose key opens it."""
        return hour_of(self.t0)


class Loss(NamedTuple):
    """A piece that can't be read; without its init a whole segment can't."""

    segment: SegmentId
    piece: int
    t0: int
    t1: int
    what: str

    def __str__(self) -> str:
        return (
            f"{self.segment.stream} {iso_from_ticks(self.t0)}/{iso_from_ticks(self.t1)} piece {self.piece}: {self.what}"
        )


class PieceSamples(NamedTuple):
    """A fragment's tables."""

    piece: int
    t0: int
    t1: int
    length: int
    joined: bool  # the fragment before it is there too
    frames: tuple[FrameAt, ...]


class Samples(NamedTuple):
    """A segment's init and tables."""

    row: Recorded
    init: bytes
    pieces: tuple[PieceSamples, ...]
    losses: tuple[Loss, ...]


class Index(Protocol):
    """What the catalogue knows."""

    def segments(self, stream: StreamId, span: Span) -> Sequence[Recorded]:
        """Segments that overlap the span, in order of recording."""
        ...

    def segment(self, id_: SegmentId) -> Recorded | None:
        """One of them."""
        ...

    def steps_between(self, before: SegmentId, after: SegmentId) -> int:
        """Ticks by which clocks were set forward between two neighbours."""
        ...


class Keys(Protocol):
    """What the keyring gives; `keyring.KeyClient` is one."""

    def segment_keys(
        self, stream: StreamId, term: TermId, hour: int, class_: str, sealed: bytes, ns: Sequence[int]
    ) -> dict[int, bytes]:
        """Keys of segments by number."""
        ...


class Footage:
    """Reads for one or several viewers; may be used by several threads."""

    def __init__(self, index: Index, roots: Sequence[Root], disk: Disk, keys: Keys) -> None:
        self._index = index
        self._shelf = Shelf(roots, disk)
        self._keys = keys
        self._lock = threading.Lock()
        self._segment_keys: OrderedDict[SegmentId, bytes] = OrderedDict()
        self._peers: OrderedDict[SegmentId, tuple[int, ...]] = OrderedDict()
        self._samples: OrderedDict[SegmentId, Samples] = OrderedDict()
        self._lost: dict[tuple[SegmentId, int], str] = {}

    def close(self) -> None:
        """Release files and forget keys."""
        self._shelf.close()
        with self._lock:
            self._segment_keys.clear()
            self._samples.clear()

    # -- what there is

    def segments(self, stream: StreamId, span: Span) -> list[Recorded]:
        """Segments that overlap the span, in order of recording."""
        rows = list(self._index.segments(stream, span))
        self._remember(rows)
        return rows

    def segment(self, id_: SegmentId) -> Recorded:
        """One of them; raises `Unavailable` if there is none."""
        row = self._index.segment(id_)
        if row is None:
            raise Unavailable(f"{id_.stream} n={id_.n} of term {id_.term} is not in the catalogue")
        return row

    def steps_between(self, before: Recorded, after: Recorded) -> int:
        """Ticks by which clocks were set forward between two neighbours: nothing is missing there."""
        if after.t0 <= before.t1:
            return 0
        return min(self._index.steps_between(before.id, after.id), after.t0 - before.t1)

    # -- opened

    def samples(self, row: Recorded) -> Samples:
        """Its init and the tables of its fragments; without pieces if the init or the volume can't be read."""
        with self._lock:
            found = self._samples.get(row.id)
            if found is not None and not any((row.id, piece.piece) in self._lost for piece in found.pieces):
                return found
        found = self._read_samples(row)
        with self._lock:
            _keep(self._samples, row.id, found, KEPT_SAMPLES)
        return found

    def open_piece(self, row: Recorded, index: int) -> bytes:
        """The plaintext of one piece; raises `Damaged`, and remembers it as lost."""
        return self._read(row, index)[1]

    def intact_fragments(self, row: Recorded) -> Iterator[bytes]:
        """The plaintext of each fragment that can be read, in order."""
        for index in range(1, len(row.places)):
            try:
                yield self.open_piece(row, index)
            except Damaged:
                continue  # remembered; a player goes on after it

    def _read_samples(self, row: Recorded) -> Samples:
        try:
            init = self.open_piece(row, 0)
        except Damaged as error:
            return Samples(row, b"", (), (Loss(row.id, 0, row.t0, row.t1, str(error)),))
        codec = parse_init(init).codec
        pieces: list[PieceSamples] = []
        damages: list[tuple[int, int, str]] = []  # (index, pieces before it, what)
        for index in range(1, len(row.places)):
            try:
                header, data = self._read(row, index)
            except Damaged as error:
                damages.append((index, len(pieces), str(error)))
                continue
            joined = pieces[-1].piece == index - 1 if pieces else index == 1
            pieces.append(PieceSamples(index, header.t0, header.t1, len(data), joined, _frames(codec, data)))
        ends = [row.t0, *(piece.t1 for piece in pieces)]
        starts = [*(piece.t0 for piece in pieces), row.t1]
        losses = tuple(Loss(row.id, index, ends[at], starts[at], what) for index, at, what in damages)
        return Samples(row, init, tuple(pieces), losses)

    # -- records

    def _header(self, reader: VolumeReader, row: Recorded, index: int) -> RecordHeader:
        """The piece's record; raises `Damaged` if another one stands there."""
        header = reader.header_at(row.places[index])
        if header.kind != Kind.PIECE or header.segment != row.id or header.piece != index:
            raise Damaged(f"{reader.name}: offset {header.offset}: piece {index} expected, found {header}")
        return header

    def _read(self, row: Recorded, index: int) -> tuple[RecordHeader, bytes]:
        """A piece's record and plaintext; raises `Damaged`, after having taken note of it."""
        known = self._lost.get((row.id, index))
        if known is not None:
            raise Damaged(known)
        key = self._key(row)
        try:
            with self._shelf.volume(row.volume) as reader:
                header = self._header(reader, row, index)
                ciphertext = reader.payload(header, verify=False)  # opening it verifies every byte
            return header, open_piece(key, index, ciphertext)
        except Damaged as error:
            with self._lock:
                self._lost[row.id, index] = str(error)
            _log.warning("piece_damaged", stream=str(row.id.stream), n=row.id.n, piece=index, error=str(error))
            raise

    # -- keys

    def _key(self, row: Recorded) -> bytes:
        """The segment's key, asked for together with those of its neighbours that were found with it."""
        with self._lock:
            found = self._segment_keys.get(row.id)
            peers = self._peers.get(row.id, (row.id.n,))
        if found is not None:
            return found
        stream, term, _ = row.id
        sealed = self._shelf.sealed_key(row.volume, stream, term, self._first_piece(row))
        keys = self._keys.segment_keys(stream, term, row.hour, row.class_, sealed, peers)
        with self._lock:
            for n, key in keys.items():
                _keep(self._segment_keys, SegmentId(stream, term, n), key, KEPT_KEYS)
        return keys[row.id.n]

    def _remember(self, rows: Sequence[Recorded]) -> None:
        """Which segments open with the same K."""
        groups: dict[tuple[object, ...], list[Recorded]] = {}
        for row in rows:
            groups.setdefault((row.id.stream, row.id.term, row.hour, row.class_), []).append(row)
        with self._lock:
            for group in groups.values():
                for start in range(0, len(group), KEYS_AT_ONCE):
                    part = group[start : start + KEYS_AT_ONCE]
                    ns = tuple(row.id.n for row in part)
                    for row in part:
                        _keep(self._peers, row.id, ns, KEPT_KEYS)

    def _first_piece(self, row: Recorded) -> int:
        """Where the first piece of the row's term stands in its volume, as far as the catalogue knows."""
        before = Span(UtcTicks(max(0, row.t0 - MAX_AGE - HOUR // 60)), UtcTicks(row.t1))
        rows = self._index.segments(row.id.stream, before)
        return min((r.places[0] for r in rows if (r.volume, r.id.term) == (row.volume, row.id.term)), default=0)


def _keep(kept: "OrderedDict[K, V]", key: K, value: V, most: int) -> None:
    """Add as the newest; the oldest goes."""
    kept[key] = value
    kept.move_to_end(key)
    if len(kept) > most:
        kept.popitem(last=False)


def _frames(codec: str, data: bytes) -> tuple[FrameAt, ...]:
    """The fragment's tables.

    Only from an IDR of H.264 on can every player begin: what follows a recovery point may refer to pictures before it,
    and then Chromium gives up. Of H.265 every player knows how to pass over such pictures.
    """
    return tuple(
        FrameAt(s.dts, s.pts, s.offset, s.size, s.is_key, s.is_key and (codec != "h264" or _is_idr(data, s)))
        for s in parse_fragment(data)
    )


def _is_idr(data: bytes, sample: ParsedSample) -> bool:
    """Whether the first slice of a picture is of nal_unit_type 5 (ITU-T Rec. H.264 table 7-1)."""
    at, end = sample.offset, sample.offset + sample.size
    while at + 5 <= end:
        kind = data[at + 4] & 0x1F
        if 1 <= kind <= 5:
            return kind == 5
        at += 4 + int.from_bytes(data[at : at + 4])
    return False
