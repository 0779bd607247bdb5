# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whose signatures make a checkpoint good: C2SP tlog-policy."""

import re
from collections.abc import Mapping
from typing import NamedTuple, Self

from torrazzo.base.errors import Invalid
from torrazzo.ledger.checkpoint import Checkpoint
from torrazzo.ledger.errors import Uncosigned, Unproven
from torrazzo.ledger.key import Kind, VerifierKey, cosigned_at
from torrazzo.ledger.note import Note
from torrazzo.ledger.text import parse_number, shown

MAX_BYTES = 1 << 16

_FORBIDDEN = re.compile(rb"[^\x09\x0a\x20-\x7e\x80-\xff]")
_NONE = "none"


class Log(NamedTuple):
    """A log whose checkpoints are believed; the key's name is its origin."""

    key: VerifierKey
    url: str | None = None


class Witness(NamedTuple):
    """One that cosigns; the name is the policy's own."""

    name: str
    key: VerifierKey
    url: str | None = None


class Group(NamedTuple):
    """It has cosigned when so many of its members have, each a witness or a group before it."""

    name: str
    threshold: int
    members: tuple[str, ...]


class Accepted(NamedTuple):
    """A checkpoint that fulfils a policy."""

    checkpoint: Checkpoint
    log: VerifierKey
    cosigned: Mapping[str, int]  # the policy's witness → when, in POSIX seconds, it had seen no larger tree


class Policy(NamedTuple):
    """Read with `parse`, which holds all rules. Bytes that are not UTF-8 stand in names as surrogates."""

    logs: tuple[Log, ...]
    witnesses: tuple[Witness, ...]
    groups: tuple[Group, ...]
    quorum: str

    def pack(self) -> bytes:
        """One line each, logs and witnesses first, thresholds as numbers."""
        rows: list[tuple[object, ...]] = [("log", log.key, log.url) for log in self.logs]
        rows += [("witness", witness.name, witness.key, witness.url) for witness in self.witnesses]
        rows += [("group", group.name, group.threshold, *group.members) for group in self.groups]
        rows.append(("quorum", self.quorum))
        lines = (" ".join(str(word) for word in row if word is not None) + "\n" for row in rows)
        return "".join(lines).encode("utf-8", "surrogateescape")

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """The inverse of `pack`, and whatever else tlog-policy allows; each line ends with its newline."""
        if len(data) > MAX_BYTES:
            raise Invalid(f"policy: {len(data)} bytes, at most {MAX_BYTES}")
        if (found := _FORBIDDEN.search(data)) is not None:
            raise Invalid(
                f"policy: byte {found.start()} is {found[0].hex()}; of control characters only tab and newline"
            )
        if not data.endswith(b"\n"):
            raise Invalid("policy: its last line has no newline; it was cut")
        reader = _Reader()
        for number, line in enumerate(data.decode("utf-8", "surrogateescape")[:-1].split("\n"), 1):
            words = re.split("[ \t]+", line.strip(" \t"))
            if words[0] and not words[0].startswith("#"):
                try:
                    reader.line(words)
                except Invalid as error:
                    raise Invalid(f"policy line {number}: {error}") from error
        if reader.quorum is None:
            raise Invalid("policy: no quorum line")
        return cls(tuple(reader.logs), tuple(reader.witnesses), tuple(reader.groups), reader.quorum)

    def accept(self, note: Note) -> Accepted:
        """What a note proves under this policy; raises `Unproven` if it does not fulfil it.

        1. Its text is a checkpoint. 2. Each signature of a log or witness of this policy is good. 3. The log it names
        signed it. 4. Enough witnesses cosigned it: else it is `Uncosigned`.
        """
        accepted = self.read(note)
        self.expect_quorum(accepted)
        return accepted

    def read(self, note: Note) -> Accepted:
        """The same without 4."""
        checkpoint = Checkpoint.parse(note.text)  # 1
        signed = note.signed_by([log.key for log in self.logs] + [witness.key for witness in self.witnesses])  # 2
        logs = [log.key for log in self.logs if log.key in signed and log.key.name == checkpoint.origin]
        if not logs:  # 3
            raise Unproven(f"checkpoint of {shown(checkpoint.origin)}: not signed by a log of this name in the policy")
        cosigned = {
            witness.name: cosigned_at(signed[witness.key].data) for witness in self.witnesses if witness.key in signed
        }
        return Accepted(checkpoint, logs[0], cosigned)

    def expect_quorum(self, accepted: Accepted) -> None:
        """4."""
        if not self._is_fulfilled(accepted.cosigned):
            names = ", ".join(map(shown, accepted.cosigned)) or "nobody"
            raise Uncosigned(
                f"checkpoint of {shown(accepted.checkpoint.origin)}: cosigned by {names}, quorum {shown(self.quorum)}"
            )

    def _is_fulfilled(self, cosigned: Mapping[str, int]) -> bool:
        done = {_NONE, *cosigned}
        for group in self.groups:  # each names only what stands before it
            if sum(member in done for member in group.members) >= group.threshold:
                done.add(group.name)
        return self.quorum in done


