# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A town of one camera with its own ledger, keyring and worker as processes, recorded a few minutes ago."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.tools.ledger_process import answers, deliver, until
from tests.tools.recording import NODE, Recording
from torrazzo.access import Peer, Windows
from torrazzo.archive.fact import parse_fact
from torrazzo.base import Span, SystemClock
from torrazzo.base.errors import Unavailable
from torrazzo.base.times import SECOND, UtcTicks
from torrazzo.catalogue import CatalogueWriter, Delivered
from torrazzo.durable import OsDisk
from torrazzo.keyring.trust import TrustStore
from torrazzo.ledger.act import Wanted
from torrazzo.ledger.client import LedgerClient
from torrazzo.ledger.private import Private
from torrazzo.town.ask import ask
from torrazzo.town.home import Home, load_settings, new_settings
from torrazzo.town.office import found_town

ME = Peer.of(os.getuid()).name
CASE = "2026/118"


@dataclass
class WorkerTown:
    """Its processes are started and killed by name."""

    home: Home
    made: Recording
    processes: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    @property
    def span(self) -> Span:
        """All that was recorded."""
        return Span(UtcTicks(self.made.start), UtcTicks(self.made.now))

    def start(self, name: str) -> None:
        with (self.home.path / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                (sys.executable, "-m", "torrazzo", name, "--home", str(self.home.path)),
                stdin=subprocess.DEVNULL,
                stderr=log,
            )

    def kill(self, name: str) -> None:
        self.processes[name].kill()
        self.processes.pop(name).wait()

    def end(self, name: str) -> int:
        self.processes[name].send_signal(signal.SIGTERM)
        return self.processes.pop(name).wait(60)

    def ask(self, path: str, body: object = None) -> Any:
        """The worker; waits until it is there."""
        for _ in range(1_200):
            try:
                status, answer = ask(self.home.worker_socket, "GET" if body is None else "POST", path, body)
            except Unavailable:
                assert self.processes["worker"].poll() is None, (self.home.path / "worker.log").read_text()
                time.sleep(0.05)
                continue
            assert status == 200, answer
            return answer
        raise AssertionError("no worker answers")

    def approved(self, span: Span, person: str = ME) -> int:
        """A copy that this person asked for and somebody else approved; the number of the ask."""
        with Windows(self.home, OsDisk(), SystemClock(), "control-room") as windows:
            wanted = Wanted(frozenset([self.made.stream]), span)
            asked = windows.ask(Private(person, "incidente", CASE), wanted, "theft", "court")
            windows.approve(Private("bruno", "visto"), asked)
        return asked

    def acts(self) -> list[bytes]:
        client = LedgerClient(self.home.ledger_socket)
        size = client.status()["act"]["size"]  # type: ignore[index]
        parts = [client.prove_many("act", 0, range(at, min(at + 512, size))).entries for at in range(0, size, 512)]
        return [entry.line for part in parts for entry in part if entry is not None]


@contextlib.contextmanager
def worker_town(
    folder: Path, film: Callable[[Recording], None], ago_s: float, people: Mapping[str, tuple[str, ...]] | None = None
) -> Iterator[WorkerTown]:
    """Ledger and keyring run, all facts are entered; no worker yet."""
    home, disk = Home(folder), OsDisk()
    start = UtcTicks(SystemClock().utc() - round(ago_s * SECOND))
    settings = replace(new_settings(home, "Cremona"), node=NODE, trusted=("wall",), people=people or {})
    found_town(home, disk, SystemClock(), settings)
    made = Recording(folder, start)  # which draws a ring, so the keyring is no new one: it is told whom to believe
    TrustStore(disk, home, load_settings(home)).set_up()
    film(made)
    made.finish()
    with CatalogueWriter(home.catalogue_db) as writer:
        writer.insert(Delivered(told.fact, told.volume, told.pieces) for told in made.deliveries)
    town = WorkerTown(home, made)
    try:
        town.start("ledger")
        client = LedgerClient(home.ledger_socket)
        until(lambda: answers(client))
        deliver(home, [parse_fact(told.fact) for told in made.deliveries])
        town.start("keyring")
        until(home.keyring_socket.exists)
        yield town
    finally:
        for process in town.processes.values():
            process.kill()
            process.wait()
