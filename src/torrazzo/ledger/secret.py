# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The seeds of the two signing keys on disk, mode 0600: drawn at the first start, never again."""

import contextlib
import secrets

from torrazzo.base.errors import Refused
from torrazzo.durable import Disk
from torrazzo.ledger.identity import KINDS, Identity, LogName
from torrazzo.ledger.log_rows import read_logs
from torrazzo.ledger.schema import sqlite_database
from torrazzo.town.home import Home, Settings
from torrazzo.town.key_file import read_key

_SEED = 32


def load_identity(home: Home, settings: Settings) -> Identity:
    """Raises `Unavailable` where there are no keys yet, `Refused` when others may read them."""
    return Identity(settings.ledger_name, *(_read(home, kind) for kind in KINDS))


def make_identity(home: Home, settings: Settings, disk: Disk) -> Identity:
    """The same, with keys drawn if there is no ledger yet; raises `Refused` if a key is gone and the ledger is not.

    A crash half way leaves a key and no ledger: the next start draws the other.
    """
    for kind in KINDS:
        path = home.ledger_key(kind)
        if path.exists():
            continue
        if home.ledger_db.exists():
            raise Refused(f"{path}: gone, and there is a ledger that it signed; restore it from the copy made with it")
        disk.make_folder(path.parent)
        disk.publish(path, secrets.token_bytes(_SEED), 0o600)
    return load_identity(home, settings)


def log_names(home: Home) -> list[LogName]:
    """The logs that are written to; from the first fork on they have other names."""
    generation = 1
    if home.ledger_db.exists():
        with contextlib.closing(sqlite_database(home.ledger_db)) as database, database.read() as connection:
            generation = max((row.generation for row in read_logs(connection)), default=1)
    return [LogName(kind, generation) for kind in KINDS]


def _read(home: Home, kind: str) -> bytes:
    return read_key(
        home.ledger_key(kind),
        _SEED,
        missing="the first start of `torrazzo ledger` makes it",
        danger="sign in the town's name",
        spoilt="restore it from the copy made with ledger.db",
    )
