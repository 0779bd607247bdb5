# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""How long after a dead server has returned its cameras are recorded again, and what the archive says of its absence.

Four cameras with a key frame a second are switched off at once, connections reset and new ones refused, for 12 s, ten
times; each time a tenth of a second longer, so that the return meets the recorder's tries, a second apart, at ten
different moments. They come back on the same ports, newly started. `--join forced`: a new session begins with a key
frame, as with most cameras; `key`: it waits for the next one, up to a second that no recorder can save.
"""

import argparse
import random
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from bench import town
from bench.machine import group, median, save
from tests.tools.lab import check_chain, check_elapsed
from torrazzo.archive.fact import Fact
from torrazzo.base.clock import SystemClock
from torrazzo.base.times import ns_from_ticks
from torrazzo.testing import ClipSpec, FakeCamera, Habits, SmallTown, make_clip
from torrazzo.testing.player import SENT

CAMERAS = 4
FPS = GOP = 25
AWAY_S, LONGER_S = 12.0, 0.1
BETWEEN_S = 4.0
FREE_PORTS = (20_000, 30_000)  # not those that the kernel gives to others while the server is away
MEDIAN_MS = 1_000
END_MS = 1_000 / FPS + 125  # a frame and a beat: how near the ends of a gap must be to what the camera says


class Absence(NamedTuple):
    """Gap facts that touch each other, UTC ticks, and the arrival of the first frame after them, boot ns."""

    t0: int
    t1: int
    why: str
    back_ns: int


def arguments(words: list[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="./dev bench outages", description=__doc__.splitlines()[0])
    parser.add_argument("--outages", type=int, default=10)
    parser.add_argument("--join", choices=("forced", "key"), default="forced")
    parser.add_argument("--folder", type=Path, help="where footage goes meanwhile (default: a temporary folder)")
    parser.add_argument("--json", type=Path, help="result file (default: bench/results/outages.json)")
    return parser.parse_args(words)


def play(folder: Path, outages: int, join: str) -> tuple[list[list[Fact]], list[tuple[FakeCamera, ...]]]:
    """Facts of each stream, and the cameras of each life of the server."""
    clip = make_clip(ClipSpec(fps=str(FPS), frames=4 * FPS, gop=GOP, width=320, height=192, bitrate=300_000))
    lives = [SmallTown([clip] * CAMERAS, Habits(join=join)) for _ in range(outages + 1)]
    first = random.randrange(*FREE_PORTS)
    ports = range(first, first + CAMERAS)
    lives[0].start(ports)
    home, streams = town.make(folder / "town", lives[0].urls)
    with group("outages") as processes:
        town.serve(processes, home)
        for number, life in enumerate(lives):
            if number:
                time.sleep(AWAY_S + (number - 1) * LONGER_S)
                life.start(ports)
            town.until_recording(home, CAMERAS)
            time.sleep(BETWEEN_S)
            if number < outages:
                life.stop()
    lives[-1].stop()
    facts = town.facts(home)
    return [facts[stream] for stream in streams], [life.cameras for life in lives]


def absences(facts: Sequence[Fact]) -> list[Absence]:
    """Between recorded segments, in order."""
    found: list[Absence] = []
    gap: list[Fact] = []
    for fact in facts:
        if fact.kind == "gap" and fact.t1 not in (None, fact.t0):
            gap.append(fact)
        elif fact.kind == "seg" and gap:
            why = "+".join(dict.fromkeys(each.why or "" for each in gap))
            found.append(Absence(gap[0].t0, fact.t0, why, fact.m0))
            gap = []
    return found


def judge(absence: Absence, before: FakeCamera, after: FakeCamera, utc_minus_boot: int) -> dict[str, Any]:
    """One camera's outage in ms: the way back, step by step from the moment the server listened, and the gap's ends."""
    last = [each for each in before.log if each.fate == SENT][-1]
    first = next(each for each in after.log if each.fate == SENT)
    asked_ns = next(request.arrived_ns for request in after.requests if request.method == "PLAY")
    ends_ns = last.sent_ns + 1_000_000_000 // FPS
    return {
        "back": _ms(absence.back_ns - after.epoch_ns),
        "until_asked": _ms(asked_ns - after.epoch_ns),
        "until_key_frame": _ms(first.sent_ns - asked_ns),
        "until_read": _ms(absence.back_ns - first.sent_ns),
        "why": absence.why,
        "start_error": _ms(ns_from_ticks(absence.t0 - utc_minus_boot) - ends_ns),
        "end_error": _ms(ns_from_ticks(absence.t1 - utc_minus_boot) - first.sent_ns),
    }


def _ms(ns: int) -> float:
    return round(ns / 1e6, 1)


def main(words: list[str]) -> int:
    """Measure and print."""
    options = arguments(words)
    clock = SystemClock()
    base = options.folder or Path(tempfile.gettempdir())
    with tempfile.TemporaryDirectory(prefix="torrazzo-bench-", dir=base) as folder:
        facts, lives = play(Path(folder), options.outages, options.join)
    utc_minus_boot = clock.utc() - clock.boot_ns() * 9 // 100_000
    rows: list[dict[str, Any]] = []
    for camera, each in enumerate(facts):
        check_chain(each)
        check_elapsed(each)
        gaps = absences(each)
        if len(gaps) != options.outages:
            raise SystemExit(f"camera {camera}: {len(gaps)} gaps for {options.outages} outages: {gaps}")
        for number, gap in enumerate(gaps):
            judged = judge(gap, lives[number][camera], lives[number + 1][camera], utc_minus_boot)
            rows.append({"outage": number, "camera": camera, **judged})
            print(" ".join(f"{name}={value}" for name, value in rows[-1].items()))
    return tell(options, rows)


def tell(options: argparse.Namespace, rows: list[dict[str, Any]]) -> int:
    """Save and print; the exit code."""
    steps = ("back", "until_asked", "until_key_frame", "until_read")
    ends = ("start_error", "end_error")
    result: dict[str, Any] = {
        "part": "outages",
        "join": options.join,
        "n": options.outages,
        "seed": None,
        "unit": "ms",
        "limits": {"back, median": MEDIAN_MS, "end of a gap": END_MS},
        "median": {name: round(median(row[name] for row in rows), 1) for name in steps},
        "worst": {name: max(row[name] for row in rows) for name in steps},
        "ends": {name: {"min": min(row[name] for row in rows), "max": max(row[name] for row in rows)} for name in ends},
        "ends_off": sum(abs(row[name]) > END_MS for row in rows for name in ends),
        "causes": sorted({row["why"] for row in rows}),
        "rows": rows,
    }
    print(f"written: {save(result, 'outages', options.json)}")
    for name in ("median", "worst", "ends", "ends_off", "causes"):
        print(f"{name}: {result[name]}")
    is_met = result["median"]["back"] <= MEDIAN_MS and not result["ends_off"] and result["causes"] == ["net"]
    return 0 if is_met else 1
