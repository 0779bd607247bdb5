# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A plan that changes while the fence file can't be written: what needs no new term waits for nobody."""

from dataclasses import replace

from tests.tools.lab import Lab, check_chain, check_elapsed
from torrazzo.base.times import DAY, UtcTicks
from torrazzo.testing import ClipSpec, FakeClock, FaultyDisk, make_clip
from torrazzo.testing.clock import run_virtual
from torrazzo.town.camera import StreamConfig
from torrazzo.town.plan import PlanEntry


def test_only_what_needs_a_new_term_waits_for_it() -> None:
    """Streams go on, end, get new addresses and permits; a new class and a new stream wait for their terms."""
    clock = FakeClock()
    lab = Lab(FaultyDisk(), clock, make_clip(ClipSpec(fps="5", frames=20, gop=5, width=160, height=96)), 4)
    goes_on, ends, changes, comes = lab.cameras
    entries = {id_: PlanEntry(StreamConfig(id_, "rtsp://lab"), "standard", UtcTicks(lab.until)) for id_ in lab.cameras}

    async def life() -> None:
        camera = lab.cameras.pop(comes)
        lab.start()
        lab.cameras[comes] = camera
        recorder = lab.recorder
        await lab.run(10)
        terms = {id_: stream.journal.term for id_, stream in recorder.streams.items()}
        plan = {
            goes_on: replace(entries[goes_on], stream=StreamConfig(goes_on, "rtsp://elsewhere")),
            changes: replace(entries[changes], retention_class="h72", until=UtcTicks(lab.until + DAY)),
            comes: entries[comes],
        }
        recorder.follow(plan, clock.boot_ns(), {})
        assert {id_: stream.journal.term for id_, stream in recorder.streams.items()} == {
            id_: terms[id_] for id_ in (goes_on, changes)
        }
        assert recorder.streams[changes].until == lab.until + DAY
        await lab.run(10)
        refused = recorder.new_terms(plan, clock.boot_ns())
        granted = recorder.new_terms(plan, clock.boot_ns())
        assert set(refused) == set(granted) == {changes, comes}
        assert all(refused[id_] != granted[id_] for id_ in granted)
        recorder.follow(plan, clock.boot_ns(), granted)
        assert {id_: recorder.streams[id_].journal.term for id_ in granted} == granted
        assert recorder.new_terms(plan, clock.boot_ns()) == {}
        await lab.run(10)
        await lab.stop()

    run_virtual(clock, life())
    facts = lab.facts()
    for id_ in (goes_on, ends, changes):
        check_chain(facts[id_])
        check_elapsed(facts[id_])
    assert len({fact.term for fact in facts[changes]}) == 2
