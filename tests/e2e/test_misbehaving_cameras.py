# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Each camera of a town goes wrong in its own way, all at once; what it costs is held against the senders' logs."""

import hashlib
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import pytest

from bench import town as bench_town
from tests.tools.lab import check_chain, check_elapsed
from tests.tools.ledger_process import until
from tests.tools.patience import PATIENCE_S
from torrazzo.archive.fact import Fact
from torrazzo.base import StreamId
from torrazzo.base.clock import SystemClock
from torrazzo.base.times import SECOND
from torrazzo.testing import ClipSpec, faults, make_clip
from torrazzo.testing.clips import Clip
from torrazzo.testing.faults import Fault
from torrazzo.testing.player import SENT, Sent
from torrazzo.testing.town import SmallTown
from torrazzo.town.home import Home

FPS, GOP = 12.5, 12
SPEC = ClipSpec(fps="25/2", frames=600, gop=GOP, width=320, height=192, bitrate=150_000, noise=0.02)  # no picture twice
OTHER = ClipSpec(fps="25/2", frames=300, gop=GOP, width=480, height=272, bitrate=150_000, noise=0.02, tag=2)
NEAR_S = 1.0  # how near the ends of a gap are to what the camera says
BACK_S = 1 + GOP / FPS + 2  # a pause between two tries, a GOP, and slack
NOTHING: frozenset[str] = frozenset()


class Case(NamedTuple):
    """What goes wrong, for how long, and which gap that makes."""

    name: str
    fault: Fault | None
    seconds: float = 0.0
    why: frozenset[str] = NOTHING  # none: nothing may be missing
    loses_nothing: bool = True  # of what was sent


