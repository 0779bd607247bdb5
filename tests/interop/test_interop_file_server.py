# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A second server that we did not write: that of aio-rtsp-toolkit, which sends the NAL units of files as they are."""

import asyncio
import importlib.util
import sys
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import pytest

from tests.interop.servers import At, Got, digest, essential, hashes, read, running, wait_for
from tests.tools.ports import free_port
from torrazzo.base.times import SECOND
from torrazzo.camera import CameraError
from torrazzo.testing import ClipSpec, make_clip

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("aio_rtsp_toolkit") is None, reason="left out: needs aio-rtsp-toolkit"
)
SPECS = {
    "plain": ClipSpec(width=320, height=180, frames=75, gop=25, noise=0.1),
    "slices": ClipSpec(width=320, height=180, frames=75, gop=25, slices=4, noise=0.1),
    "b_frames": ClipSpec(width=320, height=180, frames=75, gop=25, b_frames=2, noise=0.1),
    "h265": ClipSpec(codec="h265", width=320, height=180, frames=75, gop=25, noise=0.1),
}
_SERVE = """
import asyncio, sys
from aio_rtsp_toolkit import server_streaming
from aio_rtsp_toolkit.server import serve
server_streaming.QUEUE_PUT_POLL_INTERVAL = 60  # a picture that its loop has not taken by then, it sends twice
asyncio.run(serve(sys.argv[1], "127.0.0.1", int(sys.argv[2])))
"""


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Got]:
    """What came of one MP4 a spec, all played at the same time."""
    folder = tmp_path_factory.mktemp("files")
    for name, spec in SPECS.items():
        write_mp4(folder / f"{name}.mp4", spec)
    port = free_port()
    with running([sys.executable, "-u", "-c", _SERVE, str(folder), str(port)]) as (process, lines):
        wait_for(lines, process, "listening on")

        async def read_all() -> list[Got]:
            return await asyncio.gather(*(read(At(f"rtsp://127.0.0.1:{port}/{name}.mp4"), 12) for name in SPECS))

        return dict(zip(SPECS, asyncio.run(read_all()), strict=True))


def write_mp4(path: Path, spec: ClipSpec) -> None:
    """The clip as FFmpeg writes it."""
    clip = make_clip(spec)
    with av.open(path, "w", format="mp4") as container:
        stream = container.add_stream("hevc" if spec.codec == "h265" else "h264", rate=Fraction(spec.fps))
        stream.width, stream.height, stream.time_base = clip.width, clip.height, Fraction(1, SECOND)
        stream.codec_context.extradata = b"".join(b"\0\0\0\1" + nal for nal in clip.parameter_sets)
        for unit in clip.units:
            packet = av.Packet(b"".join(b"\0\0\0\1" + nal for nal in unit.nals))
            packet.stream, packet.pts, packet.dts = stream, unit.pts, unit.dts
            packet.is_keyframe, packet.time_base, packet.duration = unit.is_key, Fraction(1, SECOND), clip.interval
            container.mux(packet)


@pytest.mark.parametrize("name", SPECS)
def test_a_file_comes_through_whole(played: dict[str, Got], name: str) -> None:
    """All access units of the file are received before the end is told, SEI and VCL as they are, in its rhythm."""
    got, clip = played[name], make_clip(SPECS[name])
    wanted = [essential(clip.codec, tuple(digest(clip.codec, nal) for nal in unit.nals)) for unit in clip.units]
    assert isinstance(got.end, CameraError)
    assert [hashes(clip.codec, unit.data) for unit in got.units] == wanted
    if SPECS[name].b_frames:
        return  # this server lets time stamps only grow
    assert [b.pts - a.pts for a, b in pairwise(got.units)] == [b.pts - a.pts for a, b in pairwise(clip.units)]
