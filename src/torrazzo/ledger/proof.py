# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A file that shows, without a network, that an entry is in a log and who has seen it there: C2SP tlog-proof."""

from typing import NamedTuple, Self

from torrazzo.base.errors import Invalid
from torrazzo.ledger.checkpoint import Checkpoint
from torrazzo.ledger.merkle import leaf_hash, verify_inclusion
from torrazzo.ledger.note import MAX_BYTES, Note
from torrazzo.ledger.policy import Accepted, Policy
from torrazzo.ledger.text import parse_base64, parse_hash, parse_number, shown, to_base64

MAX_PATH = 63  # hashes: a tree of 2^63 - 1 entries has no longer path

_TITLE = "c2sp.org/tlog-proof@v1"


class Proof(NamedTuple):
    """The entry itself is not in it."""

    entry_index: int
    path: tuple[bytes, ...]  # the leaf's sibling first
    note: Note  # the checkpoint, verbatim
    extra: bytes = b""  # for the application; nothing vouches for it

    def pack(self) -> bytes:
        """The file."""
        extra = [f"extra {to_base64(self.extra)}"] if self.extra else []
        lines = [_TITLE, *extra, f"index {self.entry_index}", *map(to_base64, self.path), ""]
        return "".join(f"{line}\n" for line in lines).encode() + self.note.pack()

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """The inverse of `pack`; strict."""
        if len(data) > MAX_BYTES:
            raise Invalid(f"proof: {len(data)} bytes, at most {MAX_BYTES}")
        head, gap, rest = data.partition(b"\n\n")
        title, *lines = head.decode("utf-8", "replace").split("\n")  # what is replaced is in no form that is read
        if title != _TITLE or not gap:
            raise Invalid(
                f"proof: begins with {shown(title)}, expected {_TITLE}, lines, an empty line and a checkpoint"
            )
        extra = b""
        if lines and lines[0].startswith("extra "):
            extra = parse_base64(lines.pop(0).removeprefix("extra "), "proof's extra")
            if not extra:
                raise Invalid("proof: extra without data, expected no such line")
        if not lines or not lines[0].startswith("index "):
            raise Invalid(f"proof: expected a line with the index, found {shown(''.join(lines[:1]))}")
        index = parse_number(lines[0].removeprefix("index "), "proof's index")
        if len(lines) > 1 + MAX_PATH:
            raise Invalid(f"proof: {len(lines) - 1} hashes, at most {MAX_PATH}")
        path = tuple(parse_hash(line, "proof's hash") for line in lines[1:])
        note = Note.parse(rest)
        Checkpoint.parse(note.text)
        return cls(index, path, note, extra)

    def accept(self, entry: bytes, policy: Policy) -> Accepted:
        """What it proves of this entry under this policy; raises `Unproven` if it does not.

        1. The checkpoint fulfils the policy (`Policy.accept`). 2. The entry's leaf is in that checkpoint's tree, at the
        index given.
        """
        accepted = policy.accept(self.note)  # 1
        checkpoint = accepted.checkpoint
        verify_inclusion(leaf_hash(entry), self.entry_index, checkpoint.size, self.path, checkpoint.root)  # 2
        return accepted
