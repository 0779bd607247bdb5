# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The long-running processes among the other commands; each reads its own options (see cli/__init__.py)."""

from typing import Annotated

import typer

from torrazzo.cli.options import HomeOption
from torrazzo.cli.process_options import home_words

HostOption = Annotated[str, typer.Option("--host", help="Loopback address of the page.")]
PortOption = Annotated[
    int | None, typer.Option("--port", help="Its port; 0 draws a free one.", show_default="as in torrazzo.toml")
]


def serve(home: HomeOption = None, host: HostOption = "127.0.0.1", port: PortOption = None) -> None:
    """Record: keyring, recorder, ledger and control room, restarted when they die."""
    from torrazzo.cli.serve import main

    raise typer.Exit(main(home_words(home) + _page(host, port)))


def recorder(home: HomeOption = None) -> None:
    """Only the recorder: all cameras of the plan, to the archive."""
    from torrazzo.cli.recorder import main

    raise typer.Exit(main(home_words(home)))


def control_room(home: HomeOption = None, host: HostOption = "127.0.0.1", port: PortOption = None) -> None:
    """Only the control room: registry, catalogue, and the page on this machine."""
    from torrazzo.cli.control_room import main

    raise typer.Exit(main(home_words(home) + _page(host, port)))


def worker(home: HomeOption = None) -> None:
    """Only the worker: long jobs, such as evidence packages."""
    from torrazzo.cli.worker import main

    raise typer.Exit(main(home_words(home)))


def _page(host: str, port: int | None) -> list[str]:
    return ["--host", host, *([] if port is None else ["--port", str(port)])]
