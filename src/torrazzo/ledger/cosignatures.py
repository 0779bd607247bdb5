# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What witnesses signed below a log's heads: the last one that enough of them cosigned, and the one being asked."""

import threading
from collections.abc import Collection, Iterable

from torrazzo.base.errors import Invalid
from torrazzo.ledger.checkpoint import Checkpoint
from torrazzo.ledger.files import LogFiles
from torrazzo.ledger.key import VerifierKey
from torrazzo.ledger.note import Note, Signature


class Cosignatures:
    """Of one log. Any thread reads, one adds."""

    def __init__(
        self, files: LogFiles, log: VerifierKey, witnesses: Collection[VerifierKey], needed: Collection[VerifierKey]
    ) -> None:
        """With what the life before kept; whether that is a head of this log, the start has checked."""
        self._files, self._log, self._witnesses = files, log, frozenset(witnesses)
        self._needed = frozenset(needed)
        self._lock = threading.Lock()
        self._asked: Note | None = None  # the head being asked, with what has come
        self._newest = self._kept()

    @property
    def newest(self) -> Note | None:
        """The last head that all needed witnesses cosigned, and at least one did."""
        return self._newest

    def on(self, note: Note) -> Note:
        """The same head, with what is known to stand below it."""
        with self._lock:
            for known in (self._asked, self._newest):
                if known is not None and known.text == note.text:
                    return known
        return note

    def add(self, note: Note, cosignatures: Iterable[Signature]) -> None:
        """These came for a head, newer than those that it has; on disk on return if that makes it the newest."""
        with self._lock:
            before = self._asked if self._asked is not None and self._asked.text == note.text else note
            if self._newest is not None and self._newest.text == note.text:
                before = self._newest
            self._asked = _with(before, cosignatures, self._witnesses)
            signed = self._asked.signed_by(self._witnesses)
            is_newest = bool(signed) and self._needed <= signed.keys()
        if is_newest:
            self._files.publish_cosigned(self._asked.pack())
            self._newest = self._asked

    def remember(self, note: Note) -> None:
        """A witness shows this head, signed by us, and it is not one of ours: the next start signs nothing."""
        self._files.publish_cosigned(note.pack())

    def _kept(self) -> Note | None:
        data = self._files.read_cosigned()
        if data is None:
            return None
        try:
            note = Note.parse(data)
            signed = note.signed_by([self._log, *self._witnesses])
            Checkpoint.parse(note.text)
        except Invalid:
            return None  # by a witness that was taken out of the settings, and in again with another key
        return note if self._log in signed and self._needed <= signed.keys() and len(signed) > 1 else None


def _with(note: Note, cosignatures: Iterable[Signature], witnesses: Collection[VerifierKey]) -> Note:
    """The new ones in the place of the same witness's older ones."""
    new = tuple(cosignatures)
    replaced = {key for key in witnesses if any(signature.made_by(key) for signature in new)}
    kept = tuple(old for old in note.signatures if not any(old.made_by(key) for key in replaced))
    return Note(note.text, kept + new)
