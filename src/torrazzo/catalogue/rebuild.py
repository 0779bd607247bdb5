# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The catalogue out of the volumes: a new one, or what an old one lacks."""

import contextlib
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from torrazzo.archive import Root, VolumeReader
from torrazzo.base.errors import Damaged
from torrazzo.catalogue.harvest import Harvest
from torrazzo.catalogue.writer import CatalogueWriter, Delivered
from torrazzo.durable import Disk, OsDisk, move_into_place

BATCH = 2_000

Progress = Callable[[int, int], None]  # volumes read, volumes in all


class Rebuilt(NamedTuple):
    """What a rebuild found."""

    volumes: int
    facts: int
    damages: tuple[str, ...]


def rebuild(disk: Disk, roots: Sequence[Root], path: Path, progress: Progress | None = None) -> Rebuilt:
    """A new catalogue from the volumes alone, put in the place of the old one when it is complete.

    Nobody may be writing the old one. Readers that have it open see the new one at their next question.
    """
    new = path.with_name(f"{path.name}.new")
    _remove(new)
    with CatalogueWriter(new) as writer:
        found = _fill(writer, Harvest(disk, roots), progress, lambda _: True, lambda: False)
    _leave_wal(new)
    # The side files belong to the old file by name: a new file must never meet them.
    for suffix in ("-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            OsDisk().unlink(path.with_name(path.name + suffix))
    move_into_place(new, path)
    return found


def catch_up(
    disk: Disk,
    roots: Sequence[Root],
    writer: CatalogueWriter,
    is_stopping: Callable[[], bool] = lambda: False,
    progress: Progress | None = None,
) -> Rebuilt:
    """Take in what was recorded while nobody wrote the catalogue; reads only volumes that may hold something new."""
    harvest = Harvest(disk, roots)

    def is_wanted(path: Path) -> bool:
        try:
            with VolumeReader.open(disk, path) as reader:
                return writer.lacks(path.name, reader.summary())
        except (Damaged, OSError):
            return True  # the harvest tells why

    return _fill(writer, harvest, progress, is_wanted, is_stopping)


def _fill(
    writer: CatalogueWriter,
    harvest: Harvest,
    progress: Progress | None,
    is_wanted: Callable[[Path], bool],
    is_stopping: Callable[[], bool],
) -> Rebuilt:
    volumes = harvest.volumes()
    facts, passed_over = 0, []
    for done, volume in enumerate(volumes):
        if is_stopping():
            break
        if progress is not None:
            progress(done, len(volumes))
        if not is_wanted(volume.path):
            passed_over.append(volume.path)
            continue
        facts += _insert(writer, harvest.read(volume.path))
        if volume.is_indexed:
            writer.mark_read(volume.path.name)
    else:
        for path in passed_over:
            if harvest.may_complete(path):
                facts += _insert(writer, harvest.read(path))
        facts += _insert(writer, harvest.end())
        if progress is not None:
            progress(len(volumes), len(volumes))
    return Rebuilt(len(volumes), facts, tuple(harvest.damages))


def _insert(writer: CatalogueWriter, facts: Iterable[Delivered]) -> int:
    new, left = 0, iter(facts)
    while batch := list(islice(left, BATCH)):
        new += writer.insert(batch).new
    return new


def _remove(new: Path) -> None:
    """What an interrupted rebuild left."""
    for name in _with_sides(new):
        with contextlib.suppress(FileNotFoundError):
            OsDisk().unlink(name)


def _with_sides(path: Path) -> Iterator[Path]:
    for suffix in ("", "-wal", "-shm", "-journal"):
        yield path.with_name(path.name + suffix)


def _leave_wal(path: Path) -> None:
    """Make sure that the file alone is the whole catalogue: no side files."""
    database = sqlite3.connect(path, isolation_level=None)
    try:
        database.execute("PRAGMA journal_mode = DELETE")
    finally:
        database.close()
