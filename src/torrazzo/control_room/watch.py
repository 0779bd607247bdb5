# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Looks at the town every three seconds, so that alarms come by themselves; what it saw is there for who asks."""

import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import structlog

from torrazzo.access.failures import count_locked
from torrazzo.access.staff import Staff
from torrazzo.base.clock import Clock
from torrazzo.base.errors import Damaged, TorrazzoError, Unavailable
from torrazzo.base.times import SECOND, UtcTicks
from torrazzo.control_room.judge import Ways, judge
from torrazzo.control_room.state import TownState
from torrazzo.health import Alarms, Finding
from torrazzo.town.ask import ask

log = structlog.get_logger(__name__)

FRESH_NS = 1_000_000_000  # a state is good for so long: many pages ask for it at a time
HEARD_NS = 6_000_000_000  # of ledger and keyring, for who only judges: what they tell is no matter of seconds
ANCHORS_NS = 60_000_000_000
PAPERS_NS = 60_000_000_000
TEND_NS = 3600_000_000_000
REFUSED_LATELY = 10 * 60 * SECOND
_ANSWER_S = 2.0

# Refusals that no page causes by itself.
TELLING = frozenset({"FORBIDDEN", "OUT_OF_SCOPE", "SAME_PERSON", "ROLE_CONFLICT"})


class Watch:
    """`turn` is one thread's; `state` is for any."""

    def __init__(
        self,
        look: Callable[[int], TownState],
        version: Callable[[], int],
        alarms: Alarms,
        staff: Staff,
        clock: Clock,
        ledger_socket: Path,
        refusals: Mapping[object, int],
        papers: Callable[[], Iterable[Finding]] = tuple,
    ) -> None:
        """`look` is told how old, in nanoseconds, what ledger and keyring said may be.

        `version`: of the registry; `refusals`: when what was refused to whom, as the gate keeps it; `papers`: what ends
        or is missing there.
        """
        self._papers, self._papers_seen = papers, (-1, 0, tuple[Finding, ...]())
        self._look, self._version, self.alarms, self._staff, self._clock = look, version, alarms, staff, clock
        self._ledger_socket, self._refusals = ledger_socket, refusals
        self._lock = threading.Lock()
        self._seen: tuple[int, int, TownState] | None = None
        self._anchors: tuple[int, Mapping[str, object] | None] | None = None
        self._tended_ns = clock.boot_ns()
        self._is_failing = False
        self.ledger_away: UtcTicks | None = None  # since when it has not answered; None: it did, when last asked

    def state(self, heard_ns: int = 0) -> TownState:
        """Now, or as it was a second ago at most when somebody had looked; with the cameras that there are now."""
        with self._lock:
            now_ns, version = self._clock.boot_ns(), self._version()
            if self._seen is not None and now_ns - self._seen[0] < FRESH_NS and self._seen[1] == version:
                return self._seen[2]
            begun = self._clock.utc()
            found = self._look(heard_ns)
            self.ledger_away = (self.ledger_away or begun) if found.said.ledger is None else None
            # as it was when the look was over: with a process that hangs it takes seconds, and others wait for it
            self._seen = None if heard_ns else (self._clock.boot_ns(), version, found)
            return found

    def turn(self) -> None:
        """Look, judge; forget what is old. What hinders it is told once."""
        try:
            state, papers = self.state(HEARD_NS), self._said_by_papers()
            self.alarms.judge(judge(state, self._said_of_anchors(), self._ways(), papers))
            if self._clock.boot_ns() - self._tended_ns >= TEND_NS:
                self._tended_ns = self._clock.boot_ns()
                self.alarms.tend()
        except (OSError, TorrazzoError) as error:
            if not self._is_failing:
                log.warning("town_not_judged", error=str(error))
            self._is_failing = True
        else:
            self._is_failing = False

    def _ways(self) -> Ways:
        now = self._clock.utc()
        late = [
            key for key, at in list(self._refusals.items()) if now - at < REFUSED_LATELY and _code_of(key) in TELLING
        ]
        with self._staff.look() as connection:
            return Ways(count_locked(connection, now), len(late))

    def _said_by_papers(self) -> tuple[Finding, ...]:
        """Anew when somebody has changed something, or a minute is over."""
        changes, now_ns = self._staff.changes, self._clock.boot_ns()
        if self._papers_seen[0] != changes or now_ns - self._papers_seen[1] >= PAPERS_NS:
            self._papers_seen = (changes, now_ns, tuple(self._papers()))
        return self._papers_seen[2]

    def _said_of_anchors(self) -> Mapping[str, object] | None:
        now_ns = self._clock.boot_ns()
        if self._anchors is None or now_ns - self._anchors[0] >= ANCHORS_NS:
            self._anchors = (now_ns, self._ask_anchors())
        return self._anchors[1]

    def _ask_anchors(self) -> Mapping[str, object] | None:
        try:
            status, found = ask(self._ledger_socket, "GET", "/anchors", timeout=_ANSWER_S)
        except (Unavailable, Damaged):
            return None
        return found if status == 200 and isinstance(found, dict) else None


def _code_of(key: object) -> object:
    """Of what the gate keeps: account, operation, code."""
    return key[2] if isinstance(key, tuple) and len(key) == 3 else None
