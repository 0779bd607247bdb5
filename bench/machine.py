# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""CPU by cgroup, memory as Pss, and what a result file must say."""

import contextlib
import json
import os
import platform
import shutil
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

GIGA = 1 << 30
FREE_BYTES = 20 * GIGA
ROOT = Path(__file__).resolve().parent.parent
_N = TypeVar("_N", int, float)
_V1 = Path("/sys/fs/cgroup/cpuacct")
_V2 = Path("/sys/fs/cgroup")


class Group:
    """A cgroup that counts the CPU time of all processes started in it, of their children, and of the dead among them.

    Where no cgroup may be made, /proc is summed over the processes and their reaped children instead; `kind` says so.
    """

    def __init__(self, name: str) -> None:
        self.kind, self.path = "proc", Path()
        for kind, base, counter in (("cgroup v1", _V1, "cpuacct.usage"), ("cgroup v2", _V2, "cpu.stat")):
            path = base / f"torrazzo-bench-{name}-{os.getpid()}"
            with contextlib.suppress(OSError):
                path.mkdir()
                if (path / counter).exists():
                    self.kind, self.path = kind, path
                    break
                path.rmdir()
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self, command: Sequence[str | Path], cpus: Sequence[int] = (), **options: Any) -> subprocess.Popen[bytes]:
        """Start a process in the group, on these CPUs only."""

        def enter() -> None:
            if self.kind != "proc":
                (self.path / "cgroup.procs").write_text(str(os.getpid()))
            if cpus:
                os.sched_setaffinity(0, cpus)

        process = subprocess.Popen([str(word) for word in command], preexec_fn=enter, **options)  # noqa: PLW1509 - no threads here
        self.processes.append(process)
        return process

    def cpu_s(self) -> float:
        """Seconds of CPU so far."""
        if self.kind == "cgroup v1":
            return int((self.path / "cpuacct.usage").read_text()) / 1e9
        if self.kind == "cgroup v2":
            return int((self.path / "cpu.stat").read_text().split()[1]) / 1e6
        return sum(_proc_cpu_s(pid) for pid in self.pids())

    def pids(self) -> list[int]:
        """The living."""
        if self.kind != "proc":
            return [int(line) for line in (self.path / "cgroup.procs").read_text().split()]
        found = [process.pid for process in self.processes if process.poll() is None]
        for pid in found:
            with contextlib.suppress(OSError):
                found += [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        return found

    def pss_bytes(self) -> dict[str, int]:
        """Pss by process name."""
        return self._by_name(_pss_bytes)

    def cpu_by_name(self) -> dict[str, float]:
        """Seconds of CPU so far by process name, of the living, to a hundredth of a second."""
        return self._by_name(_proc_cpu_s)

    def _by_name(self, figure: Callable[[int], _N]) -> dict[str, _N]:
        found: dict[str, _N] = {}
        for pid in self.pids():
            with contextlib.suppress(OSError):
                words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
                name = next((w.decode() for w in words if w in _NAMES), Path(words[0].decode()).name)
                found[name] = found.get(name, 0) + figure(pid)
        return found

    def end(self, patience_s: float = 30) -> None:
        """SIGTERM, patience, SIGKILL; then the group is gone."""
        for process in self.processes:
            process.terminate()
        deadline = time.monotonic() + patience_s
        for process in self.processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.1, deadline - time.monotonic()))
            process.kill()
            process.wait()
        if self.kind != "proc":
            for _ in range(50):
                with contextlib.suppress(OSError):
                    self.path.rmdir()
                    break
                time.sleep(0.1)


_NAMES = (b"serve", b"recorder", b"keyring", b"control-room", b"ledger", b"worker", b"witness")


def _pss_bytes(pid: int) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0


def _proc_cpu_s(pid: int) -> float:
    with contextlib.suppress(OSError, IndexError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return sum(int(field) for field in fields[11:15]) / os.sysconf("SC_CLK_TCK")
    return 0.0


@contextlib.contextmanager
def group(name: str) -> Iterator[Group]:
    """A group that ends with the block."""
    made = Group(name)
    try:
        yield made
    finally:
        made.end()


def median(values: Iterable[float]) -> float:
    """Of an odd or even number of values; nan of none."""
    ordered = sorted(values)
    if not ordered:
        return float("nan")
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def socket_memory_bytes() -> int:
    """Memory of all TCP sockets of the machine (pages × page size)."""
    for line in Path("/proc/net/sockstat").read_text().splitlines():
        if line.startswith("TCP:"):
            words = line.split()
            return int(words[words.index("mem") + 1]) * os.sysconf("SC_PAGE_SIZE")
    return 0


def enough_room(folder: Path) -> None:
    """Refuse to measure on a disk that is nearly full."""
    free = shutil.disk_usage(folder).free
    if free < FREE_BYTES:
        raise SystemExit(f"{folder}: {free / GIGA:.1f} GiB free; measurements need {FREE_BYTES // GIGA}")


def about() -> dict[str, object]:
    """Which code, which machine."""
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    changed = subprocess.run(
        ["git", "status", "--porcelain", "--", "src"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return {
        "commit": commit.stdout.strip() + ("+changes" if changed.stdout.strip() else ""),
        "python": platform.python_version(),
        "cpus": os.cpu_count(),
        "load_before": os.getloadavg()[0],
    }


def save(result: dict[str, object], name: str, path: Path | None) -> Path:
    """Write a result file."""
    target = path or ROOT / "bench" / "results" / f"{name}.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps({**about(), **result}, indent=1) + "\n")
    return target
