# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""`torrazzo init`: a new town."""

import shlex
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from torrazzo.base.errors import Refused
from torrazzo.base.ids import NodeId
from torrazzo.cli.options import HomeOption
from torrazzo.cli.process_options import default_home, find_home
from torrazzo.durable import Disk
from torrazzo.town.home import Home


def init(
    home: HomeOption = None,
    name: Annotated[str, typer.Option("--name", help="The town's name.")] = "Torrazzo",
    zone: Annotated[str, typer.Option("--time-zone", help="Its time zone.")] = "Europe/Rome",
    root: Annotated[
        list[Path] | None,
        typer.Option("--root", metavar="DIR", help="A folder on a disk for footage; repeat for several disks."),
    ] = None,
) -> None:
    """Make a new town: its folder, its settings, its keys, a place for footage; or, with --root, give it more disks."""
    place = find_home(home)
    if place.settings_file.exists():
        if not root:
            raise Refused(f"{place.settings_file} exists: there is a town already; nothing was changed")
        add_roots(place, tuple(root))
        print(f"{place.settings_file}: {len(root)} more for footage. Restart `torrazzo serve` to use it.")
        return
    make_town(place.path, name, zone, tuple(root or ()))
    print(f"A new town in {place.path}")
    here = "" if place == default_home() else f" --home {shlex.quote(str(place.path))}"
    print(f"Next: torrazzo{here} camera add NAME rtsp://…   then: torrazzo{here} serve")
    print(f"Keep a copy of {place.box_key} with each copy of {place.office_db.name}: it opens the cameras' passwords.")


def make_town(path: Path, name: str, zone: str, roots: tuple[Path, ...] = ()) -> None:
    """Found the town, then its disk roots; one that is a root already (of an earlier town) is taken over."""
    from torrazzo.app import system_parts
    from torrazzo.town.home import new_settings
    from torrazzo.town.office import found_town

    home, disk, clock = system_parts(path)
    settings = new_settings(home, name, zone, tuple(root.absolute() for root in roots))
    disk.make_folder(home.path)
    _make_roots(disk, settings.roots, settings.node)
    found_town(home, disk, clock, settings)


def add_roots(home: Home, roots: tuple[Path, ...]) -> None:
    """Make them disk roots, then name them in the settings; nothing is done if one of them is there already."""
    from torrazzo.durable import OsDisk
    from torrazzo.town.home import load_settings, save_settings

    disk, settings = OsDisk(), load_settings(home)
    places = tuple(root.absolute() for root in roots)
    known = [str(place) for place in places if place in settings.roots]
    if known or len(set(places)) < len(places):
        raise Refused(f"{', '.join(known) or 'a folder'} is named twice; nothing was changed")
    _make_roots(disk, places, settings.node)
    save_settings(home, disk, replace(settings, roots=(*settings.roots, *places)))


def _make_roots(disk: Disk, roots: tuple[Path, ...], node: NodeId) -> None:
    """One that is a root already (of a home that was lost) is taken over with its footage."""
    from torrazzo.archive import make_root, open_root

    for root in roots:
        if (root / "root.json").exists():
            open_root(disk, root)
        else:
            make_root(disk, root, node)
