# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later

import json
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from tests.tools.exported import export_mp4
from tests.tools.lab import Lab, check_chain, check_elapsed
from tests.tools.mp4check import nal_units, read_tables
from tests.tools.recording import STREAM, Recording
from tests.tools.signed import UUID, long_clip, make_chain, sign_clip
from torrazzo.archive.fact import Fact
from torrazzo.base import Span
from torrazzo.base.times import SECOND, UtcTicks
from torrazzo.camera.signing import Makers, read_makers
from torrazzo.recorder.run import load_makers
from torrazzo.testing import ClipSpec, FakeClock, FaultyDisk, make_clip
from torrazzo.testing.clips import Clip, ClipUnit
from torrazzo.testing.clock import run_virtual

GOP = 10  # pictures, and two seconds
DIGEST = x509.load_pem_x509_certificate(make_chain("Camera").pem).fingerprint(SHA256())


@pytest.fixture(scope="module")
def plain() -> Clip:
    """Eighty seconds."""
    return long_clip(make_clip(ClipSpec(fps="5", frames=40, gop=GOP, width=160, height=96, bitrate=20_000)), 80)


@pytest.fixture(scope="module")
def signed(plain: Clip) -> Clip:
    """The same, from a camera that signs."""
    return sign_clip(plain)


def changed(clip: Clip, first: int, units: Sequence[ClipUnit]) -> Clip:
    """The clip with other pictures from one on."""
    return replace(clip, units=(*clip.units[:first], *units, *clip.units[first + len(units) :]))


class Town:
    """One camera, and disks that fail when told to."""

    def __init__(self, clip: Clip, makers: Makers = (), roots: int = 1) -> None:
        self.clock, self.disk = FakeClock(), FaultyDisk()
        self.lab = Lab(self.disk, self.clock, clip, 1, roots=roots, base=Path("/r"))
        self.makers = makers

    async def record(self, seconds: float) -> None:
        """From start to stop."""
        self.lab.start()
        for stream in self.lab.recorder.streams.values():
            stream.journal._makers = self.makers
        await self.lab.run(seconds)
        await self.lab.stop()

    def segments(self, life: Coroutine[Any, Any, None]) -> list[Fact]:
        """Run it; the facts of its segments, in order, from an account that is sound."""
        run_virtual(self.clock, life)
        (facts,) = self.lab.facts().values()
        check_chain(facts)
        check_elapsed(facts)
        return [fact for fact in facts if fact.kind == "seg"]


def verdicts(facts: Sequence[Fact]) -> list[str | None]:
    """What each segment's fact says."""
    return [None if fact.signed is None else fact.signed.verdict for fact in facts]


def test_a_camera_that_does_not_sign_is_never_mentioned(plain: Clip) -> None:
    """Nothing of signatures stands in its facts, and nothing of its pictures is hashed for them."""
    town = Town(plain)
    facts = town.segments(town.record(45))
    assert len(facts) >= 4
    assert all(json.loads(fact.line)["q"] == {} for fact in facts)


def test_each_segment_of_a_camera_that_signs_has_a_verdict(signed: Clip) -> None:
    """All is well: ok, with the digest of the camera's certificate, and not a word of makers where there is none."""
    town = Town(signed)
    facts = town.segments(town.record(45))
    assert verdicts(facts) == ["ok"] * len(facts)
    assert len(facts) >= 4
    assert {fact.signed and fact.signed.cert for fact in facts} == {DIGEST}
    assert not any(b"trusted" in fact.line for fact in facts)


def test_one_flipped_bit_shows_in_the_fact(signed: Clip) -> None:
    """The GOP's verdict stands in the segment that was open when its statement came: its own, or the one after."""
    unit = signed.units[115]  # second 23, in the third segment
    nal = bytearray(unit.nals[-1])
    nal[-9] ^= 1
    town = Town(changed(signed, 115, [unit._replace(nals=(*unit.nals[:-1], bytes(nal)))]))
    facts = town.segments(town.record(45))
    assert verdicts(facts).count("bad") == 1
    (at,) = (at for at, verdict in enumerate(verdicts(facts)) if verdict == "bad")
    second = facts[0].t0 + 23 * SECOND
    assert facts[at - 1].t0 <= second < (facts[at].t1 or 0)
    assert set(verdicts(facts)) == {"ok", "bad"}


