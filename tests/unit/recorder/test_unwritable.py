# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""An event that cannot be written for what is in it: its stream declares the loss, the disk goes on."""

from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.tools.lab import BOOT, NODE, InlineWriter, check_chain, check_elapsed, facts_in
from tests.unit.recorder.test_writer import Reports
from torrazzo.archive import VolumeReader
from torrazzo.archive.fact import Fact
from torrazzo.archive.root import make_root, volume_names
from torrazzo.base import StreamId, TermId
from torrazzo.base.ids import CameraId
from torrazzo.base.times import SECOND, hour_of
from torrazzo.ingest import GapOpened, Step
from torrazzo.keyring.public import KeyName
from torrazzo.keyring.ring import Ring
from torrazzo.recorder.journal import Event, Journal, Tenure
from torrazzo.recorder.writer import Batch, Begin, End, Entry
from torrazzo.segment import Fragment, Opened, Sealed
from torrazzo.testing import FakeClock, FaultyDisk
from torrazzo.testing.clock import START

U32 = 1 << 32
SECONDS = 9


class Written:
    """Two streams of three segments of three seconds each; one event of the first is another."""

    def __init__(self, bad: "Bad | None", batch: int) -> None:
        clock, disk = FakeClock(), FaultyDisk()
        self.m0 = clock.boot_ns()
        ring = Ring({}).with_drawn([KeyName(hour_of(START), "standard")])
        root = make_root(disk, Path("/r"), NODE)
        writer = InlineWriter(disk, root, 1, clock, Reports())
        writer.start(BOOT)
        ill, well = (self._journal(index, ring) for index in (1, 2))
        events = list(self.events())
        if bad is not None:
            events[bad.at : bad.at + bad.is_instead] = [bad.event]
        writer.submit(Batch([Entry(each, Begin(None)) for each in (ill, well)], 0, 0))
        for start in range(0, len(events), batch):
            some = slice(start, start + batch)
            writer.submit(Batch([Entry(ill, each) for each in events[some]], 0, 0))
            writer.submit(Batch([Entry(well, each) for each in list(self.events())[some]], 0, 0))
        writer.submit(Batch([Entry(ill, End()), Entry(well, End())], 0, 0))
        writer.stop(1)
        assert not writer.is_failed
        self.faults = ill.faults
        assert (writer.faults, well.faults) == (ill.faults, 0)
        found = facts_in(disk, [root])
        self.ill, self.well = found[ill.stream], found[well.stream]
        (name,) = volume_names(disk, root)
        with VolumeReader.open(disk, root.volumes / name) as reader:
            assert reader.is_indexed, "no segment in it is without fact"

    def _journal(self, index: int, ring: Ring) -> Journal:
        stream = StreamId(CameraId(f"{index:016x}"), "main")
        tenure = Tenure(stream, TermId(NODE, 1, START), BOOT, "lab", self.m0)
        keys = {name: key.public() for name, key in ring.keys.items()}
        return Journal(tenure, "standard", lambda hour, name: keys.get(KeyName(hour, name)), may_have_prior=False)

    def events(self) -> list[Event]:
        """What a well-behaved stream makes."""
        found: list[Event] = []
        for second in range(SECONDS):
            t0, m0 = START + second * SECOND, self.m0 + second * 10**9
            if second % 3 == 0:
                found.append(Opened(t0, m0, "h264", b"init", hour_of(t0), continues=False))
            found.append(Fragment(t0, t0 + SECOND, m0, m0 + 10**9, SECOND, 25, 0, True, [b"moof", b"mdat"]))
            if second % 3 == 2:
                found.append(Sealed())
        return found


def recorded(facts: list[Fact]) -> int:
    """Seconds."""
    return sum((fact.t1 or 0) - fact.t0 for fact in facts if fact.kind == "seg") // SECOND


class Bad(NamedTuple):
    """What cannot be written, where, and what it costs."""

    event: Event
    at: int
    is_instead: bool
    recorded: int  # seconds


def _fragment(**flaw: Any) -> Bad:
    fragment = Fragment(START + SECOND, START + 2 * SECOND, 0, 0, SECOND, 25, 0, True, [b"moof", b"mdat"])
    return Bad(fragment._replace(**flaw), 2, True, SECONDS - 1)


def _opened(**flaw: Any) -> Bad:
    opened = Opened(START + 3 * SECOND, 0, "h264", b"init", hour_of(START), False)
    return Bad(opened._replace(**flaw), 5, True, SECONDS - 3)


BAD = {
    "more packets lost than a record can say": _fragment(lost=U32),
    "a duration that is too long": _fragment(media=U32),
    "an end before all time": _fragment(t1=-1),
    "a beginning without its bytes": _opened(init=None),
    "a beginning that arrived before all time": _opened(m0=-1),
    "a gap that opens before all time": Bad(GapOpened(-7, "net", 0), 5, False, SECONDS),
    "a step to before all time": Bad(Step(-7, -8, 0), 3, False, SECONDS),
}


@pytest.mark.parametrize("batch", [1, 4, 100])
@pytest.mark.parametrize("name", BAD)
def test_it_costs_its_stream_what_it_brought(name: str, batch: int) -> None:
    """One error counted; numbers, links and time hold; the stream beside it and the rest of its own are recorded."""
    bad = BAD[name]
    written = Written(bad, batch)
    assert written.faults == 1
    for facts in (written.ill, written.well):
        check_chain(facts)
        assert check_elapsed(facts) == SECONDS * SECOND
    assert recorded(written.well) == SECONDS
    assert recorded(written.ill) == bad.recorded
    gaps = [fact for fact in written.ill if fact.kind == "gap"]
    assert {fact.why for fact in gaps} == ({"codec"} if bad.recorded < SECONDS else set())
    assert sum((fact.t1 or 0) - fact.t0 for fact in gaps) == (SECONDS - bad.recorded) * SECOND


def test_what_is_well_is_written() -> None:
    """The same events without a bad one: nothing is lost and nothing counted."""
    written = Written(None, 4)
    assert (written.faults, recorded(written.ill)) == (0, SECONDS)
