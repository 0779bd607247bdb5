# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""`torrazzo hold`: what is to be kept past its life, for a case."""

from collections.abc import Mapping
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from torrazzo.cli.options import HomeOption, JsonOption, StreamOption
from torrazzo.cli.output import local_told, volumes_text, warn, write_json, write_table
from torrazzo.cli.people import ask_people, town_zone
from torrazzo.cli.process_options import find_home

app = typer.Typer(
    help="Footage that a case needs for longer: place, confirm, release, list.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

PLACING_S = 900.0  # keys of a day of twenty cameras take minutes

Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; kept encrypted.")]
Name = Annotated[str, typer.Argument(metavar="HOLD", help="What `hold place` printed: act-1204.")]


@app.command("place")
def place(
    cameras: Annotated[str, typer.Argument(metavar="CAMERA[,CAMERA]", help="Names or ids.")],
    start: Annotated[str, typer.Argument(metavar="FROM", help="Start, ISO 8601; without offset the town's time.")],
    end: Annotated[str, typer.Argument(metavar="TO", help="End, as FROM.")],
    case: Annotated[str, typer.Option("--case", metavar="N", help="Number of the case; kept encrypted.")],
    cause: Annotated[
        str,
        typer.Option("--cause", metavar="WORD", help="Who wants it: judge, police, defence, citizen, rights, office."),
    ],
    reason: Reason,
    stream: StreamOption = "main",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Keep what was recorded, as the Unix user that you are: at once its keys, behind that its pictures, encrypted.

    Over in 72 hours unless another person confirms it; then it lasts as long as its cause lets it. Prints its name.
    """
    names = [name.strip() for name in cameras.split(",")]
    body = {"cameras": names, "stream": stream, "from": start, "to": end, "case": case, "cause": cause}
    town = find_home(home)
    found = ask_people(town, "POST", "/holds", {**body, "reason": reason}, PLACING_S)
    if as_json:
        write_json(found)
        return
    zone = town_zone(town)
    for kept in found["kept"]:
        warn(_kept(kept, zone))
    for lost in found["lost"]:
        warn(f"cannot be held: {lost}")
    ends, longest = (local_told(found[key], zone) for key in ("ends", "ends_confirmed"))
    warn(
        f"placed: {found['segments']} segments; being copied: {volumes_text(found['volumes'])}. It ends {ends}, or, "
        f"for {cause}, {longest} if another person confirms it: torrazzo hold confirm {found['hold']}"
    )
    print(found["hold"])


@app.command("confirm")
def confirm(hold: Name, reason: Reason, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Confirm what another person placed: then it lasts as long as its cause lets it, or until it is released."""
    town = find_home(home)
    found = ask_people(town, "POST", f"/holds/{hold}/confirm", {"reason": reason})
    if as_json:
        write_json(found)
    else:
        print(f"hold {hold} is confirmed; it ends {local_told(found['ends'], town_zone(town))}")


@app.command("release")
def release(hold: Name, reason: Reason, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """End a hold: its key is destroyed at once, its copies go within a minute."""
    found = ask_people(find_home(home), "POST", f"/holds/{hold}/release", {"reason": reason})
    if as_json:
        write_json(found)
    else:
        print(f"hold {hold} is released; what it alone kept can be read by nobody any more")


@app.command("list")
def list_holds(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Holds that are not over; those that end within a week are marked."""
    town = find_home(home)
    holds = ask_people(town, "GET", "/holds")["holds"]
    assert isinstance(holds, list)
    if as_json:
        write_json(holds)
        return
    if not holds:
        warn("nothing is held")
        return
    zone = town_zone(town)
    write_table(
        ("HOLD", "STATE", "CAUSE", "CASE", "CAMERAS", "FROM", "TO", "ENDS", "BY", "SEGMENTS", "COPIED"),
        [
            (
                hold["hold"], hold["state"], hold["cause"], hold["case"] or "?", ", ".join(hold["cameras"]),
                *(local_told(hold[key], zone) for key in ("from", "to")),
                local_told(hold["ends"], zone) + (" (soon)" if hold["ends_soon"] else ""), hold["by"] or "?",
                "?" if hold["segments"] is None else str(hold["segments"]),
                "all" if hold["volumes"] is None else f"{hold['copied']} of {volumes_text(hold['volumes'])}",
            )
            for hold in holds
        ],
    )  # fmt: skip


def _kept(kept: Mapping[str, str | None], zone: ZoneInfo) -> str:
    """Segments are kept whole: it is some seconds more than was asked for, never less than was recorded."""
    if kept["from"] is None:
        return f"{kept['camera']}: nothing was recorded"
    return f"{kept['camera']}: kept from {local_told(kept['from'], zone)} to {local_told(kept['to'], zone)}"
