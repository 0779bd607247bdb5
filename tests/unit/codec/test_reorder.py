# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
from collections.abc import Iterable

import pytest

from torrazzo.camera.codec.reorder import Reorder

A_FRAME = 3600


def place_all(shown: Iterable[float], depth: int, interval: int | None = A_FRAME) -> list[tuple[int, int]]:
    """(pts, dts) of pictures shown in this order, in frames; the first is a key picture."""
    order = Reorder()
    order.begin_gop(depth, interval)
    times = [round(frame * A_FRAME) for frame in shown]
    return [(pts, order.place(pts)) for pts in times]


def frames(placed: list[tuple[int, int]]) -> list[float]:
    """Decoding times in frames."""
    return [dts / A_FRAME for _, dts in placed]


def test_without_reordering_a_picture_is_decoded_when_it_is_shown() -> None:
    """Jittered times stay as they are."""
    shown = [0, 1.1, 1.9, 3.05, 4]
    assert frames(place_all(shown, 0)) == shown


@pytest.mark.parametrize(
    ("shown", "depth"),
    [
        ([0, 2, 1, 4, 3, 6, 5], 1),
        ([0, 4, 2, 1, 3, 8, 6, 5, 7], 2),
        ([0, 8, 4, 2, 1, 3, 6, 5, 7, 16, 12, 10, 9, 11, 14, 13, 15], 3),
    ],
    ids=["one B picture", "a pyramid of two", "a pyramid of three"],
)
def test_b_pictures_are_decoded_a_frame_apart_and_none_after_it_is_shown(shown: list[int], depth: int) -> None:
    """At a steady frame rate decoding times are steady, and begin as many frames early as pictures are reordered."""
    placed = place_all(shown, depth)
    assert frames(placed) == [k - depth for k in range(len(shown))]
    assert all(dts <= pts for pts, dts in placed)


def test_an_open_gop_in_mid_stream_changes_nothing() -> None:
    """Pictures shown before the key picture that they follow (RASL, or B before a recovery point) stay in step."""
    order = Reorder()
    order.begin_gop(2, A_FRAME)
    placed = []
    for shown in ([0, 4, 2, 1, 3], [8, 6, 5, 7], [12, 10, 9, 11]):  # each group begins with a key picture
        order.begin_gop(2, A_FRAME)
        placed += [(frame * A_FRAME, order.place(frame * A_FRAME)) for frame in shown]
    assert frames(placed) == [k - 2 for k in range(13)]


def test_pictures_with_equal_times_are_decoded_a_tick_apart() -> None:
    """Equal presentation times give decoding times that still increase."""
    assert [dts for _, dts in place_all([0, 1, 1, 1, 2], 0)] == [0, 3600, 3601, 3602, 7200]


def test_a_stream_that_reorders_without_saying_so_is_learned_from_its_second_slip() -> None:
    """Until then decoding times only increase; soon after, no picture is decoded after it is shown."""
    order = Reorder()
    order.begin_gop(0, A_FRAME)
    shown = [0, 4, 2, 1, 3, 8, 6, 5, 7, 12, 10, 9, 11, 16, 14, 13, 15]
    placed = [order.place(frame * A_FRAME) for frame in shown]
    assert order.depth == 2
    assert placed == sorted(set(placed))
    assert all(dts <= frame * A_FRAME for frame, dts in zip(shown[9:], placed[9:], strict=True))
    order.begin_gop(0, A_FRAME)
    assert order.depth == 2
    assert order.place(20 * A_FRAME) == 15 * A_FRAME


def test_one_late_picture_does_not_make_a_habit() -> None:
    """A single picture out of order (a camera's slip) does not delay all that follow."""
    order = Reorder()
    order.begin_gop(0, A_FRAME)
    for frame in (0, 1, 2, 4, 3, 5):
        order.place(frame * A_FRAME)
    order.begin_gop(0, A_FRAME)
    assert order.depth == 0


def test_a_hole_is_where_pictures_are_missing() -> None:
    """After 12 s without pictures decoding times go on before the first picture that came back, not before the hole."""
    shown = [0, 2, 1, 4, 3, 304, 306, 305, 308, 307]
    assert frames(place_all(shown, 1)) == [-1, 0, 1, 2, 3, 303, 304, 305, 306, 307]


def test_slow_streams_with_b_pictures_have_no_holes() -> None:
    """At one picture a second a B-pyramid leaps by seconds, which is no hole."""
    shown = [0, 25, 100, 50, 75, 200, 150, 125, 175]
    slow = [0, 100, 50, 25, 75, 200, 150, 125, 175, 300, 250, 225, 275]
    assert frames(place_all(slow, 2, 25 * A_FRAME)) == [25 * (k - 2) for k in range(len(slow))]
    assert len(place_all(shown, 2, 25 * A_FRAME)) == 9


def test_a_clock_that_goes_back_is_told_from_reordering() -> None:
    """No standard lets more than 16 pictures pass another: what is earlier than the last 17 was a jump."""
    order = Reorder()
    order.begin_gop(0, A_FRAME)
    for frame in range(40):
        assert not order.has_jumped(frame * A_FRAME)
        order.place(frame * A_FRAME)
    assert not order.has_jumped(23 * A_FRAME)
    assert order.has_jumped(22 * A_FRAME)
    order.restart()
    assert order.place(0) == 0


def test_a_clock_that_goes_back_far_is_noticed_at_once() -> None:
    """A jump by more than a minute needs no history."""
    order = Reorder()
    order.begin_gop(0, A_FRAME)
    order.place(86_400 * 90_000)
    assert order.has_jumped(0)


def test_without_a_declared_rate_the_beginning_is_told_from_what_was_seen() -> None:
    """After a restart, decoding times begin early by frames of the length seen before."""
    order = Reorder()
    order.begin_gop(1, None)
    for frame in (0, 2, 1, 4, 3, 6, 5):
        order.place(frame * 7200)
    order.restart()
    assert order.place(10_000) == 10_000 - 7200
