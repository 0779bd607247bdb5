# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a log sends to a witness: a signed head, and how it goes on from the one cosigned before (C2SP tlog-witness)."""

import hashlib
from typing import NamedTuple, Self

from torrazzo.base.errors import Invalid
from torrazzo.ledger.checkpoint import Checkpoint
from torrazzo.ledger.note import MAX_BYTES as MAX_NOTE
from torrazzo.ledger.note import Note, Signature, check_text
from torrazzo.ledger.proof import MAX_PATH
from torrazzo.ledger.text import parse_hash, parse_number, shown, to_base64

MAX_BYTES = MAX_NOTE + 4_096
SIZE_TYPE = "text/x.tlog.size"

_OLD = "old "


class AddCheckpoint(NamedTuple):
    """The body of `POST …/add-checkpoint`."""

    old: int  # entries of the head that the witness cosigned last
    path: tuple[bytes, ...]  # consistency hashes from there
    checkpoint: Checkpoint  # what `note` says; not to be believed before `opened`
    note: bytes  # the signed head, verbatim

    def pack(self) -> bytes:
        """Lines, an empty line, the head."""
        lines = (f"{_OLD}{self.old}", *map(to_base64, self.path), "")
        return "".join(f"{line}\n" for line in lines).encode() + self.note

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """The inverse of `pack`; strict, but for the head's signatures: they are read by `opened`."""
        if len(data) > MAX_BYTES:
            raise Invalid(f"request: {len(data)} bytes, at most {MAX_BYTES}")
        head, gap, note = data.partition(b"\n\n")
        first, *lines = check_text(head, "request").split("\n")
        if not gap or not first.startswith(_OLD):
            raise Invalid(
                f"request: begins with {shown(first)}, expected `old` and a size, hashes, an empty line, a head"
            )
        if len(lines) > MAX_PATH:
            raise Invalid(f"request: {len(lines)} hashes, at most {MAX_PATH}")
        old = parse_number(first.removeprefix(_OLD), "old size")
        path = tuple(parse_hash(line, "consistency hash") for line in lines)
        text, gap, _ = note.rpartition(b"\n\n")
        if not gap:
            raise Invalid("request: the head has no signatures")
        return cls(old, path, Checkpoint.parse(check_text(text, "head") + "\n"), note)

    def opened(self) -> Note:
        """The head with its signatures, whoever made them; raises `Invalid` if one is not in its form."""
        return Note.parse(self.note)


def pack_signatures(*signatures: Signature) -> bytes:
    """The body of the answer."""
    return "".join(f"{signature}\n" for signature in signatures).encode()


def parse_signatures(data: bytes, text: str) -> tuple[Signature, ...]:
    """The inverse of `pack_signatures`, for a note of this text."""
    return Note.parse(text.encode() + b"\n" + data).signatures


def parse_size(data: bytes) -> int:
    """What a witness answers that expected another old size."""
    text = data.decode("ascii", "replace")
    if not text.endswith("\n"):
        raise Invalid(f"size from a witness: {shown(text)}, expected a number and a newline")
    return parse_number(text[:-1], "size from a witness")


def head_address(origin: str) -> str:
    """Below a witness's address: the head of this log that it cosigned last."""
    return f"{hashlib.sha256(origin.encode()).hexdigest()}/checkpoint"
