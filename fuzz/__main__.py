# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Feed one parser with broken input: mutations of good input, kept where they reach a branch that none before did.

Goes on where an earlier run at the same commit was cut off. What was found, and what is kept, lies in
`.hypothesis/fuzz/`; the result in `bench/results/fuzz-PART.json`.
"""

import argparse
import contextlib
import hashlib
import json
import random
import resource
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import coverage

from fuzz import (
    targets_act,
    targets_camera,
    targets_codec,
    targets_ledger,
    targets_office,
    targets_onvif,
    targets_signing,
)
from fuzz.mutation import mutate

ROOT = Path(__file__).resolve().parents[1]
CHUNK = 10_000
INPUTS = 1_000_000
HANG_SECONDS = 5
MEMORY = 2 * 1024**3

Target = Callable[[bytes], bool | None]
TARGETS: dict[str, tuple[Target, Callable[[], Iterator[bytes]]]] = {
    **targets_act.TARGETS,
    **targets_camera.TARGETS,
    **targets_codec.TARGETS,
    **targets_ledger.TARGETS,
    **targets_office.TARGETS,
    **targets_onvif.TARGETS,
    **targets_signing.TARGETS,
}
WORDS = {
    **targets_act.WORDS,
    **targets_camera.WORDS,
    **targets_ledger.WORDS,
    **targets_office.WORDS,
    **targets_onvif.WORDS,
    **targets_signing.WORDS,
}
MEASURED = {
    "camera": {**targets_camera.MEASURED, **targets_onvif.MEASURED, **targets_signing.MEASURED},
    "keyring": targets_act.MEASURED["keyring"],
    "ledger": {**targets_act.MEASURED["ledger"], **targets_ledger.MEASURED, **targets_office.MEASURED["ledger"]},
    "auditor": targets_office.MEASURED["auditor"],
}


class Hang(Exception):
    """One input took too long."""


class Run:
    """One part's state: what is kept, what was counted."""

    def __init__(self, part: str, seed: int) -> None:
        self.part = part
        self.target, seeds = TARGETS[part]
        self.folder = ROOT / ".hypothesis" / "fuzz" / part
        self.result = ROOT / "bench" / "results" / f"fuzz-{part}.json"
        self.words = WORDS.get(part, ())
        self.seed = seed
        self.n = self.deep = self.told = 0
        self.crashes: dict[str, str] = {}
        self.corpus = list(seeds())
        self.kept: list[bytes] = []
        self.coverage = _new_coverage(part)

    def resume(self, commit: str) -> None:
        """Take up what an earlier run at this commit left."""
        if not self.result.is_file() or commit.endswith("+"):
            return
        earlier = json.loads(self.result.read_text("utf-8"))
        if earlier["commit"] != commit or earlier["seed"] != self.seed:
            return
        self.n, self.told, self.deep = earlier["n"], earlier["told"], earlier["past_first_check"]
        self.crashes = dict(earlier["crashes"])
        for path in sorted(self.folder.glob("kept-*.bin")):
            self.kept.append(path.read_bytes())
        print(f"goes on at input {self.n}")

    def chunk(self, count: int) -> None:
        """So many inputs, drawn from the seed and their place."""
        source = random.Random(f"{self.part} {self.seed} {self.n}")
        reached = self._reached()
        for _ in range(count):
            data = mutate(source, self.kept if self.kept and source.getrandbits(1) else self.corpus, self.words)
            self.feed(data)
            if (now := self._reached()) > reached:
                reached = now
                self._keep("kept", data)
                self.kept.append(data)
        self.n += count

    def feed(self, data: bytes) -> None:
        """One input; a failure is written down and the run goes on."""
        signal.setitimer(signal.ITIMER_REAL, HANG_SECONDS)
        try:
            outcome = self.target(data)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is a finding
            last = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{type(error).__name__} in {Path(last.filename).name}, {last.name}: {last.line}"
            if where not in self.crashes:
                self.crashes[where] = self._keep("crash", data).name
                print(f"FOUND {where} ({self.crashes[where]})", flush=True)
        else:
            if outcome is not None:
                self.told += 1
                self.deep += outcome
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)

    def _reached(self) -> int:
        """How many branches were taken until now. The tracer fills these sets while it runs."""
        collector: Any = self.coverage._collector  # the public way costs a thousand times as much
        return sum(map(len, collector.data.values()))

    def _keep(self, kind: str, data: bytes) -> Path:
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{kind}-{hashlib.sha256(data).hexdigest()[:16]}.bin"
        path.write_bytes(data)
        return path

    def branches(self) -> dict[str, Any]:
        """Branch coverage of the measured modules, by good and kept inputs alone."""
        measure = _new_coverage(self.part)
        measure.start()
        for data in [*self.corpus, *self.kept]:
            with contextlib.suppress(Exception):
                self.target(data)
        measure.stop()
        found: dict[str, Any] = {}
        for path in sorted(measure.get_data().measured_files()):
            analysis = measure._analyze(path)  # the public reports have no numbers of branches
            lines = Path(path).read_text("utf-8").splitlines()
            found[Path(path).name] = {
                "branches": analysis.numbers.n_branches,
                "taken": analysis.numbers.n_executed_branches,
                "not_taken_at": [lines[number - 1].strip() for number in sorted(analysis.missing_branch_arcs())],
            }
        return found

    def document(self, commit: str) -> dict[str, Any]:
        """The result so far."""
        return {
            "commit": commit,
            "part": self.part,
            "seed": self.seed,
            "n": self.n,
            "crashes": self.crashes,
            "told": self.told,
            "past_first_check": self.deep,
            "share_past_first_check": round(self.deep / self.told, 4) if self.told else None,
            "kept": len(self.kept),
            "peak_memory_kib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
        }

    def write(self, document: dict[str, Any]) -> None:
        """Put the result where it is committed from."""
        self.result.parent.mkdir(parents=True, exist_ok=True)
        self.result.write_text(json.dumps(document, indent=1) + "\n", "utf-8")


