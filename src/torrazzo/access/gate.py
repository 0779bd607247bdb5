# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The reader's end of the keyring's gate: facts and proofs from the ledger, shown to the keyring for segment keys."""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Generic, NamedTuple, Protocol, TypeVar

from torrazzo.archive.fact import parse_fact
from torrazzo.base.clock import Clock
from torrazzo.base.errors import Damaged, Invalid, Unavailable
from torrazzo.base.ids import SegmentId
from torrazzo.base.spans import Span
from torrazzo.base.times import UtcTicks
from torrazzo.keyring.answer import Denied, Status
from torrazzo.keyring.gate_refusal import Reason
from torrazzo.keyring.gate_request import CloseRequest, Entry, HoldRequest, KeyRequest
from torrazzo.keyring.heads import Shown
from torrazzo.ledger.checkpoint import Checkpoint
from torrazzo.ledger.client import TIMEOUT_SECONDS, LedgerClient
from torrazzo.ledger.identity import EntryName, LogKind
from torrazzo.ledger.prove_many import MOST_ENTRIES, Proven, ProvenMany
from torrazzo.ledger.tail import act_head

ATTEMPTS = 5  # other readers show the keyring newer heads meanwhile
WAITS = 12  # for segments that the ledger does not have yet: it enters them within ten seconds
WAITS_FOR_WITNESS = 80  # where a head counts only with a witness's signature: those come within ten seconds or so
WAIT_S = 0.25
FRESH_NS = 20_000_000_000  # so long it is gone on from what the keyring has seen: it knows the last sixteen heads
PATIENCE_S = 5.0  # with a ledger that does not answer the first question of a look

T = TypeVar("T")


class Keyring(Protocol):
    """`keyring.KeyClient` is one."""

    def window_keys(self, request: KeyRequest) -> Mapping[int, bytes]:
        """Keys of segments by number; raises `Denied` with its reason."""
        ...

    def close(self, request: CloseRequest) -> None:
        """No more keys for a window."""
        ...

    def hold_keys(self, request: KeyRequest) -> int:
        """Keys of a hold's window go into the vault; how many of these segments' are there."""
        ...

    def confirm(self, request: HoldRequest) -> None:
        """A second person has confirmed a hold."""
        ...

    def release(self, request: HoldRequest) -> None:
        """A hold is over."""
        ...

    def erase(self, request: CloseRequest) -> int:
        """An ask for erasure and its approval; how many keys of others are kept."""
        ...

    def status(self) -> Status:
        """Which heads it has seen."""
        ...


class Opened(NamedTuple):
    """What is shown of a window that is open."""

    number: int  # its fact's entry
    token: bytes
    approved: tuple[int, int] | None = None  # entries of ask and approve, for an export


class Keys(NamedTuple):
    """What was given, and the times that its segments cover."""

    keys: Mapping[int, bytes]
    spans: Mapping[int, Span]


class _Answered(NamedTuple, Generic[T]):
    answer: T
    spans: Mapping[int, Span]


class _Seen(NamedTuple):
    """Sizes of the heads that the keyring has seen."""

    rec: int
    act: int


