# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Keys of segments, asked for in batches and kept while somebody looks (docs/3-formats/keys.md)."""

import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol, TypeVar

from torrazzo.base import SegmentId, Span, StreamId, TermId
from torrazzo.base.errors import Damaged, KeyGone
from torrazzo.base.times import HOUR, SECOND, UtcTicks
from torrazzo.playback.index import Index, Recorded
from torrazzo.playback.shelf import Shelf

KEPT = 8_192
AT_ONCE = 64
ERASED = "erased"  # of a `KeyGone`: of the camera's whole hour
NEAR = 11 * 60 * SECOND  # a volume is written to for ten minutes: so far back its first piece is

K = TypeVar("K")
V = TypeVar("V")


class Keys(Protocol):
    """Whoever may give them: `access.Window` is one."""

    def segment_keys(
        self, stream: StreamId, term: TermId, hour: int, class_: str, sealed: bytes, ns: Sequence[int]
    ) -> dict[int, bytes]:
        """Keys of segments by number."""
        ...


class _Hour(NamedTuple):
    """What one K opens."""

    stream: StreamId
    term: TermId
    hour: int
    class_: str


class SegmentKeys:
    """May be used by several threads."""

    def __init__(self, index: Index, shelf: Shelf, keys: Keys, at_once: int = AT_ONCE) -> None:
        self._at_once = at_once
        self._index = index
        self._shelf = shelf
        self._keys = keys
        self._lock = threading.Lock()
        self._known: OrderedDict[SegmentId, bytes] = OrderedDict()
        self._batches: OrderedDict[SegmentId, tuple[int, ...]] = OrderedDict()
        self._sealed: OrderedDict[_Hour, bytes] = OrderedDict()
        self._gone: OrderedDict[SegmentId | _Hour, KeyGone] = OrderedDict()  # not asked for again

    def forget(self) -> None:
        """No key is kept."""
        with self._lock:
            self._known.clear()
            self._sealed.clear()
            self._gone.clear()

    def expect(self, rows: Sequence[Recorded]) -> None:
        """These will be read: when the key of one is asked for, its neighbours' are fetched with it."""
        hours: dict[_Hour, list[Recorded]] = {}
        for row in rows:
            hours.setdefault(_hour(row), []).append(row)
        with self._lock:
            for found in hours.values():
                for start in range(0, len(found), self._at_once):
                    part = found[start : start + self._at_once]
                    ns = tuple(row.id.n for row in part)
                    for row in part:
                        _keep(self._batches, row.id, ns)

    def key(self, row: Recorded) -> bytes:
        """The segment's key; raises `KeyGone` if nobody has it any more, `Damaged` if no volume holds its sealed K."""
        hour = _hour(row)
        with self._lock:
            found = self._known.get(row.id)
            batch = self._batches.get(row.id, (row.id.n,))
            sealed = self._sealed.get(hour)
            gone = self._gone.get(row.id) or self._gone.get(hour)
        if found is not None:
            return found
        if gone is not None:
            raise KeyGone(str(gone), gone.why)
        if sealed is None:
            sealed = self._find_sealed(row)
        keys = self._ask(hour, row, sealed, batch)
        with self._lock:
            _keep(self._sealed, hour, sealed)
            for n, key in keys.items():
                _keep(self._known, SegmentId(hour.stream, hour.term, n), key)
        return keys[row.id.n]

    def _ask(self, hour: _Hour, row: Recorded, sealed: bytes, batch: Sequence[int]) -> dict[int, bytes]:
        """Where one of several is gone the others may be held: then each is asked for by itself."""
        try:
            return self._keys.segment_keys(hour.stream, hour.term, hour.hour, hour.class_, sealed, batch)
        except KeyGone as error:
            is_whole_hour, is_alone = error.why == ERASED, len(batch) == 1
            with self._lock:
                if is_whole_hour or is_alone:
                    _keep(self._gone, hour if is_whole_hour else row.id, error)
                for n in batch:
                    _keep(self._batches, SegmentId(hour.stream, hour.term, n), (n,))
            if is_whole_hour or is_alone:
                raise
        return self._ask(hour, row, sealed, (row.id.n,))

    def _find_sealed(self, row: Recorded) -> bytes:
        """K as sealed in the segment's own volume, or, where that record is damaged, in another one of the hour."""
        first: Damaged | None = None
        for volume, place in self._places(row):
            try:
                return self._shelf.sealed_key(volume, row.id.stream, row.id.term, place)
            except Damaged as error:
                first = first or error
        raise first or Damaged(f"segment {row.id.n} of {row.id.stream}: its volume is not known; rebuild the catalogue")

    def _places(self, row: Recorded) -> Iterator[tuple[str, int]]:
        """Volumes that hold this K, each with the place of the first piece that needs it; the segment's own first."""
        start, end = row.hour * HOUR, (row.hour + 1) * HOUR
        near = self._firsts(row, Span(UtcTicks(max(start, row.t0 - NEAR)), UtcTicks(max(row.t1, row.t0 + 1))))
        if row.volume is not None:
            yield row.volume, near[row.volume]
        for volume, place in self._firsts(row, Span(UtcTicks(start), UtcTicks(end))).items():
            if volume != row.volume or place != near[volume]:
                yield volume, place

    def _firsts(self, row: Recorded, span: Span) -> dict[str, int]:
        firsts: dict[str, int] = {}
        for other in (row, *self._index.segments(row.id.stream, span)):
            if other.volume is not None and other.places and _hour(other) == _hour(row):
                firsts[other.volume] = min(other.places[0], firsts.get(other.volume, other.places[0]))
        return firsts


def _hour(row: Recorded) -> _Hour:
    return _Hour(row.id.stream, row.id.term, row.hour, row.class_)


def _keep(kept: "OrderedDict[K, V]", key: K, value: V) -> None:
    """Add as the newest; the oldest goes."""
    kept[key] = value
    kept.move_to_end(key)
    if len(kept) > KEPT:
        kept.popitem(last=False)
