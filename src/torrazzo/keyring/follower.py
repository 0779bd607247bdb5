# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The keyring's talk with the ledger: its own facts go there, and heads come from there also when nobody reads."""

import contextlib
import threading

import structlog

from torrazzo.base.errors import Invalid, TorrazzoError, Unavailable
from torrazzo.keyring.bookings import Bookings
from torrazzo.keyring.gate_refusal import Reason, Refusal
from torrazzo.keyring.guard import Guard, Log
from torrazzo.keyring.heads import Shown
from torrazzo.ledger.checkpoint import Checkpoint
from torrazzo.ledger.client import LedgerClient
from torrazzo.ledger.note import Note
from torrazzo.ledger.text import parse_hash, parse_number

FOLLOW_S = 5.0  # so that a witness's time is not old when it is heard
HURRY_S = 1.0  # until the ledger is there, and has a head to go on from
MOST_LATE = 3  # looks in a row: a reader may have shown a larger head meanwhile, a witness may be about to sign

_LOGS: tuple[Log, ...] = ("act", "rec")

# What an answer in no form that was thought of leads to.
_ODD = (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)

log = structlog.get_logger(__name__)


class Follower:
    """Run by one thread."""

    def __init__(self, guard: Guard, bookings: Bookings, ledger: LedgerClient) -> None:
        self.is_away = True  # the ledger, at the last look
        self.alarms: dict[Log, Refusal] = {}  # heads that do not go on from those seen
        self._guard, self._bookings, self._ledger = guard, bookings, ledger
        self._late = dict.fromkeys(_LOGS, 0)

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
                self._tell(name, Refusal(Reason.HEAD_FORGED, f"the ledger's answer is none: {error}"))
        self._bookings.deliver()

    def _follow(self, name: Log) -> None:
        heads = self._guard.heads
        if heads is None:
            return
        head = (heads.rec if name == "rec" else heads.act).head
        shown = self._shown(name, head.size if head else 0)
        if shown is None:
            return
        refusal, size = self._guard.see(name, shown), Checkpoint.parse(shown.note.text).size
        if refusal is None and head is not None and size < head.size:  # an earlier head is good for a reader
            refusal = Refusal(Reason.HEAD_STALE, f"the ledger has {size} entries, and had {head.size}")
        is_late = refusal is not None and refusal.reason in {Reason.HEAD_STALE, Reason.HEAD_FORGED}
        self._late[name] = self._late[name] + 1 if is_late else 0
        if refusal is None:
            self.alarms.pop(name, None)
        elif not is_late or self._late[name] >= MOST_LATE:
            self._tell(name, refusal)

    def _hear(self, name: Log) -> None:
        """The head that witnesses cosigned last: mostly not yet the present one."""
        with contextlib.suppress(Invalid):  # there is none, or it is of another log, which `_follow` tells
            self._guard.hear(Note.parse(self._ledger.read(f"{name}/cosigned")))

    def _shown(self, name: Log, since: int) -> Shown | None:
        """The newest head, and how it goes on from there; None for a log without entries."""
        if not since:
            note = Note.parse(self._ledger.read(f"{name}/checkpoint"))
            return Shown(note, 0, ()) if Checkpoint.parse(note.text).size else None
        try:
            answer = self._ledger.read(f"{name}/consistency?old={since}")
        except Invalid:  # it has fewer entries, or another name
            return Shown(Note.parse(self._ledger.read(f"{name}/checkpoint")), since, ())
        head, _, rest = answer.partition(b"\n\n")
        old, *lines = head.decode("ascii", "replace").split("\n")
        if parse_number(old.removeprefix("old "), "old") != since:
            raise Unavailable(f"the ledger answered for another head of {name}")
        return Shown(Note.parse(rest), since, tuple(parse_hash(line, "consistency") for line in lines))

    def _tell(self, name: Log, refusal: Refusal) -> None:
        before = self.alarms.get(name)
        if before is None or before.reason != refusal.reason:
            log.error("head_refused", log=name, reason=str(refusal.reason), text=refusal.text)
            self._bookings.refuse(str(refusal.reason), None)
        self.alarms[name] = refusal
