# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The command `torrazzo`: one file per command, each importing what it needs when it runs.

Takes     words, options, TORRAZZO_HOME.
Gives     plain words on stdout, or JSON; errors and progress on stderr; an exit code of exits.py.
Promises  a password is never echoed; long-running processes load no more than they use.
Never     holds logic that another caller would need.
Read      commands.py, exits.py. Manual: docs/1-operate/commands.md
"""

import contextlib
import importlib
import os
import sys
from collections.abc import Sequence

from torrazzo.base.errors import TorrazzoError
from torrazzo.cli.exits import error_text, exit_code

__all__ = ["app", "main"]

# These run for months beside the cameras: they are started without the machinery that reads commands.
_PROCESSES = {
    "serve": "serve", "recorder": "recorder", "keyring": "keyring", "control-room": "control_room", "ledger": "ledger",
    "witness": "witness", "auditor": "auditor", "worker": "worker",
}  # fmt: skip
_ASKED = {"keyring", "ledger", "witness", "auditor"}  # those with commands below them


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    os.umask(0o077)
    try:
        words = _take_home(words)
        if words and words[0] in _PROCESSES and not _has_subcommand(words):
            process = importlib.import_module(f"torrazzo.cli.{_PROCESSES[words[0]]}")
            return int(process.main(words[1:]))
        return _run_command(words)
    except TorrazzoError as error:
        print(f"torrazzo: {error_text(error, words)}", file=sys.stderr)
        return exit_code(error)
    except BrokenPipeError:
        with contextlib.suppress(BrokenPipeError):
            sys.stdout.close()  # whoever read us has gone; what is left is for nobody
        return 0
    except OSError as error:
        print(f"torrazzo: {error.filename or 'the system'}: {error.strerror or error}", file=sys.stderr)
        return exit_code(error)
    except KeyboardInterrupt:
        return 130


def __getattr__(name: str) -> object:
    """`app`, the tree of commands, is loaded when somebody asks for it."""
    if name == "app":
        from torrazzo.cli.commands import app

        return app
    raise AttributeError(name)


def _run_command(words: Sequence[str]) -> int:
    from torrazzo.cli.commands import app

    try:
        app(args=list(words), prog_name="torrazzo")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    return 0


def _has_subcommand(words: Sequence[str]) -> bool:
    """`torrazzo ledger status` asks a process, `torrazzo ledger` is one; its help tells all of them."""
    asks_help = words[0] in _ASKED and bool({"--help", "-h"} & set(words))
    return asks_help or (len(words) > 1 and not words[1].startswith("-"))


def _take_home(words: list[str]) -> list[str]:
    """`--home DIR` may also stand before the command."""
    if words and words[0].startswith("--home="):
        os.environ["TORRAZZO_HOME"] = words[0].partition("=")[2]
        return words[1:]
    if len(words) > 1 and words[0] == "--home":
        os.environ["TORRAZZO_HOME"] = words[1]
        return words[2:]
    return words
