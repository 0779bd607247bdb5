# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The gate as it runs: what it has seen, kept on disk before it answers, and what it refuses, booked."""

import threading
from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Literal, TypeAlias, TypeVar

import structlog

from torrazzo.base.errors import TorrazzoError, Unavailable
from torrazzo.keyring.answer import Denied
from torrazzo.keyring.bookings import Bookings
from torrazzo.keyring.gate import (
    HOLDING,
    READING,
    Closed,
    Decision,
    Erased,
    Granted,
    Held,
    Nothing,
    Rules,
    State,
    Wished,
    close,
    confirm,
    decide,
    erase,
    release,
)
from torrazzo.keyring.gate_refusal import Reason, Refusal
from torrazzo.keyring.gate_request import CloseRequest, HoldRequest, KeyRequest
from torrazzo.keyring.heads import Head, Heads, Shown, Taken, accept, fact_values
from torrazzo.keyring.timekeeper import Timekeeper
from torrazzo.keyring.trust import TrustStore
from torrazzo.keyring.trusted_time import Judgement
from torrazzo.ledger import Accepted
from torrazzo.ledger.client import LedgerClient
from torrazzo.ledger.note import Note

Log: TypeAlias = Literal["rec", "act"]
Asked = TypeVar("Asked", KeyRequest, CloseRequest, HoldRequest)

_NEVER = Refusal(
    Reason.HEAD_UNKNOWN,
    "the keyring was never told which ledger to believe: start `torrazzo serve`; if it runs, its keyring came"
    " from elsewhere or lost its heads: `torrazzo keyring trust-heads`",
)

log = structlog.get_logger(__name__)


