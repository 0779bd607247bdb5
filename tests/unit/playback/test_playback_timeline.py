# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later

from collections.abc import Sequence

import pytest

from torrazzo.base import Span
from torrazzo.base.errors import Invalid
from torrazzo.base.times import SECOND, UtcTicks
from torrazzo.playback.timeline import Cut, FrameAt, PieceAt, Timeline

FRAME = 3_600
NOON = 1_795_557_600 * SECOND


def span(start: float, end: float) -> Span:
    """Seconds after noon."""
    return Span(UtcTicks(NOON + round(start * SECOND)), UtcTicks(NOON + round(end * SECOND)))


def piece(
    number: int, start: float, count: int = 25, *, key_at: Sequence[int] = (0,), dts: int | None = None, shift: int = 0
) -> PieceAt:
    """`count` frames of 40 ms from `start` on; sizes tell them apart."""
    t0 = NOON + round(start * SECOND)
    first = round(start * SECOND) if dts is None else dts
    frames = [
        FrameAt(first + i * FRAME, first + i * FRAME + shift, 100 + i * 1_000, 1_000, i in key_at, i in key_at)
        for i in range(count)
    ]
    return PieceAt(number, t0, t0 + count * FRAME, True, first + count * FRAME, frames)


def cut(timeline: Timeline, *segments: Sequence[PieceAt]) -> Cut:
    for number, pieces in enumerate(segments):
        timeline.add(pieces, same_format=number > 0)
    return timeline.cut()


def shown_at(made: Cut) -> list[int]:
    """When each sample appears in the file, as a player works it out of the tables."""
    table = made.table
    empty = made.edits[0].duration if made.edits[0].media_time < 0 else 0
    media = made.edits[-1].media_time
    times, dts = [], 0
    for duration, shift in zip(table.durations, table.shifts, strict=True):
        times.append(dts + shift - media + empty)
        dts += duration
    return times


def test_a_span_of_whole_segments_is_shown_from_its_first_frame_to_its_last() -> None:
    """Without gaps each frame is shown at its own time, and the edit lasts as long as the span."""
    made = cut(Timeline(span(0, 2)), [piece(0, 0), piece(1, 1, key_at=())])
    assert [edit.duration for edit in made.edits] == [2 * SECOND]
    assert shown_at(made) == [i * FRAME for i in range(50)]
    assert list(made.table.keys) == [0]
    assert sum(made.table.durations) == 2 * SECOND


def test_a_start_inside_a_gop_keeps_the_frames_since_the_key_frame_and_hides_them() -> None:
    """A clip from 0.5 s on holds the frames from the key frame at 0 on, which lie before the file's start."""
    made = cut(Timeline(span(0.5, 2)), [piece(0, 0), piece(1, 1, key_at=())])
    assert made.edits[0].duration == round(1.5 * SECOND)
    assert shown_at(made)[0] == -SECOND // 2
    assert len(made.table.sizes) == 50


def test_frames_before_the_last_key_frame_are_left_out() -> None:
    """Whole fragments before the key frame are not in the clip, nor frames of its own fragment before it."""
    made = cut(Timeline(span(2.7, 3)), [piece(0, 0), piece(1, 1, key_at=()), piece(2, 2, key_at=(10,))])
    assert made.chunk_pieces == [2]
    assert len(made.table.sizes) == 15
    assert list(made.table.chunk_offsets) == [100 + 10 * 1_000]
    assert shown_at(made)[0] == round(-0.3 * SECOND)


def test_frames_after_the_end_are_left_out() -> None:
    """What would be shown at the end or later is not in the tables."""
    made = cut(Timeline(span(0, 1.2)), [piece(0, 0), piece(1, 1), piece(2, 2)])
    assert made.chunk_pieces == [0, 1]
    assert len(made.table.sizes) == 30


