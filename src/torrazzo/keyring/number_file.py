# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A number in a file of its own, replaced as a whole."""

import re
from pathlib import Path

from torrazzo.base.errors import Damaged
from torrazzo.durable import Disk, read_whole

_TEXT = re.compile(rb"(0|[1-9][0-9]{0,17})\n")


def read_number(disk: Disk, path: Path) -> int:
    """What it says; 0 where there is none. Raises `Damaged` for anything but what `write_number` writes."""
    try:
        data = read_whole(disk, path, 32)
    except FileNotFoundError:
        return 0
    found = _TEXT.fullmatch(data)
    if found is None:
        raise Damaged(f"{path}: not a number in one line; put its last copy back, nothing was changed")
    return int(found[1])


def write_number(disk: Disk, path: Path, number: int) -> None:
    """Returns when it survives a power cut."""
    disk.publish(path, b"%d\n" % number)