class Guard:
    """May be used by several threads. Without `load` having succeeded it refuses everything."""

    def __init__(
        self,
        store: TrustStore,
        times: Timekeeper,
        bookings: Bookings,
        held: Held = Nothing(),  # noqa: B008 - a value
    ) -> None:
        self._store, self._times, self._bookings, self._held = store, times, bookings, held
        self._lives: dict[str, int] = {}
        self._lock = threading.Lock()
        self._rules: Rules | None = None
        self._state: State | None = None
        self._kept = b""
        self._first: dict[Log, Head] = {}  # trusted in this life, and told
        self._why = ""  # the trust could not be read

    @property
    def heads(self) -> Heads | None:
        """The largest seen; None if nothing is believed."""
        with self._lock:
            return None if self._state is None else self._state.heads

    @property
    def is_known(self) -> bool:
        """Whether both logs have a head to go on from."""
        heads = self.heads
        return heads is not None and None not in {heads.rec.head, heads.act.head}

    @property
    def why(self) -> str:
        """Why nothing is believed, if that is an error."""
        return self._why

    def load(self) -> bool:
        """At each start, and until there is a ledger: whom to believe, from disk. All windows are closed by it."""
        with self._lock:
            try:
                return self._load()
            except (TorrazzoError, OSError) as error:
                self._complain(error)
                return False

    def know(self, lives: Mapping[str, int]) -> None:
        """Retention classes, and the hours that their content lives; those known before stay known."""
        with self._lock:
            self._lives |= lives

    def grant(self, request: KeyRequest) -> Granted:
        """What may be handed to a reader; raises `Denied`, which is booked."""
        return self._granted(request, READING)

    def grant_hold(self, request: KeyRequest) -> Granted:
        """What may go into the vault, in the same way."""
        return self._granted(request, HOLDING)

    def _granted(self, request: KeyRequest, uses: Collection[str]) -> Granted:
        outcome = self._decided(request, partial(decide, uses=uses))
        assert isinstance(outcome, Granted), "what else a request for keys may come to was raised"
        return outcome

    def close(self, request: CloseRequest) -> None:
        """The window gives no more keys; raises `Denied`, which is booked."""
        self._decided(request, close)

    def release(self, request: HoldRequest) -> Wished:
        """The hold is to end; raises `Denied`, which is booked."""
        return self._wished(request, release)

    def confirm(self, request: HoldRequest) -> Wished:
        """A second person wants the hold to last; in the same way."""
        return self._wished(request, confirm)

    def _wished(
        self, request: HoldRequest, judge: Callable[[State, HoldRequest, Rules, Judgement], Decision]
    ) -> Wished:
        outcome = self._decided(request, judge)
        assert isinstance(outcome, Wished), "what else it may come to was raised"
        return outcome

    def erase(self, request: CloseRequest) -> Erased:
        """Two people want footage gone; raises `Denied`, which is booked."""
        outcome = self._decided(request, erase)
        assert isinstance(outcome, Erased), "what else it may come to was raised"
        return outcome

    def deny_invalid(self) -> None:
        """Book a request that could not be understood."""
        self._bookings.refuse(str(Reason.INVALID), None)

    def see(self, name: Log, shown: Shown) -> Refusal | None:
        """A head that the keyring itself fetched; the first one ever of a log is trusted, and told."""
        with self._lock:
            if self._state is None or self._rules is None:
                return _NEVER
            heads = self._state.heads
            seen = heads.rec if name == "rec" else heads.act
            taken = accept(seen, shown, self._rules.policy, trust_first=True)
            if isinstance(taken, Refusal):
                return taken
            if taken.is_first:
                self._tell_first(name, taken)
            heads = heads._replace(rec=taken.seen) if name == "rec" else heads._replace(act=taken.seen)
            self._keep(heads)
            is_start = taken.is_first and name == "act"
            self._state = State.start(heads) if is_start else self._state._replace(heads=heads)
            self._hear(taken.accepted)
        return None

    def hear(self, note: Note) -> None:
        """A head of ours that witnesses cosigned: their time. Raises `Invalid` for another."""
        with self._lock:
            if self._rules is not None:
                self._hear(self._rules.policy.accept(note))

    def start_anew(self) -> None:
        """Close all windows."""
        with self._lock:
            if self._state is not None:
                self._state = State.start(self._state.heads)

    def trust_anew(self, ledger: LedgerClient) -> None:
        """By order of people: forget the heads; the next ones that the ledger shows are the first."""
        with self._lock:
            self._store.forget(ledger)
            self._state = None
            self._first = {}  # told anew, whatever they are
            self._load()

    def _load(self) -> bool:
        trust = self._store.load()
        if trust is None:
            return False
        self._why = ""
        self._rules = Rules(trust.policy, self._lives, self._held)
        self._state = State.start(trust.heads)
        self._kept = trust.heads.pack()
        return True

    def _decided(
        self, request: Asked, judge: Callable[[State, Asked, Rules, Judgement], Decision]
    ) -> Granted | Closed | Wished | Erased:
        with self._lock:
            state = self._state
            if state is None or self._rules is None:
                outcome: Granted | Closed | Wished | Erased | Refusal = _NEVER
            else:
                decision = judge(state, request, self._rules, self._times.judge())
                self._go_on(decision)
                outcome = decision.outcome
        if isinstance(outcome, Refusal):
            raise self._denied(outcome, request, state)
        return outcome

    def _go_on(self, decision: Decision) -> None:
        """Heads are safe on disk before anybody is answered, whatever the answer is."""
        self._keep(decision.state.heads)
        self._state = decision.state
        for taken in decision.taken:
            self._hear(taken.accepted)

    def _keep(self, heads: Heads) -> None:
        packed = heads.pack()
        if packed == self._kept:
            return
        try:
            self._store.save_heads(heads)
        except OSError as error:
            raise Unavailable(f"the heads seen cannot be stored ({error}); no key leaves before they are") from error
        self._kept = packed

    def _tell_first(self, name: Log, taken: Taken) -> None:
        """Booked before it counts: told twice after a crash, never not at all."""
        if self._first.get(name) != taken.head:
            self._first[name] = taken.head
            log.info("head_trusted", origin=taken.seen.origin, size=taken.head.size)
            self._bookings.add("trust", {"log": name, **(fact_values(taken.seen) or {})})

    def _hear(self, accepted: Accepted) -> None:
        if accepted.cosigned:
            self._times.hear_witness(max(accepted.cosigned.values()))

    def _denied(
        self, refusal: Refusal, request: KeyRequest | CloseRequest | HoldRequest, state: State | None
    ) -> Denied:
        window = (request.fact if isinstance(request, HoldRequest) else request.window).number
        if not (refusal.reason == Reason.HEAD_STALE and _is_overtaken(request, state)):
            self._bookings.refuse(str(refusal.reason), window, refusal.log)
        if refusal.reason == Reason.CLOCK:
            refusal = refusal._replace(text=f"{refusal.text}; {self._times.advice()}")
        if refusal.is_alarm:
            log.error(
                "gate_alarm", reason=str(refusal.reason), text=refusal.text, window=window, asked=refusal.asked or None
            )
        return Denied.of(refusal)

    def _complain(self, error: Exception) -> None:
        if self._why != str(error):
            log.error("trust_not_read", error=str(error))
        self._why = str(error)


def _is_overtaken(request: KeyRequest | CloseRequest | HoldRequest, state: State | None) -> bool:
    """Whether all its heads go on from heads that were taken: another reader was faster, and this one asks anew."""
    if state is None:
        return False
    shown = [(state.heads.act, request.act)]
    if isinstance(request, KeyRequest):
        shown.append((state.heads.rec, request.rec))
    return all(
        each.since in {known.size for known in (seen.head, *seen.earlier) if known is not None} for seen, each in shown
    )
