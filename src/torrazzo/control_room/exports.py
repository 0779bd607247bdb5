# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Copies as accounts ask for them: one asks, another approves and says who makes it, that one takes it.

What the law and the roles say was decided before. The facts are in the ledger before anything leaves; packages are
made by the worker, and wait there for a day.
"""

import contextlib
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from torrazzo.access import Ask
from torrazzo.access.asks import MOST_HOURS, Step, named_key
from torrazzo.base.errors import Damaged, Invalid, Refused, Unavailable
from torrazzo.base.ids import StreamId
from torrazzo.base.spans import Span
from torrazzo.base.times import HOUR
from torrazzo.control_room.answers import parse_error
from torrazzo.control_room.looks import Looks
from torrazzo.durable.age import parse_recipient
from torrazzo.keyring.gate import ERASE
from torrazzo.ledger.private import Private
from torrazzo.town.ask import UnixHttp, ask

_ANSWER_S = 30.0

Job = Mapping[str, Any]  # as the worker tells it


class Export(NamedTuple):
    """One ask, and what became of it."""

    ask: Ask
    approval: Step | None  # the last one
    makers: tuple[str, ...]  # accounts that may make it; one, once it is approved
    job: Job | None  # the newest

    @property
    def asker(self) -> str | None:
        """The account; None once the month's secret is destroyed."""
        private = self.ask.asked.private
        return None if private is None else private.person

    @property
    def state(self) -> str:
        """asked, refused, withdrawn, approved, or that of its job: waiting, running, done, failed, cancelled."""
        if self.ask.rejections:
            by = self.ask.rejections[-1].private
            return "withdrawn" if by is not None and by.person == self.asker else "refused"
        if self.job is not None:
            return str(self.job["state"])
        return "approved" if self.approval is not None else "asked"


class Exports:
    """Each method may block and runs in a thread."""

    def __init__(self, looks: Looks, asks: Callable[[], Sequence[Ask]], worker: Path) -> None:
        """`worker` is its socket."""
        self._looks, self._asks, self._worker = looks, asks, worker

    # -- reading

    def all(self, people: Sequence[str]) -> list[Export]:
        """Newest first; `people` are the accounts among which who makes a copy is looked for."""
        jobs: dict[int, Job] = {}
        for job in self._jobs():  # newest first
            jobs.setdefault(int(job["order"].get("ask", -1)), job)
        asks = [each for each in self._asks() if each.purpose != ERASE]
        return [self._export(each, people, jobs.get(each.number)) for each in reversed(asks)]

    def one(self, number: int, people: Sequence[str]) -> Export:
        """Raises `Invalid`."""
        found = next((each for each in self.all(people) if each.ask.number == number), None)
        if found is None:
            raise Invalid(f"nobody asked under the number {number}")
        return found

    def _export(self, found: Ask, people: Sequence[str], job: Job | None) -> Export:
        approval = found.approvals[-1] if found.approvals else None
        makers: tuple[str, ...] = ()
        if approval is not None and approval.act is not None and found.asked.act is not None:
            acts = approval.act, found.asked.act
            makers = tuple(name for name in people if self._looks.windows.is_maker(*acts, name))
        return Export(found, approval, makers, job)

    def _jobs(self) -> Sequence[Job]:
        with contextlib.suppress(Unavailable):  # what was asked for is told all the same
            jobs: Sequence[Job] = self._tell_worker("GET", "/jobs")["jobs"]
            return jobs
        return ()

    # -- asking, and answering

    def ask(self, who: Private, streams: Sequence[StreamId], span: Span, purpose: str, to: str) -> int:
        """Its number. Raises `Absent` where nothing was recorded, `Invalid` for a key that is none."""
        if len(streams) * (span.end - span.start) > MOST_HOURS * HOUR:
            raise Invalid(f"at most {MOST_HOURS} hours of cameras in one copy; ask for it in parts")
        if (key := named_key(who.recipient)) is not None:
            parse_recipient(key)
        wanted = self._looks.whole(streams, span, lead=0)
        self._looks.check_case(streams, wanted.span, who)
        return self._looks.windows.ask(who, wanted, purpose, to)

    def approve(self, who: Private, export: Export, maker: str | None) -> int:
        """Also once more, with another maker. `maker` None: who asked makes it."""
        _expect(export, "asked", "approved", "failed", "cancelled")
        return self._looks.windows.approve(who, export.ask.number, maker)

    def reject(self, who: Private, export: Export) -> int:
        """By another person, or by who asked."""
        _expect(export, "asked", "approved", "failed", "cancelled")
        return self._looks.windows.reject(who, export.ask.number)

    # -- making

    def prepare(self, export: Export, person: str) -> str:
        """The job's name. A copy for a key is encrypted to it."""
        _expect(export, "approved", "done", "failed", "cancelled")
        order = {"v": 1, "kind": "export", "ask": export.ask.number, "out": None, "person": person}
        return str(self._tell_worker("POST", "/jobs", {**order, "recipient": export.ask.key})["job"])

    def cancel(self, export: Export) -> None:
        """It ends, and leaves nothing behind."""
        _expect(export, "waiting", "running")
        assert export.job is not None
        self._tell_worker("POST", f"/jobs/{export.job['id']}/cancel", {})

    # -- taking

    def package(self, who: Private, export: Export) -> Iterator[bytes]:
        """Its bytes, once the fact is entered; raises `Refused` where it is not there (any more)."""
        result = _result(export)
        first = self._part(export, "package?at=0")
        digest, size = bytes.fromhex(str(result["sha256"])), int(result["bytes"])
        self._looks.windows.take(who, export.ask.number, digest)
        return self._rest(export, first, size)

    def _rest(self, export: Export, first: bytes, size: int) -> Iterator[bytes]:
        at, part = len(first), first
        yield part
        while at < size:
            part = self._part(export, f"package?at={at}")
            at += len(part)
            yield part

    def report(self, who: Private, export: Export) -> bytes:
        """The hand-over report, in the same way."""
        if not _result(export).get("report"):
            raise Refused("this machine could not draw the report")
        found = self._part(export, "report")
        self._looks.windows.take(who, export.ask.number, hashlib.sha256(found).digest())
        return found

    def _part(self, export: Export, what: str) -> bytes:
        assert export.job is not None
        connection = UnixHttp(self._worker, _ANSWER_S)
        with contextlib.closing(connection):
            try:
                connection.request("GET", f"/jobs/{export.job['id']}/{what}")
                answer = connection.getresponse()
                part = answer.read()
            except OSError as error:
                raise Unavailable(f"the worker does not answer: {error}") from error
        if answer.status != 200 or not part:
            raise Gone("this package was not fetched for a day, and is gone: have it prepared once more")
        return part

    def _tell_worker(self, method: str, target: str, body: object = None) -> Mapping[str, Any]:
        status, answer = ask(self._worker, method, target, body, _ANSWER_S)
        if status != 200:
            raise parse_error(answer, status)
        if not isinstance(answer, dict):
            raise Damaged(f"{self._worker}: what answered is no worker of ours; restart `torrazzo serve`")
        return answer


class NotInState(Refused):
    """Not as this export is now."""


class Gone(Refused):
    """What was made is not there any more."""


def _expect(export: Export, *states: str) -> None:
    if export.state not in states:
        raise NotInState(f"export {export.ask.number} is {export.state}")


def _result(export: Export) -> Mapping[str, Any]:
    _expect(export, "done")
    assert export.job is not None
    result: Mapping[str, Any] = export.job["result"] or {}
    return result
