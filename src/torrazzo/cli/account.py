# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""`torrazzo account`: what the owner of the home does about accounts when nobody can sign in who should."""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from torrazzo.cli.options import HomeOption, JsonOption
from torrazzo.cli.output import warn, write_json, write_table
from torrazzo.cli.process_options import find_home

if TYPE_CHECKING:
    from torrazzo.town.home import Home
    from torrazzo.town.office import Office

app = typer.Typer(help="Accounts, in an emergency: list, link, suspend.", no_args_is_help=True, rich_markup_mode=None)

Name = Annotated[str, typer.Argument(metavar="NAME", help="Of the account, such as anna.rossi.")]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; kept encrypted.")]

_LATER = "the control room does not run: the ledger is told of it when it starts"


@app.callback()
def account() -> None:
    """Accounts, in an emergency: list, link, suspend."""


@app.command("list")
def list_(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """All accounts: roles, act, end, whether suspended and why."""
    from torrazzo.base.times import ticks_from_text
    from torrazzo.cli.output import local_text
    from torrazzo.town.home import load_settings

    place = find_home(home)
    found = _do(place, "list")["accounts"]
    if as_json:
        write_json(found)
        return
    zone = load_settings(place).zone

    def local(text: str | None) -> str:
        return "" if text is None else local_text(ticks_from_text(text, zone), zone)

    rows = [
        (
            each["name"], each["full_name"], ", ".join(each["roles"]), f"{each['act']} ({each['act_date']})",
            local(each["ends"]), local(each["used"]), f"{each['why'] or ''} {local(each['suspended'])}",
        )
        for each in found
    ]  # fmt: skip
    write_table(("NAME", "PERSON", "ROLES", "ACT", "ENDS", "LAST SEEN", "SUSPENDED"), rows)


@app.command("link")
def link(name: Name, reason: Reason, home: HomeOption = None) -> None:
    """A one-time link for a person who lost everything: a new password; codes and passkeys are removed by its use.

    Good for a day. It also ends a suspension, but for a designation that is over. Hand it to that person alone.
    """
    from torrazzo.app import read_page_address
    from torrazzo.control_room.accounts import link_path
    from torrazzo.town.home import load_settings

    place = find_home(home)
    token = _do(place, "link", name, reason)["token"]
    page = read_page_address(place) or f"http://127.0.0.1:{load_settings(place).port}/"
    print(f"{link_path(page, '/link')}#{token}")


@app.command("suspend")
def suspend(name: Name, reason: Reason, home: HomeOption = None) -> None:
    """An account may not sign in any more, and is signed out. It is not deleted; another person reinstates it."""
    _do(find_home(home), "suspend", name, reason)
    print(f"{name} is suspended.")


def _do(home: "Home", what: str, name: str = "", reason: str = "") -> Mapping[str, Any]:
    """By the control room where one runs, else here, under its lock."""
    from torrazzo.cli.office import changing
    from torrazzo.control_room.client import ControlRoom

    with changing(home) as office:
        if isinstance(office, ControlRoom):
            return office.accounts(what, name, reason)
        return _here(office, what, name, reason)


def _here(office: "Office", what: str, name: str, reason: str) -> Mapping[str, Any]:
    from torrazzo.access import Peer
    from torrazzo.access.staff import By
    from torrazzo.access.staffing import Staffing
    from torrazzo.base.clock import SystemClock
    from torrazzo.control_room.accounts import list_accounts

    staffing = Staffing.of(office.registry.engine, office.box, SystemClock())
    if what == "list":
        return {"accounts": list_accounts(staffing)}
    account, by = staffing.accounts.named(name), By(f"unix:{Peer.of(os.getuid()).name}", reason)
    warn(_LATER)
    if what == "link":
        return {"token": staffing.links.make(account.id, by, is_all=True).value}
    staffing.accounts.suspend(account.id, by)
    return {}
