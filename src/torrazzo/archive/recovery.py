# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a crash left, and what it owes: facts, computed from records alone, without keys (docs/3-formats/fact.md).

1. `recover` finds the volumes that have no index, what in them is intact, and every fact that is known already.
2. The caller writes the owed facts into its own volumes and syncs them.
3. `finish_recovery` then gives each of those volumes a side index. After a crash before that, all of it is repeated,
   with the same result.

Two facts of one identity must never come to be. So nothing is written for a term of which more may lie on a disk that
cannot be read now: it is left as it is, for a later start (docs/4-decisions/0007-disks-that-are-away.md).
"""

import contextlib
from collections.abc import Callable, Collection, Container, Mapping, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from torrazzo.archive.accounts import in_order
from torrazzo.archive.chain import Place, Written, chain, counts
from torrazzo.archive.fact import Fact, LastFact, parse_fact
from torrazzo.archive.header import SIZE, End, VolumeHeader
from torrazzo.archive.owed import Moment, Owed, Remains, owed_facts
from torrazzo.archive.pieces import Gatherer, Pieces, add_up
from torrazzo.archive.reader import VolumeReader
from torrazzo.archive.record import Kind, RecordHeader, parse_header, split_headers
from torrazzo.archive.root import Root
from torrazzo.archive.scan import Damage
from torrazzo.archive.summary import Summary
from torrazzo.archive.survey import (
    CutOff,
    Tenure,
    is_backed,
    last_moment,
    never_begun,
    open_volume,
    read_facts,
    survey_cut_off,
    volume_paths,
    written_for_good,
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
    away: Mapping[StreamId, TermId] = {}  # instead of `last`: the last term, of which there may be more elsewhere


IsAway = Callable[[NodeId, int], bool]


def recover(
    disk: Disk,
    roots: Sequence[Root],
    own_fence: int,
    *,
    node: NodeId | None = None,
    deep: bool = False,
    is_away: IsAway = lambda _node, _fence: False,
    lost: Collection[Tenure] = (),
) -> Recovery:
    """Find what earlier runs left undone; writes nothing, may take long, made to run in a thread.

    Volumes of `own_fence` (of `node`, which is that of the first root unless given) are being written: left alone.
    `deep` verifies every piece of a volume that was cut off, not only those of its last ten seconds.
    `is_away`: whether something of the terms of a node's start may lie on a disk that is not among `roots` now;
    `lost`: terms that may have told facts on such a disk, also where it will not come back.
    """
    own = roots[0].node if node is None else node
    survey = _Survey(disk, own, own_fence, is_away, lost, deep=deep)
    survey.gather(volume_paths(disk, roots))
    facts: list[OwedFact] = []
    last: dict[StreamId, LastFact] = {}
    away: dict[StreamId, TermId] = {}
    for stream, term in survey.tenures():
        if survey.is_away(term.node, term.fence) or survey.is_lost((stream, term)):
            last.pop(stream, None)
            away[stream] = term
            continue
        end = survey.stubs.get((stream, term))
        if end is None:
            owed, end = owed_facts(survey.remains(stream, term, last.get(stream, away.get(stream))))
            facts += map(_owed_fact, owed)
        if end is not None:
            last[stream] = end
            away.pop(stream, None)
    return Recovery(facts, last, survey.side_indexes(), survey.damages, away)


def _owed_fact(owed: Owed) -> OwedFact:
    if owed.pieces is None:
        return OwedFact(owed.fact.line, None, (), owed.fact)
    return OwedFact(owed.fact.line, owed.pieces.volume, owed.pieces.offsets, owed.fact)


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

    def __init__(
        self, disk: Disk, own: NodeId, own_fence: int, is_away: IsAway, lost: Collection[Tenure], *, deep: bool
    ) -> None:
        self.disk, self.own, self.own_fence = disk, own, own_fence
        self.damages: list[Damage] = []
        self.stubs: dict[Tenure, LastFact] = {}  # terms whose last fact is damaged
        self._is_away, self._lost, self._deep = is_away, lost, deep
        self._unread: set[tuple[NodeId, int]] = set()  # node and fence of volumes that the disk did not give
        self._cut_off: list[CutOff] = []
        self._indexed: list[tuple[VolumeHeader, Path]] = []  # newest first
        self._empty: list[SideIndex] = []
        self._facts: dict[Tenure, dict[int, list[Written]]] = {}
        self._segments: dict[Tenure, dict[int, list[Pieces]]] = {}
        self._ends: dict[Tenure, tuple[int, Place]] = {}  # last facts in volumes that have an index
        self._oldest: dict[Tenure, Path] = {}  # the oldest such volume with facts of the term
        self._firsts: dict[Tenure, Fact] = {}  # term facts of terms that follow one of these
        self._order: dict[StreamId, list[TermId]] = {}
        self._following: dict[Tenure, TermId] = {}
        self._named: dict[Tenure, tuple[int, bytes]] = {}  # last facts, as the terms that follow name them
        self._chains: dict[Tenure, dict[int, Written]] = {}
        self._moments: dict[tuple[NodeId, int], Moment] = {}  # at first of volumes that were cut off

    def gather(self, paths: Sequence[Path]) -> None:
        """Go through the volumes: those cut off first, then the others, newest first."""
        for path in paths:
            if not self._read(path, self._take_volume):
                self._take_never_begun(path)
        self._indexed.sort(key=lambda each: (each[0].node == self.own, each[0].fence, each[0].boot_ns), reverse=True)
        wanted = {
            tenure: range(min((*self._facts.get(tenure, ()), *self._segments.get(tenure, ()))) - 1, 1 << 64)
            for tenure in {*self._facts, *self._segments}
        }
        for _, path in self._indexed:
            self._read(path, partial(self._take_indexed, wanted))
        self._note_order()
        self._read_ends(wanted)
        self._read_firsts()
        self._judge_backing()
        self._cut_off = [volume._replace(segments={}) for volume in self._cut_off]

    def tenures(self) -> list[Tenure]:
        """In order: every term of which more is known than its end, the last one of each stream, those lost."""
        known = {*self._facts, *self._segments, *self.stubs, *self._lost}
        return [
            (stream, term) for stream in sorted(self._order) for term in self._order[stream] if (stream, term) in known
        ]

    def is_away(self, node: NodeId, fence: int) -> bool:
        """Whether more of the terms of that start, or of their recovery, may lie where nothing can be read now."""
        return self._is_away(node, fence) or any(of == node and fence <= unread for of, unread in self._unread)

    def is_lost(self, tenure: Tenure) -> bool:
        """Whether nothing was found of a term that may have told facts elsewhere."""
        return tenure in self._lost and not any(tenure in found for found in (self._facts, self._segments, self._ends))

    def remains(self, stream: StreamId, term: TermId, prior: LastFact | TermId | None) -> Remains:
        """All that is left of one term."""
        tenure = (stream, term)
        chosen = {n: written.fact for n, written in self._chain(tenure).items()}
        segments = {n: several for n, several in self._segments.get(tenure, {}).items() if n not in chosen}
        is_open = bool(chosen) and chosen[max(chosen)].t1 is None
        moment = self._moment(term) if segments or is_open or 0 not in chosen else Moment(0, 0, "")
        is_whole = tenure not in self._ends
        return Remains(stream, term, chosen, segments, moment, prior, self._up_to(tenure), is_whole)

    def side_indexes(self) -> list[SideIndex]:
        """For each volume cut off, unless more may come back: its intact records, without facts that do not count."""
        indexes = list(self._empty)
        for volume in self._cut_off:
            if self.is_away(volume.header.node, volume.header.fence):
                continue
            leave = set(volume.bad) | {each.place.offset for each in volume.facts if not self._counts(each)}
            kept = [data for data in split_headers(volume.headers) if int.from_bytes(data[12:20]) not in leave]
            indexes.append(SideIndex(volume.path, volume.header, b"".join(kept)))
        return indexes

    # -- volumes

    def _read(self, path: Path, act: Callable[[VolumeReader], None]) -> bool:
        """Let `act` read a volume; False if there is none. What a disk does not give now it may give later."""
        try:
            reader = open_volume(self.disk, path, self.damages)
            if reader is None:
                return False
            with reader:
                act(reader)
        except FileNotFoundError:  # whoever makes a volume takes it away again where that fails
            return False
        except (Damaged, OSError) as error:
            self.damages.append(Damage(path.name, 0, 0, f"cannot be read: {error}", False, None))
            if isinstance(error, OSError):
                self._note_unread(path)
        return True

    def _note_unread(self, path: Path) -> None:
        with contextlib.suppress(Invalid):
            claim = VolumeHeader.from_name(path.name)
            if (claim.node, claim.fence) != (self.own, self.own_fence):
                self._unread.add((claim.node, claim.fence))

    def _take_volume(self, reader: VolumeReader) -> None:
        if (reader.header.node, reader.header.fence) == (self.own, self.own_fence):
            return
        if reader.is_indexed:
            self._indexed.append((reader.header, reader.path))
        else:
            self._take_cut_off(survey_cut_off(reader, deep=self._deep))

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
            self._segments.setdefault((segment.stream, segment.term), {}).setdefault(segment.n, []).append(pieces)

    def _take_indexed(self, wanted: Mapping[Tenure, range], reader: VolumeReader) -> None:
        """Note last facts by the summary; read the whole index only where facts of a cut-off term may be."""
        has_wanted = False
        for tenure, held in reader.summary().items():
            if not held.offset:
                continue
            self._oldest[tenure] = reader.path  # newest first: the last one noted is the oldest
            has_wanted |= tenure in wanted and held.n >= wanted[tenure].start
            if tenure not in self._ends or held.n > self._ends[tenure][0]:
                self._ends[tenure] = (held.n, Place(reader.path, held.offset))
        if has_wanted:
            self._take_facts(wanted, reader)

    def _take_facts(self, wanted: Mapping[Tenure, Container[int]], reader: VolumeReader) -> None:
        for written in read_facts(reader, wanted):
            self._add(written)

    # -- terms and their facts

    def _note_order(self) -> None:
        """Terms as they followed each other; this machine's last."""
        for stream, term in {*self._facts, *self._segments, *self._ends, *self._lost}:
            self._order.setdefault(stream, []).append(term)
        for stream, terms in self._order.items():
            terms[:] = sorted(in_order(terms, {}), key=lambda term: term.node == self.own)
            self._following.update(((stream, term), after) for term, after in pairwise(terms))

    def _read_ends(self, wanted: Container[Tenure]) -> None:
        """The last facts of cut-off terms, of those of the same starts, of those before, and of each stream."""
        places: dict[Path, list[tuple[Tenure, int]]] = {}
        for tenure, (n, place) in self._ends.items():
            stream, term = tenure
            after = self._following.get(tenure)
            is_due = after is None or tenure in wanted or (stream, after) in wanted
            if n not in self._facts.get(tenure, {}) and (is_due or (term.node, term.fence) in self._moments):
                places.setdefault(place.path, []).append((tenure, place.offset))
        for path, some in places.items():
            self._read(path, partial(self._take_ends, some))

    def _take_ends(self, some: Sequence[tuple[Tenure, int]], reader: VolumeReader) -> None:
        for tenure, offset in some:
            self._take_end(reader, tenure, offset)

    def _take_end(self, reader: VolumeReader, tenure: Tenure, offset: int) -> None:
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
        self._add(written_for_good(reader, header, fact))

    def _read_firsts(self) -> None:
        """The term fact of each term that follows one of these: it names what was known as that one's last."""
        places: dict[Path, dict[Tenure, range]] = {}
        for stream, term in {*self._facts, *self._segments}:
            after = self._following.get((stream, term))
            path = None if after is None else self._oldest.get((stream, after))
            if after is not None and path is not None:
                places.setdefault(path, {})[stream, after] = range(1)
        for path, some in places.items():
            self._read(path, partial(self._take_firsts, some))
        for tenure, of_term in self._facts.items():
            for written in sorted(of_term.get(0, ()), key=lambda each: each.later):
                self._firsts[tenure] = written.fact
        begun = [(fact.stream, fact.prior) for fact in self._firsts.values() if fact.prior is not None]
        self._named = {(stream, prior[0]): prior[1:] for stream, prior in begun}

    def _take_firsts(self, some: Mapping[Tenure, range], reader: VolumeReader) -> None:
        for written in read_facts(reader, some):
            self._firsts[written.fact.stream, written.fact.term] = written.fact

    def _add(self, written: Written) -> None:
        fact = written.fact
        same = self._facts.setdefault((fact.stream, fact.term), {}).setdefault(fact.n, [])
        if not any(each.place == written.place for each in same):
            same.append(written)

    def _judge_backing(self) -> None:
        """See where else the pieces may be that a fact tells of which may never have been synced."""
        for of_term in self._facts.values():
            for several in of_term.values():
                for at, each in enumerate(several):
                    if not each.is_suspect or each.is_backed:
                        continue
                    is_found = is_backed(each, self._cut_off) or self._is_indexed(each.fact)
                    several[at] = each._replace(is_backed=is_found)

    def _is_indexed(self, fact: Fact) -> bool:
        """Whether a volume that has an index holds the pieces of this fact."""
        found: list[bool] = []
        for header, path in self._indexed:
            if (header.node, header.fence) == (fact.term.node, fact.term.fence):
                self._read(path, lambda reader: found.append(_holds_pieces(reader, fact)))
        return any(found)

    def _chain(self, tenure: Tenure) -> dict[int, Written]:
        """The term's facts that count."""
        if tenure not in self._chains:
            self._chains[tenure] = chain(self._facts.get(tenure, {}), self._named.get(tenure))
        return self._chains[tenure]

    def _counts(self, written: Written) -> bool:
        term = written.fact.term
        return self.is_away(term.node, term.fence) or counts(written, self._chain((written.fact.stream, term)))

    def _up_to(self, tenure: Tenure) -> int | None:
        """The n of what the next term names as this one's last; -1 if it names something else, None if that is free."""
        if tenure in self._named:
            return self._named[tenure][0]
        after = self._following.get(tenure)
        first = None if after is None else self._firsts.get((tenure[0], after))
        return None if first is None or first.lost_term is not None else -1

    def _moment(self, term: TermId) -> Moment:
        """When the term's recorder ran last."""
        fence = (term.node, term.fence)
        newest = next((path for header, path in self._indexed if (header.node, header.fence) == fence), None)
        if fence not in self._moments and newest is not None:
            try:
                self._moments[fence] = last_moment(self.disk, newest)
            except (Damaged, OSError) as error:
                self.damages.append(Damage(newest.name, 0, 0, f"cannot be read: {error}", False, None))
        return self._moments.get(fence, Moment(0, 0, ""))


def _holds_pieces(reader: VolumeReader, fact: Fact) -> bool:
    held = reader.summary().get((fact.stream, fact.term))
    if held is None or not held.t0 <= fact.t0 < held.t1:
        return False
    gatherer = Gatherer(reader.header)
    for header in reader.headers():
        if header.kind == Kind.PIECE and header.segment == fact.id:
            gatherer.add(header)
    return gatherer.fits(fact)
