# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where held footage lies: catalogues and roots of the vault's copies (docs/3-formats/vault.md, section Copies)."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import structlog

from torrazzo.archive.root import FILE, Root, open_root
from torrazzo.base import SegmentId, Span, StreamId, TermId
from torrazzo.base.errors import TorrazzoError, Unavailable
from torrazzo.catalogue import Catalogue, SegmentRow
from torrazzo.durable import Disk
from torrazzo.keyring.vault_file import Hold
from torrazzo.ledger.identity import EntryName
from torrazzo.playback.index import Recorded
from torrazzo.retention.held import Held
from torrazzo.town.home import Home

CATALOGUE, SOURCE = "catalogue.db", "source.db"

_CONTINUES = b'"continues":true'  # keys stand in a fixed order (docs/3-formats/fact.md)

log = structlog.get_logger(__name__)


def recorded(row: SegmentRow) -> Recorded | None:
    """As playback has it; None if it is not known where its pieces lie."""
    if row.volume is None:
        return None
    return Recorded(*row)


class _Opened:
    """A catalogue, and how many read in it; all under the lock of the index."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue, self.users, self.is_over = catalogue, 0, False

    def end(self) -> None:
        """Nobody begins to read in it any more; whoever does so now goes on to the end."""
        self.is_over = True
        if not self.users:
            self.catalogue.close()

    def leave(self) -> None:
        """One reads no more."""
        self.users -= 1
        if self.is_over and not self.users:
            self.catalogue.close()


class HeldIndex:
    """What the holds that are not over have; may be used by several threads."""

    def __init__(self, home: Home, disk: Disk) -> None:
        self._held, self._disk = Held(home, disk), disk
        self._lock = threading.Lock()
        self._catalogues: dict[Path, _Opened] = {}

    def segments(self, stream: StreamId, span: Span) -> list[SegmentRow]:
        """Each once, in order of time."""
        found: dict[SegmentId, SegmentRow] = {}
        with self._reading() as catalogues:
            for catalogue in catalogues.values():
                for row in catalogue.segments(stream, span):
                    found.setdefault(row.id, row)
        return sorted(found.values(), key=lambda row: (row.t0, row.id.n))

    def segment(self, id_: SegmentId) -> SegmentRow | None:
        """One of them."""
        with self._reading() as catalogues:
            rows = (catalogue.segment(id_) for catalogue in catalogues.values())
            return next((row for row in rows if row is not None), None)

    def fact(self, id_: SegmentId) -> bytes | None:
        """The line of a fact."""
        with self._reading() as catalogues:
            lines = (catalogue.fact(id_) for catalogue in catalogues.values())
            return next((line for line in lines if line is not None), None)

    def facts(self, stream: StreamId, term: TermId, first: int, last: int) -> dict[int, bytes]:
        """Those of a term from n = `first` to `last`, by n."""
        found: dict[int, bytes] = {}
        with self._reading() as catalogues:
            for catalogue in catalogues.values():
                found |= catalogue.facts(stream, term, first, last)
        return found

    def steps_between(self, before: SegmentId, after: SegmentId) -> int:
        """As the catalogue that has both tells."""
        with self._reading() as catalogues:
            for catalogue in catalogues.values():
                if catalogue.segment(before) is not None and catalogue.segment(after) is not None:
                    return catalogue.steps_between(before, after)
        return 0

    def covering(self, rows: Sequence[SegmentRow], stream: StreamId, span: Span) -> list[list[Hold]]:
        """Of each of these segments of the span, the holds that have it; each hold is asked once."""
        with self._reading() as catalogues:
            holds = [
                (hold, {row.id for row in catalogue.segments(stream, span)})
                for name, catalogue in catalogues.items()
                if (hold := self._held.hold(name)) is not None
            ]
        return [[hold for hold, has in holds if row.id in has] for row in rows]

    def placed(self) -> list[Hold]:
        """All that are not over, copied or not."""
        return self._held.placed

    def roots(self) -> list[Root]:
        """Those that there are copies in."""
        return [
            open_root(self._disk, folder)
            for folder in map(self._held.folder, self._held.copied)
            if FILE in self._disk.list(folder)
        ]

    def close(self) -> None:
        """Release the files, as soon as nobody reads in them."""
        with self._lock:
            for opened in self._catalogues.values():
                opened.end()
            self._catalogues.clear()

    @contextmanager
    def _reading(self) -> Iterator[Mapping[EntryName, Catalogue]]:
        """All that there are, of each hold; none of them is closed meanwhile, whatever becomes of its hold."""
        paths = {name: path for name in self._held.copied if (path := self._path(name)) is not None}
        with self._lock:  # what is over, or copied by now, keeps no deleted file alive
            for path in self._catalogues.keys() - paths.values():
                self._catalogues.pop(path).end()
            mine = {name: opened for name, path in paths.items() if (opened := self._open(path)) is not None}
            for opened in mine.values():
                opened.users += 1
        try:
            yield {name: opened.catalogue for name, opened in mine.items()}
        finally:
            with self._lock:
                for opened in mine.values():
                    opened.leave()

    def _path(self, name: EntryName) -> Path | None:
        """Of the copies where all are there, else of where they are copied from."""
        if not self._held.is_held(name):
            return None
        folder = self._held.folder(name)
        return next((folder / file for file in (CATALOGUE, SOURCE) if (folder / file).exists()), None)

    def _open(self, path: Path) -> _Opened | None:
        """The lock is held."""
        try:
            if path not in self._catalogues:
                self._catalogues[path] = _Opened(Catalogue(path))
            return self._catalogues[path]
        except Unavailable as error:
            log.warning("held_catalogue_unreadable", path=str(path), error=str(error))
            return None


class Everything:
    """The town's catalogue and, beside it, what is held: as `playback.Index` has it."""

    def __init__(self, town: Catalogue, held: HeldIndex | None = None) -> None:
        self._town, self._held = town, held

    def rows(self, stream: StreamId, span: Span) -> list[SegmentRow]:
        """The town's in order of recording; before or among them what only a hold has."""
        rows = self._town.segments(stream, span)
        known = {row.id for row in rows}
        more = [row for row in self._held_rows(stream, span) if row.id not in known]
        return sorted([*more, *rows], key=lambda row: row.t0) if more else rows

    def only_held(self, stream: StreamId, span: Span) -> list[SegmentRow]:
        """What the town's own catalogue does not have any more."""
        held = self._held_rows(stream, span)
        known = {row.id for row in self._town.segments(stream, span)} if held else set()
        return [row for row in held if row.id not in known]

    def lasting(self, stream: StreamId, span: Span) -> dict[SegmentId, SegmentRow]:
        """Where holds have what the archive's volumes may lose at any moment, or have lost."""
        return {row.id: row for row in self._held_rows(stream, span) if row.volume is not None}

    def segments(self, stream: StreamId, span: Span) -> list[Recorded]:
        """Those whose pieces are known to lie somewhere."""
        return [found for row in self.rows(stream, span) if (found := recorded(row)) is not None]

    def segment(self, id_: SegmentId) -> Recorded | None:
        """One of them."""
        row = self._town.segment(id_)
        if row is None and self._held is not None:
            row = self._held.segment(id_)
        return None if row is None else recorded(row)

    def steps_between(self, before: SegmentId, after: SegmentId) -> int:
        """Ticks by which clocks were set forward between two segments."""
        has_both = self._town.segment(before) is not None and self._town.segment(after) is not None
        return (self._town if has_both or self._held is None else self._held).steps_between(before, after)

    def continues(self, id_: SegmentId) -> bool:
        """As its fact says."""
        return _CONTINUES in (self.fact(id_) or b"")

    def fact(self, id_: SegmentId) -> bytes | None:
        """The line of a fact."""
        line = self._town.fact(id_)
        return self._held.fact(id_) if line is None and self._held is not None else line

    def facts(self, stream: StreamId, term: TermId, first: int, last: int) -> dict[int, bytes]:
        """The lines of a term's facts from n = `first` to `last`, by n."""
        held = {} if self._held is None else self._held.facts(stream, term, first, last)
        return held | self._town.facts(stream, term, first, last)

    def _held_rows(self, stream: StreamId, span: Span) -> Sequence[SegmentRow]:
        if self._held is None:
            return ()
        try:
            return self._held.segments(stream, span)
        except (OSError, TorrazzoError) as error:  # the town's own footage is shown all the same
            log.warning("held_not_listed", error=str(error))
            return ()
