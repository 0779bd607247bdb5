# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The keyring's talk with the ledger: its own facts go there, and heads come from there also when nobody reads."""

import contextlib
import threading
from typing import NamedTuple

import structlog

from torrazzo.base.clock import Clock
from torrazzo.base.errors import Invalid, TorrazzoError, Unavailable
from torrazzo.keyring.bookings import Bookings
from torrazzo.keyring.destroyed import Destroyed
from torrazzo.keyring.gate_refusal import Reason, Refusal
from torrazzo.keyring.guard import Guard, Log
from torrazzo.keyring.heads import Shown
from torrazzo.ledger.checkpoint import Checkpoint
from torrazzo.ledger.client import LedgerClient
from torrazzo.ledger.note import Note
from torrazzo.ledger.text import parse_hash, parse_number

FOLLOW_S = 5.0  # so that a witness's time is not old when it is heard
HURRY_S = 1.0  # until the ledger is there, and has a head to go on from
MOST_LATE = 3  # looks in a row: a reader may have shown a larger head meanwhile
SILENT_NS = 300_000_000_000  # without a newer head that the witnesses cosigned: they are asked every ten seconds

_LOGS: tuple[Log, ...] = ("act", "rec")

# What an answer in no form that was thought of leads to.
_ODD = (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)

log = structlog.get_logger(__name__)


class _Quorum(NamedTuple):
    """The newest head of a log that its witnesses cosigned, and when it was new here."""

    size: int
    at_ns: int


