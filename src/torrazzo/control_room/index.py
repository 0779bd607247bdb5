# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The catalogue of one town: its one writer, its readers, and footage found through it."""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence

import structlog

from torrazzo.access import Window
from torrazzo.archive import Root, open_root
from torrazzo.base.closing import Closing
from torrazzo.base.errors import Invalid, TorrazzoError
from torrazzo.base.ids import SegmentId, StreamId, TermId
from torrazzo.base.spans import Span
from torrazzo.base.times import DAY, HOUR, SECOND, UtcTicks
from torrazzo.catalogue import Catalogue, CatalogueWriter, Delivered, SegmentRow, rebuild
from torrazzo.catalogue.forget import Gone
from torrazzo.catalogue.reader import Times
from torrazzo.catalogue.rebuild import Rebuilt, catch_up
from torrazzo.control_room.state import GapState
from torrazzo.durable import Disk, OsDisk
from torrazzo.keyring.erased import ErasedHours
from torrazzo.keyring.public import KeyName
from torrazzo.keyring.vault_file import Hold
from torrazzo.playback import Footage
from torrazzo.playback.footage import Covers, Recorded
from torrazzo.playback.held import Everything, HeldIndex
from torrazzo.playback.segment_keys import AT_ONCE
from torrazzo.retention import load_forgotten
from torrazzo.town.home import Home, Settings, load_settings

log = structlog.get_logger()

NEAR, WEEK = 10 * 60 * SECOND, 7 * DAY
ERASED = "erased"  # the cause of a gap that was recorded, and erased early by order of two people
_TERM, _KIND_WITHIN = b'"kind":"term"', 32  # keys stand in a fixed order (docs/3-formats/fact.md)


