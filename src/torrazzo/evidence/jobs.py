# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Durable jobs on DBOS: what a step gave is on disk, and whoever starts after a crash goes on with the next one.

The only module that knows DBOS. Of each kind one job runs at a time, the others wait. Their database is SQLite in its
rollback-journal mode, as DBOS opens it, or PostgreSQL. Nothing secret may be in an order or in a step's result.

DBOS looks into its tables several times a second, whether there is work or not, which costs as much as recording four
cameras: so it is awake only while a job waits or runs. What there is and was is read without it.
"""

import secrets
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeAlias

import structlog
from dbos import DBOS, DBOSClient, DBOSConfig, DBOSPortableJSONSerializer, SetWorkflowID, WorkflowStatus

from torrazzo.base.clock import Clock
from torrazzo.base.errors import Invalid, Refused, TorrazzoError, Unavailable
from torrazzo.durable import Disk

# Of a kind's order and the results of its steps; grows when an older job could not be gone on with. 1 for the others.
_VERSIONS = {"export": 3}
_DBOS_VERSION = "1"  # jobs of another one would wait for ever, and nobody would be told why
_POLL_S, _PROMPT_S = 10.0, 3.0  # each look into a queue costs some 8 ms: only who orders a copy waits before a screen
_PROMPT = "export"
_SLEEP_S = 15.0  # without a job for so long, DBOS sleeps
PATIENCE_S = 900.0  # so long a step waits for a process, a disk or a fact that is not there
_PAUSE_S = 3.0

_STATES = {"PENDING": "running", "ENQUEUED": "waiting", "DELAYED": "waiting", "SUCCESS": "done", "ERROR": "failed",
           "CANCELLED": "cancelled", "MAX_RECOVERY_ATTEMPTS_EXCEEDED": "failed"}  # fmt: skip

_UNFINISHED = [name for name, state in _STATES.items() if state in {"waiting", "running"}]

Values: TypeAlias = dict[str, Any]  # JSON

log = structlog.get_logger(__name__)


class Cancelled(Exception):
    """Somebody cancelled this job."""


class Steps(Protocol):
    """What a job is given to work with."""

    def step(self, name: str, part: tuple[float, float], work: "Work") -> Values:
        """The step's result: from disk if it was done in an earlier life, else worked out now and put there.

        `part` is where the step begins and ends in the whole job, from 0 to 1.
        """
        ...


Progress: TypeAlias = Callable[[float], None]  # of a step, from 0 to 1; raises `Cancelled`
Work: TypeAlias = Callable[[Progress], Values]
Kind: TypeAlias = Callable[[Values, Steps], Values]  # what a job does with its order


class JobState(NamedTuple):
    """As people see it."""

    id: str
    kind: str
    order: Values
    state: str  # waiting, running, done, failed, cancelled
    step: str  # what it is at
    done: float  # from 0 to 1
    result: Values | None
    error: str | None
    made: int  # ms since 1970


class _Run:
    """One job in this life of the process."""

    def __init__(self, jobs: "Jobs", id_: str, *, is_of_this_version: bool) -> None:
        self._jobs, self._id, self._is_of_this_version = jobs, id_, is_of_this_version
        self.at, self.done = "", 0.0
        self.cancelled = threading.Event()

    def step(self, name: str, part: tuple[float, float], work: Work) -> Values:
        if not self._is_of_this_version:  # here, so that the kind clears up what it left
            raise Refused(f"job {self._id} was begun by another version of torrazzo, and ends here; ask for it again")

        def tell(done: float) -> None:
            self._jobs.pause_if_ending()
            if self.cancelled.is_set():
                raise Cancelled(f"job {self._id} was cancelled")
            self.done = part[0] + (part[1] - part[0]) * min(1.0, max(0.0, done))

        def waiting(error: Unavailable) -> None:
            self.at = f"{name}: waits: {error}"

        self.at = name
        tell(0)
        found: Values = DBOS.run_step({"name": name}, patient(work, self._jobs.clock, waiting), tell)
        tell(1)
        return found


class Jobs:
    """One per process: DBOS allows no more. May be used by several threads."""

    def __init__(self, path: Path, disk: Disk, clock: Clock, kinds: Mapping[str, Kind]) -> None:
        """Jobs that were not over go on at once, in the background."""
        self._kinds = kinds
        self.clock = clock
        self._runs: dict[str, _Run] = {}
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._paused = threading.Semaphore(0)
        self._power = threading.Lock()  # whether DBOS is awake changes under it
        self._is_awake = False
        disk.make_folder(path.parent)
        self._url = f"sqlite:///{path.absolute()}"

        def job(kind: str, order: Values, version: int = 1) -> Values:
            return self._work(kind, order, version)

        self._job = DBOS.workflow(name="job", max_recovery_attempts=None)(job)
        self._client = DBOSClient(system_database_url=self._url, serializer=DBOSPortableJSONSerializer(), lazy=True)
        self._has_tables = path.exists()
        if self._has_tables:
            with self._power:
                self._wake()  # which brings the tables up to date, and goes on with what was running
        threading.Thread(target=self._doze, name="jobs", daemon=True).start()

    def start(self, kind: str, order: Values) -> str:
        """Put a job into the queue; returns its name."""
        if kind not in self._kinds:
            raise Invalid(f"no job {kind!r}; there are {', '.join(sorted(self._kinds))}")
        id_ = f"{kind}-{secrets.token_hex(4)}"
        with self._power:
            self._wake()
            with SetWorkflowID(id_):
                DBOS.enqueue_workflow(kind, self._job, kind, order, _VERSIONS.get(kind, 1))
        return id_

    def states(self, ids: list[str] | None = None) -> list[JobState]:
        """All jobs, the newest first, or these."""
        return [self._state(each) for each in self._known(workflow_ids=ids, sort_desc=True)]

    def state(self, id_: str) -> JobState:
        """Of one; raises `Invalid` for a name that none has."""
        found = self.states([id_])
        if not found:
            raise Invalid(f"no job {id_}; `torrazzo evidence list` shows those that there are")
        return found[0]

    def gave(self, id_: str, step: str) -> Values:
        """What a step of a job has given, in whichever life; nothing where it was never over."""
        steps = self._client.list_workflow_steps(id_)
        return next((each["output"] for each in steps if each["function_name"] == step and each["output"]), {})

    def newest(self, kind: str) -> JobState | None:
        """The one that was ordered last."""
        found = self._known(queue_name=kind, sort_desc=True, limit=1)
        return self._state(found[0]) if found else None

    def forget(self, before_ms: int) -> int:
        """Jobs that are over and were ordered before, at most a hundred; returns how many."""
        states = [name for name, state in _STATES.items() if state not in {"waiting", "running"}]
        found = self._known(status=states, limit=100)
        old = [job.workflow_id for job in found if (job.created_at or 0) < before_ms]
        if old:
            self._client.delete_workflows(old)
        return len(old)

    def cancel(self, id_: str) -> None:
        """Ends at its next sign of life, and leaves nothing behind. Raises `Refused` for one that is over."""
        if (now := self.state(id_)).state not in {"waiting", "running"}:
            raise Refused(f"job {id_} is over: {now.state}")
        self._client.cancel_workflow(id_)
        with self._lock:
            run = self._runs.get(id_)
        if run is not None:
            run.cancelled.set()

    # -- the end of the process

    def end(self, patience_s: float) -> None:
        """Hold the job that runs where it is: a later life goes on with it. The caller ends the process at once."""
        self._ending.set()
        with self._lock:
            busy = len(self._runs)
        for _ in range(busy):
            self._paused.acquire(timeout=patience_s)

    def pause_if_ending(self) -> None:
        """For ever, if so: a step that raised would be noted as failed."""
        while self._ending.is_set():
            self._paused.release()
            threading.Event().wait()

    # -- awake or asleep

    @property
    def is_awake(self) -> bool:
        """Whether DBOS is: it runs what waits."""
        return self._is_awake

    def _wake(self) -> None:
        if self._is_awake:
            return
        config: DBOSConfig = {
            "name": "torrazzo",
            "system_database_url": self._url,
            "application_version": _DBOS_VERSION,
            "executor_id": "worker",
            "serializer": DBOSPortableJSONSerializer(),
            "use_listen_notify": False,
            "log_level": "CRITICAL",  # what becomes of a job we log ourselves
        }
        DBOS(config=config)
        DBOS.launch()
        for kind in self._kinds:
            DBOS.register_queue(kind, concurrency=1, polling_interval_sec=_PROMPT_S if kind == _PROMPT else _POLL_S)
        self._is_awake = self._has_tables = True

    def _doze(self) -> None:
        """Let DBOS sleep where there has been nothing to do at two looks."""
        was_idle = False
        while not self._ending.wait(_SLEEP_S):
            if not self._is_awake:
                continue
            with self._power:
                is_idle = not self._runs and not self._known(status=_UNFINISHED, limit=1)
                if is_idle and was_idle:
                    DBOS.destroy()
                    self._is_awake = False
                was_idle = is_idle

    # -- inside

    def _work(self, kind: str, order: Values, version: int) -> Values:
        """The workflow."""
        id_ = DBOS.workflow_id
        assert id_ is not None
        run = _Run(self, id_, is_of_this_version=version == _VERSIONS.get(kind, 1))
        with self._lock:
            self._runs[id_] = run
        log.info("job_runs", job=id_)
        try:
            result = self._kinds[kind](order, run)
        except (Cancelled, TorrazzoError, OSError) as error:
            log.warning("job_ended", job=id_, why=type(error).__name__, error=str(error))
            raise
        except Exception as error:
            log.exception("job_failed", job=id_, error=repr(error))
            raise
        finally:
            with self._lock:
                del self._runs[id_]
        log.info("job_done", job=id_)
        return result

    def _known(self, **which: Any) -> list[WorkflowStatus]:
        """Read without DBOS; before the first job there are no tables."""
        return self._client.list_workflows(name="job", **which) if self._has_tables else []

    def _state(self, found: WorkflowStatus) -> JobState:
        with self._lock:
            run = self._runs.get(found.workflow_id)
        state = _STATES.get(found.status, found.status)
        kind, order, *_ = found.input["args"] if found.input is not None else ("", {})
        return JobState(
            found.workflow_id,
            kind,
            order,
            state,
            run.at if run else "",
            1.0 if state == "done" else run.done if run else 0.0,
            found.output if state == "done" else None,
            None if found.error is None else str(found.error),
            found.created_at or 0,
        )


def patient(work: Work, clock: Clock, waiting: Callable[[Unavailable], None]) -> Work:
    """The same work, which waits for what is not there (yet): at most a quarter of an hour, telling that it lives."""

    def patiently(tell: Progress) -> Values:
        until = clock.boot_ns() + PATIENCE_S * 1e9
        while True:
            try:
                return work(tell)
            except Unavailable as error:
                if clock.boot_ns() > until:
                    raise
                log.info("job_waits", error=str(error))
                waiting(error)
            tell(0)
            threading.Event().wait(_PAUSE_S)

    return patiently
