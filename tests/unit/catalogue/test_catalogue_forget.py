# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A catalogue that forgets what is gone knows just what one would that had never heard of it."""

import random
import sqlite3
from pathlib import Path

import pytest

from torrazzo.archive.fact import Fact, gap_fact, parse_fact, segment_fact, step_fact, term_fact
from torrazzo.archive.header import VolumeHeader
from torrazzo.base import Span, StreamId, TermId
from torrazzo.base.ids import CameraId, NodeId, RootId
from torrazzo.base.times import HOUR, SECOND, BootNs, UtcTicks, hour_of
from torrazzo.catalogue import Catalogue, CatalogueWriter, Delivered
from torrazzo.catalogue.forget import Gone
from torrazzo.keyring.public import KeyName

NOW = 494_000
ALWAYS = Span(UtcTicks(0), UtcTicks(1 << 62))
PREV = "LXEWQrcmsEQBYnypqAy9QKrHKMzZZ7tGKb07IncfRrs="
STREAMS = [StreamId(CameraId(f"{number:016x}"), "main") for number in (1, 2)]


def volume_name(hour: int, class_: str) -> str:
    return VolumeHeader(NodeId(7), RootId(1), 1, 1, hour, class_, UtcTicks(0), BootNs(0)).name


def segment(stream: StreamId, term: TermId, n: int, t0: int, t1: int, class_: str) -> Delivered:
    name = KeyName(hour_of(t0), class_)
    line = segment_fact(
        stream, term, n, t0=t0, t1=t1, m0=0, m1=0, media=3, frames=3, lost=0, length=3, count=3,
        h=bytes(32), c=bytes(32), key=str(name), continues=False, prev=PREV,
    )  # fmt: skip
    return Delivered(line, volume_name(name.hour, class_), (64, 300, 900))


def tenure(stream: StreamId, start: int, hours: int, class_: str, fence: int, dice: random.Random) -> list[Delivered]:
    """Segments of ten minutes, with gaps, an open one among them, and steps."""
    term = TermId(NodeId(7), fence, UtcTicks(start))
    told = [Delivered(term_fact(stream, term, t0=start, m0=0, boot="", software="", prior=None))]
    now, n = start, 1
    while now < start + hours * HOUR:
        end = min(now + 600 * SECOND, (hour_of(now) + 1) * HOUR)
        roll = dice.random()
        if roll < 0.7:
            told.append(segment(stream, term, n, now, end, class_))
        elif roll < 0.9:
            for number, t1, of in ((n, None, None), (n + 1, end, n)):
                line = gap_fact(stream, term, number, t0=now, t1=t1, m0=0, m1=t1, why="net", of=of, prev=PREV)
                told.append(Delivered(line))
            n += 1
        else:
            told.append(Delivered(step_fact(stream, term, n, t0=now, t1=end, m0=0, m1=0, prev=PREV)))
        now, n = end, n + 1
    return told


def town(seed: int) -> list[Delivered]:
    """Two streams that change their class now and then."""
    dice, told, fence = random.Random(seed), [], 0
    for stream in STREAMS:
        start = NOW - 200
        while start < NOW:
            fence, hours = fence + 1, dice.randrange(5, 60)
            told += tenure(stream, start * HOUR + 77, hours, dice.choice(["standard", "h72"]), fence, dice)
            start += hours
    return told


def left_of(told: list[Delivered], gone: Gone) -> list[Delivered]:
    """Without what is gone; an open gap goes with the fact that closes it."""
    facts = {parse_fact(each.fact): each for each in told}
    ends = {(fact.stream, fact.term, fact.of): fact.t1 for fact in facts if fact.of is not None}
    return [each for fact, each in facts.items() if _is_left(fact, ends.get(fact.id, fact.t1), gone)]


def _is_left(fact: Fact, end: int | None, gone: Gone) -> bool:
    if fact.kind == "seg":
        assert fact.key is not None
        return not gone.has(*KeyName.parse(fact.key))
    return end is None or end > gone.all_before


def content(path: Path) -> list[object]:
    with Catalogue(path) as catalogue:
        return [
            (
                stream,
                catalogue.spans(stream, ALWAYS),
                catalogue.gaps(stream, ALWAYS),
                catalogue.segments(stream, ALWAYS),
            )
            for stream in STREAMS
        ]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "gone",
    [
        Gone({"standard": NOW - 167, "h72": NOW - 71}),
        Gone({"standard": NOW - 167, "h72": NOW - 71}, {(NOW - 100, "standard"), (NOW - 50, "standard")}),
        Gone({"standard": NOW - 20, "h72": NOW - 90}),
        Gone({"standard": NOW - 300}),
        Gone({}),
        Gone({"standard": NOW + 100, "h72": NOW + 100}),
    ],
)
def test_what_is_left_is_as_if_the_rest_had_never_been(tmp_path: Path, gone: Gone, seed: int) -> None:
    """Spans, gaps, segments, whatever classes a stream had when; a second time changes nothing."""
    told = town(seed)
    with CatalogueWriter(tmp_path / "a.db") as writer, CatalogueWriter(tmp_path / "b.db") as other:
        writer.insert(told)
        other.insert(left_of(told, gone))
        writer.forget(gone)
        assert content(tmp_path / "a.db") == content(tmp_path / "b.db")
        assert writer.forget(gone) == 0
        assert content(tmp_path / "a.db") == content(tmp_path / "b.db")


def test_nothing_of_an_old_term_stays_behind(tmp_path: Path) -> None:
    """Facts, terms and volumes of hours that are gone are rows no more, and the volumes owe nothing of them."""
    told = town(3)
    path = tmp_path / "a.db"
    with CatalogueWriter(path) as writer, Catalogue(path) as catalogue:
        writer.insert(told)
        before = catalogue.last_numbers()
        writer.forget(Gone({"standard": NOW - 60, "h72": NOW - 60}))
        assert 0 < len(catalogue.last_numbers()) < len(before)
        assert catalogue.last_numbers().items() <= before.items()
        writer.forget(Gone({"standard": NOW + 100, "h72": NOW + 100}))
        assert catalogue.last_numbers() == {}
        database = sqlite3.connect(path)
        for table in ("fact", "volume", "term", "segment", "span", "gap", "step"):
            assert database.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,), table  # noqa: S608 - ours
        database.close()
        assert writer.insert(told).new == len(told)  # it writes on


def test_a_fact_that_comes_late_is_forgotten_at_the_next_time(tmp_path: Path) -> None:
    """What a recorder delivers after its hour is gone stays for a minute only."""
    late = segment(
        STREAMS[0], TermId(NodeId(7), 9, UtcTicks(1)), 5, (NOW - 170) * HOUR, (NOW - 170) * HOUR + 9, "standard"
    )
    gone = Gone({"standard": NOW - 167})
    with CatalogueWriter(tmp_path / "a.db") as writer:
        writer.forget(gone)
        assert writer.insert([late]).new == 1
        assert writer.forget(gone) == 1
        assert content(tmp_path / "a.db") == [(stream, [], [], []) for stream in STREAMS]
