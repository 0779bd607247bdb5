# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The two logs `rec` and `act`: one writer, any number of readers.

A batch becomes one transaction: entries, right edge, catalogue rows and signed heads. What it made full is written to
files after the commit, and its rows are deleted in the next transaction. So no file holds what was not committed, and a
crash between any two steps leaves rows from which the next start goes on (start.py).
"""

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from torrazzo.base import SegmentId
from torrazzo.base.closing import Closing
from torrazzo.base.errors import Damaged, Invalid, Stopped
from torrazzo.durable import Lock
from torrazzo.ledger.fact_index import FactIndex, FactRow, Placed, RecEntry
from torrazzo.ledger.files import LogFiles
from torrazzo.ledger.identity import KINDS, LogKind
from torrazzo.ledger.key import SigningKey
from torrazzo.ledger.log_rows import check_alone, check_lines, drop_filed, grown, write
from torrazzo.ledger.merkle import leaf_hash
from torrazzo.ledger.note import Note
from torrazzo.ledger.reader import LogReader
from torrazzo.ledger.schema import LOG, Database
from torrazzo.ledger.snapshot import Snapshot
from torrazzo.ledger.tiles import WIDTH


class Appended(NamedTuple):
    """What a batch became, once it is on disk."""

    rec: tuple[Placed, ...]  # as they were given
    act: range  # indexes
    notes: dict[LogKind, Note]  # the signed heads


class LogWriter:
    """One of the two in the writer's hands."""

    def __init__(self, files: LogFiles, key: SigningKey, snapshot: Snapshot, pruned: int) -> None:
        self.files, self.key, self.snapshot, self.pruned = files, key, snapshot, pruned
        self._rows_from = snapshot.filed
        self.reader = LogReader(files, lambda: self.snapshot)

    def append(self, connection: sa.Connection, entries: Sequence[tuple[bytes, bytes]]) -> Snapshot:
        """Write the rows of more entries, each given with its leaf; returns what the log is once that is committed."""
        if not entries:
            return self.snapshot
        self._tidy(connection)
        made = grown(self.snapshot, entries, self.key)
        write(connection, self.snapshot, made, entries)
        return made.snapshot

    def begin_at(self, connection: sa.Connection, minimum: int) -> Snapshot:
        """Write the row of another minimum index; returns what the log is once that is committed."""
        self._tidy(connection)  # else the next start writes files again that are pruned by then
        connection.execute(sa.update(LOG).where(LOG.c.name == self.snapshot.name).values(minimum=minimum))
        return self.snapshot._replace(minimum=minimum)

    def _tidy(self, connection: sa.Connection) -> None:
        """Delete the rows of what is in files."""
        if self._rows_from < self.snapshot.filed:
            drop_filed(connection, self.snapshot.name, self._rows_from, self.snapshot.filed)

    def commit(self, snapshot: Snapshot) -> bool:
        """That is what it is now; returns whether it is something new."""
        if snapshot is self.snapshot:
            return False
        self._rows_from, self.snapshot = self.snapshot.filed, snapshot
        return True

    def put_files(self) -> None:
        """Write what is full and in no file, then publish the head: who reads that finds what is below it."""
        for tile, data in self.snapshot.pending.items():
            try:
                self.files.put(tile, data)
            except Damaged as error:
                raise self.reader.touched(self.snapshot, tile, str(error)) from error
        filed = self.snapshot.size // WIDTH * WIDTH
        self.snapshot = self.snapshot._replace(pending={}, filed=filed)
        self.files.publish_checkpoint(self.snapshot.note.pack())


