# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""How the ledger starts: rows and files are held against each other before anything is signed."""

import contextlib
from collections.abc import Collection, Iterator
from functools import partial
from pathlib import Path

import sqlalchemy as sa

from torrazzo.base.errors import Damaged, Invalid, Unavailable
from torrazzo.durable import Disk
from torrazzo.ledger.checkpoint import Checkpoint
from torrazzo.ledger.errors import Pruned, RolledBack, Unproven
from torrazzo.ledger.fact_index import FactIndex
from torrazzo.ledger.files import LogFiles
from torrazzo.ledger.identity import KINDS, Identity, LogKind, LogName
from torrazzo.ledger.key import VerifierKey
from torrazzo.ledger.log_rows import insert_log, load, read_logs
from torrazzo.ledger.merkle import leaf_hash
from torrazzo.ledger.note import Note
from torrazzo.ledger.reader import LogReader
from torrazzo.ledger.schema import Database
from torrazzo.ledger.snapshot import Snapshot
from torrazzo.ledger.store import LedgerStore, LogWriter
from torrazzo.ledger.text import HASH_LENGTH
from torrazzo.ledger.tiles import WIDTH, Tile, split_entries, split_tile
from torrazzo.ledger.touched import Touched

LOCK = "lock"

_ADVICE = (
    "nothing is signed. Put the newest database back, or let its facts be delivered again;"
    " if it is lost, declare it: `torrazzo ledger fork`"
)


def open_ledger(
    database: Database, disk: Disk, folder: Path, identity: Identity, seen: Collection[Checkpoint] = ()
) -> LedgerStore:
    """Open the ledger in `folder`, made if there is none; `seen` are heads of it that others remember.

    1. Rows, edge and head of each log agree, and so do the last full files; else `Damaged`, `Touched` where it can be
    said which entries that concerns. 2. Nothing shows that more
    was signed than the database has: no file, no published head, none of `seen`; else `RolledBack`. 3. What a crash
    left undone is done: full tiles written, the head published, pruned files unlinked.
    """
    disk.make_folder(folder)
    lock = disk.lock(folder / LOCK)
    try:
        database.prepare()
        with database.write() as connection, _named(connection):
            logs = _load(connection, disk, folder, identity)
            for log in logs.values():
                _check_signature(log.snapshot, log.key.verifier)  # 1
                _check_entries(log.snapshot)
        names = disk.list(folder)
        for log in logs.values():
            log.reader.named = partial(named_by, database)
            _check_files(log.snapshot, log.reader)
            _check_newest(log, names, identity, seen)  # 2
        store = LedgerStore(database, FactIndex(database), logs, lock)
        for log in logs.values():
            log.put_files()  # 3
        store.finish_pruning()
        return store
    except sa.exc.SQLAlchemyError as error:
        lock.release()
        raise Unavailable(f"ledger database: {error}; check the disk, and that it is this town's ledger") from error
    except BaseException:
        lock.release()
        raise


def named_by(database: Database, found: Touched) -> Touched:
    """With camera and time, as far as the catalogue can be asked."""
    with contextlib.suppress(sa.exc.SQLAlchemyError), database.read() as connection:
        return found.named(connection)
    return found


@contextlib.contextmanager
def _named(connection: sa.Connection) -> Iterator[None]:
    """Entries that are not as they were logged are told with camera and time."""
    try:
        yield
    except Touched as error:
        raise error.named(connection) from error


def _load(connection: sa.Connection, disk: Disk, folder: Path, identity: Identity) -> dict[LogKind, LogWriter]:
    """The latest pair of logs; the first one is made here."""
    rows = read_logs(connection)
    generation = rows[-1].generation if rows else 1
    logs: dict[LogKind, LogWriter] = {}
    for kind in KINDS:
        name = LogName(kind, generation)
        key, files = identity.key(name), LogFiles(disk, folder / str(name))
        row = next((row for row in rows if row.name == str(name)), None)
        if row is not None and row.origin != key.verifier.name:
            raise Invalid(f"ledger database: log {name} is {row.origin}, expected {key.verifier.name}: another town's")
        snapshot = load(connection, row) if row else insert_log(connection, str(name), generation, key)
        logs[kind] = LogWriter(files, key, snapshot, row.pruned if row else 0)
    return logs


