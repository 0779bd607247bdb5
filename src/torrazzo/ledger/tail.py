# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the running ledger has in `act`, from a number on: for who entered something and got no answer."""

from collections.abc import Iterator

from torrazzo.ledger.checkpoint import Checkpoint
from torrazzo.ledger.client import LedgerClient
from torrazzo.ledger.note import Note
from torrazzo.ledger.tiles import WIDTH, Tile, split_entries, tile_width


def act_head(ledger: LedgerClient) -> Checkpoint:
    """Of the log that acts are entered in now."""
    return Checkpoint.parse(Note.parse(ledger.read("act/checkpoint")).text)


def acts_since(ledger: LedgerClient, head: Checkpoint, since: int) -> Iterator[tuple[int, bytes]]:
    """Its entries with their numbers, from that one on up to this head."""
    for number in range(since // WIDTH, -(-head.size // WIDTH)):
        width = tile_width(0, number, head.size)
        lines = split_entries(ledger.read(f"act/{Tile(None, number, width)}"), width)
        for at, line in enumerate(lines, number * WIDTH):
            if at >= since:
                yield at, line
