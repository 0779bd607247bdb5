# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whether the books beside the ledger still say who looked: looked into now and then, told with the town's state."""

from collections.abc import Iterable, Sequence

from torrazzo.base.clock import Clock
from torrazzo.base.times import HOUR
from torrazzo.durable import Disk
from torrazzo.evidence.accesses import Entry, Opener, unexplained
from torrazzo.ledger.client import LedgerClient
from torrazzo.ledger.tail import acts_of_late
from torrazzo.town.home import Home

LOOKED_BACK = 31 * 24 * HOUR
LOOK_NS = 600_000_000_000


class Books:
    """`look` is one thread's; `missing` is for any."""

    def __init__(self, home: Home, disk: Disk, clock: Clock) -> None:
        self._home, self._disk, self._clock = home, disk, clock
        self._looked_ns: int | None = None
        self.missing: str | None = None  # what people are told; None: nothing is missing, as far as is known

    def look(self) -> None:
        """If it is time; raises what the ledger raises, and is then tried again at the next call."""
        now_ns = self._clock.boot_ns()
        if self._looked_ns is None or now_ns - self._looked_ns >= LOOK_NS:
            entries = acts_of_late(LedgerClient(self._home.ledger_socket), self._clock.utc() - LOOKED_BACK)
            self.missing = missing_text(self._home, self._disk, self._clock, entries)
            self._looked_ns = now_ns


def missing_text(home: Home, disk: Disk, clock: Clock, entries: Iterable[Entry]) -> str | None:
    """What is to be told of these entries of `act`, and of the books as they are now."""
    read = list(entries)  # before the books, which are written first
    missing = unexplained(read, Opener(home, disk, clock))
    return unexplained_text(missing) if missing else None


def unexplained_text(missing: Sequence[int]) -> str:
    """What people are told of facts whose private part is gone."""
    numbers = ", ".join(map(str, missing[:5])) + (", …" if len(missing) > 5 else "")
    facts = "1 fact" if len(missing) == 1 else f"{len(missing)} facts"
    return (
        f"who looked and why is missing for {facts} of act ({numbers}): access/*.db was removed, emptied, damaged or "
        "put back from an older copy; put its newest copy back, and find out who did it"
    )
