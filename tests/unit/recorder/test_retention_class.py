# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A camera whose footage is to live longer or shorter than before."""

from tests.tools.lab import Lab, check_chain, check_elapsed
from torrazzo.archive.fact import parse_fact
from torrazzo.archive.header import VolumeHeader
from torrazzo.archive.reader import VolumeReader
from torrazzo.archive.record import Kind
from torrazzo.archive.root import volume_names
from torrazzo.testing import ClipSpec, FakeClock, FaultyDisk, make_clip
from torrazzo.testing.clock import run_virtual


def test_a_change_of_its_term_of_life_counts_from_then_on() -> None:
    """Footage and facts lie in volumes of the class they are of; the time line has no hole where it changes."""
    clock = FakeClock()
    lab = Lab(FaultyDisk(), clock, make_clip(ClipSpec(fps="5", frames=20, gop=5, width=160, height=96)), 1)

    async def life() -> None:
        lab.start()
        await lab.run(15)
        lab.retention_class = "h72"
        lab.follow()
        await lab.run(15)
        await lab.stop()

    run_virtual(clock, life())
    (facts,) = lab.facts().values()
    check_chain(facts)
    check_elapsed(facts)
    assert [fact.key.partition("/")[2] for fact in facts if fact.key] == ["standard"] * 2 + ["h72"] * 2
    assert {fact.why for fact in facts if fact.kind == "gap"} == {"maintenance"}, "the recorder ran all the time"
    terms = list(dict.fromkeys(fact.term for fact in facts))
    of_class = {"standard": terms[0], "h72": terms[1]}
    for name in volume_names(lab.disk, lab.roots[0]):
        with VolumeReader.open(lab.disk, lab.roots[0].volumes / name) as reader:
            told = [parse_fact(reader.payload(record)) for record in reader.records() if record.kind == Kind.FACT]
        assert told
        assert {fact.term for fact in told} == {of_class[VolumeHeader.from_name(name).retention_class]}