def _cases() -> list[Case]:
    def why(*words: str) -> frozenset[str]:
        return frozenset(words)

    return [
        Case("healthy", None),
        Case("freezes", faults.Freeze(4.5), 4.5, why("nosignal")),
        Case("drips", faults.Drip(1), 3.0, why("nosignal"), loses_nothing=False),
        Case("refuses the password", faults.Unauthorized(6.5), 6.5, why("auth"), loses_nothing=False),
        Case("changes its picture's size", faults.ChangeClip(make_clip(OTHER))),
        Case("jumps a day", faults.JumpClock(utc_ns=86_400_000_000_000)),
        Case("jumps a day back", faults.JumpClock(ticks=-86_400 * SECOND)),
        Case("jumps a second and a half", faults.JumpClock(ticks=3 * SECOND // 2)),
        Case("leaves a short hole", faults.Hole(2.5), 2.5, why("hole")),
        Case("leaves a hole", faults.Hole(4), 4.0, why("nosignal")),
        Case("drops pictures", faults.DropFrames(20), 20 / FPS, why("hole")),
        Case("sends garbage", faults.Garbage(3000), 0, why("net"), loses_nothing=False),
        Case("closes", faults.Close(), 0, why("net"), loses_nothing=False),
        Case("is off", faults.Refuse(6.5), 6.5, why("net"), loses_nothing=False),
        Case("also healthy", None),
    ]


class Gap(NamedTuple):
    """A stretch that facts declare as absent."""

    t0: int
    t1: int
    why: frozenset[str]


class Played(NamedTuple):
    """What is left when the town has been through it."""

    cases: list[Case]
    facts: list[list[Fact]]
    recorded: list[list[str]]  # digest of each picture
    logs: list[list[Sent]]
    fault_ns: int
    utc_offset: int  # UTC minus boot time, in ticks
    late_s: float  # at worst, of a recorder that others left no time


def _all_record(home: Home, count: int) -> bool:
    streams = bench_town.status(home).get("streams", {})
    return [each["state"] for each in streams.values()].count("recording") == count


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    cases, clock = _cases(), SystemClock()
    clip: Clip = make_clip(SPEC)
    with SmallTown([clip] * len(cases)) as town:
        home, streams = bench_town.make(tmp_path_factory.mktemp("faults") / "town", town.urls)
        log = home.path / "serve.log"
        command = (sys.executable, "-m", "torrazzo", "serve", "--home", str(home.path), "--port", "0")
        with log.open("wb") as out:
            serving = subprocess.Popen(command, stdout=out, stderr=out)
        try:
            until(lambda: _all_record(home, len(cases)), log=log)
            time.sleep(2)
            fault_ns = clock.boot_ns()
            for case, camera in zip(cases, town.cameras, strict=True):
                if case.fault is not None:
                    camera.do(case.fault)
            time.sleep(max(case.seconds for case in cases) + 1)
            until(lambda: _all_record(home, len(cases)), log=log)
            time.sleep(3)
            status = bench_town.status(home)
            assert status["faults"] == 0, "see stream_fault in the log"
        finally:
            serving.terminate()
            serving.wait(PATIENCE_S)
        offset = clock.utc() - clock.boot_ns() * 9 // 100_000
        found = bench_town.facts(home)
        recorded = [_pictures(home, stream) for stream in streams]
        logs = [list(camera.log) for camera in town.cameras]
    facts, late_s = [found[stream] for stream in streams], status["worst_lag_ms"] / 1000
    return Played(cases, facts, recorded, logs, fault_ns, offset, late_s)


def _pictures(home: Home, stream: StreamId) -> list[str]:
    return [nals[-1] for nals in bench_town.frames(home, stream)]


def _digest(sent: Sent) -> str:
    return hashlib.sha256(sent.unit.nals[-1]).hexdigest()


def _gaps(facts: list[Fact]) -> list[Gap]:
    """Absences; those that touch each other are one."""
    gaps: list[Gap] = []
    for fact in facts:
        if fact.kind != "gap" or fact.t1 is None or fact.t1 == fact.t0:
            continue
        why = frozenset({fact.why or ""})
        if gaps and gaps[-1].t1 == fact.t0:
            gaps[-1] = Gap(gaps[-1].t0, fact.t1, gaps[-1].why | why)
        else:
            gaps.append(Gap(fact.t0, fact.t1, why))
    return gaps


@pytest.mark.parametrize("index", range(len(_cases())), ids=[case.name for case in _cases()])
def test_a_camera_costs_only_its_own_gap(
    played: Played, index: int, record_property: Callable[[str, object], None]
) -> None:
    """Every tick accounted for; nothing lost that was sent outside the gap; its cause and both ends are right."""
    case, facts, log = played.cases[index], played.facts[index], played.logs[index]
    check_chain(facts)
    check_elapsed(facts)
    sent = [each for each in log if each.fate == SENT]
    numbers = {_digest(each): at for at, each in enumerate(sent)}
    assert len(numbers) == len(sent), "a picture was sent twice"
    places = [numbers[digest] for digest in played.recorded[index]]
    assert places == sorted(set(places)), "recorded out of order"
    assert len(places) == sum(fact.frames or 0 for fact in facts if fact.kind == "seg")
    assert len(sent) - 1 - places[-1] <= (1.5 + played.late_s) * FPS, "the end is missing"
    lost = [at for at in range(places[-1]) if at not in set(places)]
    gaps = _gaps(facts)
    record_property("sent, recorded, lost", (len(sent), len(places), len(lost)))
    assert len(gaps) <= 1, gaps
    if case.loses_nothing:
        assert lost == []
    if not case.why:
        assert gaps == []
        return
    before_ns, after_ns = _absence(sent, places, played.fault_ns)
    record_property("absent from and to, seconds after the fault", _after(played, before_ns, after_ns))
    assert (after_ns - played.fault_ns) / 1e9 <= case.seconds + BACK_S + played.late_s
    assert all(before_ns < sent[at].sent_ns < after_ns for at in lost)
    (gap,) = gaps
    assert gap.why == case.why
    interval = SECOND / FPS
    starts = gap.t0 - played.utc_offset - before_ns * 9 / 100_000 - interval
    ends = gap.t1 - played.utc_offset - after_ns * 9 / 100_000
    record_property("latest sweep, seconds", played.late_s)
    record_property("cause, error of both ends in seconds", (*gap.why, starts / SECOND, ends / SECOND))
    assert abs(starts) <= (NEAR_S + played.late_s) * SECOND, starts / SECOND
    assert abs(ends) <= (NEAR_S + played.late_s) * SECOND, ends / SECOND


def _after(played: Played, *moments_ns: int) -> tuple[float, ...]:
    return tuple(round((each - played.fault_ns) / 1e9, 3) for each in moments_ns)


def _absence(sent: list[Sent], places: list[int], fault_ns: int) -> tuple[int, int]:
    """When the last recorded picture before the longest pause after the fault was sent, and the first one after it."""
    times = [sent[at].sent_ns for at in places]
    pairs = [(a, b) for a, b in pairwise(times) if b >= fault_ns]
    return max(pairs, key=lambda pair: pair[1] - pair[0])
