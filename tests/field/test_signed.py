# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the reference implementation of ONVIF Media Signing signed, through the recorder's whole data path."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import av
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from tests.tools.lab import Lab
from tests.tools.signed import UUID
from tests.unit.codec.streams import Moment, assemble, split_avcc
from torrazzo.archive.fact import Fact
from torrazzo.base.times import SECOND, UtcTicks
from torrazzo.camera.boxed import parse_extradata
from torrazzo.camera.signing import Signing, Verdict, read_makers
from torrazzo.testing import FakeClock, FaultyDisk
from torrazzo.testing.clips import Clip, ClipUnit
from torrazzo.testing.clock import run_virtual

CLIPS = {"h264": "onvif-test_signed_h264.mp4", "h265": "onvif-test_signed_h265.mp4"}
IN_FORCE = UtcTicks(int(datetime(2025, 6, 1, tzinfo=UTC).timestamp()) * SECOND)  # while its certificate was valid
GOP = 62


def read(shared: Path, codec: str) -> Clip:
    """The file's pictures as a camera source gives them. It ends with a statement that no picture follows."""
    with av.open(str(shared / "video" / "signed" / CLIPS[codec])) as container:
        stream = container.streams.video[0]
        _, sets = parse_extradata(codec, stream.codec_context.extradata or b"")
        size = stream.codec_context.width, stream.codec_context.height
        coded = [split_avcc(bytes(packet)) for packet in container.demux(stream) if packet.size]
    interval = SECOND // 25
    units = tuple(
        ClipUnit(unit.pts, unit.pts, unit.is_key, tuple(split_avcc(unit.data)), at)
        for at, unit in enumerate(
            assemble(codec, (Moment(at * interval, nals) for at, nals in enumerate(coded)), announced=sets)
        )
    )
    assert len(units) >= 4 * GOP
    return Clip(codec, *size, interval, len(units) * interval, units)


def recorded(clip: Clip) -> list[Fact]:
    """The facts of the segments that a recorder makes of it, sent in a loop, in 34 seconds."""
    clock, disk = FakeClock(IN_FORCE), FaultyDisk()
    lab = Lab(disk, clock, clip, 1, base=Path("/r"))

    async def life() -> None:
        lab.start()
        await lab.run(34)
        await lab.stop()

    run_virtual(clock, life())
    (facts,) = lab.facts().values()
    return [fact for fact in facts if fact.kind == "seg"]


def verdicts(facts: Sequence[Fact]) -> list[str | None]:
    """What each says."""
    return [None if fact.signed is None else fact.signed.verdict for fact in facts]


def changed(clip: Clip, at: int) -> Clip:
    """One bit of one picture turned."""
    nals = list(clip.units[at].nals)
    nal = bytearray(nals[-1].rstrip(b"\0"))
    nal[len(nal) // 2] ^= 1
    nals[-1] = bytes(nal)
    return replace(clip, units=(*clip.units[:at], clip.units[at]._replace(nals=tuple(nals)), *clip.units[at + 1 :]))


@pytest.mark.parametrize("codec", CLIPS)
def test_a_reference_clip_is_right(shared: Path, codec: str) -> None:
    """All GOPs are signed by a certificate that hangs on the published one.

    The last statement gives the hash of the GOP before (its maker forgot it at the end of a stream); its list is right.
    """
    clip = read(shared, codec)
    with av.open(str(shared / "video" / "signed" / CLIPS[codec])) as container:
        last = [bytes(packet) for packet in container.demux(container.streams.video[0]) if packet.size][-1]
    makers = read_makers((shared / "video/signed/onvif-ca.pem").read_bytes())
    signing = Signing(codec, makers)
    samples = [b"".join(len(nal).to_bytes(4) + nal for nal in unit.nals) for unit in clip.units]
    found = [signing.take([*samples[: GOP + 10]], 0, IN_FORCE)]
    found += [signing.take([sample], 0, IN_FORCE) for sample in [*samples[GOP + 10 :], last]]
    assert [verdict for verdict in found if verdict is not None] == [Verdict.OK] * 5
    assert signing.signer is not None
    assert signing.signer.is_trusted


@pytest.mark.parametrize("codec", CLIPS)
def test_facts_tell_what_its_signatures_say(shared: Path, codec: str) -> None:
    """Recorded in a loop: right to its end, where the camera seems to begin anew and the last GOP is never signed."""
    clip = read(shared, codec)
    facts = recorded(clip)
    assert verdicts(facts)[0] == "ok"
    assert set(verdicts(facts)) == {"ok", "missing"}
    pem = next(nal for unit in clip.units for nal in unit.nals if UUID in nal)
    begin = pem.index(b"-----BEGIN")
    leaf = x509.load_pem_x509_certificate(pem[begin : pem.index(b"-----END") + 25])
    assert {fact.signed and fact.signed.cert for fact in facts} == {leaf.fingerprint(SHA256())}


@pytest.mark.parametrize("codec", CLIPS)
@pytest.mark.parametrize("at", [2 * GOP, 2 * GOP + 1, 3 * GOP + 40])
def test_a_flipped_bit_in_a_reference_clip_is_bad(shared: Path, codec: str, at: int) -> None:
    """In a key picture or any other."""
    assert verdicts(recorded(changed(read(shared, codec), at)))[0] == "bad"


@pytest.mark.parametrize("name", ["axis-test_h264.mp4", "intel-car-detection.mp4"])
def test_recordings_without_signatures_are_not_mentioned(shared: Path, name: str) -> None:
    """Real cameras that don't sign in this way leave no trace of it in their facts."""
    with av.open(str(shared / "video" / ("signed" if name.startswith("axis") else "") / name)) as container:
        stream = container.streams.video[0]
        samples = [bytes(packet) for packet in container.demux(stream) if packet.size]
    units = tuple(
        ClipUnit(at * 3600, at * 3600, not at, tuple(split_avcc(each)), at) for at, each in enumerate(samples)
    )
    _, sets = parse_extradata("h264", stream.codec_context.extradata or b"")
    first = units[0]._replace(nals=(*sets, *units[0].nals))
    size = stream.codec_context.width, stream.codec_context.height
    clip = Clip("h264", *size, 3600, len(units) * 3600, (first, *units[1:]))
    assert all(b'"q":{}' in fact.line or b'"q":{"continues":true}' in fact.line for fact in recorded(clip))
