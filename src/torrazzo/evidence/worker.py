# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The process `torrazzo worker`: long jobs, one after the other; and its socket, on which people order and follow them.

POST /jobs   {"v":1,"kind":"export","ask":12,"out":"/…/case.asice","recipient":null} → {"job":"export-1f…"}
GET  /jobs, /jobs/<job>, /status                      POST /jobs/<job>/cancel
GET  /jobs/<job>/package?at=<byte>, /jobs/<job>/report                    POST /jobs/<job>/taken

Who asks is the Unix user that the kernel names. Only the owner of the home can have a package written to a path; for
others it waits in `packages/` until they have read it, for a day at most. The control room, which runs as the owner,
orders for accounts and names them: `"person":"anna.rossi"`.
"""

import contextlib
import json
import os
import threading
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import structlog

from torrazzo.access import Peer, People
from torrazzo.base.clock import Clock
from torrazzo.base.errors import Damaged, Invalid, Refused, TorrazzoError, Unavailable
from torrazzo.base.times import ns_from_ticks
from torrazzo.durable import Disk
from torrazzo.durable.unix_socket import listen_unix
from torrazzo.evidence.draft import clear_drafts
from torrazzo.evidence.export_job import PACKAGE, order, report_of, take_back
from torrazzo.evidence.jobs import Jobs, JobState, Kind, Values
from torrazzo.ledger.text import parse_number
from torrazzo.town.home import Home, load_settings
from torrazzo.town.unix_server import Body, Desk, NotFound, UnixServer

MOST_CONNECTIONS = 16
MOST_BYTES = 1 << 16
PART = 8 << 20  # of a package in one answer
END_S = 5.0
KEPT_S = 86_400  # so long a package waits for who ordered it

REMEMBERED_S = 90 * 86_400  # so long it is known what became of a job

_TIDY_S = 600.0
_STATUS = ((NotFound, 404), (Invalid, 400), (Refused, 403), (Damaged, 422), (Unavailable, 503))

log = structlog.get_logger(__name__)


def run_worker(
    home: Home,
    disk: Disk,
    clock: Clock,
    stop: threading.Event,
    kinds: Mapping[str, Kind],
    tend: Callable[[Jobs], None] = lambda _: None,
) -> None:
    """Until `stop`; the caller then ends the process at once: a job that was running is held where it was.

    `tend` is called now and then, to order what is due by itself.

    Raises `Refused` if another worker runs there.
    """
    disk.make_folder(home.run)
    with disk.lock(home.run / "worker.lock"):
        jobs = Jobs(home.path / "jobs" / "jobs.db", disk, clock, kinds)
        shelf = Shelf(home.path / "packages", disk, clock)
        with _served(home, disk, jobs, shelf):
            log.info("worker_started")
            while True:
                shelf.tidy()
                jobs.forget(ns_from_ticks(clock.utc()) // 1_000_000 - REMEMBERED_S * 1000)
                tend(jobs)
                if stop.wait(_TIDY_S):
                    break
            jobs.end(END_S)
        log.info("worker_stopped")


@contextlib.contextmanager
def _served(home: Home, disk: Disk, jobs: Jobs, shelf: "Shelf") -> Iterator[None]:
    people = People(load_settings(home).people, os.getuid())

    def desk_of(uid: int) -> Desk:
        return WorkerDesk(jobs, shelf, Peer.of(uid), people)

    server = UnixServer(
        "worker",
        listen_unix(home.worker_socket, 0o666 if people.others else 0o600),
        WorkerDesk(jobs, shelf, Peer.of(people.owner), people),
        most_connections=MOST_CONNECTIONS,
        most_bytes=MOST_BYTES,
        desk_of=desk_of,
    )
    threading.Thread(target=server.serve_forever, name="worker-socket", daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        with contextlib.suppress(FileNotFoundError):
            disk.unlink(home.worker_socket)


class Shelf:
    """Packages that wait for people who are not the owner of the home."""

    def __init__(self, folder: Path, disk: Disk, clock: Clock) -> None:
        self._folder, self._disk, self._clock = folder, disk, clock

    def place(self, ask: int, person: Peer) -> Path:
        """Where a package for them is to lie."""
        self._disk.make_folder(self._folder)
        return self._folder / f"{ask}-{person.uid}-{self._clock.boot_ns()}.asice"

    def holds(self, path: Path) -> bool:
        """Whether it lies here."""
        return path.parent == self._folder

    def part(self, path: Path, at: int) -> bytes:
        """Bytes from there on."""
        try:
            with contextlib.closing(self._disk.open_read(path)) as file:
                return file.read(at, PART)
        except FileNotFoundError as error:
            raise NotFound(f"{path.name}: was taken, or waited for longer than a day; export again") from error

    def take(self, path: Path) -> None:
        """It is where it belongs."""
        for each in (path, report_of(path)):
            with contextlib.suppress(FileNotFoundError):
                self._disk.unlink(each)

    def clear(self, path: Path, packaged: Values) -> None:
        """Remove what a life of the worker that was killed has left, if nobody will go on with it."""
        try:
            take_back(self._disk, path, packaged)
        finally:
            clear_drafts(self._disk, path)
        if self.holds(path):  # a name that no other job has
            self.take(path)

    def tidy(self) -> None:
        """Remove what nobody fetched."""
        if not self._folder.exists():
            return
        oldest = ns_from_ticks(self._clock.utc()) - KEPT_S * 1_000_000_000
        for name in self._disk.list(self._folder):
            path = self._folder / name
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime_ns < oldest:
                    self._disk.unlink(path)
                    log.info("package_not_fetched", name=name)


class WorkerDesk:
    """What one person gets."""

    def __init__(self, jobs: Jobs, shelf: Shelf, peer: Peer, people: People) -> None:
        self._jobs, self._shelf, self._peer, self._people = jobs, shelf, peer, people

    def answer(self, method: str, target: str, body: bytes) -> Body:
        """One request."""
        path, _, query = target.partition("?")
        match (method, path.strip("/").split("/")):
            case ("GET", ["status"]):
                return _json({"v": 1, "state": "running", "pid": os.getpid()})
            case ("POST", ["jobs"]):
                return _json({"job": self._start(body)})
            case ("GET", ["jobs"]):
                return _json({"v": 1, "jobs": [_told(job) for job in self._jobs.states() if self._may_see(job)]})
            case ("GET", ["jobs", name]):
                return _json(_told(self._own(name)))
            case ("POST", ["jobs", name, "cancel"]):
                self._cancel(self._own(name))
                return _json({"job": name})
            case ("GET", ["jobs", name, "package"]):
                at = dict(urllib.parse.parse_qsl(query)).get("at", "0")
                return Body(self._shelf.part(self._package(name), parse_number(at, "at")), "application/octet-stream")
            case ("GET", ["jobs", name, "report"]):
                return Body(self._shelf.part(report_of(self._package(name)), 0), "application/pdf")
            case ("POST", ["jobs", name, "taken"]):
                self._shelf.take(self._package(name))
                return _json({"job": name})
        raise NotFound(f"{method} {target}: there are /status, /jobs, and of a job cancel, package, report and taken")

    def explain(self, error: TorrazzoError) -> Body:
        """An error as an answer."""
        kind, status = next(
            ((class_.__name__, status) for class_, status in _STATUS if isinstance(error, class_)), ("", 500)
        )
        log.info("worker_refused", status=status, error=str(error))
        return _json({"error": {"kind": kind, "text": str(error)}}, status)

    def _may_see(self, job: JobState) -> bool:
        return self._peer.uid == self._people.owner or job.order.get("person") == self._peer.name

    def _own(self, name: str) -> JobState:
        job = self._jobs.state(name)
        if not self._may_see(job):
            raise Refused(f"job {name} is another person's")
        return job

    def _cancel(self, job: JobState) -> None:
        self._jobs.cancel(job.id)
        if "out" in job.order and self._jobs.state(job.id).state == "cancelled":  # and not done a moment before
            self._shelf.clear(Path(job.order["out"]), self._jobs.gave(job.id, PACKAGE))

    def _package(self, name: str) -> Path:
        job = self._own(name)
        path = Path(job.order.get("out", ""))
        if job.state != "done" or not self._shelf.holds(path):
            raise Refused(f"job {name} is {job.state}; its package is not to be fetched here")
        return path

    def _start(self, body: bytes) -> str:
        try:
            found = json.loads(body)
            if not isinstance(found, dict) or found.get("v") != 1:
                raise ValueError("expected an object with v = 1")
            kind, ask, out, recipient = found["kind"], found["ask"], found["out"], found.get("recipient")
            person = found.get("person")
            if kind != "export" or type(ask) is not int:
                raise ValueError("expected an export of an ask's number")
            if not all(isinstance(each, str | None) for each in (out, recipient, person)):
                raise TypeError("out, recipient and person are texts or null")
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise Invalid(f"order of a job: {error!r}") from error
        if person is None:
            self._people.check(self._peer, "ask")
        elif self._peer.uid != self._people.owner:
            raise Refused("only the owner of the home orders for another person")
        if out is not None and self._peer.uid != self._people.owner:
            raise Refused("only the owner of the home has files written by the worker; read the package here")
        place = self._shelf.place(ask, self._peer) if out is None else Path(out)
        return self._jobs.start(kind, order(ask, place, person or self._peer.name, recipient))


def _told(state: JobState) -> Mapping[str, object]:
    return state._asdict()


def _json(value: object, status: int = 200) -> Body:
    return Body(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode(), status=status)
