# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is done with the keyring's own clockwork: once a minute, in the one thread that may change the ring.

    def shred_expired(keyring: Keyring) -> None:
        now = keyring.judge()
        due = [name for name in keyring.store.ring.keys if now.may_shred(name.hour, 168)]
        ...

    run_keyring(home, clock, disk, stop, chores=(shred_expired,))

A chore is called at each look, also while the ledger is away; what it raises of `TorrazzoError` and OSError is logged,
and the next look calls it again. Readers see the ring without a key as soon as `store.shred` has returned.
"""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from torrazzo.base.clock import Clock
from torrazzo.durable import Disk
from torrazzo.keyring.bookings import Bookings
from torrazzo.keyring.guard import Guard
from torrazzo.keyring.heads import fact_values
from torrazzo.keyring.pace import Pace
from torrazzo.keyring.store import RingStore
from torrazzo.keyring.timekeeper import Timekeeper
from torrazzo.keyring.trusted_time import Judgement
from torrazzo.ledger.client import LedgerClient
from torrazzo.town.home import Home


class Keyring:
    """What a chore sees of the running keyring."""

    def __init__(
        self,
        home: Home,
        disk: Disk,
        clock: Clock,
        store: RingStore,
        ledger: LedgerClient,
        times: Timekeeper,
        guard: Guard,
        bookings: Bookings,
    ) -> None:
        self.home, self.disk, self.clock, self.store, self.ledger = home, disk, clock, store, ledger
        self.alarms: dict[str, str] = {}  # a chore's own, by its name: they stand in the keyring's status
        self.pace = Pace()
        self.looked_ns = clock.boot_ns()  # when a look ended last
        self._times, self._guard, self._bookings = times, guard, bookings

    def judge(self) -> Judgement:
        """What the clocks allow now: `may_shred(hour, life_hours)`."""
        return self._times.judge()

    def heads(self) -> dict[str, object]:
        """`rec` and `act` of a `shred` fact: the largest heads seen, null where none was."""
        heads = self._guard.heads
        if heads is None:
            return {"rec": None, "act": None}
        return {"rec": fact_values(heads.rec), "act": fact_values(heads.act)}

    @property
    def log(self) -> str | None:
        """Origin of the `act` that the keyring believes; None while it believes none."""
        heads = self._guard.heads
        return None if heads is None else heads.act.origin

    def book(self, kind: str, values: Mapping[str, object]) -> None:
        """A fact for `act` that need not be in before the chore goes on; `ledger.enter` returns when one is."""
        self._bookings.add(kind, values)


Chore: TypeAlias = Callable[[Keyring], None]
