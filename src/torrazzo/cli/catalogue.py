# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""`torrazzo catalogue`: the index of the archive."""

import typer

from torrazzo.cli.exits import FOUND
from torrazzo.cli.office import changing
from torrazzo.cli.options import HomeOption, JsonOption, ProgressOption
from torrazzo.cli.output import Progress, warn, write_json
from torrazzo.cli.process_options import find_home
from torrazzo.control_room.client import ControlRoom

app = typer.Typer(help="The index of the archive: rebuild.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def catalogue() -> None:
    """The index of the archive can be lost: everything in it stands in the volumes."""


@app.command("rebuild")
def rebuild(home: HomeOption = None, progress: ProgressOption = None, as_json: JsonOption = False) -> None:
    """Make the catalogue anew from the volumes alone; needs no keys, disturbs no recording."""
    from torrazzo.app import system_parts
    from torrazzo.cli.index import log_to_stderr
    from torrazzo.control_room.index import IndexWriter
    from torrazzo.town.home import load_settings

    log_to_stderr()
    place, disk, _ = system_parts(find_home(home).path)
    bar = Progress("Reading volumes", progress)
    with changing(place) as office:
        if isinstance(office, ControlRoom):
            found = office.rebuild_catalogue()
        else:
            with IndexWriter(place, disk, load_settings(place)) as writer:
                found = writer.rebuild(bar)
    bar.close()
    if as_json:
        write_json(found)
    else:
        print(f"The catalogue was made anew: {found.get('facts')} facts from {found.get('volumes')} volumes.")
    damages = found.get("damages")
    if isinstance(damages, list) and damages:
        for damage in damages:
            warn(str(damage))
        raise typer.Exit(FOUND)
