# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The demonstration, started, interrupted, and started again."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from torrazzo.cli import main
from torrazzo.cli.demo import prepare_town, register, stop_on_signals
from torrazzo.durable import OsDisk
from torrazzo.ledger.identity import LogName
from torrazzo.ledger.note import Note
from torrazzo.ledger.secret import load_identity
from torrazzo.ledger.town_policy import town_policy
from torrazzo.town import Home
from torrazzo.town.home import load_settings


def run_demo(home: Path, *, wanted: str, there: str = ".") -> str:
    """On a terminal, until `wanted` is shown and that file of the home is there, then Ctrl-C; what was shown."""
    ours, theirs = pty.openpty()
    command = (sys.executable, "-m", "torrazzo", "demo", "--home", str(home), "--cameras", "2", "--port", "0")
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "150", "LINES": "50"}
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment) as process:
        os.close(theirs)
        shown, asked = "", False
        until = time.monotonic() + 90
        while time.monotonic() < until:
            if select.select([ours], [], [], 0.5)[0]:
                try:
                    shown += os.read(ours, 65536).decode(errors="replace")
                except OSError:  # the terminal's other end is closed: it has ended
                    break
            if not asked and re.search(wanted, shown) and (home / there).exists():
                asked = True
                process.send_signal(signal.SIGINT)
        code = process.wait(30)
        os.close(ours)
    assert asked, shown[-3000:]
    assert code == 0, shown[-3000:]
    return shown


def test_the_demo_records_ends_clean_and_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A live table with the page's address; Ctrl-C leaves a clean archive; started again, the pause is a gap."""
    home = tmp_path / "demo-town"
    shown = run_demo(home, wanted=r"(recording[\s\S]*){4}", there="ledger/act/cosigned")
    assert "http://127.0.0.1:" in shown
    assert "Via degli Orti Romani" in shown
    assert "the archive is complete" in shown
    assert "a witness of its own: for show only" in shown
    assert_cosigned(Home(home))
    cameras = home.joinpath("plan.json").read_bytes()
    assert "1 (restart)" in run_demo(home, wanted=r"1 \(restart\)[\s\S]*1 \(restart\)")
    assert home.joinpath("plan.json").read_bytes() == cameras
    capsys.readouterr()
    assert main(["footage", "check", "--deep", "--home", str(home)]) == 0


def assert_cosigned(home: Home) -> None:
    """The demo's witness has signed below the ledger's heads, and the town's policy says that it must."""
    settings = load_settings(home)
    identity = load_identity(home, settings)
    policy = town_policy([identity.key(LogName("act", 1)).verifier], settings.witnesses)
    accepted = policy.accept(Note.parse((home.ledger / "act" / "cosigned").read_bytes()))
    assert list(accepted.cosigned) == ["demo"]


def test_ctrl_c_is_heard_at_any_moment() -> None:
    """Also while the main thread holds the lock of the very event that it waits for: nothing hangs."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        stop = stop_on_signals()
        with stop._cond:  # type: ignore[attr-defined]  # as `wait` holds it for a moment each second
            signal.raise_signal(signal.SIGINT)
        assert stop.wait(10)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def test_a_second_demo_changes_nothing_in_the_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is refused before it starts or changes anything, with the first one's page; so it is beside `serve` alone."""
    home = Home(tmp_path / "demo-town")
    prepare_town(home)
    register(home, ("Uno",), ("rtsp://127.0.0.1:9/1",))
    before = home.plan.read_bytes(), home.office_db.read_bytes()
    home.page_address.write_text("http://127.0.0.1:4711/\n")
    words = ["demo", "--home", str(home.path), "--cameras", "1", "--seconds", "1", "--port", "0"]
    for lock, told in ((home.run / "demo.lock", "a demo runs already"), (home.serve_lock, "`torrazzo serve`")):
        with OsDisk().lock(lock):
            assert main(words) == 5
        said = capsys.readouterr().err
        assert told in said
        assert "http://127.0.0.1:4711/" in said
        assert (home.plan.read_bytes(), home.office_db.read_bytes()) == before


def test_a_demo_touches_no_town_that_it_did_not_make(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A town of another name, or with a real camera, is refused unchanged, and what to do is said."""
    real, mixed = Home(tmp_path / "real"), Home(tmp_path / "mixed")
    assert main(["init", "--name", "Cremona", "--home", str(real.path)]) == 0
    prepare_town(mixed)
    for home in (real, mixed):
        assert main(["camera", "add", "Via Mons. Assi", "rtsp://10.1.0.2/1", "--home", str(home.path)]) == 0
        before = home.plan.read_bytes(), home.office_db.read_bytes()
        assert main(["demo", "--home", str(home.path), "--cameras", "2", "--seconds", "1", "--port", "0"]) == 5
        assert (home.plan.read_bytes(), home.office_db.read_bytes()) == before
    said = capsys.readouterr().err
    assert "it is Cremona." in said
    assert "Via Mons. Assi is a real camera" in said
    assert said.count("an empty folder with") == 2
    real.settings_file.rename(tmp_path / "torrazzo.toml")
    assert main(["demo", "--home", str(real.path), "--cameras", "2", "--seconds", "1", "--port", "0"]) == 5
    assert not real.settings_file.exists()
    assert "without its torrazzo.toml" in capsys.readouterr().err
