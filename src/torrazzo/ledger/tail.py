# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the running ledger has in `act`, from a number on: for who entered something and got no answer."""

from collections.abc import Iterator

from torrazzo.base.errors import Invalid, Unavailable
from torrazzo.ledger.act import parse_act
from torrazzo.ledger.checkpoint import Checkpoint
from torrazzo.ledger.client import TIMEOUT_SECONDS, LedgerClient
from torrazzo.ledger.note import Note
from torrazzo.ledger.tiles import WIDTH, Tile, split_entries, tile_width


def act_head(ledger: LedgerClient, patience_s: float = TIMEOUT_SECONDS) -> Checkpoint:
    """Of the log that acts are entered in now."""
    return Checkpoint.parse(Note.parse(ledger.read("act/checkpoint", patience_s)).text)


def acts_since(ledger: LedgerClient, head: Checkpoint, since: int) -> Iterator[tuple[int, bytes]]:
    """Its entries with their numbers, from that one on up to this head."""
    for number in range(since // WIDTH, -(-head.size // WIDTH)):
        for at, line in enumerate(_bundle(ledger, head, number), number * WIDTH):
            if at >= since:
                yield at, line


def acts_of_late(ledger: LedgerClient, since: int) -> Iterator[tuple[int, bytes]]:
    """Entries with their numbers, about from that time (UTC ticks) on: read back from the newest, told in order."""
    status = ledger.status()
    act = status.get("act")
    if not isinstance(act, dict):
        raise Unavailable(f"the ledger takes nothing: {status.get('why')}")
    head, minimum = act_head(ledger), int(act["minimum"])
    bundles: list[tuple[int, list[bytes]]] = []
    for number in reversed(range(minimum // WIDTH, -(-head.size // WIDTH))):
        lines = _bundle(ledger, head, number)
        bundles.append((number * WIDTH, lines))
        if _is_before(lines[0], since):
            break
    for first, lines in reversed(bundles):
        yield from ((first + at, line) for at, line in enumerate(lines) if first + at >= minimum)


def _bundle(ledger: LedgerClient, head: Checkpoint, number: int) -> list[bytes]:
    width = tile_width(0, number, head.size)
    return split_entries(ledger.read(f"act/{Tile(None, number, width)}"), width)


def _is_before(line: bytes, since: int) -> bool:
    try:
        return parse_act(line).t < since
    except Invalid:  # a later version's
        return False
