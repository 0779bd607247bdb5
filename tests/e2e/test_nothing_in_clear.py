# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pictures, parameter sets and passwords are nowhere in clear: on no disk, in no log, in no process list."""

import base64
import contextlib
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.tools.patience import PATIENCE_S
from torrazzo.testing import ClipSpec, Habits, SmallTown, make_clip
from torrazzo.testing.clips import Clip

SECRET = "Cremona-Torrazzo-8xq"
SHINGLE = 12  # every window of 24 bytes holds one that begins at a multiple of 12
TORRAZZO = (sys.executable, "-m", "torrazzo")


class Needles:
    """What must not be found."""

    def __init__(self, clip: Clip) -> None:
        payload = b"".join(nal for unit in clip.units for nal in unit.nals)
        cut = (payload[at : at + SHINGLE] for at in range(0, len(payload) - SHINGLE, SHINGLE))
        self.shingles = {shingle for shingle in cut if len(set(shingle)) > 5}  # runs of one byte tell nothing
        self.sets = [form for nal in clip.parameter_sets if len(nal) > 5 for form in (nal, base64.b64encode(nal))]
        self.window = max((nal for unit in clip.units for nal in unit.nals), key=len)[100:124]

    def found(self, data: bytes) -> set[str]:
        """Which kinds of secret are in the bytes."""
        kinds = set()
        if SECRET.encode() in data or base64.b64encode(SECRET.encode())[:-2] in data:
            kinds.add("password")
        if any(form in data for form in self.sets):
            kinds.add("parameter sets")
        if any(data[at : at + SHINGLE] in self.shingles for at in range(len(data) - SHINGLE + 1)):
            kinds.add("payload")
        return kinds


def files(home: Path) -> Iterator[tuple[str, bytes]]:
    """Every file below the home, but for those that go while it runs."""
    for path in sorted(home.rglob("*")):
        with contextlib.suppress(FileNotFoundError):
            if path.is_file():
                yield str(path.relative_to(home)), path.read_bytes()


def processes(home: Path) -> Iterator[tuple[str, bytes]]:
    """Command line and environment of every process that names this home."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line, environment = (folder / "cmdline").read_bytes(), (folder / "environ").read_bytes()
        except OSError:
            continue  # it has ended
        if str(home).encode() in line:
            yield f"process {line!r}", line + environment


def leaks(needles: Needles, places: Iterable[tuple[str, bytes]]) -> dict[str, set[str]]:
    """Where something was found, and what."""
    found = {name: needles.found(data) for name, data in places}
    return {name: kinds for name, kinds in found.items() if kinds}


def run(home: Path, *words: str, given: str | None = None) -> str:
    """A command of ours."""
    done = subprocess.run(
        [*TORRAZZO, *words, "--home", str(home)], input=given, capture_output=True, text=True, check=True
    )
    return done.stdout + done.stderr


def test_a_recording_town_keeps_nothing_in_clear(tmp_path: Path) -> None:
    """A scan that finds all three in a plain file finds none of them in a town that has recorded them."""
    home = tmp_path / "town"
    clip = make_clip(ClipSpec(frames=100, gop=25, bitrate=300_000, noise=0.05))
    needles = Needles(clip)
    plain = tmp_path / "control"
    plain.write_bytes(b"xyz" + SECRET.encode() + clip.parameter_sets[0] + needles.window)
    assert needles.found(plain.read_bytes()) == {"password", "parameter sets", "payload"}

    habits = Habits(username="viewer", password=SECRET)
    with SmallTown([clip], habits) as town:
        said = run(home, "init", "--name", "Prova")
        address = town.urls[0]
        words = ("camera", "add", "Piazza", address, "--synthetic", "--user", "viewer", "--password-stdin")
        said += run(home, *words, given=SECRET)
        with (home / "serve.log").open("wb") as log:
            serving = subprocess.Popen([*TORRAZZO, "serve", "--home", str(home), "--port", "0"], stdout=log, stderr=log)
            try:
                deadline = time.monotonic() + PATIENCE_S
                while not _has_recorded(home):
                    assert time.monotonic() < deadline, (home / "serve.log").read_text()
                    time.sleep(0.5)
                listed = list(processes(home))
                running = leaks(needles, listed)
                while_recording = leaks(needles, files(home))
            finally:
                serving.terminate()
                serving.wait(PATIENCE_S)
    assert len(listed) > 3, "serve and what it started"
    assert running == {}
    assert while_recording == {}
    assert leaks(needles, files(home)) == {}
    assert needles.found(said.encode()) == set()
    assert sum(path.stat().st_size for path in home.rglob("*.vol")) > 200_000


def _has_recorded(home: Path) -> bool:
    """Whether some seconds are on disk."""
    return sum(path.stat().st_size for path in home.rglob("*.vol")) > 250_000
