# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What one browser gets of a live stream: its queue, its media time, the running group, other streams and codecs."""

import json
import struct
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import pytest

from torrazzo.camera import VideoFormat
from torrazzo.control_room.live.channel import CANNOT_PLAY, MOST_BYTES, Channel
from torrazzo.control_room.live.viewer import MOST_FRAMES, End, Viewer
from torrazzo.recorder.live_wire import CATCHING_UP, DISCONTINUITY, KEY, LiveFrame, State
from torrazzo.segment.codec_string import codec_string
from torrazzo.segment.parse import parse_fragment, parse_init
from torrazzo.testing import ClipSpec, make_clip

STEP = 3_600
_HEADER = struct.Struct(">BBHIQQ")


class Got(NamedTuple):
    """A frame as it came."""

    flags: int
    sequence: int
    media: int
    data: bytes


def _format(codec: str = "h264") -> VideoFormat:
    clip = make_clip(ClipSpec(codec=codec, frames=10, gop=5, width=160, height=96, bitrate=20_000))
    return VideoFormat(codec, clip.width, clip.height, clip.parameter_sets, 0, None)


FORMAT = _format()


def _frame(at: int, *, gop: int = 25, flags: int = 0, size: int = 100, step: int = STEP) -> LiveFrame:
    flags |= KEY if at % gop == 0 else 0
    return LiveFrame(1, flags, at * step + 7, at * step, 1_000 + 40 * at, step, b"%08d" % at + bytes(size - 8))


def _all(viewer: Viewer) -> list[Any]:
    """What waits now."""
    found: list[Any] = []
    while (item := viewer.take()) is not None:
        found.append(_read(item))
        if isinstance(item, End):
            break
    return found


def _read(item: str | bytes | End) -> Any:
    if isinstance(item, str):
        return json.loads(item)
    if isinstance(item, End):
        return item
    kind, flags, zero, sequence, _, media = _HEADER.unpack_from(item)
    assert zero == 0
    body = item[_HEADER.size :]
    if kind == 0:
        return parse_init(body)
    (sample,) = parse_fragment(body)
    assert (sample.dts, sample.pts, sample.is_key) == (media, media + 7, bool(flags & KEY))
    return Got(flags, sequence, media, body[sample.offset : sample.offset + sample.size])


def _frames(found: Sequence[Any]) -> list[Got]:
    return [each for each in found if isinstance(each, Got)]


def _numbers(found: Sequence[Any]) -> list[int]:
    return [int(each.data[:8]) for each in _frames(found)]


def _viewer(*plays: str) -> Viewer:
    viewer = Viewer(plays or ("avc1",))
    viewer.begin("main")
    return viewer


def test_who_wants_key_frames_alone_gets_no_others() -> None:
    """As they come, without being told of what is left out; wanted again, all come from the next key frame on."""
    viewer = Viewer({"avc1"})
    viewer.begin("sub")
    viewer.format(FORMAT)
    viewer.show_all(False)
    for at in range(60):
        viewer.frame(_frame(at))
    viewer.show_all(True)
    for at in range(60, 80):
        viewer.frame(_frame(at))
    found = [each for each in _all(viewer) if isinstance(each, Got)]
    assert [int(each.data[:8]) for each in found] == [0, 25, 50, *range(75, 80)]
    assert [each.sequence for each in found] == [1, 26, 51, *range(76, 81)]
    assert all(one.media < other.media for one, other in pairwise(found))
    assert viewer.dropped == 0


def test_who_comes_late_gets_the_running_group_and_then_what_comes() -> None:
    """State, beginning, the group flagged as sent again from its key frame on; media time begins at 0."""
    channel, viewer = Channel(), _viewer()
    channel.take_format(FORMAT)
    channel.take_state(State(1, "recording", None, 5))
    for at in range(60):
        channel.take_frame(_frame(at))
    channel.join(viewer)
    channel.take_frame(_frame(60))
    found = _all(viewer)
    assert found[0] == {"type": "state", "state": "recording", "why": None, "at": 5}
    assert found[1] == {
        "type": "init",
        "mime": f'video/mp4; codecs="{codec_string(FORMAT)}"',
        "width": 160,
        "height": 96,
        "stream": "main",
    }
    assert found[2].width == 160
    frames = _frames(found)
    assert _numbers(found) == list(range(50, 61))
    assert [bool(frame.flags & CATCHING_UP) for frame in frames] == [True] * 10 + [False]
    assert [frame.media for frame in frames] == [at * STEP for at in range(11)]
    assert [frame.sequence for frame in frames] == list(range(1, 12))


