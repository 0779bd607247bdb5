# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The clockwork that lets entries of `rec` go after thirty days, and leaves their sums in `act`.

1. Which entries are old enough is read off the catalogue, by the time on which the keyring's clocks agree; none from
the day on in which the oldest footage begins that is held: without its proof nobody is given its keys. 2. They are
summed up. 3. One transaction: the sums into `act`, the minimum index of `rec`. 4. Files and rows below go. A crash
before 3 has done nothing; after it the next start goes on at 4.
"""

import threading
from collections.abc import Callable
from pathlib import Path

import structlog

from torrazzo.base.clock import Clock
from torrazzo.base.errors import Stopped, TorrazzoError, Unavailable
from torrazzo.base.times import DAY, UtcTicks
from torrazzo.ledger.act import pack_act
from torrazzo.ledger.prune_sums import PruneSums
from torrazzo.ledger.store import LedgerStore
from torrazzo.town.ask import ask

KEEP_DAYS = 30  # whole ones
MOST = 1 << 20  # entries at once
LOOK_S = 600.0
_PIECE, _REST_S = 1_000, 0.03  # others get to work between two pieces

log = structlog.get_logger(__name__)


class PruneJob:
    """Of one opened ledger; `run` is one thread's."""

    def __init__(
        self,
        store: LedgerStore,
        agreed: Callable[[], UtcTicks | None],
        clock: Clock,
        rest_s: float = _REST_S,
        held: Callable[[], UtcTicks | None] = lambda: None,
    ) -> None:
        """`agreed`: the time, where the clocks agree on it; None, and nothing goes. `held`: from when on it is held."""
        self._store, self._agreed, self._clock, self._rest_s, self._held = store, agreed, clock, rest_s, held

    def run(self, stop: threading.Event) -> None:
        """Until `stop`; what fails is told and tried again, but for a store that stopped."""
        while not stop.wait(LOOK_S):
            try:
                while self.turn(stop):
                    pass
            except Stopped:
                return
            except (TorrazzoError, OSError) as error:
                log.warning("ledger_not_pruned", error=str(error))

    def turn(self, stop: threading.Event) -> bool:
        """Whether something went."""
        now, rec = self._agreed(), self._store.rec
        if now is None:
            return False
        first, day, held = rec.minimum, now // DAY - KEEP_DAYS, self._held()
        if held is not None:
            day = min(day, held // DAY)
        end = min(self._store.first_index(day), first + MOST)  # 1
        if end <= first:
            return False
        sums = PruneSums()
        for count, line in enumerate(rec.entries(first, end), 1):  # 2
            sums.add(line)
            if count % _PIECE == 0 and stop.wait(self._rest_s):
                return False
        lines = [pack_act("prune", self._clock.utc(), values) for values in sums.values(end)]
        self._store.prune("rec", end, lines)  # 3, 4
        log.info("ledger_pruned", entries=end - first, minimum=end, hours=len(lines))
        return True


def keyring_held(socket: Path) -> UtcTicks | None:
    """When the oldest footage begins that the running keyring holds; raises `Unavailable` where it does not say."""
    status, found = ask(socket, "GET", "/status")
    holds = found.get("holds") if status == 200 and isinstance(found, dict) else None
    if not isinstance(holds, list):
        raise Unavailable(f"{socket}: the keyring does not say what is held")
    try:
        return min((UtcTicks(int(hold["from"])) for hold in holds), default=None)
    except (KeyError, TypeError, ValueError) as error:
        raise Unavailable(f"{socket}: the keyring does not say from when on something is held: {error!r}") from error


def keyring_time(socket: Path) -> UtcTicks | None:
    """What the running keyring's clocks agree on; None where they do not, or none runs."""
    try:
        status, found = ask(socket, "GET", "/status")
    except TorrazzoError:
        return None
    clock = found.get("clock") if status == 200 and isinstance(found, dict) else None
    agreed = clock.get("agreed") if isinstance(clock, dict) else None
    return UtcTicks(agreed) if type(agreed) is int else None
