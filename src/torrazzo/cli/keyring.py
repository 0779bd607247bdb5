# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""`torrazzo keyring`: the process that has the hours' keys; what it says of itself; what people order it."""

import os
import sys
from collections.abc import Mapping, Sequence
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from torrazzo.base.times import UtcTicks
from torrazzo.cli.options import HomeOption, JsonOption
from torrazzo.cli.process_options import find_home, home_words, load_plainly, process_parser, stop_on_signals
from torrazzo.town.home import Home

app = typer.Typer(help="The hours' keys: the process, and what it says.", invoke_without_command=True)

YesOption = Annotated[bool, typer.Option("--yes", help="Ask nothing.")]

_LEVELS = {
    "tpm": "a chip counts: what is shredded opens from no copy, and the chip signs that. A copy of the home opens"
    " nothing on another machine; on this one, with its chip, until the next shred",
    "file": "files are overwritten: what is shredded is gone from here, which nobody can prove, and a copy of the whole"
    " folder made before brings it back. Whoever copies home and footage can look at it elsewhere, and no entry here"
    " tells: keep copies of the home from people, or use a TPM",
}


def main(words: Sequence[str]) -> int:
    """Run until SIGTERM or SIGINT."""
    options = process_parser(
        "keyring", "Make the hours' keys; give segment keys for what stands in the ledger."
    ).parse_args(words)
    load_plainly()
    from torrazzo.app import prepare_process, system_parts
    from torrazzo.keyring import run_keyring
    from torrazzo.keyring.memory import keep_to_itself
    from torrazzo.keyring.process import Manner
    from torrazzo.retention import Retention
    from torrazzo.retention.held import Held
    from torrazzo.town.home import load_settings
    from torrazzo.town.lives import life_of
    from torrazzo.town.plan import peek_classes

    prepare_process("keyring")
    keep_to_itself()
    home, disk, clock = system_parts(find_home(options.home).path)
    settings = load_settings(home)
    stop = stop_on_signals()
    manner = Manner(
        lives=lambda: {class_: life_of(class_) for class_ in peek_classes(home.plan)},
        sealing=os.environ.get("TORRAZZO_TPM", "auto"),
        concerned=lambda: _concerned(home, clock.utc(), settings.zone),
    )
    held = Held(home, disk)
    retention = Retention(disk, settings.roots, settings.floor_hours, held.awaited)
    run_keyring(home.path, clock, disk, stop, manner, (retention, held))
    return 0


def _concerned(home: Home, now: UtcTicks, zone: ZoneInfo) -> str:
    """Of a keyring that does not come up."""
    from torrazzo.base.errors import TorrazzoError
    from torrazzo.cli.office import read_cameras
    from torrazzo.cli.unreadable import unreadable, unreadable_text

    try:
        names = {str(camera.id): camera.name for camera in read_cameras(home, has_removed=True)}
    except (OSError, TorrazzoError):
        names = {}
    return unreadable_text(unreadable(home, now), names, zone)


@app.callback()
def keyring(context: typer.Context, home: HomeOption = None) -> None:
    """Only the keyring: the hours' keys, and segment keys for what stands in the ledger."""
    if context.invoked_subcommand is None:
        raise typer.Exit(main(home_words(home)))


