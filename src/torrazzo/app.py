# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The composition root: builds each process from its parts, and supervises them all for `serve`.

    serve ── keyring        public keys two days ahead, segment keys for readers
          ├─ recorder       cameras to archive; needs none of the others
          ├─ worker         long jobs: packages for whoever may have a copy
          ├─ ledger         all facts, in a signed log
          └─ control-room   registry, catalogue, the page

Ended in order: the recorder first, so that its last facts find control room and ledger. A child whose supervisor dies
gets end of file on its standard input and ends as if it had been asked to.
"""

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import structlog

from torrazzo.base.clock import Clock, SystemClock
from torrazzo.durable import Disk, OsDisk
from torrazzo.town import Home

log = structlog.get_logger()

STOP_S = 20.0
KEYS_S = 5.0
SETTLED_S = 30.0
PAUSES_S = (0.0, 0.25, 0.5, 1.0, 2.0)  # frames flow again within five seconds, however often a recorder dies
SUPERVISED = "TORRAZZO_SUPERVISED"


class PageOptions(NamedTuple):
    """Where the page listens; the port of torrazzo.toml if none is given."""

    host: str
    port: int | None


class Child(NamedTuple):
    """A process to keep alive."""

    name: str
    command: Sequence[str]
    after: Path | None = None  # its first start waits a little for this file


class Supervisor:
    """Keeps children running until told to stop; then ends them one after the other, in the order given."""

    def __init__(self, children: Sequence[Child], clock: Clock, *, stop_s: float = STOP_S) -> None:
        self._children = children
        self._clock = clock
        self._stop_s = stop_s
        self._endings = {child.name: asyncio.Event() for child in children}
        self._running: dict[str, asyncio.subprocess.Process] = {}
        self.restarts = 0

    async def run(self, stop: asyncio.Event, hurry: asyncio.Event) -> bool:
        """Return when all have ended after `stop`; true if none had to be killed. `hurry` kills at once."""
        tasks = [asyncio.create_task(self._keep(child, hurry)) for child in self._children]
        waiting = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait((waiting, *tasks), return_when=asyncio.FIRST_COMPLETED)
            clean = True
            for child, task in zip(self._children, tasks, strict=True):
                self._endings[child.name].set()
                clean &= await task
            return clean
        finally:
            waiting.cancel()
            for process in self._running.values():
                process.kill()

    async def _keep(self, child: Child, hurry: asyncio.Event) -> bool:
        """Start it, and again whenever it dies, until its ending is asked for."""
        failures = 0
        ending = self._endings[child.name]
        await self._wait_for(child.after, ending)
        while not ending.is_set():
            started = self._clock.boot_ns()
            process = await self._start(child)
            over, asked = asyncio.create_task(process.wait()), asyncio.create_task(ending.wait())
            await asyncio.wait((over, asked), return_when=asyncio.FIRST_COMPLETED)
            asked.cancel()
            if ending.is_set():
                return await self._end(child, process, over, hurry)
            del self._running[child.name]
            lived = (self._clock.boot_ns() - started) / 1e9
            failures = 0 if lived > SETTLED_S else failures + 1
            pause = PAUSES_S[min(max(0, failures - 1), len(PAUSES_S) - 1)]
            self.restarts += 1
            log.warning(
                "process_died", child=child.name, code=process.returncode, lived_s=round(lived, 1), pause_s=pause
            )
            if pause:
                await _wait(ending, pause)
        return True

    async def _wait_for(self, path: Path | None, ending: asyncio.Event) -> None:
        until = self._clock.boot_ns() + KEYS_S * 1e9
        while path is not None and self._clock.boot_ns() < until and not ending.is_set():
            if await asyncio.to_thread(path.exists):
                return
            await _wait(ending, 0.05)

    async def _start(self, child: Child) -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            *child.command,
            stdin=asyncio.subprocess.PIPE,
            start_new_session=True,  # the terminal's Ctrl-C is ours to pass on, in order
            env={**os.environ, SUPERVISED: "1"},
        )
        self._running[child.name] = process
        log.info("process_started", child=child.name, pid=process.pid)
        return process

    async def _end(
        self, child: Child, process: asyncio.subprocess.Process, over: "asyncio.Task[int]", hurry: asyncio.Event
    ) -> bool:
        """Ask once, wait, then kill."""
        if process.returncode is None:
            process.terminate()
        impatience = asyncio.create_task(hurry.wait())
        await asyncio.wait((over, impatience), timeout=self._stop_s, return_when=asyncio.FIRST_COMPLETED)
        impatience.cancel()
        is_clean = over.done() and over.result() in {0, -signal.SIGTERM}  # the latter: it had not even begun
        if not over.done():
            log.error("process_killed", child=child.name, waited_s=self._stop_s, hurried=hurry.is_set())
            process.kill()
        code = await over
        del self._running[child.name]
        log.info("process_ended", child=child.name, code=code)
        return is_clean


def children_of(home: Home, page_options: PageOptions) -> tuple[Child, ...]:
    """The processes of one box, in the order in which they are to end; the first recorder waits for the first keys."""
    base = (sys.executable, "-m", "torrazzo")
    place = ("--home", str(home.path))
    port = () if page_options.port is None else ("--port", str(page_options.port))
    page = ("--host", page_options.host, *port)
    own_witness = ("--home", str(home.own_witness))
    shows = home.own_witness.is_dir()  # as the demo made it; a real one is a second office's, on its own machine
    return (
        Child("recorder", (*base, "recorder", *place), after=home.public_keys),
        Child("worker", (*base, "worker", *place), after=home.page_address),  # what records and answers comes first
        Child("control-room", (*base, "control-room", *place, *page)),
        Child("ledger", (*base, "ledger", *place)),
        Child("keyring", (*base, "keyring", *place)),
        *((Child("witness", (*base, "witness", *own_witness)),) if shows else ()),
    )


async def serve(
    home: Home,
    disk: Disk,
    clock: Clock,
    page: PageOptions,
    say: Callable[[str], None],
    say_first: Callable[[str], None] = lambda _: None,
) -> bool:
    """Supervise one town until SIGTERM or SIGINT; raises `Refused` if it is being served already.

    `say` is given the page's address, `say_first` the link for the first two people, each when it is another one.
    """
    disk.make_folder(home.run)
    with disk.lock(home.serve_lock):
        for left in (home.page_address, home.first_link):
            if left.exists():
                disk.unlink(left)
        stop, hurry = asyncio.Event(), asyncio.Event()
        _on_signals(asyncio.get_running_loop(), stop, hurry)
        supervisor = Supervisor(children_of(home, page), clock)
        telling = asyncio.create_task(_tell(((home.page_address, say), (home.first_link, say_first))))
        try:
            return await supervisor.run(stop, hurry)
        finally:
            telling.cancel()


def _on_signals(loop: asyncio.AbstractEventLoop, stop: asyncio.Event, hurry: asyncio.Event) -> None:
    def asked() -> None:
        (hurry if stop.is_set() else stop).set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked)


async def _tell(places: Sequence[tuple[Path, Callable[[str], None]]]) -> None:
    told: dict[Path, str] = {}
    while True:
        for path, say in places:
            found = _read_line(path)
            if found and found != told.get(path):
                say(found)
                told[path] = found
        await asyncio.sleep(0.5)


def read_page_address(home: Home) -> str:
    """Where the page of the running control room is, or nothing."""
    return _read_line(home.page_address)


def _read_line(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        return ""


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass


def prepare_process(name: str) -> None:
    """What every process does first: files for us alone, logs with its name, an end when its supervisor ends."""
    os.umask(0o077)
    configure_logs(name)
    if os.environ.pop(SUPERVISED, ""):
        threading.Thread(target=_end_with_supervisor, name="supervisor", daemon=True).start()


def _end_with_supervisor() -> None:
    while os.read(0, 4096):
        pass
    log.warning("supervisor_gone")
    os.kill(os.getpid(), signal.SIGTERM)


def configure_logs(name: str) -> None:
    """Diagnostics to stderr, one line per event; never the ledger."""
    structlog.configure(
        processors=log_lines(name),
        wrapper_class=structlog.make_filtering_bound_logger(log_level()),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )


def log_level() -> int:
    """As TORRAZZO_LOG sets it."""
    text = os.environ.get("TORRAZZO_LOG", "info").lower()
    return {"debug": 10, "info": 20, "warning": 30, "error": 40}.get(text, 20)


def log_lines(name: str) -> list[structlog.typing.Processor]:
    """What makes an event a line."""
    keys = ["timestamp", "level", "process", "event"]
    return [
        _named(name),
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        structlog.processors.LogfmtRenderer(key_order=keys, bool_as_flag=False),
    ]


def _named(name: str) -> structlog.typing.Processor:
    def add_name(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        return {"process": name, **event}

    return add_name


def system_parts(path: Path) -> tuple[Home, Disk, Clock]:
    """The real home, disk and clock."""
    return Home(path.absolute()), OsDisk(), SystemClock()
