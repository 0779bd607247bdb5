# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""One look at the ledger: new heads, new entries, what they tell; and whether a head may be cosigned.

1. The present head of `act`. 2. All of `rec`, which is then at least as new as what `act` tells of it. 3. `act` up to
that head. Entries are mirrored, held against the rules and committed in steps; each step ends at a size that is proven
to lie on the way to a head that the log signed.
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence

import structlog

from torrazzo.auditor.act_rules import KEPT, ActRules
from torrazzo.auditor.finding import Finding
from torrazzo.auditor.mirror import Copied, Mirror
from torrazzo.auditor.parting import parted
from torrazzo.auditor.rec_rules import RecRules
from torrazzo.auditor.source import Continued, OutOfTime, Source
from torrazzo.auditor.store import AuditStore, Followed, Found, Life
from torrazzo.base.clock import Clock
from torrazzo.base.errors import Damaged, Invalid, Refused, TorrazzoError
from torrazzo.base.times import SECOND, hour_of, hour_text
from torrazzo.ledger import Unproven
from torrazzo.ledger.checkpoint import Checkpoint
from torrazzo.ledger.chip_statement import ChipStatement
from torrazzo.ledger.files import LogFiles
from torrazzo.ledger.identity import LogKind
from torrazzo.ledger.key import VerifierKey
from torrazzo.ledger.merkle import verify_consistency
from torrazzo.ledger.note import Note
from torrazzo.ledger.prune_sums import PruneSums
from torrazzo.ledger.text import HASH_LENGTH
from torrazzo.ledger.tiles import WIDTH
from torrazzo.witness import Refusal

STEP = 64 * WIDTH  # entries that are mirrored before they are committed, at most
STEP_S = 10  # fetching for so long ends a step: what a look of little time has got is kept
UNANSWERED = 60 * SECOND  # so long the ledger may be away before that is a silence
STILL = 5 * 60 * SECOND  # so long the logs may stay as they are

# What a rule may fail at, and not what was asked meanwhile: then the step is made again.
_MISTAKES = (
    ArithmeticError, AssertionError, AttributeError, LookupError, MemoryError, RuntimeError, TypeError, ValueError,
)  # fmt: skip

log = structlog.get_logger(__name__)


class Contradiction(Invalid):
    """R1: the log shows something that does not go on from what it signed before."""

    def __init__(self, kind: LogKind, shown: Continued, text: str) -> None:
        super().__init__(text)
        self.kind, self.shown = kind, shown
        self.entries: Sequence[bytes] = ()  # that were given out behind those that were followed


class _Log:
    """One of the two."""

    def __init__(self, kind: LogKind, key: VerifierKey, files: LogFiles, followed: Followed) -> None:
        self.kind, self.key, self.files = kind, key, files
        self.followed = followed
        self.mirror = Mirror(files, followed.copied)

    @property
    def size(self) -> int:
        """Entries that were followed."""
        return self.followed.copied.size


