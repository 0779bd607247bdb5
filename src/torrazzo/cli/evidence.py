# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""`torrazzo evidence`: copies that leave the house. One person asks, another approves, the first one makes it."""

from typing import Annotated

import typer

from torrazzo.cli import evidence_export
from torrazzo.cli.options import HomeOption, JsonOption, StreamOption
from torrazzo.cli.output import local_told, warn, write_json, write_table
from torrazzo.cli.people import ask_people, town_zone
from torrazzo.cli.process_options import find_home
from torrazzo.law.reason import PURPOSES

app = typer.Typer(
    help="Copies that leave the house: ask, approve, export, verify.", no_args_is_help=True, rich_markup_mode=None
)

Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; kept encrypted.")]


@app.command("ask")
def ask(
    cameras: Annotated[str, typer.Argument(metavar="CAMERA[,CAMERA]", help="Names or ids.")],
    start: Annotated[str, typer.Argument(metavar="FROM", help="Start, ISO 8601; without offset the town's time.")],
    end: Annotated[str, typer.Argument(metavar="TO", help="End, as FROM.")],
    purpose: Annotated[str, typer.Option("--purpose", metavar="P", help=f"One of {', '.join(PURPOSES)}.")],
    to: Annotated[str, typer.Option("--to", metavar="CLASS", help="Who gets it: a word such as police or citizen.")],
    reason: Reason,
    case: Annotated[str | None, typer.Option("--case", metavar="N", help="Number of the case; kept encrypted.")] = None,
    recipient: Annotated[
        str | None,
        typer.Option("--recipient", metavar="TEXT", help="Who gets it, by name or public key; kept encrypted."),
    ] = None,
    stream: StreamOption = "main",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask for a copy, as the Unix user that you are; prints the number by which another person approves it."""
    body = {
        "cameras": [name.strip() for name in cameras.split(",")],
        "stream": stream,
        "from": start,
        "to": end,
        "purpose": purpose,
        "recipient_class": to,
        "reason": reason,
        "case": case,
        "recipient": recipient,
    }
    found = ask_people(find_home(home), "POST", "/asks", body)
    if as_json:
        write_json(found)
    else:
        print(found["number"])
        warn(f"another person approves it: torrazzo evidence approve {found['number']} --reason TEXT")


@app.command("approve")
def approve(
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="What `evidence ask` printed.")],
    reason: Reason,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Approve what another person asked for."""
    found = ask_people(find_home(home), "POST", f"/asks/{number}/approve", {"reason": reason})
    if as_json:
        write_json(found)
    else:
        whom = ", ".join(filter(None, (found["recipient_class"], found["recipient"])))
        print(
            f"ask {number} is approved, for {whom}; who asked makes the copy: torrazzo evidence export {number} -o FILE"
        )


@app.command("list")
def list_asks(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """What was asked for, and what became of it."""
    place = find_home(home)
    asks = ask_people(place, "GET", "/asks")["asks"]
    assert isinstance(asks, list)
    packages = evidence_export.package_states(place)
    asks = [{**ask, "package": packages.get(ask["number"])} for ask in asks]
    if as_json:
        write_json(asks)
        return
    if not asks:
        warn("nobody has asked for a copy")
        return
    zone = town_zone(place)
    write_table(
        ("NUMBER", "STATE", "PACKAGE", "CAMERAS", "FROM", "TO", "PURPOSE", "FOR", "ASKED BY", "APPROVED BY"),
        [
            (
                str(ask["number"]), ask["state"], ask["package"] or "", ", ".join(ask["cameras"]),
                *(local_told(ask[key], zone) for key in ("from", "to")), ask["purpose"],
                ask["recipient_class"], ask["by"] or "?", ", ".join(step["by"] or "?" for step in ask["approvals"]),
            )
            for ask in asks
        ],
    )  # fmt: skip


app.command("export")(evidence_export.export)
app.command("jobs")(evidence_export.jobs)
app.command("verify")(evidence_export.verify)
