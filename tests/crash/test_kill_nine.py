# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A real recorder is killed again and again; what the cameras sent is held against what the archive has."""

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import dropwhile
from pathlib import Path
from typing import Any

import pytest

from tests.tools.lab import check_chain, check_elapsed, facts_in
from torrazzo.archive import open_root
from torrazzo.archive.fact import Fact
from torrazzo.base.clock import SystemClock
from torrazzo.base.times import SECOND
from torrazzo.cli import main
from torrazzo.durable import OsDisk
from torrazzo.testing import ClipSpec, make_clip
from torrazzo.testing.camera import Habits
from torrazzo.testing.player import Sent
from torrazzo.testing.town import SmallTown
from torrazzo.town import Home

NAMES = ("Via Platina", "Piazza Stradivari", "Corso Garibaldi")
FPS, GOP = 12.5, 12
KILLS = 3
MAY_LOSE_S = 2
BACK_WITHIN_S = 8


class Served:
    """A home and its `serve`."""

    def __init__(self, home: Home, urls: tuple[str, ...]) -> None:
        self.home = home
        self._log = home.path.with_name("serve.log")
        self.run("init", "--name", "Cremona")
        for name, url in zip(NAMES, urls, strict=True):
            self.run("camera", "add", name, url, "--synthetic")
        command = (sys.executable, "-m", "torrazzo", "serve", "--port", "0", "--home", str(home.path))
        with self._log.open("w") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=log)

    def run(self, *words: str) -> str:
        """A command's output."""
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            main([*words, "--home", str(self.home.path)])
        return out.getvalue()

    def recorder(self) -> int | None:
        """Its process id."""
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError, IndexError):
                words = (folder / "cmdline").read_text().split("\0")
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                if parent == self.process.pid and words[3] == "recorder":
                    return int(folder.name)
        return None

    def has_another_recorder(self, before: int) -> bool:
        """Whether the one that was killed has a successor."""
        return self.recorder() not in {None, before}

    def all_record(self) -> bool:
        """Whether frames of all cameras flow."""
        try:
            cameras = json.loads(self.run("status", "--json"))["cameras"]
        except ValueError:
            return False
        states = [stream["state"] for camera in cameras for stream in camera["streams"]]
        return states.count("recording") == len(NAMES)

    def until(self, condition: Callable[[], Any], seconds: float = 30) -> Any:
        """The condition's first true value; the log is shown when it never comes."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = condition()
            if found:
                return found
            time.sleep(0.1)
        raise AssertionError(self._log.read_text()[-4000:])

    def stop(self) -> None:
        """In order."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            assert self.process.wait(30) == 0, self._log.read_text()[-4000:]


@pytest.fixture
def cameras() -> Iterator[SmallTown]:
    clips = [
        make_clip(ClipSpec(fps="25/2", frames=4 * GOP, gop=GOP, width=320, height=192, bitrate=150_000, tag=tag + 1))
        for tag in range(len(NAMES))
    ]
    with SmallTown(clips, Habits(aggregate=True)) as town:
        yield town


def test_a_recorder_that_is_killed_loses_two_seconds(cameras: SmallTown, tmp_path: Path) -> None:
    """Three kills: frames flow again, each cost a camera two seconds at most, and the facts tile the time exactly."""
    clock = SystemClock()
    served = Served(Home(tmp_path / "town"), cameras.urls)
    kills: list[int] = []
    try:
        served.until(served.all_record)
        for number in range(KILLS):
            time.sleep((2.3, 0.7, 3.6)[number])
            killed = served.until(served.recorder)
            kills.append(clock.boot_ns())
            os.kill(killed, signal.SIGKILL)
            served.until(partial(served.has_another_recorder, killed))
            served.until(served.all_record)
        time.sleep(2)
    finally:
        served.stop()
    root = open_root(OsDisk(), served.home.path / "archive")
    found = facts_in(OsDisk(), [root])
    assert len(found) == len(NAMES)
    urls = {camera["id"]: index for index, camera in enumerate(_in_order(served))}
    for stream, facts in found.items():
        check_chain(facts)
        check_elapsed(facts)
        log = [each for each in cameras.cameras[urls[str(stream.camera)]].log if each.fate == "sent"]
        _check_losses(facts, log, kills)


def _in_order(served: Served) -> list[Any]:
    """The registry's cameras in the order of NAMES."""
    listed = json.loads(served.run("camera", "list", "--json"))
    return sorted(listed, key=lambda camera: NAMES.index(camera["name"]))


def _check_losses(facts: list[Fact], log: list[Sent], kills: list[int]) -> None:
    terms = sorted({fact.term for fact in facts}, key=lambda term: (term.start, term.fence))
    assert len(terms) == len(kills) + 1
    sessions = sorted({each.session for each in log})
    assert len(sessions) == len(terms), "a camera was asked more than once per start"
    for number, (term, session) in enumerate(zip(terms, sessions, strict=True)):
        segments = [fact for fact in facts if fact.term == term and fact.kind == "seg"]
        recorded = sum(fact.frames or 0 for fact in segments)
        sent = list(dropwhile(lambda each: not each.unit.is_key, (each for each in log if each.session == session)))
        assert 0 < recorded <= len(sent)
        if number < len(kills):
            lost = sum(each.sent_ns <= kills[number] for each in sent) - recorded
            assert lost / FPS <= MAY_LOSE_S, f"kill {number} cost {lost} pictures"
    absent = [(fact.t1 - fact.t0) / SECOND for fact in facts if fact.kind == "gap" and fact.t1 not in (None, fact.t0)]
    assert {fact.why for fact in facts if fact.kind == "gap"} == {"restart"}
    assert max(absent) <= BACK_WITHIN_S
