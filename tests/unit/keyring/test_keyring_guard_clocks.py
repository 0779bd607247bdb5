# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The gate as it runs, where clocks are set, jump, disagree or have no source."""

from pathlib import Path

import pytest

from tests.tools.gate_town import NOW, digest
from tests.tools.gated import SEGMENT_KEY, Gated, alarms, keys, reason, serving
from torrazzo.base.times import HOUR, SECOND
from torrazzo.keyring.answer import Denied
from torrazzo.keyring.client import KeyClient
from torrazzo.keyring.gate_refusal import Reason

DAY_S = 86_400


def test_a_clock_ahead_by_a_week_reads_nothing_old_and_shreds_nothing(tmp_path: Path) -> None:
    """Wall clock + 7 days: what may have expired is refused, nothing may be shredded, an alarm is up and booked."""
    gated = Gated(tmp_path)
    gated.clock.advance(60)
    gated.turn()
    hour = NOW // HOUR
    assert gated.parts.times.judge().may_read(hour)
    gated.clock.step(7 * DAY_S)
    gated.say_synchronised = False  # as the kernel does when somebody sets its clock
    assert reason(gated, gated.view()) in {Reason.CONTENT, Reason.SPAN, Reason.EARLY}
    gated.turn()
    judged = gated.parts.times.judge()
    assert not judged.may_read(hour)
    assert not judged.may_shred(hour)
    assert [(fact["clock"], fact["why"]) for fact in gated.told("clock")] == [("wall", "off")]
    assert any("wall" in alarm for alarm in alarms(gated))


