# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads a whole archive and tells what in it is not as it was written.

1. Volumes in the order of their creation: header against name, index, side index, or scan.
2. With `deep`, every record in its place: header against index, payload against c, and with keys plaintext against h.
3. Facts against the pieces they tell of. 4. Facts against each other (accounts.py).
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from torrazzo.archive.accounts import Accounts, Fault, Tenure
from torrazzo.archive.chain import Place
from torrazzo.archive.fact import Fact, parse_fact
from torrazzo.archive.ghosts import ghosts
from torrazzo.archive.header import VolumeHeader
from torrazzo.archive.pieces import Gatherer, add_up, first_difference
from torrazzo.archive.reader import NeverBegan, VolumeReader
from torrazzo.archive.record import Kind, RecordHeader
from torrazzo.archive.root import Root
from torrazzo.archive.survey import volume_paths
from torrazzo.base import SegmentId, StreamId, TermId
from torrazzo.base.errors import Damaged, Invalid, Refused
from torrazzo.base.ids import CameraId
from torrazzo.base.times import HOUR, iso_from_ticks
from torrazzo.durable import Disk
from torrazzo.seal import open_piece, piece_salt

MOST_PER_VOLUME = 50  # records told one by one; the rest is counted
EVER = 1 << 63

Progress = Callable[[int, int], None]  # bytes gone through, bytes in all


class Finding(NamedTuple):
    """Something that is not as it was written."""

    stream: StreamId | None
    t0: int | None  # UTC ticks
    t1: int | None
    volume: str | None  # file name
    what: str

    def line(self, names: Mapping[CameraId, str], told: Callable[[int], str] = iso_from_ticks) -> str:
        """For people: camera, time as `told` writes it, volume, what."""
        parts = []
        if self.stream is not None:
            parts.append(f"{names.get(self.stream.camera, self.stream.camera)} ({self.stream.name})")
        if self.t0 is not None:
            end = "" if self.t1 is None or self.t1 <= self.t0 else f" to {told(self.t1)}"
            parts.append(f"{told(self.t0)}{end}")
        return ", ".join((*parts, *([self.volume] if self.volume else []))) + f": {self.what}"


class Keys(Protocol):
    """Whoever has them: tests do. In a town they are given to people who look, not to a check."""

    def segment_keys(
        self, stream: StreamId, term: TermId, hour: int, class_: str, sealed: bytes, ns: Sequence[int]
    ) -> dict[int, bytes]:
        """Keys of segments by number."""
        ...


class Manner(NamedTuple):
    """How to check."""

    deep: bool = False  # read every byte
    keys: Keys | None = None  # with deep: open every piece and check h; without, only c
    live_fence: int | None = None  # of the recorder that is running: its open volumes and segments are no findings
    known: Mapping[Tenure, int] = {}  # last n of each term by another witness (the catalogue)
    progress: Progress | None = None


def check(disk: Disk, roots: Sequence[Root], manner: Manner = Manner()) -> Iterator[Finding]:  # noqa: B008 - frozen
    """Findings as they are made; none for an untouched archive. Raises `Unavailable` if keys can't be asked for."""
    yield from _Check(disk, roots, manner).run()


class _Volume(NamedTuple):
    path: Path
    size: int
    order: tuple[bool, int, int, int]
    created_ns: int


class _Unclaimed(NamedTuple):
    headers: list[RecordHeader]
    reader: VolumeReader
    is_finding: bool  # were a fact missing


class _Surplus:
    """Pieces of one volume whose number is not below what their fact tells of: they count nowhere, and were put there.

    No key is needed to know: a volume that was finished holds what its facts tell of.
    """

    def __init__(self) -> None:
        self._last: dict[SegmentId, RecordHeader] = {}
        self._counts: dict[SegmentId, int] = {}

    def add(self, header: RecordHeader) -> None:
        """A piece."""
        segment = header.segment
        if segment is not None and (segment not in self._last or self._last[segment].piece < header.piece):
            self._last[segment] = header

    def tell(self, fact: Fact) -> None:
        """How many there are."""
        self._counts[fact.id] = fact.pieces or 0

    def findings(self, reader: VolumeReader) -> Iterator[Finding]:
        """The last one of each segment that has some."""
        for segment, header in self._last.items():
            count = self._counts.get(segment)
            if count is not None and header.piece >= count:
                yield _of(
                    reader, header, f"no piece of that segment: its fact tells of {count}, the last is {count - 1}"
                )


