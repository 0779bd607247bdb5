# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What people order of the ring, done by the clockwork: it alone may change it."""

import threading
from collections import deque

import structlog

from torrazzo.base.errors import Refused, TorrazzoError, Unavailable
from torrazzo.keyring.gate import Erased
from torrazzo.keyring.pace import Pace
from torrazzo.keyring.rekey import Rekeys
from torrazzo.keyring.timekeeper import Timekeeper
from torrazzo.keyring.vault import Vault

log = structlog.get_logger(__name__)


class _Order:
    def __init__(self, erased: Erased) -> None:
        self.erased = erased
        self.kept: int | None = None
        self.error: TorrazzoError | None = None


class Orders:
    """`erase` is for any thread, `look` the clockwork's."""

    def __init__(self, rekeys: Rekeys, vault: Vault, times: Timekeeper) -> None:
        self.rekeys, self._vault, self._times = rekeys, vault, times
        self._lock = threading.Lock()
        self._waiting: deque[_Order] = deque()
        self._hours: dict[int, threading.Lock] = {}

    def no_erasure(self, hour: int) -> threading.Lock:
        """Held while keys of that hour that were opened go into the vault."""
        with self._lock:
            return self._hours.setdefault(hour, threading.Lock())

    def erase(self, erased: Erased, pace: Pace) -> int:
        """Returns when it is done: how many K of others were sealed anew. Raises what it comes to."""
        order = _Order(erased)
        with self._lock:
            self._waiting.append(order)
        pace.ask()
        if order.error is not None:
            raise order.error
        if order.kept is None:
            raise Unavailable("the order was not done; see the keyring's log")
        return order.kept

    def look(self) -> str:
        """Do what waits, and end what a crash left; why that could not be done, empty if it was."""
        while True:
            with self._lock:
                order = self._waiting.popleft() if self._waiting else None
            if order is None:
                break
            try:
                order.kept = self._erase(order.erased)
            except OSError as error:
                order.error = Unavailable(f"{error}; ask again: what was not done is done then")
            except TorrazzoError as error:
                order.error = error
        try:
            self.rekeys.look()
        except (OSError, TorrazzoError) as error:
            log.error("rekeys_not_read", error=str(error))  # noqa: TRY400
            return str(error)
        return ""

    def _erase(self, erased: Erased) -> int:
        with self.no_erasure(erased.hour):  # else a hold could be put of what is gone, by keys opened just before
            if holds := self._vault.holding(erased.streams, erased.hour):
                raise Refused(f"it is held: release {', '.join(map(str, holds))} first")
            return self.rekeys.erase(erased.hour, erased.streams, erased.of, self._times.judge().earliest)