class Follower:
    """Run by one thread."""

    def __init__(
        self, guard: Guard, bookings: Bookings, ledger: LedgerClient, clock: Clock, destroyed: Destroyed
    ) -> None:
        self.is_away = True  # the ledger, at the last look
        self.alarms: dict[Log, Refusal] = {}  # heads that do not go on from those seen, or wait for the second office
        self._guard, self._bookings, self._ledger, self._clock = guard, bookings, ledger, clock
        self._destroyed = destroyed
        self._late = dict.fromkeys(_LOGS, 0)
        self._quorum: dict[Log, _Quorum] = {}

    def run(self, stop: threading.Event) -> None:
        """Until `stop`, of which `wake` tells at once."""
        while not stop.is_set():
            try:
                self.look()
            except _ODD as error:  # without this thread nothing is told of what the keyring does
                self.is_away = True
                log.error("ledger_not_followed", error=repr(error)[:400])  # noqa: TRY400
            self._bookings.woken.wait(FOLLOW_S if self._guard.is_known and not self.is_away else HURRY_S)
        self._bookings.deliver()

    def wake(self) -> None:
        """Look now."""
        self._bookings.woken.set()

    def look(self) -> None:
        """Deliver what is owed, see what heads there are."""
        self.is_away = not self._bookings.deliver()
        if self._guard.heads is None:
            self._guard.load()
        for name in _LOGS:
            try:
                self._follow(name)
                self._hear(name)
            except Unavailable:
                self.is_away = True
                return
            except TorrazzoError as error:
                self._tell(name, Refusal(Reason.INVALID, f"the ledger's answer is none: {error}"))
        self._compare()
        self._bookings.deliver()

    def _compare(self) -> None:
        """The ring with what the ledger tells was destroyed; tried again at each look, and before any key leaves."""
        try:
            self._destroyed.look()
        except Unavailable:
            return
        except TorrazzoError as error:
            log.error("ring_not_compared", error=str(error))  # noqa: TRY400

    def _follow(self, name: Log) -> None:
        heads = self._guard.heads
        if heads is None:
            return
        head = (heads.rec if name == "rec" else heads.act).head
        since = head.size if head else 0
        shown = self._shown(name, since)
        if shown is None:
            return
        refusal, size = self._guard.see(name, shown), Checkpoint.parse(shown.note.text).size
        if refusal is not None and refusal.reason == Reason.HEAD_UNCOSIGNED:
            refusal = self._see_cosigned(name, since)
        elif refusal is None:
            self._quorum[name] = _Quorum(size, self._clock.boot_ns())
            if size < since:  # an earlier head is good for a reader
                refusal = Refusal(Reason.HEAD_STALE, f"the ledger has {size} entries, and had {since}")
        is_late = refusal is not None and refusal.reason == Reason.HEAD_STALE
        self._late[name] = self._late[name] + 1 if is_late else 0
        if refusal is None:
            self.alarms.pop(name, None)
        elif refusal.reason == Reason.HEAD_UNCOSIGNED:
            self._wait(name, refusal)
        elif not is_late or self._late[name] >= MOST_LATE:
            self._tell(name, refusal)

    def _see_cosigned(self, name: Log, since: int) -> Refusal | None:
        """The present head waits for its witnesses, as each does when it is new: how far they have come.

        A head before those that were seen is one of before the policy demanded witnesses.
        """
        now_ns = self._clock.boot_ns()
        known = self._quorum.setdefault(name, _Quorum(0, now_ns))
        with contextlib.suppress(Invalid):  # there is none yet, or it is before what was seen
            shown = self._shown(name, since, is_cosigned=True)
            refusal = None if shown is None else self._guard.see(name, shown)
            if refusal is not None and refusal.reason not in {Reason.HEAD_STALE, Reason.HEAD_UNCOSIGNED}:
                return refusal
            if shown is not None and refusal is None:
                size = Checkpoint.parse(shown.note.text).size
                known = known if size == known.size else _Quorum(size, now_ns)
                self._quorum[name] = known
        silent_ns = now_ns - known.at_ns
        if silent_ns < SILENT_NS:
            return None
        return Refusal(
            Reason.HEAD_UNCOSIGNED,
            f"the second office is silent: no newer head was cosigned for {silent_ns // 60_000_000_000} minutes,"
            " and nobody can look until it signs again; see `torrazzo ledger status`",
        )

    def _hear(self, name: Log) -> None:
        """The head that witnesses cosigned last: mostly not yet the present one."""
        with contextlib.suppress(Invalid):  # there is none, or it is of another log, which `_follow` tells
            self._guard.hear(Note.parse(self._ledger.read(f"{name}/cosigned")))

    def _shown(self, name: Log, since: int, *, is_cosigned: bool = False) -> Shown | None:
        """The newest head, or the newest that is cosigned, and how it goes on from there; None for an empty log."""
        newest, which = ("cosigned", "&head=cosigned") if is_cosigned else ("checkpoint", "")
        if not since:
            note = Note.parse(self._ledger.read(f"{name}/{newest}"))
            return Shown(note, 0, ()) if Checkpoint.parse(note.text).size else None
        try:
            answer = self._ledger.read(f"{name}/consistency?old={since}{which}")
        except Invalid:  # it has fewer entries, or another name
            return Shown(Note.parse(self._ledger.read(f"{name}/{newest}")), since, ())
        head, _, rest = answer.partition(b"\n\n")
        old, *lines = head.decode("ascii", "replace").split("\n")
        if parse_number(old.removeprefix("old "), "old") != since:
            raise Unavailable(f"the ledger answered for another head of {name}")
        return Shown(Note.parse(rest), since, tuple(parse_hash(line, "consistency") for line in lines))

    def _wait(self, name: Log, refusal: Refusal) -> None:
        """People are told, and nothing is booked: nobody has shown a wrong head."""
        before = self.alarms.get(name)
        if before is None or before.reason != refusal.reason:
            log.error("second_office_silent", log=name, text=refusal.text)
        self.alarms[name] = refusal

    def _tell(self, name: Log, refusal: Refusal) -> None:
        before = self.alarms.get(name)
        if before is None or before.reason != refusal.reason:
            log.error("head_refused", log=name, reason=str(refusal.reason), text=refusal.text)
            self._bookings.refuse(str(refusal.reason), None, refusal.log)
        self.alarms[name] = refusal