def test_signatures_that_stop_are_missed(signed: Clip) -> None:
    """All SEI taken out in mid-stream: `missing`, from ten seconds after on, until the end."""
    bare = [unit._replace(nals=tuple(nal for nal in unit.nals if UUID not in nal)) for unit in signed.units[125:]]
    town = Town(changed(signed, 125, bare))
    found = verdicts(town.segments(town.record(75)))
    assert found[:3] == ["ok"] * 3
    assert found[5:] == ["missing"] * len(found[5:])
    assert len(found[5:]) >= 2


def test_a_segment_in_which_nothing_was_judged_says_so() -> None:
    """With GOPs of 15 s each segment is one, and its statement comes in the next: none at first, then right."""
    clip = make_clip(ClipSpec(fps="5", frames=375, gop=75, width=160, height=96, bitrate=20_000))
    town = Town(sign_clip(clip))
    found = verdicts(town.segments(town.record(70)))
    assert found[-3:] == ["ok"] * 3
    assert found[0] == "none"


def test_with_makers_the_fact_says_whether_they_were_reached(signed: Clip) -> None:
    """`trusted` where the chain leads to one; bad, and not trusted, where it does not."""
    town = Town(signed, read_makers(make_chain("Camera").root))
    facts = town.segments(town.record(25))
    assert verdicts(facts) == ["ok"] * len(facts)
    assert all(fact.signed and fact.signed.trusted for fact in facts)
    town = Town(signed, read_makers(make_chain("Another").root))
    facts = town.segments(town.record(25))
    assert verdicts(facts) == ["bad"] * len(facts)
    assert not any(fact.signed and fact.signed.trusted for fact in facts)


def test_what_is_written_a_second_time_is_judged_as_the_first(signed: Clip) -> None:
    """A second that failed on one disk goes to the other, and its pictures and statements count once."""
    town = Town(signed, roots=2)

    async def life() -> None:
        town.lab.start()
        await town.lab.run(22.5)
        (stream,) = town.lab.recorder.streams.values()
        town.disk.fail("append", f"{stream.writer.root.path}/*", count=1)
        await town.lab.run(30)
        await town.lab.stop()

    facts = town.segments(life())
    assert all(fact.kind != "gap" or fact.t0 < facts[0].t0 for fact in next(iter(town.lab.facts().values())))
    found = verdicts(facts)
    assert [verdict for verdict in found if verdict != "none"] == ["ok"] * (len(found) - 1)  # one ends where it failed


def test_an_outage_is_not_held_against_the_camera(signed: Clip) -> None:
    """A lost connection leaves a gap, whose cause is told; signatures go on being right behind it."""
    town = Town(signed)
    (camera,) = town.lab.cameras.values()

    async def life() -> None:
        town.lab.start()
        await town.lab.run(17)
        camera.refuses = "net"
        await town.lab.run(9)
        camera.refuses = None
        await town.lab.run(25)
        await town.lab.stop()

    facts = town.segments(life())
    assert set(verdicts(facts)) <= {"ok", "none"}
    assert verdicts(facts)[-2:] == ["ok", "ok"]


def test_signatures_leave_with_an_export(tmp_path: Path, signed: Clip) -> None:
    """Every SEI NAL unit of the span is in the exported MP4, byte for byte and in its order, with its pictures."""
    made = Recording(tmp_path)
    made.shoot(signed, 30)
    made.finish()
    span = Span(UtcTicks(made.start + 6 * SECOND), UtcTicks(made.start + 24 * SECOND))
    out = tmp_path / "out.mp4"
    export_mp4(made.footage(), STREAM, span, out)
    samples = [sample for when, sample in read_tables(out).shown() if when >= 0]
    found = [nal for nals in nal_units(out, samples) for nal in nals]
    sent = [nal for unit in signed.units[30:120] for nal in unit.nals]
    assert [nal for nal in found if UUID in nal] == [nal for nal in sent if UUID in nal]
    assert found == sent


def test_makers_are_read_at_the_start(tmp_path: Path) -> None:
    """A file of certificates in PEM; none, or one that can't be read, stops no recorder."""
    path = tmp_path / "camera-makers.pem"
    assert load_makers(path) == ()
    path.write_bytes(make_chain("Camera").root + make_chain("Another").root)
    assert len(load_makers(path)) == 2
    path.write_bytes(b"not a certificate")
    assert load_makers(path) == ()
