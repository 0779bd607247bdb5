# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a ring's root is sealed by: something that counts, and opens a root at one value of its counter only."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

ROOT_LENGTH = 32


class Level(StrEnum):
    """What a shred is worth; stands in each `shred` fact."""

    TPM = "tpm"  # a chip counted, and signs that it did
    FILE = "file"  # files were overwritten: not provable


@dataclass(frozen=True, slots=True, kw_only=True)
class Attestation:
    """What a sealer says of its counter; without statement, signature and key where it can prove nothing."""

    level: Level
    statement: bytes = b""  # TPMS_ATTEST
    signature: bytes = b""  # ECDSA with SHA-256, DER
    key: bytes = b""  # that signed it: SubjectPublicKeyInfo, DER


class Sealer(Protocol):
    """A counter that only grows, and roots bound to its values. One process advances it; others may open.

    Where nothing else is said: `Unavailable` if it cannot be reached now, `Damaged` if the counter is no longer there,
    OSError from the disk.
    """

    @property
    def level(self) -> Level:
        """What it is worth."""
        ...

    @property
    def why(self) -> str:
        """What the level follows from, in words for people."""
        ...

    @property
    def first(self) -> int:
        """Where the counter stood when it was set up, before there was any ring."""
        ...

    def counter(self) -> int:
        """Where it stands."""
        ...

    def seal(self, root: bytes, at: int) -> bytes:
        """A sealed form that opens once the counter is `at`, and never when it is not. Safe on disk on return."""
        ...

    def open(self, sealed: bytes) -> bytes:
        """The root; raises `Refused` unless the counter is what it was sealed to."""
        ...

    def advance(self, to: int) -> None:
        """Count up to `to`: the one act that commits, and cannot be taken back.

        After an error the counter may stand where it stood, at `to`, or between: ask it.
        """
        ...

    def settle(self) -> None:
        """Destroy what lower values of the counter left behind; called when the ring of this one is safe."""
        ...

    def attest(self, about: bytes) -> Attestation:
        """A statement that the counter stands where it does, with these 32 bytes in it."""
        ...
