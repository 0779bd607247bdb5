# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from torrazzo.base.errors import Damaged
from torrazzo.camera import VideoFormat
from torrazzo.segment import parse_fragment, parse_init
from torrazzo.segment.fmp4 import fragment, init_segment

SPS = bytes.fromhex("6764001eac2c6a82c0f69b828082a0000003002000000303d08000")
PPS = bytes.fromhex("68ee3cb0")
INIT = init_segment(VideoFormat("h264", 704, 480, (SPS, PPS), 0, None))


class Picture(NamedTuple):
    dts: int
    pts: int
    data: bytes
    is_key: bool


@st.composite
def pictures(draw: st.DrawFn) -> tuple[list[Picture], int]:
    """Up to thirty samples, and when the one after them is decoded."""
    dts = draw(st.integers(-(1 << 40), 1 << 40))
    found = []
    for _ in range(draw(st.integers(1, 30))):
        shift = draw(st.integers(-(1 << 31), (1 << 31) - 1))
        found.append(Picture(dts, dts + shift, draw(st.binary(max_size=40)), draw(st.booleans())))
        dts += draw(st.integers(0, (1 << 32) - 1))
    return found, dts


@given(pictures(), st.integers(0, 1 << 32), st.integers(1, 1 << 31))
def test_any_samples_come_back(drawn: tuple[list[Picture], int], base: int, number: int) -> None:
    """Times, sizes, flags and bytes of any samples are read back as they were given."""
    samples, end = drawn
    data = b"".join(fragment(number, base, samples, end))
    found = parse_fragment(data)
    move = base - samples[0].dts
    assert [(s.dts, s.pts, s.is_key) for s in found] == [(p.dts + move, p.pts + move, p.is_key) for p in samples]
    assert [data[s.offset : s.offset + s.size] for s in found] == [p.data for p in samples]
    assert found[-1].dts + found[-1].duration == end + move


@given(pictures(), st.data())
def test_a_changed_fragment_never_points_outside_itself(drawn: tuple[list[Picture], int], data: st.DataObject) -> None:
    """Whatever is written over a fragment, it is damage or every sample still lies within it."""
    whole = bytearray(b"".join(fragment(1, 0, *drawn)))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = parse_fragment(whole)
    except Damaged:
        return
    assert all(0 <= sample.offset <= sample.offset + sample.size <= len(whole) for sample in found)


@given(st.data())
def test_a_changed_init_is_read_or_refused(data: st.DataObject) -> None:
    """Whatever is written over an init, nothing but `Damaged` is raised."""
    whole = bytearray(INIT)
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = parse_init(whole)
    except Damaged:
        return
    assert found.codec == "h264"


@given(st.binary(max_size=200))
def test_anything_is_read_or_refused(data: bytes) -> None:
    """Bytes of any kind raise `Damaged` and nothing else."""
    for parse in (parse_init, parse_fragment):
        try:
            parse(data)
        except Damaged:
            continue
        raise AssertionError("nothing of 200 bytes is whole")
