# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What takes a while with a device: a search, a probe. Each has progress, can be ended, and is forgotten soon."""

import asyncio
import secrets
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from torrazzo.base.clock import Clock
from torrazzo.base.errors import Invalid, Refused, TorrazzoError
from torrazzo.base.times import SECOND
from torrazzo.camera.errors import CameraError

MOST_RUNNING = 4
MOST_KEPT = 64
KEPT = 15 * 60 * SECOND


class TooMany(Refused):
    """So many run already."""


@dataclass(slots=True)
class Job:
    """`found` grows while it runs. States: running, done, failed, cancelled."""

    id: str
    kind: str
    owner: str  # account
    begun: int
    state: str = "running"
    progress: float = 0.0
    found: list[dict[str, object]] = field(default_factory=list)
    why: str | None = None  # it failed: net, auth, codec, nosignal, or failed
    message: str = ""
    _loop: asyncio.AbstractEventLoop | None = None
    _task: "asyncio.Task[None] | None" = None

    def told(self) -> dict[str, object]:
        """As people see it."""
        return {name: getattr(self, name) for name in ("id", "state", "progress", "why", "message", "found")}

    def cancel(self) -> None:
        """Ends it, wherever it is."""
        if self.state == "running":
            self.state = "cancelled"
            if self._loop is not None and self._task is not None:
                self._loop.call_soon_threadsafe(self._task.cancel)

    async def run(self, work: "Callable[[Job], Awaitable[None]]") -> None:
        """To its end, which is always one of its states."""
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        if self.state == "cancelled":
            return
        try:
            await work(self)
        except CameraError as error:
            self._fail(error.why, str(error))
        except TorrazzoError as error:
            self._fail("failed", str(error))
        except asyncio.CancelledError:
            self.state = "cancelled"
        else:
            if self.state == "running":
                self.state, self.progress = "done", 1.0
        finally:
            self._fail("failed", "")  # whatever else was raised: nothing looks as if it ran for ever

    def _fail(self, why: str, message: str) -> None:
        if self.state == "running":
            self.state, self.why, self.message = "failed", why, message


class Jobs:
    """Of one process. Threads of their own: a device may be slow, and people wait for nobody's."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self._jobs, self._lock = clock, dict[str, Job](), threading.Lock()

    def start(self, kind: str, owner: str, work: Callable[[Job], Awaitable[None]]) -> Job:
        """Raises `TooMany`."""
        with self._lock:
            self._forget()
            if sum(job.state == "running" for job in self._jobs.values()) >= MOST_RUNNING:
                raise TooMany(f"{MOST_RUNNING} searches and probes run already: wait for one of them, or end it")
            job = Job(secrets.token_hex(8), kind, owner, self._clock.utc())
            self._jobs[job.id] = job
        threading.Thread(target=lambda: asyncio.run(job.run(work)), name=f"camera-{kind}", daemon=True).start()
        return job

    def one(self, kind: str, owner: str, id_: str) -> Job:
        """Of that person; raises `Invalid`."""
        with self._lock:
            job = self._jobs.get(id_)
        if job is None or (job.kind, job.owner) != (kind, owner):
            raise Invalid(f"there is no {kind} {id_[:40]!r} (any more)")
        return job

    def _forget(self) -> None:
        now = self._clock.utc()
        over = [job.id for job in self._jobs.values() if job.state != "running" and now - job.begun > KEPT]
        over += [job.id for job in self._jobs.values() if job.state != "running"][: len(self._jobs) - MOST_KEPT]
        for id_ in over:
            self._jobs.pop(id_, None)