class Gate:
    """May be used by several threads."""

    def __init__(self, ledger: LedgerClient, keyring: Keyring, clock: Clock, *, is_cosigned: bool = False) -> None:
        """`is_cosigned`: the town's policy demands heads with witnesses' signatures."""
        self._is_cosigned = is_cosigned
        self._waits = WAITS_FOR_WITNESS if is_cosigned else WAITS
        self.ledger = ledger
        self._keyring, self._clock = keyring, clock
        self._seen: _Seen | None = None
        self._seen_ns = 0  # when that was told
        self._pause = threading.Event()

    def keys(self, window: Opened, segments: Sequence[SegmentId], sealed: bytes) -> Keys:
        """Of segments of one stream, term and key. Raises what ledger and keyring raise, `Denied` among it."""
        return Keys(*self._ask(window, segments, sealed, self._keyring.window_keys))

    def hold(self, window: Opened, segments: Sequence[SegmentId], sealed: bytes) -> Mapping[int, Span]:
        """Their keys into the vault; the times that they cover. Raises in the same way."""
        return self._ask(window, segments, sealed, self._keyring.hold_keys).spans

    def _ask(
        self, window: Opened, segments: Sequence[SegmentId], sealed: bytes, ask: Callable[[KeyRequest], T]
    ) -> _Answered[T]:
        """Show what is asked for.

        1. The segments' facts, and how the head of `rec` continues the one that the keyring has seen. 2. The window's,
        under a head of `act` taken after that. 3. Both to the keyring. 4. If it has seen newer heads meanwhile, anew.
        """
        assert len(segments) <= MOST_ENTRIES
        numbers = [*(window.approved or ()), window.number]
        for _ in range(ATTEMPTS):
            seen, ((rec, entries), (act, acts)) = self._proven(  # 1, 2
                lambda seen: (self._segments(seen.rec, segments), self._acts(seen.act, numbers))
            )
            approved = (acts[0], acts[1]) if window.approved else None
            shown = _shown(act, seen.act), _shown(rec, seen.rec)
            request = KeyRequest(window.token, shown[0], acts[-1], approved, shown[1], tuple(entries), sealed)
            try:
                answer = ask(request)  # 3
            except Denied as error:
                self._seen = None
                if error.reason is not Reason.HEAD_STALE:
                    raise
                continue  # 4
            self._keep(_Seen(rec.size, act.size))
            spans = {segment.n: _span(entry) for segment, entry in zip(segments, entries, strict=True)}
            return _Answered(answer, spans)
        raise Unavailable("the keyring is asked by many at this moment; try again")

    def close(self, window: int, close: int) -> None:
        """Tell the keyring that a window was closed by that entry."""
        self._tell([window, close], lambda act, entries: self._keyring.close(CloseRequest(act, *entries)))

    def confirm(self, hold: EntryName, confirm: int) -> None:
        """Tell it that a hold was confirmed by that entry."""
        self._tell([confirm], lambda act, entries: self._keyring.confirm(HoldRequest(act, hold, *entries)))

    def release(self, hold: EntryName, release: int) -> None:
        """Tell it that a hold was released by that entry."""
        self._tell([release], lambda act, entries: self._keyring.release(HoldRequest(act, hold, *entries)))

    def erase(self, ask: int, approve: int) -> int:
        """Show it that two people want footage gone; it is on return. How many keys of others are kept."""
        return self._tell([ask, approve], lambda act, entries: self._keyring.erase(CloseRequest(act, *entries)))

    def _tell(self, numbers: Sequence[int], tell: Callable[[Shown, Sequence[Entry]], T]) -> T:
        """These entries of `act`, under one head."""
        for _ in range(ATTEMPTS):
            seen, (act, entries) = self._proven(lambda seen: self._acts(seen.act, numbers))
            try:
                answer = tell(_shown(act, seen.act), entries)
            except Denied as error:
                self._seen = None
                if error.reason is not Reason.HEAD_STALE:
                    raise
                continue
            self._keep(_Seen(seen.rec, act.size))
            return answer
        raise Unavailable("the keyring is asked by many at this moment; try again")

    def entered(self, segments: Sequence[SegmentId]) -> set[SegmentId]:
        """Those that the ledger has; at most 512. One that hangs is soon `Unavailable`: somebody waits to look."""
        found = self._prove("rec", 0, segments, PATIENCE_S)
        return {segment for segment, entry in zip(segments, found.entries, strict=True) if entry is not None}

    def act(self, number: int) -> bytes | None:
        """The line of an entry of `act`."""
        (found,) = self.ledger.prove_many("act", 0, [number]).entries
        return None if found is None else found.line

    def log(self) -> str:
        """The name of the log that acts are entered in now: `act`, after a fork another one."""
        return log_name(act_head(self.ledger))

    def _ask_seen(self) -> _Seen:
        heads = self._keyring.status().heads
        sizes = (0 if seen.head is None else seen.head.size for seen in (heads.rec, heads.act))
        seen = _Seen(*sizes)
        self._keep(seen)
        return seen

    def _keep(self, seen: _Seen) -> None:
        self._seen, self._seen_ns = seen, self._clock.boot_ns()

    def _proven(self, prove: Callable[[_Seen], T]) -> tuple[_Seen, T]:
        """From what the keyring has seen; asked anew where the log has less: it has begun anew, and people said so."""
        seen = self._seen
        if seen is not None and self._clock.boot_ns() < self._seen_ns + FRESH_NS:
            try:
                return seen, prove(seen)
            except Invalid:
                self._seen = None
        seen = self._ask_seen()
        try:
            return seen, prove(seen)
        except Invalid as error:
            raise Unavailable(
                f"the keyring has seen more than the ledger has ({error}); "
                "if the ledger was forked: `torrazzo keyring trust-heads`"
            ) from error

    def _segments(self, since: int, segments: Sequence[SegmentId]) -> tuple[ProvenMany, list[Entry]]:
        absent: list[SegmentId] = []
        for waited in range(self._waits + 1):
            found = self._prove("rec", since, segments)
            absent = [one for one, entry in zip(segments, found.entries, strict=True) if entry is None]
            if not absent:
                return found, [_entry(entry) for entry in found.entries if entry is not None]
            if waited < self._waits:
                self._pause.wait(WAIT_S)
        raise Unavailable(
            f"segment {absent[0].n} of {absent[0].stream} is not in the ledger yet; "
            "that takes up to ten seconds: try again"
        )

    def _acts(self, since: int, numbers: Sequence[int]) -> tuple[ProvenMany, list[Entry]]:
        for waited in range(self._waits + 1):
            found = self._prove("act", since, numbers)
            if None not in found.entries:
                return found, [_entry(entry) for entry in found.entries if entry is not None]
            if not self._is_cosigned:
                raise Damaged(f"act: an entry among {list(numbers)} is not there any more; is it the same ledger?")
            if waited < self._waits:
                self._pause.wait(WAIT_S)
        raise Unavailable("no witness has cosigned yet that you look, and this town demands it; try again")

    def _prove(
        self,
        log: LogKind,
        since: int,
        what: Sequence[SegmentId] | Sequence[int],
        patience_s: float = TIMEOUT_SECONDS,
    ) -> ProvenMany:
        return self.ledger.prove_many(log, since, what, is_cosigned=self._is_cosigned, patience_s=patience_s)


def log_name(head: Checkpoint) -> str:
    """Of the log whose head that is: the end of its origin."""
    return head.origin.rpartition("/")[2]


def _entry(found: Proven) -> Entry:
    return Entry(found.line, found.number, found.path)


def _shown(found: ProvenMany, since: int) -> Shown:
    return Shown(found.note, since, found.path)


def _span(entry: Entry) -> Span:
    fact = parse_fact(entry.line)
    return Span(UtcTicks(fact.t0), UtcTicks(fact.t0 if fact.t1 is None else fact.t1))
