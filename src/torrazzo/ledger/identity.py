# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a town's logs and their entries are called, and who signs them.

A fork gives both logs new names: `<town>/rec.2`, `<town>/act.2`.
"""

import re
from typing import Literal, NamedTuple, TypeAlias

from torrazzo.base.errors import Invalid
from torrazzo.ledger.checkpoint import origin_of
from torrazzo.ledger.key import Kind, SigningKey
from torrazzo.ledger.text import MAX_NUMBER, shown

LogKind: TypeAlias = Literal["rec", "act"]
KINDS: tuple[LogKind, ...] = ("rec", "act")

_NAME = re.compile(r"(rec|act)(?:\.([2-9]|[1-9][0-9]{1,8}))?", re.ASCII)
_ENTRY = re.compile(r"(act(?:\.(?:[2-9]|[1-9][0-9]{1,8}))?)-(0|[1-9][0-9]{0,18})", re.ASCII)


class LogName(NamedTuple):
    """The end of the origin, and the folder's name: `rec`, `act`; after the first fork `rec.2`, `act.2`."""

    kind: LogKind
    generation: int

    def __str__(self) -> str:
        return self.kind if self.generation == 1 else f"{self.kind}.{self.generation}"

    @classmethod
    def parse(cls, text: str) -> "LogName | None":
        """The inverse of `str`; None for what is no such name."""
        found = _NAME.fullmatch(text)
        return cls("rec" if found[1] == "rec" else "act", int(found[2] or 1)) if found else None


class EntryName(NamedTuple):
    """An entry of `act`, as it is called for ever: by a number alone another one goes after a fork."""

    log: str  # act, act.2
    number: int

    def __str__(self) -> str:
        return f"{self.log}-{self.number}"

    @classmethod
    def parse(cls, text: str) -> "EntryName":
        """The inverse of `str`: `act-1204`, `act.2-17`; raises `Invalid`."""
        found = _ENTRY.fullmatch(text)
        if found is None or int(found[2]) > MAX_NUMBER:
            raise Invalid(f"{shown(text)}: not the name of an entry, such as act-1204")
        return cls(found[1], int(found[2]))


def end_of(origin: str) -> str:
    """What a town calls its log: `act.2` of `<town>/act.2`."""
    return origin.rpartition("/")[2]


class Identity:
    """A town's name and the seeds of its two signing keys."""

    __slots__ = ("_seeds", "town")

    def __init__(self, town: str, rec_seed: bytes, act_seed: bytes) -> None:
        origin_of(town, "rec")  # raises `Invalid` for a name that is none
        self.town = town
        self._seeds = {"rec": rec_seed, "act": act_seed}

    def key(self, name: LogName) -> SigningKey:
        """The key that signs for this log; it bears the log's origin."""
        return SigningKey(f"{self.town}/{name}", Kind.ED25519, self._seeds[name.kind])

    def name_of(self, origin: str) -> LogName:
        """The inverse of the origin that `key` bears; raises `Invalid` for the log of another town."""
        town, _, end = origin.rpartition("/")
        name = LogName.parse(end)
        if town != self.town or name is None:
            raise Invalid(f"log {shown(origin)}: not one of {self.town}")
        return name
