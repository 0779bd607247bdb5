# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""`torrazzo auditor`: a second office's process that reads every entry, and cosigns while the rules hold."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from torrazzo.cli.options import JsonOption
from torrazzo.cli.process_options import home_words, load_plainly, office_home, stop_on_signals
from torrazzo.cli.witness import ZONE, LogOption, NameOption, show_logs

app = typer.Typer(help="A second office's eye on every entry of the logs: the process, and what it found.",
                  invoke_without_command=True)  # fmt: skip

FolderOption = Annotated[Path, typer.Option("--home", metavar="DIR", help="The auditor's own folder, not the town's.")]


def main(words: Sequence[str]) -> int:
    """Run until SIGTERM or SIGINT."""
    place = office_home("auditor", "Audit the logs.", words)
    load_plainly()
    from torrazzo.app import prepare_process, system_parts
    from torrazzo.auditor import run_auditor
    from torrazzo.auditor.settings import auditor_home

    prepare_process("auditor")
    home, disk, clock = system_parts(place)
    stop = stop_on_signals()
    run_auditor(auditor_home(home.path), clock, disk, stop)
    return 0


@app.callback()
def auditor(
    context: typer.Context,
    home: Annotated[Path | None, typer.Option("--home", metavar="DIR", help="The auditor's own folder.")] = None,
) -> None:
    """Read every entry of the logs, and cosign their heads while the rules hold."""
    if context.invoked_subcommand is None:
        raise typer.Exit(main(home_words(home)))


@app.command("init")
def init(
    home: FolderOption,
    name: NameOption,
    log: LogOption,
    ledger: Annotated[str, typer.Option("--ledger", metavar="ADDRESS", help="Where the ledger is read.")],
    listen: Annotated[str, typer.Option("--listen", metavar="ADDRESS", help="host:port, or unix:PATH.")] = (
        "127.0.0.1:8473"
    ),
) -> None:
    """Make an auditor: its folder, its settings, its key."""
    from torrazzo.auditor.settings import AuditorSettings, auditor_home, check_ledger, kinds_of, text_of
    from torrazzo.durable import OsDisk
    from torrazzo.ledger.key import VerifierKey
    from torrazzo.ledger.listening import check_listen
    from torrazzo.witness import WitnessSettings
    from torrazzo.witness.settings import check_logs, make_home

    check_listen(listen)
    logs = check_logs([VerifierKey.parse(key) for key in log])
    kinds_of(logs)
    place = auditor_home(home.absolute())
    settings = AuditorSettings(WitnessSettings(name, logs, listen), check_ledger(ledger, place.path))
    key = make_home(place, OsDisk(), name, text_of(settings))
    print(f"An auditor in {place.path}. Its key:\n{key.verifier}")
    print("Give the town this key and the address; it writes both under [[ledger.witness]] in its torrazzo.toml.")


@app.command("key")
def key(home: FolderOption) -> None:
    """Its verifier key, to be published."""
    from torrazzo.auditor.settings import auditor_home, load_settings
    from torrazzo.witness.settings import load_key

    place = auditor_home(home.absolute())
    print(load_key(place, load_settings(place).cosigner.name).verifier)


@app.command("status")
def status(home: FolderOption, as_json: JsonOption = False) -> None:
    """What the running one found; exit code 1 when something is open, or the ledger silent."""
    from torrazzo.auditor.settings import auditor_home, load_settings
    from torrazzo.cli.exits import FOUND
    from torrazzo.cli.output import write_json
    from torrazzo.witness.process import ask_status

    place = auditor_home(home.absolute())
    found = ask_status(place, load_settings(place).cosigner.listen)
    if as_json:
        write_json(found)
    else:
        _show(found)
    findings, audited = found["findings"], found["audited"]
    assert isinstance(findings, list)
    assert isinstance(audited, dict)
    if audited["silent"] or any(not finding["notice"] for finding in findings):
        raise typer.Exit(FOUND)


@app.command("settle")
def settle(
    home: FolderOption,
    number: Annotated[int, typer.Argument(help="Of the finding.")],
    why: Annotated[str, typer.Option("--why", help="What was found out about it; it is kept.")],
) -> None:
    """People know of a finding: cosigning goes on. Stop the auditor before."""
    import contextlib

    from torrazzo.auditor.process import audit_database
    from torrazzo.auditor.settings import auditor_home, load_settings
    from torrazzo.auditor.store import AuditStore
    from torrazzo.durable import OsDisk

    place = auditor_home(home.absolute())
    load_settings(place)
    with OsDisk().lock(place.lock), contextlib.closing(AuditStore.open(audit_database(place))) as store:
        store.settle(number, why)
        left = store.violations()
    others = "1 is open that forbids" if left == 1 else f"{left} are open that forbid"
    print(f"Finding {number} is settled; {others} to cosign.")


def _show(found: Mapping[str, object]) -> None:
    from torrazzo.base.times import with_local_times

    logs, audited, findings, silences = found["logs"], found["audited"], found["findings"], found["silences"]
    assert isinstance(logs, dict)
    assert isinstance(audited, dict)
    assert isinstance(findings, list)
    assert isinstance(silences, list)
    show_logs(logs)
    for kind in ("rec", "act"):
        print(f"{audited['logs'][kind]['origin']}: {audited['logs'][kind]['size']} entries audited")
    if audited["trouble"] is not None:
        print(f"The last look came to nothing: {with_local_times(audited['trouble'], ZONE)}")
    for finding in findings:
        text = with_local_times(finding["text"], ZONE)
        print(f"{finding['number']}{' (notice)' if finding['notice'] else ''}: {text}")
        if finding["proofs"]:
            print(f"  {len(finding['proofs'])} heads that contradict one before are kept: --json shows them")
    for silence in silences:
        told = with_local_times(f"Silence from {silence['from']} to {silence['to'] or 'now'}", ZONE)
        print(f"{told}: {silence['why']}")
