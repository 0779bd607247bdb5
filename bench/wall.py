# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Sixteen live tiles in one browser: how old pictures are on the screen, and whether the machine keeps up.

A whole `torrazzo serve` records so many cameras, whose small stream is 640x360 at 25 a second with a key frame every
four seconds; all send at the same instants, which is the worst that they can do. Chromium shows them on the wall, on
the same processors, and its page notes of each fifth frame, by `requestVideoFrameCallback`, the number that is burned
into it (a Gray code) and the time. The camera's own time line says when that picture was made. Nothing is added for the
screen itself.
"""

import argparse
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from bench.machine import about, median, save
from tests.tools.page_seen import open_chromium, until
from tests.tools.room_town import RoomTown, room_town
from torrazzo.base import SystemClock
from torrazzo.base.times import SECOND
from torrazzo.testing import ClipSpec, Habits
from torrazzo.testing.picture import CELLS, label_from_pixels

SMALL = ClipSpec(width=640, height=360, fps="25", frames=200, gop=100, bitrate=400_000, noise=0.02)
MAIN = ClipSpec(width=320, height=192, fps="25/2", frames=100, gop=25, bitrate=150_000)
MEDIAN_MS = 250
SIZE = (1920, 1080)
SETTLE_S = 10
WIDTH = 20 * CELLS

# Notes of each fifth frame of each tile: tile, time, brightness of both strips' cells; and all waits of a video.
_WATCH = """(cells) => {
  window.noted = [];
  window.waits = 0;
  document.querySelectorAll('.tile').forEach((tile, at) => {
    const video = tile.querySelector('video');
    if (video === null) return;
    const canvas = new OffscreenCanvas(video.videoWidth, 2);
    const ink = canvas.getContext('2d', {willReadFrequently: true});
    const strip = Math.floor(video.videoHeight / 10);
    let count = 0;
    video.addEventListener('waiting', () => { window.waits += 1; });
    const watch = () => video.requestVideoFrameCallback(() => {
      const now = performance.timeOrigin + performance.now();
      if (count++ % 5 === 0) {
        for (const [row, y] of [strip >> 1, strip + (strip >> 1)].entries()) {
          ink.drawImage(video, 0, y, video.videoWidth, 1, 0, row, video.videoWidth, 1);
        }
        const {data, width} = ink.getImageData(0, 0, canvas.width, 2);
        const row = (y) => Array.from({length: cells}, (_, cell) =>
          data[4 * (y * width + Math.floor((2 * cell + 1) * width / (2 * cells))) + 1]);
        window.noted.push([at, now, row(0), row(1)]);
      }
      watch();
    });
    watch();
  });
}"""
_COUNTS = """() => [...document.querySelectorAll('.tile video')].map((video) => {
  const found = video.getVideoPlaybackQuality();
  return [found.totalVideoFrames, found.droppedVideoFrames];
})"""
_PHASES = "() => [...document.querySelectorAll('.tile .live')].map((live) => live.dataset.phase)"


def arguments(words: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="./dev bench wall", description=__doc__.splitlines()[0])
    parser.add_argument("--tiles", type=int, default=16, choices=(1, 4, 9, 16, 25))
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--json", type=Path, help="result file (default: bench/results/wall.json)")
    return parser.parse_args(words)


def made_ms(town: RoomTown, camera: int, number: int, seen_ms: float, boot_ms: float) -> float:
    """When the picture of that number was made, the last one before it was seen. `boot_ms`: UTC less boot time."""
    interval, frames = 1000 * SMALL.interval / SECOND, SMALL.frames
    epoch = float(town.device(camera, "sub").epoch_ns) / 1e6 + boot_ms
    serial = int((seen_ms - epoch) / interval)
    return epoch + (serial - (serial - number) % frames) * interval


def latencies(town: RoomTown, noted: Sequence[Sequence[Any]], boot_ms: float) -> tuple[list[float], int]:
    """In milliseconds; and how many pictures could not be read."""
    found, unread = [], 0
    for _, at, number_row, tag_row in noted:
        label = label_from_pixels(partial(_brightness, (number_row, tag_row)), WIDTH, 100)
        if label is None or not 1 <= label.tag <= len(town.cameras):
            unread += 1
            continue
        found.append(at - made_ms(town, label.tag - 1, label.number, at, boot_ms))
    return found, unread


def _brightness(rows: Sequence[Sequence[int]], x: int, y: int) -> int:
    """As of a picture 100 high whose cells are of one shade."""
    return rows[y >= 10][min(CELLS - 1, x * CELLS // WIDTH)]


def measure(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """One run."""
    habits = Habits(keeps_log=False, aggregate=True)
    with (
        room_town(folder, options.tiles, sub=True, main=MAIN, small=SMALL, habits=habits) as town,
        open_chromium() as browser,
    ):
        began = time.monotonic()
        seen = town.sign_in(browser, "oriana", "/wall", size=SIZE)
        until(lambda: seen.page.evaluate(_PHASES) == ["live"] * options.tiles, "they are not all live at once", 60)
        first_s = time.monotonic() - began
        time.sleep(SETTLE_S)
        clock = SystemClock()
        boot_ms = clock.utc() * 1000 / SECOND - clock.boot_ns() / 1e6
        before = seen.page.evaluate(_COUNTS)
        seen.page.evaluate(_WATCH, CELLS)
        phases: dict[str, int] = {}
        for _ in range(options.seconds):
            time.sleep(1)
            for phase in seen.page.evaluate(_PHASES):
                phases[phase] = phases.get(phase, 0) + 1
        noted, waits = seen.page.evaluate("() => [window.noted, window.waits]")
        after = seen.page.evaluate(_COUNTS)
        ages, unread = latencies(town, noted, boot_ms)
    shown = [b[0] - a[0] for a, b in zip(before, after, strict=True)]
    dropped = [b[1] - a[1] for a, b in zip(before, after, strict=True)]
    ages.sort()
    return {
        "tiles": options.tiles, "seconds": options.seconds, "seconds_to_all_live": round(first_s, 2),
        "read": len(ages), "unread": unread,
        "median_ms": round(median(ages), 1), "p95_ms": round(ages[int(len(ages) * 0.95)], 1),
        "worst_ms": round(ages[-1], 1),
        "frames": sum(shown), "frames_due": options.tiles * options.seconds * 25, "dropped": sum(dropped),
        "waits": waits, "tile_seconds_by_phase": phases, "complaints": len(seen.complaints),
    }  # fmt: skip


def main(words: list[str]) -> int:
    """0 if pictures are young enough and no tile stood still."""
    options = arguments(words)
    with tempfile.TemporaryDirectory(prefix="torrazzo-wall-") as folder:
        found = measure(options, Path(folder) / "town")
    is_good = found["median_ms"] <= MEDIAN_MS and set(found["tile_seconds_by_phase"]) <= {"live"}
    for name, value in found.items():
        print(f"{name:24} {value}")
    print(f"median <= {MEDIAN_MS} ms and live throughout: {'yes' if is_good else 'NO'}")
    save({"machine": about(), "limit_median_ms": MEDIAN_MS, "is_good": is_good, **found}, "wall", options.json)
    return 0 if is_good else 1
