# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The keyring's own facts on their way into `act`: kept until the ledger has them, refusals in sums."""

import contextlib
import threading
from collections import Counter, deque
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import structlog

from torrazzo.base.clock import Clock
from torrazzo.base.errors import Invalid, TorrazzoError
from torrazzo.durable import Disk, read_whole
from torrazzo.keyring.document import compact, parse_object
from torrazzo.ledger.act import pack_act
from torrazzo.ledger.client import LedgerClient

OWED = "owed.json"
MINUTE_NS = 60_000_000_000
AWAY_NS = 10_000_000_000  # so long a ledger may be away before that is told
MOST_TOLD = 20  # reasons and windows told apart within a minute; more are summed by reason alone
MOST_WAITING = 1_000  # of those that come by themselves
OFTEN = frozenset({"boot", "clock"})  # what is told by itself, as often as it happens; the rest is what people did

_LIMIT = 16 << 20

log = structlog.get_logger(__name__)


class _Fact(NamedTuple):
    kind: str
    values: Mapping[str, object]


class _Cause(NamedTuple):
    """What refusals are summed by."""

    why: str
    of: int | None
    log: str | None = None  # whose head it was

    def values(self, count: int) -> Mapping[str, object]:
        """Of the fact."""
        log = {} if self.log is None else {"log": self.log}
        return {"why": self.why, **log, "of": self.of, "count": count}


class Bookings:
    """`add` and `refuse` are for any thread and never wait for the ledger; `deliver` is one thread's.

    The first refusal of a cause is told at once, those that follow it within a minute in one fact. While the ledger is
    away everything is kept on disk: refusals from the first try in vain. It may be told twice, never less than it was.
    """

    def __init__(self, disk: Disk, folder: Path, ledger: LedgerClient, clock: Clock) -> None:
        self._path, self._disk, self._ledger, self._clock = folder / OWED, disk, ledger, clock
        self._lock, self._keeping = threading.Lock(), threading.Lock()
        self._waiting: deque[_Fact] = deque()
        self._refused: Counter[_Cause] = Counter()
        self._told: set[_Cause] = set()  # in this minute
        self._minute_ns = clock.boot_ns()
        self._away_ns: int | None = None  # since when the ledger takes nothing
        self._is_told = False
        self.woken = threading.Event()
        self._kept = self._load()

    @property
    def waiting(self) -> int:
        """Facts that the ledger does not have yet."""
        with self._lock:
            return len(self._waiting) + len(self._refused)

    def add(self, kind: str, values: Mapping[str, object]) -> None:
        """A fact for `act`; its time is that of its entry. On disk on return, unless the disk fails."""
        with self._lock:
            if kind in OFTEN and len(self._waiting) >= MOST_WAITING:
                log.error("fact_dropped", kind=kind, waiting=MOST_WAITING)
                return
            self._waiting.append(_Fact(kind, values))
        self._keep()
        self.woken.set()

    def refuse(self, why: str, of: int | None, log: str | None = None) -> None:
        """Keys were refused for what said to be that window; for a head of `log`, if one was wrong."""
        with self._lock:
            cause = _Cause(why, of, log)
            apart = self._told | self._refused.keys()
            if cause not in apart and len(apart) >= MOST_TOLD:
                cause = _Cause(why, None, log)
            self._refused[cause] += 1
        self.woken.set()

    def deliver(self) -> bool:
        """Enter what waits; false if the ledger takes nothing now."""
        self.woken.clear()
        if not self._enter():
            self._keep()
            return False
        self._pull_refusals()
        is_done = self._enter()
        self._keep()
        return is_done

    def _pull_refusals(self) -> None:
        """Those whose minute is over, or has not begun."""
        with self._lock:
            now_ns = self._clock.boot_ns()
            if now_ns - self._minute_ns >= MINUTE_NS:
                self._minute_ns, self._told = now_ns, set()
            for cause in [cause for cause in self._refused if cause not in self._told]:
                count = self._refused.pop(cause)
                self._told.add(cause)
                self._waiting.append(_Fact("refuse", cause.values(count)))

    def _enter(self) -> bool:
        while self._waiting:
            fact = self._waiting[0]
            try:
                self._ledger.enter(pack_act(fact.kind, self._clock.utc(), fact.values))
            except Invalid as error:  # ours is no such fact: it would be in the way for ever
                log.error("fact_not_taken", kind=fact.kind, error=str(error))  # noqa: TRY400
            except TorrazzoError as error:
                self._tell_away(fact.kind, error)
                return False
            with self._lock:
                self._waiting.popleft()
        self._away_ns, self._is_told = None, False
        return True

    def _tell_away(self, first: str, error: TorrazzoError) -> None:
        """Once, where it lasts: at a start the ledger is some seconds behind."""
        now_ns = self._clock.boot_ns()
        self._away_ns = now_ns if self._away_ns is None else self._away_ns
        if now_ns - self._away_ns >= AWAY_NS and not self._is_told:
            log.warning("facts_wait", first=first, error=str(error))
            self._is_told = True

    def _keep(self) -> None:
        """What is owed, on disk; nothing is written while nothing is owed."""
        with self._keeping:
            self._keep_now()

    def _keep_now(self) -> None:
        with self._lock:
            facts = [{"kind": fact.kind, "values": dict(fact.values)} for fact in self._waiting]
            facts += [
                {"kind": "refuse", "values": cause.values(count)}
                for cause, count in self._refused.items()
                if cause not in self._told
            ]
        packed = compact({"v": 1, "facts": facts})
        if packed == self._kept or (not facts and not self._kept):
            return
        try:
            self._disk.publish(self._path, packed)
            self._kept = packed
        except OSError as error:
            log.error("owed_not_saved", error=str(error))  # noqa: TRY400

    def _load(self) -> bytes:
        """What an earlier life owed waits again; what cannot be read is kept beside."""
        try:
            data = read_whole(self._disk, self._path, _LIMIT)
            facts = parse_object(data, OWED, _LIMIT)["facts"]
            assert isinstance(facts, list)
            for fact in facts:
                if fact["kind"] == "refuse":
                    values = fact["values"]
                    self._refused[_Cause(values["why"], values["of"], values.get("log"))] += values["count"]
                else:
                    self._waiting.append(_Fact(fact["kind"], fact["values"]))
        except FileNotFoundError:
            return b""
        except (OSError, Invalid, KeyError, TypeError, AssertionError) as error:
            log.error("owed_lost", path=str(self._path), error=repr(error))  # noqa: TRY400
            with contextlib.suppress(OSError):
                self._disk.publish(self._path.with_suffix(".lost"), read_whole(self._disk, self._path, _LIMIT))
            return b""
        return data
