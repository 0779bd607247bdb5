# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Placing a hold: what is recorded of a span is kept past its life.

1. A window is opened by the fact. 2. What is to be copied is written down: retention unlinks none of it from here on.
3. The keys go into the vault, those first whose hour ends first; only then the hold is placed. `hold_copy` does the
rest.

Segments are kept whole: of each stream all that touch the span, and those before that its first picture refers to.
So it is some seconds more at the ends, and never less than was recorded.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

import structlog

from torrazzo.access import Windows
from torrazzo.access.holding import Holding
from torrazzo.archive.root import Root
from torrazzo.base import SegmentId, Span, StreamId, TermId
from torrazzo.base.clock import Clock
from torrazzo.base.errors import Damaged, Invalid, Refused, TorrazzoError, Unavailable
from torrazzo.base.times import HOUR
from torrazzo.catalogue import CatalogueWriter, Delivered, SegmentRow
from torrazzo.durable import Disk
from torrazzo.keyring.answer import Denied
from torrazzo.keyring.public import KeyName
from torrazzo.ledger.act import Wanted as Named
from torrazzo.ledger.identity import EntryName
from torrazzo.ledger.private import Private
from torrazzo.ledger.prove_many import MOST_ENTRIES
from torrazzo.playback.held import SOURCE, Everything, recorded
from torrazzo.playback.index import Recorded, whole_span
from torrazzo.playback.segment_keys import SegmentKeys
from torrazzo.playback.shelf import Shelf
from torrazzo.retention import load_forgotten
from torrazzo.retention.held import WANTED, Held, Wanted
from torrazzo.town.home import Home
from torrazzo.town.lives import life_of

MOST = 20 * 24 * HOUR  # of one hold: cameras times time

_BATCH = 2_000

log = structlog.get_logger(__name__)


class Kept(NamedTuple):
    """Of one stream: its segments, and from when to when they reach; gaps are within that."""

    span: Span
    segments: int


class Placed(NamedTuple):
    """A hold, as it is told."""

    name: EntryName
    kept: Mapping[StreamId, Kept]  # of each stream that was asked for and recorded
    segments: int  # whose keys are in the vault
    volumes: int  # that are being copied
    lost: tuple[str, ...]  # what could not be held, in words


class SealedKeys(SegmentKeys):
    """Finds sealed keys, and opens none."""

    def __init__(self, everything: Everything, shelf: Shelf) -> None:
        super().__init__(everything, shelf, _Nobody())

    def sealed(self, row: Recorded) -> bytes:
        """K of this segment, as it stands in a volume; raises `Damaged` if none has it."""
        return self._find_sealed(row)


class _Nobody:
    def segment_keys(self, *_: object) -> dict[int, bytes]:
        raise Refused("keys of a hold are given to nobody")


