# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A recorder whose fence file can't be written, as on a full disk; archive and cameras are well."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.tools.served import Served
from torrazzo.base.errors import Unavailable
from torrazzo.testing.town import SmallTown
from torrazzo.town.ask import ask


class Recording(Served):
    """The recorder alone; the commands change the registry themselves."""

    def start(self) -> None:
        command = (sys.executable, "-m", "torrazzo", "recorder", "--home", str(self.home.path))
        with self.log.open("a") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)

    def status(self) -> dict[str, Any]:
        try:
            said: Any = ask(self.home.recorder_socket, "GET", "/status")[1]
        except Unavailable:
            return {}
        return dict(said)

    def terms(self) -> dict[str, str]:
        return dict(json.loads(self.home.fence.read_text())["terms"]) if self.home.fence.exists() else {}

    def said(self, event: str) -> int:
        return self.log.read_text().count(f"event={event} ")

    def fill(self) -> Path:
        """What is in the way of the file that is to replace the fence file, which may lie there for a moment."""
        obstacle = self.home.fence.with_name(f".{self.home.fence.name}.new")
        self.until(lambda: _is_made(obstacle))
        (obstacle / "x").mkdir()
        return obstacle / "x"


def _is_made(folder: Path) -> bool:
    try:
        folder.mkdir()
    except FileExistsError:
        return False
    return True


def empty(obstacle: Path) -> None:
    obstacle.rmdir()
    obstacle.parent.rmdir()


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Recording]:
    with SmallTown.of_streets(2) as cameras:
        made = Recording(tmp_path / "town")
        assert made.run("init", "--name", "Cremona").code == 0
        for name, url in zip("ab", cameras.urls, strict=True):
            assert made.run("camera", "add", name, url, "--synthetic").code == 0
        assert made.run("camera", "set", "b", "--disable").code == 0
        try:
            yield made
        finally:
            if made.process is not None:
                made.process.kill()
                made.process.wait()
                made.process.stdout.close()  # type: ignore[union-attr]


def test_a_fence_file_that_cannot_be_written_costs_no_stream_that_is_recorded(town: Recording) -> None:
    """A camera that comes waits until its term is noted, and then begins by itself; the others do not even notice."""
    town.start()
    (first,) = town.until(lambda: town.status().get("streams"))
    term = town.until(town.terms)[first]
    obstacle = town.fill()
    assert town.run("camera", "set", "b", "--enable").code == 0
    town.until(lambda: town.said("fence_not_saved"))
    assert town.process is not None
    with pytest.raises(subprocess.TimeoutExpired):
        town.process.wait(2.5)
    assert list(town.status()["streams"]) == [first]
    assert town.terms() == {first: term}
    assert (town.said("fence_not_saved"), town.said("fence_saved")) == (1, 0)
    empty(obstacle)
    town.until(lambda: len(town.status()["streams"]) == 2)
    assert town.terms()[first] == term
    assert len(town.terms()) == 2
    assert town.stop() == 0
    assert "Traceback" not in town.log.read_text()


def test_a_start_waits_for_its_number(town: Recording) -> None:
    """It records nothing without, does not die either, and says which file it is; and can be ended."""
    obstacle = town.fill()
    town.start()
    town.until(lambda: town.said("fence_not_saved"))
    assert str(town.home.fence) in town.log.read_text()
    assert town.process is not None
    with pytest.raises(subprocess.TimeoutExpired):
        town.process.wait(2)
    assert list((town.home.path / "archive" / "volumes").iterdir()) == []
    said = town.run("status")
    assert said.code != 0
    assert f"ALARM: {town.home.fence}: " in said.out
    assert "nothing is recorded before this start has its number" in said.out
    assert json.loads(town.run("status", "--json").out)["recorder"] == "waits"
    assert town.stop() == -signal.SIGTERM
    town.start()
    town.until(lambda: town.said("fence_not_saved") == 2)
    empty(obstacle)
    town.until(town.terms)
    assert town.until(lambda: town.status().get("fence")) == 1
    assert json.loads(town.run("status", "--json").out)["recorder"] == "running"
    assert town.stop() == 0
    assert "Traceback" not in town.log.read_text()