class _Reader:
    """What the lines up to here define."""

    def __init__(self) -> None:
        self.logs: list[Log] = []
        self.witnesses: list[Witness] = []
        self.groups: list[Group] = []
        self.quorum: str | None = None
        self._defined: set[str] = set()
        self._members: set[str] = set()

    def line(self, words: list[str]) -> None:
        match words:
            case ["log", key, *url] if len(url) < 2:
                self._log(Log(_key(key, Kind.ED25519), *url))
            case ["witness", name, key, *url] if len(url) < 2:
                self._witness(Witness(name, _key(key, Kind.COSIGNATURE), *url))
            case ["group", name, threshold, *members] if members:
                self._group(name, threshold, members)
            case ["quorum", name]:
                self._quorum(name)
            case _:
                raise Invalid(f"{shown(' '.join(words))}: expected log, witness, group or quorum and their parts")

    def _log(self, log: Log) -> None:
        if log.key.public in {other.key.public for other in self.logs}:
            raise Invalid(f"log {log.key}: this public key is another log's already")
        self.logs.append(log)

    def _witness(self, witness: Witness) -> None:
        if witness.key.public in {other.key.public for other in self.witnesses}:
            raise Invalid(f"witness {shown(witness.name)}: this public key is another witness's already")
        self._define(witness.name)
        self.witnesses.append(witness)

    def _group(self, name: str, threshold: str, members: list[str]) -> None:
        for member in members:
            self._expect_defined(member)
            if member in self._members:
                raise Invalid(f"group {shown(name)}: {shown(member)} is a member already, and may be only once")
            self._members.add(member)
        least = {"any": 1, "all": len(members)}.get(threshold)
        if least is None:
            least = parse_number(threshold, f"threshold of group {shown(name)}")
        if not 1 <= least <= len(members):
            raise Invalid(f"group {shown(name)}: threshold {least} of {len(members)} members")
        self._define(name)
        self.groups.append(Group(name, least, tuple(members)))

    def _quorum(self, name: str) -> None:
        if self.quorum is not None:
            raise Invalid("a second quorum line")
        if name != _NONE:
            self._expect_defined(name)
        self.quorum = name

    def _define(self, name: str) -> None:
        if name in self._defined or name == _NONE:
            raise Invalid(f"the name {shown(name)} is taken")
        self._defined.add(name)

    def _expect_defined(self, name: str) -> None:
        if name not in self._defined:
            raise Invalid(f"{shown(name)} is not the name of a witness or group on a line before")


def _key(text: str, kind: Kind) -> VerifierKey:
    key = VerifierKey.parse(text)
    if key.kind != kind:
        raise Invalid(f"key {key}: makes signatures of type {key.kind:#04x}, expected {kind:#04x}")
    return key
