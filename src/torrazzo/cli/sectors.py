# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""`torrazzo camera sectors`: where a camera that turns may look (MN-04)."""

from dataclasses import replace
from typing import Annotated

import typer

from torrazzo.base.errors import Invalid
from torrazzo.cli.office import changing_cameras, read_camera
from torrazzo.cli.options import HomeOption, JsonOption
from torrazzo.cli.output import write_json, write_table
from torrazzo.cli.process_options import find_home
from torrazzo.town.bounds import Bounds, Sector
from torrazzo.town.camera import Camera
from torrazzo.town.wire import camera_for_people


def sectors(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A camera's name, in any case, or its id.")],
    home: HomeOption = None,
    said: Annotated[
        list[str] | None,
        typer.Option("--sector", metavar="LEFT,RIGHT,BOTTOM,TOP[,ZOOM]", help="One of all; say each of them."),
    ] = None,
    none: Annotated[bool, typer.Option("--none", help="Nobody turns it any more.")] = False,
    endless: Annotated[
        bool | None, typer.Option("--endless/--with-ends", help="It turns round and round, or not.", show_default=False)
    ] = None,
    speed: Annotated[
        float | None, typer.Option("--speed", metavar="N", help="Units a second at full speed; measured, else 2.")
    ] = None,
    preset: Annotated[
        str | None, typer.Option("--home-preset", metavar="TOKEN", help="Where it goes back to, or `none`.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show or say where a camera may look: pan and tilt from -1 to 1, zoom from 0 to 1; the camera is not asked."""
    if said and none:
        raise Invalid("--sector and --none contradict each other; give one of them")
    place = find_home(home)
    camera = read_camera(place, name)
    if said or none or preset is not None or endless is not None or speed is not None:
        with changing_cameras(place) as office:
            camera = read_camera(place, name)
            bounds = _changed(camera.bounds or Bounds(), said, none, endless, speed, preset).checked()
            if bounds != camera.bounds:
                camera = office.change(replace(camera, bounds=bounds))
    if as_json:
        write_json(camera_for_people(camera)["bounds"])
    else:
        _show(camera)


def _changed(
    before: Bounds,
    said: list[str] | None,
    none: bool,
    endless: bool | None,
    speed: float | None,
    preset: str | None,
) -> Bounds:
    return Bounds(
        () if none else tuple(map(_sector, said)) if said else before.sectors,
        before.is_endless if endless is None else endless,
        before.full_speed if speed is None else speed,
        before.home if preset is None else None if preset == "none" else preset,
    )


def _sector(text: str) -> Sector:
    try:
        found = [float(part) for part in text.split(",")]
        return Sector(*found)
    except (ValueError, TypeError) as error:
        raise Invalid(
            f"--sector {text[:60]!r}: write LEFT,RIGHT,BOTTOM,TOP or LEFT,RIGHT,BOTTOM,TOP,ZOOM, as -0.5,0.5,-0.2,0.3"
        ) from error


def _show(camera: Camera) -> None:
    bounds = camera.bounds
    if bounds is None or not bounds.sectors:
        print(f"Nobody has said where {camera.name} may look: nobody turns it.")
        return
    ends = "turns round and round" if bounds.is_endless else "has ends"
    home = "no home" if bounds.home is None else f"home is preset {bounds.home}"
    print(f"{camera.name} {ends}, {bounds.full_speed:g} units a second at full speed, {home}.")
    rows = [tuple(f"{part:g}" for part in sector) for sector in bounds.sectors]
    write_table(("LEFT", "RIGHT", "BOTTOM", "TOP", "ZOOM"), rows)