class LedgerStore(Closing):
    """Open it with `start.open_ledger`. Every method may be called by any thread.

    After a failed write nobody knows what is stored: then all that writes raises `Stopped`, until the next start.
    """

    def __init__(self, database: Database, facts: FactIndex, logs: dict[LogKind, LogWriter], lock: Lock) -> None:
        self._database, self._facts, self._logs, self._held = database, facts, logs, lock
        self._mutex = threading.RLock()
        self._stopped: str | None = None

    @property
    def rec(self) -> LogReader:
        """What was recorded."""
        return self._logs["rec"].reader

    @property
    def act(self) -> LogReader:
        """What was done with it."""
        return self._logs["act"].reader

    def append(
        self,
        rec: Sequence[RecEntry] = (),
        act: Sequence[bytes] = (),
        committed: Callable[[range], None] = lambda _: None,
    ) -> Appended:
        """Enter a batch; returns when it is on disk, with the heads that include it, and what it made full is filed.

        A fact that is known is not entered again; one with a known identity and other bytes is not entered at all.
        `committed` is told the indexes in `act` as soon as nothing can undo them, and proofs can be asked for.
        """
        check_lines((*(fact.line for fact in rec), *act))
        with self._writing():
            first = self._logs["act"].snapshot.size
            with self._database.write() as connection:
                check_alone(connection, [log.snapshot for log in self._logs.values()])
                placement = self._facts.place(connection, rec, self._logs["rec"].snapshot.size)
                deeds = [(line, leaf_hash(line)) for line in act]
                made = {
                    "rec": self._logs["rec"].append(connection, placement.entries),
                    "act": self._logs["act"].append(connection, deeds),
                }
            grown = [log for kind, log in self._logs.items() if log.commit(made[kind])]
            committed(range(first, first + len(act)))
            for log in grown:
                log.put_files()
            notes = {kind: log.snapshot.note for kind, log in self._logs.items()}
        return Appended(placement.placed, range(first, first + len(act)), notes)

    def index_of(self, fact: SegmentId) -> int | None:
        """Of a fact in `rec`; None if it is not there, `Pruned` if it was."""
        row = self.find(fact)
        return None if row is None else row.entry_index

    def indexes_of(self, facts: Sequence[SegmentId]) -> dict[SegmentId, int]:
        """Of those that are in `rec`; raises `Pruned` if one was."""
        return self._facts.indexes(facts)

    def find(self, fact: SegmentId) -> FactRow | None:
        """What the catalogue has of a fact; as `index_of`."""
        return self._facts.find(fact)

    def first_index(self, day: int) -> int:
        """The lowest index in `rec` of a fact that began on this day (since 1970, UTC) or later; its size if none."""
        found = self._facts.first_index(day)
        return self.rec.head.size if found is None else found

    def prune(self, kind: LogKind, minimum: int, told: Sequence[bytes] = ()) -> None:
        """Give out nothing below this index any more, and delete what lies wholly below it but tiles of level >= 1.

        When an entry may go is the caller's affair. `told` enters `act` in the transaction that sets the minimum: what
        is left of the entries. A failure half way leaves files that the next call, or the next start, removes.
        """
        check_lines(told)
        log = self._logs[kind]
        with self._mutex:
            if not log.snapshot.minimum <= minimum <= log.snapshot.size:
                raise Invalid(
                    f"minimum index {minimum}: {log.snapshot.head.origin} begins at {log.snapshot.minimum}"
                    f" and has {log.snapshot.size} entries"
                )
            with self._writing():
                with self._database.write() as connection:
                    check_alone(connection, [log.snapshot for log in self._logs.values()])
                    grown = self._logs["act"].append(connection, [(line, leaf_hash(line)) for line in told])
                    begun = log.begin_at(connection, minimum)
                made = {"act": grown, kind: grown._replace(minimum=minimum) if kind == "act" else begun}
                for name, snapshot in made.items():
                    self._logs[name].commit(snapshot)
                if told:
                    self._logs["act"].put_files()
        self.finish_pruning()

    def finish_pruning(self) -> None:
        """Delete what is below the minimum and still there."""
        for kind in KINDS:
            log = self._logs[kind]
            minimum = log.snapshot.minimum
            if log.pruned == minimum:
                continue
            log.files.let_go(log.pruned // WIDTH, minimum // WIDTH)
            is_more = kind == "rec"
            while is_more:
                with self._writing(), self._database.write() as connection:
                    is_more = self._facts.forget(connection, minimum)
            with self._writing(), self._database.write() as connection:
                connection.execute(sa.update(LOG).where(LOG.c.name == log.snapshot.name).values(pruned=minimum))
            log.pruned = minimum

    def close(self) -> None:
        """Release database and folder; may be called twice."""
        with self._mutex:
            self._stopped = self._stopped or "it was closed"
            self._database.close()
            self._held.release()

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        with self._mutex:
            if self._stopped is not None:
                raise Stopped(f"ledger: {self._stopped}; start it again")
            try:
                yield
            except (sa.exc.SQLAlchemyError, OSError) as error:
                self._stopped = f"a write failed: {error}"
                raise Stopped(f"ledger: {self._stopped}; start it again") from error
            except BaseException as error:
                self._stopped = f"a write was broken off: {error!r}"
                raise