class _Check:
    def __init__(self, disk: Disk, roots: Sequence[Root], manner: Manner) -> None:
        self.disk, self.roots, self.manner = disk, roots, manner
        self.own = roots[0].node
        self.accounts = Accounts()
        self.waiting: dict[SegmentId, Fact] = {}
        self.unclaimed: dict[SegmentId, list[_Unclaimed]] = {}
        self.seen: dict[bytes, str] = {}
        self.told = 0
        self.oldest: dict[str, int] = {}  # hour, of each retention class
        self.classes: dict[Tenure, str] = {}
        self.ghosts: frozenset[Place] = frozenset()

    def run(self) -> Iterator[Finding]:
        self.ghosts = ghosts(self.disk, self.roots)
        volumes: list[_Volume] = []
        for path in volume_paths(self.disk, self.roots):
            yield from self._enlist(path, volumes)
        volumes.sort(key=lambda each: (each.order, each.path.name))
        done, total = 0, sum(volume.size for volume in volumes)
        for volume in volumes:
            yield from self._check_volume(volume, done, total)
            done += volume.size
            self._progress(done, total)
            yield from self._unerased(self.accounts.volume_done(volume.created_ns))
        yield from self._end()

    def _enlist(self, path: Path, volumes: list[_Volume]) -> Iterator[Finding]:
        try:
            with VolumeReader.open(self.disk, path) as reader:
                header = reader.header
                created = header.boot_ns or _first_moment(reader)
                order = (header.node == self.own, int(header.node), header.fence, created)
                volumes.append(_Volume(path, reader.size(), order, created))
                retention_class = header.retention_class
                self.oldest[retention_class] = min(header.hour, self.oldest.get(retention_class, header.hour))
        except NeverBegan as error:
            if not self._is_known_empty(path):
                yield Finding(None, None, None, path.name, f"holds nothing: {error}")
        except (Damaged, OSError) as error:
            yield Finding(None, None, None, path.name, f"cannot be read: {error}")

    def _is_known_empty(self, path: Path) -> bool:
        """Whether recovery has seen that its making was interrupted, or it is being made."""
        try:
            claim = VolumeHeader.from_name(path.name)
        except Invalid:
            return False
        is_live = claim.node == self.own and claim.fence == self.manner.live_fence
        return is_live or path.with_suffix(".idx").name in self.disk.list(path.parent)

    def _check_volume(self, volume: _Volume, done: int, total: int) -> Iterator[Finding]:
        self.told = 0
        try:
            with VolumeReader.open(self.disk, volume.path) as reader:
                yield from self._whose(reader)
                yield from self._how(reader)
                gatherer, surplus = Gatherer(reader.header), _Surplus()
                keys = self._keys(reader) if self.manner.deep and self.manner.keys is not None else {}
                if isinstance(keys, Finding):
                    yield keys
                    keys = {}
                for header in reader.headers():
                    if self.manner.deep:
                        yield from self._limited(self._in_place(reader, header, keys))
                        self._progress(done + header.end, total)
                    if header.kind == Kind.PIECE:
                        gatherer.add(header)
                        surplus.add(header)
                    elif header.kind == Kind.FACT:
                        yield from self._limited(self._fact(reader, header, gatherer, surplus, volume.created_ns))
                if reader.listing().source == "index":  # else a flush that failed may have left some
                    yield from self._limited(surplus.findings(reader))
                yield from self._rest(reader, gatherer)
                if self.told > MOST_PER_VOLUME:
                    yield _about(reader, f"{self.told - MOST_PER_VOLUME} more damaged records")
        except (Damaged, OSError) as error:
            yield Finding(None, None, None, volume.path.name, f"cannot be read: {error}")

    # -- a volume as a whole

    def _whose(self, reader: VolumeReader) -> Iterator[Finding]:
        if reader.header.name != reader.name:
            yield _about(reader, f"is the volume {reader.header.name}: renamed, or exchanged for another")
        other = self.seen.setdefault(reader.header.volume_id, reader.name)
        if other != reader.name:
            yield _about(reader, f"is the same volume as {other}")

    def _how(self, reader: VolumeReader) -> Iterator[Finding]:
        listing = reader.listing()
        for damage in listing.damages:
            if self._is_live(reader) and damage.is_tail:
                continue
            before = damage.before
            if before is None or before.stream is None:
                yield _about(reader, f"{damage.what}, {damage.length} bytes at offset {damage.offset}")
            else:
                what = f"{damage.what}, {damage.length} bytes at offset {damage.offset}, after n={before.n}"
                yield Finding(before.stream, before.t0, before.t1, reader.name, what)
        if listing.source == "scan" and not reader.is_indexed and not self._is_live(reader):
            yield _about(reader, "has no end: it was cut off, or its recorder died and was not started again since")
        last = max((header.end for header in reader.headers()), default=0)
        if last > reader.size():
            yield _about(reader, f"ends at {reader.size()}, its records at {last}: it was cut off")

    def _is_live(self, reader: VolumeReader) -> bool:
        return reader.header.node == self.own and reader.header.fence == self.manner.live_fence

    def _rest(self, reader: VolumeReader, gatherer: Gatherer) -> Iterator[Finding]:
        is_finding = not self._is_live(reader) and reader.listing().source != "side"
        for segment, headers in gatherer.rest().items():
            fact = self.waiting.get(segment)
            if fact is not None and _fits(fact, headers, reader):
                del self.waiting[segment]
            else:
                self.unclaimed.setdefault(segment, []).append(_Unclaimed(headers, reader, is_finding))
        yield from ()

    # -- a record

    def _in_place(
        self, reader: VolumeReader, header: RecordHeader, keys: Mapping[SegmentId, bytes]
    ) -> Iterator[Finding]:
        try:
            if reader.header_at(header.offset) != header:
                yield _of(reader, header, "the record's header differs from the index")
                return
            payload = reader.payload(header)
        except (Damaged, OSError) as error:
            yield _of(reader, header, f"damaged: {error}")
            return
        segment = header.segment
        key = None if segment is None or header.kind != Kind.PIECE else keys.get(segment)
        if key is None:
            return
        try:
            plain = open_piece(key, header.piece, payload)
        except Damaged as error:
            yield _of(reader, header, f"does not open: {error}")
            return
        digest = hashlib.sha256(piece_salt(key, header.piece))
        digest.update(plain)
        if digest.digest() != header.h or len(plain) != header.plain_length:
            yield _of(reader, header, "its plaintext differs from h")

    def _fact(
        self, reader: VolumeReader, header: RecordHeader, gatherer: Gatherer, surplus: "_Surplus", created_ns: int
    ) -> Iterator[Finding]:
        try:
            fact = parse_fact(reader.payload(header))
        except (Damaged, Invalid, OSError) as error:
            if not self.manner.deep:  # else it was told already
                yield _of(reader, header, f"damaged fact: {error}")
            return
        if Place(reader.path, header.offset) in self.ghosts:
            return
        if header.segment != fact.id:
            yield _of(reader, header, f"the fact is that of {fact.stream} term {fact.term} n={fact.n}")
        if fact.key is not None:  # facts that recovery wrote lie in volumes of any class
            self.classes[fact.stream, fact.term] = fact.key.partition("/")[2]
        self.classes.setdefault((fact.stream, fact.term), reader.header.retention_class)
        for fault in self.accounts.add(fact, created_ns):
            yield Finding(*fault[:3], reader.name, fault.what)
        if fact.kind != "seg":
            return
        surplus.tell(fact)
        pieces = gatherer.take(fact)
        if pieces is not None and pieces.c == fact.c:
            difference = first_difference(pieces, fact)
            if difference is not None:
                yield _of(reader, header, difference)
            return
        others = self.unclaimed.pop(fact.id, [])
        if not any(_fits(fact, each.headers, each.reader) for each in others):
            self.waiting[fact.id] = fact

    def _keys(self, reader: VolumeReader) -> "dict[SegmentId, bytes] | Finding":
        """The keys of all segments in the volume; none where the hour's private key is gone."""
        sealed: dict[Tenure, RecordHeader] = {}
        numbers: dict[Tenure, set[int]] = {}
        for header in reader.headers():
            if header.stream is None or header.term is None:
                continue
            tenure = (header.stream, header.term)
            if header.kind == Kind.KEY:
                sealed[tenure] = header
            elif header.kind == Kind.PIECE:
                numbers.setdefault(tenure, set()).add(header.n)
        keys: dict[SegmentId, bytes] = {}
        assert self.manner.keys is not None, "the caller has seen to it"
        for (stream, term), key in sealed.items():
            ns = sorted(numbers.get((stream, term), ()))
            try:
                found = self.manner.keys.segment_keys(
                    stream, term, reader.header.hour, reader.header.retention_class, reader.payload(key), ns
                )
            except Refused:
                continue  # erased: c is all that can be checked
            except Damaged as error:
                return _of(reader, key, f"the sealed key does not open: {error}")
            keys.update({SegmentId(stream, term, n): value for n, value in found.items()})
        return keys

    def _limited(self, findings: Iterator[Finding]) -> Iterator[Finding]:
        for finding in findings:
            self.told += 1
            if self.told <= MOST_PER_VOLUME:
                yield finding

    # -- all together

    def _end(self) -> Iterator[Finding]:
        for fact in self.waiting.values():
            assert fact.key is not None, "a segment's fact has one"
            if fact.t0 < self._begin(fact.key.partition("/")[2]):
                continue
            what = f"pieces missing: the fact n={fact.n} tells of {fact.pieces}, and they are in no volume"
            yield Finding(fact.stream, fact.t0, fact.t1, None, what)
        for segment, several in self.unclaimed.items():
            for each in several:
                if each.is_finding:
                    first, last = each.headers[0], each.headers[-1]
                    what = f"{len(each.headers)} pieces of n={segment.n} that no fact tells of"
                    yield Finding(segment.stream, first.t0, last.t1, each.reader.name, what)
        begins = {who: max(who[1].start, self._begin(each)) for who, each in self.classes.items()}
        yield from self._unerased(self.accounts.end(begins))
        for fault in self.accounts.lacking(self.manner.known):
            yield Finding(*fault[:3], None, fault.what)

    def _unerased(self, faults: Iterator[Fault]) -> Iterator[Finding]:
        """Without those about hours of which nothing is left: a fact that recovery wrote may outlive its hour."""
        for fault in faults:
            classes = {class_ for (stream, _), class_ in self.classes.items() if stream == fault.stream}
            begin = min(map(self._begin, classes), default=0)
            if fault.t1 > begin or fault.t0 >= begin:
                yield Finding(*fault[:3], None, fault.what)

    def _begin(self, class_: str) -> int:
        """Ticks before which nothing of a retention class is left."""
        return self.oldest[class_] * HOUR if class_ in self.oldest else EVER

    def _progress(self, done: int, total: int) -> None:
        if self.manner.progress is not None:
            self.manner.progress(done, total)


