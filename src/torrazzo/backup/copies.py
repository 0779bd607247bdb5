# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Databases as of one moment, copied while others write to them; and what a copy of the ledger's says of its files."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from torrazzo.base.errors import Damaged, Unavailable
from torrazzo.durable import Disk
from torrazzo.ledger.checkpoint import Checkpoint
from torrazzo.ledger.edge import full_tiles
from torrazzo.ledger.note import Note
from torrazzo.ledger.tiles import WIDTH, Tile


class CopiedLog(NamedTuple):
    """One log, as the copied database has it."""

    name: str  # of its folder
    note: bytes  # its head
    size: int
    filed: int
    minimum: int

    def tiles(self) -> Iterator[str]:
        """Names of its files, below its folder."""
        for tile in full_tiles(0, self.filed):
            if tile.level or (tile.number + 1) * WIDTH > self.minimum:
                yield str(tile)
        for number in range(self.filed // WIDTH):
            if (number + 1) * WIDTH > self.minimum:
                yield str(Tile(None, number))

    @property
    def text(self) -> str:
        """Of its head."""
        return Note.parse(self.note).text


def copy_database(disk: Disk, source: Path, target: Path) -> None:
    """The database `source` as it is now, in the new file `target`; waits for nobody, and nobody waits for it long."""
    disk.create(target).close()
    for is_last in (False, True):  # just after the writer's clean close the first try can fail
        try:
            with (
                contextlib.closing(_connect(source, "ro")) as old,
                contextlib.closing(_connect(target, "rw")) as new,
            ):
                old.backup(new)  # in one step: of one moment
                new.execute("PRAGMA journal_mode = DELETE")
            return
        except sqlite3.Error as error:
            if is_last:
                raise Unavailable(f"{source}: {error}; a backup needs it whole") from error


def check_database(path: Path) -> None:
    """Raises `Damaged` for what is no database, or one with holes."""
    try:
        with contextlib.closing(_connect(path, "ro")) as database:
            (said,) = database.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        said = str(error)
    if said != "ok":
        raise Damaged(f"{path.name} of the backup: {said}; take another backup")


def copied_logs(path: Path) -> list[CopiedLog]:
    """The logs in a copy of `ledger.db`."""
    try:
        with contextlib.closing(_connect(path, "ro")) as database:
            rows = database.execute("SELECT name, note, size, filed, minimum FROM log ORDER BY generation, name")
            logs = [CopiedLog(*row) for row in rows]
    except sqlite3.Error as error:
        raise Damaged(f"ledger.db: {error}") from error
    for log in logs:
        if Checkpoint.parse(log.text).size != log.size:
            raise Damaged(f"ledger.db: log {log.name} has {log.size} entries and another head")
    return logs


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None, timeout=30)
