# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What many commands take."""

from pathlib import Path
from typing import Annotated

import typer

HomeOption = Annotated[
    Path | None,
    typer.Option(
        "--home",
        metavar="DIR",
        help="The town's folder (else TORRAZZO_HOME, else the default).",
        show_default=False,
        readable=False,  # other users may pass through it, and not list it
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Write JSON.")]
StreamOption = Annotated[str, typer.Option("--stream", metavar="main|sub", help="Which stream.")]
FromOption = Annotated[
    str | None, typer.Option("--from", metavar="T", help="Start, ISO 8601; without offset it is the town's time.")
]
ToOption = Annotated[str | None, typer.Option("--to", metavar="T", help="End, as --from.")]
ProgressOption = Annotated[
    bool | None,
    typer.Option("--progress/--no-progress", help="Progress on stderr (else only on a terminal).", show_default=False),
]
