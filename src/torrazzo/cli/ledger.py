# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""`torrazzo ledger`: the process that keeps the log of all facts; and questions to it."""

from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

import typer

from torrazzo.cli import ledger_check, ledger_fork, ledger_proof
from torrazzo.cli.options import HomeOption, JsonOption
from torrazzo.cli.process_options import find_home, home_words, load_plainly, process_parser, stop_on_signals

app = typer.Typer(help="The log of all facts, signed: the process, and what it says.", invoke_without_command=True)

PATIENCE_S = 5.0  # a person waits, and a ledger that runs answers this at once


def main(words: Sequence[str]) -> int:
    """Run until SIGTERM or SIGINT."""
    options = process_parser("ledger", "Enter all facts into the signed log.").parse_args(words)
    load_plainly()
    from torrazzo.app import prepare_process, system_parts
    from torrazzo.ledger.process import run_ledger

    prepare_process("ledger")
    home, disk, clock = system_parts(find_home(options.home).path)
    stop = stop_on_signals()
    run_ledger(home, clock, disk, stop)
    return 0


@app.callback()
def ledger(context: typer.Context, home: HomeOption = None) -> None:
    """Only the ledger: all facts into the signed log."""
    if context.invoked_subcommand is None:
        raise typer.Exit(main(home_words(home)))


app.command("prove")(ledger_proof.prove)
app.command("verify")(ledger_proof.verify)
app.command("fork")(ledger_fork.fork)
app.command("check")(ledger_check.check)


@app.command("keys")
def keys(home: HomeOption = None) -> None:
    """The logs' verifier keys, to be published: one line each."""
    from torrazzo.ledger.secret import load_identity, log_names
    from torrazzo.town.home import load_settings

    place = find_home(home)
    identity = load_identity(place, load_settings(place))
    for name in log_names(place):
        print(identity.key(name).verifier)


@app.command("policy")
def policy(home: HomeOption = None) -> None:
    """Whose signatures make a head good: keys of logs and witnesses (C2SP tlog-policy), to be published."""
    from torrazzo.ledger.secret import load_identity, log_names
    from torrazzo.ledger.town_policy import town_policy
    from torrazzo.town.home import load_settings

    place = find_home(home)
    settings = load_settings(place)
    identity = load_identity(place, settings)
    logs = [identity.key(name).verifier for name in log_names(place)]
    print(town_policy(logs, settings.witnesses).pack().decode(), end="")


@app.command("status")
def status(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """What the running ledger says of itself."""
    from torrazzo.cli.exits import FOUND
    from torrazzo.cli.output import write_json
    from torrazzo.ledger.client import LedgerClient
    from torrazzo.town.home import load_settings

    place = find_home(home)
    settings = load_settings(place)
    found = LedgerClient(place.ledger_socket).status(PATIENCE_S)
    if as_json:
        write_json(found)
    else:
        _show(found, settings.zone)
    if found.get("state") != "running":
        raise typer.Exit(FOUND)


def _show(found: Mapping[str, object], zone: ZoneInfo) -> None:
    from torrazzo.base.times import with_local_times
    from torrazzo.cli.output import facts_text

    if found.get("state") != "running":
        print(f"The ledger takes nothing: {with_local_times(str(found.get('why')), zone)}")
        return
    for name in ("rec", "act"):
        log = found[name]
        assert isinstance(log, dict)
        print(f"{log['origin']}: {log['size']} entries")
    print(f"{facts_text(found['waiting'])} for one before; in conflict: {found['conflicts']}.")
    if not found["caught_up"]:
        print("It is still reading from the volumes what it missed.")
    for line in _damaged_texts(found, zone):
        print(line)
    witnesses = found["witnesses"]
    assert isinstance(witnesses, list)
    for witness in witnesses:
        print(_witness_text(witness, zone))


def _damaged_texts(found: Mapping[str, object], zone: ZoneInfo) -> list[str]:
    from torrazzo.control_room.damaged import damages

    return [f"ALARM: {damage.text}." for damage in damages(found, {}, zone.key)]


def _witness_text(witness: Mapping[str, object], zone: ZoneInfo) -> str:
    from torrazzo.base.times import SECOND
    from torrazzo.cli.output import local_text

    at = witness["cosigned"]
    last = f"cosigned {local_text(at * SECOND, zone)}" if isinstance(at, int) else "has not cosigned since the start"
    text = f"Witness {witness['name']}{', for show only' if witness['own'] else ''}: {last}"
    if witness["why"] is not None:
        text += f"; not for {witness['away_s']} s: {witness['why']}"
    return f"{text}. It once cosigned more: an older database of its own was put back" if witness["forgot"] else text
