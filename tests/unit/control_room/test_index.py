# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The town's catalogue as the control room keeps it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from torrazzo.archive import make_root
from torrazzo.archive.fact import gap_fact, term_fact
from torrazzo.base.errors import Damaged, Invalid, Unavailable
from torrazzo.base.ids import CameraId, NodeId, StreamId, TermId
from torrazzo.base.spans import Span
from torrazzo.base.times import SECOND, UtcTicks, hour_of
from torrazzo.catalogue import Catalogue
from torrazzo.control_room.index import IndexWriter, open_index, parse_facts
from torrazzo.control_room.media import parse_range
from torrazzo.control_room.state import GapState
from torrazzo.durable import OsDisk
from torrazzo.retention import Forgotten
from torrazzo.retention.forgotten import FORGOTTEN
from torrazzo.testing.clock import START, FakeClock
from torrazzo.town import Home, load_settings
from torrazzo.town.home import new_settings
from torrazzo.town.office import found_town

STREAM = StreamId(CameraId("3f9a1c0e5b7d2264"), "main")
TERM = TermId(NodeId(7), 1, START)


def body(*facts: bytes) -> dict[str, object]:
    return {"facts": [{"fact": fact.decode(), "volume": None, "pieces": []} for fact in facts]}


def a_gap(n: int, start: int, end: int | None, of: int | None = None) -> bytes:
    return gap_fact(
        STREAM, TERM, n, t0=START + start * SECOND, t1=None if end is None else START + end * SECOND,
        m0=0, m1=None if end is None else 0, why="net", of=of, prev="A" * 43 + "=",
    )  # fmt: skip


TERM_FACT = term_fact(STREAM, TERM, t0=START, m0=0, boot="b", software="0", prior=None)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "town")
    settings = new_settings(home, "C")
    found_town(home, OsDisk(), FakeClock(), settings)
    make_root(OsDisk(), settings.roots[0], settings.node)
    return home


@pytest.fixture
def writer(home: Home) -> Iterator[IndexWriter]:
    with IndexWriter(home, OsDisk(), load_settings(home)) as writer:
        yield writer


def test_what_the_keyring_says_is_gone_is_forgotten(home: Home, writer: IndexWriter) -> None:
    """Rows of hours that it names go at the next look; without its word nothing does."""
    writer.take(body(TERM_FACT, a_gap(1, 0, 10), a_gap(2, 3600, 3610)))
    assert writer.forget() == 0
    span = Span(UtcTicks(START - SECOND), UtcTicks(START + 7200 * SECOND))
    with open_index(home) as index:
        assert len(index.gaps(STREAM, span)) == 2
        OsDisk().make_folder(home.keyring)
        gone = Forgotten({"standard": hour_of(START) + 1})
        OsDisk().publish(home.keyring / FORGOTTEN, gone.pack())
        writer.forget()
        assert [gap.start for gap in index.gaps(STREAM, span)] == [START + 3600 * SECOND]
        OsDisk().publish(home.keyring / FORGOTTEN, b"{}")
        with pytest.raises(Damaged, match="remove it"):
            writer.forget()


def test_facts_are_taken_once(home: Home, writer: IndexWriter) -> None:
    """A delivery that comes again changes nothing; an open gap gives way to its end; gaps are cut to what was asked."""
    assert writer.take(body(TERM_FACT, a_gap(1, 0, None))) == 2
    assert writer.take(body(TERM_FACT, a_gap(1, 0, None))) == 0
    with open_index(home) as index:
        span = Span(UtcTicks(START + 5 * SECOND), UtcTicks(START + 20 * SECOND))
        assert index.gaps(STREAM, span) == [GapState(span.start, None, "net")]
        assert writer.take(body(a_gap(2, 0, 30, of=1))) == 1
        assert index.gaps(STREAM, span) == [GapState(span.start, span.end, "net")]
        assert index.streams() == [STREAM]
        assert index.last_numbers() == {(STREAM, TERM): 2}
        assert index.last_recorded(STREAM) is None


@pytest.mark.parametrize(
    "broken",
    [
        None, [], {}, {"facts": {}}, {"facts": [1]}, {"facts": [{"fact": 1, "volume": None, "pieces": []}]},
        {"facts": [{"fact": "{}", "volume": "../../etc/passwd", "pieces": []}]},
        {"facts": [{"fact": "{}", "volume": None, "pieces": [-1]}]},
        {"facts": [{"fact": "{}", "volume": None, "pieces": [True]}]},
        {"facts": [{"fact": "{}", "volume": None}]},
    ],
)  # fmt: skip
def test_what_is_no_delivery_is_refused(broken: object) -> None:
    """Anything else than facts with their places is Invalid."""
    with pytest.raises(Invalid):
        parse_facts(broken)


def test_one_bad_fact_spoils_its_batch_only(home: Home, writer: IndexWriter) -> None:
    """A line that is no fact takes nothing in, and the next batch is taken."""
    with pytest.raises(Invalid):
        writer.take(body(TERM_FACT, b"{}"))
    assert writer.take(body(TERM_FACT)) == 1


def test_a_catalogue_that_is_none_is_made_anew(home: Home) -> None:
    """Garbage in its place, or nothing, costs a rebuild and nothing else; a reader without one is told."""
    with pytest.raises(Unavailable, match="catalogue rebuild"):
        open_index(home)
    home.catalogue_db.write_bytes(b"garbage" * 1000)
    with IndexWriter(home, OsDisk(), load_settings(home)) as writer:
        assert writer.take(body(TERM_FACT)) == 1
        assert writer.rebuild()["facts"] == 0  # it was in no volume
        assert writer.catch_up()["damages"] == []
        assert writer.take(body(TERM_FACT)) == 1


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("bytes=0-0", (0, 1)),
        ("bytes=10-", (10, 100)),
        ("bytes=90-200", (90, 100)),
        ("bytes=-10", (90, 100)),
        ("bytes=-200", (0, 100)),
        ("bytes=100-", (100, 100)),
        ("bytes=-0", (100, 100)),
        ("bytes=5-4", None),
        ("bytes=-", None),
        ("bytes=0-1,5-6", None),
        ("lines=0-1", None),
        ("", None),
    ],
)
def test_ranges_are_read_as_the_rfc_says(text: str, found: tuple[int, int] | None) -> None:
    """RFC 9110 section 14.1: one range, else the whole; an empty one cannot be satisfied."""
    got = parse_range(text, 100)
    assert got == found or (found == (100, 100) and got is not None and got[0] >= got[1])


def test_what_a_time_line_is_made_of_is_read_now_and_then(
    home: Home, writer: IndexWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A week of all streams, each ten minutes, also where what asks for it comes by every few seconds."""
    writer.take(body(TERM_FACT))
    asked: list[tuple[list[StreamId], Span]] = []
    monkeypatch.setattr(Catalogue, "times", lambda _, streams, span: asked.append((list(streams), span)))
    with open_index(home) as index:
        for seconds in range(0, 1_201, 5):
            index.stay_near(UtcTicks(START + seconds * SECOND))
    week = 7 * 24 * 3_600 * SECOND
    ends = [UtcTicks(START + seconds * SECOND) for seconds in (0, 600, 1_200)]
    assert asked == [([STREAM], Span(UtcTicks(end - week), end)) for end in ends]
