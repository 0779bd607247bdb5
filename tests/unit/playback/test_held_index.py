# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Catalogues of holds, read by some while others see that a hold is over."""

import threading
from pathlib import Path

import pytest

from torrazzo.base import Span, StreamId
from torrazzo.base.times import UtcTicks
from torrazzo.catalogue import Catalogue, CatalogueWriter, SegmentRow
from torrazzo.durable import OsDisk
from torrazzo.keyring.vault import HOLD
from torrazzo.ledger.identity import EntryName
from torrazzo.playback import held
from torrazzo.playback.held import HeldIndex
from torrazzo.town import Home

STREAM, ALL = StreamId.parse("3f9a1c0e5b7d2264/main"), Span(UtcTicks(0), UtcTicks(1 << 60))
NAMES = EntryName("act", 7), EntryName("act", 8)


def place(home: Home, name: EntryName) -> None:
    (home.vault / "holds" / str(name)).mkdir(parents=True)
    (home.vault / "holds" / str(name) / HOLD).write_bytes(b"a hold")
    (home.held_copies / str(name)).mkdir(parents=True)
    CatalogueWriter(home.held_copies / str(name) / held.CATALOGUE).close()


def test_nobody_closes_what_another_one_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has begun to read comes to the end, though the hold is over by then; the file is let go of after that."""
    home, begun, go_on = Home(tmp_path), threading.Event(), threading.Event()
    opened: list[Catalogue] = []
    open_: list[Catalogue] = []

    class Slow(Catalogue):
        def __init__(self, path: Path) -> None:
            super().__init__(path)
            opened.append(self)
            open_.append(self)

        def segments(self, stream: StreamId, span: Span) -> list[SegmentRow]:
            if threading.current_thread() is not threading.main_thread():
                begun.set()
                assert go_on.wait(60)
            return super().segments(stream, span)

        def close(self) -> None:
            open_.remove(self)
            super().close()

    monkeypatch.setattr(held, "Catalogue", Slow)
    place(home, NAMES[0])
    index, found = HeldIndex(home, OsDisk()), list[object]()

    def read() -> None:
        try:
            found.append(index.segments(STREAM, ALL))
        except Exception as error:  # noqa: BLE001 - told below
            found.append(error)

    reading = threading.Thread(target=read)
    reading.start()
    assert begun.wait(60)
    place(home, NAMES[1])
    (home.vault / "holds" / str(NAMES[0]) / HOLD).unlink()
    assert index.segments(STREAM, ALL) == []  # by another one, who sees that the first hold is over
    assert open_ == opened
    go_on.set()
    reading.join(60)
    assert found == [[]]
    assert open_ == opened[1:]
    index.close()
    assert open_ == []
