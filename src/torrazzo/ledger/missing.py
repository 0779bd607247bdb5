# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What an older ledger put back lacks: facts that stand in the volumes, and were entered behind its end."""

from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa

from torrazzo.base import StreamId, TermId
from torrazzo.base.errors import TorrazzoError
from torrazzo.durable import Disk
from torrazzo.ledger.errors import RolledBack
from torrazzo.ledger.schema import FACT, LINEAGE, Database
from torrazzo.ledger.touched import Told
from torrazzo.ledger.volumes import Search


class FactsMissing(RolledBack):
    """With the cameras and the time that the lost entries told of, as far as the volumes have them still."""

    def __init__(self, error: RolledBack, told: Told, count: int) -> None:
        super().__init__(f"{error} ({count} facts that stand in the volumes are not in it: {told})")
        self.told = told


def naming(error: RolledBack, database: Database, disk: Disk, paths: Sequence[Path]) -> RolledBack:
    """The same, with what is missing; as it was where nothing is, or nobody can tell.

    Reads the volumes that may hold such, which takes as long as catching up does: once for each error.
    """
    try:
        return _named(error, database, disk, paths)
    except (TorrazzoError, OSError, sa.exc.SQLAlchemyError):
        return error


def _named(error: RolledBack, database: Database, disk: Disk, paths: Sequence[Path]) -> RolledBack:
    ends = _Ends(database)
    streams: set[str] = set()
    first, last, count = 0, 0, 0
    for fact in Search(disk, paths, ends.lacks).facts():
        until = fact.t0 if fact.t1 is None else fact.t1
        first, last = (min(first, fact.t0), max(last, until)) if count else (fact.t0, until)
        streams.add(str(fact.stream))
        count += 1
    return FactsMissing(error, Told(",".join(sorted(streams)), first, last), count) if count else error


class _Ends:
    """How far each term goes in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[tuple[StreamId, TermId], int] = {}

    def lacks(self, stream: StreamId, term: TermId, n: int) -> bool:
        """Whether a fact is behind that."""
        key = (stream, term)
        if key not in self._known:
            self._known[key] = self._read(stream, term)
        return n > self._known[key]

    def _read(self, stream: StreamId, term: TermId) -> int:
        is_ours = sa.and_(LINEAGE.c.stream == str(stream), LINEAGE.c.term == str(term))
        with self._database.read() as connection:
            lineage = connection.execute(sa.select(LINEAGE.c.id, LINEAGE.c.floor).where(is_ours)).one_or_none()
            if lineage is None:
                return -1
            last = sa.select(sa.func.coalesce(sa.func.max(FACT.c.n), -1)).where(FACT.c.lineage == lineage.id)
            return max(int(connection.execute(last).scalar_one()), int(lineage.floor))