@app.command("status")
def status(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """What the running keyring says of itself: keys, level, heads, clocks; code 1 where it has an alarm."""
    from torrazzo.cli.exits import FOUND
    from torrazzo.cli.output import write_json
    from torrazzo.keyring import KeyClient

    place = find_home(home)
    found = KeyClient(place.path).status()
    if as_json:
        write_json(found.values)
    else:
        _show(found.values, place)
    if found.alarms:
        raise typer.Exit(FOUND)


@app.command("trust-clock")
def trust_clock(home: HomeOption = None, yes: YesOption = False) -> None:
    """Say that this machine's clock is right, to end a disagreement: a fact in the ledger, and all windows are closed.

    Compare it with another clock first: what is older than it may be by this clock is shredded.
    """
    from torrazzo.keyring import KeyClient

    _confirm("Is the clock of this machine right? What it calls too old is shredded", yes=yes)
    KeyClient(find_home(home).path).trust_clock()
    print("Its clock is the one that counts, from now on. The ledger has a fact of it.")


@app.command("trust-heads")
def trust_heads(home: HomeOption = None, yes: YesOption = False) -> None:
    """Say that the ledger that runs is the town's, after a fork that was declared, or when the keyring lost its heads.

    Compare the heads with those that a witness or an auditor knows first: what was there before is not compared.
    """
    from torrazzo.keyring import KeyClient

    _confirm("Is the ledger that runs now the town's? It is not compared with what the keyring saw before", yes=yes)
    KeyClient(find_home(home).path).trust_heads()
    print("The ledger that runs is the one that counts, from now on. It has a fact of it.")


def _confirm(question: str, *, yes: bool) -> None:
    from torrazzo.base.errors import Refused

    if yes:
        return
    if not sys.stdin.isatty():
        raise Refused("nobody can be asked here; with --yes it is done without a question")
    typer.confirm(question + ".", abort=True)


def _show(found: Mapping[str, object], home: Home) -> None:
    from torrazzo.base.times import with_local_times
    from torrazzo.cli.output import facts_text, key_told, write_table
    from torrazzo.town.home import load_settings

    zone = load_settings(home).zone
    hours, level = found["hours_left"], found["level"]
    assert isinstance(hours, dict)
    ends = f", from {key_told(found['first'], zone)} to {key_told(found['last'], zone)}" if found["keys"] else ""
    print(f"{found['keys']} keys{ends}.")
    write_table(("class", "hours ahead"), [(name, str(left)) for name, left in hours.items()])
    print(f"Level {level}: {_LEVELS.get(str(level), '')}.")
    if level == "file":
        print(f"Why: {found['level_why']}.")
    _show_heads(found["heads"])
    _show_clock(found["clock"], zone)
    if found["ledger"] != "answers":
        print(f"{with_local_times(_ledger_text(home), zone)}: no window can be opened.")
    if found["owed"]:
        print(f"{facts_text(found['owed'])} for the ledger.")
    alarms = found["alarms"]
    assert isinstance(alarms, list)
    for alarm in alarms:
        print(f"ALARM: {with_local_times(alarm, zone)}.")


def _ledger_text(home: Home) -> str:
    """Whether it is away, or there and refuses."""
    from torrazzo.base.errors import TorrazzoError
    from torrazzo.ledger.client import LedgerClient

    try:
        said = LedgerClient(home.ledger_socket).status()
    except TorrazzoError:
        return "The ledger does not answer"
    why = f": {said['why']}" if said.get("why") else ""
    return "The ledger gave no head yet" if said.get("state") == "running" else f"The ledger takes nothing{why}"


def _show_heads(heads: object) -> None:
    assert isinstance(heads, dict)
    for name in ("rec", "act"):
        seen = heads[name]
        size = f"{seen['head']['size']} entries seen" if seen["head"] else "none seen yet"
        print(f"{seen['origin'] or name}: {size}.")


def _show_clock(clock: object, zone: ZoneInfo) -> None:
    from torrazzo.cli.output import local_text

    assert isinstance(clock, dict)
    trusted = ", ".join(clock["trusted"]) or "nobody"
    agrees = "all clocks agree" if clock["agreed"] is not None else "not all clocks agree, or not yet for a minute"
    print(f"Time: {trusted} is believed; {agrees}.")
    if "wall" in clock["trusted"]:
        print("The machine's own clock is believed as it stands: for trials only.")
    if clock["latest"] is not None:
        print(f"Footage is read by {local_text(clock['latest'], zone)}, the latest of all clocks.")
