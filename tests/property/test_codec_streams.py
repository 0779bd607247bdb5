# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.codec.streams import avcc, split_avcc
from torrazzo.camera.codec import Assembler, BadBits, h264, h265
from torrazzo.camera.codec.reorder import Reorder

A_FRAME = 3600
SPS = bytes.fromhex("6764001eac2c6a82c0f69b828082a0000003002000000303d08000")
PPS = bytes.fromhex("68ee3cb0")
SPS_HEVC = bytes.fromhex("42010101600000030000030000030000030096a001402005a1fe2ab4ee892ee680800dbba000cdfe6004")
IDR = bytes.fromhex("658884000020")


@st.composite
def reordered(draw: st.DrawFn) -> tuple[int, list[int]]:
    """A depth, and presentation times in decoding order in which no picture passes more than so many others."""
    depth = draw(st.integers(0, 8))
    count = draw(st.integers(1, 80))
    shown, now = [], 1_000_000
    for _ in range(count):
        shown.append(now)
        now += draw(st.sampled_from([A_FRAME, A_FRAME, A_FRAME, A_FRAME - 90, A_FRAME + 90, 2 * A_FRAME]))
    times: list[int] = []
    waiting = shown[1:]
    window: list[int] = []
    for _ in range(len(waiting)):
        while waiting and len(window) <= depth:
            window.append(waiting.pop(0))
        # the earliest waiting one may be passed by `depth` others, not by more
        passed = len([time for time in times if time > window[0]])
        choice = 0 if passed >= depth else draw(st.integers(0, min(depth - passed, len(window) - 1)))
        times.append(window.pop(choice))
    return depth, [shown[0], *times]


@given(reordered())
def test_a_stream_that_keeps_its_depth_decodes_no_picture_too_late(drawn: tuple[int, list[int]]) -> None:
    """Decoding times strictly increase, and none is after its picture's presentation time."""
    depth, times = drawn
    order = Reorder()
    order.begin_gop(depth, A_FRAME)
    placed = [order.place(pts) for pts in times]
    assert placed == sorted(set(placed))
    assert all(dts <= pts for dts, pts in zip(placed, times, strict=True))
    assert placed[0] == times[0] - depth * A_FRAME
    steady = sorted(times)[: max(0, len(times) - depth)]
    assert placed[depth:] == steady


@given(
    st.integers(0, 16),
    st.lists(st.one_of(st.integers(-(1 << 45), 1 << 45), st.integers(-(1 << 20), 1 << 20)), max_size=80),
)
def test_any_times_give_decoding_times_that_can_be_stored(depth: int, times: list[int]) -> None:
    """Between restarts decoding times strictly increase, and differ from presentation times by less than 2**31."""
    order = Reorder()
    last = None
    for at, pts in enumerate(times):
        if order.has_jumped(pts):
            order.restart()
            last = None
        if at % 7 == 0:
            order.begin_gop(depth, None)
        dts = order.place(pts)
        assert last is None or dts > last
        assert abs(pts - dts) < 1 << 31
        last = dts


headers = st.sampled_from(
    [bytes((kind,)) for kind in (0x65, 0x41, 0x67, 0x68, 0x06, 0x09, 0x0C)]
    + [bytes((kind << 1, 1)) for kind in (1, 8, 19, 21, 32, 33, 34, 39)]
)
nals = st.one_of(
    st.binary(min_size=1, max_size=60),
    st.builds(bytes.__add__, headers, st.binary(max_size=60)),
    st.sampled_from([SPS, PPS, SPS_HEVC, IDR]),
)


@given(
    st.sampled_from(["h264", "h265"]),
    st.lists(st.lists(nals, min_size=1, max_size=4), max_size=12),
    st.lists(nals, max_size=3),
)
def test_anything_goes_through_an_assembler(codec: str, moments: list[list[bytes]], announced: list[bytes]) -> None:
    """No NAL unit makes it raise; units hold what came, in order, with nothing but parameter sets put in."""
    assembler = Assembler(codec, announced)
    sent: list[bytes] = []
    for at, moment in enumerate(moments):
        data, places = avcc(moment)
        sent += moment
        for unit in assembler.push(data, places, at * A_FRAME, 0, at, discontinuity=False):
            left = split_avcc(unit.data)
            sets = list(unit.format.parameter_sets)
            if unit.is_key:
                assert set(sets) <= {nal.rstrip(b"\0") for nal in left}
            expected = sorted(sent[-len(left) :])
            if sorted(left) != expected:
                for nal in sets:
                    left.remove(nal)
            assert sorted(left) == sorted(sent[len(sent) - len(left) :])


@given(nals)
def test_any_parameter_set_or_slice_is_read_or_refused(nal: bytes) -> None:
    """The parsers raise `BadBits` and nothing else, and give sizes that a picture can have."""
    for parse in (h264.parse_sps, h265.parse_sps):
        try:
            found = parse(nal)
        except BadBits:
            continue
        assert 0 < found.width <= 16_384
        assert 0 < found.height <= 2 * 16_384
    h265.parse_vps_interval(nal)
    for read in (
        h264.parse_pps_ids,
        h264.slice_start,
        h264.find_recovery,
        h265.parse_pps_ids,
        h265.slice_pps,
        h265.has_recovery,
    ):
        try:
            read(nal)
        except BadBits:
            continue
