# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The signed head of a log (C2SP tlog-checkpoint v1.0.0) and what others sign below it (tlog-cosignature v1.0.1)."""

import re
from typing import Literal, NamedTuple, Self

from torrazzo.base.errors import Invalid
from torrazzo.ledger.key import MAX_NAME, SigningKey
from torrazzo.ledger.note import Note, Signature, sign, signature_of
from torrazzo.ledger.text import parse_hash, parse_number, shown, to_base64

_TOWN = re.compile(r"[a-z0-9]+(?:[.-][a-z0-9]+)*(?:/[a-z0-9]+(?:[._-][a-z0-9]+)*)*", re.ASCII)


class Checkpoint(NamedTuple):
    """Which log, how many entries, and the root over them."""

    origin: str
    size: int
    root: bytes

    def __str__(self) -> str:
        return f"{self.origin}\n{self.size}\n{to_base64(self.root)}\n"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The inverse of `str`; strict, but for the extension lines of others: they are allowed and left out."""
        lines = text.split("\n")
        if len(lines) < 4 or lines.pop() or not all(lines):
            raise Invalid(f"checkpoint {shown(text)}: expected three lines or more, none empty, each with its newline")
        origin, size, root = lines[:3]
        if len(origin.encode()) > MAX_NAME:
            raise Invalid(f"checkpoint {shown(text)}: an origin of more than {MAX_NAME} bytes")
        return cls(origin, parse_number(size, "checkpoint's size"), parse_hash(root, "checkpoint's root"))


def sign_checkpoint(checkpoint: Checkpoint, key: SigningKey) -> Note:
    """The head as the log publishes it; the key bears the log's name, so that a policy accepts it."""
    if key.verifier.name != checkpoint.origin:
        raise Invalid(f"checkpoint of {checkpoint.origin}: the key of {key.verifier.name} does not sign for it")
    Checkpoint.parse(str(checkpoint))
    return sign(str(checkpoint), key)


def cosign(note: Note, key: SigningKey, seconds: int) -> Signature:
    """A witness's signature line. Whether the log's signature is good and it only grew, the witness checks before."""
    Checkpoint.parse(note.text)
    return signature_of(key.verifier, key.cosign(note.text.encode(), seconds))


def origin_of(town: str, log: Literal["rec", "act"]) -> str:
    """The name of one of a town's two logs; `town` is a name of its own in the DNS, with or without a path."""
    if _TOWN.fullmatch(town) is None or len(town) > MAX_NAME - len("/rec"):
        raise Invalid(f"name of a town {shown(town)}: expected one such as torrazzo.comune.example.it")
    return f"{town}/{log}"
