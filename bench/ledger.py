# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""How fast the ledger takes facts in, proves them and starts, at the size of a week of 400 cameras.

It builds a ledger of so many facts in a temporary folder, in the batches of a busy town, and deletes it. The rival, in
turns with it, is SQLite alone: the same bytes, in the same batches, into a table of lines, as safely. In a folder that
is kept, it goes on from the facts that are there, so that the last million can be measured on a quiet machine.
"""

import argparse
import contextlib
import os
import random
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.machine import GIGA, median, save
from torrazzo.base import SegmentId, StreamId, TermId
from torrazzo.base.ids import CameraId, NodeId
from torrazzo.base.times import SECOND
from torrazzo.durable import OsDisk
from torrazzo.ledger.fact_index import RecEntry
from torrazzo.ledger.identity import Identity
from torrazzo.ledger.merkle import leaf_hash, verify_inclusion
from torrazzo.ledger.schema import sqlite_database
from torrazzo.ledger.start import open_ledger
from torrazzo.ledger.store import LedgerStore
from torrazzo.ledger.tiles import WIDTH, Tile

IDENTITY = Identity("bench.example.it", bytes(32), bytes(31) + b"\1")
ENTRIES = 24_000_000
CAMERAS = 400
PROOFS = 1_000
STARTS = 5
TURN = 50  # batches of the ledger, then one tenth of that of the rival
ROOM = 2 * GIGA
LEAST_PER_S = 10_000
LIMITS = {"inclusion_ms_median": 2.0, "inclusion_ms_p99": 2.0, "start_s_longest": 2.0}


def arguments(words: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="./dev bench ledger", description=__doc__.splitlines()[0])
    parser.add_argument("--entries", type=int, default=ENTRIES, help="facts in all")
    parser.add_argument("--batch", type=int, default=4_000, help="facts in a transaction (100 s of 400 cameras)")
    parser.add_argument("--bytes", type=int, default=300, help="of a fact")
    parser.add_argument("--folder", type=Path, help="where it is built (default: a temporary folder)")
    parser.add_argument("--keep", type=Path, help="build in this folder, go on from what is in it, and leave it there")
    parser.add_argument("--json", type=Path, help="result file (default: bench/results/ledger.json)")
    return parser.parse_args(words)


def batches(options: argparse.Namespace, there: int) -> Iterator[list[RecEntry]]:
    """Facts of many cameras, in the order in which they come, after as many as are there."""
    dice = random.Random(1)
    rubbish = dice.randbytes(1 << 16).hex().encode()
    streams = [StreamId(CameraId(f"{number:016x}"), "main") for number in range(CAMERAS)]
    term = TermId(NodeId(7), 1, 0)
    for start in range(there, options.entries, options.batch):
        batch = []
        for number in range(start, min(start + options.batch, options.entries)):
            n, camera = divmod(number, CAMERAS)
            at, t0 = dice.randrange(1 << 16), n * 10 * SECOND
            line = (b"%024d" % number + rubbish[at : at + options.bytes])[: options.bytes]
            batch.append(RecEntry(line, SegmentId(streams[camera], term, n), t0, t0 + 10 * SECOND, "seg"))
        yield batch


@contextlib.contextmanager
def opened(folder: Path) -> Iterator[LedgerStore]:
    """The store, for the block."""
    with (
        contextlib.closing(sqlite_database(folder / "ledger.db")) as database,
        open_ledger(database, OsDisk(), folder / "ledger", IDENTITY) as store,
    ):
        yield store


class Rival:
    """SQLite and nothing else."""

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path, isolation_level=None)
        for statement in (
            "PRAGMA journal_mode = WAL",
            "PRAGMA synchronous = FULL",
            "CREATE TABLE IF NOT EXISTS entry (i INTEGER PRIMARY KEY, line BLOB NOT NULL)",
        ):
            self._database.execute(statement)

    def insert(self, batch: Sequence[RecEntry]) -> float:
        """Seconds for one transaction."""
        rows = [(each.line,) for each in batch]
        begun = time.perf_counter()
        self._database.execute("BEGIN IMMEDIATE")
        self._database.executemany("INSERT INTO entry (line) VALUES (?)", rows)
        self._database.execute("COMMIT")
        return time.perf_counter() - begun

    def close(self) -> None:
        """Release the file."""
        self._database.close()


def fill(folder: Path, options: argparse.Namespace) -> dict[str, float]:
    """Build it; rates over each turn."""
    ours: list[float] = []
    theirs: list[float] = []
    longest = 0.0
    with opened(folder) as store, contextlib.closing(Rival(folder / "rival.db")) as rival:
        spent, taken = 0.0, 0
        for number, batch in enumerate(batches(options, store.rec.head.size), 1):
            begun = time.perf_counter()
            store.append(batch)
            took = time.perf_counter() - begun
            spent, taken, longest = spent + took, taken + len(batch), max(longest, took)
            if number % TURN == 0 or store.rec.head.size == options.entries:
                ours.append(taken / spent)
                theirs.append(len(batch) / median(rival.insert(batch) for _ in range(TURN // 10)))
                print(f"{store.rec.head.size:>10,} facts  {ours[-1]:8,.0f}/s  SQLite alone {theirs[-1]:9,.0f}/s")
                spent, taken = 0.0, 0
    return {
        "facts_per_s": round(median(ours)),
        "facts_per_s_slowest_turn": round(min(ours)),
        "longest_batch_ms": round(longest * 1e3, 1),
        "sqlite_alone_per_s": round(median(theirs)),
        "ratio_to_sqlite_alone": round(median(a / b for a, b in zip(ours, theirs, strict=True)), 3),
    }


def prove(folder: Path) -> dict[str, float]:
    """Inclusion proofs of entries drawn by lot, each verified after it was timed; and consistency proofs.

    Cold: what the proof reads of the lowest level is not in memory, as for an entry of days ago.
    """
    dice = random.Random(2)
    found: dict[str, list[float]] = {"inclusion": [], "inclusion_cold": [], "consistency": []}
    with opened(folder) as store:
        log, head = store.rec, store.rec.head
        for number in range(2 * PROOFS):
            index = dice.randrange(head.size)
            is_cold = number % 2 == 1
            if is_cold:
                drop_cached(folder / "ledger" / "rec" / str(Tile(0, index // WIDTH)))
            begun = time.perf_counter()
            path = log.inclusion(index)
            found["inclusion_cold" if is_cold else "inclusion"].append((time.perf_counter() - begun) * 1e3)
            (line,) = log.entries(index, index + 1)
            verify_inclusion(leaf_hash(line), index, head.size, path, head.root)
            begun = time.perf_counter()
            log.consistency(index + 1)
            found["consistency"].append((time.perf_counter() - begun) * 1e3)
    told: dict[str, float] = {}
    for name, took in found.items():
        told[f"{name}_ms_median"] = round(median(took), 3)
        told[f"{name}_ms_p99"] = round(sorted(took)[len(took) * 99 // 100], 3)
    return told


def drop_cached(path: Path) -> None:
    """Its bytes leave the page cache; the last tile is in no file."""
    with contextlib.suppress(FileNotFoundError):
        file = os.open(path, os.O_RDONLY)
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(file)


def start(folder: Path) -> dict[str, float]:
    """Opening it, verified, until it can append."""
    took = []
    for _ in range(STARTS):
        begun = time.perf_counter()
        with opened(folder):
            took.append(time.perf_counter() - begun)
    return {"start_s_median": round(median(took), 3), "start_s_longest": round(max(took), 3)}


def sizes(folder: Path, entries: int) -> dict[str, float]:
    """Bytes on disk for each fact."""
    database = (folder / "ledger.db").stat().st_size
    files = sum(path.stat().st_size for path in (folder / "ledger").rglob("*") if path.is_file())
    return {"database_bytes_per_fact": round(database / entries, 1), "file_bytes_per_fact": round(files / entries, 1)}


def main(words: Sequence[str]) -> int:
    """Run it."""
    options = arguments(words)
    if options.keep is None:
        folder = Path(tempfile.mkdtemp(prefix="torrazzo-ledger-", dir=options.folder))
    else:
        folder = options.keep
        folder.mkdir(parents=True, exist_ok=True)
    try:
        needed = ROOM + options.entries * (options.bytes + 300) + options.entries * options.bytes // 8
        free = shutil.disk_usage(folder).free
        if free < needed:
            raise SystemExit(f"{folder}: {free / GIGA:.1f} GiB free; this needs {needed / GIGA:.1f}")
        result: dict[str, float] = {"entries": options.entries, "batch": options.batch, "bytes": options.bytes}
        with opened(folder) as store:
            result["entries_measured"] = options.entries - store.rec.head.size
        result |= fill(folder, options)
        result |= start(folder)
        result |= prove(folder)
        result |= sizes(folder, options.entries)
    finally:
        if options.keep is None:
            shutil.rmtree(folder)
    for name, value in result.items():
        print(f"{name:26} {value}")
    print(f"written: {save({**result, 'limits': LIMITS}, 'ledger', options.json)}")
    is_met = all(result[name] <= most for name, most in LIMITS.items()) and result["facts_per_s"] >= LEAST_PER_S
    return 0 if is_met else 1
