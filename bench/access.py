# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""How long somebody who says why they look waits for the first key, while a hundred cameras record.

All processes of a town run as `serve` starts them. Windows are opened at moments drawn by lot, whatever became of those
before: each at another camera and another time, by the steps of the control room, from asking for the window to the
first segment's key in hand; most are open beside others, and each is closed by its fact some seconds later. What the
disk takes for an append and its sync is told beside it.
"""

import argparse
import contextlib
import os
import random
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from bench import town
from bench.machine import enough_room, group, median, save
from bench.record import clip_file
from tests.interop.servers import gst_server
from tests.tools.viewer import Viewer
from torrazzo.app import configure_logs
from torrazzo.base import StreamId
from torrazzo.base.errors import Unavailable
from torrazzo.durable import OsDisk
from torrazzo.ledger.client import LedgerClient
from torrazzo.playback.index import Recorded
from torrazzo.town.home import Home, load_settings, save_settings

LIMIT_MS = 100.0  # p99
NEIGHBOURS = 3  # segments of about ten seconds that each looks at
ENTERED_S = 25  # so old they are in the ledger
OPEN_S = (1.0, 6.0)
READY_S = 120
SYNC_S = 0.5  # between two looks at the disk
VIEWERS = 64  # as many looks a control room has at most


class Look(NamedTuple):
    """One window, in ms: until its fact is entered, then until the first key is there."""

    at_s: float
    fact: float
    key: float


def arguments(words: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="./dev bench access", description=__doc__.splitlines()[0])
    parser.add_argument("--cameras", type=int, default=100)
    parser.add_argument("--windows", type=int, default=400)
    parser.add_argument("--seconds", type=int, default=60, help="over which they are spread")
    parser.add_argument("--bitrate", type=int, default=4_000, help="kbit/s of the 1080p25 clip")
    parser.add_argument("--folder", type=Path, help="where footage goes meanwhile (default: a temporary folder)")
    parser.add_argument("--json", type=Path, help="result file (default: bench/results/access.json)")
    return parser.parse_args(words)


class Viewers:
    """People who come and go."""

    def __init__(self, viewer: Viewer, streams: Sequence[StreamId]) -> None:
        self._viewer, self._streams = viewer, streams
        self._begun_s = time.monotonic()
        self._lock = threading.Lock()
        self.looks: list[Look] = []

    def look(self, dice: random.Random) -> None:
        """One person, from beginning to end."""
        rows = self._recorded(dice)
        begun = time.perf_counter()
        window = self._viewer.open(rows)
        entered = time.perf_counter()
        self._viewer.first_key(window, rows)
        given = time.perf_counter()
        with self._lock:
            at_s = time.monotonic() - self._begun_s
            self.looks.append(Look(round(at_s, 1), (entered - begun) * 1e3, (given - entered) * 1e3))
        time.sleep(dice.uniform(*OPEN_S))
        window.close()

    def has_footage(self) -> bool:
        """Whether each camera has enough to look at."""
        return all(len(self._viewer.recorded(stream, ENTERED_S)) > NEIGHBOURS for stream in self._streams)

    def _recorded(self, dice: random.Random) -> Sequence[Recorded]:
        """Neighbours of one camera that the ledger has, which is asked before a look."""
        rows = self._viewer.recorded(dice.choice(self._streams), ENTERED_S)
        first = dice.randrange(len(rows) - NEIGHBOURS)
        chosen = rows[first : first + NEIGHBOURS]
        have = self._viewer.windows.gate.entered([row.id for row in chosen])
        assert have == {row.id for row in chosen}, "old facts are not in the ledger"
        return chosen


def run(viewers: Viewers, count: int, seconds: int) -> None:
    """Each at its moment, whatever became of those before."""
    dice = random.Random(1)
    moments = sorted(dice.uniform(0, seconds) for _ in range(count))
    begun = time.monotonic()
    with ThreadPoolExecutor(VIEWERS) as pool:
        coming = []
        for number, moment in enumerate(moments):
            time.sleep(max(0.0, begun + moment - time.monotonic()))
            coming.append(pool.submit(viewers.look, random.Random(number)))
        for each in coming:
            each.result()


@contextlib.contextmanager
def sync_times(folder: Path) -> Iterator[list[float]]:
    """What an append of 100 bytes and its sync takes meanwhile, in ms."""
    took: list[float] = []
    over = threading.Event()

    def sync() -> None:
        file = os.open(folder / "sync", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        while not over.wait(SYNC_S):
            begun = time.perf_counter()
            os.write(file, bytes(100))
            os.fdatasync(file)
            took.append((time.perf_counter() - begun) * 1e3)
        os.close(file)

    thread = threading.Thread(target=sync)
    thread.start()
    try:
        yield took
    finally:
        over.set()
        thread.join()


def measure(options: argparse.Namespace, urls: Sequence[str], folder: Path) -> dict[str, Any]:
    """With everything running."""
    home, streams = town.make(folder / "town", urls)
    settings = load_settings(home)
    save_settings(home, OsDisk(), replace(settings, trusted=("wall",)))
    with group("access") as processes:
        town.serve(processes, home, log=folder / "serve.log")
        town.until_recording(home, len(streams))
        until(lambda: answers(home))
        with Viewer(home, "bench") as viewer:
            viewers = Viewers(viewer, streams)
            until(viewers.has_footage)
            before, begun = processes.cpu_s(), time.monotonic()
            with sync_times(folder) as synced:
                run(viewers, options.windows, options.seconds)
            cpu = 100 * (processes.cpu_s() - before) / (time.monotonic() - begun)
        state = town.status(home)
    gaps = sum(fact.kind == "gap" for facts in town.facts(home).values() for fact in facts)
    return {
        "windows": len(viewers.looks),
        "total_ms": quantiles([look.fact + look.key for look in viewers.looks]),
        "fact_ms": quantiles([look.fact for look in viewers.looks]),
        "key_ms": quantiles([look.key for look in viewers.looks]),
        "sync_ms": quantiles(synced),
        "cpu_percent": round(cpu, 1),
        "recorder_worst_lag_ms": state.get("worst_lag_ms"),
        "gaps": gaps,
        "slowest": [look._asdict() for look in sorted(viewers.looks, key=lambda look: -look.fact - look.key)[:10]],
    }


def quantiles(values: Sequence[float]) -> Mapping[str, float]:
    """Of many."""
    ordered = sorted(values)
    ranks = {"p95": 95, "p99": 99}
    found = {name: ordered[min(len(ordered) - 1, len(ordered) * rank // 100)] for name, rank in ranks.items()}
    return {name: round(value, 1) for name, value in {"p50": median(ordered), **found, "longest": ordered[-1]}.items()}


def answers(home: Home) -> bool:
    """Whether ledger and catalogue are there."""
    try:
        return home.catalogue_db.exists() and LedgerClient(home.ledger_socket).status()["state"] == "running"
    except Unavailable:
        return False


def until(holds: Callable[[], bool]) -> None:
    """Wait for it."""
    deadline = time.monotonic() + READY_S
    while not holds():
        if time.monotonic() > deadline:
            raise SystemExit(f"the town is not ready after {READY_S} s")
        time.sleep(1)


def main(words: Sequence[str]) -> int:
    """Measure and print; 1 if it takes longer than it may."""
    options = arguments(words)
    os.environ.setdefault("TORRAZZO_LOG", "warning")
    configure_logs("bench")
    base = options.folder or Path(tempfile.gettempdir())
    enough_room(base)
    with tempfile.TemporaryDirectory(prefix="torrazzo-bench-", dir=base) as name:
        folder = Path(name)
        clip, _ = clip_file(options.bitrate, folder)
        serving = ["--mounts", str(options.cameras), "--groups", str(min(10, options.cameras)), "--clip", str(clip)]
        with gst_server(None, *serving, "--no-hash", cpus=[0]) as server:
            found = measure(options, [f"{server.base}/cam{at}" for at in range(options.cameras)], folder)
    result: dict[str, object] = {
        "part": "access",
        "cameras": options.cameras,
        "kbit_per_s": options.bitrate,
        "seconds": options.seconds,
        "seed": 1,
        "nice": os.nice(0),
        "limits": {"total_ms p99": LIMIT_MS},
        **found,
    }
    print(f"written: {save(result, 'access', options.json)}")
    for name in ("windows", "total_ms", "fact_ms", "key_ms", "sync_ms", "cpu_percent", "recorder_worst_lag_ms", "gaps"):
        print(f"{name}: {result[name]}")
    return 0 if found["total_ms"]["p99"] <= LIMIT_MS and not found["gaps"] else 1