def test_a_gap_holds_the_frame_before_it() -> None:
    """After 20 s of nothing the next frame is shown 20 s later."""
    made = cut(Timeline(span(0, 22)), [piece(0, 0)], [piece(1, 21)])
    assert shown_at(made)[25] == 21 * SECOND
    assert made.table.durations[24] == FRAME + 20 * SECOND
    assert made.edits[0].duration == 22 * SECOND


def test_a_gap_at_the_start_is_an_empty_edit() -> None:
    """Nothing is shown until the first frame; pictures from before the span are not used to fill it."""
    made = cut(Timeline(span(-5, 1)), [piece(0, 0)])
    assert [edit.duration for edit in made.edits] == [5 * SECOND, SECOND]
    assert made.edits[0].media_time == -1
    assert shown_at(made)[0] == 5 * SECOND


def test_a_gap_at_the_end_holds_the_last_frame() -> None:
    """The last frame stays until the span's end."""
    made = cut(Timeline(span(0, 9)), [piece(0, 0)])
    assert made.edits[0].duration == 9 * SECOND
    assert made.table.durations[24] == 8 * SECOND + FRAME


def slewed(count: int, slew: int) -> list[list[PieceAt]]:
    """Segments of a second by the camera's clock, each `slew` ticks longer by UTC."""
    return [
        [
            piece(n, n, dts=0)._replace(
                t0=NOON + n * (SECOND + slew), t1=NOON + (n + 1) * (SECOND + slew), end_dts=SECOND
            )
        ]
        for n in range(count)
    ]


@pytest.mark.parametrize("slew", [45, -45, 0])
def test_frames_keep_the_camera_s_distances_across_segments(slew: int) -> None:
    """As long as the slew amounts to less than a tenth of a second, all distances are the camera's own."""
    made = cut(Timeline(span(0, 150)), *slewed(100, slew))
    assert set(made.table.durations[:-1]) == {FRAME}


@pytest.mark.parametrize("slew", [45, -45])
def test_the_time_line_stays_near_utc(slew: int) -> None:
    """However long the camera's clock runs differently, no segment starts more than a tenth of a second off."""
    made = cut(Timeline(span(0, 700)), *slewed(600, slew))
    starts = shown_at(made)[::25]
    off = [start - n * (SECOND + slew) for n, start in enumerate(starts)]
    assert max(map(abs, off)) <= SECOND // 10
    assert abs(off[-1]) > SECOND // 11
    assert set(made.table.durations[:-1]) == {FRAME, FRAME + slew}


def test_after_a_gap_frames_are_at_their_utc_time_again() -> None:
    """A gap of a second or more takes the difference away."""
    before, after = slewed(100, 45), piece(100, 300)
    made = cut(Timeline(span(0, 302)), *before, [after])
    assert shown_at(made)[2_500] == 300 * SECOND


def test_reordered_frames_are_shown_in_their_order_from_the_segment_s_start() -> None:
    """With B-frames the first picture is shown at the segment's t0, whatever delay the decoder needs."""
    order = [(0, 2), (1, 5), (2, 3), (3, 4), (4, 8), (5, 6), (6, 7)]  # I P B B P B B: decoded, shown
    frames = [FrameAt(d * FRAME, p * FRAME, 0, 10, d == 0, d == 0) for d, p in order]
    made = cut(Timeline(span(0, 1)), [PieceAt(0, NOON, NOON + 7 * FRAME, True, 7 * FRAME, frames)])
    assert shown_at(made) == [(p - 2) * FRAME for _, p in order]


def test_an_open_gop_is_shown_where_the_one_before_ends() -> None:
    """A segment that begins with a picture shown after its successors goes on without a jump."""
    closed = [FrameAt(d * FRAME, p * FRAME, 0, 10, d == 0, d == 0) for d, p in [(0, 2), (1, 5), (2, 3), (3, 4)]]
    opened = [FrameAt(d * FRAME, p * FRAME, 0, 10, d == 0, d == 0) for d, p in [(0, 4), (1, 2), (2, 3)]]
    pieces = [
        PieceAt(0, NOON, NOON + 4 * FRAME, True, 4 * FRAME, closed),
        PieceAt(1, NOON + 4 * FRAME, NOON + 7 * FRAME, True, 3 * FRAME, opened),
    ]
    together = cut(Timeline(span(0, 1)), pieces[:1], pieces[1:])
    assert sorted(shown_at(together)) == [i * FRAME for i in range(7)]
    alone = cut(Timeline(Span(UtcTicks(NOON + 4 * FRAME), UtcTicks(NOON + SECOND))), pieces[1:])
    assert sorted(shown_at(alone)) == [0, FRAME, 2 * FRAME]


