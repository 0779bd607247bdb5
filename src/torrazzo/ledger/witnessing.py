# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The ledger asks its witnesses to cosign new heads, in a thread of its own: no batch and no act waits for that.

All are asked for the same heads, so that their signatures meet below one. Nothing that a witness says stops the ledger,
except a head that the ledger's own key signed and that is not one of its own: then an older ledger was put back.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import structlog

from torrazzo.base.clock import Clock
from torrazzo.base.errors import Invalid, TorrazzoError, Unavailable
from torrazzo.durable import Disk
from torrazzo.ledger.checkpoint import Checkpoint
from torrazzo.ledger.cosignatures import Cosignatures
from torrazzo.ledger.errors import Pruned, RolledBack, Unproven
from torrazzo.ledger.files import LogFiles
from torrazzo.ledger.identity import Identity, LogKind
from torrazzo.ledger.key import VerifierKey, cosigned_at
from torrazzo.ledger.note import Note, Signature
from torrazzo.ledger.reader import LogReader
from torrazzo.ledger.store import LedgerStore
from torrazzo.ledger.text import shown
from torrazzo.ledger.town_policy import witness_key
from torrazzo.ledger.witness_client import SECONDS, Answer, call
from torrazzo.ledger.witness_request import AddCheckpoint, head_address, parse_signatures, parse_size
from torrazzo.town.home import WitnessSettings

EVERY_NS = 10_000_000_000  # at most so often a witness is asked
AGAIN_NS = 60_000_000_000  # a head that stays is cosigned again, with another time
AWAY_NS = 60_000_000_000  # so long a witness may be away untold
LOOK_S = 0.5
START_S = 2.0  # so long each witness may hold up a start
ADVICE = "nothing is signed any more. Put the newest database back, or declare a fork"

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Asked:
    """One witness, and what came of asking it."""

    settings: WitnessSettings
    key: VerifierKey
    is_own: bool
    sizes: dict[LogKind, int] = field(default_factory=dict)  # that it cosigned last
    cosigned: int | None = None  # its time, POSIX seconds
    since_ns: int | None = None  # it has been failing
    why: str | None = None
    is_told: bool = False
    has_forgotten: bool = False  # it knew a larger head once: an older database of its own was put back


class Witnessed:
    """One of the two logs, and its cosignatures."""

    def __init__(self, reader: LogReader, cosignatures: Cosignatures, key: VerifierKey) -> None:
        self.reader, self.cosignatures, self.key = reader, cosignatures, key
        self.asked_text = ""  # of the head that was asked last
        self.asked_ns = 0