class Index(Closing):
    """The catalogue as playback asks it. May be used by several threads."""

    def __init__(self, catalogue: Catalogue, held: HeldIndex | None = None, erased: ErasedHours | None = None) -> None:
        self._catalogue, self._held, self._erased = catalogue, held, erased
        self.everything = Everything(catalogue, held)  # also what only a hold has
        self._near_until: int = 0

    def streams(self) -> Sequence[StreamId]:
        """All streams of which something is known, also those of cameras that no registry knows any more."""
        return self._catalogue.streams()

    def spans(self, stream: StreamId, span: Span) -> Sequence[Span]:
        """Recorded time, merged; also what was erased early."""
        return self._catalogue.spans(stream, span)

    def erased(self, stream: StreamId, span: Span) -> Sequence[Span]:
        """Of it what was erased early, merged: its facts and sealed pictures are there, and nobody can open them."""
        found: list[Span] = []
        names = frozenset() if self._erased is None else self._erased.hours()
        for name in sorted(names):
            hour = Span(UtcTicks(name.hour * HOUR), UtcTicks((name.hour + 1) * HOUR))
            if not (hour.start < span.end and span.start < hour.end):
                continue
            for row in self._catalogue.segments(stream, hour):
                if row.retention_class == name.class_ and self._is_gone(row, name):
                    start, end = max(row.t0, span.start), min(row.t1, span.end)
                    if start < end:
                        before = found.pop() if found and found[-1].end >= start else Span(start, start)
                        found.append(Span(before.start, UtcTicks(max(before.end, end))))
        return found

    def _is_gone(self, row: SegmentRow, name: KeyName) -> bool:
        return self._erased is not None and self._erased.has(row.id.stream, row.id.term, name)

    def gaps(self, stream: StreamId, span: Span) -> Sequence[GapState]:
        """Declared absence within the span; what began before it begins at its start."""
        return [
            GapState(max(gap.t0, span.start), None if gap.t1 is None else min(gap.t1, span.end), gap.why)
            for gap in self._catalogue.gaps(stream, span)
        ]

    def times(self, streams: Iterable[StreamId], span: Span) -> Mapping[str, Times]:
        """What is known of the time of many streams, by name; what was erased early is a gap."""
        ids = list(streams)
        found = self._catalogue.times(ids, span)
        for stream in ids if self._erased is not None and self._erased.hours() else ():
            for gone in self.erased(stream, span):
                found[str(stream)] = _without(found[str(stream)], gone)
        return found

    def stay_near(self, now: UtcTicks) -> None:
        """Read now and then what a week's time line is made of: who asks for it need not wait for the disk then."""
        if now >= self._near_until:
            self._near_until = now + NEAR
            self._catalogue.times(self._catalogue.streams(), Span(UtcTicks(now - WEEK), now))

    def placed_holds(self) -> Sequence[Hold]:
        """All that are not over."""
        return () if self._held is None else self._held.placed()

    def last_numbers(self) -> Mapping[tuple[StreamId, TermId], int]:
        """The highest number of each term."""
        return self._catalogue.last_numbers()

    def last_recorded(self, stream: StreamId) -> UtcTicks | None:
        """End of the newest footage."""
        return self._catalogue.last_recorded(stream)

    def segments(self, stream: StreamId, span: Span) -> Sequence[Recorded]:
        """Segments whose pieces are known to lie somewhere."""
        return self.everything.segments(stream, span)

    def segment(self, id_: SegmentId) -> Recorded | None:
        """One of them."""
        return self.everything.segment(id_)

    def continues(self, id_: SegmentId) -> bool:
        """Whether it begins in the middle of a group of pictures."""
        return self.everything.continues(id_)

    def steps_between(self, before: SegmentId, after: SegmentId) -> int:
        """Ticks by which clocks were set forward between two segments."""
        return self.everything.steps_between(before, after)

    def holds_of(self, stream: StreamId, span: Span) -> Sequence[Sequence[Hold]]:
        """Of each segment that is kept by holds alone, those holds."""
        return [holds for _, holds in self.held_rows(stream, span)]

    def held_rows(self, stream: StreamId, span: Span) -> Sequence[tuple[SegmentRow, Sequence[Hold]]]:
        """Segments that are kept by holds alone, each with those holds."""
        if self._held is None:
            return []
        rows = self.everything.only_held(stream, span)
        return list(zip(rows, self._held.covering(rows, stream, span), strict=True)) if rows else []

    def held_roots(self) -> Sequence[Root]:
        """Where copies of what is held lie."""
        return () if self._held is None else self._held.roots()

    def close(self) -> None:
        """Release the files."""
        self._catalogue.close()
        if self._held is not None:
            self._held.close()


class IndexWriter(Closing):
    """The one who writes it, holding the office's lock; a catalogue that is not one is made anew.

    May be used by several threads: each piece of work waits for the one before.
    """

    def __init__(self, home: Home, disk: Disk, settings: Settings) -> None:
        self._path, self._disk, self._keyring = home.catalogue_db, disk, home.keyring
        self._roots = open_roots(disk, settings)
        self._lock = threading.Lock()
        self._catching_up = threading.Lock()
        self._rebuilding = threading.Event()
        self.began = threading.Event()  # a recorder has begun: what the one before did not deliver is in its volumes
        try:
            self._writer = CatalogueWriter(self._path)
        except Invalid as error:
            log.warning("catalogue_unreadable", error=str(error))
            rebuild(disk, self._roots, self._path)
            self._writer = CatalogueWriter(self._path)

    def take(self, body: object) -> int:
        """The body of `POST /facts`; returns how many were new. Raises `Invalid` and takes none if one is no fact."""
        facts = parse_facts(body)
        with self._lock:
            taken = self._writer.insert(facts)
        if taken.conflicts:
            log.error("facts_in_conflict", count=taken.conflicts)
        if taken.new and any(_TERM in each.fact[:_KIND_WITHIN] for each in facts):
            self.began.set()
        return taken.new

    def catch_up(
        self, is_stopping: Callable[[], bool] = lambda: False, progress: Callable[[float], None] | None = None
    ) -> Mapping[str, object]:
        """Read from the volumes what was recorded while nobody wrote; facts that come meanwhile are taken as well."""

        def is_over() -> bool:
            return self._rebuilding.is_set() or is_stopping()

        with self._catching_up:
            return _told(catch_up(self._disk, self._roots, self._writer, is_over, _fraction(progress)))

    def rebuild(self, progress: Callable[[float], None] | None = None) -> Mapping[str, object]:
        """A new catalogue from the volumes alone; facts that come meanwhile wait."""
        self._rebuilding.set()  # which ends a catching up
        with self._catching_up, self._lock:
            self._rebuilding.clear()
            self._writer.close()
            try:
                found = rebuild(self._disk, self._roots, self._path, _fraction(progress))
            finally:
                self._writer = CatalogueWriter(self._path)
        return _told(found)

    def forget(self) -> int:
        """Leave no rows of footage that the keyring says is gone; returns of how many segments there were."""
        gone = load_forgotten(self._disk, self._keyring)
        with self._lock:
            return self._writer.forget(Gone(gone.before, gone.also))

    def close(self) -> None:
        """Write back and close."""
        with self._lock:
            self._writer.close()


