# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""An hour of one camera erased early by two people, with a ledger and a keyring that run."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tools.big_town import CLASS, FIRST, BigTown
from torrazzo.access import Windows
from torrazzo.base import Span, StreamId
from torrazzo.base.errors import Refused
from torrazzo.base.ids import STREAM_NAMES
from torrazzo.base.times import HOUR, UtcTicks, hour_text, iso_from_ticks
from torrazzo.catalogue import Catalogue, rebuild
from torrazzo.cli import main
from torrazzo.cli.index import log_to_stderr
from torrazzo.control_room.index import open_index
from torrazzo.control_room.reach import find_reach
from torrazzo.evidence.hold import Placing, SealedKeys
from torrazzo.ledger.act import Wanted, parse_act
from torrazzo.ledger.client import LedgerClient
from torrazzo.ledger.private import Private
from torrazzo.playback.held import Everything, HeldIndex
from torrazzo.playback.shelf import Shelf
from torrazzo.retention.held import Held

ANNA, BRUNO = Private("anna", "ripresa illecita", "2026/118"), Private("bruno", "visto", "2026/118")
SPAN = Span(FIRST, UtcTicks(FIRST + HOUR))


@pytest.fixture
def town(tmp_path: Path) -> Iterator[BigTown]:
    town = BigTown(tmp_path, 2, 1)
    with town.running():
        yield town


@pytest.fixture
def windows(town: BigTown) -> Iterator[Windows]:
    with Windows(town.home, town.disk, town.clock, "control-room") as windows:
        yield windows


def asked(windows: Windows, stream: StreamId, purpose: str = "erase", span: Span = SPAN) -> int:
    streams = frozenset(StreamId(stream.camera, name) for name in STREAM_NAMES)
    return windows.ask(ANNA, Wanted(streams, span), purpose, "erase")


def count(town: BigTown, windows: Windows, stream: StreamId) -> int:
    """Of how many segments a view gives the keys."""
    with Catalogue(town.home.catalogue_db) as catalogue:
        everything = Everything(catalogue)
        shelf = Shelf([town.root], town.disk)
        rows = everything.segments(stream, SPAN)
        window = windows.open_view(ANNA, Wanted(frozenset([stream]), SPAN), "crime")
        try:
            sealed = SealedKeys(everything, shelf).sealed(rows[0])
            ns = [row.id.n for row in rows]
            return len(window.segment_keys(stream, rows[0].id.term, rows[0].hour, CLASS, sealed, ns))
        finally:
            window.close()
            shelf.close()


def told(town: BigTown, kind: str) -> list[dict[str, object]]:
    entries = LedgerClient(town.home.ledger_socket).prove_many("act", 0, range(200)).entries
    acts = [parse_act(entry.line) for entry in entries if entry is not None]
    return [dict(act.values) for act in acts if act.kind == kind]


def test_one_camera_is_gone_and_the_other_stays(town: BigTown, windows: Windows) -> None:
    """After two people wanted it nobody gets a key of that camera-hour, also with a new catalogue; it is a fact."""
    gone, other = town.streams
    assert count(town, windows, gone) == 360
    ask = asked(windows, gone)
    assert windows.erase(BRUNO, ask) == 1
    rebuild(town.disk, [town.root], town.home.catalogue_db)
    with pytest.raises(Refused, match="erased early"):
        count(town, windows, gone)
    assert count(town, windows, other) == 360
    town.pass_time(0)
    (fact,) = told(town, "rekey")
    assert {key: fact[key] for key in ("hour", "class", "streams", "kept")} == {
        "hour": hour_text(FIRST // HOUR), "class": CLASS, "streams": [str(gone)], "kept": 1,
    }  # fmt: skip


def test_what_was_erased_is_told_as_such(town: BigTown, windows: Windows, capsys: pytest.CaptureFixture[str]) -> None:
    """In the list, in the page's time line, and to who would look; of the other camera it is recorded as before."""
    gone, other = town.streams
    windows.erase(BRUNO, asked(windows, gone))
    words = ["footage", "list", "--home", str(town.home.path), "--from", iso_from_ticks(SPAN.start)]
    words += ["--to", iso_from_ticks(SPAN.end)]
    log_to_stderr()
    capsys.readouterr()
    assert main([*words, "--json"]) == 0
    told = {each["id"]: (each["erased"], each["seconds"]) for each in json.loads(capsys.readouterr().out)}
    assert told == {gone.camera: (True, 3600.0), other.camera: (False, 3600.0)}
    assert main(words) == 0
    assert capsys.readouterr().out.count("erased early, by order") == 1
    with open_index(town.home) as index:
        times = index.times(town.streams, SPAN)
        assert (times[str(gone)].recorded, times[str(gone)].gaps) == ([], [(SPAN.start, SPAN.end, "erased")])
        assert (times[str(other)].recorded, times[str(other)].gaps) == ([(SPAN.start, SPAN.end, "")], [])
        reaches = [find_reach(index, lambda: windows, town.clock, stream, SPAN, None) for stream in (gone, other)]
    assert [reach.why for reach in reaches] == ["FOOTAGE_ERASED", ""]


def test_it_takes_two_people_and_a_whole_hour(town: BigTown, windows: Windows) -> None:
    """Who asked does not approve; an ask for something else, or another span, erases nothing."""
    stream = town.streams[0]
    with pytest.raises(Refused):
        windows.erase(ANNA, asked(windows, stream))
    for ask in (asked(windows, stream, "crime"), asked(windows, stream, span=Span(FIRST, UtcTicks(FIRST + HOUR // 2)))):
        with pytest.raises(Refused):
            windows.erase(BRUNO, ask)
    assert count(town, windows, stream) == 360
    assert told(town, "rekey") == []


def test_an_ask_for_erasure_gives_no_copy(town: BigTown, windows: Windows) -> None:
    """What was approved to be erased cannot be exported on the same approval."""
    stream = town.streams[0]
    ask = asked(windows, stream)
    window = windows.open_export(ANNA, ask, windows.approve(BRUNO, ask))
    with Catalogue(town.home.catalogue_db) as catalogue:
        everything = Everything(catalogue)
        row = everything.segments(stream, SPAN)[0]
        shelf = Shelf([town.root], town.disk)
        sealed = SealedKeys(everything, shelf).sealed(row)
        shelf.close()
    with pytest.raises(Refused, match="for erasure"):
        window.segment_keys(stream, row.id.term, row.hour, CLASS, sealed, [row.id.n])
    window.close()


def test_what_is_held_is_released_first(town: BigTown, windows: Windows) -> None:
    """Footage that a case needs is not erased under it."""
    stream = town.streams[0]
    with Catalogue(town.home.catalogue_db) as catalogue:
        everything = Everything(catalogue, HeldIndex(town.home, town.disk))
        placing = Placing(town.home, town.disk, town.clock, everything, [town.root])
        name = placing.place(windows, ANNA, [stream], SPAN, "police").name
    hold = Held(town.home, town.disk).hold(name)
    assert hold is not None
    ask = asked(windows, stream)
    with pytest.raises(Refused, match=f"release {name}"):
        windows.erase(BRUNO, ask)
    windows.release(ANNA, hold)
    assert windows.erase(BRUNO, ask) == 1
