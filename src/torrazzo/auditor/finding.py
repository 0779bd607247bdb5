# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What an auditor found, and by which rule."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from torrazzo.base.times import SECOND, iso_from_ticks

RULES: Mapping[str, str] = MappingProxyType(
    {
        "R1": "heads are signed by the log, and each goes on from the one before",
        "R2": "each line can be read, is of a known kind, and its sizes are sane",
        "R3": "each term's numbers follow each other without a hole, linked; no two terms claim the same time",
        "R4": "recorded, gaps and steps add up to the time that went by",
        "R5": "wall time and monotonic time go together, or a step says why not",
        "R6": "a line is entered within a minute of what it tells, or marked late",
        "R7": "each hour's key is destroyed when its life ends, not later, nor earlier without a reason; chips count",
        "R8": "what a shred says is left, is left",
        "R9": "the ledger answers, and its logs grow",
        "R10": "the head of rec stands in act, as it was, each minute",
        "R11": "windows are closed; copies are approved by another person; the keyring saw no forged head",
        "R12": "what is pruned was summed up in act, as it was entered",
    }
)


LAST = 253_402_300_800 * SECOND  # the year 10000: what is beyond has no calendar


class Finding(NamedTuple):
    """Something that does not hold, or, as a notice, only should be known."""

    rule: str
    log: str  # rec, act
    text: str
    entry_index: int | None = None
    stream: str | None = None
    at: int | None = None  # UTC ticks: of what the entry tells
    is_notice: bool = False  # the cosignature goes on
    key: str | None = None  # `<hour>/<class>`, where it is about a key: of all cameras that recorded under it

    @property
    def when(self) -> str | None:
        """`at` in UTC; None where the entry tells of no time that there is."""
        return None if self.at is None or not 0 <= self.at < LAST else iso_from_ticks(self.at)

    def __str__(self) -> str:
        where = f", entry {self.entry_index}" if self.entry_index is not None else ""
        what = "".join(f", {part}" for part in (self.stream, self.when) if part)
        return f"{self.rule} {self.log}{where}{what}: {self.text}"
