# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Segments read by a demultiplexer that shares no code with ours, nor with ffmpeg."""

import hashlib
import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.interop.servers import SYSTEM_PYTHON
from tests.unit.codec.streams import assemble, moments_of, mp4_of
from torrazzo.testing import ClipSpec, make_clip

SPECS = {
    "H.264": ClipSpec(width=320, height=180, frames=60, gop=12, b_frames=3, open_gop=True),
    "H.265": ClipSpec(codec="h265", width=322, height=242, frames=60, gop=12, b_frames=4, open_gop=True),
}


@pytest.mark.usefixtures("needs_gst")
@pytest.mark.parametrize("name", SPECS)
def test_gstreamer_finds_every_sample(name: str, tmp_path: Path) -> None:
    """Each sample's times, key flag and bytes are what we wrote; codec, size and parameter sets are understood."""
    clip = make_clip(SPECS[name])
    units = assemble(clip.codec, moments_of(clip))
    path = tmp_path / "segment.mp4"
    path.write_bytes(mp4_of(units))
    done = subprocess.run(
        [SYSTEM_PYTHON, str(Path(__file__).parent / "gst_samples.py"), str(path)],
        capture_output=True, text=True, check=True, timeout=60, env={"PATH": os.defpath},
    )  # fmt: skip
    found = json.loads(done.stdout)
    first = units[0].dts
    assert found["samples"] == [
        [
            (unit.dts - first) * 100_000 // 9,
            (unit.pts - first) * 100_000 // 9,
            len(unit.data),
            unit.is_key,
            hashlib.sha256(unit.data).hexdigest(),
        ]
        for unit in units
    ]
    assert f"width=(int){clip.width}, height=(int){clip.height}" in found["caps"]
    assert all(nal.hex() in found["caps"] for nal in clip.parameter_sets)
