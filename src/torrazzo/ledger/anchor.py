# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What an anchor is: a token in which an authority outside the town says that a checkpoint existed (RFC 3161).

What it is over is the text of the checkpoint's note: the bytes that the log signs, without its signatures.
"""

import hashlib
from typing import NamedTuple, Self

from torrazzo.base.errors import Invalid
from torrazzo.base.times import UtcTicks
from torrazzo.ledger.checkpoint import Checkpoint
from torrazzo.ledger.identity import LogName
from torrazzo.ledger.text import shown, to_base64

# What is told beside an anchor that holds.
UNSORTED = "unsorted"  # its certificates do not stand in DER's order: strict readers refuse the file, openssl takes it
CLOCK = "clock"  # its time is not between asking and being answered by our clock: one of the two is wrong


class Head(NamedTuple):
    """The checkpoint that is to be anchored: all that is needed to ask, and to check the answer."""

    log: str  # `rec` or `act`
    size: int
    text: str  # of the note, with its last newline

    @classmethod
    def of(cls, text: str) -> Self:
        """The one that this is the text of; raises `Invalid` for other logs, and for an empty one."""
        checkpoint = Checkpoint.parse(text)
        name = LogName.parse(checkpoint.origin.rpartition("/")[2])
        if name is None or checkpoint.size == 0:
            raise Invalid(f"head {shown(text)}: only those of rec and act are anchored, and no empty one")
        return cls(name.kind, checkpoint.size, text)

    @property
    def data(self) -> bytes:
        """What is stamped."""
        return self.text.encode()

    @property
    def folder(self) -> str:
        """Of its log's files: `act`, after a fork `act.2`."""
        return Checkpoint.parse(self.text).origin.rpartition("/")[2]

    @property
    def file(self) -> str:
        """Of these bytes, beside its tokens: `act-42.txt`."""
        return f"{self.log}-{self.size}.txt"

    def token_file(self, authority: str) -> str:
        """Of the token by this authority: `act-42.aruba.tst`."""
        return f"{self.log}-{self.size}.{authority}.tst"


class Anchor(NamedTuple):
    """A token that was checked."""

    authority: str
    token: bytes  # DER of TimeStampToken, as the authority sent it
    at: UtcTicks  # the authority's time; whole seconds, rounded down
    accuracy: int | None  # ticks by which the authority says it may be wrong, rounded up
    policy: str  # OID under which the authority issued it
    signer: bytes  # SHA-256 of the certificate that signed it
    marks: tuple[str, ...] = ()


def anchor_fact(head: Head, anchor: Anchor) -> dict[str, object]:
    """The receipt that goes into `act`, its keys in their order; `v` and the time are the ledger's to add."""
    if head != Head.of(head.text):
        raise Invalid(f"head {head.size} of {head.log}: its text is {shown(head.text)}")
    return {
        "kind": "anchor",
        "by": "rfc3161",
        "log": head.log,
        "size": head.size,
        "of": to_base64(hashlib.sha256(head.data).digest()),
        "authority": anchor.authority,
        "policy": anchor.policy,
        "signer": to_base64(anchor.signer),
        "at": anchor.at,
        "acc": anchor.accuracy,
        "d": to_base64(hashlib.sha256(anchor.token).digest()),
        "marks": list(anchor.marks),
    }