def test_a_slow_browser_is_moved_to_the_next_key_frame_and_told() -> None:
    """What finds the queue full is left out up to a key frame; what waits then gives way; numbers count all."""
    channel, viewer = Channel(), _viewer()
    channel.join(viewer)
    channel.take_format(FORMAT)
    for at in range(150):
        channel.take_frame(_frame(at))
    found = _all(viewer)
    (dropped,) = [each for each in found if isinstance(each, dict) and each["type"] == "dropped"]
    numbers = _numbers(found)
    assert dropped["frames"] == numbers[0]
    assert found.index(dropped) == found.index(_frames(found)[0]) - 1
    first = _frames(found)[0]
    assert first.flags & KEY
    assert first.flags & DISCONTINUITY
    assert first.sequence == numbers[0] + 1
    assert first.media == 0, "no hole where nothing was shown"
    assert numbers == list(range(75, 135))
    assert viewer.dropped == 150 - len(numbers), "of which the last are told with the next key frame"


def test_a_queue_is_bounded_by_bytes_too() -> None:
    """Large frames do not wait by the dozen."""
    channel, viewer = Channel(), _viewer()
    channel.join(viewer)
    channel.take_format(FORMAT)
    for at in range(MOST_FRAMES - 10):
        channel.take_frame(_frame(at, gop=1_000, size=1 << 20))
    assert sum(len(frame.data) for frame in _frames(_all(viewer))) <= 26 << 20


def test_a_group_that_is_too_long_is_not_kept() -> None:
    """Who comes then waits for the next key frame."""
    channel, viewer = Channel(), _viewer()
    channel.take_format(FORMAT)
    for at in range(3):
        channel.take_frame(_frame(at, gop=100, size=MOST_BYTES // 2))
    channel.join(viewer)
    channel.take_frame(_frame(3, gop=100))
    channel.take_frame(_frame(100, gop=100))
    assert _numbers(_all(viewer)) == [100]


def test_media_time_never_jumps() -> None:
    """Neither where the camera began anew, nor where frames are missing, nor with another stream."""
    channel, other, viewer = Channel(), Channel(), _viewer()
    for each in (channel, other):
        each.take_format(FORMAT)
    channel.join(viewer)
    for at in (0, 1, 2):
        channel.take_frame(_frame(at))
    channel.take_frame(_frame(30, gop=1_000))  # twenty-seven of them were lost
    channel.take_frame(_frame(1_000_000, flags=DISCONTINUITY))  # another clock
    channel.take_frame(_frame(1_000_001))
    channel.leave(viewer)
    frames = _frames(_all(viewer))
    viewer.begin("sub")
    other.join(viewer)
    other.take_frame(_frame(50))
    frames += _frames(_all(viewer))
    assert [frame.media for frame in frames] == [at * STEP for at in range(7)]
    assert [bool(frame.flags & DISCONTINUITY) for frame in frames] == [True, False, False, True, True, False, True]


def test_irregular_cameras_do_not_begin_anew_at_every_frame() -> None:
    """One that has shown longer distances may show them again without a discontinuity."""
    channel, viewer = Channel(), _viewer()
    channel.join(viewer)
    channel.take_format(FORMAT)
    dts = 0
    for at, step in enumerate((1, 1, 2, 2, 1, 4, 1, 3)):
        dts += step * STEP
        channel.take_frame(_frame(at, gop=100)._replace(dts=dts, pts=dts + 7))
    frames = _frames(_all(viewer))
    assert [bool(frame.flags & DISCONTINUITY) for frame in frames] == [True] + [False] * 7


def test_what_a_browser_cannot_play_is_refused_with_its_codec() -> None:
    """H.265 is given where it was said that it plays."""
    found = _format("h265")
    channel, able, unable = Channel(), _viewer("avc1", "hvc1"), _viewer("avc1")
    for viewer in (able, unable):
        channel.join(viewer)
    channel.take_format(found)
    channel.take_frame(_frame(0))
    assert (_all(unable))[-1] == End(CANNOT_PLAY, "h265")
    words = (_all(able))[0]
    assert words["mime"].startswith('video/mp4; codecs="hvc1.1.6.L')


def test_nothing_is_sent_behind_the_end() -> None:
    """What waited when a look ended is not shown any more; the first end counts."""
    channel, viewer = Channel(), _viewer()
    channel.join(viewer)
    channel.take_format(FORMAT)
    for at in range(10):
        channel.take_frame(_frame(at))
    viewer.end(4409, "curtain")
    viewer.end(4403, "later")
    channel.take_frame(_frame(25))
    assert _all(viewer) == [End(4409, "curtain")]
    assert viewer.take() == End(4409, "curtain")


def test_a_recorder_that_is_away_is_told_and_what_it_sent_forgotten() -> None:
    """Nobody who comes meanwhile gets an old picture."""
    channel, viewer = Channel(), _viewer()
    channel.take_format(FORMAT)
    for at in range(10):
        channel.take_frame(_frame(at))
    channel.lose(77)
    channel.join(viewer)
    assert _all(viewer) == [{"type": "state", "state": "lost", "why": "recorder", "at": 77}]


@pytest.mark.parametrize(("codec", "start"), [("h264", "avc1.64"), ("h265", "hvc1.1.6.L")], ids=["h264", "h265"])
def test_a_browser_is_asked_by_the_standard_s_words(codec: str, start: str) -> None:
    """RFC 6381: profile, constraints and level, of the SPS."""
    assert codec_string(_format(codec)).startswith(start)
