# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What one log is at one moment: a value that never changes, so that any thread may read it."""

from collections.abc import Mapping
from typing import NamedTuple

from torrazzo.ledger.checkpoint import Checkpoint
from torrazzo.ledger.edge import Edge
from torrazzo.ledger.note import Note
from torrazzo.ledger.tiles import Tile


class Snapshot(NamedTuple):
    """A log as of its last commit."""

    name: str  # rec or act, with its generation from the first fork on
    head: Checkpoint
    note: Note  # the head, signed
    edge: Edge
    tail: tuple[bytes, ...]  # the last `size` mod 256 entries
    pending: Mapping[Tile, bytes]  # full tiles and bundles that are not in files yet
    filed: int  # entries below are in files, as are the full tiles over them
    minimum: int  # entries below are not given out

    @property
    def size(self) -> int:
        """Entries."""
        return self.head.size
