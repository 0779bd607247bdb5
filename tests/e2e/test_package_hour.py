# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A package of one hour of two cameras of 4 Mbit/s, made by the job as in a town, and checked in every way."""

import contextlib
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.tools.archived import POLICY, Archived, archived
from tests.tools.browser import open_browser, open_player
from tests.tools.by_hand import run_readme
from tests.tools.mp4check import duration
from tests.tools.recording import Recording
from torrazzo.base.times import SECOND, UtcTicks
from torrazzo.durable import OsDisk
from torrazzo.evidence.export_job import ExportJob, order
from torrazzo.evidence.gather import Asked, Source
from torrazzo.evidence.jobs import Values, Work
from torrazzo.evidence.report import Custody
from torrazzo.playback import VirtualFile
from torrazzo.testing import ClipSpec, FakeClock, make_clip
from torrazzo.testing.clock import START
from torrazzo_verify.verify import Package

HOUR_S = 3600
DUOMO, PO = "3f9a1c0e5b7d2264/main", "00c0ffee00c0ffee/main"
SPEC = ClipSpec(width=1280, height=720, frames=200, gop=50, bitrate=4_000_000, noise=0.5)
MEMORY = 160 << 20  # bytes that making it may add to the process


def _film(*, has_gap: bool) -> Callable[[Recording], None]:
    def film(made: Recording) -> None:
        clip = make_clip(SPEC)
        for minute in range(HOUR_S // 60 + 1):
            made.shoot(clip, 50 if has_gap and minute == 30 else 60)
            if has_gap and minute == 30:
                made.gap(10)
            made.told.clear()  # else the hour stays in memory

    return film


class _Town:
    """As `Copies` is to the job."""

    def __init__(self, made: Archived) -> None:
        self.made = made

    def asked(self, ask: int, person: str) -> Asked:
        return self.made.asked(17.3, 17.3 + HOUR_S)

    def custody(self, ask: int, person: str) -> Custody:
        return Custody("Cremona", ZoneInfo("Europe/Rome"), person, START, "bruno", START, "theft", "court", None)

    @contextlib.contextmanager
    def source(self, ask: int, person: str) -> Iterator[Source]:
        with self.made.footage() as footage:
            yield Source(footage, self.made.read, self.made.index_of, POLICY)


class _Steps:
    """Each takes its time."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def step(self, name: str, part: tuple[float, float], work: Work) -> Values:
        began = time.monotonic()
        found = work(lambda _: None)
        self.seconds[name] = round(time.monotonic() - began, 1)
        return found


def _status(name: str) -> int:
    """Bytes, of this process."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))


def _extract(package: Path, folder: Path) -> None:
    """A piece at a time."""
    with package.open("rb") as file:
        for name, (at, length) in Package(file).entries.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            with (folder / name).open("wb") as out:
                file.seek(at)
                for done in range(0, length, 1 << 20):
                    out.write(file.read(min(length - done, 1 << 20)))


class _Stored(VirtualFile):
    def __init__(self, path: Path) -> None:
        self.size, self._path = path.stat().st_size, path

    def read(self, start: int, end: int) -> Iterator[bytes]:
        with self._path.open("rb") as file:
            file.seek(start)
            while start < end:
                yield (part := file.read(min(1 << 20, end - start)))
                start += len(part)


@pytest.mark.long
@pytest.mark.browser
def test_an_hour_of_two_cameras(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    """Made in memory that does not grow with its bytes; Python alone, a browser, a shell and players agree on it."""
    made = [("duomo", DUOMO, _film(has_gap=True)), ("po", PO, _film(has_gap=False))]
    out, policy, folder = tmp_path / "hour.asice", tmp_path / "policy.txt", tmp_path / "extracted"
    policy.write_bytes(POLICY.pack())
    with archived(tmp_path, made, UtcTicks(START)) as town:
        town.enter()
        steps = _Steps()
        Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
        before = _status("VmRSS")
        result = ExportJob(_Town(town), OsDisk(), FakeClock()).run(order(1, out, "anna"), steps)
        grown = _status("VmHWM") - before
    for name in ("duomo", "po"):
        shutil.rmtree(tmp_path / name)
    record_property("bytes", result["bytes"])
    record_property("seconds", steps.seconds)
    record_property("memory", grown)
    assert result["bytes"] > 3_000_000_000
    assert grown < MEMORY

    began = time.monotonic()
    copy = shutil.copy(Path(sys.modules[Package.__module__].__file__ or ""), tmp_path / "verify.py")
    command = (sys.executable, "-I", "-S", str(copy), str(out), "--policy", str(policy))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    record_property("verify_py_s", round(time.monotonic() - began, 1))

    _extract(out, folder)
    began = time.monotonic()
    with open_browser() as browser:
        page = browser.new_page()
        page.goto((folder / "verify.html").as_uri())
        page.set_input_files("#policy-file", [str(policy)])
        page.set_input_files("#file", [str(out)])
        page.click("#start")
        page.wait_for_selector("#verdict[class^=code]", timeout=1_800_000)
        assert page.evaluate("state.code") == 0
    record_property("verify_html_s", round(time.monotonic() - began, 1))

    began = time.monotonic()
    *_, root, signed = run_readme(folder, "README.txt")
    assert root == signed
    record_property("by_hand_s", round(time.monotonic() - began, 1))

    clips = {f"/{name}.mp4": _Stored(folder / "clips" / f"{name}.mp4") for name in ("duomo", "po")}
    with open_player({**clips}) as player:
        for name in ("duomo", "po"):
            assert duration(folder / "clips" / f"{name}.mp4") * SECOND == HOUR_S * SECOND
            assert player.load(f"/{name}.mp4") == pytest.approx(HOUR_S, abs=0.001)
            assert player.run("v.currentTime") == 0
            assert player.seek(HOUR_S - 1).label is not None
