# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A deliberate new beginning, when what was signed last is lost: new origins, and facts that say so."""

import contextlib
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import sqlalchemy as sa

from torrazzo.base.errors import Invalid
from torrazzo.durable import Disk
from torrazzo.ledger.checkpoint import Checkpoint
from torrazzo.ledger.files import LogFiles
from torrazzo.ledger.identity import KINDS, Identity, LogKind, LogName
from torrazzo.ledger.log_rows import check_lines, grown, insert_log, read_logs, write
from torrazzo.ledger.merkle import leaf_hash
from torrazzo.ledger.note import Note
from torrazzo.ledger.schema import FACT, LINEAGE, Database
from torrazzo.ledger.start import LOCK

Heads: TypeAlias = Mapping[LogKind, Checkpoint]
Declare: TypeAlias = Callable[[Heads], Sequence[bytes]]


def last_heads(
    database: Database, disk: Disk, folder: Path, identity: Identity, seen: Collection[Checkpoint] = ()
) -> Heads:
    """Of each log the last head that the database, the folder or `seen` has: what a fork has to say."""
    database.prepare()
    with database.write() as connection:
        heads = [*seen, *_row_heads(connection), *_file_heads(disk, folder, identity)]
    return {kind: _last(kind, identity, heads) for kind in KINDS}


def fork_ledger(
    database: Database,
    disk: Disk,
    folder: Path,
    identity: Identity,
    declare: Declare,
    seen: Collection[Checkpoint] = (),
) -> None:
    """Begin both logs anew, the new `act` with the facts that `declare` makes of the old logs' heads: they say why.

    A head is the last one of its log that the database, the folder or `seen` has. The old logs' rows and files stay as
    they are; the catalogue is emptied: what recorders deliver again is entered again.
    """
    disk.make_folder(folder)
    with disk.lock(folder / LOCK):
        database.prepare()
        with database.write() as connection:
            heads = [*seen, *_row_heads(connection), *_file_heads(disk, folder, identity)]
            lines = declare({kind: _last(kind, identity, heads) for kind in KINDS})
            if not lines:
                raise Invalid("fork: expected facts that declare it")
            check_lines(lines)
            names = [name for name in map(LogName.parse, disk.list(folder)) if name]
            known = [*names, *(identity.name_of(head.origin) for head in heads)]
            generation = 1 + max((name.generation for name in known), default=1)
            connection.execute(sa.delete(FACT))
            connection.execute(sa.delete(LINEAGE))
            for kind in KINDS:
                key = identity.key(LogName(kind, generation))
                empty = insert_log(connection, str(LogName(kind, generation)), generation, key)
                if kind == "act":
                    entries = [(line, leaf_hash(line)) for line in lines]
                    write(connection, empty, grown(empty, entries, key), entries)


def _row_heads(connection: sa.Connection) -> list[Checkpoint]:
    return [Checkpoint.parse(Note.parse(row.note).text) for row in read_logs(connection)]


def _file_heads(disk: Disk, folder: Path, identity: Identity) -> list[Checkpoint]:
    """Those published, and cosigned, that our keys signed."""
    found = []
    for name in filter(None, map(LogName.parse, disk.list(folder))):
        files, key = LogFiles(disk, folder / str(name)), identity.key(name).verifier
        for data in (files.read_checkpoint(), files.read_cosigned()):
            with contextlib.suppress(Invalid):
                if data is not None and key in (note := Note.parse(data)).signed_by([key]):
                    found.append(Checkpoint.parse(note.text))
    return found


def _last(kind: LogKind, identity: Identity, heads: Collection[Checkpoint]) -> Checkpoint:
    """The last head known of that log."""
    names = [(identity.name_of(head.origin), head) for head in heads]
    known = [(name.generation, head.size, head) for name, head in names if name.kind == kind]
    if not known:
        raise Invalid(f"fork: there is no log {kind} of {identity.town} yet")
    return max(known, key=lambda each: each[:2])[2]
