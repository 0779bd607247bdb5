# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""`torrazzo witness`: a second office's process that cosigns heads; made, run and asked in a folder of its own."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from torrazzo.cli.options import JsonOption
from torrazzo.cli.process_options import home_words, load_plainly, office_home, stop_on_signals
from torrazzo.town.home import DEFAULT_ZONE

app = typer.Typer(help="A second office's signature below the logs' heads: the process, and what it says.",
                  invoke_without_command=True)  # fmt: skip

ZONE = ZoneInfo(DEFAULT_ZONE)  # a second office has no settings of a town; this is what its people go by

FolderOption = Annotated[Path, typer.Option("--home", metavar="DIR", help="The witness's own folder, not the town's.")]
NameOption = Annotated[str, typer.Option("--name", help="Name of its key: a name of the office's own in the DNS.")]
LogOption = Annotated[
    list[str], typer.Option("--log", metavar="KEY", help="Verifier key of a log, as `torrazzo ledger keys` prints it.")
]
ListenOption = Annotated[str, typer.Option("--listen", metavar="ADDRESS", help="host:port, or unix:PATH.")]


def main(words: Sequence[str]) -> int:
    """Run until SIGTERM or SIGINT."""
    place = office_home("witness", "Cosign heads.", words)
    load_plainly()
    from torrazzo.app import prepare_process, system_parts
    from torrazzo.witness import WitnessHome, run_witness

    prepare_process("witness")
    home, disk, clock = system_parts(place)
    stop = stop_on_signals()
    run_witness(WitnessHome(home.path), clock, disk, stop)
    return 0


@app.callback()
def witness(
    context: typer.Context,
    home: Annotated[Path | None, typer.Option("--home", metavar="DIR", help="The witness's own folder.")] = None,
) -> None:
    """Cosign the heads of logs that only grow."""
    if context.invoked_subcommand is None:
        raise typer.Exit(main(home_words(home)))


@app.command("init")
def init(home: FolderOption, name: NameOption, log: LogOption, listen: ListenOption = "127.0.0.1:8472") -> None:
    """Make a witness: its folder, its settings, its key."""
    from torrazzo.durable import OsDisk
    from torrazzo.ledger.key import VerifierKey
    from torrazzo.ledger.listening import check_listen
    from torrazzo.witness import WitnessHome, WitnessSettings
    from torrazzo.witness.settings import check_logs, make_home, settings_text

    check_listen(listen)
    settings = WitnessSettings(name, check_logs([VerifierKey.parse(key) for key in log]), listen)
    place = WitnessHome(home.absolute())
    key = make_home(place, OsDisk(), name, settings_text(settings))
    print(f"A witness in {place.path}. Its key:\n{key.verifier}")
    print("Give the town this key and the address; it writes both under [[ledger.witness]] in its torrazzo.toml.")
    print(f"Keep a copy of {place.key}, and never put an older {place.database.name} back: it would sign again.")


@app.command("key")
def key(home: FolderOption) -> None:
    """Its verifier key, to be published."""
    from torrazzo.witness import WitnessHome
    from torrazzo.witness.settings import load_key, load_settings

    place = WitnessHome(home.absolute())
    print(load_key(place, load_settings(place).name).verifier)


@app.command("status")
def status(home: FolderOption, as_json: JsonOption = False) -> None:
    """What the running one has cosigned; exit code 1 when a log showed two histories."""
    from torrazzo.cli.exits import FOUND
    from torrazzo.cli.output import write_json
    from torrazzo.witness import WitnessHome
    from torrazzo.witness.process import ask_status
    from torrazzo.witness.settings import load_settings

    place = WitnessHome(home.absolute())
    found = ask_status(place, load_settings(place).listen)
    logs = found["logs"]
    assert isinstance(logs, dict)
    if as_json:
        write_json(found)
    else:
        show_logs(logs)
    if any(told["contradictions"] for told in logs.values()):
        raise typer.Exit(FOUND)


def show_logs(logs: dict[str, dict[str, object]]) -> None:
    """One line each."""
    from torrazzo.base.times import SECOND
    from torrazzo.cli.output import local_text

    for origin, told in logs.items():
        when = told["cosigned"]
        last = "never cosigned" if not isinstance(when, int) else f"cosigned {local_text(when * SECOND, ZONE)}"
        print(f"{origin}: {told['size']} entries, {last}")
        if told["contradictions"]:
            print(f"  IT SHOWED ANOTHER HISTORY: {told['contradictions']} heads of it contradict those cosigned.")
