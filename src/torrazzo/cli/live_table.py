# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The demo's table: redrawn in place on a terminal, plain lines elsewhere."""

import sys
from collections.abc import Iterator, Mapping
from threading import Event, Lock
from types import TracebackType
from typing import Self
from zoneinfo import ZoneInfo

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from torrazzo.app import read_page_address
from torrazzo.base.errors import Damaged, Unavailable
from torrazzo.base.times import ticks_from_text
from torrazzo.cli.output import local_text, table_lines
from torrazzo.cli.status import HEADS, state_rows, streams_of
from torrazzo.control_room.client import ControlRoom
from torrazzo.control_room.words import bytes_text
from torrazzo.town.home import Home

_EVERY = 10  # plain lines: one table each so many seconds
_LOOK_S = 0.2


class LiveTable:
    """Shows the town's state; `say` prints above it. May be used from several threads."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._room = ControlRoom(home)
        self._console = Console(highlight=False, soft_wrap=not sys.stdout.isatty())
        self._lock = Lock()
        self._live = Live(console=self._console, auto_refresh=False) if self._console.is_terminal else None
        self._shown = 0

    def wait_for_page(self, seconds: float, stop: Event) -> None:
        """Until the page is there, and tell where."""
        for _ in range(round(seconds / _LOOK_S)):
            address = read_page_address(self._home)
            if address:
                self.say(f"The page: {address}")
                return
            if stop.wait(_LOOK_S):
                return
        self.say("The page is not there yet; recording does not depend on it.")

    def say(self, text: str) -> None:
        """A line."""
        with self._lock:
            self._console.print(text, markup=False)

    def show(self) -> None:
        """The state now."""
        try:
            state = self._room.state()
        except (Unavailable, Damaged):
            return  # it is being started (again); the table stays as it was
        address = read_page_address(self._home)
        with self._lock:
            if self._live is not None:
                self._live.update(_drawn(state, address), refresh=True)
            elif self._shown % _EVERY == 0:
                for line in plain_lines(state):
                    self._console.print(line, markup=False)
            self._shown += 1

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()


def _drawn(state: Mapping[str, object], address: str) -> Group:
    table = Table(title=str(state["town"]), title_justify="left")
    for head in HEADS:
        table.add_column(head, justify="right" if head == "RECEIVED" else "left")
    for row, (_, stream) in zip(state_rows(state), streams_of(state), strict=True):
        style = "green" if stream["state"] == "recording" else "red" if stream["state"] in {"gap", "unknown"} else "dim"
        table.add_row(row[0], row[1], Text(row[2], style), *row[3:])
    return Group(table, Text(f"The page: {address}   Ctrl-C ends it."))


def plain_lines(state: Mapping[str, object]) -> Iterator[str]:
    """The same where nothing can be redrawn: the town's time and sums, then the table with its heads."""
    streams = [stream for _, stream in streams_of(state)]
    recording = sum(stream["state"] == "recording" for stream in streams)
    received = sum(int(str(stream["bytes"])) for stream in streams)
    zone = ZoneInfo(str(state["zone"]))
    now = local_text(ticks_from_text(str(state["now"]), zone), zone)
    yield f"{now}  {recording} of {len(streams)} streams recording, {bytes_text(received, 'en')} received"
    yield from ("  " + line for line in table_lines(HEADS, state_rows(state)))
