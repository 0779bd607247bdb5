# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from torrazzo.base.errors import Damaged
from torrazzo.seal import open_piece, piece_salt, seal_piece
from torrazzo.seal.cobblestone import message_length, open_message

KEYS = st.binary(min_size=32, max_size=32)
INDEXES = st.integers(0, 2**32 - 1)
# lengths around the borders of chunks, where mistakes live
LENGTHS = st.one_of(
    st.integers(0, 300),
    st.builds(lambda chunks, by: max(0, chunks * 16_384 + by), st.integers(1, 4), st.integers(-20, 20)),
)


@settings(max_examples=120, deadline=None)
@given(KEYS, INDEXES, LENGTHS, st.data())
def test_any_split_gives_the_same_piece(key: bytes, index: int, length: int, data: st.DataObject) -> None:
    """However a plaintext is cut into parts, h is the same and the piece opens to it."""
    plaintext = hashlib.shake_128(key).digest(length)
    cuts = sorted(data.draw(st.lists(st.integers(0, length), max_size=6)))
    parts = [plaintext[a:b] for a, b in zip([0, *cuts], [*cuts, length], strict=True)]
    sealed = seal_piece(key, index, parts)
    assert open_piece(key, index, sealed.ciphertext) == plaintext
    assert sealed.h == hashlib.sha256(piece_salt(key, index) + plaintext).digest()
    assert len(sealed.ciphertext) == message_length(length)


@settings(max_examples=150, deadline=None)
@given(KEYS, LENGTHS, st.data())
def test_any_change_is_damage(key: bytes, length: int, data: st.DataObject) -> None:
    """A message with bytes changed, removed, added or moved does not open, and raises nothing else."""
    message = bytes(seal_piece(key, 0, [bytes(length)]).ciphertext)
    at = data.draw(st.integers(0, len(message) - 1))
    size = data.draw(st.integers(1, 40))
    changed = data.draw(
        st.sampled_from(
            [
                message[:at] + bytes([message[at] ^ data.draw(st.integers(1, 255))]) + message[at + 1 :],
                message[:at],
                message[:at] + message[at + size :],
                message + bytes(size),
                message[:at] + bytes(size) + message[at:],
                message[16_400:] if len(message) > 16_400 else b"",
            ]
        )
    )
    with pytest.raises(Damaged):
        open_piece(key, 0, changed)


@settings(max_examples=200, deadline=None)
@given(KEYS, st.binary(max_size=200))
def test_anything_at_all_is_refused_in_order(key: bytes, found: bytes) -> None:
    """Bytes that nobody sealed are damage, whatever their length."""
    with pytest.raises(Damaged):
        open_message(key, found)
