# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The queue of alarms under whatever comes: it loses nothing that lasts, repeats nothing, stays small."""

from hypothesis import given, settings
from hypothesis import strategies as st

from torrazzo.base.times import SECOND, UtcTicks
from torrazzo.health import Alarm, Finding, Judged
from torrazzo.health.queue import QUIET, WAIT, Queue, acknowledge, most_urgent, news, step

PLACES = [f"c{number}" for number in range(12)]
BEGIN = UtcTicks(161_592_408_450_000)

moments = st.lists(
    st.tuples(
        st.sets(st.sampled_from(PLACES)),  # that are lost
        st.integers(1, 900),  # seconds for which it is so
        st.booleans(),  # somebody takes notice of everything at the end
        st.booleans(),  # nobody knows how cameras are
    ),
    min_size=1,
    max_size=12,
)


def _findings(places: set[str]) -> tuple[Finding, ...]:
    return tuple(Finding("camera-lost", place, place, 1, "away") for place in sorted(places))


def _places(alarm: Alarm) -> list[str]:
    if not alarm.members:
        return [alarm.place]
    return [place for place, member in alarm.members.items() if not member.is_over]


def _is_told(queue: Queue, place: str) -> bool:
    return any(alarm.over is None and place in _places(alarm) for alarm in queue.alarms)


@given(moments)
@settings(deadline=None, max_examples=60)
def test_what_lasts_is_in_the_queue_and_what_is_gone_is_not(story: list[tuple[set[str], int, bool, bool]]) -> None:
    """Each camera that is lost for some seconds is told by exactly one open alarm; none that is back is."""
    queue, now, number = Queue(), BEGIN, 0
    for places, seconds, is_taken, is_unknown in story:
        unknown = frozenset({("camera-lost", "*")} if is_unknown else ())
        judged = Judged(() if is_unknown else _findings(places), unknown)
        for _ in range(min(seconds, 40)):
            now = UtcTicks(now + max(1, seconds // 40) * SECOND)
            queue = step(queue, judged, now)
            numbered = []
            for alarm in queue.alarms:
                number += not alarm.number
                numbered.append(alarm if alarm.number else alarm._replace(number=number))
            queue = queue._replace(alarms=tuple(numbered))
            open_ = [alarm for alarm in queue.alarms if alarm.over is None]
            told = [place for alarm in open_ for place in _places(alarm)]
            assert len(told) == len(set(told)), told
        if not is_unknown and seconds * SECOND > WAIT + QUIET + 4 * SECOND:
            assert {place for place in PLACES if _is_told(queue, place)} == places
        if is_taken:
            taken = [acknowledge(each, "anna", now) if each.state == "new" else each for each in queue.alarms]
            queue = queue._replace(alarms=tuple(taken))
            assert all(each.state != "new" for each in most_urgent(queue.alarms, now))


@given(st.lists(st.sets(st.sampled_from(PLACES)), min_size=1, max_size=60))
@settings(deadline=None, max_examples=60)
def test_an_hour_of_flapping_rings_a_few_times(story: list[set[str]]) -> None:
    """Whatever comes and goes, no camera's alarm rings more than once in ten minutes, and rows stay few."""
    queue, now, rings, most = Queue(), BEGIN, 0, 0
    for places in story:
        for _ in range(5):
            now = UtcTicks(now + 2 * SECOND)
            after = step(queue, Judged(_findings(places)), now)
            rings, queue = rings + len(news(queue, after)), after
            most = max(most, len(queue.alarms))
    assert rings <= 2 * len(PLACES)
    assert most <= 3 * len(PLACES)


@given(moments)
@settings(deadline=None, max_examples=30)
def test_a_step_is_a_function_of_what_is_kept(story: list[tuple[set[str], int, bool, bool]]) -> None:
    """A control room that starts again with the alarms of before goes on with the same ones."""
    queue, now = Queue(), BEGIN
    for places, seconds, _, _ in story:
        for _ in range(min(seconds, 10)):
            now = UtcTicks(now + 2 * SECOND)
            queue = step(queue, Judged(_findings(places)), now)
        again = step(Queue(queue.alarms), Judged(_findings(places)), UtcTicks(now + SECOND))
        known = {alarm.key for alarm in queue.alarms}
        assert not [
            alarm for alarm in news(queue, again) if alarm.key in known and alarm.over is None and alarm.came == 1
        ]