class Placing:
    """Of one home."""

    def __init__(self, home: Home, disk: Disk, clock: Clock, everything: Everything, roots: Sequence[Root]) -> None:
        self._held, self._disk, self._clock = Held(home, disk), disk, clock
        self._everything, self._roots, self._keyring = everything, roots, home.keyring

    def place(self, windows: Windows, who: Private, streams: Sequence[StreamId], span: Span, cause: str) -> Placed:
        """For a cause that has a term (keyring/vault_terms.py).

        Raises `Refused` for too much at once, `Invalid` if nothing was recorded, `Damaged` if nothing of it can be
        held, and what ledger and keyring raise. After an error the hold has what was put until then; placed again, it
        is another one.
        """
        if len(streams) * (span.end - span.start) > MOST:
            raise Refused(
                "one hold is of at most 20 cameras for 24 hours, or as much: place several, each with its reason"
            )
        rows, whole = self._find(streams, span)
        window = windows.open_hold(who, Named(frozenset(streams), whole), cause)
        hold, why = window.hold, "failed"
        try:
            rows, volumes = self._want(hold, rows)
            count, lost = self._put(window, rows)
            why = "done"
        except (OSError, TorrazzoError) as error:
            told = f"hold {hold} is not complete: {error}; place it again, then release {hold}"
            raise Unavailable(told) from error
        finally:
            window.close(why)
        if not count:
            raise Damaged(f"nothing of it can be held: {'; '.join(lost)}")
        log.warning("hold_placed", hold=str(hold), segments=count, volumes=len(volumes), lost=len(lost))
        return Placed(hold, _kept(rows), count, len(volumes), tuple(lost))

    def _find(self, streams: Sequence[StreamId], span: Span) -> tuple[list[SegmentRow], Span]:
        """In order of their end of life; and what they cover."""
        rows: list[SegmentRow] = []
        for stream in streams:
            whole = whole_span(self._everything, stream, span, 0)
            if whole is not None:
                found = self._everything.rows(stream, whole)
                rows += [row for row in found if whole.start <= row.t0 and row.t1 <= whole.end]
        if not rows:
            raise Invalid(f"nothing was recorded in {span}; `torrazzo footage list` tells what is")
        rows.sort(key=_urgency)
        return rows, Span(min(row.t0 for row in rows), max(row.t1 for row in rows))

    # -- what is to be copied

    def _want(self, hold: EntryName, rows: list[SegmentRow]) -> tuple[list[SegmentRow], list[str]]:
        """1. Which files are not to be unlinked. 2. What lies where in them: returned too.

        Retention tells which hours are gone, then asks which files are wanted, then unlinks. Here it is the other way
        round, so of two that meet one gives way: what is gone by then is copied from another hold, if one has it.
        """
        folder = self._held.folder(hold)
        self._disk.make_folder(folder)
        volumes: list[str] | None = None
        while volumes != (named := _volumes(rows)):
            volumes = named
            self._disk.publish(folder / WANTED, Wanted(self._clock.utc(), volumes).pack())  # 1
            rows = self._lasting(rows)
        with CatalogueWriter(folder / SOURCE) as writer:  # 2
            facts = self._facts(rows)
            while batch := list(islice(facts, _BATCH)):
                writer.insert(batch)
        self._disk.sync_folder(folder)
        return rows, volumes

    def _lasting(self, rows: list[SegmentRow]) -> list[SegmentRow]:
        gone = load_forgotten(self._disk, self._keyring)
        going = [row for row in rows if gone.has(KeyName(row.t0 // HOUR, row.retention_class))]
        if not going:
            return rows
        span = Span(min(row.t0 for row in going), max(row.t1 for row in going))
        held: dict[SegmentId, SegmentRow] = {}
        for stream in {row.id.stream for row in going}:
            held |= self._everything.lasting(stream, span)
        ids = {row.id for row in going} & held.keys()
        return [held[row.id] if row.id in ids else row for row in rows]

    def _facts(self, rows: Sequence[SegmentRow]) -> Iterator[Delivered]:
        """Those of the segments, and what stands between two of them: gaps, steps. Many are asked for at once."""
        terms: dict[tuple[StreamId, TermId], dict[int, SegmentRow]] = {}
        for row in rows:
            terms.setdefault((row.id.stream, row.id.term), {})[row.id.n] = row
        for owner, own in terms.items():
            last = max(own)
            for first in range(min(own), last + 1, _BATCH):
                facts = self._everything.facts(*owner, first, min(first + _BATCH - 1, last))
                for n, line in sorted(facts.items()):  # of one forgotten just now there is none, nor its key
                    found = own.get(n)
                    yield Delivered(line) if found is None else Delivered(line, found.volume, found.pieces)

    # -- their keys

    def _put(self, window: Holding, rows: Sequence[SegmentRow]) -> tuple[int, list[str]]:
        shelf = Shelf(self._roots, self._disk)
        sealed = SealedKeys(self._everything, shelf)
        count, lost = 0, list[str]()
        if nowhere := sum(row.volume is None for row in rows):
            lost.append(f"{nowhere} segments: it is not known where they lie")
        try:
            for group in _groups(rows):
                where = f"{group[0].id.stream} {group[0].hour}"
                try:
                    window.put([row.id for row in group], sealed.sealed(group[0]))
                except (Damaged, Refused) as error:
                    if isinstance(error, Denied) or window.is_closed:
                        raise
                    lost.append(f"{len(group)} segments: {error}")
                    log.warning("hold_lacks", where=where, error=str(error))
                else:
                    count += len(group)
        finally:
            shelf.close()
        return count, lost


def _volumes(rows: Iterable[SegmentRow]) -> list[str]:
    return sorted({row.volume for row in rows if row.volume is not None})


def _urgency(row: SegmentRow) -> tuple[int, str, str, int]:
    """When its hour's key goes; then so that `_groups` finds together what is proven at once."""
    hour, class_ = row.t0 // HOUR, row.retention_class
    return hour + life_of(class_), f"{row.id.stream} {class_}", str(row.id.term), row.id.n


def _kept(rows: Iterable[SegmentRow]) -> Mapping[StreamId, Kept]:
    found: dict[StreamId, Kept] = {}
    for row in rows:
        span = Span(row.t0, row.t1)
        before = found.get(row.id.stream, Kept(span, 0))
        whole = Span(min(before.span.start, span.start), max(before.span.end, span.end))
        found[row.id.stream] = Kept(whole, before.segments + 1)
    return found


def _groups(rows: Sequence[SegmentRow]) -> Iterator[list[Recorded]]:
    """Of one stream, term, hour and class each, in order, as many as are proven at once."""
    group: list[Recorded] = []
    for row in rows:
        one = recorded(row)
        if one is None:
            continue
        if group and (_owner(one) != _owner(group[0]) or len(group) == MOST_ENTRIES):
            yield group
            group = []
        group.append(one)
    if group:
        yield group


def _owner(row: Recorded) -> tuple[StreamId, TermId, int, str]:
    return row.id.stream, row.id.term, row.hour, row.class_
