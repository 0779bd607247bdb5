# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The files of one log, in the layout of C2SP tlog-tiles: full tiles and bundles, `checkpoint`, and `cosigned`.

A full one never changes: it is written, synced and renamed into place once, and what stands there is left alone.
"""

import contextlib
from pathlib import Path

from torrazzo.base.errors import Damaged
from torrazzo.durable import Disk, read_whole
from torrazzo.ledger.tiles import WIDTH, Tile


class LogFiles:
    """Below `folder`; made as they come. Reading is for any thread."""

    def __init__(self, disk: Disk, folder: Path) -> None:
        self._disk, self._folder = disk, folder
        self._ready: set[Path] = set()

    def read(self, tile: Tile) -> bytes:
        """A full one; FileNotFoundError if it is not there."""
        return read_whole(self._disk, self._folder / str(tile))

    def has(self, tile: Tile) -> bool:
        """Whether it is there."""
        with contextlib.suppress(FileNotFoundError):
            self._disk.open_read(self._folder / str(tile)).close()
            return True
        return False

    def put(self, tile: Tile, data: bytes) -> None:
        """Return when this one is safely there; raises `Damaged` if it is, with other bytes."""
        assert tile.width == WIDTH, "narrower ones change"
        path = self._folder / str(tile)
        self._make_ready(path.parent)
        try:
            found = read_whole(self._disk, path)
        except FileNotFoundError:
            self._disk.publish(path, data)
            return
        if found != data:
            raise Damaged(f"{path}: not what the database has; one of the two was changed, or is of another history")
        self._disk.sync_folder(path.parent)  # it was renamed, and then we died: its name may not be safe

    def read_checkpoint(self) -> bytes | None:
        """The signed head that was published last."""
        with contextlib.suppress(FileNotFoundError):
            return read_whole(self._disk, self._folder / "checkpoint")
        return None

    def publish_checkpoint(self, data: bytes) -> None:
        """Replace it."""
        self._make_ready(self._folder)
        self._disk.publish(self._folder / "checkpoint", data)

    def read_cosigned(self) -> bytes | None:
        """The last head with witnesses' cosignatures below it."""
        with contextlib.suppress(FileNotFoundError):
            return read_whole(self._disk, self._folder / "cosigned")
        return None

    def publish_cosigned(self, data: bytes) -> None:
        """Replace it."""
        self._make_ready(self._folder)
        self._disk.publish(self._folder / "cosigned", data)

    def let_go(self, start: int, end: int) -> None:
        """Remove the bundles and the tiles of level 0 from number `start` to below `end`, as far as they are there."""
        folders = set()
        for number in range(start, end):
            for level in (None, 0):
                path = self._folder / str(Tile(level, number))
                with contextlib.suppress(FileNotFoundError):
                    self._disk.unlink(path)
                    folders.add(path.parent)
        for folder in sorted(folders):
            self._disk.sync_folder(folder)

    def _make_ready(self, folder: Path) -> None:
        """Make the folder; once in a life sync its name, since the one before may have died between the two."""
        if folder in self._ready:
            return
        if folder != self._folder:
            self._make_ready(folder.parent)
        self._disk.make_folder(folder)
        self._disk.sync_folder(folder.parent)
        self._ready.add(folder)
