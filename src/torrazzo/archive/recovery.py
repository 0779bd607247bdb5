# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a crash left, and what it owes: facts, computed from records alone, without keys (docs/3-formats/fact.md).

1. `recover` finds the volumes that have no index, what in them is intact, and every fact that is known already.
2. The caller writes the owed facts into its own volumes and syncs them.
3. `finish_recovery` then gives each of those volumes a side index. After a crash before that, all of it is repeated,
   with the same result.
"""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from torrazzo.archive.fact import Fact, LastFact, parse_fact
from torrazzo.archive.header import SIZE, End, VolumeHeader
from torrazzo.archive.owed import Moment, Remains, owed_facts
from torrazzo.archive.pieces import Pieces, add_up, first_pieces
from torrazzo.archive.reader import VolumeReader
from torrazzo.archive.record import Kind, RecordHeader, parse_header, split_headers
from torrazzo.archive.root import Root
from torrazzo.archive.scan import Damage
from torrazzo.archive.summary import Summary
from torrazzo.archive.survey import (
    CutOff,
    Place,
    Tenure,
    Written,
    last_moment,
    never_begun,
    open_volume,
    read_facts,
    survey_cut_off,
    term_order,
    volume_paths,
)
from torrazzo.archive.volume import VolumeWriter
from torrazzo.base import StreamId, TermId
from torrazzo.base.errors import Damaged, Invalid
from torrazzo.base.ids import NodeId
from torrazzo.durable import Disk


class OwedFact(NamedTuple):
    """A fact of an old term, to be written into a volume of the running recorder."""

    fact: bytes
    volume: str | None  # file name of the volume with its pieces
    pieces: tuple[int, ...]  # their offsets
    parsed: Fact

    def place(self, writer: VolumeWriter, fact: bytes) -> None:
        """Put it into a volume; on disk after its flush."""
        said = self.parsed
        t1 = said.t0 if said.t1 is None else said.t1
        writer.place(Kind.FACT, 0, stream=said.stream, term=said.term, n=said.n, t0=said.t0, t1=t1, payload=fact)


class SideIndex(NamedTuple):
    """What stands for the missing end of a volume."""

    path: Path
    header: VolumeHeader
    headers: bytes


class Recovery(NamedTuple):
    """What was found: to be written, to be known, to be told."""

    facts: list[OwedFact]
    last: dict[StreamId, LastFact]  # over all old terms, with the owed facts
    volumes: list[SideIndex]
    damages: list[Damage]


def recover(
    disk: Disk, roots: Sequence[Root], own_fence: int, *, node: NodeId | None = None, deep: bool = False
) -> Recovery:
    """Find what earlier runs left undone; writes nothing, may take long, made to run in a thread.

    Volumes of `own_fence` (of `node`, which is that of the first root unless given) are being written: left alone.
    `deep` verifies every piece of a volume that was cut off, not only those of its last ten seconds.
    """
    own = roots[0].node if node is None else node
    survey = _Survey(disk, own, own_fence)
    survey.gather(volume_paths(disk, roots), deep=deep)
    facts: list[OwedFact] = []
    last: dict[StreamId, LastFact] = {}
    for stream, term in sorted(survey.tenures(), key=lambda who: (who[0], term_order(own, who[1]))):
        stub = survey.stubs.get((stream, term))
        if stub is not None:
            last[stream] = stub
            continue
        owed, end = owed_facts(survey.remains(stream, term, last.get(stream)))
        if end is not None:
            last[stream] = end
        for each in owed:
            volume = None if each.pieces is None else each.pieces.volume
            offsets = () if each.pieces is None else each.pieces.offsets
            facts.append(OwedFact(each.fact.line, volume, offsets, each.fact))
    return Recovery(facts, last, survey.side_indexes(), survey.damages)


def finish_recovery(disk: Disk, found: Recovery) -> list[str]:
    """Write the side indexes; only after the owed facts have been synced. Returns what the disk refused.

    A side index that is missing costs the next start a scan, and nothing else: it will owe no fact twice.
    """
    refused = []
    for volume in found.volumes:
        try:
            disk.publish(volume.path.with_suffix(".idx"), side_index(volume.header, volume.headers))
        except OSError as error:
            refused.append(f"{volume.path.with_suffix('.idx')}: {error}")
    return refused


def side_index(header: VolumeHeader, headers: bytes) -> bytes:
    """The bytes of a side index: header, summary record, index record, end (docs/3-formats/volume.md, section End)."""
    volume_id = header.volume_id
    summary, count = Summary(), 0
    for data in split_headers(headers):
        summary.add_header(parse_header(data, volume_id))
        count += 1
    table = summary.pack()
    first = RecordHeader.of_payload(Kind.SUMMARY, SIZE, table)
    second = RecordHeader.of_payload(Kind.INDEX, first.end, headers)
    end = End(second.offset, count, second.offset - first.offset)
    records = (first.pack(volume_id), table, second.pack(volume_id), headers)
    return b"".join((header.pack(), *records, end.pack(volume_id)))


class _Survey:
    """What is known of all terms."""

    def __init__(self, disk: Disk, own: NodeId, own_fence: int) -> None:
        self.disk, self.own, self.own_fence = disk, own, own_fence
        self.damages: list[Damage] = []
        self._cut_off: list[CutOff] = []
        self.stubs: dict[Tenure, LastFact] = {}  # terms whose last fact is damaged
        self._empty: list[SideIndex] = []
        self._indexed: set[Tenure] = set()  # terms with facts in volumes that have an index
        self._facts: dict[Tenure, dict[int, list[Written]]] = {}
        self._segments: dict[Tenure, dict[int, Pieces]] = {}
        self._moments: dict[tuple[NodeId, int], Moment] = {}
        self._newest: dict[tuple[NodeId, int], tuple[int, Path]] = {}  # last volume of each fence

    def gather(self, paths: Sequence[Path], *, deep: bool) -> None:
        """Go through the volumes: those cut off first, then the others, newest first."""
        indexed: list[tuple[VolumeHeader, Path]] = []
        for path in paths:
            reader = open_volume(self.disk, path, self.damages)
            if reader is None:
                self._take_never_begun(path)
                continue
            with reader:
                if (reader.header.node, reader.header.fence) == (self.own, self.own_fence):
                    continue
                if reader.is_indexed:
                    indexed.append((reader.header, path))
                else:
                    self._take_cut_off(survey_cut_off(reader, deep=deep))
        self._drop_unbacked()
        indexed.sort(key=lambda each: (each[0].node == self.own, each[0].fence, each[0].boot_ns), reverse=True)
        self._take_indexed([path for _, path in indexed])
        self._cut_off = [volume._replace(segments={}) for volume in self._cut_off]
        for header, path in indexed:
            fence = (header.node, header.fence)
            self._newest[fence] = max(self._newest.get(fence, (-1, path)), (int(header.boot_ns), path))

    def tenures(self) -> list[Tenure]:
        """Every (stream, term) of which something is known: those cut off, and the last one of each stream."""
        return list({*self._facts, *self._segments, *self.stubs})

    def remains(self, stream: StreamId, term: TermId, prior: LastFact | None) -> Remains:
        """All that is left of one term."""
        chosen = {n: written.fact for n, written in self._chosen((stream, term)).items()}
        segments = {n: pieces for n, pieces in self._segments.get((stream, term), {}).items() if n not in chosen}
        is_open = bool(chosen) and chosen[max(chosen)].t1 is None
        moment = self._moment(term) if segments or is_open or 0 not in chosen else Moment(0, 0, "")
        is_whole = (stream, term) not in self._indexed
        return Remains(stream, term, chosen, segments, moment, prior, self._up_to(stream, term), is_whole)

    def side_indexes(self) -> list[SideIndex]:
        """For each volume cut off: its intact records, without facts that another one has superseded."""
        counting = {written.place for tenure in self._facts for written in self._chosen(tenure).values()}
        indexes = list(self._empty)
        for volume in self._cut_off:
            leave = set(volume.bad) | {each.place.offset for each in volume.facts if each.place not in counting}
            kept = [data for data in split_headers(volume.headers) if int.from_bytes(data[12:20]) not in leave]
            indexes.append(SideIndex(volume.path, volume.header, b"".join(kept)))
        return indexes

    def _take_never_begun(self, path: Path) -> None:
        """An empty side index says that it was seen."""
        claim = never_begun(self.disk, path)
        if claim is not None and (claim.node, claim.fence) != (self.own, self.own_fence):
            self._empty.append(SideIndex(path, claim, b""))

    def _take_cut_off(self, volume: CutOff) -> None:
        self._cut_off.append(volume)
        self.damages += volume.damages
        fence = (volume.header.node, volume.header.fence)
        known = self._moments.get(fence)
        if known is None or volume.moment.boot_ns > known.boot_ns:
            self._moments[fence] = volume.moment
        for written in volume.facts:
            self._add(written)
        for segment, headers in volume.segments.items():
            if len(headers) < 2:  # an init without pictures
                continue
            pieces = add_up(headers, volume.header)._replace(volume=volume.path.name)
            of_term = self._segments.setdefault((segment.stream, segment.term), {})
            known_pieces = of_term.get(segment.n)
            if known_pieces is None or len(pieces.offsets) > len(known_pieces.offsets):
                of_term[segment.n] = pieces

    def _drop_unbacked(self) -> None:
        """Facts that survived without having been synced, while pieces they tell of did not: they were never told.

        What follows such a fact in its term was not synced either; or else its pieces were damaged later, and it stays.
        """
        for tenure, of_term in list(self._facts.items()):
            unbacked = [
                n
                for n, several in of_term.items()
                if any(each.is_suspect and not self._is_backed(each) for each in several)
            ]
            if not unbacked:
                continue
            gone = [n for n in of_term if n >= min(unbacked)]
            if all(each.is_suspect for n in gone for each in of_term[n]):
                self._facts[tenure] = {n: several for n, several in of_term.items() if n not in gone}
                if not self._facts[tenure]:
                    del self._facts[tenure]

    def _is_backed(self, written: Written) -> bool:
        if written.is_backed:
            return True
        fact = written.fact
        for volume in self._cut_off:
            pieces = first_pieces(volume.segments.get(fact.id, []), fact, volume.header)
            if pieces is not None and pieces.c == fact.c:
                return True
        return False

    def _take_indexed(self, newest_first: Sequence[Path]) -> None:
        """Last facts of all terms, by summaries; whole indexes only where facts of a cut-off term may be."""
        wanted = {
            tenure: min((*self._facts.get(tenure, ()), *self._segments.get(tenure, ()))) - 1
            for tenure in {*self._facts, *self._segments}
        }
        ends: dict[Tenure, tuple[int, Place]] = {}
        firsts: dict[Tenure, Path] = {}
        for path in newest_first:
            reader = open_volume(self.disk, path, self.damages)
            if reader is None:
                continue
            with reader:
                try:
                    has_wanted = self._note_ends(reader, wanted, ends, firsts)
                    for written in read_facts(reader, wanted) if has_wanted else ():
                        self._add(written)
                except (Damaged, OSError) as error:
                    self.damages.append(Damage(path.name, 0, 0, f"cannot be read: {error}", False, None))
        self._indexed = set(ends)
        self._read_ends(ends, wanted)
        self._read_firsts(firsts)

    def _note_ends(
        self,
        reader: VolumeReader,
        wanted: Mapping[Tenure, int],
        ends: dict[Tenure, tuple[int, Place]],
        firsts: dict[Tenure, Path],
    ) -> bool:
        has_wanted = False
        for tenure, held in reader.summary().items():
            if not held.offset:
                continue
            firsts[tenure] = reader.path  # newest first: the last one noted is the oldest
            has_wanted |= tenure in wanted and held.n >= wanted[tenure]
            if tenure not in ends or held.n > ends[tenure][0]:
                ends[tenure] = (held.n, Place(reader.path, held.offset))
        return has_wanted

    def _read_ends(self, ends: Mapping[Tenure, tuple[int, Place]], wanted: Mapping[Tenure, int]) -> None:
        """The last known fact of each cut-off term, and of the last term of each other stream."""
        final: dict[StreamId, TermId] = {}
        for stream, term in ends:
            if stream not in final or term_order(self.own, term) > term_order(self.own, final[stream]):
                final[stream] = term
        places: dict[Path, list[tuple[Tenure, int]]] = {}
        for tenure, (n, place) in ends.items():
            if n not in self._facts.get(tenure, {}) and (tenure in wanted or final[tenure[0]] == tenure[1]):
                places.setdefault(place.path, []).append((tenure, place.offset))
        for path, some in places.items():
            with self._opened(path) as reader:
                if reader is not None:
                    for tenure, offset in some:
                        self._read_end(reader, tenure, offset)

    def _read_end(self, reader: VolumeReader, tenure: Tenure, offset: int) -> None:
        """One fact by its place; where only its record's header is sound, that says enough to go on from."""
        try:
            header = reader.header_at(offset)
        except (Damaged, OSError) as error:
            self.damages.append(Damage(reader.name, offset, 0, f"bad record: {error}", False, None))
            return
        try:
            fact = parse_fact(reader.payload(header))
        except (Damaged, Invalid, OSError) as error:
            self.damages.append(Damage(reader.name, offset, 0, f"bad payload: {error}", False, None))
            self.stubs[tenure] = LastFact(tenure[1], header.n, header.c, header.t1)
            return
        self._add(Written(fact, 1 << 64, Place(reader.path, offset)))

    def _read_firsts(self, firsts: Mapping[Tenure, Path]) -> None:
        """The term fact of each term that follows a cut-off one: it names what was known as that one's last."""
        places: dict[Path, dict[Tenure, int]] = {}
        for (stream, term), path in firsts.items():
            order = term_order(self.own, term)
            if any(of == stream and term_order(self.own, other) < order for of, other in self._segments):
                places.setdefault(path, {})[stream, term] = 0
        for path, some in places.items():
            with self._opened(path) as reader:
                if reader is not None:
                    for written in read_facts(reader, some):
                        if written.fact.n == 0:
                            self._add(written)

    @contextlib.contextmanager
    def _opened(self, path: Path) -> Iterator[VolumeReader | None]:
        reader = open_volume(self.disk, path, self.damages)
        try:
            yield reader
        finally:
            if reader is not None:
                reader.close()

    def _add(self, written: Written) -> None:
        fact = written.fact
        same = self._facts.setdefault((fact.stream, fact.term), {}).setdefault(fact.n, [])
        if not any(each.place == written.place for each in same):
            same.append(written)

    def _chosen(self, tenure: Tenure) -> dict[int, Written]:
        """One fact per number: the one that the next names, or else the one whose volume was written longest."""
        chosen: dict[int, Written] = {}
        of_term = self._facts.get(tenure, {})
        for n in sorted(of_term, reverse=True):
            after = chosen.get(n + 1)
            named = [each for each in of_term[n] if after is not None and after.fact.prev == each.fact.hash]
            chosen[n] = max(named or of_term[n], key=lambda each: each.reach)
        return chosen

    def _up_to(self, stream: StreamId, term: TermId) -> int | None:
        """What the next term that has a first fact names as this one's last; -1 if it names something else."""
        order = term_order(self.own, term)
        later = [
            (term_order(self.own, other), facts[0])
            for (of, other), facts in self._facts.items()
            if of == stream and 0 in facts and term_order(self.own, other) > order
        ]
        if not later:
            return None
        prior = min(later, key=lambda each: each[0])[1][0].fact.prior
        return prior[1] if prior is not None and prior[0] == term else -1

    def _moment(self, term: TermId) -> Moment:
        fence = (term.node, term.fence)
        if fence not in self._moments and fence in self._newest:
            try:
                self._moments[fence] = last_moment(self.disk, self._newest[fence][1])
            except (Damaged, OSError) as error:
                self.damages.append(Damage(self._newest[fence][1].name, 0, 0, f"cannot be read: {error}", False, None))
        return self._moments.get(fence, Moment(0, 0, ""))
