# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""`torrazzo access oidc`: a provider by which people may sign in, and who of them is whom there."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from torrazzo.base.errors import Invalid, TorrazzoError
from torrazzo.cli.options import HomeOption, JsonOption
from torrazzo.cli.output import warn, write_json, write_table
from torrazzo.cli.process_options import find_home

if TYPE_CHECKING:
    from torrazzo.access.providers import Provider
    from torrazzo.town.home import Home

app = typer.Typer(
    help="Sign in by a provider (OpenID Connect): set, show, remove, bind, unbind.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="Of the account, such as anna.rossi.")]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; kept encrypted.")]

_LATER = "the control room does not run: the ledger is told of it when it starts"
_BACK = "Let it send people back to /oidc of the page, at each address that the page has, such as"


@app.callback()
def oidc() -> None:
    """Sign in by a provider (OpenID Connect)."""


@app.command("set")
def set_(
    issuer: Annotated[str, typer.Option("--issuer", metavar="URL", help="As the provider writes it, to the letter.")],
    client: Annotated[str, typer.Option("--client-id", metavar="TEXT", help="Our id there.")],
    name: Annotated[str, typer.Option("--name", metavar="TEXT", help="What the button says after: Sign in with.")],
    reason: Reason,
    secret_file: Annotated[
        Path | None, typer.Option("--secret-file", metavar="FILE", help="With our secret; else standard input has it.")
    ] = None,
    no_secret: Annotated[bool, typer.Option("--no-secret", help="We have none there: a public client.")] = False,
    host: Annotated[
        list[str] | None, typer.Option("--host", metavar="HOST", help="Where it has endpoints beside its own host.")
    ] = None,
    acr: Annotated[
        list[str] | None, typer.Option("--acr", metavar="CLASS", help="That means two factors, beside its methods.")
    ] = None,
    ca: Annotated[
        Path | None, typer.Option("--ca", metavar="FILE", help="PEM: who signed its certificate, if no one public did.")
    ] = None,
    home: HomeOption = None,
) -> None:
    """Set up the provider, in place of any before; it is asked once whether it answers.

    Nobody has an account by it: bind people who have one, or let them do it, signed in, at My ways in.
    """
    from torrazzo.access.providers import Provider
    from torrazzo.base.secret import Secret
    from torrazzo.control_room.provider_desk import check_provider
    from torrazzo.control_room.provider_office import provider_to_wire

    place = find_home(home)
    secret = None if no_secret else Secret(_read_secret(secret_file))
    pem = None if ca is None else _read(ca)
    found = Provider(issuer, name, client, secret, tuple(host or ()), tuple(acr or ()), pem)
    check_provider(found)
    _do(place, "set", {**provider_to_wire(found), "reason": reason})
    print(f"{name} is set up. {_BACK}\n{_example(place)}")
    _look_at(found)


@app.command("show")
def show(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """The provider as it is set up, and who comes in by it."""
    said = _do(find_home(home), "show", {})
    if as_json:
        write_json(dict(said))
        return
    found = said["provider"]
    if found is None:
        print("There is no provider: people sign in here alone.")
        return
    rows = [(name, str(found[name])) for name in ("name", "issuer", "client")]
    rows += [("secret", "there is one" if found["secret"] else "none")]
    rows += [(name, ", ".join(found[name]) or "none") for name in ("hosts", "acr")]
    write_table(("WHAT", "IS"), rows)
    write_table(("ACCOUNT", "SUBJECT"), [(each["name"], each["subject"]) for each in said["bound"]])


@app.command("check")
def check(home: HomeOption = None) -> None:
    """Ask the provider now whether it answers as it should; changes nothing. Code 1 where it does not."""
    from torrazzo.control_room.provider_office import provider_from_wire

    said = _do(find_home(home), "show", {})["provider"]
    if said is None:
        raise Invalid("there is no provider; `torrazzo access oidc set` sets one up")
    if not _look_at(provider_from_wire({**said, "secret": None})):
        raise typer.Exit(1)


@app.command("remove")
def remove(reason: Reason, home: HomeOption = None) -> None:
    """People sign in here alone from now on; who was whom there is forgotten."""
    _do(find_home(home), "remove", {"reason": reason})
    print("There is no provider any more.")


@app.command("bind")
def bind(
    name: Name,
    subject: Annotated[str, typer.Option("--subject", metavar="TEXT", help="`sub`: how the provider names them.")],
    reason: Reason,
    home: HomeOption = None,
) -> None:
    """An account comes in by this subject of the provider; its sessions end.

    Whoever is that subject is this person here: see to it that they are the same. People can do it themselves, too.
    """
    _do(find_home(home), "bind", {"name": name, "subject": subject, "reason": reason})
    print(f"{name} comes in as {subject}.")


@app.command("unbind")
def unbind(name: Name, reason: Reason, home: HomeOption = None) -> None:
    """An account comes in here alone."""
    _do(find_home(home), "unbind", {"name": name, "reason": reason})
    print(f"{name} comes in here alone.")


def _do(home: "Home", what: str, said: Mapping[str, object]) -> Mapping[str, Any]:
    """By the control room where one runs, else here, under its lock."""
    from torrazzo.access import Peer
    from torrazzo.access.staff import By
    from torrazzo.access.staffing import Staffing
    from torrazzo.base.clock import SystemClock
    from torrazzo.cli.office import changing
    from torrazzo.control_room.client import ControlRoom
    from torrazzo.control_room.provider_office import change_provider, show_provider

    with changing(home) as office:
        if isinstance(office, ControlRoom):
            return office.provider(what, said)
        staffing = Staffing.of(office.registry.engine, office.box, SystemClock())
        if what == "show":
            return show_provider(staffing)
        warn(_LATER)
        change_provider(staffing, what, said, By(f"unix:{Peer.of(os.getuid()).name}", str(said["reason"])))
        return {}


def _look_at(provider: "Provider") -> bool:
    from torrazzo.base.clock import SystemClock
    from torrazzo.control_room.provider_desk import ask_provider

    try:
        known = ask_provider(provider, SystemClock())
    except TorrazzoError as error:
        warn(f"it does not answer as it should: {error}")
        return False
    print(f"It answers, with {len(known.keys.keys)} keys.")
    return True


def _example(home: "Home") -> str:
    from torrazzo.app import read_page_address
    from torrazzo.control_room.accounts import link_path
    from torrazzo.town.home import load_settings

    settings = load_settings(home)
    page = read_page_address(home) or f"http://127.0.0.1:{settings.port}/"
    public = [] if settings.public is None else [f"{settings.public.address.rstrip('/')}/oidc"]
    return "\n".join([link_path(page, "/oidc"), *public])


def _read_secret(file: Path | None) -> str:
    if file is not None:
        text = _read(file).strip()
    elif sys.stdin.isatty():
        import getpass

        text = getpass.getpass("Our secret at the provider: ")
    else:
        text = sys.stdin.readline().rstrip("\r\n")
    if not text:
        raise Invalid("the secret: nothing came; --no-secret where there is none")
    return text


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(f"{file}: {error}") from error
