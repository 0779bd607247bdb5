# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A secret key in a file of its own, mode 0600."""

import os
import stat
from pathlib import Path

from torrazzo.base.errors import Invalid, Refused, Unavailable


def read_key(path: Path, size: int, *, missing: str, danger: str, spoilt: str) -> bytes:
    """Its `size` bytes; raises `Unavailable`, `Refused` when others may read it, `Invalid`: in its words."""
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            key = file.read(size + 1)
    except OSError as error:
        raise Unavailable(f"{path}: {error.strerror}; {missing}") from error
    if mode & 0o077:
        raise Refused(f"{path}: its mode is {mode:o}, so others may {danger}; run chmod 600 on it")
    if len(key) != size:
        raise Invalid(f"{path}: {size} bytes expected; {spoilt}")
    return key
