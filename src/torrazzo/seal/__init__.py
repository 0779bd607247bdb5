# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pieces of footage made unreadable, and provable, before they touch a disk.

Takes     plaintext pieces, a stream's key K of the hour, an hour's public key.
Gives     SealedPiece (ciphertext and its two hashes), K sealed to the hour; pieces back, given their segment key.
Promises  what opens is what was sealed, whole and in its place; a piece reveals nothing but its length.
Never     keeps a key, reads a clock, a file or a private key (keyring/ does the last).
Read      chain.py, then piece.py. Format: docs/3-formats/keys.md
"""

from torrazzo.seal.chain import piece_salt, segment_key
from torrazzo.seal.envelope import SEALED_KEY_LENGTH, seal_key
from torrazzo.seal.piece import SealedPiece, open_piece, seal_piece

__all__ = ["SEALED_KEY_LENGTH", "SealedPiece", "open_piece", "piece_salt", "seal_key", "seal_piece", "segment_key"]