def _fits(fact: Fact, headers: list[RecordHeader], reader: VolumeReader) -> bool:
    if fact.pieces is None or not 0 < fact.pieces <= len(headers):
        return False
    return first_difference(add_up(headers[: fact.pieces], reader.header), fact) is None


def _of(reader: VolumeReader, header: RecordHeader, what: str) -> Finding:
    kind = Kind(header.kind).name.lower() if header.kind in set(Kind) else f"kind {header.kind}"
    where = f"{kind} record at offset {header.offset}"
    if header.stream is None:
        return _about(reader, f"{where}: {what}")
    piece = f" n={header.n} piece {header.piece}" if header.kind == Kind.PIECE else f" n={header.n}"
    return Finding(header.stream, header.t0, header.t1, reader.name, f"{where},{piece}: {what}")


def _about(reader: VolumeReader, what: str) -> Finding:
    """Of a whole volume: its first stream and the time it covers."""
    held = reader.summary()
    if not held:
        return Finding(None, None, None, reader.name, what)
    streams = sorted({stream for stream, _ in held})
    more = f" (and {len(streams) - 1} more streams)" if len(streams) > 1 else ""
    start, end = min(each.t0 for each in held.values()), max(each.t1 for each in held.values())
    return Finding(streams[0], start, end, reader.name, what + more)


def _first_moment(reader: VolumeReader) -> int:
    return next((header.m0 for header in reader.headers() if header.m0), 0)
