# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""`torrazzo retention`: what was erased, what is to be, for how long the disks last."""

from collections.abc import Mapping, Sequence
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from torrazzo.base.errors import Unavailable
from torrazzo.base.times import with_local_times
from torrazzo.cli.exits import FOUND, UNAVAILABLE
from torrazzo.cli.options import HomeOption, JsonOption
from torrazzo.cli.output import facts_text, key_told, local_told, volumes_text, warn, write_json, write_table
from torrazzo.cli.people import ask_people
from torrazzo.cli.process_options import find_home
from torrazzo.control_room.words import bytes_text
from torrazzo.town.home import Home, load_settings

Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; kept encrypted.")]

app = typer.Typer(
    help="Footage at its end: status, run; erased early: erase, approve.", no_args_is_help=True, rich_markup_mode=None
)


@app.command("status")
def status(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """How old footage is, what waits, how long the disks last; code 1 with an alarm, 4 if no keyring runs."""
    place = find_home(home)
    load_settings(place)
    raise typer.Exit(_tell(place, as_json=as_json))


@app.command("run")
def run(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Have the keyring look now, as it does once a minute, and say what it found. It erases nothing before its time."""
    from torrazzo.keyring import KeyClient

    place = find_home(home)
    load_settings(place)
    KeyClient(place.path).look()
    raise typer.Exit(_tell(place, as_json=as_json))


@app.command("erase")
def erase(
    camera: Annotated[str, typer.Argument(metavar="CAMERA", help="Name or id.")],
    hour: Annotated[str, typer.Argument(metavar="HOUR", help="Start of a whole hour, ISO 8601.")],
    ground: Annotated[str, typer.Option("--ground", metavar="G", help="rights-request or unlawful-capture.")],
    reference: Annotated[
        str, typer.Option("--reference", metavar="N", help="Number of the request or report; kept encrypted.")
    ],
    reason: Reason,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask that an hour of one camera goes before its time; prints the number by which another person approves it."""
    body = {"camera": camera, "hour": hour, "ground": ground, "reference": reference, "reason": reason}
    found = ask_people(find_home(home), "POST", "/erasures", body)
    if as_json:
        write_json(found)
    else:
        print(found["number"])
        warn(f"nothing is erased yet; another person approves: torrazzo retention approve {found['number']}")


@app.command("approve")
def approve(
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="What `retention erase` printed.")],
    opinion: Annotated[
        str,
        typer.Option("--opinion", metavar="TEXT", help="The data protection officer's, and where it is written."),
    ],
    reason: Reason,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Approve what another person asked to erase: its keys are destroyed at once, those of other cameras are kept."""
    found = ask_people(find_home(home), "POST", f"/erasures/{number}/approve", {"opinion": opinion, "reason": reason})
    if as_json:
        write_json(found)
    else:
        print(f"erased: nobody can open it any more; {found['kept']} keys of other cameras were sealed anew")


def _tell(home: Home, *, as_json: bool) -> int:
    from torrazzo.durable import OsDisk
    from torrazzo.retention import read_status

    found = read_status(OsDisk(), home)
    is_running = _is_running(home)
    if as_json:
        write_json({**found, "keyring": "running" if is_running else "down"})
    else:
        show(found, load_settings(home).zone)
    if not is_running:
        warn(
            "no keyring runs: nothing is erased until it does; nothing that is too old is shown. Start `torrazzo serve`"
        )
        return UNAVAILABLE
    return FOUND if found["alarms"] else 0


def _is_running(home: Home) -> bool:
    from torrazzo.keyring import KeyClient

    try:
        KeyClient(home.path).status()
    except Unavailable:
        return False
    return True


def show(found: Mapping[str, object], zone: ZoneInfo) -> None:
    """What the last look found, for people of that zone."""
    classes, disks, alarms = _list(found["classes"]), _list(found["disks"]), found["alarms"]
    assert isinstance(alarms, dict)
    agree = "" if found["clocks_agree"] else " The clocks do not agree, or not yet for a minute: nothing is erased."
    print(f"Looked at {local_told(found['looked'], zone)}.{agree}")
    rows = [(str(each["class"]), f"{each['hours']} hours", local_told(each["oldest_key"], zone)) for each in classes]
    write_table(("CLASS", "LIVES", "OLDEST KEY"), rows)
    write_table(("DISK", "FREE", "FOOTAGE", "A DAY", "LASTS"), [_disk(each) for each in disks])
    early, owed, waiting = _list(found["early"]), found["facts_owed"], found["volumes_waiting"]
    if early:
        print(f"{len(early)} hours went early for want of room, the last of them {key_told(early[-1], zone)}.")
    if waiting:
        print(f"Wait to be unlinked, and nobody can read them: {volumes_text(waiting)}.")
    if found.get("volumes_held_up"):
        print(f"Wait until holds have copied them: {volumes_text(found['volumes_held_up'])}.")
    if owed:
        print(f"{facts_text(owed)} for the ledger.")
    for text in alarms.values():
        print(f"ALARM: {with_local_times(str(text), zone)}.")


def _disk(found: Mapping[str, object]) -> tuple[str, ...]:
    if "away" in found:
        return str(found["path"]), "not here", "", "", ""
    free, held, per_hour = (int(str(found[key])) for key in ("free", "held", "per_hour"))
    days = found["days_left"]
    unknown = None if found.get("is_known", True) else "not known yet"  # for want of an hour's rate
    lasts = "nearly full" if found["is_tight"] else unknown or ("always" if days is None else f"{days} days")
    texts = (bytes_text(free, "en"), bytes_text(held, "en"), unknown or bytes_text(24 * per_hour, "en"))
    return (str(found["path"]), *texts, lasts)


def _list(found: object) -> Sequence[Mapping[str, object]]:
    assert isinstance(found, list)
    return found
