# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whether a head is cosigned: C2SP tlog-witness, add-checkpoint, status by status."""

from collections.abc import Callable, Iterable

import structlog

from torrazzo.base.clock import Clock
from torrazzo.base.errors import Invalid, Refused
from torrazzo.base.times import SECOND
from torrazzo.ledger import Unproven
from torrazzo.ledger.checkpoint import Checkpoint, cosign
from torrazzo.ledger.key import SigningKey, VerifierKey
from torrazzo.ledger.merkle import EMPTY_ROOT, verify_consistency
from torrazzo.ledger.note import Note, Signature
from torrazzo.ledger.text import shown
from torrazzo.ledger.witness_request import AddCheckpoint, head_address, pack_signatures
from torrazzo.witness.heads import Cosigned, Heads

log = structlog.get_logger(__name__)


class Refusal(Refused):
    """Not cosigned: an HTTP status and the body of the answer."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status, self.text = status, text


class Witness:
    """Any thread may ask. `is_good` sees each head that is about to be cosigned, and raises `Refusal`."""

    def __init__(
        self,
        key: SigningKey,
        logs: Iterable[VerifierKey],
        heads: Heads,
        clock: Clock,
        is_good: Callable[[Checkpoint, Note], None] = lambda _head, _note: None,
    ) -> None:
        self.key, self.heads = key, heads
        self.logs = {log.name: log for log in logs}
        self._addresses = {head_address(origin): origin for origin in self.logs}
        self._clock, self._is_good = clock, is_good

    def add_checkpoint(self, body: bytes) -> bytes:
        """The cosignature of a head, once it is on disk; raises `Refusal`, or `Unavailable` when the disk fails.

        1. The request is in its form (400). 2. The log is known (404). 3. It signed the head, and no signature that
        claims to be its is bad or misspelt (403). 4. The old size is not above the head's (400). 5. It is that of the
        head cosigned last (409, with that size). 6. The head goes on from it (422). Then it is stored, and signed.
        """
        asked = _in_form(body)  # 1
        head = asked.checkpoint
        log_key = self.logs.get(head.origin)
        if log_key is None:  # 2
            raise Refusal(404, f"log {shown(head.origin)} is not one of this witness\n")
        note, signature = _signed(asked, log_key)  # 3
        if asked.old > head.size:  # 4
            raise Refusal(400, f"old size {asked.old} is above the head's, {head.size}\n")
        last = self.heads.last(head.origin)
        self._keep_contradiction(note, head, last)
        _check(asked, last)  # 5, 6
        self._is_good(head, note)
        with self.heads.changing() as change:
            _check(asked, change.last(head.origin))  # again: another request may have been faster
            cosignature = cosign(note, self.key, self._clock.utc() // SECOND)
            whole = Note(note.text, (signature, cosignature)).pack()
            change.put(head.origin, Cosigned(head.size, head.root, whole))
        return pack_signatures(cosignature)

    def head(self, address: str) -> bytes | None:
        """What stands at `head_address` of a log: its last head with both signatures; None if there is none."""
        origin = self._addresses.get(address)
        return None if origin is None else self.heads.last(origin).note or None

    def _keep_contradiction(self, note: Note, head: Checkpoint, last: Cosigned) -> None:
        """Two heads of one size that the log signed prove that it shows two histories, whatever else is answered."""
        if head.size != last.size or head.root == last.root or not last.note:
            return
        with self.heads.changing() as change:
            if change.keep(head.origin, note.text, note.pack(), self._clock.utc() // SECOND):
                log.error("head_contradicts", origin=head.origin, size=head.size)


def _in_form(body: bytes) -> AddCheckpoint:
    try:
        return AddCheckpoint.parse(body)
    except Invalid as error:
        raise Refusal(400, f"{error}\n") from error


def _signed(asked: AddCheckpoint, key: VerifierKey) -> tuple[Note, Signature]:
    try:
        note = asked.opened()
        found = note.signed_by([key])
    except Invalid as error:
        raise Refusal(403, f"{error}\n") from error
    if key not in found:
        raise Refusal(403, f"head of {key.name}: not signed by {key}\n")
    return note, found[key]


def _check(asked: AddCheckpoint, last: Cosigned) -> None:
    """Raises `Refusal` unless this head may follow that one."""
    head = asked.checkpoint
    if asked.old != last.size:
        raise Refusal(409, f"{last.size}\n")
    if head.size == 0 and head.root != EMPTY_ROOT:
        raise Refusal(422, "an empty tree has another root\n")
    if last.size == 0:
        if asked.path:
            raise Refusal(422, "no hashes lead on from the empty tree\n")
        return
    try:
        verify_consistency(last.size, last.root, head.size, head.root, asked.path)
    except Unproven as error:
        log.warning("head_does_not_go_on", origin=head.origin, size=head.size, cosigned=last.size, why=str(error))
        raise Refusal(422, f"{error}\n") from error
