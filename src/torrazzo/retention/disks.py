# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The volumes on all disks as retention sees them: whole files, by name, size and header; never what is in them."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from torrazzo.archive.header import SIZE, VolumeHeader
from torrazzo.archive.root import open_root, volume_names
from torrazzo.base.errors import Damaged, Invalid, TorrazzoError
from torrazzo.durable import Disk
from torrazzo.keyring.public import KeyName
from torrazzo.retention.plan import Volume


class RootSeen(NamedTuple):
    """One disk root that is here."""

    path: Path
    free: int  # bytes
    volumes: tuple[Volume, ...]


class Found(NamedTuple):
    """One look at all of them."""

    roots: tuple[RootSeen, ...]
    away: Mapping[Path, str]  # roots that are not here, and why

    @property
    def volumes(self) -> tuple[Volume, ...]:
        """Of all."""
        return tuple(volume for root in self.roots for volume in root.volumes)


class Disks:
    """Remembers the volumes of past hours: they never grow again."""

    def __init__(self, disk: Disk, paths: Sequence[Path]) -> None:
        self._disk, self._paths = disk, paths
        self._known: dict[Path, dict[str, Volume]] = {}  # by root and name

    def look(self, hour: int) -> Found:
        """All that lies there, in this hour."""
        roots: list[RootSeen] = []
        away: dict[Path, str] = {}
        for path in self._paths:
            try:
                roots.append(self._look_at(path, hour))
            except (OSError, TorrazzoError) as error:
                away[path] = str(error)
        return Found(tuple(roots), away)

    def is_other(self, volume: Volume) -> bool:
        """Whether its header, which counts, says that it belongs to another hour or class than its name says."""
        file = self._disk.open_read(volume.folder / volume.name)
        try:
            header = VolumeHeader.unpack(file.read(0, SIZE))
        except Invalid:
            return False  # never begun, or damaged: the name is all there is
        finally:
            file.close()
        return (header.hour, header.retention_class) != volume.key

    def clear(self, paths: Iterable[Path]) -> None:
        """Remove volumes with their side indexes, for good on return; what is gone already is no error.

        The volume goes first: one that has lost its side index would look cut off, and be recovered.
        """
        folders: dict[Path, set[str]] = {}
        for path in paths:
            if path.parent not in folders:
                folders[path.parent] = set(self._disk.list(path.parent))
            for name in (path.name, f"{path.stem}.idx", f".{path.stem}.idx.new"):
                if name in folders[path.parent]:
                    self._disk.unlink(path.parent / name)
        for folder in folders:
            self._disk.sync_folder(folder)

    def _look_at(self, path: Path, hour: int) -> RootSeen:
        root = open_root(self._disk, path)
        known, volumes = self._known.get(path, {}), {}
        for name in volume_names(self._disk, root):
            volume = known.get(name)
            if volume is None or volume.key.hour >= hour - 1:
                volume = self._read(root.volumes, name)
            if volume is not None:
                volumes[name] = volume
        self._known[path] = volumes
        return RootSeen(path, self._disk.free_bytes(path), tuple(volumes.values()))

    def _read(self, folder: Path, name: str) -> Volume | None:
        """None for a file that is not ours."""
        try:
            header = VolumeHeader.from_name(name)
        except Invalid:
            return None
        try:
            file = self._disk.open_read(folder / name)
        except Damaged:  # a folder, a pipe
            return None
        try:
            return Volume(folder, name, KeyName(header.hour, header.retention_class), file.size())
        finally:
            file.close()
