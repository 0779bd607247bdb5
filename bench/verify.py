# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""How fast the court's verifier hashes a package, against `openssl speed` of SHA-256 on one core.

The package is of a real recording of two cameras, which the verifier checks at the same time where there are two
processors. Counted is every byte that it hands to SHA-256, and the time to its verdict, reading and parsing among it.
The start of the interpreter, which openssl does not have, is measured alone: `ratio` is without it, `ratio_with_start`
with it. `ratio_of_cpu` is the same for all CPU seconds of its process: what one processor alone would do. What `openssl
dgst` takes to read the same file and hash it once says how much of the difference is reading.
"""

import argparse
import hashlib
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from bench.machine import GIGA, ROOT, median, save
from tests.tools.archived import POLICY, archived
from tests.tools.recording import Recording
from torrazzo.testing import ClipSpec, make_clip
from torrazzo.testing.clock import START
from torrazzo_verify import verify

PROGRAM = ROOT / "src" / "torrazzo_verify" / "verify.py"
CLIP = ClipSpec(width=640, height=360, frames=100, gop=50, bitrate=4_000_000, noise=0.6)
CAMERAS = (("one", "3f9a1c0e5b7d2264/main"), ("two", "00c0ffee00c0ffee/main"))
ROUNDS = 5
BLOCK = 16_384  # the largest that `openssl speed` measures by itself


class Run(NamedTuple):
    """What a process took."""

    cpu_s: float
    wall_s: float


def arguments(words: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="./dev bench verify", description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=int, default=1_000, help="of the package")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--python", default=sys.executable, help="which runs the verifier")
    parser.add_argument("--folder", type=Path, help="where the package is made (default: a temporary folder)")
    parser.add_argument("--json", type=Path, help="result file (default: bench/results/verify.json)")
    return parser.parse_args(words)


def make_package(folder: Path, megabytes: int) -> Path:
    """Of both cameras, of about this size."""
    clip = make_clip(CLIP)
    rate = sum(len(nal) for unit in clip.units for nal in unit.nals) / (clip.period / 90_000)
    seconds = megabytes * 1e6 / rate / len(CAMERAS)

    def film(made: Recording) -> None:
        made.shoot(clip, round(seconds) + 1)

    with archived(folder, [(name, stream, film) for name, stream in CAMERAS], START) as town:
        town.enter()
        return town.package(town.asked(0.5, 0.5 + seconds), folder / "package.asice")


def hashed_bytes(package: Path) -> int:
    """What the verifier hands to SHA-256 in one run."""
    counted: list[int] = []  # by several threads

    class Counting:
        def __init__(self, data: bytes = b"") -> None:
            self._hash = hashlib.sha256()
            self.update(data)

        def update(self, data: Any) -> None:
            counted.append(len(data))
            self._hash.update(data)

        def digest(self) -> bytes:
            return self._hash.digest()

    class Hashlib:
        sha256, sha512 = Counting, hashlib.sha512

    vars(verify)["hashlib"] = Hashlib
    try:
        code = verify.verify(str(package), verify.parse_policy(POLICY.pack()), lambda _: None)
    finally:
        vars(verify)["hashlib"] = hashlib
    if code:
        raise SystemExit(f"{package} is not verified: {code}")
    return sum(counted)


def run(command: Sequence[str | Path], code: int) -> Run:
    """A process, which must end with this code."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run([str(word) for word in command], capture_output=True, check=False)
    wall, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != code:
        raise SystemExit(f"{command}: ended with {done.returncode}: {done.stderr.decode()}")
    return Run(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall)


def openssl_rate() -> float:
    """Bytes per second of one core."""
    command = ["openssl", "speed", "-bytes", str(BLOCK), "-seconds", "2", "-evp", "sha256"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout.splitlines()[-1].split()[-1].rstrip("k")) * 1_000


def measure(package: Path, policy: Path, options: argparse.Namespace) -> dict[str, object]:
    """The verifier, its start alone, and openssl, in turns."""
    counted = hashed_bytes(package)
    program = [options.python, "-I", "-S", PROGRAM]
    runs, starts, rates, digests = [], [], [], []
    for _ in range(options.rounds):
        rates.append(openssl_rate())
        starts.append(run(program, 2))
        digests.append(run(["openssl", "dgst", "-sha256", package], 0).cpu_s)
        runs.append(run([*program, package, "--policy", policy], 0))
        took, begun = runs[-1].wall_s, starts[-1].wall_s
        print(f"openssl {rates[-1] / 1e6:,.0f} MB/s, verifier {took:.3f} s, of it start {begun:.3f} s")
    wall, cpu = median(each.wall_s for each in runs), median(each.cpu_s for each in runs)
    start, start_cpu = median(each.wall_s for each in starts), median(each.cpu_s for each in starts)

    def ratio(seconds: Callable[[Run], float]) -> float:
        return round(median(counted / seconds(each) / rate for each, rate in zip(runs, rates, strict=True)), 3)

    return {
        "package_bytes": package.stat().st_size,
        "hashed_bytes": counted,
        "wall_s": round(wall, 3),
        "cpu_s": round(cpu, 3),
        "start_wall_s": round(start, 3),
        "start_cpu_s": round(start_cpu, 3),
        "hashed_mb_per_s": round(counted / (wall - start) / 1e6),
        "openssl_mb_per_s": round(median(rates) / 1e6),
        "openssl_dgst_cpu_s": round(median(digests), 3),
        "ratio": ratio(lambda each: each.wall_s - start),
        "ratio_with_start": ratio(lambda each: each.wall_s),
        "ratio_of_cpu": ratio(lambda each: each.cpu_s - start_cpu),
    }


def main(words: Sequence[str]) -> int:
    """Run it."""
    options = arguments(words)
    folder = Path(tempfile.mkdtemp(prefix="torrazzo-verify-", dir=options.folder))
    try:
        needed, free = options.megabytes * 4_000_000, shutil.disk_usage(folder).free
        if free < needed:
            raise SystemExit(f"{folder}: {free / GIGA:.1f} GiB free; this needs {needed / GIGA:.1f}")
        policy = folder / "policy.txt"
        policy.write_bytes(POLICY.pack())
        result = measure(make_package(folder, options.megabytes), policy, options)
    finally:
        shutil.rmtree(folder)
    for name, value in result.items():
        print(f"{name:22} {value}")
    print(f"written: {save(result, 'verify', options.json)}")
    return 0
