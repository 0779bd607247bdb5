# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whether the ring has what the ledger tells was destroyed: then the keyring's folder was put back as it once was.

A TPM's counter notices that at the start. Files notice nothing of their own: all of them are put back together. But
each shred and each early erasure is a fact in `act`, which lies elsewhere.
"""

import threading
from collections.abc import Collection

import structlog

from torrazzo.base.errors import Invalid, KeyGone, Unavailable
from torrazzo.base.ids import StreamId
from torrazzo.base.times import HOUR, UtcTicks
from torrazzo.keyring.public import KeyName
from torrazzo.keyring.rekey import Rekeys
from torrazzo.keyring.store import RingStore
from torrazzo.ledger.act import Act, parse_act
from torrazzo.ledger.act_forms import parse_hour
from torrazzo.ledger.client import LedgerClient
from torrazzo.ledger.tail import acts_of_late

MOST_NAMED = 5

_KINDS = (b'"kind":"shred"', b'"kind":"rekey"')

log = structlog.get_logger(__name__)


class Destroyed:
    """Asked once in each life, before the first key leaves, and when a file can be read again. For any thread."""

    def __init__(self, store: RingStore, rekeys: Rekeys, ledger: LedgerClient) -> None:
        self._store, self._rekeys, self._ledger = store, rekeys, ledger
        self._lock = threading.Lock()
        self._known_without: frozenset[KeyName] | None = None  # whose files could not be read then; None: not yet
        self._back: frozenset[tuple[KeyName, StreamId | None]] = frozenset()  # of one stream, or of all

    def look(self) -> None:
        """Once the ledger answers; raises what it raises, and `Unavailable` where early erasures cannot be read."""
        with self._lock:
            unread = self._rekeys.unread
            if self._known_without == unread:
                return
            if not self._rekeys.is_read:
                raise Unavailable("what was erased early cannot be read yet; see the keyring's alarms")
            self._back = frozenset(self._find(unread))
            self._known_without = unread
        if self._back:
            log.error("ring_put_back", what=self.alarm)

    @property
    def alarm(self) -> str:
        """For people; empty where nothing was put back. It stays for this life, also when those keys are gone."""
        if not self._back:
            return ""
        names = [str(name) for name in sorted({name for name, _ in self._back})]
        more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
        return (
            f"ring: the keyring's folder was put back as it once was: it has keys of {', '.join(names[:MOST_NAMED])}"
            f"{more}, of which the ledger tells that they were destroyed. They open nothing; find out who had a copy"
        )

    def has(self, name: KeyName, stream: StreamId) -> bool:
        """Whether that was destroyed, and lies in the ring again; raises as `look`."""
        self.look()
        return bool({(name, None), (name, stream)} & self._back)

    def expect_alive(self, name: KeyName, stream: StreamId) -> None:
        """Raises `KeyGone` for what was destroyed, whatever lies in the ring."""
        if self.has(name, stream):
            raise KeyGone(f"{stream} {name}: its key was destroyed, as the ledger tells, and put back since")

    def _find(self, unread: Collection[KeyName]) -> set[tuple[KeyName, StreamId | None]]:
        names, act = set(self._store.ring.keys), self._ledger.status().get("act")
        if not isinstance(act, dict):
            raise Unavailable("the ledger takes nothing now: whether the ring is the newest is not known")
        if not names or not act["size"]:
            return set()
        oldest = UtcTicks(min(name.hour for name in names) * HOUR)
        found = set[tuple[KeyName, StreamId | None]]()
        for _, line in acts_of_late(self._ledger, oldest):
            fact = _parsed(line) if any(kind in line for kind in _KINDS) else None
            if fact is None or fact.kind not in {"shred", "rekey"}:
                continue
            name = KeyName(parse_hour(fact.values["hour"]), fact.values["class"])
            if name not in names:
                continue
            if fact.kind == "shred":
                found.add((name, None))
            elif name not in unread:  # of which nothing opens
                streams = map(StreamId.parse, fact.values["streams"])
                found |= {(name, stream) for stream in streams if not self._rekeys.has_erased(name, stream)}
        return found


def _parsed(line: bytes) -> Act | None:
    try:
        return parse_act(line)
    except Invalid:  # a later version's
        return None
