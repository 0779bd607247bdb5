# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What comes, made into batches: facts within ten seconds, acts at once, the head of `rec` into `act` once a minute.

Nobody waits for a batch to grow: what comes while one is being written makes up the next, so that batches are the
larger the more comes.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import sqlalchemy as sa
import structlog

from torrazzo.archive.fact import Fact
from torrazzo.base import StreamId, TermId
from torrazzo.base.clock import Clock
from torrazzo.base.errors import Refused, TorrazzoError, Unavailable
from torrazzo.ledger.act import pack_act, parse_act
from torrazzo.ledger.act_forms import KINDS
from torrazzo.ledger.errors import Pruned
from torrazzo.ledger.fact_index import RecEntry
from torrazzo.ledger.intake import Intake, Received, entry_of, late_entry
from torrazzo.ledger.merkle import leaf_hash
from torrazzo.ledger.schema import FACT, LINEAGE, Database
from torrazzo.ledger.silence import Silence
from torrazzo.ledger.store import LedgerStore
from torrazzo.ledger.text import to_base64

FACTS_NS = 10_000_000_000
HEAD_NS = 60_000_000_000
ASLEEP_NS = 5_000_000_000  # between two looks: the machine slept, or a disk did, and recorders could not be heard
AT_ONCE = 2_000  # facts: as many don't wait for the ten seconds
MOST_READY = 20_000
LOOK_S = 0.5
CLOSES_IN = 4_096  # newest entries of `act` in which a window's closing fact is known, if not more
ENTER_S = 20.0

# The ledger itself copies heads and tells what it pruned; whether a window opens anything the keyring decides.
OWN_KINDS = frozenset({"rec", "prune", "fork"})
TAKEN_KINDS = frozenset(KINDS) - OWN_KINDS
CLOSE = "close"

_CLOSES, _KIND_WITHIN = b'"kind":"close"', 32  # keys stand in a fixed order (docs/3-formats/act.md)

log = structlog.get_logger(__name__)


class Counts(NamedTuple):
    """What became of facts that came together."""

    taken: int
    waiting: int  # of all, whose predecessors have not come
    conflicts: int


class _Deed:
    """An act on its way."""

    def __init__(self, line: bytes) -> None:
        self.line = line
        self.index: int | None = None
        self.error: TorrazzoError | None = None
        self.over = threading.Event()


