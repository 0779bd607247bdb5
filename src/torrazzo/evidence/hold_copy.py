# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The job "hold": sealed records of what is held, copied into volumes of the hold's own (docs/3-formats/vault.md).

One volume for each source, in order; one that is whole is not copied again, one that a crash cut off is begun anew.
When all are there their catalogue is made from them, and retention may unlink the sources.
"""

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import structlog

from torrazzo.archive import Root, VolumeReader
from torrazzo.archive.header import VolumeHeader
from torrazzo.archive.record import Kind, RecordHeader
from torrazzo.archive.root import FILE, make_root, open_root
from torrazzo.archive.volume import VolumeWriter
from torrazzo.base import SegmentId, Span, StreamId, TermId
from torrazzo.base.errors import Damaged, Refused, Unavailable
from torrazzo.base.ids import NodeId
from torrazzo.base.times import HOUR, UtcTicks, iso_from_ticks
from torrazzo.catalogue import Catalogue, SegmentRow, rebuild
from torrazzo.durable import Disk
from torrazzo.evidence.hold import SealedKeys
from torrazzo.evidence.jobs import Jobs, Progress, Steps, Values
from torrazzo.ledger.identity import EntryName
from torrazzo.playback.held import CATALOGUE, SOURCE, Everything, HeldIndex, recorded
from torrazzo.playback.shelf import Shelf
from torrazzo.retention.held import LOST, WANTED, Held, Wanted
from torrazzo.town.home import Home

KIND = "hold"
AGAIN_MS = 600_000  # a job that failed is begun anew after that

_FENCE = 1
_GIVE = 8 << 20  # bytes gathered before they are written
_AFTER = 64  # facts behind an hour's last segment that are read with it: gaps, steps
_SEGMENT, _KIND_WITHIN = b'"kind":"seg"', 32  # keys stand in a fixed order (docs/3-formats/fact.md)
_ALWAYS = Span(UtcTicks(0), UtcTicks(1 << 62))

log = structlog.get_logger(__name__)


class HoldCopy:
    """What `Jobs` runs; its order is `{"hold": <name>}`."""

    def __init__(self, home: Home, disk: Disk, node: NodeId, roots: Callable[[], Sequence[Root]]) -> None:
        self._home, self._disk, self._node, self._roots = home, disk, node, roots
        self._held = Held(home, disk)

    def run(self, order: Values, steps: Steps) -> Values:
        """The result tells how many volumes there are, and what is lost."""
        hold = EntryName.parse(order["hold"])
        return steps.step("copy", (0, 1), lambda tell: self._copy(hold, tell))

    def tend(self, jobs: Jobs) -> None:
        """Order a job for each hold that has something to be copied, unless one is at it, or has just failed."""
        wanting = [hold for hold in self._held.copied if self._held.is_held(hold) and self._is_wanting(hold)]
        if not wanting:
            return  # as nearly always: what became of all jobs need not be read
        states, now_ms = [state for state in jobs.states() if state.kind == KIND], jobs.clock.utc() // 90
        for hold in wanting:
            mine = [state for state in states if state.order.get("hold") == str(hold)]
            is_busy = any(state.state in {"waiting", "running"} for state in mine)
            has_failed = any(state.state == "failed" and state.made + AGAIN_MS > now_ms for state in mine)
            if not is_busy and not has_failed:
                jobs.start(KIND, {"hold": str(hold)})

    def _is_wanting(self, hold: EntryName) -> bool:
        return bool(set(self._disk.list(self._held.folder(hold))) & {WANTED, SOURCE})

    # -- the copies

    def _copy(self, hold: EntryName, tell: Progress) -> Values:
        folder = self._held.folder(hold)
        wanted = Wanted.read(self._disk, folder)
        if wanted is None:
            self._forget_source(folder)
            return {"volumes": 0, "lost": 0}
        root = self._root(folder)
        held, roots = HeldIndex(self._home, self._disk), list(self._roots())
        shelf = Shelf([*roots, *(each for each in held.roots() if each.id != root.id)], self._disk)
        try:
            with Catalogue(folder / SOURCE) as source:
                copying = _Copying(self._disk, root, source, shelf, Everything(source, held))
                for serial, name in enumerate(wanted.volumes):
                    if not self._held.is_held(hold):
                        raise Refused(f"hold {hold} is over")
                    copying.copy(serial, name)
                    tell(0.95 * (serial + 1) / len(wanted.volumes))
                rebuild(self._disk, [root], folder / CATALOGUE, lambda *_: tell(0.95))
                self._disk.sync_folder(folder)
                lost = list(self._lost(copying, source, folder))
        finally:
            shelf.close()
            held.close()
        self._finish(folder, lost)
        return {"volumes": len(wanted.volumes), "lost": len(lost)}

    def _root(self, folder: Path) -> Root:
        if FILE in self._disk.list(folder):
            return open_root(self._disk, folder)
        return make_root(self._disk, folder, self._node)

    def _lost(self, copying: "_Copying", source: Catalogue, folder: Path) -> Iterator[str]:
        """Why segments are not among the copies; raises `Damaged` for one that could be: then its volume is made anew.

        No source goes before this.
        """
        with Catalogue(folder / CATALOGUE) as copies:
            for stream in source.streams():
                there = {row.id for row in copies.segments(stream, _ALWAYS) if row.volume is not None}
                for row in source.segments(stream, _ALWAYS):
                    if row.id not in there:
                        yield copying.why_lost(row)

    def _finish(self, folder: Path, lost: Sequence[str]) -> None:
        """1. What is lost is told. 2. The sources may go. 3. So does the list of what lay in them."""
        if lost:
            log.error("hold_lost", folder=str(folder), segments=len(lost), first=lost[0])
            self._disk.publish(folder / LOST, json.dumps(list(lost), ensure_ascii=False).encode())  # 1
        self._disk.unlink(folder / WANTED)  # 2
        self._disk.sync_folder(folder)
        self._forget_source(folder)  # 3
        log.info("hold_copied", folder=str(folder), lost=len(lost))

    def _forget_source(self, folder: Path) -> None:
        for name in sorted(self._disk.list(folder), reverse=True):  # side files first
            if name.startswith(SOURCE):
                self._disk.unlink(folder / name)


class _Facts(NamedTuple):
    """Of one term, by n; what was asked for and is not there does not exist."""

    asked: range
    lines: Mapping[int, bytes]


class _Copying:
    """Of one hold; rows are taken an hour at a time."""

    def __init__(self, disk: Disk, root: Root, source: Catalogue, shelf: Shelf, everything: Everything) -> None:
        self._disk, self._root, self._source, self._shelf = disk, root, source, shelf
        self._sealed = SealedKeys(everything, shelf)
        self._hour = -1
        self._ks: dict[tuple[StreamId, TermId, int], bytes] = {}  # sealed, of this hour
        self._rows: Mapping[str, list[SegmentRow]] = {}
        self._facts: dict[tuple[StreamId, TermId], _Facts] = {}  # of this hour's rows

    def copy(self, serial: int, name: str) -> None:
        """One source volume's, unless they are there."""
        header = self._header(serial, name)
        if self._is_there(self._root.volumes / header.name):
            return
        rows = self._rows_of(header.hour).get(name, [])
        with contextlib.suppress(Damaged), self._shelf.volume(name) as reader:  # `why_lost` tells it
            self._write(reader, header, sorted(rows, key=lambda row: row.pieces))

    def why_lost(self, row: SegmentRow) -> str:
        """In words, with stream and time; raises `Damaged` if it is not."""
        where = f"{row.id.stream} {iso_from_ticks(row.t0)}"
        if row.volume is None:
            return f"{where}: it is not known where it lies"
        try:
            with self._shelf.volume(row.volume) as reader:
                list(self._records(reader, row))
        except Damaged as error:
            return f"{where}: {error}"
        for name in self._disk.list(self._root.volumes):
            if VolumeHeader.from_name(name).hour == row.t0 // HOUR:
                self._disk.unlink(self._root.volumes / name)
        raise Damaged(f"{where}: not among the copies, which are made anew; its source stays")

    def _header(self, serial: int, name: str) -> VolumeHeader:
        return VolumeHeader.from_name(name)._replace(
            node=self._root.node, root=self._root.id, fence=_FENCE, serial=serial
        )

    def _is_there(self, path: Path) -> bool:
        """Whole; what a crash cut off goes."""
        if path.name not in self._disk.list(path.parent):
            return False
        with contextlib.suppress(Damaged), VolumeReader.open(self._disk, path) as reader:
            if reader.is_closed:
                return True
        self._disk.unlink(path)
        self._disk.sync_folder(path.parent)
        return False

    def _rows_of(self, hour: int) -> Mapping[str, list[SegmentRow]]:
        if hour != self._hour:
            span = Span(UtcTicks(hour * HOUR), UtcTicks((hour + 1) * HOUR))
            rows: dict[str, list[SegmentRow]] = {}
            ns: dict[tuple[StreamId, TermId], list[int]] = {}
            for stream in self._source.streams():
                for row in self._source.segments(stream, span):
                    if row.volume is not None:
                        rows.setdefault(row.volume, []).append(row)
                        ns.setdefault((stream, row.id.term), []).append(row.id.n)
            self._hour, self._rows, self._ks = hour, rows, {}
            self._facts = {owner: self._read_facts(*owner, min(own), max(own) + _AFTER) for owner, own in ns.items()}
        return self._rows

    def _read_facts(self, stream: StreamId, term: TermId, first: int, last: int) -> "_Facts":
        return _Facts(range(first, last + 1), self._source.facts(stream, term, first, last))

    def _fact(self, id_: SegmentId) -> bytes | None:
        """Its line: nearly always it was read with its hour."""
        facts = self._facts.get((id_.stream, id_.term))
        if facts is None or id_.n not in facts.asked:
            return self._source.fact(id_)
        return facts.lines.get(id_.n)

    def _write(self, reader: VolumeReader, header: VolumeHeader, rows: Sequence[SegmentRow]) -> None:
        writer = VolumeWriter.create(
            self._disk,
            self._root,
            hour=header.hour,
            retention_class=header.retention_class,
            fence=header.fence,
            serial=header.serial,
            utc=reader.header.utc,
            boot_ns=reader.header.boot_ns,
        )
        try:
            for row in rows:
                try:
                    records = list(self._records(reader, row))
                except Damaged:
                    continue  # `why_lost` tells it
                self._place(writer, row, records)
                if writer.pending_bytes > _GIVE:
                    writer.write()
            writer.finish()
        except OSError as error:
            writer.abandon()
            raise Unavailable(f"{self._root.path}: {error.strerror}; make room for what is held") from error

    def _records(self, reader: VolumeReader, row: SegmentRow) -> Iterator[tuple[RecordHeader, bytes]]:
        """Key and pieces, each as its c says; raises `Damaged` where one is not."""
        sealed = self._sealed_of(row)
        start = UtcTicks(row.t0 // HOUR * HOUR)
        key = RecordHeader.of_payload(Kind.KEY, 0, sealed)
        yield key._replace(stream=row.id.stream, term=row.id.term, t0=start, t1=start + HOUR), sealed
        for piece, offset in enumerate(row.pieces):
            header = reader.header_at(offset)
            if header.kind != Kind.PIECE or header.segment != row.id or header.piece != piece:
                raise Damaged(f"{reader.name}: offset {offset}: piece {piece} expected, found {header}")
            yield header, reader.payload(header)

    def _sealed_of(self, row: SegmentRow) -> bytes:
        """K of its stream in this hour, looked up once."""
        owner = (row.id.stream, row.id.term, row.t0 // HOUR)
        found = self._ks.get(owner)
        if found is None:
            one = recorded(row)
            assert one is not None, "it has a volume"
            found = self._ks[owner] = self._sealed.sealed(one)
        return found

    def _place(self, writer: VolumeWriter, row: SegmentRow, records: Sequence[tuple[RecordHeader, bytes]]) -> None:
        for header, payload in records:
            if header.kind == Kind.KEY and writer.has_key(row.id.stream, row.id.term):
                continue
            writer.place(
                header.kind,
                header.flags,
                payload=payload,
                stream=header.stream,
                term=header.term,
                n=header.n,
                index=header.piece,
                frames=header.frames,
                t0=header.t0,
                t1=header.t1,
                m0=header.m0,
                m1=header.m1,
                media=header.media,
                lost=header.lost,
                h=header.h,
                c=header.c,
                plain_length=header.plain_length,
            )
        line = self._fact(row.id)
        assert line is not None, "the source was made of facts"
        self._place_fact(writer, row.id, line, row.t0, row.t1)
        self._place_following(writer, row)

    def _place_following(self, writer: VolumeWriter, row: SegmentRow) -> None:
        """Facts without pictures that stand behind it: gaps, steps."""
        n = row.id.n + 1
        while True:
            id_ = SegmentId(row.id.stream, row.id.term, n)
            line = self._fact(id_)
            if line is None or _SEGMENT in line[:_KIND_WITHIN]:
                return
            self._place_fact(writer, id_, line, row.t1, row.t1)
            n += 1

    def _place_fact(self, writer: VolumeWriter, id_: SegmentId, line: bytes, t0: int, t1: int) -> None:
        writer.place(Kind.FACT, 0, payload=line, stream=id_.stream, term=id_.term, n=id_.n, t0=t0, t1=t1)
