# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What servers that we did not write send is what `camera` gives."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from tests.interop.servers import At, Got, Sent, Served, essential, gst_server, hashes, read
from torrazzo.base.clock import SystemClock
from torrazzo.base.secret import Secret
from torrazzo.camera import AccessUnit, CameraError

VARIANTS = (
    "plain", "b_frames", "open_gop", "intra_refresh", "slices", "gop40", "fps5", "fps50", "kbit50", "mbit16",
    "size_change", "h265", "h265_cra_rasl", "h265_size_change",
)  # fmt: skip
CLIPS = ("intel-car-detection", "intel-one-by-one-person", "axis-signed_test_h264")
READ_S = 6
LEAST = {"size_change": 110, "h265_size_change": 110, "h265_cra_rasl": 140}  # pictures, where something comes late
LEARNING = 16  # pictures after which the depth of reordering is known, where a stream does not say it
LATE_NS = 3_000_000_000


@dataclass(frozen=True)
class Played:
    """All mounts, read at the same time."""

    served: Served
    got: dict[str, Got]
    sent: dict[str, list[Sent]]


@pytest.fixture(scope="module")
def played(
    needs_gst: None, shared_video: tuple[Path, ...], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Played]:
    """Every variant and clip, read for some seconds."""
    log = tmp_path_factory.mktemp("interop") / "sent.jsonl"
    options = [part for name in VARIANTS for part in ("--variant", name)]
    options += [part for path in shared_video for part in ("--file", str(path))]
    names = [*VARIANTS, *(path.stem for path in shared_video)]

    async def read_all(base: str) -> list[Got]:
        return await asyncio.gather(*(read(At(f"{base}/{name}"), READ_S, least=LEAST.get(name, 1)) for name in names))

    with gst_server(log, *options) as served:
        got = asyncio.run(read_all(served.base))
        yield Played(served, dict(zip(names, got, strict=True)), served.sent())


def check(codec: str, got: Got, sent: list[Sent]) -> None:
    """All that was sent until shortly before the end was received, in order, byte for byte, at the same distances."""
    assert got.units, "nothing was received"
    wanted = [essential(codec, each.nals) for each in sent]
    received = [hashes(codec, unit.data) for unit in got.units]
    assert received == wanted[: len(received)]
    missing = [each.serial for each in sent[len(received) :] if each.sent_ns < got.last_sweep_ns - LATE_NS]
    assert missing == []
    assert [b.pts - a.pts for a, b in pairwise(got.units)] == [
        b.ticks - a.ticks for a, b in pairwise(sent[: len(received)])
    ]
    assert all(a.dts < b.dts for a, b in pairwise(got.units))
    if not any(is_odd(a, b) for a, b in pairwise(sorted(got.units, key=lambda unit: unit.pts))):
        late = [at for at, unit in enumerate(got.units) if unit.dts > unit.pts]
        assert late[:1] == [] or late[-1] < LEARNING, "a picture is decoded after it is shown"
    assert sum(unit.lost for unit in got.units) == 0


def is_odd(before: AccessUnit, after: AccessUnit) -> bool:
    """Two pictures for the same moment: some cameras send such."""
    return before.pts == after.pts


@pytest.mark.parametrize("name", [*VARIANTS, *CLIPS])
def test_no_unit_is_lost_and_none_is_changed(played: Played, name: str) -> None:
    """Access units received are those sent, SEI and VCL byte for byte, time stamps at the same distances."""
    if name not in played.got:
        pytest.skip("left out: ../shared is not there")
    codec = "h265" if name.startswith("h265") else "h264"
    check(codec, played.got[name], played.sent[name])
    assert {unit.format.codec for unit in played.got[name].units} == {codec}


@pytest.mark.parametrize(("name", "frames"), [("plain", 50), ("b_frames", 50), ("fps5", 20), ("h265", 50)])
def test_key_frames_are_where_the_encoder_put_them(played: Played, name: str, frames: int) -> None:
    """Every `frames` units one that decoding may begin with."""
    keys = [at for at, unit in enumerate(played.got[name].units) if unit.is_key]
    assert keys == list(range(0, len(played.got[name].units), frames))


def test_open_gops_have_more_keys_than_idr(played: Played) -> None:
    """H.265: each CRA is one."""
    keys = [at for at, unit in enumerate(played.got["h265_cra_rasl"].units) if unit.is_key]
    assert len(keys) >= 5


@pytest.mark.parametrize("name", ["size_change", "h265_size_change"])
def test_a_new_size_is_a_new_format(played: Played, name: str) -> None:
    """At the first picture of the new size, a key frame, the format changes; nowhere else."""
    units = played.got[name].units
    changes = [(at, b.format.width, b.is_key) for at, (a, b) in enumerate(pairwise(units), 1) if a.format != b.format]
    assert changes[:1] == [(100, 640, True)]


def test_the_end_of_a_stream_is_told_after_its_last_unit(needs_gst: None, tmp_path: Path) -> None:
    """A stream that ends gives all its units first, those held back for their order too, and then CameraError."""
    with gst_server(tmp_path / "sent.jsonl", "--variant", "b_frames", "--once") as served:
        got = asyncio.run(read(At(f"{served.base}/b_frames"), 20))
        sent = served.sent()["b_frames"]
    assert isinstance(got.end, CameraError)
    assert len(got.units) == len(sent) == 100
    check("h264", got, sent)


@pytest.mark.parametrize("auth", ["digest", "basic"])
def test_only_the_right_password_opens(needs_gst: None, tmp_path: Path, auth: str) -> None:
    """The right one plays; a wrong one is an `auth` error that does not say it."""
    login = ("--user", "torre", "--password", "secret-word", "--auth", auth)
    with gst_server(tmp_path / "sent.jsonl", "--variant", "fps5", *login) as served:
        got = asyncio.run(read(At(f"{served.base}/fps5", "torre", Secret("secret-word")), 1))
        assert got.units
        with pytest.raises(CameraError) as caught:
            asyncio.run(read(At(f"{served.base}/fps5", "torre", Secret("wrong-word")), 1))
    assert caught.value.why == "auth"
    assert "wrong-word" not in str(caught.value)


@pytest.mark.long
def test_keep_alives_keep_the_session(needs_gst: None, tmp_path: Path) -> None:
    """For three times the session's life nothing is lost and the session goes on."""
    with gst_server(tmp_path / "sent.jsonl", "--variant", "kbit50", "--variant", "gop40") as served:

        async def both() -> list[Got]:
            return await asyncio.gather(*(read(At(f"{served.base}/{name}"), 190) for name in ("kbit50", "gop40")))

        slow, long_gop = asyncio.run(both())
        sent = served.sent()
        assert len([method for method in served.requests("kbit50") if method in {"OPTIONS", "GET_PARAMETER"}]) > 3
    assert slow.end is None
    check("h264", slow, sent["kbit50"])
    check("h264", long_gop, sent["gop40"])
    assert SystemClock().boot_ns() > slow.last_sweep_ns
