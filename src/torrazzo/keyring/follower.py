# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The keyring's talk with the ledger: its own facts go there, and heads come from there also when nobody reads."""

import threading

import structlog

from torrazzo.base.errors import Invalid, TorrazzoError, Unavailable
from torrazzo.keyring.bookings import Bookings
from torrazzo.keyring.gate_refusal import Reason, Refusal
from torrazzo.keyring.guard import Guard, Log
from torrazzo.keyring.heads import Shown
from torrazzo.ledger.client import LedgerClient
from torrazzo.ledger.note import Note
from torrazzo.ledger.text import parse_hash, parse_number

FOLLOW_S = 5.0  # so that a witness's time is not old when it is heard
HURRY_S = 0.5  # until there is a head to go on from
MOST_STALE = 3  # looks in a row: between asking and taking a reader may have shown a larger head

_LOGS: tuple[Log, ...] = ("act", "rec")

log = structlog.get_logger(__name__)


class Follower:
    """Run by one thread."""

    def __init__(self, guard: Guard, bookings: Bookings, ledger: LedgerClient) -> None:
        self.is_away = True  # the ledger, at the last look
        self.alarms: dict[Log, Refusal] = {}  # heads that do not go on from those seen
        self._guard, self._bookings, self._ledger = guard, bookings, ledger
        self._stale = dict.fromkeys(_LOGS, 0)

    def run(self, stop: threading.Event) -> None:
        """Until `stop`, of which `wake` tells at once."""
        while not stop.is_set():
            self.look()
            self._bookings.woken.wait(FOLLOW_S if self._guard.is_known or self.is_away else HURRY_S)
        self._bookings.deliver()

    def wake(self) -> None:
        """Look now."""
        self._bookings.woken.set()

    def look(self) -> None:
        """Deliver what is owed, see what heads there are."""
        self.is_away = not self._bookings.deliver()
        if not self._guard.is_known:
            self._guard.load()
        for name in _LOGS:
            try:
                self._follow(name)
            except Unavailable:
                self.is_away = True
                return
            except TorrazzoError as error:
                self._tell(name, Refusal(Reason.HEAD_FORGED, f"the ledger's answer is none: {error}"))

    def _follow(self, name: Log) -> None:
        heads = self._guard.heads
        if heads is None:
            return
        head = (heads.rec if name == "rec" else heads.act).head
        try:
            shown = self._shown(name, head.size if head else 0)
        except Invalid as error:  # it has fewer entries
            refusal: Refusal | None = Refusal(Reason.HEAD_STALE, str(error))
        else:
            refusal = None if shown is None else self._guard.see(name, shown)
        is_stale = refusal is not None and refusal.reason == Reason.HEAD_STALE
        self._stale[name] = self._stale[name] + 1 if is_stale else 0
        if refusal is None:
            self.alarms.pop(name, None)
        elif not is_stale or self._stale[name] >= MOST_STALE:
            self._tell(name, refusal)

    def _shown(self, name: Log, since: int) -> Shown | None:
        """The newest head, and how it goes on from there; None for a log without entries."""
        if not since:
            note = Note.parse(self._ledger.read(f"{name}/checkpoint"))
            return None if note.text.split("\n")[1] == "0" else Shown(note, 0, ())
        head, _, rest = self._ledger.read(f"{name}/consistency?old={since}").partition(b"\n\n")
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
