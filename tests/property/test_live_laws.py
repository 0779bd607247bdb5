# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Laws of live pictures: messages survive being cut anywhere; what a browser that is too slow gets plays."""

import json
import struct
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torrazzo.base import StreamId
from torrazzo.base.errors import Invalid
from torrazzo.base.ids import CameraId
from torrazzo.camera import VideoFormat
from torrazzo.control_room.live.viewer import Viewer
from torrazzo.recorder.live_wire import (
    DISCONTINUITY,
    KEY,
    Beat,
    Format,
    Incoming,
    LiveFrame,
    Message,
    Over,
    Passed,
    Source,
    State,
    frame_head,
    pack_beat,
    pack_format,
    pack_over,
    pack_source,
    pack_state,
    pack_watch,
    parse_watch,
    passed_head,
)

NUMBERS = st.integers(1, 2**32 - 1)
TICKS = st.integers(-(2**40), 2**40)
FRAMES = st.builds(
    LiveFrame, NUMBERS, st.integers(0, 7), TICKS, TICKS, st.integers(0, 2**45), st.integers(0, 2**31), st.binary()
)
FORMATS = st.builds(
    Format,
    NUMBERS,
    st.builds(
        VideoFormat,
        st.sampled_from(["h264", "h265"]),
        st.integers(1, 9_000),
        st.integers(1, 9_000),
        st.lists(st.binary(min_size=1), max_size=4).map(tuple),
        st.just(0),
        st.none(),
    ),
)
STATES = st.builds(State, NUMBERS, st.text(max_size=20), st.none() | st.text(max_size=20), st.integers(0, 2**45))
COUNTS = st.integers(0, 2**60)
SOURCES = st.builds(Source, NUMBERS, COUNTS, TICKS, st.integers(0, 2**31), st.binary(), st.just(-1))
OTHERS = st.builds(Passed, NUMBERS, COUNTS, st.binary()) | st.builds(Over, NUMBERS) | st.just(Beat())
MESSAGES = st.lists(FRAMES | FORMATS | STATES | SOURCES | OTHERS, max_size=8)


def _pack(message: Message) -> bytes:
    match message:
        case LiveFrame():
            return frame_head(message) + message.data
        case Format():
            return pack_format(*message)
        case State():
            return pack_state(message)
        case Source():
            return b"".join(pack_source(message))
        case Passed():
            return passed_head(message.number, message.taken, len(message.data)) + message.data
        case Over():
            return pack_over(message.number)
        case Beat():
            return pack_beat()


@given(MESSAGES, st.lists(st.integers(0, 4_000), max_size=20))
def test_messages_survive_being_cut_anywhere(messages: list[Message], cuts: list[int]) -> None:
    """However the kernel hands the bytes over, the same messages come out, in order."""
    data = b"".join(map(_pack, messages))
    edges = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    incoming = Incoming()
    found = [each for start, end in pairwise(edges) for each in incoming.feed(data[start:end])]
    assert found == messages


@given(st.binary(max_size=200))
def test_whatever_comes_is_messages_or_invalid(data: bytes) -> None:
    """Nothing else is raised, and nothing waits for ever that can't be."""
    incoming = Incoming()
    try:
        incoming.feed(data)
    except Invalid:
        return
    try:
        parse_watch(data)
    except Invalid:
        return


@given(st.dictionaries(NUMBERS, st.integers(1, 2**64 - 1), max_size=20))
def test_a_wish_is_read_as_it_was_written(wanted: dict[int, int]) -> None:
    """Numbers and streams."""
    streams = {number: StreamId(CameraId(f"{camera:016x}"), "main") for number, camera in wanted.items()}
    assert parse_watch(pack_watch(streams)) == streams


@pytest.mark.parametrize(
    "line", [b"", b"{}", b'{"watch":[]}', b'{"watch":{"0":"0000000000000001/main"}}', b'{"watch":1}']
)
def test_what_is_no_wish_is_refused(line: bytes) -> None:
    """By `Invalid`, and nothing else."""
    with pytest.raises(Invalid):
        parse_watch(line)


@given(
    st.lists(st.tuples(st.booleans(), st.integers(1, 20_000), st.booleans()), min_size=1, max_size=300),
    st.integers(1, 40),
)
def test_what_a_slow_browser_gets_plays(pictures: list[tuple[bool, int, bool]], takes_each: int) -> None:
    """Media time grows, a key frame is first and stands behind each hole, and all that was offered is accounted for."""
    viewer = Viewer(("avc1",))
    viewer.begin("main")
    offered, dts = 0, 0
    got: list[tuple[int, int, int]] = []
    told = 0

    def take() -> None:
        nonlocal told
        while (item := viewer.take()) is not None:
            if isinstance(item, str):
                told += json.loads(item).get("frames", 0)
            elif isinstance(item, bytes):
                kind, flags, _, sequence, _, media = struct.unpack_from(">BBHIQQ", item)
                assert kind == 1
                got.append((flags, sequence, media))

    for at, (is_key, step, breaks) in enumerate(pictures):
        dts += step
        flags = (KEY if is_key else 0) | (DISCONTINUITY if is_key and breaks else 0)
        viewer.frame(LiveFrame(1, flags, dts, dts, at, step, b"x"))
        offered += 1
        if at % takes_each == 0:
            take()
    take()
    assert all(one[2] < other[2] for one, other in pairwise(got))
    assert len(got) + viewer.dropped == offered
    assert told <= viewer.dropped
    last = 0
    for flags, sequence, _ in got:
        if sequence != last + 1 or last == 0:
            assert flags & KEY, "behind a hole decoding begins anew"
        last = sequence
