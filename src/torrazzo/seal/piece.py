# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""One piece, sealed: the unit of encryption, of syncing and of damage."""

import hashlib
import os
from collections.abc import Sequence
from typing import NamedTuple

from torrazzo.base.errors import Damaged
from torrazzo.seal.chain import piece_keys
from torrazzo.seal.cobblestone import SALT, Buffer, open_message, seal_message


class SealedPiece(NamedTuple):
    """What goes into a record: two hashes for its header, the ciphertext for its payload."""

    h: bytes  # SHA-256(salt ‖ plaintext)
    c: bytes  # SHA-256(ciphertext)
    ciphertext: bytearray
    plain_length: int


def seal_piece(segment: bytes, index: int, parts: Sequence[Buffer]) -> SealedPiece:
    """Seal the parts as one piece; `index` is its place in the segment, 0 for the init.

    The parts are joined once: that costs a sixtieth of the two hashes, and less than hashing and encrypting across
    the borders of parts (docs/4-decisions/0001-keys-and-sealing.md).
    """
    key, salt = piece_keys(segment, index)
    plaintext = parts[0] if len(parts) == 1 else b"".join(parts)
    h = hashlib.sha256(salt)
    h.update(plaintext)
    ciphertext = seal_message(key, plaintext, os.urandom(SALT))
    return SealedPiece(h.digest(), hashlib.sha256(ciphertext).digest(), ciphertext, len(plaintext))


def open_piece(segment: bytes, index: int, ciphertext: Buffer) -> bytes:
    """The plaintext; raises `Damaged`, naming the piece, unless it is whole and was sealed at this index."""
    return bytes(open_to_change(segment, index, ciphertext))


def open_to_change(segment: bytes, index: int, ciphertext: Buffer) -> bytearray:
    """The same, without the copy that makes it immutable."""
    try:
        return open_message(piece_keys(segment, index).key, ciphertext)
    except Damaged as error:
        raise Damaged(f"piece {index}: {error}; restore the volume from a copy, or report the loss") from error
