# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A deliberate new beginning, when what was signed last is lost: new origins, and an entry that says so."""

import contextlib
import json
from collections.abc import Collection
from pathlib import Path

import sqlalchemy as sa

from torrazzo.base.errors import Invalid
from torrazzo.durable import Disk
from torrazzo.ledger.checkpoint import Checkpoint
from torrazzo.ledger.files import LogFiles
from torrazzo.ledger.identity import KINDS, Identity, LogKind, LogName
from torrazzo.ledger.log_rows import grown, insert_log, read_logs, write
from torrazzo.ledger.merkle import leaf_hash
from torrazzo.ledger.note import Note
from torrazzo.ledger.schema import FACT, LINEAGE, Database
from torrazzo.ledger.start import LOCK
from torrazzo.ledger.text import to_base64

_MAX_WHY = 1_000  # bytes


def fork_ledger(
    database: Database, disk: Disk, folder: Path, identity: Identity, why: str, seen: Collection[Checkpoint] = ()
) -> bytes:
    """Begin both logs anew; returns the entry that says so, the first one of the new `act`.

    It names, of each old log, the last head that the database, the folder or `seen` has. The old logs' rows and files
    stay as they are; the catalogue is emptied: what recorders deliver again is entered again.
    """
    if not 0 < len(why.encode()) <= _MAX_WHY:
        raise Invalid(f"reason of a fork: expected 1 to {_MAX_WHY} bytes")
    disk.make_folder(folder)
    with disk.lock(folder / LOCK):
        database.prepare()
        with database.write() as connection:
            heads = [*seen, *_row_heads(connection), *_file_heads(disk, folder, identity)]
            line = _line(why, identity, heads)
            names = [name for name in map(LogName.parse, disk.list(folder)) if name]
            known = [*names, *(identity.name_of(head.origin) for head in heads)]
            generation = 1 + max((name.generation for name in known), default=1)
            connection.execute(sa.delete(FACT))
            connection.execute(sa.delete(LINEAGE))
            for kind in KINDS:
                key = identity.key(LogName(kind, generation))
                empty = insert_log(connection, str(LogName(kind, generation)), generation, key)
                if kind == "act":
                    entries = [(line, leaf_hash(line))]
                    write(connection, empty, grown(empty, entries, key), entries)
    return line


def _row_heads(connection: sa.Connection) -> list[Checkpoint]:
    return [Checkpoint.parse(Note.parse(row.note).text) for row in read_logs(connection)]


def _file_heads(disk: Disk, folder: Path, identity: Identity) -> list[Checkpoint]:
    """The published ones that our keys signed."""
    found = []
    for name in filter(None, map(LogName.parse, disk.list(folder))):
        data = LogFiles(disk, folder / str(name)).read_checkpoint()
        key = identity.key(name).verifier
        with contextlib.suppress(Invalid):
            if data is not None and key in (note := Note.parse(data)).signed_by([key]):
                found.append(Checkpoint.parse(note.text))
    return found


def _line(why: str, identity: Identity, heads: Collection[Checkpoint]) -> bytes:
    fact = {"v": 1, "kind": "fork", "why": why, "logs": [_old(kind, identity, heads) for kind in KINDS]}
    return json.dumps(fact, ensure_ascii=False, separators=(",", ":")).encode()


def _old(kind: LogKind, identity: Identity, heads: Collection[Checkpoint]) -> dict[str, object]:
    """The last head known of that log."""
    names = [(identity.name_of(head.origin), head) for head in heads]
    known = [(name.generation, head.size, head) for name, head in names if name.kind == kind]
    if not known:
        raise Invalid(f"fork: there is no log {kind} of {identity.town} yet")
    *_, last = max(known, key=lambda each: each[:2])
    return {"old": last.origin, "size": last.size, "root": to_base64(last.root)}
