# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""All full tiles and bundles of the logs, held against their heads: by the ledger as it runs, or where none runs.

Entering and signing need none but the last of them, which the start looks at. One that is not as it was written hides
its entries, and what is proven with it; the rest goes on, and people are told log, file, entries, cameras and time.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import sqlalchemy as sa
import structlog

from torrazzo.base.clock import Clock
from torrazzo.base.errors import Damaged, TorrazzoError
from torrazzo.durable import Disk
from torrazzo.ledger.errors import Pruned
from torrazzo.ledger.files import LogFiles
from torrazzo.ledger.log_rows import load, read_logs
from torrazzo.ledger.reader import LogReader
from torrazzo.ledger.schema import Database, sqlite_database
from torrazzo.ledger.snapshot import Snapshot
from torrazzo.ledger.start import named_by
from torrazzo.ledger.tiles import WIDTH, Tile
from torrazzo.ledger.touched import Touched

LOOK_S = 60.0  # what was not good is looked at again
MOST_KEPT = 100  # of those that are told; more are counted with the next look

_AGAIN_NS = 86_400 * 1_000_000_000  # all are read once a day
_REST_S = 0.05  # before each bundle: others get to work

log = structlog.get_logger(__name__)


def check_files(reader: LogReader, rest: Callable[[], object] = lambda: None) -> Iterator[Touched]:
    """Those of one log that are not what the head has, from the top down; `rest` is called before each bundle.

    What lies below a tile that is not good itself cannot be judged by it, and is not told of.
    """
    snapshot = reader.snapshot()
    for level in reversed(range(len(snapshot.edge) - 1)):
        first = 0 if level else snapshot.minimum // WIDTH
        for number in range(first, snapshot.size >> 8 * (level + 1)):
            if level == 0:
                rest()
            for tile in (Tile(level, number), *([] if level else [Tile(None, number)])):
                found = check_file(reader, tile)
                if found is not None:
                    yield found


def check_file(reader: LogReader, tile: Tile) -> Touched | None:
    """One of them, if it is not good; None also where it is pruned, or what it is held against is not good itself."""
    snapshot = reader.snapshot()
    if not tile.level and tile.entries.stop <= snapshot.minimum:
        return None
    try:
        reader.check(snapshot, tile)
    except Pruned:
        return None
    except Touched as error:
        return error if error.file == str(tile) else None
    return None


class FileWatch:
    """Of one opened ledger; `run` is one thread's."""

    def __init__(self, readers: Sequence[LogReader], clock: Clock, rest_s: float = _REST_S) -> None:
        self._readers, self._clock, self._rest_s = {each.snapshot().name: each for each in readers}, clock, rest_s
        self._found: dict[tuple[str, str], Touched] = {}

    def status(self) -> list[Mapping[str, object]]:
        """What is not good, as far as it was looked at."""
        return [values_of(each) for each in list(self._found.values())]

    def run(self, stop: threading.Event) -> None:
        """Until `stop`."""
        while not stop.is_set():
            try:
                self.walk(stop)
                until = self._clock.boot_ns() + _AGAIN_NS
                while not stop.wait(LOOK_S) and self._clock.boot_ns() < until:
                    self.look_again()
            except (TorrazzoError, OSError) as error:
                log.warning("ledger_files_not_read", error=str(error))
                stop.wait(LOOK_S)

    def walk(self, stop: threading.Event) -> None:
        """Read all once."""
        self.look_again()
        for name, reader in self._readers.items():
            for found in check_files(reader, lambda: stop.wait(self._rest_s)):
                if (name, str(found.file)) not in self._found and len(self._found) < MOST_KEPT:
                    self._found[name, str(found.file)] = found
                    log.error("ledger_file_damaged", what=str(found))
                if stop.is_set():
                    return

    def look_again(self) -> None:
        """At what was not good: it may have been put back."""
        for (name, file), found in list(self._found.items()):
            if check_file(self._readers[name], Tile.parse(file)) is None:
                del self._found[name, file]
                log.info("ledger_file_good_again", log=found.log, file=found.file)


def values_of(found: Touched) -> Mapping[str, object]:
    """For `GET /status`."""
    return {
        "log": found.log,
        "file": found.file,
        "first": found.entries[0],
        "last": found.entries[-1],
        "streams": found.told.stream,
        "from": found.told.at,
        "to": found.told.until,
        "what": str(found),
    }


def check_ledger(
    path: Path, disk: Disk, folder: Path, progress: Callable[[float], object] = lambda _: None
) -> Iterator[Touched]:
    """What of a ledger is not as it was written: its rows, its files; whether one runs there or not.

    Raises `Damaged` for a database of which nobody can say which entries that concerns.
    """
    try:
        with _filed_logs(path, disk, folder) as readers:
            total, done = sum(_bundles(reader) for reader in readers), 0

            def step() -> None:
                nonlocal done
                done += 1
                progress(done / max(1, total))

            for reader in readers:
                yield from check_files(reader, step)
    except Touched as error:
        yield error


def _bundles(reader: LogReader) -> int:
    snapshot = reader.snapshot()
    return snapshot.size // WIDTH - snapshot.minimum // WIDTH


@contextlib.contextmanager
def _filed_logs(path: Path, disk: Disk, folder: Path) -> Iterator[Sequence[LogReader]]:
    """The present pair, read out of database and folder. Nothing is written."""
    if not path.exists():
        yield []
        return
    with contextlib.closing(sqlite_database(path)) as database:
        try:
            readers = [_reader(disk, folder, snapshot, database) for snapshot in _snapshots(database)]
        except sa.exc.SQLAlchemyError as error:
            raise Damaged(f"{path}: {error}; put its last copy back") from error
        yield readers


def _snapshots(database: Database) -> list[Snapshot]:
    """Of the logs of the latest generation, all at one moment."""
    with database.read() as connection:
        connection.exec_driver_sql("BEGIN")
        try:
            rows = read_logs(connection)
            return [load(connection, row) for row in rows if row.generation == rows[-1].generation]
        except Touched as error:
            raise error.named(connection) from error
        finally:
            connection.rollback()


def _reader(disk: Disk, folder: Path, snapshot: Snapshot, database: Database) -> LogReader:
    reader = LogReader(LogFiles(disk, folder / snapshot.name), lambda: snapshot)
    reader.named = partial(named_by, database)
    return reader
