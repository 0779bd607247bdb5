# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A hold of many cameras and hours, placed nine minutes before the first of them has to go, on the virtual clock."""

import time
from collections.abc import Callable
from itertools import groupby
from pathlib import Path

import pytest

from tests.tools.big_town import CLASS, BigTown, plain
from tests.tools.held_town import Steps
from torrazzo.access import Windows
from torrazzo.base import Span, StreamId
from torrazzo.base.times import HOUR, UtcTicks
from torrazzo.catalogue import Catalogue
from torrazzo.control_room.index import IndexWriter, open_index
from torrazzo.evidence.hold import Placed, Placing, SealedKeys
from torrazzo.evidence.hold_copy import HoldCopy
from torrazzo.ledger.act import Wanted
from torrazzo.ledger.private import Private
from torrazzo.playback.held import Everything, HeldIndex
from torrazzo.playback.index import Recorded
from torrazzo.playback.shelf import Shelf
from torrazzo.seal import open_piece

WHO = Private("anna", "rapina", "2026/118")


def place(town: BigTown, windows: Windows) -> Placed:
    with Catalogue(town.home.catalogue_db) as catalogue:
        everything = Everything(catalogue, HeldIndex(town.home, town.disk))
        placing = Placing(town.home, town.disk, town.clock, everything, [town.root])
        return placing.place(windows, WHO, town.streams, town.span, "police")


def read_all(town: BigTown, windows: Windows) -> int:
    """How many segments are there and say what was recorded, read through windows from the copies."""
    with open_index(town.home) as index:
        shelf = Shelf(index.held_roots(), town.disk)
        sealed = SealedKeys(index.everything, shelf)
        good = 0
        for stream in town.streams:
            window = windows.open_view(WHO, Wanted(frozenset([stream]), town.span), "crime")
            for _, hour in groupby(index.segments(stream, town.span), key=lambda row: row.hour):
                rows = list(hour)
                keys = window.segment_keys(
                    stream, rows[0].id.term, rows[0].hour, CLASS, sealed.sealed(rows[0]), [row.id.n for row in rows]
                )
                good += sum(is_good(shelf, row, keys[row.id.n], stream) for row in rows)
            window.close()
        shelf.close()
    return good


def is_good(shelf: Shelf, row: Recorded, key: bytes, stream: StreamId) -> bool:
    assert row.volume is not None
    with shelf.volume(row.volume) as reader:
        return all(
            open_piece(key, piece, reader.payload(reader.header_at(offset))) == plain(stream, row.id.n, piece)
            for piece, offset in enumerate(row.places)
        )


@pytest.mark.parametrize(
    ("cameras", "hours"),
    [(3, 2), pytest.param(20, 24, marks=pytest.mark.long)],
)
@pytest.mark.timeout(3_600)
def test_nine_minutes_before_the_end_all_of_it_is_held(
    cameras: int, hours: int, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """Every segment is read from the copies when all keys and all volumes are gone, and none before was lost."""
    town = BigTown(tmp_path, cameras, hours)
    with town.running(), Windows(town.home, town.disk, town.clock, "control-room") as windows:
        begun = time.monotonic()
        placed = place(town, windows)
        took = time.monotonic() - begun
        record_property("segments", town.segments)
        record_property("seconds to place", round(took, 1))
        vault = sum(path.stat().st_size for path in (tmp_path / "vault" / "holds").rglob("*") if path.is_file())
        record_property("MB of keys", round(vault / 1e6, 2))
        print(f"{town.segments} segments placed in {took:.1f} s, {vault / 1e6:.2f} MB of keys")
        assert (placed.segments, placed.lost) == (town.segments, ())
        assert took < 1_800  # the oldest hour's keys are the first: only those must be in within seven minutes
        town.pass_time(9 * 60)
        assert len(town.volumes()) == 6 * hours
        begun = time.monotonic()
        copying = HoldCopy(town.home, town.disk, town.settings.node, lambda: [town.root])
        assert copying.run({"hold": str(placed.name)}, Steps()) == {"volumes": 6 * hours, "lost": 0}
        record_property("seconds to copy", round(time.monotonic() - begun, 1))
        town.pass_time(hours * 3_600)
        assert town.volumes() == []
        with IndexWriter(town.home, town.disk, town.settings) as writer:
            writer.forget()
        with Catalogue(town.home.catalogue_db) as catalogue:
            everything = Span(UtcTicks(0), UtcTicks(town.span.end + HOUR))
            assert all(catalogue.segments(stream, everything) == [] for stream in town.streams)
        assert read_all(town, windows) == town.segments
