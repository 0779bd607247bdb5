# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import pytest

from torrazzo.camera import Source
from torrazzo.camera.units import Event, SenderReport
from torrazzo.ingest.keeper import OPEN_WITHIN_NS, Keeper


class Opened:
    """A source that tells whether it was closed."""

    description = "a source"
    fileno: int | None = None
    receive_buffer = last_sweep_bytes = 0
    is_closed = False

    def sweep(self, now_ns: int) -> list[Event]:
        """Nothing comes."""
        return []

    def request_key_frame(self) -> None:
        """Nobody is there."""

    async def close(self) -> None:
        """As asked."""
        self.is_closed = True


def release(keeper: Keeper) -> None:
    """The stream is removed, or its permission ends."""
    keeper.release()


def lose_patience(keeper: Keeper) -> None:
    """Opening takes too long."""
    keeper.sweep(OPEN_WITHIN_NS + 1, 0)


def change_address(keeper: Keeper) -> None:
    """The stream is elsewhere now."""
    keeper.reopen(asyncio.Event().wait, 0)  # type: ignore[arg-type]  # never opens


async def at_once(source: Source) -> Source:
    return source


async def in_spite_of_cancelling(source: Source) -> Source:
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        return source
    raise AssertionError


@pytest.mark.parametrize(
    ("opens", "leave"),
    [
        (at_once, release),
        (at_once, change_address),
        (in_spite_of_cancelling, release),
        (in_spite_of_cancelling, lose_patience),
    ],
)
def test_a_source_that_nobody_waits_for_is_closed(
    opens: Callable[[Source], Awaitable[Source]], leave: Callable[[Keeper], None]
) -> None:
    """What was opened between two sweeps, or too late, is closed and not dropped."""

    async def run() -> None:
        source = Opened()
        keeper = Keeper(lambda: opens(source), 0)
        keeper.sweep(0, 0)
        await asyncio.sleep(0)
        leave(keeper)
        assert keeper.source is None
        await keeper.close()
        assert source.is_closed

    asyncio.run(run())


class Speaking(Opened):
    """A source that has something to say at once."""

    def sweep(self, now_ns: int) -> list[Event]:
        """A report."""
        return [SenderReport(0, 0, now_ns)]


def test_what_an_opened_source_has_sent_is_read_in_the_same_turn() -> None:
    """A camera that returns is not kept waiting for another sweep: its first arrival sets its time."""

    async def run() -> None:
        keeper = Keeper(partial(at_once, Speaking()), 0)
        assert not keeper.sweep(0, 0)
        await asyncio.sleep(0)
        assert len(keeper.sweep(1, 0)) == 1
        assert not keeper.flows
        await keeper.close()

    asyncio.run(run())
