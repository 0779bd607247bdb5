# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Options of the long-running processes, read without loading what the other commands need."""

import argparse
import os
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
