# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Starts RTSP servers that we did not write, and reads what they log."""

import asyncio
import hashlib
import json
import os
import queue
import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from tests.tools.patience import PATIENCE_S
from torrazzo.base.clock import Clock, SystemClock
from torrazzo.base.secret import Secret
from torrazzo.camera import AccessUnit, CameraError, Source, open_source

Nals = tuple[tuple[int, str], ...]  # type and SHA-256 of NAL units, in order

HERE = Path(__file__).parent
SYSTEM_PYTHON = "/usr/bin/python3"
_START_S = 120
_PROBE = "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer"


def why_no_gst() -> str | None:
    """What is missing for gst-rtsp-server, or None."""
    if not Path(SYSTEM_PYTHON).exists():
        return f"needs {SYSTEM_PYTHON}"
    done = subprocess.run([SYSTEM_PYTHON, "-c", _PROBE], capture_output=True, check=False, env={"PATH": os.defpath})
    return "needs gst-rtsp-server (requirements/debian-test.txt)" if done.returncode else None


@contextmanager
def gst_server(log: Path | None, *options: str | Path, cpus: Sequence[int] = ()) -> Iterator["Served"]:
    """gst_server.py with these options, on `cpus` alone if given; ready when this yields, ended when it returns."""
    command = [SYSTEM_PYTHON, str(HERE / "gst_server.py"), *map(str, options)]
    if log is not None:
        command += ["--log", str(log)]
    if cpus and (taskset := shutil.which("taskset")):
        command = [taskset, "-c", ",".join(map(str, cpus)), *command]
    with running(command) as (process, lines):
        port = int(wait_for(lines, process, "READY ").split()[1])
        yield Served(f"rtsp://127.0.0.1:{port}", process.pid, log)


@contextmanager
def running(command: Sequence[str], env: Mapping[str, str] | None = None) -> Iterator[Any]:
    """A process and the queue of its output lines; killed at the end."""
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env or {"PATH": os.defpath}
    )
    lines: queue.Queue[str] = queue.Queue()
    assert process.stdout is not None
    output = process.stdout

    def pump() -> None:
        for line in output:
            lines.put(line)

    reader = threading.Thread(target=pump, daemon=True)
    reader.start()
    try:
        yield process, lines
    finally:
        process.kill()
        process.wait()
        reader.join()
        output.close()


def wait_for(lines: "queue.Queue[str]", process: "subprocess.Popen[str]", text: str) -> str:
    """The first line that has `text` in it."""
    seen: list[str] = []
    for _ in range(_START_S):
        while True:
            try:
                line = lines.get(timeout=1)
            except queue.Empty:
                break
            if text in line:
                return line
            seen.append(line)
        if process.poll() is not None:
            break
    raise AssertionError(f"{process.args!r} did not say {text!r} but: {''.join(seen)}")


class Sent(NamedTuple):
    """One access unit as the server had it in front of its payloader."""

    serial: int
    ticks: int
    sent_ns: int
    nals: Nals


@dataclass(frozen=True)
class Served:
    """A running server."""

    base: str
    pid: int
    log: Path | None

    def sent(self) -> dict[str, list[Sent]]:
        """By mount: what went out until now (one run of each mount's media)."""
        found: dict[str, list[Sent]] = {}
        for line in self._lines():
            if "serial" in line:
                nals = tuple((kind, digest) for kind, digest in line.get("nals", ()))
                found.setdefault(line["mount"], []).append(Sent(line["serial"], line["ticks"], line["sent_ns"], nals))
        return found

    def requests(self, mount: str) -> list[str]:
        """RTSP methods that clients used there, in order."""
        return [line["request"] for line in self._lines() if line["mount"] == mount and "request" in line]

    def _lines(self) -> Iterator[dict[str, Any]]:
        assert self.log is not None, "it was started without --log"
        for text in self.log.read_text().splitlines(keepends=True):
            if text.endswith("\n"):
                yield json.loads(text)


@dataclass(frozen=True)
class At:
    """Where a stream is."""

    url: str
    username: str | None = None
    password: Secret | None = None
    transport: str = "tcp"
    ca_pem: str | None = None
    pin_sha256: str | None = None


@dataclass
class Got:
    """What one source gave."""

    units: list[AccessUnit]
    end: CameraError | None = None
    last_sweep_ns: int = 0


async def read(at: At, seconds: float, clock: Clock | None = None, *, least: int = 1) -> Got:
    """Open a source and keep what it gives, for so long and until it gave so many units, or until it ends."""
    clock = clock or SystemClock()
    got = Got([])
    source = await open_source(at, clock)
    until = clock.boot_ns() + round(seconds * 1_000_000_000)
    try:
        while (now := clock.boot_ns()) < until or (len(got.units) < least and now < until + PATIENCE_S * 1e9):
            sweep(source, now, got)
            if got.end is not None:
                break
            await asyncio.sleep(0.05)
    finally:
        await source.close()
    return got


def sweep(source: Source, now_ns: int, got: Got) -> None:
    """Once."""
    got.last_sweep_ns = now_ns
    try:
        got.units += [event for event in source.sweep(now_ns) if isinstance(event, AccessUnit)]
    except CameraError as error:
        got.end = error


def hashes(codec: str, data: bytes) -> Nals:
    """Type and SHA-256 of the SEI and VCL NAL units, in order: what must come through byte for byte."""
    return essential(codec, tuple(digest(codec, nal) for nal in split(data)))


def split(data: bytes) -> Iterator[bytes]:
    """NAL units behind 4-byte lengths."""
    at = 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        yield bytes(data[at + 4 : at + 4 + size])
        at += 4 + size


def digest(codec: str, nal: bytes) -> tuple[int, str]:
    """Type and SHA-256."""
    return nal[0] >> 1 & 63 if codec == "h265" else nal[0] & 31, hashlib.sha256(nal).hexdigest()


def essential(codec: str, nals: Nals) -> Nals:
    """SEI and VCL alone."""
    if codec == "h265":
        return tuple(nal for nal in nals if nal[0] < 32 or nal[0] in {39, 40})
    return tuple(nal for nal in nals if 1 <= nal[0] <= 6)
