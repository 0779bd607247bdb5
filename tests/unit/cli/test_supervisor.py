# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The supervisor with real processes."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from torrazzo.app import PAUSES_S, SUPERVISED, Child, Supervisor
from torrazzo.base.clock import SystemClock

# Notes its start and its orderly end; ends on SIGTERM.
LIVES = """
import os, signal, sys, time
note = open(sys.argv[1], "a")
def end(*_):
    print("end", os.getpid(), time.monotonic_ns(), file=note, flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
print("start", os.getpid(), time.monotonic_ns(), file=note, flush=True)
while True:
    time.sleep(60)
"""
FAILS = LIVES.partition("while")[0] + "sys.exit(3)"
DEAF = LIVES.replace("signal.signal(signal.SIGTERM, end)", "signal.signal(signal.SIGTERM, signal.SIG_IGN)")


def child(tmp_path: Path, name: str, source: str = LIVES) -> Child:
    return Child(name, (sys.executable, "-c", source, str(tmp_path / name)))


def notes(tmp_path: Path, name: str) -> list[list[str]]:
    path = tmp_path / name
    return [line.split() for line in path.read_text().splitlines()] if path.exists() else []


async def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    for _ in range(round(seconds / 0.02)):
        if condition():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("did not happen in time")


def supervise(
    children: list[Child], act: Callable[[asyncio.Event, asyncio.Event], Awaitable[None]], stop_s: float = 20
) -> tuple[bool, int]:
    async def run() -> tuple[bool, int]:
        stop, hurry = asyncio.Event(), asyncio.Event()
        supervisor = Supervisor(children, SystemClock(), stop_s=stop_s)
        task = asyncio.create_task(supervisor.run(stop, hurry))
        await act(stop, hurry)
        stop.set()
        return await asyncio.wait_for(task, 90), supervisor.restarts

    return asyncio.run(run())


def test_what_dies_is_started_again(tmp_path: Path) -> None:
    """A killed child runs again at once, and the others never notice."""

    async def act(_stop: asyncio.Event, _hurry: asyncio.Event) -> None:
        await until(lambda: bool(notes(tmp_path, "one") and notes(tmp_path, "two")))
        os.kill(int(notes(tmp_path, "one")[0][1]), 9)
        await until(lambda: len(notes(tmp_path, "one")) == 2)

    is_clean, restarts = supervise([child(tmp_path, "one"), child(tmp_path, "two")], act)
    assert (is_clean, restarts) == (True, 1)
    assert [line[0] for line in notes(tmp_path, "one")] == ["start", "start", "end"]
    assert [line[0] for line in notes(tmp_path, "two")] == ["start", "end"]


def test_children_end_one_after_the_other(tmp_path: Path) -> None:
    """The first child has ended before the second is asked."""

    async def act(_stop: asyncio.Event, _hurry: asyncio.Event) -> None:
        await until(lambda: bool(notes(tmp_path, "first") and notes(tmp_path, "second")))

    assert supervise([child(tmp_path, "first"), child(tmp_path, "second")], act)[0]
    assert int(notes(tmp_path, "first")[-1][2]) < int(notes(tmp_path, "second")[-1][2])


def test_one_that_fails_at_once_is_tried_ever_more_slowly(tmp_path: Path) -> None:
    """A child that cannot start does not eat the machine: its pauses grow."""

    async def act(_stop: asyncio.Event, _hurry: asyncio.Event) -> None:
        await until(lambda: len(notes(tmp_path, "broken")) > 4)

    _, restarts = supervise([child(tmp_path, "broken", FAILS), child(tmp_path, "well")], act)
    starts = [int(line[2]) / 1e9 for line in notes(tmp_path, "broken")]
    assert restarts >= 4
    for at, pause in enumerate(PAUSES_S[:4]):
        assert starts[at + 1] - starts[at] >= pause


def test_one_that_does_not_listen_is_killed(tmp_path: Path) -> None:
    """After the time to end, or at a second wish, a child is killed and the end is not called clean."""

    async def started(_stop: asyncio.Event, _hurry: asyncio.Event) -> None:
        await until(lambda: bool(notes(tmp_path, "deaf")))

    async def hurried(stop: asyncio.Event, hurry: asyncio.Event) -> None:
        await until(lambda: len(notes(tmp_path, "deaf")) > 1)
        stop.set()
        hurry.set()

    deaf = child(tmp_path, "deaf", DEAF)
    assert not supervise([deaf], started, stop_s=0.3)[0]
    begun = time.monotonic()
    assert not supervise([deaf], hurried, stop_s=60)[0]
    assert time.monotonic() - begun < 55


def test_the_first_start_waits_for_a_file(tmp_path: Path) -> None:
    """A child that wants a file starts when the file is there."""
    wanted = tmp_path / "wanted"

    async def act(_stop: asyncio.Event, _hurry: asyncio.Event) -> None:
        await asyncio.sleep(0.3)
        assert not notes(tmp_path, "waiting")
        wanted.write_text("")
        await until(lambda: bool(notes(tmp_path, "waiting")))

    assert supervise([child(tmp_path, "waiting")._replace(after=wanted)], act)[0]


def test_an_orphan_ends_in_order() -> None:
    """A process whose supervisor dies is ended as if it had been asked."""
    source = (
        "import signal, sys\n"
        "from torrazzo.app import prepare_process\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))\n"
        "prepare_process('orphan')\n"
        "signal.pause()\n"
    )
    process = subprocess.Popen(
        (sys.executable, "-c", source),
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, SUPERVISED: "1"},
    )
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(60) == 7
