# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""`torrazzo access`: who looked at what, for whoever has to answer for it."""

import contextlib
import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from torrazzo.base.errors import Refused, Unavailable
from torrazzo.base.times import iso_from_ticks, ticks_from_text
from torrazzo.cli import oidc
from torrazzo.cli.exits import FOUND
from torrazzo.cli.options import FromOption, HomeOption, JsonOption, ToOption
from torrazzo.cli.output import local_text, warn, write_json, write_table
from torrazzo.cli.process_options import find_home

if TYPE_CHECKING:
    from torrazzo.base.ids import CameraId
    from torrazzo.evidence.accesses import Access, Entry
    from torrazzo.town.home import Home

app = typer.Typer(
    help="Who looked at what; by which provider people sign in.", no_args_is_help=True, rich_markup_mode=None
)
app.add_typer(oidc.app, name="oidc")


@app.callback()
def access() -> None:
    """Who looked at what; by which provider people sign in."""


@app.command("list")
def list_accesses(
    camera: Annotated[str | None, typer.Option("--camera", metavar="CAMERA", help="Only of this one.")] = None,
    start: FromOption = None,
    end: ToOption = None,
    person: Annotated[str | None, typer.Option("--person", metavar="NAME", help="Only by this one.")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Each window that was opened: when, by whom, why, on which footage, what was shown. For the owner of the home.

    --from and --to are of the time of looking. Code 1 where it can't be told who it was, though it should.
    """
    from torrazzo.base.clock import SystemClock
    from torrazzo.cli.office import read_camera, read_cameras
    from torrazzo.control_room.books import unexplained_text
    from torrazzo.durable import OsDisk
    from torrazzo.evidence.accesses import Opener, find_accesses, unexplained
    from torrazzo.town.home import load_settings

    place = find_home(home)
    zone = load_settings(place).zone
    _check_owner(place)
    entries = list(read_entries(place))
    opener = Opener(place, OsDisk(), SystemClock())
    wanted = None if camera is None else read_camera(place, camera, has_removed=True).id
    since, until = (None if text is None else ticks_from_text(text, zone) for text in (start, end))
    found = [
        each
        for each in find_accesses(entries, opener)
        if (wanted is None or each.wanted is None or any(stream.camera == wanted for stream in each.wanted.streams))
        and (since is None or each.opened >= since)
        and (until is None or each.opened < until)
        and (person is None or (each.who is not None and each.who.person == person))
    ]
    names = {known.id: known.name for known in read_cameras(place, has_removed=True)}
    missing = unexplained(entries, opener)
    told = [_told(each, names) for each in found]
    if as_json:
        write_json({"accesses": told, "unexplained": missing})
    else:
        _show(found, told, lambda ticks: local_text(ticks, zone))
    if missing:
        warn(unexplained_text(missing))
        raise typer.Exit(FOUND)


def read_entries(home: "Home", since: int = 0) -> "Iterator[Entry]":
    """Of `act`, from the running ledger or, where none runs, from its files; about from `since` on."""
    from torrazzo.durable import OsDisk
    from torrazzo.ledger.client import LedgerClient
    from torrazzo.ledger.tail import acts_of_late

    disk = OsDisk()
    disk.make_folder(home.run)
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(disk.lock(home.ledger_lock))
        except Refused:
            yield from acts_of_late(LedgerClient(home.ledger_socket), since)
            return
        yield from _from_files(home)


def _from_files(home: "Home") -> "Iterator[Entry]":
    """Opened as the ledger's process opens it, which finds a copy that was put back."""
    from torrazzo.durable import OsDisk
    from torrazzo.ledger.schema import sqlite_database
    from torrazzo.ledger.secret import load_identity
    from torrazzo.ledger.start import open_ledger
    from torrazzo.town.home import load_settings

    identity = load_identity(home, load_settings(home))
    if not home.ledger_db.exists():
        raise Unavailable(f"{home.ledger_db}: no ledger there yet")
    with (
        contextlib.closing(sqlite_database(home.ledger_db)) as database,
        open_ledger(database, OsDisk(), home.ledger, identity) as store,
    ):
        first = store.act.minimum
        yield from enumerate(store.act.entries(first, store.act.head.size), first)


def _check_owner(home: "Home") -> None:
    if home.path.stat().st_uid != os.getuid():
        raise Refused("only the owner of the home reads who looked; run this as that user")


def _told(each: "Access", names: "dict[CameraId, str]") -> dict[str, Any]:
    streams = [] if each.wanted is None else sorted(each.wanted.streams, key=str)
    return {
        "number": each.number,
        "kind": each.kind,
        "cameras": [names.get(stream.camera, stream.camera) for stream in streams],
        "streams": list(map(str, streams)),
        "from": None if each.wanted is None else iso_from_ticks(each.wanted.span.start),
        "to": None if each.wanted is None else iso_from_ticks(each.wanted.span.end),
        "purpose": each.purpose,
        "opened": iso_from_ticks(each.opened),
        "renews": each.renews,
        "closed": None if each.closed is None else iso_from_ticks(each.closed),
        "why_closed": each.why_closed,
        "shown": {
            str(stream): [[iso_from_ticks(span.start), iso_from_ticks(span.end)] for span in spans]
            for stream, spans in each.shown.items()
        },
        "names": str(each.names),
        "person": None if each.who is None else each.who.person,
        "reason": None if each.who is None else each.who.reason,
        "case": None if each.who is None else each.who.case,
    }


def _show(found: "Sequence[Access]", told: Sequence[dict[str, Any]], local: Any) -> None:
    if not found:
        warn("nobody looked at anything like that")
        return
    rows = []
    for each, said in zip(found, told, strict=True):
        seconds = sum(span.end - span.start for spans in each.shown.values() for span in spans) // 90_000
        rows.append(
            (
                str(each.number), each.kind, local(each.opened), "open" if each.closed is None else local(each.closed),
                said["person"] or f"({each.names})", ", ".join(said["cameras"]),
                "?" if each.wanted is None else local(each.wanted.span.start),
                "?" if each.wanted is None else local(each.wanted.span.end),
                f"{seconds} s", each.purpose or "", said["case"] or "", said["reason"] or "",
            )
        )  # fmt: skip
    heads = "NUMBER", "KIND", "OPENED", "CLOSED", "BY", "CAMERAS", "FROM", "TO", "SHOWN", "PURPOSE", "CASE", "REASON"
    write_table(heads, rows)