def parse_facts(body: object) -> list[Delivered]:
    """`{"facts":[{"fact":"<line>","volume":"name.vol"|null,"pieces":[offsets]}]}`; raises `Invalid` for other forms."""
    facts = body.get("facts") if isinstance(body, dict) else None
    if not isinstance(facts, list):
        raise Invalid('facts: expected {"facts":[…]}')
    return [_delivered(entry) for entry in facts]


def _without(times: Times, gone: Span) -> Times:
    """Recorded time without this stretch, which becomes a gap."""
    recorded = [
        (start, end, text)
        for a, b, text in times.recorded
        for start, end in ((a, min(b, gone.start)), (max(a, gone.end), b))
        if start < end
    ]
    return times._replace(recorded=recorded, gaps=sorted([*times.gaps, (gone.start, gone.end, ERASED)], key=_start))


def _start(gap: tuple[int, int | None, str]) -> int:
    return gap[0]


def open_index(home: Home) -> Index:
    """For reading, while another process may be writing; raises `Unavailable` if there is no catalogue yet."""
    return Index(Catalogue(home.catalogue_db), HeldIndex(home, OsDisk()), ErasedHours(OsDisk(), home.keyring))


def open_footage(
    home: Home, index: Index, window: Window, covers: Covers | None = None, at_once: int = AT_ONCE
) -> Footage:
    """Footage of the town, as far as this window shows it, or `covers`, which is to ask the window too."""
    disk = OsDisk()
    roots = [*open_roots(disk, load_settings(home)), *index.held_roots()]
    return Footage(index, roots, disk, window, covers or window.covers, at_once)


def open_roots(disk: Disk, settings: Settings) -> list[Root]:
    """The disk roots that are there; one that is not is told in the log."""
    roots = []
    for path in settings.roots:
        try:
            roots.append(open_root(disk, path))
        except (OSError, TorrazzoError) as error:
            log.warning("root_missing", root=str(path), error=str(error))
    return roots


def _delivered(entry: object) -> Delivered:
    fact, volume, pieces = (entry.get(key) if isinstance(entry, dict) else None for key in ("fact", "volume", "pieces"))
    is_name = volume is None or (isinstance(volume, str) and "/" not in volume)
    is_list = isinstance(pieces, list) and all(type(offset) is int and 0 <= offset < 1 << 63 for offset in pieces)
    if not isinstance(fact, str) or not is_name or not is_list:
        raise Invalid(f"facts: not a delivery: {str(entry)[:200]}")
    assert isinstance(pieces, list)
    return Delivered(fact.encode(), volume, tuple(pieces))


def _fraction(progress: Callable[[float], None] | None) -> Callable[[int, int], None] | None:
    if progress is None:
        return None
    return lambda done, total: progress(done / max(1, total))


def _told(found: Rebuilt) -> Mapping[str, object]:
    return {"volumes": found.volumes, "facts": found.facts, "damages": list(found.damages)}
