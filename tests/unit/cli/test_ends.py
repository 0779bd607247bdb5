# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""How `serve` and `demo` refuse and end."""

import subprocess
import sys
from pathlib import Path

import pytest

from torrazzo.app import STOP_S, Child, PageOptions, children_of
from torrazzo.base.errors import Refused
from torrazzo.cli import main
from torrazzo.cli.demo import end_served, stop_seconds
from torrazzo.cli.exits import error_text
from torrazzo.town import Home

DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(60)"


@pytest.mark.parametrize("command", ["serve", "demo", "control-room"])
@pytest.mark.parametrize("port", ["70000", "-1"])
def test_a_number_that_is_no_port_is_refused_before_anything_starts(
    command: str, port: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With exit code 2 and in words."""
    assert main([command, "--port", port, "--home", str(tmp_path / "town")]) == 2
    assert f"--port {port}: a port is a number from 1 to 65535" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_an_errors_times_are_the_towns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What ends a command tells hours as the town's people do, wherever the home is named; UTC where there is none."""
    error = Refused("the ledger's facts end at 2026-11-24T22:04:41.250Z; ask for less")
    home = tmp_path / "town"
    assert main(["init", "--home", str(home)]) == 0
    local = "the ledger's facts end at 2026-11-24 23:04:41+01:00; ask for less"
    assert error_text(error, ["footage", "list", "--home", str(home)]) == local
    assert error_text(error, [f"--home={home}", "footage", "list"]) == local
    assert error_text(error, ["footage", "--home", str(tmp_path / "none")]) == str(error)
    monkeypatch.setenv("TORRAZZO_HOME", str(home))
    assert error_text(error, []) == local


def test_the_demo_waits_as_long_as_serve_may_need(tmp_path: Path) -> None:
    """For all its processes one after the other, the demo's witness as well."""
    home = Home(tmp_path)
    home.own_witness.mkdir(parents=True)
    children: tuple[Child, ...] = children_of(home, PageOptions("127.0.0.1", None))
    assert "witness" in {child.name for child in children}
    assert stop_seconds(home) > STOP_S * len(children)


def test_a_serve_that_does_not_end_is_killed_and_that_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """In a line, and the demo goes on to tell that it did not end in order."""
    with subprocess.Popen((sys.executable, "-c", DEAF), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert not end_served(process, 0.5)
        assert process.returncode == -9
    assert "did not end within" in capsys.readouterr().err
