# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""`torrazzo retention`: what was erased, what is to be, for how long the disks last."""

from collections.abc import Mapping, Sequence

import typer

from torrazzo.base.errors import Unavailable
from torrazzo.cli.exits import FOUND, UNAVAILABLE
from torrazzo.cli.options import HomeOption, JsonOption
from torrazzo.cli.output import warn, write_json, write_table
from torrazzo.cli.process_options import find_home
from torrazzo.control_room.words import bytes_text
from torrazzo.town.home import Home, load_settings

app = typer.Typer(help="Footage at its end: status, run.", no_args_is_help=True, rich_markup_mode=None)


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


def _tell(home: Home, *, as_json: bool) -> int:
    from torrazzo.durable import OsDisk
    from torrazzo.retention import read_status

    found = read_status(OsDisk(), home)
    is_running = _is_running(home)
    if as_json:
        write_json({**found, "keyring": "running" if is_running else "down"})
    else:
        _show(found)
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


def _show(found: Mapping[str, object]) -> None:
    classes, disks, alarms = _list(found["classes"]), _list(found["disks"]), found["alarms"]
    assert isinstance(alarms, dict)
    agree = "" if found["clocks_agree"] else " The clocks do not agree, or not yet for a minute: nothing is erased."
    print(f"Looked at {found['looked']}.{agree}")
    rows = [(str(each["class"]), f"{each['hours']} hours", str(each["oldest_key"])) for each in classes]
    write_table(("CLASS", "LIVES", "OLDEST KEY"), rows)
    write_table(("DISK", "FREE", "FOOTAGE", "A DAY", "LASTS"), [_disk(each) for each in disks])
    early, owed, waiting = _list(found["early"]), found["facts_owed"], found["volumes_waiting"]
    if early:
        print(f"{len(early)} hours went early for want of room, the last of them {early[-1]}.")
    if waiting:
        print(f"{waiting} volumes that nobody can read wait to be unlinked.")
    if owed:
        print(f"{owed} facts wait for the ledger.")
    for text in alarms.values():
        print(f"ALARM: {text}.")


def _disk(found: Mapping[str, object]) -> tuple[str, ...]:
    if "away" in found:
        return str(found["path"]), "not here", "", "", ""
    free, held, per_hour = (int(str(found[key])) for key in ("free", "held", "per_hour"))
    days = found["days_left"]
    lasts = "nearly full" if found["is_tight"] else "always" if days is None else f"{days} days"
    texts = (bytes_text(free, "en"), bytes_text(held, "en"), bytes_text(24 * per_hour, "en"))
    return (str(found["path"]), *texts, lasts)


def _list(found: object) -> Sequence[Mapping[str, object]]:
    assert isinstance(found, list)
    return found