class Auditor:
    """Any thread may call; one looks at a time."""

    def __init__(
        self,
        store: AuditStore,
        files: Callable[[LogKind], LogFiles],
        keys: Mapping[LogKind, VerifierKey],
        source: Source,
        clock: Clock,
    ) -> None:
        self._store, self._source, self._clock = store, source, clock
        self._lock = threading.Lock()
        self._logs = {kind: _Log(kind, key, files(kind), self._followed(kind, key)) for kind, key in keys.items()}
        self._silent: tuple[int, str] | None = None
        now: int = clock.utc()
        self._answered, self._grown = now, now  # when the ledger and its logs did last, UTC ticks
        self._began(now)
        self._behind: int | None = None  # entries that the last look, which had not the time for all, left
        self.trouble: str | None = None  # why the last look came to nothing

    # -- one look

    def look(self) -> None:
        """What there is to be found now; nothing is raised: it is found, or told in the status."""
        with self._lock:
            self._look()
            self._store.live(Life(self._clock.utc(), self._answered, self._grown))

    def is_good(self, head: Checkpoint, note: Note) -> None:
        """Before a head is cosigned: raises `Refusal` unless all up to it was followed, and nothing is open.

        `note` is the head as the log signed it: one of another history is kept.
        """
        with self._lock:
            found = next((each for each in self._logs.values() if each.key.name == head.origin), None)
            if found is None:
                raise Refusal(404, "not a log of this auditor\n")
            if found.size < head.size:
                self._look()
            if count := self._store.violations():
                some = "1 finding is" if count == 1 else f"{count} findings are"
                raise Refusal(503, f"{some} open; see `torrazzo auditor status`\n")
            root = found.mirror.root(head.size)
            if not root:
                raise Refusal(503, f"only {found.size} entries were audited yet, or the first ones never\n")
            if root != head.root:
                text = f"a head of {head.size} entries with another root was shown to have it cosigned"
                self._found(Finding("R1", found.kind, text), (found.followed.note, note.pack()))
                raise Refusal(503, "another history than the one that was audited\n")

    def status(self) -> dict[str, object]:
        """How far it has come, what is open."""
        sizes = {str(each.kind): {"origin": each.key.name, "size": each.size} for each in self._logs.values()}
        return {"logs": sizes, "answered": self._answered, "trouble": self.trouble, "silent": self._silent is not None}

    def _look(self) -> None:
        asked = self._clock.utc()
        heads: dict[LogKind, Continued] = {}
        before = self._followed_entries()
        self._source.begin()
        try:
            heads["act"] = self._since("act")
            heads["rec"] = self._since("rec")
            has_grown = self._follow("rec", heads["rec"], asked)
            has_grown |= self._follow("act", heads["act"], asked)
        except Contradiction as error:
            self._contradicted(error)
            self.trouble = str(error)
        except (TorrazzoError, OSError) as error:
            self.trouble = str(error)
            now = self._clock.utc()
            if isinstance(error, OutOfTime) and self._comes_nearer(heads, before):
                self._answered = now
            self._miss(now, str(error))
            return
        else:
            self.trouble, self._behind = None, None
            self._answered = asked
            self._grown = asked if has_grown else self._grown
            self._hear(asked)
        self._tell_overdue()

    def _comes_nearer(self, heads: Mapping[LogKind, Continued], before: int) -> bool:
        """Whether looks that had not the time for all will reach the heads: of an auditor that was long away."""
        followed, last = self._followed_entries(), self._behind
        if followed <= before:
            return False
        self._behind = sum(each.head.size for each in heads.values()) - followed
        return last is None or self._behind < last

    def _followed_entries(self) -> int:
        return sum(each.size for each in self._logs.values())

    def _since(self, kind: LogKind) -> Continued:
        """How the present head goes on from what was followed; a log that has less cannot say."""
        size = self._logs[kind].size
        try:
            return self._source.since(kind, size)
        except Invalid:
            present = self._source.head(kind)
            if present.head.size >= size:
                raise
            return present

    def _follow(self, kind: LogKind, continued: Continued, asked: int) -> bool:
        """Up to that head; whether there was anything new."""
        each = self._logs[kind]
        before = each.size
        self._verify(each, continued, each.mirror.copied)
        each.followed = each.followed._replace(note=continued.note.pack())
        head, seen = continued.head, each.followed.seen
        if before == 0 and head.size:
            self._skip_pruned(each, head)
        while each.size < head.size:
            self._step(each, continued)
        if seen != (head.size, asked):
            self._save(each, each.followed._replace(seen=(head.size, asked)))
        return each.size > before

    def _step(self, each: _Log, continued: Continued) -> None:
        head, start = continued.head, each.size
        entries = self._entries(each.kind, start, min(head.size, (start + STEP) // WIDTH * WIDTH), head.size)
        copied = each.mirror.grown(entries)
        try:
            self._prove(each, continued, copied)
        except Contradiction as error:
            error.entries = entries
            raise
        followed, findings = self._ruled(each, each.mirror.put(copied), entries)
        self._save(each, followed, findings)

    def _prove(self, each: _Log, continued: Continued, copied: Copied) -> None:
        """What is to be mirrored lies on the way to that head."""
        head = continued.head
        if copied.size == head.size:
            if each.mirror.root(copied.size, copied) != head.root:
                text = f"{head.origin}: its entries lead to another root than its head of {head.size} has"
                raise Contradiction(each.kind, continued, text)
        else:
            self._verify(each, self._source.since(each.kind, copied.size), copied)

    def _ruled(self, each: _Log, copied: Copied, entries: Sequence[bytes]) -> tuple[Followed, list[Finding]]:
        """The rules, on a copy of what they remember: a step that fails later leaves nothing behind."""
        followed, now = each.followed, self._clock.utc()
        rec, act = RecRules.parse(self._logs["rec"].followed.rules), ActRules.parse(self._logs["act"].followed.rules)
        findings: list[Finding] = []
        for index, line in enumerate(entries, followed.copied.size):
            seen = followed.seen
            not_before = seen[1] if seen is not None and index >= seen[0] else None
            if each.kind == "rec":
                check = rec.check(index, line, not_before, now)
            else:
                check = act.check(index, line, not_before, now, lambda kind, size: self._root(kind, size, copied), self)
            findings += _whatever(check, each.kind, index)
        return followed._replace(copied=copied, rules=rec.pack() if each.kind == "rec" else act.pack()), findings

    def _root(self, kind: LogKind, size: int, copied: Copied) -> bytes | None:
        each = self._logs[kind]
        return each.mirror.root(size, copied if kind == "act" else None)

    def sums(self, start: int, end: int) -> list[dict[str, object]] | None:
        """What these entries of `rec` told, hour by hour, as they were mirrored; None where they were not."""
        rec, found = self._logs["rec"], PruneSums()
        if not rec.followed.copied.first <= start <= end <= rec.size:
            return None
        try:
            for line in rec.mirror.entries(start, end):
                found.add(line)
        except Damaged:  # R2 has told of it
            return None
        return found.values(end)

    def statement(self, hash_: bytes) -> ChipStatement | None:
        """What the chip said, as the ledger shows it; None where it does not."""
        return self._source.statement(hash_)

    def _entries(self, kind: LogKind, start: int, end: int, size: int) -> list[bytes]:
        """Those, or as many whole bundles of them as come within a step's time, and one in any case."""
        found: list[bytes] = []
        until = self._clock.boot_ns() + STEP_S * 1_000_000_000
        for number in range(start // WIDTH, (end + WIDTH - 1) // WIDTH):
            bundle = self._source.bundle(kind, number, size)
            found += bundle[max(0, start - number * WIDTH) : end - number * WIDTH]
            if self._clock.boot_ns() >= until:
                break
        return found

    def _verify(self, each: _Log, continued: Continued, copied: Copied) -> None:
        """R1."""
        note, head, path = continued
        try:
            if each.key not in note.signed_by([each.key]):
                raise Unproven("a head that its key did not sign")
            if head.origin != each.key.name:
                raise Unproven(f"a head of {head.origin}")
            if head.size < copied.size:
                raise Unproven(f"the log has shrunk: a head of {head.size} entries, after {copied.size} were seen")
            root = each.mirror.root(copied.size, copied)
            if copied.size and root:
                verify_consistency(copied.size, root, head.size, head.root, path)
        except Unproven as error:
            raise Contradiction(each.kind, continued, f"{each.key.name}: {error}") from error

    def _contradicted(self, error: Contradiction) -> None:
        """R1, with the first entry that is another one now, or none; and the two heads."""
        each, head = self._logs[error.kind], error.shown.head
        finding = Finding("R1", error.kind, str(error))
        self._source.begin()
        try:
            place = parted(each.mirror, self._source, each.kind, head, error.entries)
        except (TorrazzoError, OSError) as trouble:
            log.warning("histories_not_compared", why=str(trouble))
        else:
            finding = finding._replace(entry_index=place.entry_index, stream=place.told.stream, at=place.told.at)
        self._found(finding, (each.followed.note, error.shown.note.pack()))

    def _skip_pruned(self, each: _Log, head: Checkpoint) -> None:
        """What the log has pruned already cannot be seen: begin behind it, at an edge that the higher tiles give."""
        minimum = min(-(-self._source.minimum(each.kind) // WIDTH) * WIDTH, head.size // WIDTH * WIDTH)
        if not minimum:
            return
        edge = [b""]
        for level in range(1, (minimum.bit_length() + 7) // 8):
            width = (minimum >> 8 * level) % WIDTH * HASH_LENGTH
            number = minimum >> 8 * (level + 1)
            edge.append(self._source.tile(each.kind, level, number, head.size)[:width] if width else b"")
        copied = Copied(minimum, tuple(edge), (), minimum)
        self._verify(each, self._source.since(each.kind, minimum), copied)
        rules = {**each.followed.rules, "whole": False} if each.kind == "rec" else each.followed.rules
        notice = Finding("R1", each.kind, f"entries below {minimum} were pruned before they were seen", is_notice=True)
        self._save(each, each.followed._replace(copied=copied, rules=rules), [notice])

    # -- what is kept and told

    def _save(self, each: _Log, followed: Followed, findings: Sequence[Finding] = ()) -> None:
        if each.kind == "rec" and (rec := RecRules.parse(followed.rules)).keys:
            act = self._logs["act"]
            rules = ActRules.parse(act.followed.rules)
            rules.recorded(rec.keys)
            self._save(act, act.followed._replace(rules=rules.pack()))  # first: told twice is told once
            self._store.recorded(rec.take_keys(), hour_text(hour_of(self._clock.utc() - KEPT)))
            followed = followed._replace(rules=rec.pack())
        named = [self._with_cameras(finding) for finding in findings]
        self._tell(self._store.save(each.kind, followed, named, self._clock.utc()))
        each.followed = followed
        each.mirror.copied = followed.copied

    def _with_cameras(self, finding: Finding) -> Finding:
        """What is about a key is about all cameras that recorded under it."""
        streams = [] if finding.key is None else self._store.streams(finding.key)
        return finding._replace(stream=",".join(streams)) if streams else finding

    def _tell_overdue(self) -> None:
        act = self._logs["act"]
        rules = ActRules.parse(act.followed.rules)
        findings = list(rules.overdue(self._clock.utc(), self._logs["rec"].size))
        if (packed := rules.pack()) != act.followed.rules:
            self._save(act, act.followed._replace(rules=packed), findings)

    def _found(self, finding: Finding, heads: tuple[bytes, bytes] | None = None) -> None:
        found = self._store.add(finding, self._clock.utc(), heads)
        self._tell([] if found is None else [found])

    def _tell(self, found: Sequence[Found]) -> None:
        for each in found:
            (log.warning if each.finding.is_notice else log.error)(
                "finding", number=each.number, text=str(each.finding)
            )

    # -- R9

    def _began(self, now: int) -> None:
        """Go on with the life before; after a longer absence, that is a silence of its own.

        What the ledger was silent for while the auditor ran stays the ledger's, and ends with that life.
        """
        life = self._store.life() or self._first_life()
        if life is None:
            return
        lasting = next(((start, why) for start, end, why in self._store.silences(1) if end is None), None)
        if now - life.looked <= UNANSWERED:
            self._silent = lasting
            self._answered, self._grown = life.answered, life.grown
            return
        if lasting is not None:
            self._store.silence(lasting[0], life.looked, f"{lasting[1]}; then the auditor did not run")
        self._store.silence(life.looked, now, "the auditor was not running")

    def _first_life(self) -> Life | None:
        """Of an auditor of before lives were kept: its last look that was answered."""
        times = [each.followed.seen[1] for each in self._logs.values() if each.followed.seen is not None]
        return Life(max(times), max(times), max(times)) if times else None

    def _miss(self, now: int, why: str) -> None:
        if now - self._answered >= UNANSWERED:
            self._be_silent(self._answered, f"the ledger does not answer: {why}")

    def _hear(self, now: int) -> None:
        if now - self._grown >= STILL:
            self._be_silent(self._grown, "the ledger answers, and its logs do not grow")
        elif self._silent is not None:
            start, why = self._silent
            self._silent = None
            self._store.silence(start, now, why)
            log.warning("silence_over", seconds=(now - start) // SECOND)

    def _be_silent(self, start: int, why: str) -> None:
        if self._silent is None:
            self._silent = (start, why)
            self._store.silence(start, None, why)
            log.error("silence", why=why)

    def _followed(self, kind: LogKind, key: VerifierKey) -> Followed:
        found = self._store.load(kind)
        if found is None:
            rules: Mapping[str, object] = RecRules().pack() if kind == "rec" else ActRules().pack()
            return Followed(key.name, Copied(), None, rules)
        if found.origin != key.name:
            raise Refused(f"this auditor followed {found.origin}; for {key.name}, a fork of it, make a new one")
        return found


def _whatever(check: Iterator[Finding], kind: LogKind, entry_index: int) -> Iterator[Finding]:
    """A line that the rules themselves fail at forbids to cosign, as others do: the town may not stop its auditor."""
    try:
        yield from check
    except _MISTAKES as error:
        log.error("rules_failed", log=kind, entry=entry_index, error=repr(error))  # noqa: TRY400 - no line of a stranger's
        yield Finding("R2", kind, f"the rules fail at it: {error!r}", entry_index)
