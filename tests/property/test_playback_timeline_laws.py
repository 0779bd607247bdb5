# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later

from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from torrazzo.base import Span
from torrazzo.base.errors import Invalid
from torrazzo.base.times import SECOND, UtcTicks
from torrazzo.playback.timeline import DRIFT, FrameAt, PieceAt, Timeline

NOON = 1_795_557_600 * SECOND


class Take(NamedTuple):
    """A segment to be recorded, and the absence before it."""

    gap: int
    interval: int
    pieces: list[int]  # frames of each
    slew: int
    has_key: bool
    delay: int  # frames of a decoder's delay: pictures are shown in pairs swapped


TAKES = st.lists(
    st.builds(
        Take,
        st.sampled_from([0, 0, 0, 1, 5_000, 20 * SECOND]),
        st.sampled_from([1_800, 3_600, 7_200, 18_000]),
        st.lists(st.integers(1, 12), min_size=1, max_size=5),
        st.integers(-40, 40),
        st.booleans(),
        st.integers(0, 1),
    ),
    min_size=1,
    max_size=6,
)


def record(takes: list[Take]) -> tuple[list[list[PieceAt]], int]:
    """Segments, and where they end."""
    segments, now, number = [], NOON, 0
    for take in takes:
        now += take.gap
        pieces, dts = [], 0
        total = sum(take.pieces)
        for place, count in enumerate(take.pieces):
            frames = []
            for _ in range(count):
                index = dts // take.interval
                swap = (1 if index % 2 else 2 if index + 1 < total else 1) if take.delay and index else take.delay
                frames.append(FrameAt(dts, dts + swap * take.interval, 100, 10, take.has_key and not dts, not dts))
                dts += take.interval
            length = count * take.interval + (take.slew if place == len(take.pieces) - 1 else 0)
            pieces.append(PieceAt(number, now, now + length, True, dts, frames))
            now += length
            number += 1
        segments.append(pieces)
    return segments, now


@given(TAKES, st.integers(0, 40 * SECOND), st.integers(1, 60 * SECOND))
def test_a_clip_lasts_as_long_as_its_span_and_keeps_order(takes: list[Take], start: int, length: int) -> None:
    """For any recording and span: the edits last as long as the span, decoding times grow, tables agree in length."""
    segments, _ = record(takes)
    span = Span(UtcTicks(NOON + start), UtcTicks(NOON + start + length))
    timeline = Timeline(span)
    for pieces in segments:
        if pieces[-1].t1 > span.start and pieces[0].t0 < span.end:
            timeline.add(pieces, same_format=False)
    try:
        made = timeline.cut()
    except Invalid:
        return
    table = made.table
    count = len(table.sizes)
    assert sum(edit.duration for edit in made.edits) == length
    assert len(table.durations) == len(table.shifts) == count == sum(table.chunk_samples)
    assert len(table.chunk_offsets) == len(made.chunk_pieces) == len(table.chunk_samples)
    assert min(table.durations) > 0
    assert made.chunk_pieces == sorted(made.chunk_pieces)
    assert table.keys[0] == 0
    media = made.edits[-1].media_time
    assert media >= 0
    assert media + made.edits[-1].duration <= sum(table.durations)


@given(TAKES)
def test_every_frame_of_a_whole_recording_is_in_the_clip_at_its_time(takes: list[Take]) -> None:
    """A span of all that was recorded holds each frame, decoded within 0.1 s of its UTC time, at the camera's pace."""
    segments, end = record(takes)
    timeline = Timeline(Span(UtcTicks(NOON), UtcTicks(end + SECOND)))
    wanted = []
    for pieces in segments:
        timeline.add(pieces, same_format=False)
        wanted += [pieces[0].t0 - NOON + frame.dts for piece in pieces for frame in piece.frames]
    table = timeline.cut().table
    found, dts = [], wanted[0]
    for duration in table.durations:
        found.append(dts)
        dts += duration
    assert len(found) == len(wanted)
    assert all(abs(one - other) <= DRIFT for one, other in zip(found, wanted, strict=True))
    if not any(take.gap for take in takes):
        assert table.durations[:-1].tolist() == [t.interval for t in takes for _ in range(sum(t.pieces))][:-1]
