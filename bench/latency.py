# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""How long a frame that has arrived in the kernel waits until the record that holds it survives a power cut.

A whole `torrazzo serve` records cameras of one bit rate after the other: three frame rates, each with two distances of
key frames. strace, outside of it, notes when `fdatasync` of a volume returned and how far it was written by then.
Afterwards every recorded frame is decrypted and held against the camera's log, byte for byte and in order; a frame that
is missing, before the last two seconds, is a failure. A camera ends a session that is not kept alive for ten seconds.
"""

import argparse
import hashlib
import math
import re
import shutil
import tempfile
import time
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from bench import town
from bench.machine import enough_room, group, median, save
from torrazzo.base import StreamId
from torrazzo.base.times import ns_from_ticks
from torrazzo.testing import ClipSpec, FakeCamera, Habits, SmallTown, make_clip
from torrazzo.testing.clips import Clip, ClipUnit
from torrazzo.testing.player import SENT, Sent
from torrazzo.town.home import Home

RATES = (50, 500, 2_000, 4_000, 16_000)  # kbit/s
# A little off 5, 25 and 50 a second, so that the moments of frames wander through all of the recorder's second.
FPS = {5: "900/181", 25: "9000/361", 50: "9000/181"}
GOPS_S = (1, 40)
KEY_WEIGHT = 8  # a key frame is that many times as large as another
MEDIAN_MS, WORST_MS = 1_000, 2_000
SESSION_S = 10
KEEP_ALIVE = ("OPTIONS", "GET_PARAMETER", "SET_PARAMETER")
CALL = re.compile(
    r"(\d+)\.(\d{6}) (\w+)\(\d+<([^>]+/volumes(?:/[^>]+\.vol)?)>(?:.*, (\d+))?\) += (\d+) <(\d+)\.(\d{6})>"
)


class Case(NamedTuple):
    """One camera."""

    kbit: int
    fps: int
    gop_s: int


class Syncs(NamedTuple):
    """Of one volume: it was durable up to `lengths[i]` at `moments[i]`, boot ns."""

    lengths: list[int]
    moments: list[int]


class Seen(NamedTuple):
    """What strace saw."""

    volumes: dict[str, Syncs]
    longest_ns: int  # any one call: how busy the disk was


def arguments(words: list[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="./dev bench latency", description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=48, help="of each bit rate")
    parser.add_argument("--rates", type=int, nargs="+", default=RATES, help="kbit/s")
    parser.add_argument("--folder", type=Path, help="where footage goes meanwhile (default: a temporary folder)")
    parser.add_argument("--json", type=Path, help="result file (default: bench/results/latency.json)")
    return parser.parse_args(words)


# -- cameras


def clip_of(case: Case) -> Clip:
    """Small pictures, filled up with filler data (H.264 type 12, as encoders of constant bit rate send) to the rate."""
    pictures = case.fps * case.gop_s
    frames = case.fps * max(8, case.gop_s)
    spec = ClipSpec(fps=FPS[case.fps], frames=frames, gop=pictures, width=160, height=96, bitrate=25_000)
    clip = make_clip(spec)
    other = case.kbit * 125 * case.gop_s / (pictures - 1 + KEY_WEIGHT)
    wanted = {True: round(other * KEY_WEIGHT), False: round(other)}
    filler = {is_key: _filler(size - _mean_size(clip, is_key=is_key)) for is_key, size in wanted.items()}
    units = (unit._replace(nals=(*unit.nals, *filler[unit.is_key])) for unit in clip.units)
    return replace(clip, units=tuple(units))


def _mean_size(clip: Clip, *, is_key: bool) -> int:
    sizes = [sum(map(len, unit.nals)) for unit in clip.units if unit.is_key == is_key]
    return sum(sizes) // len(sizes)


def _filler(size: int) -> tuple[bytes, ...]:
    return (b"\x0c" + b"\xff" * (size - 2) + b"\x80",) if size > 2 else ()


def arrival_ns(camera: FakeCamera, sent: Sent, interval_ns: int) -> int:
    """When the kernel had all of a picture, by the camera's log.

    One that it did not take at once is logged when the next is sent: then the moment it was due, which is earlier.
    """
    due_ns = camera.epoch_ns + sent.serial * interval_ns
    return sent.sent_ns if sent.sent_ns < due_ns + interval_ns else due_ns


# -- what strace saw


def strace(folder: Path) -> list[str | Path]:
    """A command line's beginning: only these calls stop the process, one log file per thread."""
    if shutil.which("strace") is None:
        raise SystemExit("strace is missing; on Debian: apt-get install strace")
    how = ["--daemonize=grandchild", "--seccomp-bpf", "-f", "-ff", "-qq", "-y", "-ttt", "-T", "-s", "0"]
    return ["strace", *how, "-e", "signal=none", "-e", "trace=pwrite64,writev,fdatasync,fsync", "-o", folder / "thread"]


def look(folder: Path, utc_minus_boot_ns: int) -> Seen:
    """Read the logs. Each volume is written and synced by one thread."""
    volumes: dict[str, Syncs] = {}
    written: dict[str, int] = {}
    longest_ns = 0
    calls = sorted(match.groups() for log in folder.iterdir() for match in CALL.finditer(log.read_text()))
    for seconds, micros, name, path, last, result, took_s, took_us in calls:
        took_ns = int(took_s + took_us) * 1_000
        longest_ns = max(longest_ns, took_ns)
        if name == "fdatasync":
            volume = volumes.setdefault(path, Syncs([], []))
            volume.lengths.append(written.get(path, 0))
            volume.moments.append(int(seconds + micros) * 1_000 + took_ns - utc_minus_boot_ns)
        elif name != "fsync":  # that of the folder
            start = int(last) if name == "pwrite64" else written.get(path, 0)
            written[path] = max(written.get(path, 0), start + int(result))
    for path, volume in volumes.items():
        if volume.lengths[-1] != Path(path).stat().st_size:
            raise SystemExit(f"{path}: strace saw {volume.lengths[-1]} bytes of it synced, it has more")
    return Seen(volumes, longest_ns)


