# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A clock that tests move, and an event loop that lives by it."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from threading import Lock
from typing import Any, TypeVar, TypeVarTuple

from torrazzo.base.times import BootNs, UtcTicks, ns_from_ticks, ticks_from_ns

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

MILLION = 1_000_000
BILLION = 1_000_000_000
START = UtcTicks(1_795_557_600 * 90_000)  # 2026-11-24T22:00:00Z
_REAL_WAIT_S = 0.005


class FakeClock:
    """Laws: `boot_ns` never goes back; `advance` moves both clocks; `step` and `ppm` move only UTC. Safe in threads."""

    def __init__(self, utc: UtcTicks = START, boot_ns: int = 1_000 * BILLION) -> None:
        self._lock = Lock()
        self._boot_ns = boot_ns
        self._utc_ns = ns_from_ticks(utc)
        self._utc_ticks_left = utc - ticks_from_ns(self._utc_ns)  # what the rounding to ns took away
        self._ppm = 0
        self._millionths = 0
        self._holds = 0

    def utc(self) -> UtcTicks:
        """What people's clock shows."""
        with self._lock:
            return UtcTicks(ticks_from_ns(self._utc_ns) + self._utc_ticks_left)

    def boot_ns(self) -> BootNs:
        """Time since boot."""
        with self._lock:
            return BootNs(self._boot_ns)

    def advance(self, seconds: float) -> None:
        """Let that much time pass on both clocks."""
        self.advance_ns(round(seconds * BILLION))

    def advance_ns(self, ns: int) -> None:
        """As `advance`, exactly."""
        if ns < 0:
            raise ValueError(f"time only runs: {ns} ns")
        with self._lock:
            self._boot_ns += ns
            extra, self._millionths = divmod(ns * self._ppm + self._millionths, MILLION)
            self._utc_ns += ns + extra

    def step(self, seconds: float) -> None:
        """Someone sets the machine's clock: UTC jumps, boot time does not know."""
        with self._lock:
            self._utc_ns += round(seconds * BILLION)

    def set_ppm(self, ppm: int) -> None:
        """From now on UTC runs that many parts per million faster than boot time."""
        with self._lock:
            self._ppm = ppm

    @contextmanager
    def hold(self) -> Iterator[None]:
        """While inside, loops of this clock wait for real instead of letting time jump (a thread is at work)."""
        self._hold(1)
        try:
            yield
        finally:
            self._hold(-1)

    def _hold(self, by: int) -> None:
        with self._lock:
            self._holds += by

    def is_held(self) -> bool:
        """Whether a `hold` is on."""
        with self._lock:
            return self._holds > 0


class _JumpingSelector(selectors.DefaultSelector):
    """When no file is ready, moves the clock to the next timer instead of waiting."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self._clock = clock

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        found = self._poll(0)
        if found or (timeout is not None and timeout <= 0):
            return found
        if timeout is None:
            return self._poll(None)
        if self._clock.is_held():
            return self._poll(_REAL_WAIT_S)
        self._clock.advance_ns(max(1, round(timeout * BILLION)))
        return self._poll(0)

    def _poll(self, timeout: float | None) -> list[tuple[selectors.SelectorKey, int]]:
        return list(super().select(timeout))


class FakeLoop(asyncio.SelectorEventLoop):
    """An event loop on a FakeClock: `asyncio.sleep(3600)` takes no real time.

    Sockets whose two ends live in this loop are exact. While `run_in_executor` is at work, or `clock.hold()` is on,
    virtual time stands still. Another process knows nothing of this clock: do not talk to one.
    """

    def __init__(self, clock: FakeClock) -> None:
        self._fake_clock = clock
        super().__init__(_JumpingSelector(clock))

    def time(self) -> float:
        """Boot time in seconds."""
        return self._fake_clock.boot_ns() / BILLION

    def run_in_executor(self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts) -> asyncio.Future[T]:
        """As always; time stands still until it is done."""
        self._fake_clock._hold(1)  # noqa: SLF001 - the clock's own loop
        try:
            future = super().run_in_executor(executor, func, *args)
        except BaseException:
            self._fake_clock._hold(-1)  # noqa: SLF001 - as above
            raise
        future.add_done_callback(lambda _: self._fake_clock._hold(-1))  # noqa: SLF001 - as above
        return future


def run_virtual(clock: FakeClock, main: Coroutine[Any, Any, T]) -> T:
    """`asyncio.run` on a FakeLoop: returns what `main` returns, with `clock` moved by what it slept."""
    with asyncio.Runner(loop_factory=lambda: FakeLoop(clock)) as runner:
        return runner.run(main)
