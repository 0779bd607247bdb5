# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The two files of the vault: a hold, and segment keys sealed under its key (docs/3-formats/vault.md)."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple, Self

from cryptography.exceptions import InvalidTag

from torrazzo.base.errors import Damaged, Invalid
from torrazzo.base.ids import StreamId, TermId
from torrazzo.base.times import UtcTicks, hour_of
from torrazzo.keyring.document import (
    Object,
    compact,
    expect_names,
    expect_number,
    expect_text,
    parse_object,
)
from torrazzo.keyring.public import KeyName
from torrazzo.keyring.ring import PrivateKey
from torrazzo.keyring.vault_terms import PROVISIONAL, TERMS
from torrazzo.ledger.act import Act, parse_act
from torrazzo.ledger.identity import EntryName
from torrazzo.seal.chain import KEY_LENGTH
from torrazzo.seal.envelope import seal_bytes

HOLD_LIMIT = 64 << 10
KEYS_LIMIT = 64 << 10

_LABEL = b"torrazzo.vault.v1\0"
_NAMES = {"v", "hold", "entries", "confirmed", "ending", "line"}
_HEADER = {"v", "hold", "stream", "term", "key", "n"}


class Hold(NamedTuple):
    """What was placed, by the fact that placed it."""

    name: EntryName  # of that fact; by it people, files and later facts call the hold
    entries: tuple[int, ...]  # numbers in the same log: of that fact, and of those that renewed its window
    act: Act
    confirmed: EntryName | None = None  # of the fact by which a second person confirmed it
    ending: str | None = None  # why it is over: its key is being destroyed

    @property
    def key(self) -> KeyName:
        """What its key is called in the vault's ring."""
        return KeyName(hour_of(self.act.t), hashlib.sha256(str(self.name).encode()).hexdigest()[:16])

    @property
    def ends(self) -> UtcTicks:
        """When its key goes unless it is released before."""
        return UtcTicks(self.act.t + PROVISIONAL) if self.confirmed is None else self.ends_confirmed

    @property
    def ends_confirmed(self) -> UtcTicks:
        """The same once a second person has confirmed it."""
        return UtcTicks(self.act.t + TERMS[self.act.values["cause"]])

    def pack(self) -> bytes:
        """One line of JSON."""
        return compact(
            {
                "v": 1,
                "hold": str(self.name),
                "entries": list(self.entries),
                "confirmed": None if self.confirmed is None else str(self.confirmed),
                "ending": self.ending,
                "line": self.act.line.decode(),
            }
        )

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """The inverse of `pack`; raises `Invalid`."""
        found = parse_object(data, "hold", HOLD_LIMIT)
        expect_names(found, _NAMES, "hold")
        entries, confirmed, ending = found["entries"], found["confirmed"], found["ending"]
        if found["v"] != 1 or not isinstance(entries, list) or not entries:
            raise Invalid("hold: not of version 1, or without entries")
        act = parse_act(expect_text(found["line"], "line").encode())
        if act.kind != "hold" or act.values["cause"] not in TERMS:
            raise Invalid(f"hold: a fact of kind {act.kind!r}, for {act.values.get('cause')!r}")
        return cls(
            EntryName.parse(expect_text(found["hold"], "hold")),
            tuple(expect_number(entry, "entries") for entry in entries),
            act,
            None if confirmed is None else EntryName.parse(expect_text(confirmed, "confirmed")),
            None if ending is None else expect_text(ending, "ending"),
        )


class HeldKeys(NamedTuple):
    """Keys of segments of one stream, term and hour; sealed."""

    hold: KeyName
    stream: StreamId
    term: TermId
    key: KeyName  # of the segments, as their facts have it
    ns: tuple[int, ...]
    header: bytes
    body: bytes

    @classmethod
    def seal(
        cls, hold: KeyName, public: bytes, stream: StreamId, term: TermId, key: KeyName, keys: Mapping[int, bytes]
    ) -> Self:
        """Only the hold's private key opens them."""
        ns = tuple(sorted(keys))
        header = _header(hold, stream, term, key, ns)
        plain = b"".join(keys[n] for n in ns)
        return cls(hold, stream, term, key, ns, header, seal_bytes(plain, public, _LABEL + header))

    def open(self, private: PrivateKey) -> dict[int, bytes]:
        """By the segments' numbers; raises `Damaged` if these are not the bytes that were sealed."""
        try:
            plain = private.open(self.body, _LABEL + self.header)
        except (InvalidTag, ValueError) as error:
            raise Damaged(f"{self.stream} {self.key}: keys in the vault do not open with hold {self.hold}") from error
        return {n: plain[at * KEY_LENGTH : (at + 1) * KEY_LENGTH] for at, n in enumerate(self.ns)}

    def pack(self) -> bytes:
        """The file."""
        return self.header + b"\n" + self.body

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """The inverse of `pack`; raises `Invalid`."""
        if len(data) > KEYS_LIMIT:
            raise Invalid(f"keys: {len(data)} bytes, at most {KEYS_LIMIT} are read")
        line, _, body = data.partition(b"\n")
        found = parse_object(line, "keys", KEYS_LIMIT)
        expect_names(found, _HEADER, "keys")
        hold, key = (KeyName.parse(expect_text(found[name], name)) for name in ("hold", "key"))
        stream = StreamId.parse(expect_text(found["stream"], "stream"))
        term = TermId.parse(expect_text(found["term"], "term"))
        ns = _parse_runs(found)
        if found["v"] != 1 or _header(hold, stream, term, key, ns) != line:
            raise Invalid("keys: not as we write them in version 1")
        return cls(hold, stream, term, key, ns, line, body)


def _header(hold: KeyName, stream: StreamId, term: TermId, key: KeyName, ns: Sequence[int]) -> bytes:
    values = {"v": 1, "hold": str(hold), "stream": str(stream), "term": str(term), "key": str(key), "n": _runs(ns)}
    return compact(values)


def _runs(ns: Iterable[int]) -> list[list[int]]:
    """First number and count of each unbroken run."""
    runs: list[list[int]] = []
    for n in ns:
        if runs and sum(runs[-1]) == n:
            runs[-1][1] += 1
        else:
            runs.append([n, 1])
    return runs


def _parse_runs(found: Object) -> tuple[int, ...]:
    runs = found["n"]
    if not isinstance(runs, list) or not all(isinstance(run, list) and len(run) == 2 for run in runs):
        raise Invalid("keys: n: expected a list of first numbers and counts")
    ns: list[int] = []
    for run in runs:
        first, count = (expect_number(value, "n") for value in run)
        if not 0 < count <= KEYS_LIMIT // KEY_LENGTH - len(ns):
            raise Invalid("keys: n: more than a file holds, or none")
        ns += range(first, first + count)
    if not ns or any(before >= after for before, after in pairwise(ns)):
        raise Invalid("keys: n: not in order")
    return tuple(ns)
