# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""How findings become alarms: flapping, storms, notice that was taken, what is not known."""

from collections.abc import Iterable

from torrazzo.base.times import HOUR, SECOND, UtcTicks
from torrazzo.health import ANYWHERE, Alarm, Finding, Judged
from torrazzo.health.queue import (
    AGAIN,
    QUIET,
    RING_AGAIN,
    STORM,
    UNTAKEN,
    WAIT,
    WAITS,
    Queue,
    acknowledge,
    most_urgent,
    news,
    step,
)

BEGIN = UtcTicks(161_592_408_450_000)
EVERY = 2 * SECOND


class Town:
    """A queue that is judged every two seconds."""

    def __init__(self) -> None:
        self.now, self.queue, self.rings = BEGIN, Queue(), list[Alarm]()

    def goes_on(self, ticks: int, findings: Iterable[Finding] = (), unknown: Iterable[tuple[str, str]] = ()) -> None:
        judged = Judged(tuple(findings), frozenset(unknown))
        for _ in range(max(1, ticks // EVERY)):
            self.now = UtcTicks(self.now + EVERY)
            after = step(self.queue, judged, self.now)
            self.rings += news(self.queue, after)
            numbered = [
                alarm if alarm.number else alarm._replace(number=at + 1) for at, alarm in enumerate(after.alarms)
            ]
            self.queue = after._replace(alarms=tuple(numbered))

    def take(self) -> None:
        taken = [acknowledge(each, "anna", self.now) if each.over is None else each for each in self.queue.alarms]
        self.queue = self.queue._replace(alarms=tuple(taken))

    @property
    def alarms(self) -> list[Alarm]:
        return most_urgent(self.queue.alarms, self.now)

    @property
    def only(self) -> Alarm:
        (found,) = self.alarms
        return found


def lost(place: str = "c1", kind: str = "away", priority: int = 1) -> Finding:
    return Finding("camera-lost", place, f"Via {place}", priority, kind, {"why": "net"})


def test_what_passes_at_once_is_no_alarm() -> None:
    """Something has to be wrong for some seconds; what starts again by itself for longer."""
    town = Town()
    town.goes_on(WAIT - EVERY, [lost()])
    town.goes_on(10 * SECOND)
    assert town.alarms == []
    town.goes_on(WAITS["recorder-down"], [Finding("recorder-down")])
    assert town.alarms == []
    town.goes_on(2 * EVERY, [Finding("recorder-down")])
    assert [alarm.code for alarm in town.alarms] == ["recorder-down"]


def test_a_loss_is_new_then_over() -> None:
    """It rings once, has its place, is over when it is not found any more, and stays until somebody takes notice."""
    town = Town()
    town.goes_on(60 * SECOND, [lost()])
    assert (town.only.state, town.only.name, len(town.rings)) == ("new", "Via c1", 1)
    town.goes_on(QUIET + EVERY)
    assert town.only.state == "over"
    town.goes_on(UNTAKEN)
    assert town.alarms == []


def test_what_flaps_is_one_alarm_with_a_count() -> None:
    """A camera that comes and goes is one alarm, which rings again only after ten minutes."""
    town = Town()
    for _ in range(10):
        town.goes_on(20 * SECOND, [lost()])
        town.goes_on(20 * SECOND)
    assert town.only.came == 10
    assert len(town.rings) == 1
    town.goes_on(RING_AGAIN)
    town.goes_on(20 * SECOND, [lost()])
    assert (town.only.came, len(town.rings)) == (11, 2)


def test_what_comes_back_late_is_another_one() -> None:
    """After a quarter of an hour it is new; one that came often is the same for hours."""
    town = Town()
    town.goes_on(20 * SECOND, [lost()])
    town.take()
    town.goes_on(AGAIN + QUIET + 2 * EVERY)
    town.goes_on(20 * SECOND, [lost()])
    assert (town.only.came, town.only.state, len(town.rings)) == (1, "new", 2)
    often = Town()
    for _ in range(4):
        often.goes_on(20 * SECOND, [lost()])
        often.goes_on(20 * SECOND)
    often.goes_on(3 * HOUR)
    often.goes_on(20 * SECOND, [lost()])
    assert often.only.came == 5


def test_notice_that_was_taken_holds_until_it_is_something_else() -> None:
    """It is silent while it flaps; another kind, or more urgent, is news; back to what was noticed is none."""
    town = Town()
    town.goes_on(20 * SECOND, [lost()])
    town.take()
    for _ in range(5):
        town.goes_on(20 * SECOND)
        town.goes_on(20 * SECOND, [lost()])
    assert (town.only.state, len(town.rings)) == ("acknowledged", 1)
    town.goes_on(EVERY, [lost(kind="auth")])
    assert (town.only.state, town.only.kind, len(town.rings)) == ("new", "auth", 2)
    town.take()
    for kind in ("away", "auth", "away"):
        town.goes_on(20 * SECOND, [lost(kind=kind)])
    assert (town.only.state, len(town.rings)) == ("acknowledged", 2)


def test_what_becomes_more_urgent_rings() -> None:
    """A disk that has days, then hours; less urgent is no news."""
    town = Town()

    def disk(priority: int) -> Finding:
        return Finding("disk-forecast", "/srv", "/srv", priority, f"{priority}")

    town.goes_on(20 * SECOND, [disk(3)])
    town.goes_on(20 * SECOND, [disk(2)])
    assert (town.only.state, len(town.rings)) == ("new", 2)
    town.take()
    town.goes_on(20 * SECOND, [disk(1)])
    assert (town.only.state, len(town.rings)) == ("new", 3)
    town.goes_on(20 * SECOND, [disk(2)])
    assert len(town.rings) == 3


def test_what_is_not_known_is_not_over() -> None:
    """While the recorder is away nobody can say that a camera is back."""
    town = Town()
    town.goes_on(20 * SECOND, [lost()])
    town.goes_on(HOUR, unknown=[("camera-lost", ANYWHERE)])
    assert town.only.state == "new"
    town.goes_on(HOUR, unknown=[("camera-lost", "c1")])
    assert town.only.state == "new"
    town.goes_on(20 * SECOND, unknown=[("camera-lost", "c2")])
    assert town.only.state == "over"


def test_a_switch_with_forty_cameras_is_one_alarm() -> None:
    """They fail within seconds of each other: one alarm, two rings at most, and who is back is told."""
    town = Town()
    cameras = [lost(f"c{number}") for number in range(40)]
    town.goes_on(10 * SECOND, cameras[:3])
    town.goes_on(20 * SECOND, cameras)
    assert (town.only.code, len(town.only.members)) == ("cameras-lost", 40)
    assert len(town.rings) <= 4
    assert town.only.values == {"count": 40, "all": 40}
    town.goes_on(20 * SECOND, cameras[:10])
    assert town.only.values == {"count": 10, "all": 40}
    town.goes_on(20 * SECOND)
    assert town.only.state == "over"


def test_a_switch_that_flaps_is_still_one_alarm() -> None:
    """The same cameras again within a quarter of an hour are the same alarm; acknowledged it is silent."""
    town = Town()
    cameras = [lost(f"c{number}") for number in range(STORM)]
    town.goes_on(20 * SECOND, cameras)
    town.take()
    for _ in range(3):
        town.goes_on(60 * SECOND)
        town.goes_on(60 * SECOND, cameras)
    assert (town.only.code, town.only.came, town.only.state, len(town.rings)) == ("cameras-lost", 4, "acknowledged", 1)


def test_one_more_camera_after_a_storm_is_its_own_alarm() -> None:
    """Who has taken notice of a storm hears of what fails after it."""
    town = Town()
    cameras = [lost(f"c{number}") for number in range(STORM)]
    town.goes_on(20 * SECOND, cameras)
    town.take()
    town.goes_on(20 * SECOND, [*cameras, lost("c99")])
    assert [(alarm.code, alarm.state) for alarm in town.alarms] == [
        ("camera-lost", "new"),
        ("cameras-lost", "acknowledged"),
    ]


def test_cameras_that_were_there_before_the_storm_stay() -> None:
    """One of which notice was taken is not swallowed by a storm."""
    town = Town()
    town.goes_on(20 * SECOND, [lost("c1")])
    town.take()
    town.goes_on(20 * SECOND, [lost(f"c{number}") for number in range(1, STORM + 2)])
    assert sorted(alarm.code for alarm in town.alarms) == ["camera-lost", "cameras-lost"]
    assert "c1" not in next(alarm for alarm in town.alarms if alarm.members).members


def test_the_most_urgent_comes_first() -> None:
    """New before acknowledged before over; then by priority."""
    town = Town()
    findings = [Finding("books", priority=1), Finding("settings", "a", priority=2), lost(priority=1)]
    town.goes_on(20 * SECOND, findings[:1])
    town.take()
    town.goes_on(20 * SECOND, findings)
    assert [alarm.code for alarm in town.alarms] == ["camera-lost", "settings", "books"]


def test_a_camera_of_a_storm_that_is_lost_alone_later_has_one_alarm() -> None:
    """It has its own then, and the storm that comes back tells of the others."""
    town = Town()
    cameras = [lost(f"c{number}") for number in range(STORM)]
    town.goes_on(20 * SECOND, cameras)
    town.goes_on(20 * SECOND)
    town.goes_on(60 * SECOND, cameras[:1])
    town.goes_on(20 * SECOND, [*cameras, lost("c99")])
    single, storm = sorted(town.alarms, key=lambda alarm: alarm.code)
    assert (single.place, storm.members["c0"].is_over, storm.values["count"]) == ("c0", True, STORM)
