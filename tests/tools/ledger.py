# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A town's ledger for tests: its facts, its store over a database and a disk, and a tree to hold it against."""

import contextlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path

import sqlalchemy as sa

from torrazzo.base import SegmentId, StreamId, TermId
from torrazzo.base.ids import CameraId, NodeId
from torrazzo.base.times import SECOND
from torrazzo.durable import Disk
from torrazzo.ledger.checkpoint import Checkpoint
from torrazzo.ledger.fact_index import DAY, RecEntry
from torrazzo.ledger.identity import Identity
from torrazzo.ledger.merkle import leaf_hash, root_of, verify_consistency, verify_inclusion
from torrazzo.ledger.reader import LogReader
from torrazzo.ledger.schema import Database, sqlite_database
from torrazzo.ledger.start import open_ledger
from torrazzo.ledger.store import LedgerStore

TOWN = "torrazzo.example.it"
IDENTITY = Identity(TOWN, bytes(32), bytes(31) + b"\1")
FOLDER = Path("/ledger")
TODAY = 20_000  # days since 1970


def stream(number: int) -> StreamId:
    return StreamId(CameraId(f"{number:016x}"), "main")


def fact(n: int, *, camera: int = 1, fence: int = 1, day: int = TODAY, text: str = "") -> RecEntry:
    """One numbered fact; the same arguments give the same bytes."""
    t0 = day * DAY + n * 10 * SECOND
    fact_id = SegmentId(stream(camera), TermId(NodeId(7), fence, day * DAY), n)
    line = b'{"v":1,"kind":"seg","stream":"%s","n":%d,"t":"%s"}' % (str(fact_id.stream).encode(), n, text.encode())
    return RecEntry(line, fact_id, t0, t0 + 10 * SECOND, "seg")


def facts(count: int, *, first: int = 0, camera: int = 1, day: int = TODAY) -> list[RecEntry]:
    return [fact(n, camera=camera, day=day) for n in range(first, first + count)]


def deeds(count: int, first: int = 0) -> list[bytes]:
    return [b'{"v":1,"kind":"view","x":%d}' % n for n in range(first, first + count)]


@contextlib.contextmanager
def opened(path: Path, disk: Disk, seen: Collection[Checkpoint] = (), folder: Path = FOLDER) -> Iterator[LedgerStore]:
    """The store over the SQLite database `path`, for the block."""
    with contextlib.closing(sqlite_database(path)) as database, over(database, disk, seen, folder) as store:
        yield store


@contextlib.contextmanager
def over(
    database: Database, disk: Disk, seen: Collection[Checkpoint] = (), folder: Path = FOLDER
) -> Iterator[LedgerStore]:
    """The store over this database, for the block."""
    with open_ledger(database, disk, folder, IDENTITY, seen) as store:
        yield store


def lines(batch: Iterable[RecEntry]) -> list[bytes]:
    return [each.line for each in batch]


def check_log(log: LogReader, entries: Sequence[bytes], *, indexes: Iterable[int] | None = None) -> None:
    """The log has exactly these entries, under a head of ours; proofs for these indexes hold (by default a few)."""
    size = len(entries)
    leaves = list(map(leaf_hash, entries))
    head = log.head
    assert (head.size, head.root) == (size, root_of(leaves))
    assert Checkpoint.parse(log.note.text) == head
    log.note.signed_by([IDENTITY.key(IDENTITY.name_of(head.origin)).verifier])
    assert list(log.entries(log.minimum, size)) == list(entries[log.minimum :])
    some = {log.minimum, size // 2, size - 1, size // 256 * 256} if indexes is None else set(indexes)
    for index in sorted(index for index in some if log.minimum <= index < size):
        verify_inclusion(leaves[index], index, size, log.inclusion(index), head.root)
        if index:
            verify_consistency(index, root_of(leaves[:index]), size, head.root, log.consistency(index))


def fail_at(database: Database, step: int) -> list[str]:
    """The `step`-th statement or commit of the writer fails before it is done; returns what came by."""
    seen: list[str] = []

    def count(what: str) -> None:
        seen.append(what)
        if len(seen) == step:
            raise sa.exc.OperationalError(what, {}, OSError("the database fails"))

    sa.event.listen(database._writer, "before_cursor_execute", lambda *args: count(args[2]))
    sa.event.listen(database._writer, "commit", lambda _: count("COMMIT"))
    return seen
