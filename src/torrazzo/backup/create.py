# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A backup of a home, also while it is served.

1. Copies of the databases, each of one moment. 2. The ledger's files below the copy's own size: those never change. 3.
What people wrote. 4. Keys and passwords, if the file is encrypted. 5. The manifest. 6. The file gets its name.
"""

import contextlib
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from torrazzo import __version__
from torrazzo.backup.contents import databases, secrets, settings
from torrazzo.backup.copies import CopiedLog, copied_logs, copy_database
from torrazzo.backup.manifest import Manifest
from torrazzo.backup.tarball import TarWriter
from torrazzo.base.clock import Clock
from torrazzo.base.errors import Refused, Unavailable
from torrazzo.durable import Disk, DiskFile, move_into_place
from torrazzo.town.home import Home, Settings, load_settings

WORK = "backup"  # in `run`: the copies, while they are needed

_ATTEMPTS = 3  # the ledger may prune files between 1 and 2
_ANCHOR = re.compile(r"(?:rec|act)-([1-9][0-9]{0,18})\..+", re.ASCII)


class Created(NamedTuple):
    """A backup that is safely there."""

    path: Path
    size: int
    files: int
    is_encrypted: bool


def create_backup(
    home: Home,
    disk: Disk,
    clock: Clock,
    out: Path,
    recipients: Sequence[str] = (),
    told: Callable[[int], None] = lambda _: None,
) -> Created:
    """`recipients` are public keys of age; `told` hears how many bytes were read.

    Raises `Refused` if `out` exists or another backup is being made.
    """
    if out.exists():
        raise Refused(f"{out} exists; choose another name")
    town = load_settings(home)
    disk.make_folder(home.run)
    with disk.lock(home.run / "backup.lock"):
        for attempt in range(1, _ATTEMPTS + 1):
            making = _Making(home, disk, clock, town, told)
            try:
                return making.make(out, recipients)
            except FileNotFoundError as error:
                if attempt == _ATTEMPTS:
                    raise Unavailable(f"{error.filename}: gone while it was copied; try again") from error
            finally:
                making.clean(out)
    raise AssertionError("unreachable")


class _Making:
    def __init__(self, home: Home, disk: Disk, clock: Clock, town: Settings, told: Callable[[int], None]) -> None:
        self._home, self._disk, self._town, self._told = home, disk, town, told
        self._created = clock.utc()
        self._work = home.run / WORK
        self._copies: dict[str, Path] = {}

    def make(self, out: Path, recipients: Sequence[str]) -> Created:
        self.clean(out)
        self._disk.make_folder(self._work)
        for name in databases(self._home):  # 1
            self._copies[name] = self._work / name.replace("/", "-")
            copy_database(self._disk, self._home.path / name, self._copies[name])
        ledger = self._copies.get(self._home.ledger_db.name)
        logs = [] if ledger is None else copied_logs(ledger)
        new = _new(out)
        with contextlib.closing(self._disk.create(new)) as file:
            sink = _Sink(file)
            writer: list[TarWriter] = []

            def write(target: BinaryIO) -> None:
                writer.append(self._write(target, logs, has_secrets=bool(recipients)))

            if recipients:
                from torrazzo.durable.age import encrypt

                encrypt(write, sink, recipients)
            else:
                write(cast("BinaryIO", sink))
            file.sync()
        move_into_place(new, out)  # 6
        return Created(out, sink.size, len(writer[0].files), bool(recipients))

    def clean(self, out: Path) -> None:
        """Leave no copy, and no half of a backup."""
        for path in (_new(out), *(self._work.iterdir() if self._work.is_dir() else ())):
            with contextlib.suppress(FileNotFoundError):
                self._disk.unlink(path)

    def _write(self, target: BinaryIO, logs: Sequence[CopiedLog], *, has_secrets: bool) -> TarWriter:
        with TarWriter(target) as tar:
            for name, copy in self._copies.items():
                tar.add(name, copy, self._told)
            for log in logs:  # 2
                self._add_log(tar, log)
            for name in (*settings(self._home), *(secrets(self._home) if has_secrets else ())):  # 3, 4
                tar.add(name, self._home.path / name, self._told)
            heads = {log.name: log.text for log in logs}
            town, node = self._town.name, f"{self._town.node:08x}"
            tar.end(Manifest(self._created, town, node, __version__, has_secrets, heads, tar.files))  # 5
        return tar

    def _add_log(self, tar: TarWriter, log: CopiedLog) -> None:
        folder = self._home.ledger / log.name
        for name in log.tiles():
            tar.add(f"ledger/{log.name}/{name}", folder / name, self._told)
        anchors = folder / "anchors"
        for path in sorted(anchors.iterdir()) if anchors.is_dir() else ():
            found = _ANCHOR.fullmatch(path.name)
            if found and int(found[1]) <= log.size:  # a later head would say that the copy is old
                tar.add(f"ledger/{log.name}/anchors/{path.name}", path, self._told)
        tar.add_bytes(f"ledger/{log.name}/checkpoint", log.note)


class _Sink:
    """A growing file as something that is written to."""

    def __init__(self, file: DiskFile) -> None:
        self._file = file
        self.size = 0

    def write(self, data: bytes) -> int:
        self.size += self._file.append([data])
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""


def _new(out: Path) -> Path:
    return out.with_name(f".{out.name}.new")