def _check_signature(snapshot: Snapshot, key: VerifierKey) -> None:
    """The head bears our signature."""
    what = f"ledger database, log {snapshot.name}"
    with contextlib.suppress(Unproven):
        if key in snapshot.note.signed_by([key]):
            return
    raise Damaged(f"{what}: its head is not signed by {key}; is that the right signing key?")


def _check_entries(snapshot: Snapshot) -> None:
    """The rows of entries have the leaves that the rows of tiles say."""
    what = f"ledger database, log {snapshot.name}"
    pending = {tile.number: data for tile, data in snapshot.pending.items() if tile.level is None}
    rows = {number: (split_entries(data, WIDTH), snapshot.pending[Tile(0, number)]) for number, data in pending.items()}
    rows[snapshot.size // WIDTH] = (list(snapshot.tail), snapshot.edge[0] if snapshot.edge else b"")
    lines = {number * WIDTH + at: line for number, (found, _) in rows.items() for at, line in enumerate(found)}
    hashes = {number: split_tile(data, len(data) // HASH_LENGTH) for number, (_, data) in rows.items()}
    odd = [at for at, line in lines.items() if hashes[at // WIDTH][at % WIDTH] != leaf_hash(line)]
    if odd:
        raise Touched(f"{what}: rows of {len(odd)} entries are not those logged", snapshot.name, odd, lines)


def _check_files(snapshot: Snapshot, reader: LogReader) -> None:
    """The edge leads to the root; each level's last full tile has the hash above it, the last bundle its leaves."""
    if reader.root() != snapshot.head.root:
        raise Damaged(f"ledger, log {snapshot.name}: the right edge leads to another root than the head has")
    for level in reversed(range(len(snapshot.edge) - 1)):
        number = (snapshot.size >> 8 * (level + 1)) - 1
        if level or (number + 1) * WIDTH > snapshot.minimum:
            for tile in (Tile(level, number), *([] if level else [Tile(None, number)])):
                reader.check(snapshot, tile)


def _check_newest(log: LogWriter, names: Collection[str], identity: Identity, seen: Collection[Checkpoint]) -> None:
    """Raises `RolledBack` if any trace shows a larger tree, another one, or a later fork."""
    snapshot, files = log.snapshot, log.files
    origin, size = snapshot.head.origin, snapshot.size
    ours = identity.name_of(origin)
    for name in map(LogName.parse, names):
        if name and name.kind == ours.kind and name.generation > ours.generation:
            raise RolledBack(
                f"{origin}: there are files of {name}, from a fork that the database does not know; {_ADVICE}"
            )
    beyond = [Tile(level, size >> 8 * (level + 1)) for level in range(len(snapshot.edge) + 1)]
    for tile in (Tile(None, size // WIDTH), *beyond):
        if files.has(tile):
            raise RolledBack(f"{origin}: the database has {size} entries, but there is a full {tile}; {_ADVICE}")
    heads = [("was remembered", head) for head in seen]
    for how, file, data in (
        ("is published", "checkpoint", files.read_checkpoint()),
        ("was cosigned", "cosigned", files.read_cosigned()),
    ):
        if data is not None:
            heads.append((how, _published(data, file, log)))
    for how, head in heads:
        its = identity.name_of(head.origin)
        if its.kind != ours.kind or its.generation < ours.generation:
            continue
        if its != ours or head.size > size:
            raise RolledBack(
                f"{origin}: the database has {size} entries, but a head of {head.origin} with {head.size} {how};"
                f" {_ADVICE}"
            )
        try:
            root = log.reader.root(head.size)
        except Pruned:  # what it was over is gone
            continue
        if root != head.root:
            raise RolledBack(f"{origin}: a head of {head.size} entries that {how} has another root; {_ADVICE}")


def _published(data: bytes, file: str, log: LogWriter) -> Checkpoint:
    try:
        note = Note.parse(data)
        if log.key.verifier not in note.signed_by([log.key.verifier]):
            raise Unproven(f"not signed by {log.key.verifier}")
        return Checkpoint.parse(note.text)
    except Invalid as error:
        raise Damaged(
            f"{log.snapshot.name}/{file}: not a head that we published ({error});"
            " if the database is the newest one, remove this file"
        ) from error