class Witnessing:
    """`run` is one thread's; `status` any one's."""

    def __init__(self, logs: Mapping[LogKind, Witnessed], witnesses: Sequence[Asked], clock: Clock) -> None:
        self._logs, self._witnesses, self._clock = logs, witnesses, clock
        self._round_ns: int | None = None

    @classmethod
    def over(
        cls,
        store: LedgerStore,
        disk: Disk,
        folder: Path,
        identity: Identity,
        witnesses: Sequence[Asked],
        clock: Clock,
    ) -> Self:
        """Of an open ledger in its folder; from now on its readers give heads with what was cosigned below them."""
        keys = [witness.key for witness in witnesses]
        needed = [witness.key for witness in witnesses if witness.settings.needed]
        logs: dict[LogKind, Witnessed] = {}
        for reader in (store.rec, store.act):
            name = identity.name_of(reader.head.origin)
            key = identity.key(name).verifier
            cosignatures = Cosignatures(LogFiles(disk, folder / str(name)), key, keys, needed)
            reader.cosigned = cosignatures.on
            logs[name.kind] = Witnessed(reader, cosignatures, key)
        return cls(logs, witnesses, clock)

    def newest(self, kind: LogKind) -> Note | None:
        """The last head that all needed witnesses cosigned, and at least one did."""
        return self._logs[kind].cosignatures.newest

    def look(self) -> None:
        """Before anything is signed: raises `RolledBack` if a witness knows more than we do; one that is away does not.

        Whoever put a whole machine back to last week is found out here.
        """
        for witness in self._witnesses:
            for kind, witnessed in self._logs.items():
                try:
                    self._compare(witness, kind, witnessed, START_S)
                except RolledBack:
                    raise
                except TorrazzoError as error:
                    self._failed(witness, error)
                    break

    def run(self, ending: threading.Event) -> None:
        """Until `ending`; raises `RolledBack`."""
        while self._witnesses and not ending.wait(LOOK_S):
            if self._is_due(self._clock.boot_ns()):
                try:
                    self.ask(ending.is_set)
                except OSError as error:  # of our own disk
                    log.warning("cosignatures_not_kept", error=str(error))

    def ask(self, stop: Callable[[], bool] = lambda: False) -> None:
        """All of them, for the heads there are now; those that answered last time first."""
        now_ns = self._round_ns = self._clock.boot_ns()
        notes = {kind: witnessed.reader.note for kind, witnessed in self._logs.items()}
        for witness in sorted(self._witnesses, key=lambda each: each.since_ns is not None):
            for kind, note in notes.items():
                if stop() or not _size(note):
                    continue
                try:
                    signature = self._cosign(witness, kind, note)
                except RolledBack:
                    raise
                except TorrazzoError as error:
                    self._failed(witness, error)
                    break
                self._logs[kind].cosignatures.add(note, [signature])
                self._succeeded(witness, cosigned_at(signature.data))
        for kind, note in notes.items():
            self._logs[kind].asked_text, self._logs[kind].asked_ns = note.text, now_ns

    def status(self) -> list[dict[str, object]]:
        """For people: who they are, and how each fares."""
        return [self._status(witness) for witness in self._witnesses]

    def _is_due(self, now_ns: int) -> bool:
        if self._round_ns is not None and now_ns - self._round_ns < EVERY_NS:
            return False
        return any(witness.since_ns is not None for witness in self._witnesses) or any(
            each.reader.note.text != each.asked_text or now_ns - each.asked_ns >= AGAIN_NS
            for each in self._logs.values()
        )

    def _cosign(self, witness: Asked, kind: LogKind, note: Note) -> Signature:
        """One cosignature; the second attempt is for the size that the witness says it has."""
        reader, size = self._logs[kind].reader, _size(note)
        for _ in range(2):
            old = witness.sizes.get(kind, 0)
            path = reader.consistency(old, size) if old <= size else []
            body = AddCheckpoint(old, tuple(path), Checkpoint.parse(note.text), note.pack()).pack()
            answer = call(witness.settings.address, "add-checkpoint", self._clock, body)
            if answer.status == 200:
                witness.sizes[kind] = size
                return _verified(answer.body, note, witness.key)
            if answer.status == 409:
                self._has(witness, kind, parse_size(answer.body))
            if answer.status == 422 or (answer.status == 409 and witness.sizes[kind] > size):
                self._compare(witness, kind, self._logs[kind])
            if answer.status != 409 or witness.sizes[kind] > size:
                raise Unavailable(f"it answered {answer.status}: {shown(answer.body.decode(errors='replace'))}")
        raise Unavailable("it expects another size each time")

    def _compare(self, witness: Asked, kind: LogKind, witnessed: Witnessed, seconds: float = SECONDS) -> None:
        """Raises `RolledBack` if the head that the witness cosigned last is of our key, and not one of ours."""
        origin = witnessed.key.name
        answer = call(witness.settings.address, head_address(origin), self._clock, seconds=seconds)
        if answer.status == 404:
            return  # it never cosigned one, or does not show it
        note = _signed_by_us(answer, witnessed.key)
        head = Checkpoint.parse(note.text)
        self._has(witness, kind, head.size)
        mine = witnessed.reader.head
        if head.size <= mine.size:
            try:
                if witnessed.reader.root(head.size) == head.root:
                    return
            except Pruned:
                return
        try:
            witnessed.cosignatures.remember(note)
        except OSError as error:
            log.warning("cosignatures_not_kept", error=str(error))
        raise RolledBack(
            f"{origin}: we have {mine.size} entries, and witness {witness.settings.name} shows a head of {head.size}"
            f"{' and another root' if head.size <= mine.size else ''} that our own key signed; {ADVICE}"
        )

    def _has(self, witness: Asked, kind: LogKind, size: int) -> None:
        """So large is the head that it cosigned last, as it says; less than it once cosigned, and people are told."""
        known = witness.sizes.get(kind, 0)
        newest = self._logs[kind].cosignatures.newest
        if newest is not None and witness.key in newest.signed_by([witness.key]):
            known = max(known, _size(newest))
        if size < known:
            witness.has_forgotten = True
            log.error("witness_has_forgotten", witness=witness.settings.name, log=kind, size=size, cosigned=known)
        witness.sizes[kind] = size

    def _succeeded(self, witness: Asked, seconds: int) -> None:
        if witness.is_told:
            log.info("witness_back", witness=witness.settings.name)
        witness.since_ns, witness.why, witness.is_told, witness.cosigned = None, None, False, seconds

    def _failed(self, witness: Asked, error: Exception) -> None:
        now_ns = self._clock.boot_ns()
        witness.since_ns = now_ns if witness.since_ns is None else witness.since_ns
        witness.why = str(error)
        if not witness.is_told and now_ns - witness.since_ns >= AWAY_NS:
            witness.is_told = True
            log.warning("witness_away", witness=witness.settings.name, why=witness.why)

    def _status(self, witness: Asked) -> dict[str, object]:
        since_ns = witness.since_ns
        return {
            "name": witness.settings.name,
            "key": witness.settings.key,
            "needed": witness.settings.needed,
            "own": witness.is_own,
            "cosigned": witness.cosigned,
            "sizes": dict(witness.sizes),
            "away_s": None if since_ns is None else round((self._clock.boot_ns() - since_ns) / 1e9, 1),
            "why": witness.why,
            "forgot": witness.has_forgotten,
        }


def asked_witnesses(witnesses: Sequence[WitnessSettings], is_own: Callable[[WitnessSettings], bool]) -> list[Asked]:
    """As the settings have them; raises `Invalid` for a key that is none."""
    return [Asked(each, witness_key(each), is_own(each)) for each in witnesses]


def _size(note: Note) -> int:
    return Checkpoint.parse(note.text).size


def _verified(body: bytes, note: Note, key: VerifierKey) -> Signature:
    """The witness's line among those of the answer."""
    signatures = parse_signatures(body, note.text)
    found = Note(note.text, signatures).signed_by([key])
    if key not in found:
        raise Unproven(f"it answered without a signature of {key}")
    return found[key]


def _signed_by_us(answer: Answer, key: VerifierKey) -> Note:
    if answer.status != 200:
        raise Unavailable(f"asked for its head it answered {answer.status}")
    note = Note.parse(answer.body)
    if key not in note.signed_by([key]):
        raise Invalid("it shows a head that our key did not sign")
    return note
