# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""`torrazzo worker`: long jobs, such as packages; the parts that they are made from are put together here."""

import contextlib
import os
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from torrazzo.cli.process_options import find_home, load_plainly, process_parser, stop_on_signals

if TYPE_CHECKING:  # what loads for long is loaded by the process alone
    from torrazzo.access import Window, Windows
    from torrazzo.base.clock import Clock
    from torrazzo.base.ids import CameraId
    from torrazzo.durable import Disk
    from torrazzo.evidence.copies import Copies
    from torrazzo.evidence.hold_copy import HoldCopy
    from torrazzo.evidence.jobs import Jobs
    from torrazzo.evidence.pieces import ProvableFootage
    from torrazzo.evidence.scrub import ScrubJob
    from torrazzo.ledger import Policy
    from torrazzo.town.home import Home


_WATCH_S = 2.0
_NICE = 10  # whoever records goes first
_SETTLE_S = 10.0


def main(words: Sequence[str]) -> int:
    """Run until SIGTERM or SIGINT; then end at once: a job that was running goes on in the next life."""
    options = process_parser("worker", "Do long jobs, such as evidence packages.").parse_args(words)
    os.nice(_NICE)
    load_plainly()
    from torrazzo.access import Windows
    from torrazzo.app import prepare_process, system_parts
    from torrazzo.control_room.index import open_roots
    from torrazzo.evidence.export_job import ExportJob
    from torrazzo.evidence.hold_copy import HoldCopy
    from torrazzo.evidence.worker import run_worker
    from torrazzo.town.home import load_settings

    prepare_process("worker")
    home, disk, clock = system_parts(find_home(options.home).path)
    load_settings(home)
    stop = stop_on_signals()
    windows = Windows(home, disk, clock, "worker")
    threading.Thread(target=_settle, args=(windows, stop), name="windows", daemon=True).start()
    export = ExportJob(_copies(home, disk, clock, windows), disk, clock)
    scrub = _scrub(home, disk, clock)

    holds = HoldCopy(home, disk, load_settings(home).node, lambda: open_roots(disk, load_settings(home)))
    watching: list[threading.Thread] = []

    def tend(jobs: "Jobs") -> None:
        if not watching:
            watching.append(threading.Thread(target=_watch, args=(holds, jobs, stop), name="holds", daemon=True))
            watching[0].start()
        last = jobs.newest("scrub")
        is_busy = last is not None and last.state in {"waiting", "running"}
        if not is_busy and scrub.is_due(None if last is None else last.made):
            jobs.start("scrub", {})

    kinds = {"export": export.run, "scrub": scrub.run, "hold": holds.run}
    run_worker(home, disk, clock, stop, kinds, tend)
    windows.close()
    sys.stderr.flush()
    os._exit(0)  # a thread that holds its job where it is never ends by itself


def _settle(windows: "Windows", stop: threading.Event) -> None:
    """Close what an earlier life left open, or what could not be told when it was over."""
    while not stop.is_set():
        windows.settle()
        stop.wait(_SETTLE_S)


def _watch(holds: "HoldCopy", jobs: "Jobs", stop: threading.Event) -> None:
    """Order copies of what is held, a few seconds after it was placed."""
    import structlog

    from torrazzo.base.errors import TorrazzoError

    while not stop.is_set():
        try:
            holds.tend(jobs)
        except (OSError, TorrazzoError) as error:
            structlog.get_logger(__name__).warning("holds_not_watched", error=str(error))
        stop.wait(_WATCH_S)


def _copies(home: "Home", disk: "Disk", clock: "Clock", windows: "Windows") -> "Copies":
    from torrazzo.cli.office import read_cameras
    from torrazzo.evidence.copies import Copies

    def names() -> "Mapping[CameraId, str]":
        return {camera.id: camera.name for camera in read_cameras(home, has_removed=True)}

    return Copies(home, disk, clock, windows, lambda: _policy(home, disk), lambda w: _footage(home, disk, w), names)


@contextlib.contextmanager
def _footage(home: "Home", disk: "Disk", window: "Window") -> "Iterator[ProvableFootage]":
    from torrazzo.control_room.index import open_index, open_roots
    from torrazzo.evidence.pieces import ProvableFootage
    from torrazzo.town.home import load_settings

    with open_index(home) as index:
        roots = [*open_roots(disk, load_settings(home)), *index.held_roots()]
        footage = ProvableFootage(index, roots, disk, window, window.covers)
        try:
            yield footage
        finally:
            footage.close()


def _scrub(home: "Home", disk: "Disk", clock: "Clock") -> "ScrubJob":
    from torrazzo.cli.office import read_cameras
    from torrazzo.control_room.index import open_roots
    from torrazzo.evidence.scrub import ScrubJob, Town
    from torrazzo.ledger.act import pack_act
    from torrazzo.ledger.client import LedgerClient
    from torrazzo.town.home import load_settings

    def book(kind: str, values: "dict[str, object]") -> None:
        LedgerClient(home.ledger_socket).enter(pack_act(kind, clock.utc(), values))

    def names() -> "dict[CameraId, str]":
        return {camera.id: camera.name for camera in read_cameras(home, has_removed=True)}

    return ScrubJob(Town(lambda: open_roots(disk, load_settings(home)), book, names), disk, clock)


def _policy(home: "Home", disk: "Disk") -> "Policy":
    """As `torrazzo ledger policy` prints it, with the logs' keys as the keyring has pinned them."""
    from torrazzo.base.errors import Unavailable
    from torrazzo.keyring.trust import TrustStore
    from torrazzo.ledger.town_policy import town_policy
    from torrazzo.town.home import load_settings

    settings = load_settings(home)
    trust = TrustStore(disk, home, settings).load()
    if trust is None:
        raise Unavailable("the keyring has no ledger that it trusts yet; see `torrazzo keyring status`")
    return town_policy((log.key for log in trust.policy.logs), settings.witnesses)
