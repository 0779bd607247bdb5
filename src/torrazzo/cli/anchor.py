# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""`torrazzo anchor`: time stamps of others on the ledger's heads."""

from collections.abc import Mapping
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Annotated, Any, cast
from zoneinfo import ZoneInfo

import typer

from torrazzo.cli.exits import FOUND
from torrazzo.cli.options import HomeOption, JsonOption
from torrazzo.cli.output import local_text, warn, write_json, write_table
from torrazzo.cli.process_options import find_home

if TYPE_CHECKING:
    from torrazzo.ledger.client import LedgerClient

app = typer.Typer(
    help="Time stamps of others (RFC 3161) on the ledger's heads.", no_args_is_help=True, rich_markup_mode=None
)

_LOOK_S = 0.2


@app.command("now")
def now(
    home: HomeOption = None,
    log: Annotated[str, typer.Option("--log", metavar="act|rec", help="Whose head.")] = "act",
    wait: Annotated[int, typer.Option("--wait", metavar="SECONDS", min=0, help="For the anchors.")] = 30,
    as_json: JsonOption = False,
) -> None:
    """Have the present head stamped by all authorities of anchors.toml; exit code 1 if one has given no anchor yet."""
    from torrazzo.base.errors import Invalid

    if log not in {"rec", "act"}:
        raise Invalid(f"--log {log}: write rec or act")
    client, zone = _client(home)
    head, asked = client.want_anchor(cast("Any", log))
    found = client.anchors()
    for _ in range(round(wait / _LOOK_S)):
        if not _waiting(found, log, head.size):
            break
        Event().wait(_LOOK_S)
        found = client.anchors()
    left = _waiting(found, log, head.size)
    if as_json:
        write_json({"log": log, "size": head.size, "asked": list(asked), "waiting": left})
    else:
        _show_receipts([each for each in found["stamped"] if (each["log"], each["size"]) == (log, head.size)], zone)
    why = {each["authority"]: each["why"] for each in found["silent"]}
    for each in found["wrong"]:
        warn(f"{each['authority']} cannot be asked: {each['why']}")
    for name in left:
        warn(f"{name} has given no anchor yet ({why.get(name, 'it has not answered')}); it is asked again")
    if left or found["wrong"]:
        raise typer.Exit(FOUND)


@app.command("list")
def list_anchors(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """The last anchors, and what waits for one; exit code 1 if an authority gives none, or nobody can be asked."""
    client, zone = _client(home)
    found = client.anchors()
    if as_json:
        write_json(found)
    else:
        _show_receipts(found["stamped"], zone)
    if found["why"]:
        warn(str(found["why"]))
    if not found["authorities"] and not found["wrong"]:
        warn("no authority is named in anchors.toml: nobody is asked for anchors")
    for each in found["wrong"]:
        warn(f"{each['authority']} cannot be asked: {each['why']}")
    for each in found["silent"]:
        warn(f"{each['authority']} has given no anchor since {local_text(each['since'], zone)}: {each['why']}")
    for each in found["damaged"]:
        warn(f"{each['file']} is damaged, and goes into no package: {each['why']}")
    if found["silent"] or found["why"] or found["wrong"] or found["damaged"]:
        raise typer.Exit(FOUND)


@app.command("get")
def get(
    name: Annotated[str, typer.Argument(metavar="NAME", help="As in `list`: act-42.aruba.tst, act-42.txt.")],
    out: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="The file to write.")],
    home: HomeOption = None,
) -> None:
    """Write a token, or what it is over, to a file, to be checked with openssl."""
    from torrazzo.base.errors import Refused
    from torrazzo.durable import OsDisk

    if out.exists():
        raise Refused(f"{out} exists; choose another name")
    OsDisk().publish(out.absolute(), _client(home)[0].read(f"anchors/{name}"), 0o644)


def _client(home: Path | None) -> "tuple[LedgerClient, ZoneInfo]":
    """The ledger that runs, and the town's zone."""
    from torrazzo.ledger.client import LedgerClient
    from torrazzo.town.home import load_settings

    place = find_home(home)
    settings = load_settings(place)
    return LedgerClient(place.ledger_socket), settings.zone


def _waiting(found: Mapping[str, Any], log: str, size: int) -> list[str]:
    return [each["authority"] for each in found["waiting"] if (each["log"], each["size"]) == (log, size)]


def _show_receipts(receipts: list[Mapping[str, Any]], zone: ZoneInfo) -> None:
    if not receipts:
        warn("no anchor yet")
        return
    rows = [
        (f"{each['log']}-{each['size']}.{each['authority']}.tst", local_text(each["at"], zone), " ".join(each["marks"]))
        for each in receipts
    ]
    write_table(("ANCHOR", "TIME OF THE AUTHORITY", "MARKS"), rows)