class Sequencer:
    """Between those who bring and the store. `run` is one thread's; the other methods are for any."""

    def __init__(
        self, store: LedgerStore, database: Database, clock: Clock, keep: Callable[[bytes], None] = lambda _: None
    ) -> None:
        """`keep` stores who is heard, for the next life's `expect`."""
        self._store, self._clock, self._keep = store, clock, keep
        self.intake = Intake(lambda stream, term: next_number(database, stream, term))
        self._silence = Silence()
        self._lock = threading.Lock()  # over intake, silence, deeds
        self._woken, self._drained = threading.Event(), threading.Event()
        self._deeds: list[_Deed] = []
        self._closes = _closes(store)  # by the window that they close
        self._facts_ns: int | None = None  # when the first of the ready facts came
        self._head_ns: int | None = None
        self._looked_ns = clock.boot_ns()
        self._copied = -1  # size of `rec` as told in `act`
        self.conflicts = 0
        self.contested: dict[StreamId, int] = {}  # streams of which there were some, and when the newest begins
        self._is_over = False

    # -- what comes

    def take(self, facts: Sequence[Fact]) -> Counts:
        """Facts, in any order; they are entered in theirs."""
        conflicts = 0
        with self._lock:
            now, now_ns = self._clock.utc(), self._clock.boot_ns()
            for fact in facts:
                if self.intake.take(Received(fact, now, now_ns)) == "conflict":
                    conflicts += 1
                    self._tell_conflict(fact)
            if self.intake.ready and self._facts_ns is None:
                self._facts_ns = now_ns
            counts = Counts(len(facts), self.intake.waiting, conflicts)
            is_much = self.intake.ready >= AT_ONCE
        if is_much:
            self._woken.set()
        return counts

    def hear(self, node: str, streams: Mapping[StreamId, TermId]) -> None:
        """A recorder's heartbeat."""
        with self._lock:
            is_other = self._silence.hear(node, streams, self._clock.utc(), self._clock.boot_ns())
            if is_other:
                self._keep(self._silence.pack())

    def expect(self, packed: bytes) -> None:
        """Those whom the life before heard; who stays away is silent."""
        with self._lock:
            self._silence.expect(packed, self._clock.utc(), self._clock.boot_ns())

    def enter(self, line: bytes) -> int:
        """An act; returns its index when it is on disk. What the ledger itself writes is refused, and unknown kinds.

        Who had no answer to a closing fact may send another: the first one's index is returned.
        """
        act = parse_act(line)
        if act.kind not in TAKEN_KINDS:
            raise Refused(f"act fact {act.kind!r}: not of a kind that is taken: {', '.join(sorted(TAKEN_KINDS))}")
        closed: int | None = act.values["of"] if act.kind == CLOSE else None
        deed = _Deed(line)
        with self._lock:
            if self._is_over:
                raise Unavailable("the ledger is ending; try again")
            if closed in self._closes:
                deed = self._closes[closed]
            else:
                self._deeds.append(deed)
            if closed is not None:
                self._closes[closed] = deed
                if len(self._closes) > CLOSES_IN:
                    del self._closes[next(iter(self._closes))]
        self._woken.set()
        if not deed.over.wait(ENTER_S):
            raise Unavailable(f"the ledger did not enter it within {ENTER_S:.0f} s; ask its status, then try again")
        if deed.error is not None:
            raise deed.error
        assert deed.index is not None
        return deed.index

    def wait_for_room(self, stop: Callable[[], bool]) -> None:
        """For who brings many facts: return when few are waiting to be entered."""
        while self.intake.ready >= MOST_READY and not stop() and not self._is_over:
            self._drained.clear()
            self._woken.set()
            self._drained.wait(LOOK_S)

    def lacks(self, stream: StreamId, term: TermId, n: int) -> bool:
        """Whether a fact of this number may be missing."""
        with self._lock:
            return self.intake.lacks(stream, term, n)

    def begin_search(self) -> None:
        """The volumes are being read from here on."""
        with self._lock:
            self.intake.begin_search()

    def waits_since(self) -> int | None:
        """Boot-time nanoseconds since which something waits, or was dropped."""
        with self._lock:
            return 0 if self.intake.has_dropped else self.intake.waits_since()

    def give_up(self, before_ns: int) -> int:
        """Pass over what facts wait for since then; returns how many numbers that is."""
        with self._lock:
            gone = self.intake.give_up(before_ns)
            if self.intake.ready and self._facts_ns is None:
                self._facts_ns = self._clock.boot_ns()
        for need in gone:
            log.error("fact_missing", stream=str(need.stream), term=str(need.term), n=need.n)
        return len(gone)

    def seconds_silent(self) -> dict[str, float]:
        """Of each node's recorder."""
        with self._lock:
            return self._silence.seconds(self._clock.boot_ns())

    # -- what is entered

    def run(self, stop: threading.Event) -> None:
        """Until `stop`; then what is here is entered. Raises what the store raises: then nothing is known any more."""
        try:
            while not stop.is_set():
                self.turn()
                self._woken.wait(self._pause_s())
                self._woken.clear()
            self.turn(is_last=True)
        finally:
            with self._lock:
                self._is_over = True
                left, self._deeds = self._deeds, []
            for deed in left:
                deed.error = Unavailable("the ledger ended; whether it is entered, its status will tell")
                deed.over.set()

    def wake(self) -> None:
        """Have `run` look at its `stop` now."""
        self._woken.set()

    def turn(self, *, is_last: bool = False) -> None:
        """Enter what is due."""
        now_ns = self._clock.boot_ns()
        with self._lock:
            if now_ns - self._looked_ns > ASLEEP_NS:
                self._silence.forgive(now_ns - self._looked_ns)
            self._looked_ns = now_ns
            silent = self._silence.due(self._clock.utc(), now_ns)
            if silent or is_last or self._due_ns(now_ns) <= now_ns:
                received, deeds = self.intake.pull(), self._deeds
                self._deeds, self._facts_ns = [], None
            else:
                received, deeds = [], []
        if silent:
            log.warning("recorder_silent", streams=len(silent))
        if received or deeds or silent:
            self._enter(received, deeds, silent)
            self._drained.set()
        if self._head_ns is None or is_last or now_ns - self._head_ns >= HEAD_NS:
            self._head_ns = now_ns
            self._copy_head()

    def _due_ns(self, now_ns: int) -> int:
        """When the next batch is due; later than now if there is nothing."""
        if self._deeds or self.intake.ready >= AT_ONCE:
            return now_ns
        due = now_ns + FACTS_NS
        if self._facts_ns is not None:
            due = min(due, self._facts_ns + FACTS_NS)
        return due

    def _pause_s(self) -> float:
        with self._lock:
            now_ns = self._clock.boot_ns()
            return max(0.0, min(LOOK_S, (self._due_ns(now_ns) - now_ns) / 1e9))

    def _enter(self, received: Sequence[Received], deeds: Sequence[_Deed], silent: Sequence[RecEntry]) -> None:
        """Acts are told as soon as they are committed; files follow."""

        def committed(indexes: range) -> None:
            for deed, index in zip(deeds, indexes, strict=True):
                deed.index = index
                deed.over.set()

        try:
            self._store.append([*self._entries(received), *silent], [deed.line for deed in deeds], committed)
        except TorrazzoError as error:
            for deed in [deed for deed in deeds if not deed.over.is_set()]:
                deed.error = Unavailable(f"the ledger failed, whether it is entered is not known: {error}")
                deed.over.set()
            raise

    def _entries(self, received: Sequence[Received]) -> list[RecEntry]:
        """Each new fact once, with `late` behind it where it was; others are told."""
        entries: list[RecEntry] = []
        batch: dict[object, bytes] = {}
        for each in received:
            fact = each.fact
            known = (batch.get(fact.id) or self._stored(fact)) if each.is_passed else None
            if known is not None:
                if known != leaf_hash(fact.line):
                    self._tell_conflict(fact)
                continue
            batch[fact.id] = leaf_hash(fact.line)
            entries.append(entry_of(fact))
            late = late_entry(each)
            if late is not None:
                entries.append(late)
        return entries

    def _stored(self, fact: Fact) -> bytes | None:
        try:
            row = self._store.find(fact.id)
        except Pruned:
            return leaf_hash(fact.line)  # nobody can compare any more
        return None if row is None else row.hash

    def _copy_head(self) -> None:
        head = self._store.rec.head
        if head.size in {self._copied, 0}:
            return
        line = pack_act("rec", self._clock.utc(), {"size": head.size, "root": to_base64(head.root)})
        self._store.append(act=[line])
        self._copied = head.size

    def _tell_conflict(self, fact: Fact) -> None:
        self.conflicts += 1
        self.contested[fact.stream] = fact.t0
        log.error("fact_in_conflict", stream=str(fact.stream), term=str(fact.term), n=fact.n, hash=to_base64(fact.hash))


def _closes(store: LedgerStore) -> dict[int, _Deed]:
    """Of the newest entries of `act`."""
    size, found = store.act.head.size, {}
    first = max(store.act.minimum, size - CLOSES_IN)
    for index, line in enumerate(store.act.entries(first, size), first):
        if _CLOSES in line[:_KIND_WITHIN]:
            deed = found[parse_act(line).values["of"]] = _Deed(line)
            deed.index = index
            deed.over.set()
    return found


def next_number(database: Database, stream: StreamId, term: TermId) -> int:
    """The number after the last that `rec` has, or had, of a term."""
    last = sa.select(sa.func.max(FACT.c.n)).where(FACT.c.lineage == LINEAGE.c.id).scalar_subquery()
    query = sa.select(LINEAGE.c.floor, last).where(LINEAGE.c.stream == str(stream), LINEAGE.c.term == str(term))
    try:
        with database.read() as connection:
            row = connection.execute(query).one_or_none()
    except sa.exc.SQLAlchemyError as error:
        raise Unavailable(f"ledger database: {error}; try again") from error
    return 0 if row is None else max(row[0], -1 if row[1] is None else row[1]) + 1