def test_formats_with_different_delays_are_shown_without_a_jump() -> None:
    """Where B-frames begin or end in mid-stream, each format's delay is taken away."""
    timeline = Timeline(span(0, 2))
    timeline.add([piece(0, 0, shift=2 * FRAME)], same_format=False)
    timeline.add([piece(1, 1, shift=0)], same_format=False)
    assert shown_at(timeline.cut()) == [i * FRAME for i in range(50)]


def test_a_clock_set_back_costs_no_frame() -> None:
    """After a step of -3 s the pictures go on where they were: the clip is 3 s longer than its span."""
    made = cut(Timeline(span(0, 5)), [piece(0, 0)], [piece(1, 1)], [piece(2, -1)])
    assert made.edits[0].duration == 8 * SECOND
    assert shown_at(made) == [i * FRAME for i in range(75)]


def test_a_clock_set_forward_leaves_no_hole() -> None:
    """After a step of +60 s the pictures go on at once: the clip is a minute shorter than its span."""
    timeline = Timeline(span(0, 63))
    timeline.add([piece(0, 0)], same_format=False)
    timeline.step(60 * SECOND)
    timeline.add([piece(1, 61)], same_format=True)
    made = timeline.cut()
    assert made.edits[0].duration == 3 * SECOND
    assert shown_at(made) == [i * FRAME for i in range(50)]


def test_recovery_points_count_only_where_nothing_better_is_near() -> None:
    """A key frame that is not a sync sample is no place to start, unless the clip is told to take any."""
    frames = [FrameAt(i * FRAME, i * FRAME, 0, 10, i % 10 == 0, i == 0) for i in range(25)]
    pieces = [PieceAt(0, NOON, NOON + SECOND, True, SECOND, frames)]
    strict, any_key = Timeline(span(0.5, 1)), Timeline(span(0.5, 1))
    any_key.any_key = True
    assert len(cut(strict, pieces).table.sizes) == 25
    assert len(cut(any_key, pieces).table.sizes) == 15
    assert list(cut(Timeline(span(0, 1)), pieces).table.keys) == [0]


def test_frames_without_a_key_frame_are_shown_all_the_same() -> None:
    """A span that begins in a segment which continues one that is gone starts at its first frame."""
    made = cut(Timeline(span(0.4, 1)), [piece(0, 0, key_at=())])
    assert len(made.table.sizes) == 25
    assert list(made.table.keys) == [0]


def test_nothing_recorded_is_an_error() -> None:
    """A span without a picture can't be a file; the error says what to ask."""
    with pytest.raises(Invalid, match="footage gaps"):
        Timeline(span(0, 1)).cut()
    with pytest.raises(Invalid, match="no picture"):
        cut(Timeline(span(0, 1)), [piece(0, 5)])


def test_a_gap_beyond_the_form_is_an_error() -> None:
    """A gap of 14 hours does not fit a sample's duration; the error says how to go on."""
    with pytest.raises(Invalid, match="export what lies before and after"):
        cut(Timeline(span(0, 15 * 3_600)), [piece(0, 0)], [piece(1, 14 * 3_600)])


def test_a_missing_fragment_is_a_gap_inside_its_segment() -> None:
    """Without its second fragment a segment goes on at the third one's own time."""
    made = cut(Timeline(span(0, 3)), [piece(0, 0), piece(2, 2)._replace(joined=False)])
    assert shown_at(made)[25] == 2 * SECOND
    assert made.chunk_pieces == [0, 2]
