# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Room kept for those who make room: on a disk that is full to the last byte no new ring could be written.

A file of zeros in the keyring's folder, given up while the disk is full. Recorders do not take that little: they wait
for more before they go on.
"""

from pathlib import Path

from torrazzo.durable import Disk

BALLAST = "ballast"
SIZE = 4 << 20
PLENTY = 16 * SIZE


def give_up(disk: Disk, folder: Path) -> None:
    """Before something is written there, if the disk is full."""
    if disk.free_bytes(folder) < SIZE and BALLAST in disk.list(folder):
        disk.unlink(folder / BALLAST)
        disk.sync_folder(folder)


def take_up(disk: Disk, folder: Path) -> None:
    """Afterwards, if there is plenty."""
    if BALLAST not in disk.list(folder) and disk.free_bytes(folder) > PLENTY:
        disk.publish(folder / BALLAST, bytes(SIZE))