def _new_coverage(part: str) -> coverage.Coverage:
    return coverage.Coverage(
        data_file=None, branch=True, include=list(_measured(part)), config_file=False, messages=False
    )


def _measured(part: str) -> Iterator[str]:
    product = ROOT / "src" / "torrazzo"
    for folder, parts in MEASURED.items():
        for name in parts.get(part, ()):
            yield str(product / folder / f"{name}.py")
    if part in targets_codec.TARGETS:
        yield str(product / "camera" / "codec" / "*.py")
        yield str(product / "segment" / "*.py")


def _commit() -> str:
    def git(*arguments: str) -> str:
        return subprocess.run(("git", *arguments), cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()

    folders = ("auditor", "camera", "keyring", "ledger", "segment")
    ours = (*(f"src/torrazzo/{folder}" for folder in folders), "fuzz")
    changed = git("status", "--porcelain", "--untracked-files=no", "--", *ours)
    return git("rev-parse", "HEAD") + ("+" if changed else "")


def _hang(number: int, frame: FrameType | None) -> None:
    raise Hang(f"one input took more than {HANG_SECONDS} s")


def main() -> int:
    """Run one part; 1 if anything was found."""
    parser = argparse.ArgumentParser(prog="./dev fuzz", description="Feed a parser with broken input.")
    parser.add_argument("part", nargs="?", choices=[*TARGETS], help="what to feed")
    parser.add_argument("--inputs", type=int, default=INPUTS, help="how many in all (default %(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--replay", type=Path, help="feed this one file, and show where it fails")
    options = parser.parse_args()
    if options.part is None:
        print("parts:", " ".join(TARGETS))
        return 0
    if options.replay is not None:
        TARGETS[options.part][0](options.replay.read_bytes())
        return 0
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, resource.RLIM_INFINITY))
    signal.signal(signal.SIGALRM, _hang)
    commit = _commit()
    run = Run(options.part, options.seed)
    run.resume(commit)
    run.coverage.start()
    for data in run.corpus:
        run.feed(data)
    while run.n < options.inputs:
        run.chunk(min(CHUNK, options.inputs - run.n))
        if run.n % (10 * CHUNK) == 0:
            run.write(run.document(commit))
            print(f"{run.part}: {run.n} inputs, {len(run.kept)} kept, {len(run.crashes)} found", flush=True)
    run.coverage.stop()
    document = {**run.document(commit), "coverage": run.branches()}
    run.write(document)
    print(json.dumps(document))
    return 1 if run.crashes else 0


if __name__ == "__main__":
    sys.exit(main())
