# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What recording costs: Torrazzo, ffmpeg and a gathered copy, from the same server, in turn, five times.

gst-rtsp-server plays one clip to all cameras from one core; what is measured runs on the other. CPU is that of a cgroup
with all processes of the candidate in it (Torrazzo: all that `serve` starts, ledger, keyring and worker among them),
over a window that begins when every stream has been flowing for a while and ends `--seconds` later. Memory is Pss at
the end of the window. Exit code 1 where Torrazzo lost a frame, or left work for after the window: its figures are not
those of recording all.
"""

import argparse
import hashlib
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from bench import town
from bench.machine import ROOT, enough_room, group, median, save, socket_memory_bytes
from tests.interop.servers import gst_server
from torrazzo.base import StreamId
from torrazzo.camera import AccessUnit, VideoFormat
from torrazzo.segment.fmp4 import fragment, init_segment
from torrazzo.testing.clips import ClipSpec, make_clip
from torrazzo.town.home import Home

SAMPLE = 20  # ffmpeg processes at most
SETTLE_S = 12
DRAINED_S = 1.0  # work is handed to the disks once a second: more that waits is a queue
READ_BACK = 3  # cameras whose every frame is compared


class Work(NamedTuple):
    """What all candidates are given."""

    urls: list[str]
    seconds: int
    cpu: int
    pictures: list[str]


def arguments(words: list[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="./dev bench record", description=__doc__.splitlines()[0])
    parser.add_argument("--cameras", type=int, default=20)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--bitrate", type=int, default=4_000, help="kbit/s of the 1080p25 clip")
    parser.add_argument("--only", choices=("torrazzo", "ffmpeg", "copy"), help="measure one candidate alone")
    parser.add_argument("--folder", type=Path, help="where footage goes meanwhile (default: a temporary folder)")
    parser.add_argument("--json", type=Path, help="result file (default: bench/results/record-<cameras>.json)")
    return parser.parse_args(words)


def clip_file(kbit: int, folder: Path) -> tuple[Path, list[str]]:
    """A 1080p25 clip of that bit rate, as MP4, and the SHA-256 of each picture in it; no two are alike."""
    spec = ClipSpec(width=1920, height=1080, frames=100, gop=50, bitrate=kbit * 1000, noise=0.05, sei=False)
    clip = make_clip(spec)
    shown = VideoFormat(clip.codec, clip.width, clip.height, clip.parameter_sets, 0, clip.interval)
    units = [
        AccessUnit(
            unit.pts,
            unit.dts,
            b"".join(len(nal).to_bytes(4) + nal for nal in unit.nals),
            unit.is_key,
            shown,
            lost=0,
            arrived_ns=0,
            discontinuity=False,
        )
        for unit in clip.units
    ]
    target = folder / "clip.mp4"
    target.write_bytes(init_segment(shown) + b"".join(fragment(1, 0, units, units[-1].dts + clip.interval)))
    print(f"clip: {clip.size_bytes * 8 * 25 / len(clip.units) / 1e6:.2f} Mbit/s", flush=True)
    pictures = [hashlib.sha256(unit.nals[-1]).hexdigest() for unit in clip.units]
    assert len(set(pictures)) == len(pictures)
    return target, pictures


def measure_torrazzo(work: Work, folder: Path) -> dict[str, Any]:
    """All recording processes, everything on."""
    urls, seconds = work.urls, work.seconds
    home, streams = town.make(folder / "town", urls)
    with group("torrazzo") as processes:
        town.serve(processes, home, [work.cpu], folder / "serve.log")
        wait_until_recording(home, len(urls))
        before, begun, each = processes.cpu_s(), time.monotonic(), processes.cpu_by_name()
        time.sleep(seconds)
        used, elapsed = processes.cpu_s() - before, time.monotonic() - begun
        of_each = {name: cpu - each.get(name, 0.0) for name, cpu in processes.cpu_by_name().items()}
        state = town.status(home)
        memory = processes.pss_bytes()
        sockets = socket_memory_bytes()
    per_stream = town.facts(home)
    gaps = sum(fact.kind == "gap" for facts in per_stream.values() for fact in facts)
    lost = sum(fact.lost or 0 for facts in per_stream.values() for fact in facts)
    recorded = sum(fact.frames or 0 for facts in per_stream.values() for fact in facts)
    return {
        "cpu": 100 * used / elapsed / len(urls),
        "cpu_of_each": {name: 100 * cpu / elapsed for name, cpu in of_each.items()},
        "pss": memory,
        "socket_bytes": sockets,
        "gaps": gaps,
        "packets_lost": lost,
        "frames_recorded": recorded,
        "streams": len(per_stream),
        "worst_lag_ms": state.get("worst_lag_ms"),
        "behind_seconds": max((root["behind_seconds"] for root in state.get("roots", [])), default=None),
        "read_back": {str(stream): read_back(home, stream, work.pictures) for stream in streams[:READ_BACK]},
    }


def read_back(home: Home, stream: StreamId, pictures: list[str]) -> dict[str, int]:
    """Frames of one camera after decryption, each held against the clip that the server plays round and round.

    `misplaced` counts those that do not follow the one before in the clip: lost, doubled, out of order or altered.
    """
    places = {picture: at for at, picture in enumerate(pictures)}
    found = [places.get(nals[-1], -2) for nals in town.frames(home, stream)]
    misplaced = sum(after != (before + 1) % len(pictures) for before, after in pairwise(found))
    return {"frames": len(found), "misplaced": misplaced}


def wait_until_recording(home: Home, count: int) -> None:
    """Until all streams have been recording for some seconds."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        streams = town.status(home).get("streams", {}).values()
        if sum(stream["state"] == "recording" for stream in streams) == count:
            time.sleep(SETTLE_S)
            return
        time.sleep(0.5)
    raise SystemExit(f"not all of {count} streams record after two minutes")


