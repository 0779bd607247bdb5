# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Three clocks of which one, or two, are wrong."""

import pytest

from torrazzo.base.errors import Invalid
from torrazzo.base.times import DAY, HOUR, SECOND, BootNs, UtcTicks
from torrazzo.keyring.trusted_time import LEAD, Alarm, Judgement, Reading, Times, Tolerances, judge

HOUR_0 = 494_000
START = UtcTicks(HOUR_0 * HOUR)
RULES = Tolerances(("witness",))
MINUTE = 60 * SECOND


def reading(at: int, wall: int = 0, boot: str = "one", since: int = START) -> Reading:
    """The machine's clocks at a true time, the wall clock so far ahead; it booted at `since`."""
    return Reading(UtcTicks(at + wall), boot, BootNs(-(-(at - since) * 100_000 // 9)))


def agreed(rules: Tolerances = RULES) -> Times:
    """All clocks agreed for two minutes after the boot."""
    times = Times()
    for at in (START, START + MINUTE, START + 2 * MINUTE):
        for source in rules.sources:
            times = times.hear(source, UtcTicks(at), reading(at))
        times, _ = judge(times, reading(at), rules)
    return times


def _judged(times: Times, now: Reading, rules: Tolerances = RULES, **said: int) -> Judgement:
    for source, utc in said.items():
        times = times.hear(source, UtcTicks(utc), now)
    return judge(times, now, rules)[1]


def test_while_all_clocks_agree_an_hour_is_shredded_two_minutes_before_its_end() -> None:
    """An hour's shred may begin at 167 h 58 m after its beginning and not a tick earlier; reading ends at 168 h."""
    end, hour = START + HOUR, HOUR_0 + 1 - 168
    cases = ((-LEAD - 1, False, True), (-LEAD, True, True), (-2 * SECOND, True, True), (0, True, False))
    for at, may_shred, may_read in cases:
        found = _judged(agreed(), reading(end + at), witness=end + at)
        assert (found.may_shred(hour), found.may_read(hour)) == (may_shred, may_read)
        assert found.alarms == ()


def test_content_of_a_class_with_a_shorter_life_dies_earlier() -> None:
    """The same rule, with the hours of its class."""
    now = START + 5 * MINUTE
    found = _judged(agreed(), reading(now), witness=now)
    assert found.may_shred(HOUR_0 - 24, 24)
    assert not found.may_read(HOUR_0 - 24, 24)
    assert found.may_read(HOUR_0 - 24)
    assert not found.may_shred(HOUR_0 - 24)


@pytest.mark.parametrize("off", [7 * DAY, -DAY, HOUR, 31 * SECOND, -31 * SECOND])
def test_a_wall_clock_that_was_set_shreds_nothing(off: int) -> None:
    """A wall clock alone, ahead or behind, is named with what it is off by; nothing is shredded, nothing read late."""
    now = START + 5 * MINUTE
    found = _judged(agreed(), reading(now, wall=off), witness=now)
    assert found.agreed is None
    assert [alarm.clock for alarm in found.alarms] == ["wall"]
    assert found.alarms[0].off is not None
    assert abs(found.alarms[0].off - off) < SECOND
    assert found.latest is not None
    assert now + max(off, 0) <= found.latest <= now + max(off, 0) + SECOND


@pytest.mark.parametrize("sign", [1, -1])
def test_clocks_may_lie_thirty_seconds_apart(sign: int) -> None:
    """A source that is half a minute from the wall clock agrees, one tick more is too far and told."""
    now = START + 5 * MINUTE
    found = _judged(agreed(), reading(now), witness=now + sign * 30 * SECOND)
    assert found.agreed == now + min(0, sign) * 30 * SECOND
    assert found.alarms == ()
    off = sign * (30 * SECOND + 1)
    found = _judged(agreed(), reading(now), witness=now + off)
    assert found.agreed is None
    assert not found.may_shred(0)
    assert found.alarms == (Alarm("witness", off),)


@pytest.mark.parametrize("off", [7 * DAY, -DAY])
def test_a_wall_clock_that_was_set_is_named_though_the_source_is_silent(off: int) -> None:
    """Of two clocks that are left it is the one that people set which is wrong."""
    now = START + HOUR
    found = _judged(agreed(), reading(now, wall=off))
    assert [alarm.clock for alarm in found.alarms] == ["witness", "wall"]
    assert found.latest is not None
    assert found.latest >= now + max(0, off)


@pytest.mark.parametrize(("ppm", "is_right"), [(250, True), (-250, True), (800, False), (-800, False)])
def test_the_clock_that_only_runs_may_drift(ppm: int, is_right: bool) -> None:
    """After five days without an agreement it may be off by 500 ppm and a minute, not by more."""
    now, since = START + 5 * DAY, START
    slow = reading(now)._replace(boot_ns=BootNs((now - since) * (1_000_000 + ppm) // 1_000_000 * 100_000 // 9))
    found = _judged(agreed(), slow, witness=now)
    assert (found.agreed is not None) is is_right
    assert [alarm.clock for alarm in found.alarms] == ([] if is_right else ["progress"])


def test_a_silent_source_shreds_nothing_and_reading_goes_on() -> None:
    """A quarter of an hour after a source last spoke nothing is shredded, and the silence is told."""
    for after, is_silent in ((15 * MINUTE, False), (15 * MINUTE + SECOND, True)):
        now = START + 2 * MINUTE + after
        found = _judged(agreed(), reading(now))
        assert (found.agreed is None) is is_silent
        assert found.alarms == ((Alarm("witness", None),) if is_silent else ())
        assert found.may_read(HOUR_0 - 100)


@pytest.mark.parametrize("off", [7 * DAY, -DAY, 31 * SECOND])
def test_a_source_that_lies_alone_is_named(off: int) -> None:
    """A source that differs from wall clock and progress is what is wrong; nothing is shredded, nothing read late."""
    now = START + 5 * MINUTE
    found = _judged(agreed(), reading(now), witness=now + off)
    assert found.agreed is None
    assert found.alarms == (Alarm("witness", off),)
    assert found.latest is not None
    assert found.latest >= now + max(off, 0)


def test_of_two_sources_one_may_lie() -> None:
    """Shredding goes on with the source that agrees; the other is told, and read by."""
    rules = Tolerances(("chrony", "witness"))
    now = START + 5 * MINUTE
    found = _judged(agreed(rules), reading(now), rules, chrony=now, witness=now + 7 * DAY)
    assert found.agreed == now
    assert found.alarms == (Alarm("witness", 7 * DAY),)
    assert not found.may_read(HOUR_0 - 2)


def test_wall_clock_and_source_that_move_together_are_held_against_progress() -> None:
    """Where two clocks jump by a week at once, the clock that only runs prevents the shredding, and says so."""
    now = START + 5 * MINUTE
    found = _judged(agreed(), reading(now, wall=7 * DAY), witness=now + 7 * DAY)
    assert found.agreed is None
    assert [alarm.clock for alarm in found.alarms] == ["progress"]


def test_clocks_that_differ_both_ways_are_told_too() -> None:
    """Where each is close to the middle and two are far from each other, an alarm says which."""
    now = START + 5 * MINUTE
    found = _judged(agreed(), reading(now, wall=-4 * SECOND), witness=now + 28 * SECOND)
    assert found.agreed is None
    assert found.alarms == (Alarm("witness", 32 * SECOND),)


def test_a_wall_clock_that_is_put_right_within_the_tolerance_is_no_alarm() -> None:
    """What agreed while it was 29 seconds ahead agrees when it is 29 behind: no clock is held to its own error."""
    times, now = Times(), START
    for wall in (29 * SECOND, -29 * SECOND, 29 * SECOND, 0):
        now = UtcTicks(now + MINUTE)
        times, found = judge(times.hear("witness", now, reading(now, wall)), reading(now, wall), RULES)
        assert found.alarms == ()
        assert times.mark is not None
        assert times.mark.at == reading(now, wall)


@pytest.mark.parametrize("step", [25 * SECOND, -25 * SECOND])
def test_a_clock_that_is_led_away_in_small_steps_is_not_followed(step: int) -> None:
    """A time service that lies moves the wall clock, and says that all is well: more than a minute in all is told."""
    rules = Tolerances(("system",))
    times, wall, now = agreed(rules), 0, reading(START + 2 * MINUTE)
    found = _judged(times, now, rules)
    for minute in range(3, 60):
        wall += step
        now = reading(START + minute * MINUTE, wall)
        times, found = judge(times.hear("system", now.utc, now), now, rules)
        assert (found.agreed is None) is (abs(wall) > 62 * SECOND)
        assert found.alarms or abs(wall) <= 62 * SECOND
        assert found.latest is not None
        assert found.latest >= now.utc - min(wall, 0) - 2 * MINUTE
    assert [alarm.clock for alarm in found.alarms] == ["progress"]
    assert judge(Times.parse(times.pack()), now, rules)[1].agreed is None  # another life knows it too


def test_without_any_source_nothing_is_ever_shredded() -> None:
    """A town that trusts nobody has no shredding, and is told."""
    found = _judged(Times().set_anew(reading(START)), reading(START + HOUR), Tolerances(()))
    assert found.agreed is None
    assert found.alarms == (Alarm("source", None),)
    assert found.may_read(HOUR_0)


# ------------------------------------------------------------------------------------------------------ after a boot


def test_after_a_boot_no_wall_clock_is_believed_alone() -> None:
    """How long a machine was off nobody knows: until a source speaks nothing is read and nothing shredded."""
    later = START + 9 * DAY
    found = _judged(agreed(), reading(later, wall=-8 * DAY, boot="two", since=later - MINUTE))
    assert found.latest is None
    assert found.agreed is None
    assert not found.may_read(HOUR_0 + 1)


def test_what_a_source_said_before_a_boot_is_not_heard_again() -> None:
    """A head with an old cosignature, shown once more after the boot, tells no time."""
    later = START + 9 * DAY
    now = reading(later, wall=-8 * DAY, boot="two", since=later - MINUTE)
    assert _judged(agreed(), now, witness=START + 2 * MINUTE).latest is None
    assert _judged(agreed(), now, witness=START + 2 * MINUTE + 1).latest is not None


def test_after_a_boot_shredding_waits_a_minute() -> None:
    """Clocks that agree at a boot have to agree for a minute before something is destroyed by them."""
    times, boot = agreed(), START + DAY
    for after, may in ((600, False), (659, False), (660, True)):
        at = boot + after * SECOND
        now = reading(at, boot="two", since=boot)
        times, found = judge(times.hear("witness", UtcTicks(at), now), now, RULES)
        assert (found.agreed is not None) is may


def test_a_wall_clock_that_went_back_over_a_boot_is_told() -> None:
    """A source and a wall clock that are both before the last agreement shred nothing."""
    times = agreed()
    now = reading(START + DAY, wall=-2 * DAY, boot="two", since=START + DAY)
    found = _judged(times, now, witness=START - DAY)
    assert found.agreed is None
    assert found.alarms == (Alarm("witness", None), Alarm("wall", -DAY - 2 * MINUTE))


# ---------------------------------------------------------------------------------------------------------- by order


def test_people_end_an_alarm() -> None:
    """A deliberate order sets progress and forgets what sources said; the next agreement is waited for."""
    now = START + 5 * MINUTE
    times = agreed().hear("witness", UtcTicks(now + 7 * DAY), reading(now)).set_anew(reading(now))
    found = _judged(times, reading(now + MINUTE), witness=now + MINUTE)
    assert found.alarms == ()
    assert found.agreed == now + MINUTE
    assert found.latest is not None
    assert found.latest < now + 2 * MINUTE


def test_times_are_kept_in_a_line() -> None:
    """What is written is read again."""
    for times in (Times(), agreed(), agreed().set_anew(reading(START))):
        assert Times.parse(times.pack()) == times


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"v":1', '"v":2'),
        ('"utc":', '"utc":-'),
        ('"first_ns":0', '"first_ns":true'),
        ('"first_ns":0', '"first_ns":0.5'),
        ('"boot":"one"', '"boot":1'),
        ('"floor":-1', '"floor":-2'),
        ('"mark":{', '"mark": {'),
        ('"heard":{', '"heard":7,"x":{'),
    ],
)
def test_times_are_read_strictly(old: str, new: str) -> None:
    """A file that was written by something else is not guessed at."""
    text = agreed().pack().decode()
    assert old in text
    with pytest.raises(Invalid):
        Times.parse(text.replace(old, new).encode())
