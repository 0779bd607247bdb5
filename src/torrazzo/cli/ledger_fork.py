# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""`torrazzo ledger fork`: people declare that what was signed last is lost, and both logs begin anew."""

import contextlib
import secrets
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from torrazzo.base.errors import Refused, TorrazzoError
from torrazzo.cli.options import HomeOption
from torrazzo.cli.process_options import find_home

if TYPE_CHECKING:
    from torrazzo.ledger.fork import Heads
    from torrazzo.town.home import Home

_AFTER = """\
Both logs have begun anew. What is to be done now, in this order:
  1. While `torrazzo serve` runs, let the keyring trust the new logs: torrazzo keyring trust-heads
     Until then nobody can look at footage.
  2. Publish the new keys, and minute why:                            torrazzo ledger keys
  3. Give them to each second office: a witness adds them, an auditor of the new logs is made anew.
     If the town demands a witness, nobody can look until it has them.
  4. Copies that were asked for before and not made are asked for, and approved, anew."""


class Forker(NamedTuple):
    """Whoever can do it now: the ledger's process that refuses to open, or this one where none runs."""

    heads: "Callable[[], Heads]"
    declare: Callable[[Sequence[bytes]], object]


def fork(
    why: Annotated[
        str, typer.Option("--why", metavar="WORD", help="In the fact, for everybody: disk-lost, restored …")
    ],
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="In its private part, with who you are: what happened.")
    ],
    home: HomeOption = None,
    confirm: Annotated[
        str | None,
        typer.Option("--confirm", metavar="NAME", help="The ledger's name, where nobody can be asked for it."),
    ] = None,
) -> None:
    """Declare that the newest ledger is lost: both logs begin anew, with facts that say so. It cannot be undone.

    Afterwards, with `torrazzo serve` running: `torrazzo keyring trust-heads`, then `torrazzo ledger keys` for all who
    hold the old ones. Until the keyring trusts the new logs nobody looks at footage.
    """
    from torrazzo.town.home import load_settings

    place = find_home(home)
    name = load_settings(place).ledger_name
    if not reason.strip():
        raise Refused("a fork without a reason is none: --reason TEXT says what happened")
    with _forker(place) as forker:
        heads = forker.heads()
        _confirm(name, heads, confirm)
        _declare(place, forker, heads, why, reason)
    print(_AFTER)


@contextlib.contextmanager
def _forker(home: "Home") -> Iterator[Forker]:
    from torrazzo.durable import OsDisk
    from torrazzo.ledger.client import LedgerClient
    from torrazzo.ledger.forking import Forking
    from torrazzo.town.home import load_settings

    disk = OsDisk()
    disk.make_folder(home.run)
    with contextlib.ExitStack() as stack:
        stack.enter_context(disk.lock(home.run / "fork.lock"))
        try:
            stack.enter_context(disk.lock(home.ledger_lock))
        except Refused:
            client = LedgerClient(home.ledger_socket)
            yield Forker(client.fork_heads, client.fork)
            return
        forking = Forking(home, load_settings(home), disk)
        yield Forker(forking.heads, forking.declare)


def _confirm(name: str, heads: "Heads", confirm: str | None) -> None:
    """Raises `Refused` unless the ledger's name is given."""
    if confirm is None and sys.stdin.isatty():
        print("The last heads that are known, which the fork will name for ever:")
        for head in heads.values():
            print(f"  {head.origin}: {head.size} entries")
        print(
            "Nothing more is ever signed under these names. If the newest ledger.db may still be found, find it first."
        )
        confirm = input("To fork, write the ledger's name: ").strip()
    if confirm != name:
        raise Refused(f"not forked: the ledger's name is {name}; give it with --confirm, if you are sure")


def _declare(home: "Home", forker: Forker, heads: "Heads", why: str, reason: str) -> None:
    """The private parts are noted before the facts that commit to them are entered."""
    from torrazzo.access.book import Book
    from torrazzo.base.clock import SystemClock
    from torrazzo.durable import OsDisk
    from torrazzo.ledger.identity import KINDS
    from torrazzo.ledger.secret import log_names

    disk, clock = OsDisk(), SystemClock()
    book = Book.write(home, disk, "fork")
    try:
        made = [_fact(home, kind, heads, why, reason, clock.utc()) for kind in KINDS]
        deeds = [book.note("fork", line, private) for line, private in made]
        try:
            forker.declare([line for line, _ in made])
        except TorrazzoError:
            for deed in deeds:
                book.forget(deed)
            raise
        new = next(str(name) for name in log_names(home) if name.kind == "act")
        for entry, deed in enumerate(deeds):
            book.entered(deed, entry, new)
    finally:
        book.close()


def _fact(home: "Home", kind: str, heads: "Heads", why: str, reason: str, now: int) -> tuple[bytes, bytes]:
    """The line of one log, and its private part, sealed."""
    import os
    from typing import cast

    from torrazzo.access.months import Months
    from torrazzo.access.peer import Peer
    from torrazzo.base.clock import SystemClock
    from torrazzo.durable import OsDisk
    from torrazzo.ledger.act import pack_act
    from torrazzo.ledger.forking import fork_values
    from torrazzo.ledger.identity import LogKind
    from torrazzo.ledger.private import NONCE_LENGTH, SALT_LENGTH, Private, pseudonym, seal_private
    from torrazzo.ledger.text import to_base64

    months = Months(home, OsDisk(), SystemClock())
    month, person = months.present(), Peer.of(os.getuid()).name
    secret = months.secret(month)
    salt, nonce = secrets.token_bytes(SALT_LENGTH), secrets.token_bytes(NONCE_LENGTH)
    sealed = seal_private(Private(person, reason), secret, month, salt, nonce)
    who = {"month": month, "who": to_base64(pseudonym(secret, month, person).who), "p": to_base64(sealed.p)}
    values = {**fork_values(cast("LogKind", kind), heads), "why": why, **who}
    return pack_act("fork", now, values), sealed.data
