# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A fork of a home's ledger, asked for by people: only where the ledger refuses to open, and of the heads it names.

The ledger's process does it while it refuses (`GET` and `POST /fork`); the command itself where none runs.
"""

import contextlib
import json
from collections.abc import Iterator, Sequence

from torrazzo.base.errors import Damaged, Invalid, Refused
from torrazzo.durable import Disk
from torrazzo.ledger.act import parse_act
from torrazzo.ledger.checkpoint import Checkpoint
from torrazzo.ledger.errors import RolledBack
from torrazzo.ledger.fork import Heads, fork_ledger, last_heads
from torrazzo.ledger.identity import KINDS, LogKind
from torrazzo.ledger.remembered import keyring_heads
from torrazzo.ledger.schema import Database, sqlite_database
from torrazzo.ledger.secret import load_identity
from torrazzo.ledger.start import open_ledger
from torrazzo.ledger.text import to_base64
from torrazzo.town.home import Home, Settings


class Forking:
    """Of one home; whoever calls holds the lock of its ledger's process."""

    def __init__(self, home: Home, settings: Settings, disk: Disk) -> None:
        self._home, self._disk = home, disk
        self._identity = load_identity(home, settings)

    def heads(self) -> Heads:
        """The last heads that are known of the two logs; raises `Refused` if the ledger opens: nothing is lost then."""
        with self._database() as database:
            self._check_need(database)
            return last_heads(database, self._disk, self._home.ledger, self._identity, self._seen())

    def declare(self, lines: Sequence[bytes]) -> list[str]:
        """Begin anew; `lines` are a `fork` fact for each log with its head in it. Returns the new origins."""
        with self._database() as database:
            self._check_need(database)
            fork_ledger(
                database,
                self._disk,
                self._home.ledger,
                self._identity,
                lambda heads: _checked(lines, heads),
                self._seen(),
            )
            with open_ledger(database, self._disk, self._home.ledger, self._identity, self._seen()) as store:
                return [store.rec.head.origin, store.act.head.origin]

    def _check_need(self, database: Database) -> None:
        try:
            open_ledger(database, self._disk, self._home.ledger, self._identity, self._seen()).close()
        except (RolledBack, Damaged):
            return
        raise Refused("the ledger opens: nothing that was signed is lost, and no fork is declared")

    def _seen(self) -> list[Checkpoint]:
        return keyring_heads(self._home.keyring, self._identity)

    @contextlib.contextmanager
    def _database(self) -> Iterator[Database]:
        with contextlib.closing(sqlite_database(self._home.ledger_db)) as database:
            yield database


def pack_heads(heads: Heads) -> bytes:
    """As `GET /fork` answers."""
    return json.dumps({kind: str(head) for kind, head in heads.items()}).encode()


def parse_heads(data: bytes) -> Heads:
    """The inverse."""
    try:
        found = json.loads(data)
        return {kind: Checkpoint.parse(found[kind]) for kind in KINDS}
    except (ValueError, KeyError, TypeError) as error:
        raise Invalid(f"heads of the ledger: {error!r}") from error


def parse_lines(body: bytes) -> list[bytes]:
    """The body of `POST /fork`: `{"v":1,"lines":[…]}`."""
    try:
        found = json.loads(body)
        if found["v"] != 1 or not all(isinstance(line, str) for line in found["lines"]):
            raise ValueError("expected v = 1 and lines")
        return [line.encode() for line in found["lines"]]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Invalid(f"facts of a fork: {error!r}") from error


def _checked(lines: Sequence[bytes], heads: Heads) -> Sequence[bytes]:
    """One for each log, in order, with the head that is the last one known."""
    acts = [parse_act(line) for line in lines]
    wanted = [fork_values(kind, heads) for kind in KINDS]
    if [act.kind for act in acts] != ["fork"] * len(wanted) or [
        {key: act.values[key] for key in ("log", "size", "root")} for act in acts
    ] != wanted:
        raise Refused("the facts of the fork do not name the last heads that are known; ask for them again")
    return lines


def fork_values(kind: LogKind, heads: Heads) -> dict[str, object]:
    """Of the fact of that log, but for why and who."""
    return {"log": kind, "size": heads[kind].size, "root": to_base64(heads[kind].root)}
