# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the long-running processes begin with: their options, read without loading what other commands need."""

import argparse
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from torrazzo.town.home import Home

SYSTEM_HOME = Path("/var/lib/torrazzo")


def process_parser(name: str, text: str) -> argparse.ArgumentParser:
    """A parser that knows `--home`."""
    parser = argparse.ArgumentParser(prog=f"torrazzo {name}", description=text, allow_abbrev=False)
    parser.add_argument(
        "--home", metavar="DIR", type=Path, help="the town's folder (else TORRAZZO_HOME, else the default)"
    )
    return parser


def office_home(name: str, text: str, words: Sequence[str]) -> Path:
    """`--home` of a second office's process; it has no other options, and no default."""
    parser = argparse.ArgumentParser(prog=f"torrazzo {name}", description=text, allow_abbrev=False)
    parser.add_argument("--home", metavar="DIR", type=Path, required=True, help=f"the {name}'s own folder")
    home: Path = parser.parse_args(words).home
    return home


def load_plainly() -> None:
    """Call before structlog is loaded: it would load 7 MB for colours."""
    sys.modules.setdefault("rich", None)  # type: ignore[arg-type]


def stop_on_signals() -> threading.Event:
    """What SIGTERM and SIGINT set."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


def home_words(home: Path | None) -> list[str]:
    """`--home` as it was given to a command, for the process that it starts."""
    return [] if home is None else ["--home", str(home)]


def add_page_options(parser: argparse.ArgumentParser) -> None:
    """Where the page listens."""
    parser.add_argument("--host", default="127.0.0.1", help="loopback address of the page (default: 127.0.0.1)")
    parser.add_argument("--port", type=int, help="its port; 0 draws a free one (default: the one in torrazzo.toml)")


def find_home(option: Path | None) -> Home:
    """`--home`, TORRAZZO_HOME, the system's folder if it exists, or the user's own."""
    named = option or (Path(text) if (text := os.environ.get("TORRAZZO_HOME", "")) else None)
    return default_home() if named is None else Home(named.expanduser().absolute())


def default_home() -> Home:
    """The town of somebody who names none."""
    if SYSTEM_HOME.is_dir():
        return Home(SYSTEM_HOME)
    data = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Home(Path(data).expanduser().absolute() / "torrazzo")
