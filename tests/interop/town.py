# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A whole town from outside: the command line, `serve` as its own process, exports as files."""

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tests.interop.servers import running, wait_for
from tests.tools.ring_keys import take_out
from torrazzo.base import Span, StreamId
from torrazzo.base.times import ticks_from_text
from torrazzo.cli import main
from torrazzo.town import Home

_STOP_S = 120
TORRAZZO = (sys.executable, "-m", "torrazzo")


def torrazzo(home: Path, *words: str) -> str:
    """Run one command, in this process (its start costs seconds); returns what it prints."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main([*words, "--home", str(home)])
    assert code == 0, f"{words}: exit code {code}: {err.getvalue()}{out.getvalue()}"
    return out.getvalue()


def make_town(home: Path, cameras: Mapping[str, str]) -> None:
    """A new town with these cameras: name to address."""
    torrazzo(home, "init", "--name", "Prova")
    for name, url in cameras.items():
        torrazzo(home, "camera", "add", name, url, "--synthetic")


@contextmanager
def serving(home: Path) -> Iterator[subprocess.Popen[str]]:
    """`torrazzo serve` until the block ends; ended as by Ctrl-C, which must end it in order."""
    with running([*TORRAZZO, "serve", "--home", str(home), "--port", "0"], dict(os.environ)) as (process, lines):
        wait_for(lines, process, "plan_followed")
        yield process
        process.send_signal(signal.SIGINT)
        assert process.wait(_STOP_S) == 0


def recorded(home: Path, kind: str = "list") -> dict[str, list[dict[str, Any]]]:
    """`footage list` or `footage gaps`, by camera."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in json.loads(torrazzo(home, "footage", kind, "--json")):
        found.setdefault(row["camera"], []).append(row)
    return found


def export_all(home: Path, folder: Path) -> dict[str, Path]:
    """Everything of each camera as one MP4 each."""
    spans = recorded(home)

    for name, rows in spans.items():
        span = Span(*(ticks_from_text(text, ZoneInfo("UTC")) for text in (rows[0]["from"], rows[-1]["to"])))
        take_out(Home(home), StreamId(rows[0]["id"], rows[0]["stream"]), span, folder / f"{name}.mp4")
    return {name: folder / f"{name}.mp4" for name in spans}
