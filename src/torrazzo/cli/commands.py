# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The list of commands."""

from typing import Annotated

import typer

from torrazzo import __version__
from torrazzo.cli import (
    access,
    account,
    anchor,
    auditor,
    backup,
    camera,
    catalogue,
    demo,
    evidence,
    footage,
    hold,
    init,
    keyring,
    ledger,
    processes,
    retention,
    status,
    witness,
)

app = typer.Typer(
    name="torrazzo",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"torrazzo {__version__}")
        raise typer.Exit


@app.callback()
def torrazzo(
    _version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="The version, and nothing else.")
    ] = False,
) -> None:
    """Record a town's cameras: every second recorded or explained.

    `--home DIR` names the town's folder, before or after any command. Manual: docs/1-operate/commands.md
    """


app.command("init")(init.init)
app.add_typer(camera.app, name="camera")
app.command("serve")(processes.serve)
app.command("recorder")(processes.recorder)
app.add_typer(keyring.app, name="keyring")
app.add_typer(ledger.app, name="ledger")
app.add_typer(anchor.app, name="anchor")
app.add_typer(backup.app, name="backup")
app.add_typer(witness.app, name="witness")
app.add_typer(auditor.app, name="auditor")
app.add_typer(retention.app, name="retention")
app.command("control-room")(processes.control_room)
app.command("worker")(processes.worker)
app.command("status")(status.status)
app.add_typer(footage.app, name="footage")
app.add_typer(evidence.app, name="evidence")
app.add_typer(hold.app, name="hold")
app.add_typer(access.app, name="access")
app.add_typer(account.app, name="account")
app.add_typer(catalogue.app, name="catalogue")
app.command("demo")(demo.demo)
