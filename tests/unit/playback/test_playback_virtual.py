# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later

import random
import threading
from itertools import pairwise
from pathlib import Path

import pytest

from tests.tools.exported import export_mp4
from tests.tools.recording import STREAM, Recording
from torrazzo.base import Span
from torrazzo.base.errors import Damaged
from torrazzo.base.times import SECOND, UtcTicks
from torrazzo.playback import Footage, VirtualFile, plan_clip
from torrazzo.playback.virtual import explain
from torrazzo.testing import ClipSpec, make_clip


def whole(recording: Recording) -> Span:
    """From within the first GOP to the end."""
    return Span(UtcTicks(recording.start + SECOND), UtcTicks(recording.now))


def test_any_range_is_that_of_the_exported_file(recording: Recording, footage: Footage, tmp_path: Path) -> None:
    """Whatever range is asked for, in whatever order, the bytes are those an export has there."""
    clip = export_mp4(footage, STREAM, whole(recording), tmp_path / "out.mp4")
    data = (tmp_path / "out.mp4").read_bytes()
    served = VirtualFile(footage, clip, kept_bytes=20_000)
    assert served.size == len(data)
    draw = random.Random(7)
    edges = [extent.at for extent in clip.extents]
    ranges = [(0, len(data)), (0, 1), (len(data) - 1, len(data) + 50), (len(data), len(data) + 1), (10, 10)]
    ranges += [(edge - 1, edge + 1) for edge in edges] + list(pairwise(edges))
    for _ in range(200):
        start = draw.randrange(len(data))
        ranges.append((start, start + draw.randrange(20_000)))
    draw.shuffle(ranges)
    for start, end in ranges:
        assert b"".join(served.read(start, end)) == data[start:end], (start, end)


def test_what_is_kept_stays_within_its_bound(recording: Recording, footage: Footage) -> None:
    """Reading the whole file keeps no more opened bytes than allowed, and the last piece at least."""
    served = VirtualFile(footage, plan_clip(footage, STREAM, whole(recording)), kept_bytes=10_000)
    for _ in served.read(0, served.size):
        held = list(served._kept.values())
        assert len(held) <= 1 or sum(map(len, held)) <= 10_000


def test_readers_in_several_threads_do_not_disturb_each_other(recording: Recording, footage: Footage) -> None:
    """Four players of one file each get it whole."""
    served = VirtualFile(footage, plan_clip(footage, STREAM, whole(recording)), kept_bytes=5_000)
    wanted = b"".join(served.read(0, served.size))
    results: list[bytes] = []
    threads = [threading.Thread(target=lambda: results.append(b"".join(served.read(0, served.size)))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [wanted] * 4


def test_damage_since_the_plan_is_an_error_and_a_gap_in_the_next_plan(tmp_path: Path) -> None:
    """A piece spoilt after planning is never served: reading it raises, and planning again leaves it out."""
    made = Recording(tmp_path)
    made.shoot(make_clip(ClipSpec(width=160, height=120, frames=100)))
    made.finish()
    reader = made.footage()
    span = Span(made.start, UtcTicks(made.now))
    served = VirtualFile(reader, plan_clip(reader, STREAM, span))
    row = served.clip.segments[0]
    made.spoil(row, 3)
    with pytest.raises(Damaged):
        b"".join(served.read(0, served.size))
    again = plan_clip(reader, STREAM, span)
    assert [loss.piece for loss in again.losses] == [3]
    assert again.etag != served.etag


def test_the_explanation_covers_every_byte(recording: Recording, footage: Footage) -> None:
    """The text twin names consecutive stretches from the first byte to the last, with segment and fragment."""
    clip = plan_clip(footage, STREAM, whole(recording))
    at = 0
    lines = [line.split(maxsplit=2) for line in list(explain(clip))[2:]]
    for start, length, _ in lines:
        assert int(start) == at
        at += int(length)
    assert at == clip.size
    assert lines[1][2].startswith("segment 7f3a91c2-17-161600184000000 n=1 init  from 2026-11-24T22:00:00.000Z")
    assert lines[2][2].endswith("fragment 1")
