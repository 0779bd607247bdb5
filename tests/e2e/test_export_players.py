# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Exports, as ffmpeg and a parser that is not ours see them, against what the camera sent."""

from pathlib import Path

import av
import pytest

from tests.tools.exported import export_mp4
from tests.tools.mp4check import duration, nal_units, packets, read_tables
from tests.tools.recording import STREAM, Recording, shoot_two_sizes
from torrazzo.base import Span
from torrazzo.base.times import SECOND, UtcTicks
from torrazzo.testing import ClipSpec, make_clip
from torrazzo.testing.picture import read_label

SPECS = {
    "plain": ClipSpec(width=320, height=240),
    "B-frames": ClipSpec(width=320, height=240, b_frames=3),
    "open GOP": ClipSpec(width=320, height=240, b_frames=2, open_gop=True, frames=300),
    "intra refresh": ClipSpec(width=320, height=240, intra_refresh=True, frames=300),
    "slices": ClipSpec(width=320, height=240, slices=4),
    "H.265": ClipSpec(codec="h265", width=320, height=240, b_frames=3),
    "H.265 with CRA and RASL": ClipSpec(codec="h265", width=320, height=240, b_frames=3, open_gop=True, frames=300),
    "5 fps": ClipSpec(width=320, height=240, fps="5", gop=25, frames=50),
    "50 fps": ClipSpec(width=320, height=240, fps="50", b_frames=2, frames=200),
}


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS.keys())
def test_an_export_holds_what_the_camera_sent(spec: ClipSpec, tmp_path: Path) -> None:
    """Across a gap of 20 s: each access unit byte for byte and at its time, for ffprobe and for hachoir alike."""
    made = Recording(tmp_path)
    made.shoot(make_clip(spec), 11.2)
    made.gap(20)
    made.shoot(make_clip(spec), 5.6)
    made.finish()
    out = tmp_path / "out.mp4"
    span = Span(UtcTicks(made.start), UtcTicks(made.now))
    export_mp4(made.footage(), STREAM, span, out)

    tables = read_tables(out)
    assert duration(out) * SECOND == tables.duration == span.end - span.start
    assert [sample.size for sample in tables.samples] == [len(told.unit.data) for told in made.told]
    told_times = [told.shown - span.start for told in made.told]
    seen = packets(out)
    assert [packet.pts for packet in seen] == told_times
    assert [(p.pos, p.size) for p in seen] == [(s.offset, s.size) for s in tables.samples]
    media = tables.edits[0][1]
    assert [sample.pts - media for sample in tables.samples] == told_times
    for told, nals in zip(made.told, nal_units(out, tables.samples), strict=True):
        assert told.unit.data == b"".join(len(nal).to_bytes(4) + nal for nal in nals)


def test_every_picture_decodes_at_its_time(tmp_path: Path) -> None:
    """From within a GOP, across a gap and a change of size, each decoded picture says the number of that moment."""
    made = Recording(tmp_path)
    shoot_two_sizes(made, 12, 20, 8, 4)
    made.finish()
    span = Span(UtcTicks(made.start + round(3.4 * SECOND)), UtcTicks(made.now - SECOND))
    out = tmp_path / "out.mp4"
    export_mp4(made.footage(), STREAM, span, out)
    wanted = sorted((told.shown - span.start, told.number) for told in made.told if span.start <= told.shown < span.end)
    found = []
    with av.open(str(out)) as container:
        for frame in container.decode(video=0):
            plane = frame.planes[0]
            label = read_label(memoryview(plane), frame.width, frame.height, plane.line_size)
            assert label is not None
            assert label.tag == (2 if frame.width == 480 else 1)
            assert frame.pts is not None
            found.append((frame.pts, label.number))
    assert found == wanted
