# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""From K down to the key of one piece (docs/3-formats/keys.md, section The chain)."""

import hmac
import struct
from typing import NamedTuple

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from torrazzo.base.errors import Invalid
from torrazzo.base.ids import StreamId, TermId

KEY_LENGTH = 32

_HASH_LENGTH = 64
_SEGMENT = b"torrazzo.segment.v1\0"
_PIECE = b"torrazzo.piece.v1\0"


class PieceKeys(NamedTuple):
    """What one piece is sealed with."""

    key: bytes  # of its Cobblestone-256 message
    salt: bytes  # hashed before the plaintext, so that h gives nothing away about a guessable plaintext


def segment_key(k: bytes, stream: StreamId, term: TermId, n: int) -> bytes:
    """The key of segment n: 32 bytes, all that a reader of this segment is given."""
    check_key(k, "K")
    return expand(k, _SEGMENT + stream.pack() + term.pack() + struct.pack(">Q", n), KEY_LENGTH)


def piece_keys(segment: bytes, index: int) -> PieceKeys:
    """Key and salt of the piece with this index; 0 is the segment's init."""
    check_key(segment, "segment key")
    both = expand(segment, _PIECE + struct.pack(">I", index), 2 * KEY_LENGTH)
    return PieceKeys(both[:KEY_LENGTH], both[KEY_LENGTH:])


def piece_salt(segment: bytes, index: int) -> bytes:
    """The 32 bytes hashed before a piece's plaintext to give its h."""
    return piece_keys(segment, index).salt


def expand(key: bytes, info: bytes, length: int) -> bytes:
    """HKDF-Expand with SHA-512, RFC 5869 section 2.3."""
    if length <= _HASH_LENGTH:  # one block is one HMAC: half the time of the object
        return hmac.digest(key, info + b"\1", "sha512")[:length]
    return HKDFExpand(hashes.SHA512(), length, info).derive(key)


def check_key(key: bytes, what: str) -> None:
    """Raises `Invalid` for a key that is not 32 bytes."""
    if len(key) != KEY_LENGTH:
        raise Invalid(f"{what}: {len(key)} bytes, expected {KEY_LENGTH}; it was cut or is another kind of key")