def measure_ffmpeg(work: Work, folder: Path) -> dict[str, Any]:
    """A process per camera; more than 20 are sampled."""
    urls = work.urls[:SAMPLE]
    with group("ffmpeg") as processes:
        for index, url in enumerate(urls):
            target = folder / f"ffmpeg-{index}-%05d.mp4"
            source: list[str | Path] = ["ffmpeg", "-nostdin", "-loglevel", "error", "-rtsp_transport", "tcp", "-i", url]
            copy: list[str | Path] = ["-c", "copy", "-f", "segment", "-segment_time", "10", target]
            processes.start([*source, *copy], [work.cpu])
        time.sleep(SETTLE_S)
        before, begun = processes.cpu_s(), time.monotonic()
        time.sleep(work.seconds)
        used, elapsed = processes.cpu_s() - before, time.monotonic() - begun
        memory = processes.pss_bytes()
    return {"cpu": 100 * used / elapsed / len(urls), "pss": memory}


def measure_copy(work: Work, folder: Path) -> dict[str, Any]:
    """Sockets to one file."""
    with group("copy") as processes:
        processes.start([sys.executable, ROOT / "bench" / "copy.py", folder / "copy.bin", *work.urls], [work.cpu])
        time.sleep(SETTLE_S)
        before, begun = processes.cpu_s(), time.monotonic()
        time.sleep(work.seconds)
        used, elapsed = processes.cpu_s() - before, time.monotonic() - begun
        memory = processes.pss_bytes()
        size = (folder / "copy.bin").stat().st_size
    return {"cpu": 100 * used / elapsed / len(work.urls), "pss": memory, "bytes": size}


CANDIDATES = {"torrazzo": measure_torrazzo, "ffmpeg": measure_ffmpeg, "copy": measure_copy}


def main(words: list[str]) -> int:
    """Measure and print."""
    options = arguments(words)
    base = options.folder or Path(tempfile.gettempdir())
    enough_room(base)
    folder = Path(tempfile.mkdtemp(prefix="torrazzo-bench-", dir=base))
    rounds: dict[str, list[dict[str, Any]]] = {name: [] for name in CANDIDATES if options.only in (None, name)}
    try:
        clip, pictures = clip_file(options.bitrate, folder)
        serving = ["--mounts", str(options.cameras), "--groups", str(min(10, options.cameras)), "--clip", str(clip)]
        with gst_server(None, *serving, "--no-hash", cpus=[0]) as server:
            urls = [f"{server.base}/cam{index}" for index in range(options.cameras)]
            work = Work(urls, options.seconds, 1, pictures)
            for number in range(options.rounds):
                for name, results in rounds.items():
                    place = Path(tempfile.mkdtemp(dir=folder))
                    results.append(CANDIDATES[name](work, place))
                    shutil.rmtree(place)
                    shown = {key: value for key, value in results[-1].items() if key != "pss"}
                    print(f"round {number + 1} {name}: {shown}", flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    result = summary(options, rounds)
    print(f"written: {save(result, f'record-{options.cameras}', options.json)}")
    for key in ("cpu_percent_per_camera", "a_over_b", "a_over_c", "pss_mib"):
        print(f"{key}: {result[key]}")
    flawed = [number for number, each in enumerate(rounds.get("torrazzo", []), 1) if is_flawed(each)]
    print(f"rounds in which something was lost or left waiting: {flawed or 'none'}")
    return 1 if flawed else 0


def is_flawed(measured: Mapping[str, Any]) -> bool:
    """Whether a round of ours did not record all, or not within its window."""
    behind = measured["behind_seconds"]
    return bool(
        measured["gaps"]
        or measured["packets_lost"]
        or any(each["misplaced"] or not each["frames"] for each in measured["read_back"].values())
        or behind is None
        or behind > DRAINED_S
    )


def summary(options: argparse.Namespace, rounds: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """Medians, ratios within each round, spread."""

    def ratios(other: str) -> dict[str, float] | None:
        found = [a["cpu"] / b["cpu"] for a, b in zip(rounds.get("torrazzo", []), rounds.get(other, []), strict=False)]
        if not found:
            return None
        return {"median": median(found), "min": min(found, default=0), "max": max(found, default=0)}

    memory: dict[str, float] = {}
    for result in rounds.get("torrazzo", [])[-1:]:
        memory = {name: size / 2**20 for name, size in result["pss"].items()}
    return {
        "part": "record",
        "cameras": options.cameras,
        "seconds": options.seconds,
        "kbit_per_s": options.bitrate,
        "n": options.rounds,
        "seed": None,
        "cpu_percent_per_camera": {name: median(each["cpu"] for each in results) for name, results in rounds.items()},
        "a_over_b": ratios("ffmpeg"),
        "a_over_c": ratios("copy"),
        "pss_mib": memory,
        "rounds": rounds,
    }
