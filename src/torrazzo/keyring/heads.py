# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The heads of `rec` and `act` that the keyring has seen: what comes later must begin with them.

A ledger that shows the keyring another history than it shows others would have to go on doing so for ever: the heads
here are published in each `shred` fact.
"""

from typing import NamedTuple, Self

from torrazzo.base.errors import Invalid
from torrazzo.keyring.document import base64_text, compact, expect_bytes, expect_names, expect_object, parse_object
from torrazzo.keyring.gate_refusal import Reason, Refusal, Refuse
from torrazzo.ledger import Accepted, Policy, Unproven
from torrazzo.ledger.errors import Uncosigned
from torrazzo.ledger.identity import LogName
from torrazzo.ledger.merkle import verify_consistency
from torrazzo.ledger.note import Note
from torrazzo.ledger.text import MAX_NUMBER

MOST_EARLIER = 16  # heads per log that are still taken when a larger one was seen: of readers that asked at one time

_FILE_LIMIT = 4_096


class Head(NamedTuple):
    """How large a log was, and its root."""

    size: int
    root: bytes


class Seen(NamedTuple):
    """Of one log: the largest head, and those before it since the start."""

    origin: str
    head: Head | None = None  # None: never told which one to begin with
    earlier: tuple[Head, ...] = ()

    def after(self, head: Head) -> Self:
        """With a larger one."""
        earlier = self.earlier if self.head is None else (self.head, *self.earlier)
        return self._replace(head=head, earlier=earlier[:MOST_EARLIER])


class Heads(NamedTuple):
    """The small value to keep: safely on disk before the answer to whoever showed it goes out."""

    rec: Seen
    act: Seen

    @classmethod
    def of_town(cls, rec: str, act: str) -> Self:
        """Of these two origins, before anything was seen."""
        return cls(Seen(rec), Seen(act))

    def values(self) -> dict[str, object]:
        """Only the largest heads."""
        return {"v": 1, **{log: _packed(seen) for log, seen in self._asdict().items()}}

    def pack(self) -> bytes:
        """The same, on one line."""
        return compact(self.values())

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """The inverse of `pack`, for heads without earlier ones; strict."""
        found = parse_object(data, "heads", _FILE_LIMIT)
        expect_names(found, {"v", "rec", "act"}, "heads")
        heads = cls(_parsed(found["rec"], "rec"), _parsed(found["act"], "act"))
        if heads.pack() != data:
            raise Invalid("heads: not written as this program writes version 1")
        return heads


class Shown(NamedTuple):
    """A head that a reader shows, and how it continues the one seen."""

    note: Note
    since: int  # the size seen, from which it goes on
    path: tuple[bytes, ...]  # consistency hashes from there; none if it is that size


class Taken(NamedTuple):
    """A head that holds."""

    seen: Seen  # to go on with
    head: Head  # that proofs are held against
    accepted: Accepted  # with the witnesses' times
    is_new: bool  # it is the largest yet: its witnesses' times are worth hearing
    is_first: bool = False  # trusted because the caller said so, and to be told


def fact_values(seen: Seen) -> dict[str, object] | None:
    """As `shred` facts publish it."""
    if seen.head is None:
        return None
    return {"size": seen.head.size, "root": base64_text(seen.head.root)}


def accept(seen: Seen, shown: Shown, policy: Policy, *, trust_first: bool = False) -> Taken | Refusal:
    """Whether a head holds.

    1. A log of the policy signed it. 2. It is of this log. 3. Without one seen it is trusted only if the caller says
    so, at set-up. 4. Of each size there is one; one that was itself taken before holds. 5. It is not smaller, and goes
    on from a head that is known. 6. It begins with that. 7. That is the largest: if it is not, ask anew.
    8. Enough witnesses cosigned it: asked last, so that a forged one is never taken for one that only waits for them.
    """
    try:
        return take(seen, shown, policy, trust_first=trust_first)
    except Refuse as refuse:
        return refuse.refusal


def take(seen: Seen, shown: Shown, policy: Policy, *, trust_first: bool = False) -> Taken:
    """The same; raises `Refuse`, with the log whose head it was."""
    try:
        return _taken(seen, shown, policy, trust_first=trust_first)
    except Refuse as refuse:
        name = LogName.parse(seen.origin.rpartition("/")[2])
        refuse.refusal = refuse.refusal._replace(log=None if name is None else name.kind)
        raise


def _taken(seen: Seen, shown: Shown, policy: Policy, *, trust_first: bool) -> Taken:
    taken = _continued(seen, shown, _read(shown.note, policy), trust_first=trust_first)  # 1 to 7
    try:
        policy.expect_quorum(taken.accepted)  # 8
    except Uncosigned as error:
        raise Refuse(Reason.HEAD_UNCOSIGNED, str(error)) from error
    return taken


def _continued(seen: Seen, shown: Shown, accepted: Accepted, *, trust_first: bool) -> Taken:
    _, size, root = accepted.checkpoint
    head, old = Head(size, root), seen.head
    if accepted.checkpoint.origin != seen.origin:  # 2
        raise Refuse(Reason.HEAD_LOG, f"head of {accepted.checkpoint.origin!r}: expected one of {seen.origin}")
    if old is None:  # 3
        if not trust_first or not size:
            raise Refuse(Reason.HEAD_UNKNOWN, f"{seen.origin}: no head was trusted yet, and none may be without order")
        return Taken(seen.after(head), head, accepted, is_new=True, is_first=True)
    known = {known.size: known for known in (old, *seen.earlier)}
    if known.get(size, head) != head:  # 4
        raise Refuse(Reason.HEAD_FORK, f"{seen.origin}: a second head of {size} entries")
    if size in known:
        return Taken(seen, head, accepted, is_new=False)
    if size < old.size or shown.since not in known:  # 5
        raise Refuse(Reason.HEAD_STALE, f"{seen.origin}: go on from the head of {old.size} entries")
    try:  # 6
        verify_consistency(shown.since, known[shown.since].root, size, root, shown.path)
    except Unproven as error:
        raise Refuse(Reason.HEAD_FORK, f"{seen.origin}: after the head of {shown.since} entries: {error}") from error
    if shown.since != old.size:  # 7
        raise Refuse(Reason.HEAD_STALE, f"{seen.origin}: go on from the head of {old.size} entries")
    return Taken(seen.after(head), head, accepted, is_new=True)


def _read(note: Note, policy: Policy) -> Accepted:
    try:
        return policy.read(note)
    except Invalid as error:
        raise Refuse(Reason.HEAD_FORGED, str(error)) from error


def _packed(seen: Seen) -> dict[str, object]:
    head = None if seen.head is None else {"size": seen.head.size, "root": base64_text(seen.head.root)}
    return {"origin": seen.origin, "head": head}


def _parsed(value: object, where: str) -> Seen:
    found = expect_object(value, where)
    expect_names(found, {"origin", "head"}, where)
    origin = found["origin"]
    if not isinstance(origin, str):
        raise Invalid(f"{where}: {origin!r} is no origin")
    if found["head"] is None:
        return Seen(origin)
    head = expect_object(found["head"], where)
    expect_names(head, {"size", "root"}, where)
    size = head["size"]
    if type(size) is not int or not 0 < size <= MAX_NUMBER:
        raise Invalid(f"{where}: a head of {size!r} entries")
    return Seen(origin, Head(size, expect_bytes(head["root"], 32, where)))
