# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Somebody who looks at recorded pictures of a home whose processes run, by the steps of the control room."""

import contextlib
from collections.abc import Sequence
from typing import Self

from torrazzo.access import Window, Windows
from torrazzo.base import Span, StreamId, SystemClock
from torrazzo.base.times import SECOND, UtcTicks
from torrazzo.control_room.index import open_index, open_roots
from torrazzo.durable import OsDisk
from torrazzo.ledger.act import Wanted
from torrazzo.ledger.private import Private
from torrazzo.playback.index import Recorded, whole_span
from torrazzo.playback.segment_keys import SegmentKeys
from torrazzo.playback.shelf import Shelf
from torrazzo.town.home import Home, load_settings

WHO = Private("anna", "una prova")


class Viewer:
    """May be used by several threads; the catalogue is there already."""

    def __init__(self, home: Home, part: str) -> None:
        """`part` names its book of windows, which no other process may write."""
        disk = OsDisk()
        self.windows = Windows(home, disk, SystemClock(), part)
        self._index, self._roots = open_index(home), open_roots(disk, load_settings(home))

    def recorded(self, stream: StreamId, ago_s: float = 0) -> Sequence[Recorded]:
        """Segments that ended so long before the newest one did."""
        last = self._index.last_recorded(stream)
        if last is None:
            return []
        rows = self._index.segments(stream, Span(UtcTicks(0), UtcTicks(last)))
        return sorted((row for row in rows if row.t1 <= last - ago_s * SECOND), key=lambda row: row.t0)

    def open(self, rows: Sequence[Recorded]) -> Window:
        """A window on these neighbours."""
        stream = rows[0].id.stream
        whole = whole_span(self._index, stream, Span(UtcTicks(rows[0].t0), UtcTicks(rows[-1].t1)))
        assert whole is not None
        return self.windows.open_view(WHO, Wanted(frozenset([stream]), whole), "maintenance")

    def first_key(self, window: Window, rows: Sequence[Recorded]) -> bytes:
        """As playback asks for it: with those of all its neighbours."""
        with contextlib.closing(Shelf(self._roots, OsDisk())) as shelf:
            keys = SegmentKeys(self._index, shelf, window)
            keys.expect(rows)
            return keys.key(rows[0])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.windows.close()
        self._index.close()