def test_a_clock_behind_by_a_day_reads_nothing_late(tmp_path: Path) -> None:
    """Wall clock - 1 day at the end of an hour's life: progress says that it is over, and that counts."""
    gated = Gated(tmp_path)
    gated.clock.advance(60)
    gated.turn()
    gated.clock.advance(7 * DAY_S - 60)
    gated.clock.step(-DAY_S)
    gated.say_synchronised = False
    gated.turn()
    judged = gated.parts.times.judge()
    assert not judged.may_read(NOW // HOUR)
    assert not judged.may_shred(NOW // HOUR)
    assert ("wall", "off") in [(fact["clock"], fact["why"]) for fact in gated.told("clock")]


@pytest.mark.parametrize("machine_agrees", [False, True])
def test_a_jumping_clock_never_shreds_early_nor_reads_late(tmp_path: Path, machine_agrees: bool) -> None:
    """Whatever it shows, and even if the machine swears to it: no key goes early, none is given when life is over."""
    gated = Gated(tmp_path)
    hour = NOW // HOUR
    gated.clock.advance(60)
    gated.turn()
    for step in (3_600, -7_200, 8 * DAY_S, -15 * DAY_S, 7 * DAY_S, 3_600):
        gated.clock.step(step)
        gated.say_synchronised = machine_agrees
        for _ in range(3):
            gated.clock.advance(60)
            gated.turn()
            assert not gated.parts.times.judge().may_shred(hour)
    gated.clock.advance(7 * DAY_S)
    gated.turn()
    assert not gated.parts.times.judge().may_read(hour)


def test_without_a_source_nothing_is_read_and_the_refusal_says_what_to_do(tmp_path: Path) -> None:
    """A machine that is not synchronised, a town that names no source: refused as `clock`, with advice."""
    for trusted, advice in (((), r"trusted = \[\"system\"\]"), (("system",), "chrony")):
        gated = Gated(tmp_path / str(len(trusted)), trusted=trusted)
        gated.say_synchronised = False
        gated.boot = "22222222-2222-3333-4444-555555555555"
        gated.live()
        with pytest.raises(Denied, match=advice) as denied:
            keys(gated, gated.view())
        assert denied.value.reason == Reason.CLOCK
        assert any("no clock is believed" in alarm for alarm in alarms(gated))


def test_a_witness_tells_the_time(tmp_path: Path) -> None:
    """Its time on a new head opens the archive and, once it has held for a minute, ends hours; a replay doesn't."""
    gated = Gated(tmp_path, trusted=("witness",))
    assert gated.parts.times.judge().latest is None
    for _ in range(3):
        gated.ledger.cosigned_at = gated.clock.utc() // SECOND
        gated.town.book("rec", {"size": 1, "root": digest("root")})
        gated.turn()
        gated.clock.advance(40)
    assert gated.parts.times.judge().agreed is not None
    assert keys(gated, gated.view()) == {1: SEGMENT_KEY}
    gated.boot = "22222222-2222-3333-4444-555555555555"
    gated.live()  # the same head, with the same time
    assert gated.parts.times.judge().latest is None


def test_a_witness_whose_word_was_long_under_way_does_not_disagree(tmp_path: Path) -> None:
    """A head that was cosigned a minute ago says less than the last one, and no clock is held to be wrong for it."""
    gated = Gated(tmp_path, trusted=("witness",))
    for age in (0, 0, 50, 0, 50):
        gated.clock.advance(60)
        gated.ledger.cosigned_at = gated.clock.utc() // SECOND - age
        gated.town.book("rec", {"size": 1, "root": digest("root")})
        gated.turn()
    assert gated.parts.times.judge().alarms == ()


def test_a_witness_that_falls_silent_is_told_after_a_quarter_of_an_hour(tmp_path: Path) -> None:
    """Then nothing is shredded; reading goes on by the clock that only runs, and the alarm ends when it speaks."""
    gated = Gated(tmp_path, trusted=("witness",))
    for _ in range(3):
        gated.clock.advance(60)
        gated.ledger.cosigned_at = gated.clock.utc() // SECOND
        gated.town.book("rec", {"size": 1, "root": digest("root")})
        gated.turn()
    gated.ledger.cosigned_at = None
    gated.clock.advance(16 * 60)
    gated.turn()
    assert gated.parts.times.judge().agreed is None
    assert keys(gated, gated.view()) == {1: SEGMENT_KEY}
    gated.ledger.cosigned_at = gated.clock.utc() // SECOND
    gated.turn()
    gated.turn()
    told = [(fact["clock"], fact["why"]) for fact in gated.told("clock")]
    assert told == [("witness", "silent"), ("witness", "agrees")]


def test_people_end_a_disagreement(tmp_path: Path) -> None:
    """After `trust-clock` the wall clock counts, a fact says by how much it was off, and all windows are closed."""
    gated = Gated(tmp_path)
    gated.clock.advance(60)
    gated.turn()
    gated.clock.step(-DAY_S)
    gated.turn()
    assert gated.parts.times.judge().agreed is None
    request = gated.view(t0=NOW - DAY_S * SECOND - 300 * SECOND, t1=NOW)
    with pytest.raises(Denied):
        keys(gated, request)
    with serving(gated):
        KeyClient(gated.home.path).trust_clock()
    gated.clock.advance(61)
    gated.turn()
    assert gated.parts.times.judge().agreed is not None
    told = [fact for fact in gated.told("clock") if fact["why"] == "order"]
    assert [fact["off"] for fact in told] == [-DAY_S * SECOND]
    assert reason(gated, gated.request(request.window.number, [request.segments[0].number])) == Reason.RESTARTED


def test_a_reboot_with_a_clock_set_back_reads_and_shreds_nothing(tmp_path: Path) -> None:
    """After a boot a time that is not later than those stated before is not believed: it opens nothing."""
    gated = Gated(tmp_path)
    gated.clock.advance(60)
    gated.turn()
    gated.clock.step(-DAY_S)
    gated.boot = "22222222-2222-3333-4444-555555555555"
    gated.live()
    judged = gated.parts.times.judge()
    assert judged.latest is None
    assert judged.agreed is None


def test_times_outlive_a_crash(tmp_path: Path) -> None:
    """A new life in the same boot goes on from the last agreement; one that was lost is told."""
    gated = Gated(tmp_path)
    gated.clock.advance(120)
    gated.turn()
    gated.clock.advance(DAY_S)
    gated.clock.step(-DAY_S)
    gated.say_synchronised = False
    gated.live()
    assert any(alarm.clock == "wall" for alarm in gated.parts.times.judge().alarms)
    (gated.home.keyring / "times.json").write_bytes(b"{")
    assert gated.live().times.is_lost