def utc_minus_boot_ns() -> int:
    """Between strace's clock and the cameras'."""
    return time.clock_gettime_ns(time.CLOCK_REALTIME) - time.clock_gettime_ns(time.CLOCK_BOOTTIME)


# -- what was recorded


def lags_ms(
    home: Home, stream: StreamId, camera: FakeCamera, interval_ns: int, volumes: Mapping[str, Syncs], until_ns: int
) -> list[float]:
    """Arrival to durable of each frame that arrived before `until_ns`: all must be recorded, in order, unaltered."""
    log = [(each, arrival_ns(camera, each, interval_ns)) for each in camera.log]
    if {(each.session, each.fate) for each, arrived_ns in log if arrived_ns < until_ns} != {(1, SENT)}:
        raise SystemExit(f"{stream}: a session ended, or a picture was left out because the reader was too slow")
    waiting = iter(log)
    lags = []
    for (hashes, safe_ns), (sent, arrived_ns) in zip(recorded(home, stream, volumes), waiting, strict=False):
        if hashes != digests(sent.unit):
            raise SystemExit(f"{stream}: picture {sent.serial} was sent, another one is recorded in its place")
        if arrived_ns < until_ns:
            lags.append((safe_ns - arrived_ns) / 1e6)
    missing = [sent.serial for sent, arrived_ns in waiting if arrived_ns < until_ns]
    if missing:
        raise SystemExit(f"{stream}: pictures {missing[0]} to {missing[-1]} never became durable")
    return lags


def recorded(home: Home, stream: StreamId, volumes: Mapping[str, Syncs]) -> Iterator[tuple[list[str], int]]:
    """Digests of each frame, and the boot ns at which the end of its record was durable."""
    for path, record, plain in town.fragments(home, stream):
        volume = volumes[str(path)]
        safe_ns = volume.moments[bisect_left(volume.lengths, record.end)]
        for hashes in town.frames_in(plain):
            yield hashes, safe_ns


@cache
def digests(unit: ClipUnit) -> list[str]:
    """SHA-256 of its NAL units."""
    return [hashlib.sha256(nal).hexdigest() for nal in unit.nals]


# -- the measurement


def measure(kbit: int, seconds: int, folder: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """All cameras of one bit rate at once: what disturbed them, and a row for each."""
    cases = [Case(kbit, fps, gop_s) for fps in FPS for gop_s in GOPS_S]
    clips = [clip_of(case) for case in cases]
    traces = folder / "strace"
    traces.mkdir()
    offset_ns = utc_minus_boot_ns()
    with SmallTown(clips, Habits(join="forced", session_timeout=SESSION_S)) as cameras:
        home, streams = town.make(folder / "town", cameras.urls)
        with group("latency") as processes:
            town.serve(processes, home, under=strace(traces))
            town.until_recording(home, len(cases))
            time.sleep(seconds)
            until_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME) - WORST_MS * 1_000_000
            lag_ms = town.status(home)["worst_lag_ms"]
    if abs(utc_minus_boot_ns() - offset_ns) > 1_000_000:
        raise SystemExit("the machine's clock was set meanwhile: measure again")
    seen = look(traces, offset_ns)
    rows = []
    for case, stream, camera, clip in zip(cases, streams, cameras.cameras, clips, strict=True):
        lags = lags_ms(home, stream, camera, ns_from_ticks(clip.interval), seen.volumes, until_ns)
        rows.append(row(case, camera, clip, lags))
    noise = {"kbit": kbit, "recorder_lag_ms": lag_ms, "longest_disk_call_ms": round(seen.longest_ns / 1e6, 1)}
    return noise, rows


def row(case: Case, camera: FakeCamera, clip: Clip, lags: Sequence[float]) -> dict[str, Any]:
    """What the result file says of one camera."""
    ordered = sorted(lags)
    return {
        **case._asdict(),
        "kbit_sent": round(clip.size_bytes * 8 * 90 / clip.period),
        "frames": len(ordered),
        "median_ms": round(median(ordered), 1),
        "p99_ms": round(ordered[math.ceil(0.99 * len(ordered)) - 1], 1),
        "worst_ms": round(ordered[-1], 1),
        "keep_alives": sum(request.method in KEEP_ALIVE for request in camera.requests),
    }


def main(words: list[str]) -> int:
    """Measure and print."""
    options = arguments(words)
    base = options.folder or Path(tempfile.gettempdir())
    enough_room(base)
    noises, rows = [], []
    for kbit in options.rates:
        with tempfile.TemporaryDirectory(prefix="torrazzo-bench-", dir=base) as folder:
            noise, found = measure(kbit, options.seconds, Path(folder))
        for each in (*found, noise):
            print(" ".join(f"{name}={value}" for name, value in each.items()), flush=True)
        noises.append(noise)
        rows += found
    missed = [each for each in rows if each["median_ms"] > MEDIAN_MS or each["worst_ms"] > WORST_MS]
    result = {
        "part": "latency",
        "seconds": options.seconds,
        "seed": None,
        "limits_ms": {"median": MEDIAN_MS, "worst": WORST_MS},
        "missed": len(missed),
        "noise": noises,
        "cameras": rows,
    }
    print(f"written: {save(result, 'latency', options.json)}")
    print(f"{len(rows)} cameras, of which {len(missed)} miss {MEDIAN_MS} ms in the median or {WORST_MS} ms at worst")
    return 1 if missed else 0
