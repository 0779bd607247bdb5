# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Laws of the clock that tests move."""

import asyncio
import threading

import pytest

from torrazzo.base.times import SECOND
from torrazzo.testing.clock import START, FakeClock, run_virtual


def test_advance_moves_both_and_step_only_utc() -> None:
    """Time that passes moves both clocks; a set clock moves UTC alone."""
    clock = FakeClock()
    boot = clock.boot_ns()
    assert clock.utc() == START
    clock.advance(1.5)
    assert (clock.utc() - START, clock.boot_ns() - boot) == (3 * SECOND // 2, 1_500_000_000)
    clock.step(-3600)
    assert (clock.utc() - START, clock.boot_ns() - boot) == (3 * SECOND // 2 - 3600 * SECOND, 1_500_000_000)


def test_a_starting_tick_is_kept_exactly() -> None:
    """Ticks that are no whole number of nanoseconds survive the way through nanoseconds."""
    for extra in range(9):
        assert FakeClock(START + extra).utc() == START + extra  # type: ignore[arg-type]  # ticks


def test_boot_time_never_goes_back() -> None:
    """A negative advance is refused."""
    with pytest.raises(ValueError, match="only runs"):
        FakeClock().advance(-1)


def test_ppm_adds_up_without_rounding_loss() -> None:
    """A day at +100 ppm in uneven steps is ahead by exactly 8.64 s."""
    clock = FakeClock()
    clock.set_ppm(100)
    for step in (1_234_567, 7_654_321) * 4:
        clock.advance_ns(step)
    clock.advance_ns(86_400 * 10**9 - 4 * (1_234_567 + 7_654_321))
    assert clock.utc() - START == (86_400 * SECOND * 1_000_100) // 1_000_000


def test_an_hour_of_sleep_takes_no_time() -> None:
    """Sleeps run on the fake clock, in order."""
    clock = FakeClock()
    before = clock.boot_ns()
    order: list[str] = []

    async def nap(seconds: float, name: str) -> None:
        await asyncio.sleep(seconds)
        order.append(name)

    async def main() -> None:
        await asyncio.gather(nap(3600, "late"), nap(0.5, "early"), nap(1800, "middle"))

    run_virtual(clock, main())
    assert order == ["early", "middle", "late"]
    assert abs(clock.boot_ns() - before - 3_600 * 10**9) < 1_000_000


def test_time_stands_still_while_a_thread_works() -> None:
    """A timer does not fire before the thread that was started earlier comes back."""
    clock = FakeClock()
    gate = threading.Event()

    async def main() -> list[str]:
        order: list[str] = []
        loop = asyncio.get_running_loop()
        loop.call_later(3600, order.append, "timer")
        work = loop.run_in_executor(None, gate.wait, 5)
        threading.Timer(0.05, gate.set).start()
        await work
        order.append("thread")
        await asyncio.sleep(3601)
        return order

    assert run_virtual(clock, main()) == ["thread", "timer"]


def test_sockets_inside_the_loop_are_exact() -> None:
    """What one end writes, the other end reads before the next timer."""
    clock = FakeClock()

    async def main() -> list[int]:
        got: list[int] = []

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while await reader.read(100):
                got.append(clock.boot_ns())
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        sent = []
        for _ in range(50):
            await asyncio.sleep(0.04)
            sent.append(clock.boot_ns())
            writer.write(b"x")
        writer.close()
        await asyncio.sleep(0.04)
        server.close()
        return [b - a for a, b in zip(sent, got, strict=True)]

    assert set(run_virtual(clock, main())) == {0}
